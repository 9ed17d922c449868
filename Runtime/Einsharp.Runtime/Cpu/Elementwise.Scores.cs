namespace Einsharp.Cpu;

/// <content>What hides scores of one query with keys from the first on, or moves them.</content>
public static partial class Elementwise
{
    /// <summary>Hides the keys that come after the query: −∞.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="query">The query's position.</param>
    public static void Causal(Span<float> scores, int query)
    {
        if (query + 1 < scores.Length) scores[(query + 1)..].Fill(float.NegativeInfinity);
    }

    /// <summary>Hides the keys that are a window's size or more away, on either side: −∞.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="query">The query's position.</param>
    /// <param name="size">The window's size.</param>
    public static void Window(Span<float> scores, int query, int size)
    {
        int first = Math.Clamp(query - size + 1, 0, scores.Length), end = (int)Math.Clamp((long)query + size, first, scores.Length);
        scores[..first].Fill(float.NegativeInfinity);
        scores[end..].Fill(float.NegativeInfinity);
    }

    /// <summary>Adds slope · (position of key − position of query).</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="query">The query's position.</param>
    /// <param name="slope">The slope of the query's head.</param>
    public static void Alibi(Span<float> scores, int query, float slope)
    {
        for (int key = 0; key < scores.Length; key++) scores[key] += slope * (key - query);
    }

    /// <summary>Hides the keys where the mask is false: −∞.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="mask">As many.</param>
    public static void Mask(Span<float> scores, ReadOnlySpan<bool> mask)
    {
        for (int key = 0; key < scores.Length; key++)
        {
            if (!mask[key]) scores[key] = float.NegativeInfinity;
        }
    }
}
