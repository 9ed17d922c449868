using System.Runtime.InteropServices;
using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// ILGPU asks for <c>OpenCL</c> and <c>cuda</c>, which Linux has only with the development packages. Drivers install <c>libOpenCL.so.1</c>
/// and <c>libcuda.so.1</c>.
/// </summary>
internal static class NativeLibraries
{
    private static readonly Lock s_once = new();
    private static bool s_mapped;

    /// <summary>Must be called before ILGPU looks for devices.</summary>
    public static void Map()
    {
        lock (s_once)
        {
            if (s_mapped || !OperatingSystem.IsLinux())
                return;
            s_mapped = true;
            try
            {
                NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, static (name, assembly, path) =>
                    FileName(name) is { } file && NativeLibrary.TryLoad(file, assembly, path, out nint library) ? library : 0);
            }
            catch (InvalidOperationException)
            {
                // An assembly has one resolver; the program that set its own knows where its libraries are.
            }
        }
    }

    /// <summary>Whether a driver's library can be loaded.</summary>
    /// <param name="name">The name that ILGPU uses.</param>
    public static bool Has(string name) =>
        NativeLibrary.TryLoad(FileName(name) ?? name, out _) || NativeLibrary.TryLoad(name, out _);

    /// <summary>What the library of a driver is called here.</summary>
    /// <param name="name">The name that ILGPU uses.</param>
    public static string? FileName(string name) => name switch
    {
        "OpenCL" => OperatingSystem.IsLinux() ? "libOpenCL.so.1" : OperatingSystem.IsWindows() ? "OpenCL.dll" : null,
        "cuda" => OperatingSystem.IsLinux() ? "libcuda.so.1" : OperatingSystem.IsWindows() ? "nvcuda.dll" : null,
        _ => null,
    };
}
