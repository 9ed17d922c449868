using System.Globalization;
using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Syntax;

/// <summary>
/// Parses scale factors such as <c>1/sqrt(k)</c>: sums of products of numbers, axes, parentheses and square roots, so that what
/// passes is a C# expression too.
/// </summary>
internal static class ScaleParser
{
    public static Parsed<ScaleSyntax> Parse(string text)
    {
        var reader = new Reader(text);
        reader.Sum();
        if (reader.Error is null && reader.Peek() is not '\0')
            reader.Fail("an operator");
        return reader.Error is { } error
            ? error
            : new ScaleSyntax(new ScaleExpression(text, reader.Tokens.ToEquatable()), reader.Axes.ToEquatable());
    }

    private struct Reader(string text)
    {
        private int _position;
        private int _depth;

        public List<string> Tokens { get; } = [];

        public List<AxisToken> Axes { get; } = [];

        public SyntaxError? Error { get; private set; }

        public void Sum()
        {
            do
                Product();
            while (Error is null && Take('+', '-'));
        }

        public char Peek()
        {
            while (_position < text.Length && char.IsWhiteSpace(text[_position]))
                _position++;
            return _position < text.Length ? text[_position] : '\0';
        }

        public void Fail(string expected)
        {
            char found = Peek();
            Error ??= found == '\0'
                ? new SyntaxError(DiagnosticCatalogue.NotAScale, 0, -1, text, "the end", expected)
                : new SyntaxError(DiagnosticCatalogue.NotAScale, _position, 1, text, "'" + found + "'", expected);
        }

        private void Product()
        {
            do
                Factor();
            while (Error is null && Take('*', '/'));
        }

        private void Factor()
        {
            char next = Peek();
            int start = _position;
            if (char.IsDigit(next) || next == '.')
            {
                Number();
                return;
            }

            if (EinsumParser.IsNameStart(next))
            {
                while (_position < text.Length && EinsumParser.IsNamePart(text[_position]))
                    _position++;
                string name = text.Substring(start, _position - start);
                Tokens.Add(name);
                if (name == "sqrt")
                    Parenthesised();
                else
                    Axes.Add(new AxisToken(name, start));
                return;
            }

            if (next == '(')
                Parenthesised();
            else
                Fail("a number, an axis, 'sqrt(' or '('");
        }

        private void Parenthesised()
        {
            // The text is the user's: a bound keeps a thousand parentheses from overflowing the compiler's stack.
            if (Peek() != '(' || ++_depth > 32)
            {
                Fail(_depth > 32 ? "fewer parentheses" : "'('");
                return;
            }

            Take('(', '(');
            Sum();
            if (Error is null && !Take(')', ')'))
                Fail("')'");
            _depth--;
        }

        private void Number()
        {
            int start = _position;
            Digits();
            if (_position < text.Length && text[_position] == '.')
            {
                _position++;
                Digits();
            }

            if (_position < text.Length && text[_position] is 'e' or 'E')
            {
                _position++;
                if (_position < text.Length && text[_position] is '+' or '-')
                    _position++;
                Digits();
            }

            string number = text.Substring(start, _position - start);
            if (double.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture,
                out double value)
                && !double.IsInfinity(value) && char.IsDigit(number[number.Length - 1]))
            {
                Tokens.Add(number);
            }
            else
            {
                Error ??= new SyntaxError(DiagnosticCatalogue.NotAScale, start, number.Length, text, "'" + number + "'", "a number");
            }
        }

        private void Digits()
        {
            while (_position < text.Length && text[_position] is >= '0' and <= '9')
                _position++;
        }

        private bool Take(char one, char other)
        {
            char next = Peek();
            if (next != one && next != other)
                return false;
            Tokens.Add(next.ToString());
            _position++;
            return true;
        }
    }
}
