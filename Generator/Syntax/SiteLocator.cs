using Einsharp.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Einsharp.Generator.Syntax;

/// <summary>Finds the characters in the source that a <see cref="Site"/> names: where it can, those inside a string literal.</summary>
internal static class SiteLocator
{
    public static Location Locate(INamedTypeSymbol type, Site site, CancellationToken cancellation)
    {
        ISymbol? symbol = Find(type, site.Member);
        return symbol is null ? type.Locations[0] : Locate(symbol, site, cancellation);
    }

    /// <summary>The place of a site whose member is known already.</summary>
    public static Location Locate(ISymbol symbol, Site site, CancellationToken cancellation)
    {
        if (site.Attribute < 0)
            return symbol.Locations[0];
        AttributeSyntax? attribute = AttributeReader.ListsOf(symbol, cancellation)
            .SelectMany(static list => list.Attributes).ElementAtOrDefault(site.Attribute);
        if (attribute is null)
            return symbol.Locations[0];
        if (site.Argument < 0 || attribute.ArgumentList is not { } list || site.Argument >= list.Arguments.Count)
            return attribute.GetLocation();
        return LocateText(list.Arguments[site.Argument].Expression, site.Start, site.Length);
    }

    /// <summary>Characters of a constant's text in the expression that gives it; the expression where they cannot be told.</summary>
    public static Location LocateText(ExpressionSyntax expression, int start, int length) =>
        length > 0 && expression is LiteralExpressionSyntax literal && LiteralMap.Range(literal.Token, start, length) is { } range
            ? Location.Create(expression.SyntaxTree, range)
            : expression.GetLocation();

    private static ISymbol? Find(INamedTypeSymbol type, string member)
    {
        if (member.Length == 0)
            return type;
        int parenthesis = member.IndexOf('(');
        string name = parenthesis < 0 ? member : member.Substring(0, parenthesis);
        foreach (ISymbol symbol in type.GetMembers(name))
        {
            if (parenthesis < 0 && (symbol is IPropertySymbol || symbol is IMethodSymbol method && HasEquations(method)))
                return symbol;
            if (parenthesis >= 0 && symbol is IMethodSymbol owner && HasEquations(owner)
                && owner.Parameters.FirstOrDefault(parameter => name.Length + parameter.Name.Length + 2 == member.Length
                    && string.CompareOrdinal(member, parenthesis + 1, parameter.Name, 0, parameter.Name.Length) == 0) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static bool HasEquations(IMethodSymbol method) =>
        method.GetAttributes().Any(static attribute => AttributeReader.IsOurs(attribute.AttributeClass));
}
