using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Syntax;

/// <summary>
/// Parses patterns such as <c>b s (g r k) -> b g r s k</c>: axes and groups of axes in parentheses, which may be named, on both sides of one
/// arrow. It knows no binding.
/// </summary>
internal static class RearrangementParser
{
    public static Parsed<RearrangementSyntax> Parse(string text)
    {
        var reader = new Reader(text);
        EquatableArray<GroupSyntax> from = reader.Side("'->'"), to = [];
        if (reader.Error is null && !reader.TakeArrow())
            reader.Fail("'->'");
        if (reader.Error is null)
            to = reader.Side("the end");
        if (reader.Error is null && !reader.IsAtEnd)
            reader.Fail("an axis or a group");
        return reader.Error is { } error ? error : new RearrangementSyntax(from, to);
    }

    private struct Reader(string text)
    {
        private int _position;

        public SyntaxError? Error { get; private set; }

        public bool IsAtEnd => Peek() == '\0';

        /// <summary>Axes and groups up to the arrow or the end.</summary>
        public EquatableArray<GroupSyntax> Side(string end)
        {
            var groups = new List<GroupSyntax>();
            while (Error is null && Peek() is var next && next != '\0' && !IsArrow())
            {
                if (next == '(')
                    groups.Add(Group());
                else if (EinsumParser.IsNameStart(next) && Axis() is var axis)
                    groups.Add(new GroupSyntax(null, [axis], axis.Start, axis.Length, IsGroup: false));
                else
                    Fail("an axis, '(' or " + end);
            }

            return groups.ToEquatable();
        }

        public bool TakeArrow()
        {
            if (!IsArrow())
                return false;
            _position += 2;
            return true;
        }

        public void Fail(string expected)
        {
            char found = Peek();
            int length = 1;
            while (EinsumParser.IsNamePart(found) && _position + length < text.Length && EinsumParser.IsNamePart(text[_position + length]))
                length++;
            Error ??= found == '\0'
                ? new SyntaxError(DiagnosticCatalogue.NotAPattern, 0, -1, text, "the end", expected)
                : new SyntaxError(
                    DiagnosticCatalogue.NotAPattern, _position, length, text, "'" + text.Substring(_position, length) + "'", expected);
        }

        private GroupSyntax Group()
        {
            int start = _position++;
            var parts = new List<AxisToken>();
            AxisToken? name = null;
            while (Error is null && Peek() is var next && next != ')')
            {
                if (EinsumParser.IsNameStart(next))
                {
                    parts.Add(Axis());
                }
                else if (next == ':' && parts.Count == 1 && name is null)
                {
                    name = parts[0];
                    parts.Clear();
                    _position++;
                }
                else
                {
                    Fail(name is null && parts.Count == 1 ? "an axis, ':' or ')'" : "an axis or ')'");
                }
            }

            if (Error is null && parts.Count == 0)
                Fail("an axis");
            _position++;
            return new GroupSyntax(name, parts.ToEquatable(), start, _position - start, IsGroup: true);
        }

        private AxisToken Axis()
        {
            int start = _position;
            while (_position < text.Length && EinsumParser.IsNamePart(text[_position]))
                _position++;
            return new AxisToken(text.Substring(start, _position - start), start);
        }

        private bool IsArrow() => Peek() == '-' && _position + 1 < text.Length && text[_position + 1] == '>';

        private char Peek()
        {
            while (_position < text.Length && char.IsWhiteSpace(text[_position]))
                _position++;
            return _position < text.Length ? text[_position] : '\0';
        }
    }
}

/// <summary>
/// One axis of a side, or a group of axes that are one there; a group may say which: <c>(d: g r k)</c>. The range is that of all of it.
/// </summary>
internal sealed record GroupSyntax(AxisToken? Name, EquatableArray<AxisToken> Parts, int Start, int Length, bool IsGroup)
{
    /// <summary>The axis that the value has here; null where a group does not say.</summary>
    public string? Axis => IsGroup ? Name?.Name : Parts[0].Name;
}

/// <summary>The two sides of a pattern.</summary>
internal sealed record RearrangementSyntax(EquatableArray<GroupSyntax> From, EquatableArray<GroupSyntax> To);
