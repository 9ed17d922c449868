using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Einsharp;

/// <summary>
/// One parameter of a model: a row-major array that <c>[Param]</c> declares. It has no values until <see cref="Initialise"/>
/// draws them, a checkpoint binds them, or <see cref="Set"/> gives them.
/// </summary>
/// <remarks>
/// The memory is native: allocated here (64-byte aligned) or a part of a memory-mapped file. It lives as long as a
/// <see cref="Param"/> refers to it, so code that holds <see cref="Data"/> must keep the <see cref="Param"/> alive meanwhile.
/// A parameter of rank 1 (a norm's gain, a bias) is always <see cref="WeightFormat.F32"/> in memory: it costs nothing and
/// kernels read it as a span. Reading from several threads is safe; changing the values while others read is not.
/// </remarks>
public sealed unsafe class Param
{
    private static readonly Lock s_moves = new();

    private readonly int[] _shape;
    private byte* _data;
    private object? _owner;
    private bool _writable;
    private WeightFormat _format;
    private Param? _shared;
    private int _version;

    /// <summary>Declares a parameter; it has no values yet.</summary>
    /// <param name="name">The declared name, as <c>Query</c>.</param>
    /// <param name="checkpointName">The whole name in checkpoints, as <c>model.layers.0.self_attn.q_proj.weight</c>.</param>
    /// <param name="axes">The declared axes, separated by spaces, as <c>g r k d</c>; empty for a scalar.</param>
    /// <param name="shape">The size of each axis.</param>
    /// <param name="init">The rule that <see cref="Initialise"/> follows.</param>
    /// <exception cref="ArgumentException">A negative size, or another number of axes than of sizes.</exception>
    /// <exception cref="OverflowException">The number of values is beyond 2^63.</exception>
    public Param(string name, string checkpointName, string axes, ReadOnlySpan<int> shape, Initializer init)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(checkpointName);
        ArgumentNullException.ThrowIfNull(axes);
        int rank = axes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        if (rank != shape.Length)
            throw new ArgumentException($"{name} ({checkpointName}): \"{axes}\" names {rank} axes, but {shape.Length} sizes are given",
                nameof(shape));
        long count = 1;
        foreach (int size in shape)
        {
            if (size < 0)
                throw new ArgumentException($"{name} ({checkpointName}): the sizes {ShapeText.Of(shape)} of \"{axes}\" hold a negative one",
                    nameof(shape));
            count = checked(count * size);
        }
        Name = name;
        CheckpointName = checkpointName;
        Axes = axes;
        Count = count;
        Initializer = init;
        _shape = shape.ToArray();
    }

    /// <summary>The declared name, as <c>Query</c>.</summary>
    public string Name { get; }

    /// <summary>
    /// The whole name in checkpoints, as <c>model.layers.0.self_attn.q_proj.weight</c>; it also seeds <see cref="Initialise"/>.
    /// </summary>
    public string CheckpointName { get; }

    /// <summary>The declared axes, separated by spaces, as <c>g r k d</c>.</summary>
    public string Axes { get; }

    /// <summary>The size of each axis, outermost first.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>The number of values: the product of <see cref="Shape"/>.</summary>
    public long Count { get; }

    /// <summary>The rule by which <see cref="Initialise"/> draws the values.</summary>
    public Initializer Initializer { get; }

    /// <summary>The parameter whose values this one takes when a checkpoint lacks its own (a tied head's embedding), or null.</summary>
    /// <exception cref="ArgumentException">On setting: the other has another number of values.</exception>
    public Param? Or
    {
        get;
        init
        {
            if (value is not null) ThrowIfOtherCount(value);
            field = value;
        }
    }

    /// <summary>
    /// The values of a row: what a dot product or a look-up reads, and what is quantised together. 0 (the default) where the parameter is read
    /// otherwise; then it is never stored in a format of blocks.
    /// </summary>
    /// <exception cref="ArgumentException">On setting: the values are not so many rows.</exception>
    public int RowLength
    {
        get;
        init
        {
            if (value < 0 || (value > 0 && Count % value != 0))
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                    $"{this}: {Count} values, {ShapeText.Of(Shape)}, are not rows of {value}"), nameof(value));
            field = value;
        }
    }

    /// <summary>Whether the values are another parameter's: <see cref="ShareWith"/> was called last.</summary>
    public bool IsShared => _shared is not null;

    /// <summary>Whether there are values to read.</summary>
    public bool IsLoaded => _shared?.IsLoaded ?? _owner is not null;

    /// <summary>How the values are stored.</summary>
    /// <exception cref="InvalidOperationException">There are no values yet.</exception>
    public WeightFormat Format => Source._format;

    /// <summary>The size of the values in memory, in bytes (for a shared parameter, those of the other).</summary>
    /// <exception cref="InvalidOperationException">There are no values yet.</exception>
    public long Bytes => Format.Bytes(Count);

    /// <summary>
    /// The first value. Aligned to 64 bytes where this class allocated it, to 4 or 2 at least where it lies in a mapped
    /// file; that memory must not be written to.
    /// </summary>
    /// <exception cref="InvalidOperationException">There are no values yet.</exception>
    public byte* Data => Source._data;

    /// <summary>The values of a parameter of rank 1.</summary>
    /// <exception cref="InvalidOperationException">There are no values yet, or the rank is not 1.</exception>
    public ReadOnlySpan<float> Floats
    {
        get
        {
            if (_shape.Length != 1) ThrowNotRankOne();
            return new ReadOnlySpan<float>(Source._data, _shape[0]);
        }
    }

    /// <summary>
    /// Reads one row of the parameter seen as rows of <paramref name="length"/> values, as a look-up in an embedding does.
    /// </summary>
    /// <param name="row">Which row; the row begins at value <paramref name="row"/>·<paramref name="length"/>.</param>
    /// <param name="length">The values of a row.</param>
    /// <param name="to">Where the row goes, as 32-bit floats.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="ArgumentException"><paramref name="to"/> is shorter than the row.</exception>
    /// <exception cref="InvalidOperationException">There are no values yet.</exception>
    public void CopyRow(long row, int length, Span<float> to)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if ((ulong)row >= (ulong)(Count / length))
            throw new ArgumentOutOfRangeException(nameof(row), string.Create(CultureInfo.InvariantCulture,
                $"{this}: there is no row {row}, the parameter has {Count / length} rows of {length} values"));
        CopyRun(row * length, to[..length]);
    }

    /// <summary>Reads values from <paramref name="first"/> on, as 32-bit floats; there are as many.</summary>
    internal void CopyRun(long first, Span<float> to)
    {
        Param source = Source;
        int block = source._format.BlockValues();
        if (first % block != 0 || to.Length % block != 0)
            CopyPartsOfBlocks(source, first, to);
        else
            WeightConversion.Widen(source._format, source._data + source._format.Bytes(first), to);
    }

    private static void CopyPartsOfBlocks(Param source, long first, Span<float> to)
    {
        Span<float> block = stackalloc float[source._format.BlockValues()];
        while (!to.IsEmpty)
        {
            int skipped = (int)(first % block.Length), count = Math.Min(to.Length, block.Length - skipped);
            WeightConversion.Widen(source._format, source._data + source._format.Bytes(first - skipped), block);
            block.Slice(skipped, count).CopyTo(to);
            to = to[count..];
            first += count;
        }
    }

    /// <summary>Reads all values, as 32-bit floats.</summary>
    /// <exception cref="ArgumentException"><paramref name="to"/> has not <see cref="Count"/> places.</exception>
    /// <exception cref="InvalidOperationException">There are no values yet.</exception>
    public void CopyTo(Span<float> to)
    {
        ThrowIfOtherLength(to.Length);
        Param source = Source;
        WeightConversion.Widen(source._format, source._data, to);
    }

    /// <summary>
    /// Gives all values, rounded to the nearest of the format (ties to even). A parameter without values becomes
    /// <see cref="WeightFormat.F32"/>; one in a mapped file gets memory of its own; one that shares gives them to the other too.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="values"/> are not <see cref="Count"/>.</exception>
    public void Set(ReadOnlySpan<float> values)
    {
        ThrowIfOtherLength(values.Length);
        if (_shared is not null)
        {
            _shared.Set(values);
            return;
        }
        if (!_writable) Take(NativeBlock.Of(this, _owner is null ? WeightFormat.F32 : _format));
        WeightConversion.Narrow(values, _format, _data);
        _version++;
    }

    /// <summary>Moves all values towards others: value += momentum · (other − value). One caller at a time.</summary>
    internal void MoveTowards(ReadOnlySpan<float> others, float momentum)
    {
        lock (s_moves)
        {
            float[] values = new float[others.Length];
            CopyTo(values);
            for (int i = 0; i < values.Length; i++)
                values[i] = (1 - momentum) * values[i] + momentum * others[i];
            Set(values);
        }
    }

    /// <summary>Allocates memory of this parameter's own, filled with zeros.</summary>
    /// <param name="format">How the values are to be stored; see <see cref="StoredAs"/>.</param>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public void Allocate(WeightFormat format)
    {
        NativeBlock block = NativeBlock.Of(this, format);
        block.Clear();
        Take(block);
    }

    /// <summary>
    /// Draws new values by the declared rule, in memory of this parameter's own: a function of the seed, the name in checkpoints
    /// and the place of each value, and of nothing else, so the same on any number of threads.
    /// </summary>
    /// <param name="seed">The seed of the whole model.</param>
    /// <param name="format">How the values are to be stored; see <see cref="StoredAs"/>.</param>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public void Initialise(ulong seed, WeightFormat format = WeightFormat.F32)
    {
        NativeBlock block = NativeBlock.Of(this, format);
        var draws = new InitializerDraws(Initializer, seed, CheckpointName);
        WeightConversion.Generate(draws, block.Format, block.Data, Count);
        Take(block);
    }

    /// <summary>Makes this parameter the same memory as another, now and after the other's values change: a tied head.</summary>
    /// <exception cref="ArgumentException">The other has another number of values, or has its values from this one.</exception>
    public void ShareWith(Param other)
    {
        ArgumentNullException.ThrowIfNull(other);
        ThrowIfOtherCount(other);
        for (Param? p = other; p is not null; p = p._shared)
            if (p == this) throw new ArgumentException($"{this} cannot share with {other}, which has its values from it", nameof(other));
        _shared = other;
        _version++;
        _owner = null;
        _data = null;
        _writable = false;
    }

    /// <summary>Makes memory that another object owns the values of this parameter; that object is kept alive as long.</summary>
    /// <param name="data">The first value, aligned as the format asks at least. It is never written to.</param>
    /// <param name="format">
    /// How the values are stored there; F32 for a parameter of rank 1, and blocks only where rows are whole blocks.
    /// </param>
    /// <param name="owner">What must not be collected while the memory is used.</param>
    /// <exception cref="ArgumentException">The memory is misaligned, or the parameter cannot be in that format.</exception>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public void Bind(byte* data, WeightFormat format, object owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        if ((nuint)data % (nuint)format.Alignment() != 0)
            throw new ArgumentException($"{this}: the memory is not aligned to the {format.Alignment()} bytes of {format}", nameof(data));
        if (format != StoredAs(format))
        {
            throw new ArgumentException(_shape.Length == 1
                ? $"{this}: a parameter of rank 1 is F32 in memory, found {format}"
                : $"{this}: with rows of {RowLength} values it cannot be {format} in memory, expected {StoredAs(format)}", nameof(format));
        }
        Become(data, format, owner, writable: false);
    }

    /// <summary>As <c>Query (model.layers.0.self_attn.q_proj.weight)</c>.</summary>
    public override string ToString() => $"{Name} ({CheckpointName})";

    /// <summary>
    /// The format that the values get in memory when <paramref name="wanted"/> is asked for: F32 for rank 1, and where
    /// <see cref="RowLength"/> is no multiple of the format's blocks, Q8_0, or else F16.
    /// </summary>
    public WeightFormat StoredAs(WeightFormat wanted)
    {
        if (_shape.Length == 1) return WeightFormat.F32;
        bool Fits(WeightFormat format) => format.BlockValues() == 1 || (RowLength > 0 && RowLength % format.BlockValues() == 0);
        return Fits(wanted) ? wanted : Fits(WeightFormat.Q8_0) ? WeightFormat.Q8_0 : WeightFormat.F16;
    }

    /// <summary>Another number whenever the values may have changed: a copy of them on another device is stale then.</summary>
    internal long Version => _version + (_shared?.Version ?? 0);

    /// <summary>The parameter that owns the values: this one, or the one that it shares with.</summary>
    internal Param Owner => _shared?.Owner ?? this;

    internal void Take(NativeBlock block) => Become(block.Data, block.Format, block, writable: true);

    private void Become(byte* data, WeightFormat format, object owner, bool writable)
    {
        _data = data;
        _format = format;
        _owner = owner;
        _writable = writable;
        _shared = null;
        _version++;
    }

    private Param Source
    {
        get
        {
            Param source = this;
            while (source._shared is { } other) source = other;
            if (source._owner is null) ThrowNoValues();
            return source;
        }
    }

    [DoesNotReturn]
    private void ThrowNoValues() => throw new InvalidOperationException($"{this} has no values: call Initialise or Load first");

    [DoesNotReturn]
    private void ThrowNotRankOne() =>
        throw new InvalidOperationException(
            $"{this}: a span of floats is there for parameters of rank 1, found {ShapeText.Of(Shape)} (\"{Axes}\")");

    private void ThrowIfOtherLength(int length)
    {
        if (length != Count)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"{this}: expected {Count} values, {ShapeText.Of(Shape)}, found {length}"));
    }

    private void ThrowIfOtherCount(Param other)
    {
        if (other.Count != Count)
            throw new ArgumentException($"{this} {ShapeText.Of(Shape)} cannot share the values of {other} {ShapeText.Of(other.Shape)}");
    }
}
