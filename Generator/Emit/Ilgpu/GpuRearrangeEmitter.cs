using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>A strided copy, a number a lane: lanes side by side write side by side, and read wherever that lies.</summary>
internal sealed class GpuRearrangeEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, RearrangePlan rearrange)
    : GpuKernelEmitter(plan, method, sizes, rearrange)
{
    private List<string> From => [.. rearrange.Rearrange.From.Select(Name)];

    private List<string> To => [.. rearrange.Rearrange.To.Select(Name)];

    /// <summary>How many axes stay in front: rows, which are one axis then, whatever they are made of.</summary>
    private int Kept => rearrange.Rows.SequenceEqual(From.Take(rearrange.Rows.Count)) && rearrange.Rows.SequenceEqual(To.Take(rearrange.Rows.Count))
        && Method.Buffer(rearrange.Input).Rows == rearrange.Rows ? rearrange.Rows.Count : 0;

    private string Unit => Kernel.Name + "Unit";

    private string Units
    {
        get
        {
            string moved = HostExtents(To.Skip(Kept)), all = Kept == 0 ? moved : moved == "1" ? HostRowCount : $"{HostRowCount} * {moved}";
            return $"Tiles.Parts({all}, session.Device.Lanes)";
        }
    }

    public override IReadOnlyList<GpuResidentStep> Resident => [new(Unit, [], Lanes: false, "", Units)];

    protected override void EmitLaunches(CodeWriter writer) =>
        writer.Write($"{Loaded(Kernel.Name)}.Launch(session.Stream, {Units}, 1, _sizes, {ArgumentsLocal});");

    protected override void EmitKernels()
    {
        string[] parameters = ["int unit", "GpuSizes size", $"GpuArguments.{ArgumentsType} args"];
        Function("internal static void " + Unit, [], lanes: false, parameters, "A number a lane.", EmitUnit);
        var notes = new KernelNotes(
            $"{Dots(To)} (a lane each).", "none", $"8·{Dots(To)}, read and written", "numbers are only moved, nothing is computed with them.");
        Entry(Kernel.Name, [], lanes: false, notes, () => Body.Write($"{Unit}(Grid.IdxX, sizes.Value, args);"));
    }

    private void EmitUnit()
    {
        string input = Buffer(rearrange.Input), output = Buffer(rearrange.Output);
        List<Loop> loops = [.. Runs().Select(run => new Loop(run[0], Product(run), Stride(From, run[run.Count - 1])))];
        if (Kept > 0)
            loops.Insert(0, new Loop("row", RowCount, Product(From.Skip(Kept))));
        Body.Write("int element = unit * Group.DimX + Group.IdxX;");
        Body.Write($"if (element >= {Count(loops)})", "return;");
        Body.Gap();
        string from = TakeApart("element", loops);
        Body.Write($"{output}[element] = {input}[{from}];");
    }

    /// <summary>Axes that were neighbours and still are lie as one, under the name of the first.</summary>
    private List<List<string>> Runs()
    {
        List<string> from = From;
        var runs = new List<List<string>>();
        foreach (string axis in To.Skip(Kept))
        {
            if (runs.Count > 0 && runs[runs.Count - 1] is var last && from.IndexOf(last[last.Count - 1]) + 1 == from.IndexOf(axis))
                last.Add(axis);
            else
                runs.Add([axis]);
        }

        return runs;
    }
}
