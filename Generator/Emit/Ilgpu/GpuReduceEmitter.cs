using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// A reduction over any axes: a group of lanes a number where neighbours in memory are reduced, else a lane a number, so that lanes side by
/// side read side by side.
/// </summary>
internal sealed class GpuReduceEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, ReducePlan reduce)
    : GpuKernelEmitter(plan, method, sizes, reduce)
{
    private List<string> From => [.. reduce.Reduce.Input.Axes.Select(Name)];

    private List<string> To => [.. reduce.Reduce.Axes.Select(Name)];

    private List<string> Over => [.. reduce.Reduce.Over.Select(Name)];

    private EquatableArray<string> InputRows => Method.Buffer(reduce.Input).Rows;

    /// <summary>Whether positions are packed, so that there is no plain extent to stride over.</summary>
    private bool IsPacked => Method.Graph.Cache is not null && InputRows == Method.Sequence;

    private bool KeepsRows => reduce.Rows.Count > 0 && InputRows == reduce.Rows && InputRows.SequenceEqual(From.Take(InputRows.Count));

    private bool IsOfGroup => From.Count > 0 && Over.Contains(From[From.Count - 1]);

    private List<string> FromFeatures => [.. From.Skip(InputRows.Count)];

    private List<string> Left => [.. To.Skip(reduce.Rows.Count)];

    private string Unit => Kernel.Name + "Unit";

    private string Outputs
    {
        get
        {
            string rows = KeepsRows ? HostRowCount : !IsPacked ? HostExtents(reduce.Rows) : reduce.Rows.Count == 0 ? "1" : "packed.Sequences";
            return Left.Count == 0 ? rows : $"{rows} * {HostExtents(Left)}";
        }
    }

    private string Units => IsOfGroup ? Outputs : $"Tiles.Parts({Outputs}, session.Device.Lanes)";

    public override IReadOnlyList<GpuResidentStep> Resident => [new(Unit, [], Lanes: false, IsOfGroup ? "scratch" : "", Units)];

    protected override void EmitLaunches(CodeWriter writer) =>
        writer.Write($"{Loaded(Kernel.Name)}.Launch(session.Stream, {Units}, 1, _sizes, {ArgumentsLocal});");

    protected override void EmitKernels()
    {
        List<string> parameters = ["int unit", "GpuSizes size", $"GpuArguments.{ArgumentsType} args"];
        if (IsOfGroup)
            parameters.Add("ArrayView<float> scratch");
        Function("internal static void " + Unit, [], lanes: false, parameters, IsOfGroup ? "One number." : "A number a lane.", EmitUnit);
        string each = IsOfGroup ? "a group of lanes each" : "a lane each", dealt = IsOfGroup ? " (dealt out to the lanes)" : "";
        var notes = new KernelNotes(
            $"{(To.Count == 0 ? "one number" : Dots(To))} ({each}), {Dots(Over)}{dealt}.",
            $"{(reduce.Reduce.Kind == ReductionKind.LogSumExp ? "3·" : "")}{Dots(From)}", $"4·{Dots(From)}, read; 4·{Dots(To)}, written",
            IsPacked && !KeepsRows ? "every sequence has its own number of positions." : "a reduction reads each number once.");
        Entry(Kernel.Name, [], lanes: false, notes, () =>
        {
            if (IsOfGroup)
                Body.Write("ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);");
            Body.Write($"{Unit}(Grid.IdxX, sizes.Value, args{(IsOfGroup ? ", scratch" : "")});");
        });
    }

    private void EmitUnit()
    {
        string input = Buffer(reduce.Input), output = Buffer(reduce.Output), start = "";
        (List<Loop> kept, List<Loop> over) = Loops();
        string element = IsOfGroup ? "unit" : "element";
        if (!IsOfGroup)
        {
            Body.Write("int element = unit * Group.DimX + Group.IdxX;");
            Body.Write($"if (element >= {Count(kept)})", "return;");
            Body.Gap();
        }

        bool ofSequence = IsPacked && !KeepsRows && reduce.Rows.Count > 0;
        string offset = TakeApart(element, kept);
        if (ofSequence)
        {
            string sequence = kept.Count > 1 ? $"{element}_sequence" : element;
            Body.Write($"int first = {Packed}.Offset[{sequence}], positions = {Packed}.Offset[{sequence} + 1] - first;");
            start = $"first * {Product(FromFeatures)} + ";
        }

        Body.Write($"int from = {start}{offset}, count = {Count(over)};");
        string loop = IsOfGroup ? "for (int i = Group.IdxX; i < count; i += Group.DimX)" : "for (int i = 0; i < count; i++)";
        void Each(Func<string, string> statement)
        {
            using (Body.Open(loop))
            {
                string at = TakeApart("i", over);
                Body.Write($"float x = {input}[from + {at}];\n{statement("x")}");
            }

            Body.Gap();
        }

        EmitReduction(Each);
        Body.Write(IsOfGroup ? "if (Group.IdxX == 0)" : "", $"{output}[{element}] = value;");
    }

    private void EmitReduction(Action<Func<string, string>> each)
    {
        switch (reduce.Reduce.Kind)
        {
            case ReductionKind.Sum or ReductionKind.Mean:
                Body.Write("float sum = 0;");
                each(x => $"sum += {x};");
                string sum = IsOfGroup ? "GroupReduce.Sum(sum, scratch)" : "sum";
                Body.Write($"float value = {sum}{(reduce.Reduce.Kind == ReductionKind.Mean ? " / count" : "")};");
                break;
            case ReductionKind.Max:
                EmitLargest(each, "");
                Body.Write("float value = largest;");
                break;
            case ReductionKind.Min:
                EmitLargest(each, "-");
                Body.Write("float value = -largest;");
                break;
            default:
                EmitLargest(each, "");
                Body.Write("float sum = 0;");
                each(x => $"sum += MathF.Exp({x} - largest);");
                if (IsOfGroup)
                    Body.Write("sum = GroupReduce.Sum(sum, scratch);");
                Body.Write("// Relative to the greatest, so that nothing overflows; of infinities it is that.");
                Body.Write("float value = MathF.Abs(largest) == float.PositiveInfinity ? largest : largest + Activation.Log(sum);");
                break;
        }
    }

    // NaN stays, whatever a device's maximum does with it.
    private void EmitLargest(Action<Func<string, string>> each, string sign)
    {
        Body.Write("float largest = float.NegativeInfinity;");
        each(x => $"largest = Order.Greater(largest, {sign}{x});");
        if (!IsOfGroup)
            return;
        Body.Write("float unordered = GroupReduce.Sum(Order.IsNaN(largest) ? 1 : 0, scratch);");
        Body.Write("largest = GroupReduce.Max(largest, scratch);");
        Body.Write("if (unordered > 0)", "largest = float.NaN;");
    }

    private (List<Loop> Kept, List<Loop> Over) Loops()
    {
        List<string> features = FromFeatures;
        string row = Product(features);
        Loop At(IReadOnlyList<string> axes, string axis) => new(axis, Extent(axis), Stride(axes, axis));
        IEnumerable<Loop> left = Left.Select(axis => At(features, axis)), overFeatures = features.Where(Over.Contains).Select(axis => At(features, axis));
        if (KeepsRows)
            return ([new Loop("row", RowCount, row), .. left], [.. overFeatures]);
        if (!IsPacked)
            return ([.. To.Select(axis => At(From, axis))], [.. Over.Select(axis => At(From, axis))]);
        return reduce.Rows.Count == 0
            ? ([.. left], [new Loop("row", $"{Packed}.Count", row), .. overFeatures])
            : ([new Loop("sequence", $"{Packed}.Sequences", null), .. left], [new Loop("position", "positions", row), .. overFeatures]);
    }
}
