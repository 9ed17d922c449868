using System.Runtime.CompilerServices;

namespace ILGPU.Double;

/// <summary>What a lane that gave up its turn waits for.</summary>
internal enum WaitKind
{
    /// <summary>Nothing: it has ended or not yet begun.</summary>
    None,

    /// <summary>Its next turn (after an atomic or a fence, where lanes may change over).</summary>
    Turn,

    /// <summary>Every lane of its group.</summary>
    Barrier,

    /// <summary>Every lane of its warp.</summary>
    Warp,
}

/// <summary>One lane of a group: who it is and what it waits for.</summary>
internal sealed class Lane(GroupRun group, int index)
{
    [ThreadStatic]
    static Lane? current;

    readonly GroupRun group = group;
    readonly List<(nint Address, Cells Cells, int Unit, int Count)> held = [];
    int sharedAllocations;

    /// <summary>The lane that this thread runs, if it runs one.</summary>
    public static Lane? Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => current;
        set => current = value;
    }

    /// <summary>The lane that this thread runs; an error on the host.</summary>
    public static Lane Running =>
        current ?? throw Faults.OutsideKernel("A property of Group, Grid or Warp, shared memory, a fence or a shuffle");

    public GroupRun Group => group;

    public int Index { get; } = index;

    /// <summary>The number of the turn that it is in.</summary>
    public uint Turn { get; set; }

    public int AccessesLeft { get; set; }

    public WaitKind Waiting { get; private set; }

    public bool Ended { get; private set; }

    /// <summary>What it takes part in while it waits for its warp.</summary>
    public Collective? Collective { get; private set; }

    /// <summary>What it brought to an atomic or a collective, and then what it got.</summary>
    public uint[] Operands { get; } = new uint[64];

    /// <summary>Where the results of inline PTX go, in the order of <see cref="Operands"/>.</summary>
    public List<nint> Outputs { get; } = [];

    /// <summary>What cp.async has begun.</summary>
    public AsyncCopies Copies { get; } = new();

    /// <summary>Back to before the kernel's first statement.</summary>
    public void Start()
    {
        Ended = false;
        Waiting = WaitKind.None;
        sharedAllocations = 0;
        held.Clear();
        Copies.Clear();
    }

    /// <summary>A reference is kept over a place where lanes change over: taking it was not yet an access.</summary>
    public static void Hold(nint address)
    {
        if (Running.Group.Launch.Turns.Retract(address) is { } place) Running.held.Add((address, place.Cells, place.Unit, place.Count));
    }

    /// <summary>A reference that was kept is about to be used.</summary>
    public static unsafe void TakeUp(nint address)
    {
        Lane lane = Running;
        int index = lane.held.FindLastIndex(one => one.Address == address);
        if (index < 0) return;
        var (_, cells, unit, count) = lane.held[index];
        lane.held.RemoveAt(index);
        cells.Touch((long)unit * cells.UnitBytes, count * cells.UnitBytes);
    }

    public void BeginTurn(uint turn, int accesses)
    {
        Turn = turn;
        AccessesLeft = accesses;
        Waiting = WaitKind.None;
    }

    public void End() => Ended = true;

    /// <summary>Gives up the turn. Always true: the caller's coroutine then suspends.</summary>
    public bool Wait(WaitKind kind)
    {
        Waiting = kind;
        return true;
    }

    /// <summary>Gives up the turn until all 32 lanes of the warp have come to the same collective.</summary>
    public bool Join(Collective collective, params ReadOnlySpan<uint> operands)
    {
        if (Group.Launch.WarpSize != Warp.Size)
            throw Faults.Fault($"{collective.Name} on a device that has no warps of {Warp.Size}: it belongs in a kernel for CUDA only");
        if (Group.Lanes % Warp.Size != 0) throw Faults.Fault(
            $"{collective.Name} in a group of {Group.Lanes} lanes, which is not whole warps");
        operands.CopyTo(Operands);
        Collective = collective;
        return Wait(WaitKind.Warp);
    }

    /// <summary>The group's next shared allocation as this lane counts them.</summary>
    public ArrayView<T> AllocateShared<T>(int extent) where T : unmanaged =>
        Group.Shared.Allocate<T>(this, sharedAllocations++, extent);

    /// <summary>An atomic operation on the unit at this address is about to take place.</summary>
    public unsafe void BeginAtomic(void* address, bool reads)
    {
        (Cells cells, long offset) = Group.Launch.Find(this, (byte*)address);
        if (cells.UnitBytes != 4) throw new NotSupportedException(
            $"{cells.Name} holds elements of {cells.ElementSize} bytes: atomics need 4");
        Group.Launch.Turns.Retract(cells, (int)(offset / 4), this, reads);
        Group.Synchronize((nint)address);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Group.Launch.Name}, group {Group.Launch.Place(Group.Number)}, lane {Index}";
}

/// <summary>What the 32 lanes of a warp do together, each with its operands.</summary>
internal abstract class Collective(string name)
{
    public string Name { get; } = name;

    /// <summary>Called once, when all lanes have come; replaces their operands by their results.</summary>
    public abstract void Run(ReadOnlySpan<Lane> warp);
}

/// <summary>Every lane gets operand 0 of the lane that its operand 1 names.</summary>
internal sealed class ShuffleCollective(string name) : Collective(name)
{
    public override void Run(ReadOnlySpan<Lane> warp)
    {
        Span<uint> values = stackalloc uint[Warp.Size];
        for (int i = 0; i < warp.Length; i++) values[i] = warp[i].Operands[0];
        foreach (Lane lane in warp) lane.Operands[0] = values[(int)lane.Operands[1]];
    }
}
