using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Matrix-matrix on tensor cores, CUDA only, for weights that are all bf16. Activations are normalised and rounded once, by a kernel of its
/// own, so that both operands can be copied to shared memory as they lie.
/// </summary>
internal sealed partial class GpuSweepEmitter
{
    // Values that end so get another name, so that none is called this.
    private const string ActivationsField = "tensorRows", AddressField = "tensorRowsAddress";

    // A warp makes 64 rows by a quarter of the tile's features: four times 16 rows, and this many times 8 features of all segments.
    private const int RowFragments = 4, FeatureFragments = 4;

    /// <summary>Whether the kernel is written at all: a lane's sums of more weights than this do not fit its registers.</summary>
    private bool HasTensor => sweep.Columns.All(column => column.Segments.Count <= FeatureFragments);

    /// <summary>The packed activations: two bytes a value.</summary>
    public override string ScratchFloats => HasTensor ? $"{HostRowCount} * Stored.Stride8({HostLength}) * 4" : "0";

    private string HostLength => string.Join(" * ", sweep.Contracted.Select(HostSize));

    /// <summary>Fragments of eight features that a warp makes of each segment.</summary>
    private static int FragmentsOf(ColumnPlan column) => column.Segments.Count switch { 1 => 4, 2 => 2, _ => 1 };

    /// <summary>Features of a tile.</summary>
    private static int TensorFeatures(ColumnPlan column) => 32 * FragmentsOf(column);

    private void EmitTensor()
    {
        string name = sweep.Name + "Tensor", unit = name + "Unit", pack = sweep.Name + "Activations";
        string packed = Field(
            "ArrayView<UInt4>", ActivationsField, "session.Scratch.Cast<UInt4>()",
            "The activations as bf16, in units of 8, for tensor cores.");
        Field("long", AddressField, "session.ScratchAddress", "Where they are.");
        foreach (string param in Weights.Distinct())
        {
            Field("long", Address(param), MatrixField(param, sweep.Contracted) + ".Address", $"Where {param} is.");
        }

        foreach (ColumnPlan column in sweep.Columns)
        {
            EmitFragment(column);
            string made = string.Join(", ", column.Segments.Select(segment => NameOf(segment.Value)));
            Function($"private static void {unit}{Suffix(column)}", OperandsOf(column), lanes: false, TensorParameters,
                $"A tile of {made}.", () => EmitTensorBody(column));
        }

        IEnumerable<string> operands = sweep.Columns.SelectMany(OperandsOf);
        KernelNotes packing = Notes(
            "rows (a group of lanes each), units of 8 values.", "none",
            "what tensor cores read is rounded to bf16 once, before many tiles read it");
        Entry(pack, [], lanes: false, packing, () =>
        {
            string input = $"{Buffer(sweep.Input)}, Grid.IdxX, length";
            Body.Write($"int length = {Scope.Length(sweep.Contracted)};");
            if (sweep.Norm is null)
            {
                Body.Write($"TensorCores.Pack({input}, {packed});");
                return;
            }

            string gain = Vector(sweep.Norm.Norm.GainName), epsilon = Setting(sweep.Norm.Norm.Epsilon);
            Body.Write("ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);");
            Body.Write($"TensorCores.PackNormed({input}, {gain}, {epsilon}, {packed}, scratch);");
        });
        KernelNotes notes = Notes(
            $"tiles of 128 rows × output features (a group each), {Dots(sweep.Contracted)} in steps of 32, copied two steps ahead.",
            "each once for 128 rows", "many rows on tensor cores: bf16 by bf16, sums in f32");
        Entry(name, operands, lanes: false, notes, () =>
        {
            Body.Write("ArrayView<UInt4> shared = SharedMemory.Allocate<UInt4>(TensorCores.SharedUnits);");
            Body.Write("int unit = Grid.IdxX, address = TensorCores.Address(shared), firstRow = Grid.IdxY * TensorCores.Rows;");
            string arguments = "sizes.Value, firstRow, args, address";
            List<ColumnPlan> columns = [.. sweep.Columns];
            for (int i = 0; i < columns.Count; i++)
            {
                string call = $"{unit}{Suffix(columns[i])}{TypeArguments(OperandsOf(columns[i]), lanes: false)}(unit, {arguments});";
                if (columns.Count == 1)
                    Body.Write(call);
                else
                    EmitTensorBranch(columns, i, call);
            }
        });
    }

    /// <summary>Where the device, the weights' format and the sizes allow it: activations first, then the product.</summary>
    private void EmitTensorLaunch(CodeWriter writer)
    {
        string tensor = Loaded(sweep.Name + "Tensor"), pack = Loaded(sweep.Name + "Activations");
        IEnumerable<string> formats = Weights.Distinct()
            .Select(param => $" && {MatrixField(param, sweep.Contracted)}.Format == WeightFormat.BF16");
        string length = sweep.Contracted.Count == 1 ? HostLength : $"({HostLength})";
        using (writer.Open($"else if ({tensor}.IsLoaded && {length} % 16 == 0{string.Concat(formats)})"))
        {
            IEnumerable<string> groups = sweep.Columns.Select(column =>
                $"Tiles.Parts({string.Join(" * ", column.Features.Select(HostSize))}, {Names.Literal(TensorFeatures(column))})");
            writer.Write($"int groups = {string.Join("\n    + ", groups)};");
            writer.Write($"{pack}.Launch(session.Stream, {HostRowCount}, 1, _sizes, {ArgumentsLocal});");
            string down = $"Tiles.Parts({HostRowCount}, TensorCores.Rows)";
            writer.Write($"{tensor}.Launch(session.Stream, groups, {down}, _sizes, {ArgumentsLocal}, TensorCores.Lanes);");
        }
    }

    private void EmitTensorBranch(List<ColumnPlan> columns, int i, string call)
    {
        if (i == columns.Count - 1)
        {
            Body.Write("else", call);
            return;
        }

        // Columns one after the other, as in the dispatch of the other kernels, but each with tiles of its own width.
        IEnumerable<string> groups = columns.Take(i + 1).Select(column =>
            $"Tiles.Parts({Scope.Length(column.Features)}, {Names.Literal(TensorFeatures(column))})");
        Body.Write($"{(i == 0 ? "" : "else ")}if (unit < {string.Join(" + ", groups)})", call);
    }

    private static string Address(string param) => param + "Address";

    private string[] TensorParameters => ["int unit", "GpuSizes size", "int firstRow", ArgumentsParameter, "int address"];

    /// <summary>What follows the sums of one fragment: a pair of features of two rows.</summary>
    private void EmitFragment(ColumnPlan column)
    {
        string[] names = [.. column.Segments.Select(segment => Local(Scope, segment))];
        string[] parameters =
        [
            "GpuSizes size", "int row", "int pair", .. names.Select(name => $"Float4 {name}Sums"), ArgumentsParameter,
        ];
        Function($"private static void {sweep.Name}Fragment{Suffix(column)}", OperandsOf(column), lanes: false, parameters,
            "What a lane has of a fragment: a pair of features of a row, and of the row 8 further.", () =>
            {
                string Call(string row, string fields) => PairCall(column, row, "pair", (segment, which) =>
                    $"{Local(Scope, segment)}Sums.{fields[which]}");
                string pairs = $"({Scope.Length(column.Features)} + 1) / 2";
                Body.Write($"if (pair < {pairs} && row < {RowCount})", Call("row", "XY"));
                Body.Write($"if (pair < {pairs} && row + 8 < {RowCount})", Call("row + 8", "ZW"));
            });
    }

    private void EmitTensorBody(ColumnPlan column)
    {
        List<SegmentPlan> segments = [.. column.Segments];
        int fragments = FragmentsOf(column), features = TensorFeatures(column);
        DeclareUnit(column);
        DeclarePairs(column);
        Body.Write($"int stride8 = Stored.Stride8({Scope.Length(sweep.Contracted)}), firstPair = unit * {Names.Literal(features / 2)};");
        Body.Gap();
        Body.Write("// A lane copies a chunk of two rows of each tile. Rows past the last are the last again, and are not stored.");
        Body.Write("int chunk = Group.IdxX % 4, near = Group.IdxX / 4, far = near + 64;");
        Body.Write("int copyTo = address + TensorCores.Place(near, chunk);");
        Body.Write($"int lastRow = {RowCount} - 1;");
        string activations = "args." + AddressField;
        foreach (string row in new[] { "near", "far" })
        {
            Body.Write($"int {row}Row = firstRow + {row} < lastRow ? firstRow + {row} : lastRow;");
            Body.Write($"long {row}X = {activations} + 16L * ({row}Row * stride8 + chunk);");
        }

        EmitWeightAddress(segments, features, "near", 0);
        EmitWeightAddress(segments, features, "far", 64);
        Body.Gap();
        Body.Write("// Where a lane's rows for the matrix loads are: those of activations, then those of weights.");
        Body.Write("int lane = Group.IdxX % 32, warp = Group.IdxX / 32, warpRow = warp / 4 * 64, warpFeature = warp % 4;");
        string next = fragments == 1 ? Names.Literal(features) : "8";
        Body.Write("int rowX = warpRow + lane % 16, chunkX = lane / 16;");
        Body.Write($"int rowW = warpFeature * {Names.Literal(8 * fragments)} + lane / 16 * {next} + lane % 8, chunkW = lane / 8 % 2;");
        Body.Write("int fromX = address + TensorCores.Place(rowX, chunkX);");
        Body.Write("int fromXHigh = address + TensorCores.Place(rowX, chunkX + 2);");
        Body.Write("int fromW = address + TensorCores.TileBytes + TensorCores.Place(rowW, chunkW);");
        Body.Write("int fromWHigh = address + TensorCores.TileBytes + TensorCores.Place(rowW, chunkW + 2);");
        Body.Gap();
        foreach (SegmentPlan segment in segments)
        {
            for (int row = 0; row < RowFragments; row++)
            {
                IEnumerable<string> sums = Enumerable.Range(0, fragments).Select(i => SumsOf(segment, row, i) + " = default");
                Body.Write($"Float4 {string.Join(", ", sums)};");
            }
        }

        Body.Gap();
        Body.Write("int steps = Tiles.Parts(stride8, TensorCores.Units), write = 0, read = 0;");
        using (Body.Open("for (int step = -2; step < steps; step++)"))
        {
            Body.Write("// The copies of two steps ahead go where the step before this one was read; the first two rounds only copy.");
            using (Body.Open("if (step >= 0)"))
                Body.Write("TensorCores.WaitForOlder();\nLanes.Barrier();");
            Body.Gap();
            using (Body.Open("if (step + 2 < steps)"))
            {
                Body.Write("int at = TensorCores.RowBytes * (step + 2), to = copyTo + write;");
                Body.Write("bool isInside = TensorCores.Units * (step + 2) + chunk < stride8;");
                Body.Write("TensorCores.Copy(to, nearX + at, isInside);");
                Body.Write("TensorCores.Copy(to + 64 * TensorCores.RowBytes, farX + at, isInside);");
                Body.Write("TensorCores.Copy(to + TensorCores.TileBytes, nearW + at, isInside);");
                Body.Write("TensorCores.Copy(to + TensorCores.TileBytes + 64 * TensorCores.RowBytes, farW + at, isInside);");
            }

            Body.Gap();
            Body.Write("TensorCores.Commit();");
            Body.Write("write = write == 2 * TensorCores.StepBytes ? 0 : write + TensorCores.StepBytes;");
            using (Body.Open("if (step >= 0)"))
            {
                EmitTensorProducts(column, "");
                EmitTensorProducts(column, "High");
                Body.Write("read = read == 2 * TensorCores.StepBytes ? 0 : read + TensorCores.StepBytes;");
            }
        }

        Body.Gap();
        Body.Write($"int row = firstRow + warpRow + lane / 4, pair = firstPair + warpFeature * {Names.Literal(4 * fragments)} + lane % 4;");
        string types = TypeArguments(OperandsOf(column), lanes: false);
        for (int row = 0; row < RowFragments; row++)
        {
            for (int i = 0; i < fragments; i++)
            {
                string where = row == 0 ? "row" : $"row + {Names.Literal(16 * row)}";
                string pair = i == 0 ? "pair" : $"pair + {Names.Literal(4 * i)}";
                string sums = string.Join(", ", segments.Select(segment => SumsOf(segment, row, i)));
                Body.Write($"{sweep.Name}Fragment{Suffix(column)}{types}(size, {where}, {pair}, {sums}, args);");
            }
        }
    }

    private void DeclareUnit(ColumnPlan column)
    {
        foreach (ColumnPlan before in sweep.Columns.TakeWhile(other => other != column))
            Body.Write($"unit -= Tiles.Parts({Scope.Length(before.Features)}, {Names.Literal(TensorFeatures(before))});");
    }

    /// <summary>The address of the weights that a lane copies: a tile's rows are features of the first segment, then the next.</summary>
    private void EmitWeightAddress(List<SegmentPlan> segments, int features, string row, int ahead)
    {
        // The segments that rows `ahead` to `ahead` + 63 belong to; past the last, the last is copied again and not read.
        int last = segments.Count - 1, begin = Math.Min(ahead / features, last), end = Math.Min((ahead + 63) / features, last);
        string which = AddressOf(segments[begin]);
        if (begin != end)
            which = $"({row} < {Names.Literal((begin + 1) * features)} ? {which} : {AddressOf(segments[end])})";
        string slot = features == 128 ? row : $"{row} % {Names.Literal(features)}";
        Body.Write($"int {row}Pair = firstPair + {slot} / 2;");
        Body.Write($"int {row}Feature = {row} % 2 == 0 ? pairs.First({row}Pair) : pairs.Second({row}Pair);");
        Body.Write($"long {row}W = {which} + 16L * ({row}Feature * stride8 + chunk);");
    }

    private static string AddressOf(SegmentPlan segment) => "args." + Address(segment.Param);

    private string SumsOf(SegmentPlan segment, int row, int fragment) =>
        Local(Scope, segment) + "Sums" + Names.Literal(row) + Names.Literal(fragment);

    /// <summary>Half a step: 16 values of each row.</summary>
    private void EmitTensorProducts(ColumnPlan column, string half)
    {
        int fragments = FragmentsOf(column), all = fragments * column.Segments.Count, features = TensorFeatures(column);
        for (int i = 0; i < all; i += 2)
        {
            int row = fragments == 1 ? i * features : i / fragments * features + i % fragments * 8;
            Body.Write($"UInt4 w{Names.Literal(i)}{half} = TensorCores.Load(fromW{half} + read{RowsAhead(row)});");
        }

        for (int row = 0; row < RowFragments; row++)
        {
            string x = $"x{Names.Literal(row)}{half}";
            Body.Write($"UInt4 {x} = TensorCores.Load(fromX{half} + read{RowsAhead(16 * row)});");
            for (int i = 0; i < all; i++)
            {
                string sums = SumsOf(column.Segments[i / fragments], row, i % fragments), w = $"w{Names.Literal(i / 2 * 2)}{half}";
                Body.Write($"{sums} = TensorCores.Add({sums}, {x}, {(i % 2 == 0 ? $"{w}.X, {w}.Y" : $"{w}.Z, {w}.W")});");
            }
        }
    }

    private static string RowsAhead(int rows) => rows == 0 ? "" : $" + {Names.Literal(rows)} * TensorCores.RowBytes";
}
