using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Einsharp;

/// <summary>Conversion between stored weights and floats: exact when widening, to the nearest (ties to even) when narrowing.</summary>
internal static unsafe class WeightConversion
{
    /// <summary>What one worker takes at a time; a multiple of <see cref="Block"/>.</summary>
    private const int Chunk = 1 << 18;

    /// <summary>Values between two formats pass through a buffer of this many floats, which stays in the first cache.</summary>
    private const int Block = 4096;

    /// <summary>Reads stored values as floats; whole blocks of a format that has blocks.</summary>
    public static void Widen(WeightFormat format, byte* from, Span<float> to)
    {
        switch (format)
        {
            case WeightFormat.F32:
                new ReadOnlySpan<float>(from, to.Length).CopyTo(to);
                break;
            case WeightFormat.BF16:
                WidenBF16(new ReadOnlySpan<ushort>(from, to.Length), to);
                break;
            case WeightFormat.F16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(from, to.Length), to);
                break;
            default:
                int values = format.BlockValues(), bytes = format.BlockBytes();
                fixed (float* floats = to)
                {
                    for (int i = 0; i < to.Length; i += values, from += bytes) QuantisedBlocks.Widen(format, from, floats + i);
                }
                break;
        }
    }

    /// <summary>Stores floats, rounded to the format; whole blocks of a format that has blocks.</summary>
    public static void Narrow(ReadOnlySpan<float> from, WeightFormat format, byte* to)
    {
        switch (format)
        {
            case WeightFormat.F32:
                from.CopyTo(new Span<float>(to, from.Length));
                break;
            case WeightFormat.BF16:
                NarrowBF16(from, new Span<ushort>(to, from.Length));
                break;
            case WeightFormat.F16:
                TensorPrimitives.ConvertToHalf(from, new Span<Half>(to, from.Length));
                break;
            default:
                int values = format.BlockValues(), bytes = format.BlockBytes();
                for (int i = 0; i < from.Length; i += values, to += bytes) QuantisedBlocks.Narrow(format, from.Slice(i, values), to);
                break;
        }
    }

    /// <summary>Stores <paramref name="count"/> values in another format, on all cores when they are many.</summary>
    public static void Convert(WeightFormat fromFormat, byte* from, WeightFormat toFormat, byte* to, long count) =>
        ForChunks(count, (start, length) =>
        {
            Span<float> buffer = stackalloc float[Block];
            for (long at = start; at < start + length; at += Block)
            {
                Span<float> values = buffer[..(int)Math.Min(Block, start + length - at)];
                Widen(fromFormat, from + fromFormat.Bytes(at), values);
                Narrow(values, toFormat, to + toFormat.Bytes(at));
            }
        });

    /// <summary>Stores the first <paramref name="count"/> draws, on all cores when they are many.</summary>
    public static void Generate(InitializerDraws draws, WeightFormat format, byte* to, long count) =>
        ForChunks(count, (start, length) =>
        {
            Span<float> buffer = stackalloc float[Block];
            for (long at = start; at < start + length; at += Block)
            {
                Span<float> values = buffer[..(int)Math.Min(Block, start + length - at)];
                draws.Fill(at, values);
                Narrow(values, format, to + format.Bytes(at));
            }
        });

    /// <summary>
    /// Where the first infinity or NaN stands (of blocks, the first value of the block), or -1. Decided on the bits: an exponent of all ones.
    /// </summary>
    public static long FirstNotFinite(WeightFormat format, byte* data, long count)
    {
        long first = long.MaxValue;
        ForChunks(count, (start, length) =>
        {
            if (start > Volatile.Read(ref first)) return;
            byte* at = data + format.Bytes(start);
            int found = format switch
            {
                WeightFormat.F32 => FirstMasked(new ReadOnlySpan<uint>(at, length), 0x7F80_0000u),
                WeightFormat.BF16 => FirstMasked(new ReadOnlySpan<ushort>(at, length), (ushort)0x7F80),
                WeightFormat.F16 => FirstMasked(new ReadOnlySpan<ushort>(at, length), (ushort)0x7C00),
                _ => FirstBlock(format, at, length),
            };
            if (found < 0) return;
            long seen = Volatile.Read(ref first);
            while (start + found < seen)
            {
                long now = Interlocked.CompareExchange(ref first, start + found, seen);
                if (now == seen) break;
                seen = now;
            }
        });
        return first == long.MaxValue ? -1 : first;
    }

    private static int FirstBlock(WeightFormat format, byte* at, int length)
    {
        int values = format.BlockValues(), bytes = format.BlockBytes();
        for (int i = 0; i < length; i += values, at += bytes)
            if (!QuantisedBlocks.IsFinite(format, at)) return i;
        return -1;
    }

    private static void ForChunks(long count, Action<long, int> work)
    {
        if (count <= Chunk)
            work(0, (int)count);
        else
            Parallel.For(0, (count + Chunk - 1) / Chunk, i => work(i * Chunk, (int)Math.Min(Chunk, count - i * Chunk)));
    }

    /// <summary>The first value in which all bits of the mask are set, or -1.</summary>
    private static int FirstMasked<T>(ReadOnlySpan<T> values, T mask) where T : unmanaged, IBinaryInteger<T>
    {
        const int Batch = 16;
        var masks = new Vector<T>(mask);
        ReadOnlySpan<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(values);
        int i = 0;
        for (; i + Batch <= vectors.Length; i += Batch)
        {
            var hit = Vector<T>.Zero;
            for (int j = i; j < i + Batch; j++) hit |= Vector.Equals(vectors[j] & masks, masks);
            if (hit != Vector<T>.Zero) break;
        }
        for (int j = i * Vector<T>.Count; j < values.Length; j++)
            if ((values[j] & mask) == mask) return j;
        return -1;
    }

    private static void WidenBF16(ReadOnlySpan<ushort> from, Span<float> to)
    {
        int width = Vector<ushort>.Count, half = Vector<float>.Count, i = 0;
        for (; i + width <= to.Length; i += width)
        {
            Vector.Widen(new Vector<ushort>(from[i..]), out Vector<uint> low, out Vector<uint> high);
            Vector.AsVectorSingle(low << 16).CopyTo(to[i..]);
            Vector.AsVectorSingle(high << 16).CopyTo(to[(i + half)..]);
        }
        for (; i < to.Length; i++) to[i] = BitConverter.UInt32BitsToSingle((uint)from[i] << 16);
    }

    private static void NarrowBF16(ReadOnlySpan<float> from, Span<ushort> to)
    {
        int width = Vector<ushort>.Count, half = Vector<float>.Count, i = 0;
        for (; i + width <= to.Length; i += width)
            Vector.Narrow(RoundBF16(new Vector<float>(from[i..])), RoundBF16(new Vector<float>(from[(i + half)..]))).CopyTo(to[i..]);
        for (; i < to.Length; i++) to[i] = NarrowBF16(from[i]);
    }

    /// <summary>One value as bfloat16.</summary>
    public static ushort NarrowBF16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(float.IsNaN(value) ? bits >> 16 | QuietBF16 : bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }

    /// <summary>Set in a NaN, whose payload may lie in the lower half only and would else become an infinity.</summary>
    private const uint QuietBF16 = 0x40;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> RoundBF16(Vector<float> values)
    {
        Vector<uint> bits = Vector.AsVectorUInt32(values);
        Vector<uint> upper = bits >>> 16;
        Vector<uint> rounded = (bits + new Vector<uint>(0x7FFF) + (upper & Vector<uint>.One)) >>> 16;
        Vector<uint> isNumber = Vector.AsVectorUInt32(Vector.Equals(values, values));
        return Vector.ConditionalSelect(isNumber, rounded, upper | new Vector<uint>(QuietBF16));
    }
}
