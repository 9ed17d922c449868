namespace Einsharp.Cpu;

/// <summary>
/// Sums of products over strided operands: what every step of an einsum becomes. Each operand is seen through strides, so transposes,
/// diagonals and repeated reads cost no copy; axes are given in groups, outermost first, and are folded where their strides allow.
/// </summary>
/// <remarks>
/// <para>Elements are <see cref="float"/> or <see cref="double"/>. The result is overwritten; it must not overlap an operand, and no
/// two indices may share one of its elements. Where an axis has no extent, the result is empty or zero.</para>
/// <para>The first argument says who computes. A <see cref="CpuDevice"/> runs the work on its team, or on the calling thread where it
/// is too small for that. A <see cref="Worker"/> is for code inside a job: every worker of the team calls with the same arguments; the
/// call begins a phase of its own, and the caller puts a barrier before the result is read.</para>
/// <para>The bits of the result depend on the operands, the axes and the hardware's vector width; not on the number of threads. Inside a job
/// an element of a matrix product has the same bits however many rows and columns are computed beside it.</para>
/// </remarks>
public static partial class Contraction
{
    /// <summary>c[batch, m, n] = Σₖ a[batch, m, k] · b[batch, k, n].</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="device">Where it is computed.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="batch">Axes of all three.</param>
    /// <param name="m">Axes of <paramref name="a"/> and <paramref name="c"/>.</param>
    /// <param name="n">Axes of <paramref name="b"/> and <paramref name="c"/>.</param>
    /// <param name="k">Axes of <paramref name="a"/> and <paramref name="b"/>, summed over.</param>
    /// <exception cref="ArgumentException">An axis has a stride where its group has none, or reaches beyond an operand.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An extent or a stride is negative.</exception>
    /// <exception cref="NotSupportedException">The elements are neither float nor double.</exception>
    public static void MatrixMatrix<T>(
        CpuDevice device, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k)
        where T : unmanaged => Run(device, a, null, true, b, null, c, batch, m, n, k);

    /// <inheritdoc cref="MatrixMatrix{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixMatrix<T>(
        Worker worker, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k)
        where T : unmanaged => Run(worker, a, null, true, b, null, c, batch, m, n, k);

    /// <summary>c[batch, m] = Σₖ a[batch, m, k] · b[batch, k].</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="device">Where it is computed.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="batch">Axes of all three.</param>
    /// <param name="m">Axes of <paramref name="a"/> and <paramref name="c"/>.</param>
    /// <param name="k">Axes of <paramref name="a"/> and <paramref name="b"/>, summed over.</param>
    /// <exception cref="ArgumentException">An axis has a stride where its group has none, or reaches beyond an operand.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An extent or a stride is negative.</exception>
    /// <exception cref="NotSupportedException">The elements are neither float nor double.</exception>
    public static void MatrixVector<T>(
        CpuDevice device, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> k)
        where T : unmanaged => Run(device, a, null, true, b, null, c, batch, m, [], k);

    /// <inheritdoc cref="MatrixVector{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixVector<T>(
        Worker worker, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> k)
        where T : unmanaged => Run(worker, a, null, true, b, null, c, batch, m, [], k);

    /// <summary>c[batch] = Σₖ a[batch, k] · b[batch, k].</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="device">Where it is computed.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="batch">Axes of all three.</param>
    /// <param name="k">Axes of <paramref name="a"/> and <paramref name="b"/>, summed over.</param>
    /// <exception cref="ArgumentException">An axis has a stride where its group has none, or reaches beyond an operand.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An extent or a stride is negative.</exception>
    /// <exception cref="NotSupportedException">The elements are neither float nor double.</exception>
    public static void Dot<T>(
        CpuDevice device, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> k)
        where T : unmanaged => Run(device, a, null, true, b, null, c, batch, [], [], k);

    /// <inheritdoc cref="Dot{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis})"/>
    public static void Dot<T>(
        Worker worker, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> k)
        where T : unmanaged => Run(worker, a, null, true, b, null, c, batch, [], [], k);

    /// <summary>c[batch, m, n] = a[batch, m] · b[batch, n]. Without m and n it is a product element by element.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="device">Where it is computed.</param>
    /// <param name="a">The first operand.</param>
    /// <param name="b">The second operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="batch">Axes of all three.</param>
    /// <param name="m">Axes of <paramref name="a"/> and <paramref name="c"/>.</param>
    /// <param name="n">Axes of <paramref name="b"/> and <paramref name="c"/>.</param>
    /// <exception cref="ArgumentException">An axis has a stride where its group has none, or reaches beyond an operand.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An extent or a stride is negative.</exception>
    /// <exception cref="NotSupportedException">The elements are neither float nor double.</exception>
    public static void Outer<T>(
        CpuDevice device, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n)
        where T : unmanaged => Run(device, a, null, true, b, null, c, batch, m, n, []);

    /// <inheritdoc cref="Outer{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Outer<T>(
        Worker worker, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n)
        where T : unmanaged => Run(worker, a, null, true, b, null, c, batch, m, n, []);

    /// <summary>c[kept] = Σ a[kept, summed]. Without summed axes it is a copy: a transpose, a diagonal.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="device">Where it is computed.</param>
    /// <param name="a">The operand.</param>
    /// <param name="c">The result.</param>
    /// <param name="kept">Axes of both; their strides in the second operand are 0.</param>
    /// <param name="summed">Axes of <paramref name="a"/> alone.</param>
    /// <exception cref="ArgumentException">An axis has a stride where its group has none, or reaches beyond an operand.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An extent or a stride is negative.</exception>
    /// <exception cref="NotSupportedException">The elements are neither float nor double.</exception>
    public static void Sum<T>(
        CpuDevice device, ReadOnlySpan<T> a, Span<T> c, ReadOnlySpan<LoopAxis> kept, ReadOnlySpan<LoopAxis> summed)
        where T : unmanaged => Run(device, a, null, false, [], null, c, kept, [], [], summed);

    /// <inheritdoc cref="Sum{T}(CpuDevice, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Sum<T>(
        Worker worker, ReadOnlySpan<T> a, Span<T> c, ReadOnlySpan<LoopAxis> kept, ReadOnlySpan<LoopAxis> summed)
        where T : unmanaged => Run(worker, a, null, false, [], null, c, kept, [], [], summed);
}
