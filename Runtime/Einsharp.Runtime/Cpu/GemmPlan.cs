namespace Einsharp.Cpu;

/// <summary>How the workers share a matrix product.</summary>
internal enum GemmSharing
{
    /// <summary>A unit packs for itself what it reads of b.</summary>
    Units,

    /// <summary>The workers pack much of b together, then share blocks of rows and columns: for few large products.</summary>
    PackedTogether,
}

/// <summary>
/// What is decided about a batch of matrix products before any is computed: which side's columns are vectors, which axes are one, how k is
/// cut. Nothing here that changes a sum depends on the number of workers.
/// </summary>
internal unsafe struct GemmPlan
{
    // Columns of a block of b times the longest stretch of k are to fit the second-level cache: 1 MiB on the machines of these years.
    private const int BlockBytes = 512 * 1024;

    // What the workers pack before they go on.
    private const int TogetherBytes = 16 * 1024 * 1024;

    // A stretch of k, 12 rows of which are to stay in the first-level cache.
    private const int Stretch = 256;

    // A direct read of b beats a packed one while its rows stay in a cache, or if few tiles read it.
    private const int DirectBytes = 128 * 1024;
    private const int DirectRows = 48;

    // Up to so many rows, b is cut by columns and each column block is packed by the worker that reads it.
    private const int FewRows = 128;

    public ContractionOperand A;
    public ContractionOperand B;
    public byte* C;
    public AxisList Batch;
    public AxisList M;
    public AxisList N;
    public AxisList K;
    public long Batches;
    public long Rows;
    public long Columns;
    public long Inner;

    /// <summary>The length of a stretch of k; the last may be shorter.</summary>
    public int KBlock;

    /// <summary>Columns of a block of b, whole panels.</summary>
    public int NBlock;

    /// <summary>Rows of a unit.</summary>
    public long MBlock;

    /// <summary>Columns that are packed together, whole blocks.</summary>
    public int NTogether;

    /// <summary>Stretches of k that are packed together.</summary>
    public int StretchesTogether;

    /// <summary>Whether tiles may read b where it is.</summary>
    public bool DirectB;

    /// <summary>Whether tiles may read a and write c, too, where they are, at plain strides.</summary>
    public bool Direct;

    public GemmSharing Sharing;

    /// <summary>Stretches of k.</summary>
    public readonly int Stretches => (int)((Inner + KBlock - 1) / KBlock);

    /// <summary>Whether all that is packed together is packed at once.</summary>
    public readonly bool IsOneTogether => Batches == 1 && NTogether >= Columns && StretchesTogether == Stretches;

    /// <summary>Blocks of rows.</summary>
    public readonly int RowBlocks => (int)((Rows + MBlock - 1) / MBlock);

    /// <summary>The vector width for so many columns: not wider than they are.</summary>
    public readonly int VectorBytes(int most, int elementSize) =>
        Columns * elementSize <= 16 ? 16 : Columns * elementSize <= 32 ? Math.Min(32, most) : most;

    /// <summary>Folds the axes into <paramref name="room"/>, which holds as many as the call has.</summary>
    public static GemmPlan Of(in ContractionCall call, LoopAxis* room)
    {
        long m = call.M.Extent, n = call.N.Extent;
        // Vectors go along c. Fewer columns than the smallest vector has lanes are rows instead.
        bool swap = HasNeighbours(call.M) && !HasNeighbours(call.N) ? m >= 4 || n < 4 : n < 4 && m > n;
        var plan = new GemmPlan
        {
            A = swap ? call.B : call.A,
            B = swap ? call.A : call.B,
            C = call.C,
            Rows = swap ? n : m,
            Columns = swap ? m : n,
            Inner = call.K.Extent,
            Batches = call.Batch.Extent,
        };
        if (swap)
        {
            plan.N = AxisFolding.Fold(room, OperandIndex.C, call.M);
            plan.M = AxisFolding.Fold(room + call.M.Count, OperandIndex.B, call.N);
        }
        else
        {
            plan.N = AxisFolding.Fold(room, OperandIndex.C, call.N);
            plan.M = AxisFolding.Fold(room + call.N.Count, OperandIndex.A, call.M);
        }
        LongestInnermost(plan.M);
        LoopAxis* rest = room + call.M.Count + call.N.Count;
        OperandIndex first = swap ? OperandIndex.B : OperandIndex.A, second = swap ? OperandIndex.A : OperandIndex.B;
        // Neighbours in either operand are worth having innermost; b's more, which is transposed without them.
        bool byB = false, byA = false;
        OperandIndex other = first, better = second;
        // Which side is swapped may depend on the number of rows, and the order of a sum must not.
        if (call.IsByClass) (other, better) = (OperandIndex.A, OperandIndex.B);
        foreach (LoopAxis axis in call.K.Span)
        {
            byA |= axis.Extent > 1 && AxisFolding.Stride(axis, other) == 1;
            byB |= axis.Extent > 1 && AxisFolding.Stride(axis, better) == 1;
        }
        plan.K = AxisFolding.Fold(rest, byB || !byA ? better : other, call.K);
        plan.Batch = AxisFolding.Fold(rest + call.K.Count, OperandIndex.C, call.Batch);
        if (swap) Swap(room, (int)(rest + call.K.Count + call.Batch.Count - room));
        return plan;
    }

    /// <summary>The length of a stretch of k: what is summed in registers before it is added to the result. It is a matter of k alone.</summary>
    public static int StretchOf(long inner)
    {
        int stretches = inner <= Stretch * 3 / 2 ? 1 : (int)((inner + Stretch - 1) / Stretch);
        return stretches == 1 ? (int)inner : (int)(((inner + stretches - 1) / stretches + 3) & ~3);
    }

    /// <summary>Cuts the work, for panels of so many columns and vectors of half as many.</summary>
    public void Cut(int workers, int panelColumns, int elementSize)
    {
        KBlock = StretchOf(Inner);
        int stretches = Stretches;
        LoopAxis n = N.Count == 1 ? N.Axes[0] : default, k = K.Count == 1 ? K.Axes[0] : default;
        LoopAxis m = M.Count == 1 ? M.Axes[0] : default;
        DirectB = B.Format == ElementFormat.Plain && N.Count == 1 && n.B == 1 && K.Count <= 1
            && (Rows <= DirectRows || (long)Inner * Math.Max(k.B, Columns) * elementSize <= DirectBytes);
        Direct = DirectB && A.Format == ElementFormat.Plain && M.Count <= 1 && n.C == 1 && stretches == 1
            && Columns % (panelColumns / 2) == 0 && Columns <= 16 * panelColumns && (m.A == 1 || k.A <= 1 || Rows <= DirectRows);
        int most = Math.Max(panelColumns, BlockBytes / (Math.Max(KBlock, 1) * elementSize) / panelColumns * panelColumns);
        NBlock = (int)Even(Columns, Math.Min(most, 64 * panelColumns), panelColumns);
        MBlock = Rows;
        Sharing = GemmSharing.Units;
        if (workers == 1 || Batches >= 4 * workers) return;
        int wanted = (int)((6 * workers + Batches - 1) / Batches);
        if (DirectB)
        {
            long columnBlocks = (Columns + NBlock - 1) / NBlock;
            MBlock = Even(Rows, Math.Max(12, Rows * columnBlocks / wanted), 12);
            if ((Rows + MBlock - 1) / MBlock * columnBlocks >= wanted / 2) return;
            NBlock = (int)Even(Columns, Math.Max(panelColumns, Columns / wanted), panelColumns);
        }
        else if (Rows <= FewRows)
        {
            NBlock = (int)Math.Min(NBlock, Even(Columns, Math.Max(panelColumns, Columns / wanted), panelColumns));
        }
        else
        {
            PackTogether(workers, panelColumns, elementSize);
        }
    }

    // Few barriers: as much of b is packed at once as the third-level cache may hold. A column block of it stays in the second-level
    // cache while rows go by.
    private void PackTogether(int workers, int panelColumns, int elementSize)
    {
        Sharing = GemmSharing.PackedTogether;
        int most = (int)(BlockBytes / (Math.Min(Inner, 1024) * elementSize) / panelColumns * panelColumns);
        NBlock = (int)Even(Columns, Math.Max(most, 4 * panelColumns), panelColumns);
        long all = Even(Columns, Columns, NBlock), elements = TogetherBytes / elementSize;
        StretchesTogether = (int)Math.Clamp(elements / ((long)KBlock * Math.Min(all, 8 * NBlock)), 1, Stretches);
        NTogether = (int)Math.Min(all, Math.Max(1, elements / ((long)KBlock * StretchesTogether * NBlock)) * NBlock);
        long blocks = Math.Min(all, NTogether) / NBlock;
        MBlock = Even(Rows, Math.Clamp(Rows * blocks / (12 * workers), 24, 96), 12);
    }

    // The length of equal parts of at most so many, in whole steps.
    private static long Even(long length, long most, int step)
    {
        long parts = Math.Max(1, (length + most - 1) / most);
        return Math.Max(step, ((length + parts - 1) / parts + step - 1) / step * step);
    }

    // Rows of a tile at one distance from each other need neither a copy nor a detour.
    private static void LongestInnermost(AxisList group)
    {
        int last = group.Count - 1, longest = last;
        for (int i = last; i >= 0; i--)
        {
            if (group.Axes[i].Extent > group.Axes[longest].Extent) longest = i;
        }
        if (last < 0 || group.Axes[last].Extent >= 24 || longest == last) return;
        LoopAxis axis = group.Axes[longest];
        for (int i = longest; i < last; i++) group.Axes[i] = group.Axes[i + 1];
        group.Axes[last] = axis;
    }

    private static bool HasNeighbours(AxisList group)
    {
        foreach (LoopAxis axis in group.Span)
        {
            if (axis.Extent > 1 && axis.C == 1) return true;
        }
        return false;
    }

    private static void Swap(LoopAxis* axes, int count)
    {
        for (int i = 0; i < count; i++) axes[i] = new LoopAxis(axes[i].Extent, axes[i].B, axes[i].A, axes[i].C);
    }
}
