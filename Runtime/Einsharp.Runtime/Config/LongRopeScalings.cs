using System.Globalization;

namespace Einsharp;

/// <summary>
/// Dynamic NTK-aware scaling: the base grows with the number of positions, once there are more than the model was trained with.
/// </summary>
/// <remarks>
/// As <c>_compute_dynamic_ntk_parameters</c> of transformers' modeling_rope_utils.py: base·(factor·n/original − (factor − 1))^(d/(d − 2)) for n
/// positions and d turned values. There n is the length of the sequence so far, so that keys in a cache were turned by other bases than queries
/// are; here it is the capacity of the cache, or the length of a call without one, and keys and queries agree.
/// </remarks>
public sealed record DynamicRopeScaling : RopeScaling
{
    /// <summary>A base that grows.</summary>
    /// <param name="factor">How fast.</param>
    /// <param name="originalPositions">The context that the model was trained with: up to it nothing changes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not a number of at least 1, or the context not above 0.</exception>
    public DynamicRopeScaling(double factor, int originalPositions) : base(factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(originalPositions);
        OriginalPositions = originalPositions;
    }

    /// <summary>The context that the model was trained with, in positions.</summary>
    public int OriginalPositions { get; }

    /// <inheritdoc/>
    public override double Frequency(double @base, int pair, int turned, int positions)
    {
        // With two values there is one pair, whose frequency is 1 whatever the base.
        if (pair == 0) return 1;
        double longer = Math.Max(positions, OriginalPositions) / (double)OriginalPositions;
        return Plain(@base * Math.Pow(Factor * longer - (Factor - 1), turned / (turned - 2.0)), pair, turned);
    }

    /// <summary>As <c>dynamic (factor 2, original 4096)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"dynamic (factor {Factor}, original {OriginalPositions})");
}

/// <summary>
/// YaRN: pairs that turn often in the trained context are kept, those that turn seldom are interpolated, with a ramp over the pairs between;
/// what is turned is magnified a little, which sharpens attention.
/// </summary>
/// <remarks>
/// B. Peng et al., "YaRN: efficient context window extension of large language models", 2023, arXiv 2309.00071, as
/// <c>_compute_yarn_parameters</c> of transformers' modeling_rope_utils.py.
/// </remarks>
public sealed record YarnRopeScaling : RopeScaling
{
    /// <summary>A ramp between kept and interpolated frequencies.</summary>
    /// <param name="factor">What the frequencies of slow pairs are divided by.</param>
    /// <param name="originalPositions">The context that the model was trained with.</param>
    /// <param name="amplitude">What cosines and sines are multiplied by; null for 0.1·ln(factor) + 1, the paper's.</param>
    /// <param name="fastTurns">Pairs that turn more often than this in the trained context are kept (<c>beta_fast</c>).</param>
    /// <param name="slowTurns">Pairs that turn less often than this are interpolated (<c>beta_slow</c>).</param>
    /// <param name="isWhole">Whether the ramp begins and ends at whole pairs (<c>truncate</c>).</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not above 0.</exception>
    public YarnRopeScaling(
        double factor, int originalPositions, double? amplitude = null, double fastTurns = 32, double slowTurns = 1, bool isWhole = true)
        : base(factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(originalPositions);
        foreach (double number in (ReadOnlySpan<double>)[amplitude ?? 1, fastTurns, slowTurns])
        {
            if (!(number > 0 && double.IsFinite(number)))
                throw new ArgumentOutOfRangeException(nameof(amplitude), number, "amplitude and turns are numbers above 0");
        }
        OriginalPositions = originalPositions;
        Amplitude = amplitude ?? Magnitude(factor, 1);
        FastTurns = fastTurns;
        SlowTurns = slowTurns;
        IsWhole = isWhole;
    }

    /// <summary>The context that the model was trained with, in positions.</summary>
    public int OriginalPositions { get; }

    /// <inheritdoc/>
    public override double Amplitude { get; }

    /// <summary>Pairs that turn more often than this in the trained context are kept.</summary>
    public double FastTurns { get; }

    /// <summary>Pairs that turn less often than this in the trained context are interpolated.</summary>
    public double SlowTurns { get; }

    /// <summary>Whether the ramp begins and ends at whole pairs.</summary>
    public bool IsWhole { get; }

    /// <summary>The magnification for a context that is <paramref name="factor"/> times as long: 0.1·scale·ln(factor) + 1, or 1.</summary>
    /// <param name="factor">How many times longer.</param>
    /// <param name="scale">How strong (<c>mscale</c>, <c>mscale_all_dim</c>).</param>
    public static double Magnitude(double factor, double scale) => factor <= 1 ? 1 : 0.1 * scale * Math.Log(factor) + 1;

    /// <inheritdoc/>
    public override double Frequency(double @base, int pair, int turned, int positions)
    {
        double low = PairOf(FastTurns, @base, turned), high = PairOf(SlowTurns, @base, turned);
        if (IsWhole) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, turned - 1));

        // As published: a ramp of no length would divide by zero.
        if (low == high) high += 0.001;
        double interpolated = Math.Clamp((pair - low) / (high - low), 0, 1), plain = Plain(@base, pair, turned);
        return plain / Factor * interpolated + plain * (1 - interpolated);
    }

    /// <summary>As <c>yarn (factor 4, original 32768, amplitude 1.1386, turns 32 to 1)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"yarn (factor {Factor}, original {OriginalPositions}, amplitude {Amplitude}, turns {FastTurns} to {SlowTurns}")
        + (IsWhole ? ")" : ", a ramp of any length)");

    // The pair, not whole as a rule, that turns so often in the trained context.
    private double PairOf(double turns, double @base, int turned) =>
        turned * Math.Log(OriginalPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(@base));
}
