namespace Einsharp.Cpu;

/// <summary>What the inner loops of a nest do.</summary>
internal enum NestForm
{
    /// <summary>No sum: products, or copies, of runs of the result.</summary>
    Map,

    /// <summary>No sum: a copy whose neighbours change places.</summary>
    Transpose,

    /// <summary>No sum: a copy of rows, in each of which neighbours stay neighbours.</summary>
    Rows,

    /// <summary>Sums side by side: runs along a kept axis are added up.</summary>
    Across,

    /// <summary>Each sum is one over runs along a summed axis.</summary>
    Along,
}

/// <summary>Which axes of a loop nest are its inner loops, and how sums are cut. Nothing here depends on the number of workers.</summary>
internal unsafe struct NestPlan
{
    // Sums of fewer terms than this are not cut into parts, and a part has at least so many.
    private const int PartTerms = 16384;
    private const int MostParts = 64;

    // Of a copy of rows that is read as it lies: so many streams of writes the caches and their tables of pages bear.
    private const int MostStreams = 64;

    public ContractionOperand A;
    public ContractionOperand B;
    public bool HasB;
    public byte* C;
    public NestForm Form;

    /// <summary>Kept axes but <see cref="X"/> and <see cref="Y"/>.</summary>
    public AxisList Kept;

    /// <summary>Summed axes but <see cref="X"/>.</summary>
    public AxisList Summed;

    /// <summary>The axis of the runs.</summary>
    public LoopAxis X;

    /// <summary>The second axis of a tile: kept.</summary>
    public LoopAxis Y;

    /// <summary>
    /// Into how many parts the outermost summed axis is cut, each summed on its own: where there are few results. It depends on the sizes
    /// alone, so that the bits do.
    /// </summary>
    public int Parts;

    /// <summary>Terms that are summed before they are added to the result; 0 for all at once. Only sums side by side over one axis have it.</summary>
    public int Stretch;

    /// <summary>From one part's sums to the next one's.</summary>
    public nint PartStride;

    /// <summary>Whether runs are read where they are, or a second operand has but one number for a run.</summary>
    public readonly bool InPlace => A.Format == ElementFormat.Plain && X.A == 1
        && (!HasB || X.B == 0 || (X.B == 1 && B.Format == ElementFormat.Plain));

    /// <summary>Folds the axes into <paramref name="room"/>, which holds as many as the call has, and some more.</summary>
    public static NestPlan Of(in ContractionCall call, LoopAxis* room, bool cut = true)
    {
        AxisList kept = AxisFolding.Fold(room, OperandIndex.C, call.Batch, call.M, call.N);
        long sizeA = 1, sizeB = 1, results = kept.Extent, terms = call.K.Extent;
        Size(kept, ref sizeA, ref sizeB);
        Size(call.K, ref sizeA, ref sizeB);
        bool swap = call.HasB && sizeB > sizeA;
        AxisList summed = AxisFolding.Fold(room + kept.Count, swap ? OperandIndex.B : OperandIndex.A, call.K);
        if (swap)
        {
            for (int i = 0; i < kept.Count + summed.Count; i++)
                room[i] = new LoopAxis(room[i].Extent, room[i].B, room[i].A, room[i].C);
        }
        var plan = new NestPlan
        {
            A = swap ? call.B : call.A,
            B = swap ? call.A : call.B,
            HasB = call.HasB,
            C = call.C,
            X = new LoopAxis(1, 0, 0, 0),
            Y = new LoopAxis(1, 0, 0, 0),
            Parts = 1,
        };
        if (summed.Count == 0) plan.Map(kept);
        else plan.Sum(kept, summed);
        // Few results are cut by their terms.
        long rows = plan.Form == NestForm.Across ? results / 64 : results;
        if (cut && summed.Count > 0 && rows < 64 && results * terms >= 2 * PartTerms && terms >= 64)
            plan.Parts = (int)Math.Clamp(results * terms / PartTerms, 1, Math.Min(MostParts, terms / 16));
        return plan;
    }

    /// <summary>
    /// Takes the sums a stretch of so many terms at a time, in the order of memory, where they are side by side, over one axis. Else it stays as
    /// it was, and returns false.
    /// </summary>
    public bool AddsUp(int stretch)
    {
        if (Form != NestForm.Across || Summed.Count != 1 || X.A != 1 || X.B != 0) return false;
        Stretch = stretch;
        return true;
    }

    /// <summary>
    /// Lets each part write its sums side by side, <paramref name="results"/> of them, and returns the plan that adds them up, part after
    /// part. Both have <see cref="A"/> or <see cref="C"/> set where the memory for the parts is known.
    /// </summary>
    public NestPlan Divide(long results, LoopAxis* room, LoopAxis* more)
    {
        int count = Kept.Count, dense = 1;
        for (int i = count - 1; i >= 0; i--) Dense(ref Kept.Axes[i], ref room[i], ref dense);
        Dense(ref Y, ref room[count++], ref dense);
        if (Form == NestForm.Across) Dense(ref X, ref room[count++], ref dense);
        room[count] = new LoopAxis(Parts, checked((int)results), 0, 0);
        PartStride = (nint)results;
        return Of(new ContractionCall { C = C, Batch = new AxisList(room, count), K = new AxisList(room + count, 1) }, more, cut: false);
    }

    private static void Dense(ref LoopAxis axis, ref LoopAxis sum, ref int dense)
    {
        sum = new LoopAxis(axis.Extent, dense, 0, axis.C);
        axis = axis with { C = dense };
        dense *= axis.Extent;
    }

    private void Map(AxisList kept)
    {
        Kept = kept;
        if (kept.Count == 0) return;
        int x = Least(kept, OperandIndex.C), y = Least(kept, OperandIndex.A);
        X = kept.Axes[x];
        bool turned = y != x && y >= 0 && kept.Axes[y].A == 1 && X.A != 1 && X.C == 1;
        if (turned && !HasB && A.Format == ElementFormat.Plain && X.Extent >= 4 && kept.Axes[y].Extent >= 4)
        {
            Form = NestForm.Transpose;
            Y = kept.Axes[y];
            Kept = Without(Without(kept, Math.Max(x, y)), Math.Min(x, y));
            return;
        }
        if (turned)
        {
            // Where a's neighbours are, the next run reads the same cache lines.
            LoopAxis near = kept.Axes[y];
            Kept = Without(Without(kept, Math.Max(x, y)), Math.Min(x, y));
            Kept.Axes[Kept.Count] = near;
            Kept = new AxisList(Kept.Axes, Kept.Count + 1);
            return;
        }
        Kept = Without(kept, x);
        if (HasB || A.Format != ElementFormat.Plain || X.A != 1 || X.C != 1 || Kept.Count == 0) return;
        // Memory that is read as it lies is fetched ahead, and writes wait for nothing.
        int rows = Least(Kept, OperandIndex.A);
        if (rows < 0 || Kept.Axes[rows].Extent > MostStreams) rows = Kept.Count - 1;
        Form = NestForm.Rows;
        Y = Kept.Axes[rows];
        Kept = Without(Kept, rows);
    }

    private void Sum(AxisList kept, AxisList summed)
    {
        int x = Least(kept, OperandIndex.A), k = Least(summed, OperandIndex.A);
        bool across = x >= 0 && (k < 0 || kept.Axes[x].A < summed.Axes[k].A);
        if (across)
        {
            Form = NestForm.Across;
            X = kept.Axes[x];
            Kept = Without(kept, x);
            Summed = summed;
            return;
        }
        Form = NestForm.Along;
        k = Math.Max(k, 0);
        X = summed.Axes[k];
        Summed = Without(summed, k);
        Kept = kept;
        // Rows that meet the same b, or none, are taken four at a time.
        for (int i = kept.Count - 1; i >= 0; i--)
        {
            if (kept.Axes[i].B != 0 || kept.Axes[i].Extent < 4) continue;
            Y = kept.Axes[i];
            Kept = Without(kept, i);
            return;
        }
    }

    // The axis of the least stride that is not 0, or -1.
    private static int Least(AxisList group, OperandIndex operand)
    {
        int found = -1;
        for (int i = 0; i < group.Count; i++)
        {
            int stride = AxisFolding.Stride(group.Axes[i], operand);
            if (stride > 0 && (found < 0 || stride <= AxisFolding.Stride(group.Axes[found], operand))) found = i;
        }
        return found;
    }

    private static AxisList Without(AxisList group, int index)
    {
        for (int i = index; i + 1 < group.Count; i++) group.Axes[i] = group.Axes[i + 1];
        return new AxisList(group.Axes, group.Count - 1);
    }

    private static void Size(AxisList group, ref long a, ref long b)
    {
        foreach (LoopAxis axis in group.Span)
        {
            if (axis.A > 0) a *= axis.Extent;
            if (axis.B > 0) b *= axis.Extent;
        }
    }
}
