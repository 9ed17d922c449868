namespace Einsharp.Tests.Reference;

/// <summary>The ones say how many groups and queries of a group there are.</summary>
[Model]
public sealed partial class SplitHeads
{
    [Param("g r", Init.Ones)] public partial Param Ones { get; }

    [Rearrange("b s (g r k) -> b g r s k", nameof(x)), Multiply(nameof(Ones))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);

    [Einsum("b s d -> b s d", nameof(x)), Rearrange("b s (d: g r k) -> b g r s k"), Multiply(nameof(Ones))]
    public partial Tensor Modify([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class MergeHeads
{
    [Rearrange("b g r s k -> b s (d: g r k)", nameof(x))]
    public partial Tensor Forward([Axes("b g r s k")] Tensor x);
}

/// <summary>An image cut into patches, as a vision transformer has it.</summary>
[Model]
public sealed partial class Patches
{
    [Param("p q", Init.Ones)] public partial Param Ones { get; }

    [Rearrange("b c (h p) (w q) -> b h w p q c", nameof(image)), Multiply(nameof(Ones)), Rearrange("b h w p q c -> b h w (f: p q c)")]
    public partial Tensor Forward([Axes("b c y x")] Tensor image);
}

[Model]
public sealed partial class PixelShuffle
{
    [Param("p q", Init.Ones)] public partial Param Ones { get; }

    [Rearrange("b (c p q) h w -> b c h p w q", nameof(image)), Multiply(nameof(Ones)),
     Rearrange("b c h p w q -> b c (y: h p) (x: w q)")]
    public partial Tensor Forward([Axes("b f h w")] Tensor image);
}

[Model]
public sealed partial class Transposed
{
    [Rearrange("b s d -> d s b", nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class Flattened
{
    [Rearrange("b s d -> (n: b s d)", nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

internal static class RearrangeCases
{
    public static readonly ParityCase[] All =
    [
        new("SplitHeads", parity =>
        {
            var model = new SplitHeads(new SplitHeadsSizes { g = 2, r = 3 }, parity.Device);
            model.Initialise(1);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 5, 24)));
            parity.Same("y", model.Modify(parity.Draw("x", 2, 5, 24)));
        }),
        new("MergeHeads", parity =>
            parity.Same("y", new MergeHeads(new MergeHeadsSizes(), parity.Device).Forward(parity.Draw("x", 2, 2, 3, 5, 4)))),
        new("Patches", parity =>
        {
            var model = new Patches(new PatchesSizes { p = 2, q = 3 }, parity.Device);
            model.Initialise(1);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 3, 4, 6)));
        }),
        new("PixelShuffle", parity =>
        {
            var model = new PixelShuffle(new PixelShuffleSizes { p = 2, q = 2 }, parity.Device);
            model.Initialise(1);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 12, 3, 5)));
        }),
        new("Transposed", parity => parity.Same(
            "y", new Transposed(new TransposedSizes(), parity.Device).Forward(parity.Draw("x", 2, 5, 6)))),
        new("Flattened", parity => parity.Same("y", new Flattened(new FlattenedSizes(), parity.Device).Forward(parity.Draw("x", 2, 5, 6)))),
    ];
}
