namespace Einsharp.Tests.Execution;

// Small models, one feature of the language each; LanguageTests computes every one with plain loops.

/// <summary>Axis names of many letters.</summary>
[Model]
public sealed partial class WordyNetwork
{
    [Param("d_hidden d_model", Init.Linear)] public partial Param Up { get; }
    [Param("d_model d_hidden", Init.Linear)] public partial Param Down { get; }

    [Einsum("batch seq d_model, d_hidden d_model -> batch seq d_hidden", nameof(x), nameof(Up)), Silu, As("hidden")]
    [Einsum("batch seq d_hidden, d_model d_hidden -> batch seq d_model", "hidden", nameof(Down)), Add(nameof(x))]
    public partial Tensor Forward([Axes("batch seq d_model")] Tensor x);
}

/// <summary>A pinned axis, a derived one, and factors that are made of sizes.</summary>
[Model]
[Axis("k", 8)]
[Axis("f", Ratio = 8.0 / 3, Of = "d", MultipleOf = 64)]
public sealed partial class ScaledNetwork
{
    [Param("h k d", Init.Linear)] public partial Param Split { get; }
    [Param("f h k", Init.Linear)] public partial Param Wide { get; }
    [Param("d f", Init.Linear)] public partial Param Narrow { get; }

    [Einsum("b d, h k d -> b h k", nameof(x), nameof(Split)), Scale("1/sqrt(k)"), As("heads")]
    [Einsum("b h k, f h k -> b f", "heads", nameof(Wide)), Scale("2*(d+1)/3"), Silu, As("wide")]
    [Einsum("b f, d f -> b d", "wide", nameof(Narrow)), Scale("f/(k*h) - 1.5e-2")]
    public partial Tensor Forward([Axes("b d")] Tensor x);
}

/// <summary>Softmax over axes of the model: alone, in heads, and after an operand that is kept.</summary>
[Model]
public sealed partial class Mixture
{
    [Param("h e d", Init.Linear)] public partial Param Router { get; }
    [Param("e d", Init.Linear)] public partial Param Gate { get; }
    [Param("e", Init.Normal, Deviation = 1)] public partial Param Bias { get; }
    [Param("h e", Init.Normal, Deviation = 1)] public partial Param HeadBias { get; }

    [Einsum("b d, h e d -> b h e", nameof(x), nameof(Router)), Add(nameof(HeadBias)), Add(nameof(Bias)), Softmax("e"), As("p")]
    [Einsum("b d, e d -> b e", nameof(x), nameof(Gate)), Add(nameof(Bias)), As("g")]
    [Einsum("b h e, b e -> b h e", "p", "g"), Softmax("e"), As("mixed")]
    [Einsum("b h e, b h e -> b h", "mixed", "p"), Softmax("h")]
    public partial Tensor Forward([Axes("b d")] Tensor x);
}

/// <summary>Chains of modifiers, with vectors, with earlier values, with the input, and with names in the middle of a chain.</summary>
[Model]
public sealed partial class Chains
{
    [Param("d d2", Init.Linear)] public partial Param First { get; }
    [Param("d2 d", Init.Linear)] public partial Param Second { get; }
    [Param("d", Init.Normal, Deviation = 1)] public partial Param Bias { get; }
    [Param("d", Init.Normal, Deviation = 1)] public partial Param Gain { get; }

    [Einsum("b s d, d2 d -> b s d2", nameof(x), nameof(Second)), As("u"), Silu, As("v"), Scale("0.5"), As("w")]
    [Einsum("b s d2, d d2 -> b s d", "u", nameof(First)), Add(nameof(Bias)), Silu, Multiply(nameof(Gain)), Add(nameof(x)), As("y1")]
    [Einsum("b s d2, d d2 -> b s d", "v", nameof(First)), Multiply("y1"), Multiply(nameof(x)), Silu, As("y2")]
    [Einsum("b s d2, d d2 -> b s d", "w", nameof(First)), Add("y1"), Multiply("y2"), Add("y2"), Add(nameof(Bias)), Silu]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Einsums that are no sweep over the rows of a weight.</summary>
[Model]
public sealed partial class PlainEinsums
{
    [Param("d f", Init.Linear)] public partial Param InOut { get; }
    [Param("g k f", Init.Normal, Deviation = 0.5)] public partial Param Grouped { get; }
    [Param("f e d", Init.Linear)] public partial Param Summed { get; }
    [Param("d", Init.Normal, Deviation = 1)] public partial Param Vector { get; }

    [Einsum("b d, d f -> b f", nameof(x), nameof(InOut)), As("a")]
    [Einsum("b d, f e d -> b f", nameof(x), nameof(Summed)), Add("a"), As("c")]
    [Einsum("b f, b f -> b f", "a", "c"), Scale("2"), As("product")]
    [Einsum("b f, g k f -> b g k", "product", nameof(Grouped)), As("parts")]
    [Einsum("b g k, g k f -> b g f", "parts", nameof(Grouped)), Silu, As("each")]
    [Einsum("b g f -> b f", "each"), As("sum")]
    [Einsum("b d, b d, d -> b", nameof(x), nameof(x), nameof(Vector)), As("norm")]
    [Einsum("b f, b -> b f", "sum", "norm"), Add("c")]
    public partial Tensor Forward([Axes("b d")] Tensor x);
}

/// <summary>The sum of one operand, and a transposition of features.</summary>
[Model]
public sealed partial class OneOperand
{
    [Param("d h", Init.Linear)] public partial Param Weight { get; }

    [Einsum("b s d -> b s", nameof(x)), As("total")]
    [Einsum("b s d, d h -> b s h d", nameof(x), nameof(Weight)), As("outer")]
    [Einsum("b s h d -> b s d h", "outer"), As("turned")]
    [Einsum("b s d h, b s -> b s h d", "turned", "total")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>A norm that two kernels read, and one that is read by a sweep and by a modifier.</summary>
[Model]
public sealed partial class SharedNorm
{
    [Param("d", Init.Normal, Mean = 1, Deviation = 0.2)] public partial Param Gain { get; }
    [Param("f d", Init.Linear)] public partial Param Wide { get; }
    [Param("d f", Init.Linear)] public partial Param Narrow { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [RmsNorm("b d, d -> b d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b d, f d -> b f", "n", nameof(Wide)), As("wide")]
    [Einsum("b d, b d -> b", "n", "n"), As("length")]
    [Einsum("b f, d f -> b d", "wide", nameof(Narrow)), Multiply("n"), As("y")]
    [RmsNorm("b d, d -> b d", "y", nameof(Gain), Epsilon = nameof(Epsilon)), Silu, Add("n"), As("z")]
    [Einsum("b d, b -> b d", "z", "length")]
    public partial Tensor Forward([Axes("b d")] Tensor x);
}

/// <summary>A renamed axis of the call.</summary>
[Model]
public sealed partial class Renamed
{
    [Param("f d", Init.Linear)] public partial Param Wide { get; }
    [Param("d f", Init.Linear)] public partial Param Narrow { get; }

    [Einsum("b s d, f d -> b s f", nameof(x), nameof(Wide)), Silu, Rename("s -> u"), As("h")]
    [Einsum("b u f, d f -> b u d", "h", nameof(Narrow)), Rename("u -> w"), Silu, As("y")]
    [Einsum("b w d, b w d -> b w", "y", "y")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Heads joined and taken apart where they lie: nothing moves.</summary>
[Model]
public sealed partial class JoinedHeads
{
    [Param("h k d", Init.Linear)] public partial Param Split { get; }
    [Param("d e", Init.Linear)] public partial Param Whole { get; }

    [Rearrange("n (h2 k) -> n h2 k", nameof(x)), As("parts")]
    [Einsum("n h2 k -> n h2 k", "parts"), Silu, Rearrange("n h2 k -> n (d: h2 k)"), As("y")]
    [Einsum("n d, h k d -> n h k", "y", nameof(Split)), Rearrange("n h k -> n (e: h k)"), As("joined")]
    [Einsum("n e, d e -> n d", "joined", nameof(Whole)), Add(nameof(x)), Rearrange("n (h2 k) -> n h2 k"), Silu]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>Rows of a table and what follows, without positions.</summary>
[Model]
public sealed partial class Lookup
{
    [Param("v d", Init.Embedding)] public partial Param Table { get; }
    [Param("v d", Init.Linear)] public partial Param Head { get; }

    [Gather("n, v d -> n d", nameof(ids), nameof(Table)), Scale("sqrt(d)"), Silu, As("x")]
    [Einsum("n d, v d -> n v", "x", nameof(Head)), Softmax("v")]
    public partial Tensor Forward([Axes("n")] Tensor<int> ids);
}

/// <summary>A layer without positions or cache.</summary>
[Model]
public sealed partial class DenseLayer
{
    [Param("d", Init.Ones, From = "norm")] public partial Param Gain { get; }
    [Param("f d", Init.Linear, From = "up")] public partial Param Up { get; }
    [Param("d f", Init.Linear, From = "down")] public partial Param Down { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [RmsNorm("n d, d -> n d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), As("m")]
    [Einsum("n d, f d -> n f", "m", nameof(Up)), Silu, As("h")]
    [Einsum("n f, d f -> n d", "h", nameof(Down)), Add(nameof(x))]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>A stack of such layers between two projections.</summary>
[Model]
public sealed partial class DenseStack
{
    [Param("d i", Init.Linear, From = "in")] public partial Param Entry { get; }
    [Layers("depth", From = "layers.{0}.")] public partial Layers<DenseLayer> Layers { get; }
    [Param("o d", Init.Linear, From = "out")] public partial Param Exit { get; }
    [Param("d", Init.Ones, From = "norm")] public partial Param Gain { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [Einsum("n i, d i -> n d", nameof(x), nameof(Entry)), As("start")]
    [Run("n d -> n d", nameof(Layers), "start"), As("end")]
    [RmsNorm("n d, d -> n d", "end", nameof(Gain), Epsilon = nameof(Epsilon)), As("m")]
    [Einsum("n d, o d -> n o", "m", nameof(Exit))]
    public partial Tensor Forward([Axes("n i")] Tensor x);
}

/// <summary>The same declaration as <see cref="LiteralBlock"/>, for any sizes.</summary>
[Model]
public sealed partial class GeneralBlock
{
    [Param("d", Init.Ones, From = "norm")] public partial Param Gain { get; }
    [Param("g r k d", Init.Linear, From = "q")] public partial Param Query { get; }
    [Param("g k d", Init.Linear, From = "k")] public partial Param Key { get; }
    [Param("g k d", Init.Linear, From = "v")] public partial Param Value { get; }
    [Param("d g r k", Init.Linear, From = "o")] public partial Param Output { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, g r k d -> b s g r k", "n", nameof(Query)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, g k d -> b s g k", "n", nameof(Key)), Rotate("s", "k", nameof(Rotation)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", "n", nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values"), As("heads")]
    [Einsum("b s g r k, d g r k -> b s d", "heads", nameof(Output)), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>The same declaration as <see cref="GeneralBlock"/>, with two sets of sizes as literals.</summary>
[Model]
[Sizes("tiny", "d=16", "g=2", "r=3", "k=4")]
[Sizes("odd", "d=13", "g=3", "r=1", "k=6")]
public sealed partial class LiteralBlock
{
    [Param("d", Init.Ones, From = "norm")] public partial Param Gain { get; }
    [Param("g r k d", Init.Linear, From = "q")] public partial Param Query { get; }
    [Param("g k d", Init.Linear, From = "k")] public partial Param Key { get; }
    [Param("g k d", Init.Linear, From = "v")] public partial Param Value { get; }
    [Param("d g r k", Init.Linear, From = "o")] public partial Param Output { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, g r k d -> b s g r k", "n", nameof(Query)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, g k d -> b s g k", "n", nameof(Key)), Rotate("s", "k", nameof(Rotation)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", "n", nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values"), As("heads")]
    [Einsum("b s g r k, d g r k -> b s d", "heads", nameof(Output)), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Attention in which every position sees every other, one group, values of another size than keys, and no rotation.</summary>
[Model]
public sealed partial class OpenAttention
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("k d", Init.Linear)] public partial Param Key { get; }
    [Param("w d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, w d -> b s w", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s h k, b t k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), Softmax("t"), As("p")]
    [Einsum("b h s t, b t w -> b s h w", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Multi-head attention with no axis for queries of a group, then selected positions: a classifier over embedded inputs.</summary>
[Model]
public sealed partial class Classifier
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("c g k", Init.Linear)] public partial Param Head { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Rotate("s", "k", nameof(Rotation)),
     Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Select("b s g k, b o -> b o g k", "heads", nameof(rows)), Silu, As("chosen")]
    [Einsum("b o g k, c g k -> b o c", "chosen", nameof(Head)), Softmax("c")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b o")] Tensor<int> rows, KvCache? cache);
}

/// <summary>Names that the generated code might want for itself.</summary>
[Model]
public sealed partial class AwkwardNames
{
    [Param("row model", Init.Linear)] public partial Param Sweep { get; }
    [Param("model row", Init.Linear)] public partial Param Elementwise { get; }
    [Param("model", Init.Ones)] public partial Param Norm { get; }
    [Setting("eps")] public partial float Packed { get; }

    [RmsNorm("worker unit model, model -> worker unit model", nameof(y), nameof(Norm), Epsilon = nameof(Packed)), As("scratch")]
    [Einsum("worker unit model, row model -> worker unit row", "scratch", nameof(Sweep)), Silu, As("workspace")]
    [Einsum("worker unit row, model row -> worker unit model", "workspace", nameof(Elementwise)), Add(nameof(y)), As("packed")]
    [Einsum("worker unit model, worker unit model -> worker unit", "packed", "packed")]
    public partial Tensor Forward([Axes("worker unit model")] Tensor y);
}
