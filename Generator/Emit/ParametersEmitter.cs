using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit;

/// <summary>Sizes, settings, the constructor, the parameters and layers, their initialisation and their checkpoint names.</summary>
internal static class ParametersEmitter
{
    public static void Emit(CodeWriter writer, ModelPlan plan, bool gpu)
    {
        CheckedModel model = plan.Model;
        ModelSpec spec = model.Spec;
        EmitSizes(writer, model);
        writer.Gap();
        if (Settings(model).Any())
            EmitSettings(writer, model);
        writer.Gap();
        using (writer.Open($"partial class {spec.Name}"))
        {
            EmitConstructors(writer, plan, gpu);
            EmitMembers(writer, model);
            EmitInitialise(writer, model);
        }
    }

    /// <summary>The axes that the constructor takes: own parameters' and layers', and the submodels'.</summary>
    public static IEnumerable<AxisInfo> SizeAxes(CheckedModel model) =>
        model.Axes.Where(axis => axis.Binding is AxisBinding.Model or AxisBinding.Pinned);

    /// <summary>Every setting of the model and its submodels, once a name.</summary>
    public static IEnumerable<SettingSignature> Settings(CheckedModel model) =>
        model.Spec.Settings.Select(setting => new SettingSignature(setting.Setting, setting.Type))
            .Concat(model.Submodels.SelectMany(submodel => submodel.Settings))
            .GroupBy(setting => setting.Setting, StringComparer.Ordinal).Select(group => group.First());

    private static void EmitSizes(CodeWriter writer, CheckedModel model)
    {
        writer.Write($"/// <summary>The sizes of a <see cref=\"{model.Spec.Name}\"/>: "
            + "one for each axis of its parameters, constant after construction.</summary>");
        using (writer.Open($"{model.Spec.Accessibility} sealed record {model.Spec.Name}Sizes"))
        {
            foreach (AxisInfo axis in SizeAxes(model))
            {
                string name = Names.Identifier(axis.Name), literal = Names.Literal(axis.Name);
                if (axis.Rule is { } rule)
                {
                    string over = string.Join(" * ", rule.Over.Select(Names.Identifier)), under = string.Join(" * ", rule.Under.Select(Names.Identifier));
                    string quotient = under.Length == 0 ? over : rule.Under.Count == 1 ? $"{over} / {under}" : $"{over} / ({under})";
                    writer.Write($"/// <summary>Axis {axis.Name}, made by {Names.Xml(axis.FirstBoundBy)}.</summary>\npublic int {name} => {quotient};");
                    writer.Gap();
                    continue;
                }

                if (axis.Size is { } size)
                {
                    writer.Write($"/// <summary>Axis {axis.Name}, pinned.</summary>\npublic int {name} => {Names.Literal(size)};");
                }
                else if (axis.Derived is { } derived)
                {
                    string ratio = Names.Literal(derived.Ratio), multipleOf = Names.Literal(derived.MultipleOf);
                    writer.Write($"private readonly int? _{axis.Name};");
                    writer.Gap();
                    writer.Write($"/// <summary>Axis {axis.Name}, first bound by {axis.FirstBoundBy}. Default: {ratio} · {derived.Of}, "
                        + $"rounded up to a multiple of {multipleOf}.</summary>");
                    using (writer.Open($"public int {name}"))
                    {
                        writer.Write($"get => _{axis.Name} ?? CallShape.Derived({ratio}, {Names.Identifier(derived.Of)}, {multipleOf});");
                        writer.Write($"init => _{axis.Name} = CallShape.Size({literal}, value);");
                    }
                }
                else
                {
                    writer.Write($"/// <summary>Axis {axis.Name}, first bound by {axis.FirstBoundBy}.</summary>");
                    string check = $"CallShape.Size({literal}, value)";
                    string taken = IsCount(model, axis) ? $"value == 0 ? 0 : {check}" : check;
                    writer.Write($"public required int {name} {{ get => _{axis.Name}; init => _{axis.Name} = {taken}; }}");
                    writer.Gap();
                    writer.Write($"private readonly int _{axis.Name};");
                }

                writer.Gap();
            }

            EmitNamedSizes(writer, model);
        }
    }

    /// <summary>Whether a size only counts layers, of which there may be none.</summary>
    private static bool IsCount(CheckedModel model, AxisInfo axis) =>
        model.Spec.Layers.Any(layers => layers.Count == axis.Name) && !model.Params.Any(param => param.Axes.Contains(axis.Name));

    private static void EmitNamedSizes(CodeWriter writer, CheckedModel model)
    {
        foreach (KernelSizes set in KernelSizes.Of(model).Where(set => set.SetName is not null))
        {
            bool IsPinned(AxisInfo axis) => set.Pinned.Any(pinned => pinned.Axis == axis.Name);
            IEnumerable<string> sizes = SizeAxes(model).Where(axis => axis is { Size: null, Rule: null } && IsPinned(axis))
                .Select(axis => $"{Names.Identifier(axis.Name)} = {set.Expression(axis.Name)}");
            if (SizeAxes(model).All(axis => axis.Size is not null || axis.Derived is not null || axis.Rule is not null || IsPinned(axis)))
            {
                writer.Write($"/// <summary>The sizes named {Names.Xml(set.SetName!)}.</summary>");
                writer.Write($"public static {model.Spec.Name}Sizes {set.Property} {{ get; }} = new() {{ {string.Join(", ", sizes)} }};");
                writer.Gap();
            }

            string test = string.Join(" && ", set.Pinned
                .Where(pinned => model.Axes.Any(axis => axis.Name == pinned.Axis && axis.Size is null))
                .Select(pinned => $"{Names.Identifier(pinned.Axis)} == {Names.Literal(pinned.Size)}"));
            writer.Write($"internal bool Are{set.Property} => {(test.Length == 0 ? "true" : test)};");
            writer.Gap();
        }
    }

    private static void EmitSettings(CodeWriter writer, CheckedModel model)
    {
        writer.Write($"/// <summary>The settings of a <see cref=\"{model.Spec.Name}\"/>: "
            + "run-time scalars, the same name being the same setting in its layers.</summary>");
        using (writer.Open($"{model.Spec.Accessibility} sealed record {model.Spec.Name}Settings"))
        {
            foreach (SettingSignature setting in Settings(model))
            {
                writer.Write($"/// <summary>{setting.Setting}.</summary>");
                writer.Write($"public required {Names.Global(setting.Type)} {Casing.Pascal(setting.Setting)} {{ get; init; }}");
                writer.Gap();
            }
        }
    }

    private static void EmitConstructors(CodeWriter writer, ModelPlan plan, bool gpu)
    {
        CheckedModel model = plan.Model;
        string name = model.Spec.Name;
        foreach (ParamSpec param in model.Spec.Params)
            writer.Write($"private readonly Param {Field(param.Name)};");
        foreach (LayersSpec layers in model.Spec.Layers)
            writer.Write($"private readonly Layers<global::{layers.Model}> {Field(layers.Name)};");
        writer.Gap();
        bool hasSettings = Settings(model).Any();
        string settings = hasSettings ? $", {name}Settings settings" : "";
        writer.Write("/// <summary>Makes the model; its parameters have no values until it is initialised or loaded.</summary>");
        writer.Write("/// <param name=\"sizes\">The size of every axis of its parameters.</param>");
        if (hasSettings)
            writer.Write("/// <param name=\"settings\">Its settings.</param>");
        writer.Write("/// <param name=\"device\">Where it runs; the default is every core of the CPU.</param>");
        writer.Write("/// <exception cref=\"NotSupportedException\">The device is not one that these kernels run on.</exception>");
        writer.Write($"public {name}({name}Sizes sizes{settings}, global::Einsharp.Device? device = null)",
            $": this(sizes{(hasSettings ? ", settings" : "")}, device, \"\")");
        writer.Write("{\n}");
        writer.Gap();
        using (writer.Open($"internal {name}({name}Sizes sizes{settings}, global::Einsharp.Device? device, string prefix)"))
        {
            writer.Write("ArgumentNullException.ThrowIfNull(sizes);");
            if (hasSettings)
                writer.Write("ArgumentNullException.ThrowIfNull(settings);\nSettings = settings;");
            foreach (string check in SettingChecks(model).Concat(GroupChecks(model)).Distinct())
                writer.Write(check);
            writer.Write("Sizes = sizes;");
            string refusal = "There are no kernels for the device '{device}'; give Device.Cpu or a CpuDevice"
                + (gpu ? ", or a device of Einsharp.Runtime.Ilgpu." : ". A reference to Einsharp.Runtime.Ilgpu brings kernels for GPUs.");
            writer.Write("Device = device ?? global::Einsharp.Device.Cpu;");
            writer.Write($"if (Device is not {(gpu ? "(CpuDevice or IlgpuDevice)" : "CpuDevice")})",
                $"throw new NotSupportedException($\"{refusal}\");");
            foreach (CheckedParam param in model.Params)
                EmitParam(writer, param, plan.RowOf(param));
            foreach (LayersSpec layers in model.Spec.Layers)
                EmitLayers(writer, model, layers);
            EmitParameterList(writer, model);
        }

        writer.Gap();
    }

    /// <summary>Sizes that are joined or taken apart fit one another.</summary>
    private static IEnumerable<string> GroupChecks(CheckedModel model)
    {
        HashSet<string> sizes = [.. SizeAxes(model).Select(axis => axis.Name)];
        return model.Graphs.SelectMany(graph => graph.Operations).OfType<RearrangeOperation>().SelectMany(rearrange => rearrange.Groups)
            .Where(group => group.Unknown != group.Whole && group.Parts.Append(group.Whole).All(sizes.Contains))
            .Select(group => MethodEmitter.GroupCheck(group, axis => "sizes." + Names.Identifier(axis)));
    }

    /// <summary>Numbers of the language that a setting gives are in the range that a literal must be in.</summary>
    private static IEnumerable<string> SettingChecks(CheckedModel model)
    {
        foreach (Operation operation in model.Graphs.SelectMany(graph => graph.Operations))
        {
            (string Check, SettingRef? Setting) found = operation switch
            {
                WindowOperation window => ("WindowSize", window.Size.Setting),
                ActivationOperation { Kind: ActivationKind.SoftCap } cap => ("Cap", cap.Scalar!.Setting),
                _ => ("", null),
            };
            if (found.Setting is { } setting)
                yield return $"CallShape.{found.Check}({Names.Literal(setting.Property)}, settings.{Casing.Pascal(setting.Setting)});";
        }
    }

    public static string Field(string name) => "_" + name;

    private static void EmitParam(CodeWriter writer, CheckedParam param, EquatableArray<string> row)
    {
        ParamSpec spec = param.Spec;
        string shape = string.Join(", ", param.Axes.Select(axis => "sizes." + Names.Identifier(axis)));
        var more = new List<string>();
        if (row.Count > 0)
            more.Add("RowLength = " + string.Join(" * ", row.Select(axis => "sizes." + Names.Identifier(axis))));
        if (spec.Or is not null)
            more.Add("Or = " + Field(spec.Or));
        writer.Write($"{Field(spec.Name)} = new Param({Names.Literal(spec.Name)}, prefix + {Names.Literal(spec.From ?? spec.Name)}, "
            + $"{Names.Literal(Names.Join(param.Axes))}, [{shape}], {Initializer(param)}){(more.Count == 0 ? "" : $" {{ {string.Join(", ", more)} }}")};");
    }

    private static string Initializer(CheckedParam param)
    {
        ParamSpec spec = param.Spec;
        string Number(double? value, double or) => Names.FloatLiteral(value ?? or);
        return spec.Init switch
        {
            InitKind.Linear => $"Initializer.Linear(fanIn: {Fan(param.FanIn)}, fanOut: {Fan(param.FanOut)})",
            InitKind.Embedding => "Initializer.Embedding()",
            InitKind.Ones => "Initializer.Ones",
            InitKind.Zeros => "Initializer.Zeros",
            InitKind.Normal => $"Initializer.Normal({Number(spec.Mean, 0)}, {Number(spec.Deviation, 1)})",
            InitKind.TruncatedNormal =>
                $"Initializer.TruncatedNormal({Number(spec.Mean, 0)}, {Number(spec.Deviation, 1)}, {Number(spec.Cut, 3)})",
            _ => $"Initializer.Uniform({Number(spec.Low, 0)}, {Number(spec.High, 1)})",
        };
    }

    private static string Fan(EquatableArray<string> axes) =>
        axes.Count == 0 ? "1L" : "(long)" + string.Join(" * ", axes.Select(axis => "sizes." + Names.Identifier(axis)));

    private static void EmitLayers(CodeWriter writer, CheckedModel model, LayersSpec layers)
    {
        ModelSignature child = model.Submodels.First(submodel => submodel.FullName == layers.Model);
        string type = "global::" + child.FullName;
        IEnumerable<string> sizes = ChildSizes(model, child).Select(axis => $"{Names.Identifier(axis)} = sizes.{Names.Identifier(axis)}");
        List<string> settings = [.. ChildSettings(model, child)
            .Select(setting => $"{Casing.Pascal(setting)} = settings.{Casing.Pascal(setting)}")];
        string prefix = string.Join(" + layer.ToString(System.Globalization.CultureInfo.InvariantCulture) + ",
            (layers.From ?? layers.Name + ".{0}.").Split(["{0}"], StringSplitOptions.None).Select(Names.Literal));
        string local = Casing.Camel(layers.Name), array = local + "Array", own = settings.Count > 0 ? local + "Settings, " : "";
        writer.Write($"var {array} = new {type}[sizes.{Names.Identifier(layers.Count)}];");
        writer.Write($"var {local}Sizes = new {type}Sizes {{ {string.Join(", ", sizes)} }};");
        if (settings.Count > 0)
            writer.Write($"var {local}Settings = new {type}Settings {{ {string.Join(", ", settings)} }};");
        using (writer.Open($"for (int layer = 0; layer < {array}.Length; layer++)"))
        {
            writer.Write($"string path = prefix + {prefix};");
            writer.Write($"{array}[layer] = new {type}({local}Sizes, {own}Device, path);");
        }

        writer.Gap();
        writer.Write($"{Field(layers.Name)} = new Layers<{type}>({array});");
    }

    /// <summary>The sizes that a child takes, its own submodels' included, but for those it pins itself.</summary>
    private static IEnumerable<string> ChildSizes(CheckedModel model, ModelSignature child) =>
        Family(model, child).SelectMany(member => member.Sizes).GroupBy(size => size.Axis, StringComparer.Ordinal)
            .Where(uses => uses.All(size => size.Pinned is null)).Select(uses => uses.Key);

    private static IEnumerable<string> ChildSettings(CheckedModel model, ModelSignature child) =>
        Family(model, child).SelectMany(member => member.Settings).Select(setting => setting.Setting).Distinct();

    private static List<ModelSignature> Family(CheckedModel model, ModelSignature child)
    {
        var members = new List<ModelSignature> { child };
        for (int i = 0; i < members.Count; i++)
        {
            foreach (string name in members[i].Submodels)
            {
                if (model.Submodels.FirstOrDefault(submodel => submodel.FullName == name) is { } found && !members.Contains(found))
                    members.Add(found);
            }
        }

        return members;
    }

    private static void EmitParameterList(CodeWriter writer, CheckedModel model)
    {
        writer.Write("var parameters = new List<Param>();");
        foreach (ParamSpec param in model.Spec.Params)
            writer.Write($"parameters.Add({Field(param.Name)});");
        foreach (LayersSpec layers in model.Spec.Layers)
            writer.Write($"foreach (global::{layers.Model} layer in {Field(layers.Name)})", "parameters.AddRange(layer.Parameters);");
        writer.Write("Parameters = parameters;");
    }

    private static void EmitMembers(CodeWriter writer, CheckedModel model)
    {
        ModelSpec spec = model.Spec;
        writer.Write($"/// <summary>The sizes that the model was made with.</summary>\npublic {spec.Name}Sizes Sizes {{ get; }}\n");
        if (Settings(model).Any())
        {
            writer.Write("/// <summary>The settings that the model was made with.</summary>");
            writer.Write($"public {spec.Name}Settings Settings {{ get; }}\n");
        }

        writer.Write("/// <summary>Where the model runs.</summary>\npublic global::Einsharp.Device Device { get; }\n");
        writer.Write("/// <summary>Every parameter, those of the layers included, with its checkpoint name, axes and shape.</summary>");
        writer.Write("public IReadOnlyList<Param> Parameters { get; }\n");
        foreach (ParamSpec param in spec.Params)
            writer.Write($"{param.Accessibility} partial Param {param.Name} => {Field(param.Name)};\n");
        foreach (LayersSpec layers in spec.Layers)
            writer.Write($"{layers.Accessibility} partial Layers<global::{layers.Model}> {layers.Name} => {Field(layers.Name)};\n");

        foreach (SettingSpec setting in spec.Settings)
        {
            string head = $"{setting.Accessibility} partial {Names.Global(setting.Type)} {setting.Name}";
            writer.Write($"{head} => Settings.{Casing.Pascal(setting.Setting)};\n");
        }
    }

    private static void EmitInitialise(CodeWriter writer, CheckedModel model)
    {
        bool ties = model.Spec.Params.Any(param => param.Or is not null) || model.Submodels.Any(submodel => submodel.Ties);
        writer.Write("/// <summary>Gives every parameter its initial values: "
            + "a function of the seed, its checkpoint name and the element's index alone.</summary>");
        writer.Write("/// <param name=\"seed\">The seed.</param>\n/// <param name=\"format\">How they are stored.</param>");
        if (ties)
            writer.Write("/// <param name=\"tied\">Whether a parameter with a stand-in (Or) shares its memory.</param>");
        string tied = ties ? ", bool tied = false" : "";
        using (writer.Open($"public void Initialise(ulong seed, WeightFormat format = WeightFormat.F32{tied})"))
        {
            if (!ties)
            {
                writer.Write("foreach (Param param in Parameters)", "param.Initialise(seed, format);");
                return;
            }

            using (writer.Open("foreach (Param param in Parameters)"))
            {
                writer.Write("if (tied && param.Or is { } other)", "param.ShareWith(other);");
                writer.Write("else", "param.Initialise(seed, format);");
            }
        }
    }
}
