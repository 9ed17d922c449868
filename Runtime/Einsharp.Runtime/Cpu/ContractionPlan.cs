namespace Einsharp.Cpu;

/// <summary>Which kernel computes a contraction, and how. Made once by the caller of a device, or by each worker for itself.</summary>
internal unsafe struct ContractionPlan
{
    /// <summary>A matrix product; else a loop nest.</summary>
    public bool IsProduct;

    public GemmPlan Product;
    public NestPlan Nest;

    /// <summary>Adds up the parts of <see cref="Nest"/>.</summary>
    public NestPlan Adding;

    /// <summary>The width of the vectors: 64, 32 or 16 bytes.</summary>
    public int VectorBytes;

    /// <summary>Counters at the beginning of the memory that the workers share, zero at first.</summary>
    public int Counters;

    /// <summary>Bytes behind the counters.</summary>
    public long CommonBytes;

    /// <summary>Axes that a plan needs room for.</summary>
    public static int Room(in ContractionCall call) => 5 * (call.Batch.Count + call.M.Count + call.N.Count + call.K.Count) + 16;

    /// <summary>Floats of the memory that the workers share.</summary>
    public readonly int CommonFloats => checked((int)((Counters * sizeof(int) + CommonBytes) / sizeof(float)));

    /// <summary>Plans a contraction that has a result.</summary>
    /// <param name="call">The contraction.</param>
    /// <param name="axes">Room for <see cref="Room"/> axes, that lives as long as the plan.</param>
    /// <param name="zero">A zero that lives as long as the plan.</param>
    /// <param name="elementSize">Bytes of an element.</param>
    /// <param name="workers">How many compute.</param>
    /// <param name="vectorBytes">The widest vectors.</param>
    public static ContractionPlan Of(
        in ContractionCall call, LoopAxis* axes, double* zero, int elementSize, int workers, int vectorBytes)
    {
        long m = call.M.Extent, n = call.N.Extent, k = call.K.Extent;
        var plan = new ContractionPlan { VectorBytes = vectorBytes };
        if (call.IsProduct && m == 1)
        {
            // One row reads b once, from end to end, and adds up as the tiles do.
            plan.Nest = NestPlan.Of(call, axes, cut: false);
            if (plan.Nest.AddsUp(GemmPlan.StretchOf(k))) return plan;
        }
        if (call.IsProduct)
        {
            plan.IsProduct = true;
            plan.Product = GemmPlan.Of(call, axes);
            plan.VectorBytes = plan.Product.VectorBytes(vectorBytes, elementSize);
            plan.Product.Cut(workers, 2 * plan.VectorBytes / elementSize, elementSize);
            if (plan.Product.Sharing == GemmSharing.PackedTogether)
            {
                plan.Counters = (plan.Product.NTogether / plan.Product.NBlock + 15) & ~15;
                plan.CommonBytes = (long)plan.Product.StretchesTogether * plan.Product.NTogether * plan.Product.KBlock * elementSize;
            }
            return plan;
        }
        int all = call.Batch.Count + call.M.Count + call.N.Count + call.K.Count + 2;
        if (k == 0)
        {
            plan.Nest = NestPlan.Of(Zeros(call, axes, zero), axes + all);
            return plan;
        }
        plan.Nest = NestPlan.Of(call, axes);
        if (plan.Nest.Parts > 1)
        {
            long results = call.Batch.Extent * m * n;
            plan.Adding = plan.Nest.Divide(results, axes + all, axes + 3 * all);
            plan.Counters = 16;
            plan.CommonBytes = results * plan.Nest.Parts * elementSize;
        }
        return plan;
    }

    // An empty sum is 0: one zero, read again and again.
    private static ContractionCall Zeros(in ContractionCall call, LoopAxis* axes, double* zero)
    {
        int count = 0;
        foreach (LoopAxis axis in call.Batch.Span) axes[count++] = new LoopAxis(axis.Extent, 0, 0, axis.C);
        foreach (LoopAxis axis in call.M.Span) axes[count++] = new LoopAxis(axis.Extent, 0, 0, axis.C);
        foreach (LoopAxis axis in call.N.Span) axes[count++] = new LoopAxis(axis.Extent, 0, 0, axis.C);
        *zero = 0;
        return new ContractionCall
        {
            A = new ContractionOperand(zero, 1, ElementFormat.Plain),
            C = call.C,
            Batch = new AxisList(axes, count),
        };
    }
}
