using ILGPU;
using ILGPU.Runtime;

namespace Einsharp.Ilgpu;

/// <summary>A block of a device's memory, counted and with an owner.</summary>
internal sealed class GpuMemory : IDisposable
{
    private readonly IlgpuDevice _device;
    private MemoryBuffer? _buffer;

    /// <summary>Takes memory, not initialised.</summary>
    /// <param name="device">The device.</param>
    /// <param name="length">Elements.</param>
    /// <param name="elementSize">Bytes of an element.</param>
    /// <param name="purpose">What it is for, in the error: "the workspace".</param>
    /// <exception cref="InsufficientMemoryException">The device has not that much left.</exception>
    public GpuMemory(IlgpuDevice device, long length, int elementSize, string purpose)
    {
        device.ThrowIfUnusable();
        _device = device;
        Bytes = checked(length * elementSize);
        try
        {
            _buffer = Allocate(device, length, elementSize);
        }
        catch (Exception error) when (error is AcceleratorException or OutOfMemoryException or OverflowException)
        {
            GC.SuppressFinalize(this);
            throw Refused(device, Bytes, purpose, error);
        }
        device.Count(Bytes);
    }

    /// <summary>Gives it back to the count; ILGPU frees the memory itself.</summary>
    ~GpuMemory() => _device?.Count(-Bytes);

    /// <summary>Bytes taken.</summary>
    public long Bytes { get; }

    /// <summary>The memory as elements of the size that it was taken in.</summary>
    /// <typeparam name="T">The element.</typeparam>
    public ArrayView<T> View<T>()
        where T : unmanaged => _buffer!.AsArrayView<T>(0, _buffer.Length);

    /// <summary>The error for memory that a device does not have.</summary>
    public static InsufficientMemoryException Refused(IlgpuDevice device, long bytes, string purpose, Exception? error)
    {
        string has = device.Description.MemoryBytes == long.MaxValue
            ? "the system refused"
            : $"{device.Name} has not left; models and caches on it hold {GpuDescription.Bytes(device.UsedBytes)}";
        string why = error is AcceleratorException ? $" ({KernelErrors.Why(error)})" : "";
        return new InsufficientMemoryException($"{purpose} needs {GpuDescription.Bytes(bytes)}, which {has}{why}", error);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        MemoryBuffer? buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is null)
            return;
        GC.SuppressFinalize(this);
        _device.Count(-Bytes);
        try
        {
            buffer.Dispose();
        }
        catch (AcceleratorException)
        {
            // The device is gone, and the memory with it.
        }
    }

    // OpenCL may promise more than there is and fail at the first use, so what cannot fit is refused here. A second try is worth its while:
    // caches that nobody refers to any more are freed by the garbage collector.
    private static MemoryBuffer Allocate(IlgpuDevice device, long length, int elementSize)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                if (length * elementSize > device.Description.MemoryBytes - device.UsedBytes)
                    throw new InsufficientMemoryException();
                return device.Accelerator.AllocateRaw(Math.Max(1, length), elementSize);
            }
            catch (Exception error) when (attempt == 0 && error is AcceleratorException or OutOfMemoryException)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
    }
}
