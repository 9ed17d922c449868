using BenchmarkDotNet.Attributes;
using Einsharp.Cpu;

namespace Einsharp.Bench;

/// <summary>y = x·Wᵀ for every row of x: the kernel that reads nearly all of a model's weights.</summary>
// b rows · d inputs · f outputs
[Model]
public sealed partial class Projection
{
    [Param("f d", Init.Linear)] public partial Param Weight { get; }

    [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
    public partial Tensor Forward([Axes("b d")] Tensor x);
}

/// <summary>Sweeps over weights of every format: few rows are bound by memory, many by arithmetic.</summary>
#pragma warning disable CA1001 // the runner derives from this class, and calls Cleanup
public class Sweeps
#pragma warning restore CA1001
{
    /// <summary>Values of a dot product.</summary>
    public const int Inputs = 2048;

    private CpuDevice _device = null!;
    private Projection _model = null!;
    private Tensor _x = null!;

    [Params(WeightFormat.F32, WeightFormat.BF16, WeightFormat.F16, WeightFormat.Q8_0, WeightFormat.Q4_0, WeightFormat.Q4_K, WeightFormat.Q6_K)]
    public WeightFormat Format { get; set; }

    [Params(1, 8, 256)]
    public int Rows { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Rows of weights: more bytes than caches hold where weights are what is waited for.</summary>
    public static int Outputs(int rows) => rows > 8 ? 4096 : 65536;

    [GlobalSetup]
    public void Setup()
    {
        _device = new CpuDevice(Threads);
        _model = new Projection(new ProjectionSizes { d = Inputs, f = Outputs(Rows) }, _device);
        _model.Initialise(seed: 1, Format);
        var random = new Random(1);
        _x = Tensor.From([.. Enumerable.Range(0, Rows * Inputs).Select(_ => random.NextSingle() - 0.5f)], Rows, Inputs);
        Limits.Measure(_device.Team);
    }

    [GlobalCleanup]
    public void Cleanup() => _device.Dispose();

    [Benchmark]
    public Tensor Sweep() => _model.Forward(_x);
}
