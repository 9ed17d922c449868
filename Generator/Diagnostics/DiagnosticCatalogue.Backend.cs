using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

// EIN04xx: what the kernels can compute.
internal static partial class DiagnosticCatalogue
{
    public static readonly DiagnosticDescriptor NoKernel = new(
        "EIN0401", "No kernel computes this yet",
        "No kernel computes {0} yet: {1}",
        BackendCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0401.md");
}
