using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>
/// Blocks of a cache's slot into floats, in the layout that attention reads: keys [block][size][16], values [position][size]. What an element
/// becomes does not depend on the width.
/// </summary>
internal static unsafe class CacheTiles<W, V>
    where W : struct, IWidth<V>
    where V : unmanaged
{
    private const int Block = CacheSlot.BlockSize;

    /// <summary>Elements that lie as the floats do.</summary>
    /// <param name="from">The elements.</param>
    /// <param name="count">How many, a multiple of 16.</param>
    /// <param name="to">Where to.</param>
    [MethodImpl(Kernels.ByItself)]
    public static void WidenBFloat16(ushort* from, int count, float* to)
    {
        for (int i = 0; i < count; i += W.Count) W.Store(W.LoadBFloat16(from + i), to + i);
    }

    /// <summary>Keys: of each block [scales][16], then [size][16].</summary>
    /// <param name="from">The first block.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="size">The length of a key.</param>
    /// <param name="to">[block][size][16].</param>
    [MethodImpl(Kernels.ByItself)]
    public static void WidenKeys(byte* from, int blocks, int size, float* to)
    {
        int scales = CacheFormats.Scales(size);
        for (int block = 0; block < blocks; block++)
        {
            float* scale = (float*)from;
            sbyte* elements = (sbyte*)(scale + scales * Block);
            for (int first = 0; first < size; first += CacheFormats.ScaleSize, scale += Block)
            {
                int end = Math.Min(size, first + CacheFormats.ScaleSize);
                for (int lane = 0; lane < Block; lane += W.Count)
                {
                    V s = W.Load(scale + lane);
                    for (int at = first * Block + lane; at < end * Block; at += Block)
                        W.Store(W.Multiply(W.LoadInt8(elements + at), s), to + at);
                }
            }
            from = (byte*)(elements + size * Block);
            to += size * Block;
        }
    }

    /// <summary>Values: of each block [16][scales], then [16][size].</summary>
    /// <param name="from">The first block.</param>
    /// <param name="count">How many positions.</param>
    /// <param name="size">The length of a value.</param>
    /// <param name="to">[position][size].</param>
    [MethodImpl(Kernels.ByItself)]
    public static void WidenValues(byte* from, int count, int size, float* to)
    {
        int scales = CacheFormats.Scales(size);
        for (; count > 0; count -= Block)
        {
            float* scale = (float*)from;
            sbyte* elements = (sbyte*)(scale + scales * Block);
            from = (byte*)(elements + size * Block);
            for (int t = Math.Min(count, Block); t > 0; t--, elements += size, to += size)
            {
                for (int first = 0; first < size; first += CacheFormats.ScaleSize)
                {
                    float own = *scale++;
                    V s = W.Broadcast(own);
                    int c = first, end = Math.Min(size, first + CacheFormats.ScaleSize);
                    for (; c <= end - W.Count; c += W.Count) W.Store(W.Multiply(W.LoadInt8(elements + c), s), to + c);
                    for (; c < end; c++) to[c] = elements[c] * own;
                }
            }
        }
    }
}

/// <summary>One vector into a slot's block.</summary>
internal static unsafe class CacheNarrowing
{
    /// <summary>A vector as bfloat16.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="to">Where its first element goes.</param>
    /// <param name="stride">How far apart neighbouring elements go.</param>
    public static void BFloat16(ReadOnlySpan<float> vector, ushort* to, nint stride)
    {
        if (stride == 1)
        {
            WeightConversion.Narrow(vector, WeightFormat.BF16, (byte*)to);
            return;
        }
        for (int k = 0; k < vector.Length; k++) to[k * stride] = WeightConversion.NarrowBF16(vector[k]);
    }

    /// <summary>A vector as eight bits and scales.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="scales">Where its first scale goes.</param>
    /// <param name="scaleStride">How far apart neighbouring scales go.</param>
    /// <param name="to">Where its first element goes.</param>
    /// <param name="stride">How far apart neighbouring elements go.</param>
    public static void Int8(ReadOnlySpan<float> vector, float* scales, nint scaleStride, sbyte* to, nint stride)
    {
        for (; !vector.IsEmpty; scales += scaleStride)
        {
            ReadOnlySpan<float> part = vector[..Math.Min(vector.Length, CacheFormats.ScaleSize)];
            vector = vector[part.Length..];
            float scale = MathF.Abs(TensorPrimitives.MaxMagnitude(part)) / sbyte.MaxValue;
            *scales = scale;

            // The greatest is 127, but for what rounding does to a scale that is hardly a number; 0 / 0 is no number and becomes 0.
            for (int k = 0; k < part.Length; k++, to += stride)
                *to = (sbyte)Math.Clamp(MathF.Round(part[k] / scale), -sbyte.MaxValue, sbyte.MaxValue);
        }
    }
}
