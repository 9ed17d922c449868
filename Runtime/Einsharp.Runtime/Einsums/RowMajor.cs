using System.Buffers;
using System.ComponentModel;
using System.Numerics.Tensors;

namespace Einsharp.Einsums;

/// <summary>
/// A span as row-major memory, in which the axes of an ellipsis, however many, are one: the span's own memory where that is so already,
/// else pooled memory.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct RowMajor<T>
    where T : unmanaged
{
    private readonly int[] _shape;
    private readonly int _rank;
    private readonly T[]? _copy;

    /// <summary>Takes a span to read.</summary>
    /// <param name="span">The span; it is copied where it is not row-major.</param>
    public RowMajor(scoped in ReadOnlyTensorSpan<T> span)
        : this(span, isRead: true)
    {
    }

    /// <summary>Takes a span to write: <see cref="CopyTo"/> moves to it what is not there already.</summary>
    /// <param name="span">The destination.</param>
    public RowMajor(scoped in TensorSpan<T> span)
        : this(span, isRead: false)
    {
    }

    private RowMajor(ReadOnlyTensorSpan<T> span, bool isRead)
    {
        _rank = span.Rank;
        _shape = ArrayPool<int>.Shared.Rent(_rank);
        for (int i = 0; i < _rank; i++)
            _shape[i] = span.Extent(i);
        if (span.IsDense || span.IsEmpty)
        {
            Span = span.Writable();
            return;
        }

        int length = TensorSpans.Int32(span.FlattenedLength, "elements");
        _copy = ArrayPool<T>.Shared.Rent(length);
        Span = _copy.AsSpan(0, length);
        if (isRead)
            span.FlattenTo(Span);
    }

    /// <summary>Extents, outermost first.</summary>
    public ReadOnlySpan<int> Shape => _shape.AsSpan(0, _rank);

    /// <summary>The elements, row-major. Those of a span to read are not to be written.</summary>
    public Span<T> Span { get; }

    /// <summary>The number of elements.</summary>
    public int Length => Span.Length;

    /// <summary>Moves the elements to the destination, unless they are there.</summary>
    /// <param name="destination">The span that this was made for.</param>
    public void CopyTo(scoped in TensorSpan<T> destination)
    {
        if (_copy is not null)
            new ReadOnlyTensorSpan<T>(_copy, destination.Lengths, []).CopyTo(destination);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (_shape is not null)
            ArrayPool<int>.Shared.Return(_shape);
        if (_copy is not null)
            ArrayPool<T>.Shared.Return(_copy);
    }
}
