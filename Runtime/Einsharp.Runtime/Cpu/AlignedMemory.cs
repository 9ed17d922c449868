using System.Runtime.InteropServices;

namespace Einsharp.Cpu;

/// <summary>Zeroed native memory that starts on a cache line. Pages that nobody touches cost nothing.</summary>
internal sealed unsafe class AlignedMemory : IDisposable
{
    /// <summary>A cache line, and the widest vector there is.</summary>
    public const int Alignment = 64;

    private void* _block;

    /// <param name="floats">How many floats are wanted.</param>
    /// <param name="purpose">Names the memory in the error: "the key/value cache".</param>
    /// <exception cref="InsufficientMemoryException">The system has not that much memory.</exception>
    public AlignedMemory(long floats, string purpose)
    {
        long bytes = checked(floats * sizeof(float));
        try
        {
            // calloc and not aligned_alloc + clear: the system's fresh pages are zero already and are mapped on first touch.
            _block = NativeMemory.AllocZeroed(checked((nuint)bytes + Alignment));
        }
        catch (OutOfMemoryException error)
        {
            throw new InsufficientMemoryException(
                FormattableString.Invariant($"{purpose} needs {bytes} bytes, which the system refused"), error);
        }
        Bytes = bytes;
        Pointer = (float*)Align(_block);
        HugePages.Ask(_block, bytes);
        if (bytes > 0) GC.AddMemoryPressure(bytes);
    }

    ~AlignedMemory() => Free();

    /// <summary>The first cache line that begins in memory, which has room for <see cref="Alignment"/> bytes more than are wanted.</summary>
    public static void* Align(void* memory) => (void*)(((nuint)memory + Alignment - 1) & ~(nuint)(Alignment - 1));

    public long Bytes { get; }

    public float* Pointer { get; private set; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_block == null) return;
        NativeMemory.Free(_block);
        if (Bytes > 0) GC.RemoveMemoryPressure(Bytes);
        _block = null;
        Pointer = null;
    }
}
