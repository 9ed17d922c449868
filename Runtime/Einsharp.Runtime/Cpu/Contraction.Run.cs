using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <content>From the caller's spans to the kernels.</content>
public static partial class Contraction
{
    // Multiplications below which a team is not worth its start: of a product, and of what is limited by memory.
    private const long TeamProducts = 1 << 18;
    private const long TeamElements = 1 << 15;

    internal static int VectorBytes => Vector512.IsHardwareAccelerated ? 64 : Vector256.IsHardwareAccelerated ? 32 : 16;

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
                IsByClass = runner.Device is null,
            };
            call.Check();
            if (call.Batch.Extent == 0 || call.M.Extent == 0 || call.N.Extent == 0)
            {
                if (runner.Device is null) runner.Worker.Barrier();
            }
            else if (runner.Device is null)
            {
                Compute<T>(runner.Worker, call, VectorBytes);
            }
            else if (runner.Device.Threads > 1 && call.Work >= (call.IsProduct ? TeamProducts : TeamElements))
            {
                ComputeTogether<T>(runner.Device.Team, call);
            }
            else
            {
                Compute<T>(Team.Alone, call, VectorBytes);
            }
        }
        GC.KeepAlive(aParam);
        GC.KeepAlive(bParam);
    }

    [SkipLocalsInit]
    private static unsafe void ComputeTogether<T>(Team team, in ContractionCall call)
        where T : unmanaged
    {
        LoopAxis* axes = stackalloc LoopAxis[ContractionPlan.Room(call)];
        double zero;
        var plan = ContractionPlan.Of(call, axes, &zero, sizeof(T), team.Threads, VectorBytes);
        ContractionJob<T>.Run(team, plan);
    }

    /// <summary>Every worker calls it with the same arguments.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="call">A contraction that has a result.</param>
    /// <param name="vectorBytes">The width of the vectors: 64, 32 or 16.</param>
    [SkipLocalsInit]
    internal static unsafe void Compute<T>(Worker worker, in ContractionCall call, int vectorBytes)
        where T : unmanaged
    {
        worker.Barrier(); // the units are counted anew
        LoopAxis* axes = stackalloc LoopAxis[ContractionPlan.Room(call)];
        double zero;
        var plan = ContractionPlan.Of(call, axes, &zero, sizeof(T), worker.Count, vectorBytes);
        Compute<T>(worker, plan, plan.Counters == 0 ? null : worker.Common(plan.CommonFloats, plan.Counters));
    }

    /// <summary>Every worker calls it, in a new phase.</summary>
    internal static unsafe void Compute<T>(Worker worker, in ContractionPlan plan, float* common)
        where T : unmanaged
    {
        switch (plan.VectorBytes)
        {
            case 64: Compute<Simd512<T>, Vector512<T>, T>(worker, plan, common); break;
            case 32: Compute<Simd256<T>, Vector256<T>, T>(worker, plan, common); break;
            default: Compute<Simd128<T>, Vector128<T>, T>(worker, plan, common); break;
        }
    }

    private static unsafe void Compute<S, V, T>(Worker worker, in ContractionPlan plan, float* common)
        where S : struct, ISimd<V, T>
        where V : unmanaged
        where T : unmanaged
    {
        int* counters = (int*)common;
        T* room = (T*)(counters + plan.Counters);
        if (plan.IsProduct) Gemm<S, V, T>.Compute(worker, plan.Product, counters, room);
        else LoopNest<S, V, T>.Compute(worker, plan.Nest, plan.Adding, counters, room);
    }
}
