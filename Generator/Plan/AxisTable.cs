using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>
/// The axes of a class in the order in which they were first bound. The same name is the same size everywhere in a class.
/// </summary>
internal sealed class AxisTable
{
    private readonly List<AxisInfo> _axes = [];
    private readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);

    public AxisInfo? Find(string name) => _axes.Find(axis => axis.Name == name);

    public bool Contains(string name) => Find(name) is not null;

    /// <summary>Binds a name unless it is bound already.</summary>
    public void Bind(string name, AxisBinding binding, string firstBoundBy)
    {
        if (!Contains(name))
            _axes.Add(new AxisInfo(name, binding, null, null, firstBoundBy));
    }

    /// <summary>Binds a second name of <paramref name="source"/>'s extent, or of all of which that is the new part.</summary>
    public void BindAlias(string name, AxisBinding binding, string source, string firstBoundBy)
    {
        Bind(name, binding, firstBoundBy);
        _sources[name] = source;
    }

    /// <summary>
    /// Binds an axis whose size others say: a size of the class where all of these are, else one that each method works out for itself.
    /// </summary>
    public AxisBinding BindRule(SizeRule rule, string firstBoundBy)
    {
        if (Find(rule.Axis) is { } bound)
            return bound.Binding;
        bool ofClass = rule.Over.Concat(rule.Under).All(axis => Find(axis) is { } info && IsSize(info));
        AxisBinding binding = ofClass ? AxisBinding.Model : AxisBinding.Call;
        _axes.Add(new AxisInfo(rule.Axis, binding, null, null, firstBoundBy, ofClass ? rule : null));
        return binding;
    }

    /// <summary>The axis that a name was renamed from, by Append or Rename; null for axes of their own.</summary>
    public string? SourceOf(string name) => _sources.TryGetValue(name, out string? source) ? source : null;

    /// <summary>Replaces what is known of an axis that is bound.</summary>
    public void Update(AxisInfo axis) => _axes[_axes.FindIndex(other => other.Name == axis.Name)] = axis;

    /// <summary>The names whose size is the class's: pinned or given to the constructor.</summary>
    public IEnumerable<string> Sizes => _axes.Where(static axis => IsSize(axis)).Select(static axis => axis.Name);

    public static bool IsSize(AxisInfo axis) => axis.Binding is AxisBinding.Pinned or AxisBinding.Model;

    /// <summary>A many-letter name whose letters are all bound axes, as in "bsd" for "b s d".</summary>
    public bool IsSqueezed(string name) => name.Length > 1 && !Contains(name) && name.All(letter => Contains(letter.ToString()));

    public EquatableArray<AxisInfo> ToEquatable() => _axes.ToEquatable();
}
