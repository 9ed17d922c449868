using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// Products of few rows of activations with weights, which are read where they are: of one row once, in order, at the speed of memory.
/// </summary>
internal static unsafe class SweepTiles<W, V, F>
    where W : struct, IWidth<V>
    where V : unmanaged
    where F : struct, IWeights
{
    /// <summary>
    /// Bytes of weights that are a stream of their own. The hardware's prefetch is at full speed only some way into a stream, and every jump
    /// begins a new one: so a stream is this long, or there is but one.
    /// </summary>
    private const int StreamBytes = 16384;

    /// <summary>Products of all rows of activations with so many rows of weights.</summary>
    public static void Project(in SweepOperands o, int firstRow, int rowCount)
    {
        // 32 registers hold the sums of four rows of activations with six of weights.
        if (W.Count == 16 && o.Rows >= 4) Project<SixStreams>(o, firstRow, rowCount);
        else Project<FourStreams>(o, firstRow, rowCount);
    }

    /// <summary>
    /// A quarter of the weight rows is one stream, and the four quarters are read side by side: four sums run independently of each other,
    /// and a long row of activations, which leaves the first-level cache, is read a quarter as often. Quarters too short for that are
    /// neighbours. Six streams are sixths.
    /// </summary>
    private static void Project<N>(in SweepOperands o, int firstRow, int rowCount)
        where N : struct, IStreams
    {
        nint bytes = F.RowBytes(o.Inner);
        byte* w = o.Weights + (firstRow * bytes);
        int run = rowCount / N.Count;
        bool isFar = run * bytes >= StreamBytes;
        nint far = isFar ? run : 1;
        int whole = isFar ? run : run * N.Count;
        for (int j = 0; j < whole; j += isFar ? 1 : N.Count)
        {
            byte* w0 = w + (j * bytes);
            // The hardware follows long streams; of neighbours the next ones are fetched meanwhile.
            if (!isFar) Lines.Fetch(w0 + (N.Count * bytes), N.Count * bytes);
            ProjectRows<N>(o, w0, w0 + (far * bytes), w0 + (2 * far * bytes), w0 + (3 * far * bytes), far * bytes, o.Y + j, far, N.Count);
        }
        for (int j = N.Count * run; j < rowCount; j += 4)
        {
            // Past the last row the same one is read again, and its sum is not stored.
            int last = Math.Min(4, rowCount - j) - 1;
            byte* w0 = w + (j * bytes);
            ProjectRows<FourStreams>(
                o, w0, w0 + (Math.Min(1, last) * bytes), w0 + (Math.Min(2, last) * bytes), w0 + (last * bytes), 0, o.Y + j, 1, last + 1);
        }
    }

    private static void ProjectRows<N>(in SweepOperands o, byte* w0, byte* w1, byte* w2, byte* w3, nint far, float* y, nint step, int count)
        where N : struct, IStreams
    {
        int row = 0;
        for (; W.Count == 16 && row + 4 <= o.Rows; row += 4) Tile<FourRows, N>(o, row, w0, w1, w2, w3, far, y, step, count);
        for (; row + 3 <= o.Rows; row += 3) Tile<ThreeRows, N>(o, row, w0, w1, w2, w3, far, y, step, count);
        if (row + 2 <= o.Rows) Tile<TwoRows, N>(o, row, w0, w1, w2, w3, far, y, step, count);
        else if (row < o.Rows) Tile<OneRow, N>(o, row, w0, w1, w2, w3, far, y, step, count);
    }

    /// <summary>
    /// Four, three, two or one rows of activations by four or six of weights, which are widened on the way. Eight rows of activations are more
    /// than a first-level cache holds, and then it matters how often they are read from the second.
    /// </summary>
    [MethodImpl(Kernels.ByItself)]
    private static void Tile<R, N>(in SweepOperands o, int row, byte* w0, byte* w1, byte* w2, byte* w3, nint far, float* y, nint step, int count)
        where R : struct, IRowCount
        where N : struct, IStreams
    {
        float* x0 = o.X + (row * o.XStride);
        float* x1 = x0 + o.XStride;
        float* x2 = x1 + o.XStride;
        float* x3 = x2 + o.XStride;
        byte* w4 = w3 + far, w5 = w4 + far;
        int whole = o.Inner - (o.Inner % W.Count);
        V s00 = default, s01 = default, s02 = default, s03 = default, s04 = default, s05 = default;
        V s10 = default, s11 = default, s12 = default, s13 = default, s14 = default, s15 = default;
        V s20 = default, s21 = default, s22 = default, s23 = default, s24 = default, s25 = default;
        V s30 = default, s31 = default, s32 = default, s33 = default, s34 = default, s35 = default;
        for (int k = 0; k < whole; k += W.Count)
        {
            // A line of 16-bit weights at a time: widening them is slow enough for the hardware to fall behind. Streams lie some multiple of 4 KB
            // apart, so what is fetched goes half of that further, to other sets of the cache; into a second-level cache, which has many, only so far
            // as a read takes (one row of bf16, 2048 inputs, Zen 4: 31 GB/s and not 25; with longer rows nothing).
            if (F.RowBytes(1) == 2 && k % 32 == 0)
            {
                nint ahead = F.RowBytes(k) + (R.Count > 1 || Lines.AreNear || F.RowBytes(o.Inner) > 4096 ? 2048 : 1024);
                Lines.Fetch(w0 + ahead);
                Lines.Fetch(w1 + ahead);
                Lines.Fetch(w2 + ahead);
                Lines.Fetch(w3 + ahead);
                if (N.Count > 4)
                {
                    Lines.Fetch(w4 + ahead);
                    Lines.Fetch(w5 + ahead);
                }
            }
            // Three activations, twelve sums and a weight at a time: sixteen registers; with four rows and six streams, twenty-nine.
            V v0 = W.Load(x0 + k), v1 = R.Count > 1 ? W.Load(x1 + k) : default, v2 = R.Count > 2 ? W.Load(x2 + k) : default;
            V v3 = R.Count > 3 ? W.Load(x3 + k) : default;
            V w = F.Load<W, V>(w0, k);
            s00 = W.MultiplyAdd(v0, w, s00);
            if (R.Count > 1) s10 = W.MultiplyAdd(v1, w, s10);
            if (R.Count > 2) s20 = W.MultiplyAdd(v2, w, s20);
            if (R.Count > 3) s30 = W.MultiplyAdd(v3, w, s30);
            w = F.Load<W, V>(w1, k);
            s01 = W.MultiplyAdd(v0, w, s01);
            if (R.Count > 1) s11 = W.MultiplyAdd(v1, w, s11);
            if (R.Count > 2) s21 = W.MultiplyAdd(v2, w, s21);
            if (R.Count > 3) s31 = W.MultiplyAdd(v3, w, s31);
            w = F.Load<W, V>(w2, k);
            s02 = W.MultiplyAdd(v0, w, s02);
            if (R.Count > 1) s12 = W.MultiplyAdd(v1, w, s12);
            if (R.Count > 2) s22 = W.MultiplyAdd(v2, w, s22);
            if (R.Count > 3) s32 = W.MultiplyAdd(v3, w, s32);
            w = F.Load<W, V>(w3, k);
            s03 = W.MultiplyAdd(v0, w, s03);
            if (R.Count > 1) s13 = W.MultiplyAdd(v1, w, s13);
            if (R.Count > 2) s23 = W.MultiplyAdd(v2, w, s23);
            if (R.Count > 3) s33 = W.MultiplyAdd(v3, w, s33);
            if (N.Count < 6) continue;
            w = F.Load<W, V>(w4, k);
            s04 = W.MultiplyAdd(v0, w, s04);
            if (R.Count > 1) s14 = W.MultiplyAdd(v1, w, s14);
            if (R.Count > 2) s24 = W.MultiplyAdd(v2, w, s24);
            if (R.Count > 3) s34 = W.MultiplyAdd(v3, w, s34);
            w = F.Load<W, V>(w5, k);
            s05 = W.MultiplyAdd(v0, w, s05);
            if (R.Count > 1) s15 = W.MultiplyAdd(v1, w, s15);
            if (R.Count > 2) s25 = W.MultiplyAdd(v2, w, s25);
            if (R.Count > 3) s35 = W.MultiplyAdd(v3, w, s35);
        }
        // The fifth and the sixth sum twice, where there are any.
        Vector128<float> sums0 = Sums(s00, s01, s02, s03), sums1 = Sums(s10, s11, s12, s13), sums2 = Sums(s20, s21, s22, s23);
        Vector128<float> sums3 = Sums(s30, s31, s32, s33), more0 = Sums(s04, s05, s04, s05), more1 = Sums(s14, s15, s14, s15);
        Vector128<float> more2 = Sums(s24, s25, s24, s25), more3 = Sums(s34, s35, s34, s35);
        for (int k = whole; k < o.Inner; k++)
        {
            Vector128<float> w = Vector128.Create(F.At(w0, k), F.At(w1, k), F.At(w2, k), F.At(w3, k));
            sums0 = Tail(x0[k], w, sums0);
            if (R.Count > 1) sums1 = Tail(x1[k], w, sums1);
            if (R.Count > 2) sums2 = Tail(x2[k], w, sums2);
            if (R.Count > 3) sums3 = Tail(x3[k], w, sums3);
            if (N.Count < 6) continue;
            w = Vector128.Create(F.At(w4, k), F.At(w5, k), F.At(w4, k), F.At(w5, k));
            more0 = Tail(x0[k], w, more0);
            if (R.Count > 1) more1 = Tail(x1[k], w, more1);
            if (R.Count > 2) more2 = Tail(x2[k], w, more2);
            if (R.Count > 3) more3 = Tail(x3[k], w, more3);
        }
        y += row * o.YStride;
        Store<N>(sums0, more0, y, step, count);
        if (R.Count > 1) Store<N>(sums1, more1, y + o.YStride, step, count);
        if (R.Count > 2) Store<N>(sums2, more2, y + (2 * o.YStride), step, count);
        if (R.Count > 3) Store<N>(sums3, more3, y + (3 * o.YStride), step, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(V a, V b, V c, V d) => Lanes.Sums(W.Fold(a), W.Fold(b), W.Fold(c), W.Fold(d));

    /// <summary>The elements past the last whole vector: one at a time, in order, after the vector's own sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Tail(float x, Vector128<float> w, Vector128<float> sums) =>
        Vector128.MultiplyAddEstimate(Vector128.Create(x), w, sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<N>(Vector128<float> sums, Vector128<float> more, float* to, nint step, int count)
        where N : struct, IStreams
    {
        to[0] = sums[0];
        if (count > 1) to[step] = sums[1];
        if (count > 2) to[2 * step] = sums[2];
        if (count > 3) to[3 * step] = sums[3];
        if (N.Count < 6) return;
        to[4 * step] = more[0];
        to[5 * step] = more[1];
    }
}

/// <summary>How many rows of activations a tile has.</summary>
internal interface IRowCount
{
    static abstract int Count { get; }
}

internal readonly struct FourRows : IRowCount
{
    public static int Count => 4;
}

internal readonly struct ThreeRows : IRowCount
{
    public static int Count => 3;
}

internal readonly struct TwoRows : IRowCount
{
    public static int Count => 2;
}

internal readonly struct OneRow : IRowCount
{
    public static int Count => 1;
}

/// <summary>How many rows of weights a tile has, each from a stream of its own.</summary>
internal interface IStreams
{
    static abstract int Count { get; }
}

internal readonly struct FourStreams : IStreams
{
    public static int Count => 4;
}

internal readonly struct SixStreams : IStreams
{
    public static int Count => 6;
}
