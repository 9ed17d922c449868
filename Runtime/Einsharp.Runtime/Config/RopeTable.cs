using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Einsharp;

/// <summary>
/// The cosines and sines of a <see cref="Rope"/> for heads of one size: computed in double, kept as float. It never changes.
/// </summary>
public sealed class RopeTable
{
    private readonly float[] _cosines;
    private readonly float[] _sines;
    private readonly int _half;

    internal RopeTable(Rope rope, int size, int positions, int span)
    {
        _half = rope.Turned(size) / 2;
        Size = size;
        Span = span;
        Positions = positions;
        Layout = rope.Layout;
        _cosines = GC.AllocateUninitializedArray<float>(positions * _half);
        _sines = GC.AllocateUninitializedArray<float>(positions * _half);
        double amplitude = rope.Scaling?.Amplitude ?? 1;
        for (int pair = 0; pair < _half; pair++)
        {
            double frequency = rope.Frequency(pair, size, span);
            for (int position = 0; position < positions; position++)
            {
                (double sine, double cosine) = Math.SinCos(position * frequency);
                _cosines[position * _half + pair] = (float)(amplitude * cosine);
                _sines[position * _half + pair] = (float)(amplitude * sine);
            }
        }
    }

    /// <summary>The size of the heads it turns.</summary>
    public int Size { get; }

    /// <summary>How many values of a head it turns, the first ones; even.</summary>
    public int Turned => 2 * _half;

    /// <summary>How many positions its frequencies are for, where they depend on it; else 0.</summary>
    internal int Span { get; }

    /// <summary>It knows the positions 0 … Positions - 1.</summary>
    public int Positions { get; }

    /// <summary>Which values are a pair.</summary>
    public RopeLayout Layout { get; }

    /// <summary>The cosines, [position][pair], row-major, <see cref="Turned"/>/2 pairs; scaled by the amplitude of the rotation.</summary>
    public ReadOnlySpan<float> Cosines => _cosines;

    /// <summary>The sines, [position][pair], row-major, <see cref="Turned"/>/2 pairs; scaled by the amplitude of the rotation.</summary>
    public ReadOnlySpan<float> Sines => _sines;

    /// <summary>Turns one head, in place, to a position.</summary>
    /// <param name="head">The <see cref="Size"/> values of the head.</param>
    /// <param name="position">0 ≤ position &lt; <see cref="Positions"/>.</param>
    /// <exception cref="ArgumentException">The head has another size.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The table does not know the position.</exception>
    public void Apply(Span<float> head, int position)
    {
        if (head.Length != Size) ThrowOtherSize(head);
        if ((uint)position >= (uint)Positions) ThrowUnknownPosition(position);

        ref float x = ref MemoryMarshal.GetReference(head);
        ref float cosines = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_cosines), position * _half);
        ref float sines = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_sines), position * _half);
        if (Layout == RopeLayout.Halves)
            TurnHalves(ref x, ref cosines, ref sines, _half);
        else
            TurnNeighbours(ref x, ref cosines, ref sines, _half);
    }

    /// <summary>The positions to make a table for: a power of two, unless only fewer fit.</summary>
    internal static int RoundUp(int size, int turned, int positions)
    {
        if (size < 2 || (turned == size && size % 2 != 0))
            throw new ArgumentOutOfRangeException(nameof(size), size, "a rotation turns pairs: the size of a head is even and at least 2");
        if (turned < 2 || turned % 2 != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(size), string.Create(CultureInfo.InvariantCulture,
                $"a rotation turns pairs: of a head of {size} it turns {turned}, expected an even number of at least 2"));
        }
        ArgumentOutOfRangeException.ThrowIfNegative(positions);
        int most = Array.MaxLength / (turned / 2);
        if (positions > most)
            throw new ArgumentOutOfRangeException(nameof(positions), string.Create(CultureInfo.InvariantCulture,
                $"a table of rotations for heads of {size} holds at most {most} positions, {positions} were asked for"));
        return (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)Math.Max(positions, 64)), (uint)most);
    }

    private static void TurnHalves(ref float x, ref float cosines, ref float sines, int half)
    {
        ref float y = ref Unsafe.Add(ref x, half);
        int i = 0;
        for (; i + Vector256<float>.Count <= half; i += Vector256<float>.Count)
        {
            Vector256<float> a = Vector256.LoadUnsafe(ref x, (nuint)i), b = Vector256.LoadUnsafe(ref y, (nuint)i);
            Vector256<float> cosine = Vector256.LoadUnsafe(ref cosines, (nuint)i), sine = Vector256.LoadUnsafe(ref sines, (nuint)i);
            (a * cosine - b * sine).StoreUnsafe(ref x, (nuint)i);
            (b * cosine + a * sine).StoreUnsafe(ref y, (nuint)i);
        }
        for (; i < half; i++)
            Turn(ref Unsafe.Add(ref x, i), ref Unsafe.Add(ref y, i), Unsafe.Add(ref cosines, i), Unsafe.Add(ref sines, i));
    }

    private static void TurnNeighbours(ref float x, ref float cosines, ref float sines, int half)
    {
        int i = 0;
        for (; i + Vector128<float>.Count <= half; i += Vector128<float>.Count)
        {
            Vector256<float> v = Vector256.LoadUnsafe(ref x, (nuint)(2 * i));
            Vector256<float> swapped = Vector256.Shuffle(v, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            Vector256<float> cosine = Twice(Vector128.LoadUnsafe(ref cosines, (nuint)i));
            Vector256<float> sine = Twice(Vector128.LoadUnsafe(ref sines, (nuint)i)) * Vector256.Create(-1f, 1, -1, 1, -1, 1, -1, 1);
            (v * cosine + swapped * sine).StoreUnsafe(ref x, (nuint)(2 * i));
        }
        for (; i < half; i++)
            Turn(ref Unsafe.Add(ref x, 2 * i), ref Unsafe.Add(ref x, 2 * i + 1), Unsafe.Add(ref cosines, i), Unsafe.Add(ref sines, i));
    }

    /// <summary>c0 c0 c1 c1 c2 c2 c3 c3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Twice(Vector128<float> c) =>
        Vector256.Shuffle(Vector256.Create(c, c), Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3));

    private static void Turn(ref float x, ref float y, float cosine, float sine)
    {
        float a = x, b = y;
        x = a * cosine - b * sine;
        y = b * cosine + a * sine;
    }

    [DoesNotReturn]
    private void ThrowOtherSize(Span<float> head) => throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
        $"this table turns heads of {Size} values, found {head.Length}"), nameof(head));

    [DoesNotReturn]
    private void ThrowUnknownPosition(int position) =>
        throw new ArgumentOutOfRangeException(nameof(position), string.Create(CultureInfo.InvariantCulture,
        $"this table knows positions 0 to {Positions - 1}, found {position}"));
}
