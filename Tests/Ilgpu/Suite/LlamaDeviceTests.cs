using Einsharp.Ilgpu;
using Einsharp.Samples;
using Einsharp.Tests.Execution;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Ilgpu;

/// <summary>The compiled Llama on each device, against the equations in float64 and against the processor.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class LlamaDeviceTests
{
    private static readonly Dictionary<string, Func<Device, IEnumerable<Tensor>>> s_runs = new(StringComparer.Ordinal)
    {
        ["f32"] = on => Conversation(Inputs.Llama(on)),
        ["bf16"] = on => Conversation(Inputs.Llama(on, format: WeightFormat.BF16)),
        ["f16, tied"] = on => Conversation(Inputs.Llama(on, format: WeightFormat.F16, tied: true)),
        ["a format of its own for each weight"] = on => Conversation(Mixed(on)),
        ["whole units, neighbours, bf16"] = on => Conversation(Inputs.Llama(
            on, v: 64, d: 32, g: 2, r: 2, k: 8, f: 48, rope: new Rope(layout: RopeLayout.Neighbours), format: WeightFormat.BF16)),
        ["a batch with lengths and starts of its own"] = Ragged,
        ["a long cache"] = Long,
        ["a block alone"] = Alone,
    };

    public static TheoryData<string, string> Runs => TestDevices.With(s_runs.Keys);

    public static TheoryData<string, string> Shapes => TestDevices.With(
    [
        "2 3 6 13 7 11 2 9", // grouped-query, odd and prime
        "1 7 14 29 31 37 1 33", // multi-query
        "5 1 2 13 7 11 2 9", // multi-head
        "1 1 2 1 1 2 1 3", // as small as it gets
        "4 2 8 64 172 32 1 20",
        "2 3 6 13 7 11 0 5", // no layer
    ]);

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_device_computes_what_the_processor_does(string device, string run)
    {
        IlgpuDevice on = TestDevices.Open(device);
        bool isRounded = run.Contains("bf16", StringComparison.Ordinal) || run.StartsWith("a format", StringComparison.Ordinal);
        DeviceRuns.Same(on, s_runs[run], DeviceRuns.Tolerance(on, isRounded ? WeightFormat.BF16 : WeightFormat.F32));
    }

    /// <param name="device">The device.</param>
    /// <param name="shape">g r k d f v layers length.</param>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_device_computes_the_equations(string device, string shape)
    {
        int[] n = [.. shape.Split(' ').Select(int.Parse)];
        Llama model = Inputs.Llama(TestDevices.Open(device), g: n[0], r: n[1], k: n[2], d: n[3], f: n[4], v: n[5], layers: n[6]);
        int[] ids = Inputs.Ids(n[7], n[5], seed: 1);
        Compare.Close(new NaiveLlama(model).Logits(ids), Inputs.Alone(model, ids), DeviceRuns.Relative);
    }

    public static TheoryData<string, string> Partial => TestDevices.With(["halves", "neighbours"]);

    [Theory]
    [MemberData(nameof(Partial))]
    public void A_rotation_of_a_part_of_a_head_is_refused(string device, string layout)
    {
        var rope = new Rope(layout: layout == "halves" ? RopeLayout.Halves : RopeLayout.Neighbours, part: 0.5);
        Llama model = Inputs.Llama(TestDevices.Open(device), k: 8, rope: rope);
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => Inputs.Alone(model, Inputs.Ids(3, 11, seed: 1)));
        Assert.StartsWith("Kernels for GPUs turn whole heads; this rotation turns 4 of 8 values", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Rotations =>
        TestDevices.With(["halves", "neighbours", "halves, scaled", "neighbours, scaled"]);

    [Theory]
    [MemberData(nameof(Rotations))]
    public void Rotations_are_those_of_the_equations(string device, string rotation)
    {
        RopeLayout layout = rotation.StartsWith("halves", StringComparison.Ordinal) ? RopeLayout.Halves : RopeLayout.Neighbours;
        RopeScaling? scaling = rotation.EndsWith("scaled", StringComparison.Ordinal) ? new Llama3RopeScaling(8, 1, 4, 64) : null;
        Llama model = Inputs.Llama(TestDevices.Open(device), k: 10, layers: 1, rope: new Rope(10_000, layout, scaling));
        int[] ids = Inputs.Ids(50, 11, seed: 2);
        Compare.Close(new NaiveLlama(model).Logits(ids), Inputs.Alone(model, ids), DeviceRuns.Relative);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void The_setting_reaches_every_norm(string device)
    {
        // An epsilon as large as the values themselves: any norm without it is far off.
        Llama model = Inputs.Llama(TestDevices.Open(device), epsilon: 0.5f);
        int[] ids = Inputs.Ids(6, 11, seed: 3);
        Compare.Close(new NaiveLlama(model).Logits(ids), Inputs.Alone(model, ids), DeviceRuns.Relative);
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Rounded_weights_are_computed_in_full_precision(string device)
    {
        // The reference reads the rounded values, so only the arithmetic is compared.
        Llama model = Mixed(TestDevices.Open(device));
        Assert.Equal(
            (WeightFormat.F32, WeightFormat.BF16, WeightFormat.F16),
            (model.Blocks[0].Query.Format, model.Blocks[0].Key.Format, model.Blocks[0].Value.Format));
        int[] ids = Inputs.Ids(12, 11, seed: 8);
        Compare.Close(new NaiveLlama(model).Logits(ids), Inputs.Alone(model, ids), DeviceRuns.Relative);
    }

    private static Llama Mixed(Device on)
    {
        Llama model = Inputs.Llama(on);
        WeightFormat[] formats = [WeightFormat.F32, WeightFormat.BF16, WeightFormat.F16];
        foreach (LlamaBlock block in model.Blocks)
        {
            Param[] matrices = [block.Query, block.Key, block.Value, block.Up, block.Gate, block.Output, block.Down];
            for (int i = 0; i < matrices.Length; i++)
                matrices[i].Initialise(9, formats[i % 3]);
        }

        model.Embedding.Initialise(9, WeightFormat.F16);
        model.Head.Initialise(9, WeightFormat.BF16);
        return model;
    }

    // A prompt in pieces, tokens, a rollback, a fresh start, and no cache; logits of some positions in any order.
    private static IEnumerable<Tensor> Conversation(Llama model)
    {
        int v = model.Sizes.v;
        int[] ids = Inputs.Ids(40, v, 4);
        using KvCache cache = model.CreateCache(1, 40);
        yield return model.Forward(Inputs.Row(ids.AsSpan(0, 20)), Inputs.Row([19, 0, 3, 3]), cache);
        yield return model.Forward(Inputs.Row(ids.AsSpan(20, 3)), Inputs.All(3), cache);
        for (int i = 23; i < 28; i++)
            yield return model.Forward(Inputs.Row(ids.AsSpan(i, 1)), Inputs.Row([0]), cache);
        yield return model.Forward(Inputs.Row(ids.AsSpan(28, 12)), new Tensor<int>(1, 0), cache);
        cache.Truncate(0, 17);
        yield return model.Forward(Inputs.Row([1, 0]), Inputs.All(2), cache);
        cache.Clear();
        yield return model.Forward(Inputs.Row(ids.AsSpan(0, 18)), Inputs.All(18), cache);
        yield return model.Forward(new Tensor<int>(1, 0), new Tensor<int>(1, 0), cache);
        yield return model.Forward(Inputs.Row(ids.AsSpan(5, 35)), Inputs.All(35), null);
    }

    private static IEnumerable<Tensor> Ragged(Device on)
    {
        Llama model = Inputs.Llama(on);
        using KvCache cache = model.CreateCache(3, 90);
        int[][] calls = [[9, 0, 23], [1, 70, 1], [1, 1, 1], [5, 0, 19], [1, 1, 1]];
        foreach (int[] counts in calls)
        {
            // An id of padding would throw if it were looked up.
            int columns = counts.Max() + (counts.Max() > 1 ? 2 : 0);
            var ids = new Tensor<int>(3, columns);
            ids.Span.Fill(-99);
            for (int b = 0; b < 3; b++)
                Inputs.Ids(counts[b], 11, 10 * b + columns).CopyTo(ids.Span[(b * columns)..]);
            var rows = new Tensor<int>(3, counts.Contains(0) ? 0 : 2);
            for (int i = 0; i < rows.Length; i++)
                rows.Span[i] = i % 2 == 0 ? counts[i / 2] - 1 : 0;
            cache.SetCounts(counts);
            yield return model.Forward(ids, rows, cache);
        }

        cache.Truncate(1, 3);
        yield return model.Forward(new Tensor<int>(3, 2), Tensor.From([1, 0, 0], 3, 1), cache);
    }

    // So many positions that a decode step deals them out to several groups of lanes.
    private static IEnumerable<Tensor> Long(Device on)
    {
        Llama model = Inputs.Llama(on, g: 1, layers: 1);
        int[] ids = Inputs.Ids(700, 11, 6);
        using KvCache cache = model.CreateCache(1, 720);
        yield return model.Forward(Inputs.Row(ids), Inputs.Row([699, 0, 63, 64, 65, 400]), cache);
        for (int i = 0; i < 3; i++)
            yield return model.Forward(Inputs.Row([i]), Inputs.Row([0]), cache);
        yield return model.Forward(Inputs.Row(ids.AsSpan(0, 5)), Inputs.All(5), cache);
    }

    private static IEnumerable<Tensor> Alone(Device on)
    {
        LlamaBlock block = Inputs.Llama(on).Blocks[1];
        return DeviceRuns.Positions(block.Forward, block.CreateCache, 13);
    }
}
