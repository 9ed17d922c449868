using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Einsharp.Bench;

// In this process, so that nothing is built anew and the limits are measured beside the kernels.
ManualConfig config = ManualConfig.CreateEmpty()
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddLogger(ConsoleLogger.Default)
    .AddExporter(MarkdownExporter.GitHub)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddColumn(new LimitColumn("GB/s"), new LimitColumn("Gop/s"), new LimitColumn("Limit"), new LimitColumn("Share"))
    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "einsharp-bench"));
BenchmarkRunner.Run<Sweeps>(config, args);
