using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Einsharp.Bench;

// In this process, so that nothing is built anew; results go to a temporary folder but for what is printed.
ManualConfig config = ManualConfig.CreateEmpty()
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).AsMutator())
    .AddLogger(ConsoleLogger.Default)
    .AddExporter(MarkdownExporter.GitHub)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "einsharp-bench"));
BenchmarkSwitcher.FromTypes([typeof(WholeProject), typeof(Keystroke)]).Run(args.Length == 0 ? ["--filter", "*"] : args, config);
