using System.Globalization;
using Einsharp.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Einsharp.Generator.Syntax;

/// <summary>
/// Reads Einsharp's attributes of a member from its defining part, in source order. Values come from the symbol, so that constants and
/// <c>nameof</c> are already folded; order, brackets and argument positions come from the syntax, which alone has them.
/// </summary>
internal static class AttributeReader
{
    /// <summary>Marks an attribute that the compiler itself refuses: there is nothing to check until that is fixed.</summary>
    private const string UnreadableMark = "!";

    public static EquatableArray<AttributeSpec> Read(ISymbol symbol, CancellationToken cancellation) =>
        Read(symbol, symbol is INamedTypeSymbol ? "" : symbol.Name, cancellation);

    public static EquatableArray<AttributeSpec> Read(ISymbol symbol, string member, CancellationToken cancellation) =>
        ReadLists(symbol, member, cancellation).SelectMany(static list => list).ToEquatable();

    /// <summary>The equations of a method, one for each attribute list that has any of our attributes.</summary>
    public static EquatableArray<BracketSpec> ReadBrackets(IMethodSymbol method, CancellationToken cancellation) =>
        ReadLists(method, method.Name, cancellation).Select(static list => new BracketSpec(list.ToEquatable())).ToEquatable();

    /// <summary>The attribute lists in the source of a symbol's defining part, or of each part of a type.</summary>
    public static IEnumerable<AttributeListSyntax> ListsOf(ISymbol symbol, CancellationToken cancellation) =>
        symbol.DeclaringSyntaxReferences.SelectMany(reference => reference.GetSyntax(cancellation) switch
        {
            MemberDeclarationSyntax member => member.AttributeLists,
            ParameterSyntax parameter => parameter.AttributeLists,
            _ => default(IEnumerable<AttributeListSyntax>) ?? [],
        });

    public static bool IsOurs(INamedTypeSymbol? type) =>
        type?.ContainingNamespace is { Name: "Einsharp", ContainingNamespace.IsGlobalNamespace: true };

    public static AttributeSpec Unreadable(AttributeSpec attribute) =>
        IsUnreadable(attribute) ? attribute : attribute with { Kind = UnreadableMark + attribute.Kind };

    public static bool IsUnreadable(AttributeSpec attribute) => attribute.Kind.StartsWith(UnreadableMark, StringComparison.Ordinal);

    /// <summary>The attribute's class, readable or not.</summary>
    public static string DeclaredKind(AttributeSpec attribute) => attribute.Kind.TrimStart('!');

    private static IEnumerable<List<AttributeSpec>> ReadLists(ISymbol symbol, string member, CancellationToken cancellation)
    {
        var data = new Dictionary<AttributeSyntax, AttributeData>();
        foreach (AttributeData attribute in symbol.GetAttributes())
        {
            if (IsOurs(attribute.AttributeClass) && attribute.ApplicationSyntaxReference?.GetSyntax(cancellation) is AttributeSyntax syntax)
                data[syntax] = attribute;
        }

        int index = 0;
        foreach (AttributeListSyntax list in ListsOf(symbol, cancellation))
        {
            var ours = new List<AttributeSpec>();
            foreach (AttributeSyntax syntax in list.Attributes)
            {
                if (data.TryGetValue(syntax, out AttributeData? attribute))
                    ours.Add(ReadAttribute(member, index, syntax, attribute));
                index++;
            }

            if (ours.Count > 0)
                yield return ours;
        }
    }

    private static AttributeSpec ReadAttribute(string member, int index, AttributeSyntax syntax, AttributeData data)
    {
        string kind = data.AttributeClass!.Name;
        if (kind.EndsWith("Attribute", StringComparison.Ordinal))
            kind = kind.Substring(0, kind.Length - "Attribute".Length);
        return ReadArguments(syntax, data) is { } arguments
            ? new AttributeSpec(member, index, kind, arguments)
            : new AttributeSpec(member, index, UnreadableMark + kind, []);
    }

    // Positional arguments in the constructor's order (params flattened), then named ones; null where a value is not a constant.
    private static EquatableArray<ArgumentSpec>? ReadArguments(AttributeSyntax syntax, AttributeData data)
    {
        if (data.AttributeConstructor is not { } constructor)
            return null;
        SeparatedSyntaxList<AttributeArgumentSyntax> written = syntax.ArgumentList?.Arguments ?? default;
        var arguments = new List<ArgumentSpec>();
        for (int i = 0; i < constructor.Parameters.Length; i++)
        {
            int at = Find(written, i, constructor.Parameters[i].Name);
            TypedConstant value = data.ConstructorArguments[i];
            if (value.Kind == TypedConstantKind.Array)
            {
                if (value.IsNull)
                    return null;

                // Elements written one by one have places of their own; those of one array share its place.
                bool expanded = at >= 0 && written[at].NameColon is null && (value.Values.Length != 1 || !IsArray(written[at].Expression))
                    && !(value.Values.Length > 0 && IsArray(written[at].Expression));
                for (int j = 0; j < value.Values.Length; j++)
                {
                    if (Text(value.Values[j]) is not { } item)
                        return null;
                    arguments.Add(Argument(written, expanded ? at + j : at, "", item));
                }
            }
            else if (value.Kind == TypedConstantKind.Error || (value.IsNull && !constructor.Parameters[i].HasExplicitDefaultValue))
            {
                return null;
            }
            else if (at >= 0 && Text(value) is { } text)
            {
                arguments.Add(Argument(written, at, "", text));
            }
        }

        foreach (KeyValuePair<string, TypedConstant> named in data.NamedArguments)
        {
            if (named.Value.Kind is TypedConstantKind.Error or TypedConstantKind.Array)
                return null;
            if (Text(named.Value) is { } text)
                arguments.Add(Argument(written, Find(written, named.Key), named.Key, text));
        }

        return arguments.ToEquatable();
    }

    private static ArgumentSpec Argument(SeparatedSyntaxList<AttributeArgumentSyntax> written, int index, string name, string value) =>
        new(index, name, value, index >= 0 && index < written.Count && written[index].Expression.IsKind(SyntaxKind.StringLiteralExpression));

    private static bool IsArray(ExpressionSyntax expression) =>
        expression is ArrayCreationExpressionSyntax or ImplicitArrayCreationExpressionSyntax or CollectionExpressionSyntax;

    private static int Find(SeparatedSyntaxList<AttributeArgumentSyntax> written, int position, string parameter)
    {
        for (int i = 0; i < written.Count; i++)
        {
            if (written[i].NameEquals is null
                && (written[i].NameColon is { } name ? name.Name.Identifier.ValueText == parameter : i == position))
                return i;
        }

        return -1;
    }

    private static int Find(SeparatedSyntaxList<AttributeArgumentSyntax> written, string property)
    {
        for (int i = 0; i < written.Count; i++)
        {
            if (written[i].NameEquals?.Name.Identifier.ValueText == property)
                return i;
        }

        return -1;
    }

    private static string? Text(TypedConstant value) => value.Value switch
    {
        null => null,
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        object other => other.ToString(),
    };
}
