using System.Runtime.CompilerServices;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Einsharp.Tests.Planning;

/// <summary>Plans of declarations that are given as text.</summary>
internal static class Declared
{
    /// <summary>The plan of a model; fails where there is none, saying why.</summary>
    public static ModelPlan Plan(CSharpCompilation compilation, string model)
    {
        List<ModelSignature> signatures = [.. Models(compilation).Select(static type => ModelChecker.Sign(Read(type)))];
        ModelSpec spec = Read(compilation.Assembly.GetTypeByMetadataName(model)!);
        CheckResult check = ModelChecker.Check(spec, ModelChecker.Close(spec, signatures));
        Assert.True(check.Model is not null, string.Join("; ", check.Findings.Select(static finding => finding.ToString())));
        PlanResult result = Planner.Plan(check.Model, CancellationToken.None);
        Assert.True(
            result.Plan is not null,
            string.Join("; ", result.Findings.Select(static finding => string.Join(": ", finding.Arguments))));
        return result.Plan;
    }

    /// <summary>The plan of a method of the design's Llama.</summary>
    public static MethodPlan Llama(string model) => Plan(Compilations.Compile(Compilations.Llama), "Declared." + model).Methods[0];

    /// <summary>The plan of the one method of a class body.</summary>
    public static MethodPlan Body(string body)
    {
        string source = "using Einsharp;\n[Model] public sealed partial class Declared\n{\n" + body + "\n}";
        return Plan(Compilations.Compile(source), "Declared").Methods[0];
    }

    public static IEnumerable<INamedTypeSymbol> Models(CSharpCompilation compilation) =>
        compilation.GetSymbolsWithName(static _ => true, SymbolFilter.Type).OfType<INamedTypeSymbol>().Where(ModelReader.IsModel);

    /// <summary>Every model that the tests run, read from their sources: as many kinds of kernels as there are.</summary>
    public static CSharpCompilation TestModels { get; } = Compilations.Compile(
        ["global using System; global using System.Collections.Generic;\n" + Compilations.Llama, .. Sources()]);

    private static IEnumerable<string> Sources([CallerFilePath] string path = "") =>
        Directory.GetFiles(Path.Combine(Path.GetDirectoryName(path)!, "..", "Execution"), "*Models.cs")
            .Append(Path.Combine(Path.GetDirectoryName(path)!, "RegressionModels.cs")).Select(File.ReadAllText);

    private static ModelSpec Read(INamedTypeSymbol type) => ModelReader.Read(type, CancellationToken.None);
}
