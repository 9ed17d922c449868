using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Einsharp.Ilgpu;

/// <summary>
/// A device that ILGPU drives: a GPU through CUDA or OpenCL, or ILGPU's CPU accelerator. Any number of models, caches and threads may use
/// it. Disposing of it frees all that is on it.
/// </summary>
public sealed class IlgpuDevice : Device, IDisposable
{
    private const int GpuLanes = 128;

    private readonly Context _context;
    private readonly Dictionary<MethodInfo, object> _kernels = [];
    private readonly Lock _loading = new();
    private readonly Stack<GpuEinsum> _idle = new();
    private string? _lost;
    private bool _disposed;
    private long _used;
    private long _launches;

    internal IlgpuDevice(Context context, GpuDescription description, GpuOptions options)
        : base(description.ToString())
    {
        Description = description;
        _context = context;
        try
        {
            Accelerator = context.Devices[description.Index].CreateAccelerator(context);
        }
        catch (Exception error) when (error is AcceleratorException or NotSupportedException or InvalidOperationException)
        {
            throw new GpuNotSupportedException($"{description} was found but cannot be used: {KernelErrors.Why(error)}", error);
        }
        try
        {
            Lanes = ChooseLanes(options.Lanes);
        }
        catch
        {
            Accelerator.Dispose();
            throw;
        }
        RunsResident = options.Resident && Accelerator is CudaAccelerator;
        IsOrderedByLock = Accelerator is not CudaAccelerator;
        HasTensorCores = Accelerator is CudaAccelerator cuda && cuda.Architecture.Major >= 8;
        HasDoubles = context.Devices[description.Index] is not CLDevice openCL || openCL.Capabilities.Float64;
    }

    /// <summary>Which device it is.</summary>
    public GpuDescription Description { get; }

    /// <summary>The lanes of a group in every kernel: a power of two.</summary>
    public int Lanes { get; }

    /// <summary>How many groups run at the same time at least: the device's multiprocessors, or compute units.</summary>
    public int Multiprocessors => Accelerator.NumMultiprocessors;

    /// <inheritdoc/>
    public override int PrefillChunk => IsSlow ? base.PrefillChunk : 2048;

    /// <summary>Whether lanes can exchange values by shuffles: kernels closed over <see cref="WarpLanes"/> may be loaded.</summary>
    public bool HasWarps => Accelerator is CudaAccelerator && Lanes % 32 == 0;

    /// <summary>Whether it multiplies matrices of bfloat16 in hardware, as CUDA devices do from compute capability 8.0 on.</summary>
    public bool HasTensorCores { get; }

    /// <summary>Whether it computes in double: CUDA devices do, of OpenCL's only some.</summary>
    public bool HasDoubles { get; }

    /// <summary>Whether a step of one row is one kernel: <see cref="GpuOptions.Resident"/>.</summary>
    public bool RunsResident { get; }

    /// <summary>Whether launches are slow and groups small, so that tests should be small too.</summary>
    public bool IsSlow => Accelerator is CPUAccelerator;

    /// <summary>Bytes of the device's memory that models and caches hold.</summary>
    public long UsedBytes => Interlocked.Read(ref _used);

    /// <summary>Kernels that were launched, by all models and callers: what a step costs beside its arithmetic.</summary>
    public long Launches => Interlocked.Read(ref _launches);

    /// <summary>Told how far loading has come; for a progress bar.</summary>
    public IProgress<GpuProgress>? Progress { get; set; }

    internal Accelerator Accelerator { get; }

    /// <summary>
    /// OpenCL keeps a kernel's arguments in the kernel: setting them and launching must not be interrupted by another thread.
    /// </summary>
    internal bool IsOrderedByLock { get; }

    /// <summary>Held while a kernel is launched, if <see cref="IsOrderedByLock"/>.</summary>
    internal Lock Launching { get; } = new();

    /// <inheritdoc/>
    public override void Synchronize()
    {
        ThrowIfUnusable();
        try
        {
            Accelerator.Synchronize();
        }
        catch (AcceleratorException error)
        {
            throw Lost(error, "waiting for it");
        }
    }

    /// <summary>Frees all that is on the device. Models and caches on it are of no use any more.</summary>
    public void Dispose()
    {
        lock (_loading)
        {
            if (_disposed)
                return;
            _disposed = true;
        }
        _kernels.Clear();
        while (_idle.TryPop(out GpuEinsum? idle))
            idle.Release();
        try
        {
            // Copies may be under way from memory that goes with the sessions.
            if (_lost is null)
                Accelerator.Synchronize();
            Accelerator.Dispose();
            _context.Dispose();
        }
        catch (AcceleratorException)
        {
            // A device that is gone has nothing to free.
        }
    }

    /// <summary>A kernel, loaded once a device.</summary>
    internal GpuKernel<TSizes, TArgs> Kernel<TSizes, TArgs>(MethodInfo method)
        where TSizes : unmanaged, IEquatable<TSizes>
        where TArgs : struct
    {
        ThrowIfUnusable();
        lock (_loading)
        {
            if (_kernels.TryGetValue(method, out object? loaded))
                return (GpuKernel<TSizes, TArgs>)loaded;
            var kernel = new GpuKernel<TSizes, TArgs>(this, method);
            _kernels.Add(method, kernel);
            return kernel;
        }
    }

    /// <summary>What an einsum needs on the device: that of an earlier one, or a new one.</summary>
    internal GpuEinsum Idle(Func<IlgpuDevice, GpuEinsum> make)
    {
        ThrowIfUnusable();
        lock (_loading)
        {
            if (_idle.TryPop(out GpuEinsum? idle))
                return idle;
        }
        return make(this);
    }

    /// <summary>Keeps it for the next einsum.</summary>
    internal void Keep(GpuEinsum einsum)
    {
        lock (_loading)
        {
            if (!_disposed)
                _idle.Push(einsum);
        }
    }

    internal void CountLaunch() => Interlocked.Increment(ref _launches);

    /// <summary>Counts memory that is about to be taken, or was given back.</summary>
    internal void Count(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Refuses a device that was disposed of or lost.</summary>
    internal void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_lost is not null)
            throw new GpuLostException(_lost);
    }

    /// <summary>Whether nothing can be read back any more.</summary>
    internal bool IsGone => _disposed || _lost is not null;

    /// <summary>Turns a failure of a launch, a copy or a wait into our own error, and remembers that the device is lost.</summary>
    /// <param name="error">What ILGPU threw.</param>
    /// <param name="what">What was being done.</param>
    internal GpuException Lost(Exception error, string what)
    {
        _lost ??= $"the device {Name} was lost: {what} failed ({KernelErrors.Why(error)}). Make a new Device, and models and caches on it.";
        return new GpuLostException(_lost, error);
    }

    [SuppressMessage("Usage", "CA2208", Justification = "The option is the caller's argument.")]
    private int ChooseLanes(int? wanted)
    {
        int most = Math.Min(Accelerator.MaxNumThreadsPerGroup, Ilgpu.Lanes.Max);
        if (most < 4)
            throw new GpuNotSupportedException($"{Description} has groups of at most {most} lanes; kernels need 4.");
        int lanes = wanted ?? Math.Min(GpuLanes, 1 << BitOperations.Log2((uint)most));
        if (lanes < 4 || lanes > most || !BitOperations.IsPow2(lanes))
        {
            throw new ArgumentOutOfRangeException(
                nameof(GpuOptions.Lanes), FormattableString.Invariant($"{lanes} lanes: it must be a power of two from 4 to {most}."));
        }
        return lanes;
    }
}
