using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// Kernels that make whole rows, a group of lanes a row: norms, gathers, selections, elementwise maps, appends, einsums of no better class,
/// and what follows a softmax in a sweep. A rotation or a softmax needs what other lanes made, so each begins a pass of its own over the row.
/// </summary>
internal sealed class GpuRowEmitter : GpuKernelEmitter
{
    private const string NextFeature = "for (int i = lane; i < features; i += Group.DimX)";
    private readonly EquatableArray<Operation> _epilogue;
    private readonly string _output;
    private readonly SweepPlan? _sweep;

    // Locals with the index of each feature's axis, of the loop's body that is being written.
    private readonly Dictionary<string, string> _indices = new(StringComparer.Ordinal);

    public GpuRowEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, KernelPlan kernel)
        : base(plan, method, sizes, kernel)
    {
        (_output, _epilogue) = kernel switch
        {
            NormPlan norm => (norm.Output, norm.Epilogue),
            GatherPlan gather => (gather.Output, gather.Epilogue),
            SelectPlan select => (select.Output, select.Epilogue),
            MapPlan map => (map.Output, map.Epilogue),
            ContractPlan contract => (contract.Output, contract.Epilogue),
            _ => ("", []),
        };
    }

    /// <summary>The rest of an epilogue, on a buffer that a sweep wrote.</summary>
    public GpuRowEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, MapPlan finish, SweepPlan sweep)
        : this(plan, method, sizes, finish) => _sweep = sweep;

    public override bool Plans(KernelPlan kernel) => kernel == (_sweep ?? Kernel);

    private EquatableArray<string> Features => Kernel is AppendPlan append
        ? append.Append.Input.Axes.Skip(append.Rows.Count).ToEquatable()
        : Method.Buffer(_output).Features;

    private KernelNotes Notes
    {
        get
        {
            string elements = Dots(Kernel.Rows.Concat(Features));
            string loops = Kernel is ContractPlan contract
                ? $"rows (a group of lanes each), {Dots(contract.Features)} (dealt out to the lanes), {string.Join(", ", contract.Summed)}."
                : "rows (a group of lanes each), features (dealt out to the lanes).";
            int each = _epilogue.Count + (Kernel is NormPlan ? 4 : 0);
            string flops = Kernel is ContractPlan sums
                ? $"{sums.Einsum.Operands.Count}·{Dots(sums.Rows.Concat(sums.Features).Concat(sums.Summed))}"
                : each == 0 ? "none" : $"{each}·{elements}";
            string why = Kernel switch
            {
                NormPlan => "kept in memory, because not one sweep alone reads it.",
                ContractPlan => "an einsum with no faster class: a plain loop nest.",
                AppendPlan => "what is appended is made by a kernel that cannot append it.",
                _ when _sweep is not null => "a softmax needs the whole row, which no group of the sweep has.",
                _ when _epilogue.Count > 0 => "the modifiers are applied while the row is at hand.",
                _ => "rows are only moved, nothing is computed with them.",
            };
            return new KernelNotes(loops, flops, $"8·{elements}, read and written", why);
        }
    }

    private IEnumerable<string> Stored
    {
        get
        {
            if (Kernel is GatherPlan gather)
                yield return gather.Param;
            if (Kernel is ContractPlan contract)
            {
                foreach (Operand operand in contract.Einsum.Operands.Where(IsMatrix))
                    yield return operand.Name;
            }

            foreach (BinaryOperation binary in _epilogue.OfType<BinaryOperation>().Where(binary => IsMatrix(binary.Other)))
                yield return binary.Other.Name;
        }
    }

    private static bool IsMatrix(Operand operand) => operand.Kind == OperandKind.Param && operand.Axes.Count != 1;

    private bool NeedsReduction => Kernel is NormPlan || _epilogue.Any(operation => operation is SoftmaxOperation);

    protected override void EmitLaunches(CodeWriter writer) =>
        writer.Write($"{Loaded(Kernel.Name)}.Launch(session.Stream, {HostRowCount}, 1, _sizes, {ArgumentsLocal});");

    public override IReadOnlyList<GpuResidentStep> Resident =>
        [new(Unit, Stored.Distinct().ToEquatable(), Lanes: false, NeedsReduction ? "scratch" : "", HostRowCount)];

    private string Unit => Kernel.Name + "Unit";

    protected override void EmitKernels()
    {
        List<string> parameters = ["int row", "GpuSizes size", $"GpuArguments.{ArgumentsType} args"];
        if (NeedsReduction)
            parameters.Add("ArrayView<float> scratch");
        Function("internal static void " + Unit, Stored, lanes: false, parameters, "One row.", EmitUnit);
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
        Body.Write($"if (row >= {RowCount})", "return;");
        Body.Gap();
        if (Kernel is AppendPlan append)
        {
            EmitAppend(append);
            return;
        }

        Body.Write($"int features = {Scope.Length(Features)};");
        string output = Buffer(_output);
        bool isFirst = true;
        foreach (List<Operation> pass in Passes())
        {
            if (!isFirst)
                Body.Write("Lanes.Barrier();");
            EmitPass(pass, output, isFirst);
            isFirst = false;
        }
    }

    /// <summary>The epilogue cut before every rotation and softmax; the first part may be empty.</summary>
    private List<List<Operation>> Passes()
    {
        List<List<Operation>> passes = _sweep is null ? [[]] : [];
        foreach (Operation operation in _epilogue)
        {
            if (passes.Count == 0 || operation is RotateOperation or SoftmaxOperation)
                passes.Add([]);
            passes[passes.Count - 1].Add(operation);
        }

        return passes;
    }

    private void EmitPass(List<Operation> pass, string output, bool isFirst)
    {
        string here = $"{output}[row * features + i]";
        _indices.Clear();
        if (pass.Count > 0 && pass[0] is RotateOperation rotate)
        {
            EmitRotation(rotate, pass, output);
        }
        else if (pass.Count > 0 && pass[0] is SoftmaxOperation softmax)
        {
            EmitSoftmax(softmax, pass, output);
        }
        else if (isFirst && _sweep is null)
        {
            EmitStart(output);
            using (Body.Open(NextFeature))
            {
                EmitValue();
                EmitElementwise(pass, "value", "i");
                Body.Write($"{here} = value;");
            }
        }
        else
        {
            using (Body.Open(NextFeature))
            {
                Body.Write($"float value = {here};");
                EmitElementwise(pass, "value", "i");
                Body.Write($"{here} = value;");
            }
        }
    }

    /// <summary>What a row needs before its first value.</summary>
    private void EmitStart(string output)
    {
        switch (Kernel)
        {
            case NormPlan norm:
                string input = Buffer(norm.Input);
                Body.Write("float squares = 0;");
                using (Body.Open(NextFeature))
                    Body.Write($"float x = {input}[row * features + i];\nsquares += x * x;");
                Body.Write($"float scale = 1 / MathF.Sqrt(GroupReduce.Sum(squares, scratch) / features + {Epsilon(norm.Norm.Epsilon)});");
                break;
            case GatherPlan gather:
                string index = gather.Rows == Method.Sequence
                    ? $"{Packed}.Sequence[row] * {Columns()} + {Packed}.Column[row]"
                    : "row";
                Body.Write($"int index = {Indices(gather.Indices)}[{index}];");
                break;
            case SelectPlan select:
                string each = Axis(Kernel.Rows[Kernel.Rows.Count - 1]);
                Body.Write($"int sequence = row / {each}, first = {Packed}.Offset[sequence], end = {Packed}.Offset[sequence + 1];");
                Body.Write("int from = -1;");
                Body.Write("if (first < end)", $"from = first + {Indices(select.Indices)}[row] - {Packed}.Column[first];");
                using (Body.Open("if (from < first || from >= end)"))
                {
                    Body.Write("// Of another chunk, or of a sequence that sits this call out.");
                    using (Body.Open($"if ({Packed}.IsFirstChunk != 0)"))
                        Body.Write(NextFeature, $"{output}[row * features + i] = 0;");
                    Body.Write("return;");
                }

                Body.Gap();
                break;
        }
    }

    /// <summary>A size that the call brings, as an argument.</summary>
    private string Axis(string axis) => Field("int", Scope.Local(axis), Scope.Local(axis), $"Axis {axis} of the call.");

    private string Columns() => Axis(Method.Sequence!.Value[1]);

    private void EmitValue()
    {
        switch (Kernel)
        {
            case NormPlan norm:
                Body.Write($"float value = {Buffer(norm.Input)}[row * features + i] * scale * {Vector(norm.Norm.GainName)}[i];");
                break;
            case GatherPlan gather:
                Body.Write($"float value = Stored.At<{TypeParameter(gather.Param)}>("
                    + $"{Weight(gather.Param, Features)}, features, (long)index * features + i);");
                break;
            case SelectPlan select:
                Body.Write($"float value = {Buffer(select.Input)}[from * features + i];");
                break;
            case MapPlan map:
                Body.Write($"float value = {Buffer(map.Input)}[row * features + i];");
                break;
            case ContractPlan contract:
                EmitContract(contract);
                break;
        }
    }

    private void EmitContract(ContractPlan contract)
    {
        EmitIndices(contract.Features, "i");
        Body.Write("float value = 0;");
        var indices = new Dictionary<string, string>(_indices, StringComparer.Ordinal);
        var loops = new List<CodeWriter.Block>();
        foreach (string axis in contract.Summed)
        {
            indices[axis] = "i_" + axis;
            loops.Add(Body.Open($"for (int i_{axis} = 0; i_{axis} < {Scope.Axis(axis)}; i_{axis}++)"));
        }

        Body.Write($"value += {string.Join(" * ", contract.Einsum.Operands.Select(operand => Element(operand, indices)))};");
        for (int i = loops.Count - 1; i >= 0; i--)
            loops[i].Dispose();
    }

    /// <summary>Locals with the index of each axis, out of the index of a feature.</summary>
    private void EmitIndices(EquatableArray<string> features, string at)
    {
        for (int i = 0; i < features.Count; i++)
        {
            string inner = Scope.Product(features.Skip(i + 1));
            string index = inner == "1" ? at : $"{at} / {inner}";
            string local = $"{at}_{features[i]}";
            if (_indices.ContainsKey(features[i]))
                continue;
            Body.Write($"int {local} = {(i == 0 ? index : $"{(inner == "1" ? index : $"({index})")} % {Scope.Axis(features[i])}")};");
            _indices[features[i]] = local;
        }
    }

    private string Element(Operand operand, Dictionary<string, string> indices)
    {
        string[] axes = [.. operand.Axes.Skip(operand.Kind == OperandKind.Param ? 0 : Kernel.Rows.Count)];
        string offset = axes.Length == 0
            ? "0"
            : axes.Skip(1).Aggregate(indices[axes[0]], (sum, axis) => $"({sum}) * {Scope.Axis(axis)} + {indices[axis]}");
        if (operand.Kind == OperandKind.Param)
            return ParamAt(operand, offset);
        return axes.Length == 0
            ? $"{Buffer(BufferName(operand))}[row]"
            : $"{Buffer(BufferName(operand))}[row * {Scope.Product(axes)} + {offset}]";
    }

    private string ParamAt(Operand operand, string index)
    {
        if (!IsMatrix(operand))
            return $"{Vector(operand.Name)}[{index}]";
        string[] last = operand.Axes.Count == 0 ? [] : [operand.Axes[operand.Axes.Count - 1]];
        string length = last.Length == 0 ? "1" : Scope.Axis(last[0]);
        return $"Stored.At<{TypeParameter(operand.Name)}>({Weight(operand.Name, last)}, {length}, {index})";
    }

    private void EmitElementwise(IEnumerable<Operation> operations, string value, string index)
    {
        foreach (Operation operation in operations)
        {
            switch (operation)
            {
                case ScaleOperation scale:
                    Body.Write($"{value} *= {Factor(scale.Factor)};");
                    break;
                case ActivationOperation { Kind: ActivationKind.Silu }:
                    Body.Write($"{value} = Activation.Silu({value});");
                    break;
                case BinaryOperation binary:
                    Body.Write($"{value} {(binary.Kind == BinaryKind.Add ? "+" : "*")}= {Other(binary, index)};");
                    break;
            }
        }
    }

    private string Other(BinaryOperation binary, string index)
    {
        Operand other = binary.Other;
        if (!binary.IsAligned)
        {
            EmitIndices(Features, index);
            return Element(other, _indices);
        }

        if (other.Kind != OperandKind.Param)
            return $"{Buffer(BufferName(other))}[row * features + {index}]";
        return ParamAt(other, other.Axes.Count == Features.Count ? index : $"{index} % {Scope.Product(other.Axes)}");
    }

    /// <summary>A pair of features a lane: it needs both before it writes either.</summary>
    private void EmitRotation(RotateOperation rotate, List<Operation> pass, string output)
    {
        string size = Scope.Axis(rotate.Axis), half = $"({size} / 2)", rope = Rope(rotate);
        using (Body.Open("for (int pair = lane; pair < features / 2; pair += Group.DimX)"))
        {
            Body.Write($"int at = pair % {half}, i = pair / {half} * {size} + at * {rope}.PairStride, j = i + {rope}.PairOffset;");
            Body.Write($"int turn = {Packed}.Position[row] * {half} + at;");
            Body.Write($"float cosine = {rope}.Cosines[turn], sine = {rope}.Sines[turn];");
            Body.Write($"float x = {output}[row * features + i], y = {output}[row * features + j];");
            Body.Write("float left = x * cosine - y * sine, right = y * cosine + x * sine;");
            EmitElementwise(pass.Skip(1), "left", "i");
            _indices.Clear();
            EmitElementwise(pass.Skip(1), "right", "j");
            Body.Write($"{output}[row * features + i] = left;\n{output}[row * features + j] = right;");
        }
    }

    private void EmitSoftmax(SoftmaxOperation softmax, List<Operation> pass, string output)
    {
        string size = Scope.Axis(softmax.Axis);
        using (Body.Open($"for (int run = row * features; run < (row + 1) * features; run += {size})"))
        {
            Body.Write("// From the negative of the largest float: what an empty maximum would be.");
            Body.Write("float largest = -3.4028235e38f, sum = 0;");
            Body.Write($"for (int i = lane; i < {size}; i += Group.DimX)", $"largest = MathF.Max(largest, {output}[run + i]);");
            Body.Write("largest = GroupReduce.Max(largest, scratch);");
            Body.Write($"for (int i = lane; i < {size}; i += Group.DimX)", $"sum += MathF.Exp({output}[run + i] - largest);");
            Body.Write("float scale = 1 / GroupReduce.Sum(sum, scratch);");
            using (Body.Open($"for (int at = lane; at < {size}; at += Group.DimX)"))
            {
                Body.Write("int i = run - row * features + at;");
                Body.Write($"float value = MathF.Exp({output}[run + at] - largest) * scale;");
                EmitElementwise(pass.Skip(1), "value", "i");
                Body.Write($"{output}[run + at] = value;");
            }
        }
    }

    private void EmitAppend(AppendPlan append)
    {
        (EquatableArray<string> axes, string sizeAxis) = CacheAxes(append.Append);
        string size = Scope.Axis(sizeAxis), heads = Scope.Product(axes);
        Body.Write($"int features = {Scope.Length(Features)};");
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
