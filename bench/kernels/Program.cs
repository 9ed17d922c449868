using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Einsharp.Bench;
using Einsharp.Cpu;

// What compare.cs asks for beside each run: the limits alone, of so many threads.
if (args is ["limits", "--threads", string count])
{
    using var team = new Team(int.Parse(count, CultureInfo.InvariantCulture));
    Limits.Measure(team);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $$"""{"read_gb_per_s":{{Limits.Memory(team.Threads) / 1e9:F1}},"float_gops":{{Limits.Arithmetic(team.Threads, isWhole: false) / 1e9:F0}},"byte_gops":{{Limits.Arithmetic(team.Threads, isWhole: true) / 1e9:F0}}}"""));
    return;
}

// In this process, so that nothing is built anew and the limits are measured beside the kernels.
ManualConfig config = ManualConfig.CreateEmpty()
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddLogger(ConsoleLogger.Default)
    .AddExporter(MarkdownExporter.GitHub)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddColumn(new LimitColumn("GB/s"), new LimitColumn("Gop/s"), new LimitColumn("Limit"), new LimitColumn("Share"))
    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "einsharp-bench"));
BenchmarkRunner.Run<Sweeps>(config, args);
