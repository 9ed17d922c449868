using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using Einsharp.Tests.Snapshots;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Einsharp.Tests.Ilgpu;

/// <summary>What is generated for GPUs: as text, as C# without a warning, and as kernels that ILGPU takes.</summary>
public sealed class GpuSnapshotTests
{
    private const string Block = """
        using Einsharp;

        namespace Declared;

        """;

    // Names of axes, params and values that kernels and their hosts have for themselves, or that types of ILGPU and of the library have.
    private const string Names = Block + """
        [Model]
        public sealed partial class Careful
        {
            [Param("i row", Init.Linear)] public partial Param Group { get; }
            [Param("row i", Init.Linear)] public partial Param Lanes { get; }
            [Param("lane size row", Init.Linear)] public partial Param Grid { get; }
            [Param("row", Init.Ones)] public partial Param Tiles { get; }
            [Param("lane size", Init.Normal, Deviation = 1)] public partial Param SharedMemory { get; }
            [Setting("eps")] public partial float Activation { get; }

            [RmsNorm("session sizes row, row -> session sizes row", nameof(args), nameof(Tiles), Epsilon = nameof(Activation)),
             As("kernels")]
            [Einsum("session sizes row, i row -> session sizes i", "kernels", nameof(Group)), Silu, As("loader")]
            [Einsum("session sizes i, row i -> session sizes row", "loader", nameof(Lanes)), Add(nameof(args)), As("workspace")]
            [Einsum("session sizes row, lane size row -> session sizes lane size", "workspace", nameof(Grid)),
             Add(nameof(SharedMemory)), Softmax("size")]
            public partial Tensor Forward([Axes("session sizes row")] Tensor args);
        }
        """;

    private const string AllPinned = Block + """
        [Model, Axis("d", 6), Axis("f", 10), Axis("g", 2), Axis("k", 4)]
        public sealed partial class Pinned
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Param("f d", Init.Linear)] public partial Param Up { get; }
            [Param("d f", Init.Linear)] public partial Param Down { get; }
            [Param("g k d", Init.Linear)] public partial Param Key { get; }
            [Setting("eps")] public partial float Epsilon { get; }
            [Setting("rope")] public partial Rope Rotation { get; }

            [RmsNorm("b s d, d -> b s d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
            [Einsum("b s d, f d -> b s f", "n", nameof(Up)), Silu, As("h")]
            [Einsum("b s f, d f -> b s d", "h", nameof(Down)), Add(nameof(x)), As("y")]
            [Einsum("b s d, g k d -> b s g k", "y", nameof(Key)), Rotate("s", "k", nameof(Rotation)), As("q"),
             Append("s -> t", nameof(cache)), As("keys")]
            [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("p")]
            [Einsum("b g s t, b t g k -> b s g k", "p", "keys")]
            public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        }
        """;

    private const string Sets = Block + """
        [Model, Axis("d_in", 6), Axis("hidden", Ratio = 8.0 / 3, Of = "d_out", MultipleOf = 4)]
        [Sizes("small", "d_out=12"), Sizes("1b", "d_out=20")]
        public sealed partial class Mlp
        {
            [Param("hidden d_in", Init.Linear)] public partial Param First { get; }
            [Param("hidden", Init.Uniform, Low = -0.5, High = 0.5)] public partial Param Bias { get; }
            [Param("d_out hidden", Init.TruncatedNormal, Deviation = 0.02)] public partial Param Second { get; }

            [Einsum("batch d_in, hidden d_in -> batch hidden", nameof(input), nameof(First)), Add(nameof(Bias)), Silu, As("active")]
            [Einsum("batch hidden, d_out hidden -> batch d_out", "active", nameof(Second)), Scale("1/sqrt(hidden)"), Softmax("d_out")]
            public partial Tensor Forward([Axes("batch d_in")] Tensor input);
        }
        """;

    // What the kernels for GPUs cannot do (EIN0402), alone and under a parent.
    private static readonly string s_refused = Block + $$"""
        [Model]
        public sealed partial class Gated
        {
            [Param("d e", Init.Linear)] public partial Param Down { get; }
            {{Nine(i => $"[Param(\"e d\", Init.Linear)] public partial Param Up{i} {{ get; }}")}}

            {{Nine(i => $"[Einsum(\"b d, e d -> b e\", nameof(x), nameof(Up{i})), {(i == 0 ? "Tanh" : $"Multiply(\"h{i - 1}\")")}, As(\"h{i}\")]")}}
            [Einsum("b e, d e -> b d", "h8", nameof(Down)), Add(nameof(x))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }

        [Model]
        public sealed partial class Parent
        {
            [Layers("depth")] public partial Layers<Gated> Layers { get; }
            [Param("d", Init.Ones)] public partial Param Gain { get; }

            [Run("b d -> b d", nameof(Layers), nameof(x)), Multiply(nameof(Gain))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """;

    private static string Nine(Func<int, string> line) => string.Join("\n    ", Enumerable.Range(0, 9).Select(line));

    public static TheoryData<string, string> Sources => new()
    {
        { "the Llama", Compilations.Llama },
        { "names that need care", Names },
        { "all sizes pinned", AllPinned },
        { "sets of sizes", Sets },
        { "refused", s_refused },
    };

    [Fact]
    public void Llama() => Snapshot.Verify(
        Generated.Files(Compilations.CompileForGpu(Compilations.Llama))
            .Where(file => file.HintName.Contains("Gpu", StringComparison.Ordinal)), this);

    [Theory]
    [MemberData(nameof(Sources))]
    public void What_is_generated_compiles_without_a_warning(string what, string source)
    {
        IEnumerable<Diagnostic> diagnostics = Generated.Compiled(Compilations.CompileForGpu(source)).GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden);
        Assert.False(diagnostics.Any(), $"{what}: {string.Join("\n", diagnostics)}");
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Kernels_have_only_what_ILGPU_takes(string what, string source)
    {
        Compilation compilation = Generated.Compiled(Compilations.CompileForGpu(source));
        IReadOnlyList<KernelViolation> found = KernelRules.Check(compilation, Library());
        Assert.True(found.Count == 0, $"{what}: {string.Join("\n", found.Take(20))}");
        Assert.Equal(
            what == "refused", KernelRules.Kernels(compilation).All(kernel => kernel.ContainingType.ContainingType?.Name == "Parent"));
    }

    [Fact]
    public void Without_the_library_nothing_is_generated_for_it() =>
        Assert.DoesNotContain(Generated.Files(Compilations.Llama), file => file.HintName.Contains("Gpu", StringComparison.Ordinal));

    [Fact]
    public void A_model_that_GPUs_cannot_compute_runs_on_the_processor_and_says_so_on_a_GPU()
    {
        using var image = new MemoryStream();
        Assert.True(Generated.Compiled(Compilations.CompileForGpu(s_refused)).Emit(image).Success);
        Assembly assembly = Assembly.Load(image.ToArray());
        using var gpu = TestDevices.OpenNew("opencl, 4 lanes");
        foreach ((string name, (string, int)[] sizes) in ((string, (string, int)[])[])
            [("Gated", [("e", 3), ("d", 5)]), ("Parent", [("e", 3), ("d", 5), ("depth", 2)])])
        {
            Type type = assembly.GetType("Declared." + name)!, sizesType = assembly.GetType($"Declared.{name}Sizes")!;
            object of = RuntimeHelpers.GetUninitializedObject(sizesType);
            foreach ((string axis, int size) in sizes)
                sizesType.GetProperty(axis)!.SetValue(of, size);
            object model = Activator.CreateInstance(type, of, null)!;
            type.GetMethod("Initialise")!.Invoke(model, [5ul, WeightFormat.F32]);
            var y = (Tensor)type.GetMethod("Forward")!.Invoke(model, [Execution.Inputs.Random(1, 2, 5)])!;
            Assert.True(y.Span.IndexOfAnyExcept(0f) >= 0);

            var refusal = Assert.Throws<TargetInvocationException>(() => Activator.CreateInstance(type, of, gpu));
            Assert.Contains("GPU", Assert.IsType<NotSupportedException>(refusal.InnerException).Message, StringComparison.Ordinal);
        }
    }

    /// <summary>The kernels' library from its sources.</summary>
    private static CSharpCompilation Library([CallerFilePath] string file = "")
    {
        string folder = Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "Runtime", "Einsharp.Runtime.Ilgpu", "Kernels");
        return CSharpCompilation.Create(
            "Einsharp.Runtime.Ilgpu",
            Directory.GetFiles(folder, "*.cs").Append(null).Select(path => CSharpSyntaxTree.ParseText(
                path is null ? "global using System;" : File.ReadAllText(path), Compilations.ParseOptions, path ?? "Usings.cs")),
            Compilations.CompileForGpu().References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
    }
}
