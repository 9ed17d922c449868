using Einsharp.Generator.Model;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Plan;

/// <summary>Einsums that are neither a sweep nor attention: a kernel for each step of the path by which einsums of their own are computed too.</summary>
internal sealed partial class MethodPlanner
{
    private void Contract(EinsumOperation einsum)
    {
        (EquatableArray<string> rows, _) = Matrix(einsum, einsum.Axes);
        bool isRows = rows.Count > 0 && HaveSameRows(einsum, rows);
        CheckRows(einsum, isRows);

        EquatableArray<string> Loops(EquatableArray<string> axes) =>
            isRows && RowAxes(axes) > 0 ? Features(axes).Prepend(ContractPlan.RowAxis).ToEquatable() : axes;
        List<EquatableArray<string>> terms = [.. einsum.Operands.Select(operand => Loops(operand.Axes))];
        ContractionPath path = ContractionPlanner.Plan(terms, Loops(einsum.Axes), SizeOf);

        List<ContractValue> values = [.. einsum.Operands.Select((operand, i) => operand.Kind == OperandKind.Param
            ? new ContractValue(operand.Name, true, terms[i])
            : new ContractValue(BufferOf(operand), false, terms[i]))];
        Take(einsum);
        foreach (ContractionStep step in path.Steps)
        {
            bool isLast = step.Result == einsum.Operands.Count + path.Steps.Count - 1;
            string made = isLast ? Keep(einsum).Name : KeepProduct(einsum, step, values, rows);
            values.Add(new ContractValue(made, false, step.Axes));
            ContractValue a = values[step.A], c = values[step.Result];
            ContractValue? b = step.B < 0 ? null : values[step.B];
            var draft = new FixedDraft("Contract", made, (name, self) =>
                new ContractPlan(name, self.Rows, self.Operations.ToEquatable(), path, step, a, b, c))
            { Rows = rows };
            draft.Operations.Add(einsum);
            draft.Reads.AddRange(new[] { a, b }.Where(value => value is { IsParam: false }).Select(value => value!.Name));
            _kernels.Add(draft);
        }
    }

    /// <summary>
    /// Whether the rows can be one axis: what has one of their axes begins with them all. Packed rows, and those of a layer that is given no
    /// more than their number, are nothing else.
    /// </summary>
    private bool HaveSameRows(EinsumOperation einsum, EquatableArray<string> rows)
    {
        string[] names = [.. einsum.Operands.SelectMany(operand => operand.Axes).Distinct()];
        return names.Select(_graph.Original).Distinct().Count() == names.Length && einsum.Operands.All(operand =>
            (RowAxes(operand.Axes) == 0 || Rows(operand.Axes) == rows) && !Features(operand.Axes).Any(rows.Contains));
    }

    private void CheckRows(EinsumOperation einsum, bool isRows)
    {
        Func<string, string> names = _graph.NamesIn([einsum]);
        EquatableArray<string> RowsOf(EquatableArray<string> axes) => axes.Take(RowAxes(axes)).Select(names).ToEquatable();
        EquatableArray<string> rows = RowsOf(einsum.Axes);
        foreach (Operand operand in einsum.Operands)
        {
            Matrix(einsum, operand.Axes);

            // Packed rows, or a layer that is given no more than their number, cannot be looked up one axis at a time.
            if (!isRows && operand.Kind != OperandKind.Param && RowsOf(operand.Axes) is var own && own != rows
                && (_graph.Cache is not null || !_hasCallSizes))
            {
                throw NoKernel(
                    einsum, $"'{operand.Name}' has the rows '{string.Join(" ", own)}' and the result '{string.Join(" ", rows)}'");
            }
        }
    }

    private int? SizeOf(string axis) => axis == ContractPlan.RowAxis
        ? ContractPlan.ChunkRows
        : _model.Axes.FirstOrDefault(info => info.Name == _graph.Original(axis))?.Size;

    /// <summary>A buffer for what a later step reads, named after what it is made of.</summary>
    private string KeepProduct(EinsumOperation einsum, ContractionStep step, List<ContractValue> values, EquatableArray<string> rows)
    {
        bool hasRows = step.Axes.Contains(ContractPlan.RowAxis);
        EquatableArray<string> own = hasRows ? rows : step.Axes.Where(IsCall).Select(_graph.NamesIn(step.Axes)).ToEquatable();
        EquatableArray<string> features = step.Axes.Where(axis => axis != ContractPlan.RowAxis && !IsCall(axis)).ToEquatable();
        string made = values[step.A].PlainName + (step.B < 0 ? "Summed" : Casing.Pascal(values[step.B].PlainName));
        string name = Casing.Camel(made);
        for (int i = 2; IsName(name); i++)
            name = Casing.Camel(made) + i.ToString(System.Globalization.CultureInfo.InvariantCulture);
        int key = -1 - einsum.Id - _graph.Operations.Count * (step.Result + 1);
        _buffers[key] = new BufferPlan(name, -1, own, features, BufferRole.Workspace, -1);
        return name;
    }

    private bool IsName(string name) =>
        _buffers.Values.Any(buffer => buffer.Name == name) || _graph.Operations.Any(operation => operation.Name == name)
        || _graph.Method.Parameters.Any(parameter => parameter.Name == name) || _model.Axes.Any(axis => axis.Name == name);
}
