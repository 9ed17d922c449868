using System.Runtime.InteropServices;
using Einsharp.Cpu;

namespace Einsharp;

/// <summary>64-byte aligned memory outside the managed heap for the values of one parameter, freed when nothing refers to it.</summary>
internal sealed unsafe class NativeBlock : SafeHandle
{
    private const int Alignment = 64;

    private readonly long _bytes;

    private NativeBlock(WeightFormat format, long count) : base(0, ownsHandle: true)
    {
        Format = format;
        _bytes = format.Bytes(count);
        int alignment = HugePages.AreWorth(_bytes) ? HugePages.Size : Alignment;
        SetHandle((nint)NativeMemory.AlignedAlloc(checked((nuint)Math.Max(_bytes, 1)), (nuint)alignment));
        HugePages.Ask(Data, _bytes);
    }

    /// <summary>Memory for all values of a parameter; they are not set to anything.</summary>
    public static NativeBlock Of(Param parameter, WeightFormat format) => new(parameter.StoredAs(format), parameter.Count);

    public WeightFormat Format { get; }

    public byte* Data => (byte*)handle;

    public override bool IsInvalid => handle == 0;

    public void Clear() => NativeMemory.Clear(Data, (nuint)_bytes);

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
