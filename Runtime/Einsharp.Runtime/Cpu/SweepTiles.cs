using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>
/// The register tiles of <see cref="Sweep"/>. One row of activations reads the weights where they are, once, in order, at the speed of
/// memory. More widen four rows of weights into a panel that stays in the first-level cache and multiply it with all rows.
/// </summary>
internal static unsafe class SweepTiles<W, V, F>
    where W : struct, IWidth<V>
    where V : unmanaged
    where F : struct, IWeights
{
    private const int PanelRows = PanelBlock.Rows;

    // Of one row; a panel is 4 rows of floats: 16 KiB, half of a first-level cache.
    private const int PanelLength = 1024;

    // The hardware's prefetch is at full speed only some way into a stream, and every jump begins a new one. So a stream is this long, or
    // there is but one.
    private const int StreamBytes = 16384;

    // Activations that meet every panel, and weights that meet them: partial sums of 96 × 32 are 192 KiB, the activations' stretch 384 KiB.
    private const int BandRows = 96;
    private const int GroupRows = 32;

    public static void Project(in SweepOperands o, int firstRow, int rowCount)
    {
        if (o.Rows == 1)
        {
            ProjectOne(o, firstRow, rowCount);
            return;
        }
        for (int first = 0; first < o.Rows; first += BandRows)
        {
            int rows = Math.Min(BandRows, o.Rows - first);
            for (int column = 0; column < rowCount; column += GroupRows)
                ProjectBand(o, first, rows, firstRow, column, Math.Min(GroupRows, rowCount - column));
        }
    }

    /// <summary>
    /// One row of activations. A quarter of the weight rows is one stream, and the four quarters are read side by side: four sums run
    /// independently of each other, and a long row of activations, which leaves the first-level cache, is read a quarter as often.
    /// Quarters too short for that are read one row after the other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ProjectOne(in SweepOperands o, int firstRow, int rowCount)
    {
        nint bytes = F.RowBytes(o.Inner);
        byte* w = o.Weights + firstRow * bytes;
        float* x = o.X;
        float* y = o.Y;
        int whole = o.Inner - o.Inner % W.Count;
        int run = rowCount / 4;
        if (run * bytes < StreamBytes) run = 0;
        for (int j = 0; j < run; j++)
        {
            byte* w0 = w + j * bytes;
            byte* w1 = w0 + run * bytes;
            byte* w2 = w1 + run * bytes;
            byte* w3 = w2 + run * bytes;
            V a0 = default, a1 = default, a2 = default, a3 = default;
            for (int k = 0; k < whole; k += W.Count)
            {
                V v = W.Load(x + k);
                a0 = W.MultiplyAdd(v, F.Load<W, V>(w0, k), a0);
                a1 = W.MultiplyAdd(v, F.Load<W, V>(w1, k), a1);
                a2 = W.MultiplyAdd(v, F.Load<W, V>(w2, k), a2);
                a3 = W.MultiplyAdd(v, F.Load<W, V>(w3, k), a3);
            }
            Vector128<float> sums = Sums(a0, a1, a2, a3);
            for (int k = whole; k < o.Inner; k++)
                sums = Tail(x[k], Vector128.Create(F.At(w0, k), F.At(w1, k), F.At(w2, k), F.At(w3, k)), sums);
            y[j] = sums[0];
            y[j + run] = sums[1];
            y[j + 2 * run] = sums[2];
            y[j + 3 * run] = sums[3];
        }
        for (int j = 4 * run; j < rowCount; j++)
        {
            byte* w0 = w + j * bytes;
            V a = default;
            for (int k = 0; k < whole; k += W.Count) a = W.MultiplyAdd(W.Load(x + k), F.Load<W, V>(w0, k), a);
            Vector128<float> sum = Vector128.CreateScalar(Lanes.Sum(W.Fold(a)));
            for (int k = whole; k < o.Inner; k++) sum = Tail(x[k], Vector128.CreateScalar(F.At(w0, k)), sum);
            y[j] = sum.ToScalar();
        }
    }

    /// <summary>
    /// Up to <see cref="BandRows"/> rows of activations by up to <see cref="GroupRows"/> of weights, a stretch of k at a time: the stretch
    /// of the activations and the partial sums stay in the second-level cache.
    /// </summary>
    [SkipLocalsInit]
    private static void ProjectBand(in SweepOperands o, int first, int rows, int firstRow, int column, int columns)
    {
        const int padding = AlignedMemory.Alignment / sizeof(float);
        float* panel = stackalloc float[PanelRows * PanelLength + padding];
        panel = (float*)(((nuint)panel + AlignedMemory.Alignment - 1) & ~(nuint)(AlignedMemory.Alignment - 1));
        int groups = (columns + PanelRows - 1) / PanelRows;
        int whole = o.Inner - o.Inner % W.Count;
        // No partial sums outlive a single stretch.
        float* sums = stackalloc float[whole <= PanelLength ? 0 : rows * groups * PanelRows * W.Count];
        float* edge = stackalloc float[rows * PanelRows];
        nint bytes = F.RowBytes(o.Inner);
        float* x = o.X + first * o.XStride;
        float* y = o.Y + first * o.YStride + column;
        for (int k = 0; k < o.Inner; k += PanelLength)
        {
            int length = Math.Max(0, Math.Min(PanelLength, whole - k));
            for (int j = 0; j < columns; j += PanelRows)
            {
                // Past the last row the same one is read again, and its sum is not stored.
                int last = Math.Min(PanelRows, columns - j) - 1;
                byte* w0 = o.Weights + (nint)(firstRow + column + j) * bytes;
                byte* w1 = w0 + Math.Min(1, last) * bytes;
                byte* w2 = w0 + Math.Min(2, last) * bytes;
                byte* w3 = w0 + last * bytes;
                Widen(w0, w1, w2, w3, k, length, panel);
                var block = new PanelBlock
                {
                    Panel = panel,
                    Length = length,
                    X = x + k,
                    XStride = o.XStride,
                    Sums = sums + (nint)rows * j * W.Count,
                    First = k == 0,
                    Last = k + PanelLength >= whole,
                    Y = last == PanelRows - 1 ? y + j : edge,
                    YStride = last == PanelRows - 1 ? o.YStride : PanelRows,
                };
                PanelTiles<W, V>.Multiply(block, rows);
                if (!block.Last) continue;
                for (int t = whole; t < o.Inner; t++)
                {
                    Vector128<float> w = Vector128.Create(F.At(w0, t), F.At(w1, t), F.At(w2, t), F.At(w3, t));
                    for (int i = 0; i < rows; i++)
                    {
                        float* sum = block.Y + i * block.YStride;
                        Tail(x[i * o.XStride + t], w, Vector128.Load(sum)).Store(sum);
                    }
                }
                if (block.Y != edge) continue;
                for (int i = 0; i < rows; i++) Store(Vector128.Load(edge + i * PanelRows), y + i * o.YStride + j, last + 1);
            }
            if (k + PanelLength >= whole) break;
        }
    }

    /// <summary>Four rows as [vector of k][row]: what a tile reads next lies next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(byte* w0, byte* w1, byte* w2, byte* w3, int from, int length, float* panel)
    {
        for (int k = from; k < from + length; k += W.Count, panel += PanelRows * W.Count)
        {
            W.Store(F.Load<W, V>(w0, k), panel);
            W.Store(F.Load<W, V>(w1, k), panel + W.Count);
            W.Store(F.Load<W, V>(w2, k), panel + 2 * W.Count);
            W.Store(F.Load<W, V>(w3, k), panel + 3 * W.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(V a, V b, V c, V d) => Lanes.Sums(W.Fold(a), W.Fold(b), W.Fold(c), W.Fold(d));

    /// <summary>The elements past the last whole vector: one at a time, in order, after the vector's own sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Tail(float x, Vector128<float> w, Vector128<float> sums) =>
        Vector128.MultiplyAddEstimate(Vector128.Create(x), w, sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<float> sums, float* to, int count)
    {
        if (count == PanelRows)
        {
            sums.Store(to);
            return;
        }
        for (int j = 0; j < count; j++) to[j] = sums[j];
    }
}
