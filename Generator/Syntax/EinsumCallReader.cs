using Einsharp.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Einsharp.Generator.Syntax;

/// <summary>A call of <c>Einsum.Of</c> and the expressions that its findings are shown at.</summary>
internal sealed record EinsumCallSyntax(EinsumCallSpec Spec, ExpressionSyntax Equation, IReadOnlyList<ExpressionSyntax> Operands);

/// <summary>Reads calls of <c>Einsum.Of</c>.</summary>
internal static class EinsumCallReader
{
    /// <summary>The namespace of the interceptors, which a project has to allow.</summary>
    public const string Namespace = "Einsharp.Generated";

    /// <summary>A cheap look at the syntax: whether this may be a call of <c>Einsum.Of</c>.</summary>
    public static bool MayBe(SyntaxNode node) => node is InvocationExpressionSyntax
    {
        Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Of" } or IdentifierNameSyntax { Identifier.ValueText: "Of" },
    };

    /// <summary>Whether a project lets the generator intercept: MSBuild's <c>InterceptorsNamespaces</c> says so to the parser.</summary>
    public static bool AreAllowed(ParseOptions options) => options.Features.TryGetValue("InterceptorsNamespaces", out string? listed)
        && listed.Split(';').Any(static space => (Namespace + ".").StartsWith(space.Trim() + ".", StringComparison.Ordinal));

    /// <summary>Whether a method is <c>Einsum.Of</c>.</summary>
    public static bool IsOf(IMethodSymbol? method) =>
        method is { Name: "Of", ContainingType: { Name: "Einsum" } type } && AttributeReader.IsOurs(type);

    /// <summary>The call that an interceptor is to take; null for other calls.</summary>
    public static EinsumCallSite? ReadSite(SemanticModel model, InvocationExpressionSyntax syntax, CancellationToken cancellation)
    {
        if (model.GetOperation(syntax, cancellation) is not IInvocationOperation operation || Read(operation) is not { } call
            || model.GetInterceptableLocation(syntax, cancellation) is not { } location)
            return null;
        FileLinePositionSpan place = syntax.SyntaxTree.GetLineSpan(syntax.Span, cancellation);
        string file = place.Path.Substring(place.Path.LastIndexOfAny(['/', '\\']) + 1);
        return new EinsumCallSite(
            call.Spec, location.Version, location.Data, FormattableString.Invariant($"{file}({place.StartLinePosition.Line + 1})"));
    }

    /// <summary>The call as written; null where it is another method's, or where the compiler itself refuses it.</summary>
    public static EinsumCallSyntax? Read(IInvocationOperation operation)
    {
        if (!IsOf(operation.TargetMethod))
            return null;
        ExpressionSyntax? equation = null;
        string? text = null, element = null;
        bool hasDevice = false;
        var operands = new List<ExpressionSyntax>();
        bool areKnown = false;
        foreach (IArgumentOperation argument in operation.Arguments)
        {
            switch (argument.Parameter)
            {
                case { Name: "equation" }:
                    equation = (argument.Syntax as ArgumentSyntax)?.Expression ?? argument.Value.Syntax as ExpressionSyntax;
                    text = argument.Value.ConstantValue is { HasValue: true, Value: string constant } ? constant : null;
                    break;
                case { Name: "device" }:
                    hasDevice = true;
                    break;
                case { Type: INamedTypeSymbol { TypeArguments.Length: 1 } span }:
                    element = EinsumMethodReader.ReadType(span.TypeArguments[0], RefKind.None).Element;
                    if (argument.ArgumentKind is not (ArgumentKind.ParamArray or ArgumentKind.ParamCollection))
                        break;
                    areKnown = true;
                    operands.AddRange(ElementsOf(argument.Value));
                    break;
            }
        }

        if (equation is null || element is null)
            return null;
        return new EinsumCallSyntax(
            new EinsumCallSpec(text, areKnown ? NamesOf(operands) : null, element, hasDevice), equation, operands);
    }

    private static IEnumerable<ExpressionSyntax> ElementsOf(IOperation collection) => (collection switch
    {
        ICollectionExpressionOperation list => list.Elements,
        IArrayCreationOperation { Initializer: { } initializer } => initializer.ElementValues,
        IConversionOperation { Operand: ICollectionExpressionOperation list } => list.Elements,
        _ => [],
    }).Select(static element => element.Syntax).OfType<ExpressionSyntax>();

    // A name as the caller wrote it, so that the interceptor reads like the call; a number where there is none, or where it is taken.
    private static EquatableArray<string> NamesOf(List<ExpressionSyntax> operands)
    {
        var names = new List<string>();
        for (int i = 0; i < operands.Count; i++)
        {
            string? name = operands[i] switch
            {
                IdentifierNameSyntax identifier => identifier.Identifier.ValueText,
                MemberAccessExpressionSyntax { Name: IdentifierNameSyntax member } => member.Identifier.ValueText,
                _ => null,
            };
            name = name is null ? null : Casing.Camel(name.TrimStart('_'));
            names.Add(string.IsNullOrEmpty(name) || name is "equation" or "operands" or "device" || !SyntaxFacts.IsValidIdentifier(name)
                || names.Contains(name!) ? FormattableString.Invariant($"operand{i + 1}") : name!);
        }

        return names.ToEquatable();
    }
}
