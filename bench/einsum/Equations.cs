using System.Numerics.Tensors;
using System.Reflection;

namespace Einsharp.Bench;

internal delegate void EinsumOne<T>(ReadOnlyTensorSpan<T> x, TensorSpan<T> to, Device device);

internal delegate void EinsumTwo<T>(ReadOnlyTensorSpan<T> x, ReadOnlyTensorSpan<T> y, TensorSpan<T> to, Device device);

internal delegate void EinsumThree<T>(
    ReadOnlyTensorSpan<T> x, ReadOnlyTensorSpan<T> y, ReadOnlyTensorSpan<T> z, TensorSpan<T> to, Device device);

internal delegate void EinsumFour<T>(
    ReadOnlyTensorSpan<T> x, ReadOnlyTensorSpan<T> y, ReadOnlyTensorSpan<T> z, ReadOnlyTensorSpan<T> w, TensorSpan<T> to, Device device);

/// <summary>One row of the table.</summary>
/// <param name="Name">What it is in a model.</param>
/// <param name="Sizes">The extents: <c>b=1 s=256</c>.</param>
/// <param name="Kernel">The compiled equation; without it, the library's contraction is called, as generated code would.</param>
/// <param name="Path">For the plain loops: steps of two operands each, where there are more operands.</param>
/// <param name="Text">The equation, if there is no kernel that has it.</param>
/// <param name="Views">Strides of an operand that is a view whose elements overlap, by axis: <c>0: c=1 y=30</c>.</param>
internal sealed record Equation(
    string Name, string Sizes, Delegate? Kernel, string? Path = null, string? Text = null, string? Views = null)
{
    public string Text { get; } = Text ?? Kernel!.Method.GetCustomAttribute<EinsumAttribute>()!.Equation;

    public bool IsDouble => Kernel?.Method.GetParameters()[0].ParameterType == typeof(ReadOnlyTensorSpan<double>);
}

/// <summary>Equations of real models, at sizes that a core does in a few milliseconds: longer calls are interrupted on shared machines.</summary>
internal static class Equations
{
    public static readonly Equation[] All =
    [
        new("projection", "b=1 s=128 d=768 h=768", (EinsumTwo<float>)Kernels.Projection),
        new("feed-forward up", "b=1 s=32 d=768 f=3072", (EinsumTwo<float>)Kernels.FeedForwardUp),
        new("projection, weights [in, out]", "b=2 s=64 d=768 f=768", (EinsumTwo<float>)Kernels.ProjectionWeightsInOut),
        new("projection of few rows", "b=8 d=1024 h=4096", (EinsumTwo<float>)Kernels.ProjectionOfFewRows),
        new("decode: one row", "d=2048 h=2048", (EinsumTwo<float>)Kernels.DecodeOneRow),
        new("decode, weights [in, out]", "d=2048 h=2048", (EinsumTwo<float>)Kernels.DecodeWeightsInOut),
        new("heads split off", "b=1 s=128 d=768 h=12 k=64", (EinsumTwo<float>)Kernels.HeadsSplitOff),
        new("attention scores", "b=2 s=128 t=128 h=12 k=64", (EinsumTwo<float>)Kernels.AttentionScores),
        new("scores, grouped queries", "b=1 s=128 t=256 g=4 r=4 k=64", (EinsumTwo<float>)Kernels.ScoresGroupedQueries),
        new("scores, head-major", "b=2 h=12 s=128 t=128 k=64", (EinsumTwo<float>)Kernels.ScoresHeadMajor),
        new("scores of one query", "b=4 h=12 k=64 t=512", (EinsumTwo<float>)Kernels.ScoresOfOneQuery),
        new("attention values", "b=2 s=128 t=128 h=12 k=64", (EinsumTwo<float>)Kernels.AttentionValues),
        new("values, grouped queries", "b=1 s=128 t=256 g=4 r=4 k=64", (EinsumTwo<float>)Kernels.ValuesGroupedQueries),
        new("values, head-major", "b=2 h=12 s=128 t=128 k=64", (EinsumTwo<float>)Kernels.ValuesHeadMajor),
        new("heads merged", "b=1 s=128 h=12 k=64 d=768", (EinsumTwo<float>)Kernels.HeadsMerged),
        new("heads merged, weights [out, heads]", "b=1 s=128 h=12 k=64 d=768", (EinsumTwo<float>)Kernels.HeadsMergedWeightsOutHeads),
        new("relative positions", "b=2 h=12 s=64 t=64 k=64", (EinsumTwo<float>)Kernels.RelativePositions),
        new("linear attention's state", "b=2 s=512 h=8 k=64 v=64", (EinsumTwo<float>)Kernels.LinearAttentionState),
        new("router of experts", "b=2 s=512 d=768 e=8", (EinsumTwo<float>)Kernels.RouterOfExperts),
        new("experts: dispatch", "b=2 s=128 e=8 c=32 d=256", (EinsumTwo<float>)Kernels.ExpertsDispatch),
        new("experts: feed-forward", "e=8 c=64 d=256 f=512", (EinsumTwo<float>)Kernels.ExpertsFeedForward),
        new("experts: combine", "b=2 s=128 e=8 c=32 d=256", (EinsumTwo<float>)Kernels.ExpertsCombine),
        new("LoRA", "b=1 s=256 d=768 r=16 h=768", (EinsumThree<float>)Kernels.LoRA, Path:
                "b s d, r d -> b s r; b s r, h r -> b s h"),
        new("bilinear", "b=64 i=64 j=64 o=64", (EinsumThree<float>)Kernels.Bilinear, Path:
                "b i, o i j -> b o j; b o j, b j -> b o"),
        new("Tucker", "i=64 j=64 k=64 a=16 b=16 c=16", (EinsumFour<float>)Kernels.Tucker, Path:
                "i j k, k c -> i j c; i j c, j b -> i b c; i b c, i a -> a b c"),
        new("weight gradient", "b=2 s=64 h=768 d=768", (EinsumTwo<float>)Kernels.WeightGradient),
        new("embedding gradient", "b=2 s=128 v=1000 d=256", (EinsumTwo<float>)Kernels.EmbeddingGradient),
        new("bias gradient", "b=16 s=512 d=768", (EinsumOne<float>)Kernels.BiasGradient),
        new("convolution 3x3", "b=2 c=32 y=28 x=28 p=3 q=3 o=64", null, Text: "b c y x p q, o c p q -> b o y x", Views:
                "0: b=28800 c=900 y=30 x=1 p=30 q=1"),
        new("small batches", "b=96 i=64 j=64 k=64", (EinsumTwo<float>)Kernels.SmallBatches),
        new("tiny batches", "b=10000 i=4 j=4 k=4", (EinsumTwo<float>)Kernels.TinyBatches),
        new("outer product", "i=1500 j=1500", (EinsumTwo<float>)Kernels.OuterProduct),
        new("gate", "b=4 s=128 f=3072", (EinsumTwo<float>)Kernels.Gate),
        new("sums of squares", "b=8 s=512 d=768", (EinsumTwo<float>)Kernels.SumsOfSquares),
        new("batched trace", "b=512 i=64", (EinsumOne<float>)Kernels.BatchedTrace),
        new("heads to the front", "b=8 s=256 h=12 k=64", (EinsumOne<float>)Kernels.HeadsToTheFront),
        new("transpose", "i=2048 j=1536", (EinsumOne<float>)Kernels.Transpose),
        new("float64 product", "i=320 k=320 j=320", (EinsumTwo<double>)Kernels.Float64Product),
    ];
}
