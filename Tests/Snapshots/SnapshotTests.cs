using System.Collections.Immutable;
using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Snapshots;

/// <summary>Everything that is generated for the block and the model of the design, and for sizes that are pinned.</summary>
public class SnapshotTests
{
    private const string Pinned = """
        using Einsharp;

        namespace Declared;

        [Model, Axis("d_in", 6), Axis("hidden", Ratio = 8.0 / 3, Of = "d_out", MultipleOf = 4), Sizes("small", "d_out=12")]
        internal sealed partial class Mlp
        {
            [Param("hidden d_in", Init.Linear)] public partial Param First { get; }
            [Param("hidden", Init.Uniform, Low = -0.5, High = 0.5)] public partial Param Bias { get; }
            [Param("d_out hidden", Init.TruncatedNormal, Deviation = 0.02)] public partial Param Second { get; }

            [Einsum("batch d_in, hidden d_in -> batch hidden", nameof(input), nameof(First)), Add(nameof(Bias)), Silu, As("active")]
            [Einsum("batch hidden, d_out hidden -> batch d_out", "active", nameof(Second)), Scale("1/sqrt(hidden)"), Softmax("d_out")]
            public partial Tensor Forward([Axes("batch d_in")] Tensor input);
        }
        """;

    private const string Attention = """
        using Einsharp;

        namespace Declared;

        [Model]
        public sealed partial class RichAttention
        {
            [Param("g h r k d", Init.Linear)] public partial Param Query { get; }
            [Param("g h k d", Init.Linear)] public partial Param Key { get; }
            [Param("g h w d", Init.Linear)] public partial Param Value { get; }
            [Setting("cap")] public partial float Cap { get; }
            [Setting("window")] public partial int Size { get; }

            [Einsum("b s d, g h r k d -> b s g h r k", nameof(x), nameof(Query)), As("q")]
            [Einsum("b s d, g h k d -> b s g h k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
            [Einsum("b s d, g h w d -> b s g h w", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
            [Einsum("b s g h r k, b t g h k -> b g h r s t", "q", "keys"), Scale("1/sqrt(k)"), SoftCap(nameof(Cap)), Alibi("s", "t", "h r"),
             Causal("s", "t"), Window("s", "t", nameof(Size)), Mask("b s t", nameof(mask)), Softmax("t"), As("p")]
            [Einsum("b g h r s t, b t g h w -> b s r g h w", "p", "values")]
            public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b s t")] Tensor<bool> mask, KvCache? cache);
        }

        [Model]
        public sealed partial class PlainAttention
        {
            [Einsum("b h s k, b t k -> b h s t", nameof(q), nameof(keys)), Scale("1/sqrt(k)"), Mask("s t", nameof(mask)), Softmax("t"), As("p")]
            [Einsum("b h s t, b h t v -> b s h v", "p", nameof(values))]
            public partial Tensor Forward(
                [Axes("b h s k")] Tensor q, [Axes("b t k")] Tensor keys, [Axes("b h t v")] Tensor values, [Axes("s t")] Tensor<bool> mask);
        }
        """;

    /// <summary>The kernels of attention with every modifier, and without a cache.</summary>
    [Fact]
    public void AttentionVariants() => Snapshot.Verify(
        Generated.Files(Attention).Where(file => file.HintName.EndsWith("Kernels.g.cs", StringComparison.Ordinal)), this);

    // Weights [in, out], a low-rank pair, and sums within a row.
    private const string Contracted = """
        using Einsharp;

        namespace Declared;

        [Model]
        public sealed partial class Adapted
        {
            [Param("d r", Init.Linear)] public partial Param Down { get; }
            [Param("r f", Init.Linear)] public partial Param Up { get; }
            [Param("d f", Init.Linear)] public partial Param Wide { get; }

            [Einsum("b s d, d r, r f -> b s f", nameof(x), nameof(Down), nameof(Up)), As("low")]
            [Einsum("b s d, d f -> b s f", nameof(x), nameof(Wide)), Add("low"), Silu, As("h")]
            [Einsum("b s f, b s f -> b s", "h", "low"), As("score")]
            [Einsum("b s f, b s -> b s f", "h", "score")]
            public partial Tensor Forward([Axes("b s d")] Tensor x);
        }
        """;

    /// <summary>The kernels of einsums that are neither a sweep nor attention.</summary>
    [Fact]
    public void Contractions() => Snapshot.Verify(
        Generated.Files(Contracted).Where(file => file.HintName.EndsWith("Kernels.g.cs", StringComparison.Ordinal)), this);

    // A kernel of each kind that layers bring.
    private const string Layered = """
        using Einsharp;

        namespace Declared;

        [Model]
        internal sealed partial class Pooled
        {
            [Param("h k d", Init.Linear)] public partial Param Heads { get; }
            [Param("k", Init.Ones)] public partial Param Gain { get; }
            [Param("d", Init.Ones)] public partial Param Scale { get; }
            [Param("d", Init.Zeros)] public partial Param Shift { get; }
            [Param("d", Init.Zeros)] public partial Param Mean { get; }
            [Param("d", Init.Ones)] public partial Param Variance { get; }
            [Param("p d", Init.Normal, Deviation = 0.02)] public partial Param Positions { get; }
            [Setting("eps")] public partial float Epsilon { get; }
            [Setting("momentum")] public partial float Momentum { get; }

            [BatchNorm("b s d, d, d, d, d -> b s d", nameof(x), nameof(Scale), nameof(Shift), nameof(Mean), nameof(Variance),
                Epsilon = nameof(Epsilon), Momentum = nameof(Momentum)), AddPositions("s", nameof(Positions)), As("y")]
            [Einsum("b s d, h k d -> b s h k", "y", nameof(Heads)), As("heads")]
            [LayerNorm("b s h k, k -> b s h k", "heads", nameof(Gain), Epsilon = nameof(Epsilon)), Gelu, As("normed")]
            [Rearrange("b s h k -> b h s k", "normed"), LogSoftmax("s"), As("turned")]
            [Reduce("b h s k -> b k", "turned", Reduction.LogSumExp), As("pool")]
            [Einsum("b s h k -> b s h k", "normed"), Multiply("pool"), Rearrange("b s h k -> b s (w: h k)"), Swish(1.702)]
            public partial Tensor Forward([Axes("b s d")] Tensor x);
        }
        """;

    [Fact]
    public void Llama() => Snapshot.Verify(Generated.Files(Compilations.Llama), this);

    [Fact]
    public void PinnedSizes() => Snapshot.Verify(Generated.Files(Pinned), this);

    [Theory]
    [InlineData(Compilations.Llama)]
    [InlineData(Pinned)]
    [InlineData(Layered)]
    [InlineData(Attention)]
    [InlineData(Contracted)]
    public void What_is_generated_compiles_without_a_warning(string source)
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            // Numbers formatted by the culture would not be C#.
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NegativeSign = "\u2212", NumberDecimalSeparator = "," } };
            ImmutableArray<Diagnostic> diagnostics = Generated.Compiled(source).GetDiagnostics();
            Assert.Empty(diagnostics.Where(diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden));
            Assert.Equal(Generated.Files(source).Select(file => file.SourceText.ToString()), GeneratedInInvariantCulture(source));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Types_of_the_users_may_be_named_like_ours()
    {
        string shadowing = Compilations.Llama + """

            public sealed class Worker;
            public sealed class Device;
            public static class Math;
            public static class Sweep;
            public static class CacheSlot;
            public static class List;
            """;
        Assert.Empty(Generated.Compiled(shadowing).GetDiagnostics().Where(diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden));
    }

    private static IEnumerable<string> GeneratedInInvariantCulture(string source)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        return Generated.Files(source).Select(file => file.SourceText.ToString()).ToList();
    }

    [Fact]
    public void A_declaration_with_an_error_gets_bodies_that_throw()
    {
        string broken = Compilations.Llama.Replace(
            "\"b s d, f d -> b s f\", \"m\", nameof(Up)", "\"b s d, d f -> b s f\", \"m\", nameof(Up)", StringComparison.Ordinal);
        Assert.NotEqual(Compilations.Llama, broken);
        ImmutableArray<Diagnostic> diagnostics = Generated.Compiled(broken).GetDiagnostics();
        Assert.Empty(diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        Assert.Contains(Generated.Files(broken), file => file.HintName == "Declared.LlamaBlock.Errors.g.cs");
    }
}
