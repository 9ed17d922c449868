using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

// EIN04xx: what the kernels can compute.
internal static partial class DiagnosticCatalogue
{
    public static readonly DiagnosticDescriptor NoKernel = new(
        "EIN0401", "No kernel computes this yet",
        "No kernel computes {0} yet: {1}",
        BackendCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0401.md");

    public static readonly DiagnosticDescriptor NoGpuKernel = new(
        "EIN0402", "No GPU kernel computes this yet",
        "'{0}' runs on the CPU only, since kernels for GPUs cannot compute it yet: {1}",
        BackendCategory, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0402.md");

    public static readonly DiagnosticDescriptor BackendVersion = new(
        "EIN0403", "The GPU library is of another version",
        "The generator writes kernels for Einsharp.Runtime.Ilgpu '{0}', but the one that is referenced is '{1}': "
        + "use the generator and the library of one release",
        BackendCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0403.md");
}
