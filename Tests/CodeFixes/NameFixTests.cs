namespace Einsharp.Tests.CodeFixes;

/// <summary>Fixes of names: what is misspelt, what is a symbol, what alone fits.</summary>
public class NameFixTests
{
    private static string Mlp(string line, string more = "") =>
        $$"""
        [Model{{more}}]
        public sealed partial class Mlp
        {
            [Param("hidden d", Init.Linear)] public partial Param Up { get; }
            [Param("d hidden", Init.Linear)] public partial Param Down { get; }

            {{line}}
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """;

    [Theory]
    [InlineData("[|\"Up\"|nameof(Up)|]")]
    [InlineData("[|@\"Up\"|nameof(Up)|]")]
    public Task EIN0050_A_symbol_is_named_by_nameof(string operand) => Fixed.By(
        "EIN0050", "Write nameof(Up)",
        Mlp($"[Einsum(\"b d, hidden d -> b hidden\", nameof(x), {operand}), Silu, As(\"h\")]\n"
            + "    [Einsum(\"b hidden, d hidden -> b d\", \"h\", nameof(Down))]"));

    [Fact]
    public Task EIN0050_All_symbols_are_named_by_nameof() => Fixed.All(
        "EIN0050",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("v d", Init.Embedding)] public partial Param Table { get; }
            [Param("v d", Init.Linear, Or = [|"Table"|nameof(Table)|])] public partial Param Head { get; }
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [Gather("b s, v d -> b s d", [|"class"|nameof(@class)|], [|"Table"|nameof(Table)|]), As("h")]
            [RmsNorm("b s d, d -> b s d", "h", [|"Gain"|nameof(Gain)|], Epsilon = [|"Epsilon"|nameof(Epsilon)|]), As("n")]
            [Einsum("b s d, v d -> b s v", "n", nameof(Head))]
            public partial Tensor Forward([Axes("b s")] Tensor<int> @class);
        }
        """);

    [Theory]
    [InlineData("\"[|hiden|hide|]\"")]
    [InlineData("@\"[|Hide|hide|]\"")]
    [InlineData("\"\"\"[|hied|hide|]\"\"\"")]
    [InlineData("[|Other.Hied|\"hide\"|]")]
    public Task EIN0012_A_value_is_spelt_right(string operand) => Fixed.By(
        "EIN0012", "Write 'hide'",
        Mlp(Layers(operand)) + "\npublic static class Other { public const string Hied = \"hied\"; }");

    private static string Layers(string operand) => "[Einsum(\"b d, hidden d -> b hidden\", nameof(x), nameof(Up)), Silu, As(\"hide\")]\n"
        + $"    [Einsum(\"b hidden, d hidden -> b d\", {operand}, nameof(Down))]";

    [Theory]
    [InlineData("[|\"up\"|nameof(Up)|]")]
    [InlineData("[|\"Upp\"|nameof(Up)|]")]
    [InlineData("[|Other.Upp|nameof(Up)|]")]
    [InlineData("[|nameof(Other.Upp)|nameof(Up)|]")]
    public Task EIN0012_A_symbol_is_spelt_right(string operand) => Fixed.By(
        "EIN0012", "Write nameof(Up)",
        Mlp($"[Einsum(\"b d, hidden d -> b hidden\", nameof(x), {operand}), Silu, As(\"h\")]\n"
            + "    [Einsum(\"b hidden, d hidden -> b d\", \"h\", nameof(Down))]")
        + "\npublic static class Other { public const string Upp = \"Upp\"; }");

    [Fact]
    public Task EIN0012_In_an_array_nothing_is_changed() => Fixed.Not(
        "EIN0012",
        Mlp("[Einsum(\"b d, hidden d -> b hidden\", new[] { \"x\", \"up\" })]"));

    [Fact]
    public Task EIN0014_The_only_one_that_fits() => Fixed.By(
        "EIN0014", "Write nameof(Epsilon)",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [RmsNorm("b d, d -> b d", nameof(x), nameof(Gain), Epsilon = [|nameof(Gain)|nameof(Epsilon)|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0018_The_only_setting_that_fits() => Fixed.By(
        "EIN0018", "Add 'Epsilon = nameof(Tiny)'",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Setting("eps")] public partial float Tiny { get; }

            [RmsNorm("b d, d -> b d", nameof(x), nameof(Gain)[||, Epsilon = nameof(Tiny)|])]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0018_Of_two_settings_none_is_guessed() => Fixed.Not(
        "EIN0018",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Setting("eps")] public partial float Tiny { get; }
            [Setting("other")] public partial float Other { get; }

            [RmsNorm("b d, d -> b d", nameof(x), nameof(Gain))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    [Fact]
    public Task EIN0206_An_axis_of_the_value() => Fixed.By(
        "EIN0206", "Write 'hidden'",
        Mlp("[Einsum(\"b d, hidden d -> b hidden\", nameof(x), nameof(Up)), Softmax(\"[|hiden|hidden|]\"), As(\"h\")]\n"
            + "    [Einsum(\"b hidden, d hidden -> b d\", \"h\", nameof(Down))]"));

    [Fact]
    public Task EIN0212_A_size_of_the_class() => Fixed.By(
        "EIN0212", "Write 'hidden'",
        Mlp("[Einsum(\"b d, hidden d -> b hidden\", nameof(x), nameof(Up)), Scale(\"1/sqrt([|hidde|hidden|])\"), As(\"h\")]\n"
            + "    [Einsum(\"b hidden, d hidden -> b d\", \"h\", nameof(Down))]"));

    [Theory]
    [InlineData(", Axis(\"[|hiden|hidden|]\", 64)")]
    [InlineData(", Sizes(\"small\", \"[|hiden|hidden|]=64\")")]
    [InlineData(", Axis(\"d\", Ratio = 2, Of = \"[|hiden|hidden|]\")")]
    public Task EIN0213_A_size_is_spelt_right(string more) => Fixed.By(
        "EIN0213", "Write 'hidden'", Mlp(Layers("\"hide\""), more));

    [Fact]
    public Task EIN0304_A_param_is_spelt_right() => Fixed.By(
        "EIN0304", "Write nameof(Table)",
        """
        [Model]
        public sealed partial class Layer
        {
            [Param("v d", Init.Embedding)] public partial Param Table { get; }
            [Param("v d", Init.Linear, Or = [|"Tabel"|nameof(Table)|])] public partial Param Head { get; }

            [Gather("b s, v d -> b s d", nameof(ids), nameof(Table)), As("h")]
            [Einsum("b s d, v d -> b s v", "h", nameof(Head))]
            public partial Tensor Forward([Axes("b s")] Tensor<int> ids);
        }
        """);
}
