using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

// EIN01xx: the notation of equations.
internal static partial class DiagnosticCatalogue
{
    public static readonly DiagnosticDescriptor UnexpectedToken = new(
        "EIN0101", "A character has no meaning here",
        "Unexpected '{0}' in \"{1}\": {2}",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0101.md");

    public static readonly DiagnosticDescriptor DigitFirst = new(
        "EIN0102", "An axis begins with a digit",
        "'{0}' begins with a digit, and an axis is a name that begins with a letter or '_'; write '{1}', for example",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0102.md");

    public static readonly DiagnosticDescriptor NoOutput = new(
        "EIN0103", "An equation states its output",
        "\"{0}\" has no '->', and an output is never implied; write \"{1}\"",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0103.md");

    public static readonly DiagnosticDescriptor SecondArrow = new(
        "EIN0104", "An equation has one arrow",
        "A second '->' in \"{0}\"; an equation is inputs, one '->' and one output, so split a chain into two equations joined "
        + "by As",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0104.md");

    public static readonly DiagnosticDescriptor Ellipsis = new(
        "EIN0105", "A model names every axis",
        "'...' stands for axes that only a call knows, and a model names every axis; write their names, as in 'b s d'",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0105.md");

    public static readonly DiagnosticDescriptor SqueezedAxes = new(
        "EIN0106", "Axes are separated by spaces",
        "'{0}' is not an axis, but {1} are; separate them: '{2}'",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0106.md");

    public static readonly DiagnosticDescriptor NotARenaming = new(
        "EIN0107", "A renaming has two axes",
        "\"{0}\" is not a renaming; write one axis, '->' and its new name, as in \"s -> t\"",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0107.md");

    public static readonly DiagnosticDescriptor NotAScale = new(
        "EIN0108", "A scale factor cannot be read",
        "In the factor \"{0}\", {1} stands where {2} is expected; a factor is made of numbers, axes, + - * /, parentheses and "
        + "sqrt, as in \"1/sqrt(k)\"",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0108.md");

    public static readonly DiagnosticDescriptor RepeatedOutput = new(
        "EIN0109", "An axis is twice in the output",
        "'{0}' is twice in the output; name each axis of the output once",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0109.md");

    public static readonly DiagnosticDescriptor NotASize = new(
        "EIN0110", "An entry is an axis and its size",
        "\"{0}\" is not a size; write an axis, '=' and a whole number of at least 1, as in \"d=2048\"",
        SyntaxCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0110.md");
}
