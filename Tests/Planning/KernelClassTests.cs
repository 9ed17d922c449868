using Einsharp.Generator.Plan;

namespace Einsharp.Tests.Planning;

/// <summary>Which kernels small declarations become.</summary>
public sealed class KernelClassTests
{
    // An einsum of x with a parameter: a sweep where the sum is over all of x's features and the weight's last axes, in one order. Axes
    // that no parameter has are rows.
    [Theory]
    [InlineData("b d", "f d", "b f", "Sweep")]
    [InlineData("b s d", "f d", "b s f", "Sweep")]
    [InlineData("b d", "g k d", "b g k", "Sweep")]
    [InlineData("b g k", "d g k", "b d", "Sweep")]
    [InlineData("b g k", "d e g k", "b d e", "Sweep")]
    [InlineData("b d", "d f", "b f", "Contract")]
    [InlineData("b g k", "d k g", "b d", "Contract")]
    [InlineData("b g k", "d k", "b g d", "Sweep")]
    [InlineData("b d", "f e d", "b f", "Contract Contract")]
    [InlineData("b d", "f e d", "b e f", "Contract")]
    [InlineData("b d", "f d", "b d f", "Contract")]
    [InlineData("b d", "f d", "b f d", "Contract")]
    [InlineData("b d", "d", "b d", "Contract")]
    [InlineData("b d", "d", "b", "Contract")]
    [InlineData("d", "f d", "f", "Contract")]
    [InlineData("b", "f", "b f", "Contract")]
    public void AnEinsumWithAParameter(string input, string param, string output, string kernel)
    {
        Assert.Equal(kernel.Split(' '), Kernels(Of($"{input}, {param} -> {output}", "nameof(x), nameof(W)")));
        Assert.Equal(kernel.Split(' '), Kernels(Of($"{param}, {input} -> {output}", "nameof(W), nameof(x)")));

        string[] Of(string equation, string operands) =>
        [
            $"[Param(\"{param}\", Init.Ones)] public partial Param W {{ get; }}",
            $"[Einsum(\"{equation}\", {operands})]",
            $"public partial Tensor Forward([Axes(\"{input}\")] Tensor x);",
        ];
    }

    [Theory]
    [InlineData("""[Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), Scale("2"), Silu, Softmax("f")]""", "Sweep")]
    [InlineData("""[Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), Add(nameof(Bias))]""", "Sweep")]
    [InlineData("""
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), As("u"), Silu, As("v")]
        [Einsum("b s f, b s f -> b s f", "u", "v")]
        """, "Sweep Map Contract")]
    [InlineData("""
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), As("h")]
        [Einsum("b s f, d f -> b s d", "h", nameof(V)), Add(nameof(x))]
        """, "Sweep Sweep")]
    [InlineData("""
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), As("u")]
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), Silu, Multiply("u")]
        """, "Sweep")]
    [InlineData("""[RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), Silu]""", "Norm")]
    [InlineData("""
        [RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
        [Einsum("b s d, f d -> b s f", "n", nameof(W))]
        """, "Sweep")]
    [InlineData("""
        [RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), Silu, As("n")]
        [Einsum("b s d, f d -> b s f", "n", nameof(W))]
        """, "Norm Sweep")]
    [InlineData("""
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), Rename("s -> u"), As("h")]
        [Einsum("b u f, d f -> b u d", "h", nameof(V))]
        """, "Sweep Sweep")]
    [InlineData("""
        [Einsum("b s d -> b s d", nameof(x)), Add(nameof(Gain)), Append("s -> t", nameof(cache)), As("keys")]
        [Einsum("b s d, b t d -> b s t", nameof(x), "keys"), Softmax("t"), As("p")]
        [Einsum("b s t, b t d -> b s d", "p", "keys")]
        """, "Contract Map Append Attention")]
    [InlineData("""
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), As("q"), Append("s -> t", nameof(cache)), As("keys")]
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), Append("s -> t", nameof(cache)), As("values")]
        [Einsum("b s f, b t f -> b s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
        [Einsum("b s t, b t f -> b s f", "p", "values"), Silu]
        """, "Sweep Append Attention Map")]
    [InlineData("""
        [Gather("b s, v d -> b s d", nameof(ids), nameof(Table)), Scale("sqrt(d)"), As("e")]
        [Select("b s d, b o -> b o d", "e", nameof(rows)), Silu]
        """, "Gather Select")]
    [InlineData("""[Einsum("b s d -> b s d", nameof(x)), Multiply(nameof(Gain))]""", "Contract Map")]
    [InlineData("""[Einsum("b s d, b s d, d -> b s", nameof(x), nameof(x), nameof(Gain))]""", "Contract Contract")]
    [InlineData("""[Einsum("b s d, f d, d -> b s f", nameof(x), nameof(W), nameof(Gain))]""", "Contract Contract")]
    [InlineData("""
        [Einsum("b s d -> b s", nameof(x)), As("total")]
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), Multiply("total")]
        """, "Contract Sweep Map")]
    [InlineData("""
        [LayerNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
        [Einsum("b s d, f d -> b s f", "n", nameof(W)), Gelu]
        """, "Sweep")]
    [InlineData("""
        [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Heads)), As("q")]
        [RmsNorm("b s h k -> b s h k", "q", Over = "k", Epsilon = nameof(Epsilon)), Scale("2"), Tanh]
        """, "Sweep")]
    [InlineData("""
        [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Heads)), Add(nameof(HeadBias)), As("q")]
        [LayerNorm("b s h k -> b s h k", "q", Over = "h k", Epsilon = nameof(Epsilon)), SoftCap(30)]
        """, "Sweep Norm")]
    [InlineData("""
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), Silu, As("a")]
        [RmsNorm("b s f -> b s f", "a", Over = "f", Epsilon = nameof(Epsilon)), Relu]
        """, "Sweep Norm")]
    [InlineData("""[Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Heads)), Sigmoid, Softmax("h"), Tanh]""", "Sweep Map")]
    [InlineData("""[Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Heads)), LogSoftmax("k"), Softmax("s"), Relu]""", "Sweep Map")]
    [InlineData("""[Reduce("b s d -> b d", nameof(x), Reduction.Mean), Silu, Multiply(nameof(Gain))]""", "Reduce Map")]
    [InlineData("""[Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), AddPositions("s", nameof(Rows)), Silu]""", "Sweep")]
    [InlineData("""[Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Heads)), AddPositions("s", nameof(Few)), Silu]""", "Sweep Map")]
    [InlineData("""
        [BatchNorm("b s d, d, d, d, d -> b s d", nameof(x), nameof(Gain), nameof(Gain), nameof(Gain), nameof(Gain), Epsilon = nameof(Epsilon)),
         Relu, Add(nameof(x)), As("n")]
        [Einsum("b s d, f d -> b s f", "n", nameof(W))]
        """, "BatchNorm Sweep")]
    [InlineData("""
        [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Heads)), Rearrange("b s h k -> b s (hk: h k)"), As("joined")]
        [Einsum("b s hk, d hk -> b s d", "joined", nameof(Wide)), Add(nameof(x))]
        """, "Sweep Sweep")]
    [InlineData("""[Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Heads)), Rearrange("b s h k -> b h s k"), Softmax("k")]""", "Sweep Rearrange Map")]
    [InlineData("""[Rearrange("b s d -> (n: b s) d", nameof(x)), As("rows")][Einsum("n d, f d -> n f", "rows", nameof(W))]""", "Sweep")]
    [InlineData("""[Rearrange("b s d -> (n: b s) d", nameof(x))]""", "Rearrange")]
    [InlineData("""[Einsum("b s d, f d -> f b", nameof(x), nameof(W)), Softmax("b")]""", "Contract Contract Map")]
    [InlineData("""
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), As("q"), Rename("s -> t"), As("keys")]
        [Einsum("b s f, b t f -> b s t", "q", "keys"), SoftCap(2), Causal("s", "t"), Window("s", "t", 4), Softmax("t")]
        """, "Sweep Contract Map")]
    [InlineData("""
        [Einsum("b s d, f d -> b s f", nameof(x), nameof(W)), As("q"), Rename("s -> t"), As("keys")]
        [Einsum("b s f, b t f -> b s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
        [Reduce("b s t -> b s", "p", Reduction.Max), As("sure")]
        [Einsum("b s t, b t f -> b s f", "p", "keys"), Multiply("sure")]
        """, "Sweep Contract Map Reduce Contract Map")]
    public void AMethod(string equations, string kernels)
    {
        string inputs = equations.Contains("(ids)", StringComparison.Ordinal)
            ? "[Axes(\"b s\")] Tensor<int> ids, [Axes(\"b o\")] Tensor<int> rows"
            : "[Axes(\"b s d\")] Tensor x" + (equations.Contains("(cache)", StringComparison.Ordinal) ? ", KvCache? cache" : "");
        IEnumerable<string> read = Members.Where(member => equations.Contains($"nameof({member.Name})", StringComparison.Ordinal))
            .Select(member => member.Text);
        Assert.Equal(kernels.Split(' '), Kernels([.. read, equations, $"public partial Tensor Forward({inputs});"]));
    }

    // However scores are modified, and wherever keys and values are: one kernel.
    [Theory]
    [InlineData("Softmax(\"t\")", "")]
    [InlineData("Scale(\"1/sqrt(k)\"), Causal(\"s\", \"t\"), Softmax(\"t\")", "Causal")]
    [InlineData("Window(\"s\", \"t\", 4), Softmax(\"t\")", "Window")]
    [InlineData("SoftCap(30), Softmax(\"t\")", "Activation")]
    [InlineData("Alibi(\"s\", \"t\", \"g r\"), Softmax(\"t\")", "Alibi")]
    [InlineData("Mask(\"b s t\", nameof(mask)), Softmax(\"t\")", "Mask")]
    [InlineData("Scale(\"2\"), Causal(\"s\", \"t\"), Scale(\"3\"), Softmax(\"t\")", "Causal")]
    [InlineData("Scale(\"2\"), SoftCap(30), Scale(\"3\"), Softmax(\"t\")", "Activation Scale")]
    [InlineData(
        "SoftCap(30), Alibi(\"s\", \"t\", \"g r\"), Causal(\"s\", \"t\"), Window(\"s\", \"t\", 4), Mask(\"b s t\", nameof(mask)), Softmax(\"t\")",
        "Activation Alibi Causal Window Mask")]
    public void AttentionIsOneKernel(string modifiers, string steps)
    {
        foreach (string append in (string[])["Append(\"s -> t\", nameof(cache))", "Rename(\"s -> t\")"])
        {
            MethodPlan plan = Declared.Body($$"""
                [Param("g r k d", Init.Linear)] public partial Param Query { get; }
                [Param("g k d", Init.Linear)] public partial Param Key { get; }
                [Param("g k d", Init.Linear)] public partial Param Value { get; }

                [Einsum("b s d, g r k d -> b s g r k", nameof(x), nameof(Query)), As("q")]
                [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), {{append}}, As("keys")]
                [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), {{append}}, As("values")]
                [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), {{modifiers}}, As("p")]
                [Einsum("b g r s t, b t g k -> b s g r k", "p", "values")]
                public partial Tensor Forward(
                    [Axes("b s d")] Tensor x{{(modifiers.Contains("mask", StringComparison.Ordinal) ? ", [Axes(\"b s t\")] Tensor<bool> mask" : "")}}
                    {{(append[0] == 'A' ? ", KvCache? cache" : "")}});
                """);
            Assert.Equal(["SweepPlan", "AttentionPlan"], plan.Kernels.Select(kernel => kernel.GetType().Name));
            var attention = (AttentionPlan)plan.Kernels[1];
            Assert.Equal(steps, string.Join(' ', attention.Modifiers.Select(step => step.GetType().Name[..^"Operation".Length])));
            Assert.Equal("s", attention.Position);
            Assert.Equal(append[0] == 'A' ? ["g"] : ["b", "g"], attention.Groups);
            Assert.Equal(["r"], attention.PerGroup);
            Assert.Equal(append[0] == 'A', attention.IsPacked);
        }
    }

    private static readonly (string Name, string Text)[] Members =
    [
        ("W", "[Param(\"f d\", Init.Linear)] public partial Param W { get; }"),
        ("V", "[Param(\"d f\", Init.Linear)] public partial Param V { get; }"),
        ("Gain", "[Param(\"d\", Init.Ones)] public partial Param Gain { get; }"),
        ("Heads", "[Param(\"h k d\", Init.Linear)] public partial Param Heads { get; }"),
        ("HeadBias", "[Param(\"h k\", Init.Zeros)] public partial Param HeadBias { get; }"),
        ("Rows", "[Param(\"p f\", Init.Zeros)] public partial Param Rows { get; }"),
        ("Few", "[Param(\"p k\", Init.Zeros)] public partial Param Few { get; }"),
        ("Wide", "[Param(\"d hk\", Init.Linear)] public partial Param Wide { get; }"),
        ("Bias", "[Param(\"f\", Init.Zeros)] public partial Param Bias { get; }"),
        ("Table", "[Param(\"v d\", Init.Embedding)] public partial Param Table { get; }"),
        ("Epsilon", "[Setting(\"eps\")] public partial float Epsilon { get; }"),
    ];

    private static IEnumerable<string> Kernels(string[] lines) =>
        Declared.Body(string.Join('\n', lines)).Kernels.Select(kernel => kernel.GetType().Name[..^"Plan".Length]);
}
