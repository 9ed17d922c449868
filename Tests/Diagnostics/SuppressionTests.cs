using System.Collections.Immutable;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Einsharp.Tests.Diagnostics;

/// <summary>Diagnostics, errors among them, are silenced as those of any analyzer are; what is silenced still throws when it is called.</summary>
public class SuppressionTests
{
    private const string Equation = "[Einsum(\"b d, q d -> b f\", nameof(x), nameof(Weight))]";

    private const string Justified = "[System.Diagnostics.CodeAnalysis.SuppressMessage(\"Einsharp.Axes\", \"EIN0203\")]";

    private const string Declared =
        $$"""
        using Einsharp;

        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            {{Equation}}
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """;

    [Fact]
    public async Task Unsuppressed_it_is_an_error()
    {
        Diagnostic found = Assert.Single(await Effective(Declared));
        Assert.Equal(("EIN0203", DiagnosticSeverity.Error, false), (found.Id, found.Severity, found.IsSuppressed));
    }

    [Theory]
    [InlineData("#pragma warning disable EIN0203\n{0}\n#pragma warning restore EIN0203")]
    [InlineData("#pragma warning disable\n{0}")]
    [InlineData("#pragma warning disable CS0168, EIN0203 // not yet\n{0}")]
    public async Task By_pragma(string lines) => Assert.Empty(
        await Effective(Declared.Replace(Equation, lines.Replace("{0}", Equation, StringComparison.Ordinal), StringComparison.Ordinal)));

    [Theory]
    [InlineData("#pragma warning disable EIN0204\n{0}")]
    [InlineData("#pragma warning disable EIN0203\n#pragma warning restore EIN0203\n{0}")]
    public async Task A_pragma_of_something_else_does_not(string lines) => Assert.Single(
        await Effective(Declared.Replace(Equation, lines.Replace("{0}", Equation, StringComparison.Ordinal), StringComparison.Ordinal)));

    [Fact]
    public async Task By_pragma_where_a_constant_is_shown()
    {
        const string Constant = "private const string Linear = \"b d, q d -> b f\";";
        string source = Declared.Replace("\"b d, q d -> b f\"", "Linear", StringComparison.Ordinal);
        string loud = source.Replace("    [Param", "    " + Constant + "\n    [Param", StringComparison.Ordinal);
        Assert.Single(await Effective(loud));
        Assert.Empty(await Effective(loud.Replace(Constant, "\n#pragma warning disable EIN0203\n" + Constant, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("[Model]")]
    [InlineData(Equation)]
    public async Task By_attribute_on_the_class_or_the_method(string before) =>
        Assert.Empty(await Effective(Declared.Replace(before, Justified + "\n" + before, StringComparison.Ordinal)));

    [Fact]
    public async Task By_attribute_of_the_assembly() => Assert.Empty(await Effective(Declared.Replace(
        "[Model]",
        "[assembly: System.Diagnostics.CodeAnalysis.SuppressMessage(\"Einsharp.Axes\", \"EIN0203\", Scope = \"type\", Target = \"~T:Layer\")]"
        + "\n[Model]", StringComparison.Ordinal)));

    [Theory]
    [InlineData(ReportDiagnostic.Suppress)]
    [InlineData(ReportDiagnostic.Warn)]
    [InlineData(ReportDiagnostic.Hidden)]
    public async Task By_editorconfig(ReportDiagnostic severity)
    {
        ImmutableArray<Diagnostic> found = await Effective(Declared, new Severities("EIN0203", severity));
        Assert.Equal(
            severity switch
            {
                ReportDiagnostic.Warn => [DiagnosticSeverity.Warning],
                ReportDiagnostic.Hidden => [DiagnosticSeverity.Hidden],
                _ => Array.Empty<DiagnosticSeverity>(),
            },
            found.Select(diagnostic => diagnostic.Severity));
    }

    [Fact]
    public void No_descriptor_refuses_to_be_configured() => Assert.All(
        Generator.Diagnostics.DiagnosticCatalogue.All,
        descriptor => Assert.DoesNotContain(WellKnownDiagnosticTags.NotConfigurable, descriptor.CustomTags));

    [Fact]
    public void What_is_silenced_compiles_and_throws()
    {
        string source = Declared.Replace(Equation, "#pragma warning disable EIN0203\n" + Equation, StringComparison.Ordinal);
        Assert.Empty(Generated.Compiled(source).GetDiagnostics().Where(found => found.Severity == DiagnosticSeverity.Error));
        Assert.Contains(
            Generated.Files(source), file => file.SourceText.ToString().Contains("has errors: see its diagnostics", StringComparison.Ordinal));
    }

    [Fact]
    public void A_wrong_model_that_takes_ids_and_a_cache_has_all_that_its_users_name()
    {
        string source = Compilations.Llama.Replace("\"b s, v d -> b s d\"", "\"b s, d v -> b s d\"", StringComparison.Ordinal)
            + "\npublic static class User { public static KvCache Use(Llama model) => model.CreateCache(batch: 1, capacity: 8); }";
        Assert.Empty(Generated.Compiled(source).GetDiagnostics().Where(found => found.Severity == DiagnosticSeverity.Error));
    }

    // What a build shows: pragmas, attributes and configuration applied.
    private static async Task<ImmutableArray<Diagnostic>> Effective(string source, SyntaxTreeOptionsProvider? options = null)
    {
        CSharpCompilation compilation = Compilations.Compile(source);
        compilation = compilation.WithOptions(compilation.Options.WithSyntaxTreeOptionsProvider(options));
        return await compilation.WithAnalyzers([new ModelAnalyzer()]).GetAnalyzerDiagnosticsAsync();
    }

    /// <summary>What <c>dotnet_diagnostic.ID.severity</c> in an .editorconfig comes to.</summary>
    private sealed class Severities(string id, ReportDiagnostic severity) : SyntaxTreeOptionsProvider
    {
        public override GeneratedKind IsGenerated(SyntaxTree tree, CancellationToken cancellationToken) => GeneratedKind.NotGenerated;

        public override bool TryGetDiagnosticValue(
            SyntaxTree tree, string diagnosticId, CancellationToken cancellationToken, out ReportDiagnostic found)
        {
            found = severity;
            return diagnosticId == id;
        }

        public override bool TryGetGlobalDiagnosticValue(
            string diagnosticId, CancellationToken cancellationToken, out ReportDiagnostic found)
        {
            found = default;
            return false;
        }
    }
}
