using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Einsharp.Tests.Incremental;

/// <summary>
/// A declaration is read again exactly when what it says may have changed: after every edit the driver that has seen the earlier ones gives
/// what one gives that has seen nothing.
/// </summary>
public class DeclarationCacheTests
{
    private const string Model =
        """
        namespace Declared;

        [Einsharp.Model, Einsharp.Axis("f", Sizes.Hidden)]
        public sealed partial class Layer
        {
            [Einsharp.Param(Names.Axes, Einsharp.Init.Linear)] public partial Einsharp.Param Weight { get; }
            [Einsharp.Layers("layers")] public partial Einsharp.Layers<Block> Blocks { get; }

            [Einsharp.Run("b d -> b d", nameof(Blocks), nameof(x)), Einsharp.As("y")]
            [Einsharp.Einsum("b d, f d -> b f", "y", nameof(Weight))]
            public partial Einsharp.Tensor Forward([Einsharp.Axes("b d")] Einsharp.Tensor x);
        }
        """;

    private const string Block =
        """
        using Einsharp;

        namespace Declared;

        [Model]
        public sealed partial class Block
        {
            [Param("d", Init.Ones)] public partial Param Gain { get; }

            [Einsum("b d, d -> b d", nameof(x), nameof(Gain))]
            public partial Tensor Forward([Axes("b d")] Tensor x);
        }
        """;

    private const string Constants =
        """
        namespace Declared;

        public static class Names
        {
            public const string Axes = "f d";
            public static int Unrelated() => 1;
        }

        public static class Sizes
        {
            public const int Hidden = 64;
        }
        """;

    private static readonly string[] s_sources = [Model, Block, Constants, "", ""];

    public static TheoryData<int, string, string> Edits => new()
    {
        { 2, "64", "128" }, // a pinned size
        { 2, "\"f d\"", "\"f d \" + \"\"" }, // a constant written otherwise
        { 2, "\"f d\"", "\"g d\"" }, // a constant that makes the model wrong
        { 2, "const int", "static readonly int" }, // no constant any more
        { 2, "=> 1", "=> 2" }, // nothing
        { 1, "[Model]", "" }, // no model any more
        { 1, "class Block", "class Blok" }, // renamed
        { 1, "[Model]", "[Model, Axis(\"d\", 32)]" }, // its parent's size is pinned
        { 1, "using Einsharp;", "using Einsharp;\n#nullable disable" },
        { 3, "", "namespace Declared; public class Tensor;" }, // a name of the library's means something else
        { 3, "", "namespace Declared; public class ArgumentException;" },
        { 3, "", "namespace Declared; public enum Init { Ones, Linear }" },
        { 3, "", "global using Init = Declared.Kind; namespace Declared; public enum Kind { Ones, Linear }" },
        { 3, "", "namespace Declared.Einsharp; public class Tensor;" }, // hides the library's namespace
        { 3, "", "namespace Declared; partial class Layer { public partial class Inner; }" }, // another part
        { 3, "", "using Einsharp; namespace Declared; partial class Block { [Param(\"d\", Init.Ones)] public partial Param More { get; } }" },
        { 3, "", "using Einsharp; namespace Declared; [Axis(\"d\", 32)] partial class Block;" },
        { 3, "", "namespace Declared; partial class Block : System.Exception;" },
        { 3, "", "namespace Einsharp; public class OtherAttribute : System.Attribute;" },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public void An_edit_gives_what_a_fresh_start_gives(int file, string from, string to)
    {
        CSharpCompilation first = Compilations.Compile(s_sources);
        CSharpCompilation second = Edit(
            first, file, from.Length == 0 ? to : s_sources[file].Replace(from, to, StringComparison.Ordinal));
        GeneratorDriver driver = Generated.Driver().RunGenerators(first);
        AssertFresh(driver = driver.RunGenerators(second), second);

        // And back, where what is known is of the first run.
        CSharpCompilation third = Edit(second, file, s_sources[file]);
        AssertFresh(driver.RunGenerators(third), third);
    }

    [Fact]
    public void A_second_part_is_followed()
    {
        const string Part = "using Einsharp; namespace Declared; partial class Block { [Setting(\"eps\")] public partial float Epsilon { get; } }";
        CSharpCompilation project = Compilations.Compile([.. s_sources[..4], Part]);
        GeneratorDriver driver = Generated.Driver().RunGenerators(project);
        string[] edits = [Part.Replace("eps", "epsilon", StringComparison.Ordinal), Part.Replace("float", "Rope", StringComparison.Ordinal), "", Part];
        foreach (string edit in edits)
        {
            project = Edit(project, 4, edit);
            AssertFresh(driver = driver.RunGenerators(project), project);
        }
    }

    [Fact]
    public void A_name_of_another_type_is_followed()
    {
        string named = Block.Replace("nameof(Gain))", "nameof(Other.Gain))", StringComparison.Ordinal);
        const string Other = "namespace Declared; public static class Other { public static int Gain; }";
        CSharpCompilation project = Compilations.Compile(Model, named, Constants, Other);
        GeneratorDriver driver = Generated.Driver().RunGenerators(project);
        foreach (string edit in (string[])[Other.Replace("Gain", "Loss", StringComparison.Ordinal), Other])
        {
            project = Edit(project, 3, edit);
            AssertFresh(driver = driver.RunGenerators(project), project);
        }
    }

    [Fact]
    public void A_method_that_begins_to_stand_alone_is_followed()
    {
        const string Linear =
            """
            namespace Declared;

            public static partial class Layers
            {
                [Einsharp.Einsum(Names.Equation)]
                public static partial Einsharp.Tensor Linear(Einsharp.Tensor x, Einsharp.Tensor w);
            }
            """;
        const string Names = "namespace Declared; public static class Names { public const string Equation = \"b d, f d -> b f\"; }";
        CSharpCompilation project = Compilations.Compile(Linear, Block, Names, "");
        GeneratorDriver driver = Generated.Driver().RunGenerators(project);
        (int File, string Text)[] edits =
        [
            (2, Names.Replace("b f", "f b", StringComparison.Ordinal)),
            (3, "namespace Declared; [Einsharp.Model] partial class Layers;"),
            (3, "namespace Declared; partial class Layers { static void Linear() { } static class Contraction; }"),
            (3, "namespace Declared; public class Contraction;"),
            (0, Linear.Replace("Einsharp.Einsum(", "Einsharp.Softmax(", StringComparison.Ordinal)),
            (0, Linear),
            (1, Block.Replace(", nameof(x), nameof(Gain))", ")", StringComparison.Ordinal)
                .Replace("[Axes(\"b d\")] Tensor x", "Tensor x, Tensor g", StringComparison.Ordinal)),
            (1, Block),
        ];
        foreach ((int file, string text) in edits)
        {
            project = Edit(project, file, text);
            AssertFresh(driver = driver.RunGenerators(project), project);
        }
    }

    [Fact]
    public void References_and_options_are_followed()
    {
        CSharpCompilation first = Compilations.Compile(s_sources);
        GeneratorDriver driver = Generated.Driver().RunGenerators(first);
        CSharpCompilation second = first.WithOptions(first.Options.WithNullableContextOptions(NullableContextOptions.Disable));
        AssertFresh(driver = driver.RunGenerators(second), second);
        CSharpCompilation third = second.WithReferences(second.References.Where(static reference =>
            !(reference.Display ?? "").EndsWith("Einsharp.Runtime.dll", StringComparison.Ordinal)));
        Assert.Empty(driver.RunGenerators(third).GetRunResult().GeneratedTrees);
    }

    [Theory]
    [InlineData(3, "namespace Elsewhere; class Other { void M() { } }", "namespace Elsewhere; class Other { void M() { int i = 0; } }", false)]
    [InlineData(3, "", "// a comment", false)]
    [InlineData(1, "", Block + "// a comment", false)]
    [InlineData(1, "", "// a comment\n" + Block, false)]
    [InlineData(3, "", "namespace Elsewhere; class Other;", true)]
    [InlineData(2, "", Constants + "enum Kind;", true)]
    public void What_cannot_have_changed_is_not_read_again(int file, string before, string after, bool read)
    {
        string[] sources = [.. s_sources];
        if (before.Length > 0)
            sources[file] = before;
        CSharpCompilation first = Compilations.Compile(sources);
        Assert.Equal((true, false), (Reads(first), Reads(first)));
        CSharpCompilation second = Edit(first, file, after);
        Assert.Equal(read, Reads(second));
    }

    // Whether the model in the first file is read rather than remembered.
    private static bool Reads(CSharpCompilation project)
    {
        bool read = false;
        SyntaxTree tree = project.SyntaxTrees[0];
        TypeDeclarationSyntax declaration = tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>().Single();
        DeclarationCache<string>.Read(
            declaration, project.GetSemanticModel(tree), (type, _) =>
            {
                read = true;
                return type.Name;
            },
            default);
        return read;
    }

    private static CSharpCompilation Edit(CSharpCompilation project, int file, string text)
    {
        SyntaxTree tree = project.SyntaxTrees[file];
        return project.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(text, Compilations.ParseOptions, tree.FilePath));
    }

    // Trees parsed anew are nodes that nobody remembers.
    private static void AssertFresh(GeneratorDriver driver, CSharpCompilation project)
    {
        CSharpCompilation fresh = project.RemoveAllSyntaxTrees().AddSyntaxTrees(project.SyntaxTrees.Select(static tree =>
            CSharpSyntaxTree.ParseText(tree.ToString(), Compilations.ParseOptions, tree.FilePath)));
        GeneratorRunResult expected = Generated.Driver().RunGenerators(fresh).GetRunResult().Results.Single();
        GeneratorRunResult found = driver.GetRunResult().Results.Single();
        Assert.Null(found.Exception);
        Assert.Equal(
            expected.GeneratedSources.Select(static file => (file.HintName, file.SourceText.ToString())).Order(),
            found.GeneratedSources.Select(static file => (file.HintName, file.SourceText.ToString())).Order());
    }
}
