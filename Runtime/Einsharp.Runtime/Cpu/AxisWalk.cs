using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>A walk over the indices of a group of axes, in order, with the offset of each in every operand.</summary>
internal unsafe struct AxisWalk
{
    private readonly LoopAxis* _axes;
    private readonly int _count;
    private readonly int* _index;

    /// <param name="group">The axes.</param>
    /// <param name="start">The first index.</param>
    /// <param name="index">Room for as many ints as there are axes.</param>
    public AxisWalk(AxisList group, long start, int* index)
    {
        _axes = group.Axes;
        _count = group.Count;
        _index = index;
        for (int i = _count - 1; i >= 0; i--)
        {
            LoopAxis axis = _axes[i];
            start = Math.DivRem(start, axis.Extent, out long at);
            _index[i] = (int)at;
            A += (nint)at * axis.A;
            B += (nint)at * axis.B;
            C += (nint)at * axis.C;
        }
    }

    public nint A { get; private set; }

    public nint B { get; private set; }

    public nint C { get; private set; }

    /// <summary>Goes to the next index; false behind the last, where the walk begins anew.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Next()
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            LoopAxis axis = _axes[i];
            A += axis.A;
            B += axis.B;
            C += axis.C;
            if (++_index[i] < axis.Extent) return true;
            A -= (nint)axis.A * axis.Extent;
            B -= (nint)axis.B * axis.Extent;
            C -= (nint)axis.C * axis.Extent;
            _index[i] = 0;
        }
        return false;
    }
}
