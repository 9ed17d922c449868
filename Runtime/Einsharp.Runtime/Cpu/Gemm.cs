using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>
/// Batched matrix products of strided operands. A block of b is packed into panels that stay in the second-level cache, and rows of a, a
/// tile at a time in the first-level cache, go over all its panels (Goto and van de Geijn 2008, with the loops of Van Zee and van de Geijn
/// 2015 one level lower, because a tile is as wide as two vectors and rows of a need no transposing). Small operands are read in place.
/// </summary>
internal static unsafe class Gemm<S, V, T>
    where S : struct, ISimd<V, T>
    where V : unmanaged
    where T : unmanaged
{
    private const int MostRows = 12;
    private const int GroupRows = GemmBlock<T>.GroupRows;

    private static int PanelColumns => GemmPacking<S, V, T>.PanelColumns;

    /// <summary>Every worker calls it, in a new phase.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="plan">The plan, cut for these workers and vectors.</param>
    /// <param name="packed">How many panels of each column block are packed: zeros.</param>
    /// <param name="panels">Room for panels that are packed together.</param>
    public static void Compute(Worker worker, in GemmPlan plan, int* packed, T* panels)
    {
        if (plan.Direct) ComputeDirect(worker, plan);
        else if (plan.Sharing == GemmSharing.Units) ComputeUnits(worker, plan);
        else if (plan.IsOneTogether) ComputeOne(worker, plan, packed, panels);
        else ComputeMany(worker, plan, panels);
    }

    /// <summary>Everything is read and written in place, at one stride an axis.</summary>
    [MethodImpl(Kernels.ByItself)]
    private static void ComputeDirect(Worker worker, in GemmPlan plan)
    {
        LoopAxis m = plan.M.Count == 1 ? plan.M.Axes[0] : default, k = plan.K.Count == 1 ? plan.K.Axes[0] : default;
        int columns = (int)plan.Columns;
        long rowBlocks = plan.RowBlocks, columnBlocks = (columns + plan.NBlock - 1) / plan.NBlock;
        long works = plan.Batches * rowBlocks * columnBlocks;
        int units = (int)Math.Min(works, 32 * worker.Count);
        var tile = new GemmTile<T> { ARow = m.A, AK = k.A, BK = k.B, CRow = m.C, K = (int)plan.Inner };
        while (worker.Next(units, out int unit))
        {
            for (long work = works * unit / units; work < works * (unit + 1) / units; work++)
            {
                long rest = Math.DivRem(work, columnBlocks, out long columnBlock);
                long batch = Math.DivRem(rest, rowBlocks, out long rowBlock);
                T* a = (T*)plan.A.Data + AxisFolding.Offset(plan.Batch, OperandIndex.A, batch);
                T* b = (T*)plan.B.Data + AxisFolding.Offset(plan.Batch, OperandIndex.B, batch);
                T* c = (T*)plan.C + AxisFolding.Offset(plan.Batch, OperandIndex.C, batch);
                int first = (int)columnBlock * plan.NBlock, last = Math.Min(columns, first + plan.NBlock);
                long end = Math.Min(plan.Rows, (rowBlock + 1) * plan.MBlock);
                for (long row = rowBlock * plan.MBlock; row < end;)
                {
                    int rows = GemmTiles<S, V, T>.Rows((int)Math.Min(MostRows, end - row));
                    tile.A = a + row * m.A;
                    for (int j = first; j < last; j += PanelColumns)
                    {
                        tile.B = b + j;
                        tile.C = c + row * m.C + j;
                        GemmTiles<S, V, T>.Multiply(tile, rows, last - j >= PanelColumns);
                    }
                    row += rows;
                }
            }
        }
    }

    private static void ComputeUnits(Worker worker, in GemmPlan plan)
    {
        var block = new GemmBlock<T>(worker, plan, PanelColumns, together: null);
        long rowBlocks = plan.RowBlocks, columnBlocks = (plan.Columns + plan.NBlock - 1) / plan.NBlock;
        long works = plan.Batches * rowBlocks * columnBlocks;
        int units = (int)Math.Min(works, 32 * worker.Count);
        while (worker.Next(units, out int unit))
        {
            for (long work = works * unit / units; work < works * (unit + 1) / units; work++)
            {
                long rest = Math.DivRem(work, columnBlocks, out long columnBlock);
                long batch = Math.DivRem(rest, rowBlocks, out long rowBlock);
                block.SetBatch(plan, batch);
                block.SetColumns(plan, columnBlock * plan.NBlock, PanelColumns);
                long end = Math.Min(plan.Rows, (rowBlock + 1) * plan.MBlock);
                for (long k = 0; k < plan.Inner; k += plan.KBlock)
                {
                    block.SetStretch(plan, k);
                    for (int panel = 0; panel < block.PanelCount; panel++) Pack(plan, block, panel);
                    Rows(plan, block, rowBlock * plan.MBlock, end);
                }
            }
        }
    }

    /// <summary>
    /// All of b is packed at once. There is no barrier: the units that pack are dealt out before those that multiply, and who comes to a
    /// column block too early waits for it alone.
    /// </summary>
    private static void ComputeOne(Worker worker, in GemmPlan plan, int* packed, T* panels)
    {
        var block = new GemmBlock<T>(worker, plan, PanelColumns, panels);
        block.SetBatch(plan, 0);
        int stretches = plan.Stretches, blockPanels = plan.NBlock / PanelColumns;
        int allPanels = (int)((plan.Columns + PanelColumns - 1) / PanelColumns), packs = allPanels * stretches;
        int columnBlocks = (allPanels + blockPanels - 1) / blockPanels, rowBlocks = plan.RowBlocks;
        while (worker.Next(packs + columnBlocks * rowBlocks, out int unit))
        {
            int columnBlock = unit < packs ? unit / (blockPanels * stretches) : (unit - packs) / rowBlocks;
            int inBlock = Math.Min(blockPanels, allPanels - columnBlock * blockPanels);
            if (unit < packs)
            {
                (int stretch, int panel) = Math.DivRem(unit - columnBlock * blockPanels * stretches, inBlock);
                Together(plan, ref block, 0, stretch, 0, columnBlock);
                Pack(plan, block, panel);
                Interlocked.Increment(ref packed[columnBlock]);
                continue;
            }
            var wait = new SpinWait();
            while (Volatile.Read(ref packed[columnBlock]) < inBlock * stretches) wait.SpinOnce(sleep1Threshold: -1);
            long row = (unit - packs) % rowBlocks * plan.MBlock, end = Math.Min(plan.Rows, row + plan.MBlock);
            for (int stretch = 0; stretch < stretches; stretch++)
            {
                Together(plan, ref block, 0, stretch, 0, columnBlock);
                Rows(plan, block, row, end);
            }
        }
    }

    /// <summary>As much of b as fits is packed at a time, with barriers between.</summary>
    private static void ComputeMany(Worker worker, in GemmPlan plan, T* room)
    {
        var block = new GemmBlock<T>(worker, plan, PanelColumns, room);
        int stretches = plan.Stretches;
        for (long batch = 0; batch < plan.Batches; batch++)
        {
            block.SetBatch(plan, batch);
            for (long column = 0; column < plan.Columns; column += plan.NTogether)
            {
                long columns = Math.Min(plan.NTogether, plan.Columns - column);
                int columnBlocks = (int)((columns + plan.NBlock - 1) / plan.NBlock);
                int panels = (int)((columns + PanelColumns - 1) / PanelColumns), blockPanels = plan.NBlock / PanelColumns;
                for (int stretch = 0; stretch < stretches; stretch += plan.StretchesTogether)
                {
                    int endStretch = Math.Min(stretches, stretch + plan.StretchesTogether);
                    while (worker.Next(panels * (endStretch - stretch), out int unit))
                    {
                        (int at, int panel) = Math.DivRem(unit, panels);
                        (int columnBlock, int inBlock) = Math.DivRem(panel, blockPanels);
                        Together(plan, ref block, stretch, stretch + at, column, columnBlock);
                        Pack(plan, block, inBlock);
                    }
                    worker.Barrier();
                    int rowBlocks = plan.RowBlocks;
                    while (worker.Next(columnBlocks * rowBlocks, out int unit))
                    {
                        (int columnBlock, int rowBlock) = Math.DivRem(unit, rowBlocks);
                        long row = rowBlock * plan.MBlock, end = Math.Min(plan.Rows, row + plan.MBlock);
                        for (int at = stretch; at < endStretch; at++)
                        {
                            Together(plan, ref block, stretch, at, column, columnBlock);
                            Rows(plan, block, row, end);
                        }
                    }
                    worker.Barrier();
                }
            }
        }
    }

    /// <summary>Sets a block whose panels are the team's: [stretch][column block][panel][k][column].</summary>
    private static void Together(in GemmPlan plan, ref GemmBlock<T> block, int firstStretch, int stretch, long column, int columnBlock)
    {
        block.SetColumns(plan, column + (long)columnBlock * plan.NBlock, PanelColumns);
        block.SetStretch(plan, (long)stretch * plan.KBlock);
        block.Panels = block.Packed + ((stretch - firstStretch) * (nint)plan.NTogether + (nint)columnBlock * plan.NBlock) * plan.KBlock;
    }

    private static void Pack(in GemmPlan plan, in GemmBlock<T> block, int panel)
    {
        int first = panel * PanelColumns, count = Math.Min(PanelColumns, block.ColumnCount - first);
        bool two = count > S.Count, whole = count == (two ? PanelColumns : S.Count);
        bool inB = (block.PanelFlags[panel] & GemmBlock<T>.NeighboursInB) != 0;
        if (whole && inB && plan.DirectB) return;
        GemmPacking<S, V, T>.PackColumns(
            plan.B, block.B, block.ColumnsB + first, count, inB ? 1 : -1, block.StretchB, block.K, block.StrideB,
            block.Panels + (nint)first * block.K, two ? PanelColumns : S.Count, block.Widened);
    }

    /// <summary>Rows of a over the panels of the block.</summary>
    [SkipLocalsInit, MethodImpl(Kernels.ByItself)]
    private static void Rows(in GemmPlan plan, in GemmBlock<T> block, long row, long end)
    {
        nint* inA = stackalloc nint[GroupRows], inC = stackalloc nint[MostRows];
        var tile = new GemmTile<T> { K = block.K };
        long groupEnd = row;
        bool neighbours = false;
        T* group = block.Copied;
        for (int rows; row < end; row += rows)
        {
            rows = GemmTiles<S, V, T>.Rows((int)Math.Min(MostRows, end - row));
            nint strideA;
            if (row >= groupEnd)
            {
                // Where rows are neighbours in a, the tiles of a cache line or more are copied at once.
                int groupRows = (int)Math.Min(GroupRows, end - row);
                strideA = AxisFolding.Offsets(plan.M, OperandIndex.A, row, groupRows, inA);
                neighbours = strideA == 1 && block.StrideA != 1 && plan.A.Format == ElementFormat.Plain && block.PanelCount > 2;
                groupEnd = row + (neighbours ? groupRows : rows);
                group = block.Copied;
                if (neighbours)
                {
                    T* first = (T*)plan.A.Data + block.A + inA[0];
                    GemmPacking<S, V, T>.CopyNeighbours(first, groupRows, block.StretchA, block.K, group);
                }
            }
            T* a;
            nint aRow, aK;
            if (neighbours)
            {
                a = group;
                (aRow, aK) = (1, rows);
                group += (nint)rows * block.K;
            }
            else
            {
                strideA = AxisFolding.Offsets(plan.M, OperandIndex.A, row, rows, inA);
                a = (T*)plan.A.Data + block.A + inA[0] + block.StretchA[0];
                (aRow, aK) = (strideA, block.StrideA);
                bool inPlace = plan.A.Format == ElementFormat.Plain && strideA >= 0 && block.StrideA >= 0
                    && (block.PanelCount <= 2 || (rows == 1 && aK == 1));
                if (!inPlace)
                {
                    a = block.Copied;
                    (aRow, aK) = GemmPacking<S, V, T>.CopyRows(
                        plan.A, block.A, inA, rows, strideA, block.StretchA, block.K, block.StrideA, a);
                }
            }
            nint strideC = AxisFolding.Offsets(plan.M, OperandIndex.C, row, rows, inC);
            tile.A = a;
            tile.ARow = aRow;
            tile.AK = aK;
            for (int panel = 0; panel < block.PanelCount; panel++)
            {
                int first = panel * PanelColumns, count = Math.Min(PanelColumns, block.ColumnCount - first);
                bool two = count > S.Count, whole = count == (two ? PanelColumns : S.Count);
                byte flags = block.PanelFlags[panel];
                if (whole && plan.DirectB && (flags & GemmBlock<T>.NeighboursInB) != 0)
                {
                    tile.B = (T*)plan.B.Data + block.B + block.ColumnsB[first] + block.StretchB[0];
                    tile.BK = block.StrideB;
                }
                else
                {
                    tile.B = block.Panels + (nint)first * block.K;
                    tile.BK = two ? PanelColumns : S.Count;
                }
                T* c = (T*)plan.C + block.C;
                if (whole && strideC >= 0 && (flags & GemmBlock<T>.NeighboursInC) != 0)
                {
                    tile.C = c + inC[0] + block.ColumnsC[first];
                    tile.CRow = strideC;
                    tile.Accumulate = block.Accumulate;
                    GemmTiles<S, V, T>.Multiply(tile, rows, two);
                    continue;
                }
                tile.C = block.Sums;
                tile.CRow = PanelColumns;
                tile.Accumulate = false;
                GemmTiles<S, V, T>.Multiply(tile, rows, two);
                Scatter(block.Sums, rows, count, c, inC, strideC, block.ColumnsC + first, block.Accumulate);
            }
        }
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Scatter(T* sums, int rows, int count, T* c, nint* inRows, nint rowStride, nint* inColumns, bool accumulate)
    {
        if (rowStride == 1)
        {
            for (int j = 0; j < count; j++)
            {
                T* column = c + inRows[0] + inColumns[j];
                for (int r = 0; r < rows; r++)
                {
                    T sum = sums[r * PanelColumns + j];
                    column[r] = accumulate ? Scalar<T>.Add(column[r], sum) : sum;
                }
            }
            return;
        }
        for (int r = 0; r < rows; r++, sums += PanelColumns)
        {
            T* row = c + inRows[r];
            for (int j = 0; j < count; j++) row[inColumns[j]] = accumulate ? Scalar<T>.Add(row[inColumns[j]], sums[j]) : sums[j];
        }
    }
}
