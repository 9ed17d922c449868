using System.Runtime.InteropServices;
using Einsharp.Cpu;

namespace Einsharp;

/// <summary>64-byte aligned memory outside the managed heap for the values of one parameter, freed when nothing refers to it.</summary>
/// <remarks>
/// A matrix smaller than a few huge pages would have none of its own; a model has many such, one read after the other, so they lie side by side in
/// slabs that have (<see cref="Slab"/>).
/// </remarks>
internal sealed unsafe class NativeBlock : SafeHandle
{
    private const int Alignment = 64;

    // Smaller ones are in caches when they are read again.
    private const int LeastOfSlab = 1 << 16;

    private readonly long _bytes;
    private readonly Slab? _slab;

    private NativeBlock(WeightFormat format, long count) : base(0, ownsHandle: true)
    {
        Format = format;
        _bytes = format.Bytes(count);
        if (HugePages.AreAsked && _bytes >= LeastOfSlab && !HugePages.AreWorth(_bytes))
        {
            SetHandle((nint)Slab.Take(_bytes, out _slab));
            return;
        }
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
        if (_slab is null) NativeMemory.AlignedFree((void*)handle);
        else _slab.Release();
        return true;
    }

    /// <summary>
    /// Memory that blocks are cut from, one after the other, freed with the last of them. Pages that no block has touched cost nothing.
    /// </summary>
    private sealed class Slab
    {
        private const long Size = 16 * HugePages.Size;

        private static readonly Lock s_lock = new();
        private static Slab? s_current;

        private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc((nuint)Size, HugePages.Size);
        private long _used;
        private int _blocks;

        private Slab() => HugePages.Ask(_memory, Size);

        public static byte* Take(long bytes, out Slab slab)
        {
            lock (s_lock)
            {
                slab = s_current is { } current && bytes <= Size - current._used ? current : s_current = new Slab();
                byte* block = slab._memory + slab._used;
                slab._used += (bytes + Alignment - 1) / Alignment * Alignment;
                slab._blocks++;
                return block;
            }
        }

        public void Release()
        {
            lock (s_lock)
            {
                if (--_blocks > 0) return;
                if (s_current == this) s_current = null;
                NativeMemory.AlignedFree(_memory);
            }
        }
    }
}
