namespace Einsharp.Samples.Small;

/// <summary>Attention in a sliding window: one word more than causal attention. Beltagy et al. 2020, arXiv 2004.05150.</summary>
// b batch · s new positions · t seen positions · d model · k head size · w size of a value
[Model]
public sealed partial class SlidingWindowAttention
{
    [Param("k d", Init.Linear)] public partial Param Query { get; }
    [Param("k d", Init.Linear)] public partial Param Key { get; }
    [Param("w d", Init.Linear)] public partial Param Value { get; }
    [Setting("sliding_window")] public partial int Size { get; }

    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, w d -> b s w", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s k, b t k -> b s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Window("s", "t", nameof(Size)), Softmax("t"), As("p")]
    [Einsum("b s t, b t w -> b s w", "p", "values")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);

    /// <summary>
    /// Makes the weights of attention visible: position i's value is 1 in column i and 0 elsewhere, and all scores are 0, so a row is what that
    /// position sees, in equal parts.
    /// </summary>
    /// <param name="output">Where it prints.</param>
    public static void Run(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var model = new SlidingWindowAttention(
            new SlidingWindowAttentionSizes { d = 6, k = 4, w = 6 }, new SlidingWindowAttentionSettings { SlidingWindow = 3 });
        model.Query.Allocate(WeightFormat.F32);
        model.Key.Allocate(WeightFormat.F32);
        var identity = new Tensor(1, 6, 6);
        for (int i = 0; i < 6; i++)
            identity.Span[i * 7] = 1;
        model.Value.Set(identity.Span);

        Tensor seen = model.Forward(identity, null);
        output.WriteLine("what each of six positions sees (columns) in a window of three:");
        Numbers.Print(output, seen.Span, columns: 6);

        using KvCache cache = model.CreateCache(batch: 1, capacity: 8);
        model.Forward(Tensor.From(identity.Span[..24], 1, 4, 6), cache);
        Tensor rest = model.Forward(Tensor.From(identity.Span[24..], 1, 2, 6), cache);
        output.WriteLine($"the last two in a call of their own differ by {Numbers.Difference(seen.Span[24..], rest.Span)}: positions count, not indices");
    }
}
