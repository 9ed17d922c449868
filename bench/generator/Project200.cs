using System.Globalization;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Einsharp.Bench;

/// <summary>
/// A project of 200 models, each in a file of its own: 67 decoder blocks of eleven equations, 33 models that run one of them each, and 100
/// small perceptrons; and a file that has nothing to do with them.
/// </summary>
internal static class Project200
{
    public const int Models = 200;

    private const string Block = """
        using Einsharp;

        namespace Models;

        [Model]
        public sealed partial class Block{0}
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
        """;

    private const string Stack = """
        using Einsharp;

        namespace Models;

        [Model]
        public sealed partial class Stack{0}
        {
            [Param("v d", Init.Embedding)] public partial Param Embedding { get; }
            [Layers("layers", From = "model.layers.{0}.")] public partial Layers<Block{0}> Blocks { get; }
            [Param("d", Init.Ones)] public partial Param Norm { get; }
            [Param("v d", Init.Linear, Or = nameof(Embedding))] public partial Param Head { get; }
            [Setting("rms_norm_eps")] public partial float Epsilon { get; }

            [Gather("b s, v d -> b s d", nameof(ids), nameof(Embedding)), As("x")]
            [Run("b s d -> b s d", nameof(Blocks), "x", nameof(cache)), As("y")]
            [RmsNorm("b s d, d -> b s d", "y", nameof(Norm), Epsilon = nameof(Epsilon)), As("n")]
            [Einsum("b s d, v d -> b s v", "n", nameof(Head))]
            public partial Tensor Forward([Axes("b s")] Tensor<int> ids, KvCache? cache);
        }
        """;

    private const string Mlp = """
        using Einsharp;

        namespace Models;

        [Model, Axis("f", Ratio = 4, Of = "d")]
        public sealed partial class Mlp{0}
        {
            [Param("f d", Init.Linear)] public partial Param Up { get; }
            [Param("d f", Init.Linear)] public partial Param Down { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Up)), Silu, As("h")]
            [Einsum("b f, d f -> b d", "h", nameof(Down)), Add(nameof(x))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """;

    private const string Plain = "namespace Elsewhere;\n\npublic static class Answers0\n{\n    public static int First() => 42;\n}\n";

    private static readonly CSharpParseOptions s_options = new(LanguageVersion.Preview);

    /// <summary>The project; it compiles, and nothing is wrong with it.</summary>
    public static CSharpCompilation Create()
    {
        IEnumerable<MetadataReference> framework = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path) == Path.GetDirectoryName(typeof(object).Assembly.Location))
            .Select(path => MetadataReference.CreateFromFile(path));
        IEnumerable<SyntaxTree> trees = Enumerable.Range(0, Models + 1)
            .Select(i => CSharpSyntaxTree.ParseText(Source(i), s_options, $"File{i}.cs"));
        return CSharpCompilation.Create(
            "Models", trees, [.. framework, MetadataReference.CreateFromFile(typeof(ModelAttribute).Assembly.Location)],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
    }

    /// <summary>A keystroke inside an equation of a block.</summary>
    public static CSharpCompilation TypeInModel(CSharpCompilation project, int count) => Type(project, 0, "Scale(\"", count);

    /// <summary>A keystroke inside a method that has nothing to do with models.</summary>
    public static CSharpCompilation TypeElsewhere(CSharpCompilation project, int count) => Type(project, Models, "First() => ", count);

    /// <summary>A keystroke in the name of a type, which may change what any name means.</summary>
    public static CSharpCompilation TypeInName(CSharpCompilation project, int count) => Type(project, Models, "class Answers", count);

    /// <summary>The project after a keystroke: the character behind <paramref name="marker"/> becomes another one each time.</summary>
    private static CSharpCompilation Type(CSharpCompilation project, int file, string marker, int count)
    {
        SyntaxTree tree = project.SyntaxTrees[file];
        SourceText text = tree.GetText();
        int at = text.ToString().IndexOf(marker, StringComparison.Ordinal) + marker.Length;
        var change = new TextChange(new TextSpan(at, 1), (1 + count % 9).ToString(CultureInfo.InvariantCulture));
        return project.ReplaceSyntaxTree(tree, tree.WithChangedText(text.WithChanges(change)));
    }

    /// <param name="tracked">Whether the driver remembers what each step did.</param>
    public static GeneratorDriver Driver(bool tracked = false) => CSharpGeneratorDriver.Create(
        [new ModelGenerator().AsSourceGenerator()], parseOptions: s_options,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: tracked));

    private static string Source(int file)
    {
        string template = file == Models ? Plain : file >= 100 ? Mlp : file % 3 == 1 ? Stack : Block;
        int number = template == Stack ? file - 1 : file;
        return template.Replace("{0}", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace($"layers.{number}.", "layers.{0}.", StringComparison.Ordinal);
    }
}
