using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// Transposes as many rows as a vector has lanes, 16 bytes of each. A 128-bit lane of a vector is filled with one row, neighbouring lanes
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
            Vector512<double> ab = Avx512F.UnpackLow(a, b).AsDouble(), cd = Avx512F.UnpackLow(c, d).AsDouble();
            Avx512F.UnpackLow(ab, cd).Store((double*)to);
            Avx512F.UnpackHigh(ab, cd).Store((double*)(to + stride));
            ab = Avx512F.UnpackHigh(a, b).AsDouble();
            cd = Avx512F.UnpackHigh(c, d).AsDouble();
            Avx512F.UnpackLow(ab, cd).Store((double*)(to + 2 * stride));
            Avx512F.UnpackHigh(ab, cd).Store((double*)(to + 3 * stride));
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

    private static void OneByOne<T>(T* from, nint* rows, T* to, nint stride, int count)
        where T : unmanaged
    {
        for (int r = 0; r < count; r++)
        {
            for (int j = 0; j < 16 / sizeof(T); j++) to[j * stride + r] = from[rows[r] + j];
        }
    }
}
