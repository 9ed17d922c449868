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

            foreach (AttentionPlan attention in method.Kernels.OfType<AttentionPlan>())
            {
                if (WhyNot(attention) is not { } why)
                    continue;
                Site site = method.Graph.Method.Brackets[attention.Operations[0].Bracket].Attributes[0].At();
                findings.Add(new Finding("EIN0402", site, [plan.Model.Spec.Name, why]));
            }
        }

        return findings.ToEquatable();
    }

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
