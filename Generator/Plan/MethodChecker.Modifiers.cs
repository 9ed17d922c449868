using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

// The attributes that follow a producer. Operands are resolved first, even where the value is unknown: reading them counts.
internal sealed partial class MethodChecker
{
    private void Rotate(Step step)
    {
        SettingRef? rope = Setting(step, step.Attribute.Positional(2)!, TypeNames.Rope);
        if (_value is not { } value || !IsOnValue(step, 0, value) | !IsOnValue(step, 1, value) || !CarriesPositions(step, 0))
            return;
        string position = step.Argument(0), axis = step.Argument(1);
        if (position == axis)
        {
            findings.Add(
                DiagnosticCatalogue.NoPositions, step.At(1), "Rotate", axis, "turns pairs along it too",
                "name the axis of the head second, as in Rotate(\"s\", \"k\", …)");
            return;
        }

        if (Axes.Find(axis) is { Size: { } size } && size % 2 != 0)
        {
            bool own = Spec.Axes.Any(rule => rule.Name == axis);
            findings.Add(
                DiagnosticCatalogue.OddRotation, step.At(1), axis, own ? "[Axis]" : "a layer's model", DeclarationChecker.Number(size));
            return;
        }

        if (rope is not null && value.Id >= 0)
        {
            string text = step.Text("Rotate(\"" + position + "\", \"" + axis + "\", " + rope.Property + ")");
            Push(new RotateOperation(_operations.Count, step.Name, value.Axes, step.Bracket, text, value, position, axis, rope));
        }
    }

    private void Append(Step step)
    {
        // Until all of it is right, what it would bind is not known to be missing.
        bool lost = _appendsAreLost;
        _appendsAreLost = true;
        bool cached = IsCache(step, 1);
        if (Renaming(step) is not { } renaming || _value is not { } value)
        {
            _value = null;
            return;
        }

        string from = renaming.From.Name, to = renaming.To.Name;
        if (!IsOnValue(step, renaming.From, value) || !CarriesPositions(step, 0, renaming.From))
        {
            _value = null;
            return;
        }

        string? taken = Axes.Find(to) is { } axis && (axis.Binding != AxisBinding.Seen || Axes.SourceOf(to) != from)
            ? "it is an axis of its own (" + Wording.Binding(axis) + ")"
            : value.Axes.Contains(to) ? "the value has an axis of that name" : null;
        if (taken is not null)
        {
            findings.Add(
                DiagnosticCatalogue.RenamingTarget,
                step.Attribute.At(step.Attribute.Positional(0)!.Index, renaming.To.Start, renaming.To.Length),
                "The positions seen of '" + from + "'", to, taken, "choose a name that only Append(\"" + from + " -> …\") binds");
            _value = null;
            return;
        }

        _appendsAreLost = lost;
        Axes.BindAlias(to, AxisBinding.Seen, from, "Append(\"" + from + " -> " + to + "\")");
        string? slot = ModelChecker.NameAfter(step.Equation, step.Index);
        if (slot is null)
        {
            string name = FreeName();
            findings.Add(DiagnosticCatalogue.SlotName, step.At(0), new Fix(FixKind.Attribute, "As(\"" + name + "\")"), to, name);
        }

        EquatableArray<string> axes = Replace(value.Axes, from, to);
        if (cached && slot is not null && value.Id >= 0)
        {
            string text = step.Text("Append(\"" + step.Argument(0) + "\", " + step.Argument(1) + ")");
            Push(new AppendOperation(_operations.Count, step.Name, axes, step.Bracket, text, value, from, to, step.Argument(1), slot));
        }
        else
        {
            Assume(axes);
        }
    }

    private void Rename(Step step)
    {
        if (Renaming(step) is not { } renaming || _value is not { } value || !IsOnValue(step, renaming.From, value))
        {
            _value = null;
            return;
        }

        string from = renaming.From.Name, to = renaming.To.Name;
        AxisInfo? source = Axes.Find(from);
        Site site = step.Attribute.At(step.Attribute.Positional(0)!.Index, renaming.To.Start, renaming.To.Length);
        (string Why, string Fix)? problem = Axes.Find(to) switch
        {
            _ when source is not null && AxisTable.IsSize(source) =>
                ("'" + from + "' is a size of the class (" + Wording.Binding(source) + ")",
                    "only axes read off the call can be renamed yet"),
            _ when value.Axes.Contains(to) => ("the value has an axis of that name", "choose another name"),
            { } axis when Axes.SourceOf(to) != from =>
                ("it is an axis of its own (" + Wording.Binding(axis) + ")", "choose another name"),
            _ => null,
        };
        if (problem is { } fault)
        {
            findings.Add(DiagnosticCatalogue.RenamingTarget, site, "'" + from + "'", to, fault.Why, fault.Fix);
            _value = null;
            return;
        }

        Axes.BindAlias(to, source?.Binding ?? AxisBinding.Call, from, "Rename(\"" + from + " -> " + to + "\")");
        EquatableArray<string> axes = Replace(value.Axes, from, to);
        if (value.Id >= 0)
            Push(new RenameOperation(
                _operations.Count, step.Name, axes, step.Bracket, step.Text("Rename(\"" + step.Argument(0) + "\")"), value, from, to));
        else
            Assume(axes);
    }

    private void Scale(Step step)
    {
        ArgumentSpec argument = step.Attribute.Positional(0)!;
        Parsed<ScaleSyntax> parsed = ScaleParser.Parse(argument.Value);
        if (parsed.Value is not { } scale)
        {
            findings.Add(parsed.Error!, step.Attribute, argument);
            return;
        }

        bool known = true;
        foreach (AxisToken axis in scale.Axes)
        {
            AxisInfo? info = Axes.Find(axis.Name);
            if (info is not null && (AxisTable.IsSize(info) || IsSummed(step, axis.Name)))
                continue;
            known = false;
            string? meant = info is null ? Wording.Nearest(axis.Name, Axes.Sizes) : null;
            findings.Add(
                DiagnosticCatalogue.UnknownSize, SiteOf(step, axis), Fix.Replace(meant), axis.Name, argument.Value,
                info is null ? "is no axis" + Wording.DidYouMean(meant) : "is read off the call (" + Wording.Binding(info) + ")",
                Wording.Bindings(Axes.Sizes, Axes));
        }

        if (known && _value is { Id: >= 0 } value)
            Push(new ScaleOperation(
                _operations.Count, step.Name, value.Axes, step.Bracket, step.Text("Scale(\"" + argument.Value + "\")"), value,
                scale.Expression));
    }

    // The size of a vector whose dot product is scaled may be the call's.
    private bool IsSummed(Step step, string axis) =>
        _operations.Find(operation => operation.Bracket == step.Bracket) is EinsumOperation einsum
        && !einsum.Axes.Contains(axis) && einsum.Operands.Any(operand => operand.Axes.Contains(axis));

    private void Binary(Step step, BinaryKind kind)
    {
        if (Tensor(step, 0) is not { } other || _value is not { } value)
            return;
        foreach (string axis in other.Axes)
        {
            if (value.Axes.Contains(axis))
                continue;
            findings.Add(
                DiagnosticCatalogue.NotASubset, step.At(0), other.Name, axis, Wording.Bound([axis], Axes),
                Wording.Axes(value.Axes), step.Attribute.Kind);
            return;
        }

        if (value.Id >= 0)
            Push(new BinaryOperation(
                _operations.Count, step.Name, value.Axes, step.Bracket, step.Text(kind + "(" + other.Name + ")"), kind, value, other));
    }

    private RenamingSyntax? Renaming(Step step)
    {
        ArgumentSpec argument = step.Attribute.Positional(0)!;
        Parsed<RenamingSyntax> parsed = EinsumParser.ParseRenaming(argument.Value);
        if (parsed.Error is { } error)
            findings.Add(error, step.Attribute, argument);
        return parsed.Value;
    }

    private bool IsOnValue(Step step, int position, Operand value) =>
        IsOnValue(step, step.At(position), step.Argument(position), value);

    private bool IsOnValue(Step step, AxisToken axis, Operand value) => IsOnValue(step, SiteOf(step, axis), axis.Name, value);

    private bool IsOnValue(Step step, Site site, string axis, Operand value)
    {
        if (value.Axes.Contains(axis))
            return true;
        string? meant = Wording.Nearest(axis, value.Axes);
        findings.Add(
            DiagnosticCatalogue.AxisNotOnValue, site, Fix.Replace(meant), step.Attribute.Kind, axis, Wording.Axes(value.Axes),
            Wording.Bound(value.Axes, Axes), Wording.DidYouMean(meant));
        return false;
    }

    private bool CarriesPositions(Step step, int position) => CarriesPositions(step, step.At(position), step.Argument(position));

    private bool CarriesPositions(Step step, int position, AxisToken axis) =>
        CarriesPositions(step, step.Attribute.At(step.Attribute.Positional(position)!.Index, axis.Start, axis.Length), axis.Name);

    // New positions lie along one axis of the method's inputs: the one that is appended, else the first that is rotated or masked by.
    private bool CarriesPositions(Step step, Site site, string axis)
    {
        string? why = Axes.Find(axis) switch
        {
            { Binding: AxisBinding.Pinned or AxisBinding.Model } info =>
                "it is a size of the class (" + Wording.Binding(info) + ")",
            { Binding: AxisBinding.Seen } info => "it holds the positions seen (" + Wording.Binding(info) + ")",
            _ when _positions is not null && _positions.Axis != axis =>
                "the positions of '" + method.Name + "' are along '" + _positions.Axis + "', as " + _positions.SaidBy + " says",
            _ when !InputAxes().Contains(axis) => "no input of '" + method.Name + "' has it",
            _ => null,
        };
        if (why is null)
        {
            _positions ??= new PositionAxis(axis, step.Attribute.Kind + " in equation " + DeclarationChecker.Number(step.Bracket + 1));
            return true;
        }

        string fix = _positions is null ? "name the axis of an input that counts new positions" : "name '" + _positions.Axis + "'";
        Fix? change = Fix.Replace(_positions?.Axis);
        if (Axes.Find(axis) is { Binding: AxisBinding.Seen } && step.Attribute.Kind == "Rotate")
        {
            fix = "rotate before the Append";
            change = Axes.SourceOf(axis) is { } source ? new Fix(FixKind.Order, source) : null;
        }

        findings.Add(DiagnosticCatalogue.NoPositions, site, change, step.Attribute.Kind, axis, why, fix);
        return false;
    }

    private IEnumerable<string> InputAxes() =>
        method.Parameters.SelectMany(static parameter => EinsumParser.ParseAxes(parameter.Axes ?? "").Value?.Names ?? []);

    // What the method's first Append says of positions, before any equation is checked.
    private PositionAxis? AppendedAxis()
    {
        for (int i = 0; i < method.Brackets.Count; i++)
        {
            foreach (AttributeSpec attribute in method.Brackets[i].Attributes)
            {
                if (attribute.Kind == "Append" && EinsumParser.ParseRenaming(attribute.Positional(0)?.Value ?? "").Value is { } renaming
                    && InputAxes().Contains(renaming.From.Name) && Axes.Find(renaming.From.Name) is { Binding: AxisBinding.Call })
                {
                    return new PositionAxis(renaming.From.Name, "Append in equation " + DeclarationChecker.Number(i + 1));
                }
            }
        }

        return null;
    }

    private static EquatableArray<string> Replace(EquatableArray<string> axes, string from, string to) =>
        axes.Select(axis => axis == from ? to : axis).ToEquatable();
}
