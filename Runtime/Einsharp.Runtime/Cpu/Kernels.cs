using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>How loops over numbers are compiled.</summary>
internal static class Kernels
{
    /// <summary>
    /// Once, with all optimisations, and by itself. What calls a kernel is compiled again when it has run often, and would then take the kernel's code
    /// into its own, but no longer all that the kernel is made of: one row of Q4_K was so read at 5 GB/s, and not at 21, from the second second on.
    /// </summary>
    public const MethodImplOptions ByItself = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;
}
