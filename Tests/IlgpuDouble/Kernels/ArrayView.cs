using System.Runtime.CompilerServices;
using ILGPU.Double;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>What every view is: some memory of one buffer.</summary>
public interface IArrayView
{
    /// <summary>The buffer that holds the elements.</summary>
    MemoryBuffer Buffer { get; }

    /// <summary>Whether there is a buffer and at least one element.</summary>
    bool IsValid { get; }

    /// <summary>The number of elements.</summary>
    long Length { get; }

    /// <summary>The bytes of one element.</summary>
    int ElementSize { get; }

    /// <summary>The bytes of all elements.</summary>
    long LengthInBytes { get; }
}

/// <summary>A view whose elements lie side by side.</summary>
public interface IContiguousArrayView : IArrayView
{
    /// <summary>The first element, counted in elements from the start of the buffer.</summary>
    long Index { get; }

    /// <summary>The first element, counted in bytes from the start of the buffer.</summary>
    long IndexInBytes { get; }
}

/// <summary>A view whose elements lie side by side and have a type.</summary>
public interface IContiguousArrayView<T> : IContiguousArrayView where T : unmanaged;

/// <summary>
/// Elements of one buffer, on the device. Every access, sub-view and cast is checked; an access outside a kernel is an error, as it would
/// be on a GPU.
/// </summary>
public readonly struct ArrayView<T> : IContiguousArrayView<T> where T : unmanaged
{
    /// <summary>The bytes of one element.</summary>
    public static readonly int ElementSize = Unsafe.SizeOf<T>();

    /// <summary>A view of nothing.</summary>
    public static readonly ArrayView<T> Empty;

    /// <summary>A view of <paramref name="length"/> elements from <paramref name="index"/>, both counted in elements.</summary>
    public ArrayView(MemoryBuffer source, long index, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Buffer = source;
        Index = index;
        Length = length;
    }

    internal MemoryBuffer Buffer { get; }

    internal long Index { get; }

    /// <summary>The number of elements.</summary>
    public readonly long Length { get; }

    /// <summary>The number of elements, which must fit an int.</summary>
    public readonly int IntLength => checked((int)Length);

    /// <summary>The bytes of all elements.</summary>
    public readonly long LengthInBytes => Length * ElementSize;

    /// <summary>Whether there is a buffer and at least one element.</summary>
    public readonly bool IsValid => Buffer is not null && Length > 0;

    MemoryBuffer IArrayView.Buffer => Buffer;

    int IArrayView.ElementSize => ElementSize;

    long IContiguousArrayView.Index => Index;

    long IContiguousArrayView.IndexInBytes => IndexInBytes;

    internal long IndexInBytes => Index * ElementSize;

    /// <summary>One element; an index out of range ends the launch.</summary>
    public readonly ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref this[(long)index];
    }

    /// <summary>One element; an index out of range ends the launch.</summary>
    public readonly unsafe ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)Length) throw Faults.OutOfBounds(this, $"element {index}", "accessed");
            return ref *(T*)Buffer.Cells.Touch((Index + index) * sizeof(T), sizeof(T));
        }
    }

    /// <summary>The elements from <paramref name="index"/> on.</summary>
    public readonly ArrayView<T> SubView(long index)
    {
        if (!CanStart(index)) throw Faults.OutOfBounds(this, $"a sub-view from {index}", "taken");
        return new(Buffer, Index + index, Length - index);
    }

    /// <summary><paramref name="subViewLength"/> elements from <paramref name="index"/> on.</summary>
    public readonly ArrayView<T> SubView(int index, int subViewLength) => SubView((long)index, subViewLength);

    /// <summary><paramref name="subViewLength"/> elements from <paramref name="index"/> on.</summary>
    public readonly ArrayView<T> SubView(long index, long subViewLength)
    {
        if (!CanStart(index) || subViewLength < 0 || index + subViewLength > Length)
            throw Faults.OutOfBounds(this, $"a sub-view of {subViewLength} elements from {index}", "taken");
        return new(Buffer, Index + index, subViewLength);
    }

    /// <summary>
    /// The same memory as elements of another type, as many as are whole. The first must be aligned: ILGPU divides the offset and drops the
    /// rest, and a vector load of a GPU faults off its boundary.
    /// </summary>
    public readonly ArrayView<TOther> Cast<TOther>() where TOther : unmanaged
    {
        int size = ArrayView<TOther>.ElementSize;
        int boundary = Math.Min(size, 16);
        if (IndexInBytes % size != 0 || IndexInBytes % boundary != 0)
            throw Faults.Fault(
                $"{Faults.Describe(this)} starts at byte {IndexInBytes} of its buffer and was cast to {typeof(TOther).Name}, "
                + $"whose views must start at a multiple of {size} bytes");
        return new(Buffer, IndexInBytes / size, LengthInBytes / size);
    }

    /// <summary>The first element and the length.</summary>
    public readonly override string ToString() => $"{Index} [{Length}]";

    bool CanStart(long index) => index >= 0 && (index < Length || (index == 0 && Length < 1));

    /// <summary>The same elements as a one-dimensional view.</summary>
    public static implicit operator ArrayView1D<T, Stride1D.Dense>(ArrayView<T> view) => new(view, view.Length, default);

    /// <summary>The same elements as a plain view.</summary>
    public static implicit operator ArrayView<T>(ArrayView1D<T, Stride1D.Dense> view) => view.BaseView.SubView(0, view.Length);
}
