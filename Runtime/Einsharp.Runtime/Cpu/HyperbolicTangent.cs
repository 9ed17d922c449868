using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>The hyperbolic tangent of a vector of floats, within two units in the last place of the exact value.</summary>
/// <remarks>
/// Near 0 the odd polynomial of Cephes' tanhf, elsewhere 1 − 2 / (exp 2|x| + 1). ±∞ give ±1 and NaN stays NaN; the sign of zero is kept.
/// </remarks>
internal static class HyperbolicTangent<W, V>
    where W : struct, IWidth<V>
    where V : unmanaged
{
    // From here on the difference from 1 has no cancellation worth speaking of.
    private const float Near = 0.625f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of(V x)
    {
        V magnitude = W.Max(x, W.Subtract(default, x)), square = W.Multiply(x, x);
        V p = W.Broadcast(-5.70498872745e-3f);
        p = W.MultiplyAdd(p, square, W.Broadcast(2.06390887954e-2f));
        p = W.MultiplyAdd(p, square, W.Broadcast(-5.37397155531e-2f));
        p = W.MultiplyAdd(p, square, W.Broadcast(1.33314422036e-1f));
        p = W.MultiplyAdd(p, square, W.Broadcast(-3.33332819422e-1f));
        V near = W.MultiplyAdd(W.Multiply(p, square), x, x);

        V e = Exponential<W, V>.Of(W.Add(magnitude, magnitude));
        V far = W.Subtract(W.Broadcast(1f), W.Divide(W.Broadcast(2f), W.Add(e, W.Broadcast(1f))));
        far = W.SelectBelow(x, default, W.Subtract(default, far), far);
        return W.SelectBelow(magnitude, W.Broadcast(Near), near, far);
    }
}
