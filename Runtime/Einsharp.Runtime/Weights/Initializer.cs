namespace Einsharp;

/// <summary>The families of initial values.</summary>
public enum InitializerKind
{
    /// <summary>Every value is <see cref="Initializer.Mean"/>.</summary>
    Constant,

    /// <summary>
    /// Normal with <see cref="Initializer.Mean"/> and <see cref="Initializer.Deviation"/>, cut where <see cref="Initializer.Cut"/>
    /// says.
    /// </summary>
    Normal,

    /// <summary>Uniform from <see cref="Initializer.Low"/> to <see cref="Initializer.High"/>.</summary>
    Uniform,
}

/// <summary>
/// The rule by which a parameter gets its first values. Each value is a function of the seed, the parameter's name in checkpoints
/// and its place, computed with operations that IEEE 754 rounds exactly: the same on every machine and for every number of threads.
/// </summary>
public readonly record struct Initializer
{
    private Initializer(InitializerKind kind, float mean = 0, float deviation = 0, float cut = 0, float low = 0, float high = 0)
    {
        Kind = kind;
        Mean = mean;
        Deviation = deviation;
        Cut = cut;
        Low = low;
        High = high;
    }

    /// <summary>The family.</summary>
    public InitializerKind Kind { get; }

    /// <summary>The mean of a normal; the value of a constant.</summary>
    public float Mean { get; }

    /// <summary>The standard deviation of a normal before it is cut.</summary>
    public float Deviation { get; }

    /// <summary>How many deviations from the mean a normal is cut: no draw lies beyond. Infinite when it is not cut.</summary>
    public float Cut { get; }

    /// <summary>The least value of a uniform.</summary>
    public float Low { get; }

    /// <summary>The greatest value of a uniform.</summary>
    public float High { get; }

    /// <summary>All zeros.</summary>
    public static Initializer Zeros => default;

    /// <summary>All ones.</summary>
    public static Initializer Ones => new(InitializerKind.Constant, mean: 1);

    /// <summary>
    /// For a projection: normal with variance 2/(fanIn + fanOut), the variance being that before the cut at ±3 deviations.
    /// </summary>
    /// <param name="fanIn">The product of the contracted axes.</param>
    /// <param name="fanOut">The product of the parameter's other axes.</param>
    /// <remarks>X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, eq. 12.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A fan is below 1.</exception>
    public static Initializer Linear(long fanIn, long fanOut)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(fanIn);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(fanOut);
        return TruncatedNormal(0, (float)Math.Sqrt(2 / ((double)fanIn + fanOut)));
    }

    /// <summary>
    /// For an embedding: N(0, 1), cut at ±3. One that is also the output head wants <see cref="Normal"/> with deviation 1/√d.
    /// </summary>
    public static Initializer Embedding() => TruncatedNormal(0, 1);

    /// <summary>Normal, not cut.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is not finite, or the deviation is negative.</exception>
    public static Initializer Normal(float mean, float deviation) => TruncatedNormal(mean, deviation, float.PositiveInfinity);

    /// <summary>Normal, every draw within <paramref name="cut"/> deviations of the mean.</summary>
    /// <param name="mean">The mean.</param>
    /// <param name="deviation">The standard deviation before the cut.</param>
    /// <param name="cut">In deviations, above 0; infinite for no cut.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A value is not finite, the deviation is negative, or the cut is not above 0.
    /// </exception>
    public static Initializer TruncatedNormal(float mean, float deviation, float cut = 3)
    {
        ThrowIfNotFinite(mean, nameof(mean));
        ThrowIfNotFinite(deviation, nameof(deviation));
        ArgumentOutOfRangeException.ThrowIfNegative(deviation);
        if (!(cut > 0)) throw new ArgumentOutOfRangeException(nameof(cut), cut, "expected a cut above 0 deviations");
        return new(InitializerKind.Normal, mean, deviation, cut);
    }

    /// <summary>Uniform between two bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound, or their distance, is not finite, or low is above high.</exception>
    public static Initializer Uniform(float low, float high)
    {
        ThrowIfNotFinite(low, nameof(low));
        ThrowIfNotFinite(high, nameof(high));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(low, high);
        ThrowIfNotFinite(high - low, nameof(high));
        return new(InitializerKind.Uniform, low: low, high: high);
    }

    /// <summary>Fills a part of a parameter.</summary>
    /// <param name="seed">The seed of the model.</param>
    /// <param name="checkpointName">The parameter's name in checkpoints.</param>
    /// <param name="to">Where the values go.</param>
    /// <param name="start">The place in the parameter of the first of them: any way of cutting it in parts gives the same values.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="start"/> is negative.</exception>
    public void Fill(ulong seed, string checkpointName, Span<float> to, long start = 0)
    {
        ArgumentNullException.ThrowIfNull(checkpointName);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        new InitializerDraws(this, seed, checkpointName).Fill(start, to);
    }

    private static void ThrowIfNotFinite(float value, string name)
    {
        if (!float.IsFinite(value)) throw new ArgumentOutOfRangeException(name, value, "expected a finite number");
    }
}
