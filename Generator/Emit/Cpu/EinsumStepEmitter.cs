using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>One step as one call: the kernel of its class, and for each loop its extent and its stride in every value.</summary>
internal sealed class EinsumStepEmitter(
    EinsumBodyEmitter body, CodeWriter writer, string element, EinsumOrder order, EinsumNames names, EinsumStep step)
{
    private readonly ContractionStep _step = step.Step;
    private readonly List<string> _batch = [];
    private readonly List<string> _m = [];
    private readonly List<string> _n = [];
    private readonly List<string> _k = [];

    private bool IsLast => _step.Result == order.Values.Count - 1;

    private bool BothHaveEllipsis => _step.B >= 0 && Has(_step.A) && Has(_step.B);

    public void Emit()
    {
        writer.Gap();
        writer.Write("// " + EinsumHead.Product(_step, names) + ". Loops: extent, strides in " + Places() + ".");
        DeclareEllipsis();
        if (BothHaveEllipsis)
            AddEllipsis();
        Add(_batch, step.Batch);
        Add(_m, step.M);
        Add(_n, step.N);
        Add(_k, step.K);
        if (!IsLast)
        {
            string extents = string.Join(", ", _step.Axes.Select(axis => body.Size(axis, _step.Result)));

            // Of no axes too it is the constructor that is called, and not the default of a struct that is taken.
            body.DeclareIntermediate(_step.Result, extents.Length == 0 ? "[]" : extents);
        }

        string values = string.Join(", ", new[] { _step.A, _step.B, _step.Result }.Where(static value => value >= 0).Select(body.Elements));
        var call = new ContractionCall(_step.Class, _step.B < 0, _batch, _m, _n, _k);
        writer.Write(call.Statement(body.Contraction, $"<{element}>", $"{body.Processor}, {values}"));
    }

    private string Places() => _step.B < 0
        ? $"{names.Plain(_step.A)}, none, {names.Plain(_step.Result)}"
        : $"{names.Plain(_step.A)}, {names.Plain(_step.B)}, {names.Plain(_step.Result)}";

    private bool Has(int value) => order.Values[value].Axes.Contains(Ellipsis.Name);

    // The ellipsis of what is made: that of its only operand with one, or the longer of two.
    private void DeclareEllipsis()
    {
        if (IsLast || !Has(_step.Result))
            return;
        if (!BothHaveEllipsis)
        {
            body.SetExtents(_step.Result, body.Extents(Has(_step.A) ? _step.A : _step.B));
            return;
        }

        string local = names.Local(names.Plain(_step.Result) + "Rest");
        string joined = $"{names.Library("Ellipsis")}.Join({body.Extents(_step.A)}, {body.Extents(_step.B)})";
        writer.Write($"{names.Library("ReadOnlySpan")}<int> {local} = {joined};");
        body.SetExtents(_step.Result, local);
    }

    // Of two operands with an ellipsis one may have more axes in it: those are its own, the others are both's.
    private void AddEllipsis()
    {
        string a = body.Extents(_step.A), b = body.Extents(_step.B), library = names.Library("Ellipsis");
        string ownA = names.Local(names.Plain(_step.A) + "Own"), ownB = names.Local(names.Plain(_step.B) + "Own");
        string shared = names.Local("shared");
        writer.Write(
            $"int {shared} = {library}.Shared({a}, {b});\nint {ownA} = {library}.Own({a}, {b}), {ownB} = {library}.Own({b}, {a});");
        string c = Stride(_step.Result, Ellipsis.Name), strideA = Stride(_step.A, Ellipsis.Name), strideB = Stride(_step.B, Ellipsis.Name);
        bool hasM = _step.Class is not ContractionClass.Dot;
        bool hasN = hasM && _step.Class is not ContractionClass.MatrixVector;
        (hasM ? _m : _batch).Add($"new {names.Library("LoopAxis")}({ownA}, {Times(shared, strideA)}, 0, {Times(shared, c)})");
        (hasN ? _n : _batch).Add($"new {names.Library("LoopAxis")}({ownB}, 0, {Times(shared, strideB)}, {Times(shared, c)})");
        _batch.Add($"new {names.Library("LoopAxis")}({shared}, {strideA}, {strideB}, {c})");
    }

    private static string Times(string left, string right) => right == "1" ? left : left + " * " + right;

    private void Add(List<string> loops, EquatableArray<EquatableArray<string>> group)
    {
        foreach (EquatableArray<string> axes in group)
        {
            if (BothHaveEllipsis && axes[0] == Ellipsis.Name)
                continue;
            string innermost = axes[axes.Count - 1];
            int owner = Has(_step.A) ? _step.A : _step.B >= 0 && Has(_step.B) ? _step.B : _step.Result;
            string extent = body.Loop(axes, owner), b = _step.B < 0 ? "0" : Stride(_step.B, innermost);
            loops.Add($"new {names.Library("LoopAxis")}({extent}, {Stride(_step.A, innermost)}, {b}, {Stride(_step.Result, innermost)})");
        }
    }

    private string Stride(int value, string axis)
    {
        EinsumValue place = order.Values[value];
        var strides = new List<string>();
        for (int i = 0; i < place.Axes.Count; i++)
        {
            if (place.Axes[i] == axis)
                strides.Add(place.IsStrided ? $"{names.Value(value)}.Stride({Names.Literal(i)})" : RowMajor(value, place.Axes.Skip(i + 1)));
        }

        return strides.Count == 0 ? "0" : string.Join(" + ", strides);
    }

    private string RowMajor(int value, IEnumerable<string> inner) =>
        inner.Any() ? string.Join(" * ", inner.Select(axis => body.Size(axis, value))) : "1";
}
