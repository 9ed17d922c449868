using Einsharp.Weights;

namespace Einsharp.Tests.Config;

public sealed class LlamaConfigTests
{
    private static LlamaConfig Parse(string fields) =>
        LlamaConfig.Parse($$"""{"model_type": "llama"{{(fields.Length > 0 ? ", " + fields : "")}}}""");

    private static string Refusal(string fields)
    {
        string message = Assert.Throws<CheckpointException>(() => Parse(fields)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    [Fact]
    public void A_published_config_is_read()
    {
        if (TestData.Path("config/llama-3.2-1b.json") is not { } path) return;
        LlamaConfig config = LlamaConfig.Read(path);
        Assert.Equal((128256, 2048, 8192, 16), (config.VocabularySize, config.ModelSize, config.FeedForwardSize, config.Layers));
        Assert.Equal((32, 8, 4, 64), (config.Heads, config.KeyValueHeads, config.HeadsPerGroup, config.HeadSize));
        Assert.Equal((131072, 1e-5f, true), (config.Positions, config.Epsilon, config.IsTied));
        Assert.Equal(128000, config.BeginToken);
        Assert.Equal([128001], config.EndTokens);
        Assert.Equal(new Rope(500_000, RopeLayout.Halves, new Llama3RopeScaling(32, 1, 4, 8192)), config.Rope);
    }

    [Fact]
    public void A_folder_is_read()
    {
        if (TestData.Path("stories260K") is not { } folder) return;
        LlamaConfig config = LlamaConfig.Read(folder);
        Assert.Equal("5 layers of 64, 8 heads of 8 over 4, feed-forward 172, vocabulary 512", config.ToString());
        Assert.Equal(new Rope(), config.Rope);
        Assert.True(config.IsTied);
    }

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        LlamaConfig config = Parse("");
        Assert.Equal((32000, 4096, 11008, 32), (config.VocabularySize, config.ModelSize, config.FeedForwardSize, config.Layers));
        Assert.Equal((32, 32, 1, 128), (config.Heads, config.KeyValueHeads, config.HeadsPerGroup, config.HeadSize));
        Assert.Equal((2048, 1e-6f, false), (config.Positions, config.Epsilon, config.IsTied));
        Assert.Equal(1, config.BeginToken);
        Assert.Equal([2], config.EndTokens);
        Assert.Equal(new Rope(10_000), config.Rope);
    }

    [Fact]
    public void Tokens_may_be_one_several_or_none()
    {
        Assert.Equal([3, 5], Parse("\"eos_token_id\": [3, 5]").EndTokens);
        Assert.Equal([3], Parse("\"eos_token_id\": 3").EndTokens);
        Assert.Empty(Parse("\"eos_token_id\": null").EndTokens);
        Assert.Null(Parse("\"bos_token_id\": null").BeginToken);
        Assert.Equal(7, Parse("\"bos_token_id\": 7").BeginToken);
    }

    [Fact]
    public void A_head_may_have_a_size_of_its_own() =>
        Assert.Equal(80, Parse("\"hidden_size\": 100, \"num_attention_heads\": 7, \"head_dim\": 80").HeadSize);

    [Theory]
    [InlineData("\"rope_theta\": 500000.0, \"rope_scaling\": null")]
    [InlineData("\"rope_theta\": 5e5")]
    [InlineData("\"rope_theta\": 500000, \"rope_scaling\": {\"rope_type\": \"default\"}")]
    [InlineData("\"rope_parameters\": {\"rope_theta\": 500000.0, \"rope_type\": \"default\"}")]
    [InlineData("\"rope_parameters\": {\"rope_theta\": 500000.0}")]
    [InlineData("\"rope_theta\": 500000.0, \"rope_parameters\": "
        + "{\"rope_theta\": 500000.0, \"rope_type\": \"default\", \"partial_rotary_factor\": 1.0}")]
    public void The_base_is_read_in_both_forms(string fields) => Assert.Equal(new Rope(500_000), Parse(fields).Rope);

    [Theory]
    [InlineData("\"partial_rotary_factor\": 0.25")]
    [InlineData("\"rope_parameters\": {\"rope_theta\": 10000, \"partial_rotary_factor\": 0.25}")]
    [InlineData("\"partial_rotary_factor\": 0.25, \"rope_parameters\": {\"rope_type\": \"default\", \"partial_rotary_factor\": 0.25}")]
    public void A_part_of_a_head_is_read_in_both_forms(string fields) => Assert.Equal(new Rope(part: 0.25), Parse(fields).Rope);

    [Theory]
    [InlineData("\"max_position_embeddings\": 512, \"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.5}")]
    [InlineData("\"max_position_embeddings\": 512, \"rope_parameters\": {\"rope_type\": \"dynamic\", \"factor\": 2.5}")]
    public void Dynamic_scaling_is_of_the_trained_context(string fields) =>
        Assert.Equal(new Rope(scaling: new DynamicRopeScaling(2.5, 512)), Parse(fields).Rope);

    // mscale_all_dim alone changes nothing, both are a quotient, and a factor that is said wins.
    [Theory]
    [InlineData("\"factor\": 4, \"original_max_position_embeddings\": 32768", 1.1386294361119891)]
    [InlineData("\"original_max_position_embeddings\": 32768", 1.1386294361119891)]
    [InlineData("\"factor\": 4, \"original_max_position_embeddings\": 32768, \"mscale_all_dim\": 0.5", 1.1386294361119891)]
    [InlineData("\"factor\": 4, \"original_max_position_embeddings\": 32768, \"mscale\": 1, \"mscale_all_dim\": 0.5", 1.0648216253695715)]
    [InlineData("\"factor\": 4, \"original_max_position_embeddings\": 32768, \"mscale\": 1, \"mscale_all_dim\": 1", 1)]
    [InlineData("\"factor\": 4, \"original_max_position_embeddings\": 32768, \"attention_factor\": 0.75", 0.75)]
    public void Yarn_says_how_strong_it_is(string fields, double amplitude)
    {
        Rope rope = Parse("\"max_position_embeddings\": 131072, \"rope_scaling\": {\"rope_type\": \"yarn\", " + fields + "}").Rope;
        var yarn = Assert.IsType<YarnRopeScaling>(rope.Scaling);
        Assert.Equal((4.0, 32768, 32.0, 1.0, true), (yarn.Factor, yarn.OriginalPositions, yarn.FastTurns, yarn.SlowTurns, yarn.IsWhole));
        Assert.Equal(amplitude, yarn.Amplitude, 1e-12);
        Assert.Equal(
            rope,
            Parse("\"max_position_embeddings\": 131072, \"rope_parameters\": {\"rope_type\": \"yarn\", \"rope_theta\": 10000, " + fields + "}").Rope);
    }

    [Fact]
    public void Yarn_has_turns_of_its_own() => Assert.Equal(
        new Rope(scaling: new YarnRopeScaling(2, 2048, null, 16, 2, isWhole: false)),
        Parse("\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 2, \"beta_fast\": 16, \"beta_slow\": 2, \"truncate\": false}").Rope);

    [Theory]
    [InlineData("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 4.0}")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"linear\", \"type\": \"linear\", \"factor\": 4}")]
    [InlineData("\"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 4.0, \"rope_theta\": 10000}")]
    public void Linear_scaling_is_read_in_both_forms(string fields) =>
        Assert.Equal(new Rope(scaling: new LinearRopeScaling(4)), Parse(fields).Rope);

    [Theory]
    [InlineData("\"rope_theta\": 500000, \"rope_scaling\": {\"rope_type\": \"llama3\", ")]
    [InlineData("\"rope_parameters\": {\"rope_type\": \"llama3\", \"rope_theta\": 500000, ")]
    public void Llama3_scaling_is_read_in_both_forms(string form)
    {
        const string Numbers = "\"factor\": 8.0, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, "
            + "\"original_max_position_embeddings\": 8192}";
        Assert.Equal(new Rope(500_000, scaling: new Llama3RopeScaling(8, 1, 4, 8192)), Parse(form + Numbers).Rope);
    }

    [Theory]
    [InlineData("\"hidden_act\": \"gelu\"",
        "config.json: expected hidden_act \"silu\", found 'gelu'")]
    [InlineData("\"attention_bias\": true",
        "config.json: attention_bias is true, but the Llama here has no biases")]
    [InlineData("\"mlp_bias\": true",
        "config.json: mlp_bias is true, but the Llama here has no biases")]
    [InlineData("\"mlp_bias\": 1",
        "config.json: expected true or false as mlp_bias, found '1'")]
    [InlineData("\"hidden_size\": 100, \"num_attention_heads\": 7",
        "config.json: hidden_size 100 is no multiple of num_attention_heads 7, and no head_dim is given")]
    [InlineData("\"num_key_value_heads\": 5",
        "config.json: num_attention_heads 32 is no multiple of num_key_value_heads 5")]
    [InlineData("\"head_dim\": 7",
        "config.json: the size of a head is 7, but a rotation turns pairs: expected an even one")]
    [InlineData("\"vocab_size\": 0",
        "config.json: expected a whole number from 1 to 16777216 as vocab_size, found '0'")]
    [InlineData("\"vocab_size\": -5",
        "config.json: expected a whole number from 1 to 16777216 as vocab_size, found '-5'")]
    [InlineData("\"vocab_size\": \"512\"",
        "config.json: expected a whole number from 1 to 16777216 as vocab_size, found '\"512\"'")]
    [InlineData("\"num_hidden_layers\": 1.5",
        "config.json: expected a whole number from 1 to 16384 as num_hidden_layers, found '1.5'")]
    [InlineData("\"num_hidden_layers\": 99999999999",
        "config.json: expected a whole number from 1 to 16384 as num_hidden_layers, found '99999999999'")]
    [InlineData("\"hidden_size\": [64]",
        "config.json: expected a whole number from 1 to 1048576 as hidden_size, found '[64]'")]
    [InlineData("\"rms_norm_eps\": 0",
        "config.json: expected a finite number above 0 as rms_norm_eps, found '0'")]
    [InlineData("\"rms_norm_eps\": 1e999",
        "config.json: expected a finite number above 0 as rms_norm_eps, found '1e999'")]
    [InlineData("\"rope_theta\": -1",
        "config.json: expected a finite number above 0 as rope_theta, found '-1'")]
    [InlineData("\"eos_token_id\": \"</s>\"",
        "config.json: expected tokens from 0 to 31999 (vocab_size - 1) as eos_token_id, found '\"</s>\"'")]
    [InlineData("\"eos_token_id\": [2, 32000]",
        "config.json: expected tokens from 0 to 31999 (vocab_size - 1) as eos_token_id, found '32000'")]
    [InlineData("\"bos_token_id\": [1, 2]",
        "config.json: expected one bos_token_id, found a list")]
    [InlineData("\"tie_word_embeddings\": \"yes\"",
        "config.json: expected true or false as tie_word_embeddings, found '\"yes\"'")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"mrope\", \"factor\": 2}",
        "config.json: rope_scaling: unknown rope type 'mrope', known are default, linear, dynamic, yarn, llama3 and factors")]
    [InlineData("\"rope_parameters\": {\"rope_type\": \"longrope\"}",
        "config.json: rope_parameters: longrope has a factor for each pair and two sets of them, which is not computed here")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"yarn\"}",
        "config.json: rope_scaling: has no factor")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 2, \"mscale\": -1}",
        "config.json: rope_scaling: expected a finite number of at least 0 as mscale, found '-1'")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"dynamic\"}",
        "config.json: rope_scaling: has no factor")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"dynamic\", \"factor\": 0.5}",
        "config.json: rope_scaling: expected a factor of at least 1, found 0.5")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"linear\"}",
        "config.json: rope_scaling: has no factor")]
    [InlineData("\"rope_scaling\": {\"factor\": 2}",
        "config.json: rope_scaling: has no rope_type")]
    [InlineData("\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\"}}",
        "config.json: rope_parameters: has no rope_type")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"llama3\", \"type\": \"linear\"}",
        "config.json: rope_scaling: rope_type is 'llama3', but type is 'linear'")]
    [InlineData("\"rope_scaling\": \"linear\"",
        "config.json: rope_scaling: expected a JSON object, found String")]
    [InlineData("\"rope_theta\": 1, \"rope_parameters\": {\"rope_theta\": 2}",
        "config.json: rope_theta is 1, but 2 in rope_parameters")]
    [InlineData("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}, \"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 3}",
        "config.json: rope_scaling and rope_parameters differ")]
    [InlineData("\"partial_rotary_factor\": 1.5",
        "config.json: expected a partial_rotary_factor of at most 1, found 1.5")]
    [InlineData("\"partial_rotary_factor\": 0.5, \"rope_parameters\": {\"rope_theta\": 10000, \"partial_rotary_factor\": 0.25}",
        "config.json: partial_rotary_factor is 0.5, but 0.25 in rope_parameters")]
    [InlineData("\"partial_rotary_factor\": 0.04",
        "config.json: of a head of 128 5 values are rotated, but a rotation turns pairs: expected an even number")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 2, "
        + "\"low_freq_factor\": 4, \"high_freq_factor\": 4, \"original_max_position_embeddings\": 8}",
        "config.json: rope_scaling: expected low_freq_factor below high_freq_factor, found 4 and 4")]
    [InlineData("\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 2, \"low_freq_factor\": 1, \"high_freq_factor\": 4}",
        "config.json: rope_scaling: has no original_max_position_embeddings")]
    public void What_would_give_wrong_answers_is_refused(string fields, string message) => Assert.Equal(message, Refusal(fields));

    [Fact]
    public void What_is_no_llama_or_no_JSON_is_refused()
    {
        Assert.Equal("config.json: expected model_type \"llama\", found 'mistral'", Error("""{"model_type": "mistral"}"""));
        Assert.Equal("config.json: has no model_type, expected \"llama\"", Error("{}"));
        Assert.Equal("config.json: expected a JSON object, found Array", Error("[]"));
        Assert.StartsWith("config.json: no valid JSON: ", Error("{"), StringComparison.Ordinal);
        Assert.StartsWith("config.json: no valid JSON: ", Error("""{"model_type": "llama", "vocab_size": 1, "vocab_size": 2}"""),
            StringComparison.Ordinal);
        Assert.StartsWith("config.json: no valid JSON: ", Error("""{"model_type": "\ud800"}"""), StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<CheckpointException>(() => LlamaConfig.Read("/nowhere/config.json")).Message,
            StringComparison.Ordinal);
        Assert.Equal(64, LlamaConfig.Parse("\uFEFF{\"model_type\": \"llama\", \"hidden_size\": 64}").ModelSize);

        static string Error(string json) => Assert.Throws<CheckpointException>(() => LlamaConfig.Parse(json)).Message;
    }
}
