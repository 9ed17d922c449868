using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>A tile of the result, and the stretches of the operands that meet in it. Strides are in elements.</summary>
internal unsafe struct GemmTile<T>
    where T : unmanaged
{
    /// <summary>Rows, any strides: where the operand is, or a copy.</summary>
    public T* A;
    public nint ARow;
    public nint AK;

    /// <summary>One or two vectors for each k.</summary>
    public T* B;
    public nint BK;

    public T* C;
    public nint CRow;
    public int K;

    /// <summary>Whether earlier stretches of k are summed in C.</summary>
    public bool Accumulate;
}

/// <summary>One or two vectors of columns, a constant for the JIT.</summary>
internal interface IColumns
{
    static abstract bool Two { get; }
}

internal readonly struct OneColumn : IColumns
{
    public static bool Two => false;
}

internal readonly struct TwoColumns : IColumns
{
    public static bool Two => true;
}

/// <summary>
/// The register tiles of a matrix product: up to 12 rows by one or two vectors of columns. An element has one accumulator that goes along k
/// in order, so its bits do not depend on the tile that computes it.
/// </summary>
internal static unsafe class GemmTiles<S, V, T>
    where S : struct, ISimd<V, T>
    where V : unmanaged
    where T : unmanaged
{
    // A second-level cache answers in far less than the eight steps that this is.
    private const int PrefetchBytes = 1024;

    /// <summary>The most rows of a tile: 24 accumulators want 32 registers.</summary>
    public static int MostRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Avx512F.VL.IsSupported ? 12 : 6;
    }

    /// <summary>How many of the remaining rows the next tile takes.</summary>
    public static int Rows(int remaining) => remaining >= 12 && MostRows == 12 ? 12
        : remaining >= 6 ? 6 : remaining >= 4 ? 4 : remaining >= 2 ? 2 : remaining;

    public static void Multiply(in GemmTile<T> tile, int rows, bool two)
    {
        if (two) Multiply<TwoColumns>(tile, rows);
        else Multiply<OneColumn>(tile, rows);
    }

    private static void Multiply<N>(in GemmTile<T> tile, int rows)
        where N : struct, IColumns
    {
        switch (rows)
        {
            case 12: Twelve<N>(tile); break;
            case 6: Six<N>(tile); break;
            case 4: Four<N>(tile); break;
            case 2: Two<N>(tile); break;
            default: One<N>(tile); break;
        }
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Twelve<N>(in GemmTile<T> tile)
        where N : struct, IColumns
    {
        T* a0 = tile.A;
        T* a4 = tile.A + 4 * tile.ARow;
        T* a8 = tile.A + 8 * tile.ARow;
        nint r1 = tile.ARow, r2 = 2 * tile.ARow, r3 = 3 * tile.ARow;
        T* b = tile.B;
        nint ak = tile.AK, bk = tile.BK;
        V p0 = default, q0 = default, p1 = default, q1 = default, p2 = default, q2 = default;
        V p3 = default, q3 = default, p4 = default, q4 = default, p5 = default, q5 = default;
        V p6 = default, q6 = default, p7 = default, q7 = default, p8 = default, q8 = default;
        V p9 = default, q9 = default, p10 = default, q10 = default, p11 = default, q11 = default;
        for (int k = tile.K; k > 0; k--)
        {
            // Where a stretch of columns is more than a first-level cache holds.
            if (Sse.IsSupported)
            {
                Sse.Prefetch0((byte*)b + PrefetchBytes);
                if (N.Two) Sse.Prefetch0((byte*)b + PrefetchBytes + AlignedMemory.Alignment);
                Sse.Prefetch0((byte*)a0 + PrefetchBytes);
            }
            V b0 = S.Load(b), b1 = N.Two ? S.Load(b + S.Count) : default;
            V v = S.Broadcast(a0[0]);
            p0 = S.MultiplyAdd(v, b0, p0);
            if (N.Two) q0 = S.MultiplyAdd(v, b1, q0);
            v = S.Broadcast(a0[r1]);
            p1 = S.MultiplyAdd(v, b0, p1);
            if (N.Two) q1 = S.MultiplyAdd(v, b1, q1);
            v = S.Broadcast(a0[r2]);
            p2 = S.MultiplyAdd(v, b0, p2);
            if (N.Two) q2 = S.MultiplyAdd(v, b1, q2);
            v = S.Broadcast(a0[r3]);
            p3 = S.MultiplyAdd(v, b0, p3);
            if (N.Two) q3 = S.MultiplyAdd(v, b1, q3);
            v = S.Broadcast(a4[0]);
            p4 = S.MultiplyAdd(v, b0, p4);
            if (N.Two) q4 = S.MultiplyAdd(v, b1, q4);
            v = S.Broadcast(a4[r1]);
            p5 = S.MultiplyAdd(v, b0, p5);
            if (N.Two) q5 = S.MultiplyAdd(v, b1, q5);
            v = S.Broadcast(a4[r2]);
            p6 = S.MultiplyAdd(v, b0, p6);
            if (N.Two) q6 = S.MultiplyAdd(v, b1, q6);
            v = S.Broadcast(a4[r3]);
            p7 = S.MultiplyAdd(v, b0, p7);
            if (N.Two) q7 = S.MultiplyAdd(v, b1, q7);
            v = S.Broadcast(a8[0]);
            p8 = S.MultiplyAdd(v, b0, p8);
            if (N.Two) q8 = S.MultiplyAdd(v, b1, q8);
            v = S.Broadcast(a8[r1]);
            p9 = S.MultiplyAdd(v, b0, p9);
            if (N.Two) q9 = S.MultiplyAdd(v, b1, q9);
            v = S.Broadcast(a8[r2]);
            p10 = S.MultiplyAdd(v, b0, p10);
            if (N.Two) q10 = S.MultiplyAdd(v, b1, q10);
            v = S.Broadcast(a8[r3]);
            p11 = S.MultiplyAdd(v, b0, p11);
            if (N.Two) q11 = S.MultiplyAdd(v, b1, q11);
            a0 += ak;
            a4 += ak;
            a8 += ak;
            b += bk;
        }
        T* c = tile.C;
        Put<N>(p0, q0, c, tile.Accumulate);
        Put<N>(p1, q1, c + tile.CRow, tile.Accumulate);
        Put<N>(p2, q2, c + 2 * tile.CRow, tile.Accumulate);
        Put<N>(p3, q3, c + 3 * tile.CRow, tile.Accumulate);
        Put<N>(p4, q4, c + 4 * tile.CRow, tile.Accumulate);
        Put<N>(p5, q5, c + 5 * tile.CRow, tile.Accumulate);
        Put<N>(p6, q6, c + 6 * tile.CRow, tile.Accumulate);
        Put<N>(p7, q7, c + 7 * tile.CRow, tile.Accumulate);
        Put<N>(p8, q8, c + 8 * tile.CRow, tile.Accumulate);
        Put<N>(p9, q9, c + 9 * tile.CRow, tile.Accumulate);
        Put<N>(p10, q10, c + 10 * tile.CRow, tile.Accumulate);
        Put<N>(p11, q11, c + 11 * tile.CRow, tile.Accumulate);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Six<N>(in GemmTile<T> tile)
        where N : struct, IColumns
    {
        T* a0 = tile.A;
        T* a3 = tile.A + 3 * tile.ARow;
        nint r1 = tile.ARow, r2 = 2 * tile.ARow;
        T* b = tile.B;
        nint ak = tile.AK, bk = tile.BK;
        V p0 = default, q0 = default, p1 = default, q1 = default, p2 = default, q2 = default;
        V p3 = default, q3 = default, p4 = default, q4 = default, p5 = default, q5 = default;
        for (int k = tile.K; k > 0; k--)
        {
            V b0 = S.Load(b), b1 = N.Two ? S.Load(b + S.Count) : default;
            V v = S.Broadcast(a0[0]);
            p0 = S.MultiplyAdd(v, b0, p0);
            if (N.Two) q0 = S.MultiplyAdd(v, b1, q0);
            v = S.Broadcast(a0[r1]);
            p1 = S.MultiplyAdd(v, b0, p1);
            if (N.Two) q1 = S.MultiplyAdd(v, b1, q1);
            v = S.Broadcast(a0[r2]);
            p2 = S.MultiplyAdd(v, b0, p2);
            if (N.Two) q2 = S.MultiplyAdd(v, b1, q2);
            v = S.Broadcast(a3[0]);
            p3 = S.MultiplyAdd(v, b0, p3);
            if (N.Two) q3 = S.MultiplyAdd(v, b1, q3);
            v = S.Broadcast(a3[r1]);
            p4 = S.MultiplyAdd(v, b0, p4);
            if (N.Two) q4 = S.MultiplyAdd(v, b1, q4);
            v = S.Broadcast(a3[r2]);
            p5 = S.MultiplyAdd(v, b0, p5);
            if (N.Two) q5 = S.MultiplyAdd(v, b1, q5);
            a0 += ak;
            a3 += ak;
            b += bk;
        }
        T* c = tile.C;
        Put<N>(p0, q0, c, tile.Accumulate);
        Put<N>(p1, q1, c + tile.CRow, tile.Accumulate);
        Put<N>(p2, q2, c + 2 * tile.CRow, tile.Accumulate);
        Put<N>(p3, q3, c + 3 * tile.CRow, tile.Accumulate);
        Put<N>(p4, q4, c + 4 * tile.CRow, tile.Accumulate);
        Put<N>(p5, q5, c + 5 * tile.CRow, tile.Accumulate);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Four<N>(in GemmTile<T> tile)
        where N : struct, IColumns
    {
        T* a0 = tile.A;
        nint r1 = tile.ARow, r2 = 2 * tile.ARow, r3 = 3 * tile.ARow;
        T* b = tile.B;
        nint ak = tile.AK, bk = tile.BK;
        V p0 = default, q0 = default, p1 = default, q1 = default, p2 = default, q2 = default;
        V p3 = default, q3 = default;
        for (int k = tile.K; k > 0; k--)
        {
            V b0 = S.Load(b), b1 = N.Two ? S.Load(b + S.Count) : default;
            V v = S.Broadcast(a0[0]);
            p0 = S.MultiplyAdd(v, b0, p0);
            if (N.Two) q0 = S.MultiplyAdd(v, b1, q0);
            v = S.Broadcast(a0[r1]);
            p1 = S.MultiplyAdd(v, b0, p1);
            if (N.Two) q1 = S.MultiplyAdd(v, b1, q1);
            v = S.Broadcast(a0[r2]);
            p2 = S.MultiplyAdd(v, b0, p2);
            if (N.Two) q2 = S.MultiplyAdd(v, b1, q2);
            v = S.Broadcast(a0[r3]);
            p3 = S.MultiplyAdd(v, b0, p3);
            if (N.Two) q3 = S.MultiplyAdd(v, b1, q3);
            a0 += ak;
            b += bk;
        }
        T* c = tile.C;
        Put<N>(p0, q0, c, tile.Accumulate);
        Put<N>(p1, q1, c + tile.CRow, tile.Accumulate);
        Put<N>(p2, q2, c + 2 * tile.CRow, tile.Accumulate);
        Put<N>(p3, q3, c + 3 * tile.CRow, tile.Accumulate);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Two<N>(in GemmTile<T> tile)
        where N : struct, IColumns
    {
        T* a0 = tile.A;
        nint r1 = tile.ARow;
        T* b = tile.B;
        nint ak = tile.AK, bk = tile.BK;
        V p0 = default, q0 = default, p1 = default, q1 = default;
        for (int k = tile.K; k > 0; k--)
        {
            V b0 = S.Load(b), b1 = N.Two ? S.Load(b + S.Count) : default;
            V v = S.Broadcast(a0[0]);
            p0 = S.MultiplyAdd(v, b0, p0);
            if (N.Two) q0 = S.MultiplyAdd(v, b1, q0);
            v = S.Broadcast(a0[r1]);
            p1 = S.MultiplyAdd(v, b0, p1);
            if (N.Two) q1 = S.MultiplyAdd(v, b1, q1);
            a0 += ak;
            b += bk;
        }
        T* c = tile.C;
        Put<N>(p0, q0, c, tile.Accumulate);
        Put<N>(p1, q1, c + tile.CRow, tile.Accumulate);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void One<N>(in GemmTile<T> tile)
        where N : struct, IColumns
    {
        T* a0 = tile.A;
        T* b = tile.B;
        nint ak = tile.AK, bk = tile.BK;
        V p0 = default, q0 = default;
        for (int k = tile.K; k > 0; k--)
        {
            V b0 = S.Load(b), b1 = N.Two ? S.Load(b + S.Count) : default;
            V v = S.Broadcast(a0[0]);
            p0 = S.MultiplyAdd(v, b0, p0);
            if (N.Two) q0 = S.MultiplyAdd(v, b1, q0);
            a0 += ak;
            b += bk;
        }
        T* c = tile.C;
        Put<N>(p0, q0, c, tile.Accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<N>(V first, V second, T* c, bool accumulate)
        where N : struct, IColumns
    {
        S.Store(accumulate ? S.Add(S.Load(c), first) : first, c);
        if (N.Two) S.Store(accumulate ? S.Add(S.Load(c + S.Count), second) : second, c + S.Count);
    }
}
