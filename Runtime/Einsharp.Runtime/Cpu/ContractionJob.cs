namespace Einsharp.Cpu;

/// <summary>Who computes a contraction: the team of a device, or a worker inside a job.</summary>
internal readonly struct ContractionRunner
{
    public readonly CpuDevice? Device;
    public readonly Worker Worker;

    private ContractionRunner(CpuDevice device) => Device = device;

    private ContractionRunner(Worker worker) => Worker = worker;

    public static implicit operator ContractionRunner(CpuDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new ContractionRunner(device);
    }

    public static implicit operator ContractionRunner(Worker worker) => new(worker);
}

/// <summary>A contraction as a job of a team. Each calling thread has one and uses it again, so that a call allocates nothing.</summary>
internal sealed class ContractionJob<T> : ITeamJob
    where T : unmanaged
{
    [ThreadStatic] private static ContractionJob<T>? s_job;

    private ContractionCall _call;

    public static void Run(Team team, in ContractionCall call)
    {
        ContractionJob<T> job = s_job ??= new ContractionJob<T>();
        job._call = call;
        team.Run(job);
    }

    public void Run(Worker worker) => Contraction.Compute<T>(worker, _call, Contraction.VectorBytes);
}
