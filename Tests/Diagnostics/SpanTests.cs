using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Diagnostics;

/// <summary>The span is the exact axis inside the literal, however the literal is written.</summary>
public class SpanTests
{
    private const string Wrong =
        "'q' is not axis 1 of 'Weight', which has axes 'f d'; write 'f' there (f from 'Weight')";

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
    [InlineData("\"b d, \" + \"[|q|] d -> b f\"")]
    [InlineData("\"b d\" + @\", [|q|] \" + \"\"\"d -> b f\"\"\"")]
    [InlineData("(\"b d, \" + (\"[|q|] d\")) + \" -> b f\"")]
    [InlineData("(string)(\"b d, [|q|] d -> b f\"!)")]
    [InlineData("Batch + \", [|q|] d -> b f\"")]
    [InlineData("Names.Batch + \", [|q|] d -> \" + nameof(b) + \" f\"")]
    [InlineData("$\"{Batch}, [|q|] d -> b f\"")]
    [InlineData("$@\"{Batch}, [|q|] d -> b f\"")]
    [InlineData("$\"{Batch}, \\u0020[|q|] d -> b f\"")]
    [InlineData("$\"\"\"{Batch}, [|q|] d -> b f\"\"\"")]
    [InlineData("$$\"\"\"{{Batch}}, [|q|] d -> b f\"\"\"")]
    [InlineData("$\"\"\"\n        {Batch},\n          [|q|] d\n\n        -> b f\n        \"\"\"")]
    [InlineData("$\"\"\"\r\n        b d,\r\n          {\"\"}[|q|] d\r\n        -> b f\r\n        \"\"\"")]
    [InlineData("true ? \"b d, [|q|] d -> b f\" : \"\"")]
    [InlineData("default(string) + \"b d, [|q|] d -> b f\"")]
    public Task A_wrong_axis_is_found_in_any_literal(string literal) => Failing.Reports(
        "EIN0203", Wrong,
        $$"""
        [Model]
        public sealed partial class Layer
        {
            private const string Batch = "b d";
            private const int b = 0;
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum({{literal}}, nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }

        public static class Names
        {
            public const string Batch = "b d";
        }
        """);


    [Theory]
    [InlineData("Equation", "\"b d, [|q|] d -> b f\"")]
    [InlineData("Layer.Equation", "@\"b d, [|q|] d -> b f\"")]
    [InlineData("Declared.Equation", "\"b d, [|q|] d -> b f\"")]
    [InlineData("Equation", "\"b d, \" + \"[|q|] d -> b f\"")]
    [InlineData("Equation + \" -> b f\"", "\"b d, [|q|] d\"")]
    [InlineData("$\"{Equation} -> b f\"", "\"b d, [|q|] d\"")]
    [InlineData("\"b d, \" + Equation + \" d -> b f\"", "\"[|q|]\"")]
    [InlineData("Through", "\"b d, [|q|] d -> b f\"")]
    public async Task A_wrong_axis_is_found_in_a_constant_of_the_same_file(string argument, string constant)
    {
        string source =
            $$"""
            using Declared = Layer;

            [Model]
            public sealed partial class Layer
            {
                public const string Equation = {{constant}};
                private const string Through = Equation;
                [Param("f d", Init.Linear)] public partial Param Weight { get; }

                [Einsum({{argument}}, nameof(x), nameof(Weight))]
                public partial Tensor Forward([Axes("b d")] Tensor x);
            }
            """;
        await Failing.Reports("EIN0203", Wrong, source);

        // What uses the constant is mentioned beside it.
        string whole = "using Einsharp;\n" + source.Replace("[|", "", StringComparison.Ordinal).Replace("|]", "", StringComparison.Ordinal);
        Location use = Assert.Single(Assert.Single(await Compilations.Analyze(whole)).AdditionalLocations);
        Assert.Equal(argument, whole.Substring(use.SourceSpan.Start, use.SourceSpan.Length));
    }

    [Fact]
    public async Task A_wrong_axis_in_a_constant_of_another_file_is_shown_where_it_is_used()
    {
        string[] sources =
        [
            """
            using Einsharp;

            [Model]
            public sealed partial class Layer
            {
                [Param("f d", Init.Linear)] public partial Param Weight { get; }

                [Einsum(Equations.Linear, nameof(x), nameof(Weight))]
                public partial Tensor Forward([Axes("b d")] Tensor x);
            }
            """,
            "public static class Equations { public const string Linear = \"b d, q d -> b f\"; }",
        ];
        Diagnostic found = Assert.Single(await Compilations.Analyze(sources));
        Assert.Equal(Wrong, found.GetMessage(CultureInfo.InvariantCulture));
        Assert.Equal("Equations.Linear", Compilations.Text(found.Location));
        Location exact = Assert.Single(found.AdditionalLocations);
        Assert.Equal(("q", "Source1.cs"), (Compilations.Text(exact), exact.SourceTree!.FilePath));
    }

    [Theory]
    [InlineData("\"b d, [|f\" + \" d e|] -> b f\"")]
    [InlineData("\"b d, [|f\" + (\" \" + \"d e|] -> b f\")")]
    [InlineData("\"b d, [|f\" + Wide|] + \" -> b f\"")]
    [InlineData("$\"b d, {[|Feature} d e|] -> b f\"")]
    public Task A_term_in_several_pieces_is_covered(string literal) => Failing.Reports(
        "EIN0204",
        "This term has 3 axes, and 'Weight' has 2 axes; write 'f d' (f from 'Weight', d from 'Weight')",
        $$"""
        [Model]
        public sealed partial class Layer
        {
            private const string Wide = " d e";
            private const string Feature = "f";
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum({{literal}}, nameof(x), nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Theory]
    [InlineData("EIN0203", "\"b d, \" + [|nameof(Weight)|] + \" d -> b f\"")]
    [InlineData("EIN0203", "\"b d, \" + [|System.Runtime.CompilerServices.RuntimeFeature.PortablePdb|] + \" d -> b f\"")]
    public async Task What_has_no_characters_of_its_own_is_one_place(string id, string literal)
    {
        int start = literal.IndexOf("[|", StringComparison.Ordinal), end = literal.IndexOf("|]", StringComparison.Ordinal) - 2;
        string written = literal.Remove(end + 2, 2).Remove(start, 2);
        (string Id, string Message, string Text, int Start) found = Assert.Single(await Failing.Diagnose(
            $$"""
            [Model]
            public sealed partial class Layer
            {
                [Param("f d", Init.Linear)] public partial Param Weight { get; }

                [Einsum({{written}}, nameof(x), nameof(Weight))]
                public partial Tensor Forward([Axes("b d")] Tensor x);
            }
            """));
        Assert.Equal((id, written[start..end]), (found.Id, found.Text));
    }

    [Fact]
    public Task Other_attributes_and_lists_are_counted() => Failing.Reports(
        "EIN0206",
        "Softmax names the axis 'e', and the value here has axes 'b f' (b from 'x', f from 'Weight')",
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
