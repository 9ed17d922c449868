using System.Runtime.InteropServices;

namespace Einsharp.Cpu;

/// <summary>Asks the system for large pages under weights and caches.</summary>
internal static unsafe partial class HugePages
{
    /// <summary>A huge page of x86-64 and of most ARM64 systems, in bytes.</summary>
    public const int Size = 1 << 21;

    /// <summary>Whether this system is asked at all.</summary>
    public static bool AreAsked => OperatingSystem.IsLinux();

    /// <summary>Whether memory of so many bytes is worth asking for.</summary>
    public static bool AreWorth(long bytes) => bytes >= 4 * Size;

    /// <summary>
    /// Linux gives huge pages to whom asks. The first touch of fresh memory then costs a fifth, and a sweep over weights misses fewer translations.
    /// A file must be asked for before it is first read: file systems with large folios (ext4, XFS, tmpfs) then cache it in such pages, and mapping
    /// it again is as fast as reading it. It is a hint: where it cannot be given, nothing is lost.
    /// </summary>
    /// <param name="address">Where the memory begins; what is before its first whole page is left alone.</param>
    /// <param name="bytes">How much there is; of less than <see cref="AreWorth"/> wants all is left alone.</param>
    public static void Ask(void* address, long bytes)
    {
        const int MadviseHugePage = 14;
        if (!AreWorth(bytes) || !AreAsked) return;
        try
        {
            nuint page = (nuint)Environment.SystemPageSize, first = ((nuint)address + page - 1) & ~(page - 1);
            _ = Madvise((void*)first, (nuint)address + (nuint)bytes - first, MadviseHugePage);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* address, nuint length, int advice);
}
