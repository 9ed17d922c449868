using System.ComponentModel;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Einsharp.Cpu;
using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// One einsum on a device: its operands are copied there, its steps run one after another, and the result is copied back. Memory and stream
/// are kept by the device for the next one. Called by generated code.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class GpuEinsum : IDisposable
{
    private readonly List<Block> _blocks = [];
    private readonly GpuStream _stream;

    private GpuEinsum(IlgpuDevice device)
    {
        Device = device;
        _stream = new GpuStream(device);
    }

    /// <summary>Where it runs.</summary>
    internal IlgpuDevice Device { get; }

    /// <summary>Begins one.</summary>
    /// <typeparam name="T">The elements: float or double.</typeparam>
    /// <param name="device">Where it runs.</param>
    /// <exception cref="GpuNotSupportedException">The elements are double, which the device does not have.</exception>
    public static GpuEinsum On<T>(IlgpuDevice device)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        if (typeof(T) == typeof(double) && !device.HasDoubles)
        {
            throw new GpuNotSupportedException(
                $"{device.Description} has no arithmetic on double, which the einsum's operands are; give tensors of float, or Device.Cpu.");
        }

        return device.Idle(static on => new GpuEinsum(on));
    }

    /// <summary>Copies an operand to the device.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="values">Its elements; they may be changed when this returns.</param>
    public ArrayView<T> Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ArrayView<T> view = Take<T>(values.Length);
        _stream.Send(values, view);
        return view;
    }

    /// <summary>Memory for the result of a step, not initialised.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="extents">The extents of its axes; none for a scalar.</param>
    public ArrayView<T> New<T>(params ReadOnlySpan<int> extents)
        where T : unmanaged
    {
        int length = 1;
        foreach (int extent in extents)
            length = checked(length * extent);
        return Take<T>(length);
    }

    /// <summary>Waits for the steps, and copies a result.</summary>
    /// <typeparam name="T">The element.</typeparam>
    /// <param name="from">The result on the device.</param>
    /// <param name="to">As many elements.</param>
    /// <exception cref="GpuLostException">The device failed.</exception>
    public void Download<T>(ArrayView<T> from, Span<T> to)
        where T : unmanaged => _stream.Receive(from, to);

    /// <summary>Gives the memory back to the device.</summary>
    public void Dispose()
    {
        foreach (Block block in _blocks)
            block.IsTaken = false;
        Device.Keep(this);
    }

    internal void Release()
    {
        foreach (Block block in _blocks)
            block.Memory.Dispose();
        _blocks.Clear();
        _stream.Dispose();
    }

    /// <summary>The table of a step's axes.</summary>
    internal ArrayView<int> Axes(ReadOnlySpan<LoopAxis> axes)
    {
        ReadOnlySpan<int> values = MemoryMarshal.Cast<LoopAxis, int>(axes);
        return values.IsEmpty ? Upload<int>([0]) : Upload(values);
    }

    internal void Launch<T>(string kernel, int groups, ContractionArgs<T> args)
        where T : unmanaged, INumber<T> =>
        Device.Kernel<NoSizes, ContractionArgs<T>>(typeof(ContractionKernels).GetMethod(kernel)!.MakeGenericMethod(typeof(T)))
            .Launch(_stream, groups, 1, default, args);

    private ArrayView<T> Take<T>(int length)
        where T : unmanaged
    {
        // The smallest that fits.
        int size = Unsafe.SizeOf<T>();
        Block? found = null;
        foreach (Block block in _blocks)
        {
            bool fits = !block.IsTaken && block.ElementSize == size && block.Memory.Bytes >= (long)length * size;
            if (fits && (found is null || block.Memory.Bytes < found.Memory.Bytes))
                found = block;
        }

        if (found is null)
        {
            // What is idle makes room for what is larger.
            foreach (Block idle in _blocks.Where(block => !block.IsTaken && block.ElementSize == size).ToArray())
            {
                _stream.Synchronize();
                idle.Memory.Dispose();
                _blocks.Remove(idle);
            }

            _blocks.Add(found = new Block(new GpuMemory(Device, Math.Max(64, length), size, "an operand of an einsum"), size));
        }

        found.IsTaken = true;
        return found.Memory.View<T>().SubView(0, length);
    }

    private sealed class Block(GpuMemory memory, int elementSize)
    {
        public GpuMemory Memory => memory;

        public int ElementSize => elementSize;

        public bool IsTaken { get; set; }
    }
}
