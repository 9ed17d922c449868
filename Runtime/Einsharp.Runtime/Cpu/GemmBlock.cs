namespace Einsharp.Cpu;

/// <summary>
/// A block of columns and a stretch of k: the offsets of both in the operands, and a worker's room for copies.
/// </summary>
internal unsafe struct GemmBlock<T>
    where T : unmanaged
{
    /// <summary>A panel's columns are neighbours in b.</summary>
    public const byte NeighboursInB = 1;

    /// <summary>A panel's columns are neighbours in c.</summary>
    public const byte NeighboursInC = 2;

    /// <summary>The most rows of a that are copied at once.</summary>
    public const int GroupRows = 96;

    private const int MostRows = 12;

    public nint A;
    public nint B;
    public nint C;
    public int K;
    public bool Accumulate;
    public int ColumnCount;
    public int PanelCount;

    /// <summary>The offset of each k, and their common distance or -1.</summary>
    public readonly nint* StretchA;
    public readonly nint* StretchB;
    public nint StrideA;
    public nint StrideB;

    /// <summary>The offset of each column.</summary>
    public readonly nint* ColumnsB;
    public readonly nint* ColumnsC;
    public readonly byte* PanelFlags;

    /// <summary>The block's panels: [panel][k][column].</summary>
    public T* Panels;

    /// <summary>The worker's room for panels, or the team's.</summary>
    public readonly T* Packed;

    /// <summary>Rows of a, tile by tile.</summary>
    public readonly T* Copied;

    /// <summary>A tile that cannot be written where it belongs at once.</summary>
    public readonly T* Sums;

    /// <summary>Columns of a stored weight, as floats.</summary>
    public readonly T* Widened;

    private long _column;
    private long _k;

    /// <param name="worker">Whose room is taken.</param>
    /// <param name="plan">The plan, cut.</param>
    /// <param name="panelColumns">Columns of a panel.</param>
    /// <param name="together">The team's room for panels, or none.</param>
    public GemmBlock(Worker worker, in GemmPlan plan, int panelColumns, T* together)
    {
        int k = plan.KBlock, n = plan.NBlock, line = AlignedMemory.Alignment / sizeof(T);
        // Where b is read in place, the last columns may need a panel all the same: it lies where all panels would.
        int panels = n * k, widened = plan.B.Format == ElementFormat.Plain ? 0 : panelColumns * k;
        int elements = GroupRows * k + line + MostRows * panelColumns + widened + (together != null ? 0 : panels);
        int bytes = elements * sizeof(T) + (2 * k + 2 * n) * sizeof(nint) + n / panelColumns + 8 * AlignedMemory.Alignment;
        byte* room = (byte*)worker.Tiles(bytes / sizeof(float) + 1);
        Packed = together != null ? together : (T*)Take(ref room, panels * sizeof(T));
        Panels = Packed;
        Copied = (T*)Take(ref room, (GroupRows * k + line) * sizeof(T));
        Sums = (T*)Take(ref room, MostRows * panelColumns * sizeof(T));
        Widened = (T*)Take(ref room, widened * sizeof(T));
        StretchA = (nint*)Take(ref room, k * sizeof(nint));
        StretchB = (nint*)Take(ref room, k * sizeof(nint));
        ColumnsB = (nint*)Take(ref room, n * sizeof(nint));
        ColumnsC = (nint*)Take(ref room, n * sizeof(nint));
        PanelFlags = room;
        _column = -1;
        _k = -1;
    }

    public void SetBatch(in GemmPlan plan, long batch)
    {
        A = AxisFolding.Offset(plan.Batch, OperandIndex.A, batch);
        B = AxisFolding.Offset(plan.Batch, OperandIndex.B, batch);
        C = AxisFolding.Offset(plan.Batch, OperandIndex.C, batch);
    }

    public void SetColumns(in GemmPlan plan, long column, int panelColumns)
    {
        if (column == _column) return;
        _column = column;
        ColumnCount = (int)Math.Min(plan.NBlock, plan.Columns - column);
        PanelCount = (ColumnCount + panelColumns - 1) / panelColumns;
        nint b = AxisFolding.Offsets(plan.N, OperandIndex.B, column, ColumnCount, ColumnsB);
        nint c = AxisFolding.Offsets(plan.N, OperandIndex.C, column, ColumnCount, ColumnsC);
        for (int panel = 0; panel < PanelCount; panel++)
        {
            int first = panel * panelColumns, count = Math.Min(panelColumns, ColumnCount - first);
            bool inB = b == 1 || (b < 0 && AreNeighbours(ColumnsB + first, count));
            bool inC = c == 1 || (c < 0 && AreNeighbours(ColumnsC + first, count));
            PanelFlags[panel] = (byte)((inB ? NeighboursInB : 0) | (inC ? NeighboursInC : 0));
        }
    }

    public void SetStretch(in GemmPlan plan, long k)
    {
        Accumulate = k > 0;
        if (k == _k) return;
        _k = k;
        K = (int)Math.Min(plan.KBlock, plan.Inner - k);
        StrideA = AxisFolding.Offsets(plan.K, OperandIndex.A, k, K, StretchA);
        StrideB = AxisFolding.Offsets(plan.K, OperandIndex.B, k, K, StretchB);
    }

    private static bool AreNeighbours(nint* offsets, int count)
    {
        for (int i = 1; i < count; i++)
        {
            if (offsets[i] != offsets[0] + i) return false;
        }
        return true;
    }

    private static byte* Take(ref byte* room, int bytes)
    {
        byte* taken = room;
        room += (bytes + AlignedMemory.Alignment - 1) & ~(AlignedMemory.Alignment - 1);
        return taken;
    }
}
