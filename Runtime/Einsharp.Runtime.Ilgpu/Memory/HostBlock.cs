using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// Memory of the host that a device copies from and to without a thread waiting for it: whole pages that do not move, locked where the
/// driver can (CUDA).
/// </summary>
internal sealed unsafe class HostBlock : IDisposable
{
    private const int Page = 4096;

    private readonly Accelerator _accelerator;
    private readonly byte[] _pinned;
    private readonly int _first;
    private readonly PageLockScope<byte> _lock;
    private CPUMemoryBuffer? _part;

    /// <summary>Takes memory.</summary>
    /// <param name="accelerator">Who copies.</param>
    /// <param name="bytes">How much.</param>
    public HostBlock(Accelerator accelerator, int bytes)
    {
        _accelerator = accelerator;
        Bytes = (bytes + Page - 1) / Page * Page;
        _pinned = GC.AllocateUninitializedArray<byte>(Bytes + Page, pinned: true);
        nint start = (nint)Unsafe.AsPointer(ref _pinned[0]);
        _first = (int)((Page - start % Page) % Page);
        _lock = accelerator.CreatePageLockFromPinned<byte>(start + _first, Bytes);
    }

    /// <summary>How much there is.</summary>
    public int Bytes { get; }

    /// <summary>When a copy from it was last started: see <see cref="GpuStream"/>.</summary>
    public long Used { get; set; }

    /// <summary>The memory.</summary>
    public Span<byte> Span => _pinned.AsSpan(_first, Bytes);

    /// <summary>
    /// The first bytes as ILGPU's copies take them. An object a length, kept until another one is wanted, because on OpenCL ILGPU copies
    /// all of the memory that a view is a part of.
    /// </summary>
    /// <param name="bytes">How many.</param>
    public ArrayView<byte> Part(int bytes)
    {
        if (_part is null || _part.Length != bytes)
        {
            _part?.Dispose();
            _part = CPUMemoryBuffer.Create(_accelerator, (nint)Unsafe.AsPointer(ref _pinned[_first]), bytes, 1);
        }
        return _part.AsRawArrayView();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _part?.Dispose();
            _lock.Dispose();
        }
        catch (AcceleratorException)
        {
            // The device is gone, and its locks with it.
        }
    }
}
