using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

public class TeamTests
{
    private sealed class Job(Action<Worker> body) : ITeamJob
    {
        public void Run(Worker worker) => body(worker);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void EveryUnitGoesToOneWorkerInEveryPhase(int threads)
    {
        using var team = new Team(threads);
        var claims = new int[50, 37];
        team.Run(new Job(worker =>
        {
            for (int phase = 0; phase < 50; phase++)
            {
                int unit;
                while (phase % 2 == 0 ? worker.Next(37, out unit) : worker.NextOfShare(37, out unit)) Interlocked.Increment(ref claims[phase, unit]);
                worker.Barrier();
            }
        }));
        foreach (int claim in claims) Assert.Equal(1, claim);
    }

    [Fact]
    public void AWorkerTakesItsOwnRunOfUnitsAndThenWhatIsLeft()
    {
        using var team = new Team(3);
        var taken = new List<int>();
        team.Run(new Job(worker =>
        {
            if (worker.Index == 1)
            {
                while (worker.NextOfShare(8, out int unit)) taken.Add(unit);
            }
            worker.Barrier();
        }));
        Assert.Equal([2, 3, 4, 5, 6, 7, 0, 1], taken);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void BarriersKeepTheWorkersTogether(int threads)
    {
        using var team = new Team(threads);
        int[] rounds = new int[threads * 32];
        int torn = 0;
        team.Run(new Job(worker =>
        {
            for (int i = 1; i <= 10_000; i++)
            {
                rounds[worker.Index * 32] = i;
                worker.Barrier();
                for (int j = 0; j < worker.Count; j++)
                {
                    if (rounds[j * 32] != i) Interlocked.Increment(ref torn);
                }
                worker.Barrier();
            }
        }));
        Assert.Equal(0, torn);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(4, 3)]
    public void AnExceptionReachesTheCallerAndTheTeamStaysUsable(int threads, int culprit)
    {
        using var team = new Team(threads);
        for (int i = 0; i < 50; i++)
        {
            var error = Assert.Throws<FormatException>(() => team.Run(new Job(worker =>
            {
                worker.Barrier();
                if (worker.Index == culprit) Fail();
                for (int j = 0; j < 10; j++) worker.Barrier();
            })));
            Assert.Equal("of a worker", error.Message);
            Assert.Contains(nameof(Fail), error.StackTrace, StringComparison.Ordinal);
            int runs = 0;
            team.Run(new Job(worker =>
            {
                worker.Barrier();
                Interlocked.Increment(ref runs);
            }));
            Assert.Equal(threads, runs);
        }
    }

    private static void Fail() => throw new FormatException("of a worker");

    [Fact]
    public void AWorkerThatSkipsABarrierIsAnErrorAndNoHang()
    {
        using var team = new Team(2);
        var error = Assert.Throws<InvalidOperationException>(() => team.Run(new Job(worker =>
        {
            if (worker.Index == 0) worker.Barrier();
        })));
        Assert.Contains("barrier", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void AJobCannotRunAnotherOnItsTeam(int index)
    {
        using var team = new Team(2);
        var inner = new Job(_ => { });
        Assert.Throws<InvalidOperationException>(() => team.Run(new Job(worker =>
        {
            if (worker.Index == index) team.Run(inner);
        })));
        team.Run(inner);
    }

    [Fact]
    public void AJobMayRunAnotherOnAnotherTeam()
    {
        using var outer = new Team(2);
        using var inner = new Team(2);
        int runs = 0;
        outer.Run(new Job(_ => inner.Run(new Job(_ => Interlocked.Increment(ref runs)))));
        Assert.Equal(4, runs);
    }

    [Fact]
    public void CallersOnSeveralThreadsTakeTurns()
    {
        using var team = new Team(2);
        int inside = 0, most = 0, runs = 0;
        Parallel.For(0, 40, _ => team.Run(new Job(worker =>
        {
            if (worker.Index == 0)
            {
                most = Math.Max(most, Interlocked.Increment(ref inside));
                runs++;
            }
            worker.Barrier();
            if (worker.Index == 0) Interlocked.Decrement(ref inside);
        })));
        Assert.Equal(40, runs);
        Assert.Equal(1, most);
    }

    [Fact]
    public void ParkedWorkersWakeUp()
    {
        using var team = new Team(3);
        for (int i = 0; i < 20; i++)
        {
            int runs = 0;
            team.Run(new Job(_ => Interlocked.Increment(ref runs)));
            Assert.Equal(3, runs);
            Thread.Sleep(i % 4);
        }
    }

    private sealed class Dealt(int[] claims) : IDealtJob
    {
        public bool Prepared;

        public void Prepare(Team team) => Prepared = true;

        public void Run(Worker worker)
        {
            while (worker.Next(claims.Length, out int unit)) Interlocked.Increment(ref claims[unit]);
        }
    }

    // Nobody waits for workers that have not begun; a job that needs them all comes in between.
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(16)]
    public void WorkThatIsDealtOutIsDoneOnceByWhoeverIsThere(int threads)
    {
        using var team = new Team(threads);
        int[] claims = new int[23];
        for (int i = 1; i <= 3000; i++)
        {
            var job = new Dealt(claims);
            team.Run(job);
            Assert.True(job.Prepared);
            Assert.Equal(Enumerable.Repeat(i, claims.Length), claims);
            if (i % 50 == 0) Thread.Sleep(1);
            if (i % 7 != 0) continue;
            int runs = 0;
            team.Run(new Job(worker =>
            {
                worker.Barrier();
                Interlocked.Increment(ref runs);
            }));
            Assert.Equal(threads, runs);
        }
    }

    [Fact]
    public void DisposeStopsTheThreads()
    {
        var team = new Team(2);
        Thread? other = null;
        team.Run(new Job(worker =>
        {
            if (worker.Index == 1) other = Thread.CurrentThread;
        }));
        team.Dispose();
        team.Dispose();
        Assert.True(other!.Join(TimeSpan.FromSeconds(10)));
        Assert.Throws<ObjectDisposedException>(() => team.Run(new Job(_ => { })));
    }

    [Fact]
    public unsafe void ScratchIsAlignedGrowsAndIsEachWorkersOwn()
    {
        using var team = new Team(2);
        var at = new nint[2];
        team.Run(new Job(worker =>
        {
            foreach (int floats in new[] { 0, 1, 5000, 100_000 })
            {
                Span<float> scratch = worker.Scratch(floats);
                Assert.Equal(floats, scratch.Length);
                scratch.Fill(worker.Index);
                fixed (float* p = scratch)
                {
                    Assert.Equal(0, (nint)p % 64);
                    at[worker.Index] = (nint)p;
                }
                worker.Barrier();
                foreach (float value in scratch) Assert.Equal(worker.Index, value);
                worker.Barrier();
            }
        }));
        Assert.NotEqual(at[0], at[1]);
    }

    private sealed class Allocations : ITeamJob
    {
        public void Run(Worker worker)
        {
            for (int i = 0; i < 30; i++)
            {
                while (worker.Next(100, out _))
                {
                }
                worker.Scratch(1000)[0] = 1;
                worker.Barrier();
            }
        }
    }

    [Fact]
    public void AJobAllocatesNothing()
    {
        using var team = new Team(2);
        var job = new Allocations();
        for (int i = 0; i < 200; i++) team.Run(job);
        Thread.Sleep(5);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) team.Run(job);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private sealed class Allocated(long[] bytes) : ITeamJob
    {
        public void Run(Worker worker) => bytes[worker.Index] = GC.GetAllocatedBytesForCurrentThread();
    }

    [Fact]
    public void NeitherDoWaitingAndParkedWorkers()
    {
        using var team = new Team(3);
        var bytes = new long[3];
        var job = new Allocated(bytes);
        for (int i = 0; i < 20; i++)
        {
            team.Run(job);
            Thread.Sleep(2);
        }
        long[] before = [.. bytes];
        for (int i = 0; i < 20; i++)
        {
            team.Run(job);
            Thread.Sleep(2);
        }
        Assert.Equal(before[1..], bytes[1..]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(Team.MaxThreads + 1)]
    public void ANumberOfThreadsOutOfRangeIsRefused(int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Team(threads));

    [Fact]
    public void TheSharedDeviceOutlivesItsDispose()
    {
        Device.Cpu.Dispose();
        int runs = 0;
        Device.Cpu.Team.Run(new Job(_ => Interlocked.Increment(ref runs)));
        Assert.Equal(Environment.ProcessorCount, runs);
        Assert.Equal(Device.Cpu.Threads, runs);
    }
}
