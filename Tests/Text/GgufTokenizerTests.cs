using System.Text.Json;
using Einsharp.Tests.Weights;
using Einsharp.Text;
using Einsharp.Weights;

namespace Einsharp.Tests.Text;

/// <summary>Vocabularies out of GGUF files.</summary>
public sealed class GgufTokenizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("f32")]
    [InlineData("q4_0")]
    public void The_small_model_reads_text_as_its_tokenizer_json_does(string format)
    {
        if (TestData.Path($"gguf/stories260K-{format}.gguf") is not { } gguf || TestData.Path("stories260K/tokenizer.json") is not { } json)
            return;
        Tokenizer one = Tokenizer.Load(gguf), other = Tokenizer.Load(json);
        Assert.Equal(other.VocabularySize, one.VocabularySize);
        Assert.Equal([1, 403, 407, 261, 378], one.Encode("Once upon a time"));
        var random = new Random(31);
        for (int i = 0; i < 2_000; i++)
        {
            string text = RandomText.Make(random);
            int[] ids = one.Encode(text);
            Assert.Equal(other.Encode(text), ids);
            Assert.Equal(other.Decode(ids), one.Decode(ids));
        }
        string written = _folder.File("tokenizer.json");
        File.WriteAllBytes(written, Tokenizer.ReadJson(gguf));
        Assert.Equal(one.Encode("Once upon a time, <s> there"), Tokenizer.Load(_folder.Path).Encode("Once upon a time, <s> there"));
    }

    [Fact]
    public void Published_vectors_of_llama_2_are_met()
    {
        if (TestData.Path("tokenizers/llama2/ggml-vocab-llama-spm.gguf") is not { } path)
            return;
        var tokenizer = Tokenizer.Load(path);
        (string Text, int[] Ids)[] vectors = Llama3Tests.Vectors("tokenizers/llama2");
        Assert.True(vectors.Length >= 45, $"{vectors.Length} vectors");
        foreach ((string text, int[] ids) in vectors)
        {
            Assert.Equal(ids, tokenizer.Encode(text, addSpecial: false));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
        Assert.Equal([1, 9038, 2501, 263, 931], tokenizer.Encode("Once upon a time"));
    }

    [Fact]
    public void Published_vectors_of_llama_3_are_met()
    {
        if (TestData.Path("tokenizers/llama3/tokenizer.json") is not { } path)
            return;
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement model = file.RootElement.GetProperty("model"), added = file.RootElement.GetProperty("added_tokens");
        (string Token, int Id, int Type)[] tokens =
        [
            .. model.GetProperty("vocab").EnumerateObject().Select(entry => (entry.Name, entry.Value.GetInt32(), 1)),
            .. added.EnumerateArray().Select(entry => (entry.GetProperty("content").GetString()!, entry.GetProperty("id").GetInt32(), 3)),
        ];
        Array.Sort(tokens, (a, b) => a.Id.CompareTo(b.Id));
        string[] merges = [.. model.GetProperty("merges").EnumerateArray().Select(merge => merge.ValueKind == JsonValueKind.String
            ? merge.GetString()! : string.Join(' ', merge.EnumerateArray().Select(side => side.GetString())))];
        Tokenizer tokenizer = Load("gpt2", [.. tokens.Select(token => token.Token)], null, [.. tokens.Select(token => token.Type)],
            ("tokenizer.ggml.merges", merges), ("tokenizer.ggml.pre", "llama-bpe"), ("tokenizer.ggml.bos_token_id", 128_000u));
        Tokenizer original = Tokenizer.Load(path);
        (string Text, int[] Ids)[] vectors = Llama3Tests.Vectors("tokenizers/llama3");
        Assert.True(vectors.Length >= 45, $"{vectors.Length} vectors");
        foreach ((string text, int[] ids) in vectors)
        {
            Assert.Equal(ids, tokenizer.Encode(text, addSpecial: false));
            Assert.Equal(original.Encode(text + "<|eot_id|>", parseSpecial: true), tokenizer.Encode(text + "<|eot_id|>", parseSpecial: true));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Of_pieces_of_the_same_score_the_leftmost_is_made_first()
    {
        Tokenizer tokenizer = Load(["<unk>", "a", "b", "ab", "ba"], [0, -9, -9, -1, -1], [2, 1, 1, 1, 1], ("tokenizer.ggml.add_space_prefix", false));
        Assert.Equal([3, 1], tokenizer.Encode("aba"));
        Assert.Equal([4, 2], tokenizer.Encode("bab"));
    }

    [Fact]
    public void The_flags_are_followed()
    {
        string[] tokens = ["<unk>", "<s>", "</s>", "▁", "a", "▁a", "<user>"];
        float[] scores = [0, 0, 0, -3, -3, -1, 0];
        int[] types = [2, 3, 3, 1, 1, 1, 4];
        (string, object)[] ids = [("tokenizer.ggml.bos_token_id", 1u), ("tokenizer.ggml.eos_token_id", 2u)];
        Assert.Equal([1, 5], Load(tokens, scores, types, ids).Encode("a"));
        Assert.Equal([5, 6, 5], Load(tokens, scores, types, [.. ids, ("tokenizer.ggml.add_bos_token", false)]).Encode("a<user>a"));
        Assert.Equal([1, 4, 2], Load(tokens, scores, types,
            [.. ids, ("tokenizer.ggml.add_eos_token", true), ("tokenizer.ggml.add_space_prefix", false)]).Encode("a"));
        Assert.Equal([4], Load(tokens, scores, types, ("tokenizer.ggml.add_space_prefix", false)).Encode("a"));
        Tokenizer some = Load(tokens, scores, types, ids);
        Assert.True(some.IsSpecial(1) && !some.IsSpecial(6) && !some.IsSpecial(5));
    }

    [Fact]
    public void Byte_level_pairs_have_merges_and_ways_to_cut_words()
    {
        string[] letters = TokenizerFile.ByteLetters();
        string[] tokens = [.. letters, "ab", "Ġab", "11", "111", "1111", "<|begin|>", "<|eot_id|>"];
        int[] types = [.. letters.Select(_ => 1), 1, 1, 1, 1, 1, 3, 3];
        Tokenizer tokenizer = Load("gpt2", tokens, null, types,
            ("tokenizer.ggml.merges", new[] { "a b", "Ġ ab", "1 1", "11 1", "111 1" }), ("tokenizer.ggml.pre", "llama-bpe"),
            ("tokenizer.ggml.bos_token_id", 261u));
        Assert.Equal([261, 256, 257], tokenizer.Encode("ab ab"));

        // The expression of Llama 3 takes three digits at a time, that of GPT-2 all.
        Assert.Equal([261, 259, Array.IndexOf(letters, "1")], tokenizer.Encode("1111"));
        Assert.Equal("ab ab é\u0001", tokenizer.Decode(tokenizer.Encode("ab ab é\u0001")));
        Assert.Equal([262], tokenizer.Encode("<|eot_id|>", addSpecial: false, parseSpecial: true));
        Tokenizer gpt2 = Load("gpt2", tokens, null, types,
            ("tokenizer.ggml.merges", new[] { "1 1", "11 1", "111 1" }), ("tokenizer.ggml.pre", "gpt-2"), ("tokenizer.ggml.bos_token_id", 261u));
        Assert.Equal([258, 258], gpt2.Encode("1111"));
        Tokenizer smollm = Load("gpt2", tokens, null, types,
            ("tokenizer.ggml.merges", new[] { "1 1", "11 1", "111 1" }), ("tokenizer.ggml.pre", "smollm"));
        Assert.Equal(4, smollm.Encode("1111").Length);
    }

    public static readonly TheoryData<string, object?, string> Hostile = new()
    {
        { "tokenizer.ggml.model", null, "has no 'tokenizer.ggml.model'" },
        { "tokenizer.ggml.model", "bert", "'tokenizer.ggml.model': the vocabulary is 'bert', known are \"llama\" and \"gpt2\"" },
        { "tokenizer.ggml.model", 1u, "'tokenizer.ggml.model': expected a string, found UInt32" },
        { "tokenizer.ggml.model", "gpt2", "has no 'tokenizer.ggml.pre'" },
        { "tokenizer.ggml.tokens", null, "has no 'tokenizer.ggml.tokens'" },
        { "tokenizer.ggml.tokens", new[] { 1 }, "'tokenizer.ggml.tokens': expected a list of strings, found a list of Int32" },
        { "tokenizer.ggml.tokens", Array.Empty<string>(), "expected 0 values, one for each token, found 8" },
        { "tokenizer.ggml.tokens", new[] { "<unk>", "<s>", "</s>", "<0x-1>", "▁", "a", "b", "ab" }, "token 3 is a byte, expected <0x00> to <0xFF>, found '<0x-1>'" },
        { "tokenizer.ggml.tokens", new[] { "<unk>", "<s>", "</s>", "<0xGG>", "▁", "a", "b", "ab" }, "found '<0xGG>'" },
        { "tokenizer.ggml.tokens", new[] { "<unk>", "<s>", "</s>", "<0x100>", "▁", "a", "b", "ab" }, "found '<0x100>'" },
        { "tokenizer.ggml.tokens", new[] { "<unk>", "<s>", "</s>", "<0x41>", "<0x-1>", "a", "b", "ab" }, "'<0x-1>' is written like a byte token" },
        { "tokenizer.ggml.tokens", new[] { "<unk>", "<s>", "</s>", "<0x41>", "a", "a", "b", "ab" }, "'a' is token 4 and 5" },
        { "tokenizer.ggml.scores", null, "has no 'tokenizer.ggml.scores'" },
        { "tokenizer.ggml.scores", new float[7], "'tokenizer.ggml.scores': expected 8 values, one for each token, found 7" },
        { "tokenizer.ggml.scores", new float[] { 0, 0, 0, 0, 0, 0, float.NaN, 0 }, "'tokenizer.ggml.scores': expected finite numbers, found NaN at place 6" },
        { "tokenizer.ggml.token_type", new int[9], "'tokenizer.ggml.token_type': expected 8 values, one for each token, found 9" },
        { "tokenizer.ggml.token_type", new[] { 2, 3, 3, 6, 1, 1, 1, 7 }, "expected types from 0 to 6, found 7 for token 7" },
        { "tokenizer.ggml.token_type", new[] { 2, 3, 3, 6, 1, 1, 1, -1 }, "found -1 for token 7" },
        { "tokenizer.ggml.bos_token_id", 8u, "'tokenizer.ggml.bos_token_id': expected a whole number from 0 to 7, found 8" },
        { "tokenizer.ggml.eos_token_id", uint.MaxValue, "'tokenizer.ggml.eos_token_id': expected a whole number from 0 to 7, found 4294967295" },
        { "tokenizer.ggml.unknown_token_id", -1, "'tokenizer.ggml.unknown_token_id': expected a whole number from 0 to 7, found -1" },
        { "tokenizer.ggml.remove_extra_whitespaces", true, "text is not changed so here" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_broken_vocabulary_is_refused(string key, object? value, string message)
    {
        GgufBuilder builder = GgufBuilder.Llama(name => name != key && !name.EndsWith(".weight", StringComparison.Ordinal));
        if (value is not null) builder.Add(key, value);
        string path = builder.Write(_folder);
        string found = Assert.Throws<CheckpointException>(() => Tokenizer.Load(path)).Message;
        Assert.StartsWith(path + ": ", found, StringComparison.Ordinal);
        Assert.Contains(message, found, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', found);
    }

    [Theory]
    [InlineData("a c", "merge 1, 'a c': 'c' is no token")]
    [InlineData("b a", "merge 1, 'b a': 'ba' is no token")]
    [InlineData("ab", "expected two tokens with one space between, found 'ab' as merge 1")]
    [InlineData("a  b", "expected two tokens with one space between, found 'a  b' as merge 1")]
    [InlineData(" ", "merge 1, ' ': '' is no token")]
    public void Merges_that_name_no_tokens_are_refused(string merge, string message)
    {
        string found = Assert.Throws<CheckpointException>(() => Load("gpt2", ["a", "b", "ab"], null, null,
            ("tokenizer.ggml.merges", new[] { "a b", merge }), ("tokenizer.ggml.pre", "gpt-2"))).Message;
        Assert.EndsWith($"'tokenizer.ggml.merges': {message}", found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_way_to_cut_words_that_is_not_known_is_refused() => Assert.EndsWith(
        "'tokenizer.ggml.pre': text is cut into words by 'default', known are llama-bpe, llama3, llama-v3, gpt-2, smollm",
        Assert.Throws<CheckpointException>(() => Load("gpt2", ["a"], null, null,
            ("tokenizer.ggml.merges", Array.Empty<string>()), ("tokenizer.ggml.pre", "default"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Tokens_of_millions_of_letters_are_refused_at_once()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        string found = Assert.Throws<CheckpointException>(() =>
            Load([new string('a', 1_000_000), "a"], [0, 0], null)).Message;
        Assert.EndsWith("'tokenizer.ggml.tokens': the tokens are longer than those of any vocabulary", found, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
    }

    private Tokenizer Load(string[] tokens, float[] scores, int[]? types, params (string Key, object Value)[] more) =>
        Load("llama", tokens, scores, types, more);

    private Tokenizer Load(string model, string[] tokens, float[]? scores, int[]? types, params (string Key, object Value)[] more)
    {
        GgufBuilder builder = new GgufBuilder().Add("tokenizer.ggml.model", model).Add("tokenizer.ggml.tokens", tokens);
        if (scores is not null) builder.Add("tokenizer.ggml.scores", scores);
        if (types is not null) builder.Add("tokenizer.ggml.token_type", types);
        foreach ((string key, object value) in more) builder.Add(key, value);
        return Tokenizer.Load(builder.Write(_folder));
    }
}
