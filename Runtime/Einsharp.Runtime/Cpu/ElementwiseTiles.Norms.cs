using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <content>The passes of <see cref="Norm"/>.</content>
internal static unsafe partial class ElementwiseTiles<W, V>
{
    /// <summary>Σ x, by four vectors of partial sums.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static float Sum(float* x, int length)
    {
        V a0 = default, a1 = default, a2 = default, a3 = default;
        int i = 0;
        for (; i <= length - 4 * W.Count; i += 4 * W.Count)
        {
            a0 = W.Add(W.Load(x + i), a0);
            a1 = W.Add(W.Load(x + i + W.Count), a1);
            a2 = W.Add(W.Load(x + i + 2 * W.Count), a2);
            a3 = W.Add(W.Load(x + i + 3 * W.Count), a3);
        }
        for (; i <= length - W.Count; i += W.Count) a0 = W.Add(W.Load(x + i), a0);
        float sum = Lanes.Sum(W.Fold(W.Add(W.Add(a0, a1), W.Add(a2, a3))));
        for (; i < length; i++) sum += x[i];
        return sum;
    }

    /// <summary>Σ (x − mean)², by four vectors of partial sums.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static float SumOfSquares(float* x, float mean, int length)
    {
        V m = W.Broadcast(mean), a0 = default, a1 = default, a2 = default, a3 = default;
        int i = 0;
        for (; i <= length - 4 * W.Count; i += 4 * W.Count)
        {
            V x0 = W.Subtract(W.Load(x + i), m), x1 = W.Subtract(W.Load(x + i + W.Count), m);
            V x2 = W.Subtract(W.Load(x + i + 2 * W.Count), m), x3 = W.Subtract(W.Load(x + i + 3 * W.Count), m);
            a0 = W.MultiplyAdd(x0, x0, a0);
            a1 = W.MultiplyAdd(x1, x1, a1);
            a2 = W.MultiplyAdd(x2, x2, a2);
            a3 = W.MultiplyAdd(x3, x3, a3);
        }
        for (; i <= length - W.Count; i += W.Count)
        {
            V v = W.Subtract(W.Load(x + i), m);
            a0 = W.MultiplyAdd(v, v, a0);
        }
        float sum = Lanes.Sum(W.Fold(W.Add(W.Add(a0, a1), W.Add(a2, a3))));
        for (; i < length; i++) sum = float.MultiplyAddEstimate(x[i] - mean, x[i] - mean, sum);
        return sum;
    }

    /// <summary>y = (x − mean) · factor.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void Centre(float* x, float mean, float factor, float* y, int length)
    {
        V m = W.Broadcast(mean), f = W.Broadcast(factor);
        int i = 0;
        for (; i <= length - W.Count; i += W.Count) W.Store(W.Multiply(W.Subtract(W.Load(x + i), m), f), y + i);
        for (; i < length; i++) y[i] = (x[i] - mean) * factor;
    }

    /// <summary>y = (x − mean) · factor · gain.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void Centre(float* x, float mean, float factor, float* gain, float* y, int length)
    {
        V m = W.Broadcast(mean), f = W.Broadcast(factor);
        int i = 0;
        for (; i <= length - W.Count; i += W.Count)
            W.Store(W.Multiply(W.Multiply(W.Subtract(W.Load(x + i), m), f), W.Load(gain + i)), y + i);
        for (; i < length; i++) y[i] = (x[i] - mean) * factor * gain[i];
    }

    /// <summary>y = (x − mean) · factor · gain + bias.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void Centre(float* x, float mean, float factor, float* gain, float* bias, float* y, int length)
    {
        V m = W.Broadcast(mean), f = W.Broadcast(factor);
        int i = 0;
        for (; i <= length - W.Count; i += W.Count)
            W.Store(W.MultiplyAdd(W.Multiply(W.Subtract(W.Load(x + i), m), f), W.Load(gain + i), W.Load(bias + i)), y + i);
        for (; i < length; i++) y[i] = float.MultiplyAddEstimate((x[i] - mean) * factor, gain[i], bias[i]);
    }
}
