namespace Einsharp.Tests.Reference;

// Grouped-query attention under every mask: an attention variant is one word more.

[Model]
public sealed partial class GroupedFull
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class GroupedCausal
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Without a cache: keys and values are the new positions, renamed.</summary>
[Model]
public sealed partial class GroupedRenamed
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Rename("s -> t"), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

[Model]
public sealed partial class OtherValueSize
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g w d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g w d -> b s g w", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g w -> b s g r w", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class OtherScale
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("0.25"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class SlidingWindow
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"),
     Scale("1/sqrt(k)"), Causal("s", "t"), Window("s", "t", 4), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class SlidingWindowSetting
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Setting("window")] public partial int Size { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"),
     Scale("1/sqrt(k)"), Causal("s", "t"), Window("s", "t", nameof(Size)), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>A window to both sides.</summary>
[Model]
public sealed partial class LocalWindow
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Window("s", "t", 3), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class MaskOfSequences
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Mask("b s t", nameof(seen)), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b s t")] Tensor<bool> seen, KvCache? cache);
}

[Model]
public sealed partial class MaskOfHeads
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Mask("g r s t", nameof(seen)), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("g r s t")] Tensor<bool> seen, KvCache? cache);
}

[Model]
public sealed partial class MaskAndCausal
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"),
     Scale("1/sqrt(k)"), Mask("s t", nameof(seen)), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("s t")] Tensor<bool> seen, KvCache? cache);
}

[Model]
public sealed partial class KeyPaddingAndCausal
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"),
     Scale("1/sqrt(k)"), Causal("s", "t"), Mask("b t", nameof(keep)), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b t")] Tensor<bool> keep, KvCache? cache);
}

[Model]
public sealed partial class SoftCapCausal
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), SoftCap(2.5), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class SoftCapWindowAsGemma
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Setting("attn_logit_softcapping")] public partial float Cap { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"),
     Scale("0.5"), SoftCap(nameof(Cap)), Causal("s", "t"), Window("s", "t", 5), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class AlibiCausal
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"),
     Scale("1/sqrt(k)"), Alibi("s", "t", "g r"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class AlibiFull
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Alibi("s", "t", "g r"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class AlibiWindow
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"),
     Scale("1/sqrt(k)"), Alibi("s", "t", "g r"), Causal("s", "t"), Window("s", "t", 5), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class QkNorm
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("k", Init.Ones)] public partial Param QueryNorm { get; }
    [Param("k", Init.Ones)] public partial Param KeyNorm { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("projected")]
    [RmsNorm("b s g r k, k -> b s g r k", "projected", nameof(QueryNorm), Epsilon = nameof(Epsilon)),
     Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), As("new")]
    [RmsNorm("b s g k, k -> b s g k", "new", nameof(KeyNorm), Epsilon = nameof(Epsilon)),
     Rotate("s", "k", nameof(Rotation)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

[Model]
public sealed partial class RotaryCausal
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)),
     Rotate("s", "k", nameof(Rotation)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}
