namespace Einsharp.Tests.Diagnostics;

/// <summary>The span is the exact axis inside the literal, however the literal is written.</summary>
public class SpanTests
{
    [Theory]
    [InlineData("\"b d, [|q|] d -> b f\"")]
    [InlineData("\"b\\td, [|q|] d -> b f\"")]
    [InlineData("\"\\x62 \\u0064, [|q|] d -> b f\"")]
    [InlineData("\"b d, [|\\u0071|] d -> b f\"")]
    [InlineData("\"b d, [|\\U00000071|] d -> b f\"")]
    [InlineData("@\"b d, [|q|] d -> b f\"")]
    [InlineData("@\"b d,\r\n    [|q|] d -> b f\"")]
    [InlineData("\"\"\"b d, [|q|] d -> b f\"\"\"")]
    [InlineData("\"\"\"\n        b d,\n        [|q|] d -> b f\n        \"\"\"")]
    [InlineData("\"\"\"\r\n        b d,\r\n\r\n          [|q|] d -> b f\r\n        \"\"\"")]
    [InlineData("equation: \"b d, [|q|] d -> b f\"")]
    [InlineData("[|\"b d, \" + \"q d -> b f\"|]")]
    [InlineData("[|Equation|]")]
    public Task A_wrong_axis_is_found_in_any_literal(string literal) => Failing.Reports(
        "EIN0203",
        "'q' is not axis 1 of 'Weight', which has axes 'f d'; write 'f' there ('f' was first bound by 'Weight')",
        $$"""
        [Model]
        public sealed partial class Layer
        {
            private const string Equation = "b d, q d -> b f";
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum({{literal}}, nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task Other_attributes_and_lists_are_counted() => Failing.Reports(
        "EIN0206",
        "Softmax names the axis 'e', and the value here has axes 'b f'",
        """
        [Model]
        public sealed partial class Layer
        {
            [System.Obsolete, Param("f d", Init.Linear)] public partial Param Weight { get; }

            [System.ComponentModel.Browsable(false)]
            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), System.Obsolete, Softmax(axis: [|"e"|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task An_array_of_operands_is_one_place() => Failing.Reports(
        "EIN0012",
        "'wight' names nothing that Einsum could read (did you mean 'Weight'?); known here: 'x', 'Weight'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", [|new[] { "x", "wight" }|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task An_axis_of_a_parameter() => Failing.Reports(
        "EIN0101",
        "Unexpected ',' in \"b, d\": axes are names separated by spaces",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b[|,|] d")] Tensor x);
        }
        """);
}
