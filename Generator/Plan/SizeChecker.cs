using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

/// <summary>Joins the sizes of a class with those of its layers' models, and applies <c>[Axis]</c> and <c>[Sizes]</c> to them.</summary>
internal sealed class SizeChecker(ModelSpec spec, EquatableArray<ModelSignature> submodels, AxisTable axes, FindingList findings)
{
    public void Check()
    {
        BindSubmodels();
        var ruled = new HashSet<string>(StringComparer.Ordinal);
        foreach (AxisSpec rule in spec.Axes)
        {
            if (AttributeReader.IsUnreadable(rule.Attribute))
                findings.Add(DiagnosticCatalogue.WaitsForOther, rule.Attribute.At(), "Axis", "the compiler refuses one of its arguments");
            else if (!ruled.Add(rule.Name))
                Disagree(rule.Attribute.At(), rule.Name, "ruled again", "an earlier [Axis]", "rules it already");
            else
                CheckRule(rule);
        }

        CheckCycles();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (SizesSpec set in spec.Sizes)
            CheckSet(set, names);
    }

    private void BindSubmodels()
    {
        foreach (ModelSignature model in submodels)
        {
            foreach (SizeSignature size in model.Sizes)
            {
                axes.Bind(size.Axis, AxisBinding.Model, "'" + model.Name + "'");
                AxisInfo axis = axes.Find(size.Axis)!;
                if (size.Pinned is { } pinned && axis.Size is { } other && other != pinned)
                {
                    LayersSpec layers = spec.Layers.FirstOrDefault(layers => layers.Model == model.FullName) ?? spec.Layers[0];
                    Disagree(
                        new Site(layers.Name), size.Axis, "pinned to " + DeclarationChecker.Number(pinned) + " by '" + model.Name + "'",
                        "another layer's model", "pins it to " + DeclarationChecker.Number(other));
                }
                else if (size.Pinned is not null)
                {
                    axes.Update(axis with { Binding = AxisBinding.Pinned, Size = size.Pinned });
                }
                else if (size.Derived is not null && axis is { Size: null, Derived: null })
                {
                    axes.Update(axis with { Derived = size.Derived });
                }
            }
        }
    }

    private void CheckRule(AxisSpec rule)
    {
        string? fault = rule switch
        {
            { Size: < 1 } => "pins it to " + DeclarationChecker.Number(rule.Size.Value) + ", which is less than 1",
            { Size: not null, Ratio: null, Of: null, MultipleOf: null } => null,
            { Size: not null } => "both pins and derives it",
            { Ratio: null } or { Of: null } => "says neither the size nor both Ratio and Of",
            { Ratio: not > 0 } or { Ratio: double.PositiveInfinity } => "has a Ratio that is not a positive number",
            { MultipleOf: < 1 } => "rounds up to a multiple of less than 1",
            _ => null,
        };
        if (fault is not null)
        {
            findings.Add(DiagnosticCatalogue.AxisRule, rule.Attribute.At(), rule.Name, fault);
            return;
        }

        if (!IsSize(rule.Attribute, rule.Attribute.Positional(0), rule.Name)
            || (rule.Of is { } of && !IsSize(rule.Attribute, rule.Attribute.Named("Of"), of)))
            return;
        AxisInfo axis = axes.Find(rule.Name)!;
        if (axis.Size is { } pinned && rule.Size != pinned)
        {
            Disagree(
                rule.Attribute.At(), rule.Name, rule.Size is { } size ? "pinned to " + DeclarationChecker.Number(size) : "derived",
                "a layer's model", "pins it to " + DeclarationChecker.Number(pinned));
            return;
        }

        axes.Update(rule.Size is not null
            ? axis with { Binding = AxisBinding.Pinned, Size = rule.Size }
            : axis with { Derived = new DerivedSize(rule.Ratio!.Value, rule.Of!, rule.MultipleOf ?? 1) });
    }

    private void CheckCycles()
    {
        foreach (AxisSpec rule in spec.Axes)
        {
            AxisInfo? axis = axes.Find(rule.Name);
            for (int steps = 0; axis?.Derived is { } derived && steps <= spec.Axes.Count + submodels.Count; steps++)
            {
                axis = axes.Find(derived.Of);
                if (axis?.Name != rule.Name)
                    continue;
                findings.Add(DiagnosticCatalogue.AxisRule, rule.Attribute.At(), rule.Name, "derives it, in the end, from itself");
                return;
            }
        }
    }

    private void CheckSet(SizesSpec set, HashSet<string> names)
    {
        if (AttributeReader.IsUnreadable(set.Attribute))
        {
            findings.Add(DiagnosticCatalogue.WaitsForOther, set.Attribute.At(), "Sizes", "the compiler refuses one of its arguments");
            return;
        }

        if (!names.Add(set.Name))
            findings.Add(DiagnosticCatalogue.NameClash, DeclarationChecker.SiteOf(set.Attribute, 0), set.Name, "a set of sizes");
        var sizes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < set.Entries.Count; i++)
        {
            ArgumentSpec argument = set.Attribute.Positional(i + 1)!;
            if (EinsumParser.ParseSize(set.Entries[i]) is not { } entry)
            {
                findings.Add(DiagnosticCatalogue.NotASize, set.Attribute.At(argument.Index), set.Entries[i]);
                continue;
            }

            Site site = set.Attribute.At(argument.Index, entry.Axis.Start, entry.Axis.Length);
            if (!IsSize(set.Attribute, argument, entry.Axis.Name, site))
                continue;
            string here = DeclarationChecker.Number(entry.Size);
            if (axes.Find(entry.Axis.Name)!.Size is { } pinned && pinned != entry.Size)
                Disagree(site, entry.Axis.Name, here, "[Axis]", "pins it to " + DeclarationChecker.Number(pinned));
            else if (sizes.TryGetValue(entry.Axis.Name, out int earlier))
                Disagree(site, entry.Axis.Name, here, "an earlier entry", "says " + DeclarationChecker.Number(earlier));
            else
                sizes.Add(entry.Axis.Name, entry.Size);
        }
    }

    private bool IsSize(AttributeSpec attribute, ArgumentSpec? argument, string name, Site? site = null)
    {
        if (axes.Contains(name))
            return true;
        string? meant = Wording.Nearest(name, axes.Sizes);
        findings.Add(
            DiagnosticCatalogue.NotASizeAxis, site ?? attribute.At(argument?.Index ?? -1, 0, name.Length), Fix.Replace(meant), name,
            spec.Name, Wording.DidYouMean(meant), Wording.Bindings(axes.Sizes, axes));
        return false;
    }

    private void Disagree(Site site, string axis, string here, string who, string says) =>
        findings.Add(DiagnosticCatalogue.SizesDisagree, site, axis, here, who, says);
}
