namespace Einsharp.Generation;

/// <summary>
/// One sequence that a model continues, a token a call. The prompt is run in chunks, then each token when the one after it is asked for, so
/// no call is wasted on the last. After <see cref="Prefill"/> nothing is allocated for a token. For one thread.
/// </summary>
public sealed class Continuation
{
    private readonly ILanguageModel _model;
    private readonly KvCache _cache;
    private readonly GenerationOptions _options;
    private readonly Sampler _sampler;
    private readonly int[] _endOfText;
    private readonly int[] _tokens;
    private readonly int _promptLength;
    private readonly Tensor<int> _id = new(1, 1);
    private readonly Tensor<int> _row = new(1, 1);
    private int _count;
    private Tensor? _logits;

    /// <summary>Begins a continuation; nothing is run yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cache">A cache of the model for one sequence. What it holds already, the prompt goes on from.</param>
    /// <param name="prompt">The ids to begin with, at least one: the beginning-of-text token for a text from nothing.</param>
    /// <param name="options">How to go on and where to stop.</param>
    /// <exception cref="ArgumentException">The prompt is empty or longer than the cache has room for, or that is for a batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id of the prompt is not in the model's vocabulary.</exception>
    public Continuation(ILanguageModel model, KvCache cache, ReadOnlySpan<int> prompt, GenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(options);
        if (cache.Batch != 1)
            throw new ArgumentException($"The cache is for {cache.Batch} sequences; a continuation is one.", nameof(cache));
        if (prompt.IsEmpty)
            throw new ArgumentException("The prompt is empty; it needs at least the beginning-of-text token.", nameof(prompt));
        int held = cache.Lengths[0];
        int room = cache.Capacity - held;
        if (prompt.Length > room)
        {
            string after = held == 0 ? "" : $", {held} of which are taken";
            string message = $"The prompt has {prompt.Length} tokens; the cache holds {cache.Capacity} positions{after}.";
            throw new ArgumentException(message, nameof(prompt));
        }
        foreach (int id in prompt)
        {
            if ((uint)id >= (uint)model.VocabularySize)
            {
                int size = model.VocabularySize;
                string message = FormattableString.Invariant($"The prompt has the id {id}; the model's vocabulary has {size}.");
                throw new ArgumentOutOfRangeException(nameof(prompt), message);
            }
        }

        _model = model;
        _cache = cache;
        _options = options;
        _sampler = new Sampler(model.VocabularySize, options.Sampling);
        _endOfText = [.. options.EndOfText];
        // The last token that is generated need not be run: one more than the cache has room for.
        _tokens = new int[prompt.Length + Math.Min(options.MaxTokens, room - prompt.Length + 1)];
        prompt.CopyTo(_tokens);
        _promptLength = _count = prompt.Length;
    }

    /// <summary>The prompt and what was generated.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _count);

    /// <summary>What was generated.</summary>
    public ReadOnlySpan<int> Generated => _tokens.AsSpan(_promptLength.._count);

    /// <summary>Why it stopped, or <see cref="StopReason.None"/>.</summary>
    public StopReason Stop { get; private set; }

    /// <summary>
    /// Runs the prompt, if that was not done. <see cref="Next"/> does it by itself; apart, it can be timed. A cancellation or a failure
    /// leaves the cache as it was before, and the prompt may be run again.
    /// </summary>
    /// <param name="cancellation">Asked before each chunk.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Prefill(CancellationToken cancellation = default)
    {
        if (_logits is not null || _count > _promptLength)
            return;
        int held = _cache.Lengths[0];
        try
        {
            RunPrompt(cancellation);
        }
        catch
        {
            _logits = null;
            _cache.Truncate(0, held);
            throw;
        }
    }

    /// <summary>Generates one more token.</summary>
    /// <param name="token">The token; when one of <see cref="GenerationOptions.EndOfText"/> ended the text, that one; else −1.</param>
    /// <param name="cancellation">Asked before each run of the model. After a cancellation the continuation may go on.</param>
    /// <returns>False when it has stopped, and then <see cref="Stop"/> says why.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidDataException">The model's logits are not finite.</exception>
    public bool Next(out int token, CancellationToken cancellation = default)
    {
        token = -1;
        if (Stop != StopReason.None)
            return false;
        if (_count - _promptLength == _options.MaxTokens)
            return StopFor(StopReason.MaxTokens);
        if (_logits is null && _count == _promptLength)
            Prefill(cancellation);
        else if (_logits is null)
        {
            if (_cache.Lengths[0] == _cache.Capacity)
                return StopFor(StopReason.CacheFull);
            cancellation.ThrowIfCancellationRequested();
            _id.Span[0] = _tokens[_count - 1];
            _row.Span[0] = 0;
            _logits = _model.Forward(_id, _row, _cache);
        }

        token = _sampler.Sample(_logits!, Tokens, _cache.Lengths[0] - 1);
        _logits = null;
        if (_endOfText.AsSpan().Contains(token))
            return StopFor(StopReason.EndOfText);
        _tokens[_count++] = token;
        return true;
    }

    private bool StopFor(StopReason reason)
    {
        Stop = reason;
        return false;
    }

    private void RunPrompt(CancellationToken cancellation)
    {
        var noRows = new Tensor<int>(1, 0);
        Tensor<int> ids = _id;
        for (int done = 0; done < _promptLength; done += ids.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(_options.PrefillChunk, _promptLength - done);
            if (ids.Length != count)
                ids = new Tensor<int>(1, count);
            _tokens.AsSpan(done, count).CopyTo(ids.Span);
            _row.Span[0] = count - 1;
            bool isLast = done + count == _promptLength;
            Tensor logits = _model.Forward(ids, isLast ? _row : noRows, _cache);
            _logits = isLast ? logits : null;
        }
    }
}
