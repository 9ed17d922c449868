namespace Einsharp.Tests.Program;

/// <summary>Whatever is wrong is one line on standard error that names it, exit code 1, and nothing on standard output.</summary>
public sealed class BadInputTests
{
    private static readonly string? Source = TestData.Path("stories260K");

    /// <summary>Ways to spoil a model's weights, and what the error must name.</summary>
    public static readonly TheoryData<string, string[]> Weights = new()
    {
        { "truncated", ["model.safetensors"] },
        { "empty", ["model.safetensors"] },
        { "header cut", ["model.safetensors"] },
        { "data after the last tensor", ["model.safetensors"] },
        { "header longer than the file", ["model.safetensors", "1099511627776"] },
        { "header longer than an integer", ["model.safetensors"] },
        { "overlapping", ["model.safetensors", "model.layers.0.mlp.down_proj.weight"] },
        { "duplicate key", ["model.safetensors", "model.norm.weight"] },
        { "shape that is not the data's", ["model.safetensors", "model.norm.weight"] },
        { "negative offset", ["model.safetensors", "model.embed_tokens.weight"] },
        { "unknown element type", ["model.safetensors", "model.embed_tokens.weight", "F33"] },
        { "no JSON", ["model.safetensors"] },
        { "wrong shape", ["model.norm.weight"] },
        { "transposed", ["model.layers.0.mlp.down_proj.weight"] },
        { "missing tensor", ["model.norm.weight"] },
    };

    [Theory]
    [MemberData(nameof(Weights))]
    public void SpoiltWeights(string how, string[] names)
    {
        if (Source is null)
            return;
        using var model = new HostileModel(Source);
        string weights = model.Of("model.safetensors");
        const string norm = "\"shape\":[64],\"data_offsets\":[1039872";
        static Func<string, string> Swap(string old, string with) => header => header.Replace(old, with, StringComparison.Ordinal);
        switch (how)
        {
            case "truncated": model.Weights(data: data => data[..^100]); break;
            case "empty": File.WriteAllBytes(weights, []); break;
            case "header cut": File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..1000]); break;
            case "data after the last tensor": model.Weights(data: data => [.. data, 0, 0, 0, 0]); break;
            case "header longer than the file": model.Weights(claimed: 1UL << 40); break;
            case "header longer than an integer": model.Weights(claimed: ulong.MaxValue); break;
            case "overlapping": model.Weights(Swap("[131328,175360]", "[131324,175356]")); break;
            case "duplicate key": model.Weights(Swap("model.layers.0.input_layernorm.weight", "model.norm.weight")); break;
            case "shape that is not the data's": model.Weights(Swap(norm, norm.Replace("64", "65", StringComparison.Ordinal))); break;
            case "negative offset": model.Weights(Swap("[0,131072]", "[-4,131072]")); break;
            case "unknown element type": model.Weights(Swap("\"F32\",\"shape\":[512", "\"F33\",\"shape\":[512")); break;
            case "no JSON": model.Weights(Swap("{\"__metadata__\"", "<\"__metadata__\"")); break;
            case "wrong shape": model.Weights(Swap(norm, norm.Replace("64", "32,2", StringComparison.Ordinal))); break;
            case "transposed": model.Weights(Swap("[64,172],\"data_offsets\":[131328", "[172,64],\"data_offsets\":[131328")); break;
            case "missing tensor": model.Weights(Swap("model.norm.weight", "model.morn.weight")); break;
            default: throw new ArgumentException(how, nameof(how));
        }

        Generate(model.Folder).Refused(names);
    }

    /// <summary>Spoilt configurations: what is replaced, by what, and what the error must name.</summary>
    public static readonly TheoryData<string, string, string[]> Configurations = new()
    {
        { "\"rope_scaling\": null", "\"rope_scaling\": {\"rope_type\": \"yarn2\", \"factor\": 2.0}", ["config.json", "yarn2"] },
        { "\"rope_scaling\": null", "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0}", ["config.json"] },
        { "\"vocab_size\": 512", "\"vocab_size\": 500", ["model.embed_tokens.weight", "[500, 64]", "[512, 64]"] },
        { "\"vocab_size\": 512", "\"vocab_size\": 513", ["model.embed_tokens.weight", "[513, 64]", "[512, 64]"] },
        { "\"vocab_size\": 512", "\"vocab_size\": -1", ["config.json", "vocab_size"] },
        { "\"hidden_size\": 64", "\"hidden_size\": 66", ["66"] },
        { "\"num_key_value_heads\": 4", "\"num_key_value_heads\": 3", ["config.json", "num_key_value_heads"] },
        { "\"num_hidden_layers\": 5", "\"num_hidden_layers\": 6", ["model.layers.5"] },
        { "\"num_hidden_layers\": 5", "\"num_hidden_layers\": 4", ["model.layers.4"] },
        { "\"model_type\": \"llama\"", "\"model_type\": \"gpt2\"", ["config.json", "gpt2"] },
        { "\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", ["config.json", "gelu"] },
        { "\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": 0", ["config.json", "rms_norm_eps"] },
        { "\"head_dim\": 8", "\"head_dim\": 8,", ["config.json"] },
        { "\"head_dim\": 8", "\"head_dim\": 7", ["config.json", "7"] },
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public void SpoiltConfiguration(string old, string with, string[] names)
    {
        if (Source is null)
            return;
        using var model = new HostileModel(Source);
        model.Replace("config.json", old, with);
        Generate(model.Folder).Refused(names);
    }

    [Theory]
    [InlineData("../elsewhere/model.safetensors")]
    [InlineData("/etc/hostname")]
    [InlineData("absent-00001-of-00002.safetensors")]
    public void AShardIndexThatPointsOutside(string shard)
    {
        if (Source is null)
            return;
        using var model = new HostileModel(Source);
        File.Move(model.Of("model.safetensors"), model.Of("other.safetensors"));
        File.WriteAllText(
            model.Of("model.safetensors.index.json"),
            $$$"""{"metadata":{},"weight_map":{"model.norm.weight":"other.safetensors","model.embed_tokens.weight":"{{{shard}}}"}}""");
        Generate(model.Folder).Refused(shard);
    }

    [Fact]
    public void ATokenizerLargerThanTheEmbedding()
    {
        string larger = Path.Combine(LlamaProgram.Folder, "model/tokenizer.json");
        if (Source is null || !File.Exists(larger))
            return;
        using var model = new HostileModel(Source);
        File.Copy(larger, model.Of("tokenizer.json"), overwrite: true);
        Generate(model.Folder).Refused("tokenizer", "512");
    }

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    public void AMissingFile(string name)
    {
        if (Source is null)
            return;
        using var model = new HostileModel(Source);
        File.Delete(model.Of(name));
        Generate(model.Folder).Refused(name);
        File.WriteAllText(model.Of(name), "");
        Generate(model.Folder).Refused(name);
    }

    [Fact]
    public void AMissingFolder()
    {
        string folder = Path.Combine(Path.GetTempPath(), "no-such-model");
        Generate(folder).Refused(folder);
        LlamaProgram.Run("logits", "--model", folder, "--ids", "1").Refused(folder);
        LlamaProgram.Run("inspect", "--model", folder).Refused(folder);
        LlamaProgram.Run("bench", "--model", folder).Refused(folder);
    }

    [Fact]
    public void APromptLongerThanTheContext()
    {
        if (Source is null)
            return;
        string prompt = string.Concat(Enumerable.Repeat("Once upon a time ", 200));
        LlamaProgram.Run("generate", "--model", Source, "--prompt", prompt, "--raw").Refused("prompt", "512");
        string ids = string.Join(',', Enumerable.Repeat("1", 513));
        LlamaProgram.Run("logits", "--model", Source, "--ids", ids).Refused("513", "512");
        LlamaProgram.Run("bench", "--model", Source, "--prompt", "500", "--tokens", "64").Refused("512");
    }

    [Theory]
    [InlineData("model.embed_tokens.weight", float.NaN)]
    [InlineData("model.layers.2.self_attn.v_proj.weight", float.PositiveInfinity)]
    [InlineData("model.norm.weight", float.NaN)]
    public void WeightsThatAreNotNumbers(string tensor, float value)
    {
        if (Source is null)
            return;
        using var model = new HostileModel(Source);
        model.Change(tensor, floats => floats[^1] = value);
        string shown = float.IsNaN(value) ? "NaN" : "Infinity";
        LlamaProgram.Run("generate", "--model", model.Folder, "--temperature", "0").Refused(tensor, shown);
        LlamaProgram.Run("logits", "--model", model.Folder, "--ids", "1,2").Refused(tensor, shown);
    }

    /// <summary>Command lines that are wrong, and what the error must name. MODEL stands for a good folder.</summary>
    public static readonly TheoryData<string, string[]> CommandLines = new()
    {
        { "generate --model MODEL --temperature -1", ["temperature"] },
        { "generate --model MODEL --temperature hot", ["temperature", "hot"] },
        { "generate --model MODEL --top-k -3", ["top"] },
        { "generate --model MODEL --top-p 1.5", ["top", "1.5"] },
        { "generate --model MODEL --min-p 2", ["min", "2"] },
        { "generate --model MODEL --tokens 0", ["--tokens"] },
        { "generate --model MODEL --tokens many", ["--tokens", "many"] },
        { "generate --model MODEL --threads 0", ["--threads"] },
        { "generate --model MODEL --threads 100000", ["threads"] },
        { "generate --model MODEL --dtype q4", ["q4"] },
        { "generate --model MODEL --seed -1", ["--seed"] },
        { "generate --model MODEL --sed 1", ["--sed"] },
        { "generate", ["--model"] },
        { "logits --model MODEL", ["--ids"] },
        { "logits --model MODEL --ids 1,x", ["'x'"] },
        { "logits --model MODEL --ids 1,512", ["512"] },
        { "logits --model MODEL --ids -1", ["-1"] },
        { "bench", ["--shape", "--model"] },
        { "bench --shape 1b --model MODEL", ["--shape", "--model"] },
        { "bench --shape 2b", ["2b"] },
        { "bench --model MODEL --prompt 0", ["--prompt"] },
        { "inspect", ["--model"] },
        { "sing", ["sing"] },
    };

    [Theory]
    [MemberData(nameof(CommandLines))]
    public void AWrongCommandLine(string line, string[] names)
    {
        if (Source is null)
            return;
        LlamaProgram.Run(line.Split(' ').Select(word => word == "MODEL" ? Source : word)).Refused(names);
    }

    private static Outcome Generate(string folder) =>
        LlamaProgram.Run("generate", "--model", folder, "--tokens", "4", "--temperature", "0");
}
