using System.Diagnostics;

namespace Einsharp.Tests.Program;

/// <summary>The sample program as its users meet it: a process.</summary>
internal static class LlamaProgram
{
    /// <summary>The folder of the built program: beside the tests' own in bin/ of its project, or under one --artifacts-path.</summary>
    public static string Folder { get; } = Find();

    /// <summary>Runs it to its end.</summary>
    public static Outcome Run(params IEnumerable<string> arguments) =>
        Outcome.OfDotnet(TimeSpan.FromMinutes(1), [Path.Combine(Folder, "llama.dll"), .. arguments], ("DOTNET_TieredPGO", "0"));

    private static string Find()
    {
        string own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string pivot = Path.GetFileName(own), configuration = Path.GetFileName(Path.GetDirectoryName(own)!);
        string[] candidates =
        [
            Path.Combine(own, "../../Llama", pivot),
            Path.Combine(own, "../../../../Samples/Llama/bin", configuration, pivot),
        ];
        return candidates.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "llama.dll"))) is { } found
            ? Path.GetFullPath(found)
            : throw new FileNotFoundException("llama.dll is in none of: " + string.Join(", ", candidates.Select(Path.GetFullPath)));
    }
}

/// <summary>What a run of the program left.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    /// <summary>Runs <c>dotnet</c> to its end, which must come in time, in an environment with so many variables more.</summary>
    public static Outcome OfDotnet(TimeSpan limit, IEnumerable<string> arguments, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            StandardErrorEncoding = System.Text.Encoding.UTF8,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"still running after {limit}: dotnet {string.Join(' ', start.ArgumentList)}");
        }

        return new Outcome(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>It went well and said nothing on standard error.</summary>
    public string Quiet()
    {
        Assert.Equal("", Error);
        Assert.Equal(0, ExitCode);
        return Output;
    }

    /// <summary>It failed as it should: one line that names what is wrong, exit code 1, nothing on standard output.</summary>
    public void Refused(params ReadOnlySpan<string> names)
    {
        string all =
            $"exit code {ExitCode}\n--- standard error:\n{Error}\n--- standard output:\n{(Output.Length > 500 ? Output[..500] : Output)}";
        Assert.True(ExitCode == 1, all);
        Assert.True(Error.EndsWith('\n') && Error.Count(character => character == '\n') == 1, all);
        Assert.True(Output.Length == 0, all);
        Assert.False(Error.Contains("   at ", StringComparison.Ordinal) || Error.Contains("Exception", StringComparison.Ordinal), all);
        foreach (string name in names)
            Assert.True(Error.Contains(name, StringComparison.OrdinalIgnoreCase), $"'{name}' is not named: {all}");
    }
}
