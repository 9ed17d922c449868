namespace Einsharp.Cpu;

/// <summary>
/// The axes of a reduction, folded, and its units of work. Where the innermost axis of the result is contiguous in the operand too, a unit is
/// a block of it (<see cref="IsAcross"/>); else what is reduced is read in runs, and a unit is some numbers of the
/// result.
/// </summary>
internal readonly unsafe struct ReductionWalk
{
    /// <summary>The most neighbours that are reduced together.</summary>
    public const int BlockSize = 256;

    private const int UnitElements = 1 << 13;

    private readonly AxisList _kept;
    private readonly long _results;
    private readonly long _perUnit;
    private readonly int _blocks;

    /// <param name="memory">Room for the axes of both lists.</param>
    /// <param name="kept">The axes of the result.</param>
    /// <param name="over">The others.</param>
    public ReductionWalk(LoopAxis* memory, AxisList kept, AxisList over)
    {
        _results = Product(kept);
        Over = Product(over);
        _kept = AxisFolding.Fold(memory, OperandIndex.C, kept);
        OverAxes = AxisFolding.Fold(memory + kept.Count, OperandIndex.A, over);
        LoopAxis inner = _kept.Count == 0 ? default : _kept.Axes[_kept.Count - 1];
        IsAcross = Over > 0 && inner is { A: 1, C: 1, Extent: > 1 };
        if (IsAcross)
        {
            _blocks = (inner.Extent + BlockSize - 1) / BlockSize;
            Units = checked((int)(_results / inner.Extent * _blocks));
        }
        else
        {
            _perUnit = Math.Max(1, UnitElements / Math.Max(1, Over));
            Units = checked((int)((_results + _perUnit - 1) / _perUnit));
        }
    }

    /// <summary>How many numbers become one.</summary>
    public long Over { get; }

    /// <summary>The axes that are reduced.</summary>
    public AxisList OverAxes { get; }

    public bool IsAcross { get; }

    public int Units { get; }

    /// <summary>The reduced axes but the innermost.</summary>
    public AxisList OuterOver => new(OverAxes.Axes, Math.Max(0, OverAxes.Count - 1));

    /// <summary>How far the numbers of a run lie apart.</summary>
    public int RunStride => OverAxes.Count == 0 ? 1 : OverAxes.Axes[OverAxes.Count - 1].A;

    /// <summary>The length of the innermost reduced axis.</summary>
    public int RunLength => OverAxes.Count == 0 ? 1 : OverAxes.Axes[OverAxes.Count - 1].Extent;

    /// <summary>
    /// A part of the run of the innermost reduced axis from <paramref name="x"/> on: all of it where it is contiguous, else as much as
    /// <paramref name="part"/> has room for, gathered there.
    /// </summary>
    public ReadOnlySpan<float> Run(float* x, int first, Span<float> part)
    {
        if (RunStride == 1) return new ReadOnlySpan<float>(x, RunLength);
        part = part[..Math.Min(part.Length, RunLength - first)];
        x += (nint)first * RunStride;
        for (int i = 0; i < part.Length; i++, x += RunStride) part[i] = *x;
        return part;
    }

    /// <summary>The first result of a unit.</summary>
    public long First(int unit) => unit * _perUnit;

    /// <summary>The result behind a unit's last.</summary>
    public long End(int unit) => Math.Min(_results, (unit + 1L) * _perUnit);

    /// <summary>Where the numbers of a result begin in the operand.</summary>
    public nint A(long result) => AxisFolding.Offset(_kept, OperandIndex.A, result);

    /// <summary>Where a result lies.</summary>
    public nint C(long result) => AxisFolding.Offset(_kept, OperandIndex.C, result);

    /// <summary>A unit's block: where it begins in the operand and in the result, and how long it is.</summary>
    public int Block(int unit, out nint a, out nint c)
    {
        var outer = new AxisList(_kept.Axes, _kept.Count - 1);
        int width = _kept.Axes[_kept.Count - 1].Extent, first = unit % _blocks * BlockSize;
        a = AxisFolding.Offset(outer, OperandIndex.A, unit / _blocks) + first;
        c = AxisFolding.Offset(outer, OperandIndex.C, unit / _blocks) + first;
        return Math.Min(BlockSize, width - first);
    }

    /// <summary>Checks that no axis reaches beyond an operand.</summary>
    public void Check(int lengthA, int lengthC)
    {
        if (_results == 0 || (Over > 0 && Last(_kept, OperandIndex.A) + Last(OverAxes, OperandIndex.A) < lengthA
            && Last(_kept, OperandIndex.C) < lengthC)
            || (Over == 0 && Last(_kept, OperandIndex.C) < lengthC))
        {
            return;
        }
        throw new ArgumentException(FormattableString.Invariant(
            $"the axes of a reduction reach beyond its operand of {lengthA} values or its result of {lengthC}"));
    }

    private static long Last(AxisList axes, OperandIndex operand)
    {
        long last = 0;
        for (int i = 0; i < axes.Count; i++) last += (axes.Axes[i].Extent - 1L) * AxisFolding.Stride(axes.Axes[i], operand);
        return last;
    }

    private static long Product(AxisList axes)
    {
        long product = 1;
        for (int i = 0; i < axes.Count; i++) product *= axes.Axes[i].Extent;
        return product;
    }
}
