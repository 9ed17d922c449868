using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>Fetches cache lines of weights that will be read a little later.</summary>
internal static unsafe class Lines
{
    /// <summary>Begins to fetch the line of an address, which need not be one of the weights.</summary>
    /// <remarks>
    /// Into the nearest cache where that can wait for many lines at a time; a processor without AVX-VNNI is of an age (Zen 4, Ice Lake) that cannot, but its
    /// second-level cache can. On Zen 4 one row of Q4_K is read at 21 GB/s so, and at 18 otherwise, two rows at 19 and at 11; on Zen 5 eight rows of Q8_0
    /// at 11 GB/s in many runs, and at 20 otherwise.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address)
    {
        if (AvxVnni.IsSupported) Sse.Prefetch0(address);
        else if (Sse.IsSupported) Sse.Prefetch1(address);
    }
}
