using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

// What a query may see, and how its scores are moved.
internal sealed partial class MethodChecker
{
    private void Causal(Step step)
    {
        if (Compared(step) is not { Id: >= 0 } value)
            return;
        string query = step.Argument(0), key = step.Argument(1);
        Push(new CausalOperation(
            _operations.Count, step.Name, value.Axes, step.Bracket, step.Text("Causal(\"" + query + "\", \"" + key + "\")"), value, query, key));
    }

    private void Window(Step step)
    {
        ScalarRef? size = Scalar(step, step.Attribute.Positional(2)!, TypeNames.Int);
        if (Compared(step) is not { Id: >= 0 } value || size is null)
            return;
        string query = step.Argument(0), key = step.Argument(1);
        string text = step.Text("Window(\"" + query + "\", \"" + key + "\", " + step.Argument(2) + ")");
        Push(new WindowOperation(_operations.Count, step.Name, value.Axes, step.Bracket, text, value, query, key, size));
    }

    private void Alibi(Step step)
    {
        if (Compared(step) is not { Id: >= 0 } value)
            return;
        ArgumentSpec argument = step.Attribute.Positional(2)!;
        Parsed<TermSyntax> parsed = EinsumParser.ParseAxes(argument.Value);
        if (parsed.Value is not { } heads)
        {
            findings.Add(parsed.Error!, step.Attribute, argument);
            return;
        }

        string query = step.Argument(0), key = step.Argument(1);
        foreach (AxisToken axis in heads.Axes)
        {
            Site site = step.Attribute.At(argument.Index, axis.Start, axis.Length);
            if (!IsOnValue(step, site, axis.Name, value))
                return;
            if (axis.Name != query && axis.Name != key)
                continue;
            findings.Add(DiagnosticCatalogue.AlibiHeads, site, axis.Name, Wording.Quoted(value.Axes.Where(other => other != query && other != key)));
            return;
        }

        string text = step.Text("Alibi(\"" + query + "\", \"" + key + "\", \"" + argument.Value + "\")");
        Push(new AlibiOperation(_operations.Count, step.Name, value.Axes, step.Bracket, text, value, query, key, heads.Names));
    }

    private void Mask(Step step)
    {
        Operand? mask = MaskOperand(step, 1);
        ArgumentSpec argument = step.Attribute.Positional(0)!;
        Parsed<TermSyntax> parsed = EinsumParser.ParseAxes(argument.Value);
        if (parsed.Value is not { } term)
        {
            findings.Add(parsed.Error!, step.Attribute, argument);
            return;
        }

        if (mask is null || _value is not { } value || !Matches(step, term, mask))
            return;
        foreach (AxisToken axis in term.Axes)
        {
            if (!IsOnValue(step, axis, value))
                return;
        }

        string text = step.Text("Mask(\"" + argument.Value + "\", " + mask.Name + ")");
        if (value.Id >= 0)
            Push(new MaskOperation(_operations.Count, step.Name, value.Axes, step.Bracket, text, value, mask));
    }

    /// <summary>The value, where its two axes are the positions of queries and of keys; null (and a finding) otherwise.</summary>
    private Operand? Compared(Step step)
    {
        if (_value is not { } value || !IsOnValue(step, 0, value) | !IsOnValue(step, 1, value) || !CarriesPositions(step, 0))
            return null;
        string query = step.Argument(0), key = step.Argument(1);
        if (_appendsAreLost && !Axes.Contains(key))
            return null;
        if (Axes.Contains(key) && Axes.SourceOf(key) == query)
            return value;
        string made = Axes.Contains(key) && Axes.SourceOf(key) is null ? " -> …" : " -> " + key;
        findings.Add(
            DiagnosticCatalogue.NoPositions, step.At(1), step.Attribute.Kind, key, "no Append or Rename makes it of '" + query + "'",
            Cache is { } cache
                ? "append the keys and values: Append(\"" + query + made + "\", nameof(" + cache + "))"
                : "rename the axis of the keys and values: Rename(\"" + query + made + "\")");
        return null;
    }
}
