using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// A fixed set of threads that run one job together, each the same code (SPMD): a forward step is one job with a barrier between its
/// kernels. Idle workers spin for about as long as a sampler takes, so that consecutive steps pay no wake-up, and then park.
/// </summary>
/// <remarks>
/// One job runs at a time; further callers of <see cref="Run"/> wait. Nothing is allocated by a job's start, barriers and end.
/// </remarks>
public sealed class Team : IDisposable
{
    /// <summary>The most threads that a team may have.</summary>
    public const int MaxThreads = 1024;

    private const int Line = 128;

    // A barrier is usually over in a fraction of a microsecond. After this many looks someone's thread is not on a core.
    private const int SpinsBeforeYield = 4000;
    private static readonly TimeSpan s_idleSpin = TimeSpan.FromMicroseconds(80);

    [ThreadStatic] private static Team? s_current;
    [ThreadStatic] private static Team? s_alone;

    private readonly Lock _gate = new();
    private readonly Seat[] _seats;
    private readonly Share[] _shares;
    private readonly int _spins;
    private AlignedMemory? _common;
    private ITeamJob? _job;
    private ExceptionDispatchInfo? _failure;
    private bool _disposed;
    private Shared _shared;

    /// <summary>Starts a team.</summary>
    /// <param name="threads">How many threads run a job, the caller of <see cref="Run"/> included: 1 to <see cref="MaxThreads"/>.</param>
    public Team(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MaxThreads);
        Threads = threads;
        _spins = threads <= Environment.ProcessorCount ? SpinsBeforeYield : SpinsBeforeYield / 100;
        _seats = new Seat[threads];
        _shares = new Share[threads];
        for (int i = 0; i < threads; i++) _seats[i] = new Seat();
        for (int i = 1; i < threads; i++)
        {
            int index = i;
            new Thread(() => Serve(index)) { IsBackground = true, Name = $"Einsharp worker {index}" }.Start();
        }
    }

    /// <summary>How many threads run a job.</summary>
    public int Threads { get; }

    /// <summary>Bytes of the buffers that kernels have made the threads keep. They grow with the rows of a call, up to those of a chunk.</summary>
    public long Bytes => (_common?.Bytes ?? 0) + _seats.Sum(seat => (seat.Scratch?.Bytes ?? 0) + (seat.Tiles?.Bytes ?? 0));

    /// <summary>The calling thread as the one worker of a team of its own: for work that is too small to be shared.</summary>
    internal static Worker Alone => new(s_alone ??= new Team(1), 0);

    /// <summary>The job that runs, or null.</summary>
    internal ITeamJob? Job => _job;

    /// <summary>Runs a job on all threads, the calling one as worker 0, and returns when all are done.</summary>
    /// <param name="job">The work.</param>
    /// <exception cref="InvalidOperationException">Called from inside a job of this team.</exception>
    /// <exception cref="ObjectDisposedException">The team is disposed.</exception>
    /// <remarks>
    /// The first exception of any worker ends the job (the others leave at their next barrier) and is thrown here with its own stack.
    /// </remarks>
    public void Run(ITeamJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (s_current == this) throw new InvalidOperationException("a job of a team cannot run another one on the same team");
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Team? outer = s_current;
            s_current = this;
            var dealt = job as IDealtJob;
            dealt?.Prepare(this);
            Start(job);
            Work(0);
            if (dealt != null) DismissLate();
            AwaitOthers();
            s_current = outer;
            _job = null;
            ExceptionDispatchInfo? failure = _failure;
            _failure = null;
            failure?.Throw();
        }
    }

    /// <summary>Stops the threads and frees the scratch buffers. Waits for a running job.</summary>
    public void Dispose()
    {
        if (s_current == this) throw new InvalidOperationException("a job cannot dispose the team that runs it");
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            Start(null);
            AwaitOthers();
            foreach (Seat seat in _seats) seat.Dispose();
            _common?.Dispose();
        }
    }

    private void Start(ITeamJob? job)
    {
        _job = job;
        _shared.Arrived = 0;
        ResetUnits();
        _shared.Failed = 0;
        Volatile.Write(ref _shared.Inside, Threads);
        Interlocked.Increment(ref _shared.Generation); // a full fence: a worker that parks after it has seen the new generation
        for (int i = 1; i < _seats.Length; i++)
        {
            if (Interlocked.Exchange(ref _seats[i].Parked, 0) != 0) _seats[i].Wake.Set();
        }
        if (job == null) Interlocked.Decrement(ref _shared.Inside);
    }

    private void Work(int index)
    {
        try
        {
            _job!.Run(new Worker(this, index));
        }
        catch (AbandonedJobException)
        {
            // Another worker's exception is the one to report.
        }
#pragma warning disable CA1031 // every exception, of any type, belongs to the caller of Run
        catch (Exception error)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(error), null);
            Volatile.Write(ref _shared.Failed, 1);
        }
        Interlocked.Decrement(ref _shared.Inside);
    }

    // Whoever claims a seat's part of a job first has it: the worker, to do it, or the caller, because nothing is left to do.
    private bool Claim(int index, int generation) =>
        Interlocked.CompareExchange(ref _seats[index].Claimed, generation, unchecked(generation - 1)) == unchecked(generation - 1);

    private void DismissLate()
    {
        for (int i = 1; i < _seats.Length; i++)
        {
            if (Claim(i, _shared.Generation)) Interlocked.Decrement(ref _shared.Inside);
        }
    }

    private void AwaitOthers()
    {
        for (int spins = 0; Volatile.Read(ref _shared.Inside) != 0; spins++) Pause(spins);
    }

    private void Serve(int index)
    {
        s_current = this;
        int seen = 0;
        while (true)
        {
            AwaitGeneration(ref seen, _seats[index]);
            if (!Claim(index, seen)) continue;
            if (_job == null) break;
            Work(index);
        }
        Interlocked.Decrement(ref _shared.Inside);
    }

    private void AwaitGeneration(ref int seen, Seat seat)
    {
        long start = Stopwatch.GetTimestamp();
        for (int spins = 1; ; spins++)
        {
            int generation = Volatile.Read(ref _shared.Generation);
            if (generation != seen)
            {
                seen = generation;
                return;
            }
            Pause(spins);
            if ((spins & 63) != 0 || Stopwatch.GetElapsedTime(start) < s_idleSpin) continue;
            Interlocked.Exchange(ref seat.Parked, 1);
            // Whoever resets Parked owes the other side: the starter a Set, this worker nothing.
            if (Volatile.Read(ref _shared.Generation) != seen && Interlocked.Exchange(ref seat.Parked, 0) != 0) continue;
            seat.Wake.WaitOne();
        }
    }

    internal void Barrier()
    {
        int phase = Volatile.Read(ref _shared.Phase);
        if (Volatile.Read(ref _shared.Failed) != 0) throw new AbandonedJobException();
        if (Interlocked.Increment(ref _shared.Arrived) == Threads)
        {
            _shared.Arrived = 0;
            ResetUnits();
            Volatile.Write(ref _shared.Phase, phase + 1);
            return;
        }
        for (int spins = 0; Volatile.Read(ref _shared.Phase) == phase; spins++)
        {
            if (Volatile.Read(ref _shared.Failed) != 0) throw new AbandonedJobException();
            Pause(spins);
            if (spins < _spins || Volatile.Read(ref _shared.Inside) == Threads) continue;
            // A worker that has left passed this barrier (then the phase has moved on) or never will.
            if (Volatile.Read(ref _shared.Phase) == phase && Volatile.Read(ref _shared.Failed) == 0)
                throw new InvalidOperationException("a worker left the job while others wait at a barrier");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Next(int units, out int unit)
    {
        // The plain look first: at the end of a phase nobody needs the cache line for writing.
        if (Volatile.Read(ref _shared.Next) >= units)
        {
            unit = units;
            return false;
        }
        unit = Interlocked.Increment(ref _shared.Next) - 1;
        return unit < units;
    }

    internal bool NextOfShare(int index, int units, out int unit)
    {
        Share[] shares = _shares;
        for (int i = 0; i < shares.Length; i++)
        {
            int at = index + i < shares.Length ? index + i : index + i - shares.Length;
            int first = (int)((long)units * at / shares.Length), count = (int)((long)units * (at + 1) / shares.Length) - first;
            ref int taken = ref shares[at].Taken;
            if (Volatile.Read(ref taken) >= count) continue;
            int next = Interlocked.Increment(ref taken) - 1;
            if (next >= count) continue;
            unit = first + next;
            return true;
        }
        unit = units;
        return false;
    }

    private void ResetUnits()
    {
        _shared.Next = 0;
        for (int i = 0; i < _shares.Length; i++) _shares[i].Taken = 0;
    }

    internal unsafe Span<float> Scratch(int index, int floats)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(floats);
        return new Span<float>(Seat.Grown(ref _seats[index].Scratch, floats), floats);
    }

    internal unsafe float* Tiles(int index, int floats) => Seat.Grown(ref _seats[index].Tiles, floats);

    internal unsafe float* Common(int index, int floats, int zeros)
    {
        Barrier(); // nobody reads the old buffer any more
        if (index == 0) Common(floats, zeros);
        Barrier();
        return _common!.Pointer;
    }

    /// <summary>The buffer that the workers share, between two jobs or by one worker between two barriers.</summary>
    internal unsafe float* Common(int floats, int zeros)
    {
        float* common = Seat.Grown(ref _common, floats);
        new Span<float>(common, zeros).Clear();
        return common;
    }

    private void Pause(int spins)
    {
        if (spins < _spins)
        {
            if (X86Base.IsSupported) X86Base.Pause();
            else Thread.SpinWait(1);
        }
        else if (!Thread.Yield())
        {
            Thread.Sleep(0);
        }
    }

    /// <summary>What belongs to one worker.</summary>
    private sealed unsafe class Seat : IDisposable
    {
        public readonly AutoResetEvent Wake = new(false);
        public int Parked;
        public int Claimed; // the generation of the last job that the worker, or the caller in its place, took
        public AlignedMemory? Scratch;
        public AlignedMemory? Tiles;

        public static float* Grown(ref AlignedMemory? memory, int floats)
        {
            const int page = 1024;
            AlignedMemory? have = memory;
            if (have != null && have.Bytes >= (long)floats * sizeof(float)) return have.Pointer;
            memory = new AlignedMemory(((long)floats + page - 1) / page * page, "a worker's scratch buffer");
            have?.Dispose();
            return memory.Pointer;
        }

        public void Dispose()
        {
            Wake.Dispose();
            Scratch?.Dispose();
            Tiles?.Dispose();
        }
    }

    /// <summary>How many units of a worker's share are taken: a word that the others seldom touch, on cache lines of its own.</summary>
    [StructLayout(LayoutKind.Sequential, Size = Line)]
    private struct Share
    {
        public int Taken;
    }

    /// <summary>The words that several threads write, each on cache lines of its own (two: the adjacent line is prefetched).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 7 * Line)]
    private struct Shared
    {
        [FieldOffset(Line)] public int Next;
        [FieldOffset(2 * Line)] public int Arrived;
        [FieldOffset(3 * Line)] public int Phase;
        [FieldOffset(4 * Line)] public int Inside;
        [FieldOffset(5 * Line)] public int Generation;
        [FieldOffset(5 * Line + 4)] public int Failed; // read in every wait, written once
    }

    /// <summary>Takes a worker out of a job that has failed elsewhere; never leaves the team.</summary>
#pragma warning disable CA1032, CA1064 // private to the team
    private sealed class AbandonedJobException : Exception;
#pragma warning restore CA1032, CA1064
}
