using ILGPU.Runtime;

namespace ILGPU.Double;

/// <summary>
/// One launch: runs every group, within it one lane at a time, in an order drawn from the seed. Groups run one after the other, unless the
/// kernel uses atomics: then as many as the device holds are resident and take turns, so that they may wait for each other (a grid-wide
/// barrier).
/// </summary>
internal sealed class Launch
{
    readonly DoubleOptions options;
    ulong random;
    int idleTurns;
    Cells? found;
    (int Group, int Lane)[] owners = new (int, int)[1024];

    public Launch(Accelerator accelerator, KernelProgram program, KernelConfig config, ulong number)
    {
        Accelerator = accelerator;
        Program = program;
        options = accelerator.Options;
        GroupsX = config.GridDim.X;
        GroupsY = config.GridDim.Y;
        Lanes = config.GroupDim.X;
        random = options.Seed == 0 ? 0 : (options.Seed * 0x9E3779B97F4A7C15) ^ (number * 0xD1B54A32D192ED03) | 1;
        Turns = new(this);
    }

    public Accelerator Accelerator { get; }

    public KernelProgram Program { get; }

    public string Name => Program.Name;

    public int GroupsX { get; }

    public int GroupsY { get; }

    public int Groups => GroupsX * GroupsY;

    public int Lanes { get; }

    public int WarpSize => Accelerator.WarpSize;

    public bool UsesAtomics => Program.UsesAtomics;

    public Turns Turns { get; }

    /// <summary>The turn at which the launch began.</summary>
    public uint Start { get; private set; }

    /// <summary>What atomics on an address hand on (see <see cref="GroupRun.Synchronize"/>).</summary>
    public Dictionary<nint, uint[]> Clocks { get; } = [];

    /// <summary>The kernel's arguments, to find a view's name for an error.</summary>
    public required Func<IEnumerable<(string Name, object? Value)>> ReadArguments { get; init; }

    public IEnumerable<(string Name, object? Value)> Arguments => ReadArguments();

    /// <summary>The groups that are on the device at once.</summary>
    public int Capacity =>
        UsesAtomics ? Math.Min(Groups, Accelerator.Device.Double.Multiprocessors * Accelerator.Device.Double.ResidentGroups) : 1;

    /// <summary>Runs all groups, on as many residents as there are: one that has ended becomes the next group.</summary>
    public void Run(IEnumerable<GroupRun> residents)
    {
        if (Accelerator.TurnsRunOut) Accelerator.ForgetTurns();
        Start = NextTurn();
        var free = new Stack<GroupRun>(residents);
        var running = new List<GroupRun>(free.Count);
        foreach (int number in Order())
        {
            if (!free.TryPop(out GroupRun? group)) group = RunUntilOneEnds(running);
            group.Launch = this;
            group.Begin(number);
            running.Add(group);
        }
        while (running.Count > 0) RunUntilOneEnds(running);
    }

    GroupRun RunUntilOneEnds(List<GroupRun> running)
    {
        for (int turn = 0; ; turn++)
        {
            int chosen = random == 0 ? turn % running.Count : Draw(running.Count);
            GroupRun group = running[chosen];
            group.Step();
            if (!group.Ended) continue;
            running.RemoveAt(chosen);
            return group;
        }
    }

    /// <summary>Gives a lane its turn; true if it came to the end of the kernel.</summary>
    public bool Run(Lane lane, LaneFrames frames)
    {
        if (++idleTurns > options.SpinLimit)
            throw Faults.Fault(lane, $"spins: no lane reached a barrier or its end in {options.SpinLimit} turns (DoubleOptions.SpinLimit)");
        lane.BeginTurn(Number(lane), options.AccessLimit);
        Lane.Current = lane;
        try
        {
            bool done = frames.Resume(lane.Index);
            Turns.End(lane);
            return done;
        }
        catch (Exception e) when (e is not (KernelFaultException or NotSupportedException))
        {
            throw Faults.Fault(lane, $"failed: {e.Message}", e);
        }
        finally
        {
            Lane.Current = null;
        }
    }

    /// <summary>Ends the lane's turn and gives it the next.</summary>
    public void NewTurn(Lane lane)
    {
        Turns.End(lane);
        lane.Turn = Number(lane);
    }

    /// <summary>Whose a turn of this launch was.</summary>
    public (int Group, int Lane) Owner(uint turn) => owners[turn - Start];

    /// <summary>Something happened that no spinning lane brings about.</summary>
    public void Progress() => idleTurns = 0;

    public uint NextTurn() => Accelerator.NextTurn();

    /// <summary>A number below <paramref name="bound"/>; always 0 for seed 0.</summary>
    public int Draw(int bound)
    {
        if (random == 0) return 0;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return (int)(random % (ulong)bound);
    }

    /// <summary>A group's place in the grid, for messages.</summary>
    public string Place(int number) => $"({number % GroupsX}, {number / GroupsX})";

    /// <summary>The memory that an address of the running lane lies in.</summary>
    public unsafe (Cells Cells, long Offset) Find(Lane lane, byte* address)
    {
        if (found is not null && found.Contains(address)) return (found, address - found.Memory);
        foreach (Cells cells in lane.Group.Shared.Cells.Concat(Accelerator.Allocations))
        {
            if (!cells.Contains(address)) continue;
            found = cells;
            return (cells, address - cells.Memory);
        }
        throw Faults.Fault(lane, "uses an address that lies in no buffer and no shared memory");
    }

    uint Number(Lane lane)
    {
        uint turn = NextTurn();
        if (turn - Start >= owners.Length) Array.Resize(ref owners, 2 * owners.Length);
        owners[turn - Start] = (lane.Group.Number, lane.Index);
        return turn;
    }

    int[] Order()
    {
        int[] order = [.. Enumerable.Range(0, Groups)];
        if (random == 0) return order;
        for (int i = order.Length - 1; i > 0; i--)
        {
            int other = Draw(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }
        return order;
    }
}
