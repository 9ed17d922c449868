namespace Einsharp.Tests.Reference;

[Model]
public sealed partial class LinearLayer
{
    [Param("f d", Init.Linear)] public partial Param Weight { get; }

    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Weight))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class LinearBias
{
    [Param("f d", Init.Linear)] public partial Param Weight { get; }
    [Param("f", Init.Zeros)] public partial Param Bias { get; }

    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Weight)), Add(nameof(Bias))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>A gated linear unit; Dauphin et al. 2016.</summary>
[Model]
public sealed partial class GluLayer
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f d", Init.Linear)] public partial Param Gate { get; }

    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Up)), As("u")]
    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Gate)), Sigmoid, Multiply("u")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class GluBias
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f", Init.Zeros)] public partial Param UpBias { get; }
    [Param("f d", Init.Linear)] public partial Param Gate { get; }
    [Param("f", Init.Zeros)] public partial Param GateBias { get; }

    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Up)), Add(nameof(UpBias)), As("u")]
    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Gate)), Add(nameof(GateBias)), Sigmoid, Multiply("u")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class SwiGluLayer
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f d", Init.Linear)] public partial Param Gate { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }

    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Up)), As("u")]
    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Gate)), Silu, Multiply("u"), As("h")]
    [Einsum("b s f, d f -> b s d", "h", nameof(Down))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class GeGluLayer
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f d", Init.Linear)] public partial Param Gate { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }

    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Up)), As("u")]
    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Gate)), Gelu, Multiply("u"), As("h")]
    [Einsum("b s f, d f -> b s d", "h", nameof(Down))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class EmbeddingLayer
{
    [Param("v d", Init.Embedding)] public partial Param Table { get; }

    [Gather("b s, v d -> b s d", nameof(ids), nameof(Table))]
    public partial Tensor Forward([Axes("b s")] Tensor<int> ids);
}

[Model]
public sealed partial class LearnedPositionsLayer
{
    [Param("v d", Init.Embedding)] public partial Param Table { get; }
    [Param("p d", Init.Embedding)] public partial Param Positions { get; }

    [Gather("b s, v d -> b s d", nameof(ids), nameof(Table)), AddPositions("s", nameof(Positions))]
    public partial Tensor Forward([Axes("b s")] Tensor<int> ids);
}

internal static class FeedForwardCases
{
    public static readonly ParityCase[] All =
    [
        new("Linear", parity =>
        {
            var model = new LinearLayer(new LinearLayerSizes { f = 11, d = 18 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 5, 18)));
        }),
        new("LinearWithBias", parity =>
        {
            var model = new LinearBias(new LinearBiasSizes { f = 11, d = 18 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 5, 18)));
        }),
        new("Glu", parity =>
        {
            var model = new GluLayer(new GluLayerSizes { f = 10, d = 12 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 3, 12)));
        }),
        new("GluWithBias", parity =>
        {
            var model = new GluBias(new GluBiasSizes { f = 10, d = 12 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 3, 12)));
        }),
        new("SwiGlu", parity =>
        {
            var model = new SwiGluLayer(new SwiGluLayerSizes { f = 10, d = 12 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 3, 12)));
        }),
        new("GeGlu", parity =>
        {
            var model = new GeGluLayer(new GeGluLayerSizes { f = 10, d = 12 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 3, 12)));
        }),
        new("Embedding", parity =>
        {
            var model = new EmbeddingLayer(new EmbeddingLayerSizes { v = 11, d = 6 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Ints("ids", 11, 2, 5)));
        }),
        new("LearnedPositions", parity =>
        {
            var model = new LearnedPositionsLayer(new LearnedPositionsLayerSizes { v = 11, d = 6, p = 9 }, parity.Device);
            parity.Fill(model.Parameters);
            parity.Same("y", model.Forward(parity.Ints("ids", 11, 2, 5)));
        }),
    ];
}
