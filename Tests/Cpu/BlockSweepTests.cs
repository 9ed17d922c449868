using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Einsharp.Cpu;
using Xunit.Abstractions;

namespace Einsharp.Tests.Cpu;

public class BlockSweepTests(ITestOutputHelper output)
{
    private static readonly WeightFormat[] s_formats = [WeightFormat.Q8_0, WeightFormat.Q4_0, WeightFormat.Q4_K, WeightFormat.Q6_K];

    // Rows of activations, of weights, and blocks of 256: one row with and without streams, superblocks that are and are not multiplied together,
    // more than one group and band, groups that are not full, and fewer rows of weights than a group or two that are multiplied together.
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 1 }, { 1, 7, 1 }, { 1, 130, 3 }, { 1, 18, 7 }, { 2, 5, 2 }, { 3, 16, 1 }, { 4, 17, 5 }, { 7, 40, 3 }, { 8, 33, 2 }, { 97, 6, 1 }, { 195, 3, 9 },
        { 5, 12, 1 }, { 6, 23, 2 }, { 195, 21, 1 },
    };

    /// <summary>Blocks of random bytes, −128 and the greatest of everything among them, with scales near 1.</summary>
    private static unsafe Param Weights(WeightFormat format, int rows, int inner, int seed)
    {
        var random = new Random(seed);
        var w = new Param("W", "w", "o i", [rows, inner], Initializer.Zeros) { RowLength = inner };
        w.Allocate(format);
        Assert.Equal(format, w.Format);
        var bytes = new Span<byte>(w.Data, (int)w.Bytes);
        random.NextBytes(bytes);
        for (int at = 0; at < bytes.Length; at += format.BlockBytes())
        {
            if (random.Next(4) == 0) bytes.Slice(at + 16, 2).Fill(random.Next(2) == 0 ? (byte)0x80 : (byte)0xFF);
            Factor(bytes[(at + (format == WeightFormat.Q6_K ? 208 : 0))..]);
            if (format == WeightFormat.Q4_K) Factor(bytes[(at + 2)..]);
        }
        return w;

        void Factor(Span<byte> to) => MemoryMarshal.Write(to, (Half)((random.NextSingle() * 2) - 1));
    }

    private static float[] Project(Param w, int weightRows, float[] x, int inner, int rows)
    {
        var y = new float[rows * weightRows];
        Sweep.Project(w, 0, weightRows, Sweep.Read(Worker.Alone, x, inner, rows, w), y, weightRows);
        return y;
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    /// <summary>
    /// Whole activations whose greatest magnitude in every block is 127 have the scale 1 and are themselves: then a product is the sum over
    /// the stored weights, but for the rounding of as many additions as there are blocks.
    /// </summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void WholeActivationsAreMultipliedExactly(int rows, int weightRows, int blocks)
    {
        var random = new Random(3);
        foreach (WeightFormat format in s_formats)
        {
            // Blocks of 32 are multiplied by four: three are left over.
            int inner = (blocks * 256) + (format.BlockValues() == 32 ? 3 * 32 : 0);
            float[] x = [.. Enumerable.Range(0, rows * inner).Select(i => i % 32 == 5 ? 127f : random.Next(-127, 128))];
            Param w = Weights(format, weightRows, inner, 1);
            var stored = new float[weightRows * inner];
            w.CopyTo(stored);
            float[] y = Project(w, weightRows, x, inner, rows);
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < weightRows; j++)
                {
                    double sum = 0, size = 0;
                    for (int k = 0; k < inner; k++)
                    {
                        double product = (double)x[(i * inner) + k] * stored[(j * inner) + k];
                        sum += product;
                        size += Math.Abs(product);
                    }
                    Assert.InRange(y[(i * weightRows) + j], sum - (1e-6 * size), sum + (1e-6 * size));
                }
            }
        }
    }

    /// <summary>An activation is off by half a step at most, and a step is the greatest of its block by 127.</summary>
    [Fact]
    public void AnyActivationsAreWithinHalfAStep()
    {
        const int inner = 768, weightRows = 20, rows = 5;
        float[] x = Numbers(rows * inner, 4);
        foreach (WeightFormat format in s_formats)
        {
            Param w = Weights(format, weightRows, inner, 2);
            var stored = new float[weightRows * inner];
            w.CopyTo(stored);
            float[] y = Project(w, weightRows, x, inner, rows);
            int block = format.BlockValues();
            for (int i = 0; i < rows; i++)
            {
                for (int j = 0; j < weightRows; j++)
                {
                    double sum = 0, bound = 0;
                    for (int k = 0; k < inner; k += block)
                    {
                        ReadOnlySpan<float> part = x.AsSpan((i * inner) + k, block), weights = stored.AsSpan((j * inner) + k, block);
                        double greatest = 0, magnitudes = 0;
                        for (int n = 0; n < block; n++)
                        {
                            sum += (double)part[n] * weights[n];
                            greatest = Math.Max(greatest, Math.Abs(part[n]));
                            magnitudes += Math.Abs(weights[n]);
                        }
                        bound += 0.5001 * greatest / 127 * magnitudes;
                    }
                    Assert.InRange(y[(i * weightRows) + j], sum - bound, sum + bound);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public unsafe void EveryTileAndEveryProcessorHasTheSameBits(int rows, int weightRows, int blocks)
    {
        if (!RowGroup512.IsSupported) output.WriteLine("this processor has no AVX-512: groups of 16 rows were not run");
        if (!RowGroup256.HasDots) output.WriteLine("this processor has no AVX-VNNI: Q8_0 by whole bytes was not run");
        if (!BlockSweep.IsSupported) output.WriteLine("this processor has no AVX2: the portable loop is all that was run");
        foreach (WeightFormat format in s_formats)
        {
            // Blocks of 32 in odd numbers too.
            int inner = (blocks * 256) + (format.BlockValues() == 32 ? 32 : 0);
            float[] x = Numbers(rows * inner, 6);
            Param w = Weights(format, weightRows, inner, 5);
            float[] all = Project(w, weightRows, x, inner, rows);
            for (int i = 0; i < rows; i++)
                Assert.Equal(all[(i * weightRows)..((i + 1) * weightRows)], Project(w, weightRows, x[(i * inner)..((i + 1) * inner)], inner, 1));
            var others = new float[rows * weightRows];
            bool words = QuantisedRows.NeedsWords(format);
            var memory = new float[QuantisedRows.Floats(inner, rows, format.BlockValues(), words)];
            var turned = new float[BlockRow.Floats(format, inner)];
            fixed (float* at = memory, from = x, turnedAt = turned, to = others)
            {
                QuantisedRows quantised = QuantisedRows.At(at, inner, rows, format.BlockValues(), words);
                for (int i = 0; i < rows; i++) quantised.Quantise(i, from + (i * inner));
                var operands = new BlockOperands(w.Data, w.Bytes, quantised, turnedAt, to, weightRows);
                PortableBlocks.Project(format, operands, 0, weightRows);
                Assert.Equal(all, others);
                if (!BlockSweep.IsSupported) continue;
                if (rows == 1)
                {
                    others.AsSpan().Clear();
                    OneRow(format, operands, weightRows);
                    Assert.Equal(all, others);
                }
                if (weightRows < RowGroup256.Count) continue;
                others.AsSpan().Clear();
                Groups(format, operands, weightRows);
                Assert.Equal(all, others);
            }
        }
    }

    private static void Groups(WeightFormat format, in BlockOperands o, int weightRows)
    {
        switch (format)
        {
            case WeightFormat.Q8_0: BlockSweep.Project<Q8Blocks, RowGroup256, Vector256<int>>(o, 0, weightRows); break;
            case WeightFormat.Q4_0: BlockSweep.Project<Q4Blocks, RowGroup256, Vector256<int>>(o, 0, weightRows); break;
            case WeightFormat.Q4_K: BlockSweep.Project<Q4KBlocks, RowGroup256, Vector256<int>>(o, 0, weightRows); break;
            default: BlockSweep.Project<Q6KBlocks, RowGroup256, Vector256<int>>(o, 0, weightRows); break;
        }
    }

    private static void OneRow(WeightFormat format, in BlockOperands o, int weightRows)
    {
        switch (format)
        {
            case WeightFormat.Q8_0: OneRow<Q8Row>(format, o, weightRows); break;
            case WeightFormat.Q4_0: OneRow<Q4Row>(format, o, weightRows); break;
            case WeightFormat.Q4_K: OneRow<Q4KRow>(format, o, weightRows); break;
            default: OneRow<Q6KRow>(format, o, weightRows); break;
        }
    }

    private static unsafe void OneRow<F>(WeightFormat format, in BlockOperands o, int weightRows)
        where F : struct, IRowBlocks
    {
        BlockRow.Turn<F, RowGroup256, Vector256<int>>(format, o.X, o.Turned);
        BlockRow.Project<F, RowGroup256, Vector256<int>>(format, o, 0, weightRows);
    }

    /// <summary>What is not finite in a row of weights stays there: the row before reads on into it, where its own blocks end inside a vector.</summary>
    [Fact]
    public void NeighboursDoNotMix()
    {
        foreach (WeightFormat format in s_formats)
        {
            int inner = format.BlockValues() == 32 ? 288 : 768;
            Param w = Weights(format, 5, inner, 15);
            unsafe
            {
                for (long at = w.Bytes / 5 * 3; at < w.Bytes / 5 * 4; at += format.BlockBytes())
                    *(Half*)(w.Data + at + (format == WeightFormat.Q6_K ? 208 : 0)) = Half.NaN;
            }
            float[] y = Project(w, 5, Numbers(inner, 16), inner, 1);
            Assert.False(float.IsFinite(y[3]));
            Assert.All(y[..3].Append(y[4]), number => Assert.True(float.IsFinite(number)));
        }
    }

    /// <summary>A very long row has the bits of the same row among others.</summary>
    [Fact]
    public void LongRowsHaveTheSameBits()
    {
        const int inner = 66048, weightRows = 17;
        float[] x = Numbers(2 * inner, 11);
        foreach (WeightFormat format in s_formats)
        {
            Param w = Weights(format, weightRows, inner, 12);
            Assert.Equal(Project(w, weightRows, x, inner, 2)[weightRows..], Project(w, weightRows, x[inner..], inner, 1));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public void ThreadsAgreeBitForBitAndAllocateNothing(int rows)
    {
        const int inner = 512, weightRows = 101;
        float[] x = Numbers(rows * inner, 8);
        foreach (WeightFormat format in s_formats)
        {
            Param w = Weights(format, weightRows, inner, 7);
            float[] expected = Project(w, weightRows, x, inner, rows);
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
    }

    /// <summary>Bytes of a hundred runs. What .NET allocates once, as for the first long wait, is in one of several measurements only.</summary>
    private static long Allocated(Team team, Job job)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) team.Run(job);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private sealed class Job(Param w, float[] x, float[] y, int rows, int inner, int weightRows) : ITeamJob
    {
        public void Run(Worker worker)
        {
            const int unit = 8;
            SweepInput activations = Sweep.Read(worker, x, inner, rows, w);
            while (worker.NextOfShare((weightRows + unit - 1) / unit, out int i))
                Sweep.Project(w, i * unit, Math.Min(unit, weightRows - (i * unit)), activations, y.AsSpan(i * unit), weightRows);
            worker.Barrier();
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void WhatIsNotFiniteStaysSo(float value)
    {
        float[] x = Numbers(3 * 512, 9);
        x[512 + 300] = value;
        foreach (WeightFormat format in s_formats)
        {
            float[] y = Project(Weights(format, 4, 512, 9), 4, x, 512, 3);
            Assert.All(y[4..8], number => Assert.False(float.IsFinite(number)));
            Assert.All(y[..4].Concat(y[8..]), number => Assert.True(float.IsFinite(number)));
        }
    }

    [Fact]
    public void NothingAndNextToNothingAreNothing()
    {
        float[] x = Numbers(512, 10);
        x.AsSpan(0, 256).Clear();
        x.AsSpan(256, 256).Fill(1e-40f);
        foreach (WeightFormat format in s_formats)
            Assert.All(Project(Weights(format, 5, 512, 11), 5, x, 512, 1), number => Assert.Equal(0, number));
    }

    [Fact]
    public void ActivationsThatWereNotMadeReadyAreRefused()
    {
        Param w = Weights(WeightFormat.Q4_K, 4, 256, 12), other = Weights(WeightFormat.Q8_0, 4, 256, 13);
        float[] x = Numbers(256, 14), y = new float[4];
        Assert.Contains("Q4_K", Assert.Throws<ArgumentException>(() =>
            Sweep.Project(w, 0, 4, Sweep.Read(Worker.Alone, x, 256, 1, other), y, 4)).Message, StringComparison.Ordinal);
        Assert.Contains("256", Assert.Throws<ArgumentException>(() =>
        {
            _ = Sweep.Read(Worker.Alone, x, 128, 1, w);
        }).Message, StringComparison.Ordinal);
    }
}
