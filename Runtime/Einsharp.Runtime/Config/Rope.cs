using System.Globalization;

namespace Einsharp;

/// <summary>Which two values of a head are turned together.</summary>
public enum RopeLayout
{
    /// <summary>Values i and i + size/2, as Hugging Face's checkpoints have it.</summary>
    Halves,

    /// <summary>Values 2i and 2i + 1, as the paper, Meta's own checkpoints, llama2.c and GGUF have it.</summary>
    Neighbours,
}

/// <summary>
/// Rotary position embedding: pair i of a head is turned by position·frequency(i), frequency(i) = base^(-2i/size), scaled.
/// </summary>
/// <remarks>
/// J. Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021. Equal settings are equal objects.
/// </remarks>
public sealed record Rope
{
    /// <summary>The tables made so far, one for each head size; replaced as a whole, so that readers need no lock.</summary>
    private volatile RopeTable[] _tables;
    private readonly Lock _growing;

    /// <summary>A rotation.</summary>
    /// <param name="base">θ, above 0.</param>
    /// <param name="layout">Which values are a pair.</param>
    /// <param name="scaling">How the frequencies are scaled; null for not at all.</param>
    /// <exception cref="ArgumentOutOfRangeException">The base is not a number above 0.</exception>
    public Rope(double @base = 10_000, RopeLayout layout = RopeLayout.Halves, RopeScaling? scaling = null)
    {
        Base = @base;
        Layout = layout;
        Scaling = scaling;
        _tables = [];
        _growing = new Lock();
    }

    /// <summary>Copies the settings; the tables, which depend on them, are made anew.</summary>
    private Rope(Rope other)
    {
        Base = other.Base;
        Layout = other.Layout;
        Scaling = other.Scaling;
        _tables = [];
        _growing = new Lock();
    }

    /// <summary>θ: the slowest pair turns once in about 2π·θ positions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">On setting: not a finite number above 0.</exception>
    public double Base
    {
        get;
        init
        {
            if (!(value > 0 && double.IsFinite(value)))
                throw new ArgumentOutOfRangeException(nameof(value), value, "the base of a rotation is a number above 0");
            field = value;
        }
    }

    /// <summary>Which values are a pair.</summary>
    public RopeLayout Layout { get; init; }

    /// <summary>How the frequencies are scaled for contexts longer than the trained one; null for not at all.</summary>
    public RopeScaling? Scaling { get; init; }

    /// <summary>By how much pair <paramref name="pair"/> turns from one position to the next, in radians.</summary>
    /// <param name="pair">0 ≤ pair &lt; size/2.</param>
    /// <param name="size">The size of a head.</param>
    public double Frequency(int pair, int size)
    {
        double frequency = Math.Pow(Base, -2.0 * pair / size);
        return Scaling is null ? frequency : Scaling.Scale(frequency);
    }

    /// <summary>
    /// The cosines and sines for heads of a size at positions 0 … <paramref name="positions"/> - 1 at least. The table is kept
    /// and at least doubled when it is too short, so asking again allocates nothing. Safe from several threads.
    /// </summary>
    /// <param name="size">The size of a head; even.</param>
    /// <param name="positions">How many positions are needed; ask for a cache's capacity once and no later call will grow it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is odd or below 2, or the table would be beyond .NET's arrays.</exception>
    public RopeTable Table(int size, int positions)
    {
        foreach (RopeTable table in _tables)
            if (table.Size == size && table.Positions >= positions) return table;
        return Grow(size, positions);
    }

    /// <inheritdoc/>
    public bool Equals(Rope? other) => other is not null && Base == other.Base && Layout == other.Layout && Scaling == other.Scaling;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Base, Layout, Scaling);

    /// <summary>As <c>base 500000, halves, llama3 (factor 32 …)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"base {Base}, {(Layout == RopeLayout.Halves ? "halves" : "neighbours")}{(Scaling is null ? "" : $", {Scaling}")}");

    private RopeTable Grow(int size, int positions)
    {
        lock (_growing)
        {
            RopeTable[] tables = _tables;
            int at = Array.FindIndex(tables, t => t.Size == size);
            if (at >= 0 && tables[at].Positions >= positions) return tables[at];

            var table = new RopeTable(this, size, RopeTable.RoundUp(size, positions));
            _tables = at < 0 ? [.. tables, table] : [.. tables[..at], table, .. tables[(at + 1)..]];
            return table;
        }
    }
}

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

    /// <summary>The scaled frequency of a pair, both in radians a position.</summary>
    public abstract double Scale(double frequency);
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
    public override double Scale(double frequency) => frequency / Factor;

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
    public override double Scale(double frequency)
    {
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
