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
        // Axes that are split or joined would need sizes of their own there.
        if (method.Graph.Operations.FirstOrDefault(operation => operation is RearrangeOperation) is { } made)
            return (made, $"there is none for {made.Text}");
        foreach (Operation operation in kernel.Operations)
        {
            if (!Knows(method, kernel, operation))
                return (operation, $"there is none for {operation.Text}");
        }

        return kernel switch
        {
            SweepPlan sweep when GpuSweepEmitter.WhyNot(sweep) is { } why =>
                (sweep.Operations.FirstOrDefault(operation => operation is SoftmaxOperation) ?? sweep.Operations[0], why),
            NormPlan { Output: var output } when IsAcross(method, kernel, output) => (kernel.Operations[0], Across(method, kernel)),
            BatchNormPlan { Output: var output } when IsAcross(method, kernel, output) => (kernel.Operations[0], Across(method, kernel)),
            MapPlan { Output: var output } when IsAcross(method, kernel, output) => (kernel.Operations[0], Across(method, kernel)),
            SweepPlan or AttentionPlan or NormPlan or BatchNormPlan or ReducePlan or GatherPlan or SelectPlan or RunPlan or AppendPlan or MapPlan
                or ContractPlan => null,
            _ => (kernel.Operations[0], $"there is none for {kernel.Operations[0].Text}"),
        };
    }

    /// <summary>Whether what a kernel takes as a row goes over positions of a cache's method, of which every sequence has its own number.</summary>
    private static bool IsAcross(MethodPlan method, KernelPlan kernel, string output) =>
        method.Graph.Cache is not null && method.Buffer(output).Rows is var rows && rows == method.Sequence && rows != kernel.Rows;

    private static string Across(MethodPlan method, KernelPlan kernel) =>
        $"{kernel.Operations[0].Text} goes along '{method.Sequence!.Value[1]}', of which every sequence of a cache has its own number";

    private static bool Knows(MethodPlan method, KernelPlan kernel, Operation operation) => operation switch
    {
        EinsumOperation or GatherOperation or SelectOperation or RunOperation or AppendOperation or RenameOperation or ActivationOperation => true,
        ScaleOperation scale => kernel is AttentionPlan || !scale.Factor.Tokens.Any(method.CallAxes.Contains),
        RotateOperation rotate => kernel.Rows == method.Sequence && rotate.Axes[rotate.Axes.Count - 1] == rotate.Axis,
        CausalOperation or WindowOperation or MaskOperation or AlibiOperation => kernel is AttentionPlan,
        SoftmaxOperation softmax => kernel is AttentionPlan || Features(method, kernel, softmax).Contains(method.Graph.Original(softmax.Axis)),
        NormOperation norm => norm.Over.Select(method.Graph.Original).All(Features(method, kernel, norm).Contains),
        BatchNormOperation => kernel is BatchNormPlan,
        ReduceOperation => kernel is ReducePlan,
        AddPositionsOperation add => kernel.Rows == method.Sequence && add.Table.Axes.Skip(1).All(Features(method, kernel, add).Contains),
        BinaryOperation binary => CanRead(method, kernel, binary, binary.Other),
        _ => false,
    };

    private static EquatableArray<string> Features(MethodPlan method, KernelPlan kernel, Operation operation) =>
        operation.Axes.Select(method.Graph.Original).Skip(kernel.Rows.Count).ToEquatable();

    /// <summary>Whether a kernel that has one number of an operation at hand finds that of another operand.</summary>
    private static bool CanRead(MethodPlan method, KernelPlan kernel, Operation operation, Operand other)
    {
        EquatableArray<string> features = Features(method, kernel, operation);
        string[] ofRows = [.. other.Axes.Select(method.Graph.Original).Where(axis => !features.Contains(axis))];
        if (!ofRows.All(kernel.Rows.Contains))
            return false;
        if (other.Kind != OperandKind.Param)
        {
            // What is in no buffer is at hand in the same tile.
            if (Buffer(method, other)?.Rows is not { } rows || rows == kernel.Rows)
                return true;

            // Behind a cache packed rows are no plain extents.
            if (method.Graph.Cache is not null && rows == method.Sequence)
                return false;
        }

        // A layer that knows nothing of its rows but their number cannot tell their axes apart.
        return ofRows.Length == 0 || kernel.Rows == method.Sequence || !Steps.IsLayer(method);
    }

    private static BufferPlan? Buffer(MethodPlan method, Operand operand) => operand.Kind == OperandKind.Input
        ? method.Buffers.FirstOrDefault(buffer => buffer.Name == operand.Name)
        : method.Buffers.FirstOrDefault(buffer => buffer.Operation == method.Graph.Source(operand.Id));
}
