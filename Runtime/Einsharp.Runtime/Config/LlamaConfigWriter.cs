using System.Text;
using System.Text.Json;

namespace Einsharp;

/// <summary>Writes a configuration as config.json, so that <see cref="LlamaConfig.Read"/> reads the same from it.</summary>
internal static class LlamaConfigWriter
{
    /// <summary>
    /// Our own key, for what Hugging Face has no word for: its checkpoints rotate halves, always. Others leave the key aside, so they would
    /// rotate such a model's heads wrongly.
    /// </summary>
    public const string LayoutKey = "einsharp_rope_layout";

    /// <summary>Our own type in <c>rope_scaling</c>: a list of factors.</summary>
    public const string FactorsType = "factors";

    public static string Write(LlamaConfig config)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue("LlamaForCausalLM");
            json.WriteEndArray();
            json.WriteString("model_type", "llama");
            json.WriteString("hidden_act", "silu");
            json.WriteNumber("vocab_size", config.VocabularySize);
            json.WriteNumber("hidden_size", config.ModelSize);
            json.WriteNumber("intermediate_size", config.FeedForwardSize);
            json.WriteNumber("num_hidden_layers", config.Layers);
            json.WriteNumber("num_attention_heads", config.Heads);
            json.WriteNumber("num_key_value_heads", config.KeyValueHeads);
            json.WriteNumber("head_dim", config.HeadSize);
            json.WriteNumber("max_position_embeddings", config.Positions);
            json.WriteNumber("rms_norm_eps", config.Epsilon);
            WriteTokens(json, "bos_token_id", config.BeginToken is { } begin ? [begin] : []);
            WriteTokens(json, "eos_token_id", config.EndTokens);
            json.WriteBoolean("tie_word_embeddings", config.IsTied);
            WriteRope(json, config);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(text.ToArray()) + "\n";
    }

    private static void WriteTokens(Utf8JsonWriter json, string name, IReadOnlyList<int> tokens)
    {
        if (tokens.Count == 0)
        {
            json.WriteNull(name);
        }
        else if (tokens.Count == 1)
        {
            json.WriteNumber(name, tokens[0]);
        }
        else
        {
            json.WriteStartArray(name);
            foreach (int token in tokens) json.WriteNumberValue(token);
            json.WriteEndArray();
        }
    }

    private static void WriteRope(Utf8JsonWriter json, LlamaConfig config)
    {
        json.WriteNumber("rope_theta", config.Rope.Base);
        if (config.Rope.Part != 1) json.WriteNumber("partial_rotary_factor", config.Rope.Part);
        if (config.Rope.Layout == RopeLayout.Neighbours) json.WriteString(LayoutKey, "neighbours");
        if (config.Rope.Scaling is not { } scaling) return;
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", scaling switch
        {
            LinearRopeScaling => "linear",
            DynamicRopeScaling => "dynamic",
            YarnRopeScaling => "yarn",
            Llama3RopeScaling => "llama3",
            FactorsRopeScaling => FactorsType,
            _ => throw new NotSupportedException($"{scaling} has no form in config.json"),
        });
        if (scaling is not FactorsRopeScaling) json.WriteNumber("factor", scaling.Factor);
        switch (scaling)
        {
            case YarnRopeScaling yarn:
                json.WriteNumber("original_max_position_embeddings", yarn.OriginalPositions);
                json.WriteNumber("attention_factor", yarn.Amplitude);
                json.WriteNumber("beta_fast", yarn.FastTurns);
                json.WriteNumber("beta_slow", yarn.SlowTurns);
                json.WriteBoolean("truncate", yarn.IsWhole);
                break;
            case Llama3RopeScaling llama3:
                json.WriteNumber("low_freq_factor", llama3.LowFrequencyFactor);
                json.WriteNumber("high_freq_factor", llama3.HighFrequencyFactor);
                json.WriteNumber("original_max_position_embeddings", llama3.OriginalPositions);
                break;
            case FactorsRopeScaling factors:
                json.WriteStartArray("factors");
                foreach (float factor in factors.Factors) json.WriteNumberValue(factor);
                json.WriteEndArray();
                break;
        }
        json.WriteEndObject();
    }
}
