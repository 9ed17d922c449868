using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Syntax;

/// <summary>Which backends a compilation has: an assembly that it references says so by a marker.</summary>
internal static class BackendReader
{
    /// <summary>Whether the library's side for ILGPU is referenced, in the version that this generator writes for.</summary>
    public static bool HasIlgpu(Compilation compilation) => Ilgpu(compilation) == Emit.Ilgpu.GpuNames.Marker;

    /// <summary>The marker of the library's side for ILGPU: <c>ilgpu/1</c>; null where it is not referenced.</summary>
    public static string? Ilgpu(Compilation compilation)
    {
        foreach (IAssemblySymbol assembly in compilation.SourceModule.ReferencedAssemblySymbols)
        {
            if (assembly.Name != Emit.Ilgpu.GpuNames.Assembly)
                continue;
            AttributeData? marker = assembly.GetAttributes().FirstOrDefault(attribute =>
                attribute.AttributeClass?.Name == "AssemblyMetadataAttribute" && attribute.ConstructorArguments.Length == 2
                && attribute.ConstructorArguments[0].Value as string == "Einsharp.Backend");
            return marker?.ConstructorArguments[1].Value as string ?? "";
        }

        return null;
    }
}
