using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Matrix-vector: a team of lanes makes a pair of features, reading its rows of weights from end to end. The rows of activations wait in shared
/// memory, which all teams of the group read.
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
        if (sweep.Norm is not null)
            Body.Write($"float {string.Join(", ", Each(rows).Select(row => $"squares{row} = 0"))};");
        foreach (SegmentPlan segment in column.Segments)
        {
            foreach (string row in Each(rows))
                Body.Write($"float {SumOf(segment, 0, row)} = 0, {SumOf(segment, 1, row)} = 0;");
        }

        if (rows > 1)
        {
            Body.Gap();
            Body.Write("// Rows past the last are the last again, and are not stored.");
            Body.Write($"int lastRow = {RowCount} - 1;");
            foreach (string row in Each(rows))
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

    private string SumOf(SegmentPlan segment, int which, string row) =>
        Local(Scope, segment) + "Sum" + (which == 0 ? "First" : "Second") + row;

    /// <summary>Where a staged row begins: behind two planes of each row before it.</summary>
    private static string StartOf(string row, int plane) =>
        row.Length == 0 ? "0" : Names.Literal(2 * plane * int.Parse(row, System.Globalization.CultureInfo.InvariantCulture));

    private void EmitSlice(ColumnPlan column, int rows, int plane, string from, string count)
    {
        foreach (string row in Each(rows))
        {
            string where = rows == 1 ? "0" : $"row{row}";
            string rest = $"{from}, {count}, staged, {StartOf(row, plane)}, {Names.Literal(plane)});";
            Body.Write(sweep.Norm is null
                ? $"StagedRows.Load({Buffer(sweep.Input)}, {where}, length, {rest}"
                : $"squares{row} += StagedRows.LoadScaled({Buffer(sweep.Input)}, {where}, length, {Vector(sweep.Norm.Norm.Gain.Name)}, {rest}");
        }

        Body.Write("Lanes.Barrier();");
        Body.Gap();
        int steps = Math.Max(1, LoadsInFlight / (2 * column.Segments.Count));
        Body.Write("int at = lane;");
        if (steps > 1)
        {
            string last = steps == 2 ? "team" : $"{Names.Literal(steps - 1)} * team";
            using (Body.Open($"for (; at + {last} < {count}; at += {Names.Literal(steps)} * team)"))
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
            foreach (string row in Each(rows))
            {
                string x = "x" + Names.Literal(step) + (row.Length == 0 ? "" : "_" + row);
                string place = StartOf(row, plane) is var begin && begin == "0" ? ahead[step] : $"{begin} + {ahead[step]}";
                Body.Write($"Float8 {x} = StagedRows.Load8(staged, {place}, {Names.Literal(plane)});");
                foreach (SegmentPlan segment in column.Segments)
                {
                    string local = $"{Local(Scope, segment)}Weights{Names.Literal(step)}";
                    for (int which = 0; which < 2; which++)
                    {
                        string sum = SumOf(segment, which, row);
                        Body.Write($"{sum} = StagedRows.Add8({sum}, {local}{(which == 0 ? "First" : "Second")}, {x});");
                    }
                }
            }
        }
    }

    private void EmitRowsEnd(ColumnPlan column, int rows)
    {
        string scale = "";
        foreach (string row in Each(rows))
        {
            if (sweep.Norm is not null)
            {
                Body.Write($"float norm{row} = StagedRows.Norm(squares{row}, length, {Epsilon(sweep.Norm.Norm.Epsilon)}, scratch);");
                scale = $" * norm{row}";
            }

            foreach (SegmentPlan segment in column.Segments)
            {
                for (int which = 0; which < 2; which++)
                {
                    string sum = SumOf(segment, which, row);
                    Body.Write($"{sum} = TLanes.Sum({sum}, scratch){scale};");
                }
            }
        }

        using (Body.Open("if (lane == 0 && pair < pairs.Count)"))
        {
            foreach (string row in Each(rows))
            {
                string call = PairCall(column, rows == 1 ? "0" : $"row{row}", "pair", (segment, which) => SumOf(segment, which, row));
                if (row.Length == 0 || row == "0")
                    Body.Write(call);
                else
                    Body.Write($"if (firstRow + {row} <= lastRow)", call);
            }
        }
    }
}
