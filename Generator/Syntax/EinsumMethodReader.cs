using System.Globalization;
using Einsharp.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Einsharp.Generator.Syntax;

/// <summary>Reads methods with an einsum of their own, in any type, into strings and numbers.</summary>
internal static class EinsumMethodReader
{
    private static readonly SymbolDisplayFormat TypeFormat = SymbolDisplayFormat.FullyQualifiedFormat
        .AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>
    /// Whether a method is an einsum and no forward method of a model: outside a model any method with our attributes; inside one
    /// a method whose only attribute is an Einsum that names no operands, and whose parameters name no axes.
    /// </summary>
    public static bool StandsAlone(IMethodSymbol method)
    {
        if (method.MethodKind != MethodKind.Ordinary || method.PartialDefinitionPart is not null)
            return false;
        List<AttributeData> ours = Ours(method);
        if (ours.Count == 0 || !ModelReader.IsModel(method.ContainingType))
            return ours.Count > 0;
        return ours.Count == 1 && ours[0].AttributeClass!.Name == "EinsumAttribute" && ours[0].ConstructorArguments is { Length: 2 } values
            && values[1].Kind == TypedConstantKind.Array && !values[1].IsNull && values[1].Values.IsEmpty
            && !method.Parameters.Any(
                static parameter => parameter.GetAttributes().Any(static axes => AttributeReader.IsOurs(axes.AttributeClass)));
    }

    /// <summary>
    /// The method as written; null where it does not stand alone. Which methods of a type do is remembered, so that those of models, which
    /// have equations too, are not bound after every keystroke.
    /// </summary>
    public static EinsumMethodSpec? Read(MethodDeclarationSyntax syntax, SemanticModel model, CancellationToken cancellation) =>
        syntax.Parent is TypeDeclarationSyntax part
        && DeclarationCache<StandaloneMethods>.Read(part, model, (_, part) => Find(part, model, cancellation), cancellation) is { } found
        && found.Members.Contains(part.Members.IndexOf(syntax)) && model.GetDeclaredSymbol(syntax, cancellation) is { } method
            ? Read(method, cancellation)
            : null;

    private static StandaloneMethods Find(TypeDeclarationSyntax part, SemanticModel model, CancellationToken cancellation) =>
        new(Enumerable.Range(0, part.Members.Count).Where(i => part.Members[i] is MethodDeclarationSyntax { AttributeLists.Count: > 0 } syntax
            && model.GetDeclaredSymbol(syntax, cancellation) is { } method && StandsAlone(method)
            && Ours(method).Exists(static attribute => attribute.AttributeClass!.Name == "EinsumAttribute")).ToEquatable());

    /// <summary>The methods in one part of a type that stand alone, by their places among its members.</summary>
    private sealed record StandaloneMethods(EquatableArray<int> Members);

    /// <summary>The method as written; null where it does not stand alone, or where the compiler itself refuses its Einsum.</summary>
    public static EinsumMethodSpec? Read(IMethodSymbol method, CancellationToken cancellation)
    {
        if (!StandsAlone(method) || method.DeclaringSyntaxReferences.Length == 0
            || method.DeclaringSyntaxReferences[0].GetSyntax(cancellation) is not MethodDeclarationSyntax syntax)
            return null;
        EquatableArray<AttributeSpec> attributes = AttributeReader.Read(method, cancellation);
        AttributeSpec? einsum = attributes.FirstOrDefault(static attribute => attribute.Kind == "Einsum")
            ?? (attributes.Count > 0 ? attributes[0] : null);
        if (einsum is null || AttributeReader.IsUnreadable(einsum))
            return null;
        List<INamedTypeSymbol> types = ContainersOf(method);
        return new EinsumMethodSpec(
            method.ContainingNamespace is { IsGlobalNamespace: false } space ? space.ToDisplayString() : "",
            types.Select(type => ReadContainer(type, cancellation)).ToEquatable(),
            HintName(method, types), syntax.Identifier.Text,
            string.Join(
                " ", syntax.Modifiers.Where(static token => !token.IsKind(SyntaxKind.PartialKeyword)).Select(static token => token.Text)),
            Unsupported(method, syntax),
            ReadType(method.ReturnType, RefKind.None),
            method.Parameters.Select(parameter => ReadParameter(parameter, cancellation)).ToEquatable(),
            einsum, attributes.Where(attribute => attribute != einsum).ToEquatable(),
            types.SelectMany(type => ReadPinned(type, cancellation)).ToEquatable(),
            !method.IsStatic && ModelReader.IsModel(method.ContainingType),
            Shadowed(method, types));
    }

    /// <summary>What a type is to an einsum.</summary>
    public static EinsumTypeSpec ReadType(ITypeSymbol type, RefKind passing)
    {
        string text = type.ToDisplayString(TypeFormat);
        if (type.TypeKind == TypeKind.Error
            || type is INamedTypeSymbol { TypeArguments: var arguments }
                && arguments.Any(static argument => argument.TypeKind == TypeKind.Error))
            return new EinsumTypeSpec(text, EinsumTypeKind.Unknown, "");
        if (type.SpecialType == SpecialType.System_Void)
            return new EinsumTypeSpec(text, EinsumTypeKind.Void, "");
        if (type is not INamedTypeSymbol named || passing == RefKind.Out)
            return new EinsumTypeSpec(text, EinsumTypeKind.Other, "");
        if (AttributeReader.IsOurs(named) && named.Name == "Tensor")
            return new EinsumTypeSpec(text, EinsumTypeKind.Tensor, named.Arity == 0 ? "float" : named.TypeArguments[0].ToDisplayString());
        if (named is { Name: "ReadOnlyTensorSpan" or "TensorSpan", Arity: 1 }
            && named.ContainingNamespace.ToDisplayString() == "System.Numerics.Tensors")
            return new EinsumTypeSpec(
                text, named.Name == "TensorSpan" ? EinsumTypeKind.Span : EinsumTypeKind.ReadOnlySpan,
                named.TypeArguments[0].ToDisplayString());
        for (INamedTypeSymbol? at = named; at is not null; at = at.BaseType)
        {
            if (AttributeReader.IsOurs(at) && at is { Name: "Device", Arity: 0 })
                return new EinsumTypeSpec(text, EinsumTypeKind.Device, "");
        }

        return new EinsumTypeSpec(text, EinsumTypeKind.Other, "");
    }

    private static List<AttributeData> Ours(IMethodSymbol method) => method.GetAttributes()
        .Where(static attribute => AttributeReader.IsOurs(attribute.AttributeClass) && IsEquation(attribute.AttributeClass!)).ToList();

    private static bool IsEquation(INamedTypeSymbol attribute)
    {
        for (INamedTypeSymbol? at = attribute; at is not null; at = at.BaseType)
        {
            if (at.Name == "EquationAttribute")
                return true;
        }

        return false;
    }

    private static List<INamedTypeSymbol> ContainersOf(IMethodSymbol method)
    {
        var types = new List<INamedTypeSymbol>();
        for (INamedTypeSymbol? type = method.ContainingType; type is not null; type = type.ContainingType)
            types.Insert(0, type);
        return types;
    }

    private static EinsumContainerSpec ReadContainer(INamedTypeSymbol type, CancellationToken cancellation)
    {
        TypeDeclarationSyntax? syntax = type.DeclaringSyntaxReferences
            .Select(reference => reference.GetSyntax(cancellation)).OfType<TypeDeclarationSyntax>().FirstOrDefault();
        bool isPartial = syntax is not null && syntax.Modifiers.Any(SyntaxKind.PartialKeyword);
        string kind = type switch
        {
            { IsRecord: true, TypeKind: TypeKind.Struct } => "record struct",
            { IsRecord: true } => "record",
            { TypeKind: TypeKind.Struct } => "struct",
            { TypeKind: TypeKind.Interface } => "interface",
            _ => "class",
        };
        string parameters = syntax?.TypeParameterList is { } list
            ? "<" + string.Join(", ", list.Parameters.Select(static parameter =>
                (parameter.VarianceKeyword.IsKind(SyntaxKind.None) ? "" : parameter.VarianceKeyword.Text + " ")
                    + parameter.Identifier.Text)) + ">"
            : "";
        string? unsupported = type.IsFileLocal ? "is local to its file" : isPartial ? null : "is not partial";
        return new EinsumContainerSpec($"partial {kind} {syntax?.Identifier.Text ?? type.Name}{parameters}", type.Name, unsupported);
    }

    // Overloads are numbered, and names that a file system may take for one are.
    private static string HintName(IMethodSymbol method, List<INamedTypeSymbol> types)
    {
        string type = string.Join("+", types.Select(static type => type.MetadataName));
        string space = method.ContainingNamespace is { IsGlobalNamespace: false } named ? named.ToDisplayString() + "." : "";
        int before = 0;
        foreach (ISymbol member in method.ContainingType.GetMembers())
        {
            if (SymbolEqualityComparer.Default.Equals(member, method))
                break;
            if (member is IMethodSymbol other && string.Equals(other.Name, method.Name, StringComparison.OrdinalIgnoreCase)
                && Ours(other).Count > 0)
                before++;
        }

        // A model has files named after its halves: Forward, Parameters …
        string own = ModelReader.IsModel(method.ContainingType) ? ".Einsum." : ".";
        return space + type + own + method.Name + (before == 0 ? "" : "-" + (before + 1).ToString(CultureInfo.InvariantCulture));
    }

    private static string? Unsupported(IMethodSymbol method, MethodDeclarationSyntax syntax)
    {
        if (syntax.Body is not null || syntax.ExpressionBody is not null)
            return "has a body";
        if (!syntax.Modifiers.Any(SyntaxKind.PartialKeyword))
            return "is not partial";
        if (method.IsGenericMethod)
            return "has type parameters";
        return method.ReturnsByRef || method.ReturnsByRefReadonly ? "returns a reference" : null;
    }

    private static EinsumParameterSpec ReadParameter(IParameterSymbol parameter, CancellationToken cancellation)
    {
        string modifiers = parameter.DeclaringSyntaxReferences.Length > 0
            && parameter.DeclaringSyntaxReferences[0].GetSyntax(cancellation) is ParameterSyntax syntax
            ? string.Concat(syntax.Modifiers.Select(static token => token.Text + " "))
            : "";
        return new EinsumParameterSpec(parameter.Name, modifiers, ReadType(parameter.Type, parameter.RefKind));
    }

    // Derived sizes are of models alone: what has no constructor cannot compute them.
    private static IEnumerable<PinnedAxisSpec> ReadPinned(INamedTypeSymbol type, CancellationToken cancellation) =>
        AttributeReader.Read(type, cancellation)
            .Where(static attribute => attribute.Kind == "Axis" && attribute.Positional(1) is not null)
            .Select(static attribute => new PinnedAxisSpec(
                attribute, attribute.Positional(0)?.Value ?? "",
                int.TryParse(attribute.Positional(1)!.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int size)
                    ? size : 0));

    private static EquatableArray<string> Shadowed(IMethodSymbol method, List<INamedTypeSymbol> types)
    {
        var hidden = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string name in LibraryNames.OfEinsums.Keys)
        {
            if (method.Parameters.Any(parameter => parameter.Name == name) || types.Exists(type => Means(type, name))
                || Means(method.ContainingNamespace, name))
                hidden.Add(name);
        }

        return hidden.ToEquatable();
    }

    private static bool Means(INamespaceSymbol? space, string name)
    {
        for (; space is not null; space = space.ContainingNamespace)
        {
            if (space is { Name: "Einsharp", ContainingNamespace.IsGlobalNamespace: true })
                return false;
            if (!space.GetTypeMembers(name).IsEmpty)
                return true;
        }

        return false;
    }

    private static bool Means(INamedTypeSymbol type, string name)
    {
        if (type.TypeParameters.Any(parameter => parameter.Name == name))
            return true;
        for (INamedTypeSymbol? at = type; at is not null; at = at.BaseType)
        {
            if (at.Name == name || !at.GetMembers(name).IsEmpty)
                return true;
        }

        return false;
    }
}
