using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>What becomes of the products: every kernel of a sweep calls the same method with the sums of a pair of features.</summary>
internal sealed partial class GpuSweepEmitter
{
    private static string PairMethod(string kernel, string suffix) => $"{kernel}Pair{suffix}";

    /// <summary>The call of a column's epilogue.</summary>
    /// <param name="column">The column.</param>
    /// <param name="row">The row, an expression.</param>
    /// <param name="pair">The pair of features, an expression.</param>
    /// <param name="sum">The sum of a segment, of the first feature (0) or the second (1) of the pair.</param>
    private string PairCall(ColumnPlan column, string row, string pair, Func<SegmentPlan, int, string> sum)
    {
        IEnumerable<string> sums = column.Segments.SelectMany(segment => new[] { sum(segment, 0), sum(segment, 1) });
        return $"{PairMethod(sweep.Name, Suffix(column))}{TypeArguments(OperandsOf(column), lanes: false)}"
            + $"(size, {row}, {pair}, {string.Join(", ", sums)}, args);";
    }

    private void EmitEpilogue(ColumnPlan column)
    {
        string[] names = [.. column.Segments.Select(segment => Local(Scope, segment))];
        string made = string.Join(", ", column.Segments.Select(segment => NameOf(segment.Value)));
        string method = PairMethod(sweep.Name, Suffix(column));
        string[] Parameters(string place, params string[] which) =>
        [
            "GpuSizes size", "int row", place,
            .. names.SelectMany(name => which.Select(each => $"float {name}Sum{each}")), ArgumentsParameter,
        ];
        if (IsTurned(column))
        {
            Function($"private static void {method}", OperandsOf(column), lanes: false, Parameters("int pair", "First", "Second"),
                $"What follows the products of {made}: the two features of a head that are turned together.", () => EmitTurned(column));
            return;
        }

        string feature = $"{sweep.Name}Feature{Suffix(column)}", types = TypeArguments(OperandsOf(column), lanes: false);
        Function($"private static void {feature}", OperandsOf(column), lanes: false, Parameters("int feature", ""),
            $"What follows the products of {made}: one feature of one row.", () => EmitFeature(column));
        Function($"private static void {method}", OperandsOf(column), lanes: false, Parameters("int pair", "First", "Second"),
            $"What follows the products of {made}: two features of one row.", () =>
            {
                string Sums(string which) => string.Join(", ", names.Select(name => $"{name}Sum{which}"));
                Body.Write($"{feature}{types}(size, row, 2 * pair, {Sums("First")}, args);");
                Body.Write($"if (2 * pair + 1 < {Scope.Length(column.Features)})",
                    $"{feature}{types}(size, row, 2 * pair + 1, {Sums("Second")}, args);");
            });
    }

    private static string NameOf(string value) => value == BufferPlan.ResultName ? "the result" : value;

    private Spot Number(ColumnPlan column, string feature, Dictionary<string, string>? rows = null) => new(
        "row", feature, column.Features, Scope.Product(column.Features), rows ?? new Dictionary<string, string>(StringComparer.Ordinal));

    private void EmitFeature(ColumnPlan column)
    {
        Spot spot = Number(column, "feature");
        foreach (SegmentPlan segment in column.Segments)
            EmitSegment(column, segment, [("", spot)], "feature / ");
    }

    private void EmitTurned(ColumnPlan column)
    {
        RotateOperation rotate = Turn(column);
        string size = Scope.Axis(rotate.Axis), rope = Rope(rotate);
        Body.Write($"int half = {size} / 2, head = pair / half, turn = pair - head * half;");
        Body.Write($"int first = head * {size} + turn * {rope}.PairStride, second = first + {rope}.PairOffset;");
        Body.Write($"turn += {Packed}.Position[row] * half;");
        Body.Write($"float cosine = {rope}.Cosines[turn], sine = {rope}.Sines[turn];");
        Spot left = Number(column, "first"), right = Number(column, "second", left.Rows);
        foreach (SegmentPlan segment in column.Segments)
            EmitSegment(column, segment, [("First", left), ("Second", right)], "first / ");
    }

    /// <summary>A segment's modifiers on its sums, and where they go.</summary>
    /// <param name="column">The column.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="places">The endings of the sums' names, and where the sums lie.</param>
    /// <param name="headOf">The expression of the feature's head, but for the size.</param>
    private void EmitSegment(ColumnPlan column, SegmentPlan segment, (string Which, Spot Spot)[] places, string headOf)
    {
        string sum = Local(Scope, segment) + "Sum";
        foreach (Operation operation in Done(column, segment))
        {
            if (operation is RotateOperation)
            {
                Body.Write($"float {sum}Turned = {sum}First * cosine - {sum}Second * sine;");
                Body.Write($"{sum}Second = {sum}Second * cosine + {sum}First * sine;\n{sum}First = {sum}Turned;");
                continue;
            }

            foreach ((string which, Spot spot) in places)
            {
                EmitElement(operation, sum + which, spot, other =>
                    Beside(column, other) is { } beside ? $"{Local(Scope, beside)}Sum{which}" : null);
            }
        }

        string features = Scope.Product(column.Features);
        if (segment.Output is not null)
        {
            foreach ((string which, Spot spot) in places)
                Body.Write($"{Buffer(segment.Output)}[row * {features} + {spot.Feature}] = {sum}{which};");
        }

        if (segment.Append is null)
            return;
        (EquatableArray<string> headAxes, string sizeAxis) = CacheAxes(segment.Append);
        string size = Scope.Axis(sizeAxis), heads = Scope.Product(headAxes), line = Local(Scope, segment) + "Line";
        List<string> slots = Caches(segment.Append);
        for (int i = 0; i < slots.Count; i++)
        {
            string at = line + (i == 0 ? "" : Names.Literal(i + 1));
            string place = $"((long){Packed}.Sequence[row] * {heads} + {headOf}{size}) * {slots[i]}.Capacity";
            Body.Write($"long {at} = {place} + {Packed}.Position[row];");
            foreach ((string which, Spot spot) in places)
                Body.Write($"{slots[i]}.Memory[{at} * {size} + {spot.Feature} % {size}] = {sum}{which};");
        }
    }
}
