using ILGPU.Runtime;

namespace ILGPU.Double;

/// <summary>A device that the double poses as.</summary>
/// <param name="Type">CUDA (with warps of 32), OpenCL or CPU (both without shuffles).</param>
/// <param name="Name">The name that the host side shows.</param>
/// <param name="MaxGroupSize">The most lanes a group may have. For CUDA a multiple of 32 is wanted.</param>
/// <param name="MemoryBytes">The bytes of device memory; an allocation beyond them fails as the real device's does.</param>
/// <param name="Multiprocessors">The multiprocessors that the host side shows.</param>
/// <param name="ResidentGroups">The groups that a multiprocessor holds at once when a kernel uses atomics, and so may wait for each
/// other.</param>
/// <param name="HasDoubles">Whether OpenCL says that it computes in double.</param>
public sealed record DoubleDevice(
    AcceleratorType Type, string Name, int MaxGroupSize = 16, long MemoryBytes = 1L << 30, int Multiprocessors = 2, int ResidentGroups = 2,
    bool HasDoubles = true)
{
    /// <summary>Poses as OpenCL with groups of 16: what most tests want, as fewer lanes cost less.</summary>
    public static DoubleDevice OpenCL { get; } = new(AcceleratorType.OpenCL, "Double OpenCL");

    /// <summary>Poses as CUDA, compute capability 8.0, with groups of 32 to 256.</summary>
    public static DoubleDevice Cuda { get; } = new(AcceleratorType.Cuda, "Double CUDA", 256);
}

/// <summary>
/// What a test asks of the double. Options belong to the asynchronous flow that sets them (<see cref="Use"/>), so tests that run at the
/// same time do not meet; a <see cref="Context"/> keeps those that held when it was made, and reads them at each launch.
/// </summary>
public sealed class DoubleOptions
{
    static readonly AsyncLocal<DoubleOptions?> Chosen = new();
    static readonly DoubleOptions Default = new();

    /// <summary>
    /// Draws the order of lanes and groups. 0 takes them in their natural order; any other value gives an order of its own, always the
    /// same.
    /// </summary>
    public ulong Seed { get; set; }

    /// <summary>The devices of the machine, in the order in which contexts list those of one type.</summary>
    public IReadOnlyList<DoubleDevice> Devices { get; set; } = [DoubleDevice.OpenCL];

    /// <summary>
    /// The next launch fails as on a device that fell off the bus, and so does everything on that accelerator from then on.
    /// </summary>
    public bool LoseDevice { get; set; }

    /// <summary>
    /// Work waits in its stream until somebody waits for it, as on a device, so a missing wait shows. Off, it is done at once.
    /// </summary>
    public bool Deferred { get; set; } = true;

    /// <summary>The turns of lanes, none of which reached a barrier or its end, after which a launch is taken to spin for ever.</summary>
    public int SpinLimit { get; set; } = 200_000;

    /// <summary>The accesses of one lane between two barriers after which it is taken to spin for ever.</summary>
    public int AccessLimit { get; set; } = 100_000_000;

    /// <summary>The options of the flow that asks.</summary>
    public static DoubleOptions Current => Chosen.Value ?? Default;

    /// <summary>Sets the options of this flow until the answer is disposed.</summary>
    public static IDisposable Use(DoubleOptions options)
    {
        var scope = new Scope(Chosen.Value);
        Chosen.Value = options;
        return scope;
    }

    sealed class Scope(DoubleOptions? before) : IDisposable
    {
        public void Dispose() => Chosen.Value = before;
    }
}
