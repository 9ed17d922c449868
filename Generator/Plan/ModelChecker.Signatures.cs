using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

// What one model lets others know of it, from its declaration alone: cheap, and unmoved by edits that its parents cannot see.
internal static partial class ModelChecker
{
    /// <summary>
    /// The signature of a model: its own sizes, settings and slots, and the names of the models that it holds. Never throws; a declaration
    /// that cannot be read gives one that is not valid.
    /// </summary>
    public static ModelSignature Sign(ModelSpec spec)
    {
        bool valid = spec is { IsPartial: true, Unsupported: null };
        var sizes = new List<SizeSignature>();
        foreach (ParamSpec parameter in spec.Params)
        {
            Parsed<TermSyntax> axes = EinsumParser.ParseAxes(parameter.Axes);
            valid &= axes.Error is null && !AttributeReader.IsUnreadable(parameter.Attribute);
            foreach (string axis in axes.Value?.Names ?? [])
                AddSize(axis);
        }

        foreach (LayersSpec layers in spec.Layers)
        {
            valid &= EinsumParser.IsName(layers.Count);
            AddSize(layers.Count);
        }

        MethodSpec? forward = spec.Methods.FirstOrDefault(static method => IsForward(method));
        EquatableArray<string>? input = forward?.Parameters[0].Axes is { } text ? EinsumParser.ParseAxes(text).Value?.Names : null;
        var slots = new List<SlotSignature>();
        EquatableArray<string>? output = null;
        foreach (BracketSpec bracket in forward?.Brackets ?? [])
            output = Follow(bracket, slots);
        bool callable = input is not null && output is not null;
        return new ModelSignature(
            spec.FullName, spec.Namespace, spec.Name, sizes.ToEquatable(),
            spec.Settings.Select(static setting => new SettingSignature(setting.Setting, setting.Type)).Distinct().ToEquatable(),
            callable ? input : null, callable ? output : null, callable && forward!.Parameters.Count == 2,
            forward is not null && (Attributes(forward).Any(SpeaksOfPositions) || ComparedRows(spec, forward) is not null),
            forward is { Parameters.Count: 1 } && RenamesRows(spec, forward), forward is not null && SeesLater(spec, forward),
            spec.Params.Any(static param => param.Or is not null), slots.ToEquatable(),
            spec.Layers.Where(static layers => layers.Model.Length > 0).Select(static layers => layers.Model)
                .Distinct(StringComparer.Ordinal).OrderBy(static name => name, StringComparer.Ordinal).ToEquatable(),
            RunModels(spec, forward), callable && (ReadsCallSizes(spec, forward!) || AttendsElsewhere(spec, forward!) || KeepsScores(forward!)),
            forward is not null && Attributes(forward).Any(static attribute => attribute.Kind == "AddPositions"), valid);

        void AddSize(string axis)
        {
            if (sizes.Exists(size => size.Axis == axis))
                return;
            AxisSpec? rule = spec.Axes.FirstOrDefault(rule => rule.Name == axis);
            DerivedSize? derived = rule is { Ratio: { } ratio, Of: { } of } ? new DerivedSize(ratio, of, rule.MultipleOf ?? 1) : null;
            sizes.Add(new SizeSignature(axis, rule?.Size, derived));
        }
    }

    /// <summary>
    /// The signatures of all models that <paramref name="spec"/> holds, directly or not, in ordinal order. A model that is met again is not
    /// followed, so a cycle ends, and the model itself is never in the list.
    /// </summary>
    public static EquatableArray<ModelSignature> Close(ModelSpec spec, IReadOnlyList<ModelSignature> signatures)
    {
        var found = new SortedDictionary<string, ModelSignature>(StringComparer.Ordinal);
        var pending = new Stack<string>(spec.Layers.Select(static layers => layers.Model));
        while (pending.Count > 0)
        {
            string name = pending.Pop();
            if (name == spec.FullName || found.ContainsKey(name)
                || signatures.FirstOrDefault(other => other.FullName == name) is not { } signature)
                continue;
            found.Add(name, signature);
            foreach (string submodel in signature.Submodels)
                pending.Push(submodel);
        }

        // What layers need of the rows, the model that runs them needs: as often as layers have layers.
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (ModelSignature model in found.Values.ToList())
            {
                ModelSignature inherited = Inherit(model, found.Values);
                changed |= inherited != model;
                found[model.FullName] = inherited;
            }
        }

        return found.Values.ToEquatable();
    }

    /// <summary>The signature of a model with what it needs because the layers that it runs do.</summary>
    /// <param name="model">The signature of its own declaration.</param>
    /// <param name="submodels">The signatures of what it holds.</param>
    public static ModelSignature Inherit(ModelSignature model, IEnumerable<ModelSignature> submodels)
    {
        List<ModelSignature> run = [.. submodels.Where(submodel => model.Runs.Contains(submodel.FullName))];
        return model with
        {
            IsSequence = model.IsSequence || run.Exists(static submodel => submodel.IsSequence),
            SplitsRows = model.SplitsRows || (!model.TakesCache && run.Exists(static submodel => submodel.SplitsRows)),
            ReadsCallSizes = model.ReadsCallSizes || run.Exists(static submodel => submodel.ReadsCallSizes),
            AddsPositions = model.AddsPositions || run.Exists(static submodel => submodel.AddsPositions),
        };
    }

    /// <summary>Whether a method is one that layers are run by: a tensor, and perhaps a cache, to a tensor.</summary>
    public static bool IsLayerForm(MethodSpec method) => IsForward(method);

    /// <summary>The axes of a method's first input that are no sizes of its class, as far as the declaration alone tells.</summary>
    private static HashSet<string> CallAxes(ModelSpec spec, MethodSpec method)
    {
        var axes = new HashSet<string>(
            EinsumParser.ParseAxes(method.Parameters.Count == 0 ? "" : method.Parameters[0].Axes ?? "").Value?.Names ?? [], StringComparer.Ordinal);
        axes.ExceptWith(spec.Params.SelectMany(static parameter => EinsumParser.ParseAxes(parameter.Axes).Value?.Names ?? []));
        axes.ExceptWith(spec.Layers.Select(static layers => layers.Count));
        return axes;
    }

    // Wherever an equation treats one axis of the call otherwise than the others, known from the declaration alone, since parents need it.
    private static bool ReadsCallSizes(ModelSpec spec, MethodSpec forward)
    {
        HashSet<string> calls = CallAxes(spec, forward);
        EquatableArray<string> input = EinsumParser.ParseAxes(forward.Parameters[0].Axes ?? "").Value?.Names ?? [];
        bool isLast = input.Count > 0 && calls.Contains(input[input.Count - 1]);
        return (isLast && spec.Layers.Count == 0) || Attributes(forward).Any(attribute => attribute.Kind switch
        {
            "Reduce" or "Rearrange" => true,
            "BatchNorm" => EinsumParser.ParseEquation(attribute.Positional(0)?.Value ?? "").Value is { Inputs.Count: > 1 } equation
                && !equation.Inputs[0].Names.Skip(equation.Inputs[0].Axes.Count - equation.Inputs[1].Axes.Count)
                    .SequenceEqual(equation.Inputs[1].Names),
            _ => IsOverCall(attribute, calls),
        });
    }

    // A softmax or a norm along an axis of the call.
    private static bool IsOverCall(AttributeSpec attribute, HashSet<string> calls) => attribute.Kind switch
    {
        "Softmax" or "LogSoftmax" => attribute.Positional(0) is { } axis && calls.Contains(axis.Value),
        "RmsNorm" or "LayerNorm" => EinsumParser.ParseAxes(attribute.Named("Over")?.Value ?? "").Value?.Names.Any(calls.Contains) ?? false,
        "Reduce" => EinsumParser.ParseEquation(attribute.Positional(0)?.Value ?? "").Value is { Inputs.Count: 1 } pattern
            && pattern.Inputs[0].Names.Except(pattern.Output.Names).Any(calls.Contains),
        _ => false,
    };

    private static EquatableArray<string> RunModels(ModelSpec spec, MethodSpec? forward) => forward is null ? [] : Attributes(forward)
        .Where(static attribute => attribute.Kind == "Run").Select(static attribute => attribute.Positional(1)?.Value)
        .SelectMany(name => spec.Layers.Where(layers => layers.Name == name)).Select(static layers => layers.Model)
        .Distinct(StringComparer.Ordinal).OrderBy(static name => name, StringComparer.Ordinal).ToEquatable();

    private static IEnumerable<AttributeSpec> Attributes(MethodSpec method) => method.Brackets.SelectMany(static bracket => bracket.Attributes);

    /// <summary>
    /// The batch and the position axis of a method whose first input has two axes that are no sizes, where equations rename or compare the
    /// second: known from the declaration alone, since parents need it.
    /// </summary>
    public static EquatableArray<string>? ComparedRows(ModelSpec spec, MethodSpec method) =>
        TwoRows(spec, method) is { } rows
        && (RenamesRows(spec, method) || Attributes(method).Any(attribute =>
            attribute.Kind is "Causal" or "Window" or "Alibi" && attribute.Positional(0)?.Value == rows[1]))
            ? rows
            : null;

    /// <summary>Whether the second of two such axes is renamed, so that positions are seen as keys too.</summary>
    public static bool RenamesRows(ModelSpec spec, MethodSpec method) => TwoRows(spec, method) is { } rows
        && Attributes(method).Any(attribute => attribute.Kind == "Rename"
            && EinsumParser.ParseRenaming(attribute.Positional(0)?.Value ?? "").Value?.From.Name == rows[1]);

    // Attention on values of the call, along other axes than those of rows.
    private static bool AttendsElsewhere(ModelSpec spec, MethodSpec forward) =>
        forward.Parameters.Count == 1 && !RenamesRows(spec, forward) && forward.Brackets.Any(bracket =>
            bracket.Attributes[0] is { Kind: "Einsum" } einsum && bracket.Attributes.Any(static attribute => attribute.Kind == "Softmax")
            && einsum.Positional(2) is not null && einsum.Positional(3) is null
            && spec.Params.All(param => param.Name != einsum.Positional(1)!.Value && param.Name != einsum.Positional(2)!.Value));

    // Scores of positions with each other that are more than the middle of an attention: two axes of one size have no single number of rows.
    private static bool KeepsScores(MethodSpec forward)
    {
        List<AttributeSpec> attributes = [.. Attributes(forward)];
        List<RenamingSyntax> renamings = [.. attributes.Where(static attribute => attribute.Kind == "Rename")
            .Select(static attribute => EinsumParser.ParseRenaming(attribute.Positional(0)?.Value ?? "").Value).OfType<RenamingSyntax>()];
        bool IsOfPairs(BracketSpec bracket) =>
            EinsumParser.ParseEquation(bracket.Attributes[0].Positional(0)?.Value ?? "").Value is { Output.Names: var names }
            && renamings.Exists(renaming => names.Contains(renaming.From.Name) && names.Contains(renaming.To.Name));
        bool IsMiddle(BracketSpec bracket)
        {
            List<AttributeSpec> modifiers = [.. bracket.Attributes.Skip(1).TakeWhile(static attribute => attribute.Kind != "Softmax")];
            string? name = NameAfter(bracket, modifiers.Count);
            AttributeSpec? reader = attributes.Find(attribute => Reads(attribute, name));
            return modifiers.Count + 3 == bracket.Attributes.Count && attributes.Count(attribute => Reads(attribute, name)) == 1
                && reader is { Kind: "Einsum" } && reader.Positional(2) is not null && reader.Positional(3) is null
                && modifiers.TrueForAll(static attribute => attribute.Kind is "Scale" or "SoftCap" or "Alibi" or "Causal" or "Window" or "Mask");
        }

        return forward.Parameters.Count == 1
            && forward.Brackets.Any(bracket => bracket.Attributes[0].Kind == "Einsum" && IsOfPairs(bracket) && !IsMiddle(bracket));
    }

    private static bool Reads(AttributeSpec attribute, string? name) =>
        attribute.Kind != "As" && Enumerable.Range(0, 4).Any(i => name is not null && attribute.Positional(i)?.Value == name);

    private static EquatableArray<string>? TwoRows(ModelSpec spec, MethodSpec method)
    {
        HashSet<string> sizes = new(
            spec.Params.SelectMany(static parameter => EinsumParser.ParseAxes(parameter.Axes).Value?.Names ?? [])
                .Concat(spec.Layers.Select(static layers => layers.Count)), StringComparer.Ordinal);
        string? text = method.Parameters.FirstOrDefault(static parameter => parameter.Type is TypeNames.Tensor or TypeNames.Indices)?.Axes;
        List<string> axes = [.. EinsumParser.ParseAxes(text ?? "").Value?.Names ?? []];
        while (axes.Count > 0 && sizes.Contains(axes[axes.Count - 1]))
            axes.RemoveAt(axes.Count - 1);
        return axes.Count == 2 ? axes.ToEquatable() : null;
    }

    private static bool IsForward(MethodSpec method) =>
        method is { Name: "Forward", IsStatic: false, ReturnType: TypeNames.Tensor }
        && method.Parameters.Count is 1 or 2
        && method.Parameters[0].Type == TypeNames.Tensor
        && (method.Parameters.Count == 1 || method.Parameters[1].Type.TrimEnd('?') == TypeNames.Cache.TrimEnd('?'));

    private static bool SpeaksOfPositions(AttributeSpec attribute) =>
        attribute.Kind is "Rotate" or "Append" or "Select" or "AddPositions" || (attribute.Kind == "Run" && attribute.Positional(3) is not null);

    // A softmax over the positions of a cache that no Causal has masked, or what is computed over the positions of a call themselves.
    private static bool SeesLater(ModelSpec spec, MethodSpec method)
    {
        HashSet<string> calls = CallAxes(spec, method);
        if (Attributes(method).Any(attribute => IsOverCall(attribute, calls) || attribute is { Kind: "BatchNorm" } && attribute.Named("Momentum") is not null))
            return true;

        HashSet<string> seen = new(StringComparer.Ordinal);
        IEnumerable<AttributeSpec> attributes = method.Brackets.SelectMany(static bracket => bracket.Attributes);
        foreach (AttributeSpec attribute in attributes.Where(static attribute => attribute.Kind == "Append"))
        {
            if (EinsumParser.ParseRenaming(attribute.Positional(0)?.Value ?? "").Value is { } renaming)
                seen.Add(renaming.To.Name);
        }

        return method.Brackets.Any(bracket => bracket.Attributes.All(static attribute => attribute.Kind != "Causal")
            && bracket.Attributes.Any(attribute =>
                attribute.Kind == "Softmax" && attribute.Positional(0) is { } axis && seen.Contains(axis.Value)));
    }

    // The axes that a bracket's value ends with, and the slots that it appends to.
    private static EquatableArray<string>? Follow(BracketSpec bracket, List<SlotSignature> slots)
    {
        EquatableArray<string>? axes = null;
        for (int i = 0; i < bracket.Attributes.Count; i++)
        {
            AttributeSpec attribute = bracket.Attributes[i];
            if (i == 0 && attribute.Positional(0) is { } equation)
                axes = EinsumParser.ParseEquation(equation.Value).Value?.Output.Names;
            if (attribute.Kind == "Rearrange")
                axes = Rearranged(attribute);
            if (attribute.Kind == "Reduce")
                axes = EinsumParser.ParseEquation(attribute.Positional(0)?.Value ?? "").Value?.Output.Names;
            if (attribute.Kind is not ("Append" or "Rename")
                || EinsumParser.ParseRenaming(attribute.Positional(0)?.Value ?? "").Value is not { } renaming)
                continue;
            axes = axes?.Select(axis => axis == renaming.From.Name ? renaming.To.Name : axis).ToEquatable();
            if (attribute.Kind == "Append" && axes is { } appended && NameAfter(bracket, i) is { } name)
                slots.Add(new SlotSignature(name, appended));
        }

        return axes;
    }

    private static EquatableArray<string>? Rearranged(AttributeSpec attribute)
    {
        EquatableArray<GroupSyntax> to = RearrangementParser.Parse(attribute.Positional(0)?.Value ?? "").Value?.To ?? [];
        return to.All(static group => group.Axis is not null) ? to.Select(static group => group.Axis!).ToEquatable() : null;
    }

    /// <summary>The first name that a bracket gives after its <paramref name="index"/>-th attribute.</summary>
    internal static string? NameAfter(BracketSpec bracket, int index)
    {
        for (int i = index + 1; i < bracket.Attributes.Count; i++)
        {
            if (bracket.Attributes[i].Kind == "As")
                return bracket.Attributes[i].Positional(0)?.Value;
        }

        return null;
    }
}
