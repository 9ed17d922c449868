using System.Numerics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan.Contractions;

/// <summary>
/// All orders in which a few values can be multiplied in pairs. What does not depend on sizes is found out once, so that the cheapest order
/// can be asked for with many sizes.
/// </summary>
internal sealed class ContractionOrders
{
    private readonly IReadOnlyList<ContractionTree> _leaves;
    private readonly HashSet<string> _output;

    // Of every set of values, as bits: the axes of its product, and its splits in two.
    private readonly int[][] _made;
    private readonly Split[][] _splits;

    /// <param name="leaves">The values.</param>
    /// <param name="output">The axes of the result.</param>
    public ContractionOrders(IReadOnlyList<ContractionTree> leaves, EquatableArray<string> output)
    {
        _leaves = leaves;
        _output = new HashSet<string>(output, StringComparer.Ordinal);
        Axes = leaves.SelectMany(static leaf => leaf.Axes).Distinct().ToEquatable();
        _made = new int[1 << leaves.Count][];
        _splits = new Split[1 << leaves.Count][];
        for (int set = 1; set < _made.Length; set++)
            _made[set] = Numbers(Kept(set, AxesOf(set)));
        for (int set = 1; set < _made.Length; set++)
        {
            _splits[set] = [.. RightParts(set).Select(right =>
            {
                int[] all = _made[set & ~right].Union(_made[right]).ToArray();
                return new Split(right, all, all.Length > _made[set].Length ? 2 : 1);
            })];
        }
    }

    /// <summary>Every axis once.</summary>
    public EquatableArray<string> Axes { get; }

    /// <summary>The cheapest of all, by dynamic programming over the subsets of the values.</summary>
    /// <param name="sizes">The size of each of <see cref="Axes"/>.</param>
    public ContractionTree Cheapest(IReadOnlyList<BigInteger> sizes)
    {
        BigInteger Size(int[] axes)
        {
            BigInteger product = BigInteger.One;
            foreach (int axis in axes)
                product *= sizes[axis];
            return product;
        }

        var best = new (BigInteger Cost, BigInteger Largest, int Right)[_made.Length];
        for (int set = 1; set < best.Length; set++)
        {
            BigInteger elements = Size(_made[set]);
            foreach (Split split in _splits[set])
            {
                (BigInteger Cost, BigInteger Largest, int) left = best[set & ~split.Right], right = best[split.Right];
                BigInteger parts = left.Cost + right.Cost;
                if (best[set].Right != 0 && parts > best[set].Cost)
                    continue;
                BigInteger cost = parts + Size(split.Axes) * split.Flops;
                BigInteger largest = BigInteger.Max(elements, BigInteger.Max(left.Largest, right.Largest));
                if (best[set].Right == 0 || (cost, largest).CompareTo((best[set].Cost, best[set].Largest)) < 0)
                    best[set] = (cost, largest, split.Right);
            }
        }

        ContractionTree Tree(int set)
        {
            if (best[set].Right == 0)
                return _leaves[Lowest(set)];
            ContractionTree left = Tree(set & ~best[set].Right), right = Tree(best[set].Right);
            return new ContractionTree(-1, left, right, Kept(set, left.Axes.Concat(right.Axes)));
        }

        return Tree(best.Length - 1);
    }

    private IEnumerable<string> AxesOf(int set) =>
        _leaves.Where((_, i) => (set >> i & 1) != 0).SelectMany(static leaf => leaf.Axes).Distinct();

    private EquatableArray<string> Kept(int set, IEnumerable<string> axes)
    {
        var others = new HashSet<string>(AxesOf(_made.Length - 1 & ~set), StringComparer.Ordinal);
        return axes.Distinct().Where(axis => _output.Contains(axis) || others.Contains(axis)).ToEquatable();
    }

    private int[] Numbers(EquatableArray<string> axes) => [.. axes.Select(axis => Axes.IndexOf(axis))];

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

    private static int Lowest(int set) => Count((set & -set) - 1);

    /// <param name="Right">The values on the right.</param>
    /// <param name="Axes">The axes of both sides.</param>
    /// <param name="Flops">How many FLOPs there are for each combination of their indices.</param>
    private sealed record Split(int Right, int[] Axes, int Flops);
}
