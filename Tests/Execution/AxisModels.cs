namespace Einsharp.Tests.Execution;

// What goes along axes of the call, or across rows; AxisTests computes every one with plain loops.

/// <summary>Softmax, log softmax and norms along axes of the call.</summary>
[Model]
[Sizes("small", "e=19", "d=5")]
public sealed partial class AlongCalls
{
    [Param("e d", Init.Normal, Deviation = 0.5)] public partial Param Weight { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [Einsum("b s d, e d -> b s e", nameof(x), nameof(Weight)), Softmax("s"), Scale("3"), LogSoftmax("e"), Add(nameof(gate)), As("a")]
    [LayerNorm("b s e -> b s e", "a", Over = "s e", Epsilon = nameof(Epsilon)), Softmax("b"), As("n")]
    [Einsum("b s d, e d -> b s e", nameof(x), nameof(Weight)), As("u")]
    [Einsum("b s e, b s e -> b s e", "u", "n"), LogSoftmax("s"), Multiply("a"), Add(nameof(gate))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b s e")] Tensor gate);
}

/// <summary>Reductions of every kind, over axes of the call, of the model and of both, of an input and of values.</summary>
[Model]
public sealed partial class Reductions
{
    [Param("h k d", Init.Normal, Deviation = 0.5)] public partial Param Weight { get; }

    [Reduce("b s d -> b s", nameof(x), Reduction.LogSumExp), As("lse")]
    [Reduce("b s d -> d", nameof(x), Reduction.Mean), Silu, Add(nameof(offset)), As("mean")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Weight)), As("heads")]
    [Reduce("b s h k -> b h k", "heads", Reduction.Max), Add(nameof(summit)), As("max")]
    [Reduce("b s h k -> s k", "heads", Reduction.Min), As("min")]
    [Reduce("b s h k -> h", "heads", Reduction.LogSumExp), As("head")]
    [Reduce("b s h k -> ", "heads", Reduction.Sum), Scale("0.01"), As("total")]
    [Einsum("b s h k, b s h k -> b s h k", "heads", "heads"), Add("max"), Multiply("min"), Add("head"), Add("lse"), Add("total"),
     Multiply(nameof(turned)), Reduce("b s h k -> b s k", Reduction.Sum), Add("min"), As("sum")]
    [Einsum("b s d -> b s d", nameof(x)), Multiply("mean"), Reduce("b s d -> b s", Reduction.Sum), As("wide")]
    [Einsum("b s k -> b s k", "sum"), Multiply("wide"), Scale("0.001"), Softmax("s"), Reduce("b s k -> b", Reduction.Max)]
    public partial Tensor Forward(
        [Axes("b s d")] Tensor x, [Axes("k s h")] Tensor turned, [Axes("h k")] Tensor summit, [Axes("d")] Tensor offset);
}

/// <summary>Nothing but a call: no parameter, every axis its own.</summary>
[Model]
public sealed partial class Pooling
{
    [Reduce("b c h w -> b c", nameof(x), Reduction.Mean), Sigmoid, As("gate")]
    [Reduce("b c h w -> b w", nameof(x), Reduction.Max), As("max")]
    [Reduce("b c h w -> c h", nameof(x), Reduction.Sum), Tanh, As("sum")]
    [Einsum("b c h w -> b c h w", nameof(x)), Multiply("gate"), Add("max"), Multiply("sum"), Relu, Softmax("h")]
    public partial Tensor Forward([Axes("b c h w")] Tensor x);
}

/// <summary>A perceptron with batch norm, by running statistics and by the batch's.</summary>
[Model]
public sealed partial class BatchNormed
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f", Init.Ones)] public partial Param Gain { get; }
    [Param("f", Init.Zeros)] public partial Param Bias { get; }
    [Param("f", Init.Zeros)] public partial Param Mean { get; }
    [Param("f", Init.Ones)] public partial Param Variance { get; }
    [Param("o f", Init.Linear)] public partial Param Down { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [Einsum("n d, f d -> n f", nameof(x), nameof(Up)), As("h")]
    [BatchNorm("n f, f, f, f, f -> n f", "h", nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance), Epsilon = nameof(Epsilon)), Relu,
     As("a")]
    [Einsum("n f, o f -> n o", "a", nameof(Down))]
    public partial Tensor Forward([Axes("n d")] Tensor x);

    [Einsum("n d, f d -> n f", nameof(x), nameof(Up)), As("h")]
    [BatchNorm("n f, f, f, f, f -> n f", "h", nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance), Epsilon = nameof(Epsilon),
        Momentum = nameof(Momentum)), Relu, As("a")]
    [Einsum("n f, o f -> n o", "a", nameof(Down))]
    public partial Tensor Train([Axes("n d")] Tensor x);
}

/// <summary>Batch norm of images, the channels first, last, and with the rows of an image.</summary>
[Model]
public sealed partial class Channels
{
    [Param("c", Init.Normal, Mean = 1, Deviation = 0.3)] public partial Param Gain { get; }
    [Param("c", Init.Normal, Deviation = 1)] public partial Param Bias { get; }
    [Param("c", Init.Zeros)] public partial Param Mean { get; }
    [Param("c", Init.Ones)] public partial Param Variance { get; }
    [Param("c h", Init.Normal, Mean = 1, Deviation = 0.3)] public partial Param WideGain { get; }
    [Param("c h", Init.Normal, Deviation = 1)] public partial Param WideBias { get; }
    [Param("c h", Init.Zeros)] public partial Param WideMean { get; }
    [Param("c h", Init.Ones)] public partial Param WideVariance { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [BatchNorm("b c h w, c, c, c, c -> b c h w", nameof(x), nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance),
        Epsilon = nameof(Epsilon), Momentum = nameof(Momentum)), Gelu, As("y")]
    [BatchNorm("b c h w, c h, c h, c h, c h -> b c h w", "y", nameof(WideGain), nameof(WideBias), nameof(WideMean), nameof(WideVariance),
        Epsilon = nameof(Epsilon), Momentum = nameof(Momentum)), Add(nameof(x))]
    public partial Tensor First([Axes("b c h w")] Tensor x);

    [BatchNorm("b w h c, c, c, c, c -> b w h c", nameof(x), nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance),
        Epsilon = nameof(Epsilon), Momentum = nameof(Momentum)), Multiply(nameof(WideGain)), As("y")]
    [BatchNorm("b w h c, c h, c h, c h, c h -> b w h c", "y", nameof(WideGain), nameof(WideBias), nameof(WideMean), nameof(WideVariance),
        Epsilon = nameof(Epsilon), Momentum = nameof(Momentum)), Sigmoid]
    public partial Tensor Last([Axes("b w h c")] Tensor x);

    [BatchNorm("b c h w, c, c, c, c -> b c h w", nameof(x), nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance),
        Epsilon = nameof(Epsilon)), As("y")]
    [BatchNorm("b c h w, c h, c h, c h, c h -> b c h w", "y", nameof(WideGain), nameof(WideBias), nameof(WideMean), nameof(WideVariance),
        Epsilon = nameof(Epsilon))]
    public partial Tensor Infer([Axes("b c h w")] Tensor x);
}

/// <summary>A layer that looks at all of its image: squeeze and excitation (Hu et al. 2018), and batch norm that trains.</summary>
[Model]
public sealed partial class Excitation
{
    [Param("r c", Init.Linear, From = "squeeze")] public partial Param Squeeze { get; }
    [Param("c r", Init.Linear, From = "excite")] public partial Param Excite { get; }
    [Param("c", Init.Ones, From = "gain")] public partial Param Gain { get; }
    [Param("c", Init.Zeros, From = "bias")] public partial Param Bias { get; }
    [Param("c", Init.Zeros, From = "mean")] public partial Param Mean { get; }
    [Param("c", Init.Ones, From = "variance")] public partial Param Variance { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [BatchNorm("b c h w, c, c, c, c -> b c h w", nameof(x), nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance),
        Epsilon = nameof(Epsilon), Momentum = nameof(Momentum)), As("n")]
    [Reduce("b c h w -> b c", "n", Reduction.Mean), As("pool")]
    [Einsum("b c, r c -> b r", "pool", nameof(Squeeze)), Relu, As("low")]
    [Einsum("b r, c r -> b c", "low", nameof(Excite)), Sigmoid, As("gate")]
    [Einsum("b c h w -> b c h w", "n"), Multiply("gate"), Add(nameof(x))]
    public partial Tensor Forward([Axes("b c h w")] Tensor x);
}

/// <summary>A stack of such layers.</summary>
[Model]
public sealed partial class ExcitationStack
{
    [Layers("depth", From = "layers.{0}.")] public partial Layers<Excitation> Layers { get; }
    [Param("o c", Init.Linear, From = "head")] public partial Param Head { get; }

    [Run("b c h w -> b c h w", nameof(Layers), nameof(x)), As("y")]
    [Reduce("b c h w -> b c", "y", Reduction.Mean), As("pool")]
    [Einsum("b c, o c -> b o", "pool", nameof(Head))]
    public partial Tensor Forward([Axes("b c h w")] Tensor x);
}

/// <summary>Learned positions in a block with a cache, as features, as some of them, and as one number.</summary>
[Model]
public sealed partial class Learned
{
    [Param("p d", Init.Normal, Deviation = 1, From = "wpe")] public partial Param Positions { get; }
    [Param("p", Init.Normal, Deviation = 1, From = "one")] public partial Param Ones { get; }
    [Param("q k", Init.Normal, Deviation = 1, From = "few")] public partial Param Few { get; }
    [Param("g k d", Init.Linear, From = "q")] public partial Param Query { get; }
    [Param("g k d", Init.Linear, From = "k")] public partial Param Key { get; }
    [Param("d g k", Init.Linear, From = "o")] public partial Param Output { get; }

    [Einsum("b s d -> b s d", nameof(x)), AddPositions("s", nameof(Positions)), AddPositions("s", nameof(Ones)), As("h")]
    [Einsum("b s d, g k d -> b s g k", "h", nameof(Query)), AddPositions("s", nameof(Few)), As("q")]
    [Einsum("b s d, g k d -> b s g k", "h", nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("w")]
    [Einsum("b g s t, b t g k -> b s g k", "w", "keys"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), AddPositions("s", nameof(Positions)), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Such blocks as layers, over embedded ids.</summary>
[Model]
public sealed partial class LearnedStack
{
    [Param("v d", Init.Normal, Deviation = 1, From = "wte")] public partial Param Embedding { get; }
    [Layers("depth", From = "layers.{0}.")] public partial Layers<Learned> Blocks { get; }

    [Gather("b s, v d -> b s d", nameof(ids), nameof(Embedding)), As("x")]
    [Run("b s d -> b s d", nameof(Blocks), "x", nameof(cache))]
    public partial Tensor Forward([Axes("b s")] Tensor<int> ids, KvCache? cache);
}

/// <summary>What is computed over the positions of ragged sequences: each has its own number of them.</summary>
[Model]
public sealed partial class RaggedPooling
{
    [Param("d d2", Init.Linear, From = "mix")] public partial Param Mix { get; }
    [Param("d", Init.Ones, From = "gain")] public partial Param Gain { get; }
    [Param("d", Init.Zeros, From = "bias")] public partial Param Bias { get; }
    [Param("d", Init.Zeros, From = "mean")] public partial Param Mean { get; }
    [Param("d", Init.Ones, From = "variance")] public partial Param Variance { get; }
    [Setting("rope")] public partial Rope Rotation { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [Einsum("b s d2, d d2 -> b s d", nameof(x), nameof(Mix)), Softmax("s"), As("a"), Rotate("s", "d", nameof(Rotation)), As("turned")]
    [Reduce("b s d -> b d", "turned", Reduction.Mean), As("mean")]
    [Reduce("b s d -> d", "turned", Reduction.Max), As("max")]
    [Reduce("b s d -> b s", "turned", Reduction.Sum), As("each")]
    [BatchNorm("b s d, d, d, d, d -> b s d", "a", nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance), Epsilon = nameof(Epsilon),
        Momentum = nameof(Momentum)), Add("mean"), Multiply("each"), Add("max"), LogSoftmax("s"), As("k")]
    [Einsum("b s d -> b s d", "k"), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, b t d -> b s t", "turned", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b s t, b t d -> b s d", "p", "keys"), Reduce("b s d -> b d", Reduction.LogSumExp)]
    public partial Tensor Forward([Axes("b s d2")] Tensor x, KvCache? cache);
}

/// <summary>Axes split, joined, permuted, and seen in the same memory under other names.</summary>
[Model]
[Axis("k", 4)]
[Sizes("small", "d=24", "e=5", "g=3", "r=2", "f=7", "joined=14", "o=6", "half=2")]
public sealed partial class Rearranged
{
    [Param("d e", Init.Linear)] public partial Param In { get; }
    [Param("g r", Init.Normal, Deviation = 1)] public partial Param Bias { get; }
    [Param("k", Init.Normal, Deviation = 1)] public partial Param Size { get; }
    [Param("f g k", Init.Linear)] public partial Param Out { get; }
    [Param("o joined", Init.Linear)] public partial Param Joined { get; }
    [Param("half", Init.Normal, Deviation = 1)] public partial Param Halves { get; }

    [Einsum("b s e, d e -> b s d", nameof(x), nameof(In)), Rearrange("b s (d: g r k) -> b s g r k"), Add(nameof(Bias)), As("heads")]
    [Rearrange("b s g r k -> b g r s k", "heads"), Multiply(nameof(Size)), Softmax("s"), As("turned")]
    [Rearrange("b g r s k -> (n: r b s) g k", "turned"), As("rows")]
    [Einsum("n g k, f g k -> n f", "rows", nameof(Out)), Rearrange("(r b s) f -> b s (joined: r f)"), As("all")]
    [Einsum("b s joined, o joined -> b s o", "all", nameof(Joined)), Rearrange("b s (half o2) -> half (m: s o2) b"),
     Multiply(nameof(Halves))]
    public partial Tensor Forward([Axes("b s e")] Tensor x);
}

/// <summary>Rearrangement alone: what moves nothing, a transposition, and a result that is its input.</summary>
[Model]
public sealed partial class Views
{
    [Param("k", Init.Ones)] public partial Param Size { get; }

    [Rearrange("b (s k) -> b s k", nameof(x)), As("y")]
    [Einsum("b s k -> b s k", "y"), Multiply(nameof(Size)), Rearrange("b s k -> (n: b s) k"), Softmax("k")]
    public partial Tensor Rows([Axes("b w")] Tensor x);

    [Rearrange("b h w k -> b (all: h w k)", nameof(x))]
    public partial Tensor Flat([Axes("b h w k")] Tensor x);

    [Rearrange("b (h p) (w q) k -> b h w p q k", nameof(x)), Add(nameof(window)), Rearrange("b h w p q k -> b h w (patch: p q k)"), Tanh]
    public partial Tensor Patches([Axes("b y z k")] Tensor x, [Axes("p q")] Tensor window);
}

/// <summary>Features rearranged in rows that are ragged, in a layer with a cache.</summary>
[Model]
public sealed partial class Shuffled
{
    [Param("g k d", Init.Linear, From = "q")] public partial Param Query { get; }
    [Param("g k d", Init.Linear, From = "k")] public partial Param Key { get; }
    [Param("d", Init.Ones, From = "gain")] public partial Param Gain { get; }

    [Rearrange("b s (g k) -> b s (d: k g)", nameof(x)), Multiply(nameof(Gain)), As("h")]
    [Einsum("b s d, g k d -> b s g k", "h", nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", "h", nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "keys"), Rearrange("b s g k -> b s (d: g k)"), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Such layers in a stack.</summary>
[Model]
public sealed partial class ShuffledStack
{
    [Layers("depth", From = "layers.{0}.")] public partial Layers<Shuffled> Blocks { get; }

    [Run("b s d -> b s d", nameof(Blocks), nameof(x), nameof(cache))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Axes of the call in the same memory under other names, read by every kind of kernel.</summary>
[Model]
public sealed partial class ViewReaders
{
    [Param("c", Init.Normal, Mean = 1, Deviation = 0.3)] public partial Param Gain { get; }
    [Param("c", Init.Normal, Deviation = 1)] public partial Param Bias { get; }
    [Param("c", Init.Zeros)] public partial Param Mean { get; }
    [Param("c", Init.Ones)] public partial Param Variance { get; }
    [Param("f c", Init.Linear)] public partial Param Up { get; }
    [Param("p", Init.Ones)] public partial Param Two { get; }
    [Layers("depth", From = "layers.{0}.")] public partial Layers<ViewLayer> Layers { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [Rearrange("b s c -> (n: b s) c", nameof(x)), As("flat")]
    [BatchNorm("n c, c, c, c, c -> n c", "flat", nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance), Epsilon = nameof(Epsilon),
        Momentum = nameof(Momentum)), As("normed")]
    [Einsum("n c, f c -> n f", "normed", nameof(Up)), Gelu, Rearrange("(b s) f -> b s f"), As("up")]
    [Rearrange("b (m p) f -> b m p f", "up"), As("pairs")]
    [Reduce("b m p f -> b m f", "pairs", Reduction.Max), As("larger")]
    [RmsNorm("b m p f -> b m p f", "pairs", Over = "p f", Epsilon = nameof(Epsilon)), Add("larger"), Multiply(nameof(Two)), Softmax("m"),
     As("shares")]
    [Run("b m p f -> b m p f", nameof(Layers), "shares"), As("y")]
    [Einsum("b m p f, b m p f -> b p f", "y", "pairs"), Scale("1/sqrt(m)")]
    public partial Tensor Forward([Axes("b s c")] Tensor x);
}

/// <summary>A layer whose rows its parent has split.</summary>
[Model]
public sealed partial class ViewLayer
{
    [Param("p f", Init.Normal, Mean = 1, Deviation = 0.5, From = "gain")] public partial Param Gain { get; }

    [Reduce("b m p f -> b m f", nameof(x), Reduction.Mean), As("mean")]
    [Einsum("b m p f -> b m p f", nameof(x)), Multiply(nameof(Gain)), Add("mean")]
    public partial Tensor Forward([Axes("b m p f")] Tensor x);
}

/// <summary>Softmax and norms along the positions of ragged sequences, of one number each and of many.</summary>
[Model]
public sealed partial class RaggedRuns
{
    [Param("h k d", Init.Normal, Deviation = 0.5, From = "query")] public partial Param Query { get; }
    [Param("k d", Init.Normal, Deviation = 0.5, From = "key")] public partial Param Key { get; }
    [Param("d", Init.Normal, Deviation = 0.5, From = "score")] public partial Param Score { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s h k, b t k -> b h s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b h s t, b t k -> b s h k", "p", "keys"), As("heads")]
    [LayerNorm("b s h k -> b s h k", "heads", Over = "s h k", Epsilon = nameof(Epsilon)), Gelu, Add("q"), Softmax("s"), LogSoftmax("h"), As("n")]
    [Einsum("b s d, d -> b s", nameof(x), nameof(Score)), Softmax("s"), As("weights")]
    [Einsum("b s h k, b s -> b s h k", "n", "weights"), Rearrange("b s h k -> b s (w: h k)")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}
