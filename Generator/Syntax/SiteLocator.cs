using Einsharp.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Einsharp.Generator.Syntax;

/// <summary>Finds the characters in the source that a <see cref="Site"/> names: where it can, those inside a string literal.</summary>
internal static class SiteLocator
{
    public static ConstantPlace Locate(Compilation compilation, INamedTypeSymbol type, Site site, CancellationToken cancellation) =>
        LocateOn(compilation, Find(type, site.Member) ?? type, site, cancellation);

    /// <summary>The place of a site whose member is known already.</summary>
    public static ConstantPlace LocateOn(Compilation compilation, ISymbol symbol, Site site, CancellationToken cancellation)
    {
        if (site.Attribute < 0)
            return Whole(symbol.Locations[0]);
        AttributeSyntax? attribute = AttributeReader.ListsOf(symbol, cancellation)
            .SelectMany(static list => list.Attributes).ElementAtOrDefault(site.Attribute);
        if (attribute is null)
            return Whole(symbol.Locations[0]);
        return site.Argument < 0 || attribute.ArgumentList is not { } list || site.Argument >= list.Arguments.Count
            ? Whole(attribute.GetLocation())
            : ConstantLocator.Locate(compilation, list.Arguments[site.Argument].Expression, site.Start, site.Length, cancellation);
    }

    private static ConstantPlace Whole(Location location) => new(location, location, null);

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
