namespace Einsharp.Weights;

/// <summary>A tensor of a checkpoint: what its file's header says of it.</summary>
public sealed class StoredTensor
{
    private readonly long[] _shape;

    internal StoredTensor(string name, ElementType type, long[] shape, long begin, long end)
        : this(name, type.ToString(), type.AsWeights(), shape, begin, end) =>
        Type = type;

    internal StoredTensor(string name, string typeName, WeightFormat? format, long[] shape, long begin, long end)
    {
        Name = name;
        StoredName = name;
        TypeName = typeName;
        Format = format;
        _shape = shape;
        Begin = begin;
        End = end;
    }

    private StoredTensor(string name, StoredTensor other)
        : this(name, other.TypeName, other.Format, other._shape, other.Begin, other.End)
    {
        StoredName = other.StoredName;
        Type = other.Type;
    }

    /// <summary>Its name, as <c>model.norm.weight</c>.</summary>
    public string Name { get; }

    /// <summary>What its file calls it, as <c>output_norm.weight</c>: another name than <see cref="Name"/> in GGUF files.</summary>
    public string StoredName { get; }

    /// <summary>The type of its elements in a safetensors file; null for what safetensors has no name for, as blocks.</summary>
    public ElementType? Type { get; }

    /// <summary>The name of its type in its file's terms, as <c>BF16</c> or <c>Q4_K</c>.</summary>
    public string TypeName { get; }

    /// <summary>The weight format that has the very same bytes; null where the values are no weights that can be used here.</summary>
    public WeightFormat? Format { get; }

    /// <summary>Its sizes, outermost first; empty for a scalar. Of blocks, the sizes in values.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Its size in bytes.</summary>
    public long Bytes => End - Begin;

    /// <summary>Where its first byte is, counted from the first byte of its file's data.</summary>
    public long Begin { get; }

    /// <summary>Where the byte after its last is.</summary>
    public long End { get; }

    /// <summary>The same tensor under the name that a model asks for.</summary>
    internal StoredTensor As(string name) => name == Name ? this : new StoredTensor(name, this);

    /// <summary>As <c>model.norm.weight BF16 [2048]</c>, with the file's own name in brackets where it is another.</summary>
    public override string ToString() =>
        $"{Name}{(StoredName == Name ? "" : $" ({StoredName})")} {TypeName} {ShapeText.Of(_shape)}";
}
