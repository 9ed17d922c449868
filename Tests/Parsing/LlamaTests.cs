using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Parsing;

/// <summary>The declaration of the design, read and checked.</summary>
public class LlamaTests
{
    private static readonly ModelSpec Block = Compilations.Read(Compilations.Llama, "Declared.LlamaBlock");
    private static readonly CheckedModel CheckedBlock = Compilations.Check(Compilations.Llama, "Declared.LlamaBlock").Model!;
    private static readonly CheckedModel CheckedLlama = Compilations.Check(Compilations.Llama, "Declared.Llama").Model!;

    [Fact]
    public async Task The_analyzer_reports_nothing()
    {
        Assert.Empty(await Compilations.Analyze(Compilations.Llama));
    }

    [Fact]
    public void A_bracket_is_an_attribute_list_in_source_order()
    {
        MethodSpec forward = Assert.Single(Block.Methods);
        Assert.Equal(11, forward.Brackets.Count);
        Assert.Equal(["Einsum", "Rotate", "Append", "As"], forward.Brackets[2].Attributes.Select(static attribute => attribute.Kind));
        AttributeSpec append = forward.Brackets[2].Attributes[2];
        Assert.Equal(("Forward", 7), (append.Member, append.Index));
        Assert.Equal([new ArgumentSpec(0, "", "s -> t", IsLiteral: true), new ArgumentSpec(1, "", "cache")], append.Arguments);
        Assert.Equal(new ArgumentSpec(3, "Epsilon", "Epsilon"), forward.Brackets[0].Attributes[0].Named("Epsilon"));
        Assert.Equal(["Einsharp.Tensor", "Einsharp.KvCache?"], forward.Parameters.Select(static parameter => parameter.Type));
    }

    [Fact]
    public void Modifiers_are_operations_of_their_own()
    {
        EquatableArray<Operation> operations = Assert.Single(CheckedBlock.Graphs).Operations;
        Assert.Equal(
        [
            "n = RmsNorm(\"b s d, d -> b s d\")(x, AttentionNorm, Epsilon) : b s d",
            "q = Einsum(\"b s d, g r k d -> b s g r k\")(n, Query) : b s g r k",
            "Rotate(\"s\", \"k\", Rotation) : b s g r k",
            "keys = Einsum(\"b s d, g k d -> b s g k\")(n, Key) : b s g k",
            "Rotate(\"s\", \"k\", Rotation) : b s g k",
            "Append(\"s -> t\", cache) : b t g k",
            "values = Einsum(\"b s d, g k d -> b s g k\")(n, Value) : b s g k",
            "Append(\"s -> t\", cache) : b t g k",
            "p = Einsum(\"b s g r k, b t g k -> b g r s t\")(q, keys) : b g r s t",
            "Scale(\"1/sqrt(k)\") : b g r s t",
            "Causal(\"s\", \"t\") : b g r s t",
            "Softmax(\"t\") : b g r s t",
            "heads = Einsum(\"b g r s t, b t g k -> b s g r k\")(p, values) : b s g r k",
            "a = Einsum(\"b s g r k, d g r k -> b s d\")(heads, Output) : b s d",
            "Add(x) : b s d",
            "m = RmsNorm(\"b s d, d -> b s d\")(a, FeedForwardNorm, Epsilon) : b s d",
            "u = Einsum(\"b s d, f d -> b s f\")(m, Up) : b s f",
            "h = Einsum(\"b s d, f d -> b s f\")(m, Gate) : b s f",
            "Silu : b s f",
            "Multiply(u) : b s f",
            "Einsum(\"b s f, d f -> b s d\")(h, Down) : b s d",
            "Add(a) : b s d",
        ], operations.Select(static operation => operation.Text + " : " + string.Join(" ", operation.Axes)));
        Assert.Equal(Enumerable.Range(0, operations.Count), operations.Select(static operation => operation.Id));
        Assert.Equal(
            [0, 2, 5, 7, 11, 12, 14, 15, 16, 19],
            operations.Where(static operation => operation.Name is not null).Select(static operation => operation.Id));
        Assert.Equal(["keys", "values"], operations.OfType<AppendOperation>().Select(static append => append.Slot));
        Assert.Equal(new Operand(OperandKind.Value, "keys", 5, ["b", "t", "g", "k"]), operations[8].Reads[1]);
        Assert.Equal(["1", "/", "sqrt", "(", "k", ")"], operations.OfType<ScaleOperation>().Single().Factor.Tokens);
    }

    [Fact]
    public void Axes_are_bound_once_in_order()
    {
        Assert.Equal(
            ["d Model 'AttentionNorm'", "g Model 'Query'", "r Model 'Query'", "k Model 'Query'", "f Model 'Gate'", "b Call 'x'",
            "s Call 'x'", "t Seen Append(\"s -> t\")"],
            CheckedBlock.Axes.Select(static axis => $"{axis.Name} {axis.Binding} {axis.FirstBoundBy}"));
        Assert.Equal(
            ["v", "d", "layers", "g", "r", "k", "f", "b", "s", "o"],
            CheckedLlama.Axes.Select(static axis => axis.Name));
    }

    [Fact]
    public void Fans_are_read_off_the_einsum()
    {
        CheckedParam Param(string name) => CheckedBlock.Params.Single(parameter => parameter.Spec.Name == name);
        Assert.Equal(["d"], Param("Query").FanIn);
        Assert.Equal(["g", "r", "k"], Param("Query").FanOut);
        Assert.Equal(["g", "r", "k"], Param("Output").FanIn);
        Assert.Equal(["d"], Param("Output").FanOut);
        Assert.Empty(Param("AttentionNorm").FanIn);
    }

    [Fact]
    public void A_signature_is_what_a_parent_needs()
    {
        ModelSignature block = ModelChecker.Sign(Block);
        Assert.Equal(["d", "g", "r", "k", "f"], block.Sizes.Select(static size => size.Axis));
        Assert.Equal([new SettingSignature("rms_norm_eps", "float"), new SettingSignature("rope", "Einsharp.Rope")], block.Settings);
        Assert.Equal(["b", "s", "d"], block.Input!.Value);
        Assert.Equal(["b", "s", "d"], block.Output!.Value);
        Assert.Equal([new SlotSignature("keys", ["b", "t", "g", "k"]), new SlotSignature("values", ["b", "t", "g", "k"])], block.Slots);
        Assert.True(block.TakesCache && block.IsSequence && block.IsValid);
        Assert.Equal(block, Assert.Single(CheckedLlama.Submodels));
        Assert.Equal(["Declared.LlamaBlock"], ModelChecker.Sign(CheckedLlama.Spec).Submodels);
        Assert.Null(ModelChecker.Sign(CheckedLlama.Spec).Input);
    }

    [Fact]
    public void An_edit_of_a_comment_reads_to_an_equal_record()
    {
        string moved = Compilations.Llama.Replace("[Setting(\"rope\")]", "// A comment.\n\n    [Setting(  \"rope\"  )]",
            StringComparison.Ordinal);
        Assert.Equal(Block, Compilations.Read(moved, "Declared.LlamaBlock"));
        Assert.Equal(CheckedBlock, Compilations.Check(moved, "Declared.LlamaBlock").Model);
    }

    [Fact]
    public void The_source_itself_compiles_but_for_the_bodies_to_generate()
    {
        // CS9248 and CS8795: a partial property or method without its implementing part.
        Assert.Empty(Compilations.Compile(Compilations.Llama).GetDiagnostics()
            .Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && diagnostic.Id is not ("CS9248" or "CS8795")));
    }
}
