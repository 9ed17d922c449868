using System.Diagnostics;
using Einsharp.Tests.Weights;
using Xunit.Abstractions;

namespace Einsharp.Tests.Reference;

/// <summary>
/// The committed vectors against PyTorch itself, where it is installed: vectors.py runs anew, and what it writes is compared with the
/// committed file and with what is computed here. Where there is no Python or no PyTorch, the test says so and passes.
/// </summary>
public sealed class LiveTests(ITestOutputHelper output)
{
    // Results are rounded once, to float32 or not at all: what differs is the order of sums in another PyTorch.
    private const double AnotherSingle = 2.5e-7, AnotherDouble = 1e-13;

    private static readonly string[] s_pythons = ["python3", "python", "/usr/bin/python3"];

    [Fact]
    public void PyTorchSaysTheSameNow()
    {
        if (FindPython() is not { } python)
            return;
        using var folder = new TemporaryFolder();
        string path = folder.File("live.safetensors");
        Ran ran = Run(python, TimeSpan.FromMinutes(5), Path.Combine(Vectors.Folder, "vectors.py"), "--to", path);
        Assert.True(ran.Code == 0, $"{python} vectors.py ended with {ran.Code}:\n{ran.Error}");
        output.WriteLine($"{python}: {ran.Output.Trim()}");

        Vectors live = Vectors.Read(path);
        Assert.Equal(Vectors.Committed.ByName.Keys.Order(StringComparer.Ordinal), live.ByName.Keys.Order(StringComparer.Ordinal));
        foreach (Vector committed in Vectors.Committed.ByName.Values)
        {
            double allowed = committed.Name.EndsWith("/f64", StringComparison.Ordinal) ? AnotherDouble : AnotherSingle;
            Vectors.Same(committed, live[committed.Name].Shape, live[committed.Name].Values, allowed);
        }

        foreach (ParityCase layer in ParityTests.All)
            ParityTests.Check(layer.Name, Device.Cpu, live);
        foreach (EinsumLine einsum in EinsumList.Read())
            EinsumParityTests.Check(einsum, live);
    }

    /// <summary>The first Python that has PyTorch and NumPy; null, having said why each is not one.</summary>
    private string? FindPython()
    {
        var reasons = new List<string>();
        foreach (string python in s_pythons)
        {
            Ran ran = Run(python, TimeSpan.FromMinutes(1), "-c", "import torch, numpy; print(torch.__version__, numpy.__version__)");
            if (ran.Code == 0)
                return python;
            reasons.Add($"{python}: {ran.Error.Trim().Split('\n')[^1]}");
        }

        output.WriteLine("skipped: the comparison with PyTorch as it is installed; the committed vectors were compared all the same.");
        foreach (string reason in reasons)
            output.WriteLine(reason);
        return null;
    }

    private static Ran Run(string program, TimeSpan limit, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> text = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(limit))
            {
                process.Kill(entireProcessTree: true);
                return new Ran(-1, "", $"it took longer than {limit}");
            }

            return new Ran(process.ExitCode, text.Result, error.Result);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return new Ran(-1, "", missing.Message);
        }
    }

    private sealed record Ran(int Code, string Output, string Error);
}
