using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Execution;

/// <summary>Scores that are kept in memory, masked and moved, computed by the generated code and by loops over names in float64.</summary>
public sealed class ScoreTests
{
    public static readonly TheoryData<int, int, int> Shapes = new() { { 2, 7, 1 }, { 3, 1, 2 }, { 1, 70, 3 }, { 2, 33, 2 }, { 0, 4, 1 } };

    private static readonly double[] s_slopes = [1.0 / 16, 1.0 / 256, 1.0 / 4];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void WeightsAsTheResult(int b, int s, int threads)
    {
        foreach (int d in (int[])[5, 6])
        {
            LayerTests.OnThreads(threads, device =>
            {
                KeptScores model = Model(device, d, 4);
                Tensor x = Inputs.Random(1, b, s, d);
                Named p = Scores(model, x, "b h s t").Map(value => value / 2).SoftCap(2).Alibi("s", "t", s_slopes, "h").Causal("s", "t")
                    .Window("s", "t", 4).Softmax("t");
                Tensor found = model.Forward(x);
                Assert.Equal([b, 3, s, s], found.Shape.ToArray());
                return (p, found);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void WeightsThatSeveralRead(int b, int s, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            KeptScores model = Model(device, 5, 4);
            Tensor x = Inputs.Random(2, b, s, 5);
            Tensor<bool> keep = Mask(3, b, s);
            Named p = Scores(model, x, "b h s t").Map(value => value / 2).Causal("s", "t").Mask(Named.Of("b t", keep)).Softmax("t");
            Named values = Named.Einsum("b s k", Named.Of("b s d", x), Named.Of(model.Value)).Rename("b t k");
            Named heads = Named.Einsum("b s h k", p, values);
            return (Named.Einsum("b s h k", heads, p.Reduce(Reduction.Max, "t"), p.Reduce(Reduction.Sum, "h s")), model.Read(x, keep));
        }, relative: 3e-5);
    }

    [Theory]
    [InlineData(2, 7, 1)]
    [InlineData(1, 70, 3)]
    [InlineData(2, 33, 2)]
    [InlineData(0, 4, 1)]
    public void KeysBeforeQueries(int b, int s, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            KeptScores model = Model(device, 5, 4);
            Tensor x = Inputs.Random(4, b, s, 5);
            var pairs = new Tensor<bool>(s, s);
            for (int i = 0; i < s * s; i++)
                pairs.Span[i] = i % 5 != 1 || i % (s + 1) == 0;

            // The logarithm of no weight is −∞, which no tolerance compares.
            Tensor found = model.Turned(x, pairs);
            for (int i = 0; i < found.Length; i++)
            {
                (int q, int t) = (i / s % s, i % s);
                Assert.Equal(Math.Abs(q - t) >= 3 || !pairs.Span[q * s + t], float.IsNegativeInfinity(found.Span[i]));
                if (float.IsNegativeInfinity(found.Span[i]))
                    found.Span[i] = 0;
            }

            Named p = Scores(model, x, "b h s t").Alibi("s", "t", s_slopes, "h").Window("s", "t", 3).Mask(Named.Of("s t", pairs)).LogSoftmax("t");
            return (p.Map(value => double.IsInfinity(value) ? 0 : value), found);
        });
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void HeadsInnermost(int b, int s, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            KeptScores model = Model(device, 5, 4);
            Tensor x = Inputs.Random(5, b, s, 5);
            var heads = new Tensor<bool>(b, 3);
            heads.Span.Fill(true);
            Named p = Scores(model, x, "s t b h").Causal("s", "t").Softmax("t");
            return (Named.Einsum("b t h k", p, Keys(model, x)), model.Back(x, heads));
        }, relative: 2e-5);
    }

    /// <summary>As a softmax of nothing but −∞ in PyTorch, and as attention here.</summary>
    [Fact]
    public void NothingToSeeIsNaN()
    {
        KeptScores model = Model(Device.Cpu, 5, 4);
        var keep = new Tensor<bool>(2, 4);
        keep.Span[4..].Fill(true);
        Tensor y = model.Read(Inputs.Random(6, 2, 4, 5), keep);
        Assert.All(y.Span[..(4 * 3 * 4)].ToArray(), value => Assert.True(float.IsNaN(value)));
        Assert.All(y.Span[(4 * 3 * 4)..].ToArray(), value => Assert.True(float.IsFinite(value)));

        Tensor back = model.Back(Inputs.Random(7, 1, 3, 5), Tensor.From([true, false, true], 1, 3));
        for (int i = 0; i < back.Length; i++)
            Assert.Equal(i / 4 % 3 == 1, float.IsNaN(back.Span[i]));
    }

    [Theory]
    [InlineData(2, 6, 1)]
    [InlineData(1, 40, 3)]
    public void LayersThatKeepTheirWeights(int b, int s, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            var model = new ScoreStack(new ScoreStackSizes { d = 6, depth = 3 }, device);
            model.Initialise(8);
            Tensor x = Inputs.Random(9, b, s, 6);
            Named y = Named.Of("b s d", x);
            foreach (ScoreLayer layer in model.Layers)
            {
                layer.Gain.Set(Inputs.Values(6, 10, 0.5f, 1.5f));
                Named keys = y.Multiply(Named.Of(layer.Gain)).Rename("b t d");
                Named p = Named.Einsum("b s t", y, keys).Map(value => value * 0.3f).Causal("s", "t").Softmax("t");
                y = Named.Einsum("b s d", p, keys).Multiply(Named.Einsum("b s", p, p)).Add(y);
            }

            return (y, model.Forward(x));
        }, relative: 3e-5);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void MasksOfOtherValues(int b, int s, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            var model = new MaskedPooling(new MaskedPoolingSizes { d = 5, e = 4 }, device);
            model.Initialise(11);
            Tensor x = Inputs.Random(12, b, s, 5);
            Tensor<bool> keep = Mask(13, b, s), allowed = Tensor.From([true, false, true, true], 4);
            Named w = Named.Einsum("b s", Named.Of("b s d", x), Named.Of(model.Score)).Mask(Named.Of("b s", keep)).Softmax("s");
            Named mean = Named.Einsum("b d", w, Named.Of("b s d", x));
            return (Named.Einsum("b e", mean, Named.Of(model.Router)).Mask(Named.Of("e", allowed)).Softmax("e"), model.Forward(x, keep, allowed));
        });
    }

    private static KeptScores Model(Device device, int d, int window)
    {
        var model = new KeptScores(new KeptScoresSizes { d = d, h = 3, k = 4 }, new KeptScoresSettings { Window = window }, device);
        model.Initialise(14);
        return model;
    }

    private static Named Keys(KeptScores model, Tensor x) =>
        Named.Einsum("b s k", Named.Of("b s d", x), Named.Of(model.Key)).Rename("b t k");

    private static Named Scores(KeptScores model, Tensor x, string axes) =>
        Named.Einsum(axes, Named.Einsum("b s h k", Named.Of("b s d", x), Named.Of(model.Query)), Keys(model, x));

    // Every query sees the first key.
    private static Tensor<bool> Mask(int seed, int b, int s)
    {
        var mask = new Tensor<bool>(b, s);
        var random = new Random(seed);
        for (int i = 0; i < mask.Length; i++)
            mask.Span[i] = random.Next(3) != 0 || i % s == 0;
        return mask;
    }
}
