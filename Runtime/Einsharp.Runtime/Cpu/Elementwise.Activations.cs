using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <content>Activations: functions of each number alone.</content>
public static partial class Elementwise
{
    /// <summary>y = y · sigmoid(β · y). Ramachandran et al. 2017, arXiv 1710.05941.</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="beta">β; 1 makes it SiLU.</param>
    public static void Swish(Span<float> y, float beta) => Apply(ActivationFunction.Swish, y, beta);

    /// <summary>
    /// y = y · Φ(y), Φ being the normal distribution's cumulative function: the exact GELU. Hendrycks and Gimpel 2016, arXiv 1606.08415.
    /// </summary>
    /// <param name="y">The values to change.</param>
    public static void Gelu(Span<float> y) => Apply(ActivationFunction.Gelu, y);

    /// <summary>y = ½y(1 + tanh(√(2/π)(y + 0.044715y³))): the form of GELU that GPT-2 has.</summary>
    /// <param name="y">The values to change.</param>
    public static void GeluTanh(Span<float> y) => Apply(ActivationFunction.GeluTanh, y);

    /// <summary>y = 1 / (1 + exp(−y)).</summary>
    /// <param name="y">The values to change.</param>
    public static void Sigmoid(Span<float> y) => Apply(ActivationFunction.Sigmoid, y);

    /// <summary>y = tanh(y).</summary>
    /// <param name="y">The values to change.</param>
    public static void Tanh(Span<float> y) => Apply(ActivationFunction.Tanh, y);

    /// <summary>y = max(y, 0); NaN stays NaN.</summary>
    /// <param name="y">The values to change.</param>
    public static void Relu(Span<float> y) => Apply(ActivationFunction.Relu, y);

    /// <summary>y = cap · tanh(y / cap).</summary>
    /// <param name="y">The values to change.</param>
    /// <param name="cap">The bound, above 0.</param>
    public static void SoftCap(Span<float> y, float cap) => Apply(ActivationFunction.SoftCap, y, cap);

    private static unsafe void Apply(ActivationFunction function, Span<float> y, float scalar = 0)
    {
        fixed (float* p = y)
        {
            if (Vector512.IsHardwareAccelerated) ElementwiseTiles<Width512, Vector512<float>>.Apply(function, scalar, p, y.Length);
            else if (Vector256.IsHardwareAccelerated) ElementwiseTiles<Width256, Vector256<float>>.Apply(function, scalar, p, y.Length);
            else ElementwiseTiles<Width128, Vector128<float>>.Apply(function, scalar, p, y.Length);
        }
    }
}

/// <summary>The activations that <see cref="Elementwise"/> computes by <see cref="ElementwiseTiles{W, V}.Apply"/>.</summary>
internal enum ActivationFunction
{
    Swish,
    Gelu,
    GeluTanh,
    Sigmoid,
    Tanh,
    Relu,
    SoftCap,
}
