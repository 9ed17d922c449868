using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Tests.Diagnostics;

/// <summary>Mistakes in a real declaration: one slip, one finding, at the slip.</summary>
public class LlamaMistakeTests
{
    [Theory]
    // A use repeats its operand.
    [InlineData("\"b s d, g r k d -> b s g r k\"", "\"b s d, r g k d -> b s g r k\"", "EIN0203 r")]
    [InlineData("\"b s d, g r k d -> b s g r k\"", "\"b d s, g r k d -> b s g r k\"", "EIN0203 d")]
    [InlineData("\"b s d, g r k d -> b s g r k\"", "\"b s d, g r k -> b s g r k\"", "EIN0204 g r k")]
    [InlineData("\"b s d, g r k d -> b s g r k\"", "\"bsd, grkd -> bsgrk\"", "EIN0106 bsd", "EIN0106 grkd", "EIN0106 bsgrk")]
    [InlineData("\"b s d, g r k d -> b s g r k\"", "\"b s d, g r k d -> b s g r q\"", "EIN0202 q")]
    [InlineData("\"b s d, g r k d -> b s g r k\"", "\", g r k d -> b s g r k\"", "EIN0204 \", g r k d -> b s g r k\"")]
    [InlineData("\"q\", \"keys\")", "\"keys\", \"q\")", "EIN0204 b s g r k", "EIN0204 b t g k")]
    [InlineData("\"q\", \"keys\")", "\"q\")", "EIN0201 b t g k", "EIN0010 \"keys\"")]
    [InlineData("\"q\", \"keys\")", "\"q\", \"keys\", \"n\")", "EIN0201 \"n\"")]
    [InlineData("\"q\", \"keys\")", "\"q\", nameof(Blocks))", "EIN0012 nameof(Blocks)")]
    [InlineData("\"q\", \"keys\")", "\"q\", nameof(cache))", "EIN0014 nameof(cache)")]
    [InlineData("\"q\", \"keys\")", "\"q\", \"p\")", "EIN0013 \"p\"")]
    // Modifiers.
    [InlineData("Scale(\"1/sqrt(k)\")", "Scale(\"1/sqrt(kk)\")", "EIN0212 kk")]
    [InlineData("Scale(\"1/sqrt(k)\")", "Scale(\"1/sqrt(t)\")", "EIN0212 t")]
    [InlineData("Causal(\"s\", \"t\")", "Causal(\"t\", \"s\")", "EIN0210 \"t\"")]
    [InlineData("Causal(\"s\", \"t\")", "Causal(\"s\", \"r\")", "EIN0210 \"r\"")]
    [InlineData("Causal(\"s\", \"t\")", "Causal(\"b\", \"t\")", "EIN0210 \"b\"")]
    [InlineData("Softmax(\"t\")", "Softmax(\"k\")", "EIN0206 \"k\"")]
    [InlineData("Rotate(\"s\", \"k\", nameof(Rotation)), As", "Rotate(\"s\", \"k\", nameof(Epsilon)), As", "EIN0014 nameof(Epsilon)")]
    [InlineData("Rotate(\"s\", \"k\", nameof(Rotation)), As", "Rotate(\"s\", \"d\", nameof(Rotation)), As", "EIN0206 \"d\"")]
    [InlineData("Rotate(\"s\", \"k\", nameof(Rotation)), As", "Rotate(\"s\", \"s\", nameof(Rotation)), As", "EIN0210 \"s\"")]
    [InlineData("Rotate(\"s\", \"k\", nameof(Rotation)), Append(\"s -> t\", nameof(cache))",
        "Append(\"s -> t\", nameof(cache)), Rotate(\"t\", \"k\", nameof(Rotation))", "EIN0210 \"t\"")]
    [InlineData("Append(\"s -> t\", nameof(cache)), As(\"values\")", "Append(\"s -> u\", nameof(cache)), As(\"values\")", "EIN0203 t")]
    [InlineData("Append(\"s -> t\", nameof(cache)), As(\"values\")", "Append(\"s -> d\", nameof(cache)), As(\"values\")", "EIN0208 d")]
    [InlineData("Append(\"s -> t\", nameof(cache)), As(\"values\")", "Append(\"b -> t\", nameof(cache)), As(\"values\")", "EIN0210 b")]
    [InlineData("Append(\"s -> t\", nameof(cache)), As(\"values\")", "Append(\"s -> t\", nameof(x)), As(\"values\")", "EIN0014 nameof(x)")]
    [InlineData("Append(\"s -> t\", nameof(cache)), As(\"values\")", "Append(\"s -> t\", \"cach\"), As(\"values\")", "EIN0012 \"cach\"")]
    [InlineData("Append(\"s -> t\", nameof(cache)), As(\"values\")", "Append(\"s -> t\", nameof(cache)), As(\"values\"), As(\"v\")",
        "EIN0010 \"v\"", "EIN0011 \"v\"")]
    [InlineData("Silu, Multiply(\"u\")", "Silu, Multiply(\"m\")", "EIN0207 \"m\"", "EIN0010 \"u\"")]
    [InlineData("Silu, Multiply(\"u\")", "Silu", "EIN0010 \"u\"")]
    // Norms.
    [InlineData("nameof(x), nameof(AttentionNorm), Epsilon = nameof(Epsilon))",
        "nameof(x), nameof(AttentionNorm), Epsilon = nameof(Rotation))", "EIN0014 nameof(Rotation)")]
    [InlineData("[RmsNorm(\"b s d, d -> b s d\", nameof(x)", "[RmsNorm(\"b s d -> b s d\", nameof(x)", "EIN0201 b s d")]
    [InlineData("[RmsNorm(\"b s d, d -> b s d\", nameof(x)", "[RmsNorm(\"b s d, d -> b s\", nameof(x)", "EIN0209 b s")]
    // Declarations.
    [InlineData("[Param(\"g k d\", Init.Linear, From = \"self_attn.k_proj.weight\")]",
        "[Param(\"g k d, \", Init.Linear, From = \"self_attn.k_proj.weight\")]", "EIN0101 ,", "EIN0016 Blocks")]
    [InlineData("[Setting(\"rope\")] public partial Rope", "[Setting(\"rope\")] public partial double", "EIN0002 Rotation",
        "EIN0014 nameof(Rotation)", "EIN0014 nameof(Rotation)")]
    [InlineData("public sealed partial class LlamaBlock", "[Axis(\"k\", 63)] public sealed partial class LlamaBlock", "EIN0211 \"k\"",
        "EIN0211 \"k\"")]
    [InlineData("public partial Tensor Forward([Axes(\"b s d\")] Tensor x, KvCache? cache)",
        "public partial Tensor Forward([Axes(\"b s d\")] Tensor x, KvCache cache)", "EIN0006 cache", "EIN0014 nameof(cache)",
        "EIN0014 nameof(cache)")]
    [InlineData("[Setting(\"rope\")]", "[Setting(\"my rope\")]", "EIN0017 \"my rope\"")]
    [InlineData("[Setting(\"rope\")]", "[Setting(\"a\")] public partial float Settings { get; }\n[Setting(\"rope\")]", "EIN0011 Settings")]
    // The model around it.
    [InlineData("\"b s, v d -> b s d\"", "\"b s, d v -> b s d\"", "EIN0203 d")]
    [InlineData("\"b s, v d -> b s d\"", "\"b s, v d -> b s v\"", "EIN0209 v")]
    [InlineData("nameof(ids), nameof(Embedding)), As", "nameof(rows), nameof(Embedding)), As", "EIN0203 s")]
    [InlineData("nameof(ids), nameof(Embedding)), As", "nameof(Embedding), nameof(ids)), As", "EIN0014 nameof(Embedding)",
        "EIN0014 nameof(ids)")]
    [InlineData("\"b s d, b o -> b o d\"", "\"b s d, b o -> b d o\"", "EIN0209 d")]
    [InlineData("\"b s d -> b s d\", nameof(Blocks)", "\"b s d -> b d s\", nameof(Blocks)", "EIN0216 d")]
    [InlineData("nameof(Blocks), \"x\", nameof(cache)", "nameof(Blocks), \"x\"", "EIN0019 Run(\"b s d -> b s d\", nameof(Blocks), \"x\")")]
    [InlineData("nameof(Blocks), \"x\", nameof(cache)", "nameof(Norm), \"x\", nameof(cache)", "EIN0014 nameof(Norm)")]
    [InlineData("Layers<LlamaBlock> Blocks", "Layers<Llama> Blocks", "EIN0015 Blocks")]
    [InlineData("Layers<LlamaBlock> Blocks", "Layers<object> Blocks", "EIN0015 Blocks")]
    [InlineData("Layers<LlamaBlock> Blocks", "Layers<Missing> Blocks", "EIN0016 Layers(\"layers\", From = \"model.layers.{0}.\")")]
    [InlineData("[Layers(\"layers\", ", "[Layers(\"the layers\", ", "EIN0017 \"the layers\"")]
    [InlineData("From = \"model.layers.{0}.\"", "From = \"model.layers.\"", "EIN0306 \"model.layers.\"")]
    [InlineData("Or = nameof(Embedding)", "Or = nameof(Norm)", "EIN0304 nameof(Norm)")]
    [InlineData("[Model]\npublic sealed partial class Llama\n", "[Model, Axis(\"kk\", 64)]\npublic sealed partial class Llama\n",
        "EIN0213 kk")]
    [InlineData("[Model]\npublic sealed partial class Llama\n",
        "[Model, Axis(\"f\", Ratio = 2, Of = \"d\"), Axis(\"d\", Ratio = 2, Of = \"f\")]\npublic sealed partial class Llama\n",
        "EIN0215 Axis(\"f\", Ratio = 2, Of = \"d\")")]
    public async Task One_slip_is_found_where_it_is(string from, string to, params string[] expected)
    {
        Assert.Contains(from, Compilations.Llama, StringComparison.Ordinal);
        int at = Compilations.Llama.IndexOf(from, StringComparison.Ordinal);
        string source = Compilations.Llama.Remove(at, from.Length).Insert(at, to);
        string[] found = [.. (await Compilations.Analyze(source)).Select(diagnostic =>
            $"{diagnostic.Id} {source.AsSpan(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length)}")];
        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("[Model, Axis(\"k\", 64), Axis(\"f\", Ratio = 8.0 / 3, Of = \"d\", MultipleOf = 64)]")]
    [InlineData("[Model, Sizes(\"1b\", \"d=2048\", \"g=8\", \"r=4\", \"k=64\", \"f=8192\")]")]
    public async Task Pins_and_sets_of_sizes_are_accepted(string attributes)
    {
        Assert.Empty(await Compilations.Analyze(Compilations.Llama.Replace("[Model]", attributes, StringComparison.Ordinal)));
    }

    [Fact]
    public void Layers_hand_their_pins_on()
    {
        string source = Compilations.Llama.Replace(
            "[Model]\npublic sealed partial class LlamaBlock",
            "[Model, Axis(\"k\", 64), Axis(\"f\", Ratio = 4, Of = \"d\")]\npublic sealed partial class LlamaBlock",
            StringComparison.Ordinal);
        CheckedModel model = Compilations.Check(source, "Declared.Llama").Model!;
        Assert.Equal(new AxisInfo("k", AxisBinding.Pinned, 64, null, "'LlamaBlock'"), model.Axes.Single(static axis => axis.Name == "k"));
        Assert.Equal(new DerivedSize(4, "d", 1), model.Axes.Single(static axis => axis.Name == "f").Derived);
    }

    [Fact]
    public void Any_text_gives_findings_and_no_exception()
    {
        // Characters of the declaration are dropped, doubled, swapped and replaced; the seed makes a failure repeatable.
        var random = new Random(20260101);
        const string Alphabet = "bsdgrkftvo ,->.()\"[]01é_";
        for (int i = 0; i < 250; i++)
        {
            char[] text = Compilations.Llama.ToCharArray();
            int first = Compilations.Llama.IndexOf("[Param", StringComparison.Ordinal);
            for (int edits = random.Next(1, 4); edits > 0; edits--)
            {
                int at = random.Next(first, text.Length - 1);
                if (random.Next(3) == 0)
                    (text[at], text[at + 1]) = (text[at + 1], text[at]);
                else
                    text[at] = Alphabet[random.Next(Alphabet.Length)];
            }

            foreach (string name in (string[])["Declared.LlamaBlock", "Declared.Llama"])
            {
                string source = new(text);
                if (Compilations.Compile(source).Assembly.GetTypeByMetadataName(name) is null)
                    continue;
                CheckResult result = Compilations.Check(source, name);
                Assert.Equal(result.Model is null, result.Findings.Count > 0);
                Assert.All(result.Findings, static finding =>
                    Assert.NotEmpty(
                        string.Format(null, DiagnosticCatalogue.Find(finding.Id).MessageFormat.ToString(null), [.. finding.Arguments])));
            }
        }
    }
}
