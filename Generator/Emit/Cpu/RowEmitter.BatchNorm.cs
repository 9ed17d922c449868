using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

// Batch norm: statistics of features, which lie across rows.
internal sealed partial class RowEmitter
{
    /// <summary>A factor and a summand for each feature, ready for every worker.</summary>
    private void EmitStatistics(BatchNormPlan plan)
    {
        BatchNormOperation norm = plan.Norm;
        string factor = Write(plan.Factor), summand = Write(plan.Summand), epsilon = Member(norm.Epsilon.Property);
        string gain = Member(norm.Gain.Name), bias = Member(norm.Bias.Name), library = Library("BatchNorm");
        if (plan is not { Mean: { } meanBuffer, Variance: { } varianceBuffer })
        {
            Body.Write($"{library}.Fold(worker, {gain}, {bias}, {Member(norm.Mean.Name)}, {Member(norm.Variance.Name)}, {epsilon}, "
                + $"{factor}, {summand});");
            Body.Write("worker.Barrier();");
            return;
        }

        string mean = Write(meanBuffer), variance = Write(varianceBuffer);
        List<string> axes = [.. norm.Axes.Select(Name)], features = [.. norm.Gain.Axes];
        EquatableArray<string> rows = Method.RowsOf(norm.Axes);
        string At(string axis) => Loop(Scope.Axis(axis), Stride(axes, axis), Stride(features, axis));
        List<string> over, counts;
        if (!rows.Any(features.Contains))
        {
            // Rows are one axis, whatever they are made of.
            List<string> inRow = [.. axes.Skip(rows.Count)];
            over = [Loop(RowCount, Scope.Length(inRow), "0"), .. inRow.Where(axis => !features.Contains(axis)).Select(At)];
            counts = [RowCount, .. inRow.Where(axis => !features.Contains(axis)).Select(Scope.Axis)];
        }
        else
        {
            over = [.. axes.Where(axis => !features.Contains(axis)).Select(At)];
            counts = [.. axes.Where(axis => !features.Contains(axis)).Select(Scope.Axis)];
        }

        Body.Write($"{library}.Train(\n    worker, {Read(plan.Input)}, [{string.Join(", ", features.Select(At))}], [{string.Join(", ", over)}],\n"
            + $"    {gain}, {bias}, {epsilon}, {mean}, {variance}, {factor}, {summand});");
        Body.Write("worker.Barrier();");
        Body.Write("// The running statistics move when the call has succeeded.");
        string count = counts.Count == 0 ? "1" : "(long)" + string.Join(" * ", counts);
        Body.Write($"{library}.Keep(worker, {Member(norm.Mean.Name)}, {Member(norm.Variance.Name)}, {Member(norm.Momentum!.Property)}, "
            + $"{count}, {mean}, {variance});");
    }

    private void EmitScaled(BatchNormPlan plan)
    {
        string factor = Write(plan.Factor), summand = Write(plan.Summand), elementwise = Library("Elementwise");
        EmitSpread("part", Features, plan.Norm.Gain, part =>
            part.Length == "1" ? $"{part.Run} = {part.Run} * {factor}[{part.Place}] + {summand}[{part.Place}];"
            : !part.IsAligned ? $"{elementwise}.MultiplyAdd({part.Run}, {factor}[{part.Place}], {summand}[{part.Place}]);"
            : part.Run == "part" && part.Place == "0" ? $"{elementwise}.MultiplyAdd({part.Run}, {factor}, {summand});"
            : $"{elementwise}.MultiplyAdd({part.Run}, {factor}.Slice({part.Place}, {part.Length}), {summand}.Slice({part.Place}, {part.Length}));");
    }
}
