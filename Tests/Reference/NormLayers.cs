namespace Einsharp.Tests.Reference;

[Model]
public sealed partial class RmsNormLayer
{
    [Param("d", Init.Ones)] public partial Param Gain { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Without a gain; the ones make the axis one of the model.</summary>
[Model]
public sealed partial class RmsNormPlain
{
    [Param("d", Init.Ones)] public partial Param Ones { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [Einsum("b s d, d -> b s d", nameof(x), nameof(Ones)), As("y")]
    [RmsNorm("b s d -> b s d", "y", Over = "d", Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>As <see cref="RmsNormPlain"/>, over an axis that the call brings.</summary>
[Model]
public sealed partial class RmsNormOfCall
{
    [Setting("eps")] public partial float Epsilon { get; }

    [RmsNorm("b s d -> b s d", nameof(x), Over = "d", Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class RmsNormHeads
{
    [Param("k", Init.Ones)] public partial Param Gain { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [RmsNorm("b s g r k, k -> b s g r k", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s g r k")] Tensor x);
}

[Model]
public sealed partial class RmsNormTwoAxes
{
    [Param("g k", Init.Ones)] public partial Param Gain { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [RmsNorm("b s g k, g k -> b s g k", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s g k")] Tensor x);
}

[Model]
public sealed partial class LayerNormLayer
{
    [Param("d", Init.Ones)] public partial Param Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Bias { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [LayerNorm("b s d, d, d -> b s d", nameof(x), nameof(Gain), nameof(Bias), Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class LayerNormGain
{
    [Param("d", Init.Ones)] public partial Param Gain { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [LayerNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class LayerNormPlain
{
    [Param("d", Init.Ones)] public partial Param Ones { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [Einsum("b s d, d -> b s d", nameof(x), nameof(Ones)), As("y")]
    [LayerNorm("b s d -> b s d", "y", Over = "d", Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>As <see cref="LayerNormPlain"/>, over an axis that the call brings.</summary>
[Model]
public sealed partial class LayerNormOfCall
{
    [Setting("eps")] public partial float Epsilon { get; }

    [LayerNorm("b s d -> b s d", nameof(x), Over = "d", Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class LayerNormTwoAxes
{
    [Param("g k", Init.Ones)] public partial Param Gain { get; }
    [Param("g k", Init.Zeros)] public partial Param Bias { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [LayerNorm("b s g k, g k, g k -> b s g k", nameof(x), nameof(Gain), nameof(Bias), Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s g k")] Tensor x);
}

/// <summary>One feature axis, last.</summary>
[Model]
public sealed partial class BatchNormFeatures
{
    [Param("d", Init.Ones)] public partial Param Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Bias { get; }
    [Param("d", Init.Zeros)] public partial Param Mean { get; }
    [Param("d", Init.Ones)] public partial Param Variance { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [BatchNorm("b d, d, d, d, d -> b d", nameof(x), nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance), Epsilon = nameof(Epsilon))]
    public partial Tensor Infer([Axes("b d")] Tensor x);

    [BatchNorm("b d, d, d, d, d -> b d", nameof(x), nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance), Epsilon = nameof(Epsilon),
        Momentum = nameof(Momentum))]
    public partial Tensor Train([Axes("b d")] Tensor x);
}

/// <summary>Statistics over sequences and their positions.</summary>
[Model]
public sealed partial class BatchNormSequences
{
    [Param("d", Init.Ones)] public partial Param Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Bias { get; }
    [Param("d", Init.Zeros)] public partial Param Mean { get; }
    [Param("d", Init.Ones)] public partial Param Variance { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [BatchNorm("b s d, d, d, d, d -> b s d", nameof(x), nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance),
        Epsilon = nameof(Epsilon), Momentum = nameof(Momentum))]
    public partial Tensor Train([Axes("b s d")] Tensor x);
}

/// <summary>Channels in the middle of an image's axes.</summary>
[Model]
public sealed partial class BatchNormImages
{
    [Param("c", Init.Ones)] public partial Param Gain { get; }
    [Param("c", Init.Zeros)] public partial Param Bias { get; }
    [Param("c", Init.Zeros)] public partial Param Mean { get; }
    [Param("c", Init.Ones)] public partial Param Variance { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [BatchNorm("b c h w, c, c, c, c -> b c h w", nameof(x), nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance),
        Epsilon = nameof(Epsilon))]
    public partial Tensor Infer([Axes("b c h w")] Tensor x);

    [BatchNorm("b c h w, c, c, c, c -> b c h w", nameof(x), nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance),
        Epsilon = nameof(Epsilon), Momentum = nameof(Momentum))]
    public partial Tensor Train([Axes("b c h w")] Tensor x);
}

internal static class NormCases
{
    private const float Epsilon = 1e-5f;

    public static readonly ParityCase[] All =
    [
        new("RmsNorm", parity => Rms(parity, Epsilon)),
        new("RmsNormLargeEpsilon", parity => Rms(parity, 0.25f)),
        new("RmsNormWithoutGain", parity =>
        {
            var plain = new RmsNormPlain(new RmsNormPlainSizes { d = 24 }, new RmsNormPlainSettings { Eps = Epsilon }, parity.Device);
            plain.Initialise(1);
            parity.Same("y", plain.Forward(parity.Draw("x", 2, 5, 24)));
            var call = new RmsNormOfCall(new RmsNormOfCallSizes(), new RmsNormOfCallSettings { Eps = Epsilon }, parity.Device);
            parity.Same("y", call.Forward(parity.Draw("x", 2, 5, 24)));
        }),
        new("RmsNormOfHeads", parity =>
        {
            var model = new RmsNormHeads(new RmsNormHeadsSizes { k = 8 }, new RmsNormHeadsSettings { Eps = Epsilon }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 4, 2, 3, 8)));
        }),
        new("RmsNormOverTwoAxes", parity =>
        {
            var model = new RmsNormTwoAxes(
                new RmsNormTwoAxesSizes { g = 3, k = 8 }, new RmsNormTwoAxesSettings { Eps = Epsilon }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 4, 3, 8)));
        }),
        new("LayerNorm", parity => Layer(parity, 1, 3, Epsilon)),
        new("LayerNormLargeEpsilon", parity => Layer(parity, 1, 3, 0.25f)),
        new("LayerNormOffset", parity => Layer(parity, 32, 36, Epsilon)),
        new("LayerNormWithoutBias", parity =>
        {
            var model = new LayerNormGain(new LayerNormGainSizes { d = 24 }, new LayerNormGainSettings { Eps = Epsilon }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Between("x", 1, 3, 2, 5, 24)));
        }),
        new("LayerNormPlain", parity =>
        {
            var plain = new LayerNormPlain(new LayerNormPlainSizes { d = 24 }, new LayerNormPlainSettings { Eps = Epsilon }, parity.Device);
            plain.Initialise(1);
            parity.Same("y", plain.Forward(parity.Between("x", 1, 3, 2, 5, 24)));
            var call = new LayerNormOfCall(new LayerNormOfCallSizes(), new LayerNormOfCallSettings { Eps = Epsilon }, parity.Device);
            parity.Same("y", call.Forward(parity.Between("x", 1, 3, 2, 5, 24)));
        }),
        new("LayerNormOverTwoAxes", parity =>
        {
            var model = new LayerNormTwoAxes(
                new LayerNormTwoAxesSizes { g = 3, k = 8 }, new LayerNormTwoAxesSettings { Eps = Epsilon }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Between("x", 1, 3, 2, 4, 3, 8)));
        }),
        new("BatchNormInference", parity =>
        {
            BatchNormFeatures model = Features(parity);
            parity.Same("y", model.Infer(parity.Draw("x", 6, 10)));
        }),
        new("BatchNormTraining", parity =>
        {
            BatchNormFeatures model = Features(parity);
            Steps(parity, model.Train, parity.Between("x1", 0, 2, 6, 10), parity.Draw("x2", 4, 10), model.Mean, model.Variance);
        }),
        new("BatchNormSequencesTraining", parity =>
        {
            var model = new BatchNormSequences(
                new BatchNormSequencesSizes { d = 6 }, new BatchNormSequencesSettings { Eps = Epsilon, Momentum = 0.25f }, parity.Device);
            parity.Fill(model.Parameters);

            // vectors.py draws [b, d, s], as PyTorch has it, after drawing [b, s, d].
            Steps(parity, model.Train, parity.Between("x1", 0, 2, 2, 7, 6), parity.Draw("x2", 3, 4, 6), model.Mean, model.Variance);
        }),
        new("BatchNormImages", parity =>
        {
            BatchNormImages model = Images(parity);
            parity.Same("y", model.Infer(parity.Draw("x", 2, 5, 3, 4)));
        }),
        new("BatchNormImagesTraining", parity =>
        {
            BatchNormImages model = Images(parity);
            Steps(parity, model.Train, parity.Between("x1", 0, 2, 2, 5, 3, 4), parity.Draw("x2", 3, 5, 2, 2), model.Mean, model.Variance);
        }),
    ];

    private static void Rms(Parity parity, float epsilon)
    {
        var model = new RmsNormLayer(new RmsNormLayerSizes { d = 24 }, new RmsNormLayerSettings { Eps = epsilon }, parity.Device);
        parity.Fill(model.Parameters);
        parity.Same("y", model.Forward(parity.Draw("x", 2, 5, 24)));
    }

    private static void Layer(Parity parity, float low, float high, float epsilon)
    {
        var model = new LayerNormLayer(new LayerNormLayerSizes { d = 24 }, new LayerNormLayerSettings { Eps = epsilon }, parity.Device);
        parity.Fill(model.Parameters);
        parity.Same("y", model.Forward(parity.Between("x", low, high, 2, 5, 24)));
    }

    private static BatchNormFeatures Features(Parity parity)
    {
        var model = new BatchNormFeatures(
            new BatchNormFeaturesSizes { d = 10 }, new BatchNormFeaturesSettings { Eps = Epsilon, Momentum = 0.25f }, parity.Device);
        parity.Fill(model.Parameters);
        return model;
    }

    private static BatchNormImages Images(Parity parity)
    {
        var model = new BatchNormImages(
            new BatchNormImagesSizes { c = 5 }, new BatchNormImagesSettings { Eps = Epsilon, Momentum = 0.25f }, parity.Device);
        parity.Fill(model.Parameters);
        return model;
    }

    private static void Steps(Parity parity, Func<Tensor, Tensor> train, Tensor first, Tensor second, Param mean, Param variance)
    {
        parity.Same("y1", train(first));
        parity.Same("mean1", mean);
        parity.Same("variance1", variance);
        parity.Same("y2", train(second));
        parity.Same("mean2", mean);
        parity.Same("variance2", variance);
    }
}
