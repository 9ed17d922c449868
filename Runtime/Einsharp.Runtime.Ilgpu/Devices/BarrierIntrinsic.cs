using System.Reflection;
using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Einsharp.Ilgpu;

/// <summary>
/// Tells ILGPU what <see cref="Lanes.Barrier"/> is. ILGPU's own barrier becomes <c>work_group_barrier(CLK_GLOBAL_MEM_FENCE)</c> on OpenCL,
/// which does not order accesses to local memory.
/// </summary>
internal static partial class BarrierIntrinsic
{
    /// <summary>Registers the barrier with a context that is being built. Without it no kernel that has one compiles.</summary>
    /// <param name="builder">The builder.</param>
    public static Context.Builder AddBarrier(this Context.Builder builder)
    {
        MethodInfo barrier = typeof(Lanes).GetMethod(nameof(Lanes.Barrier))!, plain = typeof(Lanes).GetMethod(nameof(Lanes.PlainBarrier))!;
        IntrinsicImplementationManager intrinsics = builder.GetIntrinsicManager();
        var write = new CLIntrinsic(typeof(BarrierIntrinsic), nameof(Write), IntrinsicImplementationMode.GenerateCode);
        intrinsics.RegisterMethod(barrier, write);
        intrinsics.RegisterMethod(barrier, new PTXIntrinsic(plain, IntrinsicImplementationMode.Redirect));
        AddTensorCores(intrinsics);
        return builder;
    }

    /// <summary>The tensor cores' instructions; left out where there is no PTX to write.</summary>
    static partial void AddTensorCores(IntrinsicImplementationManager intrinsics);

    private static void Write(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        using CLCodeGenerator.StatementEmitter statement =
            generator.BeginStatement("barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)");
    }
}
