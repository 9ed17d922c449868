using System.Runtime.Intrinsics;

namespace Einsharp;

/// <summary>How many deviations from the mean of a normal a share of the draws lies beyond.</summary>
/// <remarks>
/// M. Giles, "Approximating the erfinv function", GPU Computing Gems 2, 2011 (single precision): two polynomials in
/// w = -ln(1 - x²); here 1 - x² is y(2 - y) with the tail y = 1 - x, which keeps its precision when it is small.
/// </remarks>
internal static class NormalQuantile
{
    private const float Sqrt2 = 1.41421356f;

    /// <summary>The z ≥ 0 with P(|Z| > z) = <paramref name="tail"/>, for tails in (0, 1].</summary>
    public static Vector512<float> OfTwoSidedTail(Vector512<float> tail)
    {
        Vector512<float> w = -Log(tail * (Vector512.Create(2f) - tail));

        Vector512<float> c = w - Vector512.Create(2.5f);
        Vector512<float> centre = Vector512.Create(2.81022636e-08f);
        centre = centre * c + Vector512.Create(3.43273939e-07f);
        centre = centre * c + Vector512.Create(-3.5233877e-06f);
        centre = centre * c + Vector512.Create(-4.39150654e-06f);
        centre = centre * c + Vector512.Create(0.00021858087f);
        centre = centre * c + Vector512.Create(-0.00125372503f);
        centre = centre * c + Vector512.Create(-0.00417768164f);
        centre = centre * c + Vector512.Create(0.246640727f);
        centre = centre * c + Vector512.Create(1.50140941f);

        Vector512<float> f = Vector512.Sqrt(w) - Vector512.Create(3f);
        Vector512<float> far = Vector512.Create(-0.000200214257f);
        far = far * f + Vector512.Create(0.000100950558f);
        far = far * f + Vector512.Create(0.00134934322f);
        far = far * f + Vector512.Create(-0.00367342844f);
        far = far * f + Vector512.Create(0.00573950773f);
        far = far * f + Vector512.Create(-0.0076224613f);
        far = far * f + Vector512.Create(0.00943887047f);
        far = far * f + Vector512.Create(1.00167406f);
        far = far * f + Vector512.Create(2.83297682f);

        Vector512<float> slope = Vector512.ConditionalSelect(Vector512.LessThan(w, Vector512.Create(5f)), centre, far);
        return slope * (Vector512<float>.One - tail) * Sqrt2;
    }

    /// <summary>The natural logarithm of normal positive numbers, to a few units in the last place.</summary>
    private static Vector512<float> Log(Vector512<float> x)
    {
        // x = m·2^e with m in [√½, √2); ln m = 2·artanh((m - 1)/(m + 1)), an odd series.
        Vector512<int> shifted = x.AsInt32() - Vector512.Create(0x3F3504F3);
        Vector512<float> exponent = Vector512.ConvertToSingle(shifted >> 23);
        Vector512<float> m = ((shifted & Vector512.Create(0x007F_FFFF)) + Vector512.Create(0x3F3504F3)).AsSingle();
        Vector512<float> s = (m - Vector512<float>.One) / (m + Vector512<float>.One), s2 = s * s;
        Vector512<float> series = Vector512.Create(2f / 9);
        series = series * s2 + Vector512.Create(2f / 7);
        series = series * s2 + Vector512.Create(2f / 5);
        series = series * s2 + Vector512.Create(2f / 3);
        series = series * s2 + Vector512.Create(2f);
        return exponent * 0.693147181f + series * s;
    }
}
