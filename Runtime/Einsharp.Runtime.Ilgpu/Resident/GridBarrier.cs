using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// A barrier of all groups of a launch, over one counter in global memory. Only for launches none of whose groups waits for a place on the
/// device: no more than <see cref="GpuKernel{TSizes, TArgs}.MaxResidentGroups"/>.
/// </summary>
public static class GridBarrier
{
    /// <summary>Waits until every group has come; what any lane wrote before is then seen by all.</summary>
    /// <param name="counter">One int, zero before the launch.</param>
    /// <param name="turn">How many arrivals there have been: 0 for the first barrier, then what the one before returned.</param>
    public static int Wait(ArrayView<int> counter, int turn)
    {
        turn += Grid.DimX;
        Lanes.Barrier();
        if (Group.IdxX == 0)
        {
            // The barrier of the group before and after makes one lane's fences count for all of its group.
            MemoryFence.DeviceLevel();
            int arrived = Atomic.Add(ref counter[0], 1) + 1;
            while (arrived < turn)
                arrived = Atomic.Add(ref counter[0], 0);
            MemoryFence.DeviceLevel();
        }

        Lanes.Barrier();
        return turn;
    }
}
