using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// A step of an einsum, by strides: a lane a number, or a group of lanes a number where both operands' neighbours are summed. Products of
/// matrices have a second form with tiles of both operands in shared memory, which the host takes where there are rows and columns enough.
/// </summary>
internal sealed partial class GpuContractEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, ContractPlan contract)
    : GpuKernelEmitter(plan, method, sizes, contract)
{
    private readonly ContractionStep _step = contract.Step;

    private bool HasTiles => _step.Class is ContractionClass.MatrixMatrix or ContractionClass.BatchedMatrixMatrix;

    private bool IsOfGroup => _step.K.Count > 0 && contract.Reads.All(IsAlongSum);

    private string Unit => Kernel.Name + "Unit";

    private string Units => IsOfGroup ? HostCount(contract.Made.Axes) : $"Tiles.Parts({HostCount(contract.Made.Axes)}, session.Device.Lanes)";

    private string[] Stored => [.. contract.Reads.Where(value => value.IsParam && value.Axes.Count != 1).Select(value => value.Name).Distinct()];

    public override IReadOnlyList<GpuResidentStep> Resident =>
        [new(Unit, Stored.ToEquatable(), Lanes: false, IsOfGroup ? "scratch" : "", Units)];

    protected override void EmitLaunches(CodeWriter writer)
    {
        string launch = $".Launch(session.Stream, {Units}, 1, _sizes, {ArgumentsLocal});";
        if (!HasTiles)
        {
            writer.Write(Loaded(Kernel.Name) + launch);
            return;
        }

        string rows = HostCount(_step.M), columns = HostCount(_step.N), batch = _step.Batch.Count == 0 ? "" : HostCount(_step.Batch) + " * ";
        using (writer.Open($"if ({rows} >= Tiles.Step && {columns} >= Tiles.Step)"))
        {
            writer.Write($"int tiles = {batch}Tiles.Parts({rows}, Tiles.Rows(session.Device.Lanes)) * "
                + $"Tiles.Parts({columns}, Tiles.Features(session.Device.Lanes));");
            writer.Write($"{Loaded(Kernel.Name + "Tiles")}.Launch(session.Stream, tiles, 1, _sizes, {ArgumentsLocal});");
        }

        using (writer.Open("else"))
            writer.Write(Loaded(Kernel.Name) + launch);
    }

    protected override void EmitKernels()
    {
        List<string> parameters = ["int unit", "GpuSizes size", $"GpuArguments.{ArgumentsType} args"];
        if (IsOfGroup)
            parameters.Add("ArrayView<float> scratch");
        Function("internal static void " + Unit, Stored, lanes: false, parameters, IsOfGroup ? "One number." : "A number a lane.", EmitUnit);
        string how = IsOfGroup ? "a number a group of lanes, which share its sum" : "a number a lane";
        Entry(Kernel.Name, Stored, lanes: false, Notes(how), () =>
        {
            if (IsOfGroup)
                Body.Write("ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);");
            Body.Write($"{Unit}{TypeArguments()}(Grid.IdxX, sizes.Value, args{(IsOfGroup ? ", scratch" : "")});");
        });
        if (!HasTiles)
            return;
        Function($"private static void {Kernel.Name}Store", [], lanes: false,
            ["int group", "int row", "int column", "GpuSizes size", $"GpuArguments.{ArgumentsType} args", "float sum"],
            "One number of a tile.", EmitStore);
        Entry(Kernel.Name + "Tiles", Stored, lanes: false, Notes("tiles of rows × columns (a group each), in steps of 16"), EmitTiles);
    }

    private KernelNotes Notes(string how) =>
        new(ContractHead.Loops(contract, how), ContractHead.Flops(contract), ContractHead.Bytes(contract), ContractHead.Why(contract));

    private string TypeArguments() => Stored.Length == 0 ? "" : $"<{string.Join(", ", Stored.Select(TypeParameter))}>";

    private void EmitUnit()
    {
        string element = IsOfGroup ? "unit" : "element";
        if (!IsOfGroup)
        {
            Body.Write("int element = unit * Group.DimX + Group.IdxX;");
            Body.Write($"if (element >= {Count(contract.Made.Axes)})", "return;");
            Body.Gap();
        }

        var at = new Dictionary<string, string>(StringComparer.Ordinal);
        TakeApart(element, contract.Made.Axes, at);
        string made = $"{Buffer(contract.Output)}[{element}]";
        if (_step.K.Count == 0)
        {
            Body.Write($"{made} = {Product(at)};");
            return;
        }

        Body.Write("float sum = 0;");
        if (IsOfGroup)
        {
            Body.Write($"int count = {Count(_step.K)};");
            using (Body.Open("for (int i = Group.IdxX; i < count; i += Group.DimX)"))
            {
                TakeApart("i", _step.K, at);
                Body.Write($"sum += {Product(at)};");
            }

            Body.Gap();
            Body.Write("sum = GroupReduce.Sum(sum, scratch);");
            Body.Write("if (Group.IdxX == 0)", $"{made} = sum;");
            return;
        }

        var loops = new List<CodeWriter.Block>();
        foreach (string axis in _step.K)
        {
            at[axis] = "i_" + axis;
            loops.Add(Body.Open($"for (int i_{axis} = 0; i_{axis} < {SizeOf(axis)}; i_{axis}++)"));
        }

        Body.Write($"sum += {Product(at)};");
        for (int i = loops.Count - 1; i >= 0; i--)
            loops[i].Dispose();
        Body.Gap();
        Body.Write($"{made} = sum;");
    }

    private string Product(IReadOnlyDictionary<string, string> at) => string.Join(" * ", contract.Reads.Select(value => Element(value, at)));

    private string Element(ContractValue value, IReadOnlyDictionary<string, string> at)
    {
        string[] terms = [.. value.Axes.Distinct().Select(axis => StrideIn(value, axis) is var stride && stride == "1"
            ? at[axis]
            : $"{at[axis]} * {stride}")];
        string index = terms.Length == 0 ? "0" : string.Join(" + ", terms);
        return value.IsParam
            ? ParamAt(new Operand(OperandKind.Param, value.Name, 0, value.Axes), index)
            : $"{Buffer(value.Name)}[{index}]";
    }

    /// <summary>Whether neighbours in a value's memory are summed.</summary>
    private bool IsAlongSum(ContractValue value) => value.Axes.Count > 0 && _step.K.Contains(value.Axes[value.Axes.Count - 1]);

    /// <summary>The distance of neighbours along an axis; along one that a value has twice, on its diagonal.</summary>
    private string StrideIn(ContractValue value, string axis)
    {
        string[] strides = [.. Enumerable.Range(0, value.Axes.Count).Where(i => value.Axes[i] == axis)
            .Select(i => Product(value.Axes.Skip(i + 1)))];
        return strides.Length == 1 ? strides[0] : $"({string.Join(" + ", strides)})";
    }

    private string SizeOf(string axis) => axis == ContractPlan.RowAxis ? RowCount : Extent(axis);

    private string Count(IEnumerable<string> axes) => axes.Any() ? string.Join(" * ", axes.Select(SizeOf)) : "1";

    private string HostCount(IEnumerable<string> axes) => axes.Any()
        ? string.Join(" * ", axes.Select(axis => axis == ContractPlan.RowAxis ? HostRowCount : HostExtent(axis)))
        : "1";

    /// <summary>Declares the indices along axes, outermost first, of an index over all of them.</summary>
    private void TakeApart(string index, EquatableArray<string> axes, Dictionary<string, string> at)
    {
        string[] indices = IndicesOf(
            index, [.. axes.Select(axis => new Loop(axis == ContractPlan.RowAxis ? "row" : axis, SizeOf(axis), null))]);
        for (int i = 0; i < axes.Count; i++)
            at[axes[i]] = indices[i];
    }
}
