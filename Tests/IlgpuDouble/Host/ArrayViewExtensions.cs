using System.Runtime.CompilerServices;
using ILGPU.Double;

namespace ILGPU.Runtime;

/// <summary>
/// What the host does with views: copies, and the address of the first element. Copies to host memory wait, unless they name a pinned view.
/// </summary>
public static unsafe class ArrayViewExtensions
{
    /// <summary>The address of the first element on the device, for inline PTX.</summary>
    public static IntPtr LoadEffectiveAddressAsPtr<T>(this ArrayView<T> view) where T : unmanaged =>
        view.Buffer is null ? 0 : (nint)(view.Buffer.Cells.Memory + view.IndexInBytes);

    /// <summary>Zeroes, in the stream's order.</summary>
    public static void MemSetToZero<TView>(this TView view, AcceleratorStream stream) where TView : IContiguousArrayView =>
        MemSet(view, stream, 0);

    /// <summary>Sets every byte, in the stream's order.</summary>
    public static void MemSet<TView>(this TView view, AcceleratorStream stream, byte value) where TView : IContiguousArrayView
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!view.IsValid) throw new ArgumentNullException(nameof(view));
        Cells cells = view.Buffer.Cells;
        long offset = view.IndexInBytes, bytes = view.LengthInBytes;
        stream.Enqueue(() =>
        {
            Unsafe.InitBlockUnaligned(cells.Memory + offset, value, checked((uint)bytes));
            cells.MarkWritten(offset, bytes);
        });
    }

    /// <summary>Copies all of <paramref name="source"/>, in the stream's order.</summary>
    public static void CopyTo<TView>(this TView source, AcceleratorStream stream, in TView target) where TView : IContiguousArrayView =>
        Copy(source, target, stream);

    /// <summary>Copies all of <paramref name="source"/>, in the stream's order.</summary>
    public static void CopyFrom<TView>(this TView target, AcceleratorStream stream, in TView source) where TView : IContiguousArrayView =>
        Copy(source, target, stream);

    /// <summary>Copies an array to the device and waits.</summary>
    public static void CopyFromCPU<T>(this ArrayView<T> view, AcceleratorStream stream, T[] data) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(data);
        if (data.Length > view.Length) throw new ArgumentOutOfRangeException(
            nameof(data), $"{data.Length} elements do not fit a view of {view.Length}");
        fixed (T* from = data) CopyNow(view, stream, (byte*)from, (long)data.Length * sizeof(T), true);
    }

    /// <summary>Copies an array to the device and waits.</summary>
    public static void CopyFromCPU<T>(this ArrayView<T> view, T[] data) where T : unmanaged => view.CopyFromCPU(DefaultStream(view), data);

    /// <summary>Copies all elements into an array, when the stream has come to it.</summary>
    public static void CopyToCPU<T>(this ArrayView<T> view, AcceleratorStream stream, T[] data) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(data);
        if (data.Length < view.Length) throw new ArgumentOutOfRangeException(
            nameof(data), $"{view.Length} elements do not fit an array of {data.Length}");
        fixed (T* to = data) CopyNow(view, stream, (byte*)to, view.LengthInBytes, false);
    }

    /// <summary>Copies all elements into an array, when the default stream has come to it.</summary>
    public static void CopyToCPU<T>(this ArrayView<T> view, T[] data) where T : unmanaged => view.CopyToCPU(DefaultStream(view), data);

    /// <summary>A copy of all elements, when the stream has come to it.</summary>
    public static T[] GetAsArray<T>(this ArrayView<T> view, AcceleratorStream stream) where T : unmanaged
    {
        T[] data = new T[view.Length];
        if (data.Length > 0) view.CopyToCPU(stream, data);
        return data;
    }

    static AcceleratorStream DefaultStream<T>(ArrayView<T> view) where T : unmanaged => view.Buffer.Accelerator.DefaultStream;

    static void CopyNow<T>(ArrayView<T> view, AcceleratorStream stream, byte* host, long bytes, bool toDevice) where T : unmanaged
    {
        if (bytes == 0) return;
        Cells device = view.Buffer.Cells, memory = Cells.OfHost((nint)host, bytes);
        long offset = view.IndexInBytes;
        stream.Enqueue(() => Copy(
            toDevice ? memory : device, toDevice ? 0 : offset, toDevice ? device : memory, toDevice ? offset : 0, bytes));
        stream.Synchronize();
    }

    static void Copy(IContiguousArrayView source, IContiguousArrayView target, AcceleratorStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!source.IsValid || !target.IsValid) return;
        if (source.LengthInBytes > target.LengthInBytes)
            throw new ArgumentOutOfRangeException(
                nameof(target), $"{source.LengthInBytes} bytes do not fit a view of {target.LengthInBytes}");
        Cells from = source.Buffer.Cells, to = target.Buffer.Cells;
        long start = source.IndexInBytes, at = target.IndexInBytes, bytes = source.LengthInBytes;
        stream.Enqueue(() => Copy(from, start, to, at, bytes));
    }

    static void Copy(Cells from, long start, Cells to, long at, long bytes)
    {
        long unwritten = from.FirstUnwritten(start, bytes);
        if (unwritten >= 0) throw Faults.Fault($"a copy reads {Faults.Name(null, from, unwritten)}, which nobody wrote");
        Buffer.MemoryCopy(from.Memory + start, to.Memory + at, bytes, bytes);
        to.MarkWritten(at, bytes);
    }
}
