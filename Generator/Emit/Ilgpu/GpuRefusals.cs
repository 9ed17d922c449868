using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// What the kernels for GPUs cannot do and those for the CPU can: such a model runs on the CPU alone. What is known is listed, not what is
/// unknown, so that an operation or a kernel that is new to the language is refused until it is written here.
/// </summary>
internal static class GpuRefusals
{
    public static EquatableArray<Finding> Find(ModelPlan plan)
    {
        var findings = new List<Finding>();
        foreach (MethodPlan method in plan.Methods)
        {
            foreach (KernelPlan kernel in method.Kernels)
            {
                if (WhyNot(method, kernel) is not { } reason)
                    continue;
                Site site = method.Graph.Method.Brackets[reason.At.Bracket].Attributes[0].At();
                findings.Add(new Finding("EIN0402", site, [plan.Model.Spec.Name, reason.Why]));
            }
        }

        return findings.ToEquatable();
    }

    private static (Operation At, string Why)? WhyNot(MethodPlan method, KernelPlan kernel)
    {
        foreach (Operation operation in kernel.Operations)
        {
            if (!Knows(method, kernel, operation))
                return (operation, $"there is none for {operation.Text}");
        }

        return kernel switch
        {
            SweepPlan sweep when GpuSweepEmitter.WhyNot(sweep) is { } why => (sweep.Operations[0], why),
            SweepPlan or AttentionPlan or NormPlan or BatchNormPlan or ReducePlan or RearrangePlan or GatherPlan or SelectPlan or RunPlan
                or AppendPlan or MapPlan or ContractPlan => null,
            _ => (kernel.Operations[0], $"there is none for {kernel.Operations[0].Text}"),
        };
    }

    private static bool Knows(MethodPlan method, KernelPlan kernel, Operation operation) => operation switch
    {
        EinsumOperation or GatherOperation or SelectOperation or RunOperation or AppendOperation or RenameOperation or RearrangeOperation
            or ActivationOperation or ScaleOperation or BinaryOperation or CausalOperation or WindowOperation or MaskOperation or AlibiOperation => true,
        RotateOperation rotate => kernel.Rows == method.Sequence && rotate.Axes[rotate.Axes.Count - 1] == rotate.Axis,
        SoftmaxOperation softmax => kernel is AttentionPlan || Features(kernel, softmax).Contains(softmax.Axis),
        NormOperation norm => norm.Over.All(Features(kernel, norm).Contains),
        BatchNormOperation => kernel is BatchNormPlan,
        ReduceOperation => kernel is ReducePlan,
        AddPositionsOperation add => kernel.Rows == method.Sequence && add.Table.Axes.Skip(1).All(Features(kernel, add).Contains),
        _ => false,
    };

    private static EquatableArray<string> Features(KernelPlan kernel, Operation operation) => operation.Axes.Skip(kernel.Rows.Count).ToEquatable();
}
