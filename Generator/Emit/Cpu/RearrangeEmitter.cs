using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>A strided copy: the library's loop nest over the parts of a value's axes, with the strides written out here.</summary>
internal sealed class RearrangeEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, RearrangePlan rearrange)
    : KernelEmitter(plan, method, sizes, rearrange)
{
    private List<string> From => [.. rearrange.Rearrange.From.Select(Name)];

    private List<string> To => [.. rearrange.Rearrange.To.Select(Name)];

    protected override string Loops => $"{Dots(To)} (dealt out to the workers).";

    protected override string Flops => "none";

    protected override string Bytes => $"8·{Dots(To)}, read and written";

    protected override string Why => "numbers are only moved, nothing is computed with them.";

    protected override void EmitBody()
    {
        Parameter("Worker", "worker");
        string input = Read(rearrange.Input), output = Write(rearrange.Output);
        EquatableArray<string> rows = rearrange.Rows;
        int count = rows.Count;
        bool sameRows = rows.SequenceEqual(From.Take(count)) && rows.SequenceEqual(To.Take(count)) && Method.Buffer(rearrange.Input).Rows == rows;
        var axes = new List<string>();
        if (sameRows && count > 0)
        {
            // Rows are one axis, whatever they are made of.
            DeclareRows();
            axes.Add(Loop(RowCount, Scope.Length(From.Skip(count)), Scope.Length(To.Skip(count))));
        }

        axes.AddRange(To.Skip(sameRows ? count : 0).Select(axis => Loop(Scope.Axis(axis), Stride(From, axis), Stride(To, axis))));
        Body.Write($"{Library("Contraction")}.Sum<float>(worker, {input}, {output}, [{string.Join(", ", axes)}], []);");
    }
}
