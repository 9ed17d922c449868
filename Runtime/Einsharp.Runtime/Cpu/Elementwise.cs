using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>
/// Functions of each element of a span, and of a span as a whole. The result depends on the values (and the hardware's vector width) alone,
/// never on where the span lies in memory.
/// </summary>
public static partial class Elementwise
{
    /// <summary>y += x.</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="x">As many values.</param>
    public static void Add(Span<float> y, ReadOnlySpan<float> x) => TensorPrimitives.Add(y, x, y);

    /// <summary>y *= x, element by element.</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="x">As many values.</param>
    public static void Multiply(Span<float> y, ReadOnlySpan<float> x) => TensorPrimitives.Multiply(y, x, y);

    /// <summary>y += x, the same number to each.</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="x">The number to add.</param>
    public static void Add(Span<float> y, float x) => TensorPrimitives.Add(y, x, y);

    /// <summary>y *= x, each by the same number.</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="x">The number to multiply by.</param>
    public static void Multiply(Span<float> y, float x) => TensorPrimitives.Multiply(y, x, y);

    /// <summary>y = y · factor + summand, element by element.</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="factor">As many factors.</param>
    /// <param name="summand">As many summands.</param>
    public static void MultiplyAdd(Span<float> y, ReadOnlySpan<float> factor, ReadOnlySpan<float> summand) =>
        TensorPrimitives.MultiplyAddEstimate(y, factor, summand, y);

    /// <summary>y = y · factor + summand, the same for each.</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="summand">The summand.</param>
    public static void MultiplyAdd(Span<float> y, float factor, float summand)
    {
        TensorPrimitives.Multiply(y, factor, y);
        TensorPrimitives.Add(y, summand, y);
    }

    /// <summary>y *= factor.</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="factor">The number to multiply by.</param>
    public static void Scale(Span<float> y, float factor) => TensorPrimitives.Multiply(y, factor, y);

    /// <summary>y = y / (1 + exp(-y)): SiLU, or swish (Hendrycks and Gimpel 2016; Ramachandran et al. 2017).</summary>
    /// <param name="y">The values to change.</param>
    public static unsafe void Silu(Span<float> y)
    {
        fixed (float* p = y)
        {
            if (Vector512.IsHardwareAccelerated) ElementwiseTiles<Width512, Vector512<float>>.Silu(p, y.Length);
            else if (Vector256.IsHardwareAccelerated) ElementwiseTiles<Width256, Vector256<float>>.Silu(p, y.Length);
            else ElementwiseTiles<Width128, Vector128<float>>.Silu(p, y.Length);
        }
    }

    /// <summary>y = exp(y), 0 where that is below the normal range.</summary>
    /// <param name="y">The values to change.</param>
    public static unsafe void Exp(Span<float> y)
    {
        fixed (float* p = y)
        {
            if (Vector512.IsHardwareAccelerated) ElementwiseTiles<Width512, Vector512<float>>.Exp(p, y.Length, 0);
            else if (Vector256.IsHardwareAccelerated) ElementwiseTiles<Width256, Vector256<float>>.Exp(p, y.Length, 0);
            else ElementwiseTiles<Width128, Vector128<float>>.Exp(p, y.Length, 0);
        }
    }

    /// <summary>
    /// y = exp(y) / Σ exp(y), computed relative to the greatest element so that nothing overflows. An empty span stays as it is.
    /// </summary>
    /// <param name="y">The values to change; at least one must be greater than -∞.</param>
    public static unsafe void Softmax(Span<float> y)
    {
        if (y.IsEmpty) return;
        float max = Max(y);
        float sum;
        fixed (float* p = y)
        {
            if (Vector512.IsHardwareAccelerated) sum = ElementwiseTiles<Width512, Vector512<float>>.Exp(p, y.Length, max);
            else if (Vector256.IsHardwareAccelerated) sum = ElementwiseTiles<Width256, Vector256<float>>.Exp(p, y.Length, max);
            else sum = ElementwiseTiles<Width128, Vector128<float>>.Exp(p, y.Length, max);
        }
        TensorPrimitives.Divide(y, sum, y);
    }

    /// <summary>Σ x, by vectors of partial sums.</summary>
    internal static unsafe float Sum(ReadOnlySpan<float> x)
    {
        fixed (float* p = x)
        {
            if (Vector512.IsHardwareAccelerated) return ElementwiseTiles<Width512, Vector512<float>>.Sum(p, x.Length);
            if (Vector256.IsHardwareAccelerated) return ElementwiseTiles<Width256, Vector256<float>>.Sum(p, x.Length);
            return ElementwiseTiles<Width128, Vector128<float>>.Sum(p, x.Length);
        }
    }

    /// <summary>Σ (x - mean)², by vectors of partial sums.</summary>
    internal static unsafe float SumOfSquares(ReadOnlySpan<float> x, float mean)
    {
        fixed (float* p = x)
        {
            if (Vector512.IsHardwareAccelerated) return ElementwiseTiles<Width512, Vector512<float>>.SumOfSquares(p, mean, x.Length);
            if (Vector256.IsHardwareAccelerated) return ElementwiseTiles<Width256, Vector256<float>>.SumOfSquares(p, mean, x.Length);
            return ElementwiseTiles<Width128, Vector128<float>>.SumOfSquares(p, mean, x.Length);
        }
    }

    /// <summary>The greatest element; NaN if there is one among them.</summary>
    /// <param name="x">At least one value.</param>
    public static float Max(ReadOnlySpan<float> x) => TensorPrimitives.Max(x);

    /// <summary>The index of the greatest element, the first of equals.</summary>
    /// <param name="x">At least one value.</param>
    public static int IndexOfMax(ReadOnlySpan<float> x) => TensorPrimitives.IndexOfMax(x);
}
