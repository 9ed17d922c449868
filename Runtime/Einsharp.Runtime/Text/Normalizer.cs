namespace Einsharp.Text;

/// <summary>A step that rewrites text before it is cut into words.</summary>
internal abstract class Normalizer
{
    public abstract string Apply(string text);

    public static Normalizer Read(JsonPart part)
    {
        string type = part.Text("type");
        switch (type)
        {
            case "Sequence":
                return new Chain([.. part.Items("normalizers").Select(Read)]);
            case "Prepend":
                return new Prepend(part.Text("prepend"));
            case "Replace":
                return new Replace(Pattern.Read(part.Get("pattern")), part.Text("content"));
            default:
                // Unicode normal forms are among these: without ICU data .NET would return the text as it is, a silent wrong answer.
                throw part.Refuse($"the normalizer {JsonPart.Quote(type)} is not supported (supported: Sequence, Prepend, Replace)");
        }
    }

    private sealed class Chain(Normalizer[] steps) : Normalizer
    {
        public override string Apply(string text)
        {
            foreach (Normalizer step in steps)
                text = step.Apply(text);
            return text;
        }
    }

    /// <summary>Puts a prefix (▁) before any text but the empty one.</summary>
    private sealed class Prepend(string prefix) : Normalizer
    {
        public override string Apply(string text) => text.Length == 0 ? text : prefix + text;
    }

    private sealed class Replace(Pattern pattern, string content) : Normalizer
    {
        public override string Apply(string text) => pattern.Replace(text, content);
    }
}
