using System.Text.Json;

namespace Einsharp.Text;

/// <summary>What a post-processor puts around a text: the tokens before and the tokens after.</summary>
internal static class Template
{
    public static (int[] Prefix, int[] Suffix) Read(JsonPart part, Vocabulary vocabulary)
    {
        string type = part.Text("type");
        switch (type)
        {
            case "Sequence":
                (int[] Prefix, int[] Suffix) around = ([], []);
                foreach (JsonPart step in part.Items("processors"))
                {
                    (int[] prefix, int[] suffix) = Read(step, vocabulary);
                    around = ([.. prefix, .. around.Prefix], [.. around.Suffix, .. suffix]);
                }
                return around;
            case "TemplateProcessing":
                return ReadSingle(part, vocabulary);
            case "ByteLevel":
                // It moves the offsets of tokens in the text, and ids not at all.
                return ([], []);
            default:
                throw part.Refuse($"the post-processor {JsonPart.Quote(type)} is not supported " +
                    "(supported: Sequence, TemplateProcessing, ByteLevel)");
        }
    }

    private static (int[] Prefix, int[] Suffix) ReadSingle(JsonPart part, Vocabulary vocabulary)
    {
        List<int> prefix = [];
        List<int> suffix = [];
        int texts = 0;
        foreach (JsonPart piece in part.Items("single"))
        {
            if (piece.Find("SpecialToken") is { } special)
            {
                string name = special.Text("id");
                JsonPart known = part.Get("special_tokens").Find(name)
                    ?? throw special.Refuse($"{JsonPart.Quote(name)} is not in special_tokens");
                foreach (JsonPart id in known.Items("ids"))
                {
                    if (vocabulary[id.Number()] is null)
                        throw id.Refuse(FormattableString.Invariant($"{id.Number()} is the id of no token"));
                    (texts == 0 ? prefix : suffix).Add(id.Number());
                }
            }
            else if (piece.Find("Sequence")?.Text("id") == "A")
            {
                texts++;
            }
            else
            {
                throw piece.Refuse("expected a SpecialToken, or the Sequence 'A'");
            }
        }
        return texts == 1 ? ([.. prefix], [.. suffix]) : throw part.Refuse($"the template 'single' holds the text {texts} times, not once");
    }
}
