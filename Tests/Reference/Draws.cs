using System.Text;

namespace Einsharp.Tests.Reference;

/// <summary>
/// The values that draws.py makes: element i of an operand is the splitmix64 of (the FNV-1a hash of its name) + (i + 1)·γ, so a vector's
/// inputs need not be stored.
/// </summary>
internal static class Draws
{
    /// <summary>float32 numbers in [low, high), of 20 random bits, so that no rounding is needed.</summary>
    public static float[] Floats(string name, int count, float low = -1, float high = 1) =>
        Make(name, count, word => (float)(low + ((double)high - low) * ((word >> 44) / (double)(1 << 20))));

    /// <summary>float64 numbers in [-1, 1), of 53 random bits, so that no float32 holds them.</summary>
    public static double[] Doubles(string name, int count) => Make(name, count, word => -1 + 2 * ((word >> 11) / (double)(1L << 53)));

    /// <summary>Whole numbers in [0, bound).</summary>
    public static int[] Ints(string name, int count, int bound) => Make(name, count, word => (int)((word >> 44) * (ulong)bound >> 20));

    /// <summary>True for about a share of them.</summary>
    public static bool[] Bools(string name, int count, float share) => [.. Floats(name, count, 0, 1).Select(value => value < share)];

    private static T[] Make<T>(string name, int count, Func<ulong, T> value)
    {
        ulong seed = 0xCBF29CE484222325;
        foreach (byte letter in Encoding.UTF8.GetBytes(name))
            seed = unchecked((seed ^ letter) * 0x100000001B3);
        T[] values = new T[count];
        for (int i = 0; i < count; i++)
            values[i] = value(SplitMix(unchecked(seed + (ulong)(i + 1) * 0x9E3779B97F4A7C15)));
        return values;
    }

    private static ulong SplitMix(ulong z)
    {
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }
}
