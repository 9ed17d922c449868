using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>
/// Kernels that make whole rows, one row a unit: norms, gathers, selections, elementwise maps, and einsums of no better class.
/// </summary>
internal sealed class RowEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, KernelPlan kernel)
    : KernelEmitter(plan, method, sizes, kernel)
{
    private string Output => Kernel switch
    {
        NormPlan norm => norm.Output,
        GatherPlan gather => gather.Output,
        SelectPlan select => select.Output,
        MapPlan map => map.Output,
        ContractPlan contract => contract.Output,
        _ => throw new InvalidOperationException(Kernel.Name),
    };

    private EquatableArray<Operation> Epilogue => Kernel switch
    {
        NormPlan norm => norm.Epilogue,
        GatherPlan gather => gather.Epilogue,
        SelectPlan select => select.Epilogue,
        MapPlan map => map.Epilogue,
        ContractPlan contract => contract.Epilogue,
        _ => [],
    };

    private EquatableArray<string> Features => Kernel is AppendPlan append
        ? append.Append.Input.Axes.Skip(append.Rows.Count).ToEquatable()
        : Method.Buffer(Output).Features;

    protected override string Loops => Kernel is ContractPlan contract
        ? $"rows (dealt out to the workers), {string.Join(", ", contract.Features.Concat(contract.Summed))}."
        : "rows (dealt out to the workers), then features.";

    protected override string Flops
    {
        get
        {
            string elements = Dots(Kernel.Rows.Concat(Features));
            if (Kernel is ContractPlan contract)
                return $"{contract.Einsum.Operands.Count}·{Dots(Kernel.Rows.Concat(contract.Features).Concat(contract.Summed))}";
            int each = Epilogue.Count + (Kernel is NormPlan ? 4 : 0);
            return each == 0 ? "none" : $"{each}·{elements}";
        }
    }

    protected override string Bytes => $"8·{Dots(Kernel.Rows.Concat(Features))}, read and written";

    protected override string Why => Kernel switch
    {
        NormPlan => "kept in memory, because not one sweep alone reads it.",
        ContractPlan => "an einsum with no faster class: a plain loop nest.",
        AppendPlan => "what is appended is made by a kernel that cannot append it.",
        _ when Epilogue.Count > 0 => "the modifiers are applied while the row is in cache.",
        _ => "rows are only moved, nothing is computed with them.",
    };

    protected override void EmitBody()
    {
        if (Kernel is AppendPlan append)
        {
            EmitAppend(append);
            return;
        }

        string features = Scope.Product(Features), count = Scope.Length(Features);
        if (Kernel is not SelectPlan)
            DeclareRows();
        foreach (RotateOperation rotate in Epilogue.OfType<RotateOperation>())
            Table(rotate);
        Parameter("Worker", "worker");
        if (Widened(Kernel.Operations) is { Count: > 0 } widened)
        {
            Body.Write($"Span<float> scratch = worker.Scratch({WidenedLength(widened)});");
            EmitWidened(widened, "");
        }

        string output = Write(Output);
        using (Body.Open($"while (worker.Next({Units()}, out int row))"))
        {
            EmitStart(output, features, count);
            EmitEpilogue(Epilogue, "part", "0", count, Features, isRun: false, _ => null);
        }
    }

    private void EmitAppend(AppendPlan append)
    {
        string features = Scope.Product(Features), count = Scope.Length(Features), size = Scope.Axis(Features[Features.Count - 1]);
        DeclareRows();
        List<string> slots = CacheSlots(append.Append);
        string input = Read(append.Input);
        Parameter("Worker", "worker");
        using (Body.Open($"while (worker.Next({RowCount}, out int row))"))
        {
            Body.Write($"ReadOnlySpan<float> part = {input}.Slice(row * {features}, {count});");
            using (Body.Open($"for (int run = 0; run < part.Length; run += {size})"))
            {
                foreach (string slot in slots)
                    Body.Write($"{slot}.Append({Packed}.Sequence(row), run / {size}, {Packed}.Position(row), part.Slice(run, {size}));");
            }
        }
    }

    private string Units() => Kernel is SelectPlan ? Parameter("int", RowCount) : RowCount;

    private void EmitStart(string output, string features, string count)
    {
        string y = $"Span<float> part = {output}.Slice(row * {features}, {count});";
        switch (Kernel)
        {
            case NormPlan norm:
                Body.Write(y);
                string input = $"{Read(norm.Input)}.Slice(row * {features}, {count})";
                if (norm.Norm.Over.Count < Features.Count)
                {
                    Body.Write($"ReadOnlySpan<float> from = {input};");
                    input = "from";
                }

                EmitNorm(norm.Norm, input, "part", Features, isRun: false);
                break;
            case GatherPlan gather:
                Body.Write(y);
                Body.Write($"{Member(gather.Param)}.CopyRow({IndexOf(gather)}, {count}, part);");
                break;
            case SelectPlan select:
                EmitSelect(select, y, features, count);
                break;
            case MapPlan map:
                Body.Write(y);
                Body.Write($"{Read(map.Input)}.Slice(row * {features}, {count}).CopyTo(part);");
                break;
            case ContractPlan contract:
                Body.Write(y);
                EmitContract(contract);
                break;
        }
    }

    private string IndexOf(GatherPlan gather)
    {
        string indices = Parameter("ReadOnlySpan<int>", Scope.Value(gather.Indices));
        if (gather.Rows != Method.Sequence)
            return $"{indices}[row]";
        string columns = Parameter("int", Scope.Local(Method.Sequence!.Value[1]));
        return $"{indices}[{Packed}.Sequence(row) * {columns} + {Packed}.Column(row)]";
    }

    private void EmitSelect(SelectPlan select, string y, string features, string count)
    {
        string indices = Parameter("ReadOnlySpan<int>", Scope.Value(select.Indices));
        string perSequence = Parameter("int", Scope.Local(Kernel.Rows[Kernel.Rows.Count - 1]));
        Body.Write($"int from = {Packed}.Find(row / {perSequence}, {indices}[row]);");
        Body.Write(y);
        using (Body.Open("if (from < 0)"))
        {
            Body.Write("// Of another chunk, or of a sequence that sits this call out.");
            Body.Write($"if ({Packed}.IsFirstChunk)", "part.Clear();");
            Body.Write("continue;");
        }

        Body.Gap();
        Body.Write($"{Read(select.Input)}.Slice(from * {features}, {count}).CopyTo(part);");
    }

    private void EmitContract(ContractPlan contract)
    {
        Body.Write("int element = 0;");
        var loops = new List<CodeWriter.Block>();
        foreach (string axis in contract.Features)
            loops.Add(Body.Open($"for (int {Index(axis)} = 0; {Index(axis)} < {Scope.Axis(axis)}; {Index(axis)}++)"));
        Body.Write("float sum = 0;");
        var sums = new List<CodeWriter.Block>();
        foreach (string axis in contract.Summed)
            sums.Add(Body.Open($"for (int {Index(axis)} = 0; {Index(axis)} < {Scope.Axis(axis)}; {Index(axis)}++)"));
        Body.Write($"sum += {string.Join(" * ", contract.Einsum.Operands.Select(Element))};");
        for (int i = sums.Count - 1; i >= 0; i--)
            sums[i].Dispose();
        Body.Write("part[element++] = sum;");
        for (int i = loops.Count - 1; i >= 0; i--)
            loops[i].Dispose();
    }
}
