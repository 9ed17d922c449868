using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Einsharp.Generator.Syntax;

/// <summary>
/// What was read of a declaration, for as long as neither its file nor its <see cref="Surroundings"/> change. The compiler asks for every
/// declaration anew after every keystroke anywhere, and to bind the attributes of a few hundred models takes a tenth of a second.
/// </summary>
internal static class DeclarationCache<T>
    where T : class
{
    private static readonly ConditionalWeakTable<SyntaxNode, Entry> s_entries = new();

    /// <summary>
    /// What <paramref name="read"/> gives for a declaration, or gave before. It must depend on the declaration, on constants, and on what
    /// names mean; on nothing that only stands in the bodies or signatures of other types' members.
    /// </summary>
    public static T? Read(
        TypeDeclarationSyntax declaration, SemanticModel model, Func<INamedTypeSymbol, TypeDeclarationSyntax, T?> read,
        CancellationToken cancellation)
    {
        Surroundings surroundings = Surroundings.Of(model.Compilation, cancellation);
        if (s_entries.TryGetValue(declaration, out Entry entry) && entry.Surroundings == surroundings)
            return entry.Value;
        if (model.GetDeclaredSymbol(declaration, cancellation) is not INamedTypeSymbol type)
            return null;
        T? value = read(type, declaration);

        // Another part of the type is another declaration, in a file that may change alone.
        if (type.DeclaringSyntaxReferences.Length == 1 && !surroundings.DeclareTheLibrary && NamesItself(declaration))
        {
            s_entries.Remove(declaration);
            s_entries.GetValue(declaration, _ => new Entry(surroundings, value));
        }

        return value;
    }

    // Whether each nameof in an attribute is of something that the declaration declares.
    private static bool NamesItself(TypeDeclarationSyntax declaration)
    {
        HashSet<string>? declared = null;
        foreach (InvocationExpressionSyntax call in declaration.DescendantNodes(static node => node is not BlockSyntax)
            .OfType<InvocationExpressionSyntax>())
        {
            if (call.Expression is not IdentifierNameSyntax { Identifier.ValueText: "nameof" }
                || call.FirstAncestorOrSelf<AttributeSyntax>() is null)
                continue;
            declared ??= Declared(declaration);
            if (call.ArgumentList.Arguments.Count != 1
                || call.ArgumentList.Arguments[0].Expression is not IdentifierNameSyntax { Identifier.ValueText: var name }
                || !declared.Contains(name))
                return false;
        }

        return true;
    }

    private static HashSet<string> Declared(TypeDeclarationSyntax declaration)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (MemberDeclarationSyntax member in declaration.Members)
        {
            if (member is PropertyDeclarationSyntax property)
                names.Add(property.Identifier.ValueText);
            else if (member is BaseMethodDeclarationSyntax method)
                names.UnionWith(method.ParameterList.Parameters.Select(static parameter => parameter.Identifier.ValueText));
        }

        return names;
    }

    private sealed class Entry(Surroundings surroundings, T? value)
    {
        public Surroundings Surroundings { get; } = surroundings;

        public T? Value { get; } = value;
    }
}

/// <summary>
/// What a declaration may depend on beside itself: which types there are, what they are called, derive from and are marked with, every
/// using, every constant and enumeration, and the references. Typing inside a method, an equation or a comment changes none of it. Two compilations
/// with equal surroundings have the same instance.
/// </summary>
internal sealed class Surroundings
{
    private static readonly ConditionalWeakTable<Compilation, Surroundings> s_known = new();
    private static readonly ConditionalWeakTable<SyntaxTree, string> s_outlines = new();
    private static readonly WeakReference<Surroundings?> s_last = new(null);

    private readonly string[] _outlines;
    private readonly WeakReference<MetadataReference>[] _references;
    private readonly NullableContextOptions _nullable;

    private Surroundings(string[] outlines, Compilation compilation)
    {
        _outlines = outlines;
        _references = compilation.References.Select(static reference => new WeakReference<MetadataReference>(reference)).ToArray();
        _nullable = compilation.Options.NullableContextOptions;
        DeclareTheLibrary = Array.Exists(outlines, static outline => outline.Contains("\nnamespace Einsharp\n"));
    }

    /// <summary>Whether types are declared where the library's are: then an attribute may be the project's own.</summary>
    public bool DeclareTheLibrary { get; }

    public static Surroundings Of(Compilation compilation, CancellationToken cancellation)
    {
        if (s_known.TryGetValue(compilation, out Surroundings? known))
            return known;
        string[] outlines = compilation.SyntaxTrees.Select(tree => Outline(tree, cancellation)).ToArray();
        var surroundings = new Surroundings(outlines, compilation);
        lock (s_last)
        {
            if (s_last.TryGetTarget(out Surroundings? last) && last is not null && last.Equals(surroundings, compilation))
                surroundings = last;
            else
                s_last.SetTarget(surroundings);
        }

        return s_known.GetValue(compilation, _ => surroundings);
    }

    private bool Equals(Surroundings other, Compilation compilation) => _nullable == other._nullable
        && _outlines.SequenceEqual(other._outlines, StringComparer.Ordinal)
        && _references.Length == other._references.Length
        && _references.Zip(compilation.References, static (mine, theirs) => mine.TryGetTarget(out MetadataReference? reference)
            && ReferenceEquals(reference, theirs)).All(static same => same);

    private static string Outline(SyntaxTree tree, CancellationToken cancellation)
    {
        if (s_outlines.TryGetValue(tree, out string? known))
            return known;
        var lines = new List<string>();
        if (tree.GetRoot(cancellation) is CompilationUnitSyntax unit)
        {
            lines.AddRange(unit.Externs.Select(static item => item.ToString()));
            Add(lines, unit.Usings, unit.Members);
        }

        string outline = "\n" + string.Join("\n", lines) + "\n";
        return s_outlines.GetValue(tree, _ => outline);
    }

    private static void Add(List<string> lines, SyntaxList<UsingDirectiveSyntax> usings, SyntaxList<MemberDeclarationSyntax> members)
    {
        lines.AddRange(usings.Select(static item => item.ToString()));
        foreach (MemberDeclarationSyntax member in members)
        {
            switch (member)
            {
                case BaseNamespaceDeclarationSyntax space:
                    lines.Add("namespace " + space.Name);
                    Add(lines, space.Usings, space.Members);
                    lines.Add("}");
                    break;
                case EnumDeclarationSyntax or DelegateDeclarationSyntax:
                    lines.Add(member.ToString());
                    break;
                case FieldDeclarationSyntax when member.Modifiers.Any(SyntaxKind.ConstKeyword):
                    lines.Add(member.ToString());
                    break;
                case TypeDeclarationSyntax type:
                    IEnumerable<string> marks = type.AttributeLists.SelectMany(static list => list.Attributes)
                        .Select(static attribute => attribute.Name.ToString());
                    string name = type.Identifier.ToString() + type.TypeParameterList;
                    lines.Add($"[{string.Join(",", marks)}] {type.Modifiers} {type.Keyword} {name} {type.BaseList}");
                    Add(lines, default, type.Members);
                    lines.Add("}");
                    break;
            }
        }
    }
}
