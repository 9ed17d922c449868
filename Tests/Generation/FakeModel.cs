namespace Einsharp.Tests.Generation;

/// <summary>A language model without weights: what comes after a token is a rule, and every call is written down.</summary>
internal sealed class FakeModel(int vocabulary, Func<int, int, int> next) : ILanguageModel
{
    private readonly Tensor _logits = new(1, 1, vocabulary);
    private readonly Tensor _none = new(1, 0, vocabulary);

    public List<(int[] Ids, int[] Rows)> Calls { get; } = [];

    public Action<int>? Before { get; set; }

    public bool Records { get; set; } = true;

    public float Peak { get; set; } = 10;

    public float Background { get; set; }

    public int VocabularySize => vocabulary;

    public KvCache CreateCache(int batch, int capacity) => CreateCache(batch, capacity, CacheFormat.F32);

    public KvCache CreateCache(int batch, int capacity, CacheFormat format) => new(batch, capacity, [], format: format);

    public Tensor Forward(Tensor<int> ids, Tensor<int> rows, KvCache? cache)
    {
        Before?.Invoke(Calls.Count);
        if (Records)
            Calls.Add((ids.Span.ToArray(), rows.Span.ToArray()));
        ReadOnlySpan<int> counts = cache!.TakeCounts(1, ids.Shape[1]);
        cache.Reserve(counts);
        cache.Commit(counts);
        if (rows.Length == 0)
            return _none;
        int row = rows.Span[0];
        _logits.Span.Fill(Background);
        int position = cache.Lengths[0] - ids.Shape[1] + row;
        _logits.Span[next(ids.Span[row], position)] = Peak;
        return _logits;
    }
}
