using System.Buffers;
using System.ComponentModel;

namespace Einsharp.Einsums;

/// <summary>Pooled memory for the result of a step that a later one reads.</summary>
/// <typeparam name="T">The element type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct Intermediate<T>
    where T : unmanaged
{
    private readonly T[] _items;

    /// <summary>Takes memory of undefined contents.</summary>
    /// <param name="extents">The extents of its axes; none for a scalar.</param>
    /// <exception cref="InvalidOperationException">There are more than 2³¹ − 1 elements.</exception>
    public Intermediate(params ReadOnlySpan<int> extents)
    {
        long length = 1;
        foreach (int extent in extents)
        {
            length *= extent;
            if (length > Array.MaxLength)
                throw new InvalidOperationException(
                    $"An intermediate result of shape {Tensor<T>.Format(extents)} has more than {Array.MaxLength} elements.");
        }

        _items = ArrayPool<T>.Shared.Rent((int)length);
        Span = _items.AsSpan(0, (int)length);
    }

    /// <summary>The elements, row-major.</summary>
    public Span<T> Span { get; }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (_items is not null)
            ArrayPool<T>.Shared.Return(_items);
    }
}
