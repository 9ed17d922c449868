using ILGPU.Double;

namespace ILGPU;

/// <summary>The lane's place in its group. Groups are one-dimensional here.</summary>
public static class Group
{
    /// <summary>The lane's number in its group, from 0.</summary>
    public static int IdxX => Lane.Running.Index;

    /// <summary>The lanes of a group.</summary>
    public static int DimX => Lane.Running.Group.Lanes;

    /// <summary>Waits for every lane of the group: what they did before it is seen by all after it.</summary>
    [SuspensionPoint(nameof(BeginBarrier))]
    public static void Barrier() => throw Faults.OutsideKernel("Group.Barrier");

    internal static bool BeginBarrier() => Lane.Running.Wait(WaitKind.Barrier);
}

/// <summary>The group's place in the grid.</summary>
public static class Grid
{
    /// <summary>The group's column, from 0.</summary>
    public static int IdxX => Lane.Running.Group.X;

    /// <summary>The group's row, from 0.</summary>
    public static int IdxY => Lane.Running.Group.Y;

    /// <summary>The groups in a row.</summary>
    public static int DimX => Lane.Running.Group.Launch.GroupsX;

    /// <summary>The rows of groups.</summary>
    public static int DimY => Lane.Running.Group.Launch.GroupsY;
}

/// <summary>
/// The 32 lanes that a CUDA device runs together. A shuffle is taken by all 32 at once; none of them orders memory. Errors on a device that
/// does not pose as CUDA.
/// </summary>
public static class Warp
{
    internal const int Size = 32;

    /// <summary>The lanes of a warp.</summary>
    public static int WarpSize => Lane.Running.Group.Launch.WarpSize;

    /// <summary>The lane's number in its warp.</summary>
    public static int LaneIdx => Lane.Running.Index % WarpSize;

    /// <summary>The warp's number in its group.</summary>
    public static int WarpIdx => Lane.Running.Index / WarpSize;

    /// <summary>The value of another lane of the warp.</summary>
    [SuspensionPoint(nameof(BeginShuffle), nameof(EndShuffle))]
    public static T Shuffle<T>(T variable, int sourceLane) where T : unmanaged => throw Faults.OutsideKernel("Warp.Shuffle");

    /// <summary>The value of the lane <paramref name="delta"/> further on; the lane's own value where there is none.</summary>
    [SuspensionPoint(nameof(BeginShuffleDown), nameof(EndShuffle))]
    public static T ShuffleDown<T>(T variable, int delta) where T : unmanaged => throw Faults.OutsideKernel("Warp.ShuffleDown");

    /// <summary>The value of the lane whose number differs in the bits of <paramref name="mask"/>.</summary>
    [SuspensionPoint(nameof(BeginShuffleXor), nameof(EndShuffle))]
    public static T ShuffleXor<T>(T variable, int mask) where T : unmanaged => throw Faults.OutsideKernel("Warp.ShuffleXor");

    internal static bool BeginShuffle<T>(T variable, int sourceLane) where T : unmanaged => Begin(variable, sourceLane, "Warp.Shuffle");

    internal static bool BeginShuffleDown<T>(T variable, int delta) where T : unmanaged
    {
        int source = Lane.Running.Index % Size + delta;
        return Begin(variable, source < Size ? source : Lane.Running.Index % Size, "Warp.ShuffleDown");
    }

    internal static bool BeginShuffleXor<T>(T variable, int mask) where T : unmanaged =>
        Begin(variable, Lane.Running.Index % Size ^ mask, "Warp.ShuffleXor");

    static unsafe bool Begin<T>(T variable, int source, string name) where T : unmanaged
    {
        if (source is < 0 or >= Size) throw Faults.Fault($"{name} from lane {source} of a warp of {Size}");
        if (sizeof(T) > 4) throw new NotSupportedException($"{name}: the double shuffles values of 4 bytes, not {typeof(T).Name}");
        uint bits = 0;
        *(T*)&bits = variable;
        return Lane.Running.Join(new ShuffleCollective(name), [bits, (uint)source]);
    }

    internal static unsafe T EndShuffle<T>() where T : unmanaged
    {
        uint bits = Lane.Running.Operands[0];
        return *(T*)&bits;
    }
}
