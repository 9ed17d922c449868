using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;
using Einsharp.Generator.Syntax;

namespace Einsharp.Generator.Plan;

/// <summary>
/// Checks the equations of one method and lowers them to single-assignment operations. After a mistake the value goes on with the axes that
/// its equation states, or as unknown, so that one mistake is one finding.
/// </summary>
internal sealed partial class MethodChecker(MethodSpec method, DeclarationChecker declarations, FindingList findings)
{
    private static readonly string[] Producers = ["Einsum", "RmsNorm", "LayerNorm", "BatchNorm", "Gather", "Select", "Run"];

    private readonly List<Operation> _operations = [];
    private readonly Dictionary<string, NamedValue> _values = new(StringComparer.Ordinal);
    private readonly List<string> _unread = [];
    private readonly HashSet<string> _proposed = new(StringComparer.Ordinal);
    private PositionAxis? _positions;

    // Whether a mistake hides what some equation reads, so that a value may only seem unread.
    private bool _readsAreLost;

    private bool _cacheIsRead;

    // Whether a mistake hides what some Append binds.
    private bool _appendsAreLost;

    // The value of the bracket so far; null when a mistake hides it.
    private Operand? _value;

    private ModelSpec Spec => declarations.Spec;

    private AxisTable Axes => declarations.Axes;

    private string? Cache => method.Parameters.FirstOrDefault(static parameter => parameter.Type == TypeNames.Cache)?.Name;

    /// <summary>The method's operations; null when nothing can be made of them.</summary>
    public Graph? Check()
    {
        int before = findings.Count;
        CheckShape();
        CheckParameters();
        CollectNames();
        _positions = AppendedAxis();
        for (int i = 0; i < method.Brackets.Count; i++)
            CheckBracket(method.Brackets[i], i);
        CheckResult();
        foreach (string name in _unread)
        {
            NamedValue value = _values[name];
            if (!value.IsClash && !_readsAreLost)
                findings.Add(
                    DiagnosticCatalogue.Unread, DeclarationChecker.SiteOf(value.As, 0), name, value.IsWhole ? "its equation" : "this As");
        }

        // A cache without slots has no positions either. A mistake may hide who reads it.
        if (findings.Count == before && !_cacheIsRead && Cache is { } cache)
        {
            findings.Add(
                DiagnosticCatalogue.CacheArgument, new Site(method.Name + "(" + cache + ")"), "No equation reads the cache '" + cache + "'",
                "remove the parameter, or pass it to Append or Run");
        }

        return findings.Count == before ? new Graph(method, _operations.ToEquatable(), Cache, _rules.ToEquatable()) : null;
    }

    private void CheckShape()
    {
        if (!method.IsPartial)
            findings.Add(DiagnosticCatalogue.MethodShape, new Site(method.Name), new Fix(FixKind.Partial), method.Name);
        if (Spec.Methods.First(other => other.Name == method.Name) != method)
            findings.Add(DiagnosticCatalogue.NameClash, new Site(method.Name), method.Name, "a method with equations");
    }

    private void CheckParameters()
    {
        bool cache = false;
        foreach (MethodParameterSpec parameter in method.Parameters)
        {
            var site = new Site(method.Name + "(" + parameter.Name + ")");
            string? problem = parameter switch
            {
                { Type: TypeNames.Tensor or TypeNames.Indices or TypeNames.Mask, Axes: null } => " and has no [Axes]",
                { Type: TypeNames.Cache, AxesAttribute: >= 0 } => " and has [Axes]",
                { Type: TypeNames.Cache } when cache => " like an earlier one",
                { Type: TypeNames.Tensor or TypeNames.Indices or TypeNames.Mask or TypeNames.Cache } => null,
                _ => ", which is no operand",
            };
            if (problem is not null)
                findings.Add(DiagnosticCatalogue.MethodParameter, site, parameter.Name, TypeNames.Short(parameter.Type), problem);
            cache |= parameter.Type == TypeNames.Cache;
            if (MemberKind(parameter.Name) is { } kind)
                findings.Add(DiagnosticCatalogue.NameClash, site, parameter.Name, kind);
            if (parameter.Axes is { } axes)
            {
                var argument = new ArgumentSpec(0, "", axes);
                declarations.AxisList(new AttributeSpec(site.Member, parameter.AxesAttribute, "Axes", [argument]), argument);
            }
        }
    }

    // Every As of the method, made or not, so that a use before its equation can be told from an unknown name.
    private void CollectNames()
    {
        for (int i = 0; i < method.Brackets.Count; i++)
        {
            EquatableArray<AttributeSpec> attributes = method.Brackets[i].Attributes;
            for (int j = 0; j < attributes.Count; j++)
            {
                if (attributes[j].Kind != "As" || attributes[j].Positional(0) is not { } argument)
                    continue;
                Site site = attributes[j].At(argument.Index);
                string name = argument.Value;
                string? taken = MemberKind(name)
                    ?? (method.Parameters.Any(parameter => parameter.Name == name) ? "a parameter of '" + method.Name + "'" : null)
                    ?? (_values.TryGetValue(name, out NamedValue? other)
                        ? "the value of equation " + DeclarationChecker.Number(other.Bracket + 1)
                        : null);
                if (!EinsumParser.IsName(name))
                    findings.Add(DiagnosticCatalogue.NotAName, site, name, "a value");
                else if (taken is not null)
                    findings.Add(DiagnosticCatalogue.NameClash, site, name, taken);
                if (!_values.ContainsKey(name))
                    _values.Add(name, new NamedValue(attributes[j], i, j == attributes.Count - 1, taken is not null));
            }
        }
    }

    private void CheckBracket(BracketSpec bracket, int index)
    {
        _value = null;
        EquatableArray<AttributeSpec> attributes = bracket.Attributes;
        for (int i = 0; i < attributes.Count; i++)
        {
            AttributeSpec attribute = attributes[i];
            bool producer = Opens(attribute);
            if (i == 0 && !producer)
            {
                _readsAreLost = true;
                findings.Add(
                    DiagnosticCatalogue.ModifierFirst, attribute.At(),
                    Joined(index), AttributeReader.DeclaredKind(attribute),
                    attribute.Kind == "As" ? "name" : "modify");
            }

            if (i > 0 && producer)
            {
                _readsAreLost = true;
                findings.Add(
                    DiagnosticCatalogue.SecondProducer, attribute.At(), AttributeReader.DeclaredKind(attribute),
                    AttributeReader.DeclaredKind(attributes[0]));
                break;
            }

            if (declarations.IsUnreadable(attribute))
                (_value, _readsAreLost) = (null, true);
            else if (attribute.Kind == "As")
                Name(attribute, i > 0 && attributes[i - 1].Kind == "As");
            else
                Apply(new Step(bracket, index, i));
        }

        bool named = attributes.Any(static attribute => AttributeReader.DeclaredKind(attribute) == "As");
        bool last = index == method.Brackets.Count - 1;
        if (!named && !last && Opens(attributes[0]) && Opens(method.Brackets[index + 1].Attributes[0]))
        {
            string name = FreeName();
            findings.Add(DiagnosticCatalogue.Unnamed, attributes[0].At(), new Fix(FixKind.Attribute, "As(\"" + name + "\")"), name);
        }
    }

    // Reduce and Rearrange produce where they name an input, and modify where they do not.
    private static bool Opens(AttributeSpec attribute) => AttributeReader.DeclaredKind(attribute) switch
    {
        "Reduce" => attribute.Positional(2) is not null,
        "Rearrange" => attribute.Positional(1) is not null,
        string kind => Producers.Contains(kind),
    };

    // A bracket that begins with a modifier goes on with the one before it.
    private Fix? Joined(int index)
    {
        if (index == 0)
            return null;
        EquatableArray<AttributeSpec> before = method.Brackets[index - 1].Attributes;
        return Opens(before[0]) ? new Fix(FixKind.Join, "", before[before.Count - 1].At()) : null;
    }

    private void Apply(Step step)
    {
        switch (step.Attribute.Kind)
        {
            case "Einsum": Einsum(step); break;
            case "RmsNorm": Norm(step, NormKind.Rms); break;
            case "LayerNorm": Norm(step, NormKind.Layer); break;
            case "BatchNorm": BatchNorm(step); break;
            case "Reduce": Reduce(step); break;
            case "Rearrange": Rearrange(step); break;
            case "Gather": Gather(step); break;
            case "Select": Select(step); break;
            case "Run": Run(step); break;
            case "Rotate": Rotate(step); break;
            case "Append": Append(step); break;
            case "Rename": Rename(step); break;
            case "Scale": Scale(step); break;
            case "Causal": Causal(step); break;
            case "Window": Window(step); break;
            case "Mask": Mask(step); break;
            case "Alibi": Alibi(step); break;
            case "AddPositions": AddPositions(step); break;
            case "Softmax": Softmax(step, isLog: false); break;
            case "LogSoftmax": Softmax(step, isLog: true); break;
            case "Silu": Activate(step, ActivationKind.Silu); break;
            case "Swish": Activate(step, ActivationKind.Swish, step.Attribute.Positional(0)); break;
            case "Gelu": Activate(step, step.Attribute.Positional(0)?.Value == "1" ? ActivationKind.GeluTanh : ActivationKind.Gelu); break;
            case "Sigmoid": Activate(step, ActivationKind.Sigmoid); break;
            case "Tanh": Activate(step, ActivationKind.Tanh); break;
            case "Relu": Activate(step, ActivationKind.Relu); break;
            case "SoftCap": Activate(step, ActivationKind.SoftCap, step.Attribute.Positional(0)); break;
            case "Add": Binary(step, BinaryKind.Add); break;
            case "Multiply": Binary(step, BinaryKind.Multiply); break;
        }
    }

    private void Name(AttributeSpec attribute, bool again)
    {
        if (attribute.Positional(0) is not { } argument)
            return;
        if (again)
            findings.Add(DiagnosticCatalogue.NameClash, attribute.At(argument.Index), argument.Value, "a second name of one value");
        NamedValue named = _values[argument.Value];
        if (named.As != attribute)
            return;
        named.IsMade = true;
        named.Operand = _value is null ? null : _value with { Name = argument.Value };
        if (!named.IsRead)
            _unread.Add(argument.Value);
    }

    // The result is the last value, and a name for it is one that nobody reads.
    private void CheckResult()
    {
        var site = new Site(method.Name);
        if (method.ReturnType.StartsWith("(", StringComparison.Ordinal))
            findings.Add(DiagnosticCatalogue.SeveralResults, site, method.Name, TypeNames.Short(method.ReturnType));
        else if (method.ReturnType != TypeNames.Tensor)
            findings.Add(
                DiagnosticCatalogue.ReturnType, site, new Fix(FixKind.Return, "Tensor"), method.Name, TypeNames.Short(method.ReturnType), Wording.Axes(_value?.Axes ?? []));
    }

    /// <summary>Adds an operation, whose value is the bracket's from here on.</summary>
    private void Push(Operation operation)
    {
        _operations.Add(operation);
        _value = operation.AsOperand();
    }

    /// <summary>The value that a wrong equation states: enough to go on checking.</summary>
    private void Assume(EquatableArray<string>? axes) => _value = axes is { } known ? new Operand(OperandKind.Value, "", -1, known) : null;

    // Another one each time, so that two proposals can be taken.
    private string FreeName()
    {
        foreach (char letter in "abcdefghijklmnopqrstuvwxyz")
        {
            string name = letter.ToString();
            if (!_values.ContainsKey(name) && !IsSymbol(name) && _proposed.Add(name))
                return name;
        }

        return "value";
    }

    /// <summary>One attribute in its bracket: what the operation made from it is called, and how it reads in a comment.</summary>
    private readonly record struct Step(BracketSpec Equation, int Bracket, int Index)
    {
        public AttributeSpec Attribute => Equation.Attributes[Index];

        /// <summary>The name given right after this attribute.</summary>
        public string? Name => Index + 1 < Equation.Attributes.Count && Equation.Attributes[Index + 1] is { Kind: "As" } name
            ? name.Positional(0)?.Value
            : null;

        public string Argument(int position) => Attribute.Positional(position)!.Value;

        public Site At(int position) => DeclarationChecker.SiteOf(Attribute, position);

        /// <summary>The operation as text: the first one up to an As is read as an assignment to its name.</summary>
        public string Text(string operation)
        {
            bool opens = Index == 0 || Equation.Attributes[Index - 1].Kind == "As";
            return opens && ModelChecker.NameAfter(Equation, Index) is { } name ? name + " = " + operation : operation;
        }
    }

    /// <summary>A value that an As names.</summary>
    private sealed class NamedValue(AttributeSpec name, int bracket, bool isWhole, bool isClash)
    {
        public AttributeSpec As { get; } = name;

        public int Bracket { get; } = bracket;

        /// <summary>Whether the name is that of the bracket's final value.</summary>
        public bool IsWhole { get; } = isWhole;

        public bool IsClash { get; } = isClash;

        public bool IsMade { get; set; }

        public bool IsRead { get; set; }

        /// <summary>The value; null when a mistake hides its axes.</summary>
        public Operand? Operand { get; set; }
    }

    /// <summary>The axis of new positions, and what first said so.</summary>
    private sealed record PositionAxis(string Axis, string SaidBy);
}
