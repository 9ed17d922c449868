namespace Einsharp.Cpu;

/// <summary>What a <see cref="Team"/> runs: every worker calls <see cref="Run"/> with its own <see cref="Worker"/>.</summary>
public interface ITeamJob
{
    /// <summary>
    /// The work, the same code for every worker. All workers must pass the same barriers in the same order.
    /// </summary>
    /// <param name="worker">The calling worker.</param>
    void Run(Worker worker);
}

/// <summary>
/// A job all of whose work is dealt out by <see cref="Worker.Next"/> (or lies behind a barrier): what one worker does not do another does.
/// So nobody waits for a worker that has not even begun when all is done, because its core had other things to do.
/// </summary>
internal interface IDealtJob : ITeamJob
{
    /// <summary>Called before the job runs, when no other does.</summary>
    /// <param name="team">The team.</param>
    void Prepare(Team team);
}

/// <summary>One thread of a <see cref="Team"/> inside a job.</summary>
public readonly struct Worker
{
    private readonly Team _team;

    internal Worker(Team team, int index)
    {
        _team = team;
        Index = index;
    }

    /// <summary>The calling thread as the one worker of a team of its own: for what it computes while the others of a job do something else.</summary>
    public static Worker Alone => Team.Alone;

    /// <summary>This worker's number, 0 to <see cref="Count"/> - 1. Worker 0 is the thread that called <see cref="Team.Run"/>.</summary>
    public int Index { get; }

    /// <summary>How many workers run the job.</summary>
    public int Count => _team.Threads;

    /// <summary>
    /// Waits until all workers have arrived; what each wrote before is visible to all after. Starts a new phase for <see cref="Next"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another worker has left the job without arriving at this barrier.</exception>
    public void Barrier() => _team.Barrier();

    /// <summary>
    /// Claims the next unit of this phase's work. Each unit, 0 to <paramref name="units"/> - 1, goes to exactly one worker, in order. A
    /// phase is what lies between two barriers and holds one loop over <see cref="Next"/> or <see cref="NextOfShare"/>.
    /// </summary>
    /// <param name="units">The phase's number of units, the same for every worker.</param>
    /// <param name="unit">The claimed unit.</param>
    /// <returns>False when all units are claimed.</returns>
    public bool Next(int units, out int unit) => _team.Next(units, out unit);

    /// <summary>
    /// As <see cref="Next"/>, but the units are divided into as many runs as there are workers: each takes those of its own run in order, so
    /// that what it reads is one stretch of memory, and then those that are left of the others'.
    /// </summary>
    /// <param name="units">The phase's number of units, the same for every worker.</param>
    /// <param name="unit">The claimed unit.</param>
    /// <returns>False when all units are claimed.</returns>
    public bool NextOfShare(int units, out int unit) => _team.NextOfShare(Index, units, out unit);

    /// <summary>
    /// This worker's own buffer, aligned to 64 bytes, of undefined contents. The next call returns the same memory, and one that asks for
    /// more than any before it moves it: take one buffer a kernel and cut it up.
    /// </summary>
    /// <param name="floats">How many floats are needed.</param>
    public Span<float> Scratch(int floats) => _team.Scratch(Index, floats);

    /// <summary>The job at hand.</summary>
    internal ITeamJob? Job => _team.Job;

    /// <summary>A second buffer of the same kind for the library's own tiles, so that theirs and the kernel's never overlap.</summary>
    internal unsafe float* Tiles(int floats) => _team.Tiles(Index, floats);

    /// <summary>A buffer that all workers share, of undefined contents. Every worker calls it; two barriers are inside.</summary>
    /// <param name="floats">How many floats are needed.</param>
    /// <param name="zeros">How many of the first are to be zero.</param>
    internal unsafe float* Common(int floats, int zeros) => _team.Common(Index, floats, zeros);
}
