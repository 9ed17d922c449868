using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Execution;

/// <summary>Every layer but attention, computed by the generated code and by loops over names in float64.</summary>
public sealed class LayerTests
{
    public static readonly TheoryData<int, int, WeightFormat> Runs = new()
    {
        { 1, 1, WeightFormat.F32 },
        { 7, 1, WeightFormat.F32 },
        { 50, 3, WeightFormat.F32 },
        { 5, 2, WeightFormat.BF16 },
        { 3, 1, WeightFormat.F16 },
        { 0, 2, WeightFormat.F32 },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void NormsWithAndWithoutGainAndBias(int rows, int threads, WeightFormat format)
    {
        const float epsilon = 0.05f;
        OnThreads(threads, device =>
        {
            var model = new Norms(new NormsSizes { d = 37 }, new NormsSettings { Eps = epsilon }, device);
            model.Initialise(1, format);
            Tensor x = Inputs.Random(1, 2, rows, 37);
            Named gain = Named.Of(model.Gain), bias = Named.Of(model.Bias), input = Named.Of("b s d", x);
            Named both = input.LayerNorm("d", epsilon, gain, bias).Map(value => value * 3);
            Named scaled = both.LayerNorm("d", epsilon, gain).Add(both);
            Named bare = scaled.LayerNorm("d", epsilon).Multiply(gain).Add(scaled);
            return (bare.RmsNorm("d", epsilon).Add(bias).Add(input), model.Forward(x));
        });
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void NormsOverSeveralAxesAndOverSomeFeatures(int rows, int threads, WeightFormat format)
    {
        WideNormsOfSize(11, rows, threads, format);
        WideNormsOfSize(12, rows, threads, format);
    }

    // Of 12 there are kernels with the sizes as literals.
    private static void WideNormsOfSize(int f, int rows, int threads, WeightFormat format)
    {
        const float epsilon = 0.1f;
        OnThreads(threads, device =>
        {
            var model = new WideNorms(new WideNormsSizes { h = 3, k = 7, f = f }, new WideNormsSettings { Eps = epsilon }, device);
            model.Initialise(2, format);
            Tensor x = Inputs.Random(2, rows, 3, 7);
            Named gain = Named.Of(model.Gain), bias = Named.Of(model.Bias), headGain = Named.Of(model.HeadGain), input = Named.Of("n h k", x);
            Named wide = input.LayerNorm("h k", epsilon, gain, bias), heads = wide.RmsNorm("k", epsilon, headGain).Add(wide);
            Named f1 = Named.Einsum("n f", heads.RmsNorm("h k", epsilon, gain), Named.Of(model.First)).Silu();
            Named again = Named.Einsum("n h k", f1, Named.Of(model.Second)).Add(heads);
            return (Named.Einsum("n f", again.LayerNorm("k", epsilon, headGain), Named.Of(model.Third)).Add(f1), model.Forward(x));
        });
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void ActivationsAfterSweepsAndElsewhere(int rows, int threads, WeightFormat format)
    {
        OnThreads(threads, device =>
        {
            var settings = new ActivationsSettings { SoftCap = 1.5f };
            var model = new Activations(new ActivationsSizes { d = 13, f = 37 }, settings, device);
            model.Initialise(3, format);
            Tensor x = Inputs.Random(3, rows, 13);
            Named up = Named.Of(model.Up), gate = Named.Of(model.Gate), down = Named.Of(model.Down), input = Named.Of("n d", x);
            Named erf = Named.Einsum("n f", input, up).Add(Named.Of(model.Bias)).Map(Special.Gelu);
            Named glu = Named.Einsum("n f", input, gate).Map(Special.Sigmoid).Multiply(erf);
            Named tanh = Named.Einsum("n d", glu, down).Map(Special.GeluTanh).Map(value => Special.SoftCap(value, 0.5));
            Named own = tanh.Multiply(input).Map(value => Special.Swish(value, 1.702)).Add(input).Map(Math.Tanh);
            Named rest = Named.Einsum("n f", own.Map(Special.Relu), up).Map(value => Special.SoftCap(value, 1.5f)).Map(Special.Relu).Add(erf);
            return (Named.Einsum("n d", rest, down).Silu().Add(own), model.Forward(x));
        });
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void SoftmaxesOverAnyAxisOfTheFeatures(int rows, int threads, WeightFormat format)
    {
        OnThreads(threads, device =>
        {
            var model = new Softmaxes(new SoftmaxesSizes { d = 11, g = 3, e = 5, k = 19 }, device);
            model.Initialise(4, format);
            Tensor x = Inputs.Random(4, rows, 11);
            Named weight = Named.Of(model.Weight);
            Named a = Named.Einsum("n g e k", Named.Of("n d", x), weight).LogSoftmax("k").Map(value => value / 2).Softmax("e");
            Named b = Named.Einsum("n d", a, Named.Of(model.Back)).LogSoftmax("d");
            Named c = Named.Einsum("n g e k", b, weight).LogSoftmax("e").LogSoftmax("g").Softmax("k");
            return (c.Add(a), model.Forward(x));
        });
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void SoftmaxesBesideWhatTheyGate(int rows, int threads, WeightFormat format)
    {
        OnThreads(threads, device =>
        {
            var model = new SoftGates(new SoftGatesSizes { d = 11, h = 3, e = 21 }, device);
            model.Initialise(24, format);
            Tensor x = Inputs.Random(25, rows, 11);
            Named Made(Param weight) => Named.Einsum("n h e", Named.Of("n d", x), Named.Of(weight));
            Named gated = Made(model.Values).Multiply(Made(model.Router).Softmax("e")).Map(Math.Tanh);
            return (Made(model.Last).Map(value => value / 2).Add(gated).LogSoftmax("e").Add(Made(model.Offsets)), model.Forward(x));
        });
    }

    [Theory]
    [InlineData(1, 1, WeightFormat.F32)]
    [InlineData(9, 2, WeightFormat.F32)]
    [InlineData(9, 3, WeightFormat.BF16)]
    public void NormalisedQueriesAndKeys(int length, int threads, WeightFormat format)
    {
        const float epsilon = 0.01f;
        OnThreads(threads, device =>
        {
            var sizes = new NormedStackSizes { d = 13, g = 2, r = 3, k = 6, o = 5, depth = 2 };
            var model = new NormedStack(sizes, new NormedStackSettings { Eps = epsilon, Rope = new Rope() }, device);
            model.Initialise(5, format);
            foreach (Param gain in model.Parameters.Where(param => param.Shape.Length == 1))
                gain.Set(Inputs.Values(gain.Count, 77, 0.5f, 1.5f));
            Tensor x = Inputs.Random(5, 2, length, 13);
            Named y = Named.Of("b s d", x);
            foreach (NormedHeads block in model.Blocks)
                y = Block(block, y, epsilon);
            Named logits = Named.Einsum("b s o", y.LayerNorm("d", epsilon, Named.Of(model.Gain)), Named.Of(model.Head)).LogSoftmax("o");

            // The same in pieces, by way of a cache.
            using KvCache cache = model.CreateCache(2, length);
            float[] pieces = new float[2 * length * 5];
            for (int s = 0; s < length; s++)
            {
                var part = new Tensor(2, 1, 13);
                for (int b = 0; b < 2; b++)
                    x.Span.Slice((b * length + s) * 13, 13).CopyTo(part.Span[(b * 13)..]);
                Tensor step = model.Forward(part, cache);
                for (int b = 0; b < 2; b++)
                    step.Span.Slice(b * 5, 5).CopyTo(pieces.AsSpan((b * length + s) * 5));
            }

            Tensor whole = model.Forward(x, null);
            Compare.SameBits(whole.Span, pieces);
            return (logits, whole);
        });
    }

    private static Named Block(NormedHeads block, Named x, double epsilon)
    {
        Named n = x.LayerNorm("d", epsilon, Named.Of(block.Gain), Named.Of(block.Bias));
        Named q = Named.Einsum("b s g r k", n, Named.Of(block.Query)).RmsNorm("k", epsilon, Named.Of(block.QueryGain)).Rotate("s");
        Named keys = Named.Einsum("b s g k", n, Named.Of(block.Key)).RmsNorm("k", epsilon, Named.Of(block.KeyGain)).Rotate("s").Rename("b t g k");
        Named values = Named.Einsum("b s g k", n, Named.Of(block.Value)).Rename("b t g k");
        Named scores = Named.Einsum("b g r s t", q, keys).Map(value => value / Math.Sqrt(6)).Causal("s", "t").Softmax("t");
        return Named.Einsum("b s d", Named.Einsum("b s g r k", scores, values), Named.Of(block.Output)).Add(x);
    }

    /// <summary>
    /// Close to the reference, and the same bits on one thread as on several.
    /// </summary>
    internal static void OnThreads(int threads, Func<CpuDevice, (Named Expected, Tensor Found)> run, double relative = 1e-5)
    {
        using var device = new CpuDevice(threads);
        using var one = new CpuDevice(1);
        (Named expected, Tensor found) = run(device);
        if (found.Length > 0)
            Compare.Close(expected.Values, found.Span, relative);
        else
            Assert.Empty(expected.Values);
        Compare.SameBits(run(one).Found.Span, found.Span);
    }
}
