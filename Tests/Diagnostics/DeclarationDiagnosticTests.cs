using System.Globalization;

namespace Einsharp.Tests.Diagnostics;

/// <summary>EIN00xx: declarations and names.</summary>
public class DeclarationDiagnosticTests
{
    [Fact]
    public Task EIN0001_A_model_is_a_plain_partial_class() => Failing.Reports(
        "EIN0001",
        "Model 'Layer' is not partial; declare it 'public sealed partial class Layer', neither nested nor generic",
        """
        [Model]
        public sealed class [|Layer|]
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0002_A_declared_property_is_partial_and_has_a_getter_alone() => Failing.Reports(
        "EIN0002",
        "'Weight' cannot be completed by the generator; declare it 'public partial Param Weight { get; }'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public Param [|Weight|] { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0003_A_method_with_equations_is_partial() => Failing.Reports(
        "EIN0003",
        "'Forward' cannot be completed by the generator; declare it as a partial method without type parameters or other "
        + "modifiers than 'static': 'public partial Tensor Forward(…);'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor [|Forward|]<T>([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0004_A_method_with_equations_returns_a_Tensor() => Failing.Reports(
        "EIN0004",
        "'Forward' returns 'float[]', and its last equation makes a tensor with axes 'b f'; declare the return type "
        + "'Tensor'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial float[] [|Forward|]([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0005_Several_results_are_not_supported_yet() => Failing.Reports(
        "EIN0005",
        "'Forward' returns the tuple '(Tensor Hidden, Tensor Active)', and several results are not supported yet; return "
        + "one 'Tensor' a method",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), Silu]
            public partial (Tensor Hidden, Tensor Active) [|Forward|]([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0006_A_method_s_parameter_is_a_tensor_with_axes_or_a_cache() => Failing.Reports(
        "EIN0006",
        "Parameter 'x' is of type 'Tensor' and has no [Axes]; write '[Axes(\"b s d\")] Tensor x', '[Axes(\"b s\")] "
        + "Tensor<int> x' or 'KvCache? x'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward(Tensor [|x|]);
        }
        """);

    [Fact]
    public Task EIN0007_A_modifier_has_no_value_to_modify() => Failing.Reports(
        "EIN0007",
        "'Silu' opens its bracket, and there is no value for it to modify; begin with a producer such as Einsum, or move "
        + "'Silu' into the bracket of the value that it means",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            [[|Silu|]]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0008_One_bracket_is_one_equation() => Failing.Reports(
        "EIN0008",
        "'Einsum' is the second producer in its bracket, and would discard the value of 'Einsum'; give it a bracket of "
        + "its own and name the value of 'Einsum' by As",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Param("d f", Init.Linear)] public partial Param Back { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), [|Einsum("b f, d f -> b d", "h", nameof(Back))|]]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0009_A_value_is_lost() => Failing.Reports(
        "EIN0009",
        "The value of this equation has no name, and only the last equation is the method's result; end the bracket with "
        + "As(\"a\") and read 'a' in a later equation",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Param("d f", Init.Linear)] public partial Param Back { get; }

            [[|Einsum("b d, f d -> b f", nameof(x), nameof(Weight))|]]
            [Einsum("b d, d f -> b f", nameof(x), nameof(Back))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0010_Nobody_reads_a_value() => Failing.Reports(
        "EIN0010",
        "No equation reads 'gate'; read it in a later equation, or remove its equation",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), As([|"gate"|])]
            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0011_One_name_means_two_things() => Failing.Reports(
        "EIN0011",
        "'x' is already a parameter of 'Forward'; parameters, params, settings, layers and values share one namespace, "
        + "so choose another name",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Normal, Deviation = 0.02)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), As([|"x"|])]
            [Einsum("b f, f d -> b d", "x", nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0011_A_parameter_hides_a_generated_member() => Failing.Reports(
        "EIN0011",
        "'Sizes' is already a member of the generated half of 'Layer'; "
        + "parameters, params, settings, layers and values share one namespace, so choose another name",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(Sizes), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor [|Sizes|]);
        }
        """);

    [Fact]
    public Task EIN0011_A_property_hides_a_class_that_is_used() => Failing.Reports(
        "EIN0011",
        "'Math' is already a class that the generated half of 'Layer' uses; "
        + "parameters, params, settings, layers and values share one namespace, so choose another name",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param [|Math|] { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Math))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0012_An_operand_has_an_unknown_name() => Failing.Reports(
        "EIN0012",
        "'hiden' names nothing that Einsum could read (did you mean 'hidden'?); known here: 'x', 'Weight', 'Back', "
        + "'hidden'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Param("d f", Init.Linear)] public partial Param Back { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), As("hidden")]
            [Einsum("b f, d f -> b d", [|"hiden"|], nameof(Back))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0013_A_value_is_read_before_it_is_made() => Failing.Reports(
        "EIN0013",
        "'h' is made by equation 2, and this is equation 1; a value is read only after it is made, so move this equation "
        + "down",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Param("d f", Init.Linear)] public partial Param Back { get; }

            [Einsum("b f, d f -> b d", [|"h"|], nameof(Back)), As("y")]
            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), As("h")]
            [Einsum("b d, b d -> b d", "y", nameof(x))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0014_An_operand_is_of_the_wrong_kind() => Failing.Reports(
        "EIN0014",
        "'Epsilon' is a setting of type float, and Multiply takes a tensor here, such as 'x', 'Weight'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), Multiply([|nameof(Epsilon)|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0015_Layers_hold_a_model_of_this_project() => Failing.Reports(
        "EIN0015",
        "'Blocks' cannot hold layers: 'Block' is no model; mark it [Model]",
        """
        public sealed class Block;

        [Model]
        public sealed partial class Stack
        {
            [Layers("layers")] public partial Layers<Block> [|Blocks|] { get; }
        }
        """);

    [Fact]
    public Task EIN0016_Another_error_comes_first() => Failing.Reports(
        "EIN0016",
        "'Einsum' cannot be checked yet: the compiler refuses one of its arguments",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [[|Einsum("b d, f d -> b f", nameof(x), Weight)|]]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0017_A_name_is_an_identifier() => Failing.Reports(
        "EIN0017",
        "'2nd' cannot name a value; a name begins with a letter or '_', and goes on with letters, digits and '_'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), As([|"2nd"|])]
            [Einsum("b d, b f -> b f", nameof(x), "2nd")]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0018_A_setting_has_one_name_and_one_type() => Failing.Reports(
        "EIN0018",
        "'RmsNorm' has no Epsilon; add 'Epsilon = nameof(…)', naming a [Setting] of type float",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [[|RmsNorm("b d, d -> b d", nameof(x), nameof(Gain))|]]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0019_A_cache_is_passed_where_one_is_taken() => Failing.Reports(
        "EIN0019",
        "'Block' takes no cache; remove 'cache'",
        """
        [Model]
        public sealed partial class Block
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon))]
            public partial Tensor Forward([Axes("b s d")] Tensor x);
        }

        [Model]
        public sealed partial class Stack
        {
            [Layers("layers")] public partial Layers<Block> Blocks { get; }

            [Run("b s d -> b s d", nameof(Blocks), nameof(x), [|nameof(cache)|])]
            public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        }
        """);

    [Fact]
    public Task EIN0019_A_cache_that_nobody_reads() => Failing.Reports(
        "EIN0019",
        "No equation reads the cache 'cache'; remove the parameter, or pass it to Append or Run",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x, KvCache? [|cache|]);
        }
        """);

    [Fact]
    public Task EIN0020_An_Append_s_value_needs_a_name() => Failing.Reports(
        "EIN0020",
        "The value appended along 't' has no name, and its slot in the cache is named after it; add As(\"a\") to the "
        + "bracket",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("k d", Init.Linear)] public partial Param Key { get; }

            [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append([|"s -> t"|], nameof(cache))]
            public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        }
        """);

    [Fact]
    public Task EIN0050_A_symbol_is_named_by_its_text() => Failing.Reports(
        "EIN0050",
        "\"Weight\" names a param by its text, which a rename leaves behind; write nameof(Weight)",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), [|"Weight"|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public async Task EIN0050_Every_operand_that_is_a_symbol() => Assert.Equal(
        ["\"Embedding\" a param", "\"Embedding\" a param", "\"Blocks\" layers", "\"cache\" a cache", "\"rows\" a tensor of indices",
            "\"Epsilon\" a setting"],
        (await Compilations.Analyze(Compilations.Llama.Replace("nameof(Embedding)", "\"Embedding\"", StringComparison.Ordinal)
            .Replace("nameof(Blocks)", "\"Blocks\"", StringComparison.Ordinal)
            .Replace("\"x\", nameof(cache)", "\"x\", \"cache\"", StringComparison.Ordinal)
            .Replace("nameof(rows)", "\"rows\"", StringComparison.Ordinal)
            .Replace("nameof(Norm), Epsilon = nameof(Epsilon)", "nameof(Norm), Epsilon = \"Epsilon\"", StringComparison.Ordinal)))
        .Select(found => Compilations.Text(found.Location) + found.GetMessage(CultureInfo.InvariantCulture).Split([" names", " by its"], StringSplitOptions.None)[1]));

    [Theory]
    [InlineData("\"h\"")]
    [InlineData("nameof(h)")]
    [InlineData("Names.Hidden")]
    public async Task EIN0050_Values_and_constants_have_no_symbol(string operand) => Assert.Empty(await Failing.Diagnose(
        $$"""
        [Model]
        public sealed partial class Layer
        {
            private const int h = 0;
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Param("d f", Init.Linear)] public partial Param Back { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), As("h")]
            [Einsum("b f, d f -> b d", {{operand}}, nameof(Back)), Softmax("d")]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }

        public static class Names
        {
            public const string Hidden = "h";
        }
        """));

    [Fact]
    public Task EIN0304_says_what_may_be_meant() => Failing.Reports(
        "EIN0304",
        "'Tabel' cannot stand in for 'Head': it is no [Param] of this class (did you mean 'Table'?); name one by nameof",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("v d", Init.Embedding)] public partial Param Table { get; }
            [Param("v d", Init.Linear, Or = [|"Tabel"|])] public partial Param Head { get; }

            [Gather("b s, v d -> b s d", nameof(ids), nameof(Table)), As("h")]
            [Einsum("b s d, v d -> b s v", "h", nameof(Head))]
            public partial Tensor Forward([Axes("b s")] Tensor<int> ids);
        }
        """);
}
