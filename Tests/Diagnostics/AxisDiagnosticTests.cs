namespace Einsharp.Tests.Diagnostics;

/// <summary>EIN02xx: axes and shapes.</summary>
public class AxisDiagnosticTests
{
    [Fact]
    public Task EIN0201_Terms_and_operands_differ_in_number() => Failing.Reports(
        "EIN0201",
        "Einsum has 2 operands, and its equation has 3 terms; write one term for each operand",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, d, [|f d|] -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0202_An_output_axis_comes_from_nowhere() => Failing.Reports(
        "EIN0202",
        "'h' is in the output and in no input (did you mean 'f'?); the inputs have b from 'x', d from 'Weight', f from "
        + "'Weight', and nothing is broadcast",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b [|h|]", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0203_A_use_repeats_its_operand_s_axes() => Failing.Reports(
        "EIN0203",
        "'d' is not axis 1 of 'Weight', which has axes 'f d'; write 'f' there (f from 'Weight', d from 'Weight')",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, [|d|] f -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0204_A_use_has_its_operand_s_rank() => Failing.Reports(
        "EIN0204",
        "This term has 1 axis, and 'Weight' has 2 axes; write 'f d' (f from 'Weight', d from 'Weight')",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, [|f|] -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0205_A_declaration_names_an_axis_twice() => Failing.Reports(
        "EIN0205",
        "'d' is twice in \"d d\"; an axis is declared once in a list, so give the second a name of its own",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("d [|d|]", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0206_A_modifier_names_an_axis_that_its_value_lacks() => Failing.Reports(
        "EIN0206",
        "Softmax names the axis 'd', and the value here has axes 'b f' (b from 'x', f from 'Weight')",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), Softmax([|"d"|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0207_An_elementwise_operand_has_an_axis_of_its_own() => Failing.Reports(
        "EIN0207",
        "'x' has the axis 'd' (d from 'Weight'), and the value here has axes 'b f'; Add takes an operand whose axes are "
        + "among the value's, by name",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), Add([|nameof(x)|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0208_A_renaming_takes_a_free_name() => Failing.Reports(
        "EIN0208",
        "The positions seen of 's' cannot be called 'd': it is an axis of its own (d from 'Key'); choose a name that "
        + "only Append(\"s -> …\") binds",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("k d", Init.Linear)] public partial Param Key { get; }

            [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> [|d|]", nameof(cache)), As("keys")]
            [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), As("queries")]
            [Einsum("b s k, b t k -> b s t", "queries", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
            [Einsum("b s t, b t k -> b s k", "p", "keys")]
            public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        }
        """);

    [Fact]
    public Task EIN0209_A_layer_s_equation_has_the_layer_s_form() => Failing.Reports(
        "EIN0209",
        "The output of RmsNorm is 'b d', and here it is 'd b'; a norm changes no axis",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [RmsNorm("b d, d -> [|d|] b", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0210_An_axis_carries_no_positions() => Failing.Reports(
        "EIN0210",
        "Rotate compares positions along 'h', and it is a size of the class (h from 'Query'); name the axis of an input "
        + "that counts new positions",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("h k d", Init.Linear)] public partial Param Query { get; }
            [Setting("rope")] public partial Rope Rotation { get; }

            [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), Rotate([|"h"|], "k", nameof(Rotation))]
            public partial Tensor Forward([Axes("b s d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0211_Rotation_needs_an_even_size() => Failing.Reports(
        "EIN0211",
        "Rotate turns pairs along 'k', and [Axis] pins its size to 63; pin it to an even size",
        """
        [Model, Axis("k", 63)]
        public sealed partial class Layer
        {
            [Param("h k d", Init.Linear)] public partial Param Query { get; }
            [Setting("rope")] public partial Rope Rotation { get; }

            [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), Rotate("s", [|"k"|], nameof(Rotation))]
            public partial Tensor Forward([Axes("b s d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0212_A_size_is_not_known_before_the_call() => Failing.Reports(
        "EIN0212",
        "'b' in the factor \"1/b\" is read off the call (b from 'x'); a factor takes the sizes of the class: f from "
        + "'Weight', d from 'Weight'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), Scale("1/[|b|]")]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0213_A_size_is_given_to_an_axis_that_has_none() => Failing.Reports(
        "EIN0213",
        "'h' is not a size of 'Layer'; sizes are the axes of its params, its layer counts and its layers' sizes: f from "
        + "'Weight', d from 'Weight'",
        """
        [Model, Axis("[|h|]", 64)]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0214_Two_sizes_of_one_axis_disagree() => Failing.Reports(
        "EIN0214",
        "'d' is 128 here, and [Axis] pins it to 64; the same name is the same size everywhere in a class",
        """
        [Model, Axis("d", 64)]
        [Sizes("wide", "[|d|]=128", "f=256")]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0215_An_Axis_attribute_gives_no_size() => Failing.Reports(
        "EIN0215",
        "[Axis(\"f\")] says neither the size nor both Ratio and Of; pin it as [Axis(\"f\", 64)], or derive it as "
        + "[Axis(\"f\", Ratio = 4, Of = \"d\")]",
        """
        [Model, [|Axis("f", Ratio = 4)|]]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0216_Layers_are_run_with_their_own_axes() => Failing.Reports(
        "EIN0216",
        "'Block' reads 'b s d' and makes 'b s d', and here it is run on 'b s e' (b from 'x', s from 'x', e from 'x'); "
        + "sizes have the same names in both classes, and there are as many axes",
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

            [Run("b s [|e|] -> b s e", nameof(Blocks), nameof(x))]
            public partial Tensor Forward([Axes("b s e")] Tensor x);
        }
        """);
}
