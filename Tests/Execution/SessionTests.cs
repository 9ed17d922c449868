using Einsharp.Generation;
using Einsharp.Samples;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Execution;

/// <summary>
/// Several callers of one model, and what a decoded token costs the managed heap. Not run beside other tests: it counts bytes.
/// </summary>
[Collection(nameof(SessionTests))]
[CollectionDefinition(nameof(SessionTests), DisableParallelization = true)]
public sealed class SessionTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(2, false)]
    public void ADecodedTokenAllocatesNothing(int threads, bool greedy)
    {
        using var device = new CpuDevice(threads);
        Llama model = Inputs.Llama(device, v: 300, d: 64, g: 2, r: 2, k: 16, f: 96);
        using KvCache cache = model.CreateCache(1, 512);
        SamplerOptions sampling = greedy
            ? SamplerOptions.Greedy
            : new SamplerOptions { Temperature = 0.9f, TopK = 40, TopP = 0.95f, MinP = 0.01f, RepetitionPenalty = 1.1f, Seed = 3 };
        var continuation = new Continuation(model, cache, Inputs.Ids(20, 300, 1), new GenerationOptions { Sampling = sampling });
        for (int i = 0; i < 64; i++)
            Assert.True(continuation.Next(out _));

        // The runtime allocates once for a method that it compiles anew, and the test host now and then beside us: not in every window, and
        // never as much as one object a token. The program's bench, which runs alone, is held to 0 (ProgramTests).
        Measure(continuation, 1);
        (long Mine, long All)[] windows = [.. Enumerable.Range(0, 5).Select(_ => Measure(continuation, 64))];
        string found = "64 tokens allocated (on the caller, on all threads): " + string.Join(" ", windows);
        Assert.True(windows.Min(window => window.Mine) == 0, found);
        Assert.True(windows.Min(window => window.All) < 64 * 24, found);
    }

    [Theory]
    [InlineData(CacheFormat.F32)]
    [InlineData(CacheFormat.BF16)]
    [InlineData(CacheFormat.Int8)]
    public void AForwardStepOfABatchAllocatesNothing(CacheFormat format)
    {
        Llama model = Inputs.Llama();
        using KvCache cache = model.CreateCache(3, 256, format);
        var ids = new Tensor<int>(3, 1);
        var rows = new Tensor<int>(3, 1);
        AllocatesNothing(() => model.Forward(ids, rows, cache));
    }

    [Fact]
    public void AStepOnceRoundTheRingAllocatesNothing()
    {
        var model = new SlidingAttention(
            new SlidingAttentionSizes { d = 7, g = 2, r = 2, k = 6 }, new SlidingAttentionSettings { Rope = new Rope() });
        model.Initialise(1);
        using KvCache cache = model.CreateCache(1, 2000, CacheFormat.BF16);
        model.Forward(Inputs.Random(1, 1, 850, 7), cache);
        Tensor x = Inputs.Random(1, 1, 1, 7);
        AllocatesNothing(() => model.Forward(x, cache));
    }

    private static void AllocatesNothing(Func<Tensor> step)
    {
        for (int i = 0; i < 40; i++)
            step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 64; i++)
            step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void EightCallersOfOneModelGetWhatEachGetsAlone(int threads)
    {
        using var device = new CpuDevice(threads);
        Llama model = Inputs.Llama(device, k: 10);
        int[][] prompts = [.. Enumerable.Range(0, 8).Select(i => Inputs.Ids(3 + 5 * i, 11, 20 + i))];
        float[][] alone = [.. prompts.Select(ids => Inputs.Alone(model, ids))];
        using var start = new Barrier(8);
        var failures = new System.Collections.Concurrent.ConcurrentBag<Exception>();
        Thread[] callers = [.. Enumerable.Range(0, 8).Select(i => new Thread(() =>
        {
            try
            {
                start.SignalAndWait();
                for (int round = 0; round < 5; round++)
                {
                    // Each has a capacity of its own, so that the table of rotations grows while others read it.
                    using KvCache cache = model.CreateCache(1, prompts[i].Length + 40 * round * i);
                    int first = prompts[i].Length / 2, rest = prompts[i].Length - first;
                    int[] pieces = [first, .. Enumerable.Repeat(1, rest)];
                    Compare.SameBits(alone[i], Inputs.InPieces(model, cache, prompts[i], pieces), $"caller {i}");
                }
            }
            catch (Exception error)
            {
                failures.Add(error);
            }
        }))];
        foreach (Thread caller in callers)
            caller.Start();
        foreach (Thread caller in callers)
            caller.Join();
        Assert.Empty(failures);
    }

    [Fact]
    public void OneCacheServesOneCallAtATime()
    {
        using var device = new CpuDevice(2);
        Llama model = Inputs.Llama(device, v: 64, d: 64, g: 2, r: 2, k: 16, f: 128);
        int[] ids = Inputs.Ids(3000, 64, 1);
        using KvCache cache = model.CreateCache(1, 6001);
        bool refused = false;
        for (int attempt = 0; attempt < 5 && !refused; attempt++)
        {
            cache.Clear();
            Exception? slow = null;
            var caller = new Thread(() => slow = Record.Exception(() => model.Forward(Inputs.Row(ids), new Tensor<int>(1, 0), cache)));
            caller.Start();
            while (!refused && caller.IsAlive)
            {
                // Once the slow call is under way this one is refused; before that it is an ordinary call.
                if (Record.Exception(() => model.Forward(new Tensor<int>(1, 0), new Tensor<int>(1, 0), cache)) is { } error)
                {
                    Assert.IsType<InvalidOperationException>(error);
                    Assert.Contains("in use by another call", error.Message, StringComparison.Ordinal);
                    refused = true;
                }
            }

            caller.Join();
            if (slow is not null)
            {
                // It met one of the quick ones. Then it was refused whole.
                Assert.IsType<InvalidOperationException>(slow);
                Assert.Equal([0], cache.Lengths.ToArray());
                refused = true;
            }
            else
            {
                Assert.Equal([3000], cache.Lengths.ToArray());
            }
        }

        Assert.True(refused, "no two calls ever met");
    }

    private static (long Mine, long All) Measure(Continuation continuation, int tokens)
    {
        long all = GC.GetTotalAllocatedBytes(precise: true), mine = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < tokens; i++)
            continuation.Next(out _);
        mine = GC.GetAllocatedBytesForCurrentThread() - mine;
        return (mine, GC.GetTotalAllocatedBytes(precise: true) - all);
    }
}
