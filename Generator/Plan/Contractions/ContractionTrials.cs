using System.Numerics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan.Contractions;

/// <summary>
/// Which orders are worth having where only a call knows sizes: they are tried with each unknown size small or large. An order is worth it if
/// for some of these sizes all others need notably more FLOPs.
/// </summary>
internal static class ContractionTrials
{
    /// <summary>The most orders that the code of an einsum has.</summary>
    public const int MostOrders = 4;

    /// <summary>So many times the fewest FLOPs are not worth another order.</summary>
    public const double Notable = 1.25;

    private const int SmallSize = 16;

    // Beyond, pairs of them would be many.
    private const int MostInPairs = 12;

    /// <summary>
    /// Sizes to try: the known ones, and the others large but for one or two small ones, and the other way round. All large come first.
    /// </summary>
    public static List<Dictionary<string, BigInteger>> Of(EquatableArray<string> axes, Func<string, int?> sizeOf)
    {
        string[] unknown = axes.Where(axis => sizeOf(axis) is null).ToArray();
        var odd = new List<string[]> { Array.Empty<string>() };
        for (int i = 0; i < unknown.Length; i++)
        {
            odd.Add([unknown[i]]);
            for (int j = 0; j < i && unknown.Length <= MostInPairs; j++)
                odd.Add([unknown[j], unknown[i]]);
        }

        return [.. from usual in new[] { ContractionPlanner.UnknownSize, SmallSize }
            from others in odd
            select axes.ToDictionary(static axis => axis, axis => (BigInteger)(sizeOf(axis)
                ?? (others.Contains(axis) ? ContractionPlanner.UnknownSize + SmallSize - usual : usual)))];
    }

    /// <summary>
    /// The first order, and while there is a trial for which those chosen need notably more FLOPs than the best, the one that mends the
    /// most.
    /// </summary>
    public static List<ContractionPath> Choose(IReadOnlyList<ContractionPath> paths, List<Dictionary<string, BigInteger>> trials)
    {
        // Axes that no trial has are summed before the operands meet, at one cost for all orders.
        double[][] flops = [.. paths.Select(path =>
        {
            Monomial[] terms = path.Terms.ToArray();
            return trials.Select(sizes => Monomial.Sum(
                terms, axis => sizes.TryGetValue(axis, out BigInteger size) ? size : BigInteger.One)).ToArray();
        })];
        double[] fewest = [.. trials.Select((_, trial) => flops.Min(of => of[trial]))];
        List<int> chosen = [0];
        double[] reached = flops[0];
        while (chosen.Count < MostOrders && reached.Zip(fewest, static (have, least) => have / least).Max() > Notable)
        {
            double[] With(int path) => [.. reached.Zip(flops[path], Math.Min)];
            int next = Enumerable.Range(0, paths.Count)
                .OrderBy(path => With(path).Zip(fewest, static (have, least) => have / least).Sum()).First();
            chosen.Add(next);
            reached = With(next);
        }

        return [.. chosen.Select(path => paths[path])];
    }
}
