using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>
/// Batched matrix products of strided operands. A block of b is packed into panels that stay in the second-level cache, and rows of a, a
/// tile at a time in the first-level cache, go over all its panels (Goto and van de Geijn 2008, with the loops of Van Zee and van de Geijn
/// 2015 one level lower, because a tile is as wide as two vectors and a's rows need no transposing). Small operands are read where they are.
/// </summary>
internal static unsafe class Gemm<S, V, T>
    where S : struct, ISimd<V, T>
    where V : unmanaged
    where T : unmanaged
{
    private const int MostRows = 12;

    private static int PanelColumns => GemmPacking<S, V, T>.PanelColumns;

    /// <summary>Every worker calls it, in a new phase.</summary>
    public static void Compute(Worker worker, GemmPlan plan)
    {
        plan.Cut(worker.Count, PanelColumns, sizeof(T));
        if (plan.Direct) ComputeDirect(worker, plan);
        else if (plan.Sharing == GemmSharing.Units) ComputeUnits(worker, plan);
        else ComputeTogether(worker, plan);
    }

    /// <summary>Everything is read and written in place, at one stride an axis.</summary>
    private static void ComputeDirect(Worker worker, in GemmPlan plan)
    {
        LoopAxis m = plan.M.Count == 1 ? plan.M.Axes[0] : default, k = plan.K.Count == 1 ? plan.K.Axes[0] : default;
        int columns = (int)plan.Columns;
        long rowBlocks = (plan.Rows + plan.MBlock - 1) / plan.MBlock, columnBlocks = (columns + plan.NBlock - 1) / plan.NBlock;
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
        var block = new GemmBlock<T>(worker, plan, PanelColumns, packedElsewhere: false);
        long rowBlocks = (plan.Rows + plan.MBlock - 1) / plan.MBlock, columnBlocks = (plan.Columns + plan.NBlock - 1) / plan.NBlock;
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
                    Rows(plan, block, rowBlock * plan.MBlock, end, 0, block.PanelCount);
                }
            }
        }
    }

    private static void ComputeTogether(Worker worker, in GemmPlan plan)
    {
        var block = new GemmBlock<T>(worker, plan, PanelColumns, packedElsewhere: true);
        long tiles = (plan.Rows + MostRows - 1) / MostRows;
        for (long batch = 0; batch < plan.Batches; batch++)
        {
            block.SetBatch(plan, batch);
            for (long column = 0; column < plan.Columns; column += plan.NBlock)
            {
                block.SetColumns(plan, column, PanelColumns);
                // Units small enough that the workers end together, large enough that a copy of rows of a is used often.
                int parts = tiles >= 24 * worker.Count ? 1 : Math.Min((block.PanelCount + 3) / 4, 4);
                for (long k = 0; k < plan.Inner; k += plan.KBlock)
                {
                    block.SetStretch(plan, k);
                    while (worker.Next(block.PanelCount, out int panel)) Pack(plan, block, panel);
                    worker.Barrier();
                    while (worker.Next((int)tiles * parts, out int unit))
                    {
                        (int tile, int part) = Math.DivRem(unit, parts);
                        Rows(plan, block, (long)tile * MostRows, Math.Min(plan.Rows, (tile + 1L) * MostRows),
                            block.PanelCount * part / parts, block.PanelCount * (part + 1) / parts);
                    }
                    worker.Barrier();
                }
            }
        }
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

    /// <summary>Rows of a over panels of the block.</summary>
    [SkipLocalsInit]
    private static void Rows(in GemmPlan plan, in GemmBlock<T> block, long row, long end, int firstPanel, int endPanel)
    {
        nint* inA = stackalloc nint[MostRows], inC = stackalloc nint[MostRows];
        var tile = new GemmTile<T> { K = block.K };
        for (int rows; row < end; row += rows)
        {
            rows = GemmTiles<S, V, T>.Rows((int)Math.Min(MostRows, end - row));
            nint strideA = AxisFolding.Offsets(plan.M, OperandIndex.A, row, rows, inA);
            nint strideC = AxisFolding.Offsets(plan.M, OperandIndex.C, row, rows, inC);
            T* a = (T*)plan.A.Data + block.A + inA[0] + block.StretchA[0];
            (nint aRow, nint aK) = (strideA, block.StrideA);
            bool inPlace = plan.A.Format == ElementFormat.Plain && strideA >= 0 && block.StrideA >= 0
                && (endPanel - firstPanel <= 2 || (rows == 1 && aK == 1));
            if (!inPlace)
            {
                a = block.Copied;
                (aRow, aK) = GemmPacking<S, V, T>.CopyRows(
                    plan.A, block.A, inA, rows, strideA, block.StretchA, block.K, block.StrideA, a);
            }
            tile.A = a;
            tile.ARow = aRow;
            tile.AK = aK;
            for (int panel = firstPanel; panel < endPanel; panel++)
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
