namespace Einsharp.Tests.Execution;

// Models whose kernels are not grouped as the Llama's are; PlanningTests computes each with named loops.

/// <summary>Operands over some of a value's features, which are not its last.</summary>
[Model]
public sealed partial class SomeFeatures
{
    [Param("g k d", Init.Linear)] public partial Param Wide { get; }
    [Param("k d", Init.Linear)] public partial Param Narrow { get; }
    [Param("g", Init.Normal, Deviation = 1)] public partial Param Group { get; }
    [Param("k g", Init.Normal, Deviation = 1)] public partial Param Turned { get; }

    [Einsum("b s d -> b s", nameof(x)), As("total")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Narrow)), As("u")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Wide)),
     Add(nameof(Group)), Multiply("u"), Silu, Add(nameof(Turned)), Multiply("total")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Three weights in one sweep, the last reading the others.</summary>
[Model]
public sealed partial class Zipped
{
    [Param("f d", Init.Linear)] public partial Param One { get; }
    [Param("f d", Init.Linear)] public partial Param Two { get; }
    [Param("f d", Init.Linear)] public partial Param Three { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }

    [Einsum("b d, f d -> b f", nameof(x), nameof(One)), As("u1")]
    [Einsum("b d, f d -> b f", nameof(x), nameof(Two)), Silu, As("u2")]
    [Einsum("b d, f d -> b f", nameof(x), nameof(Three)), Multiply("u1"), Add("u2"), Silu, As("h")]
    [Einsum("b f, d f -> b d", "h", nameof(Down)), Add(nameof(x))]
    public partial Tensor Forward([Axes("b d")] Tensor x);
}

/// <summary>A value of a sweep that its sibling's epilogue and another kernel read.</summary>
[Model]
public sealed partial class ReadTwice
{
    [Param("e d", Init.Linear)] public partial Param One { get; }
    [Param("e d", Init.Linear)] public partial Param Two { get; }

    [Einsum("b d, e d -> b e", nameof(x), nameof(One)), Softmax("e"), As("p")]
    [Einsum("b d, e d -> b e", nameof(x), nameof(Two)), Multiply("p"), As("q")]
    [Einsum("b e, b e -> b", "q", "p")]
    public partial Tensor Forward([Axes("b d")] Tensor x);
}

/// <summary>A sweep that shares its input with an earlier one, and reads what was made in between.</summary>
[Model]
public sealed partial class LateReader
{
    [Param("d e", Init.Linear)] public partial Param One { get; }
    [Param("d e", Init.Linear)] public partial Param Two { get; }
    [Param("e d", Init.Linear)] public partial Param Three { get; }

    [Einsum("b e, d e -> b d", nameof(x), nameof(One)), As("u")]
    [Einsum("b d, e d -> b e", "u", nameof(Three)), Silu, As("m")]
    [Einsum("b e, d e -> b d", "m", nameof(Two)), As("n")]
    [Einsum("b e, d e -> b d", nameof(x), nameof(Two)), Multiply("n"), Silu, Add("u"), As("w")]
    [Einsum("b d, e d -> b e", "w", nameof(Three)), Add("m"), Add(nameof(x))]
    public partial Tensor Forward([Axes("b e")] Tensor x);
}

/// <summary>Keys and values of weights that lie as [in, out], and a query that is kept for two readers.</summary>
[Model]
public sealed partial class InOutAttention
{
    [Param("d g k", Init.Linear)] public partial Param Query { get; }
    [Param("d g k", Init.Linear)] public partial Param Key { get; }
    [Param("d g k", Init.Linear)] public partial Param Value { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s d, d g k -> b s g k", nameof(x), nameof(Query)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, d g k -> b s g k", nameof(x), nameof(Key)), Rotate("s", "k", nameof(Rotation)),
     Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, d g k -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), Add("q")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Attention without projections: norms and the input itself go into the cache.</summary>
[Model]
public sealed partial class BareAttention
{
    [Param("d", Init.Normal, Mean = 1, Deviation = 0.3)] public partial Param Gain { get; }
    [Setting("rope")] public partial Rope Rotation { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)),
     Rotate("s", "d", nameof(Rotation)), As("q"), Append("s -> t", nameof(cache)), As("keys")]
    [RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), Silu, Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s d, b t d -> b s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b s t, b t d -> b s d", "p", "values"), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>An einsum that only copies.</summary>
[Model]
public sealed partial class Copied
{
    [Param("d", Init.Normal, Deviation = 1)] public partial Param Gain { get; }

    [Einsum("b d -> b d", nameof(x)), Silu, Multiply(nameof(Gain)), Add(nameof(x))]
    public partial Tensor Forward([Axes("b d")] Tensor x);
}

/// <summary>No axes of the call, and a result of none at all.</summary>
[Model]
public sealed partial class Scalar
{
    [Param("f d", Init.Linear)] public partial Param Weight { get; }

    [Einsum("d, f d -> f", nameof(x), nameof(Weight)), Silu, As("h")]
    [Einsum("f, f -> ", "h", "h")]
    public partial Tensor Forward([Axes("d")] Tensor x);
}

/// <summary>Values that are called as the generated code calls its own.</summary>
[Model]
public sealed partial class ResultNames
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }

    [Einsum("b s d, f d -> b s f", nameof(input), nameof(Up)), Silu, As("result")]
    [Einsum("b s f, d f -> b s d", "result", nameof(Down)), Add(nameof(input)), As("own")]
    [Einsum("b s d, f d -> b s f", "own", nameof(Up)), Multiply("result")]
    public partial Tensor Forward([Axes("b s d")] Tensor input);
}

/// <summary>Two methods on the same parameters.</summary>
[Model]
public sealed partial class TwoMethods
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }

    [Einsum("b d, f d -> b f", nameof(result), nameof(Up))]
    public partial Tensor Encode([Axes("b d")] Tensor result);

    [Einsum("b f, d f -> b d", nameof(h), nameof(Down)), Silu]
    public partial Tensor Decode([Axes("b f")] Tensor h);
}

/// <summary>A stack whose result is its layers'.</summary>
[Model]
public sealed partial class Floor
{
    [Layers("rooms", From = "rooms.{0}.")] public partial Layers<GeneralBlock> Rooms { get; }

    [Run("b s d -> b s d", nameof(Rooms), nameof(x), nameof(cache))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Layers that have layers, and a second stack of another kind behind the first.</summary>
[Model]
[Sizes("small", "d=12", "g=2", "r=2", "k=4", "floors=2", "rooms=2", "attic=1")]
public sealed partial class Tower
{
    [Layers("floors", From = "floors.{0}.")] public partial Layers<Floor> Floors { get; }
    [Param("d", Init.Normal, Mean = 1, Deviation = 0.3, From = "gain")] public partial Param Gain { get; }
    [Layers("attic", From = "attic.{0}.")] public partial Layers<GeneralBlock> Attic { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [Run("b s d -> b s d", nameof(Floors), nameof(x), nameof(cache)), As("y")]
    [RmsNorm("b s d, d -> b s d", "y", nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
    [Run("b s d -> b s d", nameof(Attic), "n", nameof(cache)), As("z")]
    [Select("b s d, b o -> b o d", "z", nameof(rows)), Add(nameof(Gain))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b o")] Tensor<int> rows, KvCache? cache);
}

/// <summary>A layer with a pinned size and a derived one.</summary>
[Model]
[Axis("k", 8)]
[Axis("f", Ratio = 2.5, Of = "d", MultipleOf = 4)]
public sealed partial class PinnedLayer
{
    [Param("k d", Init.Linear)] public partial Param First { get; }
    [Param("f k", Init.Linear)] public partial Param Second { get; }
    [Param("d f", Init.Linear)] public partial Param Third { get; }

    [Einsum("n d, k d -> n k", nameof(x), nameof(First)), Silu, As("one")]
    [Einsum("n k, f k -> n f", "one", nameof(Second)), Silu, As("two")]
    [Einsum("n f, d f -> n d", "two", nameof(Third)), Add(nameof(x))]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>Its parent, which names neither.</summary>
[Model]
public sealed partial class PinnedStack
{
    [Layers("depth")] public partial Layers<PinnedLayer> Layers { get; }
    [Param("d", Init.Ones)] public partial Param Gain { get; }

    [Run("n d -> n d", nameof(Layers), nameof(x)), Multiply(nameof(Gain)), Silu]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>One latent that is keys and values at once, from a sweep; and the input itself, from none.</summary>
[Model]
public sealed partial class Latent
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("k d", Init.Linear)] public partial Param Down { get; }
    [Param("d h k", Init.Linear)] public partial Param Up { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Down)), Append("s -> t", nameof(cache)), As("latent")]
    [Einsum("b s h k, b t k -> b h s t", "q", "latent"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b h s t, b t k -> b s h k", "p", "latent"), As("heads")]
    [Einsum("b s h k, d h k -> b s d", "heads", nameof(Up)), Add(nameof(x)), As("y")]
    [Einsum("b s d -> b s d", "y"), Append("s -> t", nameof(cache)), As("seen")]
    [Einsum("b s d, b t d -> b s t", "y", "seen"), Scale("1/sqrt(d)"), Causal("s", "t"), Softmax("t"), As("weights")]
    [Einsum("b s t, b t d -> b s d", "weights", "seen")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Einsums behind a cache that are no sweeps: a low-rank pair of weights, weights [in, out], and sums within a row.</summary>
[Model]
public sealed partial class Adapted
{
    [Param("d r", Init.Normal, Deviation = 0.05)] public partial Param Down { get; }
    [Param("r f", Init.Normal, Deviation = 0.2)] public partial Param Up { get; }
    [Param("d f", Init.Normal, Deviation = 0.05)] public partial Param Wide { get; }
    [Param("e f", Init.Normal, Deviation = 0.3)] public partial Param Gates { get; }

    [Einsum("b s d, d r, r f -> b s f", nameof(x), nameof(Down), nameof(Up)), As("low")]
    [Einsum("b s d, d f -> b s f", nameof(x), nameof(Wide)), Add("low"), Silu, As("h"), Append("s -> t", nameof(cache)), As("kept")]
    [Einsum("b s f, b t f -> b s t", "h", "kept"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b s t, b t f -> b s f", "p", "kept"), As("seen")]
    [Einsum("b s f, e f -> b s e", "seen", nameof(Gates)), Softmax("e"), As("gates")]
    [Einsum("b s e, b s f, e f -> b s", "gates", "seen", nameof(Gates)), As("score")]
    [Einsum("b s f, b s -> b s f", "seen", "score")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}
