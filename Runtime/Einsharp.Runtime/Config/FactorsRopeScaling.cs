using System.Globalization;

namespace Einsharp;

/// <summary>
/// A factor for each pair, by which its frequency is divided: the form in which GGUF files keep the scaling of Llama 3.1 and later, as a tensor
/// <c>rope_freqs.weight</c>.
/// </summary>
public sealed record FactorsRopeScaling : RopeScaling
{
    private readonly float[] _factors;

    /// <summary>Divides each frequency by a number of its own.</summary>
    /// <param name="factors">One for each pair.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is none, or one is not a number above 0.</exception>
    public FactorsRopeScaling(ReadOnlySpan<float> factors) : base(Greatest(factors))
    {
        foreach (float factor in factors)
        {
            if (!(factor > 0 && float.IsFinite(factor)))
                throw new ArgumentOutOfRangeException(nameof(factors), factor, "the factors of a rotation's scaling are numbers above 0");
        }
        _factors = factors.ToArray();
    }

    /// <summary>The factors, one for each pair.</summary>
    public ReadOnlySpan<float> Factors => _factors;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">There are factors for another number of pairs.</exception>
    public override double Frequency(double @base, int pair, int turned, int positions)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(turned / 2, _factors.Length, nameof(turned));
        return Plain(@base, pair, turned) / _factors[pair];
    }

    /// <inheritdoc/>
    public bool Equals(FactorsRopeScaling? other) => other is not null && _factors.AsSpan().SequenceEqual(other._factors);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_factors.Length, _factors[0], _factors[^1]);

    /// <summary>As <c>factors (32 of 1 to 32)</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"factors ({_factors.Length} of {_factors.Min()} to {Factor})");

    private static double Greatest(ReadOnlySpan<float> factors)
    {
        ArgumentOutOfRangeException.ThrowIfZero(factors.Length, nameof(factors));
        float greatest = factors[0];
        foreach (float factor in factors) greatest = Math.Max(greatest, factor);
        return greatest;
    }
}
