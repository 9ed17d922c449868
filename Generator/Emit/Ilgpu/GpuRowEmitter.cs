using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// The end of a sweep's epilogue that its tiles cannot do, on the positions that it has just written to the cache.
/// </summary>
internal sealed record FinishPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, AppendOperation Append)
    : KernelPlan(Name, Rows, Operations);

/// <summary>
/// Kernels that make whole rows, a group of lanes a row: norms, gathers, selections, elementwise maps, appends, and what a sweep leaves to do.
/// A rotation, a softmax or a norm needs what other lanes made, so each begins a pass of its own over the row.
/// </summary>
internal sealed partial class GpuRowEmitter : GpuKernelEmitter
{
    private const string NextFeature = "for (int i = lane; i < features; i += Group.DimX)";
    private readonly EquatableArray<Operation> _epilogue;
    private readonly string _output;

    public GpuRowEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, KernelPlan kernel)
        : base(plan, method, sizes, kernel)
    {
        (_output, _epilogue) = kernel switch
        {
            NormPlan norm => (norm.Output, norm.Epilogue),
            GatherPlan gather => (gather.Output, gather.Epilogue),
            SelectPlan select => (select.Output, select.Epilogue),
            MapPlan map => (map.Output, map.Epilogue),
            BatchNormPlan norm => (norm.Output, norm.Epilogue),
            FinishPlan finish => ("", finish.Operations),
            _ => ("", []),
        };
    }

    /// <summary>Whether the row is there already, and only passes over it are left.</summary>
    private bool IsFinish => PartOf is not null && Kernel is MapPlan or FinishPlan;

    /// <summary>
    /// Whether a row is a sequence with all its positions, as many as it has: where rows are packed, and something goes along positions.
    /// </summary>
    private bool IsSequence => Method.Graph.Cache is not null && _output.Length > 0 && Method.Buffer(_output).Rows is var rows
        && rows == Method.Sequence && rows != Kernel.Rows;

    private string Row => IsSequence ? "sequence" : "row";

    /// <summary>Where the row begins in what lies as the output does.</summary>
    private string Start => IsSequence ? "start" : "row * features";

    protected override string RowStart(Spot spot) => IsSequence ? Start : base.RowStart(spot);

    /// <summary>Of packed positions there is no extent but a sequence's own.</summary>
    protected override string Extent(string axis) =>
        IsSequence && Method.Graph.Original(axis) == Method.Sequence!.Value[1] ? "positions" : base.Extent(axis);

    private AppendOperation? Appended => (Kernel as AppendPlan)?.Append ?? (Kernel as FinishPlan)?.Append;

    /// <summary>What a row is made of: all axes behind those that number the kernel's rows.</summary>
    private EquatableArray<string> Features => Appended is { } append
        ? append.Input.Axes.Skip(Kernel.Rows.Count).ToEquatable()
        : Method.Buffer(_output).Rows.Concat(Method.Buffer(_output).Features).Skip(Kernel.Rows.Count).ToEquatable();

    private KernelNotes Notes
    {
        get
        {
            string elements = Dots(Kernel.Rows.Concat(Features));
            string loops = $"{(IsSequence ? "sequences" : "rows")} (a group of lanes each), features (dealt out to the lanes).";
            int each = _epilogue.Sum(operation => operation is NormOperation or SoftmaxOperation ? 4 : 1) + (Kernel is NormPlan ? 4 : 0);
            string flops = each == 0 ? "none" : $"{each}·{elements}";
            string why = Kernel switch
            {
                NormPlan when PartOf is not null => "its mean is needed before the first product.",
                NormPlan => "kept in memory, because not one sweep alone reads it.",
                BatchNormPlan { Mean: not null } => "the statistics of the batch come before its first row.",
                AppendPlan => "what is appended is made by a kernel that cannot append it.",
                _ when IsSequence => "every sequence has its own number of positions.",
                _ when IsFinish => $"{Whole} the whole row, which no group of the sweep has.",
                _ when _epilogue.Count > 0 => "the modifiers are applied while the row is at hand.",
                _ => "rows are only moved, nothing is computed with them.",
            };
            return new KernelNotes(loops, flops, $"8·{elements}, read and written", why);
        }
    }

    private string Whole => _epilogue[0] is NormOperation ? "a norm needs" : "a softmax needs";

    private IEnumerable<string> Stored
    {
        get
        {
            if (Kernel is GatherPlan gather)
                yield return gather.Param;
            IEnumerable<Operation> operations = Kernel switch
            {
                NormPlan norm => _epilogue.Prepend(norm.Norm),
                BatchNormPlan { Mean: null } norm => _epilogue.Prepend(norm.Norm),
                _ => _epilogue,
            };
            foreach (string param in MatricesOf(operations))
                yield return param;
        }
    }

    private bool NeedsReduction => Kernel is NormPlan || _epilogue.Any(operation => operation is SoftmaxOperation or NormOperation);

    protected override void EmitLaunches(CodeWriter writer) =>
        writer.Write($"{Loaded(Kernel.Name)}.Launch(session.Stream, {Units}, 1, _sizes, {ArgumentsLocal});");

    private string Units => IsSequence ? "packed.Sequences" : HostRowCount;

    public override IReadOnlyList<GpuResidentStep> Resident =>
        [new(Unit, Stored.Distinct().ToEquatable(), Lanes: false, NeedsReduction ? "scratch" : "", Units)];

    private string Unit => Kernel.Name + "Unit";

    protected override void EmitKernels()
    {
        List<string> parameters = ["int " + Row, "GpuSizes size", $"GpuArguments.{ArgumentsType} args"];
        if (NeedsReduction)
            parameters.Add("ArrayView<float> scratch");
        Function("internal static void " + Unit, Stored, lanes: false, parameters, $"One {Row}.", EmitUnit);
        Entry(Kernel.Name, Stored, lanes: false, Notes, () =>
        {
            if (NeedsReduction)
                Body.Write("ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);");
            string types = string.Join(", ", Stored.Distinct().Select(TypeParameter)), shared = NeedsReduction ? ", scratch" : "";
            Body.Write($"{Unit}{(types.Length == 0 ? "" : $"<{types}>")}(Grid.IdxX, sizes.Value, args{shared});");
        });
    }

    private void EmitUnit()
    {
        Body.Write("int lane = Group.IdxX;");
        Body.Write($"if ({Row} >= {(IsSequence ? Packed + ".Sequences" : RowCount)})", "return;");
        Body.Gap();
        if (IsSequence)
            Body.Write($"int first = {Packed}.Offset[sequence], positions = {Packed}.Offset[sequence + 1] - first;");
        if (Kernel is AppendPlan append)
        {
            EmitAppend(append);
            return;
        }

        Body.Write($"int features = {Length(Features)};");
        if (IsSequence)
            Body.Write($"int start = first{(Features.Count == 1 ? "" : $" * {Product(Features.Skip(1))}")};");
        if (Features.Any(Scope.IsCall))
        {
            Body.Write("// Of an axis of the call there may be nothing.");
            Body.Write("if (features == 0)", "return;");
        }

        if (Kernel is FinishPlan finish)
            Body.Write($"long sequence = {Packed}.Sequence[row];\nint position = {Packed}.Position[row];");
        bool isFirst = true;
        _hasTeams = false;
        foreach (List<Operation> pass in Passes())
        {
            if (!isFirst)
                Body.Write("Lanes.Barrier();");
            EmitPass(pass, isFirst);
            isFirst = false;
        }

        EmitCopies();
    }

    /// <summary>The epilogue cut before what needs the whole row; the first part may be empty.</summary>
    private List<List<Operation>> Passes()
    {
        List<List<Operation>> passes = IsFinish ? [] : [[]];
        foreach (Operation operation in _epilogue)
        {
            if (passes.Count == 0 || operation is RotateOperation or SoftmaxOperation or NormOperation)
                passes.Add([]);
            passes[passes.Count - 1].Add(operation);
        }

        return passes;
    }

    /// <summary>The row's number at an index: of the output, or of the cache.</summary>
    private string Place(string index) => Kernel is FinishPlan finish
        ? InCache(Caches(finish.Append)[0], finish.Append, index)
        : $"{Buffer(_output)}[{Start} + {index}]";

    private string InCache(string slot, AppendOperation append, string index)
    {
        (EquatableArray<string> axes, string sizeAxis) = CacheAxes(append);
        string size = Extent(sizeAxis), heads = Product(axes);
        string head = axes.Count == 0 ? "sequence" : $"(sequence * {heads} + {Operand(index)} / {size})";
        return $"{slot}.Memory[({head} * {slot}.Capacity + position) * {size} + {Operand(index)} % {size}]";
    }

    private static string Operand(string index) => index.Contains(' ') ? $"({index})" : index;

    /// <summary>What is appended as keys and as values lies in two slots; the passes worked on the first.</summary>
    private void EmitCopies()
    {
        if (Kernel is not FinishPlan finish || Caches(finish.Append) is not { Count: > 1 } slots)
            return;
        Body.Write("Lanes.Barrier();");
        using (Body.Open(NextFeature))
        {
            foreach (string slot in slots.Skip(1))
                Body.Write($"{InCache(slot, finish.Append, "i")} = {InCache(slots[0], finish.Append, "i")};");
        }
    }

    /// <summary>What a row needs before its first value.</summary>
    private void EmitStart()
    {
        switch (Kernel)
        {
            case GatherPlan gather:
                string index = gather.Rows == Method.Sequence
                    ? $"{Packed}.Sequence[row] * {Columns()} + {Packed}.Column[row]"
                    : "row";
                Body.Write($"int index = {Indices(gather.Indices)}[{index}];");
                break;
            case SelectPlan select:
                string each = CallAxis(Kernel.Rows[Kernel.Rows.Count - 1]);
                Body.Write($"int sequence = row / {each}, first = {Packed}.Offset[sequence], end = {Packed}.Offset[sequence + 1];");
                Body.Write("int from = -1;");
                Body.Write("if (first < end)", $"from = first + {Indices(select.Indices)}[row] - {Packed}.Column[first];");
                using (Body.Open("if (from < first || from >= end)"))
                {
                    Body.Write("// Of another chunk, or of a sequence that sits this call out.");
                    using (Body.Open($"if ({Packed}.IsFirstChunk != 0)"))
                        Body.Write(NextFeature, $"{Place("i")} = 0;");
                    Body.Write("return;");
                }

                Body.Gap();
                break;
        }
    }

    private string Columns() => CallAxis(Method.Sequence!.Value[1]);

    private void EmitValue(Spot spot)
    {
        switch (Kernel)
        {
            case GatherPlan gather:
                Body.Write($"float value = Stored.At<{TypeParameter(gather.Param)}>("
                    + $"{Weight(gather.Param, Features)}, features, (long)index * features + i);");
                break;
            case SelectPlan select:
                Body.Write($"float value = {Buffer(select.Input)}[from * features + i];");
                break;
            case MapPlan map:
                Body.Write($"float value = {Buffer(map.Input)}[{Start} + i];");
                break;
            case BatchNormPlan norm:
                Body.Write($"float value = {Buffer(norm.Input)}[{Start} + i];");
                if (norm.Mean is null)
                {
                    EmitElement(norm.Norm, "value", spot);
                    break;
                }

                string feature = Flatten(spot, norm.Norm.Gain.Axes);
                Body.Write($"value = value * {Buffer(norm.Factor)}[{feature}] + {Buffer(norm.Summand)}[{feature}];");
                break;
        }
    }

    private void EmitAppend(AppendPlan append)
    {
        (EquatableArray<string> axes, string sizeAxis) = CacheAxes(append.Append);
        string size = Extent(sizeAxis), heads = Product(axes);
        Body.Write($"int features = {Length(Features)};");
        Body.Write($"long sequence = {Packed}.Sequence[row];\nint position = {Packed}.Position[row];");
        string input = Buffer(append.Input);
        using (Body.Open(NextFeature))
        {
            foreach (string slot in Caches(append.Append))
            {
                Body.Write($"{slot}.Memory[((sequence * {heads} + i / {size}) * {slot}.Capacity + position) * {size} + i % {size}] = "
                    + $"{input}[row * features + i];");
            }
        }
    }
}
