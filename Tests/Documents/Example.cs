using System.Runtime.CompilerServices;

namespace Einsharp.Tests.Documents;

/// <summary>
/// One block of C# of a page. What its fence says after <c>csharp</c> is what it is: nothing, a declaration; <c>and</c>, a declaration that
/// needs the last one; <c>instead NAME</c>, an equation that replaces the one named so in the last declaration; <c>run</c>, statements that
/// follow the last declaration and print the block after them; and <c>refused ID</c>, that the analyzer reports exactly this, with the message
/// that is quoted after the block.
/// </summary>
/// <param name="Line">The line of the opening fence, from 1.</param>
/// <param name="Declaration">The source to compile.</param>
/// <param name="Statements">What is run, if anything is.</param>
/// <param name="Refused">The ID that is reported, if one is.</param>
/// <param name="After">The lines that follow the block: a quoted message, or what is printed.</param>
internal sealed record Example(int Line, string Declaration, string? Statements, string? Refused, string After)
{
    private const string Fence = "```";

    public static string Root([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));

    public static List<Example> Read(string page)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Root(), page));
        var examples = new List<Example>();
        string declaration = "";
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal))
                continue;
            int end = Array.IndexOf(lines, Fence, i + 1);
            Assert.True(end > i, $"{page}({i + 1}): the block has no end");
            string[] words = lines[i][Fence.Length..].Split(' ');
            string text = string.Join('\n', lines[(i + 1)..end]);
            if (words[0] == "csharp")
            {
                string? refused = words.Length > 2 && words[^2] == "refused" ? words[^1] : null;
                string[] kind = refused is null ? words[1..] : words[1..^2];
                string whole = kind switch
                {
                    [] => text,
                    ["and"] => declaration + "\n\n" + text,
                    ["run"] => declaration,
                    ["instead", string name] => Replace(declaration, name, text),
                    _ => throw new FormatException($"{page}({i + 1}): '{lines[i]}' is no kind of example"),
                };
                if (kind is [] or ["and"] && refused is null)
                    declaration = whole;
                examples.Add(new Example(i + 1, whole, kind is ["run"] ? text : null, refused, Following(lines, end + 1)));
            }

            i = end;
        }

        return examples;
    }

    // The equation that ends with As("name") begins where a line of the class body begins with '['.
    private static string Replace(string declaration, string name, string equation)
    {
        string[] lines = declaration.Split('\n');
        int last = Array.FindIndex(lines, line => line.EndsWith($"As(\"{name}\")]", StringComparison.Ordinal));
        Assert.True(last >= 0, $"no equation of the last declaration ends with As(\"{name}\")");
        int first = last;
        while (!lines[first].StartsWith("    [", StringComparison.Ordinal))
            first--;
        IEnumerable<string> indented = equation.Split('\n').Select(static line => "    " + line);
        return string.Join('\n', [.. lines[..first], .. indented, .. lines[(last + 1)..]]);
    }

    private static string Following(string[] lines, int at)
    {
        while (at < lines.Length && lines[at].Length == 0)
            at++;
        if (at < lines.Length && lines[at].StartsWith("> ", StringComparison.Ordinal))
            return lines[at][2..];
        return at < lines.Length && lines[at] == Fence + "text"
            ? string.Join('\n', lines[(at + 1)..Array.IndexOf(lines, Fence, at + 1)])
            : "";
    }
}
