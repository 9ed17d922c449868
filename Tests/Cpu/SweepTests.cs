using System.Runtime.Intrinsics;
using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

public class SweepTests
{
    private static readonly WeightFormat[] s_formats = [WeightFormat.F32, WeightFormat.BF16, WeightFormat.F16];

    private static Param Weights(int rows, int inner, WeightFormat format, int seed)
    {
        var w = new Param("W", "w", "o i", [rows, inner], Initializer.Zeros);
        w.Allocate(format);
        w.Set(Numbers(rows * inner, seed));
        return w;
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        var numbers = new float[count];
        for (int i = 0; i < count; i++) numbers[i] = random.NextSingle() * 2 - 1;
        return numbers;
    }

    private static float[] Stored(Param w, int rows, int inner)
    {
        var all = new float[rows * inner];
        for (int j = 0; j < rows; j++) w.CopyRow(j, inner, all.AsSpan(j * inner, inner));
        return all;
    }

    // The tolerance is for a sum of n products of numbers below 1 in single precision.
    private static void AssertNear(
        float[] w, int inner, float[] x, int xStride, float[] y, int yStride, int rows, int firstRow, int rowCount)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < rowCount; j++)
            {
                double sum = 0, size = 0;
                for (int k = 0; k < inner; k++)
                {
                    double product = (double)x[i * xStride + k] * w[(firstRow + j) * inner + k];
                    sum += product;
                    size += Math.Abs(product);
                }
                Assert.InRange(y[i * yStride + j], sum - 3e-6 * size - 1e-12, sum + 3e-6 * size + 1e-12);
            }
        }
    }

    public static TheoryData<int, int, int> Sizes => new()
    {
        // rows, weight rows, inner: primes, less than a vector, just over one, more rows than a panel meets at once, and from 33 weight rows
        // on, enough of them for four streams side by side
        { 1, 1, 1 }, { 1, 7, 3 }, { 2, 5, 13 }, { 3, 4, 16 }, { 5, 11, 17 }, { 6, 8, 64 }, { 7, 13, 31 }, { 13, 37, 97 }, { 40, 37, 97 }, { 97, 6, 33 },
        { 1, 33, 2053 }, { 7, 35, 2053 }, { 12, 3, 1024 }, { 8, 5, 1027 }, { 193, 2, 1040 },
        { 2, 71, 301 }, { 1, 130, 288 },
    };

    [Theory]
    [InlineData(1, 1, 16)]
    [InlineData(257, 1, 144)]
    [InlineData(288, 1, 144)]
    [InlineData(768, 1, 256)]
    [InlineData(288, 2, 32)]
    [InlineData(8192, 2, 256)]
    [InlineData(32000, 1, 256)]
    public void OneWorkerHasAsFewPiecesAsThereCanBe(int rows, int workers, int expected) => Assert.Equal(expected, Sweep.UnitRows(rows, workers));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void EqualsTheSumInDoublePrecision(int rows, int weightRows, int inner)
    {
        foreach (WeightFormat format in s_formats)
        {
            Param w = Weights(weightRows + 3, inner, format, 1);
            int yStride = weightRows + 2;
            float[] x = Numbers(rows * inner, 2), y = new float[rows * yStride];
            Array.Fill(y, 77f);
            Sweep.Project(w, 2, weightRows, Sweep.Read(Worker.Alone, x, inner, rows, w), y, yStride);
            AssertNear(Stored(w, weightRows + 3, inner), inner, x, inner, y, yStride, rows, 2, weightRows);
            for (int i = 0; i < rows; i++)
                Assert.Equal([77f, 77f], y.AsSpan(i * yStride + weightRows, 2).ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void EveryWidthEqualsTheSumInDoublePrecision(int rows, int weightRows, int inner)
    {
        foreach (WeightFormat format in s_formats)
        {
            Param w = Weights(weightRows, inner, format, 3);
            float[] stored = Stored(w, weightRows, inner), x = Numbers(rows * inner, 4);
            Check(At<Width512, Vector512<float>>(w, weightRows, inner, x, rows));
            Check(At<Width256, Vector256<float>>(w, weightRows, inner, x, rows));
            Check(At<Width128, Vector128<float>>(w, weightRows, inner, x, rows));

            void Check(float[] y) => AssertNear(stored, inner, x, inner, y, weightRows, rows, 0, weightRows);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void AnElementDoesNotDependOnRowsTileOrUnit(int rows, int weightRows, int inner)
    {
        foreach (WeightFormat format in s_formats)
        {
            Param w = Weights(weightRows, inner, format, 5);
            float[] x = Numbers(rows * inner, 6);
            AssertBits<Width512, Vector512<float>>(w, weightRows, inner, x, rows);
            AssertBits<Width256, Vector256<float>>(w, weightRows, inner, x, rows);
            AssertBits<Width128, Vector128<float>>(w, weightRows, inner, x, rows);
        }
    }

    private static void AssertBits<W, V>(Param w, int weightRows, int inner, float[] x, int rows)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        float[] all = At<W, V>(w, weightRows, inner, x, rows);
        for (int i = 0; i < rows; i++)
        {
            float[] one = At<W, V>(w, weightRows, inner, x[(i * inner)..((i + 1) * inner)], 1);
            Assert.Equal(all.AsSpan(i * weightRows, weightRows).ToArray(), one);
        }
        for (int first = 0; first < weightRows; first += 3)
        {
            int count = Math.Min(3, weightRows - first);
            float[] part = At<W, V>(w, count, inner, x, rows, first);
            for (int i = 0; i < rows; i++)
                Assert.Equal(all.AsSpan(i * weightRows + first, count).ToArray(), part.AsSpan(i * count, count).ToArray());
        }
    }

    private static unsafe float[] At<W, V>(Param w, int weightRows, int inner, float[] x, int rows, int firstRow = 0)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        var y = new float[rows * weightRows];
        fixed (float* from = x, to = y)
        {
            var operands = new SweepOperands(w.Data, inner, from, inner, rows, to, weightRows);
            switch (w.Format)
            {
                case WeightFormat.F32: SweepTiles<W, V, Float32Weights>.Project(operands, firstRow, weightRows); break;
                case WeightFormat.BF16: SweepTiles<W, V, BFloat16Weights>.Project(operands, firstRow, weightRows); break;
                default: SweepTiles<W, V, Float16Weights>.Project(operands, firstRow, weightRows); break;
            }
        }
        return y;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    [InlineData(300, 77, 130)]
    [InlineData(29, 40, 2304)]
    public void PackedRowsHaveTheBitsOfOneAtEveryWidth(int rows, int weightRows, int inner)
    {
        foreach (WeightFormat format in s_formats)
        {
            Param w = Weights(weightRows, inner, format, 10);
            float[] x = Numbers(rows * inner, 11);
            Assert.Equal(At<Width512, Vector512<float>>(w, weightRows, inner, x, rows), Packed<Width512, Vector512<float>, Simd512<float>>(w, weightRows, inner, x, rows));
            Assert.Equal(At<Width256, Vector256<float>>(w, weightRows, inner, x, rows), Packed<Width256, Vector256<float>, Simd256<float>>(w, weightRows, inner, x, rows));
            Assert.Equal(At<Width128, Vector128<float>>(w, weightRows, inner, x, rows), Packed<Width128, Vector128<float>, Simd128<float>>(w, weightRows, inner, x, rows));
        }
    }

    private static unsafe float[] Packed<W, V, S>(Param w, int weightRows, int inner, float[] x, int rows)
        where W : struct, IWidth<V>
        where V : unmanaged
        where S : struct, ISimd<V, float>
    {
        var y = new float[rows * weightRows];
        using var activations = new AlignedMemory(PackedInput.Floats(inner, rows, W.Count), "activations");
        using var panel = new AlignedMemory(PackedInput.PanelFloats(inner, rows, W.Count), "a panel");
        PackedInput packed = PackedInput.At(activations.Pointer, inner, rows, W.Count);
        fixed (float* from = x, to = y)
        {
            for (int i = 0; i < 3; i++) packed.Pack(from, inner, i, 3);
            var operands = new SweepOperands(w.Data, inner, from, inner, rows, to, weightRows);
            switch (w.Format)
            {
                case WeightFormat.F32: SweepGemm<W, V, Float32Weights, S>.Project(operands, packed, panel.Pointer, 0, weightRows); break;
                case WeightFormat.BF16: SweepGemm<W, V, BFloat16Weights, S>.Project(operands, packed, panel.Pointer, 0, weightRows); break;
                default: SweepGemm<W, V, Float16Weights, S>.Project(operands, packed, panel.Pointer, 0, weightRows); break;
            }
        }
        return y;
    }

    [Fact]
    public unsafe void EveryFiniteHalfIsWidenedExactly()
    {
        var halves = new ushort[65536];
        for (int i = 0; i < halves.Length; i++) halves[i] = (ushort)i;
        AssertHalves<Width512, Vector512<float>>(halves);
        AssertHalves<Width256, Vector256<float>>(halves);
        AssertHalves<Width128, Vector128<float>>(halves);
    }

    private static unsafe void AssertHalves<W, V>(ushort[] halves)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        float* wide = stackalloc float[16];
        fixed (ushort* p = halves)
        {
            for (int i = 0; i < halves.Length; i += W.Count)
            {
                W.Store(W.LoadHalf(p + i), wide);
                for (int j = 0; j < W.Count; j++)
                {
                    var half = BitConverter.UInt16BitsToHalf(halves[i + j]);
                    if (!Half.IsFinite(half)) continue;
                    Assert.Equal(BitConverter.SingleToInt32Bits((float)half), BitConverter.SingleToInt32Bits(wide[j]));
                }
            }
        }
    }

    private sealed class Job(Param w, float[] x, float[] y, int rows, int inner, int weightRows) : ITeamJob
    {
        public void Run(Worker worker)
        {
            const int unit = 8;
            SweepInput activations = Sweep.Read(worker, x, inner, rows, w);
            while (worker.NextOfShare((weightRows + unit - 1) / unit, out int i))
            {
                int count = Math.Min(unit, weightRows - i * unit);
                Sweep.Project(w, i * unit, count, activations, y.AsSpan(i * unit), weightRows);
            }
            worker.Barrier();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(50)]
    public void ThreadsAgreeBitForBitAndAllocateNothing(int rows)
    {
        const int inner = 1100, weightRows = 101;
        Param w = Weights(weightRows, inner, WeightFormat.BF16, 7);
        float[] x = Numbers(rows * inner, 8), expected = new float[rows * weightRows];
        Sweep.Project(w, 0, weightRows, Sweep.Read(Worker.Alone, x, inner, rows, w), expected, weightRows);
        foreach (int threads in new[] { 1, 2, 4 })
        {
            using var team = new Team(threads);
            var y = new float[expected.Length];
            var job = new Job(w, x, y, rows, inner, weightRows);
            for (int i = 0; i < 50; i++) team.Run(job);
            Assert.Equal(expected, y);
            Assert.Equal(0, Enumerable.Range(0, 3).Min(_ => Allocated(team, job)));
        }
    }

    /// <summary>Bytes of a hundred runs. What .NET allocates once, as for the first long wait, is in one of several measurements only.</summary>
    private static long Allocated(Team team, Job job)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) team.Run(job);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [Fact]
    public void SizesThatDoNotFitAreRefused()
    {
        Param w = Weights(4, 8, WeightFormat.F32, 9);
        float[] x = new float[16], y = new float[8];
        void Project(int firstRow, int rowCount, int inner, int rows, Span<float> to) =>
            Sweep.Project(w, firstRow, rowCount, Sweep.Read(Worker.Alone, x, inner, rows, w), to, 4);
        Assert.Throws<ArgumentOutOfRangeException>(() => Project(1, 4, 8, 2, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => Project(-1, 4, 8, 2, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => Project(0, 4, 8, 3, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => Project(0, 4, 0, 2, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => Project(0, 4, 8, 2, y.AsSpan(1)));
        Project(0, 4, 8, 0, y);
        Project(0, 4, 8, 2, y);
    }
}
