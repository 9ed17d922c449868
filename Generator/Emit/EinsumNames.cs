using System.Text.RegularExpressions;
using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Emit;

/// <summary>
/// The names in the code of one einsum: operands keep theirs, axes theirs where they can, and an intermediate has the names of what it is
/// made of.
/// </summary>
internal sealed class EinsumNames
{
    private readonly HashSet<string> _taken;
    private readonly HashSet<string> _shadowed;
    private readonly Dictionary<string, string> _axes = new(StringComparer.Ordinal);
    private readonly List<string> _values = [];
    private readonly int _operands;

    /// <param name="plan">The plan.</param>
    /// <param name="parameters">Names that the method has already.</param>
    /// <param name="shadowed">Library types that are called otherwise here.</param>
    public EinsumNames(EinsumPlan plan, IEnumerable<string> parameters, IEnumerable<string> shadowed)
    {
        _shadowed = new HashSet<string>(shadowed, StringComparer.Ordinal);
        _taken = new HashSet<string>(LibraryNames.OfEinsums.Keys.Concat(parameters), StringComparer.Ordinal);
        int count = plan.Einsum.Operands.Count;
        _values.AddRange(plan.Einsum.Operands.Select(static operand => operand.Name));
        string result = plan.Einsum.IsReturned ? Local(plan.Einsum.Result.Name) : plan.Einsum.Result.Name;
        foreach (string axis in plan.Einsum.Axes.Where(static axis => axis != Ellipsis.Name))
            _axes.Add(axis, Local(axis, "Size"));
        _operands = count;
        _values.AddRange(Enumerable.Repeat("", plan.Result - count));
        _values.Add(result);
    }

    private EinsumNames(EinsumNames other)
    {
        _operands = other._operands;
        _shadowed = other._shadowed;
        _taken = new HashSet<string>(other._taken, StringComparer.Ordinal);
        _values.AddRange(other._values);
        foreach (KeyValuePair<string, string> axis in other._axes)
            _axes.Add(axis.Key, axis.Value);
    }

    /// <summary>The same names, for a block whose further locals are its own.</summary>
    public EinsumNames Copy() => new(this);

    /// <summary>The same names, and those of what lies between the steps of one order.</summary>
    public EinsumNames Of(EinsumOrder order)
    {
        EinsumNames names = Copy();
        var made = Enumerable.Range(0, _operands).ToDictionary(static operand => operand, static operand => new[] { operand });
        foreach (ContractionStep step in order.Path.Steps.Take(order.Path.Steps.Count - 1))
        {
            made.Add(step.Result, step.B < 0 ? made[step.A] : [.. made[step.A].Concat(made[step.B]).OrderBy(static operand => operand)]);
            string name = Join([.. made[step.Result].Select(operand => _values[operand])]);
            names._values[step.Result] = names.Local(step.B < 0 ? name + "Summed" : name);
        }

        return names;
    }

    /// <summary>A type of the library: its short name, or the full one where that means something else.</summary>
    public string Library(string name) => _shadowed.Contains(name) ? LibraryNames.OfEinsums[name] : name;

    /// <summary>A type as the generated code writes it; with <paramref name="isUsed"/> .NET's spans need no namespace.</summary>
    public string Type(string text, bool isUsed)
    {
        string[] ours = ["Tensor", "CpuDevice", "Device"];
        foreach (string name in ours.Where(name => !_shadowed.Contains(name)))
            text = Regex.Replace(text, $@"^global::Einsharp\.{name}\b", name);
        return isUsed ? text.Replace("global::System.Numerics.Tensors.", "") : text;
    }

    /// <summary>The local with an axis's size.</summary>
    public string Axis(string axis) => Names.Identifier(_axes[axis]);

    /// <summary>A value, for comments.</summary>
    public string Plain(int value) => _values[value];

    /// <summary>A value's local or parameter.</summary>
    public string Value(int value) => Names.Identifier(_values[value]);

    /// <summary>A local that nothing else is called.</summary>
    public string Local(string name, string suffix = "")
    {
        string local = name;
        for (int i = 1; !_taken.Add(local); i++)
            local = name + suffix + (i == 1 && suffix.Length > 0 ? "" : FormattableString.Invariant($"{i + 1}"));
        return local;
    }

    /// <summary>Names as one: letters as they are, words in camel case.</summary>
    public static string Join(params IReadOnlyList<string> names) => names.All(static name => name.Length == 1)
        ? string.Concat(names)
        : Casing.Camel(string.Concat(names.Select(Casing.Pascal)));
}
