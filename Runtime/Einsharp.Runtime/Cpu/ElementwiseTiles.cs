using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>The loops of <see cref="Elementwise"/> and <see cref="Norm"/>, for one vector width.</summary>
internal static unsafe partial class ElementwiseTiles<W, V>
    where W : struct, IWidth<V>
    where V : unmanaged
{
    [MethodImpl(Kernels.ByItself)]
    public static void Silu(float* y, int length)
    {
        int i = 0;
        for (; i <= length - W.Count; i += W.Count) W.Store(Silu(W.Load(y + i)), y + i);
        if (i < length) StorePart(Silu(LoadPart(y + i, length - i)), y + i, length - i);
    }

    /// <summary>y = exp(y - max); returns the sum.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static float Exp(float* y, int length, float max)
    {
        V shift = W.Broadcast(max), sum = default;
        int i = 0;
        for (; i <= length - W.Count; i += W.Count)
        {
            V e = Exponential<W, V>.Of(W.Subtract(W.Load(y + i), shift));
            W.Store(e, y + i);
            sum = W.Add(sum, e);
        }
        float total = Lanes.Sum(W.Fold(sum));
        if (i == length) return total;
        StorePart(Exponential<W, V>.Of(W.Subtract(LoadPart(y + i, length - i), shift)), y + i, length - i);
        for (; i < length; i++) total += y[i];
        return total;
    }

    /// <summary>Σ x², by four vectors of partial sums.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static float SumOfSquares(float* x, int length)
    {
        V a0 = default, a1 = default, a2 = default, a3 = default;
        int i = 0;
        for (; i <= length - 4 * W.Count; i += 4 * W.Count)
        {
            V x0 = W.Load(x + i), x1 = W.Load(x + i + W.Count), x2 = W.Load(x + i + 2 * W.Count), x3 = W.Load(x + i + 3 * W.Count);
            a0 = W.MultiplyAdd(x0, x0, a0);
            a1 = W.MultiplyAdd(x1, x1, a1);
            a2 = W.MultiplyAdd(x2, x2, a2);
            a3 = W.MultiplyAdd(x3, x3, a3);
        }
        for (; i <= length - W.Count; i += W.Count)
        {
            V v = W.Load(x + i);
            a0 = W.MultiplyAdd(v, v, a0);
        }
        float sum = Lanes.Sum(W.Fold(W.Add(W.Add(a0, a1), W.Add(a2, a3))));
        for (; i < length; i++) sum = float.MultiplyAddEstimate(x[i], x[i], sum);
        return sum;
    }

    /// <summary>y = (x · factor) · gain.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void ScaleByGain(float* x, float factor, float* gain, float* y, int length)
    {
        V f = W.Broadcast(factor);
        int i = 0;
        for (; i <= length - W.Count; i += W.Count) W.Store(W.Multiply(W.Multiply(W.Load(x + i), f), W.Load(gain + i)), y + i);
        for (; i < length; i++) y[i] = x[i] * factor * gain[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Silu(V x)
    {
        V one = W.Broadcast(1f);
        return W.Divide(x, W.Add(one, Exponential<W, V>.Of(W.Subtract(default, x))));
    }

    // Less than a vector, so that the last elements are computed as all others are.
    private static V LoadPart(float* from, int count)
    {
        float* part = stackalloc float[16];
        new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(part, 16));
        return W.Load(part);
    }

    private static void StorePart(V value, float* to, int count)
    {
        float* part = stackalloc float[16];
        W.Store(value, part);
        new ReadOnlySpan<float>(part, count).CopyTo(new Span<float>(to, count));
    }
}
