using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>
/// The register tiles of <see cref="OnlineSoftmax"/>. Every score is one chain of multiply-adds along the size, every result one along the
/// positions, whatever the tile: queries do not influence each other.
/// </summary>
internal static unsafe partial class AttentionTiles<W, V>
    where W : struct, IWidth<V>
    where V : unmanaged
{
    private const int Step = OnlineSoftmax.Step;
    private const int Block = CacheSlot.BlockSize;

    /// <summary>score[i][t] = Σₖ query[i][k] · keys[t / 16][k][t % 16].</summary>
    public static void Scores(float* query, int queries, int size, float* keys, int blocks, float* score)
    {
        int vectors = blocks * Block / W.Count;
        int fours = queries & -4;
        // Two vectors of keys for all queries: a step's keys and queries together are more than a first-level cache.
        for (int v = 0; v < vectors && fours > 0; v += 2)
        {
            for (int i = 0; i < fours; i += 4) Scores4x2(query + (nint)i * size, size, keys, v, vectors - 1, score + (nint)i * Step);
        }
        for (int i = fours; i < queries; i++)
        {
            for (int v = 0; v < vectors; v += 4) Scores1x4(query + (nint)i * size, size, keys, v, vectors - 1, score + (nint)i * Step);
        }
    }

    /// <summary>
    /// A step of the softmax: scores become weights exp(score - max), 0 past the visible ones. Where the maximum rises, what was seen
    /// before is rescaled. In three passes, so that one query's latencies are hidden behind the next one's work.
    /// </summary>
    /// <param name="score">[queries][Step].</param>
    /// <param name="visible">[queries]: how many scores of the step count.</param>
    /// <param name="queries">How many queries.</param>
    /// <param name="max">[queries]: the greatest score so far.</param>
    /// <param name="total">[queries]: the sum of weights so far.</param>
    /// <param name="factor">[queries, in whole vectors]: scratch.</param>
    /// <param name="sum">[queries][valueSize].</param>
    /// <param name="valueSize">The length of a value.</param>
    /// <returns>Whether any query sees a position of the step.</returns>
    [MethodImpl(Kernels.ByItself)]
    public static bool Weigh(float* score, int* visible, int queries, float* max, float* total, float* factor, float* sum, int valueSize)
    {
        bool sees = false;
        for (int i = 0; i < queries; i++)
        {
            float* s = score + (nint)i * Step;
            int seen = visible[i];
            sees |= seen > 0;
            if (seen != Step) Mask(s, seen);
            V greatest = W.Load(s);
            for (int t = W.Count; t < Step; t += W.Count) greatest = W.Max(greatest, W.Load(s + t));
            float old = max[i], highest = seen == 0 ? old : Math.Max(old, W.Highest(greatest));
            max[i] = highest;
            factor[i] = old == highest ? 0f : old - highest;
        }
        if (!sees) return false;
        for (int i = 0; i < queries; i += W.Count) W.Store(Exponential<W, V>.OfNonPositive(W.Load(factor + i)), factor + i);
        for (int i = 0; i < queries; i++)
        {
            if (visible[i] == 0)
            {
                new Span<float>(score + (nint)i * Step, Step).Clear();
                continue;
            }
            // Where masks have hidden all so far, exp(−∞ − 0) = 0 and not exp(−∞ + ∞).
            V shift = W.Broadcast(float.IsNegativeInfinity(max[i]) ? 0f : max[i]), weights = default;
            for (float* s = score + (nint)i * Step, end = s + Step; s < end; s += W.Count)
            {
                V weight = Exponential<W, V>.OfNonPositive(W.Subtract(W.Load(s), shift));
                W.Store(weight, s);
                weights = W.Add(weights, weight);
            }
            total[i] = float.MultiplyAddEstimate(total[i], factor[i], Lanes.Sum(W.Fold(weights)));
            if (factor[i] != 1f) Rescale(sum + (nint)i * valueSize, valueSize, factor[i]);
        }
        return true;
    }

    /// <summary>sum[i] += Σₜ weight[i][t] · values[t].</summary>
    public static void Accumulate(float* weight, int queries, int count, float* values, int valueSize, float* sum)
    {
        int i = 0;
        for (; i + 4 <= queries; i += 4)
        {
            float* w = weight + (nint)i * Step;
            float* s = sum + (nint)i * valueSize;
            int c = 0;
            for (; c + 4 * W.Count <= valueSize; c += 4 * W.Count) Accumulate4x4(w, count, values + c, valueSize, s + c);
            for (; c + W.Count <= valueSize; c += W.Count) Accumulate4x1(w, count, values + c, valueSize, s + c);
            for (int j = 0; j < 4; j++) AccumulateTail(w + j * Step, count, values, valueSize, s + (nint)j * valueSize, c);
        }
        for (; i < queries; i++)
        {
            float* w = weight + (nint)i * Step;
            float* s = sum + (nint)i * valueSize;
            int c = 0;
            for (; c + 4 * W.Count <= valueSize; c += 4 * W.Count) Accumulate1x4(w, count, values + c, valueSize, s + c);
            for (; c + W.Count <= valueSize; c += W.Count) Accumulate1x1(w, count, values + c, valueSize, s + c);
            AccumulateTail(w, count, values, valueSize, s, c);
        }
    }

    private static void Mask(float* score, int visible) => new Span<float>(score + visible, Step - visible).Fill(float.NegativeInfinity);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rescale(float* sum, int length, float factor)
    {
        V f = W.Broadcast(factor);
        int i = 0;
        for (; i <= length - W.Count; i += W.Count) W.Store(W.Multiply(W.Load(sum + i), f), sum + i);
        for (; i < length; i++) sum[i] *= factor;
    }

    /// <summary>
    /// The first position of a vector of keys. Past the last vector it is the last again, whose scores are then stored twice.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Position(int vector, int last) => Math.Min(vector, last) * W.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Key(float* keys, int position, int size) => keys + (nint)(position / Block) * Block * size + position % Block;

    [MethodImpl(Kernels.ByItself)]
    private static void Scores4x2(float* query, int size, float* keys, int vector, int last, float* score)
    {
        int t0 = Position(vector, last), t1 = Position(vector + 1, last);
        float* k0 = Key(keys, t0, size);
        float* k1 = Key(keys, t1, size);
        float* q0 = query;
        float* q1 = q0 + size;
        float* q2 = q1 + size;
        float* q3 = q2 + size;
        V s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
        for (int k = 0; k < size; k++, k0 += Block, k1 += Block)
        {
            V a = W.Load(k0), b = W.Load(k1);
            V q = W.Broadcast(q0[k]);
            s00 = W.MultiplyAdd(q, a, s00);
            s01 = W.MultiplyAdd(q, b, s01);
            q = W.Broadcast(q1[k]);
            s10 = W.MultiplyAdd(q, a, s10);
            s11 = W.MultiplyAdd(q, b, s11);
            q = W.Broadcast(q2[k]);
            s20 = W.MultiplyAdd(q, a, s20);
            s21 = W.MultiplyAdd(q, b, s21);
            q = W.Broadcast(q3[k]);
            s30 = W.MultiplyAdd(q, a, s30);
            s31 = W.MultiplyAdd(q, b, s31);
        }
        W.Store(s00, score + t0);
        W.Store(s01, score + t1);
        W.Store(s10, score + Step + t0);
        W.Store(s11, score + Step + t1);
        W.Store(s20, score + 2 * Step + t0);
        W.Store(s21, score + 2 * Step + t1);
        W.Store(s30, score + 3 * Step + t0);
        W.Store(s31, score + 3 * Step + t1);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Scores1x4(float* query, int size, float* keys, int vector, int last, float* score)
    {
        int t0 = Position(vector, last), t1 = Position(vector + 1, last), t2 = Position(vector + 2, last), t3 = Position(vector + 3, last);
        float* k0 = Key(keys, t0, size);
        float* k1 = Key(keys, t1, size);
        float* k2 = Key(keys, t2, size);
        float* k3 = Key(keys, t3, size);
        V s0 = default, s1 = default, s2 = default, s3 = default;
        for (int k = 0; k < size; k++)
        {
            nint at = (nint)k * Block;
            V q = W.Broadcast(query[k]);
            s0 = W.MultiplyAdd(q, W.Load(k0 + at), s0);
            s1 = W.MultiplyAdd(q, W.Load(k1 + at), s1);
            s2 = W.MultiplyAdd(q, W.Load(k2 + at), s2);
            s3 = W.MultiplyAdd(q, W.Load(k3 + at), s3);
        }
        W.Store(s0, score + t0);
        W.Store(s1, score + t1);
        W.Store(s2, score + t2);
        W.Store(s3, score + t3);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Accumulate4x4(float* weight, int count, float* values, nint stride, float* sum)
    {
        V s00 = W.Load(sum), s01 = W.Load(sum + W.Count);
        V s02 = W.Load(sum + 2 * W.Count), s03 = W.Load(sum + 3 * W.Count);
        V s10 = W.Load(sum + stride), s11 = W.Load(sum + stride + W.Count);
        V s12 = W.Load(sum + stride + 2 * W.Count), s13 = W.Load(sum + stride + 3 * W.Count);
        V s20 = W.Load(sum + 2 * stride), s21 = W.Load(sum + 2 * stride + W.Count);
        V s22 = W.Load(sum + 2 * stride + 2 * W.Count), s23 = W.Load(sum + 2 * stride + 3 * W.Count);
        V s30 = W.Load(sum + 3 * stride), s31 = W.Load(sum + 3 * stride + W.Count);
        V s32 = W.Load(sum + 3 * stride + 2 * W.Count), s33 = W.Load(sum + 3 * stride + 3 * W.Count);
        for (int t = 0; t < count; t++, values += stride)
        {
            V v0 = W.Load(values), v1 = W.Load(values + W.Count), v2 = W.Load(values + 2 * W.Count), v3 = W.Load(values + 3 * W.Count);
            V w = W.Broadcast(weight[t]);
            s00 = W.MultiplyAdd(w, v0, s00);
            s01 = W.MultiplyAdd(w, v1, s01);
            s02 = W.MultiplyAdd(w, v2, s02);
            s03 = W.MultiplyAdd(w, v3, s03);
            w = W.Broadcast(weight[Step + t]);
            s10 = W.MultiplyAdd(w, v0, s10);
            s11 = W.MultiplyAdd(w, v1, s11);
            s12 = W.MultiplyAdd(w, v2, s12);
            s13 = W.MultiplyAdd(w, v3, s13);
            w = W.Broadcast(weight[2 * Step + t]);
            s20 = W.MultiplyAdd(w, v0, s20);
            s21 = W.MultiplyAdd(w, v1, s21);
            s22 = W.MultiplyAdd(w, v2, s22);
            s23 = W.MultiplyAdd(w, v3, s23);
            w = W.Broadcast(weight[3 * Step + t]);
            s30 = W.MultiplyAdd(w, v0, s30);
            s31 = W.MultiplyAdd(w, v1, s31);
            s32 = W.MultiplyAdd(w, v2, s32);
            s33 = W.MultiplyAdd(w, v3, s33);
        }
        W.Store(s00, sum);
        W.Store(s01, sum + W.Count);
        W.Store(s02, sum + 2 * W.Count);
        W.Store(s03, sum + 3 * W.Count);
        W.Store(s10, sum + stride);
        W.Store(s11, sum + stride + W.Count);
        W.Store(s12, sum + stride + 2 * W.Count);
        W.Store(s13, sum + stride + 3 * W.Count);
        W.Store(s20, sum + 2 * stride);
        W.Store(s21, sum + 2 * stride + W.Count);
        W.Store(s22, sum + 2 * stride + 2 * W.Count);
        W.Store(s23, sum + 2 * stride + 3 * W.Count);
        W.Store(s30, sum + 3 * stride);
        W.Store(s31, sum + 3 * stride + W.Count);
        W.Store(s32, sum + 3 * stride + 2 * W.Count);
        W.Store(s33, sum + 3 * stride + 3 * W.Count);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Accumulate4x1(float* weight, int count, float* values, nint stride, float* sum)
    {
        V s00 = W.Load(sum);
        V s10 = W.Load(sum + stride);
        V s20 = W.Load(sum + 2 * stride);
        V s30 = W.Load(sum + 3 * stride);
        for (int t = 0; t < count; t++, values += stride)
        {
            V v0 = W.Load(values);
            V w = W.Broadcast(weight[t]);
            s00 = W.MultiplyAdd(w, v0, s00);
            w = W.Broadcast(weight[Step + t]);
            s10 = W.MultiplyAdd(w, v0, s10);
            w = W.Broadcast(weight[2 * Step + t]);
            s20 = W.MultiplyAdd(w, v0, s20);
            w = W.Broadcast(weight[3 * Step + t]);
            s30 = W.MultiplyAdd(w, v0, s30);
        }
        W.Store(s00, sum);
        W.Store(s10, sum + stride);
        W.Store(s20, sum + 2 * stride);
        W.Store(s30, sum + 3 * stride);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Accumulate1x4(float* weight, int count, float* values, nint stride, float* sum)
    {
        V s00 = W.Load(sum), s01 = W.Load(sum + W.Count), s02 = W.Load(sum + 2 * W.Count), s03 = W.Load(sum + 3 * W.Count);
        for (int t = 0; t < count; t++, values += stride)
        {
            V v0 = W.Load(values), v1 = W.Load(values + W.Count), v2 = W.Load(values + 2 * W.Count), v3 = W.Load(values + 3 * W.Count);
            V w = W.Broadcast(weight[t]);
            s00 = W.MultiplyAdd(w, v0, s00);
            s01 = W.MultiplyAdd(w, v1, s01);
            s02 = W.MultiplyAdd(w, v2, s02);
            s03 = W.MultiplyAdd(w, v3, s03);
        }
        W.Store(s00, sum);
        W.Store(s01, sum + W.Count);
        W.Store(s02, sum + 2 * W.Count);
        W.Store(s03, sum + 3 * W.Count);
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Accumulate1x1(float* weight, int count, float* values, nint stride, float* sum)
    {
        V s00 = W.Load(sum);
        for (int t = 0; t < count; t++, values += stride)
        {
            V v0 = W.Load(values);
            V w = W.Broadcast(weight[t]);
            s00 = W.MultiplyAdd(w, v0, s00);
        }
        W.Store(s00, sum);
    }

    /// <summary>The columns past the last whole vector, one at a time, in the order of the vectors.</summary>
    private static void AccumulateTail(float* weight, int count, float* values, int valueSize, float* sum, int from)
    {
        for (int c = from; c < valueSize; c++)
        {
            float s = sum[c];
            for (int t = 0; t < count; t++) s = float.MultiplyAddEstimate(weight[t], values[(nint)t * valueSize + c], s);
            sum[c] = s;
        }
    }
}
