using System.Text;
using Einsharp.Text;

namespace Einsharp.Tests.Text;

public class TokenStreamTests
{
    [Theory]
    [InlineData("stories260K/tokenizer.json")]
    [InlineData("tokenizers/llama3/tokenizer.json")]
    public void Pieces_join_to_the_text_of_all_ids(string file)
    {
        if (TestData.Path(file) is not { } path)
            return;
        var tokenizer = Tokenizer.Load(path);
        var random = new Random(30);
        for (int i = 0; i < 2_000; i++)
        {
            // Ids of a text, and ids at random: bytes that are no UTF-8, special tokens, spaces at the beginning.
            int[] ids = i % 2 == 0
                ? tokenizer.Encode(RandomText.Make(random))
                : [.. Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(i % 3 == 0 ? 512 : tokenizer.VocabularySize))];
            foreach (bool skipSpecial in (bool[])[true, false])
            {
                string streamed = Stream(new TokenStream(tokenizer, skipSpecial), ids);
                Assert.Equal(tokenizer.Decode(ids, skipSpecial), streamed);
            }
        }
    }

    [Fact]
    public void A_character_is_held_until_it_is_whole_and_given_up_at_the_end()
    {
        var stream = new TokenStream(ByteTokenizer());
        byte[] llama = Encoding.UTF8.GetBytes("🦙");
        Assert.Equal("", stream.Push(llama[0]).ToString());
        Assert.Equal("", stream.Push(llama[1]).ToString());
        Assert.Equal("", stream.Push(llama[2]).ToString());
        Assert.Equal("🦙", stream.Push(llama[3]).ToString());
        Assert.Equal("", stream.Flush().ToString());

        Assert.Equal("", stream.Push(llama[0]).ToString());
        Assert.Equal("\uFFFDa", stream.Push('a').ToString());
        Assert.Equal("", stream.Push(llama[0]).ToString());
        Assert.Equal("", stream.Push(llama[1]).ToString());
        Assert.Equal("\uFFFD", stream.Flush().ToString());
        Assert.Equal("b", stream.Push('b').ToString());
    }

    [Fact]
    public void The_space_before_a_text_is_dropped_once_and_again_after_a_flush()
    {
        var stream = new TokenStream(ByteTokenizer());
        Assert.Equal("", stream.Push(' ').ToString());
        Assert.Equal(" ", stream.Push(' ').ToString());
        Assert.Equal("a", stream.Push('a').ToString());
        Assert.Equal(" ", stream.Push(' ').ToString());
        Assert.Equal("", stream.Flush().ToString());
        Assert.Equal("", stream.Push(' ').ToString());
    }

    [Fact]
    public void Every_byte_sequence_streams_as_it_decodes()
    {
        Tokenizer tokenizer = ByteTokenizer();
        var random = new Random(31);
        byte[] telling = [0x20, 0x41, 0x80, 0xBF, 0xC2, 0xE0, 0xA0, 0xED, 0x9F, 0xF0, 0x90, 0xF4, 0x8F, 0xFF];
        for (int i = 0; i < 5_000; i++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(9)).Select(_ => (int)telling[random.Next(telling.Length)])];
            string whole = Encoding.UTF8.GetString([.. ids.Select(static id => (byte)id)]);
            string expected = whole.StartsWith(' ') ? whole[1..] : whole;
            Assert.Equal(expected, tokenizer.Decode(ids));
            Assert.Equal(expected, Stream(new TokenStream(tokenizer), ids));
        }
    }

    [Fact]
    public void Pushing_allocates_nothing()
    {
        var stream = new TokenStream(ByteTokenizer());
        int length = stream.Push('a').Length;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            length += stream.Push(i & 0xFF).Length;
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(length > 0);
    }

    private static string Stream(TokenStream stream, int[] ids)
    {
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            ReadOnlySpan<char> piece = stream.Push(id);
            Assert.False(piece.Length > 0 && char.IsHighSurrogate(piece[^1]), "a piece ends inside a character");
            text.Append(piece);
        }
        return text.Append(stream.Flush()).ToString();
    }

    // Token i is byte i.
    private static Tokenizer ByteTokenizer() => TokenizerFile.Load(TokenizerFile.Json(
        [.. Enumerable.Range(0, 256).Select(static b => $"<0x{b:X2}>")],
        [],
        decoder: """
            {"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
            """));
}
