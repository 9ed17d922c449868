using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>Products of activations with rows of a weight matrix.</summary>
public static class Sweep
{
    /// <summary>Up to so many rows, every worker makes the activations that a sweep reads for itself: cheaper than a barrier.</summary>
    public const int FewRows = 4;

    /// <summary>
    /// How many rows of weights to deal out at a time: enough pieces to balance the workers, each as long as that allows, because every
    /// piece begins new streams of memory, and a stream needs a while to come to full speed.
    /// </summary>
    /// <param name="rows">All rows.</param>
    /// <param name="workers">The number of workers.</param>
    public static int UnitRows(int rows, int workers) => Math.Clamp((rows / (8 * workers) + 7) & ~7, 8, 256);

    /// <summary>
    /// y[i, j] = Σₖ x[i, k] · w[firstRow + j, k] for i &lt; <paramref name="rows"/>, j &lt; <paramref name="rowCount"/>, k &lt;
    /// <paramref name="inner"/>. The weights are seen as rows of <paramref name="inner"/> values, whatever their axes.
    /// </summary>
    /// <param name="w">The weights, in any format; they are widened to float.</param>
    /// <param name="firstRow">The first row of weights.</param>
    /// <param name="rowCount">How many rows of weights, and columns of <paramref name="y"/>.</param>
    /// <param name="inner">The length of a dot product.</param>
    /// <param name="x">Activations: <paramref name="rows"/> rows of <paramref name="inner"/> floats.</param>
    /// <param name="xStride">From one row of activations to the next, in floats.</param>
    /// <param name="rows">How many rows of activations.</param>
    /// <param name="y">The result: <paramref name="rows"/> rows of <paramref name="rowCount"/> floats. Must not overlap <paramref
    /// name="x"/>.</param>
    /// <param name="yStride">From one row of the result to the next, in floats.</param>
    /// <remarks>
    /// The value of an element depends on its two vectors and the hardware's vector width alone: a dot product has one vector of partial
    /// sums, which goes along k in order, and one way to add them up at the end, in every register tile. So one row or many, and any
    /// division among threads, agree bit for bit.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A span or the parameter is too short for the sizes.</exception>
    public static unsafe void Project(
        Param w, int firstRow, int rowCount, int inner, ReadOnlySpan<float> x, int xStride, int rows, Span<float> y, int yStride)
    {
        ArgumentNullException.ThrowIfNull(w);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inner);
        if (rows == 0 || rowCount == 0) return;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(((long)firstRow + rowCount) * inner, w.Count, nameof(rowCount));
        ArgumentOutOfRangeException.ThrowIfLessThan(x.Length, (rows - 1) * (long)xStride + inner, nameof(x));
        ArgumentOutOfRangeException.ThrowIfLessThan(y.Length, (rows - 1) * (long)yStride + rowCount, nameof(y));
        if (rows > 1)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(xStride, inner);
            ArgumentOutOfRangeException.ThrowIfLessThan(yStride, rowCount);
        }
        fixed (float* from = x, to = y)
        {
            var operands = new SweepOperands(w.Data, inner, from, xStride, rows, to, yStride);
            switch (w.Format)
            {
                case WeightFormat.F32: Project<Float32Weights>(operands, firstRow, rowCount); break;
                case WeightFormat.BF16: Project<BFloat16Weights>(operands, firstRow, rowCount); break;
                case WeightFormat.F16: Project<Float16Weights>(operands, firstRow, rowCount); break;
                default: throw new NotSupportedException($"{w.Name} is stored as {w.Format}, which the CPU kernels do not read");
            }
        }
    }

    private static void Project<F>(in SweepOperands operands, int firstRow, int rowCount)
        where F : struct, IWeights
    {
        if (Vector512.IsHardwareAccelerated) SweepTiles<Width512, Vector512<float>, F>.Project(operands, firstRow, rowCount);
        else if (Vector256.IsHardwareAccelerated) SweepTiles<Width256, Vector256<float>, F>.Project(operands, firstRow, rowCount);
        else SweepTiles<Width128, Vector128<float>, F>.Project(operands, firstRow, rowCount);
    }
}

/// <summary>The operands of one <see cref="Sweep.Project"/>, pinned.</summary>
internal readonly unsafe struct SweepOperands(byte* weights, int inner, float* x, nint xStride, int rows, float* y, nint yStride)
{
    public readonly byte* Weights = weights;
    public readonly int Inner = inner;
    public readonly float* X = x;
    public readonly nint XStride = xStride;
    public readonly int Rows = rows;
    public readonly float* Y = y;
    public readonly nint YStride = yStride;
}
