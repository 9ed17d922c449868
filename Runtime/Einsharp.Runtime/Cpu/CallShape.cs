using System.ComponentModel;

namespace Einsharp.Cpu;

/// <summary>Checks of a call's tensors against their declared axes, for generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class CallShape
{
    /// <summary>Checks the number of axes.</summary>
    /// <param name="name">The operand.</param>
    /// <param name="axes">Its declared axes.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="rank">How many axes are declared.</param>
    /// <exception cref="ArgumentException">The rank differs.</exception>
    public static void Rank(string name, string axes, ReadOnlySpan<int> shape, int rank)
    {
        if (shape.Length != rank)
        {
            string declared = $"'{name}' is declared as '{axes}' and has the shape {Tensor.Format(shape)}";
            throw new ArgumentException($"{declared}: expected {rank} axes, found {shape.Length}.", name);
        }
    }

    /// <summary>Checks one axis.</summary>
    /// <param name="name">The operand.</param>
    /// <param name="axes">Its declared axes.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="index">Which axis.</param>
    /// <param name="axis">The axis's name.</param>
    /// <param name="size">Its size.</param>
    /// <param name="from">Where the size comes from.</param>
    /// <exception cref="ArgumentException">The size differs.</exception>
    public static void Axis(string name, string axes, ReadOnlySpan<int> shape, int index, string axis, int size, string from)
    {
        if (shape[index] != size)
        {
            string declared = $"'{name}' is declared as '{axes}' and has the shape {Tensor.Format(shape)}";
            throw new ArgumentException($"{declared}: axis '{axis}' is {size} by {from}, found {shape[index]}.", name);
        }
    }

    /// <summary>Checks a size given to a constructor.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="size">Its size.</param>
    /// <returns>The size.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The size is less than 1.</exception>
    public static int Size(string axis, int size) => size >= 1
        ? size
        : throw new ArgumentOutOfRangeException(axis, FormattableString.Invariant(
            $"Axis '{axis}' needs a size of at least 1; {size} was given."));

    /// <summary>Checks that a table of positions has all positions of a call.</summary>
    /// <param name="table">The table.</param>
    /// <param name="axis">Its axis of positions.</param>
    /// <param name="size">The axis's size.</param>
    /// <param name="positions">One more than the highest position.</param>
    /// <exception cref="ArgumentOutOfRangeException">The table ends before.</exception>
    public static void Positions(string table, string axis, int size, int positions)
    {
        if (positions > size)
        {
            throw new ArgumentOutOfRangeException(table, FormattableString.Invariant(
                $"Position {positions - 1} is outside axis '{axis}' of size {size} of '{table}'."));
        }
    }

    /// <summary>Checks a setting that is the size of a window.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="size">Its value.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is less than 1.</exception>
    public static void WindowSize(string setting, int size)
    {
        if (size < 1)
        {
            throw new ArgumentOutOfRangeException(setting, FormattableString.Invariant(
                $"'{setting}' is a window, which has at least 1 position, the query's own; {size} was given."));
        }
    }

    /// <summary>Checks a setting that caps a value.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="cap">Its value.</param>
    /// <exception cref="ArgumentOutOfRangeException">The cap is not a finite number above 0.</exception>
    public static void Cap(string setting, float cap)
    {
        if (!(cap > 0 && float.IsFinite(cap)))
        {
            throw new ArgumentOutOfRangeException(setting, FormattableString.Invariant(
                $"'{setting}' is a cap, a finite number above 0; {cap} was given."));
        }
    }

    /// <summary>The default of a derived axis.</summary>
    /// <param name="ratio">The ratio.</param>
    /// <param name="of">The size that it is computed from.</param>
    /// <param name="multipleOf">What it is rounded up to a multiple of.</param>
    public static int Derived(double ratio, int of, int multipleOf)
    {
        // 8.0/3 · 768 must be 2048 although 8/3 has no finite binary form.
        long size = (long)Math.Ceiling(Math.Round(ratio * of, 6));
        return checked((int)((size + multipleOf - 1) / multipleOf * multipleOf));
    }
}
