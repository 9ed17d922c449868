using System.Globalization;
using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>
/// Checks what is said of a parameter beside its axes: the rule by which it begins, its stand-in, and its name in a checkpoint.
/// </summary>
internal static class ParameterChecker
{
    private static readonly string[] Numbers = ["Mean", "Deviation", "Cut", "Low", "High"];

    /// <summary>A rule has the numbers that it needs and no others.</summary>
    public static void CheckInit(ParamSpec parameter, FindingList findings)
    {
        string[] taken = parameter.Init switch
        {
            InitKind.Normal => ["Mean", "Deviation"],
            InitKind.TruncatedNormal => ["Mean", "Deviation", "Cut"],
            InitKind.Uniform => ["Low", "High"],
            _ => [],
        };
        string rule = parameter.Init.ToString();
        foreach (string name in Numbers)
        {
            if (parameter.Attribute.Named(name) is not { } argument)
                continue;
            if (!taken.Contains(name))
            {
                string fix = taken.Length == 0 ? "remove it, or choose a rule that takes numbers" : "it takes " + string.Join(", ", taken);
                findings.Add(
                    DiagnosticCatalogue.InitNumbers, parameter.Attribute.At(argument.Index), new Fix(FixKind.NoArgument), rule,
                    parameter.Name, "takes no " + name, fix);
                return;
            }

            if (!double.TryParse(argument.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || double.IsNaN(value)
                || double.IsInfinity(value))
            {
                findings.Add(
                    DiagnosticCatalogue.InitNumbers, parameter.Attribute.At(argument.Index), rule, parameter.Name,
                    "has a " + name + " that is no number", "write a finite number");
                return;
            }
        }

        (string? what, string fix2, string? at) = parameter switch
        {
            { Init: InitKind.Normal or InitKind.TruncatedNormal, Deviation: null } =>
                ("has no Deviation", "add Deviation = 0.02, for example", null),
            { Init: InitKind.Normal or InitKind.TruncatedNormal, Deviation: <= 0 } =>
                ("has a Deviation that is not positive", "use Init.Zeros for a constant", "Deviation"),
            { Init: InitKind.TruncatedNormal, Cut: <= 0 } => ("has a Cut that is not positive", "it counts deviations: 3 is usual", "Cut"),
            { Init: InitKind.Uniform, Low: null } or { Init: InitKind.Uniform, High: null } =>
                ("needs both Low and High", "add Low = -0.1, High = 0.1, for example", null),
            { Init: InitKind.Uniform } when parameter.Low >= parameter.High => ("has a Low that is not below High", "swap them", "Low"),
            _ => ((string?)null, "", (string?)null),
        };
        if (what is not null)
        {
            int argument = at is null ? parameter.Attribute.Positional(1)?.Index ?? -1 : parameter.Attribute.Named(at)!.Index;
            findings.Add(DiagnosticCatalogue.InitNumbers, parameter.Attribute.At(argument), rule, parameter.Name, what, fix2);
        }
    }

    /// <summary>A stand-in is another parameter with the same axes, itself read from the checkpoint.</summary>
    public static void CheckStandIn(ParamSpec parameter, Func<string, ParamUse?> find, ModelSpec spec, FindingList findings)
    {
        if (parameter.Or is not { } name)
            return;
        ParamUse? other = find(name), self = find(parameter.Name);
        ArgumentSpec argument = parameter.Attribute.Named("Or")!;
        Site site = parameter.Attribute.At(argument.Index);
        string? meant = other is null
            ? Wording.Nearest(name, spec.Params.Select(static other => other.Name).Where(other => other != parameter.Name))
            : other.Spec.Or;
        if (other is not null && argument.IsLiteral)
            findings.Note(DiagnosticCatalogue.MissingNameof, site, new Fix(FixKind.Symbol, name), name, "a param");
        (string What, string Fix)? problem = other switch
        {
            null => ("it is no [Param] of this class" + Wording.DidYouMean(meant), "name one by nameof"),
            _ when name == parameter.Name => ("it is the same parameter", "name another one"),
            { Spec.Or: not null } => ("it has a stand-in of its own", "name '" + other.Spec.Or + "' itself"),
            { Axes: { } theirs } when self?.Axes is { } ours && ours != theirs =>
                ("its axes are '" + Wording.Axes(theirs) + "' and not '" + Wording.Axes(ours) + "'",
                    "share memory between equal layouts only"),
            _ => null,
        };
        if (problem is { } fault)
            findings.Add(
                DiagnosticCatalogue.StandIn, site, meant is null || meant == parameter.Name ? null : new Fix(FixKind.Symbol, meant), name,
                parameter.Name, fault.What, fault.Fix);
    }

    /// <summary>No two parameters read the same tensor.</summary>
    public static void CheckCheckpointNames(ModelSpec spec, FindingList findings)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (ParamSpec parameter in spec.Params)
        {
            if (parameter.From is not { } name)
                continue;
            Site site = parameter.Attribute.At(parameter.Attribute.Named("From")!.Index);
            if (name.Length == 0)
                findings.Add(DiagnosticCatalogue.CheckpointName, site, name, parameter.Name, "is empty", "write the tensor's name");
            else if (owners.TryGetValue(name, out string? owner))
                findings.Add(
                    DiagnosticCatalogue.CheckpointName, site, name, parameter.Name, "is the tensor of '" + owner + "' too",
                    "tie the two by Or = nameof(" + owner + ")");
            else
                owners.Add(name, parameter.Name);
        }
    }

    /// <summary>A prefix tells the layers apart.</summary>
    public static void CheckPrefix(LayersSpec layers, FindingList findings)
    {
        if (layers.From is { } prefix && !prefix.Contains("{0}"))
        {
            findings.Add(
                DiagnosticCatalogue.CheckpointName, layers.Attribute.At(layers.Attribute.Named("From")!.Index), prefix, layers.Name,
                "is the same for every layer", "put {0} where the layer's index stands");
        }
    }

    public static void CheckUse(ParamUse use, ModelSpec spec, FindingList findings)
    {
        bool standsIn = spec.Params.Any(other => other.Or == use.Spec.Name);
        if (!use.IsRead && !standsIn && spec.Methods.Count > 0 && use.Axes is not null)
            findings.Add(DiagnosticCatalogue.UnusedParameter, new Site(use.Spec.Name), use.Spec.Name);
        else if (use is { Axes: not null, FanIn: null, Spec.Init: InitKind.Linear })
        {
            findings.Add(
                DiagnosticCatalogue.NoFans, use.Spec.Attribute.At(use.Spec.Attribute.Positional(1)?.Index ?? -1), use.Spec.Name,
                use.IsRead
                    ? "choose a rule for what reads it, such as Init.Ones for a gain or Init.Embedding for a table"
                    : "use it, or choose another rule");
        }
    }

    /// <summary>Keeps the fans that an einsum gives to a parameter: contracted axes are fan-in, the others fan-out.</summary>
    public static void ReadFans(ParamUse use, EquatableArray<string> output, Site site, FindingList findings)
    {
        if (use.Spec.Init != InitKind.Linear || use.Axes is not { } axes)
            return;
        EquatableArray<string> contracted = axes.Where(axis => !output.Contains(axis)).ToEquatable();
        if (use.FanIn is null)
        {
            use.FanIn = contracted;
            use.FanOut = axes.Where(output.Contains).ToEquatable();
        }
        else if (use.FanIn != contracted)
        {
            findings.Add(DiagnosticCatalogue.FansDisagree, site, Wording.Quoted(contracted), use.Spec.Name, Wording.Quoted(use.FanIn));
        }
    }
}
