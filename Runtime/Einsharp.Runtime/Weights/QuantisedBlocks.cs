using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Einsharp;

/// <summary>
/// The blocks of quantised formats, one at a time, to floats and back. The layouts are ggml's (ggml-common.h), the rounding is to the nearest.
/// </summary>
internal static unsafe class QuantisedBlocks
{
    /// <summary>Values of the largest block.</summary>
    public const int MaxValues = 256;

    /// <summary>One block as floats.</summary>
    /// <param name="format">A format of blocks.</param>
    /// <param name="block">The block.</param>
    /// <param name="to">As many places as a block has values.</param>
    public static void Widen(WeightFormat format, byte* block, float* to)
    {
        switch (format)
        {
            case WeightFormat.Q8_0: WidenQ8(block, to); break;
            case WeightFormat.Q4_0: WidenQ4(block, to); break;
            case WeightFormat.Q4_K: WidenQ4K(block, to); break;
            case WeightFormat.Q6_K: WidenQ6K(block, to); break;
            default: throw new ArgumentOutOfRangeException(nameof(format), format, "expected a format of blocks");
        }
    }

    /// <summary>Floats as one block.</summary>
    /// <param name="format">A format of blocks.</param>
    /// <param name="from">As many finite values as a block has.</param>
    /// <param name="block">The block.</param>
    public static void Narrow(WeightFormat format, ReadOnlySpan<float> from, byte* block)
    {
        switch (format)
        {
            case WeightFormat.Q8_0: NarrowQ8(from, block); break;
            case WeightFormat.Q4_0: NarrowQ4(from, block); break;
            case WeightFormat.Q4_K: NarrowQ4K(from, block); break;
            case WeightFormat.Q6_K: NarrowQ6K(from, block); break;
            default: throw new ArgumentOutOfRangeException(nameof(format), format, "expected a format of blocks");
        }
    }

    /// <summary>Whether a block's factors are finite; then its values are.</summary>
    public static bool IsFinite(WeightFormat format, byte* block) => format switch
    {
        WeightFormat.Q4_K => Half.IsFinite(*(Half*)block) && Half.IsFinite(*(Half*)(block + 2)),
        WeightFormat.Q6_K => Half.IsFinite(*(Half*)(block + 208)),
        _ => Half.IsFinite(*(Half*)block),
    };

    /// <summary>The whole numbers of a block, which its scales multiply: without the zero point, of Q4_K without the minima.</summary>
    /// <param name="format">A format of blocks.</param>
    /// <param name="block">The block.</param>
    /// <param name="q">As many places as a block has values.</param>
    public static void Whole(WeightFormat format, byte* block, sbyte* q)
    {
        switch (format)
        {
            case WeightFormat.Q8_0:
                for (int i = 0; i < 32; i++) q[i] = ((sbyte*)block)[2 + i];
                break;
            case WeightFormat.Q4_0:
                for (int i = 0; i < 32; i++) q[i] = (sbyte)((block[2 + (i % 16)] >> (i / 16 * 4) & 15) - 8);
                break;
            case WeightFormat.Q4_K:
                for (int i = 0; i < 256; i++) q[i] = (sbyte)(block[16 + (i / 64 * 32) + (i % 32)] >> (i / 32 % 2 * 4) & 15);
                break;
            default:
                for (int i = 0; i < 256; i++) q[i] = (sbyte)(OfQ6K(block, i) - 32);
                break;
        }
    }

    /// <summary>The scale and the minimum of run <paramref name="run"/> (0 to 7) of a Q4_K block, from its 12 bytes of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (int Scale, int Minimum) ScaleOfQ4K(byte* packed, int run) => run < 4
        ? (packed[run] & 63, packed[run + 4] & 63)
        : ((packed[run + 4] & 15) | (packed[run - 4] >> 6 << 4), (packed[run + 4] >> 4) | (packed[run] >> 6 << 4));

    private static void WidenQ8(byte* block, float* to)
    {
        float d = (float)*(Half*)block;
        sbyte* q = (sbyte*)block + 2;
        for (int i = 0; i < 32; i++) to[i] = d * q[i];
    }

    private static void WidenQ4(byte* block, float* to)
    {
        float d = (float)*(Half*)block;
        byte* q = block + 2;
        for (int i = 0; i < 16; i++)
        {
            to[i] = d * ((q[i] & 15) - 8);
            to[i + 16] = d * ((q[i] >> 4) - 8);
        }
    }

    private static void WidenQ4K(byte* block, float* to)
    {
        float d = (float)*(Half*)block, m = (float)*(Half*)(block + 2);
        for (int run = 0; run < 8; run++)
        {
            (int scale, int minimum) = ScaleOfQ4K(block + 4, run);
            byte* q = block + 16 + (run / 2 * 32);
            int shift = run % 2 * 4;
            float factor = d * scale, offset = m * minimum;
            for (int i = 0; i < 32; i++) to[(run * 32) + i] = (factor * ((q[i] >> shift) & 15)) - offset;
        }
    }

    private static void WidenQ6K(byte* block, float* to)
    {
        float d = (float)*(Half*)(block + 208);
        sbyte* scales = (sbyte*)block + 192;
        for (int i = 0; i < 256; i++) to[i] = d * scales[i / 16] * (OfQ6K(block, i) - 32);
    }

    /// <summary>
    /// Value <paramref name="i"/> of a Q6_K block, 0 to 63. Each half of the block is four runs of 32: two share a byte of halves, all four a
    /// byte of pairs of bits.
    /// </summary>
    private static int OfQ6K(byte* block, int i)
    {
        int half = i / 128, run = i / 32 % 4, place = i % 32;
        int low = block[(half * 64) + (run % 2 * 32) + place] >> (run / 2 * 4) & 15;
        int high = block[128 + (half * 32) + place] >> (run * 2) & 3;
        return low | (high << 4);
    }

    private static void NarrowQ8(ReadOnlySpan<float> from, byte* block)
    {
        float scale = Greatest(from) / 127, inverse = scale == 0 ? 0 : 1 / scale;
        *(Half*)block = (Half)scale;
        sbyte* q = (sbyte*)block + 2;
        for (int i = 0; i < 32; i++) q[i] = (sbyte)Math.Clamp(Nearest(from[i] * inverse), -127, 127);
    }

    /// <summary>The value of greatest magnitude becomes −8, so that all sixteen steps are of use.</summary>
    private static void NarrowQ4(ReadOnlySpan<float> from, byte* block)
    {
        float greatest = 0;
        foreach (float value in from) if (Math.Abs(value) > Math.Abs(greatest)) greatest = value;
        float scale = greatest / -8, inverse = scale == 0 ? 0 : 1 / scale;
        *(Half*)block = (Half)scale;
        byte* q = block + 2;
        for (int i = 0; i < 16; i++)
        {
            int low = Math.Clamp(Nearest(from[i] * inverse) + 8, 0, 15), high = Math.Clamp(Nearest(from[i + 16] * inverse) + 8, 0, 15);
            q[i] = (byte)(low | (high << 4));
        }
    }

    private static void NarrowQ4K(ReadOnlySpan<float> from, byte* block)
    {
        float* scales = stackalloc float[8], minima = stackalloc float[8];
        float greatestScale = 0, greatestMinimum = 0;
        for (int run = 0; run < 8; run++)
        {
            FitQ4(from.Slice(run * 32, 32), out scales[run], out minima[run]);
            greatestScale = Math.Max(greatestScale, scales[run]);
            greatestMinimum = Math.Max(greatestMinimum, minima[run]);
        }
        *(Half*)block = (Half)(greatestScale / 63);
        *(Half*)(block + 2) = (Half)(greatestMinimum / 63);
        float d = (float)*(Half*)block, m = (float)*(Half*)(block + 2);
        byte* packed = block + 4;
        NativeMemory.Clear(packed, 140);
        for (int run = 0; run < 8; run++)
        {
            int scale = d == 0 ? 0 : Math.Min(63, Nearest(scales[run] / d)), minimum = m == 0 ? 0 : Math.Min(63, Nearest(minima[run] / m));
            if (run < 4)
            {
                packed[run] |= (byte)scale;
                packed[run + 4] |= (byte)minimum;
            }
            else
            {
                packed[run + 4] |= (byte)((scale & 15) | ((minimum & 15) << 4));
                packed[run - 4] |= (byte)(scale >> 4 << 6);
                packed[run] |= (byte)(minimum >> 4 << 6);
            }
            float factor = d * scale, inverse = factor == 0 ? 0 : 1 / factor, offset = m * minimum;
            byte* q = block + 16 + (run / 2 * 32);
            int shift = run % 2 * 4;
            for (int i = 0; i < 32; i++)
                q[i] |= (byte)(Math.Clamp(Nearest((from[(run * 32) + i] + offset) * inverse), 0, 15) << shift);
        }
    }

    /// <summary>
    /// The scale and minimum by which 16 equal steps come closest to 32 values: candidates around the whole range, each refined once by least
    /// squares; the sum of squared errors decides.
    /// </summary>
    private static void FitQ4(ReadOnlySpan<float> values, out float scale, out float minimum)
    {
        float low = 0, high = values[0];
        foreach (float value in values)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }
        scale = 0;
        minimum = -low;
        if (high <= low) return;
        float best = float.PositiveInfinity;
        for (int candidate = 0; candidate <= 12; candidate++)
        {
            float step = (high - low) / (14f + (0.25f * candidate)), from = low;
            for (int pass = 0; pass < 2; pass++)
            {
                float error = 0, sumQ = 0, sumQQ = 0, sumX = 0, sumQX = 0;
                foreach (float value in values)
                {
                    float q = Math.Clamp(MathF.Round((value - from) / step), 0, 15), off = (q * step) + from - value;
                    error += off * off;
                    sumQ += q;
                    sumQQ += q * q;
                    sumX += value;
                    sumQX += q * value;
                }
                if (error < best)
                {
                    best = error;
                    scale = step;
                    minimum = -from;
                }
                float determinant = (values.Length * sumQQ) - (sumQ * sumQ);
                if (determinant <= 0) break;
                step = ((values.Length * sumQX) - (sumQ * sumX)) / determinant;
                from = Math.Min(0, (sumX - (step * sumQ)) / values.Length);
                if (step <= 0) break;
            }
        }
    }

    private static void NarrowQ6K(ReadOnlySpan<float> from, byte* block)
    {
        float* scales = stackalloc float[16];
        float greatest = 0;
        for (int run = 0; run < 16; run++)
        {
            scales[run] = FitQ6(from.Slice(run * 16, 16));
            if (Math.Abs(scales[run]) > Math.Abs(greatest)) greatest = scales[run];
        }
        *(Half*)(block + 208) = (Half)(greatest / -128);
        float d = (float)*(Half*)(block + 208), inverse = d == 0 ? 0 : 1 / d;
        sbyte* stored = (sbyte*)block + 192;
        NativeMemory.Clear(block, 192);
        for (int run = 0; run < 16; run++)
        {
            stored[run] = (sbyte)Math.Clamp(Nearest(scales[run] * inverse), -128, 127);
            float factor = d * stored[run], step = factor == 0 ? 0 : 1 / factor;
            for (int i = run * 16; i < (run + 1) * 16; i++)
            {
                int q = Math.Clamp(Nearest(from[i] * step), -32, 31) + 32;
                int half = i / 128, part = i / 32 % 4, place = i % 32;
                block[(half * 64) + (part % 2 * 32) + place] |= (byte)((q & 15) << (part / 2 * 4));
                block[128 + (half * 32) + place] |= (byte)(q >> 4 << (part * 2));
            }
        }
    }

    /// <summary>The scale by which −32 to 31 come closest to 16 values: candidates around the greatest, the sum of squared errors decides.</summary>
    private static float FitQ6(ReadOnlySpan<float> values)
    {
        float greatest = 0;
        foreach (float value in values) if (Math.Abs(value) > Math.Abs(greatest)) greatest = value;
        if (greatest == 0) return 0;
        float best = float.PositiveInfinity, scale = 0;
        for (int candidate = -4; candidate <= 4; candidate++)
        {
            float inverse = (-32f + (0.25f * candidate)) / greatest, sumQX = 0, sumQQ = 0, sumXX = 0;
            foreach (float value in values)
            {
                float q = Math.Clamp(MathF.Round(value * inverse), -32, 31);
                sumQX += q * value;
                sumQQ += q * q;
                sumXX += value * value;
            }
            float error = sumXX - (sumQX * sumQX / sumQQ);
            if (!(error < best)) continue;
            best = error;
            scale = sumQX / sumQQ;
        }
        return scale;
    }

    private static float Greatest(ReadOnlySpan<float> values)
    {
        float greatest = 0;
        foreach (float value in values) greatest = Math.Max(greatest, Math.Abs(value));
        return greatest;
    }

    private static int Nearest(float value) => (int)MathF.Round(value);
}
