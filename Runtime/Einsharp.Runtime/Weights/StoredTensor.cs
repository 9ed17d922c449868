namespace Einsharp.Weights;

/// <summary>A tensor of a checkpoint: what its file's header says of it.</summary>
public sealed class StoredTensor
{
    private readonly long[] _shape;

    internal StoredTensor(string name, ElementType type, long[] shape, long begin, long end)
    {
        Name = name;
        Type = type;
        _shape = shape;
        Begin = begin;
        End = end;
    }

    /// <summary>Its name, as <c>model.norm.weight</c>.</summary>
    public string Name { get; }

    /// <summary>The type of its elements.</summary>
    public ElementType Type { get; }

    /// <summary>Its sizes, outermost first; empty for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Its size in bytes.</summary>
    public long Bytes => End - Begin;

    /// <summary>Where its first byte is, counted from the first byte after the header.</summary>
    public long Begin { get; }

    /// <summary>Where the byte after its last is.</summary>
    public long End { get; }

    /// <summary>As <c>model.norm.weight BF16 [2048]</c>.</summary>
    public override string ToString() => $"{Name} {Type} {ShapeText.Of(_shape)}";
}
