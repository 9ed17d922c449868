using System.Runtime.Intrinsics;

namespace Einsharp;

/// <summary>The counter-based generator Philox4x32-10, eight counters at a time.</summary>
/// <remarks>
/// J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011. A block is 4 words of a 128-bit counter and a 64-bit key.
/// </remarks>
internal static class Philox
{
    /// <summary>The words of one <see cref="Draw"/>: 8 blocks of 4.</summary>
    public const int Group = 32;

    /// <summary>
    /// Draws the blocks whose counters have the lower half 8·<paramref name="group"/> … + 7: word j of block l goes to place 8j + l.
    /// The layout is part of what a seed means, and does not depend on the vectors of the machine.
    /// </summary>
    public static void Draw(ulong group, ulong counterHigh, ulong key, Span<uint> to)
    {
        Vector512<ulong> low = Vector512.Create((ulong)uint.MaxValue);
        Vector512<ulong> block = Vector512.Create(group * 8) + Vector512.Create(0ul, 1, 2, 3, 4, 5, 6, 7);

        // Each word in a 64-bit lane of its own: the 32×32-bit product is then one multiplication.
        Vector512<ulong> x0 = block & low, x1 = block >>> 32;
        Vector512<ulong> x2 = Vector512.Create(counterHigh & uint.MaxValue), x3 = Vector512.Create(counterHigh >> 32);
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < 10; round++)
        {
            Vector512<ulong> a = x0 * Vector512.Create(0xD2511F53ul), b = x2 * Vector512.Create(0xCD9E8D57ul);
            x0 = (b >>> 32) ^ x1 ^ Vector512.Create((ulong)k0);
            x2 = (a >>> 32) ^ x3 ^ Vector512.Create((ulong)k1);
            x1 = b & low;
            x3 = a & low;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        Vector512.Narrow(x0, x1).CopyTo(to);
        Vector512.Narrow(x2, x3).CopyTo(to[16..]);
    }
}
