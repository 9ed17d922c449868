using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

// What names mean: one flat namespace of parameters, params, settings, layers and values.
internal sealed partial class MethodChecker
{
    private string? MemberKind(string name)
    {
        if (Spec.Params.Any(parameter => parameter.Name == name))
            return "a param";
        if (Spec.Settings.Any(setting => setting.Name == name))
            return "a setting";
        return Spec.Layers.Any(layers => layers.Name == name) ? "layers" : null;
    }

    private string? KindOf(string name) => MemberKind(name)
        ?? method.Parameters.FirstOrDefault(parameter => parameter.Name == name)?.Type switch
    {
        TypeNames.Tensor => "a tensor",
        TypeNames.Indices => "a tensor of indices",
        TypeNames.Mask => "a mask",
        TypeNames.Cache => "a cache",
        null => _values.ContainsKey(name) ? "a value" : null,
        _ => "a parameter",
    };

    /// <summary>The tensor that an argument names; null when there is none (a finding says so) or when a mistake hides its axes.</summary>
    private Operand? Tensor(Step step, int position)
    {
        string name = step.Argument(position);
        ParamUse? use = declarations.Param(name);
        use?.IsRead = true;
        if (_values.TryGetValue(name, out NamedValue? value))
        {
            // Of two things with one name, nobody knows which is meant.
            if (value.IsClash)
                return null;
            if (!value.IsMade)
            {
                _readsAreLost = true;
                findings.Add(
                    DiagnosticCatalogue.NotMadeYet, step.At(position), name, DeclarationChecker.Number(value.Bracket + 1),
                    DeclarationChecker.Number(step.Bracket + 1));
            }

            value.IsRead = true;
            _unread.Remove(name);
            return value.Operand;
        }

        NoteText(step, step.Attribute.Positional(position));
        if (use is not null)
            return use.Axes is { } axes ? new Operand(OperandKind.Param, name, -1, axes) : null;

        if (Parameter(name, TypeNames.Tensor) is { } tensor)
            return Input(tensor);
        Refuse(step, step.At(position), name, "a tensor", static kind => kind is "a tensor" or "a param" or "a value");
        return null;
    }

    private Operand? Indices(Step step, int position)
    {
        string name = step.Argument(position);
        NoteText(step, step.Attribute.Positional(position));
        if (Parameter(name, TypeNames.Indices) is { } indices)
            return Input(indices);
        Refuse(step, step.At(position), name, "a parameter of type Tensor<int>", static kind => kind == "a tensor of indices");
        return null;
    }

    private Operand? MaskOperand(Step step, int position)
    {
        string name = step.Argument(position);
        NoteText(step, step.Attribute.Positional(position));
        if (Parameter(name, TypeNames.Mask) is { } mask)
            return Input(mask);
        Refuse(step, step.At(position), name, "a parameter of type Tensor<bool>", static kind => kind == "a mask");
        return null;
    }

    private SettingRef? Setting(Step step, ArgumentSpec argument, string type)
    {
        string name = argument.Value;
        NoteText(step, argument);
        if (Spec.Settings.FirstOrDefault(setting => setting.Name == name) is { } setting && setting.Type == type)
            return new SettingRef(name, setting.Setting);
        Refuse(step, step.Attribute.At(argument.Index), name, "a setting of type " + TypeNames.Short(type),
            static kind => kind == "a setting");
        return null;
    }

    private bool IsCache(Step step, int position)
    {
        string name = step.Argument(position);
        NoteText(step, step.Attribute.Positional(position));
        if (Parameter(name, TypeNames.Cache) is not null)
        {
            _cacheIsRead = true;
            return true;
        }

        Refuse(step, step.At(position), name, "the method's parameter of type KvCache?", static kind => kind == "a cache");
        return false;
    }

    private MethodParameterSpec? Parameter(string name, string type) =>
        method.Parameters.FirstOrDefault(parameter => parameter.Name == name && parameter.Type == type);

    private static Operand? Input(MethodParameterSpec parameter) => EinsumParser.ParseAxes(parameter.Axes ?? "").Value is { } axes
        && parameter.Axes is not null
        ? new Operand(OperandKind.Input, parameter.Name, -1, axes.Names)
        : null;

    // A name that is unknown, or known as something else.
    private void Refuse(Step step, Site site, string name, string wanted, Func<string, bool> fits)
    {
        _readsAreLost = true;
        List<string> known = KnownNames().Where(other => KindOf(other) is { } kind && fits(kind)).ToList();
        if (_values.TryGetValue(name, out NamedValue? value))
        {
            value.IsRead = true;
            _unread.Remove(name);
        }

        if (KindOf(name) is not { } found)
        {
            string? meant = Wording.Nearest(name, known);
            findings.Add(
                DiagnosticCatalogue.UnknownName, site, Naming(meant ?? Only(known)), name, step.Attribute.Kind, Wording.DidYouMean(meant),
                Wording.Quoted(known));
            return;
        }

        if (Spec.Settings.FirstOrDefault(setting => setting.Name == name) is { } setting)
            found = "a setting of type " + TypeNames.Short(setting.Type);
        findings.Add(
            DiagnosticCatalogue.WrongKind, site, Naming(Only(known)), name, found, step.Attribute.Kind, wanted + " here",
            known.Count == 0 ? "" : ", such as " + Wording.Quoted(known.Take(3)));
    }

    private static string? Only(List<string> names) => names.Count == 1 ? names[0] : null;

    private bool IsSymbol(string name) => MemberKind(name) is not null || method.Parameters.Any(parameter => parameter.Name == name);

    /// <summary>How an operand is named: a C# symbol by nameof, a value by its text.</summary>
    private Fix? Naming(string? name) => name is null ? null : new Fix(IsSymbol(name) ? FixKind.Symbol : FixKind.Text, name);

    // A symbol that is named by a literal is not renamed with it.
    private void NoteText(Step step, ArgumentSpec? argument)
    {
        if (argument is { IsLiteral: true, Value: var name } && IsSymbol(name) && !_values.ContainsKey(name))
            findings.Note(
                DiagnosticCatalogue.MissingNameof, step.Attribute.At(argument.Index), new Fix(FixKind.Symbol, name), name, KindOf(name)!);
    }

    private IEnumerable<string> KnownNames() => method.Parameters.Select(static parameter => parameter.Name)
        .Concat(Spec.Params.Select(static parameter => parameter.Name))
        .Concat(Spec.Settings.Select(static setting => setting.Name))
        .Concat(Spec.Layers.Select(static layers => layers.Name))
        .Concat(_values.Where(static pair => pair.Value.IsMade).Select(static pair => pair.Key));
}
