using System.Runtime.CompilerServices;
using ILGPU;

namespace Einsharp.Tests.Ilgpu;

/// <summary>
/// The double's public members are those of the committed manifest, which the tests with the real ILGPU compare with that. With
/// EINSHARP_ACCEPT=1 in the environment the manifest is written.
/// </summary>
public sealed class DoubleSurfaceTests
{
    [Fact]
    public void The_double_has_the_members_of_the_manifest()
    {
        string path = Path.Combine(Folder(), "..", "IlgpuDouble", "surface.txt");
        string found = string.Concat(Surface.Types(typeof(Context).Assembly).SelectMany(Surface.Lines).Select(line => line + "\n"));
        if (Environment.GetEnvironmentVariable("EINSHARP_ACCEPT") == "1")
            File.WriteAllText(path, found);
        string[] before = File.ReadAllText(path).Split('\n'), now = found.Split('\n');
        Assert.Empty(now.Except(before).Select(line => "new: " + line).Concat(before.Except(now).Select(line => "gone: " + line)));
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
