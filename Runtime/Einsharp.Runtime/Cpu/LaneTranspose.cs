using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// Transposes as many rows as a vector has lanes: whole vectors, or 16 bytes of each. For these a 128-bit lane of a vector is filled with one row, neighbouring lanes
/// with rows a lane's elements apart, so that unpacking inside the lanes finishes the work: eight shuffles for 4 vectors of float.
/// </summary>
internal static unsafe class LaneTranspose
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rows512<T>(T* from, nint* rows, T* to, nint stride)
        where T : unmanaged
    {
        if (!Avx512F.IsSupported)
        {
            OneByOne(from, rows, to, stride, Vector512<T>.Count);
        }
        else if (typeof(T) == typeof(float))
        {
            Vector512<float> a = Four<T, float>(from, rows), b = Four<T, float>(from, rows + 1);
            Vector512<float> c = Four<T, float>(from, rows + 2), d = Four<T, float>(from, rows + 3);
            Fours(a, b, c, d, out a, out b, out c, out d);
            a.Store((float*)to);
            b.Store((float*)(to + stride));
            c.Store((float*)(to + 2 * stride));
            d.Store((float*)(to + 3 * stride));
        }
        else
        {
            Vector512<double> a = Four<T, double>(from, rows), b = Four<T, double>(from, rows + 1);
            Avx512F.UnpackLow(a, b).Store((double*)to);
            Avx512F.UnpackHigh(a, b).Store((double*)(to + stride));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rows256<T>(T* from, nint* rows, T* to, nint stride)
        where T : unmanaged
    {
        if (!Avx.IsSupported)
        {
            OneByOne(from, rows, to, stride, Vector256<T>.Count);
        }
        else if (typeof(T) == typeof(float))
        {
            Vector256<float> a = Two<T, float>(from, rows), b = Two<T, float>(from, rows + 1);
            Vector256<float> c = Two<T, float>(from, rows + 2), d = Two<T, float>(from, rows + 3);
            Vector256<double> ab = Avx.UnpackLow(a, b).AsDouble(), cd = Avx.UnpackLow(c, d).AsDouble();
            Avx.UnpackLow(ab, cd).Store((double*)to);
            Avx.UnpackHigh(ab, cd).Store((double*)(to + stride));
            ab = Avx.UnpackHigh(a, b).AsDouble();
            cd = Avx.UnpackHigh(c, d).AsDouble();
            Avx.UnpackLow(ab, cd).Store((double*)(to + 2 * stride));
            Avx.UnpackHigh(ab, cd).Store((double*)(to + 3 * stride));
        }
        else
        {
            Vector256<double> a = Two<T, double>(from, rows), b = Two<T, double>(from, rows + 1);
            Avx.UnpackLow(a, b).Store((double*)to);
            Avx.UnpackHigh(a, b).Store((double*)(to + stride));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rows128<T>(T* from, nint* rows, T* to, nint stride)
        where T : unmanaged
    {
        if (!Sse2.IsSupported)
        {
            OneByOne(from, rows, to, stride, Vector128<T>.Count);
        }
        else if (typeof(T) == typeof(float))
        {
            Vector128<float> a = One<T, float>(from, rows[0]), b = One<T, float>(from, rows[1]);
            Vector128<float> c = One<T, float>(from, rows[2]), d = One<T, float>(from, rows[3]);
            Vector128<double> ab = Sse.UnpackLow(a, b).AsDouble(), cd = Sse.UnpackLow(c, d).AsDouble();
            Sse2.UnpackLow(ab, cd).Store((double*)to);
            Sse2.UnpackHigh(ab, cd).Store((double*)(to + stride));
            ab = Sse.UnpackHigh(a, b).AsDouble();
            cd = Sse.UnpackHigh(c, d).AsDouble();
            Sse2.UnpackLow(ab, cd).Store((double*)(to + 2 * stride));
            Sse2.UnpackHigh(ab, cd).Store((double*)(to + 3 * stride));
        }
        else
        {
            Vector128<double> a = One<T, double>(from, rows[0]), b = One<T, double>(from, rows[1]);
            Sse2.UnpackLow(a, b).Store((double*)to);
            Sse2.UnpackHigh(a, b).Store((double*)(to + stride));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<E> One<T, E>(T* from, nint row)
        where T : unmanaged
        where E : unmanaged => Vector128.Load((E*)(from + row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<E> Two<T, E>(T* from, nint* rows)
        where T : unmanaged
        where E : unmanaged => Vector256.Create(One<T, E>(from, rows[0]), One<T, E>(from, rows[16 / sizeof(E)]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<E> Four<T, E>(T* from, nint* rows)
        where T : unmanaged
        where E : unmanaged => Vector512.Create(Two<T, E>(from, rows), Two<T, E>(from, rows + 32 / sizeof(E)));

    /// <summary>Transposes eight vectors: lane r of the j-th vector stored is element j of vector r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(
        Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3,
        Vector256<float> r4, Vector256<float> r5, Vector256<float> r6, Vector256<float> r7, float* to, nint stride)
    {
        Vector256<double> a0 = Avx.UnpackLow(r0, r1).AsDouble(), a1 = Avx.UnpackHigh(r0, r1).AsDouble();
        Vector256<double> a2 = Avx.UnpackLow(r2, r3).AsDouble(), a3 = Avx.UnpackHigh(r2, r3).AsDouble();
        Vector256<double> a4 = Avx.UnpackLow(r4, r5).AsDouble(), a5 = Avx.UnpackHigh(r4, r5).AsDouble();
        Vector256<double> a6 = Avx.UnpackLow(r6, r7).AsDouble(), a7 = Avx.UnpackHigh(r6, r7).AsDouble();
        Halves(Avx.UnpackLow(a0, a2), Avx.UnpackLow(a4, a6), to, 4 * stride);
        Halves(Avx.UnpackHigh(a0, a2), Avx.UnpackHigh(a4, a6), to + stride, 4 * stride);
        Halves(Avx.UnpackLow(a1, a3), Avx.UnpackLow(a5, a7), to + (2 * stride), 4 * stride);
        Halves(Avx.UnpackHigh(a1, a3), Avx.UnpackHigh(a5, a7), to + (3 * stride), 4 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(Vector256<double> low, Vector256<double> high, float* to, nint stride)
    {
        Avx.Permute2x128(low, high, 0x20).AsSingle().Store(to);
        Avx.Permute2x128(low, high, 0x31).AsSingle().Store(to + stride);
    }

    /// <summary>Transposes sixteen vectors: lane r of the j-th vector stored is element j of vector r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Sixteen(
        Vector512<float> r0, Vector512<float> r1, Vector512<float> r2, Vector512<float> r3,
        Vector512<float> r4, Vector512<float> r5, Vector512<float> r6, Vector512<float> r7,
        Vector512<float> r8, Vector512<float> r9, Vector512<float> r10, Vector512<float> r11,
        Vector512<float> r12, Vector512<float> r13, Vector512<float> r14, Vector512<float> r15, float* to, nint stride)
    {
        Fours(r0, r1, r2, r3, out Vector512<float> a0, out Vector512<float> a1, out Vector512<float> a2, out Vector512<float> a3);
        Fours(r4, r5, r6, r7, out Vector512<float> b0, out Vector512<float> b1, out Vector512<float> b2, out Vector512<float> b3);
        Fours(r8, r9, r10, r11, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3);
        Fours(r12, r13, r14, r15, out Vector512<float> d0, out Vector512<float> d1, out Vector512<float> d2, out Vector512<float> d3);
        Columns(a0, b0, c0, d0, to, 4 * stride);
        Columns(a1, b1, c1, d1, to + stride, 4 * stride);
        Columns(a2, b2, c2, d2, to + (2 * stride), 4 * stride);
        Columns(a3, b3, c3, d3, to + (3 * stride), 4 * stride);
    }

    /// <summary>Four vectors, transposed inside each 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fours(
        Vector512<float> r0, Vector512<float> r1, Vector512<float> r2, Vector512<float> r3,
        out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3)
    {
        Vector512<double> low01 = Avx512F.UnpackLow(r0, r1).AsDouble(), high01 = Avx512F.UnpackHigh(r0, r1).AsDouble();
        Vector512<double> low23 = Avx512F.UnpackLow(r2, r3).AsDouble(), high23 = Avx512F.UnpackHigh(r2, r3).AsDouble();
        c0 = Avx512F.UnpackLow(low01, low23).AsSingle();
        c1 = Avx512F.UnpackHigh(low01, low23).AsSingle();
        c2 = Avx512F.UnpackLow(high01, high23).AsSingle();
        c3 = Avx512F.UnpackHigh(high01, high23).AsSingle();
    }

    /// <summary>128 bits of each into every vector: a transpose of four by four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* to, nint stride)
    {
        Vector512<float> evenAb = Avx512F.Shuffle4x128(a, b, 0x88), evenCd = Avx512F.Shuffle4x128(c, d, 0x88);
        Vector512<float> oddAb = Avx512F.Shuffle4x128(a, b, 0xDD), oddCd = Avx512F.Shuffle4x128(c, d, 0xDD);
        Avx512F.Shuffle4x128(evenAb, evenCd, 0x88).Store(to);
        Avx512F.Shuffle4x128(oddAb, oddCd, 0x88).Store(to + stride);
        Avx512F.Shuffle4x128(evenAb, evenCd, 0xDD).Store(to + (2 * stride));
        Avx512F.Shuffle4x128(oddAb, oddCd, 0xDD).Store(to + (3 * stride));
    }

    private static void OneByOne<T>(T* from, nint* rows, T* to, nint stride, int count)
        where T : unmanaged
    {
        for (int r = 0; r < count; r++)
        {
            for (int j = 0; j < 16 / sizeof(T); j++) to[j * stride + r] = from[rows[r] + j];
        }
    }
}
