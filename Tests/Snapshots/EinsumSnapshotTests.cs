using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Snapshots;

/// <summary>What is generated for einsums that stand alone.</summary>
public class EinsumSnapshotTests
{
    private const string OneStep = """
        using Einsharp;

        namespace Declared;

        public static partial class Layers
        {
            /// <summary>Rows of features to rows of features.</summary>
            [Einsum("batch seq d_in, d_out d_in -> batch seq d_out")]
            public static partial Tensor Linear(Tensor x, Tensor weight);
        }
        """;

    private const string Chain = """
        using Einsharp;

        namespace Declared;

        [Axis("k", 64)]
        internal partial class Chains<T>
        {
            internal partial struct Low
            {
                [Einsum("b i j, j k, k l, q -> b i l")]
                internal readonly partial Tensor<double> Rank(Tensor<double> x, Tensor<double> up, Tensor<double> down, Tensor<double> scale, Device? device = null);
            }
        }
        """;

    private const string Spans = """
        using System.Numerics.Tensors;
        using Einsharp;

        namespace Declared;

        internal static partial class Views
        {
            [Einsum("i i -> i")]
            internal static partial void Diagonal(in ReadOnlyTensorSpan<float> matrix, TensorSpan<float> destination);

            [Einsum("... i d, ... j d -> ... i j")]
            internal static partial void Scores(ReadOnlyTensorSpan<float> queries, ReadOnlyTensorSpan<float> keys, TensorSpan<float> scores);
        }
        """;

    private const string Rest = """
        using Einsharp;

        namespace Declared;

        internal static partial class Leading
        {
            [Einsum("... s d, h d -> ... h s")]
            internal static partial Tensor Project(Tensor x, Tensor w);

            [Einsum("... i j, ... j k, k -> i ...")]
            internal static partial Tensor Chain(Tensor a, Tensor b, Tensor c);
        }
        """;

    private const string Calls = """
        using Einsharp;

        namespace Declared;

        internal static class Program
        {
            private const string Project = "b s d, h d -> b s h";

            internal static Tensor First(Tensor x, Tensor w) => Einsum.Of(Project, x, w);

            internal static Tensor Second(Tensor x, Tensor w) => Einsum.Of("b s d, h d -> b s h", x, w);

            internal static Tensor<double> Trace(Tensor<double>[] of, Device device) => Einsum.Of("i i ->", device, of[0]);
        }
        """;

    [Fact]
    public void One_step() => Verify(OneStep);

    [Fact]
    public void A_path() => Verify(Chain);

    [Fact]
    public void Spans_of_dotnet() => Verify(Spans);

    [Fact]
    public void An_ellipsis() => Verify(Rest);

    [Fact]
    public void Interceptors() => Verify(Calls);

    private void Verify(string source, [System.Runtime.CompilerServices.CallerMemberName] string method = "")
    {
        Assert.Empty(Generated.Compiled(source).GetDiagnostics().Where(static diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden));
        Snapshot.Verify(Generated.Files(source), this, method);
    }
}
