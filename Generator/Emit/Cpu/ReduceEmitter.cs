using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>A reduction, as the library's loop nest over strides that are written out here.</summary>
internal sealed class ReduceEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, ReducePlan reduce)
    : KernelEmitter(plan, method, sizes, reduce)
{
    private List<string> From => [.. reduce.Reduce.Input.Axes.Select(Name)];

    private List<string> To => [.. reduce.Reduce.Axes.Select(Name)];

    private List<string> Over => [.. reduce.Reduce.Over.Select(Name)];

    private EquatableArray<string> InputRows => Method.Buffer(reduce.Input).Rows;

    /// <summary>Whether positions are packed, so that there is no plain extent to stride over.</summary>
    private bool IsPacked => Method.Graph.Cache is not null && InputRows == Method.Sequence;

    protected override string Loops => $"{(To.Count == 0 ? "one number" : Dots(To))} (dealt out to the workers), {Dots(Over)}.";

    protected override string Flops => $"{(reduce.Reduce.Kind == ReductionKind.LogSumExp ? "3·" : "")}{Dots(From)}";

    protected override string Bytes => $"4·{Dots(From)}, read; 4·{Dots(To)}, written";

    protected override string Why => IsPacked && InputRows != reduce.Rows
        ? "every sequence has its own number of positions."
        : "a reduction reads each number once.";

    protected override void EmitBody()
    {
        Parameter("Worker", "worker");
        string input = Read(reduce.Input), output = Write(reduce.Output), kind = $"{Library("Reduction")}.{reduce.Reduce.Kind}";
        string reductions = Library("Reductions");
        string Call(string first, string x, string y, IEnumerable<string> kept, IEnumerable<string> over) =>
            $"{reductions}.Reduce({first}{kind}, {x}, {y}, [{string.Join(", ", kept)}], [{string.Join(", ", over)}]);";
        List<string> features = [.. From.Skip(InputRows.Count)], left = [.. To.Skip(reduce.Rows.Count)];
        IEnumerable<string> Features(IEnumerable<string> axes) =>
            axes.Select(axis => Loop(Scope.Axis(axis), Stride(features, axis), Stride(left, axis)));
        string[] overFeatures = [.. Features(features.Where(Over.Contains))], keptFeatures = [.. Features(left)];
        string count = Scope.Length(features), result = Scope.Length(left);
        if (InputRows == reduce.Rows)
        {
            DeclareRows();
            Body.Write(Call("worker, ", input, output, keptFeatures.Prepend(Loop(RowCount, count, result)), overFeatures));
        }
        else if (!IsPacked)
        {
            string All(string axis) => Loop(Scope.Axis(axis), Stride(From, axis), Stride(To, axis));
            Body.Write(Call("worker, ", input, output, To.Select(All), Over.Select(All)));
        }
        else if (reduce.Rows.Count == 0)
        {
            Body.Write(Call("worker, ", input, output, keptFeatures, overFeatures.Prepend(Loop(Packed + ".Count", count, "0"))));
        }
        else
        {
            using (Body.Open($"while (worker.Next({Packed}.Sequences, out int sequence))"))
            {
                string positions = Own(InputRows[1]);
                Body.Write($"int first = {Packed}.Offset(sequence), {positions} = {Packed}.Offset(sequence + 1) - first;");
                string x = $"{input}.Slice(first * {Scope.Product(features)}, {Scope.Length(features.Prepend(InputRows[1]))})";
                string y = $"{output}.Slice(sequence * {Scope.Product(left)}, {result})";
                Body.Write(Call("", x, y, keptFeatures, overFeatures.Prepend(Loop(positions, count, "0"))));
            }
        }
    }
}
