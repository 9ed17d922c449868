namespace Einsharp.Generation;

/// <summary>How a text is continued and where it stops.</summary>
public sealed record GenerationOptions
{
    /// <summary>How each token is chosen.</summary>
    public SamplerOptions Sampling { get; init; } = new();

    /// <summary>The most tokens to generate, at least 0. By default as many as the cache has room for.</summary>
    public int MaxTokens
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(MaxTokens));
            field = value;
        }
    } = int.MaxValue;

    /// <summary>
    /// The most positions of a prompt that are run in one call, at least 1. It bounds the workspace and the wait for a cancellation.
    /// </summary>
    public int PrefillChunk
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value, nameof(PrefillChunk));
            field = value;
        }
    } = 256;

    /// <summary>The ids that end a text (<c>eos_token_id</c> of the model's configuration, which may be several).</summary>
    public IReadOnlyList<int> EndOfText { get; init; } = [];
}

/// <summary>Why a continuation stopped.</summary>
public enum StopReason
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>The model chose a token that ends the text.</summary>
    EndOfText,

    /// <summary><see cref="GenerationOptions.MaxTokens"/> were generated.</summary>
    MaxTokens,

    /// <summary>The cache holds as many positions as it can.</summary>
    CacheFull,
}
