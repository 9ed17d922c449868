using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>The exponential function of a vector of floats, within 1.1 units in the last place of the exact value.</summary>
/// <remarks>
/// Cody and Waite's reduction x = n·ln 2 + r with |r| ≤ ½ ln 2, and the polynomial of Cephes' expf for exp r. exp 0 is exactly 1. Results
/// below the normal range (x &lt; -87.3) are 0, those above the range are ∞; NaN stays NaN.
/// </remarks>
internal static class Exponential<W, V>
    where W : struct, IWidth<V>
    where V : unmanaged
{
    private const float Lowest = -87.3f;
    private const float Highest = 88.72f;

    // Adding 1.5·2²³ rounds to an integer, which is then in the low bits.
    private const float Rounder = 12582912f;
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of(V x) => W.SelectBelow(W.Broadcast(Highest), x, W.Broadcast(float.PositiveInfinity), OfNonPositive(x));

    /// <summary>The same for x ≤ 0, without the test against overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfNonPositive(V x)
    {
        V shifted = W.MultiplyAdd(x, W.Broadcast(Log2E), W.Broadcast(Rounder));
        V n = W.Subtract(shifted, W.Broadcast(Rounder));
        V r = W.MultiplyAdd(n, W.Broadcast(-Ln2High), x);
        r = W.MultiplyAdd(n, W.Broadcast(-Ln2Low), r);
        V p = W.Broadcast(1.9875691500e-4f);
        p = W.MultiplyAdd(p, r, W.Broadcast(1.3981999507e-3f));
        p = W.MultiplyAdd(p, r, W.Broadcast(8.3334519073e-3f));
        p = W.MultiplyAdd(p, r, W.Broadcast(4.1665795894e-2f));
        p = W.MultiplyAdd(p, r, W.Broadcast(1.6666665459e-1f));
        p = W.MultiplyAdd(p, r, W.Broadcast(5.0000001201e-1f));
        p = W.MultiplyAdd(p, W.Multiply(r, r), r);
        p = W.Add(p, W.Broadcast(1f));
        return W.SelectBelow(x, W.Broadcast(Lowest), default, W.AddExponent(p, shifted));
    }
}
