using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Einsharp.Cpu;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Cpu;

/// <summary>Activations, norms and softmaxes against their definitions in float64, at every vector width.</summary>
public class ActivationTests
{
    private static readonly Dictionary<string, (ActivationFunction Function, float Scalar, Func<double, double> Exact)> s_functions = new()
    {
        ["swish"] = (ActivationFunction.Swish, 1.702f, x => Special.Swish(x, 1.702f)),
        ["gelu"] = (ActivationFunction.Gelu, 0, Special.Gelu),
        ["gelu, tanh"] = (ActivationFunction.GeluTanh, 0, Special.GeluTanh),
        ["sigmoid"] = (ActivationFunction.Sigmoid, 0, Special.Sigmoid),
        ["tanh"] = (ActivationFunction.Tanh, 0, Math.Tanh),
        ["relu"] = (ActivationFunction.Relu, 0, Special.Relu),
        ["soft cap"] = (ActivationFunction.SoftCap, 3, x => Special.SoftCap(x, 3)),
    };

    public static TheoryData<string> Functions => [.. s_functions.Keys];

    public static TheoryData<int> Lengths => [1, 3, 13, 16, 17, 64, 97, 769];

    [Theory]
    [MemberData(nameof(Functions))]
    public unsafe void ActivationsAreWithinAMillionth(string name)
    {
        (ActivationFunction function, float scalar, Func<double, double> exact) = s_functions[name];

        // From far in the tail, where the relative error of an exponential's argument is largest, through the smallest numbers around 0.
        float[] x = [.. Enumerable.Range(-40_000, 80_001).Select(i => i / 4000f), .. Enumerable.Range(-3000, 6001).Select(i => MathF.Pow(10, -i % 30) * i / 3000f)];
        Check<Width512, Vector512<float>>();
        Check<Width256, Vector256<float>>();
        Check<Width128, Vector128<float>>();

        void Check<W, V>()
            where W : struct, IWidth<V>
            where V : unmanaged
        {
            float[] y = [.. x];
            fixed (float* p = y)
                ElementwiseTiles<W, V>.Apply(function, scalar, p, y.Length);
            for (int i = 0; i < x.Length; i++)
            {
                double expected = exact(x[i]), error = Math.Abs(y[i] - expected);

                // Of GPT-2's form the argument itself is rounded, and its exponential magnifies that: by 30 at x = −5. Far in the tail the
                // argument of any exponential is a float of that size, whose last bit counts as much.
                // Where a product is rounded before its sum, one more of that.
                double tail = x[i] == 0 || expected == 0 ? 0 : Math.Abs(Math.Log(Math.Abs(expected / x[i]))) * Math.Pow(2, Fma.IsSupported ? -23 : -22);
                // An exponential below the smallest normal number is 0.
                double allowed = (name == "gelu, tanh" ? 4e-6 : 1e-6) + tail;
                Assert.True(error <= allowed * Math.Abs(expected) + (1 + Math.Abs(x[i])) * 1.2e-38, $"{name} of {x[i]:R}: {y[i]:R}, expected {expected:R}");
            }
        }
    }

    [Fact]
    public void ExtremesAreTaken()
    {
        float[] Of(Action<float[]> function)
        {
            float[] x = [float.NegativeInfinity, -1000, -0f, 0, 1000, float.PositiveInfinity, float.NaN];
            function(x);
            return x;
        }

        Assert.Equal([0, 0, 0.5f, 0.5f, 1, 1, float.NaN], Of(x => Elementwise.Sigmoid(x)));
        Assert.Equal([-1, -1, -0f, 0, 1, 1, float.NaN], Of(x => Elementwise.Tanh(x)));
        Assert.Equal([0, 0, -0f, 0, 1000, float.PositiveInfinity, float.NaN], Of(x => Elementwise.Relu(x)));
        Assert.Equal([-2, -2, -0f, 0, 2, 2, float.NaN], Of(x => Elementwise.SoftCap(x, 2)));
        Assert.Equal([-0f, -0f, 0, 1000, float.PositiveInfinity, float.NaN], Of(x => Elementwise.Gelu(x))[1..]);
        Assert.Equal([-0f, -0f, 0, 1000, float.PositiveInfinity, float.NaN], Of(x => Elementwise.GeluTanh(x))[1..]);
        Assert.Equal([-0f, -0f, 0, 1000, float.PositiveInfinity, float.NaN], Of(x => Elementwise.Swish(x, 0.5f))[1..]);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public unsafe void LayerNormEqualsDoublePrecisionAtEveryWidth(int length)
    {
        // Far from 0, so that the square of the mean is not the mean of the squares.
        var random = new Random(length);
        float[] x = [.. Enumerable.Range(0, length).Select(_ => 100 + random.NextSingle())], gain = Inputs(length, 1), bias = Inputs(length, 2);
        double mean = x.Average(value => (double)value), variance = x.Average(value => (value - mean) * (value - mean));
        float[] y = new float[length];
        Norm.Layer(x, gain, bias, 1e-3f, y);
        Check(i => gain[i], i => bias[i]);
        Norm.Layer(x, gain, 1e-3f, y);
        Check(i => gain[i], _ => 0);
        Norm.Layer(x, 1e-3f, y);
        Check(_ => 1, _ => 0);
        fixed (float* from = x, g = gain, b = bias, to = y)
        {
            Norm.Layer<Width512, Vector512<float>>(from, g, b, 1e-3f, to, length);
            Check(i => gain[i], i => bias[i]);
            Norm.Layer<Width256, Vector256<float>>(from, g, b, 1e-3f, to, length);
            Check(i => gain[i], i => bias[i]);
            Norm.Layer<Width128, Vector128<float>>(from, g, b, 1e-3f, to, length);
            Check(i => gain[i], i => bias[i]);
        }

        Norm.Rms(x, 1e-3f, y);
        double square = x.Average(value => (double)value * value);
        for (int i = 0; i < length; i++)
            Assert.InRange(y[i] - x[i] / Math.Sqrt(square + 1e-3), -1e-6, 1e-6);
        Assert.Throws<ArgumentException>(() => Norm.Layer(x, gain, bias.AsSpan(1), 0, y));
        Assert.Throws<ArgumentException>(() => Norm.Layer(x, 0, new float[length + 1]));

        void Check(Func<int, double> factor, Func<int, double> summand)
        {
            for (int i = 0; i < length; i++)
            {
                // The mean of numbers about 100 is rounded to 2⁻¹⁸ or so.
                double expected = (x[i] - mean) / Math.Sqrt(variance + 1e-3) * factor(i) + summand(i);
                Assert.InRange(y[i], expected - 2e-4, expected + 2e-4);
            }

            Array.Clear(y);
        }

        static float[] Inputs(int count, int seed) => Execution.Inputs.Values(count, seed);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 1)]
    [InlineData(1, 5)]
    [InlineData(7, 16)]
    [InlineData(300, 19)]
    [InlineData(3, 333)]
    public void SoftmaxAlongAndAcross(int size, int inner)
    {
        float[] x = Execution.Inputs.Values(size * inner, size, -20, 20), softmax = [.. x], log = [.. x];
        Elementwise.SoftmaxAcross(softmax, size);
        Elementwise.LogSoftmaxAcross(log, size);
        for (int column = 0; column < inner; column++)
        {
            float[] along = [.. Enumerable.Range(0, size).Select(row => x[row * inner + column])], alongLog = [.. along];
            double total = along.Sum(value => Math.Exp(value));
            Elementwise.LogSoftmax(alongLog);
            for (int row = 0; row < size; row++)
            {
                double expected = Math.Exp(along[row]) / total;
                Assert.InRange(softmax[row * inner + column], expected * (1 - 3e-6), expected * (1 + 3e-6));
                Assert.InRange(log[row * inner + column] - Math.Log(expected), -1e-5, 1e-5);
                Assert.InRange(alongLog[row] - Math.Log(expected), -1e-5, 1e-5);
            }
        }

        Elementwise.SoftmaxAcross([], 3);
        Elementwise.LogSoftmax([]);
        Assert.Throws<ArgumentException>(() => Elementwise.SoftmaxAcross(new float[7], 3));
    }

    [Fact]
    public void AReductionsResultDoesNotDependOnWhoComputesIt()
    {
        float[] x = Execution.Inputs.Values(3 * 500 * 7, 1);
        foreach (Reduction reduction in Enum.GetValues<Reduction>())
        {
            float[] across = new float[21], along = new float[3 * 500], team = new float[21];
            Reductions.Reduce(reduction, x, across, [new(3, 3500, 0, 7), new(7, 1, 0, 1)], [new(500, 7, 0, 0)]);
            Reductions.Reduce(reduction, x, along, [new(1500, 7, 0, 1)], [new(7, 1, 0, 0)]);
            for (int i = 0; i < 21; i++)
                Assert.InRange(across[i] - Exact(reduction, Enumerable.Range(0, 500).Select(s => x[i / 7 * 3500 + s * 7 + i % 7])), -2e-5, 2e-5);
            for (int i = 0; i < along.Length; i++)
                Assert.InRange(along[i] - Exact(reduction, x.Skip(i * 7).Take(7)), -2e-6, 2e-6);
            using var device = new Team(3);
            device.Run(new Job(worker =>
                Reductions.Reduce(worker, reduction, x, team, [new(3, 3500, 0, 7), new(7, 1, 0, 1)], [new(500, 7, 0, 0)])));
            Assert.Equal(across, team);
        }

        Assert.Throws<ArgumentException>(() => Reductions.Reduce(Reduction.Sum, x, new float[1], [new(2, 1, 0, 1)], []));
        Assert.Throws<ArgumentException>(() => Reductions.Reduce(Reduction.Sum, x, new float[1], [], [new(x.Length + 1, 1, 0, 0)]));
    }

    [Fact]
    public void WhatIsNoNumberIsNotLost()
    {
        float[] x = [1, float.NaN, float.NegativeInfinity, float.NegativeInfinity, float.PositiveInfinity, 3], y = new float[3];
        Reductions.Reduce(Reduction.Max, x, y, [new(3, 2, 0, 1)], [new(2, 1, 0, 0)]);
        Assert.Equal([float.NaN, float.NegativeInfinity, float.PositiveInfinity], y);
        Reductions.Reduce(Reduction.LogSumExp, x, y, [new(3, 2, 0, 1)], [new(2, 1, 0, 0)]);
        Assert.Equal([float.NaN, float.NegativeInfinity, float.PositiveInfinity], y);
        float[] across = new float[2];
        Reductions.Reduce(Reduction.LogSumExp, x, across, [new(2, 1, 0, 1)], [new(2, 2, 0, 0)]);
        Assert.Equal([1, float.NaN], across);
        Reductions.Reduce(Reduction.Min, x, across, [new(2, 1, 0, 1)], [new(3, 2, 0, 0)]);
        Assert.Equal([float.NegativeInfinity, float.NaN], across);
    }

    private static double Exact(Reduction reduction, IEnumerable<float> values) => reduction switch
    {
        Reduction.Sum => values.Sum(value => (double)value),
        Reduction.Mean => values.Average(value => (double)value),
        Reduction.Max => values.Max(),
        Reduction.Min => values.Min(),
        _ => Math.Log(values.Sum(value => Math.Exp(value))),
    };

    private sealed class Job(Action<Worker> work) : ITeamJob
    {
        public void Run(Worker worker) => work(worker);
    }
}
