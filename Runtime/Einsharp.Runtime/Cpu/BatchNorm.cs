using System.ComponentModel;
using System.Numerics.Tensors;

namespace Einsharp.Cpu;

/// <summary>
/// Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167) as a factor and a summand a feature: y = x · factor + summand.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class BatchNorm
{
    private const int Part = 64;

    /// <summary>Factors and summands from the running statistics. Every worker of the team calls it; a barrier is due before they are read.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="gain">The gain of each feature.</param>
    /// <param name="bias">The bias of each feature.</param>
    /// <param name="mean">The running mean of each feature.</param>
    /// <param name="variance">The running variance of each feature.</param>
    /// <param name="epsilon">Keeps a feature that does not vary from a division by zero.</param>
    /// <param name="factor">The factor of each feature.</param>
    /// <param name="summand">The summand of each feature.</param>
    public static void Fold(
        Worker worker, Param gain, Param bias, Param mean, Param variance, float epsilon, Span<float> factor, Span<float> summand)
    {
        Span<float> means = stackalloc float[ReductionWalk.BlockSize], variances = stackalloc float[ReductionWalk.BlockSize];
        int units = (factor.Length + ReductionWalk.BlockSize - 1) / ReductionWalk.BlockSize;
        while (worker.Next(units, out int unit))
        {
            int first = unit * ReductionWalk.BlockSize, count = Math.Min(ReductionWalk.BlockSize, factor.Length - first);
            mean.CopyRun(first, means[..count]);
            variance.CopyRun(first, variances[..count]);
            Fold(gain, bias, first, means[..count], variances[..count], epsilon, factor.Slice(first, count), summand.Slice(first, count));
        }
    }

    /// <summary>
    /// Mean and biased variance of each feature over the batch, and factors and summands from them. Every worker of the team calls it; a
    /// barrier is due before they are read.
    /// </summary>
    /// <param name="worker">The worker.</param>
    /// <param name="x">The batch, A of the axes.</param>
    /// <param name="features">The axes of the features; C counts them.</param>
    /// <param name="over">The other axes.</param>
    /// <param name="gain">The gain of each feature.</param>
    /// <param name="bias">The bias of each feature.</param>
    /// <param name="epsilon">Keeps a feature that does not vary from a division by zero.</param>
    /// <param name="mean">The mean of each feature.</param>
    /// <param name="variance">The biased variance of each feature.</param>
    /// <param name="factor">The factor of each feature.</param>
    /// <param name="summand">The summand of each feature.</param>
    /// <exception cref="InvalidOperationException">The batch has one value of each feature, which has no variance.</exception>
    public static unsafe void Train(
        Worker worker, ReadOnlySpan<float> x, ReadOnlySpan<LoopAxis> features, ReadOnlySpan<LoopAxis> over, Param gain, Param bias, float epsilon,
        Span<float> mean, Span<float> variance, Span<float> factor, Span<float> summand)
    {
        LoopAxis* axes = stackalloc LoopAxis[features.Length + over.Length];
        fixed (LoopAxis* featureAxes = features, overAxes = over)
        fixed (float* from = x)
        {
            var walk = new ReductionWalk(axes, new AxisList(featureAxes, features.Length), new AxisList(overAxes, over.Length));
            walk.Check(x.Length, mean.Length);
            if (walk.Over == 1)
            {
                throw new InvalidOperationException(
                    $"BatchNorm trains by the variance of each feature over the batch, and there is one value of each feature of {gain}");
            }

            while (worker.Next(walk.Units, out int unit))
            {
                int first, count;
                if (walk.Over == 0)
                {
                    first = (int)walk.First(unit);
                    count = (int)walk.End(unit) - first;
                    mean.Slice(first, count).Clear();
                    variance.Slice(first, count).Clear();
                }
                else if (walk.IsAcross)
                {
                    count = walk.Block(unit, out nint a, out nint c);
                    first = (int)c;
                    MomentsAcross(walk, from + a, mean.Slice(first, count), variance.Slice(first, count));
                }
                else
                {
                    first = (int)walk.First(unit);
                    count = (int)walk.End(unit) - first;
                    for (int i = first; i < first + count; i++) MomentsAlong(walk, from + walk.A(i), out mean[i], out variance[i]);
                }

                Fold(
                    gain, bias, first, mean.Slice(first, count), variance.Slice(first, count), epsilon, factor.Slice(first, count),
                    summand.Slice(first, count));
            }
        }
    }

    /// <summary>
    /// Notes what a batch does to the running statistics: running += momentum · (batch − running), the variance's being the unbiased one. It is
    /// done when the call has succeeded, and not at all if it fails.
    /// </summary>
    /// <param name="worker">The worker; one of the team does it.</param>
    /// <param name="runningMean">The running mean.</param>
    /// <param name="runningVariance">The running variance.</param>
    /// <param name="momentum">How far a batch moves them.</param>
    /// <param name="count">The values of each feature.</param>
    /// <param name="mean">The batch's mean.</param>
    /// <param name="variance">The batch's biased variance.</param>
    public static void Keep(
        Worker worker, Param runningMean, Param runningVariance, float momentum, long count, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance)
    {
        if (worker.Index != 0 || count == 0) return;
        if (worker.Job is not CpuSession session)
            throw new InvalidOperationException("running statistics belong to a call of a model");
        session.Moves.Add(runningMean, momentum, mean, 1);
        session.Moves.Add(runningVariance, momentum, variance, (float)(count / (count - 1.0)));
    }

    private static void Fold(
        Param gain, Param bias, int first, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance, float epsilon, Span<float> factor,
        Span<float> summand)
    {
        gain.CopyRun(first, factor);
        bias.CopyRun(first, summand);
        for (int i = 0; i < factor.Length; i++)
        {
            factor[i] /= MathF.Sqrt(variance[i] + epsilon);
            summand[i] -= mean[i] * factor[i];
        }
    }

    private static unsafe void MomentsAcross(in ReductionWalk walk, float* x, Span<float> mean, Span<float> variance)
    {
        Span<float> memory = stackalloc float[2 * ReductionWalk.BlockSize];
        Span<float> part = memory[..mean.Length], row = memory.Slice(ReductionWalk.BlockSize, mean.Length);
        int* index = stackalloc int[walk.OverAxes.Count];
        for (int pass = 0; pass < 2; pass++)
        {
            Span<float> sum = pass == 0 ? mean : variance;
            sum.Clear();
            part.Clear();
            var at = new AxisWalk(walk.OverAxes, 0, index);
            int rows = 0;
            do
            {
                var values = new ReadOnlySpan<float>(x + at.A, mean.Length);
                if (pass == 0)
                {
                    TensorPrimitives.Add(part, values, part);
                }
                else
                {
                    TensorPrimitives.Subtract(values, mean, row);
                    TensorPrimitives.MultiplyAddEstimate(row, row, part, part);
                }

                if (++rows % Part != 0) continue;
                TensorPrimitives.Add(sum, part, sum);
                part.Clear();
            }
            while (at.Next());
            TensorPrimitives.Add(sum, part, sum);
            TensorPrimitives.Divide(sum, walk.Over, sum);
        }
    }

    private static unsafe void MomentsAlong(in ReductionWalk walk, float* x, out float mean, out float variance)
    {
        int* index = stackalloc int[walk.OuterOver.Count];
        var at = new AxisWalk(walk.OuterOver, 0, index);
        Span<float> part = stackalloc float[ReductionWalk.BlockSize];
        double sum = 0, squares = 0;
        do
        {
            for (int first = 0, read; first < walk.RunLength; first += read)
            {
                ReadOnlySpan<float> run = walk.Run(x + at.A, first, part);
                sum += Elementwise.Sum(run);
                read = run.Length;
            }
        }
        while (at.Next());
        mean = (float)(sum / walk.Over);
        do
        {
            for (int first = 0, read; first < walk.RunLength; first += read)
            {
                ReadOnlySpan<float> run = walk.Run(x + at.A, first, part);
                squares += Elementwise.SumOfSquares(run, mean);
                read = run.Length;
            }
        }
        while (at.Next());
        variance = (float)(squares / walk.Over);
    }
}
