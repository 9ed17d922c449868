namespace Einsharp.Tests.CodeFixes;

/// <summary>Fixes of declarations and brackets.</summary>
public class DeclarationFixTests
{
    private static string Layer(string line, string type = "partial class", string property = "partial Param Weight { get; }",
        string method = "public partial Tensor Forward([Axes(\"b d\")] Tensor x);") =>
        $$"""
        [Model]
        public sealed {{type}} Layer
        {
            [Param("f d", Init.Linear)] public {{property}}
            [Param("d f", Init.Linear)] public partial Param Back { get; }

            {{line}}
            {{method}}
        }
        """;

    private const string Equations = "[Einsum(\"b d, f d -> b f\", nameof(x), nameof(Weight)), As(\"h\")]\n"
        + "    [Einsum(\"b f, d f -> b d\", \"h\", nameof(Back))]";

    [Fact]
    public Task EIN0001_The_class_is_made_partial() => Fixed.By("EIN0001", "Make 'Layer' partial", Layer(Equations, "[||partial |]class"));

    [Fact]
    public Task EIN0001_A_generic_class_is_left_alone() => Fixed.Not(
        "EIN0001", Layer(Equations).Replace("class Layer", "class Layer<T>", StringComparison.Ordinal));

    [Theory]
    [InlineData("[||partial |]Param Weight { get; }")]
    [InlineData("[||partial |]Param Weight [|{ get; set; }|{ get; }|]")]
    public Task EIN0002_The_property_is_made_partial(string property) => Fixed.By(
        "EIN0002", "Make 'Weight' partial", Layer(Equations, property: property));

    [Fact]
    public Task EIN0002_A_property_with_a_body_is_left_alone() => Fixed.Not("EIN0002", Layer(Equations, property: "Param Weight => null!;"));

    [Fact]
    public Task EIN0003_The_method_is_made_partial() => Fixed.By(
        "EIN0003", "Make 'Forward' partial",
        Layer(Equations, method: "public [||partial |]Tensor Forward([Axes(\"b d\")] Tensor x);"));

    [Fact]
    public Task EIN0003_A_method_with_a_body_is_left_alone() => Fixed.Not(
        "EIN0003", Layer(Equations, method: "public Tensor Forward([Axes(\"b d\")] Tensor x) => x;"));

    [Fact]
    public Task EIN0004_The_method_returns_a_tensor() => Fixed.By(
        "EIN0004", "Return Tensor",
        Layer(Equations, method: "public partial [|float[]|Tensor|] Forward([Axes(\"b d\")] Tensor x);"));

    [Fact]
    public Task EIN0007_The_bracket_is_joined() => Fixed.By(
        "EIN0007", "Join the bracket to the one before it",
        Layer("[Einsum(\"b d, f d -> b f\", nameof(x), nameof(Weight))[||, Silu, As(\"h\")|]]\n"
            + "[|    [Silu, As(\"h\")]\n||]    [Einsum(\"b f, d f -> b d\", \"h\", nameof(Back))]"));

    [Fact]
    public Task EIN0009_The_value_is_named() => Fixed.By(
        "EIN0009", "Add As(\"a\")",
        Layer("[Einsum(\"b d, f d -> b f\", nameof(x), nameof(Weight)), Silu[||, As(\"a\")|]]\n"
            + "    [Einsum(\"b f, d f -> b d\", \"a\", nameof(Back))]"));

    [Fact]
    public Task EIN0009_Two_values_get_two_names() => Fixed.All(
        "EIN0009",
        Layer("[Einsum(\"b d, f d -> b f\", nameof(x), nameof(Weight))[||, As(\"a\")|]]\n"
            + "    [Einsum(\"b d, f d -> b f\", nameof(x), nameof(Weight)), Silu[||, As(\"b\")|]]\n"
            + "    [Einsum(\"b f, d f -> b d\", \"a\", nameof(Back)), Add(nameof(x))]"),
        "EIN0010");

    [Fact]
    public Task EIN0019_A_cache_is_taken_out() => Fixed.By(
        "EIN0019", "Remove 'nameof(cache)'",
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

            [Run("b s d -> b s d", nameof(Blocks), nameof(x)[|, nameof(cache)||])]
            public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        }
        """,
        "EIN0019");

    [Fact]
    public Task EIN0019_A_cache_is_passed() => Fixed.By(
        "EIN0019", "Add 'nameof(cache)'",
        Compilations.Llama.Replace("using Einsharp;\n", "", StringComparison.Ordinal).Replace(
            "nameof(Blocks), \"x\", nameof(cache)", "nameof(Blocks), \"x\"[||, nameof(cache)|]", StringComparison.Ordinal));

    [Fact]
    public Task EIN0020_The_slot_is_named() => Fixed.By(
        "EIN0020", "Add As(\"a\")",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("k d", Init.Linear)] public partial Param Key { get; }

            [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache))[||, As("a")|]]
            [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), As("queries")]
            [Einsum("b s k, b t k -> b s t", "queries", "a"), Causal("s", "t"), Softmax("t"), As("p")]
            [Einsum("b s t, b t k -> b s k", "p", "a")]
            public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        }
        """);

    [Fact]
    public Task EIN0210_The_rotation_goes_before_the_append() => Fixed.By(
        "EIN0210", "Move Rotate before Append",
        Compilations.Llama.Replace("using Einsharp;\n", "", StringComparison.Ordinal).Replace(
            "nameof(Key)), Rotate(\"s\", \"k\", nameof(Rotation)), Append(\"s -> t\", nameof(cache)), As",
            "nameof(Key)), [|Append(\"s -> t\", nameof(cache)), Rotate(\"t\", \"k\", nameof(Rotation))"
            + "|Rotate(\"s\", \"k\", nameof(Rotation)), Append(\"s -> t\", nameof(cache))|], As", StringComparison.Ordinal));

    [Fact]
    public Task EIN0210_The_axis_of_the_positions() => Fixed.By(
        "EIN0210", "Write 's'",
        Compilations.Llama.Replace("using Einsharp;\n", "", StringComparison.Ordinal).Replace(
            "Causal(\"s\", \"t\")", "Causal(\"[|b|s|]\", \"t\")", StringComparison.Ordinal));

    [Fact]
    public Task EIN0303_A_number_that_the_rule_does_not_take() => Fixed.By(
        "EIN0303", "Remove 'Deviation = 0.02'",
        Layer(Equations).Replace("Init.Linear)] public partial Param Weight", "Init.Linear[|, Deviation = 0.02||])] public partial Param Weight",
            StringComparison.Ordinal));
}
