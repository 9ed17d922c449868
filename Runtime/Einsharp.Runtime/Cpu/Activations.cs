using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>Functions of a vector of floats, each within about 1e-6 of the exact value, relative to it.</summary>
internal static class Activations<W, V>
    where W : struct, IWidth<V>
    where V : unmanaged
{
    // Where the exponential is 0, so that its square does not overflow.
    private const float FarTail = 13f;

    /// <summary>1 / (1 + exp(−x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid(V x)
    {
        V one = W.Broadcast(1f);
        return W.Divide(one, W.Add(one, Exponential<W, V>.Of(W.Subtract(default, x))));
    }

    /// <summary>
    /// tanh x: near 0 an odd polynomial, interpolated at Chebyshev's points of x² ≤ 0.4, since 1 − 2/(exp 2x + 1) would cancel there.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh(V x)
    {
        V one = W.Broadcast(1f), two = W.Broadcast(2f), minus = W.Subtract(default, x), size = W.Max(x, minus);
        V tail = W.Subtract(one, W.Divide(two, W.Add(Exponential<W, V>.Of(W.Multiply(size, two)), one)));
        V far = W.SelectBelow(x, default, W.Subtract(default, tail), tail);
        V square = W.Multiply(x, x);
        V p = W.Broadcast(-0.00604516509f);
        p = W.MultiplyAdd(p, square, W.Broadcast(0.0209613291f));
        p = W.MultiplyAdd(p, square, W.Broadcast(-0.0538432632f));
        p = W.MultiplyAdd(p, square, W.Broadcast(0.133327188f));
        p = W.MultiplyAdd(p, square, W.Broadcast(-0.333333284f));
        V near = W.MultiplyAdd(W.Multiply(p, square), x, x);
        return W.SelectBelow(square, W.Broadcast(0.4f), near, far);
    }

    /// <summary>x · Φ(x): for x below 0 the product with ½ erfc(|x|/√2), which keeps its relative accuracy far into the tail.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Gelu(V x)
    {
        V tail = W.Multiply(W.Broadcast(0.5f), Erfc(W.Multiply(W.Max(x, W.Subtract(default, x)), W.Broadcast(0.707106781f))));
        return W.Multiply(x, W.SelectBelow(x, default, tail, W.Subtract(W.Broadcast(1f), tail)));
    }

    /// <summary>½x(1 + tanh u) with u = √(2/π)(x + 0.044715x³), which is x · sigmoid(2u).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluTanh(V x)
    {
        V cubic = W.MultiplyAdd(W.Multiply(x, x), W.Broadcast(0.0713548162f), W.Broadcast(1.59576912f));
        return W.Multiply(x, Sigmoid(W.Multiply(x, cubic)));
    }

    /// <summary>
    /// The complementary error function of a ≥ 0: exp(−a²) times t · P(t), t = 1/(1 + 0.45a), where P interpolates erfc(a) · exp(a²) / t at
    /// Chebyshev's points of 0 ≤ a ≤ 9.5, within 2e-8 of it. The rounding of a² is made good, which the exponential would magnify.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Erfc(V a)
    {
        a = W.SelectBelow(W.Broadcast(FarTail), a, W.Broadcast(FarTail), a);
        V t = W.Divide(W.Broadcast(1f), W.MultiplyAdd(a, W.Broadcast(0.45f), W.Broadcast(1f)));
        V p = W.Broadcast(-0.0300084201f);
        p = W.MultiplyAdd(p, t, W.Broadcast(0.13012908f));
        p = W.MultiplyAdd(p, t, W.Broadcast(-0.161878815f));
        p = W.MultiplyAdd(p, t, W.Broadcast(-0.0365503579f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.120492834f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.0470307475f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.198975615f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.22354205f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.254406396f));
        p = W.MultiplyAdd(p, t, W.Broadcast(0.253860863f));
        V minusSquare = W.Multiply(W.Subtract(default, a), a);
        V lost = W.MultiplyAdd(a, a, minusSquare);
        V exponential = Exponential<W, V>.OfNonPositive(minusSquare);
        exponential = W.MultiplyAdd(W.Subtract(default, lost), exponential, exponential);
        return W.Multiply(W.Multiply(p, t), exponential);
    }
}
