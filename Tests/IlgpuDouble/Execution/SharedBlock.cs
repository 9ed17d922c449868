using ILGPU.Runtime;

namespace ILGPU.Double;

/// <summary>The shared memory of one resident group.</summary>
internal sealed class SharedBlock(GroupRun group)
{
    const int Limit = 48 * 1024;
    const uint Window = 1 << 16;
    readonly List<(SharedBuffer Buffer, Type Type, int Extent)> allocations = [];
    int live;
    uint start;

    public IEnumerable<Cells> Cells => allocations.Take(live).Select(a => a.Buffer.Cells);

    /// <summary>A new group: nothing is allocated. The memory is kept, as the next group usually asks for the same.</summary>
    public void Renew(uint turn)
    {
        live = 0;
        start = turn;
    }

    /// <summary>Allocation <paramref name="ordinal"/> of the kernel, as <paramref name="lane"/> asks for it.</summary>
    public ArrayView<T> Allocate<T>(Lane lane, int ordinal, int extent) where T : unmanaged
    {
        if (extent <= 0) throw Faults.Fault(lane, $"allocates {extent} elements of shared memory");
        if (ordinal == live) Add<T>(lane, extent);
        (SharedBuffer buffer, Type type, int length) = allocations[ordinal];
        if (type != typeof(T) || length != extent)
            throw Faults.Fault(lane,
                $"allocates {typeof(T).Name}[{extent}] of shared memory where another lane allocated {type.Name}[{length}]");
        return new(buffer, 0, extent);
    }

    /// <summary>The address that PTX knows an allocation by.</summary>
    public uint Address(Lane lane, int allocation)
    {
        if (allocation >= live) throw Faults.Fault(lane, $"names __shared_alloca{allocation}, but has made {live} shared allocations");
        return (uint)allocation * Window;
    }

    /// <summary>The memory at an address, which must be aligned and have so many bytes.</summary>
    public (Cells Cells, long Offset) At(Lane lane, uint address, int bytes, string what)
    {
        int allocation = (int)(address / Window);
        uint offset = address % Window;
        if (allocation >= live || offset + bytes > allocations[allocation].Buffer.Cells.Bytes)
            throw Faults.Fault(lane, $"{what}: {bytes} bytes at byte {offset} of shared allocation {allocation} are out of bounds");
        if (offset % bytes != 0) throw Faults.Fault(
            lane, $"{what}: byte {offset} of shared allocation {allocation} is no multiple of {bytes}");
        Cells cells = allocations[allocation].Buffer.Cells;
        return cells.UnitBytes == 4 ? (cells, offset)
            : throw new NotSupportedException($"{what}: {cells.Name} must have elements of whole words");
    }

    unsafe void Add<T>(Lane lane, int extent) where T : unmanaged
    {
        if (allocations.Count > live && (allocations[live].Type != typeof(T) || allocations[live].Extent != extent))
        {
            foreach (var old in allocations.Skip(live)) old.Buffer.Dispose();
            allocations.RemoveRange(live, allocations.Count - live);
        }
        if (allocations.Count == live)
        {
            string name = $"shared {typeof(T).Name}[{extent}] (allocation {live})";
            allocations.Add((new(group.Launch.Accelerator, new(name, (long)extent * sizeof(T), sizeof(T), true)), typeof(T), extent));
        }
        allocations[live++].Buffer.Cells.Renew(start);
        long bytes = Cells.Sum(cells => cells.Bytes);
        if (bytes > Limit) throw Faults.Fault(lane, $"allocates {bytes} bytes of shared memory in all; a group has {Limit}");
    }
}
