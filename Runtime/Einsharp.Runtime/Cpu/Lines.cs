using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>Fetches cache lines of weights that will be read a little later.</summary>
internal static unsafe class Lines
{
    /// <summary>Whether lines are fetched into the nearest cache, and not into the second.</summary>
    /// <remarks>
    /// It should be able to wait for many at a time. A processor without AVX-VNNI is of an age (Zen 4, Ice Lake) that cannot, but its second-level
    /// cache can: on Zen 4 one row of Q4_K is read at 21 GB/s so, and at 18 otherwise, two rows at 19 and at 11. On Zen 5 eight rows of Q8_0 came
    /// at 20 GB/s, and from the second cache in many runs at 11.
    /// </remarks>
    public static bool AreNear
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => AvxVnni.IsSupported;
    }

    /// <summary>Begins to fetch the line of an address, which need not be one of the weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address)
    {
        if (AreNear) Sse.Prefetch0(address);
        else if (Sse.IsSupported) Sse.Prefetch1(address);
    }

    /// <summary>Begins to fetch all lines of some memory, which need not be there.</summary>
    public static void Fetch(byte* from, nint bytes)
    {
        for (byte* end = from + bytes; Sse.IsSupported && from < end; from += AlignedMemory.Alignment) Fetch(from);
    }
}
