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
internal sealed unsafe class ContractionJob<T> : IDealtJob
    where T : unmanaged
{
    [ThreadStatic] private static ContractionJob<T>? s_job;

    private ContractionPlan _plan;
    private float* _common;

    public static void Run(Team team, in ContractionPlan plan)
    {
        ContractionJob<T> job = s_job ??= new ContractionJob<T>();
        job._plan = plan;
        team.Run(job);
    }

    public void Prepare(Team team) => _common = _plan.Counters == 0 ? null : team.Common(_plan.CommonFloats, _plan.Counters);

    public void Run(Worker worker) => Contraction.Compute<T>(worker, _plan, _common);
}
