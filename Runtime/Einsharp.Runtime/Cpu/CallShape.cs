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

    /// <summary>Checks that the sizes of a group multiply to the size of the axis that it is.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="size">Its size.</param>
    /// <param name="parts">The axes of the group.</param>
    /// <param name="product">The product of their sizes.</param>
    /// <exception cref="ArgumentException">They do not.</exception>
    public static void Group(string axis, int size, string parts, long product)
    {
        if (product != size)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"Axis '{axis}' of size {size} is rearranged as '({parts})', whose sizes multiply to {product}."), axis);
        }
    }

    /// <summary>Checks that what is known of a group divides the size of its axis.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="size">Its size.</param>
    /// <param name="parts">The axes of the group.</param>
    /// <param name="product">The product of the known sizes.</param>
    /// <param name="unknown">The axis whose size is the quotient.</param>
    /// <exception cref="ArgumentException">It does not.</exception>
    public static void Split(string axis, int size, string parts, long product, string unknown)
    {
        if (product == 0 ? size != 0 : size % product != 0)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"Axis '{axis}' of size {size} is split into '({parts})', and without '{unknown}' their sizes multiply to {product}, which does not divide it."),
                axis);
        }
    }

    /// <summary>The size that is left of a group; 0 where the others have none.</summary>
    /// <param name="size">The size of the group's axis.</param>
    /// <param name="others">The product of the other sizes.</param>
    public static int Quotient(int size, int others) => others == 0 ? 0 : size / others;

    /// <summary>The size that is left of a group; 0 where the others have none.</summary>
    /// <param name="size">The size of the group's axis.</param>
    /// <param name="others">The product of the other sizes.</param>
    public static long Quotient(long size, long others) => others == 0 ? 0 : size / others;

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
