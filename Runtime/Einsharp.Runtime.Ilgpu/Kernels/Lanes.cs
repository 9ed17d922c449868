using ILGPU;
using ILGPU.IR.Intrinsics;

namespace Einsharp.Ilgpu;

/// <summary>The lanes of a group.</summary>
public static class Lanes
{
    /// <summary>The most lanes of a group: what shared scratch memory is made for.</summary>
    public const int Max = 256;

    /// <summary>
    /// Waits until every lane of the group is here and sees what the others wrote to shared and global memory. Only in control flow that is
    /// the same for all lanes.
    /// </summary>
    /// <remarks>
    /// ILGPU's own <see cref="Group.Barrier"/> orders global memory only on OpenCL; a device's backend replaces this body.
    /// </remarks>
    [IntrinsicImplementation]
    public static void Barrier() => Group.Barrier();

    /// <summary>What the barrier is on backends whose own one is complete.</summary>
    public static void PlainBarrier() => Group.Barrier();
}

/// <summary>
/// How the lanes of a group add up: in teams of neighbouring lanes. Every call must be made by all lanes of the group, and every lane gets
/// its team's result. The order of the operations depends on nothing but the size of the team, so that the same numbers give the same sum.
/// </summary>
public interface ILanes
{
    /// <summary>The lanes of a team.</summary>
    /// <param name="lanes">The lanes of the group: a power of two, at least 4.</param>
    static abstract int Team(int lanes);

    /// <summary>The sum over the team.</summary>
    /// <param name="value">This lane's part.</param>
    /// <param name="scratch">A float a lane of the group, in shared memory; free again when the call returns.</param>
    static abstract float Sum(float value, ArrayView<float> scratch);

    /// <summary>The greatest over the team.</summary>
    /// <param name="value">This lane's part.</param>
    /// <param name="scratch">A float a lane of the group, in shared memory; free again when the call returns.</param>
    static abstract float Max(float value, ArrayView<float> scratch);
}

/// <summary>
/// Teams of 16 lanes (or the whole of a smaller group) through shared memory, on every device. Each lane reads all of its team's values:
/// two barriers, where a tree would need five.
/// </summary>
public readonly struct PortableLanes : ILanes
{
    private const int Size = 16;

    /// <inheritdoc/>
    public static int Team(int lanes) => lanes < Size ? lanes : Size;

    /// <inheritdoc/>
    public static float Sum(float value, ArrayView<float> scratch)
    {
        int lane = Group.IdxX, team = Team(Group.DimX), first = lane / team * team;
        scratch[lane] = value;
        Lanes.Barrier();
        float sum = 0;
        for (int i = first; i < first + team; i += 4)
            sum += (scratch[i] + scratch[i + 1]) + (scratch[i + 2] + scratch[i + 3]);
        Lanes.Barrier();
        return sum;
    }

    /// <inheritdoc/>
    public static float Max(float value, ArrayView<float> scratch)
    {
        int lane = Group.IdxX, team = Team(Group.DimX), first = lane / team * team;
        scratch[lane] = value;
        Lanes.Barrier();
        float max = scratch[first];
        for (int i = first; i < first + team; i += 4)
        {
            float low = MathF.Max(scratch[i], scratch[i + 1]), high = MathF.Max(scratch[i + 2], scratch[i + 3]);
            max = MathF.Max(max, MathF.Max(low, high));
        }
        Lanes.Barrier();
        return max;
    }
}

/// <summary>Teams of 32 lanes by shuffles, without barriers or memory: CUDA only, in groups of whole warps.</summary>
public readonly struct WarpLanes : ILanes
{
    /// <inheritdoc/>
    public static int Team(int lanes) => 32;

    /// <inheritdoc/>
    public static float Sum(float value, ArrayView<float> scratch)
    {
        value += Warp.ShuffleXor(value, 16);
        value += Warp.ShuffleXor(value, 8);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        return value + Warp.ShuffleXor(value, 1);
    }

    /// <inheritdoc/>
    public static float Max(float value, ArrayView<float> scratch)
    {
        value = MathF.Max(value, Warp.ShuffleXor(value, 16));
        value = MathF.Max(value, Warp.ShuffleXor(value, 8));
        value = MathF.Max(value, Warp.ShuffleXor(value, 4));
        value = MathF.Max(value, Warp.ShuffleXor(value, 2));
        return MathF.Max(value, Warp.ShuffleXor(value, 1));
    }
}

/// <summary>
/// Sums and maxima over a whole group, on every device. Every call must be made by all lanes of the group, and every lane gets the result.
/// </summary>
public static class GroupReduce
{
    /// <summary>The sum over the group.</summary>
    /// <param name="value">This lane's part.</param>
    /// <param name="scratch">A float a lane of the group, in shared memory; free again when the call returns.</param>
    public static float Sum(float value, ArrayView<float> scratch)
    {
        float sum = PortableLanes.Sum(value, scratch);
        int team = PortableLanes.Team(Group.DimX);
        if (team == Group.DimX)
            return sum;

        int lane = Group.IdxX;
        if (lane % team == 0)
            scratch[lane / team] = sum;
        Lanes.Barrier();
        sum = 0;
        for (int i = 0; i < Group.DimX / team; i++)
            sum += scratch[i];
        Lanes.Barrier();
        return sum;
    }

    /// <summary>The greatest over the group.</summary>
    /// <param name="value">This lane's part.</param>
    /// <param name="scratch">A float a lane of the group, in shared memory; free again when the call returns.</param>
    public static float Max(float value, ArrayView<float> scratch)
    {
        float max = PortableLanes.Max(value, scratch);
        int team = PortableLanes.Team(Group.DimX);
        if (team == Group.DimX)
            return max;

        int lane = Group.IdxX;
        if (lane % team == 0)
            scratch[lane / team] = max;
        Lanes.Barrier();
        max = scratch[0];
        for (int i = 1; i < Group.DimX / team; i++)
            max = MathF.Max(max, scratch[i]);
        Lanes.Barrier();
        return max;
    }
}
