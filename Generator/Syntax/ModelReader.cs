using System.Globalization;
using Einsharp.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Einsharp.Generator.Syntax;

/// <summary>
/// Reads a <c>[Model]</c> class into strings and numbers. Nothing is judged here: what cannot be right is kept for the checker to say.
/// </summary>
internal static class ModelReader
{
    private static readonly SymbolDisplayFormat TypeFormat = SymbolDisplayFormat.FullyQualifiedFormat
        .WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted)
        .AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    public static ModelSpec Read(INamedTypeSymbol type, CancellationToken cancellation)
    {
        var parameters = new List<ParamSpec>();
        var layers = new List<LayersSpec>();
        var settings = new List<SettingSpec>();
        var methods = new List<MethodSpec>();
        foreach (ISymbol member in type.GetMembers())
        {
            cancellation.ThrowIfCancellationRequested();
            if (member is IPropertySymbol property)
            {
                foreach (AttributeSpec attribute in AttributeReader.Read(property, cancellation))
                {
                    switch (AttributeReader.DeclaredKind(attribute))
                    {
                        case "Param": parameters.Add(ReadParam(property, attribute)); break;
                        case "Layers": layers.Add(ReadLayers(property, attribute)); break;
                        case "Setting": settings.Add(ReadSetting(property, attribute)); break;
                    }
                }
            }
            else if (member is IMethodSymbol { MethodKind: MethodKind.Ordinary } method && ReadMethod(method, cancellation) is { } spec)
            {
                methods.Add(spec);
            }
        }

        EquatableArray<AttributeSpec> attributes = AttributeReader.Read(type, cancellation);
        return new ModelSpec(
            type.ContainingNamespace is { IsGlobalNamespace: false } space ? space.ToDisplayString() : "",
            type.Name,
            SyntaxFacts.GetText(type.DeclaredAccessibility),
            IsPartial(type, cancellation),
            Unsupported(type),
            parameters.ToEquatable(),
            layers.ToEquatable(),
            settings.ToEquatable(),
            attributes.Where(static attribute => attribute.Kind == "Axis").Select(ReadAxis).ToEquatable(),
            attributes.Where(static attribute => attribute.Kind == "Sizes").Select(ReadSizes).ToEquatable(),
            methods.ToEquatable(),
            Shadowed(type.ContainingNamespace));
    }

    /// <summary>Library names that a type of the model's namespace, or of one around it, hides.</summary>
    private static EquatableArray<string> Shadowed(INamespaceSymbol? space)
    {
        var hidden = new SortedSet<string>(StringComparer.Ordinal);
        static bool IsLibrary(INamespaceSymbol symbol) => symbol is { Name: "Einsharp", ContainingNamespace.IsGlobalNamespace: true };
        for (; space is not null && !IsLibrary(space); space = space.ContainingNamespace)
            hidden.UnionWith(LibraryNames.All.Keys.Where(name => !space.GetTypeMembers(name).IsEmpty));
        return hidden.ToEquatable();
    }

    /// <summary>The name by which a specification refers to a model: <c>Namespace.Name</c>.</summary>
    public static string FullName(INamedTypeSymbol type) => type.ContainingNamespace is { IsGlobalNamespace: false } space
        ? space.ToDisplayString() + "." + type.Name
        : type.Name;

    public static bool IsModel(INamedTypeSymbol type)
    {
        foreach (AttributeData attribute in type.GetAttributes())
        {
            if (AttributeReader.IsOurs(attribute.AttributeClass) && attribute.AttributeClass!.Name == "ModelAttribute")
                return true;
        }

        return false;
    }

    /// <summary>Whether this part of a type is the one that is marked as a model.</summary>
    public static bool IsMarked(INamedTypeSymbol type, TypeDeclarationSyntax part, CancellationToken cancellation)
    {
        AttributeData? mark = type.GetAttributes().FirstOrDefault(static attribute =>
            AttributeReader.IsOurs(attribute.AttributeClass) && attribute.AttributeClass!.Name == "ModelAttribute");
        return mark?.ApplicationSyntaxReference?.GetSyntax(cancellation).Parent?.Parent == part;
    }

    private static bool IsPartial(INamedTypeSymbol type, CancellationToken cancellation) => type.DeclaringSyntaxReferences
        .Any(reference => reference.GetSyntax(cancellation) is TypeDeclarationSyntax syntax
            && syntax.Modifiers.Any(SyntaxKind.PartialKeyword));

    private static string? Unsupported(INamedTypeSymbol type) => type switch
    {
        { IsRecord: true } => "a record",
        { TypeKind: not TypeKind.Class } => "not a class",
        { IsStatic: true } => "static",
        { IsAbstract: true } => "abstract",
        { IsGenericType: true } => "generic",
        { ContainingType: not null } => "nested in another type",
        { BaseType.SpecialType: not SpecialType.System_Object } => "derived from another class",
        _ => null,
    };

    private static ParamSpec ReadParam(IPropertySymbol property, AttributeSpec attribute) => new(
        property.Name, SyntaxFacts.GetText(property.DeclaredAccessibility), IsPlainPartial(property),
        property.Type.ToDisplayString(TypeFormat), attribute,
        attribute.Positional(0)?.Value ?? "",
        (InitKind)(Integer(attribute.Positional(1)) ?? 0),
        attribute.Named("From")?.Value, attribute.Named("Or")?.Value,
        Number(attribute.Named("Mean")), Number(attribute.Named("Deviation")), Number(attribute.Named("Cut")),
        Number(attribute.Named("Low")), Number(attribute.Named("High")));

    // The model's name is empty where the type argument is no model; the checker says so.
    private static LayersSpec ReadLayers(IPropertySymbol property, AttributeSpec attribute)
    {
        string model = "";
        if (property.Type is INamedTypeSymbol { Name: "Layers", Arity: 1 } layers && AttributeReader.IsOurs(layers)
            && layers.TypeArguments[0] is INamedTypeSymbol layer)
        {
            if (layer.TypeKind == TypeKind.Error)
                attribute = AttributeReader.Unreadable(attribute);
            else if (IsModel(layer))
                model = FullName(layer);
        }

        return new LayersSpec(
            property.Name, SyntaxFacts.GetText(property.DeclaredAccessibility), IsPlainPartial(property),
            property.Type.ToDisplayString(TypeFormat),
            attribute, model, attribute.Positional(0)?.Value ?? "", attribute.Named("From")?.Value);
    }

    private static SettingSpec ReadSetting(IPropertySymbol property, AttributeSpec attribute) => new(
        property.Name, SyntaxFacts.GetText(property.DeclaredAccessibility), IsPlainPartial(property),
        property.Type.ToDisplayString(TypeFormat), attribute,
        attribute.Positional(0)?.Value ?? "");

    private static AxisSpec ReadAxis(AttributeSpec attribute) => new(
        attribute, attribute.Positional(0)?.Value ?? "", Integer(attribute.Positional(1)),
        Number(attribute.Named("Ratio")), attribute.Named("Of")?.Value, Integer(attribute.Named("MultipleOf")));

    private static SizesSpec ReadSizes(AttributeSpec attribute) => new(
        attribute, attribute.Positional(0)?.Value ?? "",
        attribute.Arguments.Skip(1).Select(static argument => argument.Value).ToEquatable());

    private static MethodSpec? ReadMethod(IMethodSymbol method, CancellationToken cancellation)
    {
        EquatableArray<BracketSpec> brackets = AttributeReader.ReadBrackets(method, cancellation);
        if (brackets.Count == 0 || EinsumMethodReader.StandsAlone(method))
            return null;
        bool plain = method.DeclaringSyntaxReferences[0].GetSyntax(cancellation) is MethodDeclarationSyntax syntax
            && syntax.Modifiers.Any(SyntaxKind.PartialKeyword)
            && syntax.Modifiers.All(static modifier => IsAccessibility(modifier)
                || modifier.Kind() is SyntaxKind.PartialKeyword or SyntaxKind.StaticKeyword)
            && !method.IsGenericMethod && !method.ReturnsByRef && !method.ReturnsByRefReadonly;
        return new MethodSpec(
            method.Name, SyntaxFacts.GetText(method.DeclaredAccessibility), plain, method.IsStatic,
            method.ReturnType.ToDisplayString(TypeFormat),
            method.Parameters.Select(parameter => ReadParameter(method, parameter, cancellation)).ToEquatable(), brackets);
    }

    private static MethodParameterSpec ReadParameter(IMethodSymbol method, IParameterSymbol parameter, CancellationToken cancellation)
    {
        string passing = parameter.RefKind == RefKind.None ? "" : parameter.RefKind.ToString().ToLowerInvariant() + " ";
        string type = passing + parameter.Type.ToDisplayString(TypeFormat);
        foreach (AttributeSpec attribute in AttributeReader.Read(parameter, method.Name + "(" + parameter.Name + ")", cancellation))
        {
            if (attribute.Kind == "Axes")
                return new MethodParameterSpec(parameter.Name, type, attribute.Positional(0)?.Value, attribute.Index);
        }

        return new MethodParameterSpec(parameter.Name, type, null, -1);
    }

    // The one form that the generated half can complete: partial, of an instance, with a getter alone.
    private static bool IsPlainPartial(IPropertySymbol property) =>
        property is { IsStatic: false, GetMethod: not null, SetMethod: null, IsIndexer: false, ReturnsByRef: false,
            ReturnsByRefReadonly: false }
        && property.DeclaringSyntaxReferences[0].GetSyntax() is PropertyDeclarationSyntax syntax
        && syntax.Modifiers.Any(SyntaxKind.PartialKeyword)
        && syntax.Modifiers.All(static modifier => IsAccessibility(modifier) || modifier.IsKind(SyntaxKind.PartialKeyword));

    private static bool IsAccessibility(SyntaxToken modifier) => SyntaxFacts.IsAccessibilityModifier(modifier.Kind());

    private static int? Integer(ArgumentSpec? argument) =>
        int.TryParse(argument?.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) ? value : null;

    private static double? Number(ArgumentSpec? argument) =>
        double.TryParse(argument?.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null;
}
