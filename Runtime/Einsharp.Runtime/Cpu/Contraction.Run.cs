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
            if (runner.Device is null) Compute<T>(runner.Worker, call);
            else if (runner.Device.Threads > 1 && call.Work >= TeamWork) ContractionJob<T>.Run(runner.Device.Team, call);
            else Compute<T>(Team.Alone, call);
        }
        GC.KeepAlive(aParam);
        GC.KeepAlive(bParam);
    }

    /// <summary>Every worker calls it with the same arguments.</summary>
    internal static void Compute<T>(Worker worker, in ContractionCall call)
        where T : unmanaged
    {
        worker.Barrier();
        LoopNest<T>.Compute(worker, call);
    }
}
