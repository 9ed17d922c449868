using System.Globalization;

namespace Einsharp;

/// <summary>A rule that changes the frequencies of a <see cref="Rope"/>.</summary>
public abstract record RopeScaling
{
    private protected RopeScaling(double factor)
    {
        if (!(factor > 0 && double.IsFinite(factor)))
            throw new ArgumentOutOfRangeException(nameof(factor), factor, "the factor of a rotation's scaling is a number above 0");
        Factor = factor;
    }

    /// <summary>How many times longer the context is than the trained one.</summary>
    public double Factor { get; }

    /// <summary>What cosines and sines are multiplied by.</summary>
    public virtual double Amplitude => 1;

    /// <summary>The frequency of a pair, in radians a position.</summary>
    /// <param name="base">θ.</param>
    /// <param name="pair">0 ≤ pair &lt; turned/2.</param>
    /// <param name="turned">How many values are turned.</param>
    /// <param name="positions">How many positions there are.</param>
    public abstract double Frequency(double @base, int pair, int turned, int positions);

    /// <summary>The frequency before scaling, base^(-2·pair/turned).</summary>
    internal static double Plain(double @base, int pair, int turned) => Math.Pow(@base, -2.0 * pair / turned);
}

/// <summary>Position interpolation: every frequency is divided by the factor.</summary>
/// <remarks>S. Chen et al., "Extending context window of large language models via position interpolation", 2023.</remarks>
public sealed record LinearRopeScaling : RopeScaling
{
    /// <summary>Divides every frequency.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not a number above 0.</exception>
    public LinearRopeScaling(double factor) : base(factor)
    {
    }

    /// <inheritdoc/>
    public override double Frequency(double @base, int pair, int turned, int positions) => Plain(@base, pair, turned) / Factor;

    /// <summary>As <c>linear (factor 4)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"linear (factor {Factor})");
}

/// <summary>
/// The scaling of Llama 3.1 and later: wavelengths short against the trained context are kept, long ones are divided by the
/// factor, and those between are interpolated.
/// </summary>
/// <remarks>As <c>_compute_llama3_parameters</c> of transformers' modeling_rope_utils.py.</remarks>
public sealed record Llama3RopeScaling : RopeScaling
{
    /// <summary>A scaling by wavelength.</summary>
    /// <param name="factor">What long wavelengths are divided by.</param>
    /// <param name="lowFrequencyFactor">Wavelengths above trained/low are long.</param>
    /// <param name="highFrequencyFactor">Wavelengths below trained/high are short.</param>
    /// <param name="originalPositions">The context that the model was first trained with.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt; low &lt; high, or a number that is not above 0.</exception>
    public Llama3RopeScaling(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions) : base(factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(originalPositions);
        if (!(lowFrequencyFactor > 0 && highFrequencyFactor > lowFrequencyFactor && double.IsFinite(highFrequencyFactor)))
            throw new ArgumentOutOfRangeException(nameof(highFrequencyFactor), string.Create(CultureInfo.InvariantCulture,
                $"expected 0 < low_freq_factor < high_freq_factor, found {lowFrequencyFactor} and {highFrequencyFactor}"));
        LowFrequencyFactor = lowFrequencyFactor;
        HighFrequencyFactor = highFrequencyFactor;
        OriginalPositions = originalPositions;
    }

    /// <summary>Wavelengths above <see cref="OriginalPositions"/> divided by this are long.</summary>
    public double LowFrequencyFactor { get; }

    /// <summary>Wavelengths below <see cref="OriginalPositions"/> divided by this are short.</summary>
    public double HighFrequencyFactor { get; }

    /// <summary>The context that the model was first trained with, in positions.</summary>
    public int OriginalPositions { get; }

    /// <inheritdoc/>
    public override double Frequency(double @base, int pair, int turned, int positions)
    {
        double frequency = Plain(@base, pair, turned);
        double turns = OriginalPositions * frequency / (2 * Math.PI);
        if (turns > HighFrequencyFactor) return frequency;
        if (turns < LowFrequencyFactor) return frequency / Factor;
        double smooth = (turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return frequency * ((1 - smooth) / Factor + smooth);
    }

    /// <summary>As <c>llama3 (factor 32, low 1, high 4, original 8192)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"llama3 (factor {Factor}, low {LowFrequencyFactor}, high {HighFrequencyFactor}, original {OriginalPositions})");
}
