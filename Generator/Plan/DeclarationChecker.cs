using System.Globalization;
using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

/// <summary>
/// Checks what a class declares, and keeps it for the equations: the class's axes, and each parameter with its axes and its uses.
/// </summary>
internal sealed class DeclarationChecker(ModelSpec spec, EquatableArray<ModelSignature> submodels, FindingList findings)
{
    // Members of the generated half, which a declared property cannot be called.
    private static readonly string[] Written =
        ["Sizes", "Settings", "Device", "Parameters", "Kernels", "Initialise", "Prepare", "CreateCache", "CacheSlots", "AddCacheSlots",
        "Gpu", "OnGpu", "GpuSizes", "GpuArguments", "GpuKernels"];

    /// <summary>Classes whose static members the generated half uses: a member of the same name would hide them.</summary>
    private static readonly string[] Used =
        ["Math", "CallShape", "Initializer", "OnlineSoftmax", "KeyValues", "ForwardSession", "CpuSession", "SlotLayout", "WeightFormat",
        "CacheFormat", "ArgumentNullException"];

    private readonly Dictionary<string, ParamUse> _params = new(StringComparer.Ordinal);

    public ModelSpec Spec { get; } = spec;

    public EquatableArray<ModelSignature> Submodels { get; } = submodels;

    public AxisTable Axes { get; } = new();

    public ParamUse? Param(string name) => _params.TryGetValue(name, out ParamUse? use) ? use : null;

    public void Check()
    {
        CheckClass();
        foreach (ParamSpec parameter in Spec.Params)
            CheckParam(parameter);
        foreach (LayersSpec layers in Spec.Layers)
            CheckLayers(layers);
        foreach (SettingSpec setting in Spec.Settings)
            CheckSetting(setting);
        new SizeChecker(Spec, Submodels, Axes, findings).Check();
        foreach (ParamUse use in _params.Values)
            ParameterChecker.CheckStandIn(use.Spec, Param, Spec, findings);
        ParameterChecker.CheckCheckpointNames(Spec, findings);
        foreach (MethodSpec method in Spec.Methods)
            BindInputs(method);
    }

    /// <summary>After the equations: every parameter is read, and its rule has what it needs.</summary>
    public EquatableArray<CheckedParam> CheckUses()
    {
        var result = new List<CheckedParam>();
        foreach (ParamUse use in _params.Values)
        {
            ParameterChecker.CheckUse(use, Spec, findings);
            result.Add(new CheckedParam(use.Spec, use.Axes ?? [], use.FanIn ?? [], use.FanOut ?? []));
        }

        return result.ToEquatable();
    }

    private void CheckClass()
    {
        if (Spec.Unsupported is { } reason)
            findings.Add(DiagnosticCatalogue.ClassShape, new Site(""), Spec.Name, reason);
        else if (!Spec.IsPartial)
            findings.Add(DiagnosticCatalogue.ClassShape, new Site(""), new Fix(FixKind.Partial), Spec.Name, "not partial");
        foreach (string name in Spec.Params.Select(static parameter => parameter.Name)
            .Concat(Spec.Layers.Select(static layers => layers.Name)).Concat(Spec.Settings.Select(static setting => setting.Name)))
        {
            CheckName(name, new Site(name));
        }

        foreach (MethodSpec method in Spec.Methods)
        {
            CheckName(method.Name, new Site(method.Name));
            foreach (MethodParameterSpec parameter in method.Parameters)
                CheckName(parameter.Name, new Site($"{method.Name}({parameter.Name})"));
        }
    }

    private void CheckName(string name, Site site)
    {
        if (Written.Contains(name))
            findings.Add(DiagnosticCatalogue.NameClash, site, name, "a member of the generated half of '" + Spec.Name + "'");
        else if (Used.Contains(name))
            findings.Add(DiagnosticCatalogue.NameClash, site, name, "a class that the generated half of '" + Spec.Name + "' uses");
    }

    private void CheckParam(ParamSpec parameter)
    {
        if (_params.ContainsKey(parameter.Name))
            return;
        var use = new ParamUse(parameter);
        _params.Add(parameter.Name, use);
        if (parameter is not { IsPartial: true, Type: TypeNames.Param })
            findings.Add(
                DiagnosticCatalogue.PropertyShape, new Site(parameter.Name),
                parameter.Type == TypeNames.Param ? new Fix(FixKind.Partial) : null, parameter.Name, "Param");
        if (IsUnreadable(parameter.Attribute))
            return;
        use.Axes = AxisList(parameter.Attribute, parameter.Attribute.Positional(0));
        foreach (string axis in use.Axes ?? [])
            Axes.Bind(axis, AxisBinding.Model, "'" + parameter.Name + "'");
        ParameterChecker.CheckInit(parameter, findings);
    }

    private void CheckLayers(LayersSpec layers)
    {
        if (!layers.IsPartial || !layers.Type.StartsWith("Einsharp.Layers<", StringComparison.Ordinal))
        {
            findings.Add(
                DiagnosticCatalogue.PropertyShape, new Site(layers.Name), layers.IsPartial ? null : new Fix(FixKind.Partial), layers.Name,
                "Layers<…>");
            return;
        }

        if (IsUnreadable(layers.Attribute))
            return;
        if (EinsumParser.IsName(layers.Count))
            Axes.Bind(layers.Count, AxisBinding.Model, "'" + layers.Name + "'");
        else
            findings.Add(DiagnosticCatalogue.NotAName, SiteOf(layers.Attribute, 0), layers.Count, "a layer count");
        if (LayersProblem(layers) is { } problem)
            findings.Add(DiagnosticCatalogue.LayersModel, new Site(layers.Name), layers.Name, problem.What, problem.Fix);
        else if (!Submodels.First(model => model.FullName == layers.Model).IsValid)
            findings.Add(
                DiagnosticCatalogue.WaitsForOther, new Site(layers.Name), layers.Name,
                "the declaration of '" + layers.Model + "' has errors");
        ParameterChecker.CheckPrefix(layers, findings);
    }

    private (string What, string Fix)? LayersProblem(LayersSpec layers)
    {
        string type = layers.Type.Substring("Einsharp.Layers<".Length).TrimEnd('>');
        if (layers.Model.Length == 0)
            return ("'" + type + "' is no model", "mark it [Model]");
        if (layers.Model == Spec.FullName || Submodels.Any(model => model.FullName == layers.Model && Reaches(model, Spec.FullName)))
            return ("'" + type + "' holds '" + Spec.Name + "' in turn", "a model cannot contain itself, so take one of the two out");
        return Submodels.Any(model => model.FullName == layers.Model)
            ? null
            : ("'" + type + "' is a model of another assembly, which is not supported yet", "declare it in this project");
    }

    private bool Reaches(ModelSignature model, string name)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<ModelSignature>([model]);
        while (pending.Count > 0)
        {
            foreach (string submodel in pending.Pop().Submodels)
            {
                if (submodel == name)
                    return true;
                if (seen.Add(submodel) && Submodels.FirstOrDefault(other => other.FullName == submodel) is { } next)
                    pending.Push(next);
            }
        }

        return false;
    }

    private void CheckSetting(SettingSpec setting)
    {
        if (!setting.IsPartial || setting.Type is not (TypeNames.Float or TypeNames.Int or TypeNames.Rope))
        {
            findings.Add(
                DiagnosticCatalogue.PropertyShape, new Site(setting.Name), setting.IsPartial ? null : new Fix(FixKind.Partial),
                setting.Name, "float (or int, or Rope)");
            return;
        }

        if (IsUnreadable(setting.Attribute))
            return;
        if (!EinsumParser.IsName(setting.Setting))
        {
            findings.Add(DiagnosticCatalogue.NotAName, SiteOf(setting.Attribute, 0), setting.Setting, "a setting");
            return;
        }

        (string Owner, string Type)? other = Spec.Settings.TakeWhile(earlier => earlier != setting)
            .Where(earlier => earlier.Setting == setting.Setting && earlier.Type != setting.Type)
            .Select(static earlier => (earlier.Name, earlier.Type))
            .Concat(Submodels.SelectMany(static model => model.Settings.Select(theirs => (Model: model.Name, Theirs: theirs)))
                .Where(pair => pair.Theirs.Setting == setting.Setting && pair.Theirs.Type != setting.Type)
                .Select(static pair => (pair.Model, pair.Theirs.Type)))
            .Select(static pair => ((string, string)?)pair).FirstOrDefault();
        if (other is { } conflict)
        {
            findings.Add(
                DiagnosticCatalogue.SettingRule, SiteOf(setting.Attribute, 0), setting.Setting,
                "is a " + TypeNames.Short(setting.Type) + " here and a " + TypeNames.Short(conflict.Type) + " in '" + conflict.Owner + "'",
                "the same name is the same setting, so give one of them another name");
        }
    }

    // Axes of inputs that no parameter has are read off the call.
    private void BindInputs(MethodSpec method)
    {
        // A mask may be over positions of keys, which an equation names.
        HashSet<string> renamed = new(
            method.Brackets.SelectMany(static bracket => bracket.Attributes).Where(static attribute => attribute.Kind is "Append" or "Rename")
                .Select(static attribute => EinsumParser.ParseRenaming(attribute.Positional(0)?.Value ?? "").Value?.To.Name ?? ""),
            StringComparer.Ordinal);
        foreach (MethodParameterSpec parameter in method.Parameters)
        {
            foreach (string axis in EinsumParser.ParseAxes(parameter.Axes ?? "").Value?.Names ?? [])
            {
                if (parameter.Type != TypeNames.Mask || !renamed.Contains(axis))
                    Axes.Bind(axis, AxisBinding.Call, "'" + parameter.Name + "'");
            }
        }
    }

    /// <summary>A declared list of axes, each of its own name; null (and a finding) when it cannot be read.</summary>
    public EquatableArray<string>? AxisList(AttributeSpec attribute, ArgumentSpec? argument)
    {
        if (argument is null)
            return null;
        Parsed<TermSyntax> parsed = EinsumParser.ParseAxes(argument.Value);
        if (parsed.Error is { } error)
        {
            findings.Add(error, attribute, argument);
            return null;
        }

        var names = new List<string>();
        foreach (AxisToken axis in parsed.Value!.Axes)
        {
            if (names.Contains(axis.Name))
            {
                findings.Add(
                    DiagnosticCatalogue.RepeatedAxis, attribute.At(argument.Index, axis.Start, axis.Length), axis.Name, argument.Value);
                return null;
            }

            names.Add(axis.Name);
        }

        return names.ToEquatable();
    }

    /// <summary>
    /// Whether the compiler itself refuses the attribute: noted, since nothing can be generated, and not shown, since the compiler's error
    /// is.
    /// </summary>
    public bool IsUnreadable(AttributeSpec attribute)
    {
        if (!AttributeReader.IsUnreadable(attribute))
            return false;
        findings.Add(
            DiagnosticCatalogue.WaitsForOther, attribute.At(), AttributeReader.DeclaredKind(attribute),
            "the compiler refuses one of its arguments");
        return true;
    }

    public static Site SiteOf(AttributeSpec attribute, int position) => attribute.At(attribute.Positional(position)?.Index ?? -1);

    public static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A parameter while the equations are read: its axes, whether one reads it, and what the first einsum says of its fans.</summary>
internal sealed class ParamUse(ParamSpec spec)
{
    public ParamSpec Spec { get; } = spec;

    public EquatableArray<string>? Axes { get; set; }

    public bool IsRead { get; set; }

    public EquatableArray<string>? FanIn { get; set; }

    public EquatableArray<string>? FanOut { get; set; }
}
