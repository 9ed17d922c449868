using ILGPU;
using ILGPU.Double;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Einsharp.Tests.Ilgpu;

/// <summary>The double itself: right kernels pass under every order of lanes, and each mistake that it looks for is found.</summary>
public class DoubleTests
{
    const int Groups = 6, Lanes = 16, Count = 200;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Right_kernels_give_right_results_in_every_order(ulong seed)
    {
        using var bench = new Bench(seed);
        float[] values = bench.Values(Groups * Count);
        Assert.Equal(values.Select(v => 2 * v), bench.Run(nameof(DoubleKernels.Twice), values.Length, values.Length, count: values.Length));
        float[] sums = bench.Run(nameof(DoubleKernels.RowSums), values.Length, Groups, typeof(TreeSum));
        Assert.Equal(Enumerable.Range(0, Groups).Select(row => values.AsSpan(row * Count, Count).ToArray().Sum()), sums);
        float[] passed = bench.Run(nameof(DoubleKernels.TenBarriers), Lanes, Groups * Lanes);
        Assert.Equal(Enumerable.Range(0, Groups * Lanes).Select(i => (float)((i + 5) % Lanes)), passed);
        float[] fours = bench.Run(nameof(DoubleKernels.Fours), 4 * Lanes, Lanes, groups: 1);
        Assert.Equal(Enumerable.Range(1, Lanes).Select(lane => values.AsSpan(lane % Lanes * 4, 4).ToArray().Sum()), fours);
    }

    [Theory]
    [InlineData(nameof(DoubleKernels.NoBarrier), "group (0, 0), lane ", "race: ", "shared Single[256]", "of the same group")]
    [InlineData(nameof(DoubleKernels.NoBarrierAfterReading), "race: ", "shared Single[256]", "of the same group")]
    [InlineData(nameof(DoubleKernels.OutOfBounds), "lane 15: element 16 of the view args.Out", "its length is 16")]
    [InlineData(nameof(DoubleKernels.OutOfSubView), " of the view args.Out of Single was accessed", "its length is 4")]
    [InlineData(nameof(DoubleKernels.BadSubView), "a sub-view of 13 elements from 4 of the view args.Out", "its length is 16")]
    [InlineData(nameof(DoubleKernels.Misaligned), "starts at byte 8 of its buffer", "Four", "a multiple of 16 bytes")]
    [InlineData(nameof(DoubleKernels.ReadsUnwrittenShared), "lane 0: reads shared Single[256] (allocation 0)[0], which nobody wrote")]
    [InlineData(nameof(DoubleKernels.ReadsUnwrittenBuffer), "reads args.Out[", "which nobody wrote")]
    [InlineData(nameof(DoubleKernels.Diverges), "diverged", "lane 3 ended", "wait at the barrier Group.Barrier")]
    [InlineData(nameof(DoubleKernels.TwoBarriers), "diverged", "lane 3 wait at the barrier")]
    [InlineData(nameof(DoubleKernels.Spins), "spins: no lane reached a barrier or its end")]
    [InlineData(nameof(DoubleKernels.SpinsOnAPlainRead), "spins: it made too many accesses")]
    [InlineData(nameof(DoubleKernels.TooMuchShared), "49216 bytes of shared memory")]
    public void A_mistake_in_a_group_is_found_whatever_the_order(string kernel, params string[] says)
    {
        for (ulong seed = 0; seed < 4; seed++)
        {
            using var bench = new Bench(seed);
            var fault = Assert.Throws<KernelFaultException>(() => bench.Run(kernel, Lanes, Lanes, groups: 1));
            Assert.All(says, words => Assert.Contains(words, fault.Message, StringComparison.Ordinal));
            Assert.Contains(kernel, fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(nameof(DoubleKernels.GroupsOnOneElement), "race: touches args.Out[0], which lane 0 of group (")]
    [InlineData(nameof(DoubleKernels.GroupReadsAnother), "args.In[0], which lane 0 of group (")]
    public void Groups_of_one_launch_must_not_meet(string kernel, string says)
    {
        for (ulong seed = 0; seed < 4; seed++)
        {
            using var bench = new Bench(seed);
            Assert.Contains(says, Assert.Throws<KernelFaultException>(() => bench.Run(kernel, Lanes, Lanes, groups: 2)).Message,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public void Atomics_are_no_race_and_groups_may_wait_for_each_other(ulong seed)
    {
        using var bench = new Bench(seed);
        bench.Run(nameof(DoubleKernels.Counts), Lanes, Lanes, groups: 9, readBack: false);
        Assert.Equal(9 * Lanes, bench.Flag);
        // As many groups as are resident: 2 multiprocessors of 2.
        float[] sums = bench.Run(nameof(DoubleKernels.AfterAll), Lanes, 8, groups: 4);
        Assert.Equal([1, 2, 3, 4, 10, 10, 10, 10], sums);
    }

    [Fact]
    public void A_grid_barrier_of_more_groups_than_are_resident_hangs()
    {
        using var bench = new Bench(1);
        Assert.Contains("spins", Assert.Throws<KernelFaultException>(() => bench.Run(nameof(DoubleKernels.AfterAll), Lanes, 10, groups: 5))
            .Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_grid_barrier_needs_its_fences()
    {
        using var bench = new Bench(1);
        Assert.Contains("race",
            Assert.Throws<KernelFaultException>(() => bench.Run(nameof(DoubleKernels.AfterAllUnfenced), Lanes, 8, groups: 4)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_seed_gives_one_order_and_seeds_differ()
    {
        float[][] orders = [.. new ulong[] { 1, 1, 2, 3 }.Select(seed =>
        {
            using var bench = new Bench(seed);
            return bench.Run(nameof(DoubleKernels.OrderOfLanes), Lanes, 4 * Lanes, groups: 4);
        })];
        Assert.Equal(orders[0], orders[1]);
        Assert.NotEqual(orders[0], orders[2]);
        Assert.NotEqual(orders[2], orders[3]);
        Assert.All(orders, order => Assert.Equal(Enumerable.Range(0, 4 * Lanes).Select(i => (float)i), order.Order()));
    }

    [Fact]
    public void Shuffles_need_whole_warps_of_a_CUDA_device()
    {
        using (var cuda = new Bench(3, DoubleDevice.Cuda))
        {
            float[] values = cuda.Values(Groups * Count);
            float[] sums = cuda.Run(nameof(DoubleKernels.RowSums), values.Length, Groups, typeof(WarpSum), lanes: 32);
            Assert.Equal(Enumerable.Range(0, Groups).Select(row => values.AsSpan(row * Count, Count).ToArray().Sum()), sums);
            var part = Assert.Throws<KernelFaultException>(
                () => cuda.Run(nameof(DoubleKernels.RowSums), values.Length, Groups, typeof(WarpSum), lanes: 16));
            Assert.Contains("which is not whole warps", part.Message, StringComparison.Ordinal);
        }
        using var other = new Bench(3);
        var none = Assert.Throws<KernelFaultException>(
            () => other.Run(nameof(DoubleKernels.RowSums), Groups * Count, Groups, typeof(WarpSum)));
        Assert.Contains("no warps of 32", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recursion_is_refused()
    {
        using var bench = new Bench(0);
        Assert.Contains("calls itself", Assert.Throws<NotSupportedException>(() => bench.Run(nameof(DoubleKernels.Recurses), Lanes, Lanes))
            .Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Work_waits_in_its_stream()
    {
        using var bench = new Bench(0);
        using AcceleratorStream stream = bench.Accelerator.CreateStream();
        using var buffer = bench.Accelerator.Allocate1D<float>(4);
        ArrayView<float> view = buffer.View;
        view.MemSetToZero(stream);
        Assert.Throws<KernelFaultException>(() => view.GetAsArray(bench.Accelerator.DefaultStream));
        stream.Synchronize();
        Assert.Equal(new float[4], view.GetAsArray(bench.Accelerator.DefaultStream));
    }

    [Fact]
    public void The_host_may_copy_device_memory_but_not_touch_it()
    {
        using var bench = new Bench(0);
        using var buffer = bench.Accelerator.Allocate1D<float>(4);
        ArrayView<float> view = buffer.View;
        Assert.Contains("device memory", Assert.Throws<InvalidOperationException>(() => view[0]).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(Group.Barrier);
    }

    [Fact]
    public void Memory_runs_out()
    {
        using var bench = new Bench(0, DoubleDevice.OpenCL with { MemoryBytes = 1 << 20 });
        using var half = bench.Accelerator.Allocate1D<float>(1 << 17);
        Assert.Contains("out of memory", Assert.Throws<CLException>(() => bench.Accelerator.Allocate1D<float>((1 << 17) + 1)).Message,
            StringComparison.Ordinal);
        half.Dispose();
        using var now = bench.Accelerator.Allocate1D<float>((1 << 17) + 1);
    }

    [Fact]
    public void A_device_can_be_lost()
    {
        using var bench = new Bench(0, DoubleDevice.Cuda);
        bench.Run(nameof(DoubleKernels.Twice), Lanes, Lanes, count: Lanes);
        bench.Options.LoseDevice = true;
        Assert.Throws<CudaException>(() => bench.Run(nameof(DoubleKernels.Twice), Lanes, Lanes, count: Lanes));
        bench.Options.LoseDevice = false;
        Assert.Throws<CudaException>(() => bench.Accelerator.Allocate1D<float>(1));
    }

    /// <summary>An accelerator with buffers for <see cref="TestArgs"/>.</summary>
    sealed class Bench : IDisposable
    {
        readonly Context context;
        readonly IDisposable scope;
        readonly MemoryBuffer1D<int, Stride1D.Dense> flags;

        public Bench(ulong seed, DoubleDevice? device = null)
        {
            Options = new() { Seed = seed, Devices = [device ?? DoubleDevice.OpenCL], AccessLimit = 100_000 };
            scope = DoubleOptions.Use(Options);
            context = Context.Create(builder => builder.Cuda().OpenCL(_ => true));
            Accelerator = context.Devices.Single().CreateAccelerator(context);
            flags = Accelerator.Allocate1D<int>(1);
            ((ArrayView<int>)flags.View).CopyFromCPU([0]);
        }

        public DoubleOptions Options { get; }

        public Accelerator Accelerator { get; }

        public int Flag => ((ArrayView<int>)flags.View).GetAsArray(Accelerator.DefaultStream)[0];

        public float[] Values(int length) => [.. Enumerable.Range(0, length).Select(i => (float)(i * 7 % 31 - 12))];

        public float[] Run(
            string kernel, int inLength, int outLength, Type? sum = null, int groups = Groups, int lanes = Lanes, int count = Count,
                bool readBack = true)
        {
            using var input = Accelerator.Allocate1D<float>(inLength);
            using var output = Accelerator.Allocate1D<float>(outLength);
            ArrayView<float> result = output.View;
            ((ArrayView<float>)input.View).CopyFromCPU(Values(inLength));
            ((ArrayView<int>)flags.View).CopyFromCPU([0]);
            var method = typeof(DoubleKernels).GetMethod(kernel)!;
            if (sum is not null) method = method.MakeGenericMethod(sum);
            var launch = Accelerator.LoadKernel<Action<AcceleratorStream, KernelConfig, SpecializedValue<TestSizes>, TestArgs>>(method);
            var args = new TestArgs { In = input.View, Out = result, Flags = flags.View, Rows = groups };
            launch(Accelerator.DefaultStream, (groups, lanes), new(new TestSizes(count)), args);
            Accelerator.Synchronize();
            return readBack ? result.GetAsArray(Accelerator.DefaultStream) : [];
        }

        public void Dispose()
        {
            context.Dispose();
            scope.Dispose();
        }
    }
}
