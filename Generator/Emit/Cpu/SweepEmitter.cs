using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>Activations against the rows of weights: units of rows are dealt out to the workers, each row is read once.</summary>
internal sealed class SweepEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, SweepPlan sweep)
    : KernelEmitter(plan, method, sizes, sweep)
{
    protected override string Loops => (sweep.Norm is null ? "" : $"{sweep.Norm.Norm.Name} a row at a time, then ")
        + "units of weight rows (dealt out to the workers), weight rows in register tiles, rows of activations, "
        + Dots(sweep.Contracted) + " innermost.";

    protected override string Flops => $"2·{Dots(sweep.Rows)}·{Dots(sweep.Contracted)}·{Sum(OutputDots)}";

    protected override string Bytes =>
        $"{Dots(sweep.Contracted)}·{Sum(OutputDots)} weights, each once; "
        + $"4·{Dots(sweep.Rows)}·({Dots(sweep.Contracted)} + {OutputDots}) of activations";

    private static string Sum(string terms) => terms.Contains('+') ? $"({terms})" : terms;

    private string OutputDots => string.Join(" + ", sweep.Columns.SelectMany(column => column.Segments.Select(_ => Dots(column.Features))));

    protected override string Why
    {
        get
        {
            var reasons = new List<string>();
            int segments = sweep.Columns.Sum(column => column.Segments.Count);
            if (segments > 1)
                reasons.Add($"{segments} weights read the same activations, which stay in cache for all of them");
            if (sweep.Norm is not null)
                reasons.Add("the norm is only read here");
            if (sweep.Columns.Any(column => column.Segments.Any(segment => segment.Epilogue.Count > 0 || segment.Append is not null)))
                reasons.Add("what follows a product is done while its tile is in cache");
            return reasons.Count == 0 ? "one weight, nothing to group it with." : string.Join("; ", reasons) + ".";
        }
    }

    protected override void EmitBody()
    {
        DeclareRows();
        Body.Write($"if ({RowCount} == 0)", "return;");
        Body.Gap();
        List<ColumnPlan> columns = [.. sweep.Columns];
        List<SegmentPlan> segments = [.. columns.SelectMany(column => column.Segments)];
        foreach (RotateOperation rotate in segments.SelectMany(segment => segment.Epilogue).OfType<RotateOperation>())
            Table(rotate);
        foreach (AppendOperation append in segments.Select(segment => segment.Append).OfType<AppendOperation>())
            CacheSlots(append);
        Parameter("Worker", "worker");
        for (int i = 0; i < columns.Count; i++)
            EmitUnits(columns[i], Suffix(i));

        EmitScratch(columns);
        EmitInput(sweep.Norm is null ? Read(sweep.Input) : EmitPrologue(sweep.Norm), segments);
        string units = string.Join(" + ", columns.Select((_, i) => "units" + Suffix(i)));
        using (Body.Open($"while (worker.NextOfShare({units}, out int unit))"))
        {
            for (int i = 0; i < columns.Count; i++)
            {
                if (columns.Count == 1)
                    EmitColumn(columns[i], Suffix(i));
                else
                    EmitBranch(columns, i);
            }
        }
    }

    private void EmitBranch(List<ColumnPlan> columns, int i)
    {
        string before = i == 0 ? "unit" : $"(unit -= units{Suffix(i - 1)})";
        string head = i == 0 ? $"if (unit < units{Suffix(i)})" : i < columns.Count - 1 ? $"else if ({before} < units{Suffix(i)})" : "else";
        using (Body.Open(head))
        {
            if (i > 0 && i == columns.Count - 1)
                Body.Write($"unit -= units{Suffix(i - 1)};");
            EmitColumn(columns[i], Suffix(i));
        }
    }

    /// <summary>Names of a column end in what it makes, where there is more than one.</summary>
    private string Suffix(int column)
    {
        if (sweep.Columns.Count == 1)
            return "";
        EquatableArray<SegmentPlan> segments = sweep.Columns[column].Segments;
        return Casing.Pascal(segments[segments.Count - 1].Value);
    }

    /// <summary>A unit is a whole run of the innermost axis where an epilogue needs it, else a block of rows of a good size.</summary>
    private void EmitUnits(ColumnPlan column, string suffix)
    {
        if (column.UnitAxis is not null)
        {
            Body.Write($"int units{suffix} = {Scope.Length(column.Features.Take(column.Features.Count - 1))};");
            return;
        }

        string features = Scope.Product(column.Features);
        Body.Write($"int block{suffix} = {Library("Sweep")}.UnitRows({Scope.Length(column.Features)}, worker.Count);");
        Body.Write($"int units{suffix} = ({features} + block{suffix} - 1) / block{suffix};");
    }

    private string UnitLength(ColumnPlan column, string suffix) => column.UnitAxis is null ? "block" + suffix : Scope.Axis(column.UnitAxis);

    private static int TileCount(ColumnPlan column) => column.Segments.Count(segment => segment.Output is null);

    private void EmitScratch(List<ColumnPlan> columns)
    {
        List<string> tiles = [.. columns.Select((column, i) => (column, i)).Where(item => TileCount(item.column) > 0)
            .Select(item => $"{TileTimes(TileCount(item.column))}{UnitLength(item.column, Suffix(item.i))}").Distinct()];
        string tile = tiles.Count == 0 ? "" : $"{RowCount} * {tiles.Aggregate((left, right) => $"Math.Max({left}, {right})")}";
        string normed = sweep.Norm is null ? "" : $"(few ? {RowCount} * {Scope.Product(sweep.Contracted)} : 0)";
        IReadOnlyList<Operand> widened = Widened(sweep.Operations);
        if (sweep.Norm is not null)
        {
            Body.Gap();
            Body.Write("// Few rows are normalised by every worker for itself, which costs less than a barrier; many are shared out.");
            Body.Write($"bool few = {RowCount} <= {Library("Sweep")}.FewRows;");
        }

        string[] scratch = [.. new[] { tile, WidenedLength(widened), normed }.Where(part => part.Length > 0)];
        if (scratch.Length > 0)
            Body.Write($"Span<float> scratch = worker.Scratch({string.Join(" + ", scratch)});");
        EmitWidened(widened, tile);
        if (sweep.Norm is not null)
        {
            string before = string.Join(" + ", scratch.Take(scratch.Length - 1));
            string own = before.Length == 0 ? "scratch" : $"scratch[({before})..]";
            Body.Write($"Span<float> normed = few ? {own} : {Write(sweep.Norm.Shared)};");
        }
    }

    private static string TileTimes(int count) => count == 1 ? "" : Names.Literal(count) + " * ";

    private string EmitPrologue(NormPrologue prologue)
    {
        string row = $"row * {Scope.Product(sweep.Contracted)}, {Scope.Length(sweep.Contracted)}";
        string head = $"for (int row = few ? 0 : worker.Index; row < {RowCount}; row += few ? 1 : worker.Count)";
        string input = $"{Read(sweep.Input)}.Slice({row})", output = $"normed.Slice({row})";
        if (prologue.Norm.Over.Count < sweep.Contracted.Count)
        {
            using (Body.Open(head))
            {
                Body.Write($"ReadOnlySpan<float> from = {input};\nSpan<float> part = {output};");
                EmitNorm(prologue.Norm, "from", "part", sweep.Contracted, isRun: false);
            }
        }
        else
        {
            Body.Write(head, () => EmitNorm(prologue.Norm, input, output, sweep.Contracted, isRun: false));
        }

        Body.Write("if (!few)", "worker.Barrier();");
        return "normed";
    }

    /// <summary>What the products read, ready for the formats of the weights: those are known at run time.</summary>
    private void EmitInput(string input, List<SegmentPlan> segments)
    {
        string weights = string.Join(", ", segments.Select(segment => Member(segment.Param)).Distinct());
        Body.Gap();
        Body.Write($"{Library("SweepInput")} activations = {Library("Sweep")}.Read(worker, {input}, {Scope.Length(sweep.Contracted)}, {RowCount}, {weights});");
    }

    private void EmitColumn(ColumnPlan column, string suffix)
    {
        string features = Scope.Product(column.Features), stride = Scope.Length(column.Features);
        string unit = UnitLength(column, suffix), count = column.UnitAxis is null ? "count" : unit;
        Body.Write($"int first = unit * {unit};");
        if (column.UnitAxis is null)
            Body.Write($"int count = Math.Min({unit}, {features} - first);");
        int tile = 0;
        var tiles = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (SegmentPlan segment in column.Segments)
        {
            string span, step;
            if (segment.Output is not null)
            {
                Body.Write($"Span<float> {Tile(segment)} = {Write(segment.Output)}[first..];");
                (span, step) = (Tile(segment), stride);
            }
            else
            {
                string offset = tile == 0 ? "scratch" : $"scratch[({RowCount} * {TileTimes(tile)}{unit})..]";
                Body.Write($"Span<float> {Tile(segment)} = {offset};");
                (span, step) = (Tile(segment), count);
                tile++;
            }

            Body.Write($"{Library("Sweep")}.Project({Member(segment.Param)}, first, {count}, activations, {span}, {step});");
            tiles[segment.Value] = $"{span}.Slice(row * {(step == stride ? features : step)}, {count})";
            if (segment.Epilogue.Count > 0 || segment.Append is not null)
            {
                using (Body.Open($"for (int row = 0; row < {RowCount}; row++)"))
                {
                    Body.Write($"Span<float> part = {tiles[segment.Value]};");
                    EmitEpilogue(
                        segment.Epilogue, "part", "first", count, column.Features, column.UnitAxis is not null,
                        operand => tiles.TryGetValue(operand.Name, out string? beside) ? beside : null);
                    if (segment.Append is not null)
                    {
                        foreach (string slot in CacheSlots(segment.Append))
                            Body.Write($"{slot}.Append({Packed}.Sequence(row), unit, {Packed}.Position(row), part);");
                    }
                }
            }
        }
    }

    private string Tile(SegmentPlan segment) => Scope.Value(segment.Value).TrimStart('@') + "Tile";
}
