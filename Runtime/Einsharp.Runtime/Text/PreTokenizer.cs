using System.Text;

namespace Einsharp.Text;

/// <summary>A step that cuts text into words; byte pairs are merged within a word only.</summary>
internal abstract class PreTokenizer
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Adds the words of a piece of text to a list.</summary>
    /// <param name="piece">The text.</param>
    /// <param name="first">Whether the piece is the beginning of the text that the caller gave.</param>
    /// <param name="words">Where the words go.</param>
    public abstract void Split(string piece, bool first, List<string> words);

    public static PreTokenizer Read(JsonPart part)
    {
        string type = part.Text("type");
        switch (type)
        {
            case "Sequence":
                return new Chain([.. part.Items("pretokenizers").Select(Read)]);
            case "Split":
                return new Splitter(Pattern.Read(part.Get("pattern")), ReadBehavior(part.Get("behavior")), part.Flag("invert", false));
            case "ByteLevel":
                Splitter? words = part.Flag("use_regex", true)
                    ? new Splitter(Pattern.FromExpression(Gpt2, part), SplitBehavior.Isolated)
                    : null;
                return new ByteLevel(part.Flag("add_prefix_space", true), words);
            case "Metaspace":
                return ReadMetaspace(part);
            case "Digits":
                SplitBehavior digits = part.Flag("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous;
                return new Splitter(Pattern.FromExpression(@"\p{N}", part), digits);
            default:
                throw part.Refuse($"the pre-tokenizer {JsonPart.Quote(type)} is not supported " +
                    "(supported: Sequence, Split, ByteLevel, Metaspace, Digits)");
        }
    }

    private static SplitBehavior ReadBehavior(JsonPart part)
    {
        string name = part.Text();
        foreach (SplitBehavior behavior in Enum.GetValues<SplitBehavior>())
        {
            if (string.Equals(behavior.ToString(), name, StringComparison.Ordinal))
                return behavior;
        }
        throw part.Refuse($"{JsonPart.Quote(name)} is not supported (supported: {string.Join(", ", Enum.GetNames<SplitBehavior>())})");
    }

    private static Metaspace ReadMetaspace(JsonPart part)
    {
        string replacement = part.Text("replacement");
        if (replacement.Length == 0)
            throw part.Refuse("the replacement is empty");
        // Files of before 2024 say add_prefix_space, later ones prepend_scheme.
        string scheme = part.Find("prepend_scheme")?.Text() ?? (part.Flag("add_prefix_space", true) ? "always" : "never");
        if (scheme is not ("always" or "first" or "never"))
            throw part.Refuse($"the prepend_scheme {JsonPart.Quote(scheme)} is not supported (supported: always, first, never)");
        Splitter? words = part.Flag("split", true)
            ? new Splitter(Pattern.FromLiteral(replacement, part), SplitBehavior.MergedWithNext)
            : null;
        return new Metaspace(replacement, scheme, words);
    }

    private enum SplitBehavior
    {
        Removed,
        Isolated,
        MergedWithPrevious,
        MergedWithNext,
        Contiguous,
    }

    private sealed class Chain(PreTokenizer[] steps) : PreTokenizer
    {
        public override void Split(string piece, bool first, List<string> words)
        {
            List<string> pieces = [piece];
            foreach (PreTokenizer step in steps)
            {
                var next = new List<string>(pieces.Count);
                for (int i = 0; i < pieces.Count; i++)
                    step.Split(pieces[i], first && i == 0, next);
                pieces = next;
            }
            words.AddRange(pieces);
        }
    }

    private sealed class Splitter(Pattern pattern, SplitBehavior behavior, bool invert = false) : PreTokenizer
    {
        public override void Split(string piece, bool first, List<string> words)
        {
            var cuts = new List<Cut>();
            pattern.Cut(piece, cuts);
            int start = 0;
            for (int i = 0; i < cuts.Count; i++)
            {
                bool matched = cuts[i].Matched != invert;
                if (behavior == SplitBehavior.Removed)
                {
                    if (!matched)
                        words.Add(piece[cuts[i].Start..cuts[i].End]);
                    continue;
                }
                bool last = i + 1 == cuts.Count;
                if (!last && JoinsNext(matched, cuts[i + 1].Matched != invert))
                    continue;
                words.Add(piece[start..cuts[i].End]);
                start = cuts[i].End;
            }
        }

        private bool JoinsNext(bool matched, bool nextMatched) => behavior switch
        {
            SplitBehavior.MergedWithPrevious => !matched && nextMatched,
            SplitBehavior.MergedWithNext => matched && !nextMatched,
            SplitBehavior.Contiguous => matched == nextMatched,
            _ => false,
        };
    }

    /// <summary>Writes each word's UTF-8 bytes in <see cref="ByteAlphabet"/>.</summary>
    private sealed class ByteLevel(bool addPrefixSpace, Splitter? splitter) : PreTokenizer
    {
        public override void Split(string piece, bool first, List<string> words)
        {
            if (addPrefixSpace && !piece.StartsWith(' '))
                piece = " " + piece;
            int from = words.Count;
            if (splitter is null)
                words.Add(piece);
            else
                splitter.Split(piece, first, words);
            for (int i = from; i < words.Count; i++)
                words[i] = ByteAlphabet.Write(Encoding.UTF8.GetBytes(words[i]));
        }
    }

    /// <summary>Spaces become ▁, and one is put before the text.</summary>
    private sealed class Metaspace(string replacement, string scheme, Splitter? splitter) : PreTokenizer
    {
        public override void Split(string piece, bool first, List<string> words)
        {
            piece = piece.Replace(" ", replacement, StringComparison.Ordinal);
            bool prepends = scheme == "always" || (scheme == "first" && first);
            if (prepends && !piece.StartsWith(replacement, StringComparison.Ordinal))
                piece = replacement + piece;
            if (splitter is null)
                words.Add(piece);
            else
                splitter.Split(piece, first, words);
        }
    }
}
