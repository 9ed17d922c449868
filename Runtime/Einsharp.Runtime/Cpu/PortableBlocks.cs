using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>
/// Products with weights in blocks on any processor, one dot product after the other: the same bits as <see cref="BlockSweep"/>, because
/// the whole numbers are exact and the rest is in the same order.
/// </summary>
internal static unsafe class PortableBlocks
{
    public static void Project(WeightFormat format, in BlockOperands o, int firstRow, int rowCount)
    {
        nint bytes = (nint)format.Bytes(o.X.Inner);
        for (int i = 0; i < o.X.Rows; i++)
        {
            for (int j = 0; j < rowCount; j++)
                o.Y[(i * o.YStride) + j] = Dot(format, o.Weights + ((firstRow + j) * bytes), o.X, i);
        }
    }

    [SkipLocalsInit]
    private static float Dot(WeightFormat format, byte* w, in QuantisedRows x, int row)
    {
        int block = format.BlockValues(), bytes = format.BlockBytes();
        sbyte* q = stackalloc sbyte[QuantisedBlocks.MaxValues];
        float* partials = stackalloc float[BlockSweep.Partials];
        new Span<float>(partials, BlockSweep.Partials).Clear();
        for (int b = 0; b < x.Inner / block; b++, w += bytes)
        {
            QuantisedBlocks.Whole(format, w, q);
            byte* record = x.Record(b, row);
            float scale = *(float*)record;
            var values = (sbyte*)(record + (block == 32 ? QuantisedRows.Values : QuantisedRows.SuperValues));
            int sum = 0, minima = 0;
            switch (format)
            {
                case WeightFormat.Q4_K:
                    for (int run = 0; run < 8; run++)
                    {
                        (int s, int m) = QuantisedBlocks.ScaleOfQ4K(w + 4, run);
                        sum += s * Sum(q + (run * 32), values + (run * 32), 32);
                        minima += m * ((short*)(record + QuantisedRows.Sums32))[run];
                    }
                    break;
                case WeightFormat.Q6_K:
                    for (int run = 0; run < 16; run++)
                        sum += ((sbyte*)w)[192 + run] * Sum(q + (run * 16), values + (run * 16), 16);
                    break;
                default:
                    sum = Sum(q, values, block);
                    break;
            }
            float factor = (float)*(Half*)(w + (format == WeightFormat.Q6_K ? 208 : 0));
            ref float total = ref partials[b % BlockSweep.Partials];
            total = MathF.FusedMultiplyAdd(sum, factor * scale, total);
            if (format == WeightFormat.Q4_K) total = MathF.FusedMultiplyAdd(minima, -(float)*(Half*)(w + 2) * scale, total);
        }
        return partials[0] + partials[1] + partials[2] + partials[3];
    }

    private static int Sum(sbyte* a, sbyte* b, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++) sum += a[i] * b[i];
        return sum;
    }
}
