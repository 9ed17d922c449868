using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Einsharp.Generator.Syntax;

/// <summary>
/// Maps characters of a string token's value to the source: through escapes, doubled quotes and braces and the indentation of raw literals.
/// A token is a whole literal, or a stretch of text in an interpolated one.
/// </summary>
internal static class LiteralMap
{
    /// <summary>How many characters of value a token has; null when it is no string.</summary>
    public static int? Length(SyntaxToken token) => Offsets(token)?.Count - 1;

    /// <summary>
    /// The source range of <paramref name="length"/> characters of the value, or, for none, the place before which they would be inserted;
    /// null when the token is no string or has no such characters.
    /// </summary>
    public static TextSpan? Range(SyntaxToken token, int start, int length)
    {
        if (Offsets(token) is not { } offsets || start < 0 || length < 0 || start + length >= offsets.Count)
            return null;
        int from = length == 0 && start > 0 ? End(token, offsets, start - 1) : offsets[start];
        int to = length == 0 ? from : End(token, offsets, start + length - 1);
        return TextSpan.FromBounds(token.SpanStart + from, token.SpanStart + to);
    }

    // Where a character ends. That is not the start of the next one: between the two may be a raw literal's indentation.
    private static int End(SyntaxToken token, List<int> offsets, int character) =>
        IsRawLines(token) ? offsets[character] + 1 : offsets[character + 1];

    // Where each character of the value begins in the token's text, and where the last one ends.
    private static List<int>? Offsets(SyntaxToken token)
    {
        string text = token.Text;
        switch (token.Kind())
        {
            case SyntaxKind.StringLiteralToken when text.Length < 2 || text[text.Length - 1] != '"':
                return null;
            case SyntaxKind.StringLiteralToken when text[0] == '@':
                return Escaped(text, 2, text.Length - 1, static (text, at) => text[at] == '"' ? 2 : 1);
            case SyntaxKind.StringLiteralToken:
                return Escaped(text, 1, text.Length - 1, EscapeLength);
            case SyntaxKind.SingleLineRawStringLiteralToken:
                int quotes = text.TakeWhile(static c => c == '"').Count();
                return Escaped(text, quotes, text.Length - quotes, static (_, _) => 1);
            case SyntaxKind.MultiLineRawStringLiteralToken:
                return RawLines(text);
            case SyntaxKind.InterpolatedStringTextToken when token.Parent?.Parent is InterpolatedStringExpressionSyntax whole:
                return Interpolated(token, whole);
            default:
                return null;
        }
    }

    private static List<int> Interpolated(SyntaxToken token, InterpolatedStringExpressionSyntax whole)
    {
        string text = token.Text;
        switch (whole.StringStartToken.Kind())
        {
            case SyntaxKind.InterpolatedStringStartToken:
                return Escaped(text, 0, text.Length, static (text, at) => text[at] is '{' or '}' ? 2 : EscapeLength(text, at));
            case SyntaxKind.InterpolatedVerbatimStringStartToken:
                return Escaped(text, 0, text.Length, static (text, at) => text[at] is '{' or '}' or '"' ? 2 : 1);
            case SyntaxKind.InterpolatedSingleLineRawStringStartToken:
                return Escaped(text, 0, text.Length, static (_, _) => 1);
        }

        // A stretch begins a line only where the literal does: what follows an interpolation stands in the middle of one.
        bool opens = token.SpanStart == whole.StringStartToken.Span.End;
        return Unindented(text, opens ? 0 : Math.Max(0, text.IndexOf('\n') + 1), text.Length,
            Indentation(whole.StringEndToken.Text), opens);
    }

    private static bool IsRawLines(SyntaxToken token) => token.IsKind(SyntaxKind.MultiLineRawStringLiteralToken)
        || (token.Parent?.Parent is InterpolatedStringExpressionSyntax whole
            && whole.StringStartToken.IsKind(SyntaxKind.InterpolatedMultiLineRawStringStartToken));

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
        if (text[at] != '\\' || at + 1 >= text.Length)
            return 1;
        if (text[at + 1] == 'u')
            return 6;
        if (text[at + 1] == 'U')
            return 10;
        if (text[at + 1] != 'x')
            return 2;
        int length = 2;
        while (length < 6 && at + length < text.Length && Uri.IsHexDigit(text[at + length]))
            length++;
        return length;
    }

    // \U0001F600 is one escape and two characters of the value.
    private static bool IsPair(string text, int at) =>
        text[at] == '\\' && at + 10 <= text.Length && text[at + 1] == 'U' && text.Substring(at + 2, 4) is not "0000";

    private static int Indentation(string text) =>
        text.Substring(text.LastIndexOf('\n') + 1).TakeWhile(char.IsWhiteSpace).Count();

    private static List<int> RawLines(string text)
    {
        int end = text.LastIndexOf('\n');
        if (end > 0 && text[end - 1] == '\r')
            end--;
        return Unindented(text, text.IndexOf('\n') + 1, end, Indentation(text), opens: true);
    }

    // The characters from where a line begins, less each line's indentation; and, where the text opens in the middle of a line, those before.
    private static List<int> Unindented(string text, int line, int end, int indentation, bool opens)
    {
        var offsets = new List<int>();
        for (int at = 0; !opens && at < (line == 0 ? end : line); at++)
            offsets.Add(at);
        while (line < end && (opens || line > 0))
        {
            int next = text.IndexOf('\n', line) + 1;
            int stop = next == 0 ? end : Math.Min(next, end);

            // A blank line may be shorter than the indentation; what it has of it is dropped all the same.
            int at = line;
            while (at < stop && at - line < indentation && text[at] is not ('\r' or '\n'))
                at++;
            for (; at < stop; at++)
                offsets.Add(at);
            line = stop;
        }

        offsets.Add(end);
        return offsets;
    }
}
