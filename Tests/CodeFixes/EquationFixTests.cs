namespace Einsharp.Tests.CodeFixes;

/// <summary>Fixes inside equations: failing source, fix applied, exact text, and it compiles.</summary>
public class EquationFixTests
{
    private static string Linear(string equation) =>
        $$"""
        [Model]
        public sealed partial class Layer
        {
            private const string Batch = "b d";
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum({{equation}}, nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """;

    [Fact]
    public Task EIN0102_A_digit_is_taken_away() => Fixed.By("EIN0102", "Write 'f'", Linear("\"b d, f d -> b [|2f|f|]\""));

    [Theory]
    [InlineData("\"b d, f d[|| -> b f|]\"", "Add '-> b f'")]
    [InlineData("\"b d,f d[|| -> b f|]  \"", "Add '-> b f'")]
    [InlineData("@\"b d, f d[|| -> b f|]\"", "Add '-> b f'")]
    [InlineData("\"\"\"b d, f d[|| -> b f|]\"\"\"", "Add '-> b f'")]
    [InlineData("\"\"\"\n            b d,\n              f d[|| -> b f|]\n            \"\"\"", "Add '-> b f'")]
    [InlineData("\"b d, \" + @\"f d[|| -> b f|]\"", "Add '-> b f'")]
    [InlineData("$\"{Batch}, f d[|| -> b f|]\"", "Add '-> b f'")]
    [InlineData("$\"\"\"\n            {Batch},\n            f d[|| -> b f|]\n            \"\"\"", "Add '-> b f'")]
    [InlineData("\"[|bd,fd|b d, f d -> b f|]\"", "Write 'b d, f d -> b f'")]
    [InlineData("@\"[|bd,fd|b d, f d -> b f|]\"", "Write 'b d, f d -> b f'")]
    public Task EIN0103_The_output_is_written(string equation, string title) => Fixed.By("EIN0103", title, Linear(equation));

    [Theory]
    [InlineData("\"[|bd|b d|], f d -> b f\"")]
    [InlineData("\"\\u0062 d, [|f\\u0064|f d|] -> b f\"")]
    [InlineData("@\"b d, [|fd|f d|] -> b f\"")]
    [InlineData("\"\"\"b d, f d -> [|bf|b f|]\"\"\"")]
    [InlineData("$\"\"\"\n            {Batch},\n            [|fd|f d|] -> b f\n            \"\"\"")]
    public Task EIN0106_Letters_are_split(string equation) => Fixed.By(
        "EIN0106", equation.Contains("[|bd", StringComparison.Ordinal) ? "Write 'b d'"
            : equation.Contains("[|bf", StringComparison.Ordinal) ? "Write 'b f'" : "Write 'f d'", Linear(equation));

    [Fact]
    public Task EIN0106_All_letters_are_split() => Fixed.All("EIN0106", Linear("\"[|bd|b d|], [|fd|f d|] -> [|bf|b f|]\""));

    [Theory]
    [InlineData("\"... d, d ->[|| ...|] d\"")]
    [InlineData("@\"... d,\n d ->[|| ...|]\"")]
    public Task EIN0111_The_ellipsis_is_added_to_the_output(string equation) => Fixed.By(
        "EIN0111", "Add '...'",
        $$"""
        public static partial class Layers
        {
            [Einsum({{equation}})]
            public static partial Tensor Gain(Tensor x, Tensor gain);
        }
        """);

    [Fact]
    public Task EIN0107_The_arrow_is_written() => Fixed.By(
        "EIN0107", "Add '->'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("k d", Init.Linear)] public partial Param Key { get; }

            [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s[|| ->|] t", nameof(cache)), As("keys")]
            [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), As("queries")]
            [Einsum("b s k, b t k -> b s t", "queries", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
            [Einsum("b s t, b t k -> b s k", "p", "keys")]
            public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        }
        """);

    [Theory]
    [InlineData("\"b d, f d -> b [|h|f|]\"")]
    [InlineData("\"b d, f d -> \" + (\"b [|h|f|]\")")]
    public Task EIN0202_The_output_names_the_axis_that_is_left(string equation) => Fixed.By("EIN0202", "Write 'f'", Linear(equation));

    [Fact]
    public Task EIN0202_The_output_names_the_axis_that_is_meant() => Fixed.By(
        "EIN0202", "Write 'hidden'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("hidden d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, hidden d -> b [|hiden|hidden|]", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0202_Of_two_axes_that_are_left_none_is_guessed() => Fixed.Not(
        "EIN0202",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f g", Init.Ones)] public partial Param Weight { get; }

            [Einsum("b d, f g -> b d h", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Theory]
    [InlineData("\"b d, [|q|f|] d -> b f\"", "f")]
    [InlineData("\"b d, f [|\\u0071|d|] -> b f\"", "d")]
    [InlineData("\"b d, [|d f|f d|] -> b f\"", "f d")]
    [InlineData("@\"[|d b|b d|], f d -> b f\"", "b d")]
    [InlineData("\"b d\" + \", [|q|f|] d \" + \"-> b f\"", "f")]
    [InlineData("\"\"\"\n            b d,\n            [|q|f|] d -> b f\n            \"\"\"", "f")]
    [InlineData("$$\"\"\"{{Batch}}, [|q|f|] d -> b f\"\"\"", "f")]
    public Task EIN0203_The_operand_s_axes_are_repeated(string equation, string right) =>
        Fixed.By("EIN0203", $"Write '{right}'", Linear(equation));

    [Fact]
    public Task EIN0203_In_a_constant() => Fixed.By(
        "EIN0203", "Write 'f'",
        """
        [Model]
        public sealed partial class Layer
        {
            private const string Equation = @"b d, [|q|f|] d -> b f";
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum(Equation, nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0203_In_a_constant_of_another_file() => Fixed.Across(
        "EIN0203",
        [
            Linear("Equations.Linear"),
            "public static class Equations { public const string Linear = \"b d, [|q|f|] d -> b f\"; }",
        ]);

    [Fact]
    public Task EIN0203_What_has_no_characters_becomes_a_literal() => Fixed.By(
        "EIN0203", "Write 'f'", Linear("\"b d, \" + [|nameof(Batch)|\"f\"|] + \" d -> b f\""));

    [Theory]
    [InlineData("\"b d, [|f|f d|] -> b f\"", "f d")]
    [InlineData("\"[|b d k|b d|], f d -> b f\"", "b d")]
    [InlineData("\"\"\"\n            b d,\n            [|f|f d|]\n            -> b f\n            \"\"\"", "f d")]
    public Task EIN0204_The_operand_s_term_is_written(string equation, string right) =>
        Fixed.By("EIN0204", $"Write '{right}'", Linear(equation));

    [Fact]
    public Task EIN0204_A_term_in_two_literals_is_left_alone() => Fixed.Not("EIN0204", Linear("\"b d, f\" + \" d e -> b f\""));

    [Fact]
    public Task EIN0209_The_form_of_the_layer() => Fixed.By(
        "EIN0209", "Write 'b d'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [RmsNorm("b d, d -> [|d b|b d|]", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0216_A_layer_s_output_is_its_input() => Fixed.By(
        "EIN0216", "Write 'b s d'",
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

            [Run("b s d -> [|b d s|b s d|]", nameof(Blocks), nameof(x))]
            public partial Tensor Forward([Axes("b s d")] Tensor x);
        }
        """);
}
