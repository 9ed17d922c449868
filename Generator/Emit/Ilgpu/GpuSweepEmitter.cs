using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Activations against the rows of weights, as three kernels that the host chooses among by the number of rows: for one row and for a few,
/// where the time is that of reading the weights, and for many, where it is the arithmetic's.
/// </summary>
internal sealed partial class GpuSweepEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, SweepPlan sweep)
    : GpuKernelEmitter(plan, method, sizes, sweep)
{
    // Up to so many rows the weights are read anew for each block of four, which costs less than tiles that are mostly empty.
    private const int FewRows = 16;

    /// <summary>Why this backend has no kernel for a sweep, or null.</summary>
    public static string? WhyNot(SweepPlan sweep)
    {
        foreach (ColumnPlan column in sweep.Columns)
        {
            if (column.Segments.Count > 8)
                return "more than eight weights are read together, and a group has no shared memory for their tiles";
            IEnumerable<RotateOperation> turns = column.Segments.SelectMany(segment => segment.Epilogue).OfType<RotateOperation>();
            if (turns.Select(rotate => rotate.Rope).Distinct().Count() > 1)
                return "values that are computed together are turned by different settings";
        }

        return null;
    }

    /// <summary>
    /// A norm that must be known before the first product, as a kernel of its own: one that takes the mean off, or whose gain is no vector of
    /// the whole row. (The sum of squares is gathered beside the products.)
    /// </summary>
    public static NormPlan? NormBefore(SweepPlan sweep) =>
        sweep.Norm is not { } prologue
            || prologue.Norm is { Kind: NormKind.Rms, Bias: null, Gain: { Kind: OperandKind.Param, Axes.Count: 1 } gain } && gain.Axes == sweep.Contracted
            ? null
            : new NormPlan(
                sweep.Name + "Norm", sweep.Rows, ((EquatableArray<Operation>)[prologue.Norm]), prologue.Norm, sweep.Input, [], prologue.Shared);

    /// <summary>The sweep without a norm that was computed before it.</summary>
    public static SweepPlan After(SweepPlan sweep, NormPlan norm) => sweep with
    {
        Norm = null, Input = norm.Output, Operations = sweep.Operations.Where(operation => operation != norm.Norm).ToEquatable(),
    };

    /// <summary>What the sweep leaves to do, in order: each on the buffer that it wrote, or on the cache.</summary>
    public static IEnumerable<KernelPlan> Finishes(SweepPlan sweep)
    {
        foreach (ColumnPlan column in sweep.Columns)
        {
            foreach (SegmentPlan segment in column.Segments)
            {
                EquatableArray<Operation> rest = Rest(column, segment).ToEquatable();
                string name = sweep.Name + "Finish" + Casing.Pascal(segment.Value);
                if (rest.Count > 0 && segment.Output is { } output)
                    yield return new MapPlan(name, sweep.Rows, rest, output, rest, output);
                else if (rest.Count > 0 && segment.Append is { } append)
                    yield return new FinishPlan(name, sweep.Rows, rest, append);
            }
        }
    }

    /// <summary>The end of an epilogue that a tile cannot do: a softmax or a norm, or what reads a value that is not finished.</summary>
    private static List<Operation> Rest(ColumnPlan column, SegmentPlan segment) => [.. segment.Epilogue.SkipWhile(operation =>
        operation is not (SoftmaxOperation or NormOperation)
        && !(operation is BinaryOperation binary && Beside(column, binary.Other) is { } other && Rest(column, other).Count > 0))];

    private static IEnumerable<Operation> Done(ColumnPlan column, SegmentPlan segment) =>
        segment.Epilogue.Take(segment.Epilogue.Count - Rest(column, segment).Count);

    /// <summary>The segment of the column that makes an operand, or null.</summary>
    private static SegmentPlan? Beside(ColumnPlan column, Operand operand) => operand.Kind == OperandKind.Value
        ? column.Segments.FirstOrDefault(segment => segment.Value == operand.Name)
        : null;

    private static bool IsTurned(ColumnPlan column) =>
        column.Segments.Any(segment => Done(column, segment).Any(operation => operation is RotateOperation));

    private static RotateOperation Turn(ColumnPlan column) =>
        column.Segments.SelectMany(segment => Done(column, segment)).OfType<RotateOperation>().First();

    /// <summary>Names of a column end in what it makes, where there is more than one.</summary>
    private string Suffix(ColumnPlan column) =>
        sweep.Columns.Count == 1 ? "" : Casing.Pascal(column.Segments[column.Segments.Count - 1].Value);

    private static string Local(Scope scope, SegmentPlan segment) => scope.Value(segment.Value).TrimStart('@');

    private IEnumerable<string> Weights => sweep.Columns.SelectMany(WeightsOf);

    private static IEnumerable<string> WeightsOf(ColumnPlan column) => column.Segments.Select(segment => segment.Param);

    /// <summary>Matrices that an epilogue reads: their formats are type parameters too.</summary>
    private static IEnumerable<string> OperandsOf(ColumnPlan column) =>
        MatricesOf(column.Segments.SelectMany(segment => Done(column, segment)));

    private IEnumerable<string> Stored => Weights.Concat(sweep.Columns.SelectMany(OperandsOf));

    private static IEnumerable<string> StoredOf(ColumnPlan column) => WeightsOf(column).Concat(OperandsOf(column));

    private static string TypeArguments(IEnumerable<string> stored, bool lanes)
    {
        string list = string.Join(", ", stored.Distinct().Select(TypeParameter).Concat(lanes ? ["TLanes"] : []));
        return list.Length == 0 ? "" : $"<{list}>";
    }

    private string ArgumentsParameter => $"GpuArguments.{ArgumentsType} args";

    protected override void EmitKernels()
    {
        foreach (ColumnPlan column in sweep.Columns)
            EmitEpilogue(column);
        EmitRows(1);
        EmitRows(4);
        EmitTiles();
        if (HasTensor)
            EmitTensor();
    }

    public override IReadOnlyList<GpuResidentStep> Resident =>
        [new(sweep.Name + "RowUnit", Stored.Distinct().ToEquatable(), Lanes: true, "staged, scratch", Groups)];

    protected override void EmitLaunches(CodeWriter writer)
    {
        string row = Loaded(sweep.Name + "Row"), rows = Loaded(sweep.Name + "Rows"), tiles = Loaded(sweep.Name + "Tiles");
        using (writer.Open($"if ({HostRowCount} == 1)"))
        {
            EmitGroups(writer, $"2 * {row}.Teams");
            writer.Write($"{row}.Launch(session.Stream, groups, 1, _sizes, {ArgumentsLocal});");
        }

        using (writer.Open($"else if ({HostRowCount} <= {Names.Literal(FewRows)})"))
        {
            EmitGroups(writer, $"2 * {rows}.Teams");
            writer.Write($"{rows}.Launch(session.Stream, groups, Tiles.Parts({HostRowCount}, 4), _sizes, {ArgumentsLocal});");
        }

        if (HasTensor)
            EmitTensorLaunch(writer);
        using (writer.Open("else"))
        {
            EmitGroups(writer, $"Tiles.Features({tiles}.Lanes)");
            string down = $"Tiles.Parts({HostRowCount}, Tiles.Rows({tiles}.Lanes))";
            writer.Write($"{tiles}.Launch(session.Stream, groups, {down}, _sizes, {ArgumentsLocal});");
        }
    }

    /// <summary>A whole number of groups for every column, each with <c>part</c> features.</summary>
    private string Groups => string.Join("\n    + ", sweep.Columns.Select(column =>
        $"Tiles.Parts({string.Join(" * ", column.Features.Select(HostSize))}, part)"));

    private void EmitGroups(CodeWriter writer, string part)
    {
        writer.Write($"int part = {part}, groups = {Groups};");
    }

    private string OutputDots => string.Join(" + ", sweep.Columns.SelectMany(column => column.Segments.Select(_ => Dots(column.Features))));

    private static string Sum(string terms) => terms.Contains('+') ? $"({terms})" : terms;

    private KernelNotes Notes(string loops, string weights, string why)
    {
        var reasons = new List<string> { why };
        if (sweep.Columns.Sum(column => column.Segments.Count) is > 1 and int count)
            reasons.Add($"{count} weights read the same activations");
        if (sweep.Norm is not null)
            reasons.Add("the sum of squares is gathered while they are loaded, so that the norm costs no launch");
        if (sweep.Columns.SelectMany(column => column.Segments).Any(segment => segment.Epilogue.Count > 0 || segment.Append is not null))
            reasons.Add("what follows a product is done in its registers");
        string outputs = Sum(OutputDots), rows = Dots(sweep.Rows), inner = Dots(sweep.Contracted);
        return new KernelNotes(
            loops, $"2·{rows}·{inner}·{outputs}", $"{inner}·{outputs} weights, {weights}; 4·{rows}·({inner} + {OutputDots}) of activations",
            string.Join("; ", reasons) + ".");
    }

    /// <summary>The value of a contracted size where all its axes are pinned, else null.</summary>
    private int? PinnedLength
    {
        get
        {
            long length = 1;
            foreach (string axis in sweep.Contracted)
            {
                if (Sizes.Literal(axis) is not { } literal)
                    return null;
                length *= int.Parse(literal, System.Globalization.CultureInfo.InvariantCulture);
            }

            return length <= int.MaxValue ? (int)length : null;
        }
    }

    /// <summary>The local <c>pairs</c>: which features a lane makes together.</summary>
    private void DeclarePairs(ColumnPlan column)
    {
        string features = Scope.Length(column.Features);
        Body.Write(IsTurned(column)
            ? $"FeaturePairs pairs = FeaturePairs.Turned({features}, {Scope.Axis(Turn(column).Axis)}, {Rope(Turn(column))});"
            : $"FeaturePairs pairs = FeaturePairs.Neighbours({features});");
    }

    /// <summary>Calls the body of the column that a group belongs to: columns follow each other, each a whole number of groups.</summary>
    /// <param name="prefix">The bodies' names up to the column's.</param>
    /// <param name="each">Features of a group.</param>
    /// <param name="lanes">Whether the bodies have the type parameter TLanes.</param>
    /// <param name="arguments">What follows the unit.</param>
    private void EmitDispatch(string prefix, string each, bool lanes, string arguments)
    {
        List<ColumnPlan> columns = [.. sweep.Columns];
        for (int i = 0; i < columns.Count - 1; i++)
            Body.Write($"int groups{Suffix(columns[i])} = Tiles.Parts({Scope.Length(columns[i].Features)}, {each});");
        for (int i = 0; i < columns.Count; i++)
        {
            string before = i == 0 ? "unit" : $"(unit -= groups{Suffix(columns[i - 1])})";
            string call = $"{prefix}{Suffix(columns[i])}{TypeArguments(StoredOf(columns[i]), lanes)}";
            if (i < columns.Count - 1)
                Body.Write($"{(i == 0 ? "" : "else ")}if ({before} < groups{Suffix(columns[i])})", $"{call}(unit, {arguments});");
            else
                Body.Write("else", $"{call}(unit - groups{Suffix(columns[i - 1])}, {arguments});");
        }
    }
}
