namespace Einsharp.Tests.Diagnostics;

/// <summary>EIN0230 to EIN0239: layers.</summary>
public class LayerDiagnosticTests
{
    [Fact]
    public Task EIN0230_A_norm_without_a_gain_names_its_axes() => Failing.Reports(
        "EIN0230", "LayerNorm says no axes to be over, and without a gain it is over the last axes of 'b d'; add Over = \"d\"",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [[|LayerNorm("b d -> b d", nameof(x), Epsilon = nameof(Epsilon))|], As("n")]
            [Einsum("b d, f d -> b f", "n", nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Theory]
    [InlineData("b")]
    [InlineData("d b")]
    [InlineData("")]
    public Task EIN0230_of_axes_that_are_not_the_last(string over) => Failing.Reports(
        "EIN0230", $"RmsNorm is over '{over}', and without a gain it is over the last axes of 'b d'; add Over = \"d\"",
        $$"""
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [RmsNorm("b d -> b d", nameof(x), Over = [|"{{over}}"|], Epsilon = nameof(Epsilon)), As("n")]
            [Einsum("b d, f d -> b f", "n", nameof(Weight))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Theory]
    [InlineData("SoftCap([|-30|])", "SoftCap has the number -30; a cap is a finite number above 0")]
    [InlineData("SoftCap([|0|])", "SoftCap has the number 0; a cap is a finite number above 0")]
    [InlineData("SoftCap([|double.NaN|])", "SoftCap has the number NaN; a cap is a finite number above 0")]
    [InlineData("Swish([|double.PositiveInfinity|])", "Swish has the number Infinity; β is a finite number")]
    public Task EIN0231_A_number_is_out_of_range(string modifier, string message) => Failing.Reports(
        "EIN0231", message,
        $$"""
        [Model]
        public sealed partial class Layer
        {
            [Param("f d", Init.Linear)] public partial Param Weight { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Weight)), {{modifier}}]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Theory]
    [InlineData("b g k -> b (f: g[|,|] k)", "','", "an axis or ')'")]
    [InlineData("b g k -> b (g[|,|] k)", "','", "an axis, ':' or ')'")]
    [InlineData("b g k -> b (g[|-|]k)", "'-'", "an axis, ':' or ')'")]
    [InlineData("b g k -> b ([|)|] g k", "')'", "an axis")]
    [InlineData("b g k -> b (f: [|)|] g k", "')'", "an axis")]
    [InlineData("b g k [|)|] -> b g k", "')'", "an axis, '(' or '->'")]
    [InlineData("b g k -> b [|2|] g k", "'2'", "an axis, '(' or the end")]
    [InlineData("b g k -> b g k [|-|]> b", "'-'", "an axis or a group")]
    [InlineData("[|b g k|]", "the end", "'->'")]
    [InlineData("[|b g k -> b (g k|]", "the end", "an axis or ')'")]
    public Task EIN0232_A_pattern_cannot_be_read(string pattern, string found, string expected)
    {
        string plain = pattern.Replace("[|", "", StringComparison.Ordinal).Replace("|]", "", StringComparison.Ordinal);
        return Rearranges(
            "EIN0232", pattern, $"In the pattern \"{plain}\", {found} stands where {expected} is expected; a pattern has axes, and groups of axes in "
            + "parentheses, on both sides of one '->', as in \"b s (g k) -> b g s k\"");
    }

    [Theory]
    [InlineData("b g [|k|] -> g b", "'k' is on the left alone")]
    [InlineData("b g k -> b g k [|j|]", "'j' is on the right alone")]
    [InlineData("b g k -> b g k [|g|]", "'g' is twice on the right")]
    [InlineData("b g (k: [|g|] j) -> b g j", "'g' is twice on the left")]
    [InlineData("b g k -> b ([|b|]: g k)", "'b' is twice an axis of the result")]
    public Task EIN0233_Rearrange_keeps_every_axis(string pattern, string what) => Rearranges(
        "EIN0233", pattern, what + "; Rearrange keeps every axis of its value, once on each side");

    [Theory]
    [InlineData("b g [|(i j)|] -> b g i j", "The group '(i j)' splits 'k' into sizes that nothing says: 'i', 'j'; all but one must be known: an axis of a "
        + "[Param] or of an input, or one that [Axis] pins")]
    [InlineData("b g k -> b [|(g k)|]", "The group '(g k)' joins axes to one that has no name; name it inside the parentheses, as in '(n: g k)'")]
    [InlineData("b g (k: i six) -> b [|(i six)|] g", "The group '(i six)' joins axes to one that has no name; name it inside the parentheses, as in "
        + "'(k: i six)'")]
    [InlineData("b [|(g: i six)|] k -> b i six k", "The group '(i six)' splits 'g', which has 4, no multiple of 6; the sizes of a group multiply to the "
        + "size of its axis")]
    [InlineData("b g k -> b [|(six: g k)|]", "The group '(g k)' has 48 of 'six', which has 6; the sizes of a group multiply to the size of its axis")]
    public Task EIN0234_A_group_is_one_axis(string pattern, string message) => Rearranges("EIN0234", pattern, message, "Axis(\"k\", 12), ");

    [Fact]
    public Task A_rearrangement_repeats_the_axes_of_its_value() => Rearranges(
        "EIN0203", "b [|k|] g -> b g k", "'k' is not axis 2 of 'the value here', which has axes 'b g k'; write 'g' there (g = 4 from 'Weight', k from 'Weight')");

    // A range that is all of the argument covers its quotes too.
    private static Task Rearranges(string id, string pattern, string message, string axis = "") => Failing.Reports(
        id, message,
        $$"""
        [Model, {{axis}}Axis("g", 4), Axis("six", 6)]
        public sealed partial class Layer
        {
            [Param("g k d", Init.Linear)] public partial Param Weight { get; }
            [Param("six", Init.Ones)] public partial Param Six { get; }

            [Einsum("b d, g k d -> b g k", nameof(x), nameof(Weight)), Rearrange({{(pattern.StartsWith("[|", StringComparison.Ordinal) && pattern.EndsWith("|]", StringComparison.Ordinal)
                ? "[|\"" + pattern[2..^2] + "\"|]"
                : "\"" + pattern + "\"")}})]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);
}
