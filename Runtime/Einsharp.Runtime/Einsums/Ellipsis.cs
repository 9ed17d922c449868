using System.ComponentModel;

namespace Einsharp.Einsums;

/// <summary>
/// The axes that an ellipsis stands for, which only a call knows. They match from the right: where one operand has more of them, those on
/// its left are its own.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Ellipsis
{
    /// <summary>The number of elements of some axes.</summary>
    /// <param name="extents">Their extents.</param>
    /// <remarks>Of operands that have elements: it is at most the number of those.</remarks>
    public static int Count(ReadOnlySpan<int> extents)
    {
        int count = 1;
        foreach (int extent in extents)
            count *= extent;
        return count;
    }

    /// <summary>The number of elements of the axes that both have.</summary>
    /// <param name="left">The extents of one operand's axes.</param>
    /// <param name="right">Those of the other's.</param>
    public static int Shared(ReadOnlySpan<int> left, ReadOnlySpan<int> right) => Count(left.Length < right.Length ? left : right);

    /// <summary>The number of elements of the axes that the other operand lacks.</summary>
    /// <param name="extents">The extents of one operand's axes.</param>
    /// <param name="other">Those of the other's.</param>
    public static int Own(ReadOnlySpan<int> extents, ReadOnlySpan<int> other) =>
        Count(extents[..Math.Max(0, extents.Length - other.Length)]);

    /// <summary>The axes of a product.</summary>
    /// <param name="left">The extents of one operand's axes.</param>
    /// <param name="right">Those of the other's, equal from the right.</param>
    public static ReadOnlySpan<int> Join(ReadOnlySpan<int> left, ReadOnlySpan<int> right) => left.Length < right.Length ? right : left;

    /// <summary>Checks one more operand, and says what the ellipsis stands for with it.</summary>
    /// <param name="extents">What it stands for in the operands before.</param>
    /// <param name="other">What it stands for in this one.</param>
    /// <param name="name">This operand's name.</param>
    /// <exception cref="ArgumentException">Two extents differ that match from the right.</exception>
    public static ReadOnlySpan<int> Join(ReadOnlySpan<int> extents, ReadOnlySpan<int> other, string name)
    {
        int shared = Math.Min(extents.Length, other.Length);
        return extents[^shared..].SequenceEqual(other[^shared..]) ? Join(extents, other) : throw Mismatch(extents, other, name);
    }

    /// <summary>Checks the axes of a destination.</summary>
    /// <param name="extents">What the ellipsis stands for.</param>
    /// <param name="found">The destination's axes there.</param>
    /// <param name="name">The destination's name.</param>
    /// <exception cref="ArgumentException">The two differ.</exception>
    public static void Check(ReadOnlySpan<int> extents, ReadOnlySpan<int> found, string name)
    {
        if (!extents.SequenceEqual(found))
        {
            throw new ArgumentException(
                $"'...' stands for axes of {Tensor<int>.Format(extents)} in the operands, "
                + $"and '{name}' has {Tensor<int>.Format(found)} there.", name);
        }
    }

    private static ArgumentException Mismatch(ReadOnlySpan<int> extents, ReadOnlySpan<int> other, string name)
    {
        bool isOne = false;
        for (int i = 1; i <= Math.Min(extents.Length, other.Length); i++)
            isOne |= extents[^i] != other[^i] && (extents[^i] == 1 || other[^i] == 1);
        return new ArgumentException(
            $"'...' stands for axes of {Tensor<int>.Format(extents)} in the operands before '{name}', "
            + $"and for {Tensor<int>.Format(other)} in it: from the right, each is of one size."
            + (isOne ? " An axis of size 1 is not broadcast." : ""), name);
    }
}
