using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Any order of axes, in a cache or not: a group of lanes takes one query, a key a lane at a time, and then a column of the values a lane.
/// </summary>
internal sealed partial class GpuAttentionEmitter
{
    private string Query => attention.Name + "Query";

    private string QueryUnits
    {
        get
        {
            string rows = attention.IsPacked ? "packed.Count" : attention.Position is { } position ? HostExtent(position) : "1";
            return rows + Times(HostExtents(attention.Groups.Concat(attention.PerGroup)), before: true);
        }
    }

    private void EmitQuery()
    {
        Function(
            $"internal static void {Query}Unit", [], lanes: false,
            ["int unit", "GpuSizes size", $"GpuArguments.{ArgumentsType} args", "ArrayView<float> scratch"],
            "One query.", EmitQueryBody);
        string rows = attention.IsPacked ? Dots(attention.Rows) : attention.Position ?? "1";
        var notes = new KernelNotes(
            $"queries ({Dots(attention.Groups.Concat(attention.PerGroup).Prepend(rows))}, a group of lanes each), steps of {attention.Seen}; "
            + $"a position a lane, {Dots(attention.Sizes)} innermost; then a column of {Dots(attention.ValueSizes)} a lane.",
            $"2·{rows}·{Dots(attention.Groups.Concat(attention.PerGroup))}·{attention.Seen}·({Dots(attention.Sizes)} + {Dots(attention.ValueSizes)})",
            $"4·{attention.Seen}·({Dots(attention.Sizes)} + {Dots(attention.ValueSizes)}) for each query",
            $"{NoScores}; keys and values are read where they lie.");
        Entry(Query, [], lanes: false, notes, () =>
        {
            Body.Write("ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);");
            Body.Write($"{Query}Unit(Grid.IdxX, sizes.Value, args, scratch);");
        });
    }

    private void EmitQueryBody()
    {
        string perGroup = ExtentsOf(attention.PerGroup), groups = ExtentsOf(attention.Groups);
        Body.Write($"int lane = Group.IdxX, groups = {groups}, perGroup = {perGroup};");
        Body.Write("int query = unit % perGroup, group = unit / perGroup % groups, row = unit / perGroup / groups;");
        Body.Write($"int length = {ExtentsOf(attention.Sizes)}, columns = {ExtentsOf(attention.ValueSizes)};");
        string own = "";
        if (attention.Causal || Windows.Count > 0)
        {
            Body.Write($"int position = {Position};");
            own = "position";
        }

        if (attention.Keys.Append is not null)
        {
            Body.Write($"int sequence = {Packed}.Sequence[row];");
            Body.Write($"int seen = {(attention.Causal ? "position + 1" : AllSeen)};");
        }
        else
        {
            string extent = Extent(attention.Seen);
            Body.Write($"int seen = {(attention.Causal ? $"Math.Min({extent}, position + 1)" : extent)};");
        }

        EmitWindows(own, own, null);
        string output = Buffer(attention.Output);
        Body.Write($"int from = {Offset(attention.QueryAxes, attention.Sizes)}, to = {Offset(attention.OutputAxes, attention.ValueSizes)};");
        Func<string, string, string> keys = Source(attention.Keys, attention.Sizes, "keyAt", Slot.Keys);
        Func<string, string, string> values = Source(attention.Values, attention.ValueSizes, "valueAt", Slot.Values);
        Body.Gap();
        using (Body.Open("for (int pass = 0; pass < columns; pass += Group.DimX)"))
        {
            Body.Write($"int column = pass + lane;\nfloat highest = {Lowest}, total = 0, sum = 0;");
            using (Body.Open($"for (int step = {Start}; step < seen; step += Group.DimX)"))
                EmitQueryStep(keys, values);
            Body.Gap();
            string stored = $"{output}[to + {Along("column", StrideOf(attention.ValueSizes, attention.OutputAxes))}]";
            Body.Write("if (column < columns)", attention.Keys.Append is null && !attention.Causal
                ? $"{stored} = seen == 0 ? 0 : sum / total;"
                : $"{stored} = sum / total;");
        }
    }

    private void EmitQueryStep(Func<string, string, string> keys, Func<string, string, string> values)
    {
        Body.Write("int count = Math.Min(Group.DimX, seen - step);\nfloat score = float.NegativeInfinity;");
        using (Body.Open("if (lane < count)"))
        {
            Body.Write("int key = step + lane;\nscore = 0;");
            string query = $"{Buffer(attention.Queries)}[from + {Along("i", StrideOf(attention.Sizes, attention.QueryAxes))}]";
            Body.Write("for (int i = 0; i < length; i++)", $"score += {query} * {keys("key", "i")};");
            foreach (ScaleExpression scale in attention.Scales)
                Body.Write($"score *= {Factor(scale)};");
            if (HasModify)
                Body.Write($"score = {Modify}(size, row, group, query, key, score, args);");
        }

        Body.Gap();
        Body.Write("""
            scratch[lane] = score;
            Lanes.Barrier();
            float before = highest;
            for (int i = 0; i < count; i++)
                highest = MathF.Max(highest, scratch[i]);
            Lanes.Barrier();
            scratch[lane] = MathF.Exp(score - highest);
            Lanes.Barrier();
            before = MathF.Exp(before - highest);
            total *= before;
            sum *= before;
            """);
        using (Body.Open("for (int i = 0; i < count; i++)"))
        {
            Body.Write("total += scratch[i];");
            Body.Write("if (column < columns)", $"sum += scratch[i] * {values("step + i", "column")};");
        }

        Body.Gap();
        Body.Write("Lanes.Barrier();");
    }

    private static string Along(string index, string stride) => stride == "1" ? index : $"{index} * {stride}";

    /// <summary>Declares where the keys or values of the query at hand begin; gives the number of a position at an index.</summary>
    private Func<string, string, string> Source(AttentionSource source, EquatableArray<string> sizes, string local, string layout)
    {
        if (source.Append is { } append)
        {
            string slot = Cache(append, layout), size = ExtentOf(sizes[0]);
            EquatableArray<string> heads = source.Axes.Skip(2).Take(source.Axes.Count - 3).ToEquatable();
            Body.Write($"long {local} = ((long)sequence * {ProductOf(heads)} + {Offset(heads, [])}) * {slot}.Capacity;");
            return (position, index) => $"{slot}.Memory[({local} + {position}) * {size} + {index}]";
        }

        // Along the positions of keys it is the first.
        Body.Write($"int {local} = {Offset(source.Axes, [.. sizes, attention.Seen])};");
        string stride = StrideOf([attention.Seen], source.Axes), inner = StrideOf(sizes, source.Axes), buffer = Buffer(source.Buffer);
        return (position, index) => $"{buffer}[{local} + {Along(position.Contains(' ') && stride != "1" ? $"({position})" : position, stride)} "
            + $"+ {Along(index, inner)}]";
    }
}
