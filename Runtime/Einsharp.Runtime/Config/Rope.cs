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
/// Rotary position embedding: pair i of a head is turned by position·frequency(i), frequency(i) = base^(-2i/n) for n turned values, scaled.
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
    /// <param name="part">Which part of a head is turned: its first values.</param>
    /// <exception cref="ArgumentOutOfRangeException">The base is not a number above 0, or the part not one above 0 and up to 1.</exception>
    public Rope(double @base = 10_000, RopeLayout layout = RopeLayout.Halves, RopeScaling? scaling = null, double part = 1)
    {
        Base = @base;
        Layout = layout;
        Scaling = scaling;
        Part = part;
        _tables = [];
        _growing = new Lock();
    }

    /// <summary>Copies the settings; the tables, which depend on them, are made anew.</summary>
    private Rope(Rope other)
    {
        Base = other.Base;
        Layout = other.Layout;
        Scaling = other.Scaling;
        Part = other.Part;
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

    /// <summary>
    /// Which part of a head is turned, 0 &lt; part ≤ 1: its first values, while the rest stay as they are (<c>partial_rotary_factor</c>).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">On setting: not above 0 and up to 1.</exception>
    public double Part
    {
        get;
        init
        {
            if (!(value > 0 && value <= 1))
                throw new ArgumentOutOfRangeException(nameof(value), value, "the part of a head that is turned is above 0 and up to 1");
            field = value;
        }
    }

    /// <summary>How many values of a head are turned, the first ones.</summary>
    /// <param name="size">The size of a head.</param>
    public int Turned(int size) => (int)(size * Part);

    /// <summary>By how much pair <paramref name="pair"/> turns from one position to the next, in radians.</summary>
    /// <param name="pair">0 ≤ pair &lt; turned values/2.</param>
    /// <param name="size">The size of a head.</param>
    /// <param name="positions">How many positions there are; only <see cref="DynamicRopeScaling"/> asks.</param>
    public double Frequency(int pair, int size, int positions = 0)
    {
        int turned = Turned(size);
        return Scaling is null ? RopeScaling.Plain(Base, pair, turned) : Scaling.Frequency(Base, pair, turned, positions);
    }

    /// <summary>
    /// The cosines and sines for heads of a size at positions 0 … <paramref name="positions"/> - 1 at least. The table is kept
    /// and at least doubled when it is too short, so asking again allocates nothing. Safe from several threads.
    /// </summary>
    /// <param name="size">The size of a head.</param>
    /// <param name="positions">
    /// How many positions are needed; ask for a cache's capacity once and no later call will grow it. Where the frequencies depend on the
    /// number (<see cref="DynamicRopeScaling"/>), they are those of so many.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The number of values that are turned is odd or below 2, or the table would be beyond .NET's arrays.
    /// </exception>
    public RopeTable Table(int size, int positions)
    {
        int span = Span(positions);
        foreach (RopeTable table in _tables)
            if (table.Size == size && table.Positions >= positions && table.Span == span) return table;
        return Grow(size, positions, span);
    }

    /// <inheritdoc/>
    public bool Equals(Rope? other) => other is not null && Base == other.Base && Layout == other.Layout
        && Scaling == other.Scaling && Part == other.Part;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Base, Layout, Scaling, Part);

    /// <summary>As <c>base 500000, halves, llama3 (factor 32 …)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"base {Base}, {(Layout == RopeLayout.Halves ? "halves" : "neighbours")}")
        + (Scaling is null ? "" : $", {Scaling}") + (Part == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", part {Part}"));

    // What the frequencies depend on beside the settings: 0 where they do not.
    private int Span(int positions) => Scaling is DynamicRopeScaling dynamic ? Math.Max(positions, dynamic.OriginalPositions) : 0;

    private RopeTable Grow(int size, int positions, int span)
    {
        lock (_growing)
        {
            RopeTable[] tables = _tables;
            int at = Array.FindIndex(tables, t => t.Size == size && t.Span == span);
            if (at >= 0 && tables[at].Positions >= positions) return tables[at];

            var table = new RopeTable(this, size, RopeTable.RoundUp(size, Turned(size), positions), span);

            // Calls without a cache may be of any length: of the tables that depend on it, the newest are kept.
            if (at < 0 && span > 0 && tables.Length >= MostSpans) tables = tables[1..];
            _tables = at < 0 ? [.. tables, table] : [.. tables[..at], table, .. tables[(at + 1)..]];
            return table;
        }
    }

    private const int MostSpans = 16;
}
