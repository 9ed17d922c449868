using Einsharp.Ilgpu;
using Einsharp.Tests.Execution;

namespace Einsharp.Tests.Ilgpu;

/// <summary>What goes along axes of the call, or moves them, on each device, against the processor, which those models' tests hold to plain loops.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class AxisDeviceTests
{
    private static readonly (int B, int S)[] s_shapes = [(2, 7), (3, 1), (1, 40), (0, 3), (2, 0)];

    private static readonly Dictionary<string, Func<Device, IEnumerable<Tensor>>> s_models = new(StringComparer.Ordinal)
    {
        ["softmaxes and norms along axes of the call"] = on => Each(
            new AlongCalls(new AlongCallsSizes { d = 5, e = 19 }, new AlongCallsSettings { Eps = 0.02f }, on), m => m.Parameters,
            (m, b, s) => m.Forward(Inputs.Random(1, b, s, 5), Inputs.Random(2, b, s, 19))),
        // Of no position the largest are −∞, which no tolerance compares.
        ["reductions over any axes"] = on => Each(
            new Reductions(new ReductionsSizes { d = 40, h = 3, k = 7 }, on), m => m.Parameters,
            (m, b, s) => m.Forward(Inputs.Random(3, b, s, 40), Inputs.Random(4, 7, s, 3), Inputs.Random(5, 3, 7), Inputs.Random(6, 40))).Take(4),
        ["a call alone"] = on => Each(
            new Pooling(new PoolingSizes(), on), m => [], (m, b, s) => m.Forward(Inputs.Random(7, b, 3, 5, s))),
        ["batch norm of rows"] = BatchNormOfRows,
        ["batch norm of features anywhere"] = BatchNormAnywhere,
        ["layers that look at all of an image"] = on => new[] { (1, 2), (2, 4) }.Select(shape => Drawn(
            new ExcitationStack(
                new ExcitationStackSizes { r = 2, c = 5, o = 3, depth = 3 }, new ExcitationStackSettings { Eps = 0.05f, Momentum = 0.25f }, on),
            m => m.Parameters).Forward(Inputs.Random(12, shape.Item1, 5, 3, shape.Item2))),
        ["learned positions"] = LearnedPositions,
        ["reductions and softmaxes over ragged positions"] = RaggedPooling,
        ["runs of ragged positions"] = on =>
        {
            var m = new RaggedRuns(new RaggedRunsSizes { d = 6, h = 3, k = 4 }, new RaggedRunsSettings { Eps = 0.02f }, on);
            Drawn(m, m => m.Parameters);
            return DeviceRuns.Positions(m.Forward, m.CreateCache, 6);
        },
        ["axes split, joined and permuted"] = on => Rearranged(on, 5),
        ["axes split, joined and permuted, of literal sizes"] = on => Rearranged(on, 6),
        ["the same memory under other axes"] = Views,
        ["kernels that read it"] = on => new[] { (2, 8), (1, 2), (3, 40) }.Select(shape => Drawn(
            new ViewReaders(
                new ViewReadersSizes { c = 5, f = 6, p = 2, depth = 2 }, new ViewReadersSettings { Eps = 0.03f, Momentum = 0.5f }, on),
            m => m.Parameters).Forward(Inputs.Random(shape.Item2, shape.Item1, shape.Item2, 5))),
        ["features of ragged rows"] = on =>
        {
            var m = new ShuffledStack(new ShuffledStackSizes { g = 3, k = 4, d = 12, depth = 2 }, on);
            Drawn(m, m => m.Parameters);
            return DeviceRuns.Positions(m.Forward, m.CreateCache, 12);
        },
    };

    public static TheoryData<string, string> Cases => TestDevices.With(s_models.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_device_computes_what_the_processor_does(string device, string model)
    {
        IlgpuDevice on = TestDevices.Open(device);
        DeviceRuns.Same(on, where => s_models[model](where), DeviceRuns.Relative);
    }

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void Sizes_that_do_not_fit_are_refused(string device)
    {
        var views = new Views(new ViewsSizes { k = 4 }, TestDevices.Open(device));
        views.Initialise(1);
        var error = Assert.Throws<ArgumentException>("w", () => views.Rows(new Tensor(2, 10)));
        Assert.Contains(
            "Axis 'w' of size 10 is split into '(s k)', and without 's' their sizes multiply to 4, which does not divide it.", error.Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("y", () => views.Patches(new Tensor(1, 5, 4, 4), new Tensor(2, 2)));
    }

    private static T Drawn<T>(T model, Func<T, IReadOnlyList<Param>> parameters)
    {
        foreach (Param param in parameters(model))
        {
            param.Initialise(5);
            if (param.Shape.Length == 1)
                param.Set(Inputs.Values(param.Count, 77, 0.5f, 1.5f));
        }

        return model;
    }

    private static IEnumerable<Tensor> Each<T>(T model, Func<T, IReadOnlyList<Param>> parameters, Func<T, int, int, Tensor> forward)
    {
        Drawn(model, parameters);
        foreach ((int b, int s) in s_shapes)
            yield return forward(model, b, s);
    }

    private static Tensor Values(Param param) => Tensor.From([.. param.Floats], (int)param.Count);

    private static IEnumerable<Tensor> BatchNormOfRows(Device on)
    {
        var model = Drawn(
            new BatchNormed(new BatchNormedSizes { d = 5, f = 37, o = 3 }, new BatchNormedSettings { Eps = 0.01f, Momentum = 0.1f }, on),
            m => m.Parameters);
        foreach (int rows in (int[])[2, 50, 300])
        {
            yield return model.Forward(Inputs.Random(rows, rows, 5));
            yield return model.Train(Inputs.Random(rows + 1, rows, 5));
            yield return Values(model.Mean);
            yield return Values(model.Variance);
        }
    }

    private static IEnumerable<Tensor> BatchNormAnywhere(Device on)
    {
        var model = Drawn(new Channels(new ChannelsSizes { c = 7, h = 3 }, new ChannelsSettings { Eps = 0.03f, Momentum = 0.5f }, on), m => m.Parameters);
        model.WideVariance.Set(Inputs.Values(21, 9, 0.5f, 1.5f));
        foreach ((int b, int w) in ((int, int)[])[(2, 5), (1, 40)])
        {
            yield return model.First(Inputs.Random(5, b, 7, 3, w));
            yield return model.Last(Inputs.Random(6, b, w + 1, 3, 7));
            yield return model.Infer(Inputs.Random(7, b, 7, 3, w));
            yield return Values(model.Mean);
        }
    }

    private static IEnumerable<Tensor> LearnedPositions(Device on)
    {
        var model = Drawn(new LearnedStack(new LearnedStackSizes { v = 11, d = 10, p = 12, q = 9, g = 2, k = 5, depth = 2 }, on), m => m.Parameters);
        yield return model.Forward(Tensor.From(Inputs.Ids(18, 11, 14), 2, 9), null);
        using KvCache cache = model.CreateCache(2, 9);
        cache.SetCounts([4, 2]);
        yield return model.Forward(Tensor.From(Inputs.Ids(8, 11, 15), 2, 4), cache);
        yield return model.Forward(Tensor.From(Inputs.Ids(2, 11, 16), 2, 1), cache);
    }

    private static IEnumerable<Tensor> RaggedPooling(Device on)
    {
        foreach (int[] lengths in (int[][])[[4], [3, 5], [40, 1, 7]])
        {
            var settings = new RaggedPoolingSettings { Eps = 0.1f, Momentum = 0.5f, Rope = new Rope() };
            var model = Drawn(new RaggedPooling(new RaggedPoolingSizes { d = 6, d2 = 4 }, settings, on), m => m.Parameters);
            using KvCache cache = model.CreateCache(lengths.Length, lengths.Max());
            cache.SetCounts(lengths);
            yield return model.Forward(Inputs.Random(16, lengths.Length, lengths.Max(), 4), cache);
            yield return Values(model.Mean);
        }
    }

    private static IEnumerable<Tensor> Rearranged(Device on, int e)
    {
        var sizes = new RearrangedSizes { d = 24, e = e, g = 3, r = 2, f = 7, joined = 14, o = 6, half = 2 };
        var model = Drawn(new Rearranged(sizes, on), m => m.Parameters);
        foreach ((int b, int s) in ((int, int)[])[(1, 1), (2, 7), (3, 20), (0, 3)])
            yield return model.Forward(Inputs.Random(2, b, s, e));
    }

    private static IEnumerable<Tensor> Views(Device on)
    {
        var model = Drawn(new Views(new ViewsSizes { k = 4 }, on), m => m.Parameters);
        foreach (int b in (int[])[1, 3, 0])
        {
            yield return model.Rows(Inputs.Random(3, b, 20));
            yield return model.Flat(Inputs.Random(4, b, 2, 3, 4));
            yield return model.Patches(Inputs.Random(5, b, 6, 4, 4), Inputs.Random(6, 3, 2));
        }
    }
}
