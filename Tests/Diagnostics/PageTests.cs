using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Einsharp.Generator.Diagnostics;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Diagnostics;

/// <summary>
/// Every diagnostic has a page whose examples are real, a row in the table of pages and a row in the release notes of the analyzer.
/// </summary>
public partial class PageTests
{
    public static TheoryData<string> Ids => [.. DiagnosticCatalogue.All.Select(static descriptor => descriptor.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void The_page_has_the_title_of_the_descriptor(string id)
    {
        DiagnosticDescriptor descriptor = DiagnosticCatalogue.Find(id);
        Assert.Equal($"# {id}: {descriptor.Title}", Page(id).Split('\n')[0]);
        Assert.EndsWith($"/docs/diagnostics/{id}.md", descriptor.HelpLinkUri, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void The_tables_have_a_row(string id)
    {
        DiagnosticDescriptor descriptor = DiagnosticCatalogue.Find(id);
        Assert.Contains(
            $"| [{id}]({id}.md) | {descriptor.Title} | {descriptor.DefaultSeverity.ToString().ToLowerInvariant()} |\n", Page("README"),
            StringComparison.Ordinal);
        string releases = File.ReadAllText(Path.Combine(Root(), "Generator", "AnalyzerReleases.Unshipped.md"))
            + File.ReadAllText(Path.Combine(Root(), "Generator", "AnalyzerReleases.Shipped.md"));
        Assert.Contains(
            $"{id} | {descriptor.Category} | {descriptor.DefaultSeverity} | {descriptor.Title},", releases, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task The_first_example_is_reported_where_the_carets_are(string id)
    {
        string page = Page(id);
        string[] lines = Example(page, "Reported").Split('\n');
        int carets = Array.FindIndex(lines, static line => CaretLine().IsMatch(line));
        int column = lines[carets].IndexOf('^', StringComparison.Ordinal);
        string expected = lines[carets - 1].Substring(column, lines[carets].Length - column);

        (string Id, string Message, string Text, int Start) found = Assert.Single(await Failing.Diagnose(string.Join('\n', lines)));
        Assert.Equal((id, expected), (found.Id, found.Text));
        Assert.Equal(lines.Take(carets - 1).Sum(static line => line.Length + 1) + column, found.Start);
        Assert.Contains("\n> " + found.Message + "\n", page, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task The_second_example_is_accepted(string id)
    {
        string example = Example(Page(id), "Accepted");
        Assert.Empty(Failing.CompilerErrors(example));
        Assert.Empty(await Failing.Diagnose(example));
    }

    [Fact]
    public void No_page_is_left_over()
    {
        IEnumerable<string> pages = Directory.GetFiles(Path.Combine(Root(), "docs", "diagnostics"), "EIN*.md")
            .Select(static path => Path.GetFileNameWithoutExtension(path));
        Assert.Equal(DiagnosticCatalogue.All.Select(static descriptor => descriptor.Id), pages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Ids_are_unique_and_messages_are_whole()
    {
        Assert.Distinct(DiagnosticCatalogue.All.Select(static descriptor => descriptor.Id));
        Assert.All(DiagnosticCatalogue.All, static descriptor =>
        {
            Assert.Matches("^EIN0[0-4][0-9]{2}$", descriptor.Id);
            Assert.False(descriptor.MessageFormat.ToString().EndsWith('.'));
        });
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(Root(), "docs", "diagnostics", name + ".md"));

    private static string Example(string page, string heading)
    {
        int start = page.IndexOf("## " + heading + "\n\n```csharp\n", StringComparison.Ordinal) + heading.Length
            + "## \n\n```csharp\n".Length;
        return page[start..page.IndexOf("\n```", start, StringComparison.Ordinal)];
    }

    private static string Root([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));

    [GeneratedRegex(@"^\s*//\s*\^+$")]
    private static partial Regex CaretLine();
}
