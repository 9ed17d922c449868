using System.Globalization;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>Turns of phrase that messages share.</summary>
internal static class Wording
{
    public static string Count(int count, string noun) => count switch
    {
        0 => "no " + noun + (noun == "axis" ? "" : "s"),
        1 => "1 " + noun,
        _ => count.ToString(CultureInfo.InvariantCulture) + " " + (noun == "axis" ? "axes" : noun + "s"),
    };

    public static string Axes(IEnumerable<string> axes) => string.Join(" ", axes);

    public static string Quoted(IEnumerable<string> names) => Listed(names.Select(static name => "'" + name + "'"));

    /// <summary><c>d = 288 from 'Query'</c>: an axis, its size where the declaration pins one, and what first bound it.</summary>
    public static string Binding(AxisInfo axis) => axis.Name
        + (axis.Size is { } size ? " = " + size.ToString(CultureInfo.InvariantCulture) : "") + " from " + axis.FirstBoundBy;

    /// <summary><c>d = 288 from 'Query', f from 'Gate'</c>; a name that is not bound stands alone.</summary>
    public static string Bindings(IEnumerable<string> names, AxisTable axes) =>
        Listed(names.Distinct().Select(name => axes.Find(name) is { } axis ? Binding(axis) : name));

    /// <summary><c>" (d = 288 from 'Query', f from 'Gate')"</c> of those names that are bound; nothing where none is.</summary>
    public static string Bound(IEnumerable<string> names, AxisTable axes)
    {
        List<string> bound = names.Where(axes.Contains).ToList();
        return bound.Count == 0 ? "" : " (" + Bindings(bound, axes) + ")";
    }

    /// <summary><c>" (did you mean 'Query'?)"</c>, or nothing where no candidate is near.</summary>
    public static string DidYouMean(string name, IEnumerable<string> candidates) => DidYouMean(Nearest(name, candidates));

    /// <summary><c>" (did you mean 'Query'?)"</c>, or nothing.</summary>
    public static string DidYouMean(string? name) => name is null ? "" : " (did you mean '" + name + "'?)";

    /// <summary>The candidate that differs least from the name, where one differs so little that it may be meant.</summary>
    public static string? Nearest(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        int distance = Math.Max(1, name.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            int next = EditDistance(name.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (next < distance && next < candidate.Length)
                (best, distance) = (candidate, next);
        }

        return best;
    }

    // A list that is too long is not read.
    private static string Listed(IEnumerable<string> items)
    {
        List<string> all = items.ToList();
        const int Most = 8;
        string text = string.Join(", ", all.Take(Most));
        return all.Count switch
        {
            0 => "nothing",
            > Most => text + " and " + (all.Count - Most).ToString(CultureInfo.InvariantCulture) + " more",
            _ => text,
        };
    }

    // Levenshtein's distance with a swap of neighbours as one edit.
    private static int EditDistance(string from, string to)
    {
        int[,] cost = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int change = cost[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(change, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }

        return cost[from.Length, to.Length];
    }
}
