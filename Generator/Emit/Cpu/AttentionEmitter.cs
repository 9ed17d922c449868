using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>
/// Attention: a unit is a block of consecutive rows and one group of heads, and the steps of a unit are the same for every variant, one call
/// for each modifier.
/// </summary>
internal sealed partial class AttentionEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, AttentionPlan attention)
    : KernelEmitter(plan, method, sizes, attention)
{
    private bool IsCached => attention.Keys.Append is not null;

    protected override string Loops =>
        (attention.Keys.Packed is null ? "" : $"{Packing} a head at a time (dealt out to the workers), then ")
        + $"blocks of rows × {Dots(attention.Groups)} (dealt out to the workers), steps of {attention.Seen}, "
        + $"queries of the block in register tiles, {Dots(attention.Sizes)} and {Dots(attention.ValueSizes)} innermost.";

    private string Packing => attention.Values.Packed is null ? "keys" : "keys and values";

    protected override string Flops
    {
        get
        {
            string seen = attention.Windows.Aggregate(attention.Seen, (all, window) => $"min({all}, {Steps.Text(window.Size)})");
            string half = attention.Causal && !attention.Windows.Any() ? " (half of that where every position is new)" : "";
            return $"2·{Dots(Queried)}·{seen}·{Dots(attention.Groups.Concat(attention.PerGroup))}"
                + $"·({Dots(attention.Sizes)} + {Dots(attention.ValueSizes)}){half}";
        }
    }

    /// <summary>The axes that number rows of queries.</summary>
    private IEnumerable<string> Queried => attention.IsPacked ? attention.Rows : attention.Position is null ? [] : [attention.Position];

    protected override string Bytes
    {
        get
        {
            IEnumerable<string> groups = attention.IsPacked ? attention.Groups.Prepend(attention.Rows[0]) : attention.Groups;
            string all = $"{Dots(groups.Where(OfKeys).Append(attention.Seen))}·({Dots(attention.Sizes)} + {Dots(attention.ValueSizes)})";
            return IsCached
                ? $"4·{all} of the cache in f32, 2·{all} in bf16, {all} and an f32 for every 32 in int8, for each block of rows"
                : $"4·{all} of keys and values for each block of rows";
        }
    }

    private bool OfKeys(string axis) => attention.Keys.Axes.Contains(axis) || attention.Values.Axes.Contains(axis);

    protected override string Why =>
        $"a running maximum and sum replace the {Names.Join(attention.Operations[0].Axes)} tensor of scores, which never exists; "
        + "the queries of a group share its keys and values.";

    protected override void EmitBody()
    {
        DeclareExtents();
        if (IsCached)
            (_keys, _values) = (CacheSlot(attention.Keys.Append!, Slot.Keys), CacheSlot(attention.Values.Append!, Slot.Values));
        Parameter("Worker", "worker");
        string queries = Read(attention.Queries), output = Write(attention.Output);
        if (!IsCached)
            EmitPacking(output);
        string factor = attention.Scales.Count == 0 ? "1f" : string.Join(" * ", attention.Scales.Select(Factor));
        Body.Write($"float factor = {factor};");
        for (int i = 0; i < Windows.Count; i++)
            Body.Write($"int window{Numbered(i)} = {Steps.Text(Windows[i].Size, Member)};");
        if (Groups != "1")
            Body.Write($"int groups = {Groups};");
        EmitUnits(queries, output);
    }

    private void EmitUnits(string queries, string output)
    {
        string perGroup = PerGroup, size = Extents(attention.Sizes), valueSize = Extents(attention.ValueSizes);
        if (!attention.IsPacked && attention.Position is { } position)
            Body.Write($"int blocks = RowBlock.Blocks({Extent(position)});");
        Body.Gap();
        using (Body.Open($"while (worker.Next({Units}, out int unit))"))
        {
            EmitUnit();
            string rows = attention.Position is null ? "1" : "block.Count";
            Body.Write($"int queries = {(perGroup == "1" ? rows : rows == "1" ? perGroup : $"{rows} * {perGroup}")};");
            Body.Write($"var softmax = new OnlineSoftmax(worker, queries, {size}, {valueSize});");
            EmitLoad(queries);
            Body.Gap();
            EmitSeen();
            string start = Windows.Count == 0 ? "0" : "start";
            using (Body.Open($"for (int step = {start}; step < seen; step += OnlineSoftmax.Step)"))
            {
                Body.Write("int count = Math.Min(OnlineSoftmax.Step, seen - step);");
                Body.Write($"softmax.Scores({KeysOfStep});");
                foreach (Operation modifier in attention.Modifiers)
                    EmitModifier(modifier);
                Body.Write($"softmax.Accumulate({ValuesOfStep});");
            }

            Body.Gap();
            Layout to = LayoutOf(attention.OutputAxes, attention.ValueSizes);
            Body.Write("for (int query = 0; query < queries; query++)", to.Stride == "1"
                ? $"softmax.Store(query, {output}.Slice({to.Offset}, {valueSize}));"
                : $"softmax.Store(query, {output}[({to.Offset})..], {to.Stride});");
        }
    }

    private string Units
    {
        get
        {
            string groups = Groups == "1" ? "" : " * groups";
            return attention.IsPacked ? $"{Packed}.Blocks{groups}"
                : attention.Position is not null ? "blocks" + groups
                : Groups == "1" ? "1" : "groups";
        }
    }

    /// <summary>Which rows and which group a unit is.</summary>
    private void EmitUnit()
    {
        if (attention.IsPacked)
        {
            Body.Write(Groups == "1"
                ? "RowBlock block = packed.Block(unit);"
                : "int group = unit % groups;\nRowBlock block = packed.Block(unit / groups);");
        }
        else if (attention.Position is { } position)
        {
            if (Groups != "1")
                Body.Write("int group = unit / blocks;");
            Body.Write($"RowBlock block = RowBlock.Of({(Groups == "1" ? "unit" : "unit % blocks")}, {Extent(position)});");
        }
        else if (Groups != "1")
        {
            Body.Write("int group = unit;");
        }

        foreach (string axis in NamedGroups)
            Body.Write($"int {Index(axis)} = {Within("group", axis, attention.Groups)};");
        if (attention.IsPacked && Masks.Any(mask => mask.Mask.Axes.Contains(attention.QueryAxes[1])))
            Body.Write("int column = packed.Column(block.FirstRow);");
        if (attention.Keys.Packed is not null)
        {
            string positions = "KeyValues.Padded(" + Extent(attention.Seen) + ")", size = ExtentsProduct(attention.Sizes);
            Body.Write($"ReadOnlySpan<float> groupKeys = {_keys}.Slice({Times(HeadOf(attention.Keys.Axes, attention.Sizes), $"{positions} * {size}")}, "
                + $"{positions} * {size});");
        }

        if (!IsCached)
        {
            string length = $"{Extent(attention.Seen)} * {ExtentsProduct(attention.ValueSizes)}";
            Body.Write($"ReadOnlySpan<float> groupValues = {_values}.Slice("
                + $"{Times(HeadOf(attention.Values.Axes, attention.ValueSizes), length)}, {length});");
        }
    }

    private void EmitLoad(string queries)
    {
        Layout from = LayoutOf(attention.QueryAxes, attention.Sizes);
        string load = from.Stride == "1"
            ? $"softmax.Load(query, {queries}.Slice({from.Offset}, {Extents(attention.Sizes)}), factor);"
            : $"softmax.Load(query, {queries}[({from.Offset})..], {from.Stride}, factor);";
        if (attention.Modifiers.OfType<AlibiOperation>().FirstOrDefault() is not { } alibi)
        {
            Body.Write("for (int query = 0; query < queries; query++)", load);
            return;
        }

        using (Body.Open("for (int query = 0; query < queries; query++)"))
        {
            Body.Write(load);
            Body.Write($"softmax.Slope(query, OnlineSoftmax.AlibiSlope({LayoutOf(alibi.Heads, []).Offset}, {Extents(alibi.Heads)}));");
        }
    }

    /// <summary>Which positions some row of the block may see: those between <c>start</c> and <c>seen</c>.</summary>
    private void EmitSeen()
    {
        string all = IsCached ? $"{Packed}.Seen(block.Sequence)" : Extent(attention.Seen);
        Body.Write(attention.Causal
            ? $"// Keys after the block's last row are of no use to it.\nint seen = block.FirstPosition + block.Count;"
            : $"int seen = {all};");
        for (int i = 0; i < Windows.Count; i++)
        {
            if (i == 0)
                Body.Write(attention.Causal ? "// Nor are those before the first row's window." : "// Keys that are in no row's window are of no use.");
            string start = $"OnlineSoftmax.WindowStart(block.FirstPosition, window{Numbered(i)})";
            Body.Write(i == 0 ? $"int start = {start};" : $"start = Math.Max(start, {start});");
            if (!attention.Causal)
                Body.Write($"seen = OnlineSoftmax.WindowEnd(block.FirstPosition + block.Count - 1, window{Numbered(i)}, seen);");
        }
    }

    private void EmitModifier(Operation modifier)
    {
        string perGroup = PerGroup;
        switch (modifier)
        {
            case ScaleOperation scale:
                Body.Write($"softmax.Scale({Factor(scale.Factor)});");
                break;
            case ActivationOperation { Scalar: { } cap }:
                Body.Write($"softmax.SoftCap({(cap.Literal is { } number ? Names.FloatLiteral(number) : Member(cap.Setting!.Property))});");
                break;
            case AlibiOperation:
                Body.Write($"softmax.Alibi(block.FirstPosition, {perGroup}, step);");
                break;
            case CausalOperation:
                Body.Write($"softmax.Causal(block.FirstPosition, {perGroup}, step);");
                break;
            case WindowOperation window:
                Body.Write($"softmax.Window(block.FirstPosition, {perGroup}, step, window{Numbered(Windows.IndexOf(window))});");
                break;
            case MaskOperation mask:
                string span = Parameter("ReadOnlySpan<bool>", Scope.Value(mask.Mask.Name));
                Layout layout = LayoutOf(mask.Mask.Axes, [], step: true);
                Body.Write("for (int query = 0; query < queries; query++)",
                    $"softmax.Mask(query, {span}[({layout.Offset})..], {layout.Stride});");
                break;
        }
    }

    private List<WindowOperation> Windows => [.. attention.Windows];

    private IEnumerable<MaskOperation> Masks => attention.Modifiers.OfType<MaskOperation>();

    private static string Numbered(int index) => index == 0 ? "" : Names.Literal(index + 1);

    /// <summary>Keys and values are laid out as the cache has them, once for all the queries that read them.</summary>
    private void EmitPacking(string output)
    {
        string seen = Extent(attention.Seen);
        _keys = attention.Keys.Packed is { } keys ? Write(keys) : Read(attention.Keys.Buffer);
        _values = attention.Values.Packed is { } values ? Write(values) : Read(attention.Values.Buffer);
        using (Body.Open($"if ({seen} == 0 || {output}.IsEmpty)"))
        {
            Body.Write("// A sum over nothing.");
            Body.Write("if (worker.Index == 0)", $"{output}.Clear();");
            Body.Write("return;");
        }

        Body.Gap();
        Body.Write($"// {char.ToUpperInvariant(Packing[0]) + Packing.Substring(1)} are laid out as a cache has them, once for all the queries that read them.");
        string keyHeads = Extents(Heads(attention.Keys.Axes, attention.Sizes)), valueHeads = Extents(Heads(attention.Values.Axes, attention.ValueSizes));
        if (attention.Values.Packed is null)
        {
            using (Body.Open($"while (worker.Next({keyHeads}, out int head))"))
                EmitPack("PackKeys", attention.Keys, attention.Sizes, _keys, $"KeyValues.Padded({seen})");
        }
        else
        {
            Body.Write($"int keyHeads = {keyHeads};");
            using (Body.Open($"while (worker.Next(keyHeads + {valueHeads}, out int head))"))
            {
                using (Body.Open("if (head < keyHeads)"))
                {
                    EmitPack("PackKeys", attention.Keys, attention.Sizes, _keys, $"KeyValues.Padded({seen})");
                    Body.Write("continue;");
                }

                Body.Gap();
                Body.Write("head -= keyHeads;");
                EmitPack("PackValues", attention.Values, attention.ValueSizes, _values, seen);
            }
        }

        Body.Write("worker.Barrier();");
        Body.Gap();
    }

    private void EmitPack(string call, AttentionSource source, EquatableArray<string> sizes, string packed, string positions)
    {
        List<string> heads = Heads(source.Axes, sizes);
        string size = ExtentsProduct(sizes), length = $"{positions} * {size}";
        Layout from = LayoutOf(source.Axes, sizes, axis => Within("head", axis, heads), isWhole: true);
        string all = from.Offset == "0" ? Read(source.Buffer) : $"{Read(source.Buffer)}[({from.Offset})..]";
        string to = heads.Count == 0 ? $"{packed}.Slice(0, {length})" : $"{packed}.Slice(head * {positions} * {size}, {length})";
        Body.Write($"KeyValues.{call}({all}, {Extent(attention.Seen)}, {StrideOf(attention.Seen, source.Axes)}, {Extents(sizes)}, {from.Stride}, {to});");
    }

    private List<string> Heads(EquatableArray<string> axes, EquatableArray<string> sizes) =>
        [.. axes.Where(axis => axis != attention.Seen && !sizes.Contains(axis))];

    private string KeysOfStep => IsCached
        ? $"{_keys}, block.Sequence, {HeadOf(attention.Keys.Axes.Skip(1).ToEquatable(), attention.Sizes)}, step, count"
        : $"groupKeys.Slice(step * {ExtentsProduct(attention.Sizes)}, KeyValues.Padded(count) * {ExtentsProduct(attention.Sizes)}), count";

    private string ValuesOfStep => IsCached
        ? $"{_values}, block.Sequence, {HeadOf(attention.Values.Axes.Skip(1).ToEquatable(), attention.ValueSizes)}, step"
        : $"groupValues.Slice(step * {ExtentsProduct(attention.ValueSizes)}, count * {ExtentsProduct(attention.ValueSizes)})";

    private string _keys = "";
    private string _values = "";
}
