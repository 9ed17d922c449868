namespace Einsharp.Tests.Reference;

[Model]
public sealed partial class SiluLayer
{
    [Einsum("n d -> n d", nameof(x)), Silu]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

[Model]
public sealed partial class SwishLayer
{
    [Einsum("n d -> n d", nameof(x)), Swish(1.702)]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

[Model]
public sealed partial class GeluErfLayer
{
    [Einsum("n d -> n d", nameof(x)), Gelu]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

[Model]
public sealed partial class GeluTanhLayer
{
    [Einsum("n d -> n d", nameof(x)), Gelu(GeluForm.Tanh)]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

[Model]
public sealed partial class SigmoidLayer
{
    [Einsum("n d -> n d", nameof(x)), Sigmoid]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

[Model]
public sealed partial class TanhLayer
{
    [Einsum("n d -> n d", nameof(x)), Tanh]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

[Model]
public sealed partial class ReluLayer
{
    [Einsum("n d -> n d", nameof(x)), Relu]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

[Model]
public sealed partial class SoftCapLayer
{
    [Einsum("n d -> n d", nameof(x)), SoftCap(30)]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>A cap that is a setting.</summary>
[Model]
public sealed partial class SoftCapSetting
{
    [Setting("cap")] public partial float Cap { get; }

    [Einsum("n d -> n d", nameof(x)), SoftCap(nameof(Cap))]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>An activation of features, where the ones above are of axes that the call brings.</summary>
[Model]
public sealed partial class GeluFeatures
{
    [Param("d", Init.Ones)] public partial Param Ones { get; }

    [Einsum("n d, d -> n d", nameof(x), nameof(Ones)), Gelu]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>Softmax over each of three axes that the call brings.</summary>
[Model]
public sealed partial class SoftmaxOfCall
{
    [Einsum("b h e -> b h e", nameof(x)), Softmax("e")]
    public partial Tensor Last([Axes("b h e")] Tensor x);

    [Einsum("b h e -> b h e", nameof(x)), Softmax("h")]
    public partial Tensor Middle([Axes("b h e")] Tensor x);

    [Einsum("b h e -> b h e", nameof(x)), Softmax("b")]
    public partial Tensor First([Axes("b h e")] Tensor x);

    [Einsum("b h e -> b h e", nameof(x)), LogSoftmax("e")]
    public partial Tensor LogLast([Axes("b h e")] Tensor x);

    [Einsum("b h e -> b h e", nameof(x)), LogSoftmax("h")]
    public partial Tensor LogMiddle([Axes("b h e")] Tensor x);

    [Einsum("b h e -> b h e", nameof(x)), LogSoftmax("b")]
    public partial Tensor LogFirst([Axes("b h e")] Tensor x);
}

/// <summary>The same where two of the axes are the model's.</summary>
[Model]
public sealed partial class SoftmaxOfModel
{
    [Param("h e", Init.Ones)] public partial Param Ones { get; }

    [Einsum("b h e, h e -> b h e", nameof(x), nameof(Ones)), Softmax("e")]
    public partial Tensor Last([Axes("b h e")] Tensor x);

    [Einsum("b h e, h e -> b h e", nameof(x), nameof(Ones)), Softmax("h")]
    public partial Tensor Middle([Axes("b h e")] Tensor x);

    [Einsum("b h e, h e -> b h e", nameof(x), nameof(Ones)), Softmax("b")]
    public partial Tensor First([Axes("b h e")] Tensor x);

    [Einsum("b h e, h e -> b h e", nameof(x), nameof(Ones)), LogSoftmax("e")]
    public partial Tensor LogLast([Axes("b h e")] Tensor x);

    [Einsum("b h e, h e -> b h e", nameof(x), nameof(Ones)), LogSoftmax("h")]
    public partial Tensor LogMiddle([Axes("b h e")] Tensor x);

    [Einsum("b h e, h e -> b h e", nameof(x), nameof(Ones)), LogSoftmax("b")]
    public partial Tensor LogFirst([Axes("b h e")] Tensor x);
}

[Model]
public sealed partial class SoftmaxLong
{
    [Einsum("n v -> n v", nameof(x)), Softmax("v")]
    public partial Tensor Forward([Axes("n v")] Tensor x);

    [Einsum("n v -> n v", nameof(x)), LogSoftmax("v")]
    public partial Tensor Log([Axes("n v")] Tensor x);
}

internal static class ActivationCases
{
    public static readonly ParityCase[] All =
    [
        new("Silu", parity => parity.Same("y", new SiluLayer(new SiluLayerSizes(), parity.Device).Forward(parity.Scaled()))),
        new("Swish", parity => parity.Same("y", new SwishLayer(new SwishLayerSizes(), parity.Device).Forward(parity.Scaled()))),
        new("GeluTanh", parity => parity.Same("y", new GeluTanhLayer(new GeluTanhLayerSizes(), parity.Device).Forward(parity.Scaled()))),
        new("Sigmoid", parity => parity.Same("y", new SigmoidLayer(new SigmoidLayerSizes(), parity.Device).Forward(parity.Scaled()))),
        new("Tanh", parity => parity.Same("y", new TanhLayer(new TanhLayerSizes(), parity.Device).Forward(parity.Scaled()))),
        new("Relu", parity => parity.Same("y", new ReluLayer(new ReluLayerSizes(), parity.Device).Forward(parity.Scaled()))),
        new("GeluErf", parity =>
        {
            parity.Same("y", new GeluErfLayer(new GeluErfLayerSizes(), parity.Device).Forward(parity.Scaled()));
            var features = new GeluFeatures(new GeluFeaturesSizes { d = 37 }, parity.Device);
            features.Initialise(1);
            parity.Same("y", features.Forward(parity.Scaled()));
        }),
        new("SoftCap", parity =>
        {
            parity.Same("y", new SoftCapLayer(new SoftCapLayerSizes(), parity.Device).Forward(parity.Scaled()));
            var setting = new SoftCapSetting(new SoftCapSettingSizes(), new SoftCapSettingSettings { Cap = 30 }, parity.Device);
            parity.Same("y", setting.Forward(parity.Scaled()));
        }),
        new("Softmax", parity =>
        {
            Tensor x = parity.Between("x", -20, 20, 3, 7, 5);
            var call = new SoftmaxOfCall(new SoftmaxOfCallSizes(), parity.Device);
            parity.Same("last", call.Last(x));
            parity.Same("middle", call.Middle(x));
            parity.Same("first", call.First(x));
            var model = new SoftmaxOfModel(new SoftmaxOfModelSizes { h = 7, e = 5 }, parity.Device);
            model.Initialise(1);
            parity.Same("last", model.Last(x));
            parity.Same("middle", model.Middle(x));
            parity.Same("first", model.First(x));
        }),
        new("LogSoftmax", parity =>
        {
            Tensor x = parity.Between("x", -20, 20, 3, 7, 5);
            var call = new SoftmaxOfCall(new SoftmaxOfCallSizes(), parity.Device);
            parity.Same("last", call.LogLast(x));
            parity.Same("middle", call.LogMiddle(x));
            parity.Same("first", call.LogFirst(x));
            var model = new SoftmaxOfModel(new SoftmaxOfModelSizes { h = 7, e = 5 }, parity.Device);
            model.Initialise(1);
            parity.Same("last", model.LogLast(x));
            parity.Same("middle", model.LogMiddle(x));
            parity.Same("first", model.LogFirst(x));
        }),
        new("SoftmaxLong", parity =>
        {
            Tensor x = parity.Between("x", 80, 100, 2, 301);
            parity.Same("softmax", new SoftmaxLong(new SoftmaxLongSizes(), parity.Device).Forward(x));
            parity.Same("log", new SoftmaxLong(new SoftmaxLongSizes(), parity.Device).Log(x));
        }),
    ];
}
