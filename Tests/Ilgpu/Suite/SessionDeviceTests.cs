using System.Collections.Concurrent;
using Einsharp.Generation;
using Einsharp.Ilgpu;
using Einsharp.Samples;
using Einsharp.Tests.Execution;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Ilgpu;

/// <summary>Models, caches and callers on a device: what is whose, and that nothing old is ever answered.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class SessionDeviceTests
{
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Weights_that_change_are_never_answered_by_the_old(string name)
    {
        Llama model = Inputs.Llama(TestDevices.Open(name), layers: 1, tied: true);
        int[] ids = Inputs.Ids(5, 11, 1);
        void Holds() => Compare.Close(new NaiveLlama(model).Logits(ids), Inputs.Alone(model, ids), DeviceRuns.Relative);
        Holds();
        model.Blocks[0].Query.Set(Inputs.Values(model.Blocks[0].Query.Count, 2));
        Holds();
        model.Blocks[0].AttentionNorm.Set(Inputs.Values(13, 3, 0.5f, 1.5f));
        Holds();
        model.Blocks[0].Up.Initialise(4, WeightFormat.BF16); // other kernels
        Holds();
        model.Embedding.Set(Inputs.Values(11 * 13, 5)); // the head too, as it is tied
        Holds();
        model.Head.Initialise(6); // and now it is not
        Holds();
        model.Embedding.Set(Inputs.Values(11 * 13, 7));
        Holds();
        model.Head.ShareWith(model.Embedding);
        Holds();
        model.Initialise(8, WeightFormat.F16, false);
        Holds();
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void A_cache_of_another_model_or_device_is_refused(string name)
    {
        IlgpuDevice device = TestDevices.Open(name);
        Llama model = Inputs.Llama(device, layers: 1), beside = Inputs.Llama(device, layers: 1), onCpu = Inputs.Llama(layers: 1);
        using KvCache other = beside.CreateCache(1, 8), host = onCpu.CreateCache(1, 8), own = model.CreateCache(1, 8);
        foreach (KvCache foreign in (KvCache[])[other, host])
        {
            var error = Assert.Throws<ArgumentException>(
                "cache", () => model.Forward(new Tensor<int>(1, 1), new Tensor<int>(1, 1), foreign));
            Assert.Contains("not made by this model's CreateCache", error.Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>("cache", () => onCpu.Forward(new Tensor<int>(1, 1), new Tensor<int>(1, 1), own));
        Compare.Close(new NaiveLlama(model).Logits([4]), model.Forward(Inputs.Row([4]), Inputs.Row([0]), own).Span, DeviceRuns.Relative);
        KvCache gone = model.CreateCache(1, 8);
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Forward(new Tensor<int>(1, 1), new Tensor<int>(1, 1), gone));
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void A_cache_in_another_format_than_f32_is_refused(string name)
    {
        IlgpuDevice device = TestDevices.Open(name);
        Llama model = Inputs.Llama(device, layers: 1);
        foreach (CacheFormat format in (CacheFormat[])[CacheFormat.BF16, CacheFormat.Int8])
        {
            NotSupportedException error = Assert.Throws<NotSupportedException>(() => model.CreateCache(1, 8, format));
            Assert.Equal($"{device} keeps a cache in F32 only; {format} was asked for", error.Message);
        }

        using KvCache cache = model.CreateCache(1, 8, CacheFormat.F32);
        Assert.Equal(CacheFormat.F32, cache.Format);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Refused_calls_change_nothing(string name)
    {
        Llama model = Inputs.Llama(TestDevices.Open(name), layers: 1);
        int[] ids = Inputs.Ids(6, 11, 7);
        double[] expected = new NaiveLlama(model).Logits(ids);
        using KvCache cache = model.CreateCache(1, 6);
        Inputs.InPieces(model, cache, ids.AsSpan(0, 3), 3);
        Assert.Throws<ArgumentOutOfRangeException>("ids", () => model.Forward(Inputs.Row([ids[3], 11]), Inputs.All(2), cache));
        Assert.Throws<ArgumentOutOfRangeException>("rows", () => model.Forward(Inputs.Row([ids[3]]), Inputs.Row([1]), cache));
        Assert.Throws<CacheFullException>(() => model.Forward(Inputs.Row([1, 2, 3, 4]), Inputs.All(4), cache));
        Assert.Equal([3], cache.Lengths.ToArray());
        Compare.Close(expected.AsSpan(33), Inputs.InPieces(model, cache, ids.AsSpan(3), 3), DeviceRuns.Relative);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void A_result_stays_until_the_next_call_and_outlives_its_cache(string name)
    {
        Llama model = Inputs.Llama(TestDevices.Open(name), layers: 1);
        double[] expected = new NaiveLlama(model).Logits([4, 7]);
        KvCache cache = model.CreateCache(1, 6);
        model.Forward(Inputs.Row([4]), Inputs.Row([0]), cache);
        Tensor last = model.Forward(Inputs.Row([7]), Inputs.Row([0]), cache);
        cache.Dispose();
        Compare.Close(expected.AsSpan(11), last.Span, DeviceRuns.Relative);

        // One of another shape is a tensor of its own; the one before keeps its values though nobody had looked at them.
        using KvCache again = model.CreateCache(1, 6);
        Tensor first = model.Forward(Inputs.Row([4]), Inputs.Row([0]), again);
        model.Forward(Inputs.Row([7, 1]), Inputs.All(2), again);
        Compare.Close(expected.AsSpan(0, 11), first.Span, DeviceRuns.Relative);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Callers_of_one_model_at_a_time_each_get_their_own(string name)
    {
        IlgpuDevice device = TestDevices.Open(name);
        Llama model = Inputs.Llama(device, layers: 1);
        int[][] prompts = [.. Enumerable.Range(0, 3).Select(i => Inputs.Ids(4 + 5 * i, 11, 20 + i))];
        double[][] alone = [.. prompts.Select(ids => new NaiveLlama(model).Logits(ids))];
        var failures = new ConcurrentBag<Exception>();
        using var start = new Barrier(3);
        Thread[] callers = [.. Enumerable.Range(0, 3).Select(i => new Thread(() =>
        {
            try
            {
                start.SignalAndWait();
                for (int round = 0; round < (device.IsSlow ? 2 : 4); round++)
                {
                    using KvCache cache = model.CreateCache(1, prompts[i].Length + 40 * round * i);
                    int[] pieces = [prompts[i].Length - 3, 1, 1, 1];
                    Compare.Close(alone[i], Inputs.InPieces(model, cache, prompts[i], pieces), DeviceRuns.Relative);
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

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Two_devices_at_a_time_each_have_their_own(string name)
    {
        using IlgpuDevice first = TestDevices.OpenNew(name), second = TestDevices.OpenNew(name);
        Llama one = Inputs.Llama(first, layers: 1), other = Inputs.Llama(second, layers: 1, seed: 6);
        Assert.Throws<ArgumentException>("cache", () => one.Forward(Inputs.Row([4]), Inputs.Row([0]), other.CreateCache(1, 2)));
        foreach (Llama model in (Llama[])[one, other, one])
            Compare.Close(new NaiveLlama(model).Logits([4, 5]), Inputs.Alone(model, [4, 5]), DeviceRuns.Relative);
        Assert.True(first.UsedBytes > 0 && second.UsedBytes > 0);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void A_device_that_was_disposed_of_says_so(string name)
    {
        IlgpuDevice device = TestDevices.OpenNew(name);
        Llama model = Inputs.Llama(device, layers: 1);
        KvCache cache = model.CreateCache(1, 8);
        model.Forward(Inputs.Row([4]), Inputs.Row([0]), cache);
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Forward(Inputs.Row([4]), Inputs.Row([0]), cache));
        cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.CreateCache(1, 8).Session);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void A_model_without_values_says_what_to_call_and_then_runs(string name)
    {
        var sizes = new LlamaSizes { v = 11, d = 13, g = 1, r = 1, k = 2, f = 3, layers = 1 };
        var model = new Llama(sizes, new LlamaSettings { RmsNormEps = 1e-5f, Rope = new Rope() }, TestDevices.Open(name));
        using KvCache cache = model.CreateCache(1, 4);
        var error = Assert.ThrowsAny<InvalidOperationException>(
            () => model.Forward(new Tensor<int>(1, 2), new Tensor<int>(1, 1), cache));
        Assert.Contains("call Initialise or Load first", error.Message, StringComparison.Ordinal);
        Assert.Equal([0], cache.Lengths.ToArray());
        model.Initialise(1);
        double[] expected = new NaiveLlama(model).Logits([0, 0]);
        Tensor found = model.Forward(new Tensor<int>(1, 2), new Tensor<int>(1, 1), cache);
        Compare.Close(expected.AsSpan(0, 11), found.Span, DeviceRuns.Relative);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Loading_tells_how_far_it_is(string name)
    {
        using IlgpuDevice device = TestDevices.OpenNew(name);
        var seen = new List<GpuProgress>();
        device.Progress = new Told(seen.Add);
        Inputs.Alone(Inputs.Llama(device), [1, 2]);
        Assert.Equal(["kernels", "weights"], seen.Select(step => step.Stage).Distinct());
        foreach (IGrouping<string, GpuProgress> stage in seen.GroupBy(step => step.Stage))
            Assert.Equal(Enumerable.Range(1, stage.Last().Total), stage.Select(step => step.Done));
        Assert.Equal(3 + 2 * 9, seen[^1].Total);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void A_decoded_token_allocates_next_to_nothing(string name)
    {
        IlgpuDevice device = TestDevices.Open(name);
        Llama model = Inputs.Llama(device, layers: 1);
        using KvCache cache = model.CreateCache(1, 400);
        var options = new GenerationOptions { Sampling = SamplerOptions.Greedy };
        var continuation = new Continuation(model, cache, Inputs.Ids(5, 11, 1), options);
        for (int i = 0; i < 20; i++)
            continuation.Next(out _);
        int tokens = device.IsSlow ? 8 : 32;
        long least = long.MaxValue;
        for (int window = 0; window < 3; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < tokens; i++)
                continuation.Next(out _);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(least / tokens <= TestDevices.BytesOfToken(device), $"{least / tokens} bytes a token");
    }

    private sealed class Told(Action<GpuProgress> act) : IProgress<GpuProgress>
    {
        public void Report(GpuProgress value) => act(value);
    }
}
