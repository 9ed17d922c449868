using System.Collections.Immutable;
using Einsharp.Generator.Emit;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Einsharp.Generator;

/// <summary>The part of the incremental graph for einsums that stand alone: methods with [Einsum], and calls of Einsum.Of.</summary>
internal static class EinsumSteps
{
    /// <summary>The step that reads methods.</summary>
    public const string ReadStep = "ReadEinsum";

    /// <summary>The step that checks, plans and emits a method.</summary>
    public const string EmitStep = "EmitEinsum";

    /// <summary>The step that reads calls.</summary>
    public const string CallStep = "ReadEinsumCall";

    /// <summary>The step that checks, plans and emits what calls with one equation share.</summary>
    public const string InterceptStep = "EmitEinsumCall";

    public static void Register(IncrementalGeneratorInitializationContext context, IncrementalValueProvider<bool> gpu)
    {
        IncrementalValuesProvider<EinsumMethodSpec> methods = context.SyntaxProvider
            .CreateSyntaxProvider(
                static (node, _) => node is MethodDeclarationSyntax { AttributeLists.Count: > 0 },
                static (method, cancellation) =>
                    EinsumMethodReader.Read((MethodDeclarationSyntax)method.Node, method.SemanticModel, cancellation))
            .Where(static method => method is not null)
            .Select(static (method, _) => method!)
            .WithTrackingName(ReadStep);
        context.RegisterSourceOutput(
            methods.Combine(gpu).Select(static (pair, _) => Generate(pair.Left, pair.Right)).WithTrackingName(EmitStep),
            static (output, file) =>
            {
                if (file is not null)
                    output.AddSource(file.HintName, file.Text);
            });

        IncrementalValuesProvider<EinsumCallSite> sites = context.SyntaxProvider
            .CreateSyntaxProvider(
                static (node, _) => EinsumCallReader.MayBe(node),
                static (call, cancellation) =>
                    EinsumCallReader.ReadSite(call.SemanticModel, (InvocationExpressionSyntax)call.Node, cancellation))
            .Where(static site => site is not null)
            .Select(static (site, _) => site!)
            .WithTrackingName(CallStep);
        IncrementalValueProvider<bool> allowed = context.ParseOptionsProvider
            .Select(static (options, _) => EinsumCallReader.AreAllowed(options));

        // A call's place changes with every edit of its file; what the call computes does not, and is not made anew.
        IncrementalValueProvider<EquatableArray<Interceptor>> interceptors = sites
            .Select(static (site, _) => site.Call)
            .Collect()
            .SelectMany(static (calls, _) => calls.Distinct())
            .Combine(gpu)
            .Select(static (pair, _) => Intercept(pair.Left, pair.Right))
            .WithTrackingName(InterceptStep)
            .Collect()
            .Select(static (all, _) => all.Where(static one => one is not null).Select(static one => one!).ToEquatable());
        context.RegisterSourceOutput(interceptors.Combine(sites.Collect()).Combine(allowed.Combine(gpu)), static (output, found) =>
        {
            ((EquatableArray<Interceptor> interceptors, ImmutableArray<EinsumCallSite> sites), (bool allowed, bool gpu)) = found;
            if (allowed && interceptors.Count > 0)
                output.AddSource(InterceptorEmitter.HintName, InterceptorEmitter.Emit(interceptors, sites, gpu));
        });
    }

    private static SourceFile? Generate(EinsumMethodSpec method, bool gpu)
    {
        CheckedEinsum? einsum = EinsumChecker.Check(method).Einsum;
        return einsum is null ? EinsumEmitter.EmitThrowing(method) : EinsumEmitter.Emit(method, EinsumPlanner.Plan(einsum), gpu);
    }

    private static Interceptor? Intercept(EinsumCallSpec call, bool gpu)
    {
        CheckedEinsum? einsum = EinsumChecker.Check(call, "").Einsum;
        return einsum is null ? null : InterceptorEmitter.EmitOne(call, EinsumPlanner.Plan(einsum), gpu);
    }
}
