using System.Diagnostics.CodeAnalysis;

namespace Einsharp.Weights;

/// <summary>The types of elements in a safetensors file, named as the file names them.</summary>
[SuppressMessage("Design", "CA1028", Justification = "One of a closed list.")]
public enum ElementType
{
    /// <summary>One byte, 0 or 1.</summary>
    BOOL,

    /// <summary>Unsigned, 8 bits.</summary>
    U8,

    /// <summary>Signed, 8 bits.</summary>
    I8,

    /// <summary>8-bit float, 4 exponent bits, 3 fraction bits.</summary>
    F8_E4M3,

    /// <summary>8-bit float, 5 exponent bits, 2 fraction bits.</summary>
    F8_E5M2,

    /// <summary>8-bit float, 8 exponent bits: a scale.</summary>
    F8_E8M0,

    /// <summary>8-bit float, 4 exponent bits, 3 fraction bits, no infinities and no negative zero.</summary>
    F8_E4M3FNUZ,

    /// <summary>8-bit float, 5 exponent bits, 2 fraction bits, no infinities and no negative zero.</summary>
    F8_E5M2FNUZ,

    /// <summary>4-bit float, two to a byte.</summary>
    F4,

    /// <summary>6-bit float, 2 exponent bits, 3 fraction bits, four to three bytes.</summary>
    F6_E2M3,

    /// <summary>6-bit float, 3 exponent bits, 2 fraction bits, four to three bytes.</summary>
    F6_E3M2,

    /// <summary>Signed, 16 bits.</summary>
    I16,

    /// <summary>Unsigned, 16 bits.</summary>
    U16,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>The upper half of a binary32.</summary>
    BF16,

    /// <summary>Signed, 32 bits.</summary>
    I32,

    /// <summary>Unsigned, 32 bits.</summary>
    U32,

    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>Two binary32: a complex number.</summary>
    C64,

    /// <summary>Signed, 64 bits.</summary>
    I64,

    /// <summary>Unsigned, 64 bits.</summary>
    U64,

    /// <summary>IEEE 754 binary64.</summary>
    F64,
}

/// <summary>The sizes of element types, and which of them a parameter can be.</summary>
public static class ElementTypes
{
    /// <summary>All types, in the order of <see cref="ElementType"/>; the name of each is that of its member.</summary>
    internal static readonly string[] Names =
    [
        "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F4", "F6_E2M3", "F6_E3M2",
        "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "I64", "U64", "F64",
    ];

    /// <summary>The size of one element in bits.</summary>
    public static int Bits(this ElementType type) => type switch
    {
        ElementType.F4 => 4,
        ElementType.F6_E2M3 or ElementType.F6_E3M2 => 6,
        < ElementType.F4 => 8,
        < ElementType.I32 => 16,
        < ElementType.C64 => 32,
        _ => 64,
    };

    /// <summary>The weight format that has the very same bytes, or null: F64, the integers and the smaller floats are no weights.</summary>
    public static WeightFormat? AsWeights(this ElementType type) => type switch
    {
        ElementType.F32 => WeightFormat.F32,
        ElementType.BF16 => WeightFormat.BF16,
        ElementType.F16 => WeightFormat.F16,
        _ => null,
    };

    /// <summary>The type that has the same bytes as a weight format.</summary>
    public static ElementType AsElements(this WeightFormat format) => format switch
    {
        WeightFormat.F32 => ElementType.F32,
        WeightFormat.BF16 => ElementType.BF16,
        WeightFormat.F16 => ElementType.F16,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "expected F32, BF16 or F16"),
    };

    /// <summary>The bytes of a tensor.</summary>
    /// <exception cref="OverflowException">A product is beyond 2^63.</exception>
    /// <exception cref="ArgumentException">The elements do not fill whole bytes (the types below 8 bits).</exception>
    public static long Bytes(this ElementType type, ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long size in shape) count = checked(count * size);
        long bits = checked(count * type.Bits());
        return bits % 8 == 0 ? bits / 8 : throw new ArgumentException($"{type} of shape {ShapeText.Of(shape)} does not fill whole bytes",
            nameof(shape));
    }
}
