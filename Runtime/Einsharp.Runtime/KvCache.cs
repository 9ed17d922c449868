using System.ComponentModel;
using Einsharp.Cpu;

namespace Einsharp;

/// <summary>A sequence would outgrow the cache. Nothing of the call was written.</summary>
public sealed class CacheFullException : InvalidOperationException
{
    /// <summary>Makes one.</summary>
    public CacheFullException()
        : this("the cache is full")
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">What did not fit.</param>
    public CacheFullException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">What did not fit.</param>
    /// <param name="innerException">Why.</param>
    public CacheFullException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// What a model has computed for the positions seen so far, of a batch of sequences that each have their own length. A model's
/// <c>CreateCache</c> makes one. One call at a time may use it; different caches are independent.
/// </summary>
public sealed class KvCache : IDisposable
{
    private readonly SlotGeometry[] _geometry;
    private readonly AlignedMemory? _memory; // of all slots, so that small ones share large pages
    private readonly long[] _offsets; // of each slot, in floats
    private readonly int[] _held; // of each slot: the positions of a sequence that there is memory for
    private readonly CacheRing[] _rings; // those of slots that hold fewer than the capacity, each once
    private readonly int[] _lengths;
    private readonly int[] _written; // of each sequence: one more than the last position written since it was empty
    private readonly int[] _pending;
    private readonly int[] _counts;
    private bool _hasPending;
    private bool _disposed;

    /// <summary>Allocates the memory, zeroed.</summary>
    /// <param name="batch">How many sequences.</param>
    /// <param name="capacity">The most positions of a sequence.</param>
    /// <param name="slots">What is kept of a position, in the order of the model's slots.</param>
    /// <param name="device">
    /// Where the memory is to be; the processor by default. For another device nothing is allocated here: the session of the cache, which
    /// knows the device, does.
    /// </param>
    /// <param name="format">How elements are kept.</param>
    /// <param name="chunk">
    /// The most positions of a call, of all sequences together, that are written before they are read. A slot that is read in a window holds
    /// no more than the window and a chunk.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A size is less than 1, or the cache would be too large to address.</exception>
    /// <exception cref="InsufficientMemoryException">The system has not that much memory.</exception>
    /// <exception cref="NotSupportedException">Another device than the processor is to keep another format than f32.</exception>
    public KvCache(
        int batch, int capacity, ReadOnlySpan<SlotGeometry> slots, Device? device = null, CacheFormat format = CacheFormat.F32,
        int chunk = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, int.MaxValue - CacheSlot.BlockSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(chunk, 1);
        foreach (SlotGeometry slot in slots)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(slot.Heads, 1, slot.Name);
            ArgumentOutOfRangeException.ThrowIfLessThan(slot.Size, 1, slot.Name);
            ArgumentOutOfRangeException.ThrowIfNegative(slot.Window, slot.Name);
        }
        bool isHere = device is null or CpuDevice;
        if (!isHere && format != CacheFormat.F32)
            throw new NotSupportedException(FormattableString.Invariant($"{device} keeps a cache in F32 only; {format} was asked for"));
        _held = new int[slots.Length];
        _offsets = new long[slots.Length];
        long floats = 0;
        for (int i = 0; i < slots.Length; i++)
        {
            _held[i] = CacheRing.Positions(isHere ? slots[i].Window : 0, Math.Max(1, chunk / batch), capacity);
            _offsets[i] = floats;
            floats = checked(floats + Floats(batch, capacity, _held[i], format, slots[i]));
        }
        Bytes = checked(floats * sizeof(float));
        Batch = batch;
        Capacity = capacity;
        Format = format;
        _geometry = slots.ToArray();
        _rings = [.. _geometry.Zip(_held, (slot, held) => new CacheRing(slot.Window, held)).Where(ring => ring.Held < capacity).Distinct()];
        _lengths = new int[batch];
        _written = new int[batch];
        _pending = new int[batch];
        _counts = new int[batch];
        if (isHere) _memory = new AlignedMemory(floats, "the key/value cache");
    }

    /// <summary>How many sequences.</summary>
    public int Batch { get; }

    /// <summary>The most positions of a sequence.</summary>
    public int Capacity { get; }

    /// <summary>How elements are kept.</summary>
    public CacheFormat Format { get; }

    /// <summary>The memory of all slots, scales included. Where slots are read in windows, it does not grow with the capacity.</summary>
    public long Bytes { get; }

    /// <summary>What is kept of a position, in the order of the model's slots.</summary>
    internal ReadOnlySpan<SlotGeometry> Geometry => _geometry;

    /// <summary>How many positions each sequence has.</summary>
    public ReadOnlySpan<int> Lengths => _lengths;

    /// <summary>The workspace and results of the forward pass that uses this cache.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public ForwardSession? Session { get; set; }

    /// <summary>
    /// Drops the last positions of a sequence. Where slots are read in windows, positions long past are gone, and a sequence can be cut only
    /// to a length whose windows are still there, or to 0. Of the most positions that it has had since it was empty, the last 256, divided by
    /// the batch, can always be dropped.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="length">How many positions stay: 0 to its present length.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence, or it is shorter.</exception>
    /// <exception cref="InvalidOperationException">What the remaining positions need is gone; nothing was dropped.</exception>
    public void Truncate(int sequence, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sequence, Batch);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _lengths[sequence]);
        CheckHeld(sequence, length, "cannot be cut to");
        _lengths[sequence] = length;
        if (length == 0) _written[sequence] = 0;
    }

    /// <summary>Drops all positions of all sequences, and the counts set for the next call.</summary>
    public void Clear()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Array.Clear(_lengths);
        Array.Clear(_written);
        _hasPending = false;
    }

    /// <summary>
    /// Says how many of the next call's new positions are real for each sequence; the rest is padding on the right. Without it, all are.
    /// Holds for one call, also if that fails.
    /// </summary>
    /// <param name="counts">A number for each sequence; 0 leaves a sequence as it is.</param>
    /// <exception cref="ArgumentException">Not one number a sequence.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public void SetCounts(ReadOnlySpan<int> counts)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (counts.Length != Batch)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"{counts.Length} counts were given for {Batch} sequences"), nameof(counts));
        }
        foreach (int count in counts) ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(counts));
        counts.CopyTo(_pending);
        _hasPending = true;
    }

    /// <summary>Takes the counts of this call: those set, or all columns. The next call starts afresh.</summary>
    /// <param name="batch">The sequences of the call.</param>
    /// <param name="columns">The new positions of the call, padding included.</param>
    /// <exception cref="ArgumentException">The call has another batch, or fewer columns than a count that was set.</exception>
    internal ReadOnlySpan<int> TakeCounts(int batch, int columns)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        bool pending = _hasPending;
        _hasPending = false;
        if (batch != Batch)
            throw new ArgumentException(FormattableString.Invariant($"the call has {batch} sequences, its cache {Batch}"), nameof(batch));
        if (!pending)
        {
            Array.Fill(_counts, columns);
            return _counts;
        }
        for (int i = 0; i < Batch; i++)
        {
            if (_pending[i] <= columns) continue;
            throw new ArgumentException(FormattableString.Invariant(
                $"SetCounts gave sequence {i} {_pending[i]} new positions, but the call has {columns}"), nameof(columns));
        }
        _pending.CopyTo(_counts, 0);
        return _counts;
    }

    /// <summary>Checks that a call's positions fit, before anything is written.</summary>
    /// <param name="counts">How many each sequence gets.</param>
    /// <exception cref="CacheFullException">A sequence would outgrow the cache.</exception>
    /// <exception cref="InvalidOperationException">A call that failed half-way has written over what a sequence needs.</exception>
    internal void Reserve(ReadOnlySpan<int> counts)
    {
        CheckCapacity(counts);
        for (int i = 0; i < Batch; i++)
        {
            if (counts[i] > 0) CheckHeld(i, _lengths[i], "cannot go on, after a call that failed, from");
        }
    }

    /// <summary>Notes what is about to be written, which a ring does not forget if the call fails.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="end">One more than the last position.</param>
    internal void Touch(int sequence, int end) => _written[sequence] = Math.Max(_written[sequence], end);

    /// <summary>Makes a call's positions part of their sequences.</summary>
    /// <param name="counts">How many each sequence got.</param>
    internal void Commit(ReadOnlySpan<int> counts)
    {
        CheckCapacity(counts);
        for (int i = 0; i < Batch; i++)
        {
            _lengths[i] += counts[i];
            Touch(i, _lengths[i]);
        }
    }

    /// <summary>The memory of a slot.</summary>
    /// <param name="index">The slot's number in the model.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public unsafe CacheSlot Slot(int index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new CacheSlot(_memory!.Pointer + _offsets[index], Batch, Capacity, _held[index], Format, _geometry[index]);
    }

    /// <summary>Frees the memory.</summary>
    /// <exception cref="InvalidOperationException">A call is using it.</exception>
    public void Dispose()
    {
        Session?.Dispose();
        _disposed = true;
        _memory?.Dispose();
    }

    private void CheckCapacity(ReadOnlySpan<int> counts)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        for (int i = 0; i < Batch; i++)
        {
            if (counts[i] <= Capacity - _lengths[i]) continue;
            throw new CacheFullException(FormattableString.Invariant(
                $"the cache holds {Capacity} positions a sequence; sequence {i} has {_lengths[i]} and {counts[i]} more were given"));
        }
    }

    private void CheckHeld(int sequence, int length, string what)
    {
        foreach (CacheRing ring in _rings)
        {
            if (ring.CanGoOn(length, _written[sequence])) continue;
            throw new InvalidOperationException(FormattableString.Invariant(
                $"sequence {sequence} {what} {length} positions: a window of {ring.Window} reads those from {ring.First(length)} on, and the ")
                + FormattableString.Invariant($"ring of {ring.Held} has those from {ring.Left(_written[sequence])} on; cut it to 0 and give them again"));
        }
    }

    // A slot begins on a cache line.
    private static long Floats(int batch, int capacity, int held, CacheFormat format, SlotGeometry slot)
    {
        const long Line = AlignedMemory.Alignment / sizeof(float);
        try
        {
            // Below 2^62 bytes, so that sums of a model's slots do not overflow either.
            long blocks = checked((long)batch * (held / CacheSlot.BlockSize) * slot.Heads);
            long floats = checked(blocks * (format.BlockBytes(slot.Size) / sizeof(float)));
            if (floats < 1L << 52) return (floats + Line - 1) / Line * Line;
        }
        catch (OverflowException)
        {
            // The same answer as to what is merely absurd.
        }
        throw new ArgumentOutOfRangeException(nameof(capacity), FormattableString.Invariant(
            $"slot {slot.Name}: {batch} sequences × {capacity} positions × {slot.Heads} heads × {slot.Size} elements cannot be addressed"));
    }
}
