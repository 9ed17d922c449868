using System.Globalization;

namespace Einsharp.Weights;

/// <summary>
/// Whether a declared shape is the same memory as a stored one whose sizes are products of neighbouring declared ones:
/// <c>g r k d</c> of sizes (4, 2, 8, 64) is what checkpoints store as [64, 64].
/// </summary>
internal static class ShapeMatch
{
    /// <summary>Whether the stored sizes, in order, are products of consecutive declared sizes that use up all of them.</summary>
    public static bool Fits(ReadOnlySpan<int> declared, ReadOnlySpan<long> stored)
    {
        int at = 0;
        foreach (long size in stored)
        {
            int taken = Take(declared[at..], size);
            if (taken == 0) return false;
            at += taken;
        }
        // Axes of size 1 may be left over: they belong to the last stored size.
        return declared[at..].IndexOfAnyExcept(1) < 0;
    }

    /// <summary>The declared sizes, grouped as the stored ones suggest: <c>[4·2·8, 64]</c>.</summary>
    public static string Expected(ReadOnlySpan<int> declared, ReadOnlySpan<long> stored)
    {
        // Groups that fit are taken from the left and from the right; what is between is the wrong one.
        var left = new List<string>();
        var right = new List<string>();
        int first = 0, last = declared.Length;
        while (left.Count < stored.Length && Take(declared[first..last], stored[left.Count]) is > 0 and int taken)
        {
            left.Add(Product(declared.Slice(first, taken)));
            first += taken;
        }
        while (left.Count + right.Count + 1 < stored.Length && last - 1 > first && declared[last - 1] == stored[^(right.Count + 1)])
            right.Insert(0, Product(declared.Slice(--last, 1)));
        if (last > first)
        {
            if (left.Count + right.Count + 1 == stored.Length)
                left.Add(Product(declared[first..last]));
            else
                for (int i = first; i < last; i++) left.Add(Product(declared.Slice(i, 1)));
        }
        return $"[{string.Join(", ", left.Concat(right))}]";
    }

    /// <summary>How many of the first sizes multiply to a product; 0 for none.</summary>
    private static int Take(ReadOnlySpan<int> sizes, long product)
    {
        long reached = 1;
        for (int i = 0; i < sizes.Length; i++)
        {
            reached *= sizes[i];
            if (reached == product) return i + 1;
            if (reached > product) return 0;
        }
        return 0;
    }

    private static string Product(ReadOnlySpan<int> sizes)
    {
        var parts = new string[sizes.Length];
        for (int i = 0; i < sizes.Length; i++) parts[i] = sizes[i].ToString(CultureInfo.InvariantCulture);
        return string.Join('·', parts);
    }
}
