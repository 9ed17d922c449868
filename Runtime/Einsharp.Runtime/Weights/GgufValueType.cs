using System.Diagnostics.CodeAnalysis;

namespace Einsharp.Weights;

/// <summary>The types of metadata in a GGUF file, by the numbers that the format gives them.</summary>
[SuppressMessage("Design", "CA1028", Justification = "The numbers are those of the file, which are 32 bits wide and unsigned.")]
public enum GgufValueType : uint
{
    /// <summary>Unsigned, 8 bits.</summary>
    UInt8,

    /// <summary>Signed, 8 bits.</summary>
    Int8,

    /// <summary>Unsigned, 16 bits.</summary>
    UInt16,

    /// <summary>Signed, 16 bits.</summary>
    Int16,

    /// <summary>Unsigned, 32 bits.</summary>
    UInt32,

    /// <summary>Signed, 32 bits.</summary>
    Int32,

    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>UTF-8 with its length before it.</summary>
    String,

    /// <summary>A type, a count, and so many values of the type.</summary>
    Array,

    /// <summary>Unsigned, 64 bits.</summary>
    UInt64,

    /// <summary>Signed, 64 bits.</summary>
    Int64,

    /// <summary>IEEE 754 binary64.</summary>
    Float64,
}

/// <summary>The sizes of metadata types.</summary>
internal static class GgufValueTypes
{
    /// <summary>The bytes of one value; of a string and of an array the fewest that it can have.</summary>
    public static int LeastBytes(this GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.Array => 12,
        _ => 8,
    };

    /// <summary>Whether all values have the same size.</summary>
    public static bool IsFixed(this GgufValueType type) => type is not (GgufValueType.String or GgufValueType.Array);

    /// <summary>Whether it is a whole number.</summary>
    public static bool IsWhole(this GgufValueType type) =>
        type.IsFixed() && type is not (GgufValueType.Bool or GgufValueType.Float32 or GgufValueType.Float64);
}
