using System.Text;
using Einsharp.Generation;
using Einsharp.Tests.Text;
using Einsharp.Text;

namespace Einsharp.Tests.Generation;

public class TextGeneratorTests
{
    private const int Begin = 256;
    private const int End = 257;

    private static readonly GenerationOptions Greedy = new() { Sampling = SamplerOptions.Greedy, EndOfText = [End] };

    [Theory]
    [InlineData("", " Grüße, 🦙!", "Grüße, 🦙!")]
    [InlineData("Viele", " Grüße, 🦙!", " Grüße, 🦙!")]
    [InlineData("x", "", "")]
    public void Text_comes_in_whole_characters_and_only_its_beginning_loses_a_space(string prompt, string said, string expected)
    {
        string[] pieces = [.. new TextGenerator(Says(prompt, said), Bytes()).Generate(prompt, NewCache(), Greedy)];
        Assert.Equal(expected, string.Concat(pieces));
        Assert.All(pieces, static piece => Assert.True(piece.EnumerateRunes().All(static rune => rune != Rune.ReplacementChar)));
        Assert.DoesNotContain("", pieces);
    }

    [Fact]
    public void What_stays_cut_is_the_replacement_character()
    {
        var generator = new TextGenerator(Says("a", "b🦙"), Bytes());
        Assert.Equal("b\uFFFD", string.Concat(generator.Generate("a", NewCache(), Greedy with { MaxTokens = 3 })));
    }

    [Fact]
    public void A_cache_that_holds_positions_is_gone_on_from()
    {
        var model = new FakeModel(300, static (_, _) => End);
        var generator = new TextGenerator(model, Bytes());
        using KvCache cache = model.CreateCache(1, 50);
        Assert.Empty(generator.Generate("ab", cache, Greedy));
        Assert.Empty(generator.Generate("c", cache, Greedy));
        Assert.Equal([Begin, ' ', 'a', 'b'], model.Calls[0].Ids);
        Assert.Equal([' ', 'c'], model.Calls[1].Ids);
        Assert.Equal(6, cache.Lengths[0]);
    }

    [Fact]
    public void A_prompt_too_long_is_said_at_the_call_and_a_cancellation_while_enumerating()
    {
        var generator = new TextGenerator(Says("", "abcdef"), Bytes());
        using var small = new KvCache(1, 4, []);
        Assert.Throws<ArgumentException>(() => generator.Generate("abcdefgh", small, Greedy));

        using var cancellation = new CancellationTokenSource();
        using IEnumerator<string> pieces = generator.Generate("", NewCache(), Greedy, cancellation: cancellation.Token).GetEnumerator();
        Assert.True(pieces.MoveNext());
        cancellation.Cancel();
        Assert.Throws<OperationCanceledException>(() => pieces.MoveNext());
    }

    [Fact]
    public void A_vocabulary_larger_than_the_models_is_refused()
    {
        var e = Assert.Throws<ArgumentException>(() => new TextGenerator(new FakeModel(257, static (_, _) => 0), Bytes()));
        Assert.StartsWith("The tokenizer has ids up to 257; the model's vocabulary has 257.", e.Message, StringComparison.Ordinal);
    }

    private static KvCache NewCache() => new(1, 64, []);

    // A model that says a text after a prompt (of the beginning, a space if it is not empty, and its bytes), and then the end.
    private static FakeModel Says(string prompt, string said)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(said);
        int first = prompt.Length == 0 ? 0 : 1 + prompt.Length;
        return new FakeModel(300, (_, position) => position - first < bytes.Length ? bytes[position - first] : End);
    }

    // Token i is byte i; a space is put before a text, and dropped from the beginning.
    private static Tokenizer Bytes() => TokenizerFile.Load(TokenizerFile.Json(
        [.. Enumerable.Range(0, 256).Select(static b => $"<0x{b:X2}>"), "<s>", "</s>"],
        [],
        model: """{"byte_fallback":true}""",
        normalizer: """{"type":"Prepend","prepend":" "}""",
        postProcessor: """
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],
            "special_tokens":{"<s>":{"ids":[256]}}}
            """,
        decoder: """
            {"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
            """,
        added: """
            [{"id":256,"content":"<s>","special":true,"normalized":false},
            {"id":257,"content":"</s>","special":true,"normalized":false}]
            """));
}
