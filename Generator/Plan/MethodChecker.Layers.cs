using System.Globalization;
using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

// Norms, reductions, and functions of each number.
internal sealed partial class MethodChecker
{
    private void Norm(Step step, NormKind kind)
    {
        string name = step.Attribute.Kind;
        int given = kind == NormKind.Rms ? 1 : 2;
        Operand? input = Tensor(step, 1);
        Operand?[] scales = new Operand?[Enumerable.Range(2, given).Count(position => step.Attribute.Positional(position) is not null)];
        for (int i = 0; i < scales.Length; i++)
            scales[i] = Tensor(step, i + 2);
        Operand?[] operands = [input, .. scales];
        SettingRef? epsilon = Epsilon(step);
        string form = string.Concat("b s d", string.Concat(scales.Select(static _ => ", d")), " -> b s d");
        if (Equation(step, operands.Length, form) is not { } equation)
            return;
        EquatableArray<string> axes = equation.Inputs[0].Names;
        bool matches = Matches(step, equation, operands);
        bool made = matches && OutputIsMade(step, equation, operands);
        EquatableArray<string>? over = !made ? null : scales.Length > 0 ? equation.Inputs[1].Names : Over(step, axes);
        if (over is { } last && scales.Length > 0)
        {
            EquatableArray<string> trailing = axes.Skip(Math.Max(0, axes.Count - Math.Max(1, last.Count))).ToEquatable();
            made &= HasForm(step, equation.Inputs[1], trailing, "The gain", "a gain has the last axes of what it scales")
                && (scales.Length == 1 || HasForm(step, equation.Inputs[2], last, "The bias", "a bias has the axes of the gain"));
        }

        made = made && HasForm(step, equation.Output, axes, "The output", "a norm changes no axis");
        if (!made || over is null || epsilon is null)
        {
            Assume(matches ? axes : equation.Output.Names);
            return;
        }

        Push(new NormOperation(
            _operations.Count, step.Name, axes, step.Bracket, Call(step, operands, epsilon.Property), kind,
            input!, scales.Length > 0 ? scales[0] : null, scales.Length > 1 ? scales[1] : null, over.Value, epsilon));
    }

    private SettingRef? Epsilon(Step step)
    {
        if (step.Attribute.Named("Epsilon") is { } argument)
            return Setting(step, argument, TypeNames.Float);
        findings.Add(
            DiagnosticCatalogue.SettingRule, step.Attribute.At(), OnlySetting("Epsilon", TypeNames.Float), step.Attribute.Kind, "has no Epsilon",
            "add 'Epsilon = nameof(…)', naming a [Setting] of type float");
        return null;
    }

    // Without a gain, the axes that a norm is over are named: the last ones.
    private EquatableArray<string>? Over(Step step, EquatableArray<string> axes)
    {
        string last = axes.Count == 0 ? "d" : axes[axes.Count - 1];
        if (step.Attribute.Named("Over") is not { } argument)
        {
            findings.Add(
                DiagnosticCatalogue.OverAxes, step.Attribute.At(), step.Attribute.Kind, "says no axes to be over", Wording.Axes(axes), last);
            return null;
        }

        Parsed<TermSyntax> parsed = EinsumParser.ParseAxes(argument.Value);
        if (parsed.Value is not { } over)
        {
            findings.Add(parsed.Error!, step.Attribute, argument);
            return null;
        }

        if (over.Axes.Count > 0 && axes.Skip(Math.Max(0, axes.Count - over.Axes.Count)).SequenceEqual(over.Names))
            return over.Names;
        findings.Add(
            DiagnosticCatalogue.OverAxes, step.Attribute.At(argument.Index), step.Attribute.Kind, "is over '" + argument.Value + "'",
            Wording.Axes(axes), last);
        return null;
    }

    private void BatchNorm(Step step)
    {
        Operand?[] operands = [.. Enumerable.Range(1, 5).Select(position => Tensor(step, position))];
        SettingRef? epsilon = Epsilon(step);
        SettingRef? momentum = step.Attribute.Named("Momentum") is { } argument ? Setting(step, argument, TypeNames.Float) : null;
        bool known = step.Attribute.Named("Momentum") is null || momentum is not null;
        for (int i = 1; i < operands.Length; i++)
        {
            if (operands[i] is not { Kind: not OperandKind.Param } other)
                continue;
            findings.Add(
                DiagnosticCatalogue.WrongKind, step.At(i + 1), other.Name, KindOf(other.Name) ?? "a value", "BatchNorm",
                "a [Param] here, which outlives the call", "");
            known = false;
        }

        if (Equation(step, 5, "b d, d, d, d, d -> b d") is not { } equation)
            return;
        EquatableArray<string> axes = equation.Inputs[0].Names, features = equation.Inputs[1].Names;
        bool matches = Matches(step, equation, operands);
        bool made = matches && OutputIsMade(step, equation, operands) && HasForm(step, equation.Output, axes, "The output", "a norm changes no axis");
        string[] roles = ["The bias", "The running mean", "The running variance"];
        for (int i = 2; i < 5 && made; i++)
            made = HasForm(step, equation.Inputs[i], features, roles[i - 2], "it has the axes of the gain");
        if (made && features.FirstOrDefault(axis => !axes.Contains(axis)) is { } missing)
        {
            made = false;
            findings.Add(
                DiagnosticCatalogue.NotASubset, step.At(2), operands[1]!.Name, missing,
                Wording.Bound([missing], Axes), Wording.Axes(axes), "BatchNorm");
        }

        if (!made || !known || epsilon is null)
        {
            Assume(matches ? axes : equation.Output.Names);
            return;
        }

        Push(new BatchNormOperation(
            _operations.Count, step.Name, axes, step.Bracket, Call(step, operands, epsilon.Property), operands[0]!, operands[1]!, operands[2]!,
            operands[3]!, operands[4]!, epsilon, momentum));
    }

    private void Reduce(Step step)
    {
        bool opens = Opens(step.Attribute);
        Operand? input = opens ? Tensor(step, 1) : _value;
        if (Equation(step, 1, "b s d -> b d") is not { } equation)
            return;
        EquatableArray<string> from = equation.Inputs[0].Names, to = equation.Output.Names;
        bool made = Matches(step, equation, [input]) && OutputIsMade(step, equation, [input])
            && HasForm(
                step, equation.Output, from.Where(axis => to.Contains(axis)).ToEquatable(), "The output",
                "a reduction drops axes and keeps the order of the others");
        if (!made || input is null)
        {
            Assume(to);
            return;
        }

        var kind = (ReductionKind)int.Parse(step.Argument(opens ? 2 : 1), CultureInfo.InvariantCulture);
        string text = step.Text("Reduce(\"" + step.Argument(0) + "\", " + kind + ")" + (opens ? "(" + input.Name + ")" : ""));
        if (input.Id >= 0 || input.Kind != OperandKind.Value)
        {
            Push(new ReduceOperation(
                _operations.Count, step.Name, to, step.Bracket, text, kind, input, from.Where(axis => !to.Contains(axis)).ToEquatable()));
        }
        else
        {
            Assume(to);
        }
    }

    private void Softmax(Step step, bool isLog)
    {
        if (_value is { } value && IsOnValue(step, 0, value) && value.Id >= 0)
        {
            string axis = step.Argument(0), text = step.Text(step.Attribute.Kind + "(\"" + axis + "\")");
            Push(new SoftmaxOperation(_operations.Count, step.Name, value.Axes, step.Bracket, text, value, axis, isLog));
        }
    }

    /// <summary>A function of each number; <paramref name="argument"/> is its number or the setting that says it.</summary>
    private void Activate(Step step, ActivationKind kind, ArgumentSpec? argument = null)
    {
        ScalarRef? scalar = argument is null ? null : Scalar(step, argument, TypeNames.Float);
        if (argument is not null && scalar is null)
            return;
        if (_value is { } hidden && MaskOf(hidden) is { } mask)
        {
            findings.Add(DiagnosticCatalogue.AfterMask, step.Attribute.At(), step.Attribute.Kind, mask);
            return;
        }

        string written = argument?.Value ?? (kind == ActivationKind.GeluTanh ? "Tanh" : "");
        string text = step.Text(step.Attribute.Kind + (written.Length == 0 ? "" : "(" + written + ")"));
        if (_value is { Id: >= 0 } value)
            Push(new ActivationOperation(_operations.Count, step.Name, value.Axes, step.Bracket, text, kind, value, scalar));
    }

    /// <summary>What of the value's modifiers hides some of it.</summary>
    private string? MaskOf(Operand value)
    {
        Operation? operation = value.Id < 0 ? null : _operations[value.Id];
        return operation switch
        {
            CausalOperation => "Causal",
            WindowOperation => "Window",
            MaskOperation => "Mask",
            ScaleOperation or AlibiOperation or BinaryOperation or RenameOperation => MaskOf(operation.Reads[0]),
            _ => null,
        };
    }

    /// <summary>A number, or the setting that is named; null (and a finding) where the number is out of range.</summary>
    private ScalarRef? Scalar(Step step, ArgumentSpec argument, string type)
    {
        if (!double.TryParse(argument.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
            return Setting(step, argument, type) is { } setting ? new ScalarRef(null, setting) : null;
        string? problem = step.Attribute.Kind switch
        {
            "Swish" => double.IsNaN(number) || double.IsInfinity(number) ? "β is a finite number" : null,
            "SoftCap" => number > 0 && !double.IsInfinity(number) ? null : "a cap is a finite number above 0",
            _ => number >= 1 ? null : "a window has at least 1 position, the query's own",
        };
        if (problem is null)
            return new ScalarRef(number, null);
        findings.Add(DiagnosticCatalogue.NumberRange, step.Attribute.At(argument.Index), step.Attribute.Kind, argument.Value, problem);
        return null;
    }

    private void AddPositions(Step step)
    {
        Operand? table = Tensor(step, 1);
        if (table is { Kind: not OperandKind.Param })
        {
            findings.Add(
                DiagnosticCatalogue.WrongKind, step.At(1), table.Name, KindOf(table.Name) ?? "a value", "AddPositions",
                "a [Param] as its table", "");
            return;
        }

        if (_value is not { } value || !IsOnValue(step, 0, value) || !CarriesPositions(step, 0) || table is null)
            return;
        foreach (string axis in table.Axes.Skip(1))
        {
            if (value.Axes.Contains(axis))
                continue;
            findings.Add(
                DiagnosticCatalogue.NotASubset, step.At(1), table.Name, axis, Wording.Bound([axis], Axes),
                Wording.Axes(value.Axes), "AddPositions");
            return;
        }

        string text = step.Text("AddPositions(\"" + step.Argument(0) + "\", " + table.Name + ")");
        if (value.Id >= 0)
            Push(new AddPositionsOperation(_operations.Count, step.Name, value.Axes, step.Bracket, text, value, step.Argument(0), table));
    }
}
