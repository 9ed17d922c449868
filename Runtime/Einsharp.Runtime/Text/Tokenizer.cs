using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Einsharp.Weights;

namespace Einsharp.Text;

/// <summary>
/// Text to token ids and back, as a Hugging Face <c>tokenizer.json</c> says: byte-level byte pairs (the Llama 3 family, GPT-2) and byte
/// pairs over characters with bytes to fall back to (the Llama 2 family). Immutable, and safe for many threads.
/// </summary>
/// <remarks>
/// A part of the file that is not implemented is refused by name at loading. <c>truncation</c> and <c>padding</c> shape training batches
/// and are not applied. Ill-formed UTF-16 is read as U+FFFD. Source: the file format of github.com/huggingface/tokenizers.
/// </remarks>
public sealed class Tokenizer
{
    private const long LongestFile = 1L << 28;

    private readonly Vocabulary _vocabulary;
    private readonly BytePairs _pairs;
    private readonly Normalizer? _normalizer;
    private readonly PreTokenizer? _preTokenizer;
    private readonly AddedTokens _added;
    private readonly AddedTokens _addedNormalized;
    private readonly TokenDecoder _decoder;
    private readonly bool[] _isSpecial;
    private readonly int[] _prefix;
    private readonly int[] _suffix;

    // The bytes of token i are _bytes[_starts[i] .. _starts[i + 1]].
    private readonly byte[] _bytes;
    private readonly int[] _starts;

    private Tokenizer(JsonPart file, int[]? ranks = null)
    {
        JsonPart model = file.Get("model");
        string type = model.Find("type")?.Text() ?? "BPE";
        if (type != "BPE")
            throw model.Refuse($"the model {JsonPart.Quote(type)} is not supported (supported: BPE)");
        _vocabulary = Vocabulary.Read(model.Get("vocab"));
        _pairs = new BytePairs(model, _vocabulary, ranks);
        _normalizer = file.Find("normalizer") is { } normalizer ? Normalizer.Read(normalizer) : null;
        _preTokenizer = file.Find("pre_tokenizer") is { } preTokenizer ? PreTokenizer.Read(preTokenizer) : null;
        _decoder = TokenDecoder.Read(file.Get("decoder"));

        List<AddedToken> added = ReadAddedTokens(file);
        _added = new AddedTokens(added.Where(static token => !token.IsNormalized).Select(static token => (token.Content, token)));
        _addedNormalized = new AddedTokens(
            added.Where(static token => token.IsNormalized).Select(token => (Normalize(token.Content), token)));
        _isSpecial = new bool[_vocabulary.Size];
        foreach (AddedToken token in added)
            _isSpecial[token.Id] = token.IsSpecial;

        (_prefix, _suffix) = file.Find("post_processor") is { } template ? Template.Read(template, _vocabulary) : ([], []);
        (_bytes, _starts) = DecodeVocabulary(file, [.. added.Select(static token => token.Id)]);
    }

    /// <summary>The highest id + 1: the least size of an embedding that has a row for every token.</summary>
    public int VocabularySize => _vocabulary.Size;

    internal char StripCharacter => _decoder.StripCharacter;

    internal int StripCount => _decoder.StripCount;

    internal int LongestToken { get; private set; }

    /// <summary>Loads a <c>tokenizer.json</c>, or the vocabulary in a GGUF file.</summary>
    /// <param name="path">The file, or the folder in which it is tokenizer.json.</param>
    /// <exception cref="CheckpointException">It is a GGUF file, and broken, or its vocabulary is of a kind that is not known here.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is no tokenizer, contradicts itself, or needs what is not implemented; the message is one line, with file and place.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Tokenizer Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (GgufFile.Is(path)) return FromGguf(path);
        if (Directory.Exists(path)) path = Path.Combine(path, "tokenizer.json");
        if (new FileInfo(path) is { Exists: true, Length: > LongestFile } file)
            throw new InvalidDataException($"{path}: {file.Length} bytes; a tokenizer of at most {LongestFile} is read");
        byte[] json = File.ReadAllBytes(path);
        ReadOnlyMemory<byte> text = json.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? json.AsMemory(Encoding.UTF8.Preamble.Length) : json;
        using JsonDocument document = Parse(text, path);
        return new Tokenizer(new JsonPart(document.RootElement, "", path));
    }

    /// <summary>The ids of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecial">Whether to put what the file's post-processor says around it: the beginning-of-text token, usually.</param>
    /// <param name="parseSpecial">
    /// Whether special tokens that are written out in the text (<c>&lt;|eot_id|&gt;</c>) become themselves. Leave it off for text that
    /// others wrote: with it, they could end a turn or begin the system's.
    /// </param>
    /// <exception cref="InvalidDataException">A character has no token and the vocabulary has no unknown token.</exception>
    public int[] Encode(string text, bool addSpecial = true, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = WellFormed(text);
        List<int> ids = [];
        if (addSpecial)
            ids.AddRange(_prefix);
        List<Segment> segments = [];
        _added.Cut(text, parseSpecial, segments);
        foreach (Segment segment in segments)
        {
            if (segment.Token is { } token)
                ids.Add(token.Id);
            else
                EncodePiece(text[segment.Start..segment.End], segment.Start == 0, parseSpecial, ids);
        }
        if (addSpecial)
            ids.AddRange(_suffix);
        return [.. ids];
    }

    /// <summary>
    /// The text of ids: their bytes joined and read as UTF-8, ill-formed sequences as U+FFFD, without the space that encoding may have put
    /// before it. An id that no token has (the padding of an embedding) is no text.
    /// </summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecial">Whether special tokens are left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = true)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (int id in ids)
        {
            if (!(skipSpecial && IsSpecial(id)))
                bytes.Write(Bytes(id));
        }
        string text = Encoding.UTF8.GetString(bytes.WrittenSpan);
        int strip = 0;
        while (strip < StripCount && strip < text.Length && text[strip] == StripCharacter)
            strip++;
        return text[strip..];
    }

    /// <summary>The id of a token as the file writes it, or null where there is none.</summary>
    /// <param name="token">The token, in the vocabulary's own alphabet: <c>▁the</c>, <c>Ġthe</c>, <c>&lt;|eot_id|&gt;</c>.</param>
    public int? TokenId(string token) => _vocabulary.TryGet(token, out int id) ? id : null;

    /// <summary>Whether a token controls the model and is no text.</summary>
    /// <param name="id">The id; one that no token has is not special.</param>
    public bool IsSpecial(int id) => (uint)id < (uint)_isSpecial.Length && _isSpecial[id];

    /// <summary>The bytes that a token stands for, which need not be whole characters; none for an id that no token has.</summary>
    /// <param name="id">The id.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public ReadOnlySpan<byte> Bytes(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return id < VocabularySize ? _bytes.AsSpan(_starts[id].._starts[id + 1]) : [];
    }

    /// <summary>The text of a <c>tokenizer.json</c> that means what the vocabulary in a GGUF file does.</summary>
    /// <remarks>
    /// One thing it cannot say: of pieces of the same score GGUF's merges make the leftmost first, and tokenizer.json's those of the first merge.
    /// </remarks>
    /// <param name="path">The GGUF file.</param>
    /// <exception cref="CheckpointException">It is broken, or its vocabulary is of a kind that is not known here.</exception>
    public static byte[] ReadJson(string path)
    {
        FromGguf(path);
        return GgufTokenizer.Read(path).Json;
    }

    private static Tokenizer FromGguf(string path)
    {
        GgufTokenizer gguf = GgufTokenizer.Read(path);
        try
        {
            using JsonDocument document = Parse(gguf.Json, path);
            return new Tokenizer(new JsonPart(document.RootElement, "", path), gguf.Ranks);
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException(e.Message, e);
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> json, string path)
    {
        // Checked at once: the parser leaves it to whoever reads a string.
        if (!Utf8.IsValid(json.Span))
            throw new InvalidDataException($"{path}: not valid JSON: the bytes are not UTF-8");
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is what the parser says of a name with half of a surrogate pair.
            throw new InvalidDataException($"{path}: not valid JSON: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private void EncodePiece(string piece, bool first, bool parseSpecial, List<int> ids)
    {
        string normalized = Normalize(piece);
        List<Segment> segments = [];
        List<string> words = [];
        _addedNormalized.Cut(normalized, parseSpecial, segments);
        foreach (Segment segment in segments)
        {
            if (segment.Token is { } token)
            {
                ids.Add(token.Id);
                continue;
            }
            string text = normalized[segment.Start..segment.End];
            if (_preTokenizer is null)
            {
                _pairs.Encode(text, ids);
                continue;
            }
            words.Clear();
            _preTokenizer.Split(text, first && segment.Start == 0, words);
            foreach (string word in words)
                _pairs.Encode(word, ids);
        }
    }

    private string Normalize(string text) => _normalizer?.Apply(text) ?? text;

    private static string WellFormed(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private List<AddedToken> ReadAddedTokens(JsonPart file)
    {
        List<AddedToken> added = [];
        if (file.Find("added_tokens") is null)
            return added;
        foreach (JsonPart part in file.Items("added_tokens"))
        {
            AddedToken token = AddedToken.Read(part);
            _vocabulary.Add(token.Content, token.Id, part);
            added.Add(token);
        }
        return added;
    }

    private (byte[] Bytes, int[] Starts) DecodeVocabulary(JsonPart file, HashSet<int> added)
    {
        List<byte> bytes = [];
        int[] starts = new int[VocabularySize + 1];
        for (int id = 0; id < VocabularySize; id++)
        {
            if (_vocabulary[id] is { } token)
                bytes.AddRange(_decoder.Bytes(token, added.Contains(id), file));
            starts[id + 1] = bytes.Count;
            LongestToken = Math.Max(LongestToken, bytes.Count - starts[id]);
        }
        return ([.. bytes], starts);
    }
}
