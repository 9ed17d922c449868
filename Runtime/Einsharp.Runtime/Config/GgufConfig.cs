using Einsharp.Text;
using Einsharp.Weights;

namespace Einsharp;

/// <summary>
/// The configuration in a GGUF file's metadata. As with config.json, what a Llama here does not compute is refused, so every key that begins
/// with the architecture's name must be a known one.
/// </summary>
/// <remarks>The keys are those of ggml's docs/gguf.md; the defaults are llama.cpp's.</remarks>
internal static class GgufConfig
{
    private const string Architecture = "llama", Prefix = Architecture + ".";
    private const string TypeKey = Prefix + "rope.scaling.type", FactorKey = Prefix + "rope.scaling.factor";
    private const string OriginalKey = Prefix + "rope.scaling.original_context_length", StrengthKey = Prefix + "rope.scaling.attn_factor";

    /// <summary>The names of tokens that end a text or a turn beside the one that the metadata names, as llama.cpp knows them.</summary>
    private static readonly string[] Ends = ["<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "<|im_end|>"];

    private static readonly HashSet<string> Known = new(
        [
            "context_length", "embedding_length", "block_count", "feed_forward_length", "vocab_size", "tensor_data_layout",
            "attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length",
            "attention.layer_norm_rms_epsilon", "expert_count", "expert_used_count", "rope.dimension_count", "rope.freq_base",
            "rope.scaling.type", "rope.scaling.factor", "rope.scaling.original_context_length", "rope.scaling.attn_factor",
            "rope.scaling.finetuned",
        ],
        StringComparer.Ordinal);

    /// <summary>Reads a configuration.</summary>
    /// <exception cref="CheckpointException">The file is broken, is no Llama, or asks for what a Llama here does not compute.</exception>
    public static LlamaConfig Read(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        var fields = new GgufFields(file);
        string architecture = fields.Text("general.architecture") ?? throw fields.Missing("general.architecture");
        if (architecture != Architecture)
            throw fields.Wrong("general.architecture", $"expected \"{Architecture}\", found {CheckpointException.Quote(architecture)}");
        if (fields.Whole("split.count", 0, int.MaxValue) > 1)
            throw fields.Wrong("split.count", $"the model is in several files, which are not read together: merge them first");
        foreach (string key in fields.Keys)
        {
            if (key.StartsWith(Prefix, StringComparison.Ordinal) && !Known.Contains(key[Prefix.Length..]))
                throw fields.Wrong(key, $"is not known, and to leave it aside could make answers wrong");
        }
        if (fields.Whole(Prefix + "expert_count", 0, int.MaxValue) > 0)
            throw fields.Wrong(Prefix + "expert_count", $"the model has experts, and the Llama here has none");

        int model = fields.Size(Prefix + "embedding_length", 1 << 20), heads = fields.Size(Prefix + "attention.head_count", 1 << 16);
        int groups = fields.Whole(Prefix + "attention.head_count_kv", 1, 1 << 16) ?? heads;
        if (heads % groups != 0)
            throw fields.Wrong(Prefix + "attention.head_count", $"{heads} is no multiple of the {groups} of attention.head_count_kv");
        int? head = fields.Whole(Prefix + "attention.key_length", 1, 1 << 16), value = fields.Whole(Prefix + "attention.value_length", 1, 1 << 16);
        if (head is null && model % heads != 0)
            throw fields.Wrong(Prefix + "embedding_length", $"{model} is no multiple of the {heads} heads, and no attention.key_length is given");
        head ??= model / heads;
        if (value is not null && value != head)
            throw fields.Wrong(Prefix + "attention.value_length", $"expected the size of a head, {head}, found {value}");
        if (head % 2 != 0)
            throw fields.Wrong(Prefix + "attention.key_length", $"the size of a head is {head}, but a rotation turns pairs: expected an even one");
        int positions = fields.Size(Prefix + "context_length", 1 << 30);
        int vocabulary = Vocabulary(file, fields);
        return new LlamaConfig
        {
            VocabularySize = vocabulary,
            ModelSize = model,
            FeedForwardSize = fields.Size(Prefix + "feed_forward_length", 1 << 24),
            Layers = fields.Size(Prefix + "block_count", 1 << 14),
            Heads = heads,
            KeyValueHeads = groups,
            HeadSize = head.Value,
            Positions = positions,
            Epsilon = (float)(fields.Positive(Prefix + "attention.layer_norm_rms_epsilon")
                ?? throw fields.Missing(Prefix + "attention.layer_norm_rms_epsilon")),
            Rope = ReadRope(file, fields, head.Value, positions),
            BeginToken = fields.Whole(GgufTokenizer.BeginKey, 0, vocabulary - 1),
            EndTokens = EndTokens(fields, vocabulary),
            IsTied = file.Find(GgufNames.Head) is null,
        };
    }

    // Old files do not say how many tokens there are; the embedding has a row for each.
    private static int Vocabulary(GgufFile file, GgufFields fields)
    {
        const int Limit = 1 << 24;
        if (fields.Whole(Prefix + "vocab_size", 1, Limit) is { } size) return size;
        if (file.Find(GgufNames.Embedding) is not { } embedding) throw fields.Missing(Prefix + "vocab_size");
        return embedding.Shape[0] <= Limit
            ? (int)embedding.Shape[0]
            : throw fields.Wrong(GgufNames.Embedding, $"expected at most {Limit} rows, found {embedding.Shape[0]}");
    }

    private static IReadOnlyList<int> EndTokens(GgufFields fields, int vocabulary)
    {
        var ends = new SortedSet<int>();
        foreach (string key in (string[])[GgufTokenizer.EndKey, "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"])
            if (fields.Whole(key, 0, vocabulary - 1) is { } id) ends.Add(id);
        int token = 0;
        foreach (string text in fields.Strings(GgufTokenizer.TokensKey)?.Strings() ?? [])
        {
            if (token < vocabulary && Ends.Contains(text)) ends.Add(token);
            token++;
        }
        return [.. ends];
    }

    private static Rope ReadRope(GgufFile file, GgufFields fields, int head, int positions)
    {
        int turned = fields.Whole(Prefix + "rope.dimension_count", 1, 1 << 16) ?? head;
        if (turned > head || turned % 2 != 0)
            throw fields.Wrong(Prefix + "rope.dimension_count", $"expected an even number up to the size of a head, {head}, found {turned}");
        RopeScaling? scaling = ReadScaling(fields, positions);
        if (file.Find(GgufNames.RotationFactors) is { } tensor)
        {
            if (scaling is not null)
                throw fields.Wrong(TypeKey, $"the rotation is scaled by this and by {GgufNames.RotationFactors}, expected one of them");
            if (tensor.Format != WeightFormat.F32 || tensor.Shape.Length != 1 || tensor.Shape[0] != turned / 2)
                throw fields.Wrong(GgufNames.RotationFactors, $"expected F32 [{turned / 2}], found {tensor.TypeName} {ShapeText.Of(tensor.Shape)}");
            ReadOnlySpan<float> factors = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(file.Data(tensor.Name));
            foreach (float factor in factors)
            {
                if (!(factor > 0 && float.IsFinite(factor)))
                    throw fields.Wrong(GgufNames.RotationFactors, $"expected finite numbers above 0, found {factor}");
            }
            scaling = new FactorsRopeScaling(factors);
        }
        // A quotient that is rounded down must not turn a pair less.
        double part = turned / (double)head;
        if ((int)(head * part) < turned) part = Math.BitIncrement(part);
        return new Rope(fields.Positive(Prefix + "rope.freq_base") ?? 10_000, RopeLayout.Neighbours, scaling, part);
    }

    private static RopeScaling? ReadScaling(GgufFields fields, int positions)
    {
        double factor = fields.Positive(FactorKey) ?? 1, strength = fields.Positive(StrengthKey) ?? 1;
        int original = fields.Whole(OriginalKey, 1, 1 << 30) ?? positions;
        string type = fields.Text(TypeKey) ?? "linear";
        if (strength != 1 && type != "yarn") throw fields.Wrong(StrengthKey, $"{strength} is for the rope type yarn only, found {type}");
        return type switch
        {
            "none" => null,
            "linear" => factor == 1 ? null : new LinearRopeScaling(factor),
            "yarn" => new YarnRopeScaling(factor, original, strength * YarnRopeScaling.Magnitude(factor, 1)),
            _ => throw fields.Wrong(TypeKey, $"unknown rope type {CheckpointException.Quote(type)}, known are none, linear and yarn"),
        };
    }
}
