namespace Einsharp.Tests.Reference;

// torch.nn.MultiheadAttention, with biases, in ours.

[Model]
public sealed partial class MultiHeadFull
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Add(nameof(KeyBias)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Add(nameof(ValueBias)), Rename("s -> t"), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class MultiHeadCausal
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Add(nameof(KeyBias)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Add(nameof(ValueBias)), Rename("s -> t"), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class MultiHeadKeyPadding
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Add(nameof(KeyBias)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Add(nameof(ValueBias)), Rename("s -> t"), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Mask("b t", nameof(keep)), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b t")] Tensor<bool> keep);
}

[Model]
public sealed partial class MultiHeadMask
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Add(nameof(KeyBias)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Add(nameof(ValueBias)), Rename("s -> t"), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Mask("s t", nameof(seen)), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("s t")] Tensor<bool> seen);
}

/// <summary>Keys and values of another input.</summary>
[Model]
public sealed partial class CrossAttention
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("g k m", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("g k m", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b t m, g k m -> b t g k", nameof(memory), nameof(Key)), Add(nameof(KeyBias)), As("keys")]
    [Einsum("b t m, g k m -> b t g k", nameof(memory), nameof(Value)), Add(nameof(ValueBias)), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b t m")] Tensor memory);
}

[Model]
public sealed partial class CrossAttentionKeyPadding
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("g k m", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("g k m", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b t m, g k m -> b t g k", nameof(memory), nameof(Key)), Add(nameof(KeyBias)), As("keys")]
    [Einsum("b t m, g k m -> b t g k", nameof(memory), nameof(Value)), Add(nameof(ValueBias)), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Mask("b t", nameof(keep)), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b t m")] Tensor memory, [Axes("b t")] Tensor<bool> keep);
}

internal static class MultiHeadCases
{
    public static readonly ParityCase[] All =
    [
        new("MultiHeadFull", parity =>
        {
            var model = new MultiHeadFull(new MultiHeadFullSizes { g = 3, k = 4, d = 12 }, parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 12)));
        }),
        new("MultiHeadCausal", parity =>
        {
            var model = new MultiHeadCausal(new MultiHeadCausalSizes { g = 3, k = 4, d = 12 }, parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 12)));
        }),
        new("MultiHeadKeyPadding", parity =>
        {
            var model = new MultiHeadKeyPadding(new MultiHeadKeyPaddingSizes { g = 3, k = 4, d = 12 }, parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 12), parity.Seen("keep", 0.6f, 2, 7)));
        }),
        new("MultiHeadMask", parity =>
        {
            var model = new MultiHeadMask(new MultiHeadMaskSizes { g = 3, k = 4, d = 12 }, parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 12), parity.Seen("seen", 0.5f, 7, 7)));
        }),
        new("CrossAttention", parity =>
        {
            var model = new CrossAttention(new CrossAttentionSizes { g = 3, k = 4, d = 12, m = 9 }, parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 12), parity.Draw("memory", 2, 5, 9)));
        }),
        new("CrossAttentionKeyPadding", parity =>
        {
            var model = new CrossAttentionKeyPadding(new CrossAttentionKeyPaddingSizes { g = 3, k = 4, d = 12, m = 9 }, parity.Device);
            parity.Fill(model.Parameters, 0.5f);
            parity.Same("y", model.Forward(parity.Draw("x", 2, 7, 12), parity.Draw("memory", 2, 5, 9), parity.Seen("keep", 0.6f, 2, 5)));
        }),
    ];
}
