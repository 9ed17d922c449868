using System.ComponentModel;
using System.Numerics.Tensors;

namespace Einsharp.Cpu;

/// <summary>One number for all that lie along some axes of a strided operand: sums, means, extremes.</summary>
/// <remarks>
/// The bits of a result depend on the values, the axes and the hardware's vector width; not on the number of threads. Sums are taken in
/// parts of 64, so that the error of a long one stays small.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Reductions
{
    private const int Part = 64;

    /// <summary>y[kept] = the reduction of x over the other axes. Every worker of the team calls it with the same arguments.</summary>
    /// <param name="worker">The worker; the call is one phase, so a barrier is due before the result is read.</param>
    /// <param name="reduction">How.</param>
    /// <param name="x">The operand, A of the axes.</param>
    /// <param name="y">The result, C of the axes.</param>
    /// <param name="kept">The axes of the result, outermost first.</param>
    /// <param name="over">The axes that the reduction is over.</param>
    public static void Reduce(
        Worker worker, Reduction reduction, ReadOnlySpan<float> x, Span<float> y, ReadOnlySpan<LoopAxis> kept, ReadOnlySpan<LoopAxis> over) =>
        Run(new UnitShare(worker), reduction, x, y, kept, over);

    /// <summary>The same by the calling thread alone: for a part of the operand that is one worker's.</summary>
    /// <param name="reduction">How.</param>
    /// <param name="x">The operand, A of the axes.</param>
    /// <param name="y">The result, C of the axes.</param>
    /// <param name="kept">The axes of the result, outermost first.</param>
    /// <param name="over">The axes that the reduction is over.</param>
    public static void Reduce(
        Reduction reduction, ReadOnlySpan<float> x, Span<float> y, ReadOnlySpan<LoopAxis> kept, ReadOnlySpan<LoopAxis> over) =>
        Run(default, reduction, x, y, kept, over);

    private static unsafe void Run(
        UnitShare share, Reduction reduction, ReadOnlySpan<float> x, Span<float> y, ReadOnlySpan<LoopAxis> kept, ReadOnlySpan<LoopAxis> over)
    {
        LoopAxis* axes = stackalloc LoopAxis[kept.Length + over.Length];
        fixed (LoopAxis* keptAxes = kept, overAxes = over)
        fixed (float* from = x, to = y)
        {
            var walk = new ReductionWalk(axes, new AxisList(keptAxes, kept.Length), new AxisList(overAxes, over.Length));
            walk.Check(x.Length, y.Length);
            while (share.Next(walk.Units, out int unit))
            {
                if (walk.Over == 0) Fill(reduction, walk, unit, to);
                else if (walk.IsAcross) Across(reduction, walk, unit, from, to);
                else Along(reduction, walk, unit, from, to);
            }
        }
    }

    private static unsafe void Fill(Reduction reduction, in ReductionWalk walk, int unit, float* y)
    {
        float nothing = reduction switch
        {
            Reduction.Sum => 0,
            Reduction.Mean => float.NaN,
            Reduction.Min => float.PositiveInfinity,
            _ => float.NegativeInfinity,
        };
        for (long i = walk.First(unit); i < walk.End(unit); i++) y[walk.C(i)] = nothing;
    }

    /// <summary>Neighbours of the result are neighbours in the operand: a block of them at a time.</summary>
    private static unsafe void Across(Reduction reduction, in ReductionWalk walk, int unit, float* x, float* y)
    {
        int count = walk.Block(unit, out nint a, out nint c);
        var to = new Span<float>(y + c, count);
        switch (reduction)
        {
            case Reduction.Sum or Reduction.Mean:
                SumAcross(walk, x + a, to, default);
                if (reduction == Reduction.Mean) TensorPrimitives.Divide(to, walk.Over, to);
                break;
            case Reduction.LogSumExp:
                Span<float> shift = stackalloc float[ReductionWalk.BlockSize];
                shift = shift[..count];
                ExtremeAcross(walk, isMax: true, x + a, shift);
                foreach (ref float value in shift)
                    if (float.IsInfinity(value)) value = 0;
                SumAcross(walk, x + a, to, shift);
                for (int i = 0; i < count; i++) to[i] = shift[i] + MathF.Log(to[i]);
                break;
            default:
                ExtremeAcross(walk, reduction == Reduction.Max, x + a, to);
                break;
        }
    }

    /// <summary>Sums of a block; of exp(x - shift) where a shift is given.</summary>
    private static unsafe void SumAcross(in ReductionWalk walk, float* x, Span<float> to, ReadOnlySpan<float> shift)
    {
        Span<float> memory = stackalloc float[2 * ReductionWalk.BlockSize];
        Span<float> part = memory[..to.Length], moved = memory.Slice(ReductionWalk.BlockSize, to.Length);
        to.Clear();
        part.Clear();
        int* index = stackalloc int[walk.OverAxes.Count];
        var at = new AxisWalk(walk.OverAxes, 0, index);
        int rows = 0;
        do
        {
            scoped ReadOnlySpan<float> row = new(x + at.A, to.Length);
            if (!shift.IsEmpty)
            {
                TensorPrimitives.Subtract(row, shift, moved);
                Elementwise.Exp(moved);
                row = moved;
            }
            TensorPrimitives.Add(part, row, part);
            if (++rows % Part != 0) continue;
            TensorPrimitives.Add(to, part, to);
            part.Clear();
        }
        while (at.Next());
        TensorPrimitives.Add(to, part, to);
    }

    private static unsafe void ExtremeAcross(in ReductionWalk walk, bool isMax, float* x, Span<float> to)
    {
        int* index = stackalloc int[walk.OverAxes.Count];
        var at = new AxisWalk(walk.OverAxes, 0, index);
        new ReadOnlySpan<float>(x + at.A, to.Length).CopyTo(to);
        while (at.Next())
        {
            var row = new ReadOnlySpan<float>(x + at.A, to.Length);
            if (isMax) TensorPrimitives.Max(to, row, to);
            else TensorPrimitives.Min(to, row, to);
        }
    }

    /// <summary>What is reduced lies in runs: one number of the result at a time.</summary>
    private static unsafe void Along(Reduction reduction, in ReductionWalk walk, int unit, float* x, float* y)
    {
        for (long i = walk.First(unit); i < walk.End(unit); i++)
        {
            float* from = x + walk.A(i);
            y[walk.C(i)] = reduction switch
            {
                Reduction.Sum => (float)SumAlong(walk, from, float.NaN),
                Reduction.Mean => (float)(SumAlong(walk, from, float.NaN) / walk.Over),
                Reduction.LogSumExp => LogSumExp(walk, from),
                _ => ExtremeAlong(walk, reduction == Reduction.Max, from),
            };
        }
    }

    private static unsafe float LogSumExp(in ReductionWalk walk, float* x)
    {
        float max = ExtremeAlong(walk, isMax: true, x);
        if (float.IsInfinity(max) || float.IsNaN(max)) return max;
        return max + MathF.Log((float)SumAlong(walk, x, max));
    }

    /// <summary>The sum; of exp(x - shift) where the shift is a number.</summary>
    private static unsafe double SumAlong(in ReductionWalk walk, float* x, float shift)
    {
        int* index = stackalloc int[walk.OuterOver.Count];
        var at = new AxisWalk(walk.OuterOver, 0, index);
        Span<float> part = stackalloc float[ReductionWalk.BlockSize];
        double sum = 0;
        do
        {
            for (int first = 0; first < walk.RunLength;)
            {
                ReadOnlySpan<float> run = walk.Run(x + at.A, first, part);
                sum += float.IsNaN(shift) ? Elementwise.Sum(run) : Elementwise.SumExp(run, shift);
                first += run.Length;
            }
        }
        while (at.Next());
        return sum;
    }

    private static unsafe float ExtremeAlong(in ReductionWalk walk, bool isMax, float* x)
    {
        int* index = stackalloc int[walk.OuterOver.Count];
        var at = new AxisWalk(walk.OuterOver, 0, index);
        Span<float> part = stackalloc float[ReductionWalk.BlockSize];
        float extreme = isMax ? float.NegativeInfinity : float.PositiveInfinity;
        do
        {
            for (int first = 0; first < walk.RunLength;)
            {
                ReadOnlySpan<float> run = walk.Run(x + at.A, first, part);
                extreme = isMax ? MathF.Max(extreme, TensorPrimitives.Max(run)) : MathF.Min(extreme, TensorPrimitives.Min(run));
                first += run.Length;
            }
        }
        while (at.Next());
        return extreme;
    }
}

/// <summary>Units dealt out to a team's workers, or all of them to one thread.</summary>
internal struct UnitShare(Worker? worker)
{
    private int _next;

    public bool Next(int units, out int unit)
    {
        if (worker is { } member) return member.Next(units, out unit);
        unit = _next++;
        return unit < units;
    }
}
