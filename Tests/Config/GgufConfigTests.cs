using Einsharp.Tests.Weights;
using Einsharp.Weights;

namespace Einsharp.Tests.Config;

/// <summary>Configurations out of GGUF files, and written as config.json.</summary>
public sealed class GgufConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private LlamaConfig Read(params (string Key, object? Value)[] changes) => LlamaConfig.Read(Write(null, changes));

    private string Write(Action<GgufBuilder>? more, params (string Key, object? Value)[] changes)
    {
        GgufBuilder builder = GgufBuilder.Llama(name => changes.All(change => change.Key != name));
        foreach ((string key, object? value) in changes)
            if (value is not null) builder.Add(key, value);
        more?.Invoke(builder);
        return builder.Write(_folder);
    }

    [Fact]
    public void The_metadata_has_all_that_config_json_has()
    {
        LlamaConfig config = Read();
        Assert.Equal("1 layers of 32, 2 heads of 16 over 1, feed-forward 64, vocabulary 8", config.ToString());
        Assert.Equal((64, 1e-5f, 1, true), (config.Positions, config.Epsilon, config.BeginToken!.Value, config.IsTied));
        Assert.Equal([2], config.EndTokens);
        Assert.Equal(new Rope(10_000, RopeLayout.Neighbours), config.Rope);

        config = LlamaConfig.Read(Write(builder => builder.Floats("output.weight", [32, 8], new float[256]),
            ("llama.vocab_size", null), ("llama.attention.head_count_kv", null), ("llama.attention.key_length", 8u),
            ("llama.rope.freq_base", 5e5f), ("llama.rope.dimension_count", 4u), ("tokenizer.ggml.eot_token_id", 5u)));
        Assert.Equal((8, 2, 8, false), (config.VocabularySize, config.KeyValueHeads, config.HeadSize, config.IsTied));
        Assert.Equal([2, 5], config.EndTokens);
        Assert.Equal(new Rope(5e5, RopeLayout.Neighbours, part: 0.5), config.Rope);
        Assert.Equal(4, config.Rope.Turned(8));
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("f16")]
    [InlineData("q8_0")]
    [InlineData("q4_0")]
    public void The_small_model_has_the_sizes_of_its_config_json(string format)
    {
        if (TestData.Path($"gguf/stories260K-{format}.gguf") is not { } gguf || TestData.Path("stories260K") is not { } folder)
            return;
        LlamaConfig one = LlamaConfig.Read(gguf), other = LlamaConfig.Read(folder);
        Assert.Equal(other.ToString(), one.ToString());
        Assert.Equal(other with { EndTokens = one.EndTokens, Rope = one.Rope }, one);
        Assert.Equal(other.EndTokens, one.EndTokens);
        Assert.Equal(other.Rope with { Layout = RopeLayout.Neighbours }, one.Rope);
    }

    [Fact]
    public void Factors_are_applied_to_the_frequencies()
    {
        LlamaConfig config = LlamaConfig.Read(Write(builder => builder.Floats("rope_freqs.weight", [8], [1, 1, 1, 2, 4, 8, 8, 8])));
        var plain = new Rope(10_000, RopeLayout.Neighbours);
        float[] factors = [1, 1, 1, 2, 4, 8, 8, 8];
        for (int pair = 0; pair < 8; pair++)
            Assert.Equal(plain.Frequency(pair, 16) / factors[pair], config.Rope.Frequency(pair, 16), 1e-15);
        Assert.Equal("base 10000, neighbours, factors (8 of 1 to 8)", config.Rope.ToString());
        RopeTable table = config.Rope.Table(16, 10);
        Assert.Equal((float)Math.Cos(9 * plain.Frequency(4, 16) / 4), table.Cosines[(9 * 8) + 4]);

        // They are no weight that a model lacks.
        using Checkpoint checkpoint = Checkpoint.Open(_folder.File("model.gguf"));
        Assert.DoesNotContain("rope_freqs.weight", checkpoint.Compare([]).Extra);
    }

    [Fact]
    public void The_factors_of_llama_3_are_its_scaling()
    {
        // As convert_hf_to_gguf writes them: by how much the rule of Llama 3 divides each frequency.
        var rule = new Llama3RopeScaling(32, 1, 4, 8192);
        var plain = new Rope(500_000);
        Rope ruled = plain with { Scaling = rule };
        float[] factors = [.. Enumerable.Range(0, 32).Select(pair => (float)(plain.Frequency(pair, 64) / ruled.Frequency(pair, 64)))];
        Rope divided = plain with { Scaling = new FactorsRopeScaling(factors) };
        for (int pair = 0; pair < 32; pair++)
            Assert.Equal(1, divided.Frequency(pair, 64) / ruled.Frequency(pair, 64), 1e-6);
    }

    [Fact]
    public void Other_scaling_is_read()
    {
        Assert.Equal(new LinearRopeScaling(4), Read(("llama.rope.scaling.type", "linear"), ("llama.rope.scaling.factor", 4f)).Rope.Scaling);
        Assert.Equal(new LinearRopeScaling(4), Read(("llama.rope.scaling.factor", 4f)).Rope.Scaling);
        Assert.Null(Read(("llama.rope.scaling.type", "none"), ("llama.rope.scaling.factor", 4f)).Rope.Scaling);
        Assert.Equal(new YarnRopeScaling(4, 16), Read(("llama.rope.scaling.type", "yarn"), ("llama.rope.scaling.factor", 4f),
            ("llama.rope.scaling.original_context_length", 16u)).Rope.Scaling);
    }

    public static readonly TheoryData<string, object?, string> Refused = new()
    {
        { "general.architecture", null, "has no 'general.architecture'" },
        { "general.architecture", "gpt2", "'general.architecture': expected \"llama\", found 'gpt2'" },
        { "general.architecture", 1u, "'general.architecture': expected a string, found UInt32" },
        { "split.count", (ushort)2, "'split.count': the model is in several files" },
        { "llama.block_count", null, "has no 'llama.block_count'" },
        { "llama.block_count", 0u, "'llama.block_count': expected a whole number from 1 to 16384, found 0" },
        { "llama.block_count", uint.MaxValue, "found 4294967295" },
        { "llama.block_count", ulong.MaxValue, "found 18446744073709551615" },
        { "llama.feed_forward_length", new[] { 64 }, "'llama.feed_forward_length': expected a whole number, found a list of Int32" },
        { "llama.attention.head_count_kv", 3u, "'llama.attention.head_count': 2 is no multiple of the 3" },
        { "llama.attention.head_count", 3u, "32 is no multiple of the 3 heads" },
        { "llama.attention.key_length", 15u, "the size of a head is 15" },
        { "llama.attention.value_length", 8u, "expected the size of a head, 16, found 8" },
        { "llama.attention.layer_norm_rms_epsilon", null, "has no 'llama.attention.layer_norm_rms_epsilon'" },
        { "llama.attention.layer_norm_rms_epsilon", float.NaN, "expected a finite number above 0, found NaN" },
        { "llama.attention.layer_norm_epsilon", 1e-5f, "'llama.attention.layer_norm_epsilon': is not known" },
        { "llama.expert_count", 8u, "the model has experts" },
        { "llama.rope.scale_linear", 2f, "'llama.rope.scale_linear': is not known" },
        { "llama.rope.scaling.type", "longrope", "unknown rope type 'longrope', known are none, linear and yarn" },
        { "llama.rope.scaling.attn_factor", 2f, "is for the rope type yarn only, found linear" },
        { "llama.rope.freq_base", 0f, "'llama.rope.freq_base': expected a finite number above 0, found 0" },
        { "llama.rope.dimension_count", 18u, "'llama.rope.dimension_count': expected an even number up to the size of a head, 16, found 18" },
        { "llama.rope.dimension_count", 7u, "found 7" },
        { "tokenizer.ggml.bos_token_id", 8u, "'tokenizer.ggml.bos_token_id': expected a whole number from 0 to 7, found 8" },
        { "tokenizer.ggml.eos_token_id", 8u, "'tokenizer.ggml.eos_token_id': expected a whole number from 0 to 7, found 8" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_not_computed_here_is_refused(string key, object? value, string message)
    {
        string found = Assert.Throws<CheckpointException>(() => Read((key, value))).Message;
        Assert.StartsWith(_folder.File("model.gguf") + ": ", found, StringComparison.Ordinal);
        Assert.Contains(message, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7, 1f, "'rope_freqs.weight': expected F32 [8], found F32 [7]")]
    [InlineData(8, 0f, "'rope_freqs.weight': expected finite numbers above 0, found 0")]
    [InlineData(8, float.NaN, "found NaN")]
    public void Factors_that_cannot_be_are_refused(int count, float factor, string message) =>
        Assert.Contains(message, Assert.Throws<CheckpointException>(() => LlamaConfig.Read(Write(builder =>
            builder.Floats("rope_freqs.weight", [(ulong)count], [.. Enumerable.Repeat(factor, count)])))).Message, StringComparison.Ordinal);

    [Fact]
    public void Two_kinds_of_scaling_at_once_are_refused() => Assert.Contains(
        "the rotation is scaled by this and by rope_freqs.weight", Assert.Throws<CheckpointException>(() => LlamaConfig.Read(Write(builder =>
            builder.Floats("rope_freqs.weight", [8], [1, 1, 1, 1, 1, 1, 1, 1]), ("llama.rope.scaling.factor", 2f)))).Message, StringComparison.Ordinal);

    public static TheoryData<string> Scalings => ["none", "linear", "dynamic", "yarn", "llama3", "factors"];

    [Theory]
    [MemberData(nameof(Scalings))]
    public void What_is_written_is_read_again(string kind)
    {
        RopeScaling? scaling = kind switch
        {
            "linear" => new LinearRopeScaling(2.5),
            "dynamic" => new DynamicRopeScaling(2, 64),
            "yarn" => new YarnRopeScaling(4, 16, 1.25, 30, 2, isWhole: false),
            "llama3" => new Llama3RopeScaling(8, 1, 4, 32),
            "factors" => new FactorsRopeScaling([1, 1.5f, 2, 3]),
            _ => null,
        };
        LlamaConfig config = Read() with
        {
            Rope = new Rope(5e5, kind == "llama3" ? RopeLayout.Halves : RopeLayout.Neighbours, scaling, part: 0.5),
            EndTokens = kind == "linear" ? [] : kind == "yarn" ? [2, 5] : [2],
            BeginToken = kind == "linear" ? null : 1,
            IsTied = kind == "yarn",
        };
        LlamaConfig again = LlamaConfig.Parse(config.ToJson());
        Assert.Equal(config.EndTokens, again.EndTokens);
        Assert.Equal(config, again with { EndTokens = config.EndTokens });
    }

    [Theory]
    [InlineData("\"einsharp_rope_layout\": \"thirds\"", "expected \"halves\" or \"neighbours\" as einsharp_rope_layout, found 'thirds'")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"factors\"}", "has no factors")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"factors\", \"factors\": []}", "expected a list of 1 to 65536 numbers as factors")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"factors\", \"factors\": [1, 0]}", "expected finite numbers above 0 as factors, found '0'")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"factors\", \"factors\": [1, 2]}", "rope_scaling has 2 factors, expected 64")]
    public void Our_own_keys_must_be_right(string key, string message) => Assert.Contains(
        message, Assert.Throws<CheckpointException>(() => LlamaConfig.Parse($$"""{"model_type": "llama", {{key}}}""")).Message, StringComparison.Ordinal);
}
