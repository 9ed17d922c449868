using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Matrix-matrix: tiles of activations and of weights in shared memory, four by four sums of each segment in a lane's registers.
/// </summary>
internal sealed partial class GpuSweepEmitter
{
    // Steps of a tile that are written out one after the other.
    private const int TileUnroll = 4;

    private void EmitTiles()
    {
        string name = sweep.Name + "Tiles", unit = name + "Unit";
        foreach (ColumnPlan column in sweep.Columns)
        {
            string made = string.Join(", ", column.Segments.Select(segment => NameOf(segment.Value)));
            Function($"private static void {unit}{Suffix(column)}", StoredOf(column), lanes: false, TileParameters,
                $"A tile of {made}.", () => EmitTileBody(column));
        }

        if (sweep.Columns.Count > 1)
        {
            Function($"internal static void {unit}", Stored, lanes: false, TileParameters, "The tile's column.",
                () => EmitDispatch(unit, "Tiles.Features(Group.DimX)", lanes: false, "size, firstRow, args, x, w, squares"));
        }

        KernelNotes notes = Notes(
            $"tiles of output features × rows (a group each), {Dots(sweep.Contracted)} in steps of 16.",
            "each once for a tile of rows", "many rows: a tile that is read once is used by all lanes of a group");
        Entry(name, Stored, lanes: false, notes, () =>
        {
            int segments = sweep.Columns.Max(column => column.Segments.Count);
            Body.Write("ArrayView<float> x = SharedMemory.Allocate<float>(Tiles.Floats);");
            Body.Write($"ArrayView<float> w = SharedMemory.Allocate<float>({Names.Literal(segments)} * Tiles.Floats);");
            Body.Write("ArrayView<float> squares = SharedMemory.Allocate<float>(Lanes.Max);");
            string types = TypeArguments(Stored, lanes: false);
            Body.Write($"{unit}{types}(Grid.IdxX, sizes.Value, Grid.IdxY * Tiles.Rows(Group.DimX), args, x, w, squares);");
        });
    }

    private string[] TileParameters =>
    [
        "int unit", "GpuSizes size", "int firstRow", ArgumentsParameter,
        "ArrayView<float> x", "ArrayView<float> w", "ArrayView<float> squares",
    ];

    private void EmitTileBody(ColumnPlan column)
    {
        string[] names = [.. column.Segments.Select(segment => Local(Scope, segment))];
        string length = Scope.Length(sweep.Contracted), rows = RowCount;
        Body.Write("int across = Tiles.Across(Group.DimX), laneX = Group.IdxX % across, laneY = Group.IdxX / across;");
        DeclarePairs(column);
        Body.Write($"int firstPair = unit * 2 * across, length = {length};");
        Body.Write("ArrayView<Float4> x4 = x.Cast<Float4>(), w4 = w.Cast<Float4>();");
        if (sweep.Norm is not null)
            Body.Write("float square = 0;");
        Body.Write($"Tile4x4 {string.Join(", ", names.Select(name => name + "Sums = default"))};");
        using (Body.Open("for (int from = 0; from < length; from += Tiles.Step)"))
        {
            string input = $"{Buffer(sweep.Input)}, firstRow, {rows}, length";
            Body.Write(sweep.Norm is null
                ? $"Tiles.Load({input}, from, x);"
                : $"square += Tiles.LoadScaled({input}, {Vector(sweep.Norm.Norm.GainName)}, from, x);");
            for (int i = 0; i < names.Length; i++)
            {
                SegmentPlan segment = column.Segments[i];
                string to = i == 0 ? "w" : $"w.SubView({Times(i, "Floats")}, Tiles.Floats)";
                Body.Write($"Tiles.Load<{TypeParameter(segment.Param)}>("
                    + $"{Weight(segment.Param, sweep.Contracted)}, pairs, firstPair, length, from, {to});");
            }

            Body.Write("Lanes.Barrier();");
            Body.Gap();
            using (Body.Open($"for (int at = 0; at < Tiles.Step * Tiles.Line; at += {Names.Literal(TileUnroll)} * Tiles.Line)"))
            {
                for (int step = 0; step < TileUnroll; step++)
                {
                    string ahead = "at" + (step == 0 ? "" : " + " + Times(step, "Line")), four = "x" + Names.Literal(step);
                    Body.Write($"Float4 {four} = x4[{ahead} + laneY];");
                    for (int i = 0; i < names.Length; i++)
                    {
                        string tile = i == 0 ? "" : Times(i, "Step") + " * Tiles.Line + ";
                        Body.Write($"{names[i]}Sums = Tile4x4.Add({names[i]}Sums, {four}, w4[{tile}{ahead} + laneX]);");
                    }
                }
            }

            Body.Gap();
            Body.Write("Lanes.Barrier();");
        }

        Body.Gap();
        EmitTileEnd(column, names, rows);
    }

    private static string Times(int count, string what) => (count == 1 ? "" : Names.Literal(count) + " * ") + "Tiles." + what;

    private void EmitTileEnd(ColumnPlan column, string[] names, string rows)
    {
        if (sweep.Norm is not null)
        {
            Body.Write("squares[Group.IdxX] = square;\nLanes.Barrier();");
            for (int row = 0; row < 4; row++)
            {
                string at = "4 * laneY" + (row == 0 ? "" : " + " + Names.Literal(row));
                Body.Write($"float norm{Names.Literal(row)} = Tiles.Norm(squares, {at}, length, {Setting(sweep.Norm.Norm.Epsilon)});");
            }

            Body.Write("Lanes.Barrier();");
            Body.Gap();
        }

        Body.Write($"int row = firstRow + 4 * laneY, rows = {rows} - row, pair = firstPair + laneX, next = pair + across;");
        for (int row = 0; row < 4; row++)
        {
            string scale = sweep.Norm is null ? "" : $" * norm{Names.Literal(row)}";
            string where = row == 0 ? "row" : $"row + {Names.Literal(row)}";
            for (int pair = 0; pair < 2; pair++)
            {
                string local = pair == 0 ? "pair" : "next";
                string call = PairCall(column, where, local, (segment, which) =>
                    $"{Local(Scope, segment)}Sums.C{Names.Literal(row)}{Names.Literal(2 * pair + which)}{scale}");
                Body.Write($"if (rows > {Names.Literal(row)} && {local} < pairs.Count)", call);
            }
        }
    }
}
