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
    /// A quarter of the weight rows is one stream, and the four quarters are read side by side: four sums run independently of each other,
    /// and a long row of activations, which leaves the first-level cache, is read a quarter as often. Quarters too short for that are
    /// neighbours. Where 32 registers hold four rows' sums, it is six streams.
    /// </summary>
    public static void Project(in SweepOperands o, int firstRow, int rowCount)
    {
        nint bytes = F.RowBytes(o.Inner);
        byte* w = o.Weights + (firstRow * bytes);
        int streams = W.Count == 16 && o.Rows >= 4 ? 6 : 4, run = rowCount / streams;
        bool isFar = run * bytes >= Sweep.StreamBytes;
        nint far = isFar ? run : 1;
        int whole = isFar ? run : rowCount / streams * streams;
        for (int j = 0; j < whole; j += isFar ? 1 : streams)
        {
            byte* w0 = w + (j * bytes);
            // The hardware follows long streams; of neighbours the next ones are fetched meanwhile.
            for (nint next = streams * bytes; Sse.IsSupported && !isFar && next < 2 * streams * bytes; next += AlignedMemory.Alignment)
                Sse.Prefetch0(w0 + next);
            if (streams == 6) SixRows(o, w0, far * bytes, o.Y + j, far);
            else ProjectRows(o, 0, w0, w0 + (far * bytes), w0 + (2 * far * bytes), w0 + (3 * far * bytes), o.Y + j, far, 4);
        }
        for (int j = streams * run; j < rowCount; j += 4)
        {
            // Past the last row the same one is read again, and its sum is not stored.
            int last = Math.Min(4, rowCount - j) - 1;
            byte* w0 = w + (j * bytes);
            ProjectRows(o, 0, w0, w0 + (Math.Min(1, last) * bytes), w0 + (Math.Min(2, last) * bytes), w0 + (last * bytes), o.Y + j, 1, last + 1);
        }
    }

    /// <summary>From a row of activations on.</summary>
    private static void ProjectRows(in SweepOperands o, int row, byte* w0, byte* w1, byte* w2, byte* w3, float* y, nint step, int count)
    {
        for (; W.Count == 16 && row + 4 <= o.Rows; row += 4) Tile<FourRows>(o, row, w0, w1, w2, w3, y, step, count);
        for (; row + 3 <= o.Rows; row += 3) Tile<ThreeRows>(o, row, w0, w1, w2, w3, y, step, count);
        if (row + 2 <= o.Rows) Tile<TwoRows>(o, row, w0, w1, w2, w3, y, step, count);
        else if (row < o.Rows) Tile<OneRow>(o, row, w0, w1, w2, w3, y, step, count);
    }

    private static void SixRows(in SweepOperands o, byte* w0, nint far, float* y, nint step)
    {
        int row = 0;
        for (; row + 4 <= o.Rows; row += 4) FourBySix(o, row, w0, far, y, step);
        if (row == o.Rows) return;
        ProjectRows(o, row, w0, w0 + far, w0 + (2 * far), w0 + (3 * far), y, step, 4);
        ProjectRows(o, row, w0 + (4 * far), w0 + (5 * far), w0 + (5 * far), w0 + (5 * far), y + (4 * step), step, 2);
    }

    /// <summary>
    /// Four rows of activations by six of weights. Eight rows of activations are more than a first-level cache holds: what matters is how often
    /// they are read from the second.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourBySix(in SweepOperands o, int row, byte* w0, nint far, float* y, nint step)
    {
        float* x0 = o.X + (row * o.XStride);
        float* x1 = x0 + o.XStride;
        float* x2 = x1 + o.XStride;
        float* x3 = x2 + o.XStride;
        byte* w1 = w0 + far, w2 = w1 + far, w3 = w2 + far, w4 = w3 + far, w5 = w4 + far;
        int whole = o.Inner - (o.Inner % W.Count);
        V s00 = default, s01 = default, s02 = default, s03 = default, s04 = default, s05 = default;
        V s10 = default, s11 = default, s12 = default, s13 = default, s14 = default, s15 = default;
        V s20 = default, s21 = default, s22 = default, s23 = default, s24 = default, s25 = default;
        V s30 = default, s31 = default, s32 = default, s33 = default, s34 = default, s35 = default;
        for (int k = 0; k < whole; k += W.Count)
        {
            V v0 = W.Load(x0 + k), v1 = W.Load(x1 + k), v2 = W.Load(x2 + k), v3 = W.Load(x3 + k);
            V w = F.Load<W, V>(w0, k);
            s00 = W.MultiplyAdd(v0, w, s00);
            s10 = W.MultiplyAdd(v1, w, s10);
            s20 = W.MultiplyAdd(v2, w, s20);
            s30 = W.MultiplyAdd(v3, w, s30);
            w = F.Load<W, V>(w1, k);
            s01 = W.MultiplyAdd(v0, w, s01);
            s11 = W.MultiplyAdd(v1, w, s11);
            s21 = W.MultiplyAdd(v2, w, s21);
            s31 = W.MultiplyAdd(v3, w, s31);
            w = F.Load<W, V>(w2, k);
            s02 = W.MultiplyAdd(v0, w, s02);
            s12 = W.MultiplyAdd(v1, w, s12);
            s22 = W.MultiplyAdd(v2, w, s22);
            s32 = W.MultiplyAdd(v3, w, s32);
            w = F.Load<W, V>(w3, k);
            s03 = W.MultiplyAdd(v0, w, s03);
            s13 = W.MultiplyAdd(v1, w, s13);
            s23 = W.MultiplyAdd(v2, w, s23);
            s33 = W.MultiplyAdd(v3, w, s33);
            w = F.Load<W, V>(w4, k);
            s04 = W.MultiplyAdd(v0, w, s04);
            s14 = W.MultiplyAdd(v1, w, s14);
            s24 = W.MultiplyAdd(v2, w, s24);
            s34 = W.MultiplyAdd(v3, w, s34);
            w = F.Load<W, V>(w5, k);
            s05 = W.MultiplyAdd(v0, w, s05);
            s15 = W.MultiplyAdd(v1, w, s15);
            s25 = W.MultiplyAdd(v2, w, s25);
            s35 = W.MultiplyAdd(v3, w, s35);
        }
        y += row * o.YStride;
        // All before the first call, or the sums would be kept in memory in the loop too.
        Vector128<float> four0 = Sums(s00, s01, s02, s03), four1 = Sums(s10, s11, s12, s13), four2 = Sums(s20, s21, s22, s23);
        Vector128<float> four3 = Sums(s30, s31, s32, s33), two0 = Sums(s04, s05, s04, s05), two1 = Sums(s14, s15, s14, s15);
        Vector128<float> two2 = Sums(s24, s25, s24, s25), two3 = Sums(s34, s35, s34, s35);
        FinishSix(o, x0, whole, w0, far, four0, two0, y, step);
        FinishSix(o, x1, whole, w0, far, four1, two1, y + o.YStride, step);
        FinishSix(o, x2, whole, w0, far, four2, two2, y + (2 * o.YStride), step);
        FinishSix(o, x3, whole, w0, far, four3, two3, y + (3 * o.YStride), step);
    }

    private static void FinishSix(
        in SweepOperands o, float* x, int whole, byte* w, nint far, Vector128<float> four, Vector128<float> two, float* y, nint step)
    {
        for (int k = whole; k < o.Inner; k++)
        {
            four = Tail(x[k], Vector128.Create(F.At(w, k), F.At(w + far, k), F.At(w + (2 * far), k), F.At(w + (3 * far), k)), four);
            float fifth = F.At(w + (4 * far), k), sixth = F.At(w + (5 * far), k);
            two = Tail(x[k], Vector128.Create(fifth, sixth, fifth, sixth), two);
        }
        Store(four, y, step, 4);
        Store(two, y + (4 * step), step, 2);
    }

    /// <summary>Four, three, two or one rows of activations by four of weights, which are widened on the way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<R>(in SweepOperands o, int row, byte* w0, byte* w1, byte* w2, byte* w3, float* y, nint step, int count)
        where R : struct, IRowCount
    {
        float* x0 = o.X + (row * o.XStride);
        float* x1 = x0 + o.XStride;
        float* x2 = x1 + o.XStride;
        float* x3 = x2 + o.XStride;
        int whole = o.Inner - (o.Inner % W.Count);
        V s00 = default, s01 = default, s02 = default, s03 = default;
        V s10 = default, s11 = default, s12 = default, s13 = default;
        V s20 = default, s21 = default, s22 = default, s23 = default;
        V s30 = default, s31 = default, s32 = default, s33 = default;
        for (int k = 0; k < whole; k += W.Count)
        {
            // A line of 16-bit weights at a time: widening them is slow enough for the hardware to fall behind. Streams lie some multiple of 4 KB
            // apart, so what is fetched goes half of that further, to other sets of the cache.
            if (R.Count == 1 && F.RowBytes(1) == 2 && k % 32 == 0 && Sse.IsSupported)
            {
                nint ahead = F.RowBytes(k) + 2048;
                Sse.Prefetch0(w0 + ahead);
                Sse.Prefetch0(w1 + ahead);
                Sse.Prefetch0(w2 + ahead);
                Sse.Prefetch0(w3 + ahead);
            }
            // Three activations, twelve sums and a weight at a time: sixteen registers; with four rows, twenty-one.
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
        }
        Vector128<float> sums0 = Sums(s00, s01, s02, s03), sums1 = Sums(s10, s11, s12, s13), sums2 = Sums(s20, s21, s22, s23);
        Vector128<float> sums3 = Sums(s30, s31, s32, s33);
        for (int k = whole; k < o.Inner; k++)
        {
            Vector128<float> w = Vector128.Create(F.At(w0, k), F.At(w1, k), F.At(w2, k), F.At(w3, k));
            sums0 = Tail(x0[k], w, sums0);
            if (R.Count > 1) sums1 = Tail(x1[k], w, sums1);
            if (R.Count > 2) sums2 = Tail(x2[k], w, sums2);
            if (R.Count > 3) sums3 = Tail(x3[k], w, sums3);
        }
        y += row * o.YStride;
        Store(sums0, y, step, count);
        if (R.Count > 1) Store(sums1, y + o.YStride, step, count);
        if (R.Count > 2) Store(sums2, y + (2 * o.YStride), step, count);
        if (R.Count > 3) Store(sums3, y + (3 * o.YStride), step, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(V a, V b, V c, V d) => Lanes.Sums(W.Fold(a), W.Fold(b), W.Fold(c), W.Fold(d));

    /// <summary>The elements past the last whole vector: one at a time, in order, after the vector's own sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Tail(float x, Vector128<float> w, Vector128<float> sums) =>
        Vector128.MultiplyAddEstimate(Vector128.Create(x), w, sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<float> sums, float* to, nint step, int count)
    {
        to[0] = sums[0];
        if (count > 1) to[step] = sums[1];
        if (count > 2) to[2 * step] = sums[2];
        if (count > 3) to[3 * step] = sums[3];
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
