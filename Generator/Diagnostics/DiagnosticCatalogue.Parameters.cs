using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

// EIN03xx: parameters.
internal static partial class DiagnosticCatalogue
{
    public static readonly DiagnosticDescriptor NoFans = new(
        "EIN0301", "Init.Linear needs an einsum",
        "'{0}' is initialised by Init.Linear, whose variance is read off the einsum that uses it, and no Einsum does; {1}",
        ParametersCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0301.md");

    public static readonly DiagnosticDescriptor FansDisagree = new(
        "EIN0302", "Two einsums give a parameter two variances",
        "This einsum contracts {0} of '{1}', and an earlier one contracts {2}, so Init.Linear has no one fan-in; state the "
        + "rule: Init.TruncatedNormal with Deviation",
        ParametersCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0302.md");

    public static readonly DiagnosticDescriptor InitNumbers = new(
        "EIN0303", "An initialisation rule has the wrong numbers",
        "Init.{0} of '{1}' {2}; {3}",
        ParametersCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0303.md");

    public static readonly DiagnosticDescriptor StandIn = new(
        "EIN0304", "A parameter cannot stand in for another",
        "'{0}' cannot stand in for '{1}': {2}; {3}",
        ParametersCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0304.md");

    public static readonly DiagnosticDescriptor UnusedParameter = new(
        "EIN0305", "No equation reads a parameter",
        "No equation reads '{0}'; use it or remove it, since it would be allocated, loaded and never read",
        ParametersCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0305.md");

    public static readonly DiagnosticDescriptor CheckpointName = new(
        "EIN0306", "A checkpoint name is not one tensor's",
        "From = \"{0}\" of '{1}' {2}; {3}",
        ParametersCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0306.md");
}
