using Einsharp.Cpu;

namespace Einsharp;

/// <summary>
/// How much of a sequence a slot holds that is read in a window only: position p lies at p mod <paramref name="Held"/>, so a position stays
/// until the one that is <paramref name="Held"/> later is written.
/// </summary>
/// <param name="Window">A query at position i reads positions after i − Window.</param>
/// <param name="Held">Positions that there is memory for.</param>
internal readonly record struct CacheRing(int Window, int Held)
{
    /// <summary>The positions that a slot has memory for: whole steps of attention if that is fewer than the capacity, else the capacity in whole blocks.</summary>
    /// <param name="window">How far back the slot is read; 0 for all.</param>
    /// <param name="chunk">The most positions of a sequence that are written before they are read.</param>
    /// <param name="capacity">The most positions of a sequence.</param>
    public static int Positions(int window, int chunk, int capacity)
    {
        int all = CacheSlot.Padded(capacity);
        if (window == 0) return all;

        // A chunk's last row is written before its first row looks back. Steps are read whole, so as many as that can touch.
        long reach = (long)window - 1 + Math.Min(chunk, capacity);
        long steps = (reach + OnlineSoftmax.Step - 2) / OnlineSoftmax.Step + 1;
        return (int)Math.Min(all, steps * OnlineSoftmax.Step);
    }

    /// <summary>Whether a sequence can go on from a length.</summary>
    /// <param name="length">How many positions it has.</param>
    /// <param name="written">One more than the last position that was written.</param>
    public bool CanGoOn(int length, int written) => First(length) >= Math.Min(length, Left(written));

    /// <summary>The first position that the next query reads; its own, which is yet to be written, if it reads no other.</summary>
    /// <param name="length">How many positions there are.</param>
    public int First(int length) => Math.Max(0, length - Window + 1);

    /// <summary>The first position that is still there.</summary>
    /// <param name="written">One more than the last position that was written.</param>
    public int Left(int written) => Math.Max(0, written - Held);
}
