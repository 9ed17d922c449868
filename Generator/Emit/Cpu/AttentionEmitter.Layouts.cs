using Einsharp.Generator.Model;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>Where queries, keys, values, masks and results lie, in terms of a unit's group and a query of its block.</summary>
internal sealed partial class AttentionEmitter
{
    /// <summary>The offset of a vector, and how far apart its elements are.</summary>
    private sealed record Layout(string Offset, string Stride);

    /// <summary>One or more neighbouring axes of a layout: the index along them, null where it is 0, and their extent.</summary>
    private sealed record Part(string? Index, Func<string> Extent);

    private readonly HashSet<string> _extents = [];

    /// <summary>How many groups of keys there are: a product of extents.</summary>
    private string Groups => Extents(attention.Groups);

    /// <summary>How many queries of a row share keys: a product, to stand in an expression.</summary>
    private string PerGroup => ExtentsProduct(attention.PerGroup);

    /// <summary>The extents that the call brings are asked for first, since some are declared where that happens.</summary>
    private void DeclareExtents()
    {
        IEnumerable<string> axes = Masks.SelectMany(mask => mask.Mask.Axes)
            .Concat(attention.Scales.Concat(attention.Modifiers.OfType<ScaleOperation>().Select(scale => scale.Factor))
                .SelectMany(factor => factor.Tokens.Where(Scope.IsCall)));
        if (!attention.IsPacked)
            axes = axes.Concat(attention.QueryAxes).Concat(attention.OutputAxes);
        if (!IsCached)
            axes = axes.Concat(attention.Keys.Axes).Concat(attention.Values.Axes);
        foreach (string axis in axes.Where(Scope.IsCall))
            Extent(axis);

        // How many positions a mask has behind a cache, which all masks of the call agree on.
        if (IsCached && Masks.FirstOrDefault(mask => mask.Mask.Axes.IndexOf(attention.Seen) > 0) is { Mask: var seen })
        {
            string span = Parameter("ReadOnlySpan<bool>", Scope.Value(seen.Name));
            string others = Extents(seen.Axes.Where(axis => axis != attention.Seen));
            Body.Write($"int {Scope.Local(attention.Seen)} = {span}.Length / Math.Max(1, {others});");
        }
    }

    /// <summary>The extent of an axis: a size of the model, or what the call brings.</summary>
    private string Extent(string axis)
    {
        string original = Method.Graph.Original(axis);
        if (!Scope.IsCall(original))
            return IsCached && axis == attention.Seen ? Scope.Local(axis) : Scope.Axis(axis);
        string local = Scope.Local(original);
        if (!Steps.IsLayer(Method))
            return Parameter("int", local);
        if (_extents.Add(original))
        {
            _ = Packed;
            Body.Write($"int {local} = {Steps.Extent(Method.Sequence!.Value, original)};");
        }

        return local;
    }

    /// <summary>A product of extents, to stand alone.</summary>
    private string Extents(IEnumerable<string> axes) => axes.Any() ? string.Join(" * ", axes.Select(Extent)) : "1";

    /// <summary>A product of extents, to stand in an expression.</summary>
    private string ExtentsProduct(IEnumerable<string> axes)
    {
        string product = Extents(axes);
        return product.Contains(' ') ? $"({product})" : product;
    }

    private string Factor(ScaleExpression factor) => Scope.Factor(factor, Extent);

    private static string Times(string left, string right) =>
        left == "0" ? "0" : (left.Contains(' ') ? $"({left})" : left) + " * " + right;

    /// <summary>How far apart neighbours along an axis are.</summary>
    private string StrideOf(string axis, EquatableArray<string> axes) => Extents(axes.Skip(axes.IndexOf(axis) + 1));

    /// <summary>The index along an axis, in an index over several.</summary>
    private string Within(string index, string axis, IReadOnlyList<string> axes)
    {
        int at = axes.ToList().IndexOf(axis);
        string inner = ExtentsProduct(axes.Skip(at + 1));
        string outer = inner == "1" ? index : $"{index} / {inner}";
        return at == 0 ? outer : $"{outer} % {ExtentsProduct([axis])}";
    }

    /// <summary>The index of a group's head among the heads of keys or values.</summary>
    private string HeadOf(EquatableArray<string> axes, EquatableArray<string> sizes) =>
        LayoutOf(Heads(axes, sizes).ToEquatable(), []).Offset;

    /// <summary>The axes of groups that some layout names alone, for which a local is due.</summary>
    private IEnumerable<string> NamedGroups
    {
        get
        {
            if (attention.Groups.Count < 2)
                return [];
            EquatableArray<string>[] layouts =
            [
                attention.QueryAxes, attention.OutputAxes,
                Heads(attention.Keys.Axes, attention.Sizes).ToEquatable(), Heads(attention.Values.Axes, attention.ValueSizes).ToEquatable(),
                .. Masks.Select(mask => mask.Mask.Axes), .. attention.Modifiers.OfType<AlibiOperation>().Select(alibi => alibi.Heads),
            ];
            return attention.Groups.Where(axis => Array.Exists(layouts, layout => layout.Contains(axis) && !HasRun(layout, attention.Groups)));
        }
    }

    private static bool HasRun(EquatableArray<string> axes, EquatableArray<string> run) =>
        run.Count > 0 && axes.IndexOf(run[0]) is >= 0 and var at && axes.Skip(at).Take(run.Count).SequenceEqual(run);

    /// <summary>
    /// The place of a query's vector of <paramref name="inner"/> in an array of <paramref name="axes"/>; with <paramref name="step"/> that of
    /// the step's first position, and how far apart positions are.
    /// </summary>
    private Layout LayoutOf(
        EquatableArray<string> axes, EquatableArray<string> inner, Func<string, string>? index = null, bool isWhole = false, bool step = false)
    {
        string offset = "0";
        for (int i = 0; i < axes.Count;)
        {
            (int count, Part part) = PartAt(axes, i, inner, index, isWhole, step);
            string outer = offset == "0" ? "0" : Times(offset, part.Extent());
            offset = part.Index is null ? outer : outer == "0" ? part.Index : $"{outer} + {part.Index}";
            i += count;
        }

        string last = step ? attention.Seen : inner.Count == 0 ? "" : inner[inner.Count - 1];
        string stride = last.Length == 0 || axes.Contains(last) ? last.Length == 0 ? "1" : StrideOf(last, axes) : "0";
        return new Layout(offset, inner.Count == 0 && !step ? "1" : stride);
    }

    private (int Count, Part Part) PartAt(
        EquatableArray<string> axes, int at, EquatableArray<string> inner, Func<string, string>? index, bool isWhole, bool step)
    {
        bool Starts(IReadOnlyCollection<string> run) => run.Count > 0 && axes.Skip(at).Take(run.Count).SequenceEqual(run);
        string axis = axes[at];
        if (Starts(inner))
            return (inner.Count, new Part(null, () => ExtentsProduct(inner)));
        if (axis == attention.Seen)
            return (1, new Part(step ? "step" : null, () => Extent(axis)));
        if (isWhole)
            return (1, new Part(index!(axis), () => Extent(axis)));
        string row = PerGroup == "1" ? "query" : $"query / {PerGroup}";
        if (attention.IsPacked && at == 0 && axes.Count > 1 && axes[0] == attention.QueryAxes[0] && axes[1] == attention.QueryAxes[1] && !step)
            return (2, new Part($"block.FirstRow + {row}", () => ""));
        if (attention.IsPacked && axis == attention.QueryAxes[0])
            return (1, new Part("block.Sequence", () => Extent(axis)));
        if (attention.IsPacked && axis == attention.QueryAxes[1])
            return (1, new Part($"column + {row}", () => Extent(axis)));
        if (axis == attention.Position)
            return (1, new Part($"block.FirstPosition + {row}", () => Extent(axis)));
        if (Starts(attention.Groups))
            return (attention.Groups.Count, new Part("group", () => attention.Groups.Count == 1 ? Extent(axis) : "groups"));
        if (attention.Groups.Contains(axis))
            return (1, new Part(Index(axis), () => Extent(axis)));
        return Starts(attention.PerGroup)
            ? (attention.PerGroup.Count, new Part($"query % {PerGroup}", () => PerGroup))
            : (1, new Part($"query / {ExtentsProduct(attention.PerGroup.Skip(attention.PerGroup.IndexOf(axis) + 1))} % {ExtentsProduct([axis])}",
                () => Extent(axis)));
    }
}
