using System.Text;
using Einsharp.Text;

namespace Einsharp.Tests.Text;

/// <summary>Each part of a tokenizer.json on its own, on vocabularies small enough to work out by hand.</summary>
public class TokenizerPartsTests
{
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""";

    [Theory]
    [InlineData("Isolated", false, "a|-|-|b|-|c")]
    [InlineData("Removed", false, "a|b|c")]
    [InlineData("MergedWithPrevious", false, "a-|-|b-|c")]
    [InlineData("MergedWithNext", false, "a|-|-b|-c")]
    [InlineData("Contiguous", false, "a|--|b|-|c")]
    [InlineData("Removed", true, "-|-|-")]
    public void Split_behaves_as_published(string behavior, bool invert, string expected)
    {
        // The expected cuts of "a--b-c" are those of the documentation of Hugging Face's Split (its example "the-final--countdown").
        foreach (string pattern in (string[])["""{"String":"-"}""", """{"Regex":"-"}"""])
        {
            string flag = invert ? "true" : "false";
            string split = $$"""{"type":"Split","pattern":{{pattern}},"behavior":"{{behavior}}","invert":{{flag}}}""";
            Assert.Equal(expected, Words("a--b-c", split));
        }
    }

    [Theory]
    [InlineData("Hello, y'all! 12345", "Hello|,|Ġy|'|all|!|Ġ12345")]
    [InlineData("I'll  go\n\n now ", "I|'ll|Ġ|Ġgo|ĊĊ|Ġnow|Ġ")]
    public void Byte_level_cuts_by_the_pattern_of_gpt_2(string text, string expected) => Assert.Equal(expected, Words(text, ByteLevel));

    [Fact]
    public void Byte_level_puts_a_space_where_there_is_none()
    {
        const string prefixed = """{"type":"ByteLevel","add_prefix_space":true,"use_regex":false}""";
        Assert.Equal("Ġab", Words("ab", prefixed));
        Assert.Equal("Ġab", Words(" ab", prefixed));
    }

    [Fact]
    public void Digits_are_cut_one_by_one_or_as_a_run()
    {
        Assert.Equal("a|1|2|½|b", Words("a12½b", """{"type":"Digits","individual_digits":true}"""));
        Assert.Equal("a|12½|b", Words("a12½b", """{"type":"Digits","individual_digits":false}"""));
    }

    [Theory]
    [InlineData("always", true, "▁Hey|▁you")]
    [InlineData("always", false, "▁Hey▁you")]
    [InlineData("never", true, "Hey|▁you")]
    public void Metaspace_cuts_before_each_space(string scheme, bool split, string expected)
    {
        string flag = split ? "true" : "false";
        string metaspace = $$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}","split":{{flag}}}""";
        Assert.Equal(expected, Words("Hey you", metaspace));
    }

    [Fact]
    public void Metaspace_first_is_for_the_beginning_of_the_text_alone()
    {
        Tokenizer tokenizer = TokenizerFile.Load(TokenizerFile.Json(
            ["a", "▁", "<x>"],
            [],
            preTokenizer: """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}""",
            added: """[{"id":2,"content":"<x>","special":false,"normalized":false}]"""));
        Assert.Equal([1, 0, 2, 0], tokenizer.Encode("a<x>a"));
        Assert.Equal([2, 0], tokenizer.Encode("<x>a"));
    }

    [Fact]
    public void The_lowest_rank_is_merged_first_whatever_its_place()
    {
        foreach (bool asPairs in (bool[])[false, true])
        {
            Tokenizer tokenizer = TokenizerFile.Load(TokenizerFile.Json(
                ["a", "b", "c", "bc", "ab", "aa"], [("b", "c"), ("a", "b"), ("a", "a")], mergesAsPairs: asPairs));
            Assert.Equal([0, 3], tokenizer.Encode("abc"));
            Assert.Equal([5, 4], tokenizer.Encode("aaab"));
            Assert.Equal([5, 5, 0], tokenizer.Encode("aaaaa"));
        }
    }

    [Fact]
    public void Merging_is_what_the_definition_says_on_random_words()
    {
        var random = new Random(40);
        for (int round = 0; round < 20; round++)
        {
            // A vocabulary that grew by random merges, as training makes one.
            List<string> tokens = ["a", "b", "c"];
            List<(string Left, string Right)> merges = [];
            while (merges.Count < 30)
            {
                (string left, string right) = (tokens[random.Next(tokens.Count)], tokens[random.Next(tokens.Count)]);
                if ((left + right).Length > 12 || merges.Contains((left, right)))
                    continue;
                merges.Add((left, right));
                if (!tokens.Contains(left + right))
                    tokens.Add(left + right);
            }
            Tokenizer tokenizer = TokenizerFile.Load(TokenizerFile.Json(tokens, merges));
            for (int i = 0; i < 50; i++)
            {
                string word = string.Concat(Enumerable.Range(0, random.Next(1, 100)).Select(_ => "abc"[random.Next(3)]));
                Assert.Equal(MergeByDefinition(word, merges).Select(part => tokens.IndexOf(part)), tokenizer.Encode(word));
            }
        }
    }

    [Fact]
    public void Ignore_merges_takes_a_whole_word_that_no_merge_makes()
    {
        string[] tokens = ["a", "b", "c", "abc", "ab"];
        Assert.Equal([4, 2], TokenizerFile.Load(TokenizerFile.Json(tokens, [("a", "b")])).Encode("abc"));
        Assert.Equal([3], TokenizerFile.Load(TokenizerFile.Json(tokens, [("a", "b")], """{"ignore_merges":true}""")).Encode("abc"));
    }

    [Theory]
    [InlineData("""{"unk_token":"?","fuse_unk":false}""", new[] { 0, 1, 1, 0 })]
    [InlineData("""{"unk_token":"?","fuse_unk":true}""", new[] { 0, 1, 0 })]
    [InlineData("""{"unk_token":"?","byte_fallback":true}""", new[] { 0, 1, 2, 0 })]
    public void Unknown_characters_become_bytes_or_the_unknown_token(string model, int[] expected) =>
        Assert.Equal(expected, TokenizerFile.Load(TokenizerFile.Json(["a", "?", "<0x79>"], [], model)).Encode("axya"));

    [Fact]
    public void A_character_without_any_token_is_said()
    {
        var e = Assert.Throws<InvalidDataException>(() => TokenizerFile.Load(TokenizerFile.Json(["a"], [])).Encode("ab"));
        Assert.EndsWith("no token for 'b', and no unknown token", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Added_tokens_take_white_space_and_mind_words()
    {
        Tokenizer tokenizer = TokenizerFile.Load(TokenizerFile.Json(
            ["a", " ", "<l>", "<r>", "aa"],
            [],
            added: """
                [{"id":2,"content":"<l>","lstrip":true,"normalized":false},{"id":3,"content":"<r>","rstrip":true,"normalized":false},
                {"id":4,"content":"aa","single_word":true,"normalized":false}]
                """));
        Assert.Equal([0, 2, 1, 1, 0], tokenizer.Encode("a  <l>  a"));
        Assert.Equal([0, 1, 1, 3, 0], tokenizer.Encode("a  <r>  a"));
        Assert.Equal([4, 1, 0, 0, 0], tokenizer.Encode("aa aaa"));
    }

    [Fact]
    public void The_longest_added_token_at_a_place_wins_and_normalized_ones_are_found_in_normalized_text()
    {
        Tokenizer tokenizer = TokenizerFile.Load(TokenizerFile.Json(
            ["a", "_", "<x>", "<x>a", "_<y>"],
            [],
            normalizer: """{"type":"Replace","pattern":{"String":" "},"content":"_"}""",
            added: """
                [{"id":2,"content":"<x>","normalized":false},{"id":3,"content":"<x>a","normalized":false},
                {"id":4,"content":"_<y>","normalized":true}]
                """));
        Assert.Equal([3, 0, 2], tokenizer.Encode("<x>aa<x>"));
        Assert.Equal([0, 4, 0], tokenizer.Encode("a <y>a"));
    }

    [Fact]
    public void Templates_go_around_the_text()
    {
        const string template =
            """
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
            "single":[{"SpecialToken":{"id":"B","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"E","type_id":0}}],
            "pair":[],"special_tokens":{"B":{"id":"B","ids":[1],"tokens":["B"]},"E":{"id":"E","ids":[2,2],"tokens":["E","E"]}}}]}
            """;
        Tokenizer tokenizer = TokenizerFile.Load(TokenizerFile.Json(["a", "B", "E"], [], postProcessor: template));
        Assert.Equal([1, 0, 2, 2], tokenizer.Encode("a"));
        Assert.Equal([1, 2, 2], tokenizer.Encode(""));
        Assert.Equal([0], tokenizer.Encode("a", addSpecial: false));
    }

    [Fact]
    public void Ids_that_no_token_has_are_no_text_and_negative_ones_an_error()
    {
        Tokenizer tokenizer = TokenizerFile.Load("""
            {"decoder":{"type":"ByteFallback"},"model":{"type":"BPE","vocab":{"a":0,"b":5},"merges":[]}}
            """);
        Assert.Equal(6, tokenizer.VocabularySize);
        Assert.Equal("ab", tokenizer.Decode([0, 3, 5, 6, int.MaxValue]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([-1]));
        Assert.Equal("b"u8.ToArray(), tokenizer.Bytes(5).ToArray());
    }

    [Theory]
    [InlineData("always", "a  b")]
    [InlineData("never", " a  b")]
    public void The_metaspace_decoder_drops_the_space_that_encoding_puts(string scheme, string expected)
    {
        Tokenizer tokenizer = TokenizerFile.Load(TokenizerFile.Json(
            ["▁a", "▁", "▁b"], [], decoder: $$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}"}"""));
        Assert.Equal(expected, tokenizer.Decode([0, 1, 2]));
    }

    [Fact]
    public void A_normalizer_replaces_what_an_expression_matches()
    {
        const string replace = """{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"_"}""";
        Assert.Equal([0, 2, 0, 1, 0], TokenizerFile.Load(TokenizerFile.Json(["a", " ", "_"], [], normalizer: replace)).Encode("a   a a"));
    }

    [Fact]
    public void Byte_level_vocabularies_decode_to_bytes()
    {
        string[] letters = TokenizerFile.ByteLetters();
        Tokenizer tokenizer = TokenizerFile.Load(TokenizerFile.Json(
            [.. letters, "é "], [], preTokenizer: ByteLevel, decoder: """{"type":"ByteLevel"}""",
            added: """[{"id":256,"content":"é ","normalized":false}]"""));
        for (int b = 0; b < 256; b++)
            Assert.Equal([(byte)b], tokenizer.Bytes(b).ToArray());
        Assert.Equal(Encoding.UTF8.GetBytes("é "), tokenizer.Bytes(256).ToArray());
        Assert.Equal([0xC3, 0xA9, '!'], tokenizer.Encode("é!"));
        Assert.Equal("é!", tokenizer.Decode([0xC3, 0xA9, '!']));
    }

    // The definition: of all neighbours that have a merge, the one of the lowest rank, leftmost of equals; until there is none.
    private static List<string> MergeByDefinition(string word, List<(string Left, string Right)> merges)
    {
        List<string> parts = [.. word.Select(static c => c.ToString())];
        while (true)
        {
            (int Rank, int At) best = (int.MaxValue, -1);
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                int rank = merges.IndexOf((parts[i], parts[i + 1]));
                if (rank >= 0 && rank < best.Rank)
                    best = (rank, i);
            }
            if (best.At < 0)
                return parts;
            parts[best.At] += parts[best.At + 1];
            parts.RemoveAt(best.At + 1);
        }
    }

    // The words that a pre-tokenizer makes, seen through a vocabulary that has every stretch of the text, so that each word is one id.
    private static string Words(string text, string preTokenizer)
    {
        HashSet<string> tokens = [];
        foreach (string source in (string[])["▁" + text.Replace(' ', '▁'), "Ġ" + Spelled(text), text])
        {
            for (int start = 0; start < source.Length; start++)
            {
                for (int end = start + 1; end <= source.Length; end++)
                    tokens.Add(source[start..end]);
            }
        }
        string[] all = [.. tokens];
        Tokenizer tokenizer = TokenizerFile.Load(TokenizerFile.Json(all, [], """{"ignore_merges":true}""", preTokenizer: preTokenizer));
        return string.Join('|', tokenizer.Encode(text).Select(id => all[id]));
    }

    private static string Spelled(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b => TokenizerFile.ByteLetters()[b]));
}
