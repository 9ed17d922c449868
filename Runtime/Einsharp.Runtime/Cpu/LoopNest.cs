namespace Einsharp.Cpu;

/// <summary>Any contraction as plain loops.</summary>
internal static unsafe class LoopNest<T>
    where T : unmanaged
{
    public static void Compute(Worker worker, in ContractionCall call)
    {
        long kept = call.Batch.Extent * call.M.Extent * call.N.Extent, summed = call.K.Extent;
        int units = (int)Math.Min(kept, 64);
        while (worker.Next(units, out int unit))
        {
            for (long i = kept * unit / units; i < kept * (unit + 1) / units; i++)
            {
                long a = 0, b = 0, c = 0;
                Locate(call.Batch, Locate(call.M, Locate(call.N, i, ref a, ref b, ref c), ref a, ref b, ref c), ref a, ref b, ref c);
                double sum = 0;
                for (long j = 0; j < summed; j++)
                {
                    long ak = a, bk = b, none = 0;
                    Locate(call.K, j, ref ak, ref bk, ref none);
                    sum += At(call.A, ak) * (call.HasB ? At(call.B, bk) : 1);
                }
                if (typeof(T) == typeof(float)) ((float*)call.C)[c] = (float)sum;
                else ((double*)call.C)[c] = sum;
            }
        }
    }

    private static long Locate(AxisList group, long index, ref long a, ref long b, ref long c)
    {
        for (int i = group.Count - 1; i >= 0; i--)
        {
            LoopAxis axis = group.Axes[i];
            (index, long at) = Math.DivRem(index, axis.Extent);
            a += at * axis.A;
            b += at * axis.B;
            c += at * axis.C;
        }
        return index;
    }

    private static double At(in ContractionOperand operand, long index) => operand.Format switch
    {
        ElementFormat.BF16 => BFloat16Weights.At(operand.Data, (int)index),
        ElementFormat.F16 => Float16Weights.At(operand.Data, (int)index),
        _ => typeof(T) == typeof(float) ? ((float*)operand.Data)[index] : ((double*)operand.Data)[index],
    };
}
