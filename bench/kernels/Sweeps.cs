using BenchmarkDotNet.Attributes;
using Einsharp.Cpu;

namespace Einsharp.Bench;

/// <summary>
/// y = x·Wᵀ over weights of every format, the kernel that reads nearly all of a model's weights: few rows of x are bound by memory, many by
/// arithmetic. What makes the rows ready (packing, quantising) is included.
/// </summary>
#pragma warning disable CA1001 // the runner derives from this class, and calls Cleanup
public class Sweeps
#pragma warning restore CA1001
{
    /// <summary>Values of a dot product.</summary>
    public const int Inputs = 2048;

    private Team _team = null!;
    private Job _job = null!;

    [Params(WeightFormat.F32, WeightFormat.BF16, WeightFormat.F16, WeightFormat.Q8_0, WeightFormat.Q4_0, WeightFormat.Q4_K, WeightFormat.Q6_K)]
    public WeightFormat Format { get; set; }

    [Params(1, 8, 256)]
    public int Rows { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Rows of weights: more bytes than caches hold where weights are what is waited for.</summary>
    public static int Outputs(int rows) => rows > 8 ? 8192 : 65536;

    [GlobalSetup]
    public void Setup()
    {
        _team = new Team(Threads);
        var weight = new Param("W", "w", "f d", [Outputs(Rows), Inputs], Initializer.Linear(Inputs, Outputs(Rows))) { RowLength = Inputs };
        weight.Initialise(seed: 1, Format);
        var random = new Random(1);
        _job = new Job(weight, [.. Enumerable.Range(0, Rows * Inputs).Select(_ => random.NextSingle() - 0.5f)], Rows);
        Limits.Measure(_team);
    }

    [GlobalCleanup]
    public void Cleanup() => _team.Dispose();

    [Benchmark]
    public void Sweep() => _team.Run(_job);

    // What the generated code does.
    private sealed class Job(Param weight, float[] x, int rows) : ITeamJob
    {
        private readonly int _outputs = Outputs(rows);
        private readonly float[] _y = new float[rows * Outputs(rows)];

        public void Run(Worker worker)
        {
            int unit = Cpu.Sweep.UnitRows(_outputs, worker.Count);
            SweepInput activations = Cpu.Sweep.Read(worker, x, Inputs, rows, weight);
            while (worker.NextOfShare((_outputs + unit - 1) / unit, out int i))
                Cpu.Sweep.Project(weight, i * unit, Math.Min(unit, _outputs - (i * unit)), activations, _y.AsSpan(i * unit), _outputs);
            worker.Barrier();
        }
    }
}
