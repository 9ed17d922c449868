using System.Globalization;

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

    public static string Quoted(IEnumerable<string> names)
    {
        string text = string.Join(", ", names.Select(static name => "'" + name + "'"));
        return text.Length == 0 ? "nothing" : text;
    }

    /// <summary><c>" (did you mean 'Query'?)"</c>, or nothing where no candidate is near.</summary>
    public static string DidYouMean(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        int distance = Math.Max(1, name.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            int next = EditDistance(name.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (next < distance && next < candidate.Length)
                (best, distance) = (candidate, next);
        }

        return best is null ? "" : " (did you mean '" + best + "'?)";
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
