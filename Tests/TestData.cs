using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Einsharp.Tests;

/// <summary>
/// Public data that the tests compare with: the folder $EINSHARP_DATA, else ../shared/data beside the repository. It is no part of the
/// repository, so a test asks for its file by name and returns when there is none: <c>if (TestData.Path("x") is not { } path) return;</c>.
/// </summary>
public static class TestData
{
    private static readonly ConcurrentDictionary<string, bool> Reported = new();

    /// <summary>The folder of the data, or null where there is none.</summary>
    public static string? Root { get; } = FindRoot();

    /// <summary>The full path of a file or folder of the data, or null (said once on standard error) where it is not there.</summary>
    public static string? Path(string relative)
    {
        if (Root is not null)
        {
            string path = System.IO.Path.Combine(Root, relative);
            if (File.Exists(path) || Directory.Exists(path))
                return path;
        }
        if (Reported.TryAdd(relative, true))
            Console.Error.WriteLine($"skipped: what needs {relative} (no such test data in {Root ?? "$EINSHARP_DATA or ../shared/data"})");
        return null;
    }

    private static string? FindRoot()
    {
        if (Environment.GetEnvironmentVariable("EINSHARP_DATA") is { Length: > 0 } named)
            return named;
        return FindAbove(SourceFolder()) ?? FindAbove(AppContext.BaseDirectory) ?? FindAbove(Environment.CurrentDirectory);
    }

    // The binaries may lie outside the repository (--artifacts-path), so the source's own place is asked first.
    private static string SourceFolder([CallerFilePath] string file = "") => System.IO.Path.GetDirectoryName(file) ?? "";

    private static string? FindAbove(string folder)
    {
        if (!Directory.Exists(folder))
            return null;
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
        {
            string data = System.IO.Path.Combine(at.FullName, "..", "shared", "data");
            if (File.Exists(System.IO.Path.Combine(at.FullName, "Dsl.sln")) && Directory.Exists(data))
                return System.IO.Path.GetFullPath(data);
        }
        return null;
    }
}
