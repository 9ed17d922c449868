using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>An operand of a contraction.</summary>
internal enum OperandIndex
{
    A,
    B,
    C,
}

/// <summary>
/// Groups of axes as few long ones: axes without length are dropped, and neighbours that lie in every operand as one axis would become one.
/// What remains is walked as a list of offsets (Matthews 2016, "High-performance tensor contraction without transposition").
/// </summary>
internal static unsafe class AxisFolding
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Stride(in LoopAxis axis, OperandIndex operand) =>
        operand == OperandIndex.A ? axis.A : operand == OperandIndex.B ? axis.B : axis.C;

    /// <summary>
    /// Folds groups into <paramref name="to"/>, which has room for all their axes, the longest strides of an operand outermost. The order
    /// of axes is the library's to choose: it decides in what order a sum is taken, whatever the number of threads.
    /// </summary>
    public static AxisList Fold(LoopAxis* to, OperandIndex order, AxisList group, AxisList second = default, AxisList third = default)
    {
        int count = Gather(to, 0, order, group);
        count = Gather(to, count, order, second);
        count = Gather(to, count, order, third);
        int last = 0;
        for (int i = 1; i < count; i++)
        {
            LoopAxis outer = to[last], inner = to[i];
            long extent = (long)outer.Extent * inner.Extent;
            bool one = outer.A == (long)inner.A * inner.Extent && outer.B == (long)inner.B * inner.Extent
                && outer.C == (long)inner.C * inner.Extent && extent <= int.MaxValue;
            if (one) to[last] = inner with { Extent = (int)extent };
            else to[++last] = inner;
        }
        return new AxisList(to, count == 0 ? 0 : last + 1);
    }

    /// <summary>
    /// The offsets of indices <paramref name="start"/> … of a group in one operand, and their common distance if they have one, else -1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static nint Offsets(AxisList group, OperandIndex operand, long start, int count, nint* to)
    {
        if (group.Count == 0)
        {
            for (int i = 0; i < count; i++) to[i] = 0;
            return 0;
        }
        LoopAxis inner = group.Axes[group.Count - 1];
        nint stride = Stride(inner, operand);
        long at = start % inner.Extent;
        nint common = at + count <= inner.Extent ? stride : -1;
        for (int i = 0; i < count;)
        {
            nint offset = Offset(group, operand, start + i);
            for (; at < inner.Extent && i < count; at++, i++, offset += stride) to[i] = offset;
            at = 0;
        }
        return common >= 0 || count < 2 ? common : Common(to, count);
    }

    /// <summary>The offset of one index of a group in an operand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static nint Offset(AxisList group, OperandIndex operand, long index)
    {
        nint offset = 0;
        for (int i = group.Count - 1; i > 0; i--)
        {
            long next = index / group.Axes[i].Extent;
            offset += (nint)(index - next * group.Axes[i].Extent) * Stride(group.Axes[i], operand);
            index = next;
        }
        return group.Count == 0 ? 0 : offset + (nint)index * Stride(group.Axes[0], operand);
    }

    private static nint Common(nint* offsets, int count)
    {
        nint stride = offsets[1] - offsets[0];
        for (int i = 2; i < count; i++)
        {
            if (offsets[i] - offsets[i - 1] != stride) return -1;
        }
        return stride;
    }

    private static int Gather(LoopAxis* to, int count, OperandIndex order, AxisList group)
    {
        foreach (LoopAxis axis in group.Span)
        {
            if (axis.Extent == 1) continue;
            int i = count++;
            for (; i > 0 && Before(axis, to[i - 1], order); i--) to[i] = to[i - 1];
            to[i] = axis;
        }
        return count;
    }

    // Equal strides in the leading operand (a diagonal, a repeat) are ordered by the others, then by what was written first.
    private static bool Before(in LoopAxis axis, in LoopAxis other, OperandIndex order)
    {
        int own = Stride(axis, order), others = Stride(other, order);
        return own != others ? own > others : (long)axis.A + axis.B + axis.C > (long)other.A + other.B + other.C;
    }
}
