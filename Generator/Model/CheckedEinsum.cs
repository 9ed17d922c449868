namespace Einsharp.Generator.Model;

/// <summary>An operand or the result: its name in the code, its type, and its axes, outermost first; one may be <c>...</c>.</summary>
internal sealed record EinsumTerm(string Name, EinsumTypeSpec Type, EquatableArray<string> Axes)
{
    public bool HasEllipsis => Axes.IndexOf(Ellipsis.Name) >= 0;
}

/// <summary>The axes that only a call knows.</summary>
internal static class Ellipsis
{
    /// <summary>How a term writes them.</summary>
    public const string Name = "...";
}

/// <summary>A pinned size.</summary>
internal sealed record PinnedAxis(string Name, int Size);

/// <summary>An einsum that stands alone, after checking: nothing in it can fail before sizes are known.</summary>
/// <param name="Equation">As written.</param>
/// <param name="Element"><c>float</c> or <c>double</c>.</param>
/// <param name="Result">What is returned, or the parameter that is written to.</param>
/// <param name="IsReturned">Whether the result is returned; otherwise it is a parameter.</param>
/// <param name="Device">The parameter that says where it is computed; null without one.</param>
internal sealed record CheckedEinsum(
    string Equation, string Element, EquatableArray<EinsumTerm> Operands, EinsumTerm Result, bool IsReturned, string? Device,
    EquatableArray<PinnedAxis> Pinned)
{
    /// <summary>Every axis once, in source order.</summary>
    public EquatableArray<string> Axes => Operands.SelectMany(static term => term.Axes).Distinct().ToEquatable();

    /// <summary>A pinned size, or null.</summary>
    public int? SizeOf(string axis) => Pinned.FirstOrDefault(pinned => pinned.Name == axis)?.Size;
}
