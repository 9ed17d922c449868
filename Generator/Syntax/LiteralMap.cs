using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Einsharp.Generator.Syntax;

/// <summary>
/// Maps characters of a string literal's value to the source: through escapes, doubled quotes and the indentation of raw literals.
/// </summary>
internal static class LiteralMap
{
    /// <summary>
    /// The source range of <paramref name="length"/> characters of the value; null when the token is no string or has no such characters.
    /// </summary>
    public static TextSpan? Range(SyntaxToken token, int start, int length)
    {
        if (Offsets(token) is not { } offsets || offsets.Count != token.ValueText.Length + 1 || start < 0
            || start + length >= offsets.Count)
            return null;

        // The end is that of the last character, not the start of the next: between the two may be a raw literal's indentation.
        int last = start + length - 1;
        int end = token.IsKind(SyntaxKind.MultiLineRawStringLiteralToken) ? offsets[last] + 1 : offsets[last + 1];
        return TextSpan.FromBounds(token.SpanStart + offsets[start], token.SpanStart + end);
    }

    // Where each character of the value begins in the token's text, and where the last one ends.
    private static List<int>? Offsets(SyntaxToken token)
    {
        string text = token.Text;
        switch (token.Kind())
        {
            case SyntaxKind.StringLiteralToken when text[0] == '@':
                return Escaped(text, 2, text.Length - 1, static (text, at) => text[at] == '"' ? 2 : 1);
            case SyntaxKind.StringLiteralToken:
                return Escaped(text, 1, text.Length - 1, EscapeLength);
            case SyntaxKind.SingleLineRawStringLiteralToken:
                int quotes = text.TakeWhile(static c => c == '"').Count();
                return Escaped(text, quotes, text.Length - quotes, static (_, _) => 1);
            case SyntaxKind.MultiLineRawStringLiteralToken:
                return RawLines(text);
            default:
                return null;
        }
    }

    private static List<int> Escaped(string text, int start, int end, Func<string, int, int> lengthAt)
    {
        var offsets = new List<int>();
        int at = start;
        while (at < end)
        {
            int length = lengthAt(text, at);
            offsets.Add(at);
            if (IsPair(text, at))
                offsets.Add(at);
            at += length;
        }

        offsets.Add(end);
        return offsets;
    }

    private static int EscapeLength(string text, int at)
    {
        if (text[at] != '\\')
            return 1;
        if (text[at + 1] == 'u')
            return 6;
        if (text[at + 1] == 'U')
            return 10;
        if (text[at + 1] != 'x')
            return 2;
        int length = 2;
        while (length < 6 && Uri.IsHexDigit(text[at + length]))
            length++;
        return length;
    }

    // \U0001F600 is one escape and two characters of the value.
    private static bool IsPair(string text, int at) =>
        text[at] == '\\' && at + 10 < text.Length && text[at + 1] == 'U' && text.Substring(at + 2, 4) is not "0000";

    private static List<int> RawLines(string text)
    {
        int lastLine = text.LastIndexOf('\n') + 1;
        int indentation = text.Substring(lastLine).TakeWhile(char.IsWhiteSpace).Count();
        int end = lastLine - 1;
        if (end > 0 && text[end - 1] == '\r')
            end--;
        var offsets = new List<int>();
        int line = text.IndexOf('\n') + 1;
        while (line < lastLine)
        {
            int next = text.IndexOf('\n', line) + 1;
            int stop = Math.Min(next, end);

            // A blank line may be shorter than the indentation; what it has of it is dropped all the same.
            int at = line;
            while (at < stop && at - line < indentation && text[at] is not ('\r' or '\n'))
                at++;
            for (; at < stop; at++)
                offsets.Add(at);
            line = next;
        }

        offsets.Add(end);
        return offsets;
    }
}
