using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Diagnostics;

/// <summary>Einsums that stand alone: what their methods, calls and equations must be.</summary>
public class EinsumDiagnosticTests
{
    private static Task Method(
        string id, string message, string attributes, string signature = "public static partial Tensor M(Tensor x, Tensor w)") =>
        Failing.Reports(id, message, $"public static partial class Layers\n{{\n    {attributes}\n    {signature};\n}}");

    private static string Declare(string literal) =>
        $"public static partial class Layers\n{{\n    [Einsum({literal})]\n    public static partial Tensor M(Tensor x, Tensor w);\n}}";

    private static Task Equation(string id, string message, string equation) => Method(id, message, $"[Einsum({equation})]");

    [Fact]
    public Task EIN0021_An_einsum_outside_a_model_is_alone() => Method(
        "EIN0021",
        "'Silu' is part of a model's equation, and 'Layers' is no [Model]; outside a model a method has one [Einsum(\"…\")], "
        + "whose operands are the method's parameters in order",
        "[Einsum(\"b d, f d -> b f\"), [|Silu|]]");

    [Fact]
    public Task EIN0021_Nor_are_operands_named() => Method(
        "EIN0021",
        "'x' names an operand of a model's equation, and 'Layers' is no [Model]; outside a model a method has one [Einsum(\"…\")], "
        + "whose operands are the method's parameters in order",
        "[Einsum(\"b d, f d -> b f\", [|nameof(x)|], nameof(w))]");

    [Theory]
    [InlineData("public static partial Tensor [|M|](Tensor x, Tensor w) => x", "has a body")]
    [InlineData("public static Tensor [|M|](Tensor x, Tensor w) => x", "has a body")]
    [InlineData("public static partial Tensor [|M|]<T>(Tensor x, Tensor w)", "has type parameters")]
    public Task EIN0022_The_generator_completes_the_method(string signature, string reason) => Method(
        "EIN0022", $"'M' {reason}, and the generator cannot complete it; declare it as a partial method without a body or type parameters",
        "[Einsum(\"b d, f d -> b f\")]", signature);

    [Fact]
    public Task EIN0022_Every_type_around_is_partial() => Failing.Reports(
        "EIN0022",
        "'Outer' is not partial, and the generator cannot complete it; declare 'partial class Outer<T>', as every type around 'M'",
        """
        public class Outer<T>
        {
            public static partial class Inner
            {
                [Einsum("i -> i")]
                public static partial Tensor [|M|](Tensor x);
            }
        }
        """);

    [Theory]
    [InlineData("Tensor x, float[] [|w|]", "float[]")]
    [InlineData("Tensor<int> [|x|], Tensor w", "Tensor<int>")]
    [InlineData("Tensor x, out Tensor [|w|]", "out Tensor")]
    public Task EIN0023_An_operand_is_a_tensor(string parameters, string type) => Method(
        "EIN0023",
        $"Parameter '{(parameters.Contains("[|x|]", StringComparison.Ordinal) ? "x" : "w")}' is of type '{type}'; an operand is a "
        + "Tensor, a Tensor<double>, or a ReadOnlyTensorSpan of float or double, and one Device may be among the parameters",
        "[Einsum(\"b d, f d -> b f\")]", $"public static partial Tensor M({parameters})");

    [Fact]
    public Task EIN0023_Of_one_element_type() => Method(
        "EIN0023", "Parameter 'w' is of type 'Tensor<double>'; 'x' is of float, and an einsum computes in one type",
        "[Einsum(\"b d, f d -> b f\")]", "public static partial Tensor M(Tensor x, Tensor<double> [|w|])");

    [Fact]
    public Task EIN0023_With_one_device() => Method(
        "EIN0023", "Parameter 'there' is of type 'Device'; 'here' is the device already",
        "[Einsum(\"b d -> d b\")]", "public static partial Tensor M(Tensor x, Device here, Device [|there|])");

    [Theory]
    [InlineData("float [|M|](Tensor x, Tensor w)", "'float'", "Tensor", "float")]
    [InlineData("Tensor [|M|](Tensor<double> x, Tensor<double> w)", "'Tensor'", "Tensor<double>", "double")]
    [InlineData("void [|M|](Device device)", "nothing, and has no parameter to write to", "Tensor", "float")]
    [InlineData(
        "void [|M|](Tensor x, System.Numerics.Tensors.ReadOnlyTensorSpan<float> w)",
        "nothing, and 'w', its last operand, cannot be written to", "Tensor", "float")]
    public Task EIN0024_An_einsum_has_one_result(string signature, string found, string tensor, string element) => Method(
        "EIN0024",
        $"'M' returns {found}; return a '{tensor}', or return nothing and take a 'TensorSpan<{element}>' as the last operand, to write to",
        "[Einsum(\"b d, f d -> b f\")]", "public static partial " + signature);

    private static Task Call(string id, string message, string body, string before = "") => Failing.Reports(
        id, message,
        $"{before}public static class Program\n{{\n    public static Tensor M(string text, Tensor x, Tensor w) => {body};\n}}");

    [Fact]
    public Task EIN0025_The_equation_is_a_constant() => Call(
        "EIN0025",
        "Einsum.Of is compiled with the program, and this equation is known only when it runs; write a literal, or declare "
        + "'text' as a const",
        "Einsum.Of([|text|], x, w)");

    [Fact]
    public Task EIN0026_The_project_lets_the_generator_take_calls() => Call(
        "EIN0026",
        "Einsum.Of is an interceptor's to answer, and this project allows none; add '<InterceptorsNamespaces>$(InterceptorsNamespaces);"
        + "Einsharp.Generated</InterceptorsNamespaces>' to a PropertyGroup of the project, or declare a partial method with [Einsum]",
        "[|Einsum.Of|](\"b d, f d -> b f\", x, w)", "// without InterceptorsNamespaces\n");

    [Fact]
    public Task EIN0027_Of_is_called() => Failing.Reports(
        "EIN0027",
        "Einsum.Of is compiled call by call, and a delegate of it would never be; call it in a lambda, or declare a partial method "
        + "with [Einsum] and take that",
        """
        public delegate Tensor Contract(string equation, params System.ReadOnlySpan<Tensor<float>> operands);

        public static class Program
        {
            public static readonly Contract Of = [|Einsum.Of|];
        }
        """);

    [Theory]
    [InlineData(
        "Einsum.Of(\"b d, [|f d|] -> b f\", x)", "This call has 1 operand, and its equation has 2 terms; write one term for each operand")]
    [InlineData(
        "Einsum.Of(\"b d -> b\", x, [|w|])", "This call has 2 operands, and its equation has 1 term; write one term for each operand")]
    public Task A_call_has_an_operand_a_term(string body, string message) => Call("EIN0201", message, body);

    [Fact]
    public Task A_call_is_shown_inside_its_constant() => Failing.Reports(
        "EIN0202", "'h' is in the output and in no input; the inputs have 'b', 'd', 'f', and nothing is broadcast",
        """"
        public static class Program
        {
            public static Tensor M(Tensor x, Tensor w) => Einsum.Of(
                """
                b d,
                f d -> b [|h|]
                """, x, w);
        }
        """");

    [Fact]
    public Task EIN0111_An_ellipsis_stays_in_the_output() => Equation(
        "EIN0111", "'...' is in an input and not in the output, and axes without names are never summed; write \"... d, d -> ... d\"",
        "\"[|...|] d, d -> d\"");

    [Fact]
    public Task EIN0112_An_ellipsis_comes_from_an_input() => Equation(
        "EIN0112", "'...' is in the output and in no input; write it in the term of the operand that has these axes",
        "\"d, d -> [|...|] d\"");

    [Fact]
    public Task EIN0113_A_term_has_one_ellipsis() => Equation(
        "EIN0113",
        "A second '...' in one term of \"... d ..., d -> ... d\", and nothing says where the first ends; name the axes of one of them",
        "\"... d [|...|], d -> ... d\"");

    [Theory]
    [InlineData("EIN0101", "\"b d, [|(|]f d) -> b f\"", "Unexpected '(' in \"b d, (f d) -> b f\"")]
    [InlineData(
        "EIN0101", "\"b d, f d [|-|] b f\"", "Unexpected '-' in \"b d, f d - b f\": the output follows '->', written without a space")]
    [InlineData(
        "EIN0101", "\"[|..|] d, f d -> f\"", "Unexpected '..' in \".. d, f d -> f\": an ellipsis is '...', three dots without a space")]
    [InlineData("EIN0102", "\"b d, [|2f|] d -> b\"", "'2f' begins with a digit, and an axis is a name")]
    [InlineData("EIN0103", "[|\"b d, f d\"|]", "\"b d, f d\" has no '->', and an output is never implied; write \"b d, f d -> b f\"")]
    [InlineData(
        "EIN0103", "[|\"... d, f d\"|]", "\"... d, f d\" has no '->', and an output is never implied; write \"... d, f d -> ... f\"")]
    [InlineData("EIN0104", "\"b d, f d -> b f [|->|] f b\"", "A second '->'")]
    [InlineData("EIN0106", "\"b d, f d -> [|bf|]\"", "'bf' is not an axis, but 'b', 'f' are; separate them: 'b f'")]
    [InlineData("EIN0106", "\"b d, [|bd|] -> b d\"", "'bd' is not an axis, but 'b', 'd' are; separate them: 'b d'")]
    [InlineData("EIN0106", "\"ij,jk->[|ik|]\"", "'ik' is not an axis, but 'i', 'k' of the inputs are; separate them: 'i j, j k -> i k'")]
    [InlineData("EIN0109", "\"b d, f d -> b f [|b|]\"", "'b' is twice in the output; name each axis of the output once")]
    [InlineData(
        "EIN0201", "\"b d, f d, [|g d|] -> b f\"", "'M' has 2 operands, and its equation has 3 terms; write one term for each operand")]
    [InlineData("EIN0201", "[|\"b d -> b\"|]", "'M' has 2 operands, and its equation has 1 term; write one term for each operand")]
    [InlineData("EIN0202", "\"b d, f d -> b [|h|]\"",
        "'h' is in the output and in no input; the inputs have 'b', 'd', 'f', and nothing is broadcast")]
    [InlineData("EIN0202", "\"b d, d_out d -> b [|d_uot|]\"", "'d_uot' is in the output and in no input (did you mean 'd_out'?)")]
    public async Task An_equation_is_refused_where_it_is_wrong(string id, string marked, string message)
    {
        int start = marked.IndexOf("[|", StringComparison.Ordinal), end = marked.IndexOf("|]", StringComparison.Ordinal) - 2;
        string literal = marked.Remove(end + 2, 2).Remove(start, 2);
        string source = Declare(literal);
        (string Id, string Message, string Text, int _) found = Assert.Single(await Failing.Diagnose(source));
        Assert.Equal((id, literal[start..end]), (found.Id, found.Text));
        Assert.StartsWith(message, found.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"b d, f d -> b f\"")]
    [InlineData("\"batch seq d_in, d_out d_in -> batch seq d_out\"")]
    [InlineData("\"i i, j -> \"")]
    [InlineData("\", i -> i\"")]
    [InlineData("\"... i, ... -> ... i\"")]
    [InlineData("\"ij i j, ij -> j i\"")]
    [InlineData("\"i j, k l -> \"")]
    public async Task An_equation_is_accepted(string literal)
    {
        string source = Declare(literal);
        Assert.Empty(await Failing.Diagnose(source));
        Assert.Empty(Generated.Compiled(
            "using Einsharp;\n" + source).GetDiagnostics().Where(static found => found.Severity != DiagnosticSeverity.Hidden));
    }

    [Theory]
    [InlineData("[Einsum(\"b d, f d -> b h\")] public static partial Tensor M(Tensor x, Tensor w);")]
    [InlineData("[Einsum(\"b d, f d -> b f\"), Silu] public static partial Tensor M(Tensor x, Tensor w);")]
    [InlineData("[Einsum(\"b d, f d -> b f\")] public static partial float[] M(Tensor x, int w);")]
    [InlineData("public static Tensor M(string text, Tensor x) => Einsum.Of(text, x);")]
    public void What_is_refused_compiles_all_the_same(string member)
    {
        string source = $"using Einsharp;\npublic static partial class Layers\n{{\n    {member}\n}}";
        Assert.Empty(Generated.Compiled(source).GetDiagnostics().Where(static found => found.Severity == DiagnosticSeverity.Error));
    }

    [Fact]
    public async Task An_einsum_in_a_model_without_operands_stands_alone()
    {
        const string Source = """
            [Model]
            public sealed partial class Layer
            {
                [Param("f d", Init.Linear)] public partial Param Weight { get; }

                [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
                public partial Tensor Forward([Axes("b d")] Tensor x);

                [Einsum("i j -> j i")]
                public partial Tensor Transpose(Tensor x);
            }
            """;
        Assert.Empty(await Failing.Diagnose(Source));
        Assert.Empty(Generated.Compiled(
            "using Einsharp;\n" + Source).GetDiagnostics().Where(static found => found.Severity != DiagnosticSeverity.Hidden));
    }
}
