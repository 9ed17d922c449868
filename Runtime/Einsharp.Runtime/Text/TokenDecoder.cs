using System.Globalization;
using System.Text;

namespace Einsharp.Text;

/// <summary>
/// How tokens become text. Everything that a decoder does is done to one token at a time, once, at loading; what is left for a whole text
/// is to join the bytes, to read them as UTF-8, and to drop the space that encoding put before it.
/// </summary>
internal sealed class TokenDecoder
{
    private readonly List<(Pattern Pattern, string Content)> _replacements = [];
    private bool _isByteLevel;
    private bool _hasByteTokens;
    private bool _isFused;

    /// <summary>The character of which up to <see cref="StripCount"/> are dropped from the beginning of a text.</summary>
    public char StripCharacter { get; private set; }

    /// <summary>How many may be dropped.</summary>
    public int StripCount { get; private set; }

    public static TokenDecoder Read(JsonPart part)
    {
        var decoder = new TokenDecoder();
        decoder.Add(part);
        return decoder;
    }

    /// <summary>The bytes that a token stands for.</summary>
    /// <exception cref="InvalidDataException">It is written like a byte and is none.</exception>
    public byte[] Bytes(string token, bool isAdded, JsonPart part)
    {
        if (_isByteLevel)
        {
            // An added token is text as it stands.
            return (isAdded ? null : ByteAlphabet.Read(token)) ?? Encoding.UTF8.GetBytes(token);
        }
        if (_hasByteTokens && token.StartsWith("<0x", StringComparison.Ordinal) && token.EndsWith('>'))
        {
            ReadOnlySpan<char> digits = token.AsSpan()[3..^1];
            return digits.Length == 2 && byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte b)
                ? [b]
                : throw part.Refuse($"{JsonPart.Quote(token)} is written like a byte token, and those are <0x00> to <0xFF>");
        }
        foreach ((Pattern pattern, string content) in _replacements)
            token = pattern.Replace(token, content);
        return Encoding.UTF8.GetBytes(token);
    }

    private void Add(JsonPart part)
    {
        string type = part.Text("type");
        if (_isByteLevel || StripCount > 0 || (_isFused && type != "Strip"))
            throw part.Refuse($"{JsonPart.Quote(type)} is not supported at this place of a decoder");
        switch (type)
        {
            case "Sequence":
                foreach (JsonPart step in part.Items("decoders"))
                    Add(step);
                break;
            case "ByteLevel":
                _isByteLevel = true;
                break;
            case "ByteFallback":
                _hasByteTokens = true;
                break;
            case "Replace":
                _replacements.Add((Pattern.Read(part.Get("pattern")), part.Text("content")));
                break;
            case "Fuse":
                _isFused = true;
                break;
            case "Strip":
                AddStrip(part);
                break;
            case "Metaspace":
                string replacement = part.Text("replacement");
                if (replacement.Length == 0)
                    throw part.Refuse("the replacement is empty");
                _replacements.Add((Pattern.FromLiteral(replacement, part), " "));
                bool prepends = part.Find("prepend_scheme")?.Text() is { } scheme ? scheme != "never" : part.Flag("add_prefix_space", true);
                (StripCharacter, StripCount) = (' ', prepends ? 1 : 0);
                _isFused = true;
                break;
            default:
                throw part.Refuse($"the decoder {JsonPart.Quote(type)} is not supported " +
                    "(supported: Sequence, ByteLevel, ByteFallback, Replace, Fuse, Strip, Metaspace)");
        }
    }

    // Before a Fuse it would strip every token, and at the end of a text it could not be streamed; no published file asks for either.
    private void AddStrip(JsonPart part)
    {
        string content = part.Text("content");
        int start = part.Number("start");
        if (!_isFused || content.Length != 1 || char.IsSurrogate(content[0]) || start < 0 || part.Number("stop") != 0)
            throw part.Refuse("only a Strip of one character, at the start and after a Fuse, is supported");
        (StripCharacter, StripCount) = (content[0], start);
    }
}
