using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Snapshots;

/// <summary>
/// Compares generated files with committed ones, in the file conventions of Verify.SourceGenerators:
/// <c>Class.Method#Hint.g.verified.cs</c>, a first line <c>//HintName:</c>, UTF-8 with a byte order mark, LF, no newline at the end; what
/// differs is written beside it as <c>.received.</c>. The set of files is compared too. With EINSHARP_ACCEPT=1 in the environment what was
/// received becomes what is verified.
/// </summary>
internal static class Snapshot
{
    private static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: true);

    public static void Verify(
        IEnumerable<GeneratedSourceResult> files, object test, [CallerMemberName] string method = "", [CallerFilePath] string path = "")
    {
        string folder = Path.GetDirectoryName(path)!, prefix = $"{test.GetType().Name}.{method}#";
        bool accept = Environment.GetEnvironmentVariable("EINSHARP_ACCEPT") == "1";
        var differences = new List<string>();
        var expected = Directory.GetFiles(folder, prefix + "*.verified.cs").Select(Path.GetFileName).ToHashSet(StringComparer.Ordinal);
        foreach (GeneratedSourceResult file in files)
        {
            string name = prefix + Path.GetFileNameWithoutExtension(file.HintName), verified = name + ".verified.cs";
            string text = $"//HintName: {file.HintName}\n{file.SourceText}".TrimEnd('\n');
            Assert.DoesNotContain('\r', text);
            string? before = expected.Remove(verified) ? File.ReadAllText(Path.Combine(folder, verified)) : null;
            if (before == text)
                continue;
            File.WriteAllText(Path.Combine(folder, accept ? verified : name + ".received.cs"), text, Encoding);
            differences.Add($"{verified}: {(before is null ? "is new" : FirstDifference(before, text))}");
        }

        foreach (string? stale in expected)
        {
            differences.Add($"{stale}: no such file is generated");
            if (accept)
                File.Delete(Path.Combine(folder, stale!));
        }

        Assert.True(accept || differences.Count == 0, string.Join("\n", differences) + "\nSet EINSHARP_ACCEPT=1 to accept.");
    }

    private static string FirstDifference(string before, string after)
    {
        string[] left = before.Split('\n'), right = after.Split('\n');
        int line = 0;
        while (line < left.Length && line < right.Length && left[line] == right[line])
            line++;
        return $"line {line + 1}\n  verified: {left.ElementAtOrDefault(line)}\n  received: {right.ElementAtOrDefault(line)}";
    }
}
