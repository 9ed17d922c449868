using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Diagnostics;

/// <summary>Sources with one mistake, marked by [| and |].</summary>
internal static class Failing
{
    private const string Header = "using Einsharp;\n\n";

    /// <summary>The source has exactly one diagnostic, on the marked characters, with this message.</summary>
    public static async Task Reports(string id, string message, string marked)
    {
        int start = marked.IndexOf("[|", StringComparison.Ordinal), end = marked.IndexOf("|]", StringComparison.Ordinal) - 2;
        string source = marked.Remove(end + 2, 2).Remove(start, 2);
        (string Id, string Message, string Text, int Start) found = Assert.Single(await Diagnose(source));
        Assert.Equal((id, message), (found.Id, found.Message));
        Assert.Equal((source[start..end], start), (found.Text, found.Start));
    }

    /// <summary>What the analyzer says of a source: ID, message and the characters it points at.</summary>
    public static async Task<List<(string Id, string Message, string Text, int Start)>> Diagnose(string source)
    {
        string whole = Header + source;
        return [.. (await Compilations.Analyze(whole)).Select(diagnostic => (
            diagnostic.Id, diagnostic.GetMessage(CultureInfo.InvariantCulture),
            whole.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length),
            diagnostic.Location.SourceSpan.Start - Header.Length))];
    }

    /// <summary>The compiler's own errors, but for the bodies that the generator writes.</summary>
    public static IEnumerable<string> CompilerErrors(string source) => Compilations.Compile(Header + source).GetDiagnostics()
        .Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && diagnostic.Id is not ("CS9248" or "CS8795"))
        .Select(static diagnostic => diagnostic.ToString());
}
