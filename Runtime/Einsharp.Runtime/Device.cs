using Einsharp.Cpu;

namespace Einsharp;

/// <summary>Where a model computes.</summary>
public abstract class Device
{
    private static readonly Lazy<CpuDevice> s_cpu = new(() => new CpuDevice(Environment.ProcessorCount));

    private protected Device(string name) => Name = name;

    /// <summary>All cores that the process may use. Shared; never disposed.</summary>
    public static CpuDevice Cpu => s_cpu.Value;

    /// <summary>A name for people.</summary>
    public string Name { get; }

    /// <summary>How many positions of a prompt are best given in one call: enough to be limited by arithmetic.</summary>
    public virtual int PrefillChunk => 256;

    /// <summary>Waits until everything that was asked of the device is done. The processor never lags behind.</summary>
    public virtual void Synchronize()
    {
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The processor, with a team of threads of its own.</summary>
public sealed class CpuDevice : Device, IDisposable
{
    /// <summary>A device that computes on so many threads.</summary>
    /// <param name="threads">1 to <see cref="Team.MaxThreads"/>. The number changes no result, only the speed.</param>
    public CpuDevice(int threads)
        : base(FormattableString.Invariant($"cpu ({threads} {(threads == 1 ? "thread" : "threads")})"))
        => Team = new Team(threads);

    /// <summary>The threads.</summary>
    public Team Team { get; }

    /// <summary>How many threads compute.</summary>
    public int Threads => Team.Threads;

    /// <summary>Stops the threads. The shared <see cref="Device.Cpu"/> is left alone.</summary>
    public void Dispose()
    {
        if (this != Cpu) Team.Dispose();
    }
}
