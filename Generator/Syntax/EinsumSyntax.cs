using Einsharp.Generator.Model;
using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Syntax;

/// <summary>An axis as written: its name and where it begins in the text.</summary>
internal readonly record struct AxisToken(string Name, int Start)
{
    /// <summary>Stands, once a term, for the axes that only a call knows.</summary>
    public const string Ellipsis = Model.Ellipsis.Name;

    public bool IsEllipsis => Name == Ellipsis;

    public int Length => Name.Length;
}

/// <summary>A list of axes and the range of text that it covers.</summary>
internal sealed record TermSyntax(EquatableArray<AxisToken> Axes, int Start, int Length)
{
    public EquatableArray<string> Names => Axes.Select(static axis => axis.Name).ToEquatable();
}

/// <summary><c>"b s d, f d -> b s f"</c>.</summary>
internal sealed record EquationSyntax(EquatableArray<TermSyntax> Inputs, TermSyntax Output);

/// <summary><c>"s -> t"</c>.</summary>
internal sealed record RenamingSyntax(AxisToken From, AxisToken To);

/// <summary><c>"d=2048"</c>.</summary>
internal sealed record SizeSyntax(AxisToken Axis, int Size);

/// <summary>A scale factor and the axes that it names.</summary>
internal sealed record ScaleSyntax(ScaleExpression Expression, EquatableArray<AxisToken> Axes);

/// <summary>What is wrong with a text, and the range that says so; a length of −1 is all of it.</summary>
/// <param name="Fix">The change of the text that would mend it, if one would.</param>
internal sealed record SyntaxError(string Id, int Start, int Length, EquatableArray<string> Arguments, TextEdit? Fix = null)
{
    public SyntaxError(DiagnosticDescriptor descriptor, int start, int length, params string[] arguments)
        : this(descriptor.Id, start, length, EquatableArray.Create<string>(arguments))
    {
    }
}

/// <summary>Characters that become others; with a length of 0, an insertion.</summary>
internal sealed record TextEdit(int Start, int Length, string Text);

/// <summary>Either the parsed text or the first error in it.</summary>
internal readonly record struct Parsed<T>(T? Value, SyntaxError? Error)
    where T : class
{
    public static implicit operator Parsed<T>(T value) => new(value, null);

    public static implicit operator Parsed<T>(SyntaxError error) => new(null, error);
}
