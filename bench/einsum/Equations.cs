namespace Einsharp.Bench;

/// <summary>One row of the table.</summary>
/// <param name="Name">What it is in a model.</param>
/// <param name="Equation">The equation.</param>
/// <param name="Sizes">The extents: <c>b=1 s=256</c>.</param>
/// <param name="Path">Steps of two operands each, where there are more operands: <c>x, a -> t; t, b -> y</c> as equations.</param>
/// <param name="IsDouble">float64.</param>
/// <param name="Views">Strides of an operand that is a view, by axis: <c>0: c=1 y=30</c>. Dense without.</param>
internal sealed record Equation(
    string Name, string Text, string Sizes, string? Path = null, bool IsDouble = false, string? Views = null);

/// <summary>Equations of real models, at sizes that a plain loop finishes in a second or so.</summary>
internal static class Equations
{
    public static readonly Equation[] All =
    [
        new("projection", "b s d, h d -> b s h", "b=1 s=256 d=768 h=768"),
        new("feed-forward up", "b s d, f d -> b s f", "b=1 s=128 d=768 f=3072"),
        new("projection, weights [in, out]", "b s d, d f -> b s f", "b=4 s=64 d=768 f=768"),
        new("projection of few rows", "b d, h d -> b h", "b=8 d=1024 h=4096"),
        new("decode: one row", "d, h d -> h", "d=2048 h=2048"),
        new("decode, weights [in, out]", "d, d h -> h", "d=2048 h=2048"),
        new("heads split off", "b s d, d h k -> b h s k", "b=2 s=128 d=768 h=12 k=64"),
        new("attention scores", "b s h k, b t h k -> b h s t", "b=2 s=128 t=128 h=12 k=64"),
        new("scores, grouped queries", "b s g r k, b t g k -> b g r s t", "b=1 s=128 t=256 g=4 r=4 k=64"),
        new("scores, head-major", "b h s k, b h t k -> b h s t", "b=2 h=12 s=128 t=128 k=64"),
        new("scores of one query", "b h k, b t h k -> b h t", "b=4 h=12 k=64 t=512"),
        new("attention values", "b h s t, b t h k -> b s h k", "b=2 s=128 t=128 h=12 k=64"),
        new("values, grouped queries", "b g r s t, b t g k -> b s g r k", "b=1 s=128 t=256 g=4 r=4 k=64"),
        new("values, head-major", "b h s t, b h t k -> b h s k", "b=2 h=12 s=128 t=128 k=64"),
        new("heads merged", "b s h k, h k d -> b s d", "b=2 s=128 h=12 k=64 d=768"),
        new("heads merged, weights [out, heads]", "b s h k, d h k -> b s d", "b=2 s=128 h=12 k=64 d=768"),
        new("relative positions", "b h s k, s t k -> b h s t", "b=2 h=12 s=64 t=64 k=64"),
        new("linear attention's state", "b s h k, b s h v -> b h k v", "b=2 s=512 h=8 k=64 v=64"),
        new("router of experts", "b s d, e d -> b s e", "b=2 s=512 d=768 e=8"),
        new("experts: dispatch", "b s d, b s e c -> e b c d", "b=2 s=128 e=8 c=32 d=256"),
        new("experts: feed-forward", "e c d, e d f -> e c f", "e=8 c=64 d=256 f=512"),
        new("experts: combine", "b s e c, e b c d -> b s d", "b=2 s=128 e=8 c=32 d=256"),
        new("LoRA", "b s d, r d, h r -> b s h", "b=1 s=256 d=768 r=16 h=768", "b s d, r d -> b s r; b s r, h r -> b s h"),
        new("bilinear", "b i, o i j, b j -> b o", "b=64 i=64 j=64 o=64", "b i, o i j -> b o j; b o j, b j -> b o"),
        new("Tucker", "i j k, i a, j b, k c -> a b c", "i=64 j=64 k=64 a=16 b=16 c=16",
            "i j k, k c -> i j c; i j c, j b -> i b c; i b c, i a -> a b c"),
        new("weight gradient", "b s h, b s d -> h d", "b=4 s=128 h=768 d=768"),
        new("embedding gradient", "b s v, b s d -> v d", "b=2 s=128 v=2000 d=256"),
        new("bias gradient", "b s d -> d", "b=16 s=512 d=768"),
        new("convolution 3x3", "b c y x p q, o c p q -> b o y x", "b=2 c=32 y=28 x=28 p=3 q=3 o=64",
            Views: "0: b=28800 c=900 y=30 x=1 p=30 q=1"),
        new("small batches", "b i j, b j k -> b i k", "b=96 i=64 j=64 k=64"),
        new("tiny batches", "b i j, b j k -> b i k", "b=10000 i=4 j=4 k=4"),
        new("outer product", "i, j -> i j", "i=1500 j=1500"),
        new("gate", "b s f, b s f -> b s f", "b=4 s=128 f=3072"),
        new("sums of squares", "b s d, b s d -> b s", "b=8 s=512 d=768"),
        new("batched trace", "b i i -> b", "b=512 i=64"),
        new("heads to the front", "b s h k -> b h s k", "b=8 s=256 h=12 k=64"),
        new("transpose", "i j -> j i", "i=2048 j=1536"),
        new("float64 product", "i k, k j -> i j", "i=384 k=384 j=384", IsDouble: true),
    ];
}
