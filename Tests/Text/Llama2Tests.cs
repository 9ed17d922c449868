using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Einsharp.Text;

namespace Einsharp.Tests.Text;

/// <summary>Byte pairs with bytes to fall back to: the small Llama's tokenizer, and Llama 2's rebuilt from its scores.</summary>
public class Llama2Tests
{
    private const string LlamaNormalizer =
        """
        {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
        """;

    private const string LlamaDecoder =
        """
        {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
        {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
        """;

    private static readonly Lazy<(string Piece, float Score)[]?> Pieces = new(ReadPieces);
    private static readonly Lazy<Tokenizer?> Llama2 = new(() => BuildLlama2(LlamaNormalizer, "null", LlamaDecoder));

    [Fact]
    public void Reference_of_the_small_model_is_met()
    {
        if (TestData.Path("stories260K/tokenizer.json") is not { } path || TestData.Path("stories260K/reference") is not { } reference)
            return;
        var tokenizer = Tokenizer.Load(path);
        using var once = JsonDocument.Parse(File.ReadAllText(Path.Combine(reference, "once_greedy_tokens.json")));
        int[] Ids(string name) => [.. once.RootElement.GetProperty(name).EnumerateArray().Select(static id => id.GetInt32())];

        Assert.Equal(512, tokenizer.VocabularySize);
        Assert.Equal(Ids("prompt_ids"), tokenizer.Encode(once.RootElement.GetProperty("prompt").GetString()!));
        Assert.Equal(once.RootElement.GetProperty("text").GetString(), tokenizer.Decode(Ids("ids")));

        string story = File.ReadAllText(Path.Combine(reference, "empty_text200.txt"));
        Assert.Equal(story, tokenizer.Decode(tokenizer.Encode(story)));
    }

    [Fact]
    public void Any_text_comes_back()
    {
        if (TestData.Path("stories260K/tokenizer.json") is not { } path)
            return;
        var tokenizer = Tokenizer.Load(path);
        var random = new Random(21);
        for (int i = 0; i < 2_000; i++)
        {
            // ▁ is how this family writes a space, so it comes back as one.
            string text = RandomText.Make(random);
            Assert.Equal(text.Replace('▁', ' '), tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void Published_vectors_of_llama_2_are_met()
    {
        if (Llama2.Value is not { } tokenizer)
            return;
        (string Text, int[] Ids)[] vectors = Llama3Tests.Vectors("tokenizers/llama2");
        Assert.True(vectors.Length >= 45, $"{vectors.Length} vectors");
        foreach ((string text, int[] ids) in vectors)
        {
            Assert.Equal(ids, tokenizer.Encode(text, addSpecial: false));
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void The_metaspace_form_gives_the_same_ids()
    {
        const string preTokenizer = """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""";
        if (BuildLlama2("null", preTokenizer, LlamaDecoder) is not { } tokenizer)
            return;
        // Metaspace puts no ▁ before one that is there, SentencePiece does: the texts that begin with a space differ by that.
        foreach ((string text, int[] ids) in Llama3Tests.Vectors("tokenizers/llama2").Where(static vector => !vector.Text.StartsWith(' ')))
            Assert.Equal(ids, tokenizer.Encode(text, addSpecial: false));
    }

    [Fact]
    public void Merging_is_what_llama2_c_does_by_scores()
    {
        if (Pieces.Value is not { } pieces || Llama2.Value is not { } tokenizer)
            return;
        Dictionary<string, int> ids = [];
        for (int id = 0; id < pieces.Length; id++)
            ids.TryAdd(pieces[id].Piece, id);
        var random = new Random(22);
        for (int i = 0; i < 1_000; i++)
        {
            string text = RandomText.Make(random);
            // Its byte tokens are not found in text, and special tokens are not parsed: neither differs here.
            Assert.Equal(text.Length == 0 ? [] : EncodeByScores(text, pieces, ids), tokenizer.Encode(text, addSpecial: false));
        }
    }

    [Fact]
    public void A_prompt_that_is_one_word_is_not_quadratic()
    {
        if (Llama2.Value is not { } tokenizer)
            return;
        string text = string.Concat(Enumerable.Repeat("It was the best of times, it was the worst of times. ", 10_000));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{watch.Elapsed}");
    }

    // llama2.c's encode(): of all neighbours, merge the pair whose piece has the best score, the leftmost of equals; again and again.
    private static List<int> EncodeByScores(string text, (string Piece, float Score)[] pieces, Dictionary<string, int> ids)
    {
        List<int> tokens = [];
        foreach (Rune rune in ("▁" + text.Replace(' ', '▁')).EnumerateRunes())
        {
            if (ids.TryGetValue(rune.ToString(), out int id))
                tokens.Add(id);
            else
                tokens.AddRange(Encoding.UTF8.GetBytes(rune.ToString()).Select(static b => b + 3));
        }
        while (true)
        {
            (float Score, int Id, int At) best = (float.NegativeInfinity, -1, -1);
            for (int i = 0; i + 1 < tokens.Count; i++)
            {
                string pair = pieces[tokens[i]].Piece + pieces[tokens[i + 1]].Piece;
                if (ids.TryGetValue(pair, out int merged) && pieces[merged].Score > best.Score)
                    best = (pieces[merged].Score, merged, i);
            }
            if (best.At < 0)
                return tokens;
            tokens[best.At] = best.Id;
            tokens.RemoveAt(best.At + 1);
        }
    }

    private static (string Piece, float Score)[]? ReadPieces()
    {
        if (TestData.Path("tokenizers/llama2/tokenizer.bin") is not { } path)
            return null;
        ReadOnlySpan<byte> file = File.ReadAllBytes(path).AsSpan(4);
        List<(string, float)> pieces = [];
        while (!file.IsEmpty)
        {
            float score = BinaryPrimitives.ReadSingleLittleEndian(file);
            int length = BinaryPrimitives.ReadInt32LittleEndian(file[4..]);
            // llama2.c writes ▁ as a space, and puts line ends around the two special tokens.
            string piece = Encoding.UTF8.GetString(file.Slice(8, length)).Replace(' ', '▁');
            pieces.Add((piece.Trim('\n') is "<s>" or "</s>" ? piece.Trim('\n') : piece, score));
            file = file[(8 + length)..];
        }
        return [.. pieces];
    }

    // As Hugging Face converts a SentencePiece model: each way to cut a piece in two pieces is a merge, the best score first.
    private static Tokenizer? BuildLlama2(string normalizer, string preTokenizer, string decoder)
    {
        if (Pieces.Value is not { } pieces)
            return null;
        HashSet<string> known = [.. pieces.Select(static piece => piece.Piece)];
        List<(string Left, string Right)> merges = [];
        foreach ((string piece, _) in pieces.Skip(259).OrderByDescending(static piece => piece.Score))
        {
            for (int cut = 1; cut < piece.Length; cut++)
            {
                if (known.Contains(piece[..cut]) && known.Contains(piece[cut..]))
                    merges.Add((piece[..cut], piece[cut..]));
            }
        }
        return TokenizerFile.Load(TokenizerFile.Json(
            [.. pieces.Select(static piece => piece.Piece)],
            merges,
            model: """{"unk_token":"<unk>","fuse_unk":true,"byte_fallback":true}""",
            normalizer,
            preTokenizer,
            decoder: decoder,
            added: """
                [{"id":0,"content":"<unk>","special":true,"normalized":false},{"id":1,"content":"<s>","special":true,"normalized":false},
                {"id":2,"content":"</s>","special":true,"normalized":false}]
                """));
    }
}
