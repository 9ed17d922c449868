using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Einsharp;

/// <summary>How a slot of a cache lies in memory.</summary>
public enum SlotLayout
{
    /// <summary>[sequence][head][position][size]: a position's vector is contiguous. For values.</summary>
    Rows,

    /// <summary>
    /// [sequence][head][position / 16][size][16]: 16 positions' elements are contiguous, so that 16 scores are one vector of sums. For
    /// keys.
    /// </summary>
    Blocked,
}

/// <summary>What one appended value of a model keeps of each position.</summary>
/// <param name="Name">The value's name in the declaration.</param>
/// <param name="Heads">How many vectors a position has.</param>
/// <param name="Size">The length of a vector, in floats.</param>
/// <param name="Layout">How they lie in memory.</param>
public readonly record struct SlotGeometry(string Name, int Heads, int Size, SlotLayout Layout);

/// <summary>One slot of a <see cref="KvCache"/> during a call of generated code. Valid until the cache is disposed.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe struct CacheSlot
{
    /// <summary>Positions in a block of <see cref="SlotLayout.Blocked"/>.</summary>
    public const int BlockSize = 16;

    private readonly float* _memory;
    private readonly int _batch;
    private readonly int _heads;
    private readonly int _size;
    private readonly int _capacity;
    private readonly bool _blocked;

    internal CacheSlot(float* memory, int batch, int capacity, SlotGeometry geometry)
    {
        _memory = memory;
        _batch = batch;
        _heads = geometry.Heads;
        _size = geometry.Size;
        _capacity = Padded(capacity);
        _blocked = geometry.Layout == SlotLayout.Blocked;
    }

    /// <summary>Positions that a sequence's memory is laid out for: the capacity in whole blocks.</summary>
    internal static int Padded(int capacity) => checked(capacity + BlockSize - 1) / BlockSize * BlockSize;

    /// <summary>Writes the vector of one position.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="head">The head.</param>
    /// <param name="position">The position.</param>
    /// <param name="vector">The slot's size in floats.</param>
    public void Append(int sequence, int head, int position, ReadOnlySpan<float> vector)
    {
        if (vector.Length != _size) ThrowLength(vector.Length);
        float* block = At(sequence, head, position & -BlockSize, BlockSize);
        int place = position % BlockSize;
        if (_blocked)
        {
            float* to = block + place;
            for (int k = 0; k < vector.Length; k++) to[(nint)k * BlockSize] = vector[k];
        }
        else
        {
            vector.CopyTo(new Span<float>(block + (nint)place * _size, _size));
        }
    }

    /// <summary>
    /// The memory of consecutive positions. Of <see cref="SlotLayout.Rows"/>: [count][size]. Of <see cref="SlotLayout.Blocked"/>:
    /// [blocks][size][16], as many blocks as <paramref name="count"/> positions touch.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="head">The head.</param>
    /// <param name="position">The first position; a multiple of 16 if the slot is blocked.</param>
    /// <param name="count">How many positions.</param>
    /// <remarks>
    /// Positions that were never written are zeros, and truncated ones hold their old values: finite numbers if the model's were, but not
    /// part of the sequence, so the reader must leave them out.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<float> Block(int sequence, int head, int position, int count)
    {
        if (_blocked) count = (count + BlockSize - 1) & -BlockSize;
        if (_blocked && position % BlockSize != 0) ThrowRange();
        return new ReadOnlySpan<float>(At(sequence, head, position, count), count * _size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float* At(int sequence, int head, int position, int count)
    {
        if ((uint)sequence >= (uint)_batch || (uint)head >= (uint)_heads) ThrowRange();
        if ((position | count) < 0 || position > _capacity - count) ThrowRange();
        return _memory + (((nint)sequence * _heads + head) * _capacity + position) * _size;
    }

    private static void ThrowRange() =>
        throw new ArgumentOutOfRangeException(null, "a sequence, head or position outside the cache, or inside a block of a blocked slot");

    private void ThrowLength(int length) =>
        throw new ArgumentException(FormattableString.Invariant($"a vector of {length} floats was given to a slot of size {_size}"));
}
