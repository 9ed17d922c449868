using System.Runtime.InteropServices;

namespace Einsharp;

/// <summary>64-byte aligned memory outside the managed heap for the values of one parameter, freed when nothing refers to it.</summary>
internal sealed unsafe partial class NativeBlock : SafeHandle
{
    private const int Alignment = 64;

    /// <summary>A huge page of x86-64 and of most ARM64 systems.</summary>
    private const int HugePage = 1 << 21;

    private readonly long _bytes;

    private NativeBlock(WeightFormat format, long count) : base(0, ownsHandle: true)
    {
        Format = format;
        _bytes = format.Bytes(count);
        bool isHuge = _bytes >= 4 * HugePage;
        SetHandle((nint)NativeMemory.AlignedAlloc(checked((nuint)Math.Max(_bytes, 1)), (nuint)(isHuge ? HugePage : Alignment)));
        if (isHuge && OperatingSystem.IsLinux()) AskForHugePages();
    }

    /// <summary>Memory for all values of a parameter; they are not set to anything.</summary>
    public static NativeBlock Of(Param parameter, WeightFormat format) => new(parameter.StoredAs(format), parameter.Count);

    public WeightFormat Format { get; }

    public byte* Data => (byte*)handle;

    public override bool IsInvalid => handle == 0;

    public void Clear() => NativeMemory.Clear(Data, (nuint)_bytes);

    /// <summary>
    /// Linux gives huge pages to whom asks. The first write to fresh memory then costs a fifth, and a sweep over weights misses fewer
    /// translations. It is a hint: where it cannot be given, nothing is lost.
    /// </summary>
    private void AskForHugePages()
    {
        const int MadviseHugePage = 14;
        try
        {
            _ = Madvise(Data, (nuint)_bytes / HugePage * HugePage, MadviseHugePage);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* address, nuint length, int advice);

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
