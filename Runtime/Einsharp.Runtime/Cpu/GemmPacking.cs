using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>
/// Copies of stretches of the operands, gathered through any strides into the order in which a tile reads them, and widened if they are
/// stored in fewer bits.
/// </summary>
internal static unsafe class GemmPacking<S, V, T>
    where S : struct, ISimd<V, T>
    where V : unmanaged
    where T : unmanaged
{
    /// <summary>Columns of a panel: two vectors.</summary>
    public static int PanelColumns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * S.Count;
    }

    /// <summary>
    /// Packs columns of b as [k][width]. Lanes past the last column hold anything: their sums are thrown away.
    /// </summary>
    /// <param name="b">The operand.</param>
    /// <param name="origin">Where the offsets count from, in elements.</param>
    /// <param name="columns">The offset of each column.</param>
    /// <param name="count">How many columns.</param>
    /// <param name="columnStride">The columns' common distance, or -1.</param>
    /// <param name="ks">The offset of each k.</param>
    /// <param name="k">How many.</param>
    /// <param name="kStride">Their common distance, or -1.</param>
    /// <param name="to">[k][width].</param>
    /// <param name="width">One or two vectors.</param>
    /// <param name="widened">Room for width · k elements, used by stored weights.</param>
    [SkipLocalsInit]
    public static void PackColumns(
        in ContractionOperand b, nint origin, nint* columns, int count, nint columnStride, nint* ks, int k, nint kStride, T* to, int width,
        T* widened)
    {
        // Every column has an offset, so that whole vectors can be loaded: those past the last repeat it.
        nint* all = stackalloc nint[2 * 16];
        for (int j = 0; j < width; j++) all[j] = columns[Math.Min(j, count - 1)];
        if (b.Format == ElementFormat.Plain)
        {
            T* from = (T*)b.Data + origin;
            if (columnStride == 1 && count == width) CopyRows(from + columns[0], ks, k, to, width);
            else if (kStride == 1) TransposeRows(from + ks[0], all, k, to, width);
            else Gather(from, all, ks, k, to, width);
        }
        else if (kStride == 1)
        {
            for (int j = 0; j < width; j++)
            {
                if (j < count) StoredElements.Widen(b, origin + columns[j] + ks[0], (float*)widened + j * k, k);
                all[j] = Math.Min(j, count - 1) * k;
            }
            TransposeRows(widened, all, k, to, width);
        }
        else if (columnStride == 1)
        {
            for (int i = 0; i < k; i++) StoredElements.Widen(b, origin + columns[0] + ks[i], (float*)to + i * width, count);
        }
        else
        {
            for (int i = 0; i < k; i++)
            {
                for (int j = 0; j < count; j++) ((float*)to)[i * width + j] = StoredElements.At(b, origin + ks[i] + columns[j]);
            }
        }
    }

    /// <summary>Copies rows of a and returns the strides of the copy: as [row][k], or as [k][row] where rows are neighbours.</summary>
    public static (nint Row, nint K) CopyRows(
        in ContractionOperand a, nint origin, nint* rows, int count, nint rowStride, nint* ks, int k, nint kStride, T* to)
    {
        if (a.Format != ElementFormat.Plain)
        {
            for (int r = 0; r < count; r++)
            {
                float* row = (float*)to + r * k;
                if (kStride == 1)
                {
                    StoredElements.Widen(a, origin + rows[r] + ks[0], row, k);
                    continue;
                }
                for (int i = 0; i < k; i++) row[i] = StoredElements.At(a, origin + rows[r] + ks[i]);
            }
            return (k, 1);
        }
        T* from = (T*)a.Data + origin;
        if (rowStride == 1)
        {
            for (int i = 0; i < k; i++)
            {
                T* column = from + rows[0] + ks[i];
                for (int r = 0; r < count; r++) to[i * count + r] = column[r];
            }
            return (1, count);
        }
        for (int r = 0; r < count; r++)
        {
            T* row = from + rows[r];
            if (kStride == 1)
            {
                new ReadOnlySpan<T>(row + ks[0], k).CopyTo(new Span<T>(to + r * k, k));
                continue;
            }
            for (int i = 0; i < k; i++) to[r * k + i] = row[ks[i]];
        }
        return (k, 1);
    }

    /// <summary>Copies rows of a that are neighbours, tile by tile, each as [k][row].</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void CopyNeighbours(T* from, int count, nint* ks, int k, T* to)
    {
        for (int i = 0; i < k; i++)
        {
            T* column = from + ks[i];
            T* tile = to;
            for (int r = 0, rows; r < count; r += rows, column += rows, tile += (nint)rows * k)
            {
                rows = GemmTiles<S, V, T>.Rows(count - r);
                T* line = tile + (nint)i * rows;
                if (rows == 12) Unsafe.CopyBlockUnaligned(line, column, (uint)(12 * sizeof(T)));
                else for (int j = 0; j < rows; j++) line[j] = column[j];
            }
        }
    }

    [MethodImpl(Kernels.ByItself)]
    private static void CopyRows(T* from, nint* ks, int k, T* to, int width)
    {
        if (width == S.Count)
        {
            for (int i = 0; i < k; i++, to += width) S.Store(S.Load(from + ks[i]), to);
            return;
        }
        for (int i = 0; i < k; i++, to += width)
        {
            T* row = from + ks[i];
            S.Store(S.Load(row), to);
            S.Store(S.Load(row + S.Count), to + S.Count);
        }
    }

    [MethodImpl(Kernels.ByItself)]
    private static void TransposeRows(T* from, nint* rows, int k, T* to, int width)
    {
        int step = 16 / sizeof(T), whole = k - k % step;
        for (int j = 0; j < width; j += S.Count)
        {
            for (int i = 0; i < whole; i += step) S.Transpose(from + i, rows + j, to + i * width + j, width);
            for (int i = whole; i < k; i++)
            {
                for (int r = 0; r < S.Count; r++) to[i * width + j + r] = from[rows[j + r] + i];
            }
        }
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Gather(T* from, nint* columns, nint* ks, int k, T* to, int width)
    {
        for (int i = 0; i < k; i++, to += width)
        {
            T* row = from + ks[i];
            for (int j = 0; j < width; j++) to[j] = row[columns[j]];
        }
    }
}
