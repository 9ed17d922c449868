using System.ComponentModel;
using System.Numerics;
using Einsharp.Cpu;
using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// The steps of an einsum on a device: the twin of <see cref="Contraction"/>, with the same groups of axes, each outermost first, any strides.
/// The result is overwritten; where an axis has no extent, it is empty or zero.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class GpuContraction
{
    // A tile is worth its barriers from so many rows and columns on.
    private const int LeastTile = 16;

    /// <summary>c[batch, m, n] = Σₖ a[batch, m, k] · b[batch, k, n].</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="on">The einsum at hand.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="batch">Axes of all three.</param>
    /// <param name="m">Axes of <paramref name="a"/> and <paramref name="c"/>.</param>
    /// <param name="n">Axes of <paramref name="b"/> and <paramref name="c"/>.</param>
    /// <param name="k">Axes of <paramref name="a"/> and <paramref name="b"/>, summed over.</param>
    public static void MatrixMatrix<T>(
        GpuEinsum on, ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k)
        where T : unmanaged, INumber<T> => Run(on, a, b, hasB: true, c, batch, m, n, k);

    /// <summary>c[batch, m] = Σₖ a[batch, m, k] · b[batch, k].</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="on">The einsum at hand.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="batch">Axes of all three.</param>
    /// <param name="m">Axes of <paramref name="a"/> and <paramref name="c"/>.</param>
    /// <param name="k">Axes of <paramref name="a"/> and <paramref name="b"/>, summed over.</param>
    public static void MatrixVector<T>(
        GpuEinsum on, ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> k)
        where T : unmanaged, INumber<T> => Run(on, a, b, hasB: true, c, batch, m, [], k);

    /// <summary>c[batch] = Σₖ a[batch, k] · b[batch, k].</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="on">The einsum at hand.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="batch">Axes of all three.</param>
    /// <param name="k">Axes of <paramref name="a"/> and <paramref name="b"/>, summed over.</param>
    public static void Dot<T>(
        GpuEinsum on, ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> k)
        where T : unmanaged, INumber<T> => Run(on, a, b, hasB: true, c, batch, [], [], k);

    /// <summary>c[batch, m, n] = a[batch, m] · b[batch, n].</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="on">The einsum at hand.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="batch">Axes of all three.</param>
    /// <param name="m">Axes of <paramref name="a"/> and <paramref name="c"/>.</param>
    /// <param name="n">Axes of <paramref name="b"/> and <paramref name="c"/>.</param>
    public static void Outer<T>(
        GpuEinsum on, ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n)
        where T : unmanaged, INumber<T> => Run(on, a, b, hasB: true, c, batch, m, n, []);

    /// <summary>c[kept] = Σ a, over the summed axes; without any a copy. Strides in the second operand do not count.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="on">The einsum at hand.</param>
    /// <param name="a">The operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="kept">Axes of both.</param>
    /// <param name="summed">Axes of <paramref name="a"/> alone.</param>
    public static void Sum<T>(GpuEinsum on, ArrayView<T> a, ArrayView<T> c, ReadOnlySpan<LoopAxis> kept, ReadOnlySpan<LoopAxis> summed)
        where T : unmanaged, INumber<T> => Run(on, a, a, hasB: false, c, [], kept, [], summed);

    private static void Run<T>(
        GpuEinsum on, ArrayView<T> a, ArrayView<T> b, bool hasB, ArrayView<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k)
        where T : unmanaged, INumber<T>
    {
        ArgumentNullException.ThrowIfNull(on);
        int all = Extent(k);
        List<LoopAxis> batches = Fold(batch), rows = Fold(m), columns = Fold(n), sums = all == 0 ? [] : Fold(k);
        var args = new ContractionArgs<T>
        {
            A = a, B = b, C = c, BatchAxes = batches.Count, MAxes = rows.Count, NAxes = columns.Count, KAxes = sums.Count,
            Batch = Extent(batch), M = Extent(m), N = Extent(n), K = all, HasB = hasB ? 1 : 0,
            AAlongK = IsAlongK(sums, rows, static axis => axis.A) ? 1 : 0, BAlongK = IsAlongK(sums, columns, static axis => axis.B) ? 1 : 0,
        };
        int total = checked(args.Batch * args.M * args.N);
        if (total == 0)
            return;
        args.Axes = on.Axes([.. batches, .. rows, .. columns, .. sums]);
        int lanes = on.Device.Lanes;
        if (hasB && args.M >= LeastTile && args.N >= LeastTile && all > 1)
        {
            int tiles = Tiles.Parts(args.M, ContractionKernels.Rows(lanes)) * Tiles.Parts(args.N, ContractionKernels.Columns(lanes));
            on.Launch(nameof(ContractionKernels.Products), checked(args.Batch * tiles), args);
        }
        else if (all >= lanes / 2 && (total <= 4 * lanes || IsDense(args, sums)))
        {
            on.Launch(nameof(ContractionKernels.Sums), total, args);
        }
        else
        {
            on.Launch(nameof(ContractionKernels.Elements), Math.Min(65_535, Tiles.Parts(total, lanes)), args);
        }
    }

    // Each element of a matrix is read once, and those of a row lie beside each other.
    private static bool IsDense<T>(ContractionArgs<T> args, List<LoopAxis> k)
        where T : unmanaged => args.AAlongK != 0 && k[^1].A == 1 && args.N == 1;

    private static int Extent(ReadOnlySpan<LoopAxis> axes)
    {
        int extent = 1;
        foreach (LoopAxis axis in axes)
            extent = checked(extent * axis.Extent);
        return extent;
    }

    // Neighbouring axes that lie as one in every operand are one.
    private static List<LoopAxis> Fold(ReadOnlySpan<LoopAxis> axes)
    {
        var folded = new List<LoopAxis>(axes.Length);
        foreach (LoopAxis axis in axes)
        {
            if (axis.Extent == 1)
                continue;
            if (folded.Count > 0 && folded[^1] is var outer && outer.A == (long)axis.A * axis.Extent && outer.B == (long)axis.B * axis.Extent
                && outer.C == (long)axis.C * axis.Extent)
                folded[^1] = axis with { Extent = checked(outer.Extent * axis.Extent) };
            else
                folded.Add(axis);
        }

        return folded;
    }

    private static bool IsAlongK(List<LoopAxis> k, List<LoopAxis> lines, Func<LoopAxis, int> stride) =>
        k.Count > 0 && (lines.Count == 0 || stride(k[^1]) < stride(lines[^1]));
}
