using System.Numerics;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace Einsharp.Ilgpu;

/// <summary>
/// What a device does for one caller, one thing after another, while the caller goes on: copies to the device, kernels, copies back. Only
/// reading back waits.
/// </summary>
public sealed class GpuStream : IDisposable
{
    private const int LeastBlock = 4096, MostBlock = 4 << 20, MostStaged = 16 << 20, MostBlocks = 64;

    private const int OrphanMilliseconds = 60_000;

    private static readonly List<(long Since, List<HostBlock> Blocks)> s_orphans = [];

    private readonly IlgpuDevice _device;
    private readonly List<HostBlock> _blocks = [];
    private HostBlock? _back;
    private long _epoch = 1;

    internal GpuStream(IlgpuDevice device)
    {
        device.ThrowIfUnusable();
        _device = device;
        try
        {
            Stream = device.Accelerator.CreateStream();
        }
        catch (AcceleratorException error)
        {
            throw device.Lost(error, "making a stream");
        }
    }

    /// <summary>Of a stream that was forgotten, keeps the buffers of copies for a while: one may still be under way.</summary>
    ~GpuStream()
    {
        long now = Environment.TickCount64;
        lock (s_orphans)
        {
            s_orphans.RemoveAll(orphan => now - orphan.Since > OrphanMilliseconds);
            if (_blocks.Count > 0)
                s_orphans.Add((now, _blocks));
        }
    }

    internal AcceleratorStream Stream { get; }

    /// <summary>
    /// Memory to write to, for <see cref="Send(HostBlock, int, ArrayView{byte})"/>. A block is used again only when the stream was waited
    /// for since: until then a copy may still read it.
    /// </summary>
    /// <param name="bytes">At least so many; at most 4 MiB.</param>
    internal HostBlock Stage(int bytes)
    {
        _device.ThrowIfUnusable();
        int wanted = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(bytes, LeastBlock)), same = 0;
        foreach (HostBlock block in _blocks)
        {
            if (block.Bytes != wanted)
                continue;
            if (block.Used < _epoch)
                return block;
            same++;
        }
        if (same >= Math.Min(MostBlocks, MostStaged / wanted))
        {
            Synchronize();
            return Stage(bytes);
        }
        HostBlock made = NewBlock(wanted);
        _blocks.Add(made);
        return made;
    }

    /// <summary>Starts to copy the first bytes of a block to the beginning of a view.</summary>
    internal void Send(HostBlock block, int bytes, ArrayView<byte> to)
    {
        block.Used = _epoch;
        try
        {
            to.SubView(0, bytes).CopyFrom(Stream, block.Part(bytes));
        }
        catch (AcceleratorException error)
        {
            throw _device.Lost(error, "a copy to the device");
        }
    }

    /// <summary>
    /// Starts to copy values to the beginning of a view; they may be changed as soon as this returns. Waits only if they are many.
    /// </summary>
    internal unsafe void Send<T>(ReadOnlySpan<T> values, ArrayView<T> to)
        where T : unmanaged
    {
        if (values.IsEmpty)
            return;
        fixed (T* from = values)
            Send((byte*)from, (long)values.Length * sizeof(T), to.Cast<byte>());
    }

    /// <inheritdoc cref="Send{T}(ReadOnlySpan{T}, ArrayView{T})"/>
    internal unsafe void Send(byte* from, long bytes, ArrayView<byte> to)
    {
        for (long done = 0; done < bytes;)
        {
            int count = (int)Math.Min(MostBlock, bytes - done);
            HostBlock block = Stage(count);
            new ReadOnlySpan<byte>(from + done, count).CopyTo(block.Span);
            Send(block, count, to.SubView(done, count));
            done += count;
        }
    }

    /// <summary>Starts to copy rows that are longer on the device, where zeros follow their values.</summary>
    internal unsafe void SendPadded(byte* from, long rows, long rowBytes, long paddedBytes, ArrayView<byte> to)
    {
        // Rows are cut into pieces too, because one may be larger than a block.
        long total = rows * paddedBytes, done = 0;
        while (done < total)
        {
            int count = (int)Math.Min(MostBlock, total - done);
            HostBlock block = Stage(count);
            Span<byte> piece = block.Span[..count];
            while (!piece.IsEmpty)
            {
                (long row, long place) = Math.DivRem(done, paddedBytes);
                bool isPadding = place >= rowBytes;
                int run = (int)Math.Min((isPadding ? paddedBytes : rowBytes) - place, piece.Length);
                if (isPadding)
                    piece[..run].Clear();
                else
                    new ReadOnlySpan<byte>(from + row * rowBytes + place, run).CopyTo(piece);
                piece = piece[run..];
                done += run;
            }
            Send(block, count, to.SubView(done - count, count));
        }
    }

    /// <summary>Waits, and copies the first values of a view from the device.</summary>
    internal void Receive<T>(ArrayView<T> from, Span<T> to)
        where T : unmanaged
    {
        _device.ThrowIfUnusable();
        Span<byte> bytes = MemoryMarshal.AsBytes(to);
        for (long done = 0; done < bytes.Length;)
        {
            int count = (int)Math.Min(MostBlock, bytes.Length - done);
            if (_back is null || _back.Bytes < count)
            {
                _back?.Dispose();
                _back = null;
                _back = NewBlock((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(count, LeastBlock)));
            }
            try
            {
                from.Cast<byte>().SubView(done, count).CopyTo(Stream, _back.Part(count));
            }
            catch (AcceleratorException error)
            {
                throw _device.Lost(error, "a copy from the device");
            }
            Synchronize();
            _back.Span[..count].CopyTo(bytes[(int)done..]);
            done += count;
        }
    }

    /// <summary>Starts to copy from one place on the device to another.</summary>
    internal void Copy<T>(ArrayView<T> from, ArrayView<T> to)
        where T : unmanaged
    {
        _device.ThrowIfUnusable();
        if (from.Length == 0)
            return;
        try
        {
            from.CopyTo(Stream, to);
        }
        catch (AcceleratorException error)
        {
            throw _device.Lost(error, "a copy on the device");
        }
    }

    /// <summary>Starts to fill memory with zeros.</summary>
    internal void Clear<T>(ArrayView<T> view)
        where T : unmanaged
    {
        _device.ThrowIfUnusable();
        if (view.Length == 0)
            return;
        try
        {
            view.MemSetToZero(Stream);
        }
        catch (AcceleratorException error)
        {
            throw _device.Lost(error, "clearing memory");
        }
    }

    /// <summary>Waits until all is done that was started.</summary>
    /// <exception cref="GpuLostException">Something of it failed.</exception>
    public void Synchronize()
    {
        _device.ThrowIfUnusable();
        try
        {
            Stream.Synchronize();
        }
        catch (AcceleratorException error)
        {
            throw _device.Lost(error, "waiting for the device");
        }
        _epoch++;
    }

    /// <summary>Waits, and frees the buffers of copies.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        try
        {
            if (!_device.IsGone)
                Stream.Synchronize();
            Stream.Dispose();
        }
        catch (AcceleratorException)
        {
            // The device is gone; nothing runs any more.
        }
        _back?.Dispose();
        _back = null;
        foreach (HostBlock block in _blocks)
            block.Dispose();
        _blocks.Clear();
    }

    private HostBlock NewBlock(int bytes)
    {
        try
        {
            return new HostBlock(_device.Accelerator, bytes);
        }
        catch (AcceleratorException error)
        {
            throw _device.Lost(error, "making a buffer for copies");
        }
    }
}
