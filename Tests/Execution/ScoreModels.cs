namespace Einsharp.Tests.Execution;

// Scores that are kept in memory: no attention, whatever masks them. ScoreTests computes every one with plain loops.

/// <summary>The weights of every position for every other as the result, and read by more than the values' einsum.</summary>
[Model]
[Sizes("small", "d=5", "h=3", "k=4")]
public sealed partial class KeptScores
{
    [Param("h k d", Init.Normal, Deviation = 0.5)] public partial Param Query { get; }
    [Param("k d", Init.Normal, Deviation = 0.5)] public partial Param Key { get; }
    [Param("k d", Init.Normal, Deviation = 0.5)] public partial Param Value { get; }
    [Setting("window")] public partial int Size { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Rename("s -> t"), As("keys")]
    [Einsum("b s h k, b t k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), SoftCap(2), Alibi("s", "t", "h"), Causal("s", "t"),
     Window("s", "t", nameof(Size)), Softmax("t")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Value)), Rename("s -> t"), As("values")]
    [Einsum("b s h k, b t k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Mask("b t", nameof(keep)), Softmax("t"), As("p")]
    [Reduce("b h s t -> b h s", "p", Reduction.Max), As("sure")]
    [Reduce("b h s t -> b t", "p", Reduction.Sum), As("load")]
    [Einsum("b h s t, b t k -> b s h k", "p", "values"), As("heads")]
    [Einsum("b s h k, b h s, b t -> b s h k", "heads", "sure", "load")]
    public partial Tensor Read([Axes("b s d")] Tensor x, [Axes("b t")] Tensor<bool> keep);

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Rename("s -> t"), As("keys")]
    [Einsum("b s h k, b t k -> b t s h", "q", "keys"), Alibi("s", "t", "h"), Window("s", "t", 3), Mask("s t", nameof(pairs)), LogSoftmax("t"),
     Rearrange("b t s h -> b h s t")]
    public partial Tensor Turned([Axes("b s d")] Tensor x, [Axes("s t")] Tensor<bool> pairs);

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Rename("s -> t"), As("keys")]
    [Einsum("b s h k, b t k -> s t b h", "q", "keys"), Causal("s", "t"), Mask("b h", nameof(heads)), Softmax("t"), As("p")]
    [Einsum("s t b h, b t k -> b t h k", "p", "keys")]
    public partial Tensor Back([Axes("b s d")] Tensor x, [Axes("b h")] Tensor<bool> heads);
}

/// <summary>A layer that keeps its weights, since two equations read them.</summary>
[Model]
public sealed partial class ScoreLayer
{
    [Param("d", Init.Ones, From = "gain")] public partial Param Gain { get; }

    [Einsum("b s d -> b s d", nameof(x)), Multiply(nameof(Gain)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, b t d -> b s t", nameof(x), "keys"), Scale("0.3"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b s t, b s t -> b s", "p", "p"), As("sure")]
    [Einsum("b s t, b t d -> b s d", "p", "keys"), Multiply("sure"), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Such layers in a stack.</summary>
[Model]
public sealed partial class ScoreStack
{
    [Layers("depth", From = "layers.{0}.")] public partial Layers<ScoreLayer> Layers { get; }
    [Param("d", Init.Ones)] public partial Param Gain { get; }

    [Run("b s d -> b s d", nameof(Layers), nameof(x)), Multiply(nameof(Gain))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>A mean of positions by weights that leave padding out, and a choice among what a mask allows.</summary>
[Model]
public sealed partial class MaskedPooling
{
    [Param("d", Init.Normal, Deviation = 1)] public partial Param Score { get; }
    [Param("e d", Init.Normal, Deviation = 1)] public partial Param Router { get; }

    [Einsum("b s d, d -> b s", nameof(x), nameof(Score)), Mask("b s", nameof(keep)), Softmax("s"), As("w")]
    [Einsum("b s, b s d -> b d", "w", nameof(x)), As("mean")]
    [Einsum("b d, e d -> b e", "mean", nameof(Router)), Mask("e", nameof(allowed)), Softmax("e")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b s")] Tensor<bool> keep, [Axes("e")] Tensor<bool> allowed);
}
