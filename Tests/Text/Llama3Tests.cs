using System.Globalization;
using Einsharp.Text;

namespace Einsharp.Tests.Text;

/// <summary>The published byte-level vocabulary of Llama 3 against llama.cpp's vectors for it.</summary>
public class Llama3Tests
{
    private static readonly Lazy<Tokenizer?> Loaded =
        new(() => TestData.Path("tokenizers/llama3/tokenizer.json") is { } path ? Tokenizer.Load(path) : null);

    public static (string Text, int[] Ids)[] Vectors(string folder)
    {
        string texts = File.ReadAllText(TestData.Path($"{folder}/vectors.inp")!);
        string[] lines = File.ReadAllText(TestData.Path($"{folder}/vectors.out")!).Split('\n');
        return [.. texts.Split("\n__ggml_vocab_test__\n").SkipLast(1).Zip(lines, (text, line) => (text, Ids(line)))];
    }

    [Fact]
    public void Published_vectors_are_met()
    {
        if (Loaded.Value is not { } tokenizer)
            return;
        (string Text, int[] Ids)[] vectors = Vectors("tokenizers/llama3");
        Assert.True(vectors.Length >= 45, $"{vectors.Length} vectors");
        foreach ((string text, int[] ids) in vectors)
        {
            Assert.Equal(ids, tokenizer.Encode(text, addSpecial: false));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Special_tokens_are_put_parsed_and_skipped()
    {
        if (Loaded.Value is not { } tokenizer)
            return;
        Assert.Equal(128256, tokenizer.VocabularySize);
        Assert.Equal(128009, tokenizer.TokenId("<|eot_id|>"));
        Assert.Null(tokenizer.TokenId("<|none|>"));
        Assert.True(tokenizer.IsSpecial(128009));
        Assert.False(tokenizer.IsSpecial(9906));
        Assert.Equal([128000], tokenizer.Encode(""));
        Assert.Equal([128000, 9906, 1917], tokenizer.Encode("Hello world"));
        Assert.Equal([9906, 128009, 1917], tokenizer.Encode("Hello<|eot_id|> world", addSpecial: false, parseSpecial: true));
        Assert.DoesNotContain(128009, tokenizer.Encode("Hello<|eot_id|> world"));
        Assert.Equal("Hello world", tokenizer.Decode([128000, 9906, 128009, 1917]));
        Assert.Equal("<|begin_of_text|>Hello<|eot_id|> world", tokenizer.Decode([128000, 9906, 128009, 1917], skipSpecial: false));
    }

    [Fact]
    public void Letters_and_digits_beyond_the_basic_plane_are_letters_and_digits()
    {
        if (Loaded.Value is not { } tokenizer)
            return;
        // \p{L}+ takes the whole word after its space; a pattern on UTF-16 units would cut it before each letter's second half.
        foreach (string word in (string[])["𝐇𝐞𝐥𝐥𝐨", " 𝐇𝐞𝐥𝐥𝐨", "𠀀𠀁"])
        {
            int[] alone = tokenizer.Encode(word, addSpecial: false);
            Assert.Equal([.. alone, .. tokenizer.Encode("!", addSpecial: false)], tokenizer.Encode(word + "!", addSpecial: false));
        }
        // \p{N}{1,3}: the fourth digit begins another word.
        int[] three = tokenizer.Encode("𝟏𝟐𝟑", addSpecial: false);
        int[] one = tokenizer.Encode("𝟒", addSpecial: false);
        Assert.Equal([.. three, .. one], tokenizer.Encode("𝟏𝟐𝟑𝟒", addSpecial: false));
    }

    [Fact]
    public void Any_text_comes_back()
    {
        if (Loaded.Value is not { } tokenizer)
            return;
        var random = new Random(20);
        for (int i = 0; i < 3_000; i++)
        {
            string text = RandomText.Make(random);
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void Half_a_surrogate_pair_is_read_as_the_replacement_character()
    {
        if (Loaded.Value is not { } tokenizer)
            return;
        Assert.Equal("a\uFFFDb", tokenizer.Decode(tokenizer.Encode("a\uD83Eb")));
        Assert.Equal("\uFFFD\uFFFD", tokenizer.Decode(tokenizer.Encode("\uDD99\uD83E")));
    }

    [Fact]
    public void A_long_word_is_not_quadratic()
    {
        if (Loaded.Value is not { } tokenizer)
            return;
        string word = string.Concat(Enumerable.Repeat("antidisestablishmentarianism", 20_000));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        int[] ids = tokenizer.Encode(word, addSpecial: false);
        Assert.Equal(word, tokenizer.Decode(ids));
        // It takes under a second; a quadratic merge of 560,000 characters takes many minutes.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{watch.Elapsed}");
    }

    [Fact]
    public void Many_threads_share_one_tokenizer()
    {
        if (Loaded.Value is not { } tokenizer)
            return;
        (string Text, int[] Ids)[] vectors = Vectors("tokenizers/llama3");
        Parallel.For(0, 64, i =>
        {
            foreach ((string text, int[] ids) in vectors)
                Assert.Equal(ids, tokenizer.Encode(text, addSpecial: false));
        });
    }

    private static int[] Ids(string line) =>
        [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static id => int.Parse(id, CultureInfo.InvariantCulture))];
}
