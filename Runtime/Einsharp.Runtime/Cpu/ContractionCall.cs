namespace Einsharp.Cpu;

/// <summary>How the elements of an operand are stored.</summary>
internal enum ElementFormat
{
    /// <summary>As the type that is computed in.</summary>
    Plain,

    /// <summary>bfloat16, widened to float.</summary>
    BF16,

    /// <summary>IEEE half precision, widened to float.</summary>
    F16,
}

/// <summary>What is read: pinned memory.</summary>
internal readonly unsafe struct ContractionOperand(void* data, long length, ElementFormat format)
{
    public readonly byte* Data = (byte*)data;
    public readonly long Length = length;
    public readonly ElementFormat Format = format;

    public static ContractionOperand Of(Param param) => new(param.Data, param.Count, param.Format switch
    {
        WeightFormat.F32 => ElementFormat.Plain,
        WeightFormat.BF16 => ElementFormat.BF16,
        WeightFormat.F16 => ElementFormat.F16,
        _ => throw new NotSupportedException($"{param} is stored as {param.Format}, which the CPU kernels do not read"),
    });
}

/// <summary>Pinned axes, outermost first.</summary>
internal readonly unsafe struct AxisList(LoopAxis* axes, int count)
{
    public readonly LoopAxis* Axes = axes;
    public readonly int Count = count;

    public ReadOnlySpan<LoopAxis> Span => new(Axes, Count);

    /// <summary>The number of indices; 1 without an axis.</summary>
    public long Extent
    {
        get
        {
            long extent = 1;
            for (int i = 0; i < Count; i++) extent = checked(extent * Axes[i].Extent);
            return extent;
        }
    }
}

/// <summary>c[batch, m, n] = Σₖ a[batch, m, k] · b[batch, k, n], pinned. Which groups are empty says its class.</summary>
internal unsafe struct ContractionCall
{
    public ContractionOperand A;

    public ContractionOperand B;

    /// <summary>Whether there is a second operand; every b is 1 otherwise.</summary>
    public bool HasB;

    public byte* C;
    public long CLength;
    public AxisList Batch;
    public AxisList M;
    public AxisList N;
    public AxisList K;

    /// <summary>
    /// Whether a product of matrices is one whatever the extents: then the bits of an element depend on what it is made of, and not on how many
    /// rows and columns there are beside it.
    /// </summary>
    public bool IsByClass;

    /// <summary>Whether it is a product of matrices.</summary>
    public readonly bool IsProduct => IsByClass && M.Count > 0 && N.Count > 0
        ? K.Extent > 0
        : M.Extent > 1 && N.Extent > 1 && K.Extent > 1;

    /// <summary>Multiplications, or additions.</summary>
    public readonly long Work => Batch.Extent * M.Extent * N.Extent * K.Extent;

    /// <summary>Refuses axes that do not fit their operands: kernels work on pointers.</summary>
    public readonly void Check()
    {
        bool empty = Check(Batch, "batch", true, HasB, true) | Check(M, "m", true, false, true)
            | Check(N, "n", false, true, true) | Check(K, "k", true, HasB, false);
        long a = 0, b = 0, c = 0;
        Reach(Batch, ref a, ref b, ref c);
        Reach(M, ref a, ref b, ref c);
        Reach(N, ref a, ref b, ref c);
        Reach(K, ref a, ref b, ref c);
        // An empty sum reads nothing and writes zeros.
        if (!empty) CheckLength("a", a, A.Length);
        if (!empty && HasB) CheckLength("b", b, B.Length);
        if (Batch.Extent != 0 && M.Extent != 0 && N.Extent != 0) CheckLength("c", c, CLength);
    }

    private static bool Check(AxisList group, string name, bool a, bool b, bool c)
    {
        bool empty = false;
        foreach (LoopAxis axis in group.Span)
        {
            if (axis.Extent < 0 || axis.A < 0 || axis.B < 0 || axis.C < 0)
                throw new ArgumentOutOfRangeException(name, $"{axis}: extents and strides are 0 or more");
            if ((!a && axis.A != 0) || (!b && axis.B != 0) || (!c && axis.C != 0))
            {
                throw new ArgumentException(
                    $"{axis}: an axis of the group {name} has stride 0 in operands that lack it", name);
            }
            empty |= axis.Extent == 0;
        }
        return empty;
    }

    private static void Reach(AxisList group, ref long a, ref long b, ref long c)
    {
        foreach (LoopAxis axis in group.Span)
        {
            a += (axis.Extent - 1L) * axis.A;
            b += (axis.Extent - 1L) * axis.B;
            c += (axis.Extent - 1L) * axis.C;
        }
    }

    private static void CheckLength(string operand, long last, long length)
    {
        if (last >= length)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"the axes reach element {last} of {operand}, which has {length}"), operand);
        }
    }
}
