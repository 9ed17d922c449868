namespace Einsharp.Tests.Execution;

// Attention in its variants; AttentionVariantTests computes each with named loops.

/// <summary>A sliding window of a size that is known.</summary>
[Model]
public sealed partial class SlidingAttention
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Rotate("s", "k", nameof(Rotation)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Window("s", "t", 70), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>A window on both sides, of a size that is a setting.</summary>
[Model]
public sealed partial class WindowAttention
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("h k d", Init.Linear)] public partial Param Key { get; }
    [Param("h k d", Init.Linear)] public partial Param Value { get; }
    [Setting("window")] public partial int Size { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s h k, b t h k -> b h s t", "q", "keys"), Window("s", "t", nameof(Size)), Scale("1/sqrt(k)"), Softmax("t"), As("p")]
    [Einsum("b h s t, b t h k -> b s h k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Capped scores, scaled before and after.</summary>
[Model]
public sealed partial class CappedAttention
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("k d", Init.Linear)] public partial Param Key { get; }
    [Param("k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s h k, b t k -> b h s t", "q", "keys"), Scale("3/sqrt(k)"), SoftCap(1.5), Scale("2"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b h s t, b t k -> b s h k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>Linear biases in place of rotations.</summary>
[Model]
public sealed partial class AlibiAttention
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

/// <summary>Who sees whom is the caller's.</summary>
[Model]
public sealed partial class MaskedAttention
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("h k d", Init.Linear)] public partial Param Key { get; }
    [Param("h k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s h k, b t h k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), Mask("b s t", nameof(mask)), Softmax("t"), As("p")]
    [Einsum("b h s t, b t h k -> b s h k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b s t")] Tensor<bool> mask, KvCache? cache);
}

/// <summary>Every modifier at once, with groups of two axes; the mask lies with its positions first.</summary>
[Model]
public sealed partial class RichAttention
{
    [Param("g h r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g h k d", Init.Linear)] public partial Param Key { get; }
    [Param("g h w d", Init.Linear)] public partial Param Value { get; }
    [Setting("cap")] public partial float Cap { get; }
    [Setting("window")] public partial int Size { get; }

    [Einsum("b s d, g h r k d -> b s g h r k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, g h k d -> b s g h k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g h w d -> b s g h w", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g h r k, b t g h k -> b g h r s t", "q", "keys"), Scale("1/sqrt(k)"), SoftCap(nameof(Cap)), Alibi("s", "t", "h r"),
     Causal("s", "t"), Window("s", "t", nameof(Size)), Mask("t h b", nameof(keep)), Softmax("t"), As("p")]
    [Einsum("b g h r s t, b t g h w -> b s r g h w", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("t h b")] Tensor<bool> keep, KvCache? cache);
}

/// <summary>An encoder: every position sees every other, but for padding.</summary>
[Model]
public sealed partial class EncoderAttention
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Rotate("s", "k", nameof(Rotation)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Rename("s -> t"), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Mask("b t", nameof(keep)), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b t")] Tensor<bool> keep);
}

/// <summary>The same declaration as <see cref="SlidingAttention"/> without a cache.</summary>
[Model]
public sealed partial class UncachedAttention
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Rotate("s", "k", nameof(Rotation)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Rename("s -> t"), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Window("s", "t", 70), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Queries of one input, keys and values of another.</summary>
[Model]
public sealed partial class CrossAttention
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("h k e", Init.Linear)] public partial Param Key { get; }
    [Param("h w e", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b t e, h k e -> b t h k", nameof(memory), nameof(Key)), As("keys")]
    [Einsum("b t e, h w e -> b t h w", nameof(memory), nameof(Value)), As("values")]
    [Einsum("b s h k, b t h k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), Mask("b t", nameof(keep)), Softmax("t"), As("p")]
    [Einsum("b h s t, b t h w -> b s h w", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b t e")] Tensor memory, [Axes("b t")] Tensor<bool> keep);
}

/// <summary>A decoder: positions that are cached see themselves, and then a memory.</summary>
[Model]
public sealed partial class CachedCrossAttention
{
    [Param("k d", Init.Linear)] public partial Param Query { get; }
    [Param("k d", Init.Linear)] public partial Param Key { get; }
    [Param("d d2", Init.Linear)] public partial Param MemoryKey { get; }

    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> u", nameof(cache)), As("keys")]
    [Einsum("b s d -> b s d", nameof(x)), Append("s -> u", nameof(cache)), As("values")]
    [Einsum("b s k, b u k -> b s u", "q", "keys"), Causal("s", "u"), Softmax("u"), As("p")]
    [Einsum("b s u, b u d -> b s d", "p", "values"), Add(nameof(x)), As("y")]
    [Einsum("b t d2, d d2 -> b t d", nameof(memory), nameof(MemoryKey)), As("memoryKeys")]
    [Einsum("b s d, b t d -> b s t", "y", "memoryKeys"), Scale("1/sqrt(d)"), Mask("b s t", nameof(mask)), Softmax("t"), As("weights")]
    [Einsum("b s t, b t d2 -> b s d2", "weights", nameof(memory))]
    public partial Tensor Forward(
        [Axes("b s d")] Tensor x, [Axes("b t d2")] Tensor memory, [Axes("b s t")] Tensor<bool> mask, KvCache? cache);
}

/// <summary>Attention on plain tensors, every axis the call's: scaled_dot_product_attention.</summary>
[Model]
public sealed partial class PlainAttention
{
    [Einsum("b h s k, b h t k -> b h s t", nameof(q), nameof(keys)), Scale("1/sqrt(k)"), Mask("s t", nameof(mask)), Softmax("t"), As("p")]
    [Einsum("b h s t, b h t v -> b h s v", "p", nameof(values))]
    public partial Tensor Forward(
        [Axes("b h s k")] Tensor q, [Axes("b h t k")] Tensor keys, [Axes("b h t v")] Tensor values, [Axes("s t")] Tensor<bool> mask);

    [Einsum("q k, t k -> q t", nameof(queries), nameof(keys)), Scale("1/sqrt(k)"), Softmax("t"), As("p")]
    [Einsum("q t, t k -> q k", "p", nameof(keys))]
    public partial Tensor Unbatched([Axes("q k")] Tensor queries, [Axes("t k")] Tensor keys);

    [Einsum("b k, b t k -> b t", nameof(query), nameof(keys)), SoftCap(4), Softmax("t"), As("p")]
    [Einsum("b t, b t v -> b v", "p", nameof(values))]
    public partial Tensor OneQuery([Axes("b k")] Tensor query, [Axes("b t k")] Tensor keys, [Axes("b t v")] Tensor values);

    [Einsum("h k b s, t b k h -> s h b t", nameof(q), nameof(keys)), Scale("1/sqrt(k)"), Mask("b t h", nameof(mask)), Softmax("t"), As("p")]
    [Einsum("b t v, s h b t -> s v h b", nameof(values), "p")]
    public partial Tensor AnyOrder(
        [Axes("h k b s")] Tensor q, [Axes("t b k h")] Tensor keys, [Axes("b t v")] Tensor values, [Axes("b t h")] Tensor<bool> mask);

    [Einsum("a s u i j, a t i j -> a t u s", nameof(q), nameof(keys)), Scale("1/sqrt(i*j)"), Softmax("t"), As("p")]
    [Einsum("a t u s, t v w -> u s a v w", "p", nameof(values))]
    public partial Tensor SeveralAxes([Axes("a s u i j")] Tensor q, [Axes("a t i j")] Tensor keys, [Axes("t v w")] Tensor values);

    [Einsum("b s k, b t k -> b s t", nameof(q), nameof(keys)), Scale("1/sqrt(k)"), Mask("b s t", nameof(mask)), Softmax("t"), As("p")]
    [Einsum("b s t, b t v -> b s v", "p", nameof(values))]
    public partial Tensor OneHead(
        [Axes("b s k")] Tensor q, [Axes("b t k")] Tensor keys, [Axes("b t v")] Tensor values, [Axes("b s t")] Tensor<bool> mask);

    [Einsum("b h s k, b h t k -> b h s t", nameof(q), nameof(keys)), Scale("1/sqrt(k)"), Mask("b h s t", nameof(mask)), Softmax("t"), As("p")]
    [Einsum("b h s t, b h t v -> b h s v", "p", nameof(values))]
    public partial Tensor Heads(
        [Axes("b h s k")] Tensor q, [Axes("b h t k")] Tensor keys, [Axes("b h t v")] Tensor values, [Axes("b h s t")] Tensor<bool> mask);

    [Einsum("s, t -> s t", nameof(q), nameof(keys)), Softmax("t"), As("p")]
    [Einsum("s t, t -> s", "p", nameof(values))]
    public partial Tensor Scalars([Axes("s")] Tensor q, [Axes("t")] Tensor keys, [Axes("t")] Tensor values);
}

/// <summary>Queries and keys normalised a head at a time, before they are rotated.</summary>
[Model]
public sealed partial class NormedAttention
{
    [Param("g r k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("k", Init.Normal, Mean = 1, Deviation = 0.3)] public partial Param QueryGain { get; }
    [Param("k", Init.Normal, Mean = 1, Deviation = 0.3)] public partial Param KeyGain { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("rope")] public partial Rope Rotation { get; }

    [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("u")]
    [RmsNorm("b s g r k, k -> b s g r k", "u", nameof(QueryGain), Epsilon = nameof(Epsilon)), Rotate("s", "k", nameof(Rotation)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), As("v")]
    [RmsNorm("b s g k, k -> b s g k", "v", nameof(KeyGain), Epsilon = nameof(Epsilon)),
     Rotate("s", "k", nameof(Rotation)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>A layer whose positions see latent vectors of their own: attention along no axis of the rows.</summary>
[Model]
public sealed partial class LatentLayer
{
    [Param("n k d", Init.Linear)] public partial Param Latents { get; }
    [Param("k d", Init.Linear)] public partial Param Query { get; }
    [Param("d k", Init.Linear)] public partial Param Output { get; }

    [Einsum("b s d, n k d -> b s n k", nameof(x), nameof(Latents)), As("latents")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s k, b s n k -> b s n", "q", "latents"), Softmax("n"), As("p")]
    [Einsum("b s n, b s n k -> b s k", "p", "latents"), As("y")]
    [Einsum("b s k, d k -> b s d", "y", nameof(Output)), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Such layers.</summary>
[Model]
public sealed partial class LatentStack
{
    [Layers("layers", From = "layers.{0}.")] public partial Layers<LatentLayer> Layers { get; }

    [Run("a c d -> a c d", nameof(Layers), nameof(x))]
    public partial Tensor Forward([Axes("a c d")] Tensor x);
}

/// <summary>A block of an encoder: positions that are compared, no cache.</summary>
[Model]
public sealed partial class EncoderBlock
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("h k d", Init.Linear)] public partial Param Key { get; }
    [Param("h k d", Init.Linear)] public partial Param Value { get; }
    [Param("d h k", Init.Linear)] public partial Param Output { get; }
    [Setting("window")] public partial int Size { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Key)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Value)), Rename("s -> t"), As("values")]
    [Einsum("b s h k, b t h k -> b h s t", "q", "keys"),
     Scale("1/sqrt(k)"), Alibi("s", "t", "h"), Window("s", "t", nameof(Size)), Softmax("t"), As("p")]
    [Einsum("b h s t, b t h k -> b s h k", "p", "values"), As("heads")]
    [Einsum("b s h k, d h k -> b s d", "heads", nameof(Output)), Add(nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Such blocks, one after the other.</summary>
[Model]
public sealed partial class EncoderFloor
{
    [Layers("blocks", From = "blocks.{0}.")] public partial Layers<EncoderBlock> Blocks { get; }

    [Run("b s d -> b s d", nameof(Blocks), nameof(x))]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>Stacks of them.</summary>
[Model]
public sealed partial class Encoder
{
    [Param("v d", Init.Embedding)] public partial Param Embedding { get; }
    [Layers("floors", From = "floors.{0}.")] public partial Layers<EncoderFloor> Floors { get; }

    [Gather("b s, v d -> b s d", nameof(ids), nameof(Embedding)), As("x")]
    [Run("b s d -> b s d", nameof(Floors), "x")]
    public partial Tensor Forward([Axes("b s")] Tensor<int> ids);
}
