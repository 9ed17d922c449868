using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Einsharp.Generator;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Einsharp.Bench;

/// <summary>200 models from nothing, as a build has them: every file is parsed anew, and nothing of an earlier run is known.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 5, iterationCount: 15)]
public class WholeProject
{
    private CSharpCompilation _project = null!;

    /// <summary>Parses the project.</summary>
    [IterationSetup]
    public void Parse() => _project = Project200.Create();

    /// <summary>Read, check, plan and emit 200 models.</summary>
    [Benchmark]
    public object Generator() => Project200.Driver().RunGenerators(_project);

    /// <summary>Read, check and plan 200 models, and report.</summary>
    [Benchmark]
    public object Analyzer() =>
        _project.WithAnalyzers([new ModelAnalyzer()]).GetAnalyzerDiagnosticsAsync().GetAwaiter().GetResult();
}
