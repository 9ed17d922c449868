using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <content>From the caller's spans to the kernels.</content>
public static partial class Contraction
{
    // Multiplications below which a team is not worth its start.
    private const long TeamWork = 1 << 16;

    private static unsafe void Run<T>(
        in ContractionRunner runner, ReadOnlySpan<T> a, Param? aParam, bool hasB, ReadOnlySpan<T> b, Param? bParam, Span<T> c,
        ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m, ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k)
        where T : unmanaged
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double))
            throw new NotSupportedException($"contractions are there for float and double, found {typeof(T)}");
        fixed (T* pinnedA = a, pinnedB = b, pinnedC = c)
        fixed (LoopAxis* pinnedBatch = batch, pinnedM = m, pinnedN = n, pinnedK = k)
        {
            var call = new ContractionCall
            {
                A = aParam is null ? new ContractionOperand(pinnedA, a.Length, ElementFormat.Plain) : ContractionOperand.Of(aParam),
                B = bParam is null ? new ContractionOperand(pinnedB, b.Length, ElementFormat.Plain) : ContractionOperand.Of(bParam),
                HasB = hasB,
                C = (byte*)pinnedC,
                CLength = c.Length,
                Batch = new AxisList(pinnedBatch, batch.Length),
                M = new AxisList(pinnedM, m.Length),
                N = new AxisList(pinnedN, n.Length),
                K = new AxisList(pinnedK, k.Length),
            };
            call.Check();
            if (runner.Device is null) Compute<T>(runner.Worker, call, VectorBytes);
            else if (runner.Device.Threads > 1 && call.Work >= TeamWork) ContractionJob<T>.Run(runner.Device.Team, call);
            else Compute<T>(Team.Alone, call, VectorBytes);
        }
        GC.KeepAlive(aParam);
        GC.KeepAlive(bParam);
    }

    /// <summary>Every worker calls it with the same arguments.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="call">The contraction.</param>
    /// <param name="vectorBytes">The width of the vectors: 64, 32 or 16.</param>
    [SkipLocalsInit]
    internal static unsafe void Compute<T>(Worker worker, in ContractionCall call, int vectorBytes)
        where T : unmanaged
    {
        worker.Barrier(); // the units are counted anew
        long m = call.M.Extent, n = call.N.Extent, k = call.K.Extent;
        if (call.Batch.Extent == 0 || m == 0 || n == 0) return;
        LoopAxis* axes = stackalloc LoopAxis[2 * (call.Batch.Count + call.M.Count + call.N.Count + call.K.Count) + 2];
        if (k == 0)
        {
            T zero = default;
            ContractionCall zeros = Zeros(call, axes, &zero);
            LoopNest<Simd128<T>, Vector128<T>, T>.Compute(worker, zeros, axes + call.Batch.Count + call.M.Count + call.N.Count);
            return;
        }
        if (m > 1 && n > 1 && k > 1)
        {
            GemmPlan plan = GemmPlan.Of(call, axes);
            switch (plan.VectorBytes(vectorBytes, sizeof(T)))
            {
                case 64: Gemm<Simd512<T>, Vector512<T>, T>.Compute(worker, plan); break;
                case 32: Gemm<Simd256<T>, Vector256<T>, T>.Compute(worker, plan); break;
                default: Gemm<Simd128<T>, Vector128<T>, T>.Compute(worker, plan); break;
            }
            return;
        }
        switch (vectorBytes)
        {
            case 64: LoopNest<Simd512<T>, Vector512<T>, T>.Compute(worker, call, axes); break;
            case 32: LoopNest<Simd256<T>, Vector256<T>, T>.Compute(worker, call, axes); break;
            default: LoopNest<Simd128<T>, Vector128<T>, T>.Compute(worker, call, axes); break;
        }
    }

    // An empty sum is 0: one zero, read again and again.
    private static unsafe ContractionCall Zeros<T>(in ContractionCall call, LoopAxis* axes, T* zero)
        where T : unmanaged
    {
        int count = 0;
        foreach (LoopAxis axis in call.Batch.Span) axes[count++] = new LoopAxis(axis.Extent, 0, 0, axis.C);
        foreach (LoopAxis axis in call.M.Span) axes[count++] = new LoopAxis(axis.Extent, 0, 0, axis.C);
        foreach (LoopAxis axis in call.N.Span) axes[count++] = new LoopAxis(axis.Extent, 0, 0, axis.C);
        return new ContractionCall
        {
            A = new ContractionOperand(zero, 1, ElementFormat.Plain),
            C = call.C,
            Batch = new AxisList(axes, count),
        };
    }

    internal static int VectorBytes => Vector512.IsHardwareAccelerated ? 64 : Vector256.IsHardwareAccelerated ? 32 : 16;
}
