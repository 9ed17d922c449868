using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Einsharp.Bench;

/// <summary>
/// What one typed character adds in a project of 200 models: the generator's run over all of it, and the analyzer's over the file that is
/// open, each in a compilation that nothing was asked of before.
/// </summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 200, iterationCount: 100)]
public class Keystroke
{
    private readonly CompilationWithAnalyzersOptions _options = new(new AnalyzerOptions([]), null, concurrentAnalysis: true, false);
    private CSharpCompilation _project = null!;
    private GeneratorDriver _driver = null!;
    private int _count;

    /// <summary>Where the character is typed.</summary>
    [Params("an equation", "another file", "a type's name")]
    public string In { get; set; } = "";

    /// <summary>Runs the generator once.</summary>
    [GlobalSetup]
    public void Open()
    {
        _project = Project200.Create();
        _driver = Project200.Driver().RunGenerators(_project);
    }

    /// <summary>Types the character.</summary>
    [IterationSetup]
    public void Type() => _project = In switch
    {
        "an equation" => Project200.TypeInModel(_project, _count++),
        "another file" => Project200.TypeElsewhere(_project, _count++),
        _ => Project200.TypeInName(_project, _count++),
    };

    /// <summary>The generator.</summary>
    [Benchmark]
    public void Generator() => _driver = _driver.RunGenerators(_project);

    /// <summary>The analyzer, on the file that is typed in.</summary>
    [Benchmark]
    public object Analyzer()
    {
        SyntaxTree open = _project.SyntaxTrees[In == "an equation" ? 0 : Project200.Models];
        return _project.WithAnalyzers([new ModelAnalyzer()], _options)
            .GetAnalyzerSemanticDiagnosticsAsync(_project.GetSemanticModel(open), null, default).GetAwaiter().GetResult();
    }
}
