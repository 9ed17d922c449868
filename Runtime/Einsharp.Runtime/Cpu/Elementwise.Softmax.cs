using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <content>Softmax and its logarithm, along a span or across one.</content>
public static partial class Elementwise
{
    /// <summary>
    /// y = log(exp(y) / Σ exp(y)), computed relative to the greatest element so that nothing overflows. An empty span stays as it is.
    /// </summary>
    /// <param name="y">The values to change; at least one must be greater than -∞.</param>
    public static void LogSoftmax(Span<float> y)
    {
        if (y.IsEmpty) return;
        float max = Max(y), log = MathF.Log(SumExp(y, max));
        TensorPrimitives.Subtract(y, max, y);
        TensorPrimitives.Subtract(y, log, y);
    }

    /// <summary>
    /// Softmax along the first axis of [<paramref name="size"/>, inner], inner being what the span's length says: neighbours in memory are
    /// computed together.
    /// </summary>
    /// <param name="y">The values to change.</param>
    /// <param name="size">The extent of the axis that the softmax is over.</param>
    public static void SoftmaxAcross(Span<float> y, int size) => Across(y, size, isLog: false);

    /// <summary>Log softmax along the first axis of [<paramref name="size"/>, inner].</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="size">The extent of the axis that the softmax is over.</param>
    public static void LogSoftmaxAcross(Span<float> y, int size) => Across(y, size, isLog: true);

    /// <summary>Σ exp(x - max).</summary>
    internal static unsafe float SumExp(ReadOnlySpan<float> x, float max)
    {
        fixed (float* p = x)
        {
            if (Vector512.IsHardwareAccelerated) return ElementwiseTiles<Width512, Vector512<float>>.SumExp(p, x.Length, max);
            if (Vector256.IsHardwareAccelerated) return ElementwiseTiles<Width256, Vector256<float>>.SumExp(p, x.Length, max);
            return ElementwiseTiles<Width128, Vector128<float>>.SumExp(p, x.Length, max);
        }
    }

    private static unsafe void Across(Span<float> y, int size, bool isLog)
    {
        if (y.IsEmpty) return;
        if (size < 1 || y.Length % size != 0)
            throw new ArgumentException(FormattableString.Invariant($"{y.Length} values are not rows along an axis of size {size}"));
        fixed (float* p = y)
        {
            int inner = y.Length / size;
            if (Vector512.IsHardwareAccelerated) ElementwiseTiles<Width512, Vector512<float>>.SoftmaxAcross(p, size, inner, isLog);
            else if (Vector256.IsHardwareAccelerated) ElementwiseTiles<Width256, Vector256<float>>.SoftmaxAcross(p, size, inner, isLog);
            else ElementwiseTiles<Width128, Vector128<float>>.SoftmaxAcross(p, size, inner, isLog);
        }
    }
}
