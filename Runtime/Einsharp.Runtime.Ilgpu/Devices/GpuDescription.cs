using System.Globalization;

namespace Einsharp.Ilgpu;

/// <summary>How a device is reached.</summary>
public enum GpuKind
{
    /// <summary>NVIDIA's own driver: PTX, warp shuffles, tensor cores.</summary>
    Cuda,

    /// <summary>OpenCL: AMD, Intel, NVIDIA, and processors.</summary>
    OpenCL,

    /// <summary>ILGPU's own CPU accelerator: an operating-system thread a lane. Exact, and very slow: for tests.</summary>
    IlgpuCpu,
}

/// <summary>A device that was found.</summary>
/// <param name="Kind">How it is reached.</param>
/// <param name="Index">Its number among those of its kind.</param>
/// <param name="Name">What its driver calls it.</param>
/// <param name="MemoryBytes">Its memory in bytes; <see cref="long.MaxValue"/> if that is the system's.</param>
/// <param name="IsProcessor">Whether it is the processor under another name: only used when asked for.</param>
public sealed record GpuDescription(GpuKind Kind, int Index, string Name, long MemoryBytes, bool IsProcessor)
{
    /// <summary>The name of the kind, as <see cref="GpuDevices"/> takes it: <c>cuda</c>, <c>opencl</c> or <c>ilgpu-cpu</c>.</summary>
    public string KindName => NameOf(Kind);

    /// <summary>As <c>cuda:0 NVIDIA H200 (139.8 GiB)</c>.</summary>
    public override string ToString()
    {
        string memory = MemoryBytes == long.MaxValue ? "the system's memory" : Bytes(MemoryBytes);
        return string.Create(CultureInfo.InvariantCulture, $"{KindName}:{Index} {Name} ({memory})");
    }

    internal static string NameOf(GpuKind kind) => kind switch
    {
        GpuKind.Cuda => "cuda",
        GpuKind.OpenCL => "opencl",
        _ => "ilgpu-cpu",
    };

    internal static string Bytes(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
    };
}

/// <summary>How a device is made.</summary>
public sealed record GpuOptions
{
    /// <summary>
    /// Lets OpenCL devices through that do not have the generic address space which ILGPU asks for, by setting that capability through
    /// reflection. Kernels here do not use it, so it mostly works; but it rests on ILGPU's internals. For tests on PoCL 3, not for users.
    /// </summary>
    public bool AllowUnqualifiedOpenCL { get; init; }

    /// <summary>
    /// Lanes of a group: a power of two from 4 to 256, and not more than the device has. By default 128, or what the device has.
    /// </summary>
    public int? Lanes { get; init; }

    /// <summary>
    /// Runs a step of one row as one kernel whose groups stay on the device and wait for each other, instead of some hundred launches. CUDA
    /// only, and only for layers whose weights are of one format; elsewhere it has no effect.
    /// </summary>
    public bool Resident { get; init; }
}

/// <summary>What is being prepared, for a progress bar.</summary>
/// <param name="Stage">As <c>weights</c> or <c>kernels</c>.</param>
/// <param name="Done">How many are done.</param>
/// <param name="Total">Of how many.</param>
public readonly record struct GpuProgress(string Stage, int Done, int Total);
