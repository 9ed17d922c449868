using System.Numerics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan.Contractions;

/// <summary>Orders in which values are multiplied in pairs.</summary>
/// <param name="leaves">The values.</param>
/// <param name="output">The axes of the result.</param>
/// <param name="size">The product of sizes.</param>
internal sealed class ContractionOrders(
    IReadOnlyList<ContractionTree> leaves, EquatableArray<string> output, Func<IEnumerable<string>, BigInteger> size)
{
    /// <summary>The cheapest of all, by dynamic programming over the subsets of the values.</summary>
    public ContractionTree Optimal()
    {
        var best = new Choice?[1 << leaves.Count];
        for (int i = 0; i < leaves.Count; i++)
            best[1 << i] = new Choice(leaves[i], BigInteger.Zero, BigInteger.Zero);
        for (int set = 1; set < best.Length; set++)
        {
            if (best[set] is not null)
                continue;
            foreach (int right in RightParts(set))
            {
                Choice left = best[set & ~right]!, other = best[right]!;
                Choice next = Join(left, other, best.Length - 1 & ~set);
                if (best[set] is not { } found || next.IsBetterThan(found))
                    best[set] = next;
            }
        }

        return best[best.Length - 1]!.Tree;
    }

    /// <summary>
    /// At each step the pair that leaves the least memory behind, of those the cheaper, of those the first; or from the left, if that
    /// is cheaper in the end.
    /// </summary>
    public ContractionTree Greedy()
    {
        Choice greedy = Reduce(static (orders, values) => orders.BestPair(values));
        Choice written = Reduce(static (_, _) => (0, 1));
        return greedy.IsBetterThan(written) ? greedy.Tree : written.Tree;
    }

    private Choice Reduce(Func<ContractionOrders, List<(Choice Value, int Set)>, (int, int)> pick)
    {
        List<(Choice Value, int Set)> values = [.. leaves.Select((leaf, i) => (new Choice(leaf, BigInteger.Zero, BigInteger.Zero), i))];
        while (values.Count > 1)
        {
            (int i, int j) = pick(this, values);
            (Choice, int) joined = (Join(values[i].Value, values[j].Value, Others(values, i, j)), values[i].Set);
            values[i] = joined;
            values.RemoveAt(j);
        }

        return values[0].Value;
    }

    private (int, int) BestPair(List<(Choice Value, int Set)> values)
    {
        (int, int) best = default;
        (bool Apart, BigInteger Growth, BigInteger Cost)? cost = null;
        for (int i = 0; i < values.Count; i++)
        {
            for (int j = i + 1; j < values.Count; j++)
            {
                ContractionTree a = values[i].Value.Tree, b = values[j].Value.Tree;
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

    private Choice Join(Choice left, Choice right, int others) =>
        Join(left, right, Enumerable.Range(0, leaves.Count).Where(i => (others >> i & 1) != 0).SelectMany(i => leaves[i].Axes));

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

    private static IEnumerable<string> Others(List<(Choice Value, int Set)> values, int i, int j) =>
        values.Where((_, other) => other != i && other != j).SelectMany(static value => value.Value.Tree.Axes);

    // The right parts of every split of a set in two, those first that keep the user's order from the left: the last value alone.
    private static IEnumerable<int> RightParts(int set)
    {
        int first = set & -set;
        var parts = new List<int>();
        for (int part = set; part > 0; part = part - 1 & set)
        {
            if ((part & first) == 0)
                parts.Add(part);
        }

        return parts.OrderBy(Count).ThenByDescending(static part => part);
    }

    private static int Count(int set)
    {
        int count = 0;
        for (; set != 0; set &= set - 1)
            count++;
        return count;
    }

    private sealed record Choice(ContractionTree Tree, BigInteger Cost, BigInteger Largest)
    {
        public bool IsBetterThan(Choice other) => Cost != other.Cost ? Cost < other.Cost : Largest < other.Largest;
    }
}
