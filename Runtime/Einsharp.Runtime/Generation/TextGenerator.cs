using Einsharp.Text;

namespace Einsharp.Generation;

/// <summary>Continues text: a model and its tokenizer. One generator may serve many texts at once, each with a cache of its own.</summary>
public sealed class TextGenerator
{
    private readonly ILanguageModel _model;
    private readonly Tokenizer _tokenizer;

    /// <summary>Joins a model and its tokenizer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="ArgumentException">The tokenizer has ids that the model's vocabulary has not.</exception>
    public TextGenerator(ILanguageModel model, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        (int ids, int size) = (tokenizer.VocabularySize, model.VocabularySize);
        if (ids > size)
        {
            string message = $"The tokenizer has ids up to {ids - 1}; the model's vocabulary has {size}.";
            throw new ArgumentException(message, nameof(tokenizer));
        }
        _model = model;
        _tokenizer = tokenizer;
    }

    /// <summary>
    /// Continues a prompt. The pieces, joined, are the text that comes after it; none ends inside a character.
    /// </summary>
    /// <param name="prompt">The text to go on from; empty for a text from nothing.</param>
    /// <param name="cache">
    /// A cache of the model for one sequence. One that already holds positions is gone on from: then no beginning-of-text token is put.
    /// </param>
    /// <param name="options">How to go on and where to stop.</param>
    /// <param name="parseSpecial">Whether special tokens written out in the prompt become themselves, as chat templates need.</param>
    /// <param name="cancellation">Asked before each run of the model.</param>
    /// <exception cref="ArgumentException">The prompt has no token, or more than the cache has room for.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; thrown by the enumeration.</exception>
    /// <exception cref="InvalidDataException">The model's logits are not finite; thrown by the enumeration.</exception>
    public IEnumerable<string> Generate(
        string prompt, KvCache cache, GenerationOptions options, bool parseSpecial = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(cache);
        int[] ids = _tokenizer.Encode(prompt, addSpecial: cache.Lengths[0] == 0, parseSpecial);
        return Pieces(new Continuation(_model, cache, ids, options), cancellation);
    }

    private IEnumerable<string> Pieces(Continuation continuation, CancellationToken cancellation)
    {
        // The stream must have seen the prompt: only the beginning of a whole text loses its space.
        var stream = new TokenStream(_tokenizer);
        foreach (int id in continuation.Tokens.ToArray())
            stream.Push(id);
        while (continuation.Next(out int token, cancellation))
        {
            if (stream.Push(token) is { Length: > 0 } piece)
                yield return piece.ToString();
        }
        if (stream.Flush() is { Length: > 0 } rest)
            yield return rest.ToString();
    }
}
