using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Einsharp.Cpu;

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
/// <param name="Size">The length of a vector, in elements.</param>
/// <param name="Layout">How they lie in memory.</param>
/// <param name="Window">
/// How far back the slot is read: a query at position i reads positions after i − <paramref name="Window"/> only. 0 where it reads all.
/// </param>
public readonly record struct SlotGeometry(string Name, int Heads, int Size, SlotLayout Layout, int Window = 0);

/// <summary>
/// One slot of a <see cref="KvCache"/> during a call of generated code. Valid until the cache is disposed. Position p lies at p mod the
/// positions that the slot has memory for.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe struct CacheSlot
{
    /// <summary>
    /// Positions in a block of <see cref="SlotLayout.Blocked"/>. In <see cref="CacheFormat.Int8"/> both layouts are blocks of so many, each
    /// begun by its scales, so that a reader has one stream.
    /// </summary>
    public const int BlockSize = 16;

    private readonly byte* _memory;
    private readonly nint _blockBytes;
    private readonly int _batch;
    private readonly int _heads;
    private readonly int _size;
    private readonly int _capacity;
    private readonly int _held;
    private readonly CacheFormat _format;
    private readonly bool _blocked;

    /// <param name="memory">Where it is.</param>
    /// <param name="batch">How many sequences.</param>
    /// <param name="capacity">The most positions of a sequence.</param>
    /// <param name="held">The positions of a sequence that there is memory for: whole blocks, and whole steps if fewer than the capacity.</param>
    /// <param name="format">How elements are kept.</param>
    /// <param name="geometry">What is kept of a position.</param>
    internal CacheSlot(void* memory, int batch, int capacity, int held, CacheFormat format, SlotGeometry geometry)
    {
        _memory = (byte*)memory;
        _blockBytes = (nint)format.BlockBytes(geometry.Size);
        _batch = batch;
        _heads = geometry.Heads;
        _size = geometry.Size;
        _capacity = Padded(capacity);
        _held = held;
        _format = format;
        _blocked = geometry.Layout == SlotLayout.Blocked;
    }

    /// <summary>The length of a vector.</summary>
    internal int Size => _size;

    /// <summary>Positions in whole blocks.</summary>
    internal static int Padded(int positions) => checked(positions + BlockSize - 1) / BlockSize * BlockSize;

    /// <summary>Writes the vector of one position.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="head">The head.</param>
    /// <param name="position">The position.</param>
    /// <param name="vector">The slot's size in floats.</param>
    public void Append(int sequence, int head, int position, ReadOnlySpan<float> vector)
    {
        if (vector.Length != _size) ThrowLength(vector.Length);
        byte* block = At(sequence, head, position & -BlockSize, BlockSize);
        int place = position % BlockSize;
        nint first = _blocked ? place : (nint)place * _size, stride = _blocked ? BlockSize : 1;
        switch (_format)
        {
            case CacheFormat.F32 when _blocked:
                float* to = (float*)block + place;
                for (int k = 0; k < vector.Length; k++) to[(nint)k * BlockSize] = vector[k];
                break;
            case CacheFormat.F32:
                vector.CopyTo(new Span<float>((float*)block + first, _size));
                break;
            case CacheFormat.BF16:
                CacheNarrowing.BFloat16(vector, (ushort*)block + first, stride);
                break;
            default:
                int scales = CacheFormats.Scales(_size);
                float* scale = (float*)block + (_blocked ? place : place * scales);
                CacheNarrowing.Int8(vector, scale, stride, (sbyte*)block + (nint)scales * BlockSize * sizeof(float) + first, stride);
                break;
        }
    }

    /// <summary>
    /// The memory of consecutive positions, in <see cref="CacheFormat.F32"/>. Of <see cref="SlotLayout.Rows"/>: [count][size]. Of
    /// <see cref="SlotLayout.Blocked"/>: [blocks][size][16], as many blocks as <paramref name="count"/> positions touch.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="head">The head.</param>
    /// <param name="position">The first position; a multiple of 16 if the slot is blocked.</param>
    /// <param name="count">How many positions; they must not lie on both sides of a multiple of what a ring holds.</param>
    /// <exception cref="InvalidOperationException">The slot has another format.</exception>
    /// <remarks>
    /// Positions that were never written are zeros, and truncated ones hold their old values: finite numbers if the model's were, but not
    /// part of the sequence, so the reader must leave them out.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<float> Block(int sequence, int head, int position, int count)
    {
        if (_format != CacheFormat.F32) ThrowFormat();
        if (_blocked) count = (count + BlockSize - 1) & -BlockSize;
        if (_blocked && position % BlockSize != 0) ThrowRange();
        return new ReadOnlySpan<float>(At(sequence, head, position, count), count * _size);
    }

    /// <summary>As <see cref="Block"/>, in any format: in place if that is f32, and else widened.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="head">The head.</param>
    /// <param name="position">The first position; a multiple of 16.</param>
    /// <param name="count">How many positions.</param>
    /// <param name="scratch">Memory for as many positions in whole blocks.</param>
    /// <param name="fetches">
    /// Whether as many positions that follow are fetched from memory meanwhile. Of f32 alone: others take longer to widen than to come.
    /// </param>
    internal float* Read(int sequence, int head, int position, int count, float* scratch, bool fetches)
    {
        if (position % BlockSize != 0) ThrowRange();
        int whole = (count + BlockSize - 1) & -BlockSize;
        byte* from = At(sequence, head, position, whole);
        if (_format == CacheFormat.F32)
        {
            nint bytes = whole / BlockSize * _blockBytes;
            if (fetches) Lines.Fetch(from + bytes, bytes);
            return (float*)from;
        }
        if (Vector512.IsHardwareAccelerated) Widen<Width512, Vector512<float>>(from, count, whole, scratch);
        else if (Vector256.IsHardwareAccelerated) Widen<Width256, Vector256<float>>(from, count, whole, scratch);
        else Widen<Width128, Vector128<float>>(from, count, whole, scratch);
        return scratch;
    }

    private void Widen<W, V>(byte* from, int count, int whole, float* to)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        if (_format == CacheFormat.BF16)
            CacheTiles<W, V>.WidenBFloat16((ushort*)from, _blocked ? whole * _size : (count * _size + 15) & -16, to);
        else if (_blocked)
            CacheTiles<W, V>.WidenKeys(from, whole / BlockSize, _size, to);
        else
            CacheTiles<W, V>.WidenValues(from, count, _size, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* At(int sequence, int head, int position, int count)
    {
        if ((uint)sequence >= (uint)_batch || (uint)head >= (uint)_heads) ThrowRange();
        if ((position | count) < 0 || position > _capacity - count) ThrowRange();
        int place = position < _held ? position : position % _held;
        if (place > _held - count) ThrowRange();
        byte* block = _memory + (((nint)sequence * _heads + head) * (_held / BlockSize) + place / BlockSize) * _blockBytes;

        // Only f32 is asked for what does not begin a block.
        return block + (nint)(place % BlockSize) * _size * sizeof(float);
    }

    private static void ThrowRange() =>
        throw new ArgumentOutOfRangeException(null, "a sequence, head or position outside the cache, or inside a block of a blocked slot");

    private void ThrowFormat() =>
        throw new InvalidOperationException(FormattableString.Invariant($"a slot in {_format} has no floats to point at"));

    private void ThrowLength(int length) =>
        throw new ArgumentException(FormattableString.Invariant($"a vector of {length} floats was given to a slot of size {_size}"));
}
