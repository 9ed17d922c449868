using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using Einsharp.Cpu;

namespace Einsharp.Einsums;

/// <summary>The checks that a compiled einsum makes of its operands. Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class EinsumShape
{
    /// <summary>The processor that a call is to run on.</summary>
    /// <param name="device">The device; null for all cores.</param>
    /// <exception cref="NotSupportedException">It is no processor.</exception>
    public static CpuDevice Processor(Device? device) => device switch
    {
        null => Device.Cpu,
        CpuDevice cpu => cpu,
        _ => throw new NotSupportedException($"An einsum of its own runs on the processor, and the device given is {device}."),
    };

    /// <summary>An operand has as many axes as its term.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="operand">The operand.</param>
    /// <param name="rank">The number of axes in its term.</param>
    /// <param name="term">The term.</param>
    /// <param name="name">The operand's name.</param>
    /// <exception cref="ArgumentNullException">There is no operand.</exception>
    /// <exception cref="ArgumentException">It has another number of axes.</exception>
    public static void CheckRank<T>(
        [NotNull] Tensor<T>? operand, int rank, string term, [CallerArgumentExpression(nameof(operand))] string name = "")
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(operand, name);
        if (operand.Rank != rank)
            throw WrongRank(Tensor<T>.Format(operand.Shape), operand.Rank, rank, term, name, "");
    }

    /// <summary>An operand whose term has an ellipsis has at least the axes that the term names.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="operand">The operand.</param>
    /// <param name="rank">The number of axes that its term names.</param>
    /// <param name="term">The term.</param>
    /// <param name="name">The operand's name.</param>
    /// <exception cref="ArgumentNullException">There is no operand.</exception>
    /// <exception cref="ArgumentException">It has fewer axes.</exception>
    public static void CheckRankAtLeast<T>(
        [NotNull] Tensor<T>? operand, int rank, string term, [CallerArgumentExpression(nameof(operand))] string name = "")
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(operand, name);
        if (operand.Rank < rank)
            throw WrongRank(Tensor<T>.Format(operand.Shape), operand.Rank, rank, term, name, "at least ");
    }

    /// <summary>A span has as many axes as its term; a scalar, which a span cannot be, is one of a single element.</summary>
    /// <param name="lengths">The span's lengths.</param>
    /// <param name="rank">The number of axes in its term.</param>
    /// <param name="term">The term.</param>
    /// <param name="name">The operand's name.</param>
    /// <exception cref="ArgumentException">It has another number of axes.</exception>
    public static void CheckRank(ReadOnlySpan<nint> lengths, int rank, string term, string name)
    {
        bool isScalar = rank == 0 && lengths.Length == 1 && lengths[0] == 1;
        if (lengths.Length != rank && !isScalar)
            throw WrongRank(Format(lengths), lengths.Length, rank, term, name, "");
    }

    /// <summary>A span whose term has an ellipsis has at least the axes that the term names.</summary>
    /// <param name="lengths">The span's lengths.</param>
    /// <param name="rank">The number of axes that its term names.</param>
    /// <param name="term">The term.</param>
    /// <param name="name">The operand's name.</param>
    /// <exception cref="ArgumentException">It has fewer axes.</exception>
    public static void CheckRankAtLeast(ReadOnlySpan<nint> lengths, int rank, string term, string name)
    {
        if (lengths.Length < rank)
            throw WrongRank(Format(lengths), lengths.Length, rank, term, name, "at least ");
    }

    /// <summary>An axis has the size that it was first bound to.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="size">Its size.</param>
    /// <param name="boundBy">The operand that it was first bound by.</param>
    /// <param name="found">Its size here.</param>
    /// <param name="name">The operand here.</param>
    /// <exception cref="ArgumentException">The two sizes differ.</exception>
    public static void CheckSize(string axis, int size, string boundBy, int found, string name)
    {
        if (found != size)
            throw WrongSize(axis, size, boundBy, found, name);
    }

    /// <summary>An axis has the size that the class pins it to.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="size">Its size.</param>
    /// <param name="found">Its size here.</param>
    /// <param name="name">The operand here.</param>
    /// <exception cref="ArgumentException">The two sizes differ.</exception>
    public static void CheckPinned(string axis, int size, int found, string name)
    {
        if (found != size)
            throw new ArgumentException(Text($"Axis '{axis}' is pinned to {size}, and is {found} in '{name}'."), name);
    }

    /// <summary>As many operands as terms.</summary>
    /// <param name="operands">How many there are.</param>
    /// <param name="terms">The number of terms.</param>
    /// <param name="equation">The equation.</param>
    /// <exception cref="ArgumentException">The two differ.</exception>
    public static void CheckCount(int operands, int terms, string equation)
    {
        if (operands != terms)
            throw new ArgumentException(
                Text($"\"{equation}\" has {terms} terms, and the number of operands given is {operands}."), nameof(operands));
    }

    /// <summary>A destination shares no memory with an operand: what is written would be read again.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="destination">The destination's elements.</param>
    /// <param name="operand">The operand's elements.</param>
    /// <param name="destinationName">The destination's name.</param>
    /// <param name="name">The operand's name.</param>
    /// <exception cref="ArgumentException">They overlap.</exception>
    public static void CheckApart<T>(ReadOnlySpan<T> destination, ReadOnlySpan<T> operand, string destinationName, string name)
    {
        if (destination.Overlaps(operand))
            {
            throw new ArgumentException(
                $"The memory of '{destinationName}' overlaps that of '{name}', which is read while '{destinationName}' is written.",
                destinationName);
        }
    }

    private static ArgumentException WrongRank(string shape, int found, int rank, string term, string name, string atLeast)
    {
        string hint = rank == 1 && term.Length == found && found > 1
            ? $" Axes are separated by spaces: '{string.Join(' ', term.ToCharArray())}'." : "";
        return new ArgumentException(Text($"'{name}' has {Axes(found)}, {shape}, and its term '{term}' has {atLeast}{rank}.") + hint, name);
    }

    private static ArgumentException WrongSize(string axis, int size, string boundBy, int found, string name)
    {
        string hint = size == 1 || found == 1 ? " An axis of size 1 is not broadcast." : "";
        return new ArgumentException(boundBy == name
            ? Text($"Axis '{axis}' is {size} where '{name}' first has it, and {found} where it has it again: a diagonal is of equal sizes.")
            : Text($"Axis '{axis}' is {size} in '{boundBy}', where it was first bound, and {found} in '{name}'.") + hint, name);
    }

    private static string Axes(int count) => count == 0 ? "no axes" : count == 1 ? "1 axis" : Text($"{count} axes");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    internal static string Format(ReadOnlySpan<nint> lengths)
    {
        string[] extents = new string[lengths.Length];
        for (int i = 0; i < extents.Length; i++)
            extents[i] = lengths[i].ToString(CultureInfo.InvariantCulture);
        return "[" + string.Join(", ", extents) + "]";
    }
}
