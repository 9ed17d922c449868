using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Einsharp.Cpu;
using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// What a session copies to its device: the arguments of the call at hand, and the rows of the chunk at hand in one piece.
/// </summary>
internal sealed class GpuInputs(IlgpuDevice device, GpuStream stream) : IDisposable
{
    // Views that kernels get begin on this boundary.
    private const int Alignment = 256 / sizeof(int);

    private readonly List<Argument> _arguments = [];
    private GpuMemory? _rows;
    private long _call;

    /// <summary>Forgets the arguments of the call before, but not their memory.</summary>
    public void BeginCall() => _call++;

    /// <summary>Copies an argument, if that was not done in this call.</summary>
    public ArrayView<T> Upload<T>(Tensor<T> tensor)
        where T : unmanaged => Upload<T, T>(tensor);

    /// <summary>Copies a mask, as bytes: kernels have no bool in memory.</summary>
    public ArrayView<byte> Upload(Tensor<bool> tensor) => Upload<bool, byte>(tensor);

    private ArrayView<TView> Upload<T, TView>(Tensor<T> tensor)
        where T : unmanaged
        where TView : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        int size = Unsafe.SizeOf<TView>();
        Argument? free = null;
        foreach (Argument argument in _arguments)
        {
            if (argument.Call == _call && ReferenceEquals(argument.Tensor, tensor))
                return argument.Memory.View<TView>().SubView(0, tensor.Length);
            bool fits = argument.Call != _call && argument.ElementSize == size && argument.Memory.Bytes >= (long)tensor.Length * size;
            if (fits && (free is null || argument.Memory.Bytes < free.Memory.Bytes))
                free = argument;
        }
        if (free is null)
        {
            long length = BitOperations.RoundUpToPowerOf2((uint)Math.Max(tensor.Length, Alignment));
            free = new Argument(new GpuMemory(device, length, size, "an argument"), size);
            _arguments.Add(free);
        }
        stream.Send(MemoryMarshal.Cast<T, TView>(tensor.Span), free.Memory.View<TView>());
        free.Tensor = tensor;
        free.Call = _call;
        return free.Memory.View<TView>().SubView(0, tensor.Length);
    }

    /// <summary>Copies the rows of a chunk.</summary>
    public RowTable Upload(PackedRows packed)
    {
        int blockCount = Blocks(packed), blocks = Padded(4 * blockCount);
        int rows = Padded(packed.Count), offsets = Padded(packed.Sequences + 1);
        int bytes = checked((3 * rows + offsets + blocks) * sizeof(int));
        HostBlock block = stream.Stage(bytes);
        Span<int> all = MemoryMarshal.Cast<byte, int>(block.Span)[..(bytes / sizeof(int))];
        Span<int> sequences = all[..rows], positions = all.Slice(rows, rows), columns = all.Slice(2 * rows, rows);
        Write(packed, sequences, positions, columns, all.Slice(3 * rows, offsets), all[(3 * rows + offsets)..]);
        if (_rows is null || _rows.Bytes < bytes)
        {
            stream.Synchronize();
            _rows?.Dispose();
            _rows = null;
            _rows = new GpuMemory(device, (int)BitOperations.RoundUpToPowerOf2((uint)bytes) / sizeof(int), sizeof(int), "a table of rows");
        }
        ArrayView<int> view = _rows.View<int>();
        stream.Send(block, bytes, view.Cast<byte>());
        return new RowTable
        {
            Sequence = view.SubView(0, packed.Count),
            Position = view.SubView(rows, packed.Count),
            Column = view.SubView(2 * rows, packed.Count),
            Offset = view.SubView(3 * rows, packed.Sequences + 1),
            Blocks = view.SubView(3 * rows + offsets, 4 * blockCount),
            Count = packed.Count,
            Sequences = packed.Sequences,
            Positions = packed.Positions,
            BlockCount = blockCount,
            IsFirstChunk = packed.IsFirstChunk ? 1 : 0,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Argument argument in _arguments)
            argument.Memory.Dispose();
        _arguments.Clear();
        _rows?.Dispose();
        _rows = null;
    }

    private static int Padded(int count) => (Math.Max(count, 1) + Alignment - 1) / Alignment * Alignment;

    private static void Write(
        PackedRows packed, Span<int> sequences, Span<int> positions, Span<int> columns, Span<int> offsets, Span<int> blocks)
    {
        for (int i = 0; i < packed.Count; i++)
        {
            sequences[i] = packed.Sequence(i);
            positions[i] = packed.Position(i);
            columns[i] = packed.Column(i);
        }
        for (int i = 0; i <= packed.Sequences; i++)
            offsets[i] = packed.Offset(i);
        for (int i = 0; i < packed.Sequences; i++)
        {
            for (int row = packed.Offset(i), end = packed.Offset(i + 1); row < end; row += RowTable.BlockRows)
            {
                (blocks[0], blocks[1]) = (i, row);
                (blocks[2], blocks[3]) = (Math.Min(RowTable.BlockRows, end - row), packed.Position(row));
                blocks = blocks[4..];
            }
        }
    }

    private static int Blocks(PackedRows packed)
    {
        int blocks = 0;
        for (int i = 0; i < packed.Sequences; i++)
            blocks += (packed.Offset(i + 1) - packed.Offset(i) + RowTable.BlockRows - 1) / RowTable.BlockRows;
        return blocks;
    }

    private sealed class Argument(GpuMemory memory, int elementSize)
    {
        public int ElementSize => elementSize;

        public GpuMemory Memory { get; } = memory;

        public object? Tensor { get; set; }

        public long Call { get; set; }
    }
}
