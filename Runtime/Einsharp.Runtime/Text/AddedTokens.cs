using System.Buffers;

namespace Einsharp.Text;

/// <summary>A token that is found in the text before anything else happens to it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">The text that it stands for.</param>
/// <param name="IsSpecial">Whether it controls the model, as the end of text does, and is no text.</param>
/// <param name="IsNormalized">Whether it is looked for in the normalized text.</param>
/// <param name="IsWord">Whether it counts only where no letter, digit or underscore is beside it.</param>
/// <param name="TakesLeft">Whether it takes the white space before it.</param>
/// <param name="TakesRight">Whether it takes the white space after it.</param>
internal sealed record AddedToken(
    int Id, string Content, bool IsSpecial, bool IsNormalized, bool IsWord, bool TakesLeft, bool TakesRight)
{
    public static AddedToken Read(JsonPart part) => new(
        part.Number("id"),
        part.Text("content"),
        part.Flag("special", false),
        part.Flag("normalized", true),
        part.Flag("single_word", false),
        part.Flag("lstrip", false),
        part.Flag("rstrip", false));
}

/// <summary>A range of a text: an added token, or (null) text between two.</summary>
internal readonly record struct Segment(int Start, int End, AddedToken? Token);

/// <summary>Finds added tokens in text: the leftmost first, and of several at one place the longest.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<char, (string Content, AddedToken Token)[]> _byFirst;
    private readonly SearchValues<char> _firsts;

    /// <param name="tokens">The tokens, each with what it looks like in the text.</param>
    public AddedTokens(IEnumerable<(string Content, AddedToken Token)> tokens)
    {
        _byFirst = tokens
            .Where(static entry => entry.Content.Length > 0)
            .GroupBy(static entry => entry.Content[0])
            .ToDictionary(
                static group => group.Key,
                static group => group.OrderByDescending(static entry => entry.Content.Length).ToArray());
        _firsts = SearchValues.Create([.. _byFirst.Keys]);
    }

    /// <summary>Cuts a text into tokens and what lies between; empty ranges are left out.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecial">Whether special tokens are looked for too.</param>
    /// <param name="segments">Where the ranges go, in order.</param>
    public void Cut(string text, bool parseSpecial, List<Segment> segments)
    {
        int done = 0;
        int at = 0;
        while (at < text.Length && text.AsSpan(at).IndexOfAny(_firsts) is >= 0 and int ahead)
        {
            at += ahead;
            if (Match(text, at, parseSpecial) is not var (content, token))
            {
                at++;
                continue;
            }
            int start = at;
            int end = at + content.Length;
            while (token.TakesLeft && start > done && char.IsWhiteSpace(text[start - 1]))
                start--;
            while (token.TakesRight && end < text.Length && char.IsWhiteSpace(text[end]))
                end++;
            if (start > done)
                segments.Add(new Segment(done, start, null));
            segments.Add(new Segment(start, end, token));
            at = done = end;
        }
        if (done < text.Length)
            segments.Add(new Segment(done, text.Length, null));
    }

    private (string Content, AddedToken Token)? Match(string text, int at, bool parseSpecial)
    {
        foreach ((string content, AddedToken token) in _byFirst[text[at]])
        {
            if (token.IsSpecial && !parseSpecial)
                continue;
            if (!text.AsSpan(at).StartsWith(content, StringComparison.Ordinal))
                continue;
            int end = at + content.Length;
            if (token.IsWord && ((at > 0 && IsWordPart(text[at - 1])) || (end < text.Length && IsWordPart(text[end]))))
                continue;
            return (content, token);
        }
        return null;
    }

    private static bool IsWordPart(char c) => char.IsLetterOrDigit(c) || c == '_';
}
