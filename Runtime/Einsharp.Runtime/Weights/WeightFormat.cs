namespace Einsharp;

/// <summary>How the values of a <see cref="Param"/> are stored. Whatever the format, they are computed with as 32-bit floats.</summary>
public enum WeightFormat
{
    /// <summary>IEEE 754 binary32, 4 bytes a value.</summary>
    F32,

    /// <summary>The upper half of a binary32 (8 exponent bits, 7 fraction bits), 2 bytes a value.</summary>
    BF16,

    /// <summary>IEEE 754 binary16 (5 exponent bits, 10 fraction bits, largest finite value 65504), 2 bytes a value.</summary>
    F16,
}

/// <summary>The sizes and names of weight formats.</summary>
public static class WeightFormats
{
    /// <summary>The bytes that <paramref name="count"/> values take.</summary>
    /// <exception cref="OverflowException">The size is beyond 2^63.</exception>
    public static long Bytes(this WeightFormat format, long count) => checked(format.ElementSize() * count);

    /// <summary>The bytes of one value: 4 or 2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not one of the formats.</exception>
    public static int ElementSize(this WeightFormat format) => format switch
    {
        WeightFormat.F32 => 4,
        WeightFormat.BF16 or WeightFormat.F16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "expected F32, BF16 or F16"),
    };
}
