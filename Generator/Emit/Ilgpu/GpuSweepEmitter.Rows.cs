using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Matrix-vector: a team of lanes makes a pair of features, reading its rows of weights from end to end. The rows of activations wait in
/// shared memory, which all teams of the group read.
/// </summary>
internal sealed partial class GpuSweepEmitter
{
    // 32 KiB of activations: what a group can have with room for its sums, and for more groups on a multiprocessor.
    private const int StagedUnits = 1024;

    // Loads of weights that a lane has under way at once.
    private const int LoadsInFlight = 8;

    private void EmitRows(int rows)
    {
        string name = sweep.Name + (rows == 1 ? "Row" : "Rows"), unit = name + "Unit";
        int slice = StagedUnits / rows;
        bool isWhole = PinnedLength is { } length && (length + 7) / 8 <= slice;
        if (isWhole)
            slice = (PinnedLength!.Value + 7) / 8;
        foreach (ColumnPlan column in sweep.Columns)
        {
            string made = string.Join(", ", column.Segments.Select(segment => NameOf(segment.Value)));
            Function($"private static void {unit}{Suffix(column)}", StoredOf(column), lanes: true, UnitParameters(rows),
                $"{(rows == 1 ? "One row" : $"{rows} rows")} of {made}: a pair of features a team.",
                () => EmitRowsBody(column, rows, slice, isWhole));
        }

        string arguments = $"size, {(rows == 1 ? "" : "firstRow, ")}args, staged, scratch";
        if (sweep.Columns.Count > 1)
        {
            Function($"internal static void {unit}", Stored, lanes: true, UnitParameters(rows), "The group's column.", () =>
            {
                Body.Write("int each = 2 * (Group.DimX / TLanes.Team(Group.DimX));");
                EmitDispatch(unit, "each", lanes: true, arguments);
            });
        }

        KernelNotes notes = Notes(
            $"pairs of output features (a team of lanes each), {Dots(sweep.Contracted)} in units of 8 (dealt out to the lanes).",
            rows == 1 ? "each once" : $"each once for {rows} rows",
            rows == 1
                ? "one row: the time is that of reading the weights, in loads of 16 bytes, several under way"
                : $"few rows: {rows} at a time use each weight that is read");
        Entry(name, Stored, lanes: true, notes, () =>
        {
            Body.Write("ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);");
            Body.Write($"ArrayView<Float4> staged = SharedMemory.Allocate<Float4>({Names.Literal(2 * rows * slice)});");
            string first = rows == 1 ? "" : $"{Names.Literal(rows)} * Grid.IdxY, ";
            Body.Write($"{unit}{TypeArguments(Stored, lanes: true)}(Grid.IdxX, sizes.Value, {first}args, staged, scratch);");
        });
    }

    private string[] UnitParameters(int rows) =>
    [
        "int unit", "GpuSizes size", .. rows == 1 ? Array.Empty<string>() : ["int firstRow"], ArgumentsParameter,
        "ArrayView<Float4> staged", "ArrayView<float> scratch",
    ];

    private void EmitRowsBody(ColumnPlan column, int rows, int slice, bool isWhole)
    {
        string length = Scope.Length(sweep.Contracted);
        Body.Write("int team = TLanes.Team(Group.DimX), lane = Group.IdxX % team;");
        Body.Write("int pair = unit * (Group.DimX / team) + Group.IdxX / team;");
        DeclarePairs(column);
        Body.Write($"int length = {length}, stride8 = Stored.Stride8(length);");
        Body.Write("int first = pairs.First(pair) * stride8, second = pairs.Second(pair) * stride8;");
        string type = rows == 1 ? "float" : "Float4", zero = rows == 1 ? "0" : "default";
        if (sweep.Norm is not null)
            Body.Write($"{type} squares = {zero};");
        foreach (SegmentPlan segment in column.Segments)
            Body.Write($"{type} {SumOf(segment, 0)} = {zero}, {SumOf(segment, 1)} = {zero};");
        if (rows > 1)
        {
            Body.Gap();
            Body.Write("// Rows past the last are the last again, and are not stored.");
            Body.Write($"int lastRow = {RowCount} - 1, row0 = firstRow;");
            foreach (string row in Each(rows).Skip(1))
                Body.Write($"int row{row} = firstRow + {row} < lastRow ? firstRow + {row} : lastRow;");
        }

        Body.Gap();
        if (isWhole)
        {
            EmitSlice(column, rows, slice, "0", "stride8");
        }
        else
        {
            using (Body.Open($"for (int from = 0; from < stride8; from += {Names.Literal(slice)})"))
            {
                Body.Write($"int count = stride8 - from < {Names.Literal(slice)} ? stride8 - from : {Names.Literal(slice)};");
                EmitSlice(column, rows, slice, "from", "count");
            }

            Body.Gap();
        }

        EmitRowsEnd(column, rows);
    }

    private static string[] Each(int rows) => rows == 1 ? [""] : [.. Enumerable.Range(0, rows).Select(Names.Literal)];

    /// <summary>The local with a segment's sums of the first feature (0) or the second (1): a float, or four of four rows.</summary>
    private string SumOf(SegmentPlan segment, int which) => Local(Scope, segment) + "Sum" + (which == 0 ? "First" : "Second");

    /// <summary>One row's value of such a local.</summary>
    private static string Of(string row) => row.Length == 0 ? "" : "." + "XYZW"[row[0] - '0'];

    /// <summary>Where a staged row begins: behind two planes of each row before it.</summary>
    private static string StartOf(string row, int plane) =>
        row.Length == 0 ? "0" : Names.Literal(2 * plane * int.Parse(row, System.Globalization.CultureInfo.InvariantCulture));

    private void EmitSlice(ColumnPlan column, int rows, int plane, string from, string count)
    {
        string load = "StagedRows.Load" + (rows == 1 ? "" : "Four"), where = rows == 1 ? "0" : "row0, row1, row2, row3";
        string start = $"{Buffer(sweep.Input)}, {where}, length, ", last = $"staged, {Names.Literal(plane)});";
        if (sweep.Norm is null)
            Body.Write($"{load}({start}{from}, {count}, {last}");
        else if (rows == 1)
            Body.Write($"squares += {load}Scaled({start}{Vector(sweep.Norm.Norm.GainName)}, {from}, {count}, {last}");
        else
            Body.Write($"squares = {load}Scaled(", $"{start}{Vector(sweep.Norm.Norm.GainName)}, {from}, {count}, squares, {last}");
        Body.Write("Lanes.Barrier();");
        Body.Gap();
        int steps = Math.Max(1, LoadsInFlight / (2 * column.Segments.Count));
        Body.Write("int at = lane;");
        if (steps > 1)
        {
            string furthest = steps == 2 ? "team" : $"{Names.Literal(steps - 1)} * team";
            using (Body.Open($"for (; at + {furthest} < {count}; at += {Names.Literal(steps)} * team)"))
                EmitProducts(column, rows, steps, plane, from);
            Body.Gap();
        }

        using (Body.Open($"for (; at < {count}; at += team)"))
            EmitProducts(column, rows, 1, plane, from);
        Body.Gap();
        Body.Write("Lanes.Barrier();");
    }

    /// <summary>All loads of the weights come first, so that they are under way together.</summary>
    private void EmitProducts(ColumnPlan column, int rows, int steps, int plane, string from)
    {
        string start = from == "0" ? "" : from + " + ";
        string[] ahead = [.. Enumerable.Range(0, steps).Select(step => step switch
        {
            0 => "at",
            1 => "at + team",
            _ => $"at + {Names.Literal(step)} * team",
        })];
        for (int step = 0; step < steps; step++)
        {
            foreach (SegmentPlan segment in column.Segments)
            {
                string weights = Weight(segment.Param, sweep.Contracted), type = TypeParameter(segment.Param);
                string local = $"{Local(Scope, segment)}Weights{Names.Literal(step)}";
                Body.Write($"Float8 {local}First = {type}.Load8({weights}, first + {start}{ahead[step]});");
                Body.Write($"Float8 {local}Second = {type}.Load8({weights}, second + {start}{ahead[step]});");
            }
        }

        for (int step = 0; step < steps; step++)
        {
            var staged = new List<string>();
            foreach (string row in Each(rows))
            {
                string x = "x" + Names.Literal(step) + (row.Length == 0 ? "" : "Row" + row), begin = StartOf(row, plane);
                string place = begin == "0" ? ahead[step] : $"{begin} + {ahead[step]}";
                Body.Write($"Float8 {x} = StagedRows.Load8(staged, {place}, {Names.Literal(plane)});");
                staged.Add(x);
            }

            foreach (SegmentPlan segment in column.Segments)
            {
                string local = $"{Local(Scope, segment)}Weights{Names.Literal(step)}";
                for (int which = 0; which < 2; which++)
                {
                    string sum = SumOf(segment, which), weights = local + (which == 0 ? "First" : "Second");
                    Body.Write($"{sum} = StagedRows.Add8({sum}, {weights}, {string.Join(", ", staged)});");
                }
            }
        }
    }

    private void EmitRowsEnd(ColumnPlan column, int rows)
    {
        foreach (string row in Each(rows))
        {
            string scale = "";
            if (sweep.Norm is not null)
            {
                scale = $" * norm{row}";
                Body.Write($"float norm{row} = StagedRows.Norm(squares{Of(row)}, length, {Setting(sweep.Norm.Norm.Epsilon)}, scratch);");
            }

            foreach (SegmentPlan segment in column.Segments)
            {
                for (int which = 0; which < 2; which++)
                {
                    string sum = SumOf(segment, which) + Of(row);
                    Body.Write($"{sum} = TLanes.Sum({sum}, scratch){scale};");
                }
            }
        }

        string guard = "lane == 0 && pair < pairs.Count";
        string Call(string row) =>
            PairCall(column, rows == 1 ? "0" : "row" + row, "pair", (segment, which) => SumOf(segment, which) + Of(row));
        if (rows == 1)
        {
            Body.Write($"if ({guard})", Call(""));
            return;
        }

        using (Body.Open($"if ({guard})"))
        {
            Body.Write(Call("0"));
            foreach (string row in Each(rows).Skip(1))
                Body.Write($"if (firstRow + {row} <= lastRow)", Call(row));
        }
    }
}
