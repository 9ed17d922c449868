namespace ILGPU.Double;

/// <summary>
/// The accesses of the turn that runs, and what they mean for the turns before. A turn is what one lane does between two places where lanes
/// change over; an interval is what a group does between two barriers. Two lanes of an interval, or two groups of a launch, must not touch
/// one unit if one of them writes it, unless an atomic and fences put them in order.
/// </summary>
internal sealed class Turns(Launch launch)
{
    Touched[] touched = new Touched[256];
    int count;

    readonly record struct Touched(Cells Cells, int Unit, uint Value);

    /// <summary>The running lane touches a unit for the first time in its turn.</summary>
    public void Touch(Cells cells, int index, Lane lane)
    {
        ref Unit unit = ref cells.Units[index];
        unit.Touched = lane.Turn;
        if (unit.Write >= Floor(cells, lane) && Conflicts(lane, unit.Write)) throw Race(cells, index, lane, "touches", "wrote", unit.Write);
        if (count == touched.Length) Array.Resize(ref touched, 2 * count);
        touched[count++] = new(cells, index, cells.Value(index));
    }

    /// <summary>Ends the lane's turn: what it touched is now known to be read or written.</summary>
    public void End(Lane lane)
    {
        for (int i = 0; i < count; i++)
        {
            Cells cells = touched[i].Cells;
            int index = touched[i].Unit;
            ref Unit unit = ref cells.Units[index];
            if (cells.Value(index) != touched[i].Value) Wrote(cells, index, ref unit, lane);
            else Read(cells, index, ref unit, lane);
        }
        count = 0;
    }

    /// <summary>Drops what a failed turn left.</summary>
    public void Clear() => count = 0;

    /// <summary>
    /// Forgets the touch of the element at an address, if this turn touched it first: its units, which lie side by side in the list.
    /// </summary>
    public unsafe (Cells Cells, int Unit, int Count)? Retract(nint address)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            (Cells cells, int unit, _) = touched[i];
            if ((nint)(cells.Memory + (long)unit * cells.UnitBytes) != address) continue;
            int end = i;
            for (; end < count && touched[end].Cells == cells && touched[end].Unit == unit + (end - i); end++)
                cells.Units[touched[end].Unit].Touched = 0;
            touched.AsSpan(end, count - end).CopyTo(touched.AsSpan(i));
            count -= end - i;
            return (cells, unit, end - i);
        }
        return null;
    }

    /// <summary>An atomic operation is about to take place: its access is no longer a plain one.</summary>
    public void Retract(Cells cells, int index, Lane lane, bool reads)
    {
        if (count > 0 && touched[count - 1].Cells == cells && touched[count - 1].Unit == index)
        {
            count--;
            cells.Units[index].Touched = 0;
        }
        ref Unit unit = ref cells.Units[index];
        if (reads && unit.Write < cells.Generation) throw Unwritten(cells, index, lane);
        unit.Write = Math.Max(unit.Write, cells.Generation);
    }

    /// <summary>
    /// A copy to this unit begins (in a turn of its own, see <see cref="Launch.NewTurn"/>): nobody may have used it since the last barrier,
    /// and until the copy ends nobody has written it.
    /// </summary>
    public void Unwrite(Cells cells, int index, Lane lane)
    {
        ref Unit unit = ref cells.Units[index];
        if (unit.Write >= Floor(cells, lane) && Conflicts(lane, unit.Write)) throw Race(
            cells, index, lane, "begins a copy to", "wrote", unit.Write);
        Wrote(cells, index, ref unit, lane);
        unit.Write = 0;
        cells.Poison(index);
    }

    /// <summary>A copy to this unit ends.</summary>
    public void Write(Cells cells, int index, uint value, Lane lane)
    {
        ref Unit unit = ref cells.Units[index];
        if (unit.Write >= Floor(cells, lane) && Conflicts(lane, unit.Write)) throw Race(
            cells, index, lane, "ends a copy to", "wrote", unit.Write);
        Wrote(cells, index, ref unit, lane);
        cells.SetValue(index, value);
    }

    void Wrote(Cells cells, int index, ref Unit unit, Lane lane)
    {
        uint read = unit.Read & Unit.TurnMask;
        if (read >= Floor(cells, lane))
        {
            if (Conflicts(lane, read)) throw Race(cells, index, lane, "writes", "read", read);
            bool others = (unit.Read & Unit.LanesRead) != 0 && read >= lane.Group.IntervalStart;
            bool otherGroups = (unit.Read & Unit.GroupsRead) != 0 && !launch.UsesAtomics;
            if (others || otherGroups) throw Race(cells, index, lane, "writes", "and others read", read);
        }
        unit.Write = lane.Turn;
    }

    void Read(Cells cells, int index, ref Unit unit, Lane lane)
    {
        if (unit.Write < cells.Generation) throw Unwritten(cells, index, lane);
        uint read = unit.Read & Unit.TurnMask, flags = 0;
        if (read >= Floor(cells, lane))
        {
            (int group, int other) = launch.Owner(read);
            flags = unit.Read & Unit.GroupsRead;
            if (group != lane.Group.Number) flags = Unit.GroupsRead;
            else if (read >= lane.Group.IntervalStart) flags |= other == lane.Index ? unit.Read & Unit.LanesRead : Unit.LanesRead;
        }
        unit.Read = lane.Turn | flags;
    }

    /// <summary>
    /// Whether an access of an earlier turn of this launch is neither the lane's own nor ordered before what the lane does now.
    /// </summary>
    bool Conflicts(Lane lane, uint turn)
    {
        (int group, int other) = launch.Owner(turn);
        return group == lane.Group.Number ? turn >= lane.Group.IntervalStart && other != lane.Index : !lane.Group.Knows(group, turn);
    }

    /// <summary>
    /// Turns before this one have nothing to do with the lane's: another launch, or another group's use of the shared memory.
    /// </summary>
    uint Floor(Cells cells, Lane lane) => cells.IsShared ? lane.Group.Start + 1 : launch.Start;

    KernelFaultException Race(Cells cells, int index, Lane lane, string does, string did, uint turn)
    {
        (int group, int other) = launch.Owner(turn);
        return Faults.Fault(lane, $"race: {does} {Faults.Name(lane, cells, (long)index * cells.UnitBytes)}, which lane {other} "
            + (group == lane.Group.Number
                ? $"of the same group {did} with no barrier between"
                : $"of group {launch.Place(group)} {did} in the same launch"));
    }

    static KernelFaultException Unwritten(Cells cells, int index, Lane lane) => Faults.Fault(lane,
        $"reads {Faults.Name(lane, cells, (long)index * cells.UnitBytes)}, which nobody wrote");
}
