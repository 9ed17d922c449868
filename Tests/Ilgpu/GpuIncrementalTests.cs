using System.Collections.Immutable;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Einsharp.Tests.Ilgpu;

/// <summary>What an edit re-runs where the library for GPUs is referenced: no more than without it.</summary>
public sealed class GpuIncrementalTests
{
    private const string Unrelated = "namespace Elsewhere; public static class Unrelated { public static int Answer() => 42; }";

    private static readonly string[] s_steps =
        [ModelGenerator.ReadStep, ModelGenerator.SignStep, ModelGenerator.JoinStep, ModelGenerator.BackendStep, ModelGenerator.EmitStep];

    [Fact]
    public void An_unrelated_type_edited_is_all_cached()
    {
        CSharpCompilation first = Compilations.CompileForGpu(Compilations.Llama, Unrelated);
        SyntaxTree tree = first.SyntaxTrees[1];
        string edited = Unrelated.Replace("42", "43", StringComparison.Ordinal);
        CSharpCompilation second =
            first.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(edited, Compilations.ParseOptions, tree.FilePath));
        foreach ((string step, IEnumerable<IncrementalStepRunReason> reasons) in Run(first, second))
        {
            Assert.NotEmpty(reasons);
            Assert.All(reasons, reason =>
                Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"{step}: {reason}"));
        }
    }

    [Fact]
    public void The_reference_itself_emits_every_model_anew()
    {
        CSharpCompilation first = Compilations.Compile(Compilations.Llama), second = Compilations.CompileForGpu(Compilations.Llama);
        Dictionary<string, IEnumerable<IncrementalStepRunReason>> steps = Run(first, second.WithAssemblyName(first.AssemblyName));
        Assert.Equal([IncrementalStepRunReason.Modified], steps[ModelGenerator.BackendStep]);
        Assert.All(steps[ModelGenerator.EmitStep], reason => Assert.Equal(IncrementalStepRunReason.Modified, reason));
        Assert.DoesNotContain(IncrementalStepRunReason.Modified, steps[ModelGenerator.ReadStep]);
    }

    private static Dictionary<string, IEnumerable<IncrementalStepRunReason>> Run(Compilation first, Compilation second)
    {
        ImmutableDictionary<string, ImmutableArray<IncrementalGeneratorRunStep>> tracked =
            Generated.Driver().RunGenerators(first).RunGenerators(second).GetRunResult().Results.Single().TrackedSteps;
        return s_steps.ToDictionary(step => step, step => tracked[step].SelectMany(run => run.Outputs).Select(output => output.Reason));
    }
}
