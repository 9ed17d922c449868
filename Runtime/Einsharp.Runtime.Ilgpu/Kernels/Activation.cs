namespace Einsharp.Ilgpu;

/// <summary>
/// Functions of one number, made of what is the same on every device: hardware's tanh has 11 bits, and neither erf nor log compiles
/// everywhere. Errors are a few units of the last place of a float, relative to the result.
/// </summary>
public static class Activation
{
    /// <summary>x / (1 + e⁻ˣ).</summary>
    /// <param name="x">A number.</param>
    public static float Silu(float x) => x / (1f + MathF.Exp(-x));

    /// <summary>x / (1 + e⁻ᵝˣ): x · sigmoid(βx). Ramachandran et al. 2017, arXiv 1710.05941.</summary>
    /// <param name="x">A number.</param>
    /// <param name="beta">β.</param>
    public static float Swish(float x, float beta) => x / (1f + MathF.Exp(-beta * x));

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    /// <param name="x">A number.</param>
    public static float Sigmoid(float x) => 1f / (1f + MathF.Exp(-x));

    /// <summary>The greater of x and 0; NaN stays.</summary>
    /// <param name="x">A number.</param>
    public static float Relu(float x) => x < 0f ? 0f : x;

    /// <summary>tanh x: near 0 by a polynomial, where 1 − 2 / (e²ˣ + 1) would lose the digits.</summary>
    /// <param name="x">A number.</param>
    public static float Tanh(float x)
    {
        float magnitude = MathF.Abs(x), square = x * x;
        if (magnitude < 0.6f)
        {
            // tanh(x) / x over x², fitted by Chebyshev's method for x² up to 0.36; error 3e-9.
            float ratio = -0.005849644f;
            ratio = ratio * square + 0.02075135f;
            ratio = ratio * square - 0.053767983f;
            ratio = ratio * square + 0.1333168f;
            ratio = ratio * square - 0.33333284f;
            return x * (ratio * square + 1f);
        }

        float far = 1f - 2f / (MathF.Exp(2f * magnitude) + 1f);
        return x < 0f ? -far : far;
    }

    /// <summary>cap · tanh(x / cap).</summary>
    /// <param name="x">A number.</param>
    /// <param name="cap">What the result stays below.</param>
    public static float SoftCap(float x, float cap) => cap * Tanh(x / cap);

    /// <summary>x · Φ(x), Φ the distribution of the normal numbers. Hendrycks and Gimpel 2016, arXiv 1606.08415.</summary>
    /// <param name="x">A number.</param>
    public static float Gelu(float x)
    {
        float tail = 0.5f * Erfc(MathF.Abs(x) * 0.70710677f);
        return x * (x < 0f ? tail : 1f - tail);
    }

    /// <summary>GPT-2's form of it: x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2, which is x · sigmoid of twice the argument.</summary>
    /// <param name="x">A number.</param>
    public static float GeluTanh(float x) => x / (1f + MathF.Exp(-1.5957691f * (x + 0.044715f * x * x * x)));

    /// <summary>The complement of the error function, 1 − erf(x), for x ≥ 0.</summary>
    /// <param name="x">A number, not negative.</param>
    public static float Erfc(float x)
    {
        // e^(x²) · erfc(x) / t over t = 1 / (1 + x / 2), fitted by Chebyshev's method for t from 0 to 1; error 8e-9.
        float t = 1f / (1f + 0.5f * x), ratio = 0.045351338f;
        ratio = ratio * t - 0.24558003f;
        ratio = ratio * t + 0.5168995f;
        ratio = ratio * t - 0.48247477f;
        ratio = ratio * t + 0.15188518f;
        ratio = ratio * t - 0.06795827f;
        ratio = ratio * t + 0.0958272f;
        ratio = ratio * t + 0.17494860f;
        ratio = ratio * t + 0.24691357f;
        ratio = ratio * t + 0.28209287f;
        ratio = ratio * t + 0.2820948f;
        return t * ratio * MathF.Exp(-x * x);
    }

    /// <summary>ln x. Below the smallest normal number −∞, of a negative one NaN.</summary>
    /// <param name="x">A number.</param>
    public static float Log(float x)
    {
        if (x < 1.1754944e-38f)
            return x < 0f ? float.NaN : float.NegativeInfinity;
        if (!(x <= 3.4028235e38f))
            return x;

        // x = 2^exponent · part with √½ ≤ part < √2, and ln part = 2 artanh((part − 1) / (part + 1)).
        uint bits = ILGPU.Interop.FloatAsInt(x);
        int exponent = (int)(bits >> 23) - 127;
        float part = ILGPU.Interop.IntAsFloat((bits & 0x007FFFFFu) | 0x3F800000u);
        if (part > 1.4142135f)
        {
            part *= 0.5f;
            exponent++;
        }

        float s = (part - 1f) / (part + 1f), square = s * s;
        float series = ((0.11111111f * square + 0.14285715f) * square + 0.2f) * square + 0.33333334f;
        return exponent * 0.69314718f + 2f * (s + s * square * series);
    }
}
