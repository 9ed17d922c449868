using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Documents;

/// <summary>What the documents quote is what there is.</summary>
public class DocumentTests
{
    private static string Root([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));

    private static string Read(string path) => File.ReadAllText(Path.Combine(Root(), path));

    [Fact]
    public void The_readme_shows_the_samples_declaration()
    {
        string declaration = Read("Samples/Llama/Llama.cs");
        string shown = "```csharp\n" + declaration[declaration.IndexOf("/// <summary>", StringComparison.Ordinal)..] + "```";
        Assert.Contains(shown, Read("README.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_tests_declare_the_samples_llama()
    {
        static string Body(string source) => string.Join('\n', source.Split('\n').Where(line => line.Length > 0
            && !line.StartsWith("using", StringComparison.Ordinal) && !line.StartsWith("namespace", StringComparison.Ordinal)
            && !line.StartsWith("//", StringComparison.Ordinal)));
        Assert.Equal(Body(Read("Samples/Llama/Llama.cs")), Body(Compilations.Llama));
    }

    [Fact]
    public async Task The_readme_shows_a_real_message()
    {
        string swapped = Compilations.Llama.Replace(
            "\"b s d, f d -> b s f\", \"m\", nameof(Up)", "\"b s d, d f -> b s f\", \"m\", nameof(Up)", StringComparison.Ordinal);
        Diagnostic first = (await Compilations.Analyze(swapped))[0];
        string shown = $"error {first.Id}: {first.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}\n";
        Assert.Contains(shown, Read("README.md"), StringComparison.Ordinal);
    }

    /// <summary>The readme's short examples are parts of those that are compiled.</summary>
    [Fact]
    public void The_readme_shows_examples_of_the_language()
    {
        string page = Read("docs/language.md"), readme = Read("README.md");
        foreach (string heading in (string[])["## Layers\n", "## Einsums without a model\n"])
        {
            int start = readme.IndexOf("```csharp\n", readme.IndexOf(heading, StringComparison.Ordinal), StringComparison.Ordinal) + "```csharp\n".Length;
            Assert.Contains(readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)], page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_walk_through_shows_the_generated_kernel()
    {
        string page = Read("docs/generated-code.md");
        string kernels = Read("Tests/Snapshots/SnapshotTests.Llama#Declared.LlamaBlock.Kernels.g.verified.cs");
        int start = page.IndexOf("/// <summary>", StringComparison.Ordinal), end = page.IndexOf("\n```", start, StringComparison.Ordinal);
        string indented = string.Join('\n', page[start..end].Split('\n').Select(line => line.Length == 0 ? line : "        " + line));
        Assert.Contains(indented, kernels, StringComparison.Ordinal);
    }
}
