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
    public static unsafe void Rms(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, float epsilon, Span<float> y)
    {
        if (gain.Length != x.Length || y.Length != x.Length)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"a row of {x.Length} values was given {gain.Length} gains and room for {y.Length} results"));
        }
        if (x.IsEmpty) return;
        fixed (float* from = x, g = gain, to = y)
        {
            if (Vector512.IsHardwareAccelerated) Rms<Width512, Vector512<float>>(from, g, epsilon, to, x.Length);
            else if (Vector256.IsHardwareAccelerated) Rms<Width256, Vector256<float>>(from, g, epsilon, to, x.Length);
            else Rms<Width128, Vector128<float>>(from, g, epsilon, to, x.Length);
        }
    }

    internal static unsafe void Rms<W, V>(float* x, float* gain, float epsilon, float* y, int length)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        float mean = ElementwiseTiles<W, V>.SumOfSquares(x, length) / length;
        ElementwiseTiles<W, V>.ScaleByGain(x, 1f / MathF.Sqrt(mean + epsilon), gain, y, length);
    }
}
