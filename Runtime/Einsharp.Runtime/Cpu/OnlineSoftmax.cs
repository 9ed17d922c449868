using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>
/// Attention of a block of queries over positions that come in steps: softmax(queries · keys) · values with a running maximum and sum, so
/// that no more than <see cref="Step"/> scores a query exist at a time (Milakov and Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022,
/// arXiv:2205.14135).
/// </summary>
/// <remarks>
/// For each step, in order: <see cref="Scores(CacheSlot, int, int, int, int)"/>, then what modifies them (<see cref="Scale"/>, <see cref="SoftCap"/>, <see cref="Alibi"/>,
/// <see cref="Causal"/>, <see cref="Window"/>, <see cref="Mask"/>), then <see cref="Accumulate(CacheSlot, int, int, int)"/>. Steps begin at multiples of
/// <see cref="Step"/>, and one that no query sees may be left out. A query's result depends on its own vector and the positions that it sees,
/// not on the other queries of its block: one row or many agree bit for bit. Scores that are hidden must not be made visible again. Keys and
/// values are floats for the tiles: those of a cache in f32 are read where they lie, others are first widened, a step at a time.
/// </remarks>
public readonly unsafe ref partial struct OnlineSoftmax
{
    /// <summary>Positions in a step.</summary>
    public const int Step = 64;

    // Of so few queries a step takes less time than its keys and values take to come from memory.
    private const int Few = 16;

    private readonly int _queries;
    private readonly int _size;
    private readonly int _valueSize;
    private readonly float* _query; // [queries][size]
    private readonly float* _score; // [queries][Step]
    private readonly float* _sum; // [queries][valueSize]: the values seen so far, weighted
    private readonly float* _max; // [queries]: of the scores seen so far
    private readonly float* _total; // [queries]: of the weights exp(score - max) seen so far
    private readonly float* _factor; // [queries, in whole lines]: by which a step rescales what was seen before
    private readonly int* _visible; // [queries]: a query sees no position of this step from here on
    private readonly float* _slope; // [queries]: of ALiBi
    private readonly float* _wide; // [Step][size or valueSize]: a step's keys, and then its values, where a cache has them in another format

    /// <summary>Starts a block: nothing seen yet.</summary>
    /// <param name="worker">Owns the memory, which the next block of the same worker takes over.</param>
    /// <param name="queries">How many queries share the keys and values.</param>
    /// <param name="size">The length of a query and a key.</param>
    /// <param name="valueSize">The length of a value and a result.</param>
    public OnlineSoftmax(Worker worker, int queries, int size, int valueSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queries, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfLessThan(valueSize, 1);
        _queries = queries;
        _size = size;
        _valueSize = valueSize;
        int wide = checked(Step * Math.Max(size, valueSize));
        float* memory = worker.Tiles(checked(queries * (size + Step + valueSize + 5) + 4 * Line + wide));
        _score = memory;
        _sum = _score + Aligned(queries * Step);
        _factor = _sum + Aligned(queries * valueSize);
        _query = _factor + Aligned(queries);
        _max = _query + queries * size;
        _total = _max + queries;
        _visible = (int*)(_total + queries);
        _slope = (float*)(_visible + queries);
        _wide = memory + Aligned((int)(_slope + queries - memory));
        new Span<float>(_sum, queries * valueSize).Clear();
        new Span<float>(_max, queries).Fill(float.NegativeInfinity);
        new Span<float>(_total, queries).Clear();
    }

    private const int Line = AlignedMemory.Alignment / sizeof(float);

    /// <summary>Gives a query its vector.</summary>
    /// <param name="index">The query, 0 to the number of queries - 1.</param>
    /// <param name="query">The vector.</param>
    /// <param name="scale">A factor of its scores, 1/√size as a rule.</param>
    public void Load(int index, ReadOnlySpan<float> query, float scale)
    {
        Check(index, query.Length, _size);
        System.Numerics.Tensors.TensorPrimitives.Multiply(query, scale, new Span<float>(_query + (nint)index * _size, _size));
    }

    /// <summary>Gives a query its vector, whose elements lie apart.</summary>
    /// <param name="index">The query, 0 to the number of queries - 1.</param>
    /// <param name="query">Its first element, and what follows.</param>
    /// <param name="stride">How far apart elements are.</param>
    /// <param name="scale">A factor of its scores.</param>
    public void Load(int index, ReadOnlySpan<float> query, int stride, float scale)
    {
        Check(index, _size, _size);
        float* to = _query + (nint)index * _size;
        for (int k = 0; k < _size; k++) to[k] = query[k * stride] * scale;
    }

    /// <summary>Computes the scores of the next positions. All queries see all of them until a mask says otherwise.</summary>
    /// <param name="keys">Keys in blocks [positions / 16][size][16]; lanes past <paramref name="count"/> are read and left out.</param>
    /// <param name="count">How many positions: <see cref="Step"/>, or fewer in the last step.</param>
    public void Scores(ReadOnlySpan<float> keys, int count)
    {
        CheckCount(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(keys.Length, Blocks(count) * CacheSlot.BlockSize * _size, nameof(keys));
        fixed (float* k = keys) Scores(k, count);
    }

    /// <summary>Computes the scores of the next positions. All queries see all of them until a mask says otherwise.</summary>
    /// <param name="keys">The keys' slot of a cache, of the size of a query.</param>
    /// <param name="sequence">The sequence.</param>
    /// <param name="head">The head.</param>
    /// <param name="step">The first position.</param>
    /// <param name="count">How many positions: <see cref="Step"/>, or fewer in the last step.</param>
    public void Scores(CacheSlot keys, int sequence, int head, int step, int count)
    {
        CheckCount(count);
        CheckSize(keys, _size);
        Scores(keys.Read(sequence, head, step, count, _wide, Fetches(count)), count);
    }

    /// <summary>Takes the step's scores into the softmax, and the values with them.</summary>
    /// <param name="values">[positions][valueSize], at least up to the last position that any query sees.</param>
    public void Accumulate(ReadOnlySpan<float> values)
    {
        int count = Visible();
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, count * _valueSize, nameof(values));
        if (count == 0) return;
        fixed (float* v = values) Accumulate(v, count);
    }

    /// <summary>Takes the step's scores into the softmax, and the values with them.</summary>
    /// <param name="values">The values' slot of a cache, of the size of a result.</param>
    /// <param name="sequence">The sequence.</param>
    /// <param name="head">The head.</param>
    /// <param name="step">The first position.</param>
    public void Accumulate(CacheSlot values, int sequence, int head, int step)
    {
        CheckSize(values, _valueSize);
        int count = Visible();
        if (count > 0) Accumulate(values.Read(sequence, head, step, count, _wide, Fetches(count)), count);
    }

    /// <summary>Writes a query's result: NaN if it saw no position.</summary>
    /// <param name="index">The query.</param>
    /// <param name="result">As long as a value.</param>
    public void Store(int index, Span<float> result)
    {
        Check(index, result.Length, _valueSize);
        System.Numerics.Tensors.TensorPrimitives.Divide(
            new ReadOnlySpan<float>(_sum + (nint)index * _valueSize, _valueSize), _total[index], result);
    }

    /// <summary>Writes a query's result where elements lie apart: NaN if it saw no position.</summary>
    /// <param name="index">The query.</param>
    /// <param name="result">The first element, and what follows.</param>
    /// <param name="stride">How far apart elements are.</param>
    public void Store(int index, Span<float> result, int stride)
    {
        Check(index, _valueSize, _valueSize);
        float* sum = _sum + (nint)index * _valueSize;
        for (int c = 0; c < _valueSize; c++) result[c * stride] = sum[c] / _total[index];
    }

    private void Scores(float* keys, int count)
    {
        int blocks = Blocks(count);
        new Span<int>(_visible, _queries).Fill(count);
        if (Vector512.IsHardwareAccelerated)
            AttentionTiles<Width512, Vector512<float>>.Scores(_query, _queries, _size, keys, blocks, _score);
        else if (Vector256.IsHardwareAccelerated)
            AttentionTiles<Width256, Vector256<float>>.Scores(_query, _queries, _size, keys, blocks, _score);
        else
            AttentionTiles<Width128, Vector128<float>>.Scores(_query, _queries, _size, keys, blocks, _score);
    }

    /// <summary>Whether what follows a step is worth fetching: a step that is not full is the last.</summary>
    private bool Fetches(int count) => _queries < Few && count == Step;

    /// <summary>The positions of the step that some query sees: as many as the one that sees most.</summary>
    private int Visible()
    {
        int count = 0;
        for (int i = 0; i < _queries; i++) count = Math.Max(count, _visible[i]);
        return count;
    }

    private void Accumulate(float* values, int count)
    {
        if (Vector512.IsHardwareAccelerated) Accumulate<Width512, Vector512<float>>(values, count);
        else if (Vector256.IsHardwareAccelerated) Accumulate<Width256, Vector256<float>>(values, count);
        else Accumulate<Width128, Vector128<float>>(values, count);
    }

    private void Accumulate<W, V>(float* values, int count)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        // A step that masks hide from every query adds nothing.
        if (AttentionTiles<W, V>.Weigh(_score, _visible, _queries, _max, _total, _factor, _sum, _valueSize))
            AttentionTiles<W, V>.Accumulate(_score, _queries, count, values, _valueSize, _sum);
    }

    private void Check(int index, int length, int expected)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _queries);
        if (length == expected) return;
        throw new ArgumentException(FormattableString.Invariant($"a vector of {length} floats was given where {expected} are expected"));
    }

    private static void CheckCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Step);
    }

    private static void CheckSize(CacheSlot slot, int expected)
    {
        if (slot.Size == expected) return;
        throw new ArgumentException(FormattableString.Invariant($"a slot of size {slot.Size} was given where {expected} is expected"));
    }

    private static int Blocks(int count) => (count + CacheSlot.BlockSize - 1) / CacheSlot.BlockSize;

    private static int Aligned(int floats) => (floats + Line - 1) & -Line;
}
