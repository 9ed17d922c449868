using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Einsharp.Text;

/// <summary>A cut of a text: a range and whether the pattern matched it.</summary>
internal readonly record struct Cut(int Start, int End, bool Matched);

/// <summary>
/// A pattern of a tokenizer file: a literal string or a regular expression in Oniguruma's syntax, matched by .NET's engine. What the two
/// engines read differently is either bridged (characters beyond U+FFFF, which .NET sees as two) or refused (nested and intersected
/// classes). \s and \p{…} are the same sets in both, up to the version of Unicode.
/// </summary>
internal sealed class Pattern
{
    private const int LongestExpression = 10_000;
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(2);

    private readonly string? _literal;
    private readonly Regex? _regex;
    private readonly JsonPart _part;

    private Pattern(string? literal, Regex? regex, JsonPart part) => (_literal, _regex, _part) = (literal, regex, part);

    /// <summary>Reads <c>{"String": …}</c> or <c>{"Regex": …}</c>.</summary>
    public static Pattern Read(JsonPart part)
    {
        if (part.Find("String") is { } literal)
        {
            string text = literal.Text();
            return text.Length > 0 ? new Pattern(text, null, literal) : throw literal.Refuse("the pattern is empty");
        }
        JsonPart expression = part.Find("Regex") ?? throw part.Refuse("expected a pattern of 'String' or 'Regex'");
        return FromExpression(expression.Text(), expression);
    }

    public static Pattern FromLiteral(string literal, JsonPart part) => new(literal, null, part);

    public static Pattern FromExpression(string expression, JsonPart part)
    {
        if (expression.Length > LongestExpression)
            throw part.Refuse($"a regular expression of {expression.Length} characters; at most {LongestExpression} are allowed");
        foreach (string unlike in (ReadOnlySpan<string>)["[:", "&&", "-["])
        {
            if (expression.Contains(unlike, StringComparison.Ordinal))
                throw part.Refuse($"'{unlike}' in a regular expression is not supported");
        }
        if (expression.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0)
            throw part.Refuse("a regular expression with a character beyond U+FFFF is not supported");
        try
        {
            return new Pattern(null, MakeRegex(expression), part);
        }
        catch (ArgumentException e)
        {
            throw part.Refuse($"the regular expression is not supported: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Cuts the whole text into matches and what lies between. Empty ranges are left out.</summary>
    public void Cut(string text, List<Cut> cuts)
    {
        if (_literal is not null)
            CutLiteral(text, cuts);
        else if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            CutByRegex(text, null, text.Length, cuts);
        else
            CutByRegex(OneCharEach(text, out int[] starts), starts, text.Length, cuts);
    }

    public string Replace(string text, string content)
    {
        if (_literal is not null)
            return text.Replace(_literal, content, StringComparison.Ordinal);
        var cuts = new List<Cut>();
        Cut(text, cuts);
        var replaced = new StringBuilder(text.Length);
        foreach (Cut cut in cuts)
        {
            if (cut.Matched)
                replaced.Append(content);
            else
                replaced.Append(text, cut.Start, cut.End - cut.Start);
        }
        return replaced.ToString();
    }

    private void CutLiteral(string text, List<Cut> cuts)
    {
        int done = 0;
        while (text.IndexOf(_literal!, done, StringComparison.Ordinal) is >= 0 and int at)
        {
            Add(cuts, done, at, false);
            done = at + _literal!.Length;
            Add(cuts, at, done, true);
        }
        Add(cuts, done, text.Length, false);
    }

    private void CutByRegex(string text, int[]? starts, int end, List<Cut> cuts)
    {
        int done = 0;
        try
        {
            foreach (ValueMatch match in _regex!.EnumerateMatches(text))
            {
                int from = starts?[match.Index] ?? match.Index;
                int to = starts?[match.Index + match.Length] ?? match.Index + match.Length;
                Add(cuts, done, from, false);
                Add(cuts, from, to, true);
                done = to;
            }
        }
        catch (RegexMatchTimeoutException)
        {
            throw _part.Refuse($"the regular expression needs more than {MatchTimeout.TotalSeconds:0} s for one match");
        }
        Add(cuts, done, end, false);
    }

    private static void Add(List<Cut> cuts, int start, int end, bool matched)
    {
        if (start < end)
            cuts.Add(new Cut(start, end, matched));
    }

    // The engine without backtracking is linear in the text whatever a file asks for, but has no lookahead: the usual `\s+(?!\S)` needs the
    // other one, and there the timeout is the bound.
    private static Regex MakeRegex(string expression)
    {
        try
        {
            return new Regex(expression, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, MatchTimeout);
        }
        catch (NotSupportedException)
        {
            return new Regex(expression, RegexOptions.CultureInvariant, MatchTimeout);
        }
    }

    // .NET matches UTF-16 units, and half of 𝐀 is no letter to it. So each character beyond U+FFFF is stood in for by a rare one of its own
    // category; starts[i] is where the i-th character begins in the text itself.
    private static string OneCharEach(string text, out int[] starts)
    {
        var shadow = new StringBuilder(text.Length);
        starts = new int[text.Length + 1];
        int at = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            starts[shadow.Length] = at;
            at += rune.Utf16SequenceLength;
            shadow.Append(rune.IsBmp ? (char)rune.Value : StandIn(Rune.GetUnicodeCategory(rune)));
        }
        starts[shadow.Length] = at;
        return shadow.ToString();
    }

    private static char StandIn(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u10A0',
        UnicodeCategory.LowercaseLetter => '\u1D00',
        UnicodeCategory.TitlecaseLetter => '\u1F88',
        UnicodeCategory.ModifierLetter => '\u1D2C',
        UnicodeCategory.OtherLetter => '\u1200',
        UnicodeCategory.NonSpacingMark => '\u1DC0',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u20DD',
        UnicodeCategory.DecimalDigitNumber => '\u0E50',
        UnicodeCategory.LetterNumber => '\u16EE',
        UnicodeCategory.OtherNumber => '\u0F2A',
        UnicodeCategory.ConnectorPunctuation => '\u2054',
        UnicodeCategory.DashPunctuation => '\u1806',
        UnicodeCategory.OpenPunctuation => '\u2045',
        UnicodeCategory.ClosePunctuation => '\u2046',
        UnicodeCategory.InitialQuotePunctuation => '\u2E02',
        UnicodeCategory.FinalQuotePunctuation => '\u2E03',
        UnicodeCategory.OtherPunctuation => '\u1360',
        UnicodeCategory.MathSymbol => '\u2A00',
        UnicodeCategory.CurrencySymbol => '\u20A0',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u2300',
        UnicodeCategory.Format => '\u2060',
        UnicodeCategory.PrivateUse => '\uE000',
        _ => '\u0378',
    };
}
