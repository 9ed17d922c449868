using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

/// <summary>The terms of a checked equation, each a list of axes, of which one may be <c>...</c>.</summary>
internal sealed record EinsumTerms(EquatableArray<EquatableArray<string>> Inputs, EquatableArray<string> Output);

/// <summary>Checks the equation of an einsum that stands alone; nothing but the equation binds its axes.</summary>
internal sealed class EinsumEquationChecker(string text, Func<int, int, Site> at, FindingList findings)
{
    /// <param name="subject">Who has the operands, for messages.</param>
    /// <param name="operands">How many there are; null where only the call knows.</param>
    /// <param name="operandAt">The place of an operand that has no term.</param>
    public EinsumTerms? Check(string subject, int? operands, Func<int, Site> operandAt)
    {
        Parsed<EquationSyntax> parsed = EinsumParser.ParseEquation(text, takesEllipsis: true);
        if (parsed.Value is not { } equation)
        {
            SyntaxError error = parsed.Error!;
            Fix? fix = error.Fix is { } edit ? Fix.Replace(edit.Text, at(edit.Start, edit.Length)) : null;
            findings.Add(DiagnosticCatalogue.Find(error.Id), at(error.Start, error.Length), fix, error.Arguments.ToArray());
            return null;
        }

        if (IsSqueezed(equation) || !CountFits(equation, subject, operands, operandAt) || !EllipsisStays(equation)
            || !OutputIsMade(equation))
            return null;
        return new EinsumTerms(equation.Inputs.Select(static term => term.Names).ToEquatable(), equation.Output.Names);
    }

    // "ij" where i and j are axes and "ij" is not: named once, while its letters are axes elsewhere. Or all of it is squeezed, as in
    // PyTorch's "ij,jk->ik", and the output's "ik" comes from nowhere.
    private bool IsSqueezed(EquationSyntax equation)
    {
        List<AxisToken> all = equation.Inputs.Append(equation.Output).SelectMany(static term => term.Axes).ToList();
        var names = new HashSet<string>(all.Select(static axis => axis.Name), StringComparer.Ordinal);
        foreach (AxisToken axis in all)
        {
            if (axis.IsEllipsis || axis.Length < 2 || all.FindAll(other => other.Name == axis.Name).Count > 1
                || !axis.Name.All(letter => names.Contains(letter.ToString())))
                continue;
            findings.Add(
                DiagnosticCatalogue.SqueezedAxes, at(axis.Start, axis.Length), Fix.Replace(Wording.Axes(Letters(axis.Name))), axis.Name,
                Wording.Quoted(Letters(axis.Name).Distinct()), Wording.Axes(Letters(axis.Name)));
            return true;
        }

        string inputs = string.Concat(equation.Inputs.SelectMany(static term => term.Names));
        bool squeezed = equation.Inputs.All(static term => term.Axes.Count <= 1) && equation.Output.Axes.Count == 1
            && equation.Output.Axes[0].Length > 1 && equation.Inputs.All(term => !term.Names.Contains(equation.Output.Axes[0].Name))
            && equation.Output.Axes[0].Name.All(letter => inputs.IndexOf(letter) >= 0);
        if (squeezed)
        {
            IEnumerable<string> terms = equation.Inputs.Append(equation.Output)
                .Select(static term => string.Join(
                    " ", term.Axes.SelectMany(static axis => axis.IsEllipsis ? [axis.Name] : Letters(axis.Name))));
            string whole = string.Join(", ", terms.Take(equation.Inputs.Count)) + " -> " + terms.Last();
            AxisToken output = equation.Output.Axes[0];
            findings.Add(
                DiagnosticCatalogue.SqueezedAxes, at(output.Start, output.Length), Fix.Replace(whole, at(0, text.Length)), output.Name,
                Wording.Quoted(Letters(output.Name).Distinct()) + " of the inputs", whole);
        }

        return squeezed;
    }

    private static IEnumerable<string> Letters(string name) => name.Select(static letter => letter.ToString());

    private bool CountFits(EquationSyntax equation, string subject, int? operands, Func<int, Site> operandAt)
    {
        int terms = equation.Inputs.Count;
        if (operands is not { } count || terms == count)
            return true;
        TermSyntax? extra = terms > count ? equation.Inputs[count] : null;
        Site site = extra is null ? operandAt(terms) : extra.Axes.Count == 0 ? at(0, -1) : at(extra.Start, extra.Length);
        findings.Add(
            DiagnosticCatalogue.OperandCount, site, subject, Wording.Count(count, "operand"),
            "its equation has " + Wording.Count(terms, "term"), "write one term for each operand");
        return false;
    }

    private bool EllipsisStays(EquationSyntax equation)
    {
        List<AxisToken> inputs = equation.Inputs.SelectMany(static term => term.Axes).Where(static axis => axis.IsEllipsis).ToList();
        List<AxisToken> output = equation.Output.Axes.Where(static axis => axis.IsEllipsis).ToList();
        if (inputs.Count > 0 == output.Count > 0)
            return true;
        if (output.Count > 0)
        {
            findings.Add(DiagnosticCatalogue.OutputEllipsis, at(output[0].Start, output[0].Length));
            return false;
        }

        int arrow = text.IndexOf("->", StringComparison.Ordinal) + 2;
        findings.Add(
            DiagnosticCatalogue.LostEllipsis, at(inputs[0].Start, inputs[0].Length), Fix.Replace(" ...", at(arrow, 0)),
            text.Insert(arrow, " ..."));
        return false;
    }

    private bool OutputIsMade(EquationSyntax equation)
    {
        List<string> inputs = equation.Inputs.SelectMany(static term => term.Names).Distinct().ToList();
        inputs.Remove(Ellipsis.Name);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (AxisToken axis in equation.Output.Axes)
        {
            if (!names.Add(axis.Name))
            {
                findings.Add(DiagnosticCatalogue.RepeatedOutput, at(axis.Start, axis.Length), axis.Name);
                return false;
            }

            if (axis.IsEllipsis || inputs.Contains(axis.Name))
                continue;
            string? meant = Wording.Nearest(axis.Name, inputs.Where(static name => name.Length > 1));
            findings.Add(
                DiagnosticCatalogue.OutputAxis, at(axis.Start, axis.Length), Fix.Replace(meant), axis.Name, Wording.DidYouMean(meant),
                Wording.Quoted(inputs));
            return false;
        }

        return true;
    }
}
