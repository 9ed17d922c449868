namespace Einsharp.Tests.Diagnostics;

/// <summary>Messages list what is bound: each axis, its size where one is pinned, and what bound it first; lists end somewhere.</summary>
public class BindingTests
{
    [Fact]
    public Task Pinned_sizes_are_named() => Failing.Reports(
        "EIN0204",
        "This term has 1 axis, and 'Weight' has 2 axes; write 'f d' (f from 'Weight', d = 288 from 'Gain')",
        """
        [Model, Axis("d", 288)]
        public sealed partial class Layer
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [RmsNorm("b d, d -> b d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
            [Einsum("b d, [|f|] -> b f", "n", nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task Sizes_of_a_layer_s_model_are_named() => Failing.Reports(
        "EIN0202",
        "'e' is in the output and in no input (did you mean 'd'?); the inputs have b from 'x', d = 64 from 'Block', and nothing is broadcast",
        """
        [Model, Axis("d", 64)]
        public sealed partial class Block
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }

            [Einsum("b d, d -> b d", nameof(x), nameof(Gain))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }

        [Model]
        public sealed partial class Stack
        {
            [Layers("layers")] public partial Layers<Block> Blocks { get; }

            [Run("b d -> b d", nameof(Blocks), nameof(x)), As("y")]
            [Einsum("b d -> b [|e|]", "y")]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public async Task A_long_list_is_cut()
    {
        string letters = string.Join(' ', "abcdefghijklmnopqrst".ToCharArray());
        (string Id, string Message, string Text, int Start) found = Assert.Single(await Failing.Diagnose(
            $$"""
            [Model]
            public sealed partial class Layer
            {
                [Param("{{letters}}", Init.Ones)] public partial Param Weight { get; }

                [Einsum("{{letters}} -> x", nameof(Weight))]
                public partial Tensor Forward([Axes("z")] Tensor y);
            }
            """));
        Assert.Equal(
            "'x' is in the output and in no input; the inputs have a from 'Weight', b from 'Weight', c from 'Weight', d from 'Weight', "
            + "e from 'Weight', f from 'Weight', g from 'Weight', h from 'Weight' and 12 more, and nothing is broadcast",
            found.Message);
    }

    [Fact]
    public Task Case_alone_is_a_likely_slip() => Failing.Reports(
        "EIN0206",
        "Softmax names the axis 'F' (did you mean 'f'?), and the value here has axes 'b f' (b from 'x', f from 'Weight')",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), Softmax([|"F"|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);
}
