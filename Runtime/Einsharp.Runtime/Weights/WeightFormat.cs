using System.Diagnostics.CodeAnalysis;

namespace Einsharp;

/// <summary>
/// How the values of a <see cref="Param"/> are stored. Formats of blocks are those of GGUF files (ggml's <c>block_q8_0</c> and so on), byte for
/// byte: neighbours along a row share a scale.
/// </summary>
[SuppressMessage("Naming", "CA1707", Justification = "Q8_0, Q4_0, Q4_K and Q6_K are what everybody calls them.")]
public enum WeightFormat
{
    /// <summary>IEEE 754 binary32, 4 bytes a value.</summary>
    F32,

    /// <summary>The upper half of a binary32 (8 exponent bits, 7 fraction bits), 2 bytes a value.</summary>
    BF16,

    /// <summary>IEEE 754 binary16 (5 exponent bits, 10 fraction bits, largest finite value 65504), 2 bytes a value.</summary>
    F16,

    /// <summary>Blocks of 32 values: a binary16 scale and 32 signed bytes, 34 bytes. A value is scale · q.</summary>
    Q8_0,

    /// <summary>
    /// Blocks of 32 values: a binary16 scale and 16 bytes, whose low halves are values 0 to 15 and whose high halves are 16 to 31; 18 bytes. A
    /// value is scale · (q − 8).
    /// </summary>
    Q4_0,

    /// <summary>
    /// Blocks of 256 values: two binary16 factors d and m, for each run of 32 a 6-bit scale and a 6-bit minimum (12 bytes), and 128 bytes of
    /// halves; 144 bytes. A value is d · scale · q − m · minimum.
    /// </summary>
    Q4_K,

    /// <summary>
    /// Blocks of 256 values: 128 bytes of low halves, 64 bytes of upper pairs of bits, a signed byte of scale for each run of 16, and a
    /// binary16 factor d; 210 bytes. A value is d · scale · (q − 32).
    /// </summary>
    Q6_K,
}

/// <summary>The sizes and names of weight formats.</summary>
public static class WeightFormats
{
    /// <summary>The values that are stored together: 1, 32 or 256.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not one of the formats.</exception>
    public static int BlockValues(this WeightFormat format) => format switch
    {
        WeightFormat.F32 or WeightFormat.BF16 or WeightFormat.F16 => 1,
        WeightFormat.Q8_0 or WeightFormat.Q4_0 => 32,
        WeightFormat.Q4_K or WeightFormat.Q6_K => 256,
        _ => throw NotAFormat(format),
    };

    /// <summary>The bytes of <see cref="BlockValues"/> values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not one of the formats.</exception>
    public static int BlockBytes(this WeightFormat format) => format switch
    {
        WeightFormat.F32 => 4,
        WeightFormat.BF16 or WeightFormat.F16 => 2,
        WeightFormat.Q8_0 => 34,
        WeightFormat.Q4_0 => 18,
        WeightFormat.Q4_K => 144,
        WeightFormat.Q6_K => 210,
        _ => throw NotAFormat(format),
    };

    /// <summary>What the address of a value must be a multiple of: 4 or 2.</summary>
    public static int Alignment(this WeightFormat format) => format == WeightFormat.F32 ? 4 : 2;

    /// <summary>Whether values are whole numbers that share scales: <see cref="BlockValues"/> is more than 1.</summary>
    public static bool IsQuantised(this WeightFormat format) => format.BlockValues() > 1;

    /// <summary>The bytes that <paramref name="count"/> values take.</summary>
    /// <exception cref="OverflowException">The size is beyond 2^63.</exception>
    /// <exception cref="ArgumentException">They do not fill whole blocks.</exception>
    public static long Bytes(this WeightFormat format, long count)
    {
        (long blocks, long rest) = Math.DivRem(count, format.BlockValues());
        return rest == 0
            ? checked(blocks * format.BlockBytes())
            : throw new ArgumentException(FormattableString.Invariant(
                $"{count} values do not fill whole blocks of {format.BlockValues()}, which {format} has"), nameof(count));
    }

    private static ArgumentOutOfRangeException NotAFormat(WeightFormat format) =>
        new(nameof(format), format, "expected F32, BF16, F16, Q8_0, Q4_0, Q4_K or Q6_K");
}
