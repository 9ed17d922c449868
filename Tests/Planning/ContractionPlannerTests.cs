using System.Numerics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Tests.Planning;

/// <summary>The order in which operands are multiplied, and the kernel of each step.</summary>
public class ContractionPlannerTests
{
    private static EquatableArray<string> Axes(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToEquatable();

    private static ContractionPath Plan(string equation, params (string Axis, int Size)[] sizes) =>
        Plan(ContractionPlanner.Plan, equation, sizes);

    private static EquatableArray<ContractionPath> Orders(string equation, params (string Axis, int Size)[] sizes) =>
        Plan(ContractionPlanner.PlanOrders, equation, sizes);

    private static TPlan Plan<TPlan>(
        Func<IReadOnlyList<EquatableArray<string>>, EquatableArray<string>, Func<string, int?>, TPlan> plan, string equation,
        (string Axis, int Size)[] sizes)
    {
        string[] sides = equation.Split("->");
        Dictionary<string, int> known = sizes.ToDictionary(static size => size.Axis, static size => size.Size);
        return plan(
            sides[0].Split(',').Select(Axes).ToList(), Axes(sides[1]), axis => known.TryGetValue(axis, out int size) ? size : null);
    }

    // "0·1 2·3": what each step reads.
    private static string Steps(ContractionPath path) => string.Join(" ", path.Steps.Select(static step =>
        step.B < 0 ? $"{step.A}" : $"{Math.Min(step.A, step.B)}·{Math.Max(step.A, step.B)}"));

    [Theory]
    [InlineData(false, false, false, true, "dot")]
    [InlineData(true, false, false, true, "dot")]
    [InlineData(false, true, false, true, "matrix-vector")]
    [InlineData(true, true, false, true, "matrix-vector")]
    [InlineData(false, false, true, true, "matrix-vector")]
    [InlineData(false, true, true, true, "matrix-matrix")]
    [InlineData(true, true, true, true, "batched matrix-matrix")]
    [InlineData(false, true, true, false, "outer")]
    [InlineData(true, true, true, false, "outer")]
    [InlineData(true, true, false, false, "loop nest")]
    [InlineData(true, false, false, false, "loop nest")]
    [InlineData(false, false, false, false, "loop nest")]
    public void The_groups_say_the_kernel(bool batch, bool m, bool n, bool k, string kernel) =>
        Assert.Equal(kernel, ContractionClassifier.NameOf(ContractionClassifier.Classify(batch, m, n, k)));

    [Theory]
    [InlineData("b s d, h d -> b s h", "0·1", "matrix-matrix | b s | h | d")]
    [InlineData("b s d, h d -> h b s", "0·1", "matrix-matrix | h | b s | d")] // the innermost axis is the second operand's
    [InlineData("b i j, b j k -> b i k", "0·1", "batched matrix-matrix b | i | k | j")]
    [InlineData("k, m k -> m", "0·1", "matrix-vector | m | | k")]
    [InlineData("b h q k, b h k -> b q h", "0·1", "matrix-vector b h | q | | k")]
    [InlineData("i, i ->", "0·1", "dot | | | i")]
    [InlineData("b i, b i -> b", "0·1", "dot b | | | i")]
    [InlineData("i, j -> j i", "0·1", "outer | j | i |")]
    [InlineData("i j, i j -> i j", "0·1", "loop nest i j | | |")]
    [InlineData(", i j -> i j", "0·1", "loop nest | | i j |")]
    [InlineData("i j -> j i", "0", "loop nest | j i | |")]
    [InlineData("i i ->", "0", "loop nest | | | i")]
    [InlineData("i j -> j", "0", "loop nest | j | | i")]
    [InlineData("i q, i j -> j", "0 1·2", "loop nest | i | | q; matrix-vector | j | | i")] // an axis of one operand is summed first
    public void Steps_and_groups(string equation, string order, string groups)
    {
        ContractionPath path = Plan(equation);
        Assert.Equal(order, Steps(path));
        string found = string.Join(
            "; ", path.Steps.Select(static step => $"{ContractionClassifier.NameOf(step.Class)} {string.Join(" ", step.Batch)} | "
            + $"{string.Join(" ", step.M)} | {string.Join(" ", step.N)} | {string.Join(" ", step.K)}".Replace(
                "  ", " ", StringComparison.Ordinal)));
        Assert.Equal(Normal(groups), Normal(found));
    }

    private static string Normal(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Theory]
    [InlineData("a b, b c, c d -> a d", "0·1 2·3")] // equal costs: from the left, as written
    [InlineData("a b, b c, c d, d e -> a e", "0·1 2·4 3·5")]
    [InlineData("a, b, c -> a b c", "0·1 2·3")]
    [InlineData("i j, j k, k -> i", "1·2 0·3")] // a vector first
    [InlineData("i j, k l, j k -> i l", "0·2 1·3")] // no outer product on the way
    [InlineData("b d, h d, h g, o g -> b o", "0·1 2·4 3·5")]
    public void The_order_of_unknown_sizes(string equation, string order) => Assert.Equal(order, Steps(Plan(equation)));

    [Fact]
    public void Pinned_sizes_change_the_order()
    {
        Assert.Equal("0·1 2·3", Steps(Plan("a b, b c, c d -> a d", ("b", 1000), ("c", 10), ("d", 1000))));
        Assert.Equal("1·2 0·3", Steps(Plan("a b, b c, c d -> a d", ("b", 10), ("c", 1000), ("d", 1000))));
    }

    [Theory]
    [InlineData("b s d, r d, h r -> b s h", "0·1 2·3 | 1·2 0·3")] // few of r, or few rows
    [InlineData("a b, b c, c d -> a d", "0·1 2·3 | 1·2 0·3")]
    [InlineData("i j, j k, k -> i", "1·2 0·3")] // a vector first, whatever the sizes
    [InlineData("a, b, c -> a b c", "0·1 2·3")] // what remains is a part of the last product
    [InlineData("i j, j k -> i k", "0·1")]
    [InlineData("a b, b c, c d, d e, e f, f g, g h -> a h", "0·1 2·7 3·8 4·9 5·10 6·11")] // not looked for
    public void Orders_among_which_a_call_chooses(string equation, string orders) =>
        Assert.Equal(orders, string.Join(" | ", Orders(equation).Select(Steps)));

    [Fact]
    public void Of_pinned_sizes_there_is_one_order()
    {
        (string, int)[] sizes = [("a", 10), ("b", 20), ("c", 30), ("d", 40)];
        Assert.Equal(Plan("a b, b c, c d -> a d", sizes), Assert.Single(Orders("a b, b c, c d -> a d", sizes)));
        Assert.Equal(Plan("a b, b c, c d -> a d", sizes[..2]), Assert.Single(Orders("a b, b c, c d -> a d", sizes[..2])));
    }

    [Fact]
    public void The_orders_of_a_call_are_few_and_none_is_notably_better()
    {
        var random = new Random(5);
        int several = 0;
        for (int i = 0; i < 200; i++)
        {
            (List<EquatableArray<string>> operands, EquatableArray<string> output, Dictionary<string, int> sizes) =
                i % 2 == 0 ? Draw(random, random.Next(3, 7)) : DrawChain(random, random.Next(3, 7));
            EquatableArray<ContractionPath> orders = ContractionPlanner.PlanOrders(operands, output, static _ => null);
            Assert.InRange(orders.Count, 1, ContractionTrials.MostOrders);
            Assert.Contains(ContractionPlanner.Plan(operands, output, static _ => null), orders);
            Assert.Equal(orders.Count, orders.Distinct().Count());
            Assert.Single(orders.Select(static order => order.Steps.Count).Distinct());
            several += orders.Count > 1 ? 1 : 0;
            if (orders.Count == ContractionTrials.MostOrders)
                continue;

            // One size unlike the others.
            string odd = sizes.Keys.ElementAt(random.Next(sizes.Count));
            int usual = random.Next(2) == 0 ? 16 : 1000;
            int Size(string axis) => axis == odd ? 1016 - usual : usual;
            double best = ContractionPlanner.Plan(operands, output, axis => Size(axis)).Flops(axis => Size(axis));
            Assert.True(orders.Min(order => order.Flops(axis => Size(axis))) <= ContractionTrials.Notable * best);
        }

        Assert.InRange(several, 100, 150);
    }

    [Fact]
    public void The_report()
    {
        ContractionPath path = Plan("b i j, j k, k l -> b i l", ("k", 4));
        Assert.Equal("3·b·i·j·k·l", path.Naive.ToString());
        Assert.Equal("2·b·i·k·j + 2·b·i·l·k", path.Chosen);
        Assert.Equal("b i k", string.Join(" ", path.Largest!.Axes));
        Assert.True(path.IsOptimal);
        Assert.Null(Plan("i j, j k -> i k").Largest);
        Assert.Equal("none", Plan("i j -> j i").Chosen);
    }

    [Fact]
    public void Up_to_six_operands_no_order_is_cheaper()
    {
        var random = new Random(11);
        for (int i = 0; i < 300; i++)
        {
            (List<EquatableArray<string>> operands, EquatableArray<string> output, Dictionary<string, int> sizes) = Draw(
                random, random.Next(2, 7));
            ContractionPath path = ContractionPlanner.Plan(operands, output, axis => sizes[axis]);
            List<HashSet<string>> reduced = [.. operands.Select((axes, j) => axes.Where(axis => output.Contains(axis)
                || operands.Where((_, other) => other != j).Any(other => other.Contains(axis))).ToHashSet())];
            Assert.Equal(Cheapest(reduced, [.. output], sizes), Cost(path.Steps.Where(static step => step.B >= 0), sizes));
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(12)]
    public void Beyond_six_the_order_is_never_worse_than_the_written_one(int count)
    {
        var random = new Random(count);
        for (int i = 0; i < 50; i++)
        {
            (List<EquatableArray<string>> operands, EquatableArray<string> output, Dictionary<string, int> sizes) = Draw(random, count);
            ContractionPath path = ContractionPlanner.Plan(operands, output, axis => sizes[axis]);
            Assert.Equal(count - 1, path.Steps.Count(static step => step.B >= 0));
            Assert.False(path.IsOptimal);
            Assert.True(Cost(path.Steps.Where(static step => step.B >= 0), sizes) <= FromTheLeft(operands, output, sizes));
        }
    }

    [Fact]
    public void Seventy_axes_and_twenty_operands_are_planned_at_once()
    {
        string chain = string.Join(", ", Enumerable.Range(0, 20).Select(static i => $"a{i} a{i + 1}")) + " -> a0 a20";
        Assert.Equal(19, Plan(chain).Steps.Count);
        string wide = string.Join(" ", Enumerable.Range(0, 70).Select(static i => $"a{i}"));
        Assert.Equal(70, Plan($"{wide} -> {wide}").Steps[0].M.Count);
    }

    private static (List<EquatableArray<string>>, EquatableArray<string>, Dictionary<string, int>) Draw(Random random, int count)
    {
        string[] axes = [.. "abcdefgh".Select(static letter => letter.ToString())];
        List<EquatableArray<string>> operands = [.. Enumerable.Range(0, count).Select(_ =>
            axes.OrderBy(_ => random.Next()).Take(random.Next(1, 4)).ToEquatable())];
        EquatableArray<string> output = operands.SelectMany(
            static operand => operand).Distinct().Where(_ => random.Next(3) == 0).ToEquatable();
        return (operands, output, axes.ToDictionary(static axis => axis, _ => random.Next(1, 9)));
    }

    // Matrices, each of which shares an axis with the next, in any order.
    private static (List<EquatableArray<string>>, EquatableArray<string>, Dictionary<string, int>) DrawChain(Random random, int count)
    {
        string[] axes = [.. "abcdefg".Select(static letter => letter.ToString()).Take(count + 1)];
        List<EquatableArray<string>> operands = [.. Enumerable.Range(0, count).OrderBy(_ => random.Next()).Select(i =>
            axes[i..(i + 2)].ToEquatable())];
        return (operands, new[] { axes[0], axes[^1] }.ToEquatable(), axes.ToDictionary(static axis => axis, static _ => 1));
    }

    private static BigInteger Cost(IEnumerable<ContractionStep> steps, Dictionary<string, int> sizes) =>
        steps.Aggregate(
            BigInteger.Zero, (sum, step) => sum + Cost(step.Batch.Concat(step.M).Concat(step.N).Concat(step.K), step.K.Count > 0, sizes));

    private static BigInteger Cost(IEnumerable<string> axes, bool sums, Dictionary<string, int> sizes) =>
        axes.Aggregate(BigInteger.One, (product, axis) => product * sizes[axis]) * (sums ? 2 : 1);

    // Every pair of every state, by its definition.
    private static BigInteger Cheapest(List<HashSet<string>> values, HashSet<string> output, Dictionary<string, int> sizes)
    {
        if (values.Count == 1)
            return 0;
        BigInteger best = -1;
        for (int i = 0; i < values.Count; i++)
        {
            for (int j = i + 1; j < values.Count; j++)
            {
                (List<HashSet<string>> rest, BigInteger cost) = Join(values, i, j, output, sizes);
                BigInteger total = cost + Cheapest(rest, output, sizes);
                if (best < 0 || total < best)
                    best = total;
            }
        }

        return best;
    }

    private static (List<HashSet<string>> Values, BigInteger Cost) Join(
        List<HashSet<string>> values, int i, int j, HashSet<string> output, Dictionary<string, int> sizes)
    {
        List<HashSet<string>> rest = [.. values.Where((_, index) => index != i && index != j)];
        HashSet<string> all = [.. values[i], .. values[j]];
        HashSet<string> kept = [.. all.Where(axis => output.Contains(axis) || rest.Exists(other => other.Contains(axis)))];
        rest.Insert(0, kept);
        return (rest, Cost(all, kept.Count < all.Count, sizes));
    }

    private static BigInteger FromTheLeft(
        List<EquatableArray<string>> operands, EquatableArray<string> output, Dictionary<string, int> sizes)
    {
        List<HashSet<string>> values = [.. operands.Select((axes, j) => axes.Where(axis => output.Contains(axis)
            || operands.Where((_, other) => other != j).Any(other => other.Contains(axis))).ToHashSet())];
        BigInteger sum = 0;
        while (values.Count > 1)
        {
            (values, BigInteger cost) = Join(values, 0, 1, [.. output], sizes);
            sum += cost;
        }

        return sum;
    }
}
