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
        if (kernel is AttentionPlan attention)
            return WhyNot(attention) is { } lack ? (attention.Operations[0], lack) : null;
        if (method.ReadsCallSizes)
            return (kernel.Operations[0], "a layer needs the sizes of single axes of the call");
        foreach (Operation operation in kernel.Operations)
        {
            if (!Knows(method, kernel, operation))
                return (operation, $"there is none for {operation.Text}");
        }

        if (kernel is not (SweepPlan or AttentionPlan or NormPlan or GatherPlan or SelectPlan or RunPlan or AppendPlan or MapPlan or ContractPlan))
            return (kernel.Operations[0], $"there is none for {kernel.Operations[0].Text}");
        if (Output(kernel) is { } output && method.Buffer(output).Rows != kernel.Rows)
            return (kernel.Operations[0], $"{kernel.Operations[0].Text} goes along an axis of the call");
        return kernel is SweepPlan sweep && GpuSweepEmitter.WhyNot(sweep) is { } why
            ? (sweep.Operations.FirstOrDefault(operation => operation is SoftmaxOperation) ?? sweep.Operations[0], why)
            : null;
    }

    private static string? Output(KernelPlan kernel) => kernel switch
    {
        NormPlan norm => norm.Output,
        MapPlan map => map.Output,
        ContractPlan contract => contract.Output,
        _ => null,
    };

    private static bool Knows(MethodPlan method, KernelPlan kernel, Operation operation) => operation switch
    {
        EinsumOperation einsum => kernel is not ContractPlan || KnowsEinsum(method, kernel, einsum),
        GatherOperation or SelectOperation or RunOperation => true,
        RotateOperation or AppendOperation or RenameOperation or CausalOperation => true,
        ScaleOperation scale => !scale.Factor.Tokens.Any(method.CallAxes.Contains),
        ActivationOperation activation => activation.Kind == ActivationKind.Silu,
        SoftmaxOperation softmax => !softmax.IsLog && (kernel is AttentionPlan || softmax.Axes[softmax.Axes.Count - 1] == softmax.Axis),
        NormOperation norm => KnowsNorm(kernel, norm),
        BinaryOperation binary => KnowsBinary(method, kernel, binary),
        _ => false,
    };

    // Over all features, by a vector of gains, where the row is read: in a kernel of its own or before a sweep.
    private static bool KnowsNorm(KernelPlan kernel, NormOperation norm) =>
        norm is { Kind: NormKind.Rms, Bias: null, Gain: { Kind: OperandKind.Param, Axes.Count: 1 } gain }
        && norm.Axes.Count == kernel.Rows.Count + 1 && norm.Axes[norm.Axes.Count - 1] == gain.Axes[0]
        && (kernel is NormPlan || kernel is SweepPlan { Norm.Norm.Id: var first } && first == norm.Id);

    private static bool KnowsBinary(MethodPlan method, KernelPlan kernel, BinaryOperation binary)
    {
        Operand other = binary.Other;
        return HasRows(method, kernel, other) && (kernel is not SweepPlan || binary.IsAligned);
    }

    private static bool KnowsEinsum(MethodPlan method, KernelPlan kernel, EinsumOperation einsum) =>
        einsum.Operands.All(operand => HasRows(method, kernel, operand));

    // A parameter has none of the axes that rows are made of, any other operand has them all, in front.
    private static bool HasRows(MethodPlan method, KernelPlan kernel, Operand operand) => operand.Kind == OperandKind.Param
        ? !operand.Axes.Any(kernel.Rows.Contains)
        : operand.Axes.Take(kernel.Rows.Count).Select(method.Graph.Original).ToEquatable() == kernel.Rows;

    /// <summary>Why there are no kernels for an attention: they read the cache, and know scales and Causal.</summary>
    private static string? WhyNot(AttentionPlan attention)
    {
        Operation? other = attention.Modifiers.FirstOrDefault(modifier => modifier is not CausalOperation);
        if (other is not null)
            return $"its attention has {other.Text}";
        if (attention.Keys.Append is not { } keys || attention.Values.Append is not { } values)
            return "its attention reads keys and values that are not in a cache";
        EquatableArray<string> heads = attention.Groups.Concat(attention.PerGroup).ToEquatable();
        IEnumerable<string> Heads(AppendOperation append) => append.Axes.Skip(2).Take(append.Axes.Count - 3);
        return attention.QueryAxes.Skip(2).SequenceEqual(heads.Concat(attention.Sizes))
            && attention.OutputAxes.Skip(2).SequenceEqual(heads.Concat(attention.ValueSizes))
            && Heads(keys).SequenceEqual(attention.Groups) && Heads(values).SequenceEqual(attention.Groups)
                ? null
                : "the axes of its attention lie in another order than groups, queries of a group, size";
    }
}
