using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

/// <summary>Inside a job an element of a matrix product has the same bits, whatever is computed beside it.</summary>
public sealed class ContractionRowTests
{
    private sealed class Job(Action<Worker> body) : ITeamJob
    {
        public void Run(Worker worker) => body(worker);
    }

    // Weights [in, out] and [out, in], heads summed over two axes that lie apart, one column, and a batch of weights.
    [Theory]
    [InlineData(5, 19, 1, true)]
    [InlineData(300, 70, 1, true)]
    [InlineData(1000, 33, 1, true)]
    [InlineData(1000, 33, 1, false)]
    [InlineData(700, 1, 1, true)]
    [InlineData(513, 3, 1, false)]
    [InlineData(64, 40, 3, true)]
    [InlineData(400, 40, 3, false)]
    public void OfManyRowsAsOfOne(int inner, int columns, int batch, bool inOut)
    {
        foreach (WeightFormat format in new[] { WeightFormat.F32, WeightFormat.BF16 })
        {
            var random = new Random(1);
            Param weights = Weights(random, batch * inner * columns, format);
            float[] x = [.. Enumerable.Range(0, 41 * batch * inner).Select(_ => random.NextSingle() - 0.5f)];
            float[] whole = Rows(x, weights, inner, columns, batch, inOut, 0, 41, 1);
            Check(x, weights, inner, columns, batch, inOut, whole);
            foreach ((int first, int count, int threads) in new[] { (0, 1, 1), (7, 1, 2), (3, 2, 3), (11, 5, 1), (40, 1, 4), (1, 13, 2), (0, 41, 2) })
            {
                int size = batch * columns;
                float[] part = Rows(x, weights, inner, columns, batch, inOut, first, count, threads);
                Assert.Equal(whole.AsSpan(first * size, count * size).ToArray(), part);
            }
        }
    }

    private static float[] Rows(
        float[] x, Param weights, int inner, int columns, int batch, bool inOut, int first, int count, int threads)
    {
        using var device = new CpuDevice(threads);
        var result = new float[count * batch * columns];
        device.Team.Run(new Job(worker => Contraction.MatrixMatrix(
            worker, x.AsSpan(first * batch * inner), weights, result,
            batch: [new LoopAxis(batch, inner, inner * columns, columns)],
            m: [new LoopAxis(count, batch * inner, 0, batch * columns)],
            n: [new LoopAxis(columns, 0, inOut ? 1 : inner, 1)],
            k: [new LoopAxis(inner, 1, inOut ? columns : 1, 0)])));
        return result;
    }

    private static void Check(float[] x, Param weights, int inner, int columns, int batch, bool inOut, float[] whole)
    {
        var w = new float[weights.Count];
        weights.CopyTo(w);
        for (int at = 0; at < whole.Length; at++)
        {
            (int row, int group, int column) = (at / columns / batch, at / columns % batch, at % columns);
            double sum = 0, size = 0;
            for (int k = 0; k < inner; k++)
            {
                int place = group * inner * columns + (inOut ? k * columns + column : column * inner + k);
                double product = (double)x[(row * batch + group) * inner + k] * w[place];
                (sum, size) = (sum + product, size + Math.Abs(product));
            }
            Assert.InRange(whole[at], sum - 3e-6 * size, sum + 3e-6 * size);
        }
    }

    private static Param Weights(Random random, int count, WeightFormat format)
    {
        var param = new Param("W", "w", "i", [count], Initializer.Zeros);
        param.Allocate(format);
        param.Set([.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)]);
        return param;
    }
}
