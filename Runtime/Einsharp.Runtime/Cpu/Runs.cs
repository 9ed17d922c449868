using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>Sums and products of runs of neighbouring elements: the inner loops of everything that is not a matrix product.</summary>
internal static unsafe class Runs<S, V, T>
    where S : struct, ISimd<V, T>
    where V : unmanaged
    where T : unmanaged
{
    /// <summary>Σ a.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static T Sum(T* a, int count)
    {
        V s0 = default, s1 = default, s2 = default, s3 = default;
        int i = 0;
        for (; i + 4 * S.Count <= count; i += 4 * S.Count)
        {
            s0 = S.Add(s0, S.Load(a + i));
            s1 = S.Add(s1, S.Load(a + i + S.Count));
            s2 = S.Add(s2, S.Load(a + i + 2 * S.Count));
            s3 = S.Add(s3, S.Load(a + i + 3 * S.Count));
        }
        for (; i + S.Count <= count; i += S.Count) s0 = S.Add(s0, S.Load(a + i));
        T sum = S.Sum(S.Add(S.Add(s0, s1), S.Add(s2, s3)));
        for (; i < count; i++) sum = Scalar<T>.Add(sum, a[i]);
        return sum;
    }

    /// <summary>Σ a, whose elements lie apart. Nothing but loads and additions, so that as many loads as can be are under way.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static T SumApart(T* a, nint stride, int count)
    {
        T s0 = default, s1 = default, s2 = default, s3 = default;
        nint two = 2 * stride, three = 3 * stride, four = 4 * stride;
        int i = 0;
        for (; i + 4 <= count; i += 4, a += four)
        {
            s0 = Scalar<T>.Add(s0, *a);
            s1 = Scalar<T>.Add(s1, a[stride]);
            s2 = Scalar<T>.Add(s2, a[two]);
            s3 = Scalar<T>.Add(s3, a[three]);
        }
        for (; i < count; i++, a += stride) s0 = Scalar<T>.Add(s0, *a);
        return Scalar<T>.Add(Scalar<T>.Add(s0, s1), Scalar<T>.Add(s2, s3));
    }

    /// <summary>Σ a·b.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static T Dot(T* a, T* b, int count)
    {
        V s0 = default, s1 = default, s2 = default, s3 = default;
        int i = 0;
        for (; i + 4 * S.Count <= count; i += 4 * S.Count)
        {
            s0 = S.MultiplyAdd(S.Load(a + i), S.Load(b + i), s0);
            s1 = S.MultiplyAdd(S.Load(a + i + S.Count), S.Load(b + i + S.Count), s1);
            s2 = S.MultiplyAdd(S.Load(a + i + 2 * S.Count), S.Load(b + i + 2 * S.Count), s2);
            s3 = S.MultiplyAdd(S.Load(a + i + 3 * S.Count), S.Load(b + i + 3 * S.Count), s3);
        }
        for (; i + S.Count <= count; i += S.Count) s0 = S.MultiplyAdd(S.Load(a + i), S.Load(b + i), s0);
        T sum = S.Sum(S.Add(S.Add(s0, s1), S.Add(s2, s3)));
        for (; i < count; i++) sum = Scalar<T>.MultiplyAdd(a[i], b[i], sum);
        return sum;
    }

    /// <summary>The dot products of four rows with one vector: to[r] += Σ a[r]·b.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void DotFour(T* a0, T* a1, T* a2, T* a3, T* b, int count, T* to)
    {
        V s0 = default, s1 = default, s2 = default, s3 = default, t0 = default, t1 = default, t2 = default, t3 = default;
        int i = 0;
        for (; i + 2 * S.Count <= count; i += 2 * S.Count)
        {
            V v = S.Load(b + i), w = S.Load(b + i + S.Count);
            s0 = S.MultiplyAdd(S.Load(a0 + i), v, s0);
            t0 = S.MultiplyAdd(S.Load(a0 + i + S.Count), w, t0);
            s1 = S.MultiplyAdd(S.Load(a1 + i), v, s1);
            t1 = S.MultiplyAdd(S.Load(a1 + i + S.Count), w, t1);
            s2 = S.MultiplyAdd(S.Load(a2 + i), v, s2);
            t2 = S.MultiplyAdd(S.Load(a2 + i + S.Count), w, t2);
            s3 = S.MultiplyAdd(S.Load(a3 + i), v, s3);
            t3 = S.MultiplyAdd(S.Load(a3 + i + S.Count), w, t3);
        }
        if (i + S.Count <= count)
        {
            V v = S.Load(b + i);
            s0 = S.MultiplyAdd(S.Load(a0 + i), v, s0);
            s1 = S.MultiplyAdd(S.Load(a1 + i), v, s1);
            s2 = S.MultiplyAdd(S.Load(a2 + i), v, s2);
            s3 = S.MultiplyAdd(S.Load(a3 + i), v, s3);
            i += S.Count;
        }
        T r0 = S.Sum(S.Add(s0, t0)), r1 = S.Sum(S.Add(s1, t1)), r2 = S.Sum(S.Add(s2, t2)), r3 = S.Sum(S.Add(s3, t3));
        for (; i < count; i++)
        {
            r0 = Scalar<T>.MultiplyAdd(a0[i], b[i], r0);
            r1 = Scalar<T>.MultiplyAdd(a1[i], b[i], r1);
            r2 = Scalar<T>.MultiplyAdd(a2[i], b[i], r2);
            r3 = Scalar<T>.MultiplyAdd(a3[i], b[i], r3);
        }
        to[0] = Scalar<T>.Add(to[0], r0);
        to[1] = Scalar<T>.Add(to[1], r1);
        to[2] = Scalar<T>.Add(to[2], r2);
        to[3] = Scalar<T>.Add(to[3], r3);
    }

    /// <summary>to += a0; to += a1; … element by element: the order of the additions is that of the arguments.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void AddFour(T* to, T* a0, T* a1, T* a2, T* a3, int count)
    {
        int i = 0;
        for (; i + S.Count <= count; i += S.Count)
        {
            V sum = S.Add(S.Add(S.Load(to + i), S.Load(a0 + i)), S.Load(a1 + i));
            S.Store(S.Add(S.Add(sum, S.Load(a2 + i)), S.Load(a3 + i)), to + i);
        }
        for (; i < count; i++) to[i] = Scalar<T>.Add(Scalar<T>.Add(Scalar<T>.Add(Scalar<T>.Add(to[i], a0[i]), a1[i]), a2[i]), a3[i]);
    }

    /// <summary>to += a.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void Add(T* to, T* a, int count)
    {
        int i = 0;
        for (; i + S.Count <= count; i += S.Count) S.Store(S.Add(S.Load(to + i), S.Load(a + i)), to + i);
        for (; i < count; i++) to[i] = Scalar<T>.Add(to[i], a[i]);
    }

    /// <summary>to += a0·b[0]; to += a1·b[1]; … in one pass.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void AddScaledFour(T* to, T* a0, T* a1, T* a2, T* a3, T* b, int count)
    {
        V b0 = S.Broadcast(b[0]), b1 = S.Broadcast(b[1]), b2 = S.Broadcast(b[2]), b3 = S.Broadcast(b[3]);
        int i = 0;
        for (; i + S.Count <= count; i += S.Count)
        {
            V sum = S.MultiplyAdd(S.Load(a1 + i), b1, S.MultiplyAdd(S.Load(a0 + i), b0, S.Load(to + i)));
            S.Store(S.MultiplyAdd(S.Load(a3 + i), b3, S.MultiplyAdd(S.Load(a2 + i), b2, sum)), to + i);
        }
        for (; i < count; i++)
        {
            T sum = Scalar<T>.MultiplyAdd(a1[i], b[1], Scalar<T>.MultiplyAdd(a0[i], b[0], to[i]));
            to[i] = Scalar<T>.MultiplyAdd(a3[i], b[3], Scalar<T>.MultiplyAdd(a2[i], b[2], sum));
        }
    }

    /// <summary>to += a·b, b one number.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void AddScaled(T* to, T* a, T b, int count)
    {
        V all = S.Broadcast(b);
        int i = 0;
        for (; i + S.Count <= count; i += S.Count) S.Store(S.MultiplyAdd(S.Load(a + i), all, S.Load(to + i)), to + i);
        for (; i < count; i++) to[i] = Scalar<T>.MultiplyAdd(a[i], b, to[i]);
    }

    /// <summary>to += a·b, element by element.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void AddProduct(T* to, T* a, T* b, int count)
    {
        int i = 0;
        for (; i + S.Count <= count; i += S.Count) S.Store(S.MultiplyAdd(S.Load(a + i), S.Load(b + i), S.Load(to + i)), to + i);
        for (; i < count; i++) to[i] = Scalar<T>.MultiplyAdd(a[i], b[i], to[i]);
    }

    /// <summary>to = a.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void Copy(T* to, T* a, int count)
    {
        int i = 0;
        for (; i + 4 * S.Count <= count; i += 4 * S.Count)
        {
            V a0 = S.Load(a + i), a1 = S.Load(a + i + S.Count), a2 = S.Load(a + i + 2 * S.Count), a3 = S.Load(a + i + 3 * S.Count);
            S.Store(a0, to + i);
            S.Store(a1, to + i + S.Count);
            S.Store(a2, to + i + 2 * S.Count);
            S.Store(a3, to + i + 3 * S.Count);
        }
        for (; i + S.Count <= count; i += S.Count) S.Store(S.Load(a + i), to + i);
        for (; i < count; i++) to[i] = a[i];
    }

    /// <summary>to = a·b, element by element.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void Multiply(T* to, T* a, T* b, int count)
    {
        int i = 0;
        for (; i + S.Count <= count; i += S.Count) S.Store(S.Multiply(S.Load(a + i), S.Load(b + i)), to + i);
        for (; i < count; i++) to[i] = Scalar<T>.Multiply(a[i], b[i]);
    }

    /// <summary>to = a·b, b one number.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void Scale(T* to, T* a, T b, int count)
    {
        V all = S.Broadcast(b);
        int i = 0;
        for (; i + S.Count <= count; i += S.Count) S.Store(S.Multiply(S.Load(a + i), all), to + i);
        for (; i < count; i++) to[i] = Scalar<T>.Multiply(a[i], b);
    }
}
