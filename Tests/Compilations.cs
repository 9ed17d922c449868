using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Einsharp.Generator;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Einsharp.Tests;

/// <summary>Compilations of declarations given as text, against the running framework and the runtime.</summary>
internal static partial class Compilations
{
    /// <summary>As a project has them that lets the generator take calls of <c>Einsum.Of</c>.</summary>
    public static CSharpParseOptions ParseOptions { get; } =
        new CSharpParseOptions(LanguageVersion.Preview).WithFeatures([new("InterceptorsNamespaces", "Einsharp.Generated")]);

    /// <summary>The line of a source that is compiled as in a project that allows no interceptors.</summary>
    private const string NoInterceptors = "// without InterceptorsNamespaces\n";

    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static path => Path.GetDirectoryName(path) == Path.GetDirectoryName(typeof(object).Assembly.Location))
            .Select(static path => MetadataReference.CreateFromFile(path)),
        MetadataReference.CreateFromFile(typeof(ModelAttribute).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(System.Numerics.Tensors.TensorPrimitives).Assembly.Location),
    ];

    public static CSharpCompilation Compile(params string[] sources) => CSharpCompilation.Create(
        "Declared",
        sources.Select(static (source, i) => CSharpSyntaxTree.ParseText(
            source, source.Contains(NoInterceptors, StringComparison.Ordinal) ? ParseOptions.WithFeatures([]) : ParseOptions, $"Source{i}.cs")),
        [.. References, .. sources.Select(static source => MarkerLine().Match(source)).Where(static match => match.Success)
            .Select(static match => Library(match.Groups[1].Value)).Take(1)],
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true,
        nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>A compilation with the library's side for GPUs, and with the double in ILGPU's place.</summary>
    public static CSharpCompilation CompileForGpu(params string[] sources) => Compile(sources).AddReferences(
        MetadataReference.CreateFromFile(typeof(Einsharp.Ilgpu.IlgpuDevice).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(ILGPU.Context).Assembly.Location));

    /// <summary>
    /// An assembly that has of the library's side for GPUs only the name and the marker: what a source with the line
    /// <c>// references Einsharp.Runtime.Ilgpu, ilgpu/1</c> is compiled with.
    /// </summary>
    private static PortableExecutableReference Library(string marker)
    {
        SyntaxTree source = CSharpSyntaxTree.ParseText($"[assembly: System.Reflection.AssemblyMetadata(\"Einsharp.Backend\", \"{marker}\")]");
        var image = new MemoryStream();
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary);
        Assert.True(CSharpCompilation.Create("Einsharp.Runtime.Ilgpu", [source], References, options).Emit(image).Success);
        return MetadataReference.CreateFromImage(image.ToArray());
    }

    [GeneratedRegex(@"^// references Einsharp\.Runtime\.Ilgpu, (\S+)$", RegexOptions.Multiline)]
    private static partial Regex MarkerLine();

    /// <summary>Reads one model of a source.</summary>
    public static ModelSpec Read(string source, string model) =>
        ModelReader.Read(Compile(source).Assembly.GetTypeByMetadataName(model)!, CancellationToken.None);

    /// <summary>Reads and checks one model of a source, with every model in it as a possible layer.</summary>
    public static CheckResult Check(string source, string model)
    {
        CSharpCompilation compilation = Compile(source);
        List<ModelSignature> signatures = compilation.GetSymbolsWithName(static _ => true, SymbolFilter.Type).OfType<INamedTypeSymbol>()
            .Where(ModelReader.IsModel).Select(static type => ModelChecker.Sign(ModelReader.Read(type, CancellationToken.None))).ToList();
        ModelSpec spec = ModelReader.Read(compilation.Assembly.GetTypeByMetadataName(model)!, CancellationToken.None);
        return ModelChecker.Check(spec, ModelChecker.Close(spec, signatures));
    }

    /// <summary>What the analyzer reports on sources, in source order.</summary>
    public static async Task<ImmutableArray<Diagnostic>> Analyze(params string[] sources)
    {
        ImmutableArray<Diagnostic> found = await Compile(sources)
            .WithAnalyzers([new ModelAnalyzer(), new EinsumAnalyzer()]).GetAnalyzerDiagnosticsAsync();
        return
        [
            .. found.OrderBy(static diagnostic => diagnostic.Location.SourceTree!.FilePath, StringComparer.Ordinal)
                .ThenBy(static diagnostic => diagnostic.Location.SourceSpan.Start)
                .ThenBy(static diagnostic => diagnostic.Id, StringComparer.Ordinal),
        ];
    }

    /// <summary>The characters that a location covers.</summary>
    public static string Text(Location location) => location.SourceTree!.GetText().ToString(location.SourceSpan);

    /// <summary>The block and the model of the design: every equation of a Llama.</summary>
    public const string Llama = """
        using Einsharp;

        namespace Declared;

        [Model]
        public sealed partial class LlamaBlock
        {
            [Param("d", Init.Ones, From = "input_layernorm.weight")] public partial Param AttentionNorm { get; }
            [Param("g r k d", Init.Linear, From = "self_attn.q_proj.weight")] public partial Param Query { get; }
            [Param("g k d", Init.Linear, From = "self_attn.k_proj.weight")] public partial Param Key { get; }
            [Param("g k d", Init.Linear, From = "self_attn.v_proj.weight")] public partial Param Value { get; }
            [Param("d g r k", Init.Linear, From = "self_attn.o_proj.weight")] public partial Param Output { get; }
            [Param("d", Init.Ones, From = "post_attention_layernorm.weight")] public partial Param FeedForwardNorm { get; }
            [Param("f d", Init.Linear, From = "mlp.gate_proj.weight")] public partial Param Gate { get; }
            [Param("f d", Init.Linear, From = "mlp.up_proj.weight")] public partial Param Up { get; }
            [Param("d f", Init.Linear, From = "mlp.down_proj.weight")] public partial Param Down { get; }
            [Setting("rms_norm_eps")] public partial float Epsilon { get; }
            [Setting("rope")] public partial Rope Rotation { get; }

            [RmsNorm("b s d, d -> b s d", nameof(x), nameof(AttentionNorm), Epsilon = nameof(Epsilon)), As("n")]
            [Einsum("b s d, g r k d -> b s g r k", "n", nameof(Query)), Rotate("s", "k", nameof(Rotation)), As("q")]
            [Einsum("b s d, g k d -> b s g k", "n", nameof(Key)), Rotate("s", "k", nameof(Rotation)), Append("s -> t", nameof(cache)), As("keys")]
            [Einsum("b s d, g k d -> b s g k", "n", nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
            [Einsum("b s g r k, b t g k -> b g r s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
            [Einsum("b g r s t, b t g k -> b s g r k", "p", "values"), As("heads")]
            [Einsum("b s g r k, d g r k -> b s d", "heads", nameof(Output)), Add(nameof(x)), As("a")]
            [RmsNorm("b s d, d -> b s d", "a", nameof(FeedForwardNorm), Epsilon = nameof(Epsilon)), As("m")]
            [Einsum("b s d, f d -> b s f", "m", nameof(Up)), As("u")]
            [Einsum("b s d, f d -> b s f", "m", nameof(Gate)), Silu, Multiply("u"), As("h")]
            [Einsum("b s f, d f -> b s d", "h", nameof(Down)), Add("a")]
            public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
        }

        [Model]
        public sealed partial class Llama
        {
            [Param("v d", Init.Embedding, From = "model.embed_tokens.weight")] public partial Param Embedding { get; }
            [Layers("layers", From = "model.layers.{0}.")] public partial Layers<LlamaBlock> Blocks { get; }
            [Param("d", Init.Ones, From = "model.norm.weight")] public partial Param Norm { get; }
            [Param("v d", Init.Linear, From = "lm_head.weight", Or = nameof(Embedding))] public partial Param Head { get; }
            [Setting("rms_norm_eps")] public partial float Epsilon { get; }

            [Gather("b s, v d -> b s d", nameof(ids), nameof(Embedding)), As("x")]
            [Run("b s d -> b s d", nameof(Blocks), "x", nameof(cache)), As("y")]
            [Select("b s d, b o -> b o d", "y", nameof(rows)), As("z")]
            [RmsNorm("b o d, d -> b o d", "z", nameof(Norm), Epsilon = nameof(Epsilon)), As("n")]
            [Einsum("b o d, v d -> b o v", "n", nameof(Head))]
            public partial Tensor Forward([Axes("b s")] Tensor<int> ids, [Axes("b o")] Tensor<int> rows, KvCache? cache);
        }
        """;
}
