using System.Numerics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan.Contractions;

/// <summary>An order for more values than all orders can be looked at of.</summary>
/// <param name="leaves">The values.</param>
/// <param name="output">The axes of the result.</param>
/// <param name="size">The product of sizes.</param>
internal sealed class GreedyContraction(
    IReadOnlyList<ContractionTree> leaves, EquatableArray<string> output, Func<IEnumerable<string>, BigInteger> size)
{
    /// <summary>
    /// At each step the pair that leaves the least memory behind, of those the cheaper, of those the first; or from the left, if that
    /// is cheaper in the end.
    /// </summary>
    public ContractionTree Order()
    {
        Choice greedy = Reduce(BestPair), written = Reduce(static _ => (0, 1));
        return greedy.IsBetterThan(written) ? greedy.Tree : written.Tree;
    }

    private Choice Reduce(Func<List<Choice>, (int, int)> pick)
    {
        List<Choice> values = [.. leaves.Select(static leaf => new Choice(leaf, BigInteger.Zero, BigInteger.Zero))];
        while (values.Count > 1)
        {
            (int i, int j) = pick(values);
            values[i] = Join(values[i], values[j], Others(values, i, j));
            values.RemoveAt(j);
        }

        return values[0];
    }

    private (int, int) BestPair(List<Choice> values)
    {
        (int, int) best = default;
        (bool Apart, BigInteger Growth, BigInteger Cost)? cost = null;
        for (int i = 0; i < values.Count; i++)
        {
            for (int j = i + 1; j < values.Count; j++)
            {
                ContractionTree a = values[i].Tree, b = values[j].Tree;
                EquatableArray<string> made = Kept(a, b, Others(values, i, j));
                bool apart = !a.Axes.Any(axis => b.Axes.Contains(axis));
                var next = (Apart: apart, Growth: size(made) - size(a.Axes) - size(b.Axes), Cost: Flops(a, b, made));
                if (cost is not null && next.CompareTo(cost.Value) >= 0)
                    continue;
                (best, cost) = ((i, j), next);
            }
        }

        return best;
    }

    private Choice Join(Choice left, Choice right, IEnumerable<string> others)
    {
        EquatableArray<string> made = Kept(left.Tree, right.Tree, others);
        BigInteger elements = size(made), largest = BigInteger.Max(left.Largest, right.Largest);
        return new Choice(
            new ContractionTree(-1, left.Tree, right.Tree, made), left.Cost + right.Cost + Flops(left.Tree, right.Tree, made),
            BigInteger.Max(largest, elements));
    }

    private BigInteger Flops(ContractionTree a, ContractionTree b, EquatableArray<string> made)
    {
        string[] all = a.Axes.Concat(b.Axes).Distinct().ToArray();
        return size(all) * (all.Length > made.Count ? 2 : 1);
    }

    private EquatableArray<string> Kept(ContractionTree a, ContractionTree b, IEnumerable<string> others)
    {
        var wanted = new HashSet<string>(output.Concat(others), StringComparer.Ordinal);
        return a.Axes.Concat(b.Axes).Distinct().Where(wanted.Contains).ToEquatable();
    }

    private static IEnumerable<string> Others(List<Choice> values, int i, int j) =>
        values.Where((_, other) => other != i && other != j).SelectMany(static value => value.Tree.Axes);

    private sealed record Choice(ContractionTree Tree, BigInteger Cost, BigInteger Largest)
    {
        public bool IsBetterThan(Choice other) => Cost != other.Cost ? Cost < other.Cost : Largest < other.Largest;
    }
}
