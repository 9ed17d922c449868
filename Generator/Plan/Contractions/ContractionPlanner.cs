using System.Numerics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan.Contractions;

/// <summary>
/// Decides in which order operands are multiplied. Axes of one operand alone are summed first; then the order of pairs is the cheapest of
/// all for up to <see cref="OptimalOperands"/> operands, and greedy beyond.
/// </summary>
/// <remarks>
/// A cost is a number of FLOPs, in which every axis whose size is not known at compile time counts as <see cref="UnknownSize"/>. Where
/// costs are equal the smaller intermediate wins, and then the order in which the user wrote the operands, from the left.
/// </remarks>
internal static class ContractionPlanner
{
    /// <summary>What a size counts as that only a call knows.</summary>
    public const int UnknownSize = 1000;

    /// <summary>Up to so many operands every order is looked at.</summary>
    public const int OptimalOperands = 6;

    /// <param name="operands">The axes of each operand; an axis that is there twice is a diagonal.</param>
    /// <param name="output">The axes of the result.</param>
    /// <param name="sizeOf">Sizes that are known; null otherwise.</param>
    public static ContractionPath Plan(
        IReadOnlyList<EquatableArray<string>> operands, EquatableArray<string> output, Func<string, int?> sizeOf)
    {
        BigInteger Size(IEnumerable<string> axes) =>
            axes.Aggregate(BigInteger.One, (product, axis) => product * (sizeOf(axis) ?? UnknownSize));

        List<ContractionTree> leaves = Leaves(operands, output);
        bool isOptimal = leaves.Count <= OptimalOperands;
        var orders = new ContractionOrders(leaves, output, Size);
        ContractionTree root = leaves.Count == 1 ? leaves[0] : isOptimal ? orders.Optimal() : orders.Greedy();

        // One operand with nothing to sum is still a step: a copy into the order of the output.
        if (root.Operand >= 0)
            root = new ContractionTree(-1, root, null, root.Axes);
        var steps = new List<ContractionStep>();
        new ContractionSteps(operands, steps).Add(root, output);
        string[] all = operands.SelectMany(static axes => axes).Distinct().ToArray();
        var naive = new Monomial(operands.Count - 1 + (all.Length > output.Count ? 1 : 0), all.ToEquatable());
        ContractionStep? largest = steps.Take(steps.Count - 1)
            .OrderByDescending(step => Size(step.Axes)).ThenBy(static step => step.Result).FirstOrDefault();
        return new ContractionPath(steps.ToEquatable(), naive, largest, isOptimal);
    }

    // What a product is made of: operands, less the axes that nobody else has.
    private static List<ContractionTree> Leaves(IReadOnlyList<EquatableArray<string>> operands, EquatableArray<string> output)
    {
        var leaves = new List<ContractionTree>();
        for (int i = 0; i < operands.Count; i++)
        {
            string[] own = operands[i].Distinct().ToArray();
            List<EquatableArray<string>> others = operands.Where((_, j) => j != i).ToList();
            string[] kept = own.Where(axis => output.Contains(axis) || others.Exists(other => other.Contains(axis))).ToArray();
            var leaf = new ContractionTree(i, null, null, own.ToEquatable());
            leaves.Add(kept.Length == own.Length ? leaf : new ContractionTree(-1, leaf, null, kept.ToEquatable()));
        }

        return leaves;
    }
}

/// <summary>An operand, a sum of one value (no right), or a product of two.</summary>
/// <param name="Operand">The operand's number; −1 for what is computed.</param>
internal sealed record ContractionTree(int Operand, ContractionTree? Left, ContractionTree? Right, EquatableArray<string> Axes);
