using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Einsharp.CodeFixes;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Einsharp.Tests.CodeFixes;

/// <summary>
/// Sources before and after a fix, written as one: <c>[|old|new|]</c> is what stands there before and what after.
/// </summary>
internal static partial class Fixed
{
    private const string Header = "using Einsharp;\n\n";

    /// <summary>
    /// The fix of the source's first diagnostic with this ID has this title and gives exactly the text after, which compiles with the
    /// generated half, and in which the analyzer finds <paramref name="rest"/> and no more.
    /// </summary>
    public static async Task By(string id, string title, string marked, params string[] rest)
    {
        (string before, string after) = Split(marked);
        (Solution solution, ImmutableArray<Diagnostic> diagnostics) = await Open(before);
        CodeAction action = await Offer(solution, diagnostics.First(diagnostic => diagnostic.Id == id));
        Assert.Equal(title, action.Title);
        await Check(solution, action, [after], rest);
    }

    /// <summary>All diagnostics with this ID, mended at once.</summary>
    public static async Task All(string id, string marked, params string[] rest)
    {
        (string before, string after) = Split(marked);
        (Solution solution, ImmutableArray<Diagnostic> diagnostics) = await Open(before);
        ImmutableArray<Diagnostic> same = [.. diagnostics.Where(diagnostic => diagnostic.Id == id)];
        CodeAction one = await Offer(solution, same[0]);
        var provider = new FindingFixes();
        var context = new FixAllContext(
            DocumentOf(solution, same[0]), provider, FixAllScope.Document, one.EquivalenceKey!, [id], new Known(same), default);
        await Check(solution, (await provider.GetFixAllProvider().GetFixAsync(context))!, [after], rest);
    }

    /// <summary>The fix of a diagnostic in one file changes another one.</summary>
    public static async Task Across(string id, string[] marked)
    {
        (string[] before, string[] after) = ([.. marked.Select(file => Split(file).Before)], [.. marked.Select(file => Split(file).After)]);
        (Solution solution, ImmutableArray<Diagnostic> diagnostics) = await Open(before);
        await Check(solution, await Offer(solution, diagnostics.First(diagnostic => diagnostic.Id == id)), after, []);
    }

    /// <summary>The source's diagnostic with this ID has no fix.</summary>
    public static async Task Not(string id, string source)
    {
        (Solution solution, ImmutableArray<Diagnostic> diagnostics) = await Open(Header + source);
        Assert.Empty(await Offers(solution, diagnostics.First(diagnostic => diagnostic.Id == id)));
    }

    private static (string Before, string After) Split(string marked)
    {
        string whole = Header + marked;
        return (Mark().Replace(whole, "$1"), Mark().Replace(whole, "$2"));
    }

    private static async Task Check(Solution solution, CodeAction action, string[] after, string[] rest)
    {
        ImmutableArray<CodeActionOperation> operations = await action.GetOperationsAsync(default);
        Project changed = Assert.Single(Assert.IsType<ApplyChangesOperation>(Assert.Single(operations)).ChangedSolution.Projects);
        string[] texts = await Task.WhenAll(changed.Documents.Select(async document => (await document.GetTextAsync()).ToString()));
        Assert.Equal(after, texts);
        ImmutableArray<Diagnostic> left = await Compilations.Analyze(texts);
        Assert.Equal(rest.Order(StringComparer.Ordinal), left.Select(diagnostic => diagnostic.Id).Order(StringComparer.Ordinal));
        Assert.Empty(Generated.Compiled(texts).GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
    }

    private static async Task<CodeAction> Offer(Solution solution, Diagnostic diagnostic) =>
        Assert.Single(await Offers(solution, diagnostic));

    private static async Task<List<CodeAction>> Offers(Solution solution, Diagnostic diagnostic)
    {
        var offers = new List<CodeAction>();
        var context = new CodeFixContext(DocumentOf(solution, diagnostic), diagnostic, (action, _) => offers.Add(action), default);
        await new FindingFixes().RegisterCodeFixesAsync(context);
        return offers;
    }

    private static Document DocumentOf(Solution solution, Diagnostic diagnostic) =>
        solution.GetDocument(diagnostic.Location.SourceTree)!;

    private static async Task<(Solution Solution, ImmutableArray<Diagnostic> Diagnostics)> Open(params string[] sources)
    {
        Compilation template = Compilations.Compile();
        var id = ProjectId.CreateNewId();
        using var workspace = new AdhocWorkspace();
        Solution solution = workspace.CurrentSolution.AddProject(ProjectInfo.Create(
            id, VersionStamp.Default, "Declared", "Declared", LanguageNames.CSharp, compilationOptions: template.Options,
            parseOptions: Compilations.ParseOptions, metadataReferences: template.References));
        for (int i = 0; i < sources.Length; i++)
        {
            string name = $"Source{i}.cs";
            solution = solution.AddDocument(DocumentId.CreateNewId(id), name, SourceText.From(sources[i]), filePath: name);
        }

        Compilation compilation = (await solution.GetProject(id)!.GetCompilationAsync())!;
        ImmutableArray<Diagnostic> found = await compilation.WithAnalyzers([new ModelAnalyzer(), new EinsumAnalyzer()]).GetAnalyzerDiagnosticsAsync();
        return (solution, [.. found.OrderBy(diagnostic => diagnostic.Location.SourceSpan.Start)]);
    }

    [GeneratedRegex(@"\[\|([^|]*)\|([^|]*)\|\]")]
    private static partial Regex Mark();

    /// <summary>The diagnostics that are there.</summary>
    private sealed class Known(ImmutableArray<Diagnostic> diagnostics) : FixAllContext.DiagnosticProvider
    {
        public override Task<IEnumerable<Diagnostic>> GetAllDiagnosticsAsync(Project project, CancellationToken cancellationToken) =>
            Task.FromResult<IEnumerable<Diagnostic>>(diagnostics);

        public override Task<IEnumerable<Diagnostic>> GetDocumentDiagnosticsAsync(Document document, CancellationToken cancellationToken) =>
            Task.FromResult<IEnumerable<Diagnostic>>(diagnostics);

        public override Task<IEnumerable<Diagnostic>> GetProjectDiagnosticsAsync(Project project, CancellationToken cancellationToken) =>
            Task.FromResult<IEnumerable<Diagnostic>>([]);
    }
}
