using System.Collections.Immutable;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Einsharp.Tests.Incremental;

/// <summary>What an edit re-runs: an IDE runs the generator at every keystroke.</summary>
public class IncrementalTests
{
    private const string Unrelated = "namespace Elsewhere; public static class Unrelated { public static int Answer() => 42; }";

    private static readonly string Block =
        Compilations.Llama[..Compilations.Llama.IndexOf("[Model]\npublic sealed partial class Llama\n", StringComparison.Ordinal)];

    private static readonly string Model = "using Einsharp;\n\nnamespace Declared;\n\n"
        + Compilations.Llama[Compilations.Llama.IndexOf("[Model]\npublic sealed partial class Llama\n", StringComparison.Ordinal)..];

    private static readonly string[] Steps =
        [ModelGenerator.ReadStep, ModelGenerator.SignStep, ModelGenerator.JoinStep, ModelGenerator.EmitStep];

    /// <summary>
    /// Runs the generator on two versions of the sources, and says of each step and each of its outputs why it ran the second time.
    /// </summary>
    private static Dictionary<string, List<IncrementalStepRunReason>> Edit(string[] before, string[] after)
    {
        CSharpCompilation first = Compilations.Compile(before);
        CSharpCompilation second = first;
        for (int i = 0; i < before.Length; i++)
        {
            if (before[i] == after[i])
                continue;
            SyntaxTree tree = second.SyntaxTrees[i];
            second = second.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(after[i], Compilations.ParseOptions, tree.FilePath));
        }

        GeneratorDriver driver = Generated.Driver().RunGenerators(first).RunGenerators(second);
        ImmutableDictionary<string, ImmutableArray<IncrementalGeneratorRunStep>> tracked =
            driver.GetRunResult().Results.Single().TrackedSteps;
        return Steps.ToDictionary(
            step => step, step => tracked[step].SelectMany(run => run.Outputs).Select(output => output.Reason).ToList());
    }

    private static void AssertAllCached(Dictionary<string, List<IncrementalStepRunReason>> reasons)
    {
        foreach ((string step, List<IncrementalStepRunReason> outputs) in reasons)
        {
            Assert.Equal(2, outputs.Count);
            Assert.All(outputs, reason =>
                Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"{step}: {reason}"));
        }
    }

    [Fact]
    public void Nothing_changed_is_all_cached() => AssertAllCached(Edit([Block, Model, Unrelated], [Block, Model, Unrelated]));

    [Fact]
    public void An_unrelated_type_edited_is_all_cached() =>
        AssertAllCached(Edit([Block, Model, Unrelated], [Block, Model, Unrelated.Replace("42", "43", StringComparison.Ordinal)]));

    [Fact]
    public void A_comment_in_a_model_is_all_cached()
    {
        const string Norm = "[RmsNorm(\"b s d, d -> b s d\", nameof(x)";
        string commented = Block.Replace(Norm, "// the norm\n    " + Norm, StringComparison.Ordinal);
        Assert.NotEqual(Block, commented);
        Dictionary<string, List<IncrementalStepRunReason>> reasons =
            Edit([Block, Model, Unrelated], ["// head\n" + commented, Model, Unrelated]);
        AssertAllCached(reasons);
        Assert.DoesNotContain(IncrementalStepRunReason.Modified, reasons[ModelGenerator.EmitStep]);
        Assert.All(reasons[ModelGenerator.EmitStep], reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
    }

    [Fact]
    public void An_equation_edited_emits_that_model_alone()
    {
        string edited = Block.Replace("Scale(\"1/sqrt(k)\")", "Scale(\"2/sqrt(k)\")", StringComparison.Ordinal);
        Dictionary<string, List<IncrementalStepRunReason>> reasons = Edit([Block, Model, Unrelated], [edited, Model, Unrelated]);
        Assert.Equal([IncrementalStepRunReason.Modified, IncrementalStepRunReason.Cached], reasons[ModelGenerator.EmitStep]);
        Assert.Equal([IncrementalStepRunReason.Unchanged, IncrementalStepRunReason.Cached], reasons[ModelGenerator.SignStep]);
    }

    [Fact]
    public void A_signature_edited_emits_the_parent_too()
    {
        string edited = Block.Replace("[Setting(\"rms_norm_eps\")]", "[Setting(\"norm_eps\")]", StringComparison.Ordinal);
        Dictionary<string, List<IncrementalStepRunReason>> reasons = Edit([Block, Model, Unrelated], [edited, Model, Unrelated]);
        Assert.Equal([IncrementalStepRunReason.Modified, IncrementalStepRunReason.Modified], reasons[ModelGenerator.EmitStep]);
    }

    [Fact]
    public void The_parent_edited_leaves_the_layer_alone()
    {
        string edited = Model.Replace("From = \"model.norm.weight\"", "From = \"norm.weight\"", StringComparison.Ordinal);
        Dictionary<string, List<IncrementalStepRunReason>> reasons = Edit([Block, Model, Unrelated], [Block, edited, Unrelated]);
        Assert.Equal([IncrementalStepRunReason.Cached, IncrementalStepRunReason.Modified], reasons[ModelGenerator.EmitStep]);
    }
}
