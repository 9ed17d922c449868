namespace Einsharp.Tests.Diagnostics;

/// <summary>EIN01xx: the notation of equations.</summary>
public class SyntaxDiagnosticTests
{
    [Fact]
    public Task EIN0101_A_character_has_no_meaning_here() => Failing.Reports(
        "EIN0101",
        "Unexpected '(' in \"b (d), f d -> b f\": axes are never grouped in parentheses; declare the operand with its "
        + "axes apart, as in 'g r k d'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b [|(|]d), f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0102_An_axis_begins_with_a_digit() => Failing.Reports(
        "EIN0102",
        "'2f' begins with a digit, and an axis is a name that begins with a letter or '_'; write 'f', for example",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b [|2f|]", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0103_An_equation_states_its_output() => Failing.Reports(
        "EIN0103",
        "\"b d, f d\" has no '->', and an output is never implied; write \"b d, f d -> b f\"",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum([|"b d, f d"|], nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0104_An_equation_has_one_arrow() => Failing.Reports(
        "EIN0104",
        "A second '->' in \"b d, f d -> b f -> f b\"; an equation is inputs, one '->' and one output, so split a chain "
        + "into two equations joined by As",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f [|->|] f b", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0105_A_model_names_every_axis() => Failing.Reports(
        "EIN0105",
        "'...' stands for axes that only a call knows, and a model names every axis; write their names, as in 'b s d'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("[|...|] d, f d -> ... f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0106_Axes_are_separated_by_spaces() => Failing.Reports(
        "EIN0106",
        "'bd' is not an axis, but 'b', 'd' are; separate them: 'b d'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("[|bd|], f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0107_A_renaming_has_two_axes() => Failing.Reports(
        "EIN0107",
        "\"s t\" is not a renaming; write one axis, '->' and its new name, as in \"s -> t\"",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("k d", Init.Linear)] public partial Param Key { get; }

            [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append([|"s t"|], nameof(cache)), As("keys")]
            [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), As("queries")]
            [Einsum("b s k, b t k -> b s t", "queries", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
            [Einsum("b s t, b t k -> b s k", "p", "keys")]
            public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        }
        """);

    [Fact]
    public Task EIN0108_A_scale_factor_cannot_be_read() => Failing.Reports(
        "EIN0108",
        "In the factor \"1/sqrt d\", 'd' stands where '(' is expected; a factor is made of numbers, axes, + - * /, "
        + "parentheses and sqrt, as in \"1/sqrt(k)\"",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), Scale("1/sqrt [|d|]")]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0109_An_axis_is_twice_in_the_output() => Failing.Reports(
        "EIN0109",
        "'b' is twice in the output; name each axis of the output once",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f [|b|]", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0110_An_entry_is_an_axis_and_its_size() => Failing.Reports(
        "EIN0110",
        "\"f=4d\" is not a size; write an axis, '=' and a whole number of at least 1, as in \"d=2048\"",
        """
        [Model]
        [Sizes("small", "d=64", [|"f=4d"|])]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);
}
