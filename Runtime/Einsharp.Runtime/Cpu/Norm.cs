using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>Normalisation of one row of activations.</summary>
public static class Norm
{
    /// <summary>
    /// y = x / √(mean(x²) + epsilon) · gain: root-mean-square layer normalisation (Zhang and Sennrich 2019, arXiv:1910.07467).
    /// </summary>
    /// <param name="x">One row.</param>
    /// <param name="gain">As many factors.</param>
    /// <param name="epsilon">Keeps a row of zeros from a division by zero.</param>
    /// <param name="y">The result, as long as <paramref name="x"/>; may be the same memory.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Rms(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, float epsilon, Span<float> y)
    {
        Check(x, gain, gain.Length, "gains", y);
        Run(isLayer: false, x, gain, default, epsilon, y);
    }

    /// <summary>The same without gains: y = x / √(mean(x²) + epsilon).</summary>
    /// <param name="x">One row.</param>
    /// <param name="epsilon">Keeps a row of zeros from a division by zero.</param>
    /// <param name="y">The result, as long as <paramref name="x"/>; may be the same memory.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Rms(ReadOnlySpan<float> x, float epsilon, Span<float> y)
    {
        Check(x, default, x.Length, "gains", y);
        Run(isLayer: false, x, default, default, epsilon, y);
    }

    /// <summary>
    /// y = (x − mean) / √(variance + epsilon) · gain + bias: layer normalisation (Ba et al. 2016, arXiv:1607.06450), with the variance over
    /// all values (not one less), from the differences to the mean.
    /// </summary>
    /// <param name="x">One row.</param>
    /// <param name="gain">As many factors.</param>
    /// <param name="bias">As many summands.</param>
    /// <param name="epsilon">Keeps a row of equal values from a division by zero.</param>
    /// <param name="y">The result, as long as <paramref name="x"/>; may be the same memory.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Layer(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        Check(x, gain, gain.Length, "gains", y);
        Check(x, bias, bias.Length, "biases", y);
        Run(isLayer: true, x, gain, bias, epsilon, y);
    }

    /// <summary>The same without biases.</summary>
    /// <param name="x">One row.</param>
    /// <param name="gain">As many factors.</param>
    /// <param name="epsilon">Keeps a row of equal values from a division by zero.</param>
    /// <param name="y">The result, as long as <paramref name="x"/>; may be the same memory.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Layer(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, float epsilon, Span<float> y)
    {
        Check(x, gain, gain.Length, "gains", y);
        Run(isLayer: true, x, gain, default, epsilon, y);
    }

    /// <summary>The same without gains and biases.</summary>
    /// <param name="x">One row.</param>
    /// <param name="epsilon">Keeps a row of equal values from a division by zero.</param>
    /// <param name="y">The result, as long as <paramref name="x"/>; may be the same memory.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Layer(ReadOnlySpan<float> x, float epsilon, Span<float> y)
    {
        Check(x, default, x.Length, "gains", y);
        Run(isLayer: true, x, default, default, epsilon, y);
    }

    private static void Check(ReadOnlySpan<float> x, ReadOnlySpan<float> operand, int length, string what, Span<float> y)
    {
        if (length != x.Length || y.Length != x.Length)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"a row of {x.Length} values was given {operand.Length} {what} and room for {y.Length} results"));
        }
    }

    private static unsafe void Run(
        bool isLayer, ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        if (x.IsEmpty) return;
        fixed (float* from = x, g = gain, b = bias, to = y)
        {
            if (Vector512.IsHardwareAccelerated) Run<Width512, Vector512<float>>(isLayer, from, g, b, epsilon, to, x.Length);
            else if (Vector256.IsHardwareAccelerated) Run<Width256, Vector256<float>>(isLayer, from, g, b, epsilon, to, x.Length);
            else Run<Width128, Vector128<float>>(isLayer, from, g, b, epsilon, to, x.Length);
        }
    }

    private static unsafe void Run<W, V>(bool isLayer, float* x, float* gain, float* bias, float epsilon, float* y, int length)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        if (isLayer) Layer<W, V>(x, gain, bias, epsilon, y, length);
        else Rms<W, V>(x, gain, epsilon, y, length);
    }

    internal static unsafe void Rms<W, V>(float* x, float* gain, float epsilon, float* y, int length)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        float factor = 1f / MathF.Sqrt(ElementwiseTiles<W, V>.SumOfSquares(x, length) / length + epsilon);
        if (gain != null) ElementwiseTiles<W, V>.ScaleByGain(x, factor, gain, y, length);
        else ElementwiseTiles<W, V>.Centre(x, 0, factor, y, length);
    }

    internal static unsafe void Layer<W, V>(float* x, float* gain, float* bias, float epsilon, float* y, int length)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        float mean = ElementwiseTiles<W, V>.Sum(x, length) / length;
        float factor = 1f / MathF.Sqrt(ElementwiseTiles<W, V>.SumOfSquares(x, mean, length) / length + epsilon);
        if (gain == null) ElementwiseTiles<W, V>.Centre(x, mean, factor, y, length);
        else if (bias == null) ElementwiseTiles<W, V>.Centre(x, mean, factor, gain, y, length);
        else ElementwiseTiles<W, V>.Centre(x, mean, factor, gain, bias, y, length);
    }
}
