using System.Globalization;
using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Syntax;

/// <summary>
/// Parses equations, axis lists, renamings and sizes in one pass, with the position of every axis. It knows no binding: whether an axis
/// exists is for the checker to say.
/// </summary>
internal static class EinsumParser
{
    /// <summary>
    /// <c>"b s d, f d -> b s f"</c>: terms separated by commas, an explicit output. A term may be empty, which is a scalar.
    /// </summary>
    /// <param name="text">The equation.</param>
    /// <param name="takesEllipsis">Whether <c>...</c> may stand for axes without names, once a term.</param>
    public static Parsed<EquationSyntax> ParseEquation(string text, bool takesEllipsis = false)
    {
        var inputs = new List<TermSyntax>();
        var axes = new List<AxisToken>();
        int start = 0;
        bool output = false;
        for (var lexer = new Lexer(text); ;)
        {
            Token token = lexer.Next();
            switch (token.Kind)
            {
                case TokenKind.Name:
                    axes.Add(new AxisToken(lexer.TextOf(token), token.Start));
                    break;
                case TokenKind.Ellipsis when takesEllipsis:
                    if (axes.Exists(static axis => axis.IsEllipsis))
                        return new SyntaxError(DiagnosticCatalogue.SecondEllipsis, token.Start, token.Length, text);
                    axes.Add(new AxisToken(AxisToken.Ellipsis, token.Start));
                    break;
                case TokenKind.Comma when !output:
                case TokenKind.Arrow when !output:
                    inputs.Add(Term(axes, start, token.Start));
                    axes.Clear();
                    start = token.Start + token.Length;
                    output = token.Kind == TokenKind.Arrow;
                    break;
                case TokenKind.Arrow:
                    return new SyntaxError(DiagnosticCatalogue.SecondArrow, token.Start, token.Length, text);
                case TokenKind.End when output:
                    return new EquationSyntax(inputs.ToEquatable(), Term(axes, start, text.Length));
                case TokenKind.End:
                    inputs.Add(Term(axes, start, text.Length));
                    return NoOutput(text, inputs);
                default:
                    return lexer.Refuse(token, output
                        ? "the output is one list of axes"
                        : "an equation is axes, ',' between terms and one '->'");
            }
        }
    }

    /// <summary><c>"g r k d"</c>.</summary>
    public static Parsed<TermSyntax> ParseAxes(string text)
    {
        var axes = new List<AxisToken>();
        for (var lexer = new Lexer(text); ;)
        {
            Token token = lexer.Next();
            if (token.Kind == TokenKind.End)
                return Term(axes, 0, text.Length);
            if (token.Kind != TokenKind.Name)
                return lexer.Refuse(token, "axes are names separated by spaces");
            axes.Add(new AxisToken(lexer.TextOf(token), token.Start));
        }
    }

    /// <summary><c>"s -> t"</c>.</summary>
    public static Parsed<RenamingSyntax> ParseRenaming(string text)
    {
        var lexer = new Lexer(text);
        Token from = lexer.Next(), arrow = lexer.Next(), to = lexer.Next(), end = lexer.Next();
        if (from.Kind == TokenKind.Name && arrow.Kind == TokenKind.Arrow && to.Kind == TokenKind.Name && end.Kind == TokenKind.End)
            return new RenamingSyntax(new AxisToken(lexer.TextOf(from), from.Start), new AxisToken(lexer.TextOf(to), to.Start));

        Token[] tokens = [from, arrow, to, end];
        foreach (Token token in tokens)
        {
            if (token.Kind is TokenKind.Bad or TokenKind.Ellipsis)
                return lexer.Refuse(token, "a renaming is one axis, '->' and another axis");
        }

        return new SyntaxError(DiagnosticCatalogue.NotARenaming, 0, -1, text)
        {
            Fix = from.Kind == TokenKind.Name && arrow.Kind == TokenKind.Name && to.Kind == TokenKind.End
                ? new TextEdit(from.Start + from.Length, 0, " ->")
                : null,
        };
    }

    /// <summary><c>"d=2048"</c>, spaces allowed around the sign; null when it is anything else.</summary>
    public static SizeSyntax? ParseSize(string text)
    {
        int sign = text.IndexOf('=');
        if (sign < 0)
            return null;
        string name = text.Substring(0, sign).Trim(), number = text.Substring(sign + 1).Trim();
        return IsName(name) && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size >= 1
            ? new SizeSyntax(new AxisToken(name, text.IndexOf(name, StringComparison.Ordinal)), size)
            : null;
    }

    /// <summary>Whether the text can name an axis or a value: a letter or <c>_</c>, then letters, digits and <c>_</c>.</summary>
    public static bool IsName(string text)
    {
        if (text.Length == 0 || !IsNameStart(text[0]))
            return false;
        foreach (char c in text)
        {
            if (!IsNamePart(c))
                return false;
        }

        return true;
    }

    public static bool IsNameStart(char c) => c == '_' || char.IsLetter(c);

    public static bool IsNamePart(char c) => IsNameStart(c) || char.IsDigit(c);

    private static TermSyntax Term(List<AxisToken> axes, int start, int end) => axes.Count == 0
        ? new TermSyntax([], start, end - start)
        : new TermSyntax(axes.ToEquatable(), axes[0].Start, axes[axes.Count - 1].Start + axes[axes.Count - 1].Length - axes[0].Start);

    // What NumPy would have meant by no output: the axes named once, in alphabetical order. Terms without a space ("ij,jk") are taken as
    // letters.
    private static SyntaxError NoOutput(string text, List<TermSyntax> inputs)
    {
        bool squeezed = inputs.TrueForAll(static term => term.Axes.Count <= 1) && inputs.Exists(static term => term.Length > 1);
        List<string[]> terms = inputs.ConvertAll(term => squeezed
            ? term.Axes.SelectMany(static axis => axis.Name).Select(static letter => letter.ToString()).ToArray()
            : term.Names.ToArray());
        IEnumerable<string> once = terms.SelectMany(static term => term).GroupBy(static axis => axis, StringComparer.Ordinal)
            .Where(static group => group.Count() == 1 || group.Key == AxisToken.Ellipsis).Select(static group => group.Key)
            .OrderBy(static axis => axis, StringComparer.Ordinal);
        string output = (" -> " + string.Join(" ", once)).TrimEnd();
        string form = string.Join(", ", terms.Select(static term => string.Join(" ", term))) + output;

        // What is written well stays as it is written.
        int end = text.TrimEnd().Length;
        return new SyntaxError(DiagnosticCatalogue.NoOutput, 0, -1, text, form)
        {
            Fix = squeezed ? new TextEdit(0, text.Length, form) : new TextEdit(end, 0, output),
        };
    }

    private enum TokenKind { Name, Comma, Arrow, Ellipsis, Bad, End }

    private readonly record struct Token(TokenKind Kind, int Start, int Length);

    private struct Lexer(string text)
    {
        private int _position;

        public readonly string TextOf(Token token) => text.Substring(token.Start, token.Length);

        public Token Next()
        {
            while (_position < text.Length && char.IsWhiteSpace(text[_position]))
                _position++;
            int start = _position;
            if (start == text.Length)
                return new Token(TokenKind.End, start, 0);
            TokenKind kind = text[start] switch
            {
                ',' => TokenKind.Comma,
                '-' when start + 1 < text.Length && text[start + 1] == '>' => TokenKind.Arrow,
                char c when IsNameStart(c) => TokenKind.Name,
                _ => TokenKind.Bad,
            };
            _position += kind == TokenKind.Arrow ? 2 : 1;

            // A name, a number and a run of dots are one token each, so that an error covers all of it.
            if (IsNamePart(text[start]))
                Skip(IsNamePart);
            else if (text[start] == '.')
                Skip(static c => c == '.');
            else if (char.IsHighSurrogate(text[start]) && _position < text.Length)
                _position++;
            if (string.CompareOrdinal(text, start, AxisToken.Ellipsis, 0, _position - start) == 0 && _position - start == 3)
                kind = TokenKind.Ellipsis;
            return new Token(kind, start, _position - start);
        }

        /// <summary>The error for a token that cannot stand where it does.</summary>
        public readonly SyntaxError Refuse(Token token, string rule)
        {
            string found = TextOf(token);
            if (char.IsDigit(found[0]))
            {
                string letters = found.TrimStart('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '_');
                string name = letters.Length == 0 ? "n" + found : letters;
                return new SyntaxError(DiagnosticCatalogue.DigitFirst, token.Start, token.Length, found, name)
                {
                    Fix = new TextEdit(token.Start, token.Length, name),
                };
            }

            if (token.Kind == TokenKind.Ellipsis)
                return new SyntaxError(DiagnosticCatalogue.Ellipsis, token.Start, token.Length);
            string reason = found[0] switch
            {
                '(' or ')' => "axes are never grouped in parentheses; declare the operand with its axes apart, as in 'g r k d'",
                '-' => "the output follows '->', written without a space",
                '.' => "an ellipsis is '...', three dots without a space",
                _ => rule,
            };
            return new SyntaxError(DiagnosticCatalogue.UnexpectedToken, token.Start, token.Length, found, text, reason);
        }

        private void Skip(Func<char, bool> belongs)
        {
            while (_position < text.Length && belongs(text[_position]))
                _position++;
        }
    }
}
