namespace Einsharp.Tests.Execution;

// The layers of the language, small; LayerTests computes every one with plain loops.

/// <summary>Both norms with all that they can have and leave out, each kept by a kernel of its own.</summary>
[Model]
public sealed partial class Norms
{
    [Param("d", Init.Normal, Mean = 1, Deviation = 0.3)] public partial Param Gain { get; }
    [Param("d", Init.Normal, Deviation = 1)] public partial Param Bias { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [LayerNorm("b s d, d, d -> b s d", nameof(x), nameof(Gain), nameof(Bias), Epsilon = nameof(Epsilon)), Scale("3"), As("both")]
    [LayerNorm("b s d, d -> b s d", "both", nameof(Gain), Epsilon = nameof(Epsilon)), Add("both"), As("gain")]
    [LayerNorm("b s d -> b s d", "gain", Over = "d", Epsilon = nameof(Epsilon)), Multiply(nameof(Gain)), Add("gain"), As("bare")]
    [RmsNorm("b s d -> b s d", "bare", Over = "d", Epsilon = nameof(Epsilon)), Add(nameof(Bias)), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Norms over several axes, over some of the features, and before a sweep; gains that may be stored in fewer bits.</summary>
[Model]
[Sizes("small", "h=3", "k=7", "f=12")]
public sealed partial class WideNorms
{
    [Param("h k", Init.Normal, Mean = 1, Deviation = 0.3)] public partial Param Gain { get; }
    [Param("h k", Init.Normal, Deviation = 1)] public partial Param Bias { get; }
    [Param("k", Init.Normal, Mean = 1, Deviation = 0.3)] public partial Param HeadGain { get; }
    [Param("f h k", Init.Linear)] public partial Param First { get; }
    [Param("h k f", Init.Linear)] public partial Param Second { get; }
    [Param("f h k", Init.Linear)] public partial Param Third { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [LayerNorm("n h k, h k, h k -> n h k", nameof(x), nameof(Gain), nameof(Bias), Epsilon = nameof(Epsilon)), As("wide")]
    [RmsNorm("n h k, k -> n h k", "wide", nameof(HeadGain), Epsilon = nameof(Epsilon)), Add("wide"), As("heads")]
    [RmsNorm("n h k, h k -> n h k", "heads", nameof(Gain), Epsilon = nameof(Epsilon)), As("before")]
    [Einsum("n h k, f h k -> n f", "before", nameof(First)), Silu, As("f1")]
    [Einsum("n f, h k f -> n h k", "f1", nameof(Second)), Add("heads"), As("again")]
    [LayerNorm("n h k, k -> n h k", "again", nameof(HeadGain), Epsilon = nameof(Epsilon)), As("last")]
    [Einsum("n h k, f h k -> n f", "last", nameof(Third)), Add("f1")]
    public partial Tensor Forward([Axes("n h k")] Tensor x);
}

/// <summary>Every activation after a sweep and after others, with numbers and with settings.</summary>
[Model]
public sealed partial class Activations
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f d", Init.Linear)] public partial Param Gate { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }
    [Param("f", Init.Normal, Deviation = 1)] public partial Param Bias { get; }
    [Setting("soft_cap")] public partial float Soft { get; }

    [Einsum("n d, f d -> n f", nameof(x), nameof(Up)), Add(nameof(Bias)), Gelu, As("erf")]
    [Einsum("n d, f d -> n f", nameof(x), nameof(Gate)), Sigmoid, Multiply("erf"), As("glu")]
    [Einsum("n f, d f -> n d", "glu", nameof(Down)), Gelu(GeluForm.Tanh), SoftCap(0.5), As("tanh")]
    [Einsum("n d, n d -> n d", "tanh", nameof(x)), Swish(1.702), Add(nameof(x)), Tanh, As("own"), Relu, As("rest")]
    [Einsum("n d, f d -> n f", "rest", nameof(Up)), SoftCap(nameof(Soft)), Relu, Add("erf"), As("up")]
    [Einsum("n f, d f -> n d", "up", nameof(Down)), Silu, Add("own")]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>Softmax and log softmax over the last axis, a middle one, and the first of the features.</summary>
[Model]
public sealed partial class Softmaxes
{
    [Param("g e k d", Init.Normal, Deviation = 1)] public partial Param Weight { get; }
    [Param("d g e k", Init.Normal, Deviation = 1)] public partial Param Back { get; }

    [Einsum("n d, g e k d -> n g e k", nameof(x), nameof(Weight)), LogSoftmax("k"), Scale("0.5"), Softmax("e"), As("a")]
    [Einsum("n g e k, d g e k -> n d", "a", nameof(Back)), LogSoftmax("d"), As("b")]
    [Einsum("n d, g e k d -> n g e k", "b", nameof(Weight)), LogSoftmax("e"), LogSoftmax("g"), Softmax("k"), Add("a")]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>Softmaxes that gate a value made beside them, of the same activations: one sweep, whose tiles see no whole row.</summary>
[Model]
public sealed partial class SoftGates
{
    [Param("h e d", Init.Normal, Deviation = 1)] public partial Param Router { get; }
    [Param("h e d", Init.Normal, Deviation = 1)] public partial Param Values { get; }
    [Param("h e d", Init.Normal, Deviation = 1)] public partial Param Offsets { get; }
    [Param("h e d", Init.Normal, Deviation = 1)] public partial Param Last { get; }

    [Einsum("n d, h e d -> n h e", nameof(x), nameof(Router)), Softmax("e"), As("weights")]
    [Einsum("n d, h e d -> n h e", nameof(x), nameof(Values)), Multiply("weights"), Tanh, As("gated")]
    [Einsum("n d, h e d -> n h e", nameof(x), nameof(Offsets)), As("offsets")]
    [Einsum("n d, h e d -> n h e", nameof(x), nameof(Last)), Scale("0.5"), Add("gated"), LogSoftmax("e"), Add("offsets")]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>Attention with normalised queries and keys: nothing but sweeps and attention.</summary>
[Model]
public sealed partial class NormedHeads
{
    [Param("g r k d", Init.Linear, From = "q")] public partial Param Query { get; }
    [Param("g k d", Init.Linear, From = "k")] public partial Param Key { get; }
    [Param("g k d", Init.Linear, From = "v")] public partial Param Value { get; }
    [Param("d g r k", Init.Linear, From = "o")] public partial Param Output { get; }
    [Param("d", Init.Ones, From = "norm")] public partial Param Gain { get; }
    [Param("d", Init.Zeros, From = "bias")] public partial Param Bias { get; }
    [Param("k", Init.Ones, From = "qn")] public partial Param QueryGain { get; }
    [Param("k", Init.Ones, From = "kn")] public partial Param KeyGain { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [LayerNorm("b s d, d, d -> b s d", nameof(x), nameof(Gain), nameof(Bias), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, g r k d -> b s g r k", "n", nameof(Query)), As("q0")]
    [Einsum("b s d, g k d -> b s g k", "n", nameof(Key)), As("k0")]
    [Einsum("b s d, g k d -> b s g k", "n", nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [RmsNorm("b s g r k, k -> b s g r k", "q0", nameof(QueryGain), Epsilon = nameof(Epsilon)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [RmsNorm("b s g k, k -> b s g k", "k0", nameof(KeyGain), Epsilon = nameof(Epsilon)), Rotate("s", "k", nameof(Rotation)),
     Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values"), As("heads")]
    [Einsum("b s g r k, d g r k -> b s d", "heads", nameof(Output)), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Such a block as a layer, and a stack of it.</summary>
[Model]
public sealed partial class NormedStack
{
    [Layers("depth", From = "layers.{0}.")] public partial Layers<NormedHeads> Blocks { get; }
    [Param("d", Init.Ones, From = "norm")] public partial Param Gain { get; }
    [Param("o d", Init.Linear, From = "head")] public partial Param Head { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [Run("b s d -> b s d", nameof(Blocks), nameof(x), nameof(cache)), As("y")]
    [LayerNorm("b s d, d -> b s d", "y", nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, o d -> b s o", "n", nameof(Head)), LogSoftmax("o")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}
