using Einsharp.Cpu;
using Einsharp.Weights;

namespace Einsharp.Tests.Weights;

public sealed class MappedFileTests
{
    [Fact]
    public void LargeFilesAskForHugePages()
    {
        if (!Directory.Exists("/sys/kernel/mm/transparent_hugepage"))
        {
            Console.Error.WriteLine("skipped: huge pages under mapped files, for this system has none");
            return;
        }

        using var folder = new TemporaryFolder();
        string path = folder.File("large.bin"), small = folder.File("small.bin");
        File.WriteAllBytes(path, new byte[5 * HugePages.Size]);
        File.WriteAllBytes(small, new byte[HugePages.Size]);
        MappedFile large = MappedFile.Open(path, 1), little = MappedFile.Open(small, 1);
        // "hg": the advice stands for the mapping, whether the file system can follow it or not.
        Assert.Contains("hg", FlagsOf(path).Split(' '));
        Assert.DoesNotContain("hg", FlagsOf(small).Split(' '));
        large.Release();
        little.Release();
    }

    private static string FlagsOf(string path) =>
        File.ReadLines("/proc/self/smaps").SkipWhile(line => !line.EndsWith(path, StringComparison.Ordinal))
            .First(static line => line.StartsWith("VmFlags:", StringComparison.Ordinal));
}
