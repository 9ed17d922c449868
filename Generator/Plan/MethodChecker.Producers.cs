using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

// The attributes that open a bracket.
internal sealed partial class MethodChecker
{
    private void Einsum(Step step)
    {
        Operand?[] operands = Operands(step);
        if (Equation(step, operands.Length) is not { } equation)
            return;
        bool matches = Matches(step, equation, operands), made = OutputIsMade(step, equation, operands);
        if (!matches || !made)
        {
            Assume(made ? equation.Output.Names : null);
            return;
        }

        for (int i = 0; i < operands.Length; i++)
        {
            if (operands[i] is { Kind: OperandKind.Param } operand && declarations.Param(operand.Name) is { } use)
                ParameterChecker.ReadFans(use, equation.Output.Names, step.Attribute.At(step.Attribute.Positional(i + 1)!.Index), findings);
        }

        Push(new EinsumOperation(
            _operations.Count, step.Name, equation.Output.Names, step.Bracket, Call(step, operands),
            operands.Select(static operand => operand!).ToEquatable()));
    }

    private void Gather(Step step)
    {
        Operand? indices = Indices(step, 1), table = Tensor(step, 2);
        if (table is { Kind: not OperandKind.Param })
        {
            findings.Add(
                DiagnosticCatalogue.WrongKind, step.At(2), table.Name, KindOf(table.Name) ?? "a value", "Gather",
                "a [Param] as its table", "");
            table = null;
        }

        if (Equation(step, 2, "b s, v d -> b s d") is not { } equation)
            return;
        EquatableArray<string> made = equation.Inputs[0].Names.Concat(equation.Inputs[1].Names.Skip(1)).ToEquatable();
        bool matches = Matches(step, equation, [indices, table]);
        if (matches && OutputIsMade(step, equation, [])
            && HasForm(step, equation.Output, made, "The output", "it has the axes of the indices, then those of a row"))
        {
            Push(new GatherOperation(_operations.Count, step.Name, made, step.Bracket, Call(step, [indices, table]), indices!, table!));
        }
        else
        {
            Assume(matches ? made : equation.Output.Names);
        }
    }

    private void Select(Step step)
    {
        Operand? input = Tensor(step, 1), indices = Indices(step, 2);
        if (Equation(step, 2, "b s d, b o -> b o d") is not { } equation)
            return;
        EquatableArray<string> from = equation.Inputs[0].Names, by = equation.Inputs[1].Names;
        int leading = by.Count - 1;
        EquatableArray<string> expected = from.Take(leading).Concat(by.Skip(leading)).ToEquatable();
        EquatableArray<string> made = expected.Concat(from.Skip(by.Count)).ToEquatable();
        bool matches = Matches(step, equation, [input, indices]);
        if (matches && OutputIsMade(step, equation, [])
            && HasForm(
                step, equation.Inputs[1], by.Count == 0 ? ["o"] : expected, "The list of indices",
                "it has the input's leading axes, then an axis of its own")
            && HasForm(step, equation.Output, made, "The output", "the indices' last axis replaces the one that is selected from"))
        {
            Push(new SelectOperation(_operations.Count, step.Name, made, step.Bracket, Call(step, [input, indices]), input!, indices!));
        }
        else
        {
            Assume(matches ? made : equation.Output.Names);
        }
    }

    private void Run(Step step)
    {
        Operand? input = Tensor(step, 2);
        string name = step.Argument(1);
        NoteText(step, step.Attribute.Positional(1));
        LayersSpec? layers = Spec.Layers.FirstOrDefault(layers => layers.Name == name);
        if (layers is null)
            Refuse(step, step.At(1), name, "a [Layers] property", static kind => kind == "layers");
        string? cache = step.Attribute.Positional(3) is not null && IsCache(step, 3) ? step.Argument(3) : null;
        if (Equation(step, 1, "b s d -> b s d") is not { } equation)
            return;
        bool matches = Matches(step, equation, [input]) & OutputIsMade(step, equation, [], anyAxis: true);
        ModelSignature? model = declarations.Submodels.FirstOrDefault(model => model.FullName == layers?.Model);
        if (model is null || !RunsLayers(step, equation, model) || !TakesCache(step, model) || !matches)
        {
            Assume(equation.Inputs[0].Names);
            return;
        }

        string text = step.Text("Run(\"" + step.Argument(0) + "\")(" + name + ", " + input!.Name
            + (cache is null ? ")" : ", " + cache + ")"));
        Push(new RunOperation(_operations.Count, step.Name, equation.Output.Names, step.Bracket, text, name, model.FullName, input, cache));
    }

    // A layer's sizes are the class's, by name; its call axes match by position and may be called otherwise there.
    private bool RunsLayers(Step step, EquationSyntax equation, ModelSignature model)
    {
        if (model is not { Input: { } input, Output: { } output })
        {
            findings.Add(
                DiagnosticCatalogue.LayersModel, step.At(1), step.Argument(1),
                "'" + model.Name + "' has no method 'Tensor Forward(Tensor x, KvCache? cache)'",
                "declare one with [Axes] on its input");
            return false;
        }

        string reads = Wording.Axes(input), makes = Wording.Axes(output);
        if (input != output)
        {
            findings.Add(
                DiagnosticCatalogue.LayerAxes, step.At(1), model.Name, reads, makes, "it is run on", Wording.Axes(equation.Inputs[0].Names),
                "each layer reads what the one before it made, so both need the same axes", "");
            return false;
        }

        TermSyntax[] terms = [equation.Inputs[0], equation.Output];
        foreach (TermSyntax term in terms)
        {
            bool isOutput = ReferenceEquals(term, equation.Output);
            EquatableArray<string> here = isOutput ? equation.Inputs[0].Names : term.Names;
            int fault = -1;
            for (int i = 0; i < Math.Min(term.Axes.Count, input.Count) && fault < 0; i++)
            {
                bool fits = isOutput ? i < here.Count && term.Axes[i].Name == here[i] : FitsLayer(term.Axes[i].Name, input[i], model);
                if (!fits)
                    fault = i;
            }

            if (fault < 0 && term.Axes.Count == input.Count)
                continue;
            Site site = fault >= 0
                ? step.Attribute.At(step.Attribute.Positional(0)!.Index, term.Axes[fault].Start, term.Axes[fault].Length)
                : SiteOf(step, term);
            findings.Add(
                DiagnosticCatalogue.LayerAxes, site, isOutput ? Fix.Replace(Wording.Axes(here), SiteOf(step, term)) : null,
                model.Name, reads, makes,
                isOutput ? "its output is" : "it is run on", Wording.Axes(term.Names),
                isOutput
                    ? "write '" + Wording.Axes(here) + "', the axes of the input"
                    : "sizes have the same names in both classes, and there are as many axes",
                Wording.Bound(term.Names, Axes));
            return false;
        }

        return true;
    }

    private bool FitsLayer(string here, string there, ModelSignature model)
    {
        bool isSize = model.Sizes.Any(size => size.Axis == there)
            || declarations.Submodels.Any(other => model.Submodels.Contains(other.FullName) && other.Sizes.Any(size => size.Axis == there));
        return isSize ? here == there : Axes.Find(here) is not { } axis || !AxisTable.IsSize(axis);
    }

    private bool TakesCache(Step step, ModelSignature model)
    {
        bool given = step.Attribute.Positional(3) is not null;
        if (given == model.TakesCache)
            return true;
        if (given)
            findings.Add(
                DiagnosticCatalogue.CacheArgument, step.At(3), new Fix(FixKind.NoArgument),
                "'" + model.Name + "' takes no cache", "remove '" + step.Argument(3) + "'");
        else
            findings.Add(
                DiagnosticCatalogue.CacheArgument, step.Attribute.At(),
                Cache is { } cache ? new Fix(FixKind.Argument, "nameof(" + cache + ")") : null,
                "'" + model.Name + "' takes a cache, and Run passes none", "add " + CacheFix());
        return false;
    }

    private string CacheFix() => Cache is { } cache
        ? "'nameof(" + cache + ")' as its last argument"
        : "a parameter 'KvCache? cache' to '" + method.Name + "', and pass it";

    /// <summary>The argument that an attribute lacks, where the class has one setting that fits.</summary>
    private Fix? OnlySetting(string argument, string type)
    {
        List<SettingSpec> fitting = Spec.Settings.Where(setting => setting.Type == type).ToList();
        return fitting.Count == 1 ? new Fix(FixKind.Argument, argument + " = nameof(" + fitting[0].Name + ")") : null;
    }

    private Operand?[] Operands(Step step)
    {
        int count = step.Attribute.Arguments.Count(static argument => argument.Name.Length == 0) - 1;
        var operands = new Operand?[Math.Max(0, count)];
        for (int i = 0; i < operands.Length; i++)
            operands[i] = Tensor(step, i + 1);
        return operands;
    }

    /// <summary>The parsed equation with one term an operand; null (and a finding) otherwise.</summary>
    private EquationSyntax? Equation(Step step, int operands, string? form = null)
    {
        ArgumentSpec argument = step.Attribute.Positional(0)!;
        Parsed<EquationSyntax> parsed = EinsumParser.ParseEquation(argument.Value);
        if (parsed.Value is not { } equation)
        {
            findings.Add(parsed.Error!, step.Attribute, argument);
            Assume(null);
            return null;
        }

        int terms = equation.Inputs.Count;
        if (terms == operands)
            return equation;
        Site site = terms < operands && form is null ? step.At(terms + 1) : SiteOf(step, equation.Inputs[Math.Min(terms - 1, operands)]);
        findings.Add(
            DiagnosticCatalogue.OperandCount, site, step.Attribute.Kind, Wording.Count(operands, "operand"),
            "its equation has " + Wording.Count(terms, "term"),
            form is null ? "write one term for each operand" : "its form is \"" + form + "\"");
        Assume(equation.Output.Names);
        return null;
    }

    private bool Matches(Step step, EquationSyntax equation, Operand?[] operands)
    {
        bool matches = true;
        for (int i = 0; i < operands.Length; i++)
            matches &= operands[i] is { } operand && Matches(step, equation.Inputs[i], operand);
        return matches;
    }

    // A use repeats its operand's axes, names and order.
    private bool Matches(Step step, TermSyntax term, Operand operand)
    {
        foreach (AxisToken axis in term.Axes)
        {
            if (IsSqueezed(step, axis))
                return false;
        }

        if (term.Axes.Count != operand.Axes.Count)
        {
            findings.Add(
                DiagnosticCatalogue.RankMismatch, SiteOf(step, term), Repeating(step, term, operand.Axes),
                Wording.Count(term.Axes.Count, "axis"), Shown(operand), Wording.Count(operand.Axes.Count, "axis"),
                Wording.Axes(operand.Axes), Wording.Bound(operand.Axes, Axes));
            return false;
        }

        for (int i = 0; i < term.Axes.Count; i++)
        {
            AxisToken axis = term.Axes[i];
            if (axis.Name == operand.Axes[i])
                continue;
            bool alone = term.Axes.Zip(operand.Axes, static (written, meant) => written.Name == meant).Count(static same => !same) == 1;
            findings.Add(
                DiagnosticCatalogue.AxisMismatch, SiteOf(step, axis),
                alone ? Fix.Replace(operand.Axes[i]) : Repeating(step, term, operand.Axes), axis.Name, DeclarationChecker.Number(i + 1),
                Shown(operand), Wording.Axes(operand.Axes), operand.Axes[i], Wording.Bound([operand.Axes[i], axis.Name], Axes));
            return false;
        }

        return true;
    }

    // Every output axis is on an input, once; or on an operand that its term repeats wrongly, which is a finding already.
    private bool OutputIsMade(Step step, EquationSyntax equation, Operand?[] operands, bool anyAxis = false)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (AxisToken axis in equation.Output.Axes)
        {
            if (IsSqueezed(step, axis))
                return false;
            if (!names.Add(axis.Name))
            {
                findings.Add(DiagnosticCatalogue.RepeatedOutput, SiteOf(step, axis), axis.Name);
                return false;
            }

            List<string> inputs = equation.Inputs.SelectMany(static term => term.Names).Distinct().ToList();
            bool meant = operands.Any(operand => operand?.Axes.Contains(axis.Name) ?? false);
            if (anyAxis || meant || inputs.Contains(axis.Name))
                continue;
            string? likely = Wording.Nearest(axis.Name, inputs) ?? Unplaced(equation);
            findings.Add(
                DiagnosticCatalogue.OutputAxis, SiteOf(step, axis), Fix.Replace(likely), axis.Name, Wording.DidYouMean(likely),
                Wording.Bindings(inputs, Axes));
            return false;
        }

        return true;
    }

    // The one axis that stands in a single input and not in the output, where there is one: it may be what a strange axis there means.
    private static string? Unplaced(EquationSyntax equation)
    {
        List<string> left = equation.Inputs.SelectMany(static term => term.Names).GroupBy(static name => name, StringComparer.Ordinal)
            .Where(group => group.Count() == 1 && !equation.Output.Names.Contains(group.Key)).Select(static group => group.Key).ToList();
        return Only(left);
    }

    // A term as its operand has it. An empty one has no characters that could be others.
    private static Fix? Repeating(Step step, TermSyntax term, EquatableArray<string> axes) =>
        term.Axes.Count == 0 || axes.Count == 0 ? null : Fix.Replace(Wording.Axes(axes), SiteOf(step, term));

    private bool IsSqueezed(Step step, AxisToken axis)
    {
        if (!Axes.IsSqueezed(axis.Name))
            return false;
        IEnumerable<string> letters = axis.Name.Select(static letter => letter.ToString());
        findings.Add(
            DiagnosticCatalogue.SqueezedAxes, SiteOf(step, axis), Fix.Replace(Wording.Axes(letters)), axis.Name, Wording.Quoted(letters.Distinct()), Wording.Axes(letters));
        return true;
    }

    private bool HasForm(Step step, TermSyntax term, EquatableArray<string> expected, string what, string rule)
    {
        if (term.Names == expected)
            return true;
        Site site = SiteOf(step, term);
        if (term.Axes.Count == expected.Count)
        {
            int first = 0;
            while (term.Axes[first].Name == expected[first])
                first++;
            site = SiteOf(step, term.Axes[first]);
        }

        findings.Add(
            DiagnosticCatalogue.EquationForm, site, Repeating(step, term, expected), what, step.Attribute.Kind, Wording.Axes(expected), Wording.Axes(term.Names), rule);
        return false;
    }

    private static Site SiteOf(Step step, AxisToken axis) =>
        step.Attribute.At(step.Attribute.Positional(0)!.Index, axis.Start, axis.Length);

    // An empty term has no characters to point at.
    private static Site SiteOf(Step step, TermSyntax term) => term.Axes.Count == 0
        ? step.At(0)
        : step.Attribute.At(step.Attribute.Positional(0)!.Index, term.Start, term.Length);

    private static string Call(Step step, Operand?[] operands, string? last = null) => step.Text(
        step.Attribute.Kind + "(\"" + step.Argument(0) + "\")("
        + string.Join(", ", operands.Select(static operand => operand!.Name)) + (last is null ? ")" : ", " + last + ")"));
}
