using Einsharp.Generator.Model;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Plan;

/// <summary>One step with its loops: in each group, axes that are neighbours wherever they are form one loop.</summary>
internal sealed record EinsumStep(
    ContractionStep Step, EquatableArray<EquatableArray<string>> Batch, EquatableArray<EquatableArray<string>> M,
    EquatableArray<EquatableArray<string>> N, EquatableArray<EquatableArray<string>> K);

/// <summary>A value of the plan: an operand, an intermediate, or the result.</summary>
/// <param name="Axes">Outermost first; an operand may have one twice.</param>
/// <param name="IsStrided">Whether only the call knows its strides; otherwise it is row-major.</param>
internal sealed record EinsumValue(EquatableArray<string> Axes, bool IsStrided);

/// <summary>One order of the operands. Values are numbered: the operands, then each step's result.</summary>
internal sealed record EinsumOrder(ContractionPath Path, EquatableArray<EinsumValue> Values, EquatableArray<EinsumStep> Steps);

/// <summary>
/// How an einsum of its own is computed, on any device: in the order that has the fewest FLOPs for the sizes of the call, of equals the
/// first. All have as many steps.
/// </summary>
internal sealed record EinsumPlan(CheckedEinsum Einsum, EquatableArray<EinsumOrder> Orders)
{
    /// <summary>The number of the result.</summary>
    public int Result => Orders[0].Values.Count - 1;
}

/// <summary>Plans einsums that stand alone.</summary>
internal static class EinsumPlanner
{
    public static EinsumPlan Plan(CheckedEinsum einsum)
    {
        EquatableArray<ContractionPath> paths = ContractionPlanner.PlanOrders(
            einsum.Operands.Select(static operand => operand.Axes).ToList(), einsum.Result.Axes, einsum.SizeOf);
        return new EinsumPlan(einsum, paths.Select(path => Order(einsum, path)).ToEquatable());
    }

    private static EinsumOrder Order(CheckedEinsum einsum, ContractionPath path)
    {
        var values = einsum.Operands.Select(Value).ToList();
        foreach (ContractionStep step in path.Steps)
        {
            bool isLast = step.Result == einsum.Operands.Count + path.Steps.Count - 1;
            values.Add(isLast ? Value(einsum.Result) : new EinsumValue(step.Axes, IsStrided: false));
        }

        IEnumerable<EinsumStep> steps = path.Steps.Select(step =>
        {
            List<EinsumValue> of = [values[step.A], values[step.Result]];
            if (step.B >= 0)
                of.Add(values[step.B]);
            EquatableArray<EquatableArray<string>> Fold(EquatableArray<string> group) => LoopFolder.Fold(group, of);
            return new EinsumStep(step, Fold(step.Batch), Fold(step.M), Fold(step.N), Fold(step.K));
        });
        return new EinsumOrder(path, values.ToEquatable(), steps.ToEquatable());
    }

    // A span's strides are the call's; but with an ellipsis, whose axes are one loop, it is made row-major.
    private static EinsumValue Value(EinsumTerm term) =>
        new(term.Axes, term.Type.Kind is EinsumTypeKind.Span or EinsumTypeKind.ReadOnlySpan && !term.HasEllipsis);
}

/// <summary>Joins axes into one loop where that is so whatever their sizes.</summary>
internal static class LoopFolder
{
    /// <param name="group">Axes in loop order.</param>
    /// <param name="values">The values that the loops go over.</param>
    public static EquatableArray<EquatableArray<string>> Fold(EquatableArray<string> group, IReadOnlyCollection<EinsumValue> values)
    {
        var loops = new List<List<string>>();
        foreach (string axis in group)
        {
            if (loops.Count > 0 && AreNeighbours(loops[loops.Count - 1][loops[loops.Count - 1].Count - 1], axis, values))
                loops[loops.Count - 1].Add(axis);
            else
                loops.Add([axis]);
        }

        return loops.Select(static loop => loop.ToEquatable()).ToEquatable();
    }

    private static bool AreNeighbours(string outer, string inner, IReadOnlyCollection<EinsumValue> values)
    {
        // Operands may have different numbers of axes in an ellipsis, so of two that have one it is never part of a larger loop.
        if ((outer == Ellipsis.Name || inner == Ellipsis.Name) && values.Count(static value => value.Axes.Contains(Ellipsis.Name)) > 2)
            return false;
        foreach (EinsumValue value in values)
        {
            int at = value.Axes.IndexOf(outer), next = value.Axes.IndexOf(inner);
            if (at < 0 && next < 0)
                continue;
            bool once = value.Axes.Count(axis => axis == outer) == 1 && value.Axes.Count(axis => axis == inner) == 1;
            if (value.IsStrided || !once || next != at + 1)
                return false;
        }

        return true;
    }
}
