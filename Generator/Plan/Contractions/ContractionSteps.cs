using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan.Contractions;

/// <summary>A tree of products as steps, each with its groups of axes; and the order of the axes of what lies between them.</summary>
internal sealed class ContractionSteps(IReadOnlyList<EquatableArray<string>> operands, List<ContractionStep> steps)
{
    /// <summary>Adds the steps that make a tree's value with its axes in the given order; returns the value's number.</summary>
    public int Add(ContractionTree tree, EquatableArray<string> axes)
    {
        if (tree.Operand >= 0)
            return tree.Operand;
        EquatableArray<string> left = LayoutOf(tree.Left!, axes, tree.Right);
        int a = Add(tree.Left!, left);
        if (tree.Right is null)
        {
            EquatableArray<string> summed = left.Distinct().Where(axis => !axes.Contains(axis)).ToEquatable();
            return Push(new ContractionStep(a, -1, 0, ContractionClass.LoopNest, axes, [], axes, [], summed));
        }

        EquatableArray<string> right = LayoutOf(tree.Right, axes, tree.Left);
        return Push(Product(a, left, Add(tree.Right, right), right, axes));
    }

    private int Push(ContractionStep step)
    {
        steps.Add(step with { Result = operands.Count + steps.Count });
        return operands.Count + steps.Count - 1;
    }

    // An intermediate lies as its reader reads it: what the reader keeps in the reader's order, then what it sums, as the other operand
    // has it.
    private EquatableArray<string> LayoutOf(ContractionTree value, EquatableArray<string> reader, ContractionTree? other)
    {
        if (value.Operand >= 0)
            return operands[value.Operand];
        EquatableArray<string> beside = other is null ? value.Axes : other.Operand >= 0 ? operands[other.Operand] : other.Axes;
        IEnumerable<string> kept = reader.Where(value.Axes.Contains);
        return kept.Concat(beside.Distinct().Where(axis => value.Axes.Contains(axis) && !reader.Contains(axis))).ToEquatable();
    }

    private static ContractionStep Product(
        int a, EquatableArray<string> left, int b, EquatableArray<string> right, EquatableArray<string> axes)
    {
        EquatableArray<string> batch = axes.Where(axis => left.Contains(axis) && right.Contains(axis)).ToEquatable();
        EquatableArray<string> m = axes.Where(axis => left.Contains(axis) && !right.Contains(axis)).ToEquatable();
        EquatableArray<string> n = axes.Where(axis => !left.Contains(axis) && right.Contains(axis)).ToEquatable();
        EquatableArray<string> k = left.Distinct().Where(axis => !axes.Contains(axis)).ToEquatable();
        ContractionClass kernel = ContractionClassifier.Classify(batch.Count > 0, m.Count > 0, n.Count > 0, k.Count > 0);
        bool swap = kernel == ContractionClass.MatrixVector ? m.Count == 0 : axes.Count > 0 && m.Contains(axes[axes.Count - 1]);
        if (!swap)
            return new ContractionStep(a, b, 0, kernel, axes, batch, m, n, k);
        EquatableArray<string> turned = right.Distinct().Where(axis => !axes.Contains(axis)).ToEquatable();
        return new ContractionStep(b, a, 0, kernel, axes, batch, n, m, turned);
    }
}
