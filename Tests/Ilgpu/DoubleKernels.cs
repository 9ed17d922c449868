using ILGPU;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime;

namespace Einsharp.Tests.Ilgpu;

/// <summary>Sizes of the kernels below.</summary>
public readonly record struct TestSizes(int Count);

/// <summary>Arguments of the kernels below.</summary>
public struct TestArgs
{
    public ArrayView<float> In;
    public ArrayView<float> Out;
    public ArrayView<int> Flags;
    public int Rows;
}

public struct Four
{
    public float X, Y, Z, W;
}

public interface ISum
{
    static abstract float Sum(float value, ArrayView<float> scratch);
}

/// <summary>A tree: a barrier a level.</summary>
public readonly struct TreeSum : ISum
{
    public static float Sum(float value, ArrayView<float> scratch)
    {
        int lane = Group.IdxX;
        scratch[lane] = value;
        DoubleKernels.Wait();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (lane < half) scratch[lane] += scratch[lane + half];
            DoubleKernels.Wait();
        }
        float sum = scratch[0];
        DoubleKernels.Wait();
        return sum;
    }
}

public readonly struct WarpSum : ISum
{
    public static float Sum(float value, ArrayView<float> scratch)
    {
        for (int mask = 16; mask > 0; mask /= 2) value += Warp.ShuffleXor(value, mask);
        return value;
    }
}

/// <summary>Kernels that are right, and kernels that each make one mistake.</summary>
public static class DoubleKernels
{
    [IntrinsicImplementation]
    public static void Wait() => Group.Barrier();

    /// <summary>Out[i] = 2 In[i]: no barrier at all.</summary>
    public static void Twice(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        int count = sizes.Value.Count;
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) args.Out[i] = 2 * args.In[i];
    }

    /// <summary>Out[row] = the sum of a row of In, a group a row.</summary>
    public static void RowSums<TSum>(SpecializedValue<TestSizes> sizes, TestArgs args) where TSum : struct, ISum
    {
        TestSizes size = sizes;
        ArrayView<float> scratch = SharedMemory.Allocate<float>(256);
        for (int row = Grid.IdxX; row < args.Rows; row += Grid.DimX)
        {
            float sum = 0;
            for (int i = Group.IdxX; i < size.Count; i += Group.DimX) sum += args.In[row * size.Count + i];
            // A value on the evaluation stack, and a reference to a local, both held over barriers.
            sum = 1f + TSum.Sum(sum, scratch) * 1f;
            Less(ref sum, scratch);
            if (Group.IdxX == 0) args.Out[row] = sum;
        }
    }

    /// <summary>As RowSums, by Float4 loads of shared memory.</summary>
    public static void Fours(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(1024);
        for (int i = Group.IdxX; i < 4 * Group.DimX; i += Group.DimX) tile[i] = args.In[i];
        Wait();
        Four four = tile.Cast<Four>()[(Group.IdxX + 1) % Group.DimX];
        args.Out[Group.IdxX] = (four.X + four.Y) + (four.Z + four.W);
    }

    public static void NoBarrier(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        ArrayView<float> scratch = SharedMemory.Allocate<float>(256);
        scratch[Group.IdxX] = -1000;
        Wait();
        scratch[Group.IdxX] = args.In[Group.IdxX];
        args.Out[Group.IdxX] = scratch[(Group.IdxX + 1) % Group.DimX];
    }

    /// <summary>The second use of the scratch has no barrier before it.</summary>
    public static void NoBarrierAfterReading(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        ArrayView<float> scratch = SharedMemory.Allocate<float>(256);
        scratch[Group.IdxX] = args.In[Group.IdxX];
        Wait();
        float next = scratch[(Group.IdxX + 1) % Group.DimX];
        scratch[Group.IdxX] = 2 * next;
        Wait();
        args.Out[Group.IdxX] = scratch[Group.IdxX];
    }

    public static void OutOfBounds(SpecializedValue<TestSizes> sizes, TestArgs args) => args.Out[Group.IdxX + 1] = 1;

    public static void OutOfSubView(SpecializedValue<TestSizes> sizes, TestArgs args) => args.Out.SubView(4, 4)[Group.IdxX] = 1;

    public static void BadSubView(SpecializedValue<TestSizes> sizes, TestArgs args) => args.Out.SubView(4, args.Out.Length - 3)[0] = 1;

    public static void Misaligned(SpecializedValue<TestSizes> sizes, TestArgs args) => args.Out[0] = args.In.SubView(2).Cast<Four>()[0].X;

    public static void ReadsUnwrittenShared(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        ArrayView<float> scratch = SharedMemory.Allocate<float>(256);
        if (Group.IdxX > 0) scratch[Group.IdxX] = 1;
        Wait();
        args.Out[Group.IdxX] = scratch[Group.IdxX];
    }

    public static void ReadsUnwrittenBuffer(SpecializedValue<TestSizes> sizes, TestArgs args) =>
        args.In[Group.IdxX] = args.Out[Group.IdxX] + 1;

    public static void Diverges(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        if (Group.IdxX == 3) return;
        Wait();
        args.Out[Group.IdxX] = 1;
    }

    public static void TwoBarriers(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        if (Group.IdxX == 3) Wait();
        else Wait();
        args.Out[Group.IdxX] = 1;
    }

    public static void GroupsOnOneElement(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        if (Group.IdxX == 0) args.Out[0] = Grid.IdxX + 1;
    }

    public static void GroupReadsAnother(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        if (Group.IdxX != 0) return;
        if (Grid.IdxX == 1) args.Out[1] = args.In[0];
        else args.In[0] = 7;
    }

    /// <summary>Every lane adds 1.</summary>
    public static void Counts(SpecializedValue<TestSizes> sizes, TestArgs args) => Atomic.Add(ref args.Flags[0], 1);

    /// <summary>Every group sums what all groups wrote before: a grid-wide barrier of an atomic and fences.</summary>
    public static void AfterAll(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        if (Group.IdxX == 0) args.Out[Grid.IdxX] = Grid.IdxX + 1;
        Wait();
        if (Group.IdxX == 0)
        {
            MemoryFence.DeviceLevel();
            Atomic.Add(ref args.Flags[0], 1);
            while (Atomic.Add(ref args.Flags[0], 0) < Grid.DimX) { }
            MemoryFence.DeviceLevel();
        }
        Wait();
        float sum = 0;
        for (int i = 0; i < Grid.DimX; i++) sum += args.Out[i];
        if (Group.IdxX == 0) args.Out[Grid.DimX + Grid.IdxX] = sum;
    }

    /// <summary>AfterAll without its first fence.</summary>
    public static void AfterAllUnfenced(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        if (Group.IdxX == 0)
        {
            args.Out[Grid.IdxX] = Grid.IdxX + 1;
            Atomic.Add(ref args.Flags[0], 1);
            while (Atomic.Add(ref args.Flags[0], 0) < Grid.DimX) { }
            MemoryFence.DeviceLevel();
            args.Out[Grid.DimX + Grid.IdxX] = args.Out[(Grid.IdxX + 1) % Grid.DimX];
        }
    }

    public static void Spins(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        while (Atomic.Add(ref args.Flags[0], 0) >= 0) { }
    }

    public static void SpinsOnAPlainRead(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        while (args.Flags[0] >= 0) { }
    }

    public static void TooMuchShared(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        SharedMemory.Allocate<float>(12 * 1024)[Group.IdxX] = 1;
        SharedMemory.Allocate<float>(16)[Group.IdxX] = 1;
    }

    public static void Recurses(SpecializedValue<TestSizes> sizes, TestArgs args) => Again(args, 3);

    /// <summary>10 barriers, an exchange with the neighbour at each.</summary>
    public static void TenBarriers(SpecializedValue<TestSizes> sizes, TestArgs args)
    {
        ArrayView<float> scratch = SharedMemory.Allocate<float>(256);
        float value = Group.IdxX;
        for (int i = 0; i < 5; i++)
        {
            scratch[Group.IdxX] = value;
            Wait();
            value = scratch[(Group.IdxX + 1) % Group.DimX];
            Wait();
        }
        args.Out[Grid.IdxX * Group.DimX + Group.IdxX] = value;
    }

    /// <summary>Writes the order in which lanes came.</summary>
    public static void OrderOfLanes(SpecializedValue<TestSizes> sizes, TestArgs args) =>
        args.Out[Grid.IdxX * Group.DimX + Group.IdxX] = Ticket(args);

    static float Ticket(TestArgs args) => Atomic.Add(ref args.Flags[0], 1);

    static void Less(ref float value, ArrayView<float> scratch)
    {
        scratch[Group.IdxX] = 1;
        Wait();
        value -= scratch[(Group.IdxX + 1) % Group.DimX];
        Wait();
    }

    static void Again(TestArgs args, int depth)
    {
        if (depth > 0) Again(args, depth - 1);
        args.Out[Group.IdxX] = depth;
    }
}
