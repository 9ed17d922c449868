using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>
/// Kernels that make whole rows, one row a unit: norms, gathers, selections and elementwise maps.
/// </summary>
internal sealed partial class RowEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, KernelPlan kernel)
    : KernelEmitter(plan, method, sizes, kernel)
{
    private string Output => Kernel switch
    {
        NormPlan norm => norm.Output,
        BatchNormPlan norm => norm.Output,
        GatherPlan gather => gather.Output,
        SelectPlan select => select.Output,
        MapPlan map => map.Output,
        _ => throw new InvalidOperationException(Kernel.Name),
    };

    private EquatableArray<Operation> Epilogue => Kernel switch
    {
        NormPlan norm => norm.Epilogue,
        BatchNormPlan norm => norm.Epilogue,
        GatherPlan gather => gather.Epilogue,
        SelectPlan select => select.Epilogue,
        MapPlan map => map.Epilogue,
        _ => [],
    };

    private EquatableArray<string> Features => Kernel is AppendPlan append
        ? append.Append.Input.Axes.Skip(append.Rows.Count).ToEquatable()
        : Method.Buffer(Output).Rows.Concat(Method.Buffer(Output).Features).Skip(Kernel.Rows.Count).ToEquatable();

    /// <summary>Whether a unit is a sequence with all its positions, as many as it has.</summary>
    private bool IsSequence => Kernel.Rows.Count == 1 && Kernel is not AppendPlan && Method.Sequence is { } sequence
        && Method.Buffer(Output).Rows == sequence;

    protected override string Start(string features) => IsSequence ? "start" : base.Start(features);

    protected override string Loops => "rows (dealt out to the workers), then features.";

    protected override string Flops
    {
        get
        {
            string elements = Dots(Kernel.Rows.Concat(Features));
            int each = Epilogue.Count + (Kernel is NormPlan ? 4 : Kernel is BatchNormPlan { Mean: null } ? 2 : Kernel is BatchNormPlan ? 6 : 0);
            return each == 0 ? "none" : $"{each}·{elements}";
        }
    }

    protected override string Bytes => $"8·{Dots(Kernel.Rows.Concat(Features))}, read and written";

    protected override string Why => Kernel switch
    {
        NormPlan => "kept in memory, because not one sweep alone reads it.",
        BatchNormPlan { Mean: not null } => "the statistics of the batch come before its first row, so a barrier stands between them.",
        BatchNormPlan => "the running statistics are folded once into a factor and a summand a feature.",
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

        if (Kernel is not SelectPlan && !IsSequence)
            DeclareRows();
        foreach (RotateOperation rotate in Epilogue.OfType<RotateOperation>())
            Table(rotate);
        Parameter("Worker", "worker");
        if (Widened(Kernel.Operations) is { Count: > 0 } widened)
        {
            Body.Write($"Span<float> scratch = worker.Scratch({WidenedLength(widened)});");
            EmitWidened(widened, "");
        }

        if (Kernel is BatchNormPlan statistics)
            EmitStatistics(statistics);
        string output = Write(Output);
        if (IsSequence)
        {
            using (Body.Open($"while (worker.Next({Packed}.Sequences, out int sequence))"))
            {
                string positions = Own(Features[0]), row = Scope.Product(Features.Skip(1));
                Body.Write($"int start = {Packed}.Offset(sequence){(row == "1" ? "" : " * " + row)};");
                Body.Write($"int {positions} = {Packed}.Offset(sequence + 1) - {Packed}.Offset(sequence);");
                EmitUnit(output);
            }

            return;
        }

        using (Body.Open($"while (worker.Next({Units()}, out int row))"))
            EmitUnit(output);
    }

    private void EmitUnit(string output)
    {
        string count = Scope.Length(Features);
        EmitStart(output, Scope.Product(Features), count);
        EmitEpilogue(Epilogue, "part", "0", count, Features, isRun: false, _ => null);
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
        string y = $"Span<float> part = {output}.Slice({Start(features)}, {count});";
        switch (Kernel)
        {
            case NormPlan norm:
                Body.Write(y);
                string input = $"{Read(norm.Input)}.Slice({Start(features)}, {count})";
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
                Body.Write($"{Read(map.Input)}.Slice({Start(features)}, {count}).CopyTo(part);");
                break;
            case BatchNormPlan norm:
                Body.Write(y);
                Body.Write($"{Read(norm.Input)}.Slice({Start(features)}, {count}).CopyTo(part);");
                EmitScaled(norm);
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
}
