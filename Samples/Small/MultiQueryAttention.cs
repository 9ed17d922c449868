namespace Einsharp.Samples.Small;

/// <summary>Multi-query attention: many heads of queries, one of keys and values. Shazeer 2019, arXiv 1911.02150.</summary>
// b batch · s new positions · t seen positions · d model · h heads · k head size
[Model]
public sealed partial class MultiQueryAttention
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("k d", Init.Linear)] public partial Param Key { get; }
    [Param("k d", Init.Linear)] public partial Param Value { get; }
    [Param("d h k", Init.Linear)] public partial Param Output { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s h k, b t k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b h s t, b t k -> b s h k", "p", "values"), As("heads")]
    [Einsum("b s h k, d h k -> b s d", "heads", nameof(Output))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);

    /// <summary>Three heads with weights of their own.</summary>
    public static MultiQueryAttention Example()
    {
        var model = new MultiQueryAttention(new MultiQueryAttentionSizes { d = 6, h = 3, k = 4 });
        model.Initialise(seed: 4);
        return model;
    }

    /// <summary>Compares it with multi-head attention in which every head has the same keys and values.</summary>
    /// <param name="output">Where it prints.</param>
    public static void Run(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        MultiQueryAttention model = Example();
        var heads = new MultiHeadAttention(new MultiHeadAttentionSizes { d = 6, h = 3, k = 4 });
        Copy(model.Query, heads.Query, times: 1);
        Copy(model.Key, heads.Key, times: 3);
        Copy(model.Value, heads.Value, times: 3);
        Copy(model.Output, heads.Output, times: 1);

        Tensor x = Numbers.Waves(1, 4, 6);
        using KvCache cache = model.CreateCache(batch: 1, capacity: 16), wide = heads.CreateCache(batch: 1, capacity: 16);
        Tensor y = model.Forward(x, cache), z = heads.Forward(x, wide);
        output.WriteLine("four positions of six features:");
        Numbers.Print(output, y.Span, columns: 6);
        output.WriteLine($"three heads with the same keys and values differ by {Numbers.Difference(y.Span, z.Span)}");
        output.WriteLine($"a position takes {cache.Bytes / 16} bytes of the cache, and theirs {wide.Bytes / 16}");
    }

    private static void Copy(Param from, Param to, int times)
    {
        var values = new float[from.Count];
        from.CopyTo(values);
        to.Set([.. Enumerable.Repeat(values, times).SelectMany(static copy => copy)]);
    }
}

/// <summary>The same with keys and values for every head: one more axis on two params and five terms.</summary>
[Model]
public sealed partial class MultiHeadAttention
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("h k d", Init.Linear)] public partial Param Key { get; }
    [Param("h k d", Init.Linear)] public partial Param Value { get; }
    [Param("d h k", Init.Linear)] public partial Param Output { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s h k, b t h k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b h s t, b t h k -> b s h k", "p", "values"), As("heads")]
    [Einsum("b s h k, d h k -> b s d", "heads", nameof(Output))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}
