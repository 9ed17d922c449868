namespace Einsharp;

/// <summary>What GGUF files of the Llama family call the tensors that Hugging Face's checkpoints have.</summary>
/// <remarks>The left names are those of ggml's docs/gguf.md, "standardized tensor names".</remarks>
internal static class GgufNames
{
    /// <summary>By what each frequency of the rotation is divided; <see cref="GgufConfig"/> reads it, it is no weight.</summary>
    public const string RotationFactors = "rope_freqs.weight";

    /// <summary>What the embedding is called, whose rows are the vocabulary.</summary>
    public const string Embedding = "token_embd.weight";

    /// <summary>What the output head is called; a file without one uses the embedding.</summary>
    public const string Head = "output.weight";

    private const string BlockPrefix = "blk.";

    private static readonly Dictionary<string, string> Whole = new(StringComparer.Ordinal)
    {
        [Embedding] = "model.embed_tokens.weight",
        ["output_norm.weight"] = "model.norm.weight",
        [Head] = "lm_head.weight",
    };

    private static readonly Dictionary<string, string> OfBlock = new(StringComparer.Ordinal)
    {
        ["attn_norm.weight"] = "input_layernorm.weight",
        ["attn_q.weight"] = "self_attn.q_proj.weight",
        ["attn_k.weight"] = "self_attn.k_proj.weight",
        ["attn_v.weight"] = "self_attn.v_proj.weight",
        ["attn_output.weight"] = "self_attn.o_proj.weight",
        ["ffn_norm.weight"] = "post_attention_layernorm.weight",
        ["ffn_gate.weight"] = "mlp.gate_proj.weight",
        ["ffn_up.weight"] = "mlp.up_proj.weight",
        ["ffn_down.weight"] = "mlp.down_proj.weight",
    };

    /// <summary>The name that a declaration asks for; a tensor that the table has not keeps its own, and is extra to every model.</summary>
    public static string Declared(string name)
    {
        if (Whole.TryGetValue(name, out string? whole)) return whole;
        if (!name.StartsWith(BlockPrefix, StringComparison.Ordinal)) return name;
        int dot = name.IndexOf('.', BlockPrefix.Length);
        if (dot < 0 || !OfBlock.TryGetValue(name[(dot + 1)..], out string? part)) return name;
        string number = name[BlockPrefix.Length..dot];
        return number.Length > 0 && number.All(char.IsAsciiDigit) ? $"model.layers.{number}.{part}" : name;
    }
}
