using Einsharp.Generator.Emit;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Einsharp.Generator;

/// <summary>
/// The incremental graph: read every model, sign it, give each the signatures of the models that it runs, then plan and emit. Only records
/// of strings and numbers pass from step to step, so an edit re-runs what it changes and no more. Diagnostics are the analyzer's.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class ModelGenerator : IIncrementalGenerator
{
    /// <summary>The step that reads declarations.</summary>
    public const string ReadStep = "Read";

    /// <summary>The step that signs models.</summary>
    public const string SignStep = "Sign";

    /// <summary>The step that joins a model with the signatures of its submodels.</summary>
    public const string JoinStep = "Join";

    /// <summary>The step that looks for the backend for GPUs.</summary>
    public const string BackendStep = "Backend";

    /// <summary>The step that checks, plans and emits.</summary>
    public const string EmitStep = "Emit";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        // Not ForAttributeWithMetadataName, which binds the attributes of every model after every keystroke.
        IncrementalValuesProvider<ModelSpec> specs = context.SyntaxProvider
            .CreateSyntaxProvider(
                static (node, _) => node is TypeDeclarationSyntax { AttributeLists.Count: > 0 },
                static (node, cancellation) => DeclarationCache<ModelSpec>.Read(
                    (TypeDeclarationSyntax)node.Node, node.SemanticModel,
                    (type, declaration) => ModelReader.IsMarked(type, declaration, cancellation) ? ModelReader.Read(type, cancellation) : null,
                    cancellation))
            .Where(static spec => spec is not null)
            .Select(static (spec, _) => spec!)
            .WithTrackingName(ReadStep);

        IncrementalValueProvider<EquatableArray<ModelSignature>> signatures = specs
            .Select(static (spec, _) => ModelChecker.Sign(spec))
            .WithTrackingName(SignStep)
            .Collect()
            .Select(static (all, _) => all.OrderBy(signature => signature.FullName, StringComparer.Ordinal).ToEquatable());

        IncrementalValuesProvider<JoinedModel> joined = specs
            .Combine(signatures)
            .Select(static (pair, _) => new JoinedModel(pair.Left, ModelChecker.Close(pair.Left, pair.Right)))
            .WithTrackingName(JoinStep);

        IncrementalValueProvider<bool> gpu = context.CompilationProvider
            .Select(static (compilation, _) => BackendReader.HasIlgpu(compilation))
            .WithTrackingName(BackendStep);

        IncrementalValuesProvider<EquatableArray<SourceFile>> files = joined
            .Combine(gpu)
            .Select(static (pair, cancellation) => Generate(pair.Left, pair.Right, cancellation))
            .WithTrackingName(EmitStep);

        context.RegisterSourceOutput(gpu, static (output, gpu) =>
        {
            if (gpu)
                output.AddSource("Einsharp.Gpu.g.cs", Emit.Ilgpu.GpuKernelsEmitter.Access);
        });

        context.RegisterSourceOutput(files, static (output, files) =>
        {
            foreach (SourceFile file in files)
                output.AddSource(file.HintName, file.Text);
        });

        EinsumSteps.Register(context, gpu);
    }

    /// <summary>
    /// The files of one model; bodies that throw where the declaration has an error, so that the analyzer's is the only one shown.
    /// </summary>
    private static EquatableArray<SourceFile> Generate(JoinedModel model, bool gpu, CancellationToken cancellation)
    {
        CheckResult check = ModelChecker.Check(model.Spec, model.Submodels);
        ModelPlan? plan = check.Model is null ? null : Planner.Plan(check.Model, cancellation).Plan;
        cancellation.ThrowIfCancellationRequested();
        return plan is null ? ThrowingEmitter.Emit(model.Spec, model.Submodels, gpu) : ModelEmitter.Emit(plan, gpu);
    }
}

/// <summary>A model and the signatures of the models that it runs: all that its code depends on.</summary>
internal sealed record JoinedModel(ModelSpec Spec, EquatableArray<ModelSignature> Submodels);
