using System.Globalization;

namespace Einsharp.Weights;

/// <summary>A parameter and the tensor of its name, which has another shape.</summary>
/// <param name="Parameter">What is declared.</param>
/// <param name="Tensor">What the checkpoint has.</param>
public sealed record ShapeDifference(Param Parameter, StoredTensor Tensor)
{
    internal string Text =>
        $"expected {ShapeMatch.Expected(Parameter.Shape, Tensor.Shape)} ({Parameter.Axes}), found {ShapeText.Of(Tensor.Shape)}";

    /// <summary>As <c>model.layers.0.self_attn.q_proj.weight: expected [4·2·8, 64] (g r k d), found [60, 64]</c>.</summary>
    public override string ToString() => $"{Tensor.Name}: {Text}";
}

/// <summary>All that keeps a checkpoint and a model's parameters apart.</summary>
public sealed class CheckpointDifference
{
    internal CheckpointDifference(
        IReadOnlyList<string> missing, IReadOnlyList<string> extra,
        IReadOnlyList<ShapeDifference> misshaped, IReadOnlyList<StoredTensor> unusable)
    {
        Missing = missing;
        Extra = extra;
        Misshaped = misshaped;
        Unusable = unusable;
    }

    /// <summary>Names that parameters ask for and the checkpoint lacks, in the order of the parameters.</summary>
    public IReadOnlyList<string> Missing { get; }

    /// <summary>Names that the checkpoint has and no parameter asks for, in ordinal order.</summary>
    public IReadOnlyList<string> Extra { get; }

    /// <summary>Tensors whose shape is not that of their parameter, in the order of the parameters.</summary>
    public IReadOnlyList<ShapeDifference> Misshaped { get; }

    /// <summary>Tensors whose elements are no weights (integers, F64, F8, other blocks as Q5_K), in the order of the parameters.</summary>
    public IReadOnlyList<StoredTensor> Unusable { get; }

    /// <summary>Whether the checkpoint fits.</summary>
    public bool IsEmpty => Missing.Count + Extra.Count + Misshaped.Count + Unusable.Count == 0;

    /// <summary>All of it on one line, the layers of one kind together: <c>2 missing: a.{0-1}.b; 1 extra: c</c>.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        Add(parts, Missing.Count, "missing", Missing.Select(name => (name, "")));
        Add(parts, Misshaped.Count, "mis-shaped", Misshaped.Select(m => (m.Tensor.Name, $": {m.Text}")));
        Add(parts, Unusable.Count, "of a type that is no weight",
            Unusable.Select(t => (t.Name, $": expected F32, BF16, F16, Q8_0, Q4_0, Q4_K or Q6_K, found {t.TypeName}")));
        Add(parts, Extra.Count, "extra", Extra.Select(name => (name, "")));
        return parts.Count == 0 ? "no difference" : string.Join("; ", parts);
    }

    private static void Add(List<string> parts, int count, string what, IEnumerable<(string Name, string Note)> items)
    {
        if (count > 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {what}: {TensorNames.Collapse(items)}"));
    }
}

/// <summary>A checkpoint does not fit the parameters; none of them was changed.</summary>
public sealed class CheckpointMismatchException : CheckpointException
{
    /// <summary>An error without words.</summary>
    public CheckpointMismatchException() : this("the checkpoint does not fit the model")
    {
    }

    /// <summary>An error.</summary>
    public CheckpointMismatchException(string message) : base(message) => Difference = new CheckpointDifference([], [], [], []);

    /// <summary>An error and what caused it.</summary>
    public CheckpointMismatchException(string message, Exception inner) : base(message, inner) =>
        Difference = new CheckpointDifference([], [], [], []);

    internal CheckpointMismatchException(string path, CheckpointDifference difference)
        : base($"{path} does not fit the model: {difference}") =>
        Difference = difference;

    /// <summary>All that does not fit.</summary>
    public CheckpointDifference Difference { get; }
}
