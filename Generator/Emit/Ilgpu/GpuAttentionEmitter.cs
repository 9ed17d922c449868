using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

internal sealed class GpuAttentionEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, AttentionPlan kernel) : GpuKernelEmitter(plan, method, sizes, kernel)
{
    protected override void EmitKernels()
    {
    }

    protected override void EmitLaunches(CodeWriter writer)
    {
    }

}
