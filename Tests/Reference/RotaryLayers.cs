namespace Einsharp.Tests.Reference;

/// <summary>A rotation of heads, alone; the ones make their axes the model's.</summary>
[Model]
public sealed partial class RotaryLayer
{
    [Param("g k", Init.Ones)] public partial Param Ones { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s g k, g k -> b s g k", nameof(x), nameof(Ones)), Rotate("s", "k", nameof(Rotation))]
    public partial Tensor Forward([Axes("b s g k")] Tensor x);
}

internal static class RotaryCases
{
    public static readonly ParityCase[] All =
    [
        new("Rope", parity => Both(parity, new Rope())),
        new("RopeBase", parity => Both(parity, new Rope(500_000))),
        new("RopeLinear", parity => Both(parity, new Rope(scaling: new LinearRopeScaling(4)))),
        new("RopePartial", parity => Both(parity, new Rope(part: 0.5))),
        new("RopeDynamic", parity => Both(parity, new Rope(scaling: new DynamicRopeScaling(2, 8)))),
        new("RopeDynamicShort", parity => Both(parity, new Rope(scaling: new DynamicRopeScaling(2, 8)), 6)),
        new("RopeYarn", parity => Both(parity, new Rope(scaling: new YarnRopeScaling(4, 64)))),
        new("RopeYarnBetas", parity =>
        {
            double amplitude = YarnRopeScaling.Magnitude(8, 0.7) / YarnRopeScaling.Magnitude(8, 0.4);
            Both(parity, new Rope(scaling: new YarnRopeScaling(8, 128, amplitude, 16, 2)));
        }),
        new("RopeYarnPartial", parity => Both(parity, new Rope(scaling: new YarnRopeScaling(4, 64), part: 0.5))),
        new("RopeLlama3", parity => Both(parity, new Rope(scaling: new Llama3RopeScaling(8, 1, 4, 64)))),
    ];

    private static void Both(Parity parity, Rope rope, int length = 24)
    {
        Tensor x = parity.Draw("x", 2, length, 2, 16);
        foreach (RopeLayout layout in Enum.GetValues<RopeLayout>())
        {
            var model = new RotaryLayer(
                new RotaryLayerSizes { g = 2, k = 16 }, new RotaryLayerSettings { Rope = rope with { Layout = layout } }, parity.Device);
            model.Initialise(1);
            parity.Same(layout == RopeLayout.Halves ? "halves" : "neighbours", model.Forward(x));
        }
    }
}
