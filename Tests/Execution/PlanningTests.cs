using Einsharp.Tests.Reference;
using static Einsharp.Tests.Reference.Named;

namespace Einsharp.Tests.Execution;

/// <summary>Declarations that the planner groups in other ways than the Llama, each against named loops in float64.</summary>
public sealed class PlanningTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 20)]
    public void OperandsOverSomeFeatures(int threads, int length)
    {
        using var device = new CpuDevice(threads);
        var model = new SomeFeatures(new SomeFeaturesSizes { g = 3, k = 5, d = 7 }, device);
        model.Initialise(1);
        Tensor x = Inputs.Random(1, 2, length, 7);
        Named input = Of("b s d", x), total = Einsum("b s", input), u = Einsum("b s k", input, Of(model.Narrow));
        Named y = Einsum("b s g k", input, Of(model.Wide)).Add(Of(model.Group)).Multiply(u).Silu().Add(Of(model.Turned)).Multiply(total);
        Compare.Close(y.Values, model.Forward(x).Span);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    public void ThreeWeightsInOneSweep(int rows)
    {
        var model = new Zipped(new ZippedSizes { d = 13, f = 37 });
        model.Initialise(2);
        Tensor x = Inputs.Random(2, rows, 13);
        Named input = Of("b d", x), u1 = Einsum("b f", input, Of(model.One)), u2 = Einsum("b f", input, Of(model.Two)).Silu();
        Named h = Einsum("b f", input, Of(model.Three)).Multiply(u1).Add(u2).Silu();
        Compare.Close(Einsum("b d", h, Of(model.Down)).Add(input).Values, model.Forward(x).Span);
    }

    [Fact]
    public void AValueThatASiblingAndAnotherKernelRead()
    {
        var model = new ReadTwice(new ReadTwiceSizes { d = 7, e = 5 });
        model.Initialise(3);
        Tensor x = Inputs.Random(3, 6, 7);
        Named input = Of("b d", x), p = Einsum("b e", input, Of(model.One)).Softmax("e");
        Named q = Einsum("b e", input, Of(model.Two)).Multiply(p);
        Compare.Close(Einsum("b", q, p).Values, model.Forward(x).Span);
    }

    [Fact]
    public void ASweepThatReadsWhatIsMadeLater()
    {
        var model = new LateReader(new LateReaderSizes { d = 7, e = 5 });
        model.Initialise(4);
        Tensor x = Inputs.Random(4, 6, 5);
        Named input = Of("b e", x), u = Einsum("b d", input, Of(model.One)), m = Einsum("b e", u, Of(model.Three)).Silu();
        Named n = Einsum("b d", m, Of(model.Two)), w = Einsum("b d", input, Of(model.Two)).Multiply(n).Silu().Add(u);
        Compare.Close(Einsum("b e", w, Of(model.Three)).Add(m).Add(input).Values, model.Forward(x).Span);
    }

    [Fact]
    public void KeysAndValuesThatNoSweepMakes()
    {
        var model = new InOutAttention(new InOutAttentionSizes { d = 7, g = 3, k = 4 }, new InOutAttentionSettings { Rope = new Rope() });
        model.Initialise(5);
        Tensor x = Inputs.Random(5, 2, 9, 7);
        Named input = Of("b s d", x), q = Einsum("b s g k", input, Of(model.Query)).Rotate("s");
        Named keys = Einsum("b s g k", input, Of(model.Key)).Rotate("s").Rename("b t g k");
        Named values = Einsum("b s g k", input, Of(model.Value)).Rename("b t g k");
        Named p = Einsum("b g s t", q, keys).Map(score => score / 2).Causal("s", "t").Softmax("t");
        double[] expected = Einsum("b s g k", p, values).Add(q).Values;
        float[] whole = model.Forward(x, null).Span.ToArray();
        Compare.Close(expected, whole);
        using KvCache cache = model.CreateCache(2, 9);
        Compare.SameBits(whole, InSteps(x, cache, 12, model.Forward));
    }

    [Fact]
    public void AttentionWithoutProjections()
    {
        var model = new BareAttention(new BareAttentionSizes { d = 6 }, new BareAttentionSettings { Rope = new Rope(), Eps = 0.1f });
        model.Initialise(6);
        Tensor x = Inputs.Random(6, 2, 9, 6);
        Named input = Of("b s d", x), n = input.RmsNorm(Of(model.Gain), 0.1f), q = n.Rotate("s");
        Named p = Einsum("b s t", q, q.Rename("b t d")).Causal("s", "t").Softmax("t");
        double[] expected = Einsum("b s d", p, n.Silu().Rename("b t d")).Add(input).Values;
        float[] whole = model.Forward(x, null).Span.ToArray();
        Compare.Close(expected, whole);
        using KvCache cache = model.CreateCache(2, 9);
        Compare.SameBits(whole, InSteps(x, cache, 6, model.Forward));
    }

    [Fact]
    public void KeysThatAreValuesToo()
    {
        var model = new Latent(new LatentSizes { d = 6, h = 3, k = 4 });
        model.Initialise(14);
        Tensor x = Inputs.Random(14, 2, 20, 6);
        Named input = Of("b s d", x), q = Einsum("b s h k", input, Of(model.Query)),
            latent = Einsum("b s k", input, Of(model.Down)).Rename("b t k");
        Named p = Einsum("b h s t", q, latent).Map(score => score / 2).Causal("s", "t").Softmax("t");
        Named y = Einsum("b s d", Einsum("b s h k", p, latent), Of(model.Up)).Add(input), seen = y.Rename("b t d");
        Named weights = Einsum("b s t", y, seen).Map(score => score / Math.Sqrt(6)).Causal("s", "t").Softmax("t");
        float[] whole = model.Forward(x, null).Span.ToArray();
        Compare.Close(Einsum("b s d", weights, seen).Values, whole);
        using KvCache cache = model.CreateCache(2, 20);
        Compare.SameBits(whole, InSteps(x, cache, 6, model.Forward));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void EinsumsBehindACache(int threads)
    {
        using var device = new CpuDevice(threads);
        var model = new Adapted(new AdaptedSizes { d = 300, r = 4, f = 70, e = 5 }, device);
        model.Initialise(15);
        Tensor x = Inputs.Random(15, 2, 19, 300);
        Named input = Of("b s d", x), low = Einsum("b s f", Einsum("b s r", input, Of(model.Down)), Of(model.Up));
        Named h = Einsum("b s f", input, Of(model.Wide)).Add(low).Silu(), kept = h.Rename("b t f");
        Named seen = Einsum("b s f", Einsum("b s t", h, kept).Causal("s", "t").Softmax("t"), kept);
        Named gates = Einsum("b s e", seen, Of(model.Gates)).Softmax("e");
        float[] whole = model.Forward(x, null).Span.ToArray();
        Compare.Close(Einsum("b s f", seen, Einsum("b s", gates, seen, Of(model.Gates))).Values, whole);
        using KvCache cache = model.CreateCache(2, 19);
        Compare.SameBits(whole, InSteps(x, cache, 70, model.Forward));
    }

    [Fact]
    public void AnEinsumThatCopies()
    {
        var model = new Copied(new CopiedSizes { d = 7 });
        model.Initialise(7);
        Tensor x = Inputs.Random(7, 6, 7);
        Named input = Of("b d", x);
        Compare.Close(input.Silu().Multiply(Of(model.Gain)).Add(input).Values, model.Forward(x).Span);
    }

    [Fact]
    public void AResultOfNoAxes()
    {
        var model = new Scalar(new ScalarSizes { d = 7, f = 5 });
        model.Initialise(8);
        Tensor x = Inputs.Random(8, 7), y = model.Forward(x);
        Named h = Einsum("f", Of("d", x), Of(model.Weight)).Silu();
        Assert.Equal(0, y.Rank);
        Compare.Close(Einsum("", h, h).Values, y.Span);
    }

    [Fact]
    public void ValuesNamedAsTheResult()
    {
        var model = new ResultNames(new ResultNamesSizes { d = 7, f = 5 });
        model.Initialise(9);
        Tensor x = Inputs.Random(9, 2, 3, 7);
        Named input = Of("b s d", x), up = Of(model.Up), h = Einsum("b s f", input, up).Silu();
        Named own = Einsum("b s d", h, Of(model.Down)).Add(input);
        Compare.Close(Einsum("b s f", own, up).Multiply(h).Values, model.Forward(x).Span);
    }

    [Fact]
    public void TwoMethodsOfOneModel()
    {
        var model = new TwoMethods(new TwoMethodsSizes { d = 7, f = 5 });
        model.Initialise(10);
        Tensor x = Inputs.Random(10, 3, 7), h = Inputs.Random(11, 4, 5);
        Compare.Close(Einsum("b f", Of("b d", x), Of(model.Up)).Values, model.Encode(x).Span);
        Compare.Close(Einsum("b d", Of("b f", h), Of(model.Down)).Silu().Values, model.Decode(h).Span);
    }

    [Theory]
    [InlineData(1, 1, 1, 5)]
    [InlineData(2, 2, 1, 300)]
    [InlineData(3, 1, 2, 9)]
    public void StacksOfStacks(int floors, int rooms, int attic, int length)
    {
        var sizes = new TowerSizes { d = 12, g = 2, r = 2, k = 4, floors = floors, rooms = rooms, attic = attic };
        var model = new Tower(sizes, new TowerSettings { Eps = 0.1f, Rope = new Rope() });
        model.Initialise(12);
        Assert.Equal(1 + 5 * (floors * rooms + attic), model.Parameters.Count);
        Tensor x = Inputs.Random(12, 1, length, 12);

        // Each block is tested by itself; here only their order, their slots and what is between them is.
        Tensor y = x;
        foreach (GeneralBlock room in model.Floors.SelectMany(floor => floor.Rooms))
            y = room.Forward(y, null);
        y = Tensor.From([.. Of("b s d", y).RmsNorm(Of(model.Gain), 0.1f).Values.Select(value => (float)value)], 1, length, 12);
        foreach (GeneralBlock room in model.Attic)
            y = room.Forward(y, null);
        double[] expected = Of("b s d", y).Add(Of(model.Gain)).Values;

        float[] whole = model.Forward(x, Inputs.All(length), null).Span.ToArray();
        Compare.Close(expected, whole);
        using KvCache cache = model.CreateCache(1, length);
        Compare.SameBits(whole, InSteps(x, cache, 12, (step, seen) => model.Forward(step, Inputs.All(1), seen)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void LayersWithPinnedAndDerivedSizes(int depth)
    {
        var model = new PinnedStack(new PinnedStackSizes { d = 7, depth = depth });
        Assert.Equal((8, 20), (model.Layers[0].Sizes.k, model.Layers[0].Sizes.f));
        Assert.Equal("Layers.0.First", model.Layers[0].First.CheckpointName);
        model.Initialise(13);
        model.Gain.Set(Inputs.Values(7, 13));
        Tensor x = Inputs.Random(13, 6, 7);
        Named y = Of("n d", x);
        foreach (PinnedLayer layer in model.Layers)
        {
            Named one = Einsum("n k", y, Of(layer.First)).Silu(), two = Einsum("n f", one, Of(layer.Second)).Silu();
            y = Einsum("n d", two, Of(layer.Third)).Add(y);
        }

        Compare.Close(y.Multiply(Of(model.Gain)).Silu().Values, model.Forward(x).Span);
    }

    // [b, s, d] a position at a time, the results joined to [b, s, features].
    private static float[] InSteps(Tensor x, KvCache cache, int features, Func<Tensor, KvCache?, Tensor> forward)
    {
        (int batch, int length, int d) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        float[] joined = new float[batch * length * features];
        for (int s = 0; s < length; s++)
        {
            var step = new Tensor(batch, 1, d);
            for (int b = 0; b < batch; b++)
                x.Span.Slice((b * length + s) * d, d).CopyTo(step.Span[(b * d)..]);
            ReadOnlySpan<float> y = forward(step, cache).Span;
            for (int b = 0; b < batch; b++)
                y.Slice(b * features, features).CopyTo(joined.AsSpan((b * length + s) * features));
        }

        return joined;
    }
}
