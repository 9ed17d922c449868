using System.Numerics;
using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

public class ContractionTests : IDisposable
{
    private readonly CpuDevice[] _devices = [.. Enumerable.Range(1, 4).Select(threads => new CpuDevice(threads))];

    public void Dispose()
    {
        foreach (CpuDevice device in _devices) device.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class Job(Action<Worker> body) : ITeamJob
    {
        public void Run(Worker worker) => body(worker);
    }

    // The groups that are empty say which method it is.
    private static void Call<T>(CpuDevice device, ContractionCase x, T[] a, T[] b, T[] c)
        where T : unmanaged
    {
        if (!x.HasB) Contraction.Sum<T>(device, a, c, x.Batch, x.K);
        else if (x.N.Length > 0 && x.K.Length > 0) Contraction.MatrixMatrix<T>(device, a, b, c, x.Batch, x.M, x.N, x.K);
        else if (x.N.Length > 0 || x.K.Length == 0) Contraction.Outer<T>(device, a, b, c, x.Batch, x.M, x.N);
        else if (x.M.Length > 0) Contraction.MatrixVector<T>(device, a, b, c, x.Batch, x.M, x.K);
        else Contraction.Dot<T>(device, a, b, c, x.Batch, x.K);
    }

    private static void Call<T>(Worker worker, ContractionCase x, T[] a, T[] b, T[] c)
        where T : unmanaged
    {
        if (!x.HasB) Contraction.Sum<T>(worker, a, c, x.Batch, x.K);
        else if (x.N.Length > 0 && x.K.Length > 0) Contraction.MatrixMatrix<T>(worker, a, b, c, x.Batch, x.M, x.N, x.K);
        else if (x.N.Length > 0 || x.K.Length == 0) Contraction.Outer<T>(worker, a, b, c, x.Batch, x.M, x.N);
        else if (x.M.Length > 0) Contraction.MatrixVector<T>(worker, a, b, c, x.Batch, x.M, x.K);
        else Contraction.Dot<T>(worker, a, b, c, x.Batch, x.K);
    }

    private static void AssertNear<T>(ContractionCase x, double[] sums, double[] sizes, T[] c)
        where T : unmanaged, INumberBase<T>
    {
        double tolerance = x.Tolerance<T>();
        for (int i = 0; i < c.Length; i++)
        {
            double error = Math.Abs(double.CreateChecked(c[i]) - sums[i]);
            if (!(error <= tolerance * sizes[i])) Assert.Fail($"{Text(x)}: element {i} is {c[i]}, expected {sums[i]}");
        }
    }

    private void Verify<T>(ContractionCase x)
        where T : unmanaged, INumberBase<T>
    {
        T[] a = [.. x.A.Select(T.CreateChecked)], b = [.. x.B.Select(T.CreateChecked)];
        (double[] sums, double[] sizes) = x.Expected(x.A, x.B);
        T[]? first = null, firstInside = null;
        foreach (CpuDevice device in _devices)
        {
            var c = new T[x.LengthC];
            Array.Fill(c, T.CreateChecked(ContractionCase.Untouched));
            Call(device, x, a, b, c);
            AssertNear(x, sums, sizes, c);
            first ??= c;
            Assert.Equal(first, c);
            var inside = new T[x.LengthC];
            Array.Fill(inside, T.CreateChecked(ContractionCase.Untouched));
            device.Team.Run(new Job(worker =>
            {
                while (worker.Next(3, out _))
                {
                }
                Call(worker, x, a, b, inside);
                Call(worker, x, a, b, inside);
            }));
            AssertNear(x, sums, sizes, inside);
            firstInside ??= inside;
            Assert.Equal(firstInside, inside);
        }
    }

    // More than is packed at once in each direction; a row of ones and zeros picks the rows of b that its sums are of.
    [Theory]
    [InlineData(140, 3000, 1600, false)]
    [InlineData(131, 5000, 1111, true)]
    public void LargeProductsAreCutInEveryDirection(int m, int n, int k, bool turned)
    {
        var random = new Random(m);
        float[] a = new float[m * k], b = [.. Enumerable.Range(0, k * n).Select(_ => random.NextSingle())];
        int[][] picked = [.. Enumerable.Range(0, m).Select(_ => (int[])[random.Next(k / 3), k / 3 + random.Next(k / 3), k - 1 - random.Next(k / 3)])];
        for (int i = 0; i < m; i++)
        {
            foreach (int at in picked[i]) a[i * k + at] = 1;
        }
        LoopAxis axisN = turned ? new(n, 0, k, 1) : new(n, 0, 1, 1), axisK = turned ? new(k, 1, 1, 0) : new(k, 1, n, 0);
        foreach (CpuDevice device in _devices)
        {
            var c = new float[m * n];
            Contraction.MatrixMatrix<float>(device, a, b, c, [], [new LoopAxis(m, k, 0, n)], [axisN], [axisK]);
            for (int i = 0; i < m; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    double sum = picked[i].Sum(at => (double)b[at * axisK.B + j * axisN.B]);
                    if (Math.Abs(c[i * n + j] - sum) > 1e-6) Assert.Fail($"element {i}, {j} is {c[i * n + j]}, expected {sum} ({device})");
                }
            }
        }
    }

    // Read as they lie or written so, by the number of heads; whole vectors and not; a row longer than a unit.
    [Theory]
    [InlineData(2, 9, 12, 64)]
    [InlineData(1, 30, 70, 37)]
    [InlineData(1, 3, 2, 5001)]
    [InlineData(3, 200, 5, 3)]
    public void RowsAreCopiedIntoAnotherOrder(int b, int s, int h, int k)
    {
        LoopAxis[] axes =
            [new(b, s * h * k, 0, h * s * k), new(h, k, 0, s * k), new(s, h * k, 0, k), new(k, 1, 0, 1)];
        ContractionCase x = new ContractionCase { Batch = axes, M = [], N = [], K = [], HasB = false }.Fill(new Random(s));
        Verify<float>(x);
        Verify<double>(x);
    }

    [Theory]
    [InlineData(3, 7)]
    [InlineData(18, 65)]
    [InlineData(2, 3000)]
    public void ElementsFarApartAreSummed(int b, int i)
    {
        LoopAxis[] batch = [new(b, i * i, 0, 1)], k = [new(i, i + 1, 0, 0)];
        ContractionCase x = new ContractionCase { Batch = batch, M = [], N = [], K = k, HasB = false }.Fill(new Random(i));
        Verify<float>(x);
        Verify<double>(x);
    }

    // What the hardware has is tested above; here every width that it can run.
    [Theory]
    [MemberData(nameof(Seeds))]
    public void EveryWidthEqualsPlainLoops(int seed)
    {
        var random = new Random(1000 + seed);
        bool hasB = seed % 4 != 0;
        int[] m = hasB ? Extents(random, 2, 0, 70) : [], n = m.Length > 0 ? Extents(random, 2, 0, 70) : [];
        ContractionCase x = ContractionCase.Draw(random, Extents(random, 1, 0, 9), m, n, Extents(random, 2, 0, 90), hasB);
        AtEveryWidth<float>(x);
        AtEveryWidth<double>(x);
    }

    private unsafe void AtEveryWidth<T>(ContractionCase x)
        where T : unmanaged, INumberBase<T>
    {
        T[] a = [.. x.A.Select(T.CreateChecked)], b = [.. x.B.Select(T.CreateChecked)];
        (double[] sums, double[] sizes) = x.Expected(x.A, x.B);
        foreach (int bytes in (int[])[64, 32, 16])
        {
            T[]? first = null;
            foreach (CpuDevice device in _devices)
            {
                var c = new T[x.LengthC];
                Array.Fill(c, T.CreateChecked(ContractionCase.Untouched));
                device.Team.Run(new Job(worker =>
                {
                    fixed (T* pa = a, pb = b, pc = c)
                    fixed (LoopAxis* batch = x.Batch, m = x.M, n = x.N, k = x.K)
                    {
                        Contraction.Compute<T>(worker, new ContractionCall
                        {
                            A = new ContractionOperand(pa, a.Length, ElementFormat.Plain),
                            B = new ContractionOperand(pb, b.Length, ElementFormat.Plain),
                            HasB = x.HasB,
                            C = (byte*)pc,
                            CLength = c.Length,
                            Batch = new AxisList(batch, x.Batch.Length),
                            M = new AxisList(m, x.M.Length),
                            N = new AxisList(n, x.N.Length),
                            K = new AxisList(k, x.K.Length),
                        }, bytes);
                        worker.Barrier();
                    }
                }));
                AssertNear(x, sums, sizes, c);
                first ??= c;
                Assert.Equal(first, c);
            }
        }
    }

    private static string Text(ContractionCase x) =>
        $"batch [{string.Join(", ", x.Batch)}] m [{string.Join(", ", x.M)}] n [{string.Join(", ", x.N)}] k [{string.Join(", ", x.K)}]";

    private static int[] Extents(Random random, int most, int least, int size)
    {
        int count = random.Next(least, most + 1);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(40) == 0 ? 0 : random.Next(3) == 0 ? random.Next(1, 4)
            : random.Next(1, count == 1 ? size : (int)Math.Sqrt(size) + 2))];
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void EqualsPlainLoops(int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 6; i++)
        {
            bool hasB = random.Next(4) != 0;
            int size = random.Next(3) == 0 ? 70 : 24;
            int[] batch = Extents(random, 2, 0, 12), k = Extents(random, 3, 0, size);
            int[] m = hasB ? Extents(random, 2, 0, size) : [], n = hasB && m.Length > 0 ? Extents(random, 2, 0, size) : [];
            ContractionCase x = ContractionCase.Draw(random, batch, m, n, k, hasB);
            Verify<float>(x);
            Verify<double>(x);
        }
    }

    public static TheoryData<int[], int[], int[], int[]> Shapes => new()
    {
        // matrix-matrix: one tile and a bit, long k, narrow sides, batches, several blocks each way
        { [], [13], [33], [5] }, { [], [25], [65], [1031] }, { [], [130], [3], [700] }, { [], [2], [300], [513] },
        { [17], [4], [4], [4] }, { [3, 2], [64], [64], [64] }, { [], [7, 5], [3, 50], [4, 70] }, { [2], [1], [90], [40] },
        { [], [300], [700], [9] }, { [], [9], [1100], [300] }, { [], [1100], [17], [31] }, { [], [96], [520], [520] },
        // matrix-vector, dot, outer
        { [], [300], [], [700] }, { [9], [33], [], [65] }, { [], [7], [], [5000] }, { [], [5000], [], [7] }, { [], [], [], [100_003] },
        { [70], [], [], [1000] }, { [], [100], [300], [] }, { [3, 4], [5], [6], [] }, { [50_001], [], [], [] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryClassEqualsPlainLoops(int[] batch, int[] m, int[] n, int[] k)
    {
        var random = new Random(batch.Length + m.Length + n.Length + k.Length);
        for (int i = 0; i < 8; i++)
        {
            ContractionCase x = ContractionCase.Draw(random, batch, m, n, k);
            Verify<float>(x);
            Verify<double>(x);
        }
    }

    public static TheoryData<int[], int[]> Sums => new()
    {
        { [300, 70], [] }, { [3, 40, 50], [] }, { [17, 16, 33], [] }, { [], [200_003] }, { [70], [3000] }, { [3, 70], [5, 60] }, { [1000], [3, 2] },
        { [4], [40_000] }, { [100, 100], [] }, { [64, 64, 4], [] },
    };

    [Theory]
    [MemberData(nameof(Sums))]
    public void SumsAndCopiesEqualPlainLoops(int[] kept, int[] summed)
    {
        var random = new Random(kept.Length + summed.Length);
        for (int i = 0; i < 12; i++)
        {
            ContractionCase x = ContractionCase.Draw(random, kept, [], [], summed, false);
            Verify<float>(x);
            Verify<double>(x);
        }
    }

    [Fact]
    public void ACallAllocatesNothing()
    {
        var random = new Random(1);
        foreach (ContractionCase x in (ContractionCase[])
            [ContractionCase.Draw(random, [2], [50], [60], [70]), ContractionCase.Draw(random, [], [500], [], [700]),
             ContractionCase.Draw(random, [], [], [], [300_000]), ContractionCase.Draw(random, [300, 400], [], [], [], false),
             ContractionCase.Draw(random, [3], [4], [4], [4])])
        {
            float[] a = [.. x.A.Select(value => (float)value)], b = [.. x.B.Select(value => (float)value)], c = new float[x.LengthC];
            foreach (CpuDevice device in _devices)
            {
                for (int i = 0; i < 40; i++) Call(device, x, a, b, c);
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 5; i++) Call(device, x, a, b, c);
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        CpuDevice device = _devices[0];
        float[] a = new float[12], b = new float[12], c = new float[9];
        LoopAxis m = new(3, 4, 0, 3), n = new(3, 0, 1, 1), k = new(4, 1, 3, 0);
        Contraction.MatrixMatrix<float>(device, a, b, c, [], [m], [n], [k]);
        var error = Assert.Throws<ArgumentException>(
            () => Contraction.MatrixMatrix<float>(device, a.AsSpan(1), b, c, [], [m], [n], [k]));
        Assert.Equal("the axes reach element 11 of a, which has 11 (Parameter 'a')", error.Message);
        Assert.Throws<ArgumentException>(() => Contraction.MatrixMatrix<float>(device, a, b.AsSpan(1), c, [], [m], [n], [k]));
        Assert.Throws<ArgumentException>(() => Contraction.MatrixMatrix<float>(device, a, b, c.AsSpan(1), [], [m], [n], [k]));
        Assert.Throws<ArgumentException>(() => Contraction.MatrixMatrix<float>(device, a, b, c, [], [m], [k], [n]));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Contraction.MatrixMatrix<float>(device, a, b, c, [], [m], [n], [k with { A = -1 }]));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Contraction.MatrixMatrix<float>(device, a, b, c, [], [m], [n], [k with { Extent = -1 }]));
        Assert.Throws<NotSupportedException>(() => Contraction.Sum<int>(device, new int[4], new int[4], [new LoopAxis(4, 1, 0, 1)], []));
    }

    [Fact]
    public void NoExtentGivesZerosOrNothing()
    {
        CpuDevice device = _devices[1];
        float[] c = [1, 2, 3, 4];
        Contraction.MatrixMatrix<float>(device, [], [], c, [], [new(2, 0, 0, 2)], [new(2, 0, 1, 1)], [new(0, 1, 2, 0)]);
        Assert.Equal([0, 0, 0, 0], c);
        Contraction.MatrixMatrix<float>(device, [], [], [], [], [new(0, 3, 0, 2)], [new(2, 0, 1, 1)], [new(3, 1, 2, 0)]);
        c = [5];
        Contraction.Sum<float>(device, [], c, [], [new LoopAxis(0, 1, 0, 0)]);
        Assert.Equal([0], c);
        Contraction.Dot<float>(device, [3], [4], c, [], []);
        Assert.Equal([12], c);
    }
}
