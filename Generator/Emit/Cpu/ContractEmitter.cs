using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>A step of an einsum as one call of the library's <c>Contraction</c>, with the loops' extents and strides written out here.</summary>
internal sealed class ContractEmitter(ModelPlan plan, MethodPlan method, KernelSizes sizes, ContractPlan contract)
    : KernelEmitter(plan, method, sizes, contract)
{
    private readonly ContractionStep _step = contract.Step;

    /// <summary>
    /// Whether each row is a call of its own: behind a cache a sum's bits must not depend on the rows beside it, as they may in all but products
    /// with weights that the rows share.
    /// </summary>
    private bool IsByRow => contract.Made.HasRows && contract.Step.K.Count > 0 && !contract.SharesWeights
        && (Method.Graph.Cache is not null || Steps.IsLayer(Method));

    private ContractionClass Class => !IsByRow
        ? _step.Class
        : ContractionClassifier.Classify(Inner(_step.Batch).Any(), Inner(_step.M).Any(), Inner(_step.N).Any(), _step.K.Count > 0);

    protected override string Loops => ContractHead.Loops(contract, IsByRow
        ? "rows (dealt out to the workers), each " + ContractionClassifier.NameOf(Class)
        : ContractionClassifier.NameOf(Class) + ", dealt out to the workers");

    protected override string Flops => ContractHead.Flops(contract);

    protected override string Bytes => ContractHead.Bytes(contract);

    protected override string Why => ContractHead.Why(contract);

    protected override void EmitBody()
    {
        Parameter("Worker", "worker");
        string[] values = [.. contract.Reads.Select(Value), Write(contract.Output)];
        if (contract.Reads.Append(contract.Made).Any(value => value.HasRows))
            DeclareRows();
        if (!IsByRow)
        {
            Body.Write(Statement("worker", values));
            return;
        }

        using (Body.Open($"while (worker.Next({RowCount}, out int row))"))
        {
            ContractValue[] all = [.. contract.Reads, contract.Made];
            Body.Write(Statement("Worker.Alone", [.. values.Select((value, i) => all[i].HasRows ? Row(all[i], value) : value)]));
        }
    }

    private string Row(ContractValue value, string span)
    {
        string[] features = [.. Inner(value.Axes)];
        return $"{span}.Slice(row{(features.Length == 0 ? "" : " * " + Scope.Product(features))}, {Scope.Length(features)})";
    }

    private string Value(ContractValue value) => value.IsParam ? Member(value.Name) : Read(value.Name);

    private string Statement(string worker, IReadOnlyList<string> values)
    {
        // Where a parameter is read, elements are floats without saying so.
        string element = contract.Reads.Any(value => value.IsParam) ? "" : "<float>";
        var call = new ContractionCall(Class, contract.B is null, Over(_step.Batch), Over(_step.M), Over(_step.N), Over(_step.K));
        return call.Statement(Library("Contraction"), element, $"{worker}, {string.Join(", ", values)}");
    }

    private static IEnumerable<string> Inner(EquatableArray<string> axes) => axes.Where(axis => axis != ContractPlan.RowAxis);

    private IEnumerable<string> Over(EquatableArray<string> axes) => (IsByRow ? Inner(axes) : axes).Select(axis => Loop(
        axis == ContractPlan.RowAxis ? RowCount : Scope.Axis(axis), Stride(contract.A.Axes, axis),
        contract.B is null ? "0" : Stride(contract.B.Axes, axis), Stride(contract.Made.Axes, axis)));
}
