using System.Collections.Immutable;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Einsharp.Tests;

/// <summary>Runs of the generator on declarations given as text.</summary>
internal static class Generated
{
    /// <summary>A driver that remembers what each step did.</summary>
    public static GeneratorDriver Driver() => CSharpGeneratorDriver.Create(
        [new ModelGenerator().AsSourceGenerator()],
        parseOptions: Compilations.ParseOptions,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>The generated files, in the order of their hint names.</summary>
    public static ImmutableArray<GeneratedSourceResult> Files(params string[] sources) => Files(Compilations.Compile(sources));

    /// <inheritdoc cref="Files(string[])"/>
    public static ImmutableArray<GeneratedSourceResult> Files(CSharpCompilation compilation) =>
        [.. Driver().RunGenerators(compilation).GetRunResult().Results.Single().GeneratedSources
            .OrderBy(file => file.HintName, StringComparer.Ordinal)];

    /// <summary>The compilation with what was generated, at the strictest warning level.</summary>
    public static Compilation Compiled(params string[] sources) => Compiled(Compilations.Compile(sources));

    /// <inheritdoc cref="Compiled(string[])"/>
    public static Compilation Compiled(CSharpCompilation compilation)
    {
        compilation = compilation.WithOptions(compilation.Options.WithWarningLevel(9999).WithXmlReferenceResolver(null));
        Driver().RunGeneratorsAndUpdateCompilation(compilation, out Compilation updated, out ImmutableArray<Diagnostic> diagnostics);
        Assert.Empty(diagnostics);
        return updated;
    }
}
