using System.Globalization;
using System.Text;
using Einsharp.Weights;

namespace Einsharp;

/// <summary>
/// The <c>config.json</c> of a Llama, as transformers 4 and 5 write it. What this library does not compute is refused: a model that
/// runs with a setting left out gives wrong answers without a word.
/// </summary>
/// <remarks>Fields and defaults as transformers' configuration_llama.py.</remarks>
public sealed record LlamaConfig
{
    /// <summary>How many tokens there are (<c>vocab_size</c>).</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The size of the residual stream, d (<c>hidden_size</c>).</summary>
    public required int ModelSize { get; init; }

    /// <summary>The size of the hidden layer of the feed-forward network, f (<c>intermediate_size</c>).</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>How many blocks (<c>num_hidden_layers</c>).</summary>
    public required int Layers { get; init; }

    /// <summary>How many query heads, g·r (<c>num_attention_heads</c>).</summary>
    public required int Heads { get; init; }

    /// <summary>How many key/value heads, g (<c>num_key_value_heads</c>); it divides <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>The query heads of each key/value head, r.</summary>
    public int HeadsPerGroup => Heads / KeyValueHeads;

    /// <summary>The size of a head, k (<c>head_dim</c>); even.</summary>
    public required int HeadSize { get; init; }

    /// <summary>The longest context the model is made for, in positions (<c>max_position_embeddings</c>).</summary>
    public required int Positions { get; init; }

    /// <summary>What RMSNorm adds to the mean square (<c>rms_norm_eps</c>).</summary>
    public required float Epsilon { get; init; }

    /// <summary>The rotation of queries and keys: in Hugging Face's layout, halves, unless the file is GGUF or made from one.</summary>
    public required Rope Rope { get; init; }

    /// <summary>The token that begins a text, or null when there is none.</summary>
    public required int? BeginToken { get; init; }

    /// <summary>The tokens that end a text; none, one or several.</summary>
    public required IReadOnlyList<int> EndTokens { get; init; }

    /// <summary>Whether the output head is the embedding (<c>tie_word_embeddings</c>).</summary>
    public required bool IsTied { get; init; }

    /// <summary>Reads a config.</summary>
    /// <param name="path">The file, or the folder in which it is config.json, or a GGUF file, whose metadata has the same.</param>
    /// <exception cref="CheckpointException">It cannot be read, is ill-formed, or asks for what a Llama here does not compute.</exception>
    public static LlamaConfig Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) path = Path.Combine(path, "config.json");
        if (GgufFile.Is(path)) return GgufConfig.Read(path);
        return JsonFile.Read(path, root => From(new ConfigReader(path, root)));
    }

    /// <summary>Reads a config from its text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it is from, for messages.</param>
    /// <exception cref="CheckpointException">It is ill-formed, or asks for what a Llama here does not compute.</exception>
    public static LlamaConfig Parse(string json, string source = "config.json")
    {
        ArgumentNullException.ThrowIfNull(json);
        return JsonFile.Parse(Encoding.UTF8.GetBytes(json), source, root => From(new ConfigReader(source, root)));
    }

    /// <summary>This configuration as the text of a config.json, from which <see cref="Parse"/> reads the same.</summary>
    public string ToJson() => LlamaConfigWriter.Write(this);

    private static LlamaConfig From(ConfigReader config)
    {
        string type = config.Text("model_type") ?? throw config.Wrong("has no model_type, expected \"llama\"");
        if (type != "llama") throw config.Wrong($"expected model_type \"llama\", found {CheckpointException.Quote(type)}");
        if (config.Text("hidden_act") is { } activation && activation != "silu")
            throw config.Wrong($"expected hidden_act \"silu\", found {CheckpointException.Quote(activation)}");
        foreach (string bias in (ReadOnlySpan<string>)["attention_bias", "mlp_bias"])
            if (config.Flag(bias) == true) throw config.Wrong($"{bias} is true, but the Llama here has no biases");

        int model = config.Size("hidden_size", 4096, 1 << 20);
        int heads = config.Size("num_attention_heads", 32, 1 << 16);
        int groups = config.Size("num_key_value_heads", heads, 1 << 16);
        if (heads % groups != 0)
            throw config.Wrong($"num_attention_heads {heads} is no multiple of num_key_value_heads {groups}");
        int? head = config.OptionalSize("head_dim", 1 << 16);
        if (head is null && model % heads != 0)
            throw config.Wrong($"hidden_size {model} is no multiple of num_attention_heads {heads}, and no head_dim is given");
        head ??= model / heads;
        if (head % 2 != 0) throw config.Wrong($"the size of a head is {head}, but a rotation turns pairs: expected an even one");
        int positions = config.Size("max_position_embeddings", 2048, 1 << 30);
        Rope rope = RopeConfig.Read(config, positions);
        if (rope.Turned(head.Value) is var turned && (turned < 2 || turned % 2 != 0))
            throw config.Wrong($"of a head of {head} {turned} values are rotated, but a rotation turns pairs: expected an even number");
        if (rope.Scaling is FactorsRopeScaling factors && factors.Factors.Length != turned / 2)
            throw config.Wrong($"rope_scaling has {factors.Factors.Length} factors, expected {turned / 2}, one for each pair that is rotated");

        int vocabulary = config.Size("vocab_size", 32000, 1 << 24);
        return new LlamaConfig
        {
            VocabularySize = vocabulary,
            ModelSize = model,
            FeedForwardSize = config.Size("intermediate_size", 11008, 1 << 24),
            Layers = config.Size("num_hidden_layers", 32, 1 << 14),
            Heads = heads,
            KeyValueHeads = groups,
            HeadSize = head.Value,
            Positions = positions,
            Epsilon = (float)config.Positive("rms_norm_eps", 1e-6),
            Rope = rope,
            BeginToken = config.Tokens("bos_token_id", 1, vocabulary) switch
            {
                [] => null,
                [int one] => one,
                _ => throw config.Wrong("expected one bos_token_id, found a list"),
            },
            EndTokens = config.Tokens("eos_token_id", 2, vocabulary),
            IsTied = config.Flag("tie_word_embeddings") ?? false,
        };
    }

    /// <summary>As <c>16 layers of 2048, 32 heads of 64 over 8, feed-forward 8192, vocabulary 128256</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Layers} layers of {ModelSize}, {Heads} heads of {HeadSize} over {KeyValueHeads}, ")
        + string.Create(CultureInfo.InvariantCulture, $"feed-forward {FeedForwardSize}, vocabulary {VocabularySize}");
}
