using System.Collections.Immutable;
using Einsharp.Bench;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Einsharp.Tests.Incremental;

/// <summary>The project of 200 models that the benchmarks time: it is right, and an edit re-runs one model.</summary>
public class ManyModelsTests
{
    [Fact]
    public async Task The_project_is_right()
    {
        CSharpCompilation project = Project200.Create();
        Assert.Empty(await project.WithAnalyzers([new ModelAnalyzer()]).GetAnalyzerDiagnosticsAsync());
        GeneratorDriver driver = Project200.Driver().RunGeneratorsAndUpdateCompilation(project, out Compilation whole, out _);
        Assert.Empty(whole.GetDiagnostics().Where(static found => found.Severity == DiagnosticSeverity.Error));
        Assert.Equal(
            Project200.Models,
            driver.GetRunResult().GeneratedTrees.Count(static tree => tree.FilePath.EndsWith(".Parameters.g.cs", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_edit_in_one_file_runs_one_model_again()
    {
        CSharpCompilation project = Project200.Create();
        Dictionary<string, int> steps = Modified(project, Project200.TypeInModel(project, 1));
        Assert.Equal((1, 0, 1), (steps[ModelGenerator.ReadStep], steps[ModelGenerator.SignStep], steps[ModelGenerator.EmitStep]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_edit_elsewhere_runs_none_again(bool name)
    {
        CSharpCompilation project = Project200.Create();
        Dictionary<string, int> steps =
            Modified(project, name ? Project200.TypeInName(project, 1) : Project200.TypeElsewhere(project, 1));
        Assert.All(steps, step => Assert.Equal(0, step.Value));
    }

    // How many outputs of each step are others than before; every other one of the last step was not even computed.
    private static Dictionary<string, int> Modified(CSharpCompilation before, CSharpCompilation after)
    {
        Assert.NotEqual(before.SyntaxTrees.Select(tree => tree.ToString()), after.SyntaxTrees.Select(tree => tree.ToString()));
        ImmutableDictionary<string, ImmutableArray<IncrementalGeneratorRunStep>> tracked = Project200.Driver(tracked: true)
            .RunGenerators(before).RunGenerators(after).GetRunResult().Results.Single().TrackedSteps;
        string[] steps = [ModelGenerator.ReadStep, ModelGenerator.SignStep, ModelGenerator.JoinStep, ModelGenerator.EmitStep];
        var reasons = steps.ToDictionary(
            step => step, step => tracked[step].SelectMany(run => run.Outputs).Select(output => output.Reason).ToList());
        Assert.All(reasons, step => Assert.Equal(Project200.Models, step.Value.Count));
        Assert.All(reasons[ModelGenerator.EmitStep], reason =>
            Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Modified, reason.ToString()));
        return reasons.ToDictionary(step => step.Key, step => step.Value.Count(reason =>
            reason is not (IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged)));
    }
}
