using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Einsharp.Generator.Diagnostics;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Diagnostics;

/// <summary>
/// Every diagnostic has a page whose examples are real, a row in the index, a row in the analyzer's release notes, and a test of
/// its span and message; and, where its page names a code fix, a test that applies it.
/// </summary>
public partial class PageTests
{
    private const string Introduction = """
        # Diagnostics

        The analyzer checks every model while it is typed. Each diagnostic has a page with an example that it reports (the carets mark the reported characters)
        and one that it accepts; the tests compile both. Where the mistake has one remedy, a code fix writes it.

        **Severity** is set as for any analyzer: `dotnet_diagnostic.EIN0305.severity = none` in `.editorconfig`, `#pragma warning disable EIN0305` around the
        reported characters, or `[SuppressMessage("Einsharp.Parameters", "EIN0305")]` on the member or the class. That hides the message and does not mend the model: one with an
        error still gets members that throw.

        **Code fixes** are in the assembly Einsharp.CodeFixes, which stands beside Einsharp.Generator as an analyzer. They edit inside literals of any kind (verbatim, raw,
        interpolated, concatenated) and in constants; "Fix all" applies those of one ID at once.

        """;

    private static readonly Dictionary<string, string> s_bands = new(StringComparer.Ordinal)
    {
        ["EIN00"] = "declarations and names",
        ["EIN01"] = "the notation of equations",
        ["EIN02"] = "axes and shapes",
        ["EIN03"] = "parameters",
        ["EIN04"] = "what the kernels can compute",
    };

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
    public void The_release_notes_have_a_row(string id)
    {
        DiagnosticDescriptor descriptor = DiagnosticCatalogue.Find(id);
        string releases = File.ReadAllText(Path.Combine(Root(), "Generator", "AnalyzerReleases.Unshipped.md"))
            + File.ReadAllText(Path.Combine(Root(), "Generator", "AnalyzerReleases.Shipped.md"));
        Assert.Contains(
            $"{id} | {descriptor.Category} | {descriptor.DefaultSeverity} | {descriptor.Title},", releases, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_test_holds_its_span_and_its_message(string id) => Assert.Contains(TestsOf("Diagnostics"), name => IsOf(name, id));

    [Theory]
    [MemberData(nameof(Ids))]
    public void The_page_names_a_code_fix_where_a_test_applies_one(string id) => Assert.Equal(
        TestsOf("CodeFixes").Any(name => IsOf(name, id)), Page(id).Contains("\n## Code fix\n", StringComparison.Ordinal));

    // What the catalogue says; EINSHARP_ACCEPT=1 writes it.
    [Fact]
    public void The_index_lists_every_page()
    {
        var index = new StringBuilder(Introduction);
        foreach (IGrouping<string, DiagnosticDescriptor> band in DiagnosticCatalogue.All.GroupBy(static descriptor => descriptor.Id[..5]))
        {
            index.Append(CultureInfo.InvariantCulture, $"\n## {band.Key}xx: {s_bands[band.Key]}\n\n");
            index.Append("| ID | Title | Severity | Code fix |\n|---|---|---|---|\n");
            foreach (DiagnosticDescriptor descriptor in band)
            {
                string severity = descriptor.DefaultSeverity.ToString().ToLowerInvariant();
                string fix = Page(descriptor.Id).Contains("\n## Code fix\n", StringComparison.Ordinal) ? "yes" : "";
                index.Append(CultureInfo.InvariantCulture, $"| [{descriptor.Id}]({descriptor.Id}.md) | {descriptor.Title} | {severity} | {fix} |\n");
            }
        }

        if (Accepts)
            File.WriteAllText(PathOf("README"), index.ToString());
        Assert.Equal(index.ToString(), Page("README"));
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
        if (Accepts)
            File.WriteAllText(PathOf(id), page = MessageLine().Replace(page, "> " + found.Message.Replace("$", "$$", StringComparison.Ordinal), 1));
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

    private static bool Accepts => Environment.GetEnvironmentVariable("EINSHARP_ACCEPT") == "1";

    private static string PathOf(string name) => Path.Combine(Root(), "docs", "diagnostics", name + ".md");

    private static string Page(string name) => File.ReadAllText(PathOf(name));

    // Tests are named after the diagnostic that they are of.
    private static IEnumerable<string> TestsOf(string folder) => typeof(PageTests).Assembly.GetTypes()
        .Where(type => type.Namespace == "Einsharp.Tests." + folder).SelectMany(static type => type.GetMethods())
        .Where(static method => method.IsDefined(typeof(FactAttribute), inherit: true)).Select(static method => method.Name);

    private static bool IsOf(string test, string id) => test.StartsWith(id + "_", StringComparison.Ordinal)
        && !test.EndsWith("_left_alone", StringComparison.Ordinal) && !test.EndsWith("_is_guessed", StringComparison.Ordinal);

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

    [GeneratedRegex("^> .*$", RegexOptions.Multiline)]
    private static partial Regex MessageLine();
}
