using System.Collections.Immutable;
using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Einsharp.Generator;

/// <summary>
/// Reports what is wrong with einsums that stand alone, methods and calls, while their author types. It shares Read and Check with the
/// generator, which never reports.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class EinsumAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => DiagnosticCatalogue.All;

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(AnalyzeMethod, SymbolKind.Method);
        context.RegisterOperationAction(AnalyzeCall, OperationKind.Invocation);
        context.RegisterOperationAction(AnalyzeReference, OperationKind.MethodReference);
    }

    private static void AnalyzeMethod(SymbolAnalysisContext context)
    {
        var method = (IMethodSymbol)context.Symbol;
        if (EinsumMethodReader.Read(method, context.CancellationToken) is not { } spec)
            return;
        foreach (Finding finding in EinsumChecker.Check(spec).Findings)
        {
            context.ReportDiagnostic(FindingReporter.ToDiagnostic(
                finding, site => SiteLocator.LocateOn(context.Compilation, SymbolOf(method, site), site, context.CancellationToken)));
        }
    }

    private static ISymbol SymbolOf(IMethodSymbol method, Site site) =>
        method.Parameters.FirstOrDefault(parameter => site.Member == method.Name + "(" + parameter.Name + ")") ?? (ISymbol)method;

    private static void AnalyzeCall(OperationAnalysisContext context)
    {
        if (EinsumCallReader.Read((IInvocationOperation)context.Operation) is not { } call)
            return;
        EquatableArray<Finding> findings = EinsumChecker.Check(call.Spec, call.Equation.ToString()).Findings;
        foreach (Finding finding in findings)
        {
            context.ReportDiagnostic(FindingReporter.ToDiagnostic(finding, site =>
            {
                ExpressionSyntax at = site.Argument > 0 ? call.Operands[site.Argument - 1] : call.Equation;
                return ConstantLocator.Locate(context.Compilation, at, site.Start, site.Length, context.CancellationToken);
            }));
        }

        if (findings.Count == 0 && !EinsumCallReader.AreAllowed(context.Operation.Syntax.SyntaxTree.Options))
            context.ReportDiagnostic(Diagnostic.Create(DiagnosticCatalogue.InterceptorsOff, NameOf(context.Operation.Syntax)));
    }

    private static void AnalyzeReference(OperationAnalysisContext context)
    {
        if (EinsumCallReader.IsOf(((IMethodReferenceOperation)context.Operation).Method))
            context.ReportDiagnostic(Diagnostic.Create(DiagnosticCatalogue.OfAsValue, context.Operation.Syntax.GetLocation()));
    }

    private static Location NameOf(SyntaxNode call) =>
        call is InvocationExpressionSyntax invocation ? invocation.Expression.GetLocation() : call.GetLocation();
}
