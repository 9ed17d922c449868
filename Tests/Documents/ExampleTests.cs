using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Einsharp.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Einsharp.Tests.Documents;

/// <summary>
/// Every block of C# of the pages on the language is compiled with the generator and the analyzers, run where it says what it prints, and
/// refused, with the message that the page quotes, where it says so.
/// </summary>
public sealed partial class ExampleTests
{
    private static readonly string[] Pages = ["docs/language.md", "docs/from-pytorch.md"];

    // What a console project has without saying so, and the language.
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using Einsharp;
        """;

    // A page's statements print to the console; here they print to a text.
    private const string Frame = """
        namespace Examples
        {
            public static class Console
            {
                public static StringWriter Out { get; } = new() { NewLine = "\n" };

                public static void WriteLine(string line) => Out.WriteLine(line);
            }

            public static class Program
            {
                public static string Run()
                {
                    Statements();
                    return Console.Out.ToString();
                }

                private static void Statements()
                {
        #line 1
        {statements}
                }
            }
        }
        """;

    /// <summary>Every generator and analyzer of the product, so that a page needs what a user has.</summary>
    private static readonly ImmutableArray<ISourceGenerator> Generators = Made<IIncrementalGenerator>().Select(
        static generator => generator.AsSourceGenerator()).ToImmutableArray();

    private static readonly ImmutableArray<DiagnosticAnalyzer> Analyzers = Made<DiagnosticAnalyzer>().ToImmutableArray();

    private static readonly CSharpParseOptions Options = Compilations.ParseOptions
        .WithFeatures([new("InterceptorsNamespaces", "Einsharp.Generated")]);

    /// <summary>Page and line of each block.</summary>
    public static TheoryData<string, int> Examples
    {
        get
        {
            var rows = new TheoryData<string, int>();
            foreach (string page in Pages)
                foreach (Example example in Example.Read(page))
                    rows.Add(page, example.Line);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task The_example_is_what_the_page_says(string page, int line)
    {
        Example example = Example.Read(page).Single(example => example.Line == line);
        CSharpCompilation compilation = Compile(example);
        List<Diagnostic> found = [.. (await compilation.WithAnalyzers(Analyzers).GetAnalyzerDiagnosticsAsync())
            .Where(static diagnostic => diagnostic.Severity > DiagnosticSeverity.Hidden)];
        if (example.Refused is { } id)
        {
            Same($"{id}: {example.After}", Text(found.Select(
                static diagnostic => $"{diagnostic.Id}: {diagnostic.GetMessage(CultureInfo.InvariantCulture)}")));
            return;
        }

        Same("", Text(found));
        CSharpGeneratorDriver.Create(Generators, parseOptions: Options).RunGeneratorsAndUpdateCompilation(
            compilation, out Compilation generated, out ImmutableArray<Diagnostic> reported);
        Same("", Text(reported));
        Same("", Text(generated.GetDiagnostics().Where(static diagnostic => diagnostic.Severity > DiagnosticSeverity.Info)));
        if (example.Statements is not null)
            Same(example.After, Run(generated).TrimEnd('\n'));
    }

    /// <summary>A word of the language that no example uses would be a rule without a test.</summary>
    [Fact]
    public void The_page_has_an_example_of_every_attribute_and_value()
    {
        List<string> accepted = [.. Example.Read(Pages[0]).Where(static example => example.Refused is null)
            .Select(static example => example.Declaration)];
        IEnumerable<string> words = typeof(ModelAttribute).Assembly.GetExportedTypes()
            .Where(static type => type is { Namespace: "Einsharp", IsAbstract: false } && type.IsAssignableTo(typeof(Attribute)))
            .Select(static type => type.Name[..^"Attribute".Length]);
        IEnumerable<string> values = ((Type[])[typeof(Init), typeof(Reduction), typeof(GeluForm)])
            .SelectMany(static type => Enum.GetNames(type).Select(name => type.Name + "." + name));
        IEnumerable<string> missing = words.Concat(values).Where(word => !accepted.Exists(
            text => Regex.IsMatch(text, $@"(?<![A-Za-z.""]){Regex.Escape(word)}(?![A-Za-z<])")));
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_link_of_the_documents_leads_somewhere()
    {
        string[] pages = [.. Directory.GetFiles(Path.Combine(Example.Root(), "docs"), "*.md", SearchOption.AllDirectories),
            Path.Combine(Example.Root(), "README.md")];
        foreach (string page in pages)
        {
            foreach (Match link in LocalLink().Matches(File.ReadAllText(page)))
            {
                string[] parts = link.Groups[1].Value.Split('#');
                string target = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
                Assert.True(Path.Exists(target), $"{page}: {link.Value} leads nowhere");
                if (parts.Length > 1)
                    Assert.Contains(parts[1], Anchors(target));
            }
        }
    }

    private static CSharpCompilation Compile(Example example)
    {
        IEnumerable<string> sources = [Usings, example.Declaration];
        if (example.Statements is { } statements)
            sources = sources.Append(Frame.Replace("{statements}", statements, StringComparison.Ordinal));
        CSharpCompilation compilation = Compilations.Compile();
        return compilation.WithOptions(compilation.Options.WithWarningLevel(9999))
            .AddSyntaxTrees(sources.Select(static (source, i) => CSharpSyntaxTree.ParseText(source, Options, $"Example{i}.cs")));
    }

    private static string Run(Compilation compilation)
    {
        using var image = new MemoryStream();
        Assert.True(compilation.Emit(image).Success);
        image.Position = 0;
        var context = new AssemblyLoadContext("example", isCollectible: true);
        try
        {
            return (string)context.LoadFromStream(image).GetType("Examples.Program")!.GetMethod("Run")!.Invoke(null, null)!;
        }
        finally
        {
            context.Unload();
        }
    }

    // xunit's own message would show a part.
    private static void Same(string expected, string found) => Assert.True(expected == found, $"Expected:\n{expected}\nFound:\n{found}");

    private static string Text<T>(IEnumerable<T> items) => string.Join('\n', items);

    private static IEnumerable<T> Made<T>() => typeof(ModelGenerator).Assembly.GetTypes()
        .Where(static type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(T)))
        .Select(static type => (T)Activator.CreateInstance(type, nonPublic: true)!);

    // GitHub's names of headings: lower case, spaces as hyphens, punctuation left out.
    private static IEnumerable<string> Anchors(string page) => File.ReadAllLines(page)
        .Where(static line => line.StartsWith('#'))
        .Select(static line => Punctuation().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?!https?:)([^)\s]+)\)")]
    private static partial Regex LocalLink();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
