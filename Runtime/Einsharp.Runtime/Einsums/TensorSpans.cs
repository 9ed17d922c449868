using System.ComponentModel;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Einsharp.Einsums;

/// <summary>.NET's tensor spans as kernels see them: the memory that they reach over, extents and strides.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TensorSpans
{
    /// <summary>The memory from the first element to the last, what lies between them included.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="span">The span.</param>
    public static ReadOnlySpan<T> Elements<T>(this scoped in ReadOnlyTensorSpan<T> span) => span.Writable();

    /// <inheritdoc cref="Elements{T}(in ReadOnlyTensorSpan{T})"/>
    public static Span<T> Elements<T>(this scoped in TensorSpan<T> span) => ((ReadOnlyTensorSpan<T>)span).Writable();

    /// <summary>The size of an axis.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="span">The span.</param>
    /// <param name="axis">The axis.</param>
    public static int Extent<T>(this scoped in ReadOnlyTensorSpan<T> span, int axis) => Int32(span.Lengths[axis], "elements along an axis");

    /// <inheritdoc cref="Extent{T}(in ReadOnlyTensorSpan{T}, int)"/>
    public static int Extent<T>(this scoped in TensorSpan<T> span, int axis) => Int32(span.Lengths[axis], "elements along an axis");

    /// <summary>The distance of neighbours along an axis, in elements.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="span">The span.</param>
    /// <param name="axis">The axis.</param>
    public static int Stride<T>(this scoped in ReadOnlyTensorSpan<T> span, int axis) =>
        Int32(span.Strides[axis], "elements between neighbours");

    /// <inheritdoc cref="Stride{T}(in ReadOnlyTensorSpan{T}, int)"/>
    public static int Stride<T>(this scoped in TensorSpan<T> span, int axis) => Int32(span.Strides[axis], "elements between neighbours");

    /// <summary>Each index of a destination has an element of its own.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="destination">The destination.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">An axis repeats one element.</exception>
    public static void CheckDistinct<T>(this scoped in TensorSpan<T> destination, string name)
    {
        for (int i = 0; i < destination.Rank; i++)
        {
            if (destination.Strides[i] == 0 && destination.Lengths[i] > 1 && !destination.IsEmpty)
            {
                throw new ArgumentException(
                    $"'{name}' repeats one element along axis {i.ToString(CultureInfo.InvariantCulture)} of "
                    + $"{EinsumShape.Format(destination.Lengths)}, and cannot be written to.", name);
            }
        }
    }

    internal static int Int32(nint number, string what) => number <= int.MaxValue
        ? (int)number
        : throw new NotSupportedException(
            FormattableString.Invariant($"A tensor span of {number} {what} is larger than the kernels can address."));

    internal static Span<T> Writable<T>(this scoped in ReadOnlyTensorSpan<T> span)
    {
        if (span.IsEmpty)
            return [];
        nint last = 0;
        for (int i = 0; i < span.Rank; i++)
            last += (span.Lengths[i] - 1) * span.Strides[i];
        return MemoryMarshal.CreateSpan(
            ref System.Runtime.CompilerServices.Unsafe.AsRef(in TensorMarshal.GetReference(span)), Int32(last + 1, "elements"));
    }
}
