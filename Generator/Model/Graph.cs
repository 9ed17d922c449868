namespace Einsharp.Generator.Model;

/// <summary>How and when an axis gets its size.</summary>
internal enum AxisBinding
{
    /// <summary>A literal in the declaration.</summary>
    Pinned,

    /// <summary>An axis of a parameter, or a layer count: given to the constructor, constant after loading.</summary>
    Model,

    /// <summary>Read off the call's inputs.</summary>
    Call,

    /// <summary>The positions a cache has seen: the target of an <c>Append</c>.</summary>
    Seen,
}

/// <summary>An axis of a model: its binding, and where it was first bound, for messages ("'Query'").</summary>
internal sealed record AxisInfo(
    string Name, AxisBinding Binding, int? Size, DerivedSize? Derived, string FirstBoundBy, SizeRule? Rule = null);

/// <summary>
/// The size of an axis that <c>Rearrange</c> makes, which nobody gives: the product of <paramref name="Over"/>, divided by that of
/// <paramref name="Under"/>.
/// </summary>
internal sealed record SizeRule(string Axis, EquatableArray<string> Over, EquatableArray<string> Under);

/// <summary>A default: <paramref name="Ratio"/> · <paramref name="Of"/>, rounded up to a multiple.</summary>
internal sealed record DerivedSize(double Ratio, string Of, int MultipleOf);

/// <summary>What the equations of one method mean, after checking: operations in order, the last one being the result.</summary>
/// <param name="Method">The method.</param>
/// <param name="Operations">The operations.</param>
/// <param name="Cache">The parameter that is the cache, if there is one.</param>
/// <param name="Rules">The axes of the call that no input has, and what their sizes are made of.</param>
internal sealed record Graph(MethodSpec Method, EquatableArray<Operation> Operations, string? Cache, EquatableArray<SizeRule> Rules)
{
    public Operation Result => Operations[Operations.Count - 1];

    /// <summary>The axis that a renamed one is.</summary>
    public string Original(string axis)
    {
        while (Operations.OfType<RenameOperation>().FirstOrDefault(rename => rename.To == axis) is { } rename)
            axis = rename.From;
        return axis;
    }

    /// <summary>
    /// What axes are called where these stand together: as they were before any renaming, but for those that are told apart by nothing else, as
    /// in the scores of positions with each other, <c>b s t</c>.
    /// </summary>
    public Func<string, string> NamesIn(params IEnumerable<string>[] together)
    {
        HashSet<string> kept = [.. together.SelectMany(axes => axes.Distinct().GroupBy(Original).Where(same => same.Count() > 1).SelectMany(same => same))];
        return axis => kept.Contains(axis) ? axis : Original(axis);
    }

    /// <summary>What axes are called in a kernel of some operations.</summary>
    public Func<string, string> NamesIn(IEnumerable<Operation> operations) => NamesIn([.. operations.SelectMany(operation =>
        operation is EinsumOperation einsum
            ? [NamesOf(einsum)]
            : operation.Reads.Select(static operand => (IEnumerable<string>)operand.Axes).Append(operation.Axes))]);

    /// <summary>Every axis of an einsum.</summary>
    public static IEnumerable<string> NamesOf(EinsumOperation einsum) => einsum.Operands.SelectMany(static operand => operand.Axes).Concat(einsum.Axes);

    /// <summary>The operation that made a value's memory: a renaming makes none. A view of an input is its own.</summary>
    public int Source(int id) => Resolve(Operations[id].AsOperand()) is { Kind: OperandKind.Value } source ? source.Id : id;

    /// <summary>What an operand's memory is: a value that an operation made, or an input of the method.</summary>
    public Operand Resolve(Operand operand)
    {
        while (operand.Kind == OperandKind.Value && Operations[operand.Id].IsView)
            operand = Operations[operand.Id].Reads[0];
        return operand;
    }
}

/// <summary>
/// A checked model: nothing in it can fail any more. <paramref name="Axes"/> holds every axis of the class and, for sizes, those of its
/// layers' models too, in the order in which they were first bound.
/// </summary>
internal sealed record CheckedModel(
    ModelSpec Spec, EquatableArray<AxisInfo> Axes, EquatableArray<CheckedParam> Params, EquatableArray<Graph> Graphs,
    EquatableArray<ModelSignature> Submodels);

/// <summary>
/// A parameter with its axes parsed and, for <see cref="InitKind.Linear"/>, the axes of its fans (contracted = in, others = out).
/// </summary>
internal sealed record CheckedParam(
    ParamSpec Spec, EquatableArray<string> Axes, EquatableArray<string> FanIn, EquatableArray<string> FanOut);

/// <summary>
/// What a parent needs to know of a model that it runs: enough to construct, load and call it, and no more, so that an edit inside
/// a block re-emits the block alone.
/// </summary>
/// <param name="Input">
/// Axes of the Forward's tensor input; null when the model has no Forward of the form (Tensor, KvCache?) → Tensor.
/// </param>
/// <param name="IsSequence">Whether its equations speak of positions (Rotate, Append, Select, or layers that take the cache).</param>
/// <param name="SplitsRows">
/// Whether it needs the numbers of sequences and of positions, and not only their product: attention without a cache.
/// </param>
/// <param name="SeesLater">
/// Whether a position sees later ones (attention without Causal): then a sequence cannot be cut into chunks.
/// </param>
/// <param name="Ties">Whether a parameter has a stand-in.</param>
/// <param name="Sizes">Axes that the constructor takes, the submodels' included.</param>
/// <param name="ReadsCallSizes">
/// Whether its kernels, or those of a model that it holds, need the sizes of single axes of the call and not only the number of rows: then
/// its parent passes them.
/// </param>
/// <param name="AddsPositions">Whether it, or a model that it holds, has a table of positions, which the outermost call checks.</param>
/// <param name="Runs">The models of <paramref name="Submodels"/> that its Forward runs.</param>
internal sealed record ModelSignature(
    string FullName, string Namespace, string Name, EquatableArray<SizeSignature> Sizes, EquatableArray<SettingSignature> Settings,
    EquatableArray<string>? Input, EquatableArray<string>? Output, bool TakesCache, bool IsSequence, bool SplitsRows, bool SeesLater, bool Ties,
    EquatableArray<SlotSignature> Slots,
    EquatableArray<string> Submodels, EquatableArray<string> Runs, bool ReadsCallSizes, bool AddsPositions, bool IsValid);

/// <summary>A size the constructor takes: bound by a parameter or a layer count.</summary>
internal sealed record SizeSignature(string Axis, int? Pinned, DerivedSize? Derived);

/// <summary>A setting the constructor takes.</summary>
internal sealed record SettingSignature(string Setting, string Type);

/// <summary>One slot of the cache: the name of the appended value and its axes, batch and positions included.</summary>
internal sealed record SlotSignature(string Name, EquatableArray<string> Axes);
