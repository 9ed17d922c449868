using System.Collections.Immutable;
using System.Composition;
using Einsharp.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.Text;

namespace Einsharp.CodeFixes;

/// <summary>
/// Offers the change that a diagnostic carries in its properties. The checker has found out what is right; here it is written into the
/// source, whatever the literal is that it goes into.
/// </summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(FindingFixes)), Shared]
public sealed class FindingFixes : CodeFixProvider
{
    /// <summary>All of them: whether one has a fix depends on what was found, not on the ID.</summary>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } =
        [.. DiagnosticCatalogue.All.Select(static descriptor => descriptor.Id)];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (ReadFix(diagnostic) is not { } fix || PlaceOf(diagnostic) is not { SourceTree: { } tree } place
                || context.Document.Project.Solution.GetDocument(tree) is not { } document
                || await document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root
                || FixWriter.Write(root, place.SourceSpan, fix, diagnostic.Location) is not { } change)
            {
                continue;
            }

            context.RegisterCodeFix(
                CodeAction.Create(
                    change.Title,
                    cancellation => ApplyAsync(document, change.Changes, cancellation),
                    equivalenceKey: diagnostic.Id + "/" + fix.Kind),
                diagnostic);
        }
    }

    private static Fix? ReadFix(Diagnostic diagnostic) =>
        diagnostic.Properties.TryGetValue(Fix.KindProperty, out string? kind) && Enum.TryParse(kind, out FixKind parsed)
            && diagnostic.Properties.TryGetValue(Fix.TextProperty, out string? text)
            ? new Fix(parsed, text ?? "")
            : null;

    private static Location? PlaceOf(Diagnostic diagnostic)
    {
        if (!diagnostic.Properties.TryGetValue(Fix.PlaceProperty, out string? index))
            return diagnostic.Location;
        return int.TryParse(index, out int place) && place < diagnostic.AdditionalLocations.Count
            ? diagnostic.AdditionalLocations[place]
            : null;
    }

    private static async Task<Document> ApplyAsync(Document document, ImmutableArray<TextChange> changes, CancellationToken cancellation)
    {
        SourceText text = await document.GetTextAsync(cancellation).ConfigureAwait(false);
        return document.WithText(text.WithChanges(changes));
    }
}
