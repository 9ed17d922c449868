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
        var terms = new List<string>();
        for (int i = 0; i < loops.Count; i++)
        {
            string own = index;
            if (loops.Count > 1)
            {
                string inner = string.Join(" * ", loops.Skip(i + 1).Select(loop => loop.Extent));
                string quotient = inner.Length == 0 ? index : inner.Contains(' ') ? $"{index} / ({inner})" : $"{index} / {inner}";
                string part = i == 0 ? quotient : inner.Length == 0 ? $"{quotient} % {loops[i].Extent}" : $"{quotient} % {loops[i].Extent}";
                own = $"{index}_{loops[i].Name}";
                Body.Write($"int {own} = {part};");
            }

            if (loops[i].Stride is { } stride)
                terms.Add(stride == "1" ? own : $"{own} * {stride}");
        }

        return terms.Count == 0 ? "0" : string.Join(" + ", terms);
    }
}
