using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ILGPU.Double;

/// <summary>
/// What the double remembers of one unit of memory (4 bytes, or the allocation's element where that is smaller), by turns of lanes, which
/// are numbered through all launches of a device. Whose turn it was, the launch knows (<see cref="Launch.Owner"/>).
/// </summary>
internal struct Unit
{
    /// <summary>
    /// Set in <see cref="Read"/>: other lanes of the group read it in the same interval; other groups read it in the same launch.
    /// </summary>
    public const uint LanesRead = 1u << 31, GroupsRead = 1u << 30, TurnMask = GroupsRead - 1;

    /// <summary>The turn that last touched it.</summary>
    public uint Touched;

    /// <summary>
    /// The turn that last wrote it. The host and atomics write in the cells' generation, which conflicts with nobody; below that:
    /// unwritten.
    /// </summary>
    public uint Write;

    /// <summary>The turn that last read it, and flags.</summary>
    public uint Read;
}

/// <summary>
/// One allocation: its memory, and for every unit who touched it. The indexer hands out references, so whether an access writes shows only
/// later: the unit's value is kept when a lane first touches it in its turn and compared when the turn ends (<see cref="Turn"/>).
/// </summary>
internal sealed unsafe class Cells : IDisposable
{
    // NaNs as one float, as two bfloat16 and as two halves. Two, so that copying one to the other is seen to write.
    const uint DevicePoison = 0x7FC77FC7, SharedPoison = 0x7FC57FC5;

    readonly int shift;
    readonly bool isHost;
    byte* memory;

    /// <summary>Memory for <paramref name="bytes"/> bytes in elements of <paramref name="elementSize"/>, poisoned.</summary>
    public Cells(string name, long bytes, int elementSize, bool isShared)
    {
        Name = name;
        Bytes = bytes;
        ElementSize = elementSize;
        IsShared = isShared;
        shift = elementSize % 4 == 0 ? 2 : elementSize % 2 == 0 ? 1 : 0;
        // Rounded up, so that the poison's last word fits.
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)((bytes + 259) & ~255L), 256);
        Units = new Unit[(bytes + (1 << shift) - 1) >> shift];
        Fill();
    }

    Cells(nint address, long bytes)
    {
        Name = "host memory";
        Bytes = bytes;
        ElementSize = 1;
        isHost = true;
        memory = (byte*)address;
        Units = [];
    }

    /// <summary>Memory of the host, about which nothing is remembered and which nobody may touch but copies.</summary>
    public static Cells OfHost(nint address, long bytes) => new(address, bytes);

    public string Name { get; }

    public long Bytes { get; }

    public int ElementSize { get; }

    public bool IsShared { get; }

    public Unit[] Units { get; }

    /// <summary>Units written in an earlier turn than this count as unwritten: a group finds its shared memory poisoned.</summary>
    public uint Generation { get; private set; } = 1;

    public int UnitBytes => 1 << shift;

    public byte* Memory => memory != null ? memory : throw new ObjectDisposedException(Name, $"{Name} was used after it was disposed");

    /// <summary>The address of <paramref name="size"/> bytes that the running lane is about to read or write.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Touch(long offset, int size)
    {
        Lane? lane = Lane.Current;
        if (lane is null || isHost || memory == null) throw NotTouchable();
        int first = (int)(offset >> shift), last = (int)((offset + size - 1) >> shift);
        for (int unit = first; unit <= last; unit++)
            if (Units[unit].Touched != lane.Turn) lane.Group.Launch.Turns.Touch(this, unit, lane);
        if (size < UnitBytes) throw new NotSupportedException(
            $"{Name} has elements of {ElementSize} bytes: the double does not follow accesses of {size} bytes to it; read whole words");
        if (--lane.AccessesLeft < 0) throw Faults.Fault("spins: it made too many accesses without a barrier (DoubleOptions.AccessLimit)");
        return memory + offset;
    }

    /// <summary>Whether an address lies in this memory.</summary>
    public bool Contains(byte* address) => address >= memory && address < memory + Bytes;

    /// <summary>The bits of a unit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Value(int unit) => shift switch { 2 => ((uint*)memory)[unit], 1 => ((ushort*)memory)[unit], _ => memory[unit] };

    /// <summary>Sets the bits of a unit of 4 bytes.</summary>
    public void SetValue(int unit, uint value) => ((uint*)memory)[unit] = value;

    /// <summary>Makes a unit of 4 bytes what it was before anybody wrote it.</summary>
    public void Poison(int unit) => SetValue(unit, IsShared ? SharedPoison : DevicePoison);

    /// <summary>Poisons the memory for a group that begins with turn <paramref name="turn"/>.</summary>
    public void Renew(uint turn)
    {
        Generation = turn;
        Fill();
    }

    /// <summary>The host or a copy wrote these bytes.</summary>
    public void MarkWritten(long offset, long bytes)
    {
        if (isHost) return;
        for (long unit = offset >> shift; unit < (offset + bytes + UnitBytes - 1) >> shift; unit++)
            Units[unit].Write = Math.Max(Units[unit].Write, Generation);
    }

    /// <summary>The first of these bytes that nobody wrote, or -1.</summary>
    public long FirstUnwritten(long offset, long bytes)
    {
        if (isHost) return -1;
        for (long unit = offset >> shift; unit < (offset + bytes + UnitBytes - 1) >> shift; unit++)
            if (Units[unit].Write < Generation) return unit << shift;
        return -1;
    }

    /// <summary>Forgets who touched what: the turns are about to be numbered from the start.</summary>
    public void ForgetTurns()
    {
        foreach (ref Unit unit in Units.AsSpan())
            unit = new() { Write = unit.Write >= Generation ? 1u : 0 };
        Generation = 1;
    }

    public void Dispose()
    {
        if (!isHost) NativeMemory.AlignedFree(memory);
        memory = null;
    }

    Exception NotTouchable() => memory == null ? Faults.Fault($"{Name} was accessed after it was disposed")
        : isHost ? Faults.Fault("a kernel accesses host memory")
        : new InvalidOperationException($"{Name} is device memory: the host may copy it but not read or write its elements");

    void Fill() => new Span<uint>(memory, (int)((Bytes + 3) / 4)).Fill(IsShared ? SharedPoison : DevicePoison);
}
