using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>
/// The statements of an einsum of its own: checks and sizes, the result, then a call of <c>Contraction</c> for each step; on a device of
/// Einsharp.Runtime.Ilgpu one of <c>GpuContraction</c>, with the same groups of axes. Where there are several orders, each is a branch.
/// </summary>
/// <param name="writer">Where to.</param>
/// <param name="plan">The einsum.</param>
/// <param name="names">Its names.</param>
/// <param name="device">The expression of the device that it runs on; null for the processor.</param>
/// <param name="gpu">Whether there are devices of Einsharp.Runtime.Ilgpu.</param>
internal sealed class EinsumBodyEmitter(CodeWriter writer, EinsumPlan plan, EinsumNames names, string? device, bool gpu)
{
    private readonly CheckedEinsum _einsum = plan.Einsum;
    private readonly Dictionary<int, string> _ellipses = [];
    private readonly Dictionary<string, string> _loops = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _views = [];

    // On a device, each value's view there.
    private readonly Dictionary<int, string> _onDevice = [];
    private readonly string _element = plan.Einsum.Element;
    private string _processor = "";

    private string[] _flops = [];

    private int ResultValue => plan.Result;

    private bool IsReturned => _einsum.IsReturned;

    public void Emit()
    {
        CheckRanks();
        DeclareSizes();
        string done = DeclareResult();
        WriteEmpty(done);
        writer.Gap();
        DeclareFlops();
        if (device is not null && gpu)
        {
            string on = names.Local("gpu");
            using (writer.Open($"if ({device} is {names.Library("IlgpuDevice")} {on})"))
                Branch(names.Copy()).EmitOnDevice(on);
            using (writer.Open("else"))
                Branch(names.Copy()).EmitOnProcessor();
            writer.Gap();
        }
        else
        {
            EmitOnProcessor();
        }

        if (IsDense(ResultValue) && !IsReturned)
            writer.Write($"{_views[ResultValue]}.CopyTo({names.Value(ResultValue)});");
        if (IsReturned)
            writer.Write($"return {names.Value(ResultValue)};");
    }

    /// <summary>The same einsum in a block of its own, whose locals the other block does not see.</summary>
    private EinsumBodyEmitter Branch(EinsumNames own)
    {
        var branch = new EinsumBodyEmitter(writer, plan, own, device, gpu) { _flops = _flops, _processor = _processor };
        foreach (KeyValuePair<int, string> ellipsis in _ellipses)
            branch._ellipses.Add(ellipsis.Key, ellipsis.Value);
        foreach (KeyValuePair<string, string> loop in _loops)
            branch._loops.Add(loop.Key, loop.Value);
        foreach (KeyValuePair<int, string> view in _views)
            branch._views.Add(view.Key, view.Value);
        foreach (KeyValuePair<int, string> view in _onDevice)
            branch._onDevice.Add(view.Key, view.Value);
        return branch;
    }

    // In doubles, because a product of sizes may be beyond any integer; exact or not, it depends on the sizes alone.
    private void DeclareFlops()
    {
        if (plan.Orders.Count == 1)
            return;
        _flops = [.. plan.Orders.Select((_, i) => names.Local("flops" + Names.Literal(i + 1)))];
        IEnumerable<string> Factors(Monomial term) =>
            term.Axes.Select(axis => Size(axis, ResultValue)).Prepend(FormattableString.Invariant($"{term.Factor}.0"));
        IEnumerable<string> sums = plan.Orders
            .Select(order => string.Join(" + ", order.Path.Terms.Select(term => string.Join(" * ", Factors(term))))).ToList();
        foreach ((string flops, string sum) in _flops.Zip(sums, static (flops, sum) => (flops, sum)))
            writer.Write($"double {flops} = {sum};");
    }

    private void EmitOrders()
    {
        for (int i = 0; i < plan.Orders.Count; i++)
        {
            EinsumBodyEmitter branch = Branch(names.Of(plan.Orders[i]));
            if (plan.Orders.Count == 1)
            {
                branch.EmitSteps(plan.Orders[i]);
                return;
            }

            string fewest = string.Join(" && ", _flops.Skip(i + 1).Select(other => $"{_flops[i]} <= {other}"));
            using (writer.Open(i == 0 ? $"if ({fewest})" : i + 1 < plan.Orders.Count ? $"else if ({fewest})" : "else"))
                branch.EmitSteps(plan.Orders[i]);
        }
    }

    private void EmitSteps(EinsumOrder order)
    {
        foreach (EinsumStep step in order.Steps)
            new EinsumStepEmitter(this, writer, _element, order, names, step).Emit();
    }

    private void EmitOnProcessor()
    {
        if (device is not null)
        {
            _processor = names.Local("cpu");
            writer.Write($"{names.Library("CpuDevice")} {_processor} = {names.Library("EinsumShape")}.Processor({device});");
        }
        else
        {
            _processor = names.Library("Device") + ".Cpu";
        }

        EmitOrders();
    }

    private void EmitOnDevice(string on)
    {
        _processor = names.Local("run");
        writer.Write($"using {names.Library("GpuEinsum")} {_processor} = {names.Library("GpuEinsum")}.On<{_element}>({on});");
        for (int value = 0; value < _einsum.Operands.Count; value++)
            WriteView(value, $"Upload<{_element}>({Elements(value)})");

        // What lies between the elements of a destination stays as it is.
        string result = Elements(ResultValue);
        WriteView(ResultValue, IsReturned ? $"New<{_element}>({names.Value(ResultValue)}.Length)" : $"Upload<{_element}>({result})");
        EmitOrders();
        writer.Write($"{_processor}.Download<{_element}>({_onDevice[ResultValue]}, {result});");
    }

    private void WriteView(int value, string made)
    {
        string local = names.Local(names.Plain(value) + "OnDevice");
        writer.Write($"{names.Library("ArrayView")}<{_element}> {local} = {_processor}.{made};");
        _onDevice.Add(value, local);
    }

    /// <summary>The class that computes steps.</summary>
    public string Contraction => names.Library(_onDevice.Count > 0 ? "GpuContraction" : "Contraction");

    /// <summary>Declares the memory of a step's result that a later one reads.</summary>
    public void DeclareIntermediate(int value, string extents)
    {
        if (_onDevice.Count == 0)
        {
            writer.Write($"using {names.Library("Intermediate")}<{_element}> {names.Value(value)} = new({extents});");
            return;
        }

        writer.Write($"{names.Library("ArrayView")}<{_element}> {names.Value(value)} = {_processor}.New<{_element}>({extents});");
        _onDevice.Add(value, names.Value(value));
    }

    public string Processor => _processor;

    /// <summary>A value's elements.</summary>
    public string Elements(int value) => _onDevice.TryGetValue(value, out string? there) ? there
        : _views.TryGetValue(value, out string? view) ? view + ".Span"
        : plan.Orders[0].Values[value].IsStrided ? names.Value(value) + ".Elements()" : names.Value(value) + ".Span";

    /// <summary>The axes that the ellipsis stands for in a value: a local.</summary>
    public string Extents(int value) => _ellipses[value];

    public void SetExtents(int value, string local) => _ellipses[value] = local;

    /// <summary>The extent of several axes as one loop: a local, declared where it is first asked for.</summary>
    public string Loop(EquatableArray<string> axes, int value)
    {
        if (axes.Count == 1 && axes[0] != Ellipsis.Name)
            return names.Axis(axes[0]);
        string key = string.Join(" ", axes) + (axes.Contains(Ellipsis.Name) ? "@" + Extents(value) : "");
        if (_loops.TryGetValue(key, out string? known))
            return known;
        string product = string.Join(" * ", axes.Select(axis => Size(axis, value)));
        if (axes.Count == 1)
            return product;
        string local = names.Local(EinsumNames.Join([.. axes.Select(static axis => axis == Ellipsis.Name ? "rest" : axis)]));
        writer.Write($"int {local} = {product};");
        _loops.Add(key, local);
        return local;
    }

    /// <summary>An axis's size in a value; of the ellipsis, the number of elements.</summary>
    public string Size(string axis, int value)
    {
        if (axis != Ellipsis.Name)
            return names.Axis(axis);
        string key = "#" + Extents(value);
        if (!_loops.TryGetValue(key, out string? count))
        {
            count = names.Local(Extents(value) + "Count");
            writer.Write($"int {count} = {names.Library("Ellipsis")}.Count({Extents(value)});");
            _loops.Add(key, count);
        }

        return count;
    }

    private bool IsDense(int value) =>
        TermOf(value) is { Type.Kind: EinsumTypeKind.Span or EinsumTypeKind.ReadOnlySpan, HasEllipsis: true };

    private EinsumTerm? TermOf(int value) => value < _einsum.Operands.Count ? _einsum.Operands[value]
        : value == ResultValue ? _einsum.Result : null;

    private bool IsSpan(int value) => TermOf(value)!.Type.Kind != EinsumTypeKind.Tensor;

    private IEnumerable<int> Terms => Enumerable.Range(0, _einsum.Operands.Count).Concat(IsReturned ? [] : [ResultValue]);

    private void CheckRanks()
    {
        foreach (int value in Terms)
        {
            EinsumTerm term = TermOf(value)!;
            string method = term.HasEllipsis ? "CheckRankAtLeast" : "CheckRank", axes = Names.Literal(string.Join(" ", term.Axes));
            int rank = term.Axes.Count - (term.HasEllipsis ? 1 : 0);
            string operand = names.Value(value);
            writer.Write(IsSpan(value)
                ? $"{names.Library("EinsumShape")}.{method}({operand}.Lengths, {Names.Literal(rank)}, {axes}, nameof({operand}));"
                : $"{names.Library("EinsumShape")}.{method}({operand}, {Names.Literal(rank)}, {axes});");
        }

        foreach (int value in Terms.Where(IsDense))
        {
            string view = names.Local(names.Plain(value) + "Rows");
            if (value == ResultValue)
                writer.Write($"{names.Value(value)}.CheckDistinct(nameof({names.Value(value)}));");
            writer.Write($"using {names.Library("RowMajor")}<{_element}> {view} = new({names.Value(value)});");
            _views.Add(value, view);
        }
    }

    private void DeclareSizes()
    {
        var boundBy = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (PinnedAxis pinned in _einsum.Pinned)
            writer.Write($"const int {names.Axis(pinned.Name)} = {Names.Literal(pinned.Size)};");
        string library = names.Library("EinsumShape");
        string? ellipsis = null;
        foreach (int value in Terms)
        {
            EinsumTerm term = TermOf(value)!;
            var declared = new List<string>();
            var checks = new List<string>();
            for (int i = 0; i < term.Axes.Count; i++)
            {
                string axis = term.Axes[i];
                if (axis == Ellipsis.Name)
                    continue;
                string extent = Extent(value, term, i), operand = $"nameof({names.Value(value)})";
                if (_einsum.SizeOf(axis) is not null)
                    checks.Add($"{library}.CheckPinned({Names.Literal(axis)}, {names.Axis(axis)}, {extent}, {operand});");
                else if (boundBy.TryGetValue(axis, out string? first))
                    checks.Add($"{library}.CheckSize({Names.Literal(axis)}, {names.Axis(axis)}, nameof({first}), {extent}, {operand});");
                else
                    declared.Add($"{names.Axis(axis)} = {extent}");
                if (!boundBy.ContainsKey(axis))
                    boundBy.Add(axis, names.Value(value));
            }

            if (declared.Count > 0)
                writer.Write($"int {string.Join(", ", declared)};");
            foreach (string check in checks)
                writer.Write(check);
            if (term.HasEllipsis)
                DeclareEllipsis(value, term, ref ellipsis);
        }

        if (ellipsis is not null && IsReturned)
            _ellipses.Add(ResultValue, ellipsis);
    }

    private void DeclareEllipsis(int value, EinsumTerm term, ref string? joined)
    {
        int before = term.Axes.IndexOf(Ellipsis.Name), after = term.Axes.Count - before - 1;
        string range = $"[{(before == 0 ? "" : Names.Literal(before))}..{(after == 0 ? "" : "^" + Names.Literal(after))}]";
        string extents = Shape(value) + (range == "[..]" ? "" : range);
        if (value == ResultValue)
        {
            writer.Write($"{names.Library("Ellipsis")}.Check({joined}, {extents}, nameof({names.Value(value)}));");
            _ellipses.Add(value, joined!);
            return;
        }

        string local = names.Local(
            EinsumNames.Join(names.Plain(value).Length == 1 ? [names.Plain(value) + "Rest"] : [names.Plain(value), "rest"]));
        writer.Write($"{names.Library("ReadOnlySpan")}<int> {local} = {extents};");
        _ellipses.Add(value, local);
        if (joined is null)
        {
            joined = local;
            return;
        }

        string both = names.Local("rest");
        string join = $"{names.Library("Ellipsis")}.Join({joined}, {local}, nameof({names.Value(value)}))";
        writer.Write($"{names.Library("ReadOnlySpan")}<int> {both} = {join};");
        joined = both;
    }

    private string Shape(int value) => (_views.TryGetValue(value, out string? view) ? view : names.Value(value)) + ".Shape";

    private string Extent(int value, EinsumTerm term, int position)
    {
        int ellipsis = term.Axes.IndexOf(Ellipsis.Name);
        string index = ellipsis >= 0 && position > ellipsis ? "^" + Names.Literal(term.Axes.Count - position) : Names.Literal(position);
        return IsSpan(value) && !IsDense(value) ? $"{names.Value(value)}.Extent({index})" : $"{Shape(value)}[{index}]";
    }

    // Declares what is returned, or checks what is written to; returns the statement that ends the method.
    private string DeclareResult()
    {
        string result = names.Value(ResultValue);
        if (IsReturned)
        {
            IEnumerable<string> shape = _einsum.Result.Axes
                .Select(axis => axis == Ellipsis.Name ? ".. " + Extents(ResultValue) : names.Axis(axis));
            string extents = string.Join(", ", shape);
            string type = _element == "float" ? names.Library("Tensor") : names.Library("Tensor") + "<" + _element + ">";
            writer.Write($"var {result} = new {type}({(_einsum.Result.HasEllipsis ? "[" + extents + "]" : extents)});");
            return $"return {result};";
        }

        if (IsSpan(ResultValue) && !IsDense(ResultValue))
            writer.Write($"{result}.CheckDistinct(nameof({result}));");
        for (int i = 0; i < _einsum.Operands.Count; i++)
        {
            string elements = $"{OwnElements(ResultValue)}, {OwnElements(i)}", both = $"nameof({result}), nameof({names.Value(i)})";
            writer.Write($"{names.Library("EinsumShape")}.CheckApart<{_element}>({elements}, {both});");
        }

        return "return;";
    }

    // Of the parameter itself, where the kernels see a copy.
    private string OwnElements(int value) => names.Value(value) + (IsSpan(value) ? ".Elements()" : ".Span");

    private void WriteEmpty(string done)
    {
        string empty = string.Join(" || ", Enumerable.Range(0, _einsum.Operands.Count)
            .Select(value => names.Value(value) + (IsSpan(value) ? ".IsEmpty" : ".Length == 0")));
        if (IsReturned)
        {
            writer.Write($"if ({empty})", done);
            return;
        }

        using (writer.Open($"if ({empty})"))
        {
            writer.Write(IsSpan(ResultValue) ? $"{names.Value(ResultValue)}.Clear();" : $"{names.Value(ResultValue)}.Span.Clear();");
            writer.Write(done);
        }
    }
}
