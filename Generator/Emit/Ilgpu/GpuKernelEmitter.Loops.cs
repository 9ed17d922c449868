namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>Loops over several axes at once, whose index is taken apart.</summary>
internal abstract partial class GpuKernelEmitter
{
    /// <summary>An axis, or several that lie as one: a name, its extent, and how far apart neighbours are, or null where that is of no interest.</summary>
    protected sealed record Loop(string Name, string Extent, string? Stride);

    /// <summary>A product of extents, to stand alone.</summary>
    protected string Length(IEnumerable<string> axes)
    {
        string[] extents = [.. axes.Select(Extent)];
        return extents.Length == 0 ? "1" : string.Join(" * ", extents);
    }

    /// <summary>A product of extents, to stand in an expression.</summary>
    protected string Product(IEnumerable<string> axes)
    {
        string length = Length(axes);
        return length.Contains(' ') ? $"({length})" : length;
    }

    /// <summary>How far apart neighbours along an axis are in an array.</summary>
    protected string Stride(IEnumerable<string> axes, string axis) => Product(axes.SkipWhile(other => other != axis).Skip(1));

    /// <summary>The extent of several loops as one.</summary>
    protected static string Count(IReadOnlyCollection<Loop> loops) =>
        loops.Count == 0 ? "1" : string.Join(" * ", loops.Select(loop => loop.Extent));

    /// <summary>
    /// The offset of an index over loops, outermost first. Where there are several, their indices are declared as locals that begin with the
    /// index's name.
    /// </summary>
    protected string TakeApart(string index, IReadOnlyList<Loop> loops)
    {
        string[] indices = IndicesOf(index, loops);
        string[] terms = [.. loops.Select((loop, i) => loop.Stride switch { null => "", "1" => indices[i], _ => $"{indices[i]} * {loop.Stride}" })
            .Where(static term => term.Length > 0)];
        return terms.Length == 0 ? "0" : string.Join(" + ", terms);
    }

    /// <summary>The index along each loop of an index over all of them, outermost first: locals where there are several.</summary>
    protected string[] IndicesOf(string index, IReadOnlyList<Loop> loops)
    {
        if (loops.Count == 1)
            return [index];
        string[] locals = [.. loops.Select(loop => $"{index}_{loop.Name}")];
        for (int i = 0; i < loops.Count; i++)
        {
            string inner = string.Join(" * ", loops.Skip(i + 1).Select(loop => loop.Extent));
            string quotient = inner.Length == 0 ? index : inner.Contains(' ') ? $"{index} / ({inner})" : $"{index} / {inner}";
            Body.Write($"int {locals[i]} = {quotient}{(i == 0 ? "" : $" % {loops[i].Extent}")};");
        }

        return locals;
    }
}
