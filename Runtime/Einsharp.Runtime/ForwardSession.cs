using System.ComponentModel;
using Einsharp.Cpu;

namespace Einsharp;

/// <summary>
/// What one caller of a forward method owns: the workspace, the rows of the chunk at hand, and the result. Each kind of device has a session
/// of its own kind, and generated code derives from that. A cache owns its session, so that a decode step finds everything in place and
/// allocates nothing.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ForwardSession : IDisposable
{
    private int[] _starts = [];
    private int[] _firsts = [];
    private int[] _counts = [];
    private int[] _chunk = [];
    private Tensor? _result;
    private int _state;

    private const int Idle = 0, Busy = 1, Disposed = 2;

    /// <summary>Makes a session.</summary>
    /// <param name="cache">The cache that owns it, if the method takes one.</param>
    protected ForwardSession(KvCache? cache) => Cache = cache;

    /// <summary>The cache that owns the session, if the method takes one.</summary>
    protected KvCache? Cache { get; }

    /// <summary>The rows of the chunk at hand.</summary>
    protected PackedRows Packed { get; } = new();

    /// <summary>Whether the chunk at hand is the call's last.</summary>
    protected bool IsLastChunk { get; private set; }

    /// <summary>The result of the call at hand.</summary>
    protected Tensor Result => _result!;

    /// <summary>Bytes of workspace held.</summary>
    public abstract long WorkspaceBytes { get; }

    /// <summary>Frees the workspace.</summary>
    /// <exception cref="InvalidOperationException">A call is under way, whose threads read it.</exception>
    public void Dispose()
    {
        if (Interlocked.CompareExchange(ref _state, Disposed, Idle) == Busy)
            throw new InvalidOperationException("The cache is in use by a call; dispose of it when that has returned.");
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Floats rounded up to a cache line, so that what follows in the workspace is aligned.</summary>
    /// <param name="floats">A number of floats.</param>
    /// <exception cref="OverflowException">More than an int counts.</exception>
    public static int Padded(long floats) => checked((int)((floats + 15) & -16L));

    /// <summary>How many floats of workspace the chunk at hand needs.</summary>
    protected abstract int WorkspaceFloats();

    /// <summary>Runs the chunk at hand.</summary>
    protected abstract void RunOnce();

    /// <summary>Frees what the session holds. May be called more than once.</summary>
    protected abstract void Release();

    /// <summary>Makes the result of a call, zeroed.</summary>
    /// <param name="shape">Its shape.</param>
    protected virtual Tensor NewResult(ReadOnlySpan<int> shape) => new(shape);

    /// <summary>Prepares the result of the call before for being written again.</summary>
    /// <param name="clear">Whether it must be zeros.</param>
    protected virtual void ReuseResult(bool clear)
    {
        if (clear)
            Result.Span.Clear();
    }

    /// <summary>Starts a call; a session serves one at a time.</summary>
    /// <exception cref="InvalidOperationException">Another call is under way.</exception>
    /// <exception cref="ObjectDisposedException">The cache was disposed of.</exception>
    protected void Enter()
    {
        int state = Interlocked.CompareExchange(ref _state, Busy, Idle);
        ObjectDisposedException.ThrowIf(state == Disposed, typeof(KvCache));
        if (state == Busy)
            throw new InvalidOperationException("The cache is in use by another call. Give each concurrent caller a cache of its own.");
    }

    /// <summary>Ends a call.</summary>
    protected void Exit() => Volatile.Write(ref _state, Idle);

    /// <summary>Takes the call's counts and checks that they fit the cache, before anything is written.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="columns">New positions of each, padding included.</param>
    protected void Begin(int batch, int columns)
    {
        if (_counts.Length != batch)
        {
            _starts = new int[batch];
            _firsts = new int[batch];
            _counts = new int[batch];
            _chunk = new int[batch];
        }

        if (Cache is null)
        {
            Array.Fill(_counts, columns);
            return;
        }

        ReadOnlySpan<int> counts = Cache.TakeCounts(batch, columns);
        Cache.Reserve(counts);
        counts.CopyTo(_counts);
        Cache.Lengths.CopyTo(_starts);
    }

    /// <summary>One more than the highest position of the call at hand; 0 where it has no position.</summary>
    protected int Positions
    {
        get
        {
            int positions = 0;
            for (int i = 0; i < _counts.Length; i++)
                positions = _counts[i] == 0 ? positions : Math.Max(positions, _starts[i] + _counts[i]);
            return positions;
        }
    }

    /// <summary>Checks indices of a table.</summary>
    /// <param name="name">The operand.</param>
    /// <param name="indices">The indices.</param>
    /// <param name="bound">The size of the indexed axis.</param>
    /// <param name="axis">The indexed axis.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside [0, bound).</exception>
    protected static void CheckIndices(string name, ReadOnlySpan<int> indices, int bound, string axis) =>
        CheckIndices(name, indices, 0, indices.Length, bound, axis);

    private static void CheckIndices(string name, ReadOnlySpan<int> indices, int first, int count, int bound, string axis)
    {
        for (int i = first; i < first + count; i++)
        {
            if ((uint)indices[i] >= (uint)bound)
            {
                throw new ArgumentOutOfRangeException(name, FormattableString.Invariant(
                    $"Index {indices[i]} at element {i} of '{name}' is outside axis '{axis}' of size {bound}."));
            }
        }
    }

    /// <summary>Checks indices of a table that stand at new positions; those of padding do not matter.</summary>
    /// <param name="name">The operand.</param>
    /// <param name="indices">[batch, columns].</param>
    /// <param name="bound">The size of the indexed axis.</param>
    /// <param name="axis">The indexed axis.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside [0, bound).</exception>
    protected void CheckPackedIndices(string name, ReadOnlySpan<int> indices, int bound, string axis)
    {
        int columns = indices.Length / Math.Max(1, _counts.Length);
        for (int i = 0; i < _counts.Length; i++)
            CheckIndices(name, indices, i * columns, _counts[i], bound, axis);
    }

    /// <summary>
    /// Checks that selected positions are among the new ones that are not padding. A sequence that sits this call out has none.
    /// </summary>
    /// <param name="name">The operand.</param>
    /// <param name="indices">[batch, selected].</param>
    /// <param name="axis">The axis of new positions.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside.</exception>
    protected void CheckColumns(string name, ReadOnlySpan<int> indices, string axis)
    {
        int selected = indices.Length / Math.Max(1, _counts.Length);
        for (int i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] > 0)
                CheckIndices(name, indices, i * selected, selected, _counts[i], axis);
        }
    }

    /// <summary>Checks that an input over the positions seen has as many as the longest sequence will have with this call's.</summary>
    /// <param name="name">The operand.</param>
    /// <param name="axes">Its declared axes.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="index">Which axis.</param>
    /// <param name="axis">The axis's name.</param>
    /// <exception cref="ArgumentException">It has more or fewer.</exception>
    protected void CheckSeen(string name, string axes, ReadOnlySpan<int> shape, int index, string axis)
    {
        int seen = 0;
        for (int i = 0; i < _counts.Length; i++)
            seen = Math.Max(seen, _starts[i] + _counts[i]);
        CallShape.Axis(name, axes, shape, index, axis, seen, "the positions of the longest sequence after this call");
    }

    /// <summary>
    /// Makes the result of a call: the tensor of the call before if it has the same shape, so that a decode step allocates none.
    /// </summary>
    /// <param name="clear">Whether some of it may not be written.</param>
    /// <param name="shape">Its shape.</param>
    protected void MakeResult(bool clear, params ReadOnlySpan<int> shape)
    {
        if (Cache is null || _result is null || !_result.Shape.SequenceEqual(shape))
            _result = NewResult(shape);
        else
            ReuseResult(clear);
    }

    /// <summary>
    /// Runs the new positions, a chunk of at most <paramref name="rows"/> rows at a time, and then makes them part of the cache.
    /// </summary>
    /// <param name="rows">The most rows of a chunk.</param>
    protected void RunChunks(int rows)
    {
        int columns = 0;
        foreach (int count in _counts)
            columns = Math.Max(columns, count);
        if (columns == 0)
            ReuseResult(clear: true);
        int window = Math.Max(1, rows / Math.Max(1, _counts.Length));
        for (int first = 0; first < columns; first += window)
        {
            for (int i = 0; i < _counts.Length; i++)
            {
                _chunk[i] = Math.Clamp(_counts[i] - first, 0, window);
                _firsts[i] = first;
                if (_chunk[i] > 0)
                    Cache?.Touch(i, _starts[i] + first + _chunk[i]);
            }

            Packed.Pack(_starts, _firsts, _chunk);
            Packed.Capacity = Cache?.Capacity ?? Packed.Positions;
            IsLastChunk = first + (long)window >= columns;
            RunOnce();
        }

        Cache?.Commit(_counts);
    }
}
