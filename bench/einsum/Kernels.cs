using System.Numerics.Tensors;

namespace Einsharp.Bench;

/// <summary>The equations, compiled.</summary>
internal static partial class Kernels
{
    [Einsum("b s d, h d -> b s h")]
    public static partial void Projection(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s d, f d -> b s f")]
    public static partial void FeedForwardUp(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s d, d f -> b s f")]
    public static partial void ProjectionWeightsInOut(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b d, h d -> b h")]
    public static partial void ProjectionOfFewRows(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("d, h d -> h")]
    public static partial void DecodeOneRow(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("d, d h -> h")]
    public static partial void DecodeWeightsInOut(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s d, d h k -> b h s k")]
    public static partial void HeadsSplitOff(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s h k, b t h k -> b h s t")]
    public static partial void AttentionScores(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s g r k, b t g k -> b g r s t")]
    public static partial void ScoresGroupedQueries(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b h s k, b h t k -> b h s t")]
    public static partial void ScoresHeadMajor(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b h k, b t h k -> b h t")]
    public static partial void ScoresOfOneQuery(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b h s t, b t h k -> b s h k")]
    public static partial void AttentionValues(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b g r s t, b t g k -> b s g r k")]
    public static partial void ValuesGroupedQueries(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b h s t, b h t k -> b h s k")]
    public static partial void ValuesHeadMajor(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s h k, h k d -> b s d")]
    public static partial void HeadsMerged(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s h k, d h k -> b s d")]
    public static partial void HeadsMergedWeightsOutHeads(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b h s k, s t k -> b h s t")]
    public static partial void RelativePositions(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s h k, b s h v -> b h k v")]
    public static partial void LinearAttentionState(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s d, e d -> b s e")]
    public static partial void RouterOfExperts(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s d, b s e c -> e b c d")]
    public static partial void ExpertsDispatch(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("e c d, e d f -> e c f")]
    public static partial void ExpertsFeedForward(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s e c, e b c d -> b s d")]
    public static partial void ExpertsCombine(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s d, r d, h r -> b s h")]
    public static partial void LoRA(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, ReadOnlyTensorSpan<float> z, TensorSpan<float> to, Device device);

    [Einsum("b i, o i j, b j -> b o")]
    public static partial void Bilinear(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, ReadOnlyTensorSpan<float> z, TensorSpan<float> to, Device device);

    [Einsum("i j k, i a, j b, k c -> a b c")]
    public static partial void Tucker(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, ReadOnlyTensorSpan<float> z, ReadOnlyTensorSpan<float> w, TensorSpan<float> to, Device device);

    [Einsum("b s h, b s d -> h d")]
    public static partial void WeightGradient(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s v, b s d -> v d")]
    public static partial void EmbeddingGradient(
        ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s d -> d")]
    public static partial void BiasGradient(ReadOnlyTensorSpan<float> x, TensorSpan<float> to, Device device);

    [Einsum("b i j, b j k -> b i k")]
    public static partial void SmallBatches(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b i j, b j k -> b i k")]
    public static partial void TinyBatches(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("i, j -> i j")]
    public static partial void OuterProduct(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s f, b s f -> b s f")]
    public static partial void Gate(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b s d, b s d -> b s")]
    public static partial void SumsOfSquares(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> to, Device device);

    [Einsum("b i i -> b")]
    public static partial void BatchedTrace(ReadOnlyTensorSpan<float> x, TensorSpan<float> to, Device device);

    [Einsum("b s h k -> b h s k")]
    public static partial void HeadsToTheFront(ReadOnlyTensorSpan<float> x, TensorSpan<float> to, Device device);

    [Einsum("i j -> j i")]
    public static partial void Transpose(ReadOnlyTensorSpan<float> x, TensorSpan<float> to, Device device);

    [Einsum("i k, k j -> i j")]
    public static partial void Float64Product(
        ReadOnlyTensorSpan<double> x, ReadOnlyTensorSpan<double> y, TensorSpan<double> to, Device device);
}
