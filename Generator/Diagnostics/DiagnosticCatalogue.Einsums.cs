using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

// Einsums that stand alone: methods and calls (EIN0021 to EIN0029), and their ellipses (EIN0111 to EIN0119).
internal static partial class DiagnosticCatalogue
{
    public static readonly DiagnosticDescriptor NoModel = new(
        "EIN0021", "An einsum outside a model is alone",
        "{0}, and '{1}' is no [Model]; outside a model a method has one [Einsum(\"…\")], whose operands are the method's "
        + "parameters in order",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0021.md");

    public static readonly DiagnosticDescriptor EinsumShape = new(
        "EIN0022", "The generator completes the method of an einsum",
        "'{0}' {1}, and the generator cannot complete it; {2}",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0022.md");

    public static readonly DiagnosticDescriptor EinsumParameter = new(
        "EIN0023", "An einsum's parameters are tensors of one element type",
        "Parameter '{0}' is of type '{1}'; {2}",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0023.md");

    public static readonly DiagnosticDescriptor EinsumResult = new(
        "EIN0024", "An einsum has one result",
        "'{0}' returns {1}; {2}",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0024.md");

    public static readonly DiagnosticDescriptor DynamicEquation = new(
        "EIN0025", "The equation of Einsum.Of is a constant",
        "Einsum.Of is compiled with the program, and this equation is known only when it runs; write a literal, or declare "
        + "'{0}' as a const",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0025.md");

    public static readonly DiagnosticDescriptor InterceptorsOff = new(
        "EIN0026", "The project lets the generator take calls",
        "Einsum.Of is an interceptor's to answer, and this project allows none; add '<InterceptorsNamespaces>$(InterceptorsNamespaces);"
        + "Einsharp.Generated</InterceptorsNamespaces>' to a PropertyGroup of the project, or declare a partial method with [Einsum]",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0026.md");

    public static readonly DiagnosticDescriptor OfAsValue = new(
        "EIN0027", "Einsum.Of is called where it stands",
        "Einsum.Of is compiled call by call, and a delegate of it would never be; call it in a lambda, or declare a partial method with "
        + "[Einsum] and take that",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0027.md");

    public static readonly DiagnosticDescriptor LostEllipsis = new(
        "EIN0111", "An ellipsis stays in the output",
        "'...' is in an input and not in the output, and axes without names are never summed; write \"{0}\"",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0111.md");

    public static readonly DiagnosticDescriptor OutputEllipsis = new(
        "EIN0112", "An ellipsis comes from an input",
        "'...' is in the output and in no input; write it in the term of the operand that has these axes",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0112.md");

    public static readonly DiagnosticDescriptor SecondEllipsis = new(
        "EIN0113", "A term has one ellipsis",
        "A second '...' in one term of \"{0}\", and nothing says where the first ends; name the axes of one of them",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0113.md");
}
