using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Einsharp.Weights;

namespace Einsharp.Text;

/// <summary>
/// The vocabulary in a GGUF file, as the tokenizer.json that means the same. Two kinds are known: <c>llama</c>, SentencePiece's byte pairs, whose
/// merges are told by the scores of the pieces they make; and <c>gpt2</c>, byte-level byte pairs with merges of their own.
/// </summary>
/// <remarks>The keys are those of ggml's docs/gguf.md; what is there by default is llama.cpp's.</remarks>
internal sealed class GgufTokenizer
{
    public const string TokensKey = "tokenizer.ggml.tokens", BeginKey = "tokenizer.ggml.bos_token_id", EndKey = "tokenizer.ggml.eos_token_id";

    private const string ModelKey = "tokenizer.ggml.model", ScoresKey = "tokenizer.ggml.scores", TypesKey = "tokenizer.ggml.token_type",
        MergesKey = "tokenizer.ggml.merges", PreKey = "tokenizer.ggml.pre", UnknownKey = "tokenizer.ggml.unknown_token_id",
        AddBeginKey = "tokenizer.ggml.add_bos_token", AddEndKey = "tokenizer.ggml.add_eos_token",
        AddSpaceKey = "tokenizer.ggml.add_space_prefix";

    /// <summary>The bytes of all tokens and of all merges, each together: some ten times those of the largest vocabulary in use.</summary>
    private const long MostBytes = 1 << 26;

    /// <summary>How many tokens or merges.</summary>
    private const long MostStrings = 1 << 22;

    /// <summary>
    /// The squares of the lengths of all pieces, which is what looking for their merges costs; a vocabulary of 32,000 has 1.5 million.
    /// </summary>
    private const long MostWork = 1L << 31;

    private const string Llama3Words =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>How text is cut into words, by the names that files give the ways: those of which the expressions are known here.</summary>
    private static readonly Dictionary<string, (string PreTokenizer, bool WholeWordsFirst, bool AddsBegin)> Ways = new(StringComparer.Ordinal)
    {
        ["llama-bpe"] = (Llama3PreTokenizer(), true, true),
        ["llama3"] = (Llama3PreTokenizer(), true, true),
        ["llama-v3"] = (Llama3PreTokenizer(), true, true),
        ["gpt-2"] = ("""{"type":"ByteLevel","add_prefix_space":false}""", false, false),
        ["smollm"] = ("""
            {"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false}]}
            """, false, false),
    };

    private readonly GgufFields _fields;
    private readonly string[] _tokens;
    private readonly TokenType[] _types;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    private enum TokenType
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6,
    }

    private GgufTokenizer(GgufFields fields)
    {
        _fields = fields;
        _tokens = Strings(TokensKey);
        _types = ReadTypes();
        for (int id = 0; id < _tokens.Length; id++)
        {
            if (!_ids.TryAdd(_tokens[id], id))
                throw fields.Wrong(TokensKey, $"{CheckpointException.Quote(_tokens[id])} is token {_ids[_tokens[id]]} and {id}");
        }
        foreach (string key in (string[])[BeginKey, EndKey, UnknownKey]) Id(key);
        string model = fields.Text(ModelKey) ?? throw fields.Missing(ModelKey);
        Json = model switch
        {
            "llama" => WriteScored(),
            "gpt2" => WriteByteLevel(),
            _ => throw fields.Wrong(ModelKey, $"the vocabulary is {CheckpointException.Quote(model)}, known are \"llama\" and \"gpt2\""),
        };
    }

    /// <summary>The text of a tokenizer.json.</summary>
    public byte[] Json { get; }

    /// <summary>
    /// The rank of each merge where several are equal, which tokenizer.json has no word for: of pieces of the same score the leftmost is made
    /// first. Null where the order of the merges says all.
    /// </summary>
    public int[]? Ranks { get; private set; }

    /// <summary>Reads the vocabulary of a file.</summary>
    /// <exception cref="CheckpointException">The file is broken, has none, or one that is not known here.</exception>
    public static GgufTokenizer Read(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return new GgufTokenizer(new GgufFields(file));
    }

    private string[] Strings(string key)
    {
        GgufValue list = _fields.Strings(key) ?? throw _fields.Missing(key);
        if (list.Count > MostStrings) throw _fields.Wrong(key, $"has {list.Count} strings, at most {MostStrings} are allowed");
        var strings = new List<string>();
        long bytes = 0;
        foreach (string text in list.Strings())
        {
            bytes += text.Length;
            if (bytes > MostBytes) throw _fields.Wrong(key, $"has more than {MostBytes} characters");
            strings.Add(text);
        }
        return [.. strings];
    }

    private TokenType[] ReadTypes()
    {
        var types = new TokenType[_tokens.Length];
        Array.Fill(types, TokenType.Normal);
        if (_fields.Wholes(TypesKey, types.Length) is not { } numbers) return types;
        for (int id = 0; id < types.Length; id++)
        {
            // 0 is "undefined", which nothing makes use of.
            if (numbers[id] is < 0 or > (int)TokenType.Byte)
                throw _fields.Wrong(TypesKey, $"expected types from 0 to {(int)TokenType.Byte}, found {numbers[id]} for token {id}");
            types[id] = numbers[id] == 0 ? TokenType.Normal : (TokenType)numbers[id];
            if (types[id] == TokenType.Byte && !IsByte(_tokens[id]))
                throw _fields.Wrong(TokensKey, $"token {id} is a byte, expected <0x00> to <0xFF>, found {CheckpointException.Quote(_tokens[id])}");
        }
        return types;
    }

    private static bool IsByte(string token) => token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
        && char.IsAsciiHexDigit(token[3]) && char.IsAsciiHexDigit(token[4]);

    private int? Id(string key) => _fields.Whole(key, 0, _tokens.Length - 1);

    private byte[] WriteScored()
    {
        foreach (string key in (string[])["tokenizer.ggml.remove_extra_whitespaces", "tokenizer.ggml.precompiled_charsmap"])
        {
            if (_fields.Has(key) && (!key.EndsWith("whitespaces", StringComparison.Ordinal) || _fields.Flag(key) == true))
                throw _fields.Wrong(key, $"text is not changed so here");
        }
        float[] scores = _fields.Floats(ScoresKey, _tokens.Length) ?? throw _fields.Missing(ScoresKey);
        bool addsSpace = _fields.Flag(AddSpaceKey) ?? true;
        string prepend = addsSpace ? """{"type":"Prepend","prepend":"▁"},""" : "";
        string strip = addsSpace ? """,{"type":"Strip","content":" ","start":1,"stop":0}""" : "";
        return Write(
            model: json =>
            {
                int? unknown = Id(UnknownKey) ?? (_types is [TokenType.Unknown, ..] ? 0 : null);
                if (unknown is { } id) json.WriteString("unk_token", _tokens[id]);
                json.WriteBoolean("fuse_unk", true);
                json.WriteBoolean("byte_fallback", _types.Contains(TokenType.Byte));
            },
            MergesByScore(scores),
            normalizer: $$"""{"type":"Sequence","normalizers":[{{prepend}}{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""",
            preTokenizer: "null",
            decoder: """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},"""
                + $$"""{"type":"Fuse"}{{strip}}]}""",
            addsBegin: true);
    }

    /// <summary>
    /// The merges of a vocabulary of scores: every way to cut a piece in two pieces makes it, the piece of the best score first (as Hugging Face
    /// converts SentencePiece's models).
    /// </summary>
    private List<string> MergesByScore(float[] scores)
    {
        int[] pieces = [.. Enumerable.Range(0, _tokens.Length).Where(id => _types[id] == TokenType.Normal)];
        if (pieces.Sum(id => (long)_tokens[id].Length * _tokens[id].Length) > MostWork)
            throw _fields.Wrong(TokensKey, $"the tokens are longer than those of any vocabulary");
        Array.Sort(pieces, (a, b) => scores[a] != scores[b] ? scores[b].CompareTo(scores[a]) : a.CompareTo(b));
        var known = new HashSet<string>(pieces.Select(id => _tokens[id]), StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<string>();
        var ranks = new List<int>();
        int rank = -1;
        float last = float.NaN;
        foreach (int id in pieces)
        {
            string piece = _tokens[id];
            if (scores[id] != last) rank++;
            last = scores[id];
            for (int cut = 1; cut < piece.Length; cut++)
            {
                ReadOnlySpan<char> left = piece.AsSpan(0, cut), right = piece.AsSpan(cut);
                if (!known.Contains(left) || !known.Contains(right)) continue;
                merges.Add(string.Concat(left, " ", right));
                ranks.Add(rank);
            }
        }
        Ranks = [.. ranks];
        return merges;
    }

    private byte[] WriteByteLevel()
    {
        string pre = _fields.Text(PreKey) ?? throw _fields.Missing(PreKey);
        if (!Ways.TryGetValue(pre, out (string PreTokenizer, bool WholeWordsFirst, bool AddsBegin) way))
        {
            throw _fields.Wrong(PreKey,
                $"text is cut into words by {CheckpointException.Quote(pre)}, known are {string.Join(", ", Ways.Keys)}");
        }
        return Write(
            model: json => json.WriteBoolean("ignore_merges", way.WholeWordsFirst),
            CheckedMerges(),
            normalizer: "null",
            way.PreTokenizer,
            decoder: """{"type":"ByteLevel"}""",
            way.AddsBegin);
    }

    private string[] CheckedMerges()
    {
        string[] merges = Strings(MergesKey);
        for (int i = 0; i < merges.Length; i++)
        {
            int space = merges[i].IndexOf(' ', StringComparison.Ordinal);
            if (space < 0 || space != merges[i].LastIndexOf(' '))
            {
                throw _fields.Wrong(MergesKey,
                    $"expected two tokens with one space between, found {CheckpointException.Quote(merges[i])} as merge {i}");
            }
            foreach (string token in (string[])[merges[i][..space], merges[i][(space + 1)..], merges[i].Remove(space, 1)])
            {
                if (_ids.ContainsKey(token)) continue;
                throw _fields.Wrong(MergesKey,
                    $"merge {i}, {CheckpointException.Quote(merges[i])}: {CheckpointException.Quote(token)} is no token");
            }
        }
        return merges;
    }

    private byte[] Write(
        Action<Utf8JsonWriter> model, IReadOnlyList<string> merges, string normalizer, string preTokenizer, string decoder, bool addsBegin)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            WriteAdded(json);
            WritePart(json, "normalizer", normalizer);
            WritePart(json, "pre_tokenizer", preTokenizer);
            WriteTemplate(json, addsBegin);
            WritePart(json, "decoder", decoder);
            json.WriteStartObject("model");
            json.WriteString("type", "BPE");
            model(json);
            json.WriteStartObject("vocab");
            for (int id = 0; id < _tokens.Length; id++) json.WriteNumber(_tokens[id], id);
            json.WriteEndObject();
            json.WriteStartArray("merges");
            foreach (string merge in merges) json.WriteStringValue(merge);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return text.ToArray();
    }

    private static void WritePart(Utf8JsonWriter json, string name, string part)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(part);
    }

    private void WriteAdded(Utf8JsonWriter json)
    {
        json.WriteStartArray("added_tokens");
        for (int id = 0; id < _tokens.Length; id++)
        {
            if (_types[id] is not (TokenType.Unknown or TokenType.Control or TokenType.UserDefined)) continue;
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", _tokens[id]);
            json.WriteBoolean("special", _types[id] != TokenType.UserDefined);
            json.WriteBoolean("normalized", false);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteTemplate(Utf8JsonWriter json, bool addsBegin)
    {
        int? begin = Around(AddBeginKey, BeginKey, addsBegin), end = Around(AddEndKey, EndKey, false);
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        json.WriteStartArray("single");
        if (begin is { } first) WritePiece(json, "SpecialToken", _tokens[first]);
        WritePiece(json, "Sequence", "A");
        if (end is { } last) WritePiece(json, "SpecialToken", _tokens[last]);
        json.WriteEndArray();
        json.WriteStartObject("special_tokens");
        foreach (int id in new[] { begin, end }.OfType<int>().Distinct())
        {
            json.WriteStartObject(_tokens[id]);
            json.WriteString("id", _tokens[id]);
            json.WriteStartArray("ids");
            json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            json.WriteStringValue(_tokens[id]);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePiece(Utf8JsonWriter json, string kind, string id)
    {
        json.WriteStartObject();
        json.WriteStartObject(kind);
        json.WriteString("id", id);
        json.WriteNumber("type_id", 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The token that is put at an end of every text, or null for none.</summary>
    private int? Around(string flagKey, string idKey, bool otherwise)
    {
        bool? flag = _fields.Flag(flagKey);
        if (!(flag ?? otherwise)) return null;
        return Id(idKey) ?? (flag is null ? null : throw _fields.Missing(idKey));
    }

    private static string Llama3PreTokenizer() =>
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":"""
        + $$"""{"Regex":"{{JsonEncodedText.Encode(Llama3Words)}}"},"behavior":"Isolated"},"""
        + """{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}""";
}
