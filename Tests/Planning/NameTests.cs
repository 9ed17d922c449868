using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Einsharp.Tests.Planning;

/// <summary>Names and texts that a declaration may have and generated code must not stumble over: what is generated compiles.</summary>
public sealed class NameTests
{
    // Locals, parameters, fields, methods and classes of generated code and of what it calls.
    private static readonly string[] Awkward =
    [
        "queries", "Norm", "row", "tile", "packed", "worker", "model", "bsRows", "Sweep", "Elementwise", "OnlineSoftmax",
        "CacheSlot", "RopeTable", "RowBlock", "Math", "Span", "ReadOnlySpan", "Tensor", "Param", "Worker", "PackedRows",
        "KvCache", "ForwardSession", "CpuSession", "CallShape", "Kernels", "Forward", "ForwardStep", "ForwardCall", "ForwardWorkspace",
        "CreateCache", "Prepare", "Initialise", "Parameters", "Device", "Sizes", "Settings", "result", "own", "input", "slot",
        "slots", "workspace", "unit", "units", "first", "last", "count", "scratch", "few", "block", "softmax", "rowCount", "head",
        "run", "layer", "layerSlot", "from", "to", "group", "groups", "query", "index", "offset", "element", "part", "normed",
        "factor", "seen", "end", "step", "sum", "tiles", "session", "usedCache", "at", "rows", "bSize", "sSize", "floats",
        "space", "capacity", "batch", "prefix", "device", "settings", "sizes", "seed", "format", "value", "field", "class", "int",
        "float", "in", "out", "ref", "record", "var", "nameof", "global", "System", "Einsharp", "String", "b", "s", "t", "d", "g",
        "r", "k", "f", "i", "o", "x2", "_", "Awkward0", "dotnet_1",
    ];

    [Fact]
    public void ValuesMayHaveAnyName()
    {
        string[] roles = ["n", "q", "keys", "values", "p", "heads", "a", "m", "u", "h"];
        string block = Class("LlamaBlock");
        foreach (int shift in (int[])[0, 3, 7])
        {
            var sources = new List<string>();
            for (int first = 0; first < Awkward.Length; first += roles.Length)
            {
                string one = block.Replace("class LlamaBlock", "class Awkward_" + first, StringComparison.Ordinal);
                for (int i = 0; i < roles.Length; i++)
                {
                    string name = Awkward[(first + (i + shift) % roles.Length) % Awkward.Length];
                    one = one.Replace($"\"{roles[i]}\"", $"\"#{name}\"", StringComparison.Ordinal);
                }

                // What is an axis stays one.
                one = one.Replace("\"#", "\"", StringComparison.Ordinal);
                sources.Add("using Einsharp;\n\nnamespace Declared;\n\n" + one);
            }

            Compiles([.. sources]);
        }
    }

    [Theory]
    [InlineData("model", "cache2")]
    [InlineData("session", "seen")]
    [InlineData("worker", "model")]
    [InlineData("cache2", "worker")]
    [InlineData("seen", "session")]
    [InlineData("packed", "slot")]
    [InlineData("result", "workspace")]
    [InlineData("input", "usedCache")]
    [InlineData("own", "bSize")]
    [InlineData("sSize", "last")]
    [InlineData("step", "rowCount")]
    [InlineData("Norm", "Sweep")]
    [InlineData("Tensor", "KvCache")]
    [InlineData("@class", "@in")]
    [InlineData("bsRows", "kernels")]
    [InlineData("b", "s")]
    [InlineData("d", "t")]
    [InlineData("size", "floats")]
    [InlineData("usedCache", "usedCache_")]
    public void ParametersOfMethodsMayHaveAnyName(string input, string cache) => Compiles(
        Compilations.Llama.Replace("Tensor x,", $"Tensor {input},", StringComparison.Ordinal)
            .Replace("nameof(x)", $"nameof({input})", StringComparison.Ordinal)
            .Replace("KvCache? cache", $"KvCache? {cache}", StringComparison.Ordinal)
            .Replace("nameof(cache)", $"nameof({cache})", StringComparison.Ordinal));

    [Theory]
    [InlineData("model", "cache")]
    [InlineData("session", "packed")]
    [InlineData("seen", "worker")]
    [InlineData("last", "result")]
    [InlineData("own", "slot")]
    public void IndicesMayHaveAnyName(string ids, string rows) => Compiles(
        Compilations.Llama.Replace("Tensor<int> ids", $"Tensor<int> {ids}", StringComparison.Ordinal)
            .Replace("nameof(ids)", $"nameof({ids})", StringComparison.Ordinal)
            .Replace("nameof(cache)", "nameof(state)", StringComparison.Ordinal)
            .Replace("KvCache? cache", "KvCache? state", StringComparison.Ordinal)
            .Replace("Tensor<int> rows", $"Tensor<int> {rows}", StringComparison.Ordinal)
            .Replace("nameof(rows)", $"nameof({rows})", StringComparison.Ordinal));

    [Theory]
    [InlineData("session")]
    [InlineData("session_")]
    [InlineData("bSize")]
    [InlineData("bRows")]
    [InlineData("model")]
    [InlineData("device")]
    [InlineData("input")]
    public void InputsWithoutACacheMayHaveAnyName(string name) => Compiles(
        $$"""
        using Einsharp;

        namespace Declared;

        [Model]
        public sealed partial class Named
        {
            [Param("f d", Init.Linear)] public partial Param Up { get; }

            [Einsum("b d, f d -> b f", nameof({{name}}), nameof(Up))]
            public partial Tensor Forward([Axes("b d")] Tensor {{name}});
        }
        """);

    // The axes b s t o of the call, and d g r k f v of the model.
    [Theory]
    [InlineData("a s t o d g r k f v")]
    [InlineData("i n t o d g r k f v")]
    [InlineData("in out seen to from group query head element run")]
    [InlineData("batch position time chosen in out class int field vocabulary")]
    [InlineData("row model worker packed tile units first last count slot")]
    [InlineData("a as is or i n s k f v")]
    [InlineData("b s t o model worker cache workspace result step")]
    [InlineData("Batch Seq Norm Math Sweep Tensor Param Worker Kernels Span")]
    [InlineData("x ids rows cache2 y n q u h z")]
    [InlineData("b bs bsRows o dd sSize bSize value get init")]
    [InlineData("b s t o bsRows sSize bSize boRows sValues bSizeSize")]
    [InlineData("model modelSize modelSizeSize o xValues x sSize s rows idsValues")]
    [InlineData("_b s_ t o_ d_in g1 r2 k_ f__f v_v")]
    public void AxesMayHaveAnyName(string names)
    {
        string[] from = "b s t o d g r k f v".Split(' '), to = names.Split(' ');
        var source = new List<string>();
        foreach (string line in Compilations.Llama.Split('\n'))
        {
            // Values have other letters, and no text but checkpoints' names has a dot.
            source.Add(Regex.Replace(line, "\"[^\".]*\"", text =>
                Regex.Replace(text.Value, @"\b[bstodgrkfv]\b", axis => to[Array.IndexOf(from, axis.Value)])));
        }

        Compiles(string.Join('\n', source));
    }

    [Fact]
    public void EquationsMayHaveLineEndsAndTabs() => Compiles(
        """"
        using Einsharp;

        namespace Declared;

        [Model]
        public sealed partial class Lines
        {
            [Param("f\td", Init.Linear)] public partial Param Up { get; }
            [Param("""
                d
                f
                """, Init.Linear)] public partial Param Down { get; }

            [Einsum("""
                b s d,
                f d
                  -> b s f
                """, nameof(x), nameof(Up)), Scale("""
                1 /
                sqrt(f)
                """), Rename("s\t->\tu"), As("h")]
            [Einsum("b\tu\tf,d\tf->b\tu\td\r\n", "h", nameof(Down)), Scale("\t2")]
            public partial Tensor Forward([Axes("b\ts d")] Tensor x);
        }
        """");

    [Theory]
    [InlineData("1b")]
    [InlineData("a-b a_b")]
    [InlineData("small Small")]
    [InlineData("")]
    [InlineData("set_2 Set2 set-2 ")]
    [InlineData("1b set1b Set-1b are_1b AreSet1b")]
    [InlineData("d f D F NamedSizes Clone GetHashCode <d>&\\u2028b")]
    [InlineData("a_2 a a- a_ a_2_")]
    [InlineData("Are Kernels Equals ToString Sizes class d")]
    [InlineData("_ - é 8B/2 Q4.K \\n \\\"")]
    public void SetsOfSizesMayHaveAnyName(string names) => Compiles(
        "using Einsharp;\n\nnamespace Declared;\n\n"
        + string.Concat(names.Split(' ').Select((name, i) => $"[Sizes(\"{name}\", \"d={i + 4}\", \"f=8\")]\n"))
        + """
        [Model]
        public sealed partial class Named
        {
            [Param("f d", Init.Linear)] public partial Param Up { get; }

            [Einsum("b d, f d -> b f", nameof(x), nameof(Up))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """);

    private static string Class(string name)
    {
        int start = Compilations.Llama.IndexOf("[Model]\npublic sealed partial class " + name, StringComparison.Ordinal);
        int end = Compilations.Llama.IndexOf("\n}", start, StringComparison.Ordinal);
        return Compilations.Llama[start..(end + 2)];
    }

    private static void Compiles(params string[] sources)
    {
        // A declaration that is no C# is the test's mistake.
        Assert.Empty(Compilations.Compile(sources).GetParseDiagnostics());
        Compilation compiled = Generated.Compiled(sources);
        IEnumerable<Diagnostic> found = compiled.GetDiagnostics().Where(diagnostic => diagnostic.Severity != DiagnosticSeverity.Hidden);
        Assert.True(!found.Any(), string.Join('\n', found.Take(8)));
        Assert.DoesNotContain(
            compiled.SyntaxTrees.Select(tree => tree.FilePath), path => path.EndsWith(".Errors.g.cs", StringComparison.Ordinal));
    }
}
