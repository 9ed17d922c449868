namespace ILGPU.Double;

/// <summary>One resident group: its lanes, who of them may run, and what it knows of other groups.</summary>
internal sealed class GroupRun
{
    readonly Lane[] lanes;
    readonly LaneFrames frames;
    readonly int[] warpWaiting;
    readonly Lane[] queue;
    int head, ready, atBarrier, ended;
    bool scrambled;

    // Vector clocks of a launch that uses fences: per group, the last turn whose effects are known here; brought by atomics but not yet
    // fenced; let go by the last fence.
    uint[]? known, pending, released;

    public GroupRun(LaneFrames frames, int lanes)
    {
        this.frames = frames;
        this.lanes = [.. Enumerable.Range(0, lanes).Select(i => new Lane(this, i))];
        queue = new Lane[lanes];
        warpWaiting = new int[(lanes + Warp.Size - 1) / Warp.Size];
        Shared = new(this);
    }

    /// <summary>The launch that it belongs to now; groups are kept for the kernel's next launch.</summary>
    public Launch Launch { get; set; } = null!;

    public int Number { get; private set; }

    public int X { get; private set; }

    public int Y { get; private set; }

    public int Lanes => lanes.Length;

    public SharedBlock Shared { get; }

    /// <summary>The turn at which the group began, and at which its last barrier was passed.</summary>
    public uint Start { get; private set; }

    public uint IntervalStart { get; private set; }

    public bool HasReady => ready > 0;

    public bool Ended => ended == lanes.Length;

    /// <summary>Becomes group <paramref name="number"/> of the launch.</summary>
    public void Begin(int number)
    {
        Number = number;
        X = number % Launch.GroupsX;
        Y = number / Launch.GroupsX;
        Start = Launch.NextTurn();
        Shared.Renew(Start);
        known = pending = released = null;
        atBarrier = ended = 0;
        Array.Clear(warpWaiting);
        foreach (Lane lane in lanes) lane.Start();
        frames.Start();
        BeginInterval();
    }

    /// <summary>Runs one turn of one lane.</summary>
    public void Step()
    {
        Lane lane = Take();
        bool done = Launch.Run(lane, frames);
        if (done)
        {
            lane.End();
            ended++;
            Launch.Progress();
        }
        else if (lane.Waiting == WaitKind.Turn) Enqueue(lane);
        else if (lane.Waiting == WaitKind.Warp) ArriveAtCollective(lane);
        else if (++atBarrier == lanes.Length) PassBarrier();
        if (ready == 0 && !Ended) throw Diverged();
    }

    /// <summary>Whether what another group did in a turn is ordered before what this group does now.</summary>
    public bool Knows(int group, uint turn) => known is not null && known[group] >= turn;

    /// <summary>A fence: what atomics brought is known from here on, and what was done so far is what the next atomic lets go.</summary>
    public void Fence()
    {
        known ??= new uint[Launch.Groups];
        if (pending is not null) Join(known, pending);
        known[Number] = Lane.Running.Turn;
        released = [.. known];
    }

    /// <summary>An atomic operation hands what was fenced before to whoever comes after, and takes what others left.</summary>
    public void Synchronize(nint address)
    {
        if (Launch.Clocks.TryGetValue(address, out uint[]? clock)) Join(pending ??= new uint[Launch.Groups], clock);
        if (released is null) return;
        if (clock is null) Launch.Clocks[address] = [.. released];
        else Join(clock, released);
    }

    static void Join(uint[] to, uint[] from)
    {
        for (int i = 0; i < to.Length; i++) to[i] = Math.Max(to[i], from[i]);
    }

    void PassBarrier()
    {
        int site = frames.Site(0);
        for (int i = 1; i < lanes.Length; i++)
            if (frames.Site(i) != site) throw Diverged();
        atBarrier = 0;
        Launch.Progress();
        BeginInterval();
    }

    /// <summary>All lanes may run, in an order of this interval's own.</summary>
    void BeginInterval()
    {
        IntervalStart = Launch.NextTurn();
        int order = Launch.Draw(4);
        scrambled = order >= 2;
        for (int i = 0; i < lanes.Length; i++) queue[i] = lanes[order == 1 ? lanes.Length - 1 - i : i];
        head = 0;
        ready = lanes.Length;
    }

    void ArriveAtCollective(Lane lane)
    {
        int warp = lane.Index / Warp.Size;
        if (++warpWaiting[warp] < Warp.Size) return;
        warpWaiting[warp] = 0;
        ReadOnlySpan<Lane> members = lanes.AsSpan(warp * Warp.Size, Warp.Size);
        int site = frames.Site(lane.Index);
        foreach (Lane member in members)
            if (frames.Site(member.Index) != site) throw Diverged();
        lane.Collective!.Run(members);
        Launch.Progress();
        foreach (Lane member in members) Enqueue(member);
    }

    Lane Take()
    {
        if (scrambled)
        {
            int pick = (head + Launch.Draw(ready)) % queue.Length;
            (queue[head], queue[pick]) = (queue[pick], queue[head]);
        }
        Lane lane = queue[head];
        head = (head + 1) % queue.Length;
        ready--;
        return lane;
    }

    void Enqueue(Lane lane) => queue[(head + ready++) % queue.Length] = lane;

    KernelFaultException Diverged()
    {
        var places = lanes.GroupBy(lane => (lane.Ended, lane.Waiting, Site: lane.Ended ? 0 : frames.Site(lane.Index)))
            .Select(place => $"{Numbers(place)} {Doing(place.First())}");
        return Faults.Fault(lanes.First(lane => !lane.Ended), $"the group's lanes have diverged: {string.Join("; ", places)}");
    }

    string Doing(Lane lane) => lane switch
    {
        { Ended: true } => "ended",
        { Waiting: WaitKind.Barrier } => $"wait at the barrier {frames.Describe(lane.Index)}",
        { Waiting: WaitKind.Warp } => $"wait at {lane.Collective!.Name} {frames.Describe(lane.Index)}",
        _ => $"are about to run {frames.Describe(lane.Index)}",
    };

    static string Numbers(IEnumerable<Lane> lanes)
    {
        int[] all = [.. lanes.Select(lane => lane.Index)];
        bool dense = all.Length > 2 && all[^1] - all[0] == all.Length - 1;
        return all.Length == 1 ? $"lane {all[0]}" : dense ? $"lanes {all[0]} to {all[^1]}" : $"lanes {string.Join(", ", all)}";
    }
}
