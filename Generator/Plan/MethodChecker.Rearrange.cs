using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

// Axes taken apart, put in another order, and joined.
internal sealed partial class MethodChecker
{
    // Axes of the call whose sizes this method makes of others.
    private readonly List<SizeRule> _rules = [];

    private void Rearrange(Step step)
    {
        Operand? input = Opens(step.Attribute) ? Tensor(step, 1) : _value;
        ArgumentSpec argument = step.Attribute.Positional(0)!;
        Parsed<RearrangementSyntax> parsed = RearrangementParser.Parse(argument.Value);
        if (parsed.Value is not { } pattern)
        {
            findings.Add(parsed.Error!, step.Attribute, argument);
            Assume(null);
            return;
        }

        EquatableArray<string>? made = pattern.To.All(static group => group.Axis is not null)
            ? pattern.To.Select(static group => group.Axis!).ToEquatable()
            : null;
        if (input is null || !HasAxes(step, pattern, input) || !KeepsEveryAxis(step, pattern) || !IsNamed(step, pattern, input))
        {
            Assume(made);
            return;
        }

        string by = "Rearrange(\"" + argument.Value + "\")";
        var groups = new List<AxisGroup>();
        for (int i = 0; i < pattern.From.Count; i++)
        {
            if (!pattern.From[i].IsGroup)
                continue;
            if (Split(step, pattern.From[i], input.Axes[i], by) is not { } split)
            {
                Assume(made);
                return;
            }

            groups.Add(split);
        }

        foreach (GroupSyntax group in pattern.To.Where(static group => group.IsGroup))
        {
            groups.Add(Join(group, by));
            if (!Holds(step, group, groups[groups.Count - 1]))
            {
                Assume(made);
                return;
            }
        }

        string text = step.Text(by + (Opens(step.Attribute) ? "(" + input.Name + ")" : ""));
        if (input.Id >= 0 || input.Kind != OperandKind.Value)
        {
            Push(new RearrangeOperation(
                _operations.Count, step.Name, made!.Value, step.Bracket, text, input, Parts(pattern.From), Parts(pattern.To), groups.ToEquatable()));
        }
        else
        {
            Assume(made);
        }
    }

    private static EquatableArray<string> Parts(EquatableArray<GroupSyntax> side) =>
        side.SelectMany(static group => group.Parts).Select(static part => part.Name).ToEquatable();

    // The left side repeats the value's axes, but for groups that do not name theirs.
    private bool HasAxes(Step step, RearrangementSyntax pattern, Operand input)
    {
        EquatableArray<GroupSyntax> from = pattern.From;
        if (from.Count != input.Axes.Count)
        {
            int start = from.Count == 0 ? 0 : from[0].Start, end = from.Count == 0 ? 0 : from[from.Count - 1].Start + from[from.Count - 1].Length;
            Site site = from.Count == 0 ? step.At(0) : SiteOf(step, start, end - start);
            findings.Add(
                DiagnosticCatalogue.RankMismatch, site, Wording.Count(from.Count, "axis"), Shown(input),
                Wording.Count(input.Axes.Count, "axis"), Wording.Axes(input.Axes), Wording.Bound(input.Axes, Axes));
            return false;
        }

        for (int i = 0; i < from.Count; i++)
        {
            AxisToken? axis = from[i].IsGroup ? from[i].Name : from[i].Parts[0];
            if (axis is not { } written || written.Name == input.Axes[i] || IsSqueezed(step, written))
                continue;
            findings.Add(
                DiagnosticCatalogue.AxisMismatch, SiteOf(step, written), Fix.Replace(input.Axes[i]), written.Name,
                DeclarationChecker.Number(i + 1), Shown(input), Wording.Axes(input.Axes), input.Axes[i],
                Wording.Bound([input.Axes[i], written.Name], Axes));
            return false;
        }

        return true;
    }

    private bool KeepsEveryAxis(Step step, RearrangementSyntax pattern)
    {
        List<AxisToken> from = [.. pattern.From.SelectMany(static group => group.Parts)];
        List<AxisToken> to = [.. pattern.To.SelectMany(static group => group.Parts)];
        (AxisToken Axis, string What)? fault = Repeated(from, "on the left") ?? Repeated(to, "on the right")
            ?? Alone(from, to, "on the left alone") ?? Alone(to, from, "on the right alone")
            ?? Repeated([.. pattern.To.Select(static group => group.Name ?? group.Parts[0])], "an axis of the result");
        if (fault is not { } found)
            return true;
        findings.Add(DiagnosticCatalogue.RearrangedAxes, SiteOf(step, found.Axis), found.Axis.Name, found.What);
        return false;

        static (AxisToken, string)? Repeated(List<AxisToken> side, string where) =>
            side.GroupBy(static axis => axis.Name).FirstOrDefault(static same => same.Count() > 1) is { } twice
                ? (twice.ElementAt(1), "twice " + where)
                : null;

        static (AxisToken, string)? Alone(List<AxisToken> side, List<AxisToken> other, string what)
        {
            foreach (AxisToken axis in side)
            {
                if (!other.Exists(same => same.Name == axis.Name))
                    return (axis, what);
            }

            return null;
        }
    }

    private bool IsNamed(Step step, RearrangementSyntax pattern, Operand input)
    {
        if (pattern.To.FirstOrDefault(static group => group.Axis is null) is not { } group)
            return true;
        string parts = Wording.Axes(group.Parts.Select(static part => part.Name));
        int same = pattern.From.ToList().FindIndex(other => other.IsGroup && other.Parts.Select(static part => part.Name)
            .SequenceEqual(group.Parts.Select(static part => part.Name)));
        string name = same >= 0 ? input.Axes[same] : FreeAxis();
        findings.Add(
            DiagnosticCatalogue.GroupSize, SiteOf(step, group.Start, group.Length), parts, "joins axes to one that has no name",
            "name it inside the parentheses, as in '(" + name + ": " + parts + ")'");
        return false;
    }

    private string FreeAxis() => "dnmjlz".Select(static letter => letter.ToString()).FirstOrDefault(name => !Axes.Contains(name)) ?? "joined";

    /// <summary>An axis taken apart: of the parts' sizes one at most is not known, which is what the others leave of it.</summary>
    private AxisGroup? Split(Step step, GroupSyntax group, string whole, string by)
    {
        List<string> parts = [.. group.Parts.Select(static part => part.Name)];
        List<string> unknown = [.. parts.Where(part => !IsKnown(part))];
        string? seen = parts.Append(whole).FirstOrDefault(axis => Axes.Find(axis) is { Binding: AxisBinding.Seen });
        if (seen is not null || unknown.Count > 1)
        {
            findings.Add(
                DiagnosticCatalogue.GroupSize, SiteOf(step, group.Start, group.Length), Wording.Axes(parts),
                seen is not null ? "holds '" + seen + "', which counts the positions seen" : "splits '" + whole + "' into sizes that nothing says: "
                    + Wording.Quoted(unknown),
                seen is not null ? "rearrange before the Append" : "all but one must be known: an axis of a [Param] or of an input, or one that [Axis] pins");
            return null;
        }

        if (unknown.Count == 0)
        {
            var known = new AxisGroup(whole, parts.ToEquatable(), null);
            return Holds(step, group, known) ? known : null;
        }

        var split = new AxisGroup(whole, parts.ToEquatable(), unknown[0]);
        if (!Holds(step, group, split))
            return null;
        List<string> others = [.. parts.Where(part => part != unknown[0])];
        Rule(new SizeRule(unknown[0], [whole], others.ToEquatable()), by);
        return split;
    }

    private AxisGroup Join(GroupSyntax group, string by)
    {
        string name = group.Axis!;
        EquatableArray<string> parts = group.Parts.Select(static part => part.Name).ToEquatable();
        if (IsKnown(name))
            return new AxisGroup(name, parts, null);
        Rule(new SizeRule(name, parts, []), by);
        return new AxisGroup(name, parts, name);
    }

    private void Rule(SizeRule rule, string by)
    {
        if (Axes.BindRule(rule, by) == AxisBinding.Call)
            _rules.Add(rule);
    }

    /// <summary>Whether an axis has a size here: the class's, one that an input brings, or one that an earlier equation made.</summary>
    private bool IsKnown(string axis) => Axes.Find(axis) is { } info
        && (AxisTable.IsSize(info) || info.Binding == AxisBinding.Seen || InputAxes().Contains(axis) || _rules.Exists(rule => rule.Axis == axis)
            || (Axes.SourceOf(axis) is { } source && IsKnown(source)));

    /// <summary>Whether a group fits its axis, as far as sizes are pinned; the others are compared when they are there.</summary>
    private bool Holds(Step step, GroupSyntax group, AxisGroup sizes)
    {
        int? whole = Pinned(sizes.Whole);
        long product = 1;
        foreach (string part in sizes.Parts.Where(part => part != sizes.Unknown))
        {
            if (Pinned(part) is not { } size)
                return true;
            product *= size;
        }

        if (whole is not { } all || sizes.Unknown == sizes.Whole || (sizes.Unknown is null ? product == all : all % product == 0))
            return true;
        string number = product.ToString(System.Globalization.CultureInfo.InvariantCulture);
        findings.Add(
            DiagnosticCatalogue.GroupSize, SiteOf(step, group.Start, group.Length), Wording.Axes(sizes.Parts),
            sizes.Unknown is null
                ? "has " + number + " of '" + sizes.Whole + "', which has " + DeclarationChecker.Number(all)
                : "splits '" + sizes.Whole + "', which has " + DeclarationChecker.Number(all) + ", no multiple of " + number,
            "the sizes of a group multiply to the size of its axis");
        return false;
    }

    private int? Pinned(string axis)
    {
        AxisInfo? info = Axes.Find(axis);
        if ((info?.Rule ?? _rules.Find(rule => rule.Axis == axis)) is not { } rule)
            return info?.Size;
        long over = 1, under = 1;
        foreach (string part in rule.Over)
        {
            if (Pinned(part) is not { } size)
                return null;
            over *= size;
        }

        foreach (string part in rule.Under)
        {
            if (Pinned(part) is not { } size)
                return null;
            under *= size;
        }

        return under > 0 && over / under <= int.MaxValue ? (int)(over / under) : null;
    }

    /// <summary>An operand's name; a value in the middle of its bracket has none.</summary>
    private static string Shown(Operand operand) => operand.Name.StartsWith("#", StringComparison.Ordinal) ? "the value here" : operand.Name;

    private static Site SiteOf(Step step, int start, int length) => step.Attribute.At(step.Attribute.Positional(0)!.Index, start, length);
}
