namespace Einsharp.Tests.Diagnostics;

/// <summary>What can be wrong with masks, and with positions that are compared.</summary>
public sealed class MaskDiagnosticTests
{
    private const string Softmax = "Softmax(\"t\"), As(\"p\")]";

    private static Task Reports(string id, string message, string modifiers, string extra = "", string append = "Rename(\"s -> t\")") =>
        Failing.Reports(
            id, message,
            $$"""
            [Model]
            public sealed partial class Attention
            {
                [Param("h k d", Init.Linear)] public partial Param Query { get; }
                [Param("h k d", Init.Linear)] public partial Param Key { get; }
                [Param("h k d", Init.Linear)] public partial Param Value { get; }
                [Setting("size")] public partial int Size { get; }

                [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
                [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Key)), {{append}}, As("keys")]
                [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Value)), {{append}}, As("values")]
                [Einsum("b s h k, b t h k -> b h s t", "q", "keys"), {{modifiers}}, {{Softmax}}
                [Einsum("b h s t, b t h k -> b s h k", "p", "values")]
                public partial Tensor Forward([Axes("b s d")] Tensor x{{extra}});
            }
            """);

    [Theory]
    [InlineData("SoftCap(30)", "SoftCap", "Causal(\"s\", \"t\")", "Causal")]
    [InlineData("SoftCap(30)", "SoftCap", "Window(\"s\", \"t\", 4), Scale(\"2\")", "Window")]
    [InlineData("SoftCap(30)", "SoftCap", "Mask(\"b t\", nameof(keep)), Alibi(\"s\", \"t\", \"h\")", "Mask")]
    [InlineData("Tanh", "Tanh", "Causal(\"s\", \"t\")", "Causal")]
    public Task EIN0240_A_function_comes_before_a_mask(string function, string name, string before, string mask) => Reports(
        "EIN0240", $"{name} comes after {mask}, whose hidden values are −∞, and makes numbers of them again; write {name} before {mask}",
        $"{before}, [|{function}|]", mask == "Mask" ? ", [Axes(\"b t\")] Tensor<bool> keep" : "");

    [Fact]
    public Task EIN0241_Alibi_counts_heads() => Reports(
        "EIN0241", "'s' carries positions, and the slopes of Alibi are numbered by heads; name some of 'b', 'h'",
        "Alibi(\"s\", \"t\", \"h [|s|]\")");

    [Theory]
    [InlineData("Causal", "Causal(\"s\", [|\"h\"|])")]
    [InlineData("Window", "Window(\"s\", [|\"h\"|], 3)")]
    [InlineData("Alibi", "Alibi(\"s\", [|\"h\"|], \"b\")")]
    public Task An_axis_that_is_no_positions_of_keys(string kind, string modifier) => Reports(
        "EIN0210", $"{kind} compares positions along 'h', and no Append or Rename makes it of 's'; "
        + "rename the axis of the keys and values: Rename(\"s -> …\")", modifier);

    [Fact]
    public Task Behind_a_cache_they_are_appended() => Reports(
        "EIN0210", "Causal compares positions along 'h', and no Append or Rename makes it of 's'; "
        + "append the keys and values: Append(\"s -> …\", nameof(cache))",
        "Causal(\"s\", [|\"h\"|])", ", KvCache? cache", "Append(\"s -> t\", nameof(cache))");

    [Fact]
    public Task The_positions_of_another_input_are_no_neighbours() => Failing.Reports(
        "EIN0210", "Causal compares positions along 't', and no Append or Rename makes it of 's'; "
        + "rename the axis of the keys and values: Rename(\"s -> …\")",
        """
        [Model]
        public sealed partial class Cross
        {
            [Einsum("b s k, b t k -> b s t", nameof(x), nameof(memory)), Causal("s", [|"t"|]), Softmax("t"), As("p")]
            [Einsum("b s t, b t k -> b s k", "p", nameof(memory))]
            public partial Tensor Forward([Axes("b s k")] Tensor x, [Axes("b t k")] Tensor memory);
        }
        """);

    [Theory]
    [InlineData("Mask(\"b t [|k|]\", nameof(keep))", "b t k", "EIN0206",
        "Mask names the axis 'k', and the value here has axes 'b h s t' (b from 'x', h from 'Query', s from 'x', t from Rename(\"s -> t\"))")]
    [InlineData("Mask(\"b [|s|]\", nameof(keep))", "b t", "EIN0203",
        "'s' is not axis 2 of 'keep', which has axes 'b t'; write 't' there (t from Rename(\"s -> t\"), s from 'x')")]
    [InlineData("Mask(\"[|b|]\", nameof(keep))", "b t", "EIN0204",
        "This term has 1 axis, and 'keep' has 2 axes; write 'b t' (b from 'x', t from Rename(\"s -> t\"))")]
    public Task A_mask_repeats_axes_of_the_scores(string modifier, string axes, string id, string message) =>
        Reports(id, message, modifier, $", [Axes(\"{axes}\")] Tensor<bool> keep");

    [Fact]
    public Task A_mask_is_of_bool() => Reports(
        "EIN0014", "'keep' is a tensor of indices, and Mask takes a parameter of type Tensor<bool> here",
        "Mask(\"b t\", [|nameof(keep)|])", ", [Axes(\"b s\")] Tensor<int> keep");

    [Theory]
    [InlineData("Window(\"s\", \"t\", [|0|])", "Window", "0", "a window has at least 1 position, the query's own")]
    [InlineData("SoftCap([|0.0|])", "SoftCap", "0", "a cap is a finite number above 0")]
    public Task EIN0231_A_number_is_out_of_range(string modifier, string kind, string number, string why) =>
        Reports("EIN0231", $"{kind} has the number {number}; {why}", modifier);
}
