using System.Collections.Immutable;
using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Einsharp.Generator;

/// <summary>
/// Reports what is wrong with a model while its author types. It shares Read, Check and Plan with the generator, which never reports.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ModelAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => DiagnosticCatalogue.All;

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(Analyze, SymbolKind.NamedType);
    }

    private static void Analyze(SymbolAnalysisContext context)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        if (!ModelReader.IsModel(type))
            return;
        ModelSpec spec = ModelReader.Read(type, context.CancellationToken);
        CheckResult result = ModelChecker.Check(spec, Submodels(spec, context.Compilation.Assembly, context.CancellationToken));
        EquatableArray<Finding> findings = result.Model is { } model
            ? Findings(Planner.Plan(model, context.CancellationToken), spec, context.Compilation)
            : result.Findings;
        foreach (Finding finding in findings.Concat(result.Notes))
            context.ReportDiagnostic(FindingReporter.ToDiagnostic(finding, context.Compilation, type, context.CancellationToken));
    }

    private static EquatableArray<Finding> Findings(PlanResult result, ModelSpec spec, Compilation compilation)
    {
        if (result.Plan is not { } plan || BackendReader.Ilgpu(compilation) is not { } marker)
            return result.Findings;
        return marker == Emit.Ilgpu.GpuNames.Marker
            ? Emit.Ilgpu.GpuRefusals.Find(plan)
            : [new Finding("EIN0403", new Site(""), [Emit.Ilgpu.GpuNames.Marker, marker])];
    }

    // The generator knows every model's signature; here only those that this model holds are read.
    private static EquatableArray<ModelSignature> Submodels(ModelSpec spec, IAssemblySymbol assembly, CancellationToken cancellation)
    {
        var signatures = new Dictionary<string, ModelSignature>(StringComparer.Ordinal);
        var pending = new Stack<string>(spec.Layers.Select(static layers => layers.Model));
        while (pending.Count > 0)
        {
            string name = pending.Pop();
            if (name.Length == 0 || signatures.ContainsKey(name) || assembly.GetTypeByMetadataName(name) is not { } type
                || !ModelReader.IsModel(type))
                continue;
            ModelSignature signature = ModelChecker.Sign(ModelReader.Read(type, cancellation));
            signatures.Add(name, signature);
            foreach (string submodel in signature.Submodels)
                pending.Push(submodel);
        }

        return ModelChecker.Close(spec, signatures.Values.ToList());
    }
}
