using System.Text;
using Einsharp.Text;

namespace Einsharp.Tests.Text;

/// <summary>Files that lie, or ask for what is not there: one line that names the file and the place, and nothing else happens.</summary>
public class HostileTokenizerTests
{
    private const string Good =
        """
        {"added_tokens":[{"id":4,"content":"<e>","special":true,"normalized":false}],
        "normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":{"type":"ByteFallback"},
        "model":{"type":"BPE","dropout":null,"unk_token":null,"byte_fallback":true,
        "vocab":{"a":0,"b":1,"ab":2,"<0x41>":3},"merges":["a b"]}}
        """;

    [Fact]
    public void The_good_file_is_good()
    {
        Tokenizer tokenizer = TokenizerFile.Load(Good);
        Assert.Equal([2, 3, 4], tokenizer.Encode("abA<e>", parseSpecial: true));
        Assert.Equal([2], TokenizerFile.Load([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Good)]).Encode("ab"));
    }

    [Theory]
    [InlineData("\"b\":1", "\"b\":0", "'a' and 'b' have the same id 0")]
    [InlineData("\"b\":1", "\"b\":-1", "the id of 'b' is -1; ids are from 0 to 4194303")]
    [InlineData("\"b\":1", "\"b\":2147483647", "the id of 'b' is 2147483647; ids are from 0 to 4194303")]
    [InlineData("\"b\":1", "\"b\":99999999999", "the id of 'b' is '99999999999', not a whole number")]
    [InlineData("\"b\":1", "\"b\":1.5", "not a whole number")]
    [InlineData("\"b\":1", "\"b\":\"1\"", "not a whole number")]
    [InlineData("\"b\":1", "\"b\":1,\"b\":1", "not valid JSON")]
    [InlineData("\"b\":1", "\"b\":1,\"\\ud800\":7", "not valid JSON")]
    [InlineData("{\"a\":0,\"b\":1,\"ab\":2,\"<0x41>\":3}", "{}", "the vocabulary is empty")]
    [InlineData("{\"a\":0,\"b\":1,\"ab\":2,\"<0x41>\":3}", "[]", "model.vocab: expected an object, found an array")]
    [InlineData("\"vocab\"", "\"vokab\"", "model: 'vocab' is missing")]
    [InlineData("\"merges\"", "\"murges\"", "model: 'merges' is missing")]
    [InlineData("[\"a b\"]", "[\"a b\",\"a c\"]", "model.merges[1]: 'ac' is not in the vocabulary")]
    [InlineData("[\"a b\"]", "[\"b a\"]", "model.merges[0]: 'ba' is not in the vocabulary")]
    [InlineData("[\"a b\"]", "[\"ab \"]", "model.merges[0]: '' is not in the vocabulary")]
    [InlineData("[\"a b\"]", "[\"ab\"]", "expected two tokens with one space between, found 'ab'")]
    [InlineData("[\"a b\"]", "[\"a b c\"]", "expected two tokens with one space between, found 'a b c'")]
    [InlineData("[\"a b\"]", "[[\"a\"]]", "model.merges[0]: expected two tokens, found 1")]
    [InlineData("[\"a b\"]", "[7]", "model.merges[0]: expected a string, found a number")]
    [InlineData("<0x41>", "<0x-1>", "'<0x-1>' is written like a byte token")]
    [InlineData("<0x41>", "<0x100>", "'<0x100>' is written like a byte token")]
    [InlineData("<0x41>", "<0xG1>", "'<0xG1>' is written like a byte token")]
    [InlineData("\"id\":4", "\"id\":1", "added_tokens[0]: 'b' and '<e>' have the same id 1")]
    [InlineData("\"id\":4,\"content\":\"<e>\"", "\"id\":4,\"content\":\"b\"", "'b' has the ids 1 and 4")]
    [InlineData("\"id\":4", "\"id\":-4", "the id of '<e>' is -4")]
    [InlineData("\"special\":true", "\"special\":1", "added_tokens[0].special: expected true or false, found a number")]
    [InlineData("\"type\":\"BPE\"", "\"type\":\"Unigram\"", "model: the model 'Unigram' is not supported")]
    [InlineData("\"dropout\":null", "\"dropout\":0.1", "model.dropout: dropout is not supported")]
    [InlineData("\"dropout\":null", "\"end_of_word_suffix\":\"</w>\"", "model.end_of_word_suffix: '</w>' is not supported")]
    [InlineData("\"dropout\":null", "\"continuing_subword_prefix\":\"##\"", "model.continuing_subword_prefix: '##' is not supported")]
    [InlineData("\"unk_token\":null", "\"unk_token\":\"?\"", "model.unk_token: '?' is not in the vocabulary")]
    [InlineData("\"byte_fallback\":true", "\"byte_fallback\":\"yes\"", "model.byte_fallback: expected true or false, found a string")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"NFKC\"}", "normalizer: the normalizer 'NFKC' is not supported")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Lowercase\"}]}",
        "normalizer.normalizers[0]: the normalizer 'Lowercase' is not supported")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{}", "normalizer: 'type' is missing")]
    [InlineData("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"}",
        "the pre-tokenizer 'BertPreTokenizer' is not supported")]
    [InlineData("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\"}",
        "pre_tokenizer.pattern.Regex: the regular expression is not supported")]
    [InlineData("\"pre_tokenizer\":null",
        "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[[:alpha:]]\"},\"behavior\":\"Isolated\"}",
        "'[:' in a regular expression is not supported")]
    [InlineData("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a\"},\"behavior\":\"Isolate\"}",
        "pre_tokenizer.behavior: 'Isolate' is not supported")]
    [InlineData("\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"\"},\"behavior\":\"Isolated\"}",
        "pre_tokenizer.pattern.String: the pattern is empty")]
    [InlineData("\"post_processor\":null", "\"post_processor\":{\"type\":\"BertProcessing\"}",
        "the post-processor 'BertProcessing' is not supported")]
    [InlineData("\"post_processor\":null",
        "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"X\"}}]," +
        "\"special_tokens\":{\"X\":{\"ids\":[9]}}}",
        "9 is the id of no token")]
    [InlineData("\"post_processor\":null",
        "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"X\"}}],\"special_tokens\":{}}",
        "'X' is not in special_tokens")]
    [InlineData("\"post_processor\":null", "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[],\"special_tokens\":{}}",
        "the template 'single' holds the text 0 times, not once")]
    [InlineData("{\"type\":\"ByteFallback\"}", "{\"type\":\"WordPiece\"}", "decoder: the decoder 'WordPiece' is not supported")]
    [InlineData("{\"type\":\"ByteFallback\"}", "null", "'decoder' is missing")]
    [InlineData("{\"type\":\"ByteFallback\"}", "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}",
        "only a Strip of one character")]
    public void Is_refused_in_one_line(string found, string replacement, string expected)
    {
        Assert.Contains(found, Good, StringComparison.Ordinal);
        AssertRefused(Encoding.UTF8.GetBytes(Good.Replace(found, replacement, StringComparison.Ordinal)), expected);
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("{", "not valid JSON")]
    [InlineData("\0\0\0\0", "not valid JSON")]
    [InlineData("[]", "expected an object, found an array")]
    [InlineData("{}", "'model' is missing")]
    [InlineData("{\"model\":\"x\"}", "model: expected an object, found a string")]
    public void What_is_no_tokenizer_is_refused(string json, string expected) => AssertRefused(Encoding.UTF8.GetBytes(json), expected);

    [Fact]
    public void Depth_is_bounded()
    {
        AssertRefused(Encoding.UTF8.GetBytes(new string('[', 1_000_000)), "not valid JSON");
        string nested = string.Concat(Enumerable.Repeat("{\"type\":\"Sequence\",\"normalizers\":[", 5_000));
        string json = Good.Replace("\"normalizer\":null", "\"normalizer\":" + nested, StringComparison.Ordinal);
        AssertRefused(Encoding.UTF8.GetBytes(json), "not valid JSON");
    }

    [Fact]
    public void Bytes_that_are_no_utf_8_are_refused()
    {
        byte[] json = Encoding.UTF8.GetBytes(Good);
        json[Good.IndexOf("\"ab\"", StringComparison.Ordinal) + 1] = 0xFF;
        AssertRefused(json, "the bytes are not UTF-8");
    }

    [Fact]
    public void A_pattern_without_lookahead_cannot_explode()
    {
        // With the engine that backtracks, this would run into its timeout, and throw.
        int[] ids = WithSplit("(a+)+$").Encode(new string('a', 5_000) + "b");
        Assert.Equal(5_000, ids.Length);
    }

    [Fact]
    public void A_pattern_that_explodes_is_stopped()
    {
        Tokenizer tokenizer = WithSplit("(?!x)(a+)+$");
        var e = Assert.Throws<InvalidDataException>(() => tokenizer.Encode(new string('a', 60) + "b"));
        Assert.Contains("needs more than 2 s for one match", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_cut_of_a_good_file_is_refused()
    {
        byte[] json = Encoding.UTF8.GetBytes(Good);
        for (int length = 0; length < json.Length - 1; length += 7)
            AssertRefused(json[..length], "not valid JSON");
    }

    private static Tokenizer WithSplit(string expression) => TokenizerFile.Load(Good.Replace(
        "\"pre_tokenizer\":null",
        $$$"""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"{{{expression}}}"},"behavior":"Isolated"}"""[1..],
        StringComparison.Ordinal));

    private static void AssertRefused(byte[] json, string expected)
    {
        var e = Assert.Throws<InvalidDataException>(() => TokenizerFile.Load(json));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Matches(@"^\S*einsharp-\w+\.json: ", e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }
}
