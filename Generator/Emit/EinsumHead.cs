using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Emit;

/// <summary>
/// The comment over an einsum's code: the equation, the path with the kernel and the FLOPs of each step, and why that path.
/// </summary>
internal static class EinsumHead
{
    public static void Write(CodeWriter writer, EinsumPlan plan, EinsumNames names)
    {
        CheckedEinsum einsum = plan.Einsum;
        writer.Write("// " + Names.OneLine(einsum.Equation) + "\n//");
        if (plan.Orders.Count > 1)
        {
            writer.Write(FormattableString.Invariant(
                $"// Of {plan.Orders.Count} orders the one with the fewest FLOPs for the sizes of the call is taken, of equals the first."));
            writer.Write($"// One nest of loops over all axes: {plan.Orders[0].Path.Naive} FLOPs.\n//");
        }

        for (int i = 0; i < plan.Orders.Count; i++)
        {
            if (plan.Orders.Count > 1)
                writer.Write((i == 0 ? "" : "//\n") + FormattableString.Invariant($"// Order {i + 1}:\n//"));
            WriteOrder(writer, plan, plan.Orders[i].Path, names.Of(plan.Orders[i]));
        }

        if (einsum.Pinned.Count > 0)
        {
            IEnumerable<string> sizes = einsum.Pinned.Select(static axis => FormattableString.Invariant($"{axis.Name} = {axis.Size}"));
            writer.Write((plan.Orders.Count > 1 ? "//\n" : "") + "// Pinned: " + string.Join(", ", sizes) + ".");
        }
    }

    private static void WriteOrder(CodeWriter writer, EinsumPlan plan, ContractionPath path, EinsumNames names)
    {
        EquatableArray<ContractionStep> steps = path.Steps;
        for (int i = 0; i < steps.Count; i++)
        {
            string number = steps.Count == 1 ? "" : FormattableString.Invariant($"{i + 1}. ");
            writer.Write($"//   {number}{Product(steps[i], names)}: {Kernel(steps[i])}, {Cost(steps[i].Flops)}");
        }

        if (steps.Count == 1)
            return;
        writer.Write("//");
        bool isOnly = plan.Orders.Count == 1;
        writer.Write($"// FLOPs: {path.Chosen}" + (isOnly ? $"; one nest of loops over all axes: {path.Naive}." : "."));
        ContractionStep largest = path.Largest!;
        writer.Write($"// Largest intermediate: {names.Plain(largest.Result)}, {Elements(largest.Axes)}.");
        if (isOnly && plan.Einsum.Operands.Count > 2)
            writer.Write("// " + Order(path));
    }

    /// <summary><c>y = x · w over d</c>.</summary>
    public static string Product(ContractionStep step, EinsumNames names)
    {
        string right = step.B < 0 ? names.Plain(step.A) : names.Plain(step.A) + " · " + names.Plain(step.B);
        return names.Plain(step.Result) + " = " + right + (step.K.Count == 0 ? "" : ", summed over " + string.Join(" ", step.K));
    }

    private static string Kernel(ContractionStep step) => ContractionClassifier.NameOf(step.Class) + (step switch
    {
        { Class: not ContractionClass.LoopNest } => "",
        { B: >= 0 } => " (elementwise)",
        { K.Count: > 0 } => " (sum)",
        _ => " (copy)",
    });

    private static string Cost(Monomial flops) => flops.Factor == 0 ? "no arithmetic" : flops + " FLOPs";

    private static string Elements(EquatableArray<string> axes) => axes.Count == 0 ? "1 element" : string.Join("·", axes) + " elements";

    private static string Order(ContractionPath path)
    {
        string why = path.IsOptimal
            ? "none has fewer FLOPs"
            : FormattableString.Invariant($"greedy, as there are more than {ContractionPlanner.OptimalOperands} operands");
        return FormattableString.Invariant($"Order: {why}, a size that only the call knows counting as {ContractionPlanner.UnknownSize}.");
    }
}
