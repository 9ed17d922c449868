using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>The first part of a batch norm that trains.</summary>
internal sealed record StatisticsPlan(string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, BatchNormPlan Of)
    : KernelPlan(Name, Rows, Operations);

/// <summary>
/// Mean and variance of each feature over the batch, a group of lanes a feature, and the factor and the summand that they make. The host reads
/// the statistics back, and moves the running ones when the call has succeeded.
/// </summary>
internal sealed class GpuStatisticsEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, StatisticsPlan statistics)
    : GpuKernelEmitter(plan, method, sizes, statistics)
{
    private BatchNormOperation Norm => statistics.Of.Norm;

    private EquatableArray<string> Features => Norm.Gain.Axes;

    private EquatableArray<string> InputRows => Method.RowsOf(Norm.Axes);

    private List<string> Axes => [.. Norm.Axes.Select(Name)];

    /// <summary>Whether rows are one axis, whatever they are made of.</summary>
    private bool IsByRows => !InputRows.Any(Features.Contains);

    private IEnumerable<string> Over => Axes.Skip(IsByRows ? InputRows.Count : 0).Where(axis => !Features.Contains(axis));

    private IEnumerable<string> Stored => ParamsOfNorm.Where(IsMatrix).Select(static operand => operand.Name);

    private IEnumerable<Operand> ParamsOfNorm => [Norm.Gain, Norm.Bias];

    public override IReadOnlyList<GpuResidentStep> Resident => [];

    public override bool CanStay => false;

    protected override void EmitLaunches(CodeWriter writer)
    {
        IEnumerable<string> counts = (IsByRows ? [Scope.RowCount(InputRows)] : Array.Empty<string>()).Concat(Over.Select(HostExtent));
        string count = counts.Any() ? "(long)" + string.Join(" * ", counts) : "1L", local = ArgumentsLocal + "Count";
        writer.Write($"long {local} = {count};");
        using (writer.Open($"if ({local} > 0)"))
        {
            writer.Write($"{Loaded(Kernel.Name)}.Launch(session.Stream, {HostExtents(Features)}, 1, _sizes, {ArgumentsLocal});");
            string mean = Scope.Value(statistics.Of.Mean!), variance = Scope.Value(statistics.Of.Variance!);
            writer.Write($"session.Keep(model.{Norm.Gain.Name}, model.{Norm.Mean.Name}, model.{Norm.Variance.Name}, model.{Norm.Momentum!.Property}, "
                + $"{local}, {mean}, {variance});");
        }
    }

    protected override void EmitKernels()
    {
        var notes = new KernelNotes(
            $"{Dots(Features)} (a group of lanes each), the batch (dealt out to the lanes), twice.",
            $"4·{Dots(Axes)}", $"8·{Dots(Axes)}, read", "statistics of a feature need all of the batch.");
        Entry(Kernel.Name, Stored, lanes: false, notes, () =>
        {
            Body.Write("ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);");
            Body.Write("int feature = Grid.IdxX;");
            List<string> layout = IsByRows ? [.. Axes.Skip(InputRows.Count)] : Axes;
            Loop At(string axis) => new(axis, Extent(axis), Stride(layout, axis));
            string first = TakeApart("feature", [.. Features.Select(At)]);
            List<Loop> over = [.. Over.Select(At)];
            if (IsByRows)
            {
                string rows = Scope.RowCount(InputRows);
                over.Insert(0, new Loop("row", Field("int", rows, rows, $"Rows ({Names.Join(InputRows)})."), Product(layout)));
            }

            Body.Write($"int from = {first}, count = {Count(over)};");
            string input = Buffer(statistics.Of.Input);
            Body.Write("float sum = 0, squares = 0;");
            const string Each = "for (int i = Group.IdxX; i < count; i += Group.DimX)";
            using (Body.Open(Each))
                Body.Write($"sum += {input}[from + {TakeApart("i", over)}];");
            Body.Gap();
            Body.Write("float mean = GroupReduce.Sum(sum, scratch) / count;");
            using (Body.Open(Each))
            {
                string at = TakeApart("i", over);
                Body.Write($"float x = {input}[from + {at}] - mean;\nsquares += x * x;");
            }

            Body.Gap();
            Body.Write("float variance = GroupReduce.Sum(squares, scratch) / count;");
            using (Body.Open("if (Group.IdxX == 0)"))
            {
                Body.Write($"float factor = {ParamAt(Norm.Gain, "feature")} / MathF.Sqrt(variance + {Setting(Norm.Epsilon)});");
                Body.Write($"{Buffer(statistics.Of.Factor)}[feature] = factor;");
                Body.Write($"{Buffer(statistics.Of.Summand)}[feature] = {ParamAt(Norm.Bias, "feature")} - mean * factor;");
                Body.Write($"{Buffer(statistics.Of.Mean!)}[feature] = mean;\n{Buffer(statistics.Of.Variance!)}[feature] = variance;");
            }
        });
    }
}
