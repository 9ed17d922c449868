using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;

namespace Einsharp.Tests.Ilgpu;

/// <summary>The double's public members, as committed, are members of the real ILGPU.</summary>
public sealed class SurfaceTests
{
    [Fact]
    public void Whatever_the_double_has_ILGPU_has()
    {
        HashSet<string> real =
        [
            .. Surface.Types(typeof(Context).Assembly).Concat(Surface.Types(typeof(AlgorithmContext).Assembly)).SelectMany(Surface.Lines),
        ];
        string[] doubled = File.ReadAllLines(Path.Combine(Folder(), "..", "IlgpuDouble", "surface.txt"));
        Assert.True(doubled.Length > 100);
        Assert.Empty(doubled.Except(real));
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
