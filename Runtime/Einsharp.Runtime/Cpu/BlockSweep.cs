using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>A sweep over weights in blocks: pinned operands of one <see cref="Sweep.Project"/>.</summary>
internal readonly unsafe struct BlockOperands(byte* weights, long bytes, QuantisedRows x, float* turned, float* y, nint yStride)
{
    public readonly byte* Weights = weights;
    public readonly byte* WeightsEnd = weights + bytes;
    public readonly QuantisedRows X = x;
    public readonly float* Turned = turned;
    public readonly float* Y = y;
    public readonly nint YStride = yStride;
}

/// <summary>A group of rows of weights, and the rows of activations that they meet.</summary>
internal unsafe struct BlockStep
{
    /// <summary>Vectors of memory that formats may use.</summary>
    public const int MemoryVectors = 72;

    /// <summary>The first row.</summary>
    public byte* Weights;

    /// <summary>From one row to the next.</summary>
    public nint RowBytes;

    /// <summary>Blocks of a row.</summary>
    public int Blocks;

    /// <summary>The record of the first block of the first row of activations.</summary>
    public byte* X;

    /// <summary>From a row's record to the next row's.</summary>
    public int Stride;

    /// <summary>From a block's record to the next one's.</summary>
    public nint BlockStride;

    /// <summary>Rows of activations.</summary>
    public int Count;

    /// <summary>[group][row of activations][row of weights]: the partial sums that a block is added to.</summary>
    public float* Totals;

    /// <summary>From a group's totals to the next one's.</summary>
    public int GroupStride;

    /// <summary>The first of the partial sums.</summary>
    public float* Partials;

    /// <summary>From one of them to the next.</summary>
    public int PartialStride;

    /// <summary>Of the same shape: sums of whole numbers inside a block.</summary>
    public int* Whole;

    /// <summary>Memory for <see cref="MemoryVectors"/>.</summary>
    public byte* Memory;

    /// <summary>What is read next: <see cref="Prefetch"/> goes along it.</summary>
    public byte* Ahead;

    /// <summary>Sets the totals to those of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Select(int block) => Totals = Partials + ((block & (BlockSweep.Partials - 1)) * PartialStride);

    /// <summary>
    /// Fetches so many bytes more. The hardware follows a few long streams; it does not see that many short ones will be one stretch of memory.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int bytes)
    {
        byte* from = Ahead;
        // Three lines a step: a step of one would be as many instructions as a tenth of the products of few rows.
        for (int i = 0; i < bytes; i += 3 * AlignedMemory.Alignment)
        {
            Lines.Fetch(from + i);
            Lines.Fetch(from + i + AlignedMemory.Alignment);
            Lines.Fetch(from + i + (2 * AlignedMemory.Alignment));
        }
        Ahead = from + bytes;
    }
}

/// <summary>
/// Products of quantised activations with weights in blocks. Rows of weights come in groups, one a lane: a block of each is read where it is, turned
/// into lanes, and multiplied with every row of activations, be that two or hundreds. One row is <see cref="BlockRow"/>'s.
/// </summary>
internal static unsafe class BlockSweep
{
    // Activations that a block meets stay in a near cache.
    private const int BandBytes = 28672;
    private const int BandRows = 256;

    // Of the next group this much has been fetched already: the end of a group's last rows is fetched last, and their beginnings are read first.
    private const int FetchedBefore = 4096;

    /// <summary>Partial sums of a dot product, every fourth block in the same: <see cref="BlockRow"/> adds four blocks at once.</summary>
    public const int Partials = 4;

    /// <summary>Whether there are kernels for this processor.</summary>
    public static bool IsSupported => RowGroup256.IsSupported;

    public static void Project(WeightFormat format, in BlockOperands o, int firstRow, int rowCount)
    {
        if (!IsSupported)
        {
            PortableBlocks.Project(format, o, firstRow, rowCount);
            return;
        }
        if (BlockRow.Takes(o.X.Rows))
        {
            BlockRow.Project(format, o, firstRow, rowCount);
            return;
        }
        switch (format)
        {
            case WeightFormat.Q8_0: Project<Q8Blocks>(o, firstRow, rowCount); break;
            case WeightFormat.Q4_0: Project<Q4Blocks>(o, firstRow, rowCount); break;
            case WeightFormat.Q4_K: Project<Q4KBlocks>(o, firstRow, rowCount); break;
            case WeightFormat.Q6_K: Project<Q6KBlocks>(o, firstRow, rowCount); break;
            default: throw new NotSupportedException($"no kernel multiplies {format}");
        }
    }

    private static void Project<F>(in BlockOperands o, int firstRow, int rowCount)
        where F : struct, IBlocks
    {
        int last = firstRow + rowCount;
        if (RowGroup512.IsSupported && last >= RowGroup512.Count) Project<F, RowGroup512, Vector512<int>>(o, firstRow, rowCount);
        else if (last >= RowGroup256.Count * F.Groups<RowGroup256, Vector256<int>>()) Project<F, RowGroup256, Vector256<int>>(o, firstRow, rowCount);
        // Of fewer rows there is no group.
        else PortableBlocks.Project(F.Format, o, firstRow, rowCount);
    }

    [SkipLocalsInit]
    [MethodImpl(Kernels.ByItself)]
    public static void Project<F, G, V>(in BlockOperands o, int firstRow, int rowCount)
        where F : struct, IBlocks
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        int groups = F.Groups<G, V>(), lanes = groups * G.Count;
        int rows = o.X.Rows, most = Math.Min(BandRows, BandBytes / o.X.Stride) / groups, bands = (rows + most - 1) / most;
        int band = (rows + bands - 1) / bands, floats = band * lanes;
        byte* memory = stackalloc byte[((Partials + 1) * floats * sizeof(float)) + (BlockStep.MemoryVectors * sizeof(V)) + AlignedMemory.Alignment];
        memory = (byte*)AlignedMemory.Align(memory);
        nint rowBytes = (nint)F.Format.Bytes(o.X.Inner);
        var step = new BlockStep
        {
            RowBytes = rowBytes,
            Stride = o.X.Stride,
            BlockStride = (nint)rows * o.X.Stride,
            Blocks = o.X.Inner / F.Format.BlockValues(),
            Memory = memory,
            PartialStride = floats,
            GroupStride = band * G.Count,
        };
        float* sums = step.Partials = (float*)(memory + (BlockStep.MemoryVectors * sizeof(V)));
        step.Whole = (int*)(sums + (Partials * floats));
        for (int column = 0; column < rowCount; column += lanes)
        {
            // Groups that are not full begin earlier: what they compute once more is not stored.
            int columns = Math.Min(lanes, rowCount - column), skip = lanes - columns;
            byte* weights = o.Weights + ((firstRow + column - skip) * rowBytes);
            // What lies behind is most likely this worker's next group, even if it belongs to another piece of work.
            byte* next = weights + (lanes * rowBytes);
            if (o.WeightsEnd - next < lanes * rowBytes) next = weights;
            for (int row = 0; row < rows; row += band)
            {
                step.Count = Math.Min(band, rows - row);
                step.Ahead = next + FetchedBefore;
                step.Weights = weights;
                step.X = o.X.Record(0, row);
                for (int part = 0; part < Partials * groups; part++) Clear<G, V>(sums + (part * step.GroupStride), step.Count);
                // Results that are in no cache would hold up what is stored after them.
                float* y = o.Y + (row * o.YStride) + column;
                for (int i = 0; i < step.Count; i++) Sse.Prefetch0(y + (i * o.YStride) + columns - 1);
                F.Multiply<G, V>(ref step);
                y -= skip;
                for (int group = 0; group < groups; group++, y += G.Count)
                {
                    int left = Math.Clamp(skip - (group * G.Count), 0, G.Count);
                    Store<G, V>(sums + (group * step.GroupStride), floats, y, o.YStride, step.Count, left);
                }
            }
        }
    }

    /// <summary>A group's results, less those of its first rows of weights, which are computed elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<G, V>(float* totals, int floats, float* y, nint yStride, int rows, int left)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        if (left == 0)
        {
            Add<G, V>(totals, floats, y, yStride, rows);
            return;
        }
        Add<G, V>(totals, floats, totals, G.Count, rows);
        for (int i = 0; i < rows; i++, totals += G.Count, y += yStride)
            new ReadOnlySpan<float>(totals + left, G.Count - left).CopyTo(new Span<float>(y + left, G.Count - left));
    }

    /// <summary>total += sum · (factor · scale), as <see cref="IRowGroup{V}.AddProduct"/> has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo<G, V>(float* total, V sum, V factors, float scale)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.Store(G.AddProduct(G.Load(total), sum, factors, scale), total);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear<G, V>(float* sums, int rows)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        for (int i = 0; i < rows; i++, sums += G.Count) G.Store(default, sums);
    }

    // The partial sums, in order.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<G, V>(float* sums, int floats, float* y, nint yStride, int rows)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        for (int i = 0; i < rows; i++, sums += G.Count, y += yStride)
        {
            V sum = G.Load(sums);
            for (int part = 1; part < Partials; part++) sum = G.AddFloats(sum, G.Load(sums + (part * floats)));
            G.Store(sum, y);
        }
    }
}

/// <summary>Reads rows of weights into lanes.</summary>
internal static unsafe class BlockRows
{
    /// <summary>16 bytes of each row of a group, of which the first is at <paramref name="first"/> and the next <paramref name="row"/> bytes further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn<G, V>(byte* first, nint row, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.Turn(first, row, out to[0], out to[1], out to[2], out to[3]);
}
