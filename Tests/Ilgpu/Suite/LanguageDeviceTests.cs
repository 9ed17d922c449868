using Einsharp.Ilgpu;
using Einsharp.Tests.Execution;

namespace Einsharp.Tests.Ilgpu;

/// <summary>Every model of the execution tests on each device, against the processor, which those tests hold to plain loops.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class LanguageDeviceTests
{
    private static readonly Dictionary<string, Func<Device, FormatRun, IEnumerable<Tensor>>> s_models = new(StringComparer.Ordinal)
    {
        ["axis names of many letters"] = (on, format) => Each(
            format, new WordyNetwork(new WordyNetworkSizes { d_hidden = 17, d_model = 5 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 1, 5))),
        ["whole units"] = (on, format) => Each(
            format, new WordyNetwork(new WordyNetworkSizes { d_hidden = 96, d_model = 64 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 1, 64))),
        ["pinned and derived sizes"] = (on, format) => Each(
            format, new ScaledNetwork(new ScaledNetworkSizes { d = 29, h = 3 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 29))),
        ["a derived size of one's own"] = (on, format) => Each(
            format, new ScaledNetwork(new ScaledNetworkSizes { d = 29, h = 3, f = 77 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 29))),
        ["softmax over axes of the model"] = (on, format) => Each(
            format, new Mixture(new MixtureSizes { h = 3, e = 5, d = 7 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 7))),
        ["softmax over many"] = (on, format) => Each(
            format, new Mixture(new MixtureSizes { h = 2, e = 300, d = 9 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 9))),
        ["chains of modifiers"] = (on, format) => Each(
            format, new Chains(new ChainsSizes { d = 13, d2 = 37 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(1, rows, 13))),
        ["einsums that are no sweep"] = (on, format) => Each(
            format, new PlainEinsums(new PlainEinsumsSizes { d = 7, f = 5, g = 3, k = 2, e = 4 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 7))),
        ["sums and transpositions"] = (on, format) => Each(
            format, new OneOperand(new OneOperandSizes { d = 5, h = 3 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(2, rows, 5))),
        ["a norm that several kernels read"] = (on, format) => Each(
            format, new SharedNorm(new SharedNormSizes { d = 13, f = 37 }, new SharedNormSettings { Eps = 0.1f }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 13))),
        ["a renamed axis"] = (on, format) => Each(
            format, new Renamed(new RenamedSizes { d = 5, f = 7 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(2, rows, 5))),
        ["rows of a table"] = (on, format) => Each(
            format, new Lookup(new LookupSizes { v = 11, d = 5 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Tensor.From(Inputs.Ids(rows, 11, rows), rows))),
        ["a layer"] = (on, format) => Each(
            format, new DenseLayer(new DenseLayerSizes { d = 13, f = 7 }, new DenseLayerSettings { Eps = 0.3f }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 13))),
        ["names of generated code"] = (on, format) => Each(
            format, new AwkwardNames(new AwkwardNamesSizes { row = 5, model = 3 }, new AwkwardNamesSettings { Eps = 0.1f }, on),
            m => m.Parameters, (m, rows) => m.Forward(Rows(2, rows, 3))),
        ["operands over some features"] = (on, format) => Each(
            format, new SomeFeatures(new SomeFeaturesSizes { g = 3, k = 5, d = 7 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(2, rows, 7))),
        ["heads joined where they lie"] = (on, format) => Each(
            format, new JoinedHeads(new JoinedHeadsSizes { h = 3, k = 4, d = 20, e = 12 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 20))),
        ["three weights in one sweep"] = (on, format) => Each(
            format, new Zipped(new ZippedSizes { d = 13, f = 37 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 13))),
        ["a value that is read twice"] = (on, format) => Each(
            format, new ReadTwice(new ReadTwiceSizes { d = 7, e = 5 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 7))),
        ["a sweep that reads what is made later"] = (on, format) => Each(
            format, new LateReader(new LateReaderSizes { d = 7, e = 5 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 5))),
        ["an einsum that copies"] = (on, format) => Each(
            format, new Copied(new CopiedSizes { d = 7 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 7))),
        ["a result of no axes"] = (on, format) => Each(
            format, new Scalar(new ScalarSizes { d = 7, f = 5 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Inputs.Random(rows, 7))),
        ["values named as the result"] = (on, format) => Each(
            format, new ResultNames(new ResultNamesSizes { d = 7, f = 5 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(2, rows, 7))),
        ["one method"] = (on, format) => Each(
            format, new TwoMethods(new TwoMethodsSizes { d = 7, f = 5 }, on), m => m.Parameters,
            (m, rows) => m.Encode(Rows(rows, 7))),
        ["the other method"] = (on, format) => Each(
            format, new TwoMethods(new TwoMethodsSizes { d = 7, f = 5 }, on), m => m.Parameters,
            (m, rows) => m.Decode(Rows(rows, 5))),
        ["layers with pinned and derived sizes"] = (on, format) => Each(
            format, new PinnedStack(new PinnedStackSizes { d = 7, depth = 2 }, on), m => m.Parameters,
            (m, rows) => m.Forward(Rows(rows, 7))),
        ["no layer"] = (on, format) => Stack(on, format, 0),
        ["one layer"] = (on, format) => Stack(on, format, 1),
        ["two layers"] = (on, format) => Stack(on, format, 2),
        ["three layers"] = (on, format) => Stack(on, format, 3),
        ["any sizes"] = (on, format) => Block(format, new GeneralBlock(
            new GeneralBlockSizes { d = 13, g = 3, r = 2, k = 6 }, new GeneralBlockSettings { Eps = 0.1f, Rope = new Rope() }, on)),
        ["heads of whole units"] = (on, format) => Block(format, new GeneralBlock(
            new GeneralBlockSizes { d = 32, g = 2, r = 9, k = 16 }, new GeneralBlockSettings { Eps = 0.1f, Rope = new Rope() }, on)),
        ["heads longer than a part"] = (on, format) => Block(format, new GeneralBlock(
            new GeneralBlockSizes { d = 8, g = 1, r = 2, k = 130 }, new GeneralBlockSettings { Eps = 0.1f, Rope = new Rope() }, on)),
        ["literal sizes"] = (on, format) => Literal(on, format, 16, 2, 3, 4),
        ["other literal sizes"] = (on, format) => Literal(on, format, 13, 3, 1, 6),
        ["sizes beside the literal ones"] = (on, format) => Literal(on, format, 13, 3, 2, 6),
        ["every position sees every other"] = Open,
        ["a classifier"] = Classify,
        ["weights that lie as in, out"] = (on, format) => InOut(format, new InOutAttention(
            new InOutAttentionSizes { d = 7, g = 3, k = 4 },
            new InOutAttentionSettings { Rope = new Rope(layout: RopeLayout.Neighbours) }, on)),
        ["einsums behind a cache"] = (on, format) => AdaptedOf(format, new Adapted(
            new AdaptedSizes { d = 20, r = 4, f = 18, e = 5 }, on)),
        ["attention without projections"] = (on, format) => Bare(format, new BareAttention(
            new BareAttentionSizes { d = 6 }, new BareAttentionSettings { Rope = new Rope(), Eps = 0.1f }, on)),
        ["keys that are values too"] = (on, format) => LatentOf(format, new Latent(new LatentSizes { d = 6, h = 3, k = 4 }, on)),
        ["a stack that is its layers"] = (on, format) => FloorOf(format, new Floor(
            new FloorSizes { d = 12, g = 2, r = 2, k = 4, rooms = 2 }, new FloorSettings { Eps = 0.1f, Rope = new Rope() }, on)),
        ["stacks of stacks"] = (on, format) => TowerOf(on, format, floors: 2, rooms: 2, attic: 1),
        ["other stacks of stacks"] = (on, format) => TowerOf(on, format, floors: 1, rooms: 3, attic: 2),
    };

    public static TheoryData<string, string> Cases => TestDevices.With(s_models.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_device_computes_what_the_processor_does(string device, string model)
    {
        // In each format; where a device is slow, in one after the other, so that each model is run and each format has its models.
        IlgpuDevice on = TestDevices.Open(device);
        WeightFormat[] formats = [WeightFormat.F32, WeightFormat.BF16, WeightFormat.F16];
        int turn = s_models.Keys.ToList().IndexOf(model) % 3;
        foreach (WeightFormat format in TestDevices.IsQuick(device) ? formats : formats[turn..(turn + 1)])
        {
            var run = new FormatRun(format, format == WeightFormat.F32 || !TestDevices.IsQuick(device));
            DeviceRuns.Same(on, where => s_models[model](where, run), DeviceRuns.Tolerance(on, format));
        }
    }

    /// <summary>A storage format, and whether everything is run in it or only the first calls.</summary>
    private readonly record struct FormatRun(WeightFormat Format, bool IsWhole);

    private static Tensor Rows(params ReadOnlySpan<int> shape) => Inputs.Random(shape[0] + shape[^1], shape);

    // Every row count, or some.
    private static IEnumerable<Tensor> Each<TModel>(
        FormatRun format, TModel model, Func<TModel, IReadOnlyList<Param>> parameters, Func<TModel, int, Tensor> forward)
    {
        Initialise(parameters(model), format.Format);
        foreach (int rows in format.IsWhole ? DeviceRuns.Rows : format.Format == WeightFormat.BF16 ? [1, 5, 18] : [1])
            yield return forward(model, rows);
    }

    // Vectors are drawn too, as gains of one would hide a gain that is left out.
    private static void Initialise(IReadOnlyList<Param> parameters, WeightFormat format)
    {
        foreach (Param param in parameters)
        {
            param.Initialise(5, format);
            if (param.Shape.Length == 1)
                param.Set(Inputs.Values(param.Count, 77, 0.5f, 1.5f));
        }
    }

    private static IEnumerable<Tensor> Stack(Device on, FormatRun format, int depth) => Each(
        format,
        new DenseStack(new DenseStackSizes { i = 3, d = 13, o = 5, f = 7, depth = depth }, new DenseStackSettings { Eps = 0.3f }, on),
        m => m.Parameters, (m, rows) => m.Forward(Rows(rows, 3)));

    // All calls, or the first.
    private static IEnumerable<Tensor> Positions(
        FormatRun format, IReadOnlyList<Param> parameters, Func<Tensor, KvCache?, Tensor> forward, Func<int, int, KvCache> create,
        int features)
    {
        Initialise(parameters, format.Format);
        return DeviceRuns.Positions(forward, create, features).Take(format.IsWhole ? int.MaxValue : 3);
    }

    private static IEnumerable<Tensor> Block(FormatRun format, GeneralBlock m) =>
        Positions(format, m.Parameters, m.Forward, m.CreateCache, m.Sizes.d);

    private static IEnumerable<Tensor> Literal(Device on, FormatRun format, int d, int g, int r, int k)
    {
        var m = new LiteralBlock(
            new LiteralBlockSizes { d = d, g = g, r = r, k = k }, new LiteralBlockSettings { Eps = 0.1f, Rope = new Rope() }, on);
        return Positions(format, m.Parameters, m.Forward, m.CreateCache, d);
    }

    private static IEnumerable<Tensor> Open(Device on, FormatRun format)
    {
        var m = new OpenAttention(new OpenAttentionSizes { d = 7, h = 3, k = 4, w = 5 }, on);
        return Positions(format, m.Parameters, m.Forward, m.CreateCache, 7);
    }

    private static IEnumerable<Tensor> Classify(Device on, FormatRun format)
    {
        var m = new Classifier(new ClassifierSizes { c = 5, g = 3, k = 4, d = 7 }, new ClassifierSettings { Rope = new Rope() }, on);
        Initialise(m.Parameters, format.Format);
        yield return m.Forward(Rows(2, 9, 7), Tensor.From([8, 0, 3, 3, 4, 7], 2, 3), null);
        using KvCache cache = m.CreateCache(2, 60);
        cache.SetCounts([31, 12]);
        yield return m.Forward(Rows(2, 33, 7), Tensor.From([30, 11], 2, 1), cache);
        yield return m.Forward(Rows(2, 1, 7), Tensor.From([0, 0], 2, 1), cache);
        yield return m.Forward(Rows(2, 5, 7), new Tensor<int>(2, 0), cache);
        yield return m.Forward(Rows(2, 3, 7), Tensor.From([2, 1, 0, 2, 1, 0], 2, 3), cache);
    }

    private static IEnumerable<Tensor> InOut(FormatRun format, InOutAttention m) =>
        Positions(format, m.Parameters, m.Forward, m.CreateCache, m.Sizes.d);

    private static IEnumerable<Tensor> AdaptedOf(FormatRun format, Adapted m) =>
        Positions(format, m.Parameters, m.Forward, m.CreateCache, m.Sizes.d);

    private static IEnumerable<Tensor> Bare(FormatRun format, BareAttention m) =>
        Positions(format, m.Parameters, m.Forward, m.CreateCache, m.Sizes.d);

    private static IEnumerable<Tensor> LatentOf(FormatRun format, Latent m) =>
        Positions(format, m.Parameters, m.Forward, m.CreateCache, m.Sizes.d);

    private static IEnumerable<Tensor> FloorOf(FormatRun format, Floor m) =>
        Positions(format, m.Parameters, m.Forward, m.CreateCache, m.Sizes.d);

    private static IEnumerable<Tensor> TowerOf(Device on, FormatRun format, int floors, int rooms, int attic)
    {
        var sizes = new TowerSizes { d = 12, g = 2, r = 2, k = 4, floors = floors, rooms = rooms, attic = attic };
        var m = new Tower(sizes, new TowerSettings { Eps = 0.1f, Rope = new Rope() }, on);
        return Positions(format, m.Parameters, (x, cache) => m.Forward(x, FirstRows(x, cache), cache), m.CreateCache, 12);
    }

    // The first row of each sequence that has one, as padding may not be chosen.
    private static Tensor<int> FirstRows(Tensor x, KvCache? cache) => new(x.Shape[0], cache is null && x.Shape[1] > 0 ? 1 : 0);
}
