using Einsharp.Tests.Reference;
using static Einsharp.Tests.Reference.NaiveLlama;

namespace Einsharp.Tests.Execution;

/// <summary>What the language says, computed by the generated code and by plain loops in float64.</summary>
public sealed class LanguageTests
{
    public static readonly TheoryData<int> Threads = [1, 3];

    [Theory]
    [MemberData(nameof(Threads))]
    public void AxisNamesOfManyLetters(int threads)
    {
        using var device = new CpuDevice(threads);
        var model = new WordyNetwork(new WordyNetworkSizes { d_hidden = 17, d_model = 5 }, device);
        model.Initialise(1);
        Tensor x = Inputs.Random(1, 2, 7, 5);
        Tensor y = model.Forward(x);
        Assert.Equal([2, 7, 5], y.Shape.ToArray());
        double[] up = Read(model.Up), down = Read(model.Down), input = Inputs.Widen(x.Span), expected = [.. input];
        for (int row = 0; row < 14; row++)
        {
            for (int h = 0; h < 17; h++)
            {
                double hidden = 0;
                for (int d = 0; d < 5; d++)
                    hidden += input[row * 5 + d] * up[h * 5 + d];
                for (int d = 0; d < 5; d++)
                    expected[row * 5 + d] += Silu(hidden) * down[d * 17 + h];
            }
        }

        Compare.Close(expected, y.Span);
    }

    [Fact]
    public void PinnedAndDerivedSizesAndFactorsMadeOfThem()
    {
        var sizes = new ScaledNetworkSizes { d = 29, h = 3 };
        Assert.Equal(8, sizes.k);
        Assert.Equal(128, sizes.f); // ⌈8/3 · 29⌉ = 78, up to a multiple of 64
        Assert.Equal(2048, new ScaledNetworkSizes { d = 768, h = 1 }.f); // exactly, although 8/3 is not a binary number
        Assert.Equal(77, new ScaledNetworkSizes { d = 29, h = 3, f = 77 }.f);
        foreach (int f in (int[])[128, 77])
        {
            var model = new ScaledNetwork(new ScaledNetworkSizes { d = 29, h = 3, f = f });
            model.Initialise(2);
            Tensor x = Inputs.Random(2, 4, 29);
            double[] split = Read(model.Split), wide = Read(model.Wide), narrow = Read(model.Narrow), expected = new double[4 * 29];
            for (int b = 0; b < 4; b++)
            {
                double[] heads = new double[24];
                for (int hk = 0; hk < 24; hk++)
                {
                    for (int d = 0; d < 29; d++)
                        heads[hk] += x.Span[b * 29 + d] * split[hk * 29 + d] / Math.Sqrt(8);
                }

                for (int i = 0; i < f; i++)
                {
                    double sum = 0;
                    for (int hk = 0; hk < 24; hk++)
                        sum += heads[hk] * wide[i * 24 + hk];
                    for (int d = 0; d < 29; d++)
                        expected[b * 29 + d] += Silu(sum * 20) * narrow[d * f + i] * (-0.015 + f / 24.0);
                }
            }

            Compare.Close(expected, model.Forward(x).Span);
        }
    }

    [Theory]
    [MemberData(nameof(Threads))]
    public void SoftmaxOverAxesOfTheModel(int threads)
    {
        using var device = new CpuDevice(threads);
        var model = new Mixture(new MixtureSizes { h = 3, e = 5, d = 7 }, device);
        model.Initialise(3);
        Tensor x = Inputs.Random(3, 6, 7);
        double[] router = Read(model.Router), gate = Read(model.Gate), bias = Read(model.Bias), headBias = Read(model.HeadBias);
        double[] expected = new double[18];
        for (int b = 0; b < 6; b++)
        {
            double[] g = [.. bias];
            double[][] p = [new double[5], new double[5], new double[5]];
            for (int e = 0; e < 5; e++)
            {
                for (int d = 0; d < 7; d++)
                    g[e] += x.Span[b * 7 + d] * gate[e * 7 + d];
                for (int h = 0; h < 3; h++)
                {
                    p[h][e] = headBias[h * 5 + e] + bias[e];
                    for (int d = 0; d < 7; d++)
                        p[h][e] += x.Span[b * 7 + d] * router[(h * 5 + e) * 7 + d];
                }
            }

            double[] sums = new double[3];
            for (int h = 0; h < 3; h++)
            {
                p[h] = Softmax(p[h]);
                double[] mixed = Softmax([.. p[h].Select((value, e) => value * g[e])]);
                sums[h] = mixed.Select((value, e) => value * p[h][e]).Sum();
            }

            Softmax(sums).CopyTo(expected, b * 3);
        }

        Compare.Close(expected, model.Forward(x).Span);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 40)]
    [InlineData(2, 40)]
    public void ChainsOfModifiers(int threads, int length)
    {
        using var device = new CpuDevice(threads);
        var model = new Chains(new ChainsSizes { d = 13, d2 = 37 }, device);
        model.Initialise(4);
        Tensor x = Inputs.Random(4, 1, length, 13);
        double[] first = Read(model.First), second = Read(model.Second), bias = Read(model.Bias), gain = Read(model.Gain);
        double[] expected = new double[x.Length];
        for (int s = 0; s < length; s++)
        {
            double[] u = new double[37];
            for (int j = 0; j < 37; j++)
            {
                for (int d = 0; d < 13; d++)
                    u[j] += x.Span[s * 13 + d] * second[j * 13 + d];
            }

            double[] v = [.. u.Select(Silu)], w = [.. v.Select(value => value / 2)];
            for (int d = 0; d < 13; d++)
            {
                double Times(double[] vector) => vector.Select((value, j) => value * first[d * 37 + j]).Sum();
                double input = x.Span[s * 13 + d];
                double y1 = Silu(Times(u) + bias[d]) * gain[d] + input;
                double y2 = Silu(Times(v) * y1 * input);
                expected[s * 13 + d] = Silu((Times(w) + y1) * y2 + y2 + bias[d]);
            }
        }

        Compare.Close(expected, model.Forward(x).Span);
    }

    [Theory]
    [InlineData(WeightFormat.F32)]
    [InlineData(WeightFormat.BF16)]
    public void EinsumsThatAreNoSweep(WeightFormat format)
    {
        var model = new PlainEinsums(new PlainEinsumsSizes { d = 7, f = 5, g = 3, k = 2, e = 4 });
        model.Initialise(5, format);
        Tensor x = Inputs.Random(5, 6, 7);
        double[] inOut = Read(model.InOut), grouped = Read(model.Grouped), summed = Read(model.Summed), vector = Read(model.Vector);
        double[] expected = new double[6 * 5];
        for (int b = 0; b < 6; b++)
        {
            double[] input = Inputs.Widen(x.Span.Slice(b * 7, 7)), a = new double[5], c = new double[5], sum = new double[5];
            double norm = 0;
            for (int d = 0; d < 7; d++)
                norm += input[d] * input[d] * vector[d];
            for (int f = 0; f < 5; f++)
            {
                for (int d = 0; d < 7; d++)
                {
                    a[f] += input[d] * inOut[d * 5 + f];
                    for (int e = 0; e < 4; e++)
                        c[f] += input[d] * summed[(f * 4 + e) * 7 + d];
                }

                c[f] += a[f];
            }

            for (int g = 0; g < 3; g++)
            {
                double[] parts = new double[2];
                for (int k = 0; k < 2; k++)
                {
                    for (int f = 0; f < 5; f++)
                        parts[k] += 2 * a[f] * c[f] * grouped[(g * 2 + k) * 5 + f];
                }

                for (int f = 0; f < 5; f++)
                    sum[f] += Silu(parts[0] * grouped[g * 10 + f] + parts[1] * grouped[g * 10 + 5 + f]);
            }

            for (int f = 0; f < 5; f++)
                expected[b * 5 + f] = sum[f] * norm + c[f];
        }

        Compare.Close(expected, model.Forward(x).Span);
    }

    [Fact]
    public void SumsAndTranspositionsOfOneOperand()
    {
        var model = new OneOperand(new OneOperandSizes { d = 5, h = 3 });
        model.Initialise(6);
        Tensor x = Inputs.Random(6, 2, 4, 5);
        double[] weight = Read(model.Weight), expected = new double[2 * 4 * 3 * 5];
        for (int row = 0; row < 8; row++)
        {
            double total = 0;
            for (int d = 0; d < 5; d++)
                total += x.Span[row * 5 + d];
            for (int h = 0; h < 3; h++)
            {
                for (int d = 0; d < 5; d++)
                    expected[(row * 3 + h) * 5 + d] = x.Span[row * 5 + d] * weight[d * 3 + h] * total;
            }
        }

        Tensor y = model.Forward(x);
        Assert.Equal([2, 4, 3, 5], y.Shape.ToArray());
        Compare.Close(expected, y.Span);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(100, 2)]
    public void ANormThatSeveralKernelsRead(int rows, int threads)
    {
        using var device = new CpuDevice(threads);
        var model = new SharedNorm(new SharedNormSizes { d = 13, f = 37 }, new SharedNormSettings { Eps = 0.1f }, device);
        model.Initialise(7);
        Tensor x = Inputs.Random(7, rows, 13);
        double[] gain = Read(model.Gain), wide = Read(model.Wide), narrow = Read(model.Narrow), expected = new double[rows * 13];
        for (int b = 0; b < rows; b++)
        {
            double[] n = RmsNorm(Inputs.Widen(x.Span.Slice(b * 13, 13)), gain, 0.1f), y = new double[13];
            double length = n.Sum(value => value * value);
            for (int f = 0; f < 37; f++)
            {
                double h = 0;
                for (int d = 0; d < 13; d++)
                    h += n[d] * wide[f * 13 + d];
                for (int d = 0; d < 13; d++)
                    y[d] += h * narrow[d * 37 + f] * n[d];
            }

            double[] z = RmsNorm(y, gain, 0.1f);
            for (int d = 0; d < 13; d++)
                expected[b * 13 + d] = (Silu(z[d]) + n[d]) * length;
        }

        Compare.Close(expected, model.Forward(x).Span);
    }

    [Fact]
    public void ARenamedAxisIsTheSameMemory()
    {
        var model = new Renamed(new RenamedSizes { d = 5, f = 7 });
        model.Initialise(8);
        Tensor x = Inputs.Random(8, 2, 3, 5);
        double[] wide = Read(model.Wide), narrow = Read(model.Narrow), expected = new double[6];
        for (int row = 0; row < 6; row++)
        {
            double[] y = new double[5];
            for (int f = 0; f < 7; f++)
            {
                double h = 0;
                for (int d = 0; d < 5; d++)
                    h += x.Span[row * 5 + d] * wide[f * 5 + d];
                for (int d = 0; d < 5; d++)
                    y[d] += Silu(h) * narrow[d * 7 + f];
            }

            expected[row] = y.Sum(value => Silu(value) * Silu(value));
        }

        Tensor found = model.Forward(x);
        Assert.Equal([2, 3], found.Shape.ToArray());
        Compare.Close(expected, found.Span);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(50, 2)]
    public void HeadsJoinedAndTakenApartWhereTheyLie(int rows, int threads)
    {
        using var device = new CpuDevice(threads);
        var sizes = new JoinedHeadsSizes { h = 3, k = 4, d = 20, e = 12 };
        Assert.Equal(5, sizes.h2);
        var model = new JoinedHeads(sizes, device);
        model.Initialise(12);
        Tensor x = Inputs.Random(12, rows, 20), y = model.Forward(x);
        Assert.Equal([rows, 5, 4], y.Shape.ToArray());
        Named input = Named.Of("n d", x), heads = Named.Einsum("n h k", input.Silu(), Named.Of(model.Split));
        Named joined = heads.Reshape("n e", rows, 12);
        Compare.Close(Named.Einsum("n d", joined, Named.Of(model.Whole)).Add(input).Silu().Values, y.Span);
    }

    [Fact]
    public void RowsOfATableWithoutPositions()
    {
        var model = new Lookup(new LookupSizes { v = 11, d = 5 });
        model.Initialise(9);
        int[] ids = [10, 0, 3, 3];
        double[] table = Read(model.Table), head = Read(model.Head);
        double[] expected = [.. ids.SelectMany(id => Softmax([.. Enumerable.Range(0, 11).Select(v =>
            Enumerable.Range(0, 5).Sum(d => Silu(table[id * 5 + d] * Math.Sqrt(5)) * head[v * 5 + d]))]))];
        Compare.Close(expected, model.Forward(Tensor.From(ids, 4)).Span);
        var error = Assert.Throws<ArgumentOutOfRangeException>("ids", () => model.Forward(Tensor.From([1, 2, 11], 3)));
        Assert.Contains("Index 11 at element 2 of 'ids' is outside axis 'v' of size 11", error.Message, StringComparison.Ordinal);
        Assert.Equal([0, 11], model.Forward(new Tensor<int>(0)).Shape.ToArray());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 50)]
    public void AnyNumberOfLayersWithoutPositions(int threads, int rows)
    {
        using var device = new CpuDevice(threads);
        foreach (int depth in (int[])[0, 1, 2, 3, 4])
        {
            var model = new DenseStack(
                new DenseStackSizes { i = 3, d = 13, o = 5, f = 7, depth = depth },
                new DenseStackSettings { Eps = 0.3f }, device);
            model.Initialise(10);
            Assert.Equal(depth, model.Layers.Count);
            Assert.Equal(3 + 3 * depth, model.Parameters.Count);
            Tensor x = Inputs.Random(10, rows, 3);
            Compare.Close(Stack(model, x), model.Forward(x).Span);

            if (depth == 0)
                continue;

            // A layer is a model of its own too.
            Tensor inner = Inputs.Random(11, rows, 13);
            Compare.Close(Layer(model.Layers[0], Inputs.Widen(inner.Span), 0.3f), model.Layers[0].Forward(inner).Span);
        }
    }

    [Fact]
    public void NamesThatTheGeneratedCodeUsesItself()
    {
        var model = new AwkwardNames(new AwkwardNamesSizes { row = 5, model = 3 }, new AwkwardNamesSettings { Eps = 0.1f });
        model.Initialise(16);
        Tensor x = Inputs.Random(16, 2, 4, 3);
        double[] up = Read(model.Sweep), down = Read(model.Elementwise), expected = new double[8];
        for (int row = 0; row < 8; row++)
        {
            double[] input = Inputs.Widen(x.Span.Slice(row * 3, 3)), n = RmsNorm(input, Read(model.Norm), 0.1f), y = [.. input];
            for (int h = 0; h < 5; h++)
            {
                double sum = Enumerable.Range(0, 3).Sum(d => n[d] * up[h * 3 + d]);
                for (int d = 0; d < 3; d++)
                    y[d] += Silu(sum) * down[d * 5 + h];
            }

            expected[row] = y.Sum(value => value * value);
        }

        Compare.Close(expected, model.Forward(x).Span);
    }

    private static double[] Stack(DenseStack model, Tensor x)
    {
        int rows = x.Shape[0], d = model.Sizes.d;
        double[] entry = Read(model.Entry), exit = Read(model.Exit), y = new double[rows * d];
        for (int row = 0; row < rows; row++)
        {
            for (int j = 0; j < d; j++)
            {
                for (int i = 0; i < 3; i++)
                    y[row * d + j] += x.Span[row * 3 + i] * entry[j * 3 + i];
            }
        }

        foreach (DenseLayer layer in model.Layers)
            y = Layer(layer, y, model.Settings.Eps);
        double[] m = RmsNorm(y, Read(model.Gain), model.Settings.Eps);
        double Output(int row, int o) => Enumerable.Range(0, d).Sum(j => m[row * d + j] * exit[o * d + j]);
        return [.. Enumerable.Range(0, rows * 5).Select(i => Output(i / 5, i % 5))];
    }

    private static double[] Layer(DenseLayer layer, double[] x, double epsilon)
    {
        int d = layer.Sizes.d, f = layer.Sizes.f;
        double[] m = RmsNorm(x, Read(layer.Gain), epsilon), up = Read(layer.Up), down = Read(layer.Down), y = [.. x];
        for (int row = 0; row < x.Length; row += d)
        {
            for (int i = 0; i < f; i++)
            {
                double h = 0;
                for (int j = 0; j < d; j++)
                    h += m[row + j] * up[i * d + j];
                for (int j = 0; j < d; j++)
                    y[row + j] += Silu(h) * down[j * f + i];
            }
        }

        return y;
    }
}
