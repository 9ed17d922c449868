namespace Einsharp.Tests.Planning;

// Models that a review found to be planned, emitted or run wrongly; RegressionTests runs each against named loops.

/// <summary>Values that are made after the scores, from another input than queries and keys.</summary>
[Model]
public sealed partial class LateValues
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("e d", Init.Linear)] public partial Param Inner { get; }
    [Param("g k e", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b s d, e d -> b s e", nameof(x), nameof(Inner)), Silu, As("inner")]
    [Einsum("b s e, g k e -> b s g k", "inner", nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>A layer in which every position sees every other.</summary>
[Model]
public sealed partial class OpenLayer
{
    [Param("k d", Init.Linear)] public partial Param Query { get; }
    [Param("k d", Init.Linear)] public partial Param Key { get; }

    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d -> b s d", nameof(x)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s k, b t k -> b s t", "q", "keys"), Scale("1/sqrt(k)"), Softmax("t"), As("p")]
    [Einsum("b s t, b t d -> b s d", "p", "values"), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>A parent of such layers.</summary>
[Model]
public sealed partial class OpenStack
{
    [Layers("depth", From = "depth.{0}.")] public partial Layers<OpenLayer> Layers { get; }

    [Run("b s d -> b s d", nameof(Layers), nameof(x), nameof(cache))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>A parent of such parents.</summary>
[Model]
public sealed partial class OpenTower
{
    [Layers("floors", From = "floors.{0}.")] public partial Layers<OpenStack> Floors { get; }

    [Run("b s d -> b s d", nameof(Floors), nameof(x), nameof(cache))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>A prefix that C# must quote.</summary>
[Model]
public sealed partial class QuotedPrefix
{
    [Layers("depth", From = "la\"y\\er {0}\\\".")] public partial Layers<TurningLayer> Layers { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Run("b s k -> b s k", nameof(Layers), nameof(x)), Rotate("s", "k", nameof(Rotation))]
    public partial Tensor Forward([Axes("b s k")] Tensor x);
}

/// <summary>A layer that turns and keeps nothing.</summary>
[Model]
public sealed partial class TurningLayer
{
    [Param("k", Init.Normal, Mean = 1, Deviation = 0.2, From = "gain \"\\")] public partial Param Gain { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s k, k -> b s k", nameof(x), nameof(Gain)), Rotate("s", "k", nameof(Rotation))]
    public partial Tensor Forward([Axes("b s k")] Tensor x);
}

/// <summary>Heads of two sizes turned by one setting.</summary>
[Model]
public sealed partial class TwoTurns
{
    [Param("g k d", Init.Linear)] public partial Param First { get; }
    [Param("h w d", Init.Linear)] public partial Param Second { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(First)), Rotate("s", "k", nameof(Rotation)), As("one")]
    [Einsum("b s d, h w d -> b s h w", nameof(x), nameof(Second)), Rotate("s", "w", nameof(Rotation)), As("two")]
    [Einsum("b s g k, b s h w -> b s k w", "one", "two")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>A layer of which one parameter can stand in for another.</summary>
[Model]
public sealed partial class TiedLayer
{
    [Param("f d", Init.Linear, From = "up")] public partial Param Up { get; }
    [Param("f d", Init.Linear, From = "gate", Or = nameof(Up))] public partial Param Gate { get; }
    [Param("d f", Init.Linear, From = "down")] public partial Param Down { get; }

    [Einsum("n d, f d -> n f", nameof(x), nameof(Up)), As("u")]
    [Einsum("n d, f d -> n f", nameof(x), nameof(Gate)), Silu, Multiply("u"), As("h")]
    [Einsum("n f, d f -> n d", "h", nameof(Down))]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}

/// <summary>Its parent, which has none of its own.</summary>
[Model]
public sealed partial class TiedStack
{
    [Layers("depth", From = "layers.{0}.")] public partial Layers<TiedLayer> Layers { get; }

    [Run("n d -> n d", nameof(Layers), nameof(x))]
    public partial Tensor Forward([Axes("n d")] Tensor x);
}
