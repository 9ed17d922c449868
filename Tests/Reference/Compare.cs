using System.Globalization;
using System.Runtime.InteropServices;

namespace Einsharp.Tests.Reference;

/// <summary>Comparisons that say where two results part.</summary>
internal static class Compare
{
    /// <summary>
    /// Every value is finite and within <paramref name="relative"/> of the reference, scaled by the reference's largest magnitude.
    /// </summary>
    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> found, double relative = 1e-5)
    {
        Assert.Equal(expected.Length, found.Length);
        double scale = 0;
        foreach (double value in expected)
            scale = Math.Max(scale, Math.Abs(value));
        Assert.True(scale > 0, "The reference is all zeros: nothing would be tested.");
        Within(expected, found, relative * scale);
    }

    /// <summary>Every value is finite and within <paramref name="distance"/> of the reference.</summary>
    public static void Within(ReadOnlySpan<double> expected, ReadOnlySpan<float> found, double distance)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(expected[i] - found[i]);
            if (!(error <= distance))
                Assert.Fail(string.Create(CultureInfo.InvariantCulture,
                    $"element {i}: expected {expected[i]:R}, found {found[i]:R}, off by {error:R}; allowed {distance:R}"));
        }
    }

    /// <summary>
    /// Every value is finite and within <paramref name="relative"/> of the reference, scaled by the largest magnitude of its own row; a row of
    /// zeros is zeros.
    /// </summary>
    public static void RowsClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, int columns, double relative, string what)
    {
        Assert.True(expected.Length == found.Length, $"{what}: {expected.Length} values were expected, {found.Length} found");
        for (int row = 0; row < expected.Length; row += columns)
        {
            double scale = 0;
            for (int i = row; i < row + columns; i++)
                scale = Math.Max(scale, Math.Abs(expected[i]));
            for (int i = row; i < row + columns; i++)
            {
                double error = Math.Abs((double)expected[i] - found[i]);
                if (!(error <= relative * scale))
                    Assert.Fail(string.Create(CultureInfo.InvariantCulture,
                        $"{what}: row {row / columns} of {expected.Length / columns}, column {i - row} of {columns}: expected {expected[i]:R}, "
                        + $"found {found[i]:R}, off by {error:R}; allowed {relative * scale:R}"));
            }
        }
    }

    /// <summary>The same bits.</summary>
    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, string what = "")
    {
        Assert.Equal(expected.Length, found.Length);
        ReadOnlySpan<uint> left = MemoryMarshal.Cast<float, uint>(expected), right = MemoryMarshal.Cast<float, uint>(found);
        int same = left.CommonPrefixLength(right);
        if (same < left.Length)
            Assert.Fail(string.Create(CultureInfo.InvariantCulture,
                $"{what} element {same}: expected {expected[same]:R}, found {found[same]:R}"));
    }
}
