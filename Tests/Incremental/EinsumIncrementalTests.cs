using System.Collections.Immutable;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Einsharp.Tests.Incremental;

/// <summary>What an edit re-runs of einsums that stand alone.</summary>
public class EinsumIncrementalTests
{
    private const string Method = """
        using Einsharp;

        public static partial class Layers
        {
            [Einsum("b d, f d -> b f")]
            public static partial Tensor Linear(Tensor x, Tensor w);
        }
        """;

    private const string Call = """
        using Einsharp;

        public static class Program
        {
            public static Tensor Run(Tensor x, Tensor w) => Einsum.Of("b d, f d -> b f", x, w);
        }
        """;

    private const string Unrelated = "public static class Unrelated { public static int Answer() => 42; }";

    private static Dictionary<string, IncrementalStepRunReason[]> Edit(string method, string call, string unrelated)
    {
        CSharpCompilation first = Compilations.Compile(Method, Call, Unrelated);
        CSharpCompilation second = first;
        string[] after = [method, call, unrelated];
        for (int i = 0; i < after.Length; i++)
        {
            SyntaxTree tree = second.SyntaxTrees[i];
            if (tree.ToString() != after[i])
                second = second.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(after[i], Compilations.ParseOptions, tree.FilePath));
        }

        ImmutableDictionary<string, ImmutableArray<IncrementalGeneratorRunStep>> tracked = Generated.Driver().RunGenerators(first)
            .RunGenerators(second).GetRunResult().Results.Single().TrackedSteps;
        string[] steps = [EinsumSteps.ReadStep, EinsumSteps.EmitStep, EinsumSteps.CallStep, EinsumSteps.InterceptStep];
        return steps.ToDictionary(
            static step => step, step =>
                tracked[step].SelectMany(static run => run.Outputs).Select(static output => output.Reason).ToArray());
    }

    private static bool IsKept(IncrementalStepRunReason reason) =>
        reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged;

    [Fact]
    public void An_edit_elsewhere_runs_nothing()
    {
        Dictionary<string, IncrementalStepRunReason[]> reasons = Edit(
            Method, Call, Unrelated.Replace("42", "43", StringComparison.Ordinal));
        Assert.All(reasons, static step => Assert.True(IsKept(Assert.Single(step.Value)), step.Key));
    }

    [Fact]
    public void A_comment_beside_a_method_emits_nothing()
    {
        Dictionary<string, IncrementalStepRunReason[]> reasons = Edit("// head\n" + Method, Call, Unrelated);
        Assert.All(reasons, static step => Assert.True(IsKept(Assert.Single(step.Value)), step.Key));
        Assert.Equal([IncrementalStepRunReason.Cached], reasons[EinsumSteps.EmitStep]);
    }

    [Fact]
    public void An_equation_edited_emits_its_method()
    {
        Dictionary<string, IncrementalStepRunReason[]> reasons = Edit(
            Method.Replace("-> b f", "-> f b", StringComparison.Ordinal), Call, Unrelated);
        Assert.Equal([IncrementalStepRunReason.Modified], reasons[EinsumSteps.EmitStep]);
        Assert.True(IsKept(Assert.Single(reasons[EinsumSteps.InterceptStep])));
    }

    [Fact]
    public void A_call_that_moves_is_not_planned_again()
    {
        Dictionary<string, IncrementalStepRunReason[]> reasons = Edit(Method, "// head\n" + Call, Unrelated);
        Assert.Equal([IncrementalStepRunReason.Modified], reasons[EinsumSteps.CallStep]);
        Assert.True(IsKept(Assert.Single(reasons[EinsumSteps.InterceptStep])));
        Assert.True(IsKept(Assert.Single(reasons[EinsumSteps.EmitStep])));
    }
}
