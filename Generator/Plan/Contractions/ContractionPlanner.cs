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

    /// <summary>The one order for sizes of which some may not be known.</summary>
    /// <param name="operands">The axes of each operand; an axis that is there twice is a diagonal.</param>
    /// <param name="output">The axes of the result.</param>
    /// <param name="sizeOf">Sizes that are known; null otherwise.</param>
    public static ContractionPath Plan(
        IReadOnlyList<EquatableArray<string>> operands, EquatableArray<string> output, Func<string, int?> sizeOf)
    {
        List<ContractionTree> leaves = Leaves(operands, output);
        BigInteger Size(string axis) => sizeOf(axis) ?? UnknownSize;
        if (leaves.Count == 1)
            return Path(operands, output, leaves[0], Size);
        if (leaves.Count > OptimalOperands)
        {
            var greedy = new GreedyContraction(
                leaves, output, axes => axes.Aggregate(BigInteger.One, (product, axis) => product * Size(axis)));
            return Path(operands, output, greedy.Order(), Size);
        }

        var orders = new ContractionOrders(leaves, output);
        return Path(operands, output, orders.Cheapest([.. orders.Axes.Select(Size)]), Size);
    }

    /// <summary>
    /// The orders among which a call chooses by its sizes, those first that are nearer to the order in which the user wrote the operands.
    /// It is one where all sizes are known, and where one is hardly ever worse than another.
    /// </summary>
    /// <inheritdoc cref="Plan"/>
    public static EquatableArray<ContractionPath> PlanOrders(
        IReadOnlyList<EquatableArray<string>> operands, EquatableArray<string> output, Func<string, int?> sizeOf)
    {
        List<ContractionTree> leaves = Leaves(operands, output);
        if (leaves.Count is < 3 or > OptimalOperands)
            return [Plan(operands, output, sizeOf)];
        var orders = new ContractionOrders(leaves, output);
        List<Dictionary<string, BigInteger>> trials = ContractionTrials.Of(orders.Axes, sizeOf);
        List<ContractionPath> paths = [.. trials.Select(sizes => orders.Cheapest([.. orders.Axes.Select(axis => sizes[axis])]))
            .Distinct().Select(tree => Path(operands, output, tree, axis => sizeOf(axis) ?? UnknownSize))];
        return ContractionTrials.Choose(paths, trials)
            .OrderBy(static path => path, Comparer<ContractionPath>.Create(CompareWritten)).ToEquatable();
    }

    private static ContractionPath Path(
        IReadOnlyList<EquatableArray<string>> operands, EquatableArray<string> output, ContractionTree root, Func<string, BigInteger> size)
    {
        // One operand with nothing to sum is still a step: a copy into the order of the output.
        if (root.Operand >= 0)
            root = new ContractionTree(-1, root, null, root.Axes);
        var steps = new List<ContractionStep>();
        new ContractionSteps(operands, steps).Add(root, output);
        string[] all = operands.SelectMany(static axes => axes).Distinct().ToArray();
        var naive = new Monomial(operands.Count - 1 + (all.Length > output.Count ? 1 : 0), all.ToEquatable());
        ContractionStep? largest = steps.Take(steps.Count - 1)
            .OrderByDescending(step => new Monomial(1, step.Axes).Value(size)).ThenBy(static step => step.Result).FirstOrDefault();
        return new ContractionPath(steps.ToEquatable(), naive, largest, operands.Count <= OptimalOperands);
    }

    // From the left, as written, comes first: 0·1 2·3 before 1·2 0·3.
    private static int CompareWritten(ContractionPath one, ContractionPath other)
    {
        static IEnumerable<int> Read(ContractionPath path) => path.Steps.Where(static step => step.B >= 0)
            .SelectMany(static step => new[] { Math.Min(step.A, step.B), Math.Max(step.A, step.B) });
        return Read(one).Zip(Read(other), static (a, b) => a.CompareTo(b)).FirstOrDefault(static compared => compared != 0);
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
