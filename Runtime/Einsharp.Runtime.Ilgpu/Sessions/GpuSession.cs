using System.ComponentModel;
using Einsharp.Cpu;
using ILGPU;
using ILGPU.Runtime;

namespace Einsharp.Ilgpu;

/// <summary>
/// A session on a device: it owns a stream, the workspace, the slots of its cache and the result, all on the device. A call starts copies
/// and kernels and returns; nothing waits until somebody looks at the result, or a sampler chooses from it. Generated code derives from it.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class GpuSession : ForwardSession
{
    private readonly IlgpuDevice _device;
    private readonly (GpuMemory Memory, long Offset, long Floats)[] _slots;
    private readonly GpuInputs _inputs;
    private readonly GpuResult _deferred;
    private readonly List<(Rope Rope, int Size, GpuMemory Cosines, GpuMemory Sines)> _ropes = [];
    private readonly Dictionary<int, GpuMemory> _slopes = [];
    private readonly ParamMoves _moves = new();
    private GpuMemory? _barrier;
    private GpuMemory? _workspace;
    private GpuMemory? _scratch;
    private int _workspaceFloats;
    private int _scratchFloats;
    private GpuMemory? _result;
    private GpuKernel<NoSizes, RowCopyArgs>? _collect;
    private GpuKernel<NoSizes, RowCopyArgs>? _spread;

    /// <summary>Makes a session, and the memory of its cache.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="cache">The cache that owns it, if the method takes one.</param>
    /// <exception cref="InsufficientMemoryException">The device has not that much memory; nothing is kept.</exception>
    protected GpuSession(IlgpuDevice device, KvCache? cache)
        : base(cache)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        Stream = new GpuStream(device);
        _inputs = new GpuInputs(device, Stream);
        _deferred = new GpuResult(this);
        _slots = new (GpuMemory, long, long)[cache?.Geometry.Length ?? 0];
        try
        {
            long[] floats = new long[_slots.Length];
            for (int i = 0; i < floats.Length; i++)
                floats[i] = Floats(cache!, cache!.Geometry[i]);

            // In one memory, so that layers' slots lie at equal distances, where a kernel may want that.
            GpuMemory? all = device.RunsResident && floats.Length > 0
                ? new GpuMemory(device, floats.Sum(Whole), sizeof(float), "the cache")
                : null;
            long offset = 0;
            for (int i = 0; i < _slots.Length; i++)
            {
                GpuMemory memory = all ?? new GpuMemory(device, floats[i], sizeof(float), $"slot {cache!.Geometry[i].Name} of the cache");
                _slots[i] = (memory, offset, floats[i]);
                Stream.Clear(Slot(i).Memory);
                offset += all is null ? 0 : Whole(floats[i]);
            }
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <inheritdoc/>
    public override long WorkspaceBytes => (_workspace?.Bytes ?? 0) + (_scratch?.Bytes ?? 0);

    /// <summary>The stream that kernels of this session are launched on.</summary>
    public GpuStream Stream { get; }

    /// <summary>Where the session runs.</summary>
    public IlgpuDevice Device => _device;

    /// <summary>
    /// The most rows that are computed at a time: bounds the workspace, and is enough to be limited by arithmetic, not by launches.
    /// </summary>
    protected int ChunkRows => _device.IsSlow ? 64 : 2048;

    /// <summary>The rows of the chunk at hand, on the device.</summary>
    public RowTable Rows { get; private set; }

    /// <summary>The workspace, as large as <see cref="ForwardSession.WorkspaceFloats"/> said.</summary>
    protected ArrayView<float> Workspace => View(_workspace, _workspaceFloats);

    /// <summary>Memory that kernels use one after another, as large as <see cref="ScratchFloats"/> said.</summary>
    public ArrayView<float> Scratch => View(_scratch, _scratchFloats);

    /// <summary>Where <see cref="Scratch"/> is, for instructions that take an address; 0 if there is none.</summary>
    public long ScratchAddress => _scratchFloats == 0 ? 0 : (long)Scratch.LoadEffectiveAddressAsPtr();

    /// <summary>The result's values, row-major.</summary>
    protected internal ArrayView<float> ResultView => View(_result, _deferred.Length);

    /// <summary>Floats that kernels of the chunk at hand need beside the workspace, one after another.</summary>
    protected virtual int ScratchFloats() => 0;

    /// <summary>Launches the kernels of the chunk at hand. Nothing in it may wait for the device.</summary>
    protected abstract void Enqueue();

    /// <summary>A slot of the cache.</summary>
    /// <param name="index">The slot's number in the model.</param>
    public CacheView Slot(int index) => new()
    {
        Memory = _slots[index].Memory.View<float>().SubView(_slots[index].Offset, _slots[index].Floats), Capacity = Cache!.Capacity,
    };

    /// <summary>A slot of the cache and all that comes after it.</summary>
    /// <param name="index">The slot's number in the model.</param>
    public CacheView SlotTail(int index) => new()
    {
        Memory = _slots[index].Memory.View<float>().SubView(_slots[index].Offset), Capacity = Cache!.Capacity,
    };

    /// <summary>Floats of the cache's memory before a slot.</summary>
    /// <param name="index">The slot's number in the model.</param>
    internal long SlotOffset(int index) => _slots[index].Offset;

    /// <summary>The counter of a barrier of all groups, zero again.</summary>
    public ArrayView<int> NewBarrier()
    {
        _barrier ??= new GpuMemory(_device, 1, sizeof(int), "a barrier");
        Stream.Clear(_barrier.View<int>());
        return _barrier.View<int>();
    }

    /// <summary>The values of an argument on the device: copied once a call, however often it is asked for.</summary>
    /// <param name="tensor">The argument.</param>
    protected ArrayView<int> Upload(Tensor<int> tensor) => _inputs.Upload<int>(tensor);

    /// <inheritdoc cref="Upload(Tensor{int})"/>
    protected ArrayView<float> Upload(Tensor tensor) => _inputs.Upload<float>(tensor);

    /// <inheritdoc cref="Upload(Tensor{int})"/>
    protected ArrayView<byte> Upload(Tensor<bool> tensor) => _inputs.Upload(tensor);

    /// <summary>The slope of each head, by which scores fall with the distance of their positions.</summary>
    /// <param name="heads">How many heads.</param>
    public ArrayView<float> Slopes(int heads)
    {
        if (_slopes.TryGetValue(heads, out GpuMemory? known))
            return known.View<float>();
        float[] slopes = new float[heads];
        for (int head = 0; head < heads; head++)
            slopes[head] = OnlineSoftmax.AlibiSlope(head, heads);
        var memory = new GpuMemory(_device, heads, sizeof(float), "the slopes of heads");
        _slopes.Add(heads, memory);
        Stream.Send<float>(slopes, memory.View<float>());
        return memory.View<float>();
    }

    /// <summary>The table of a rotation for all positions of the cache, or of the chunk at hand if there is none.</summary>
    /// <param name="rope">The rotation.</param>
    /// <param name="size">The size of a head.</param>
    /// <exception cref="NotSupportedException">The rotation turns a part of a head only.</exception>
    public RopeView Rope(Rope rope, int size)
    {
        ArgumentNullException.ThrowIfNull(rope);
        if (rope.Turned(size) != size)
        {
            throw new NotSupportedException(FormattableString.Invariant(
                $"Kernels for GPUs turn whole heads; this rotation turns {rope.Turned(size)} of {size} values ({rope})."));
        }
        int positions = Cache?.Capacity ?? Packed.Positions, half = size / 2;
        foreach ((Rope known, int knownSize, GpuMemory cosines, GpuMemory sines) in _ropes)
        {
            if (knownSize == size && known.Equals(rope) && cosines.Bytes >= (long)positions * half * sizeof(float))
                return View(rope, half, cosines, sines);
        }
        return AddRope(rope, size, positions);
    }

    /// <summary>
    /// Notes what a batch does to running statistics: running += momentum · (batch − running), the variance's being the unbiased one. They are
    /// read back now, and the parameters move on the host when the call has succeeded.
    /// </summary>
    /// <param name="gain">The gain, which the error names.</param>
    /// <param name="runningMean">The running mean.</param>
    /// <param name="runningVariance">The running variance.</param>
    /// <param name="momentum">How far a batch moves them.</param>
    /// <param name="count">The values of each feature.</param>
    /// <param name="mean">The batch's mean.</param>
    /// <param name="variance">The batch's biased variance.</param>
    /// <exception cref="InvalidOperationException">The batch has one value of each feature, which has no variance.</exception>
    public void Keep(
        Param gain, Param runningMean, Param runningVariance, float momentum, long count, ArrayView<float> mean, ArrayView<float> variance)
    {
        if (count == 1)
            throw new InvalidOperationException(
                $"BatchNorm trains by the variance of each feature over the batch, and there is one value of each feature of {gain}");
        float[] values = new float[mean.Length];
        Stream.Receive<float>(mean, values);
        _moves.Add(runningMean, momentum, values, 1);
        Stream.Receive<float>(variance, values);
        _moves.Add(runningVariance, momentum, values, (float)(count / (count - 1.0)));
    }

    /// <summary>Starts to copy values on the device.</summary>
    /// <param name="from">From where.</param>
    /// <param name="to">To where, as many.</param>
    public void Copy(ArrayView<float> from, ArrayView<float> to) => Stream.Copy(from, to);

    /// <summary>Starts to copy the chunk's rows out of a padded [batch, columns, features] tensor.</summary>
    /// <param name="padded">The tensor.</param>
    /// <param name="columns">The call's new positions, padding included.</param>
    /// <param name="features">Floats of a row.</param>
    /// <param name="rows">[rows, features].</param>
    protected void Collect(ArrayView<float> padded, int columns, int features, ArrayView<float> rows)
    {
        _collect ??= LibraryKernel<RowCopyArgs>(typeof(RowKernels), nameof(RowKernels.Collect));
        CopyRows(_collect, padded, columns, features, rows);
    }

    /// <summary>Starts to copy the chunk's rows into a padded [batch, columns, features] tensor; its padding is left as it is.</summary>
    /// <param name="rows">[rows, features].</param>
    /// <param name="columns">The call's new positions, padding included.</param>
    /// <param name="features">Floats of a row.</param>
    /// <param name="padded">The tensor.</param>
    protected void Spread(ArrayView<float> rows, int columns, int features, ArrayView<float> padded)
    {
        _spread ??= LibraryKernel<RowCopyArgs>(typeof(RowKernels), nameof(RowKernels.Spread));
        CopyRows(_spread, padded, columns, features, rows);
    }

    /// <inheritdoc/>
    protected override void RunOnce()
    {
        _device.ThrowIfUnusable();
        // A call without packed rows runs once; one with them begins with its first chunk.
        if (Packed.Sequences == 0 || Packed.IsFirstChunk)
            _inputs.BeginCall();
        if (Packed.Sequences > 0)
            Rows = _inputs.Upload(Packed);

        // One more, so that a buffer without elements begins inside too.
        _workspaceFloats = checked(WorkspaceFloats() + 1);
        _scratchFloats = ScratchFloats();
        Grow(ref _workspace, _workspaceFloats, "the workspace");
        Grow(ref _scratch, _scratchFloats, "the workspace of kernels");
        _moves.Clear();
        Enqueue();
        if (_moves.IsEmpty)
            return;
        Stream.Synchronize();
        _moves.Apply();
    }

    /// <inheritdoc/>
    protected override Tensor NewResult(ReadOnlySpan<int> shape)
    {
        // Whoever has the result of the call before may not have looked at it yet.
        Keep();
        var tensor = new Tensor(shape);
        Grow(ref _result, tensor.Length, "the result");
        _deferred.Length = tensor.Length;
        Stream.Clear(ResultView);
        _deferred.Columns = shape.IsEmpty ? 1 : shape[^1];
        tensor.Defer(_deferred);
        return tensor;
    }

    /// <inheritdoc/>
    protected override void ReuseResult(bool clear)
    {
        if (clear)
            Stream.Clear(ResultView);
        Result.Defer(_deferred);
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        try
        {
            Keep();
        }
        catch (GpuException)
        {
            // The device is gone; the tensor says so to whoever looks at it.
        }
        Stream.Dispose();
        foreach ((GpuMemory? memory, _, _) in _slots)
            memory?.Dispose();
        _barrier?.Dispose();
        _barrier = null;
        foreach ((_, _, GpuMemory cosines, GpuMemory sines) in _ropes)
        {
            cosines.Dispose();
            sines.Dispose();
        }
        _ropes.Clear();
        foreach (GpuMemory slopes in _slopes.Values)
            slopes.Dispose();
        _slopes.Clear();
        _inputs.Dispose();
        _deferred.Dispose();
        _workspace?.Dispose();
        _workspace = null;
        _scratch?.Dispose();
        _scratch = null;
        _result?.Dispose();
        _result = null;
    }

    internal GpuKernel<NoSizes, TArgs> LibraryKernel<TArgs>(Type kernels, string name)
        where TArgs : struct => _device.Kernel<NoSizes, TArgs>(kernels.GetMethod(name)!);

    private static long Floats(KvCache cache, SlotGeometry slot) => checked((long)cache.Batch * slot.Heads * cache.Capacity * slot.Size);

    private static long Whole(long floats) => (floats + 63) & -64L;

    private void Keep()
    {
        if (Result is { Deferred: not null } pending && !_device.IsGone)
            _ = pending.Span;
    }

    private static ArrayView<float> View(GpuMemory? memory, int floats) =>
        memory is null ? default : memory.View<float>().SubView(0, floats);

    private void Grow(ref GpuMemory? memory, int floats, string purpose)
    {
        if ((long)floats * sizeof(float) <= (memory?.Bytes ?? 0))
            return;
        // Kernels of the chunk before may still use the old one.
        Stream.Synchronize();
        memory?.Dispose();
        memory = null;
        memory = new GpuMemory(_device, floats, sizeof(float), purpose);
    }

    private void CopyRows(
        GpuKernel<NoSizes, RowCopyArgs> kernel, ArrayView<float> padded, int columns, int features, ArrayView<float> rows)
    {
        var args = new RowCopyArgs { Padded = padded, Rows = rows, Packed = Rows, Columns = columns, Features = features };
        long floats = (long)Rows.Count * features;
        int groups = (int)Math.Min(1024, (floats + _device.Lanes - 1) / _device.Lanes);
        kernel.Launch(Stream, groups, 1, default, args);
    }

    private RopeView AddRope(Rope rope, int size, int positions)
    {
        RopeTable table = rope.Table(size, positions);
        int half = size / 2, floats = positions * half;
        var cosines = new GpuMemory(_device, floats, sizeof(float), "a table of rotations");
        GpuMemory sines;
        try
        {
            sines = new GpuMemory(_device, floats, sizeof(float), "a table of rotations");
        }
        catch
        {
            cosines.Dispose();
            throw;
        }
        _ropes.Add((rope, size, cosines, sines));
        Stream.Send(table.Cosines[..floats], cosines.View<float>());
        Stream.Send(table.Sines[..floats], sines.View<float>());
        return View(rope, half, cosines, sines);
    }

    private static RopeView View(Rope rope, int half, GpuMemory cosines, GpuMemory sines) => new()
    {
        Cosines = cosines.View<float>(),
        Sines = sines.View<float>(),
        PairStride = rope.Layout == RopeLayout.Halves ? 1 : 2,
        PairOffset = rope.Layout == RopeLayout.Halves ? half : 1,
    };
}
