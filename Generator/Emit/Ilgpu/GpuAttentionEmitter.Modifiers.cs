using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>What is done to one score, in every kernel of an attention, and where queries, keys and the rest lie.</summary>
internal sealed partial class GpuAttentionEmitter
{
    // What a query that has seen nothing has as its highest score: finite, as a step may be hidden from it as a whole.
    private const string Lowest = "-3.4028235e38f";

    private string Modify => attention.Name + "Modify";

    /// <summary>Whether scores are more than scaled products that end at a query's own position.</summary>
    private bool HasModify => attention.Modifiers.Any(static modifier => modifier is not CausalOperation);

    private List<WindowOperation> Windows => [.. attention.Windows];

    /// <summary>
    /// One score as the modifiers make it, in the order written, and then −∞ where some mask hides the key: a mask stays one whatever is done to
    /// scores after it.
    /// </summary>
    private void EmitModify()
    {
        string[] place = ["GpuSizes size", "int row", "int group", "int query", "int key"];
        Function(
            $"private static float {Modify}", [], lanes: false, [.. place, "float score", $"GpuArguments.{ArgumentsType} args"],
            "A score of a query with a key, modified.", () =>
            {
                foreach (Operation modifier in attention.Modifiers.OrderBy(static modifier => modifier is WindowOperation or MaskOperation))
                    EmitModifier(modifier);
                Body.Write("return score;");
            });
        if (!IsStandard)
            return;
        Function(
            $"private static Float4 {Modify}Four", [], lanes: false,
            [.. place, "int across", "int last", "Float4 scores", $"GpuArguments.{ArgumentsType} args"],
            "Scores of a query with four keys, modified. Keys past the last are the last again.", () =>
            {
                for (int i = 0; i < 4; i++)
                {
                    string field = "XYZW".Substring(i, 1), key = i == 0 ? "key" : i == 1 ? "key + across" : $"key + {Names.Literal(i)} * across";
                    Body.Write($"scores.{field} = {Modify}(size, row, group, query, Math.Min({key}, last), scores.{field}, args);");
                }

                Body.Write("return scores;");
            });
    }

    private void EmitModifier(Operation modifier)
    {
        switch (modifier)
        {
            case ScaleOperation scale:
                Body.Write($"score *= {Factor(scale.Factor)};");
                break;
            case ActivationOperation { Scalar: { } cap }:
                Body.Write($"score = Activation.SoftCap(score, {Scalar(cap)});");
                break;
            case AlibiOperation alibi:
                Body.Write($"score += {Slopes(alibi)}[{Offset(alibi.Heads, [])}] * (key - {Position});");
                break;
            case WindowOperation window:
                Body.Write($"if (Math.Abs({Position} - key) >= {WindowSize(window)})", "score = float.NegativeInfinity;");
                break;
            case MaskOperation mask:
                Body.Write($"if ({Mask(mask)}[{Offset(mask.Mask.Axes, [])}] == 0)", "score = float.NegativeInfinity;");
                break;
        }
    }

    /// <summary>The position of the query at hand.</summary>
    private string Position => attention.IsPacked ? $"{Packed}.Position[row]" : "row";

    /// <summary>Where the windows begin and end for queries from one position to another: the locals <c>start</c> and <c>seen</c>.</summary>
    /// <param name="from">The first query's position.</param>
    /// <param name="to">The last one's.</param>
    /// <param name="each">What a start is a multiple of, or null.</param>
    private void EmitWindows(string from, string to, string? each)
    {
        if (Windows.Count == 0)
            return;
        Body.Write(attention.Causal ? "// Keys before the first query's window are of no use." : "// Keys that are in no query's window are of no use.");
        for (int i = 0; i < Windows.Count; i++)
        {
            string size = WindowSize(Windows[i]);
            Body.Write($"{(i == 0 ? "int start = Math.Max(0, " : "start = Math.Max(start, ")}{from} - {size} + 1);");
            if (!attention.Causal)
                Body.Write($"seen = Math.Min(seen, {to} + {size});");
        }

        if (each is not null)
            Body.Write($"start = start / ({each}) * ({each});");
    }

    private string Start => Windows.Count == 0 ? "0" : "start";

    /// <summary>
    /// The place in an array of <paramref name="axes"/> of the query at hand, its group and the key: of the locals <c>row</c>, <c>group</c>,
    /// <c>query</c> and <c>key</c>. Along <paramref name="inner"/> it is the first.
    /// </summary>
    private string Offset(EquatableArray<string> axes, IReadOnlyCollection<string> inner)
    {
        string offset = "0";
        for (int i = 0; i < axes.Count; i++)
        {
            string axis = axes[i];
            if (i == 0 && attention.IsPacked && axes.Count > 1 && axes[0] == attention.QueryAxes[0] && axes[1] == attention.QueryAxes[1]
                && !IsMask(axes))
            {
                offset = "row";
                i++;
                continue;
            }

            string? index = inner.Contains(axis) ? null : axis == attention.Seen ? "key" : IndexOf(axis);
            string outer = offset == "0" ? "0" : $"{(offset.Contains(' ') ? $"({offset})" : offset)} * {ExtentOf(axis)}";
            offset = index is null ? outer : outer == "0" ? index : $"{outer} + {index}";
        }

        return offset;
    }

    // A mask is as the caller gave it, not packed.
    private bool IsMask(EquatableArray<string> axes) => attention.Modifiers.OfType<MaskOperation>().Any(mask => mask.Mask.Axes == axes);

    private string IndexOf(string axis)
    {
        if (attention.IsPacked && axis == attention.QueryAxes[0])
            return $"{Packed}.Sequence[row]";
        if (attention.IsPacked && axis == attention.QueryAxes[1])
            return $"{Packed}.Column[row]";
        if (axis == attention.Position)
            return "row";
        bool ofGroup = attention.Groups.Contains(axis);
        EquatableArray<string> axes = ofGroup ? attention.Groups : attention.PerGroup;
        int at = axes.ToList().IndexOf(axis);
        string index = ofGroup ? "group" : "query", inner = ProductOf(axes.Skip(at + 1));
        string quotient = inner == "1" ? index : $"{index} / {inner}";
        return axes.Count == 1 ? index : at == 0 ? $"({quotient})" : $"({(inner == "1" ? index : $"({quotient})")} % {ExtentOf(axis)})";
    }

    /// <summary>An axis's extent: a cache's is that of the masks over it, which all agree.</summary>
    private string ExtentOf(string axis)
    {
        if (axis != attention.Seen || attention.Keys.Append is null)
            return Extent(axis);
        Operand mask = attention.Modifiers.OfType<MaskOperation>().First(mask => mask.Mask.Axes.Contains(axis)).Mask;
        string others = HostExtents(mask.Axes.Where(other => other != axis));
        return Field("int", Scope.Local(axis), $"(int)({Scope.Value(mask.Name)}.Length / Math.Max(1, {others}))", $"Positions that masks have.");
    }

    private string ExtentsOf(IEnumerable<string> axes)
    {
        string[] all = [.. axes.Select(ExtentOf)];
        return all.Length == 0 ? "1" : string.Join(" * ", all);
    }

    private string ProductOf(IEnumerable<string> axes)
    {
        string product = ExtentsOf(axes);
        return product.Contains(' ') ? $"({product})" : product;
    }

    /// <summary>How far apart neighbours along the last of some axes are in an array.</summary>
    private string StrideOf(EquatableArray<string> inner, EquatableArray<string> axes) =>
        inner.Count == 0 ? "0" : ProductOf(axes.Skip(axes.ToList().IndexOf(inner[inner.Count - 1]) + 1));
}
