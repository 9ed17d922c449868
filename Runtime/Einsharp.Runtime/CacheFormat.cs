namespace Einsharp;

/// <summary>How the elements of a cache are kept in memory. They are computed with in f32, whatever the format.</summary>
public enum CacheFormat
{
    /// <summary>IEEE single precision: four bytes an element, and nothing is lost.</summary>
    F32,

    /// <summary>bfloat16: two bytes an element, rounded to the nearest, ties to even; off by at most 2⁻⁸ of itself.</summary>
    BF16,

    /// <summary>
    /// Eight bits an element and an f32 scale for every <see cref="CacheFormats.ScaleSize"/> of a vector (the last may have fewer): the
    /// scale is the greatest magnitude / 127, and an element is off by at most half a scale. Not for infinities and NaNs, which make NaNs of
    /// all that share the scale.
    /// </summary>
    Int8,
}

/// <summary>What a format needs in memory.</summary>
internal static class CacheFormats
{
    /// <summary>Elements of a vector that share a scale in <see cref="CacheFormat.Int8"/>.</summary>
    public const int ScaleSize = 32;

    /// <summary>How many scales a vector has in <see cref="CacheFormat.Int8"/>.</summary>
    /// <param name="size">The length of the vector.</param>
    public static int Scales(int size) => (int)(((long)size + ScaleSize - 1) / ScaleSize);

    /// <summary>Bytes of a block of <see cref="CacheSlot.BlockSize"/> positions of one head, scales included; a multiple of 16.</summary>
    /// <param name="format">The format.</param>
    /// <param name="size">The length of a vector.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such format.</exception>
    public static long BlockBytes(this CacheFormat format, int size) => CacheSlot.BlockSize * format switch
    {
        CacheFormat.F32 => sizeof(float) * (long)size,
        CacheFormat.BF16 => sizeof(ushort) * (long)size,
        CacheFormat.Int8 => size + sizeof(float) * (long)Scales(size),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "expected F32, BF16 or Int8"),
    };
}
