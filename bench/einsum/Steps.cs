using System.Numerics;
using System.Numerics.Tensors;
using Einsharp.Cpu;

namespace Einsharp.Bench;

/// <summary>One step of an equation: one or two operands, as axes in groups.</summary>
internal sealed class Step
{
    private readonly LoopAxis[] _batch, _m, _n, _k;

    /// <param name="equation">Of one or two operands.</param>
    /// <param name="sizes">The extent of each axis.</param>
    /// <param name="views">Of each operand, the strides of its axes where it is a view.</param>
    public Step(string equation, Dictionary<string, int> sizes, Dictionary<string, int>?[] views)
    {
        string[] sides = equation.Split("->", StringSplitOptions.TrimEntries);
        string[][] terms = [.. sides[0].Split(',').Select(Axes)];
        string[] result = Axes(sides[1]), second = terms.Length > 1 ? terms[1] : [];
        Inputs = terms.Length;
        int Stride(string[] term, string axis, Dictionary<string, int>? view)
        {
            if (view is not null) return view.GetValueOrDefault(axis);
            int stride = 1, sum = 0;
            for (int i = term.Length - 1; i >= 0; i--)
            {
                if (term[i] == axis) sum += stride;
                stride *= sizes[term[i]];
            }
            return sum;
        }

        LoopAxis[] Group(bool a, bool b, bool c) =>
        [
            .. terms.SelectMany(term => term).Concat(result).Distinct()
                .Where(axis => terms[0].Contains(axis) == a && second.Contains(axis) == b && result.Contains(axis) == c)
                .OrderBy(axis => Array.IndexOf(c ? result : terms[0], axis))
                .Select(axis => new LoopAxis(
                    sizes[axis], Stride(terms[0], axis, views.ElementAtOrDefault(0)), Stride(second, axis, views.ElementAtOrDefault(1)),
                    Stride(result, axis, null))),
        ];
        _batch = Group(true, true, true);
        _m = Group(true, false, true);
        _n = Group(false, true, true);
        _k = Inputs == 1 ? Group(true, false, false) : Group(true, true, false);
        Length = result.Aggregate(1, (length, axis) => length * sizes[axis]);
        Lengths = [.. terms.Select((term, i) => views.ElementAtOrDefault(i) is { } view
            ? 1 + view.Sum(pair => (sizes[pair.Key] - 1) * pair.Value) : term.Aggregate(1, (length, axis) => length * sizes[axis]))];
    }

    public int Inputs { get; }

    public int Length { get; }

    public int[] Lengths { get; }

    public double Products =>
        ((LoopAxis[])[.. _batch, .. _m, .. _n, .. _k]).Aggregate(1.0, (product, axis) => product * axis.Extent);

    public void Run<T>(CpuDevice device, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c)
        where T : unmanaged
    {
        if (Inputs == 1) Contraction.Sum<T>(device, a, c, _m, _k);
        else if (_n.Length > 0 && _m.Length > 0 && _k.Length > 0) Contraction.MatrixMatrix<T>(device, a, b, c, _batch, _m, _n, _k);
        else if (_k.Length == 0) Contraction.Outer<T>(device, a, b, c, _batch, _m, _n);
        else if (_m.Length > 0) Contraction.MatrixVector<T>(device, a, b, c, _batch, _m, _k);
        else if (_n.Length > 0) Contraction.MatrixVector<T>(device, b, a, c, Turned(_batch), Turned(_n), Turned(_k));
        else Contraction.Dot<T>(device, a, b, c, _batch, _k);
    }

    /// <summary>As one writes it without a library: an element at a time, TensorPrimitives where both operands have neighbours.</summary>
    public void RunPlainly<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c)
        where T : unmanaged, INumber<T>
    {
        LoopAxis[] kept = [.. _batch, .. _m, .. _n];
        LoopAxis inner = _k.LastOrDefault(new LoopAxis(1, 0, 0, 0));
        LoopAxis[] outer = _k.Length > 0 ? _k[..^1] : [];
        bool runs = inner.A == 1 && (Inputs == 1 || inner.B == 1) && inner.Extent > 1;
        int[] keptIndex = new int[kept.Length], outerIndex = new int[outer.Length];
        do
        {
            int ia = At(kept, keptIndex, 0), ib = At(kept, keptIndex, 1), ic = At(kept, keptIndex, 2);
            T sum = T.Zero;
            do
            {
                int ka = ia + At(outer, outerIndex, 0), kb = ib + At(outer, outerIndex, 1);
                if (runs)
                {
                    sum += Inputs == 1 ? TensorPrimitives.Sum<T>(a.Slice(ka, inner.Extent))
                        : TensorPrimitives.Dot<T>(a.Slice(ka, inner.Extent), b.Slice(kb, inner.Extent));
                }
                else if (Inputs == 1)
                {
                    for (int i = 0; i < inner.Extent; i++) sum += a[ka + i * inner.A];
                }
                else
                {
                    for (int i = 0; i < inner.Extent; i++) sum += a[ka + i * inner.A] * b[kb + i * inner.B];
                }
            }
            while (Next(outer, outerIndex));
            c[ic] = sum;
        }
        while (Next(kept, keptIndex));
    }

    private static LoopAxis[] Turned(LoopAxis[] axes) => [.. axes.Select(axis => new LoopAxis(axis.Extent, axis.B, axis.A, axis.C))];

    private static string[] Axes(string term) => term.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static int At(LoopAxis[] axes, int[] index, int operand)
    {
        int at = 0;
        for (int i = 0; i < axes.Length; i++) at += index[i] * (operand == 0 ? axes[i].A : operand == 1 ? axes[i].B : axes[i].C);
        return at;
    }

    private static bool Next(LoopAxis[] axes, int[] index)
    {
        for (int i = axes.Length - 1; i >= 0; i--)
        {
            if (++index[i] < axes[i].Extent) return true;
            index[i] = 0;
        }
        return false;
    }
}
