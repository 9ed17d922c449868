using System.Runtime.Intrinsics;
using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

public class ElementwiseTests
{
    public static TheoryData<int> Lengths => [1, 2, 3, 7, 13, 15, 16, 17, 31, 64, 97, 288, 769, 2053];

    private static float[] Numbers(int count, float scale)
    {
        var random = new Random(count);
        var numbers = new float[count];
        for (int i = 0; i < count; i++) numbers[i] = (random.NextSingle() * 2 - 1) * scale;
        return numbers;
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void SimpleFunctionsEqualTheirDefinition(int length)
    {
        float[] x = Numbers(length, 3), y = Numbers(length, 2);
        float[] sum = [.. y], product = [.. y], scaled = [.. y];
        Elementwise.Add(sum, x);
        Elementwise.Multiply(product, x);
        Elementwise.Scale(scaled, 0.3f);
        for (int i = 0; i < length; i++)
        {
            Assert.Equal(y[i] + x[i], sum[i]);
            Assert.Equal(y[i] * x[i], product[i]);
            Assert.Equal(y[i] * 0.3f, scaled[i]);
        }
        Assert.Equal(x.Max(), Elementwise.Max(x));
        Assert.Equal(Array.IndexOf(x, x.Max()), Elementwise.IndexOfMax(x));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void SiluAndSoftmaxEqualDoublePrecision(int length)
    {
        float[] x = Numbers(length, 20), silu = [.. x], softmax = [.. x];
        Elementwise.Silu(silu);
        Elementwise.Softmax(softmax);
        double total = x.Sum(v => Math.Exp(v));
        for (int i = 0; i < length; i++)
        {
            double s = x[i] / (1 + Math.Exp(-(double)x[i]));
            Assert.InRange(silu[i], s - 4e-7 * Math.Abs(s), s + 4e-7 * Math.Abs(s));
            // Differences from the maximum, up to 40, are rounded to 2⁻²⁰, half of which is the relative error of their exponential.
            double p = Math.Exp(x[i]) / total;
            Assert.InRange(softmax[i], p * (1 - 3e-6), p * (1 + 3e-6));
        }
    }

    [Fact]
    public void ExtremesAreTaken()
    {
        float[] x = [-1000, -100, -0f, 0f, 100, 1000, float.NaN];
        Elementwise.Silu(x);
        Assert.Equal([0f, 0f, 0f, 0f, 100f, 1000f, float.NaN], x.Select(v => Math.Abs(v) < 1e-37f ? 0f : v));
        float[] y = [-1000, float.NegativeInfinity, 1000, 1000];
        Elementwise.Softmax(y);
        Assert.Equal([0f, 0f, 0.5f, 0.5f], y);
        Elementwise.Softmax([]);
    }

    [Fact]
    public void ExpIsWithinOneUnitInTheLastPlaceOrSo()
    {
        Check<Width512, Vector512<float>>();
        Check<Width256, Vector256<float>>();
        Check<Width128, Vector128<float>>();
    }

    private static unsafe void Check<W, V>()
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        const int count = 1 << 16;
        var x = new float[count];
        for (int i = 0; i < count; i++) x[i] = -87.3f + i * (176f / count);
        float[] y = [.. x];
        fixed (float* p = y) ElementwiseTiles<W, V>.Exp(p, count, 0);
        double worst = 0;
        for (int i = 0; i < count; i++)
        {
            double expected = Math.Exp(x[i]);
            worst = Math.Max(worst, Math.Abs(y[i] - expected) / (MathF.BitIncrement((float)expected) - (double)(float)expected));
        }
        Assert.InRange(worst, 0, 1.1);

        float[] edges = [0f, -0f, float.NegativeInfinity, -88f, float.PositiveInfinity, 89f, float.NaN];
        fixed (float* p = edges) ElementwiseTiles<W, V>.Exp(p, edges.Length, 0);
        Assert.Equal([1f, 1f, 0f, 0f, float.PositiveInfinity, float.PositiveInfinity, float.NaN], edges);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public unsafe void RmsEqualsDoublePrecisionAtEveryWidth(int length)
    {
        float[] x = Numbers(length, 5), gain = Numbers(length + 1, 2)[1..], y = new float[length];
        double mean = x.Sum(v => (double)v * v) / length;
        Norm.Rms(x, gain, 1e-5f, y);
        Check(y);
        fixed (float* from = x, g = gain, to = y)
        {
            Norm.Rms<Width512, Vector512<float>>(from, g, 1e-5f, to, length);
            Check(y);
            Norm.Rms<Width256, Vector256<float>>(from, g, 1e-5f, to, length);
            Check(y);
            Norm.Rms<Width128, Vector128<float>>(from, g, 1e-5f, to, length);
            Check(y);
        }
        float[] same = [.. x];
        Norm.Rms(same, gain, 1e-5f, same);
        Check(same);

        void Check(float[] found)
        {
            for (int i = 0; i < length; i++)
            {
                double expected = x[i] / Math.Sqrt(mean + 1e-5) * gain[i];
                Assert.InRange(found[i], expected - 1e-6 * Math.Abs(expected), expected + 1e-6 * Math.Abs(expected));
            }
            Array.Clear(y);
        }
    }

    [Fact]
    public void RmsChecksItsLengths()
    {
        var error = Assert.Throws<ArgumentException>(() => Norm.Rms(new float[3], new float[4], 0, new float[3]));
        Assert.Equal("a row of 3 values was given 4 gains and room for 3 results", error.Message);
        Norm.Rms([], [], 0, []);
    }

    [Fact]
    public void TheResultDoesNotDependOnAlignment()
    {
        const int length = 101;
        float[] x = Numbers(length, 4), gain = Numbers(length, 1);
        float[]? silu = null, softmax = null, rms = null;
        for (int offset = 0; offset < 17; offset++)
        {
            var memory = new float[length + offset];
            Span<float> y = memory.AsSpan(offset);
            x.CopyTo(y);
            Elementwise.Silu(y);
            Assert.Equal(silu ??= y.ToArray(), y.ToArray());
            x.CopyTo(y);
            Elementwise.Softmax(y);
            Assert.Equal(softmax ??= y.ToArray(), y.ToArray());
            x.CopyTo(y);
            Norm.Rms(y, gain, 1e-6f, y);
            Assert.Equal(rms ??= y.ToArray(), y.ToArray());
        }
    }
}
