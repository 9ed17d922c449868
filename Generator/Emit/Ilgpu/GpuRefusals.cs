using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>What the kernels for GPUs cannot do and those for the CPU can: such a model runs on the CPU alone.</summary>
internal static class GpuRefusals
{
    public static EquatableArray<Finding> Find(ModelPlan plan)
    {
        var findings = new List<Finding>();
        foreach (MethodPlan method in plan.Methods)
        {
            foreach (SweepPlan sweep in method.Kernels.OfType<SweepPlan>())
            {
                if (GpuSweepEmitter.WhyNot(sweep) is not { } why)
                    continue;
                Operation at = sweep.Operations.FirstOrDefault(operation => operation is SoftmaxOperation) ?? sweep.Operations[0];
                Site site = method.Graph.Method.Brackets[at.Bracket].Attributes[0].At();
                findings.Add(new Finding("EIN0402", site, [plan.Model.Spec.Name, why]));
            }
        }

        return findings.ToEquatable();
    }
}
