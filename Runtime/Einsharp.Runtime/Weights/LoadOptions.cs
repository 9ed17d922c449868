namespace Einsharp.Weights;

/// <summary>How <see cref="Checkpoint.Load"/> takes a checkpoint.</summary>
public sealed record LoadOptions
{
    /// <summary>
    /// The format in memory; null for the stored one, which is used in place. (Parameters of rank 1 are F32 in any case.)
    /// </summary>
    public WeightFormat? Format { get; init; }

    /// <summary>Whether tensors that no parameter asks for are let pass.</summary>
    public bool IgnoreExtra { get; init; }

    /// <summary>
    /// For a parameter that declares another to take its values from (<see cref="Param.Or"/>). Null: it does when the checkpoint has
    /// none of its own. True: it does always, and the checkpoint's own is left aside. False: it never does, and its own must be there.
    /// A Llama's config says which, as <c>tie_word_embeddings</c>.
    /// </summary>
    public bool? Tied { get; init; }

    /// <summary>Whether a NaN or an infinity among the weights is an error. It costs one pass over the file.</summary>
    public bool CheckFinite { get; init; } = true;
}
