namespace Einsharp.Cpu;

/// <summary>At most <see cref="PackedRows.BlockRows"/> consecutive rows of one sequence: a unit of attention.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="FirstRow">The first packed row.</param>
/// <param name="Count">How many rows.</param>
/// <param name="FirstPosition">The position of the first row; the others follow.</param>
public readonly record struct RowBlock(int Sequence, int FirstRow, int Count, int FirstPosition)
{
    /// <summary>A block of rows that are positions 0 to <paramref name="rows"/> - 1, all of one sequence.</summary>
    /// <param name="index">The block, 0 to <see cref="Blocks"/> - 1.</param>
    /// <param name="rows">How many rows there are.</param>
    public static RowBlock Of(int index, int rows)
    {
        int first = index * PackedRows.BlockRows;
        return new RowBlock(0, first, Math.Min(PackedRows.BlockRows, rows - first), first);
    }

    /// <summary>How many blocks so many rows are.</summary>
    /// <param name="rows">A number of rows.</param>
    public static int Blocks(int rows) => (rows + PackedRows.BlockRows - 1) / PackedRows.BlockRows;
}

/// <summary>
/// The real (sequence, position) pairs of a chunk of a ragged batch, sequence after sequence without padding: every kernel sees [rows,
/// features].
/// </summary>
public sealed class PackedRows
{
    /// <summary>The most rows in a block.</summary>
    public const int BlockRows = 8;

    private int[] _sequences = [];
    private int[] _positions = [];
    private int[] _columns = [];
    private int[] _offsets = [];
    private RowBlock[] _blocks = [];

    /// <summary>How many rows there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many sequences, those without a row included.</summary>
    public int Sequences { get; private set; }

    /// <summary>How many blocks.</summary>
    public int Blocks { get; private set; }

    /// <summary>One more than the highest position of a row.</summary>
    public int Positions { get; private set; }

    /// <summary>
    /// The most positions that a sequence can come to: the capacity of the cache, or those of a call without one. What rotations are made for.
    /// </summary>
    public int Capacity { get; internal set; }

    /// <summary>Whether these are the first columns of the call.</summary>
    public bool IsFirstChunk { get; private set; }

    /// <summary>The sequence of a row.</summary>
    /// <param name="row">A row.</param>
    public int Sequence(int row) => _sequences.AsSpan(0, Count)[row];

    /// <summary>The position of a row in its sequence.</summary>
    /// <param name="row">A row.</param>
    public int Position(int row) => _positions.AsSpan(0, Count)[row];

    /// <summary>The index of a row on the call's axis of new positions.</summary>
    /// <param name="row">A row.</param>
    public int Column(int row) => _columns.AsSpan(0, Count)[row];

    /// <summary>The first row of a sequence, and of the one after it: rows <c>Offset(i)</c> to <c>Offset(i + 1)</c> - 1.</summary>
    /// <param name="sequence">A sequence, or <see cref="Sequences"/> for the number of all rows.</param>
    public int Offset(int sequence) => _offsets.AsSpan(0, Sequences + 1)[sequence];

    /// <summary>The row of a column of the call, or -1 if the chunk has none.</summary>
    /// <param name="sequence">A sequence.</param>
    /// <param name="column">An index on the call's axis of new positions.</param>
    public int Find(int sequence, int column)
    {
        int first = Offset(sequence), end = Offset(sequence + 1);
        if (first == end) return -1;
        int row = first + column - Column(first);
        return row >= first && row < end ? row : -1;
    }

    /// <summary>How many positions of a sequence are there with this chunk's rows; 0 if it has none.</summary>
    /// <param name="sequence">A sequence.</param>
    public int Seen(int sequence)
    {
        int end = Offset(sequence + 1);
        return end == Offset(sequence) ? 0 : Position(end - 1) + 1;
    }

    /// <summary>Copies the chunk's rows out of a padded [batch, columns, features] tensor, each worker its share.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="columns">The call's new positions, padding included.</param>
    /// <param name="features">Floats of a row.</param>
    /// <param name="rows">[<see cref="Count"/>, features].</param>
    public void Collect(Worker worker, ReadOnlySpan<float> tensor, int columns, int features, Span<float> rows)
    {
        for (int row = worker.Index; row < Count; row += worker.Count)
            tensor.Slice((Sequence(row) * columns + Column(row)) * features, features).CopyTo(rows.Slice(row * features, features));
    }

    /// <summary>Copies the chunk's rows into a padded [batch, columns, features] tensor, each worker its share.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="rows">[<see cref="Count"/>, features].</param>
    /// <param name="columns">The call's new positions, padding included.</param>
    /// <param name="features">Floats of a row.</param>
    /// <param name="tensor">The tensor; its padding is left as it is.</param>
    public void Spread(Worker worker, ReadOnlySpan<float> rows, int columns, int features, Span<float> tensor)
    {
        for (int row = worker.Index; row < Count; row += worker.Count)
            rows.Slice(row * features, features).CopyTo(tensor.Slice((Sequence(row) * columns + Column(row)) * features, features));
    }

    /// <summary>A block.</summary>
    /// <param name="index">0 to <see cref="Blocks"/> - 1.</param>
    public RowBlock Block(int index) => _blocks.AsSpan(0, Blocks)[index];

    /// <summary>Packs a chunk: of each sequence, the columns firsts[i] to firsts[i] + counts[i] - 1 of the call.</summary>
    /// <param name="starts">Of each sequence, the position of column 0: how many positions were there before the call.</param>
    /// <param name="firsts">Of each sequence, the chunk's first column.</param>
    /// <param name="counts">Of each sequence, how many columns the chunk has; 0 leaves it out.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    /// <remarks>Allocates only to become larger than it ever was.</remarks>
    public void Pack(ReadOnlySpan<int> starts, ReadOnlySpan<int> firsts, ReadOnlySpan<int> counts)
    {
        if (starts.Length != counts.Length || firsts.Length != counts.Length)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"{starts.Length} starts, {firsts.Length} firsts and {counts.Length} counts were given"));
        }
        int rows = 0, blocks = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(starts[i], nameof(starts));
            ArgumentOutOfRangeException.ThrowIfNegative(firsts[i], nameof(firsts));
            ArgumentOutOfRangeException.ThrowIfNegative(counts[i], nameof(counts));
            rows = checked(rows + counts[i]);
            blocks += (counts[i] + BlockRows - 1) / BlockRows;
        }
        Grow(ref _sequences, rows);
        Grow(ref _positions, rows);
        Grow(ref _columns, rows);
        Grow(ref _offsets, counts.Length + 1);
        Grow(ref _blocks, blocks);
        Sequences = counts.Length;
        Count = 0;
        Blocks = 0;
        Positions = 0;
        IsFirstChunk = !firsts.ContainsAnyExcept(0);
        for (int i = 0; i < counts.Length; i++) Append(i, starts[i], firsts[i], counts[i]);
        _offsets[Sequences] = Count;
    }

    private void Append(int sequence, int start, int first, int count)
    {
        _offsets[sequence] = Count;
        if (count > 0) Positions = Math.Max(Positions, start + first + count);
        for (int i = 0; i < count; i++)
        {
            if (i % BlockRows == 0)
                _blocks[Blocks++] = new RowBlock(sequence, Count, Math.Min(BlockRows, count - i), start + first + i);
            _sequences[Count] = sequence;
            _columns[Count] = first + i;
            _positions[Count++] = start + first + i;
        }
    }

    private static void Grow<T>(ref T[] items, int length)
    {
        if (items.Length < length) items = new T[Math.Max(length, 2 * items.Length)];
    }
}
