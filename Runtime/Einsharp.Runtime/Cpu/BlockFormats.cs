using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>
/// A storage format of weights in blocks, as <see cref="BlockSweep"/> multiplies it.
/// </summary>
/// <remarks>
/// What a row of weights and a row of activations make is the same on every processor: of each block a sum of products of
/// whole numbers, which is exact in any order, times the product of the scales, added in one rounding to one of
/// <see cref="BlockSweep.Partials"/> partial sums, every fourth block to the same; these are added in order at the end.
/// </remarks>
internal interface IBlocks
{
    static abstract WeightFormat Format { get; }

    /// <summary>How many groups of rows of weights are multiplied together: their totals lie one group after the other.</summary>
    static virtual int Groups<G, V>()
        where G : struct, IRowGroup<V>
        where V : unmanaged => 1;

    /// <summary>Adds the products of a group of rows of weights with rows of activations to their totals.</summary>
    static abstract void Multiply<G, V>(ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged;
}

/// <summary>See <see cref="WeightFormat.Q8_0"/>.</summary>
internal readonly unsafe struct Q8Blocks : IBlocks
{
    public const int Bytes = 34;

    // Bytes of a block in 16 bits, and of the vectors of two groups the first that belongs to its second half.
    private const int WordBytes = 64;
    private const int Words = 16;

    public static WeightFormat Format => WeightFormat.Q8_0;

    public static int Groups<G, V>()
        where G : struct, IRowGroup<V>
        where V : unmanaged => !G.HasDots && G.Count < 16 ? 2 : 1;

    [MethodImpl(Kernels.ByItself)]
    public static void Multiply<G, V>(ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        if (Groups<G, V>() == 2)
        {
            MultiplyPairs<G, V>(ref step);
            return;
        }
        byte* w = step.Weights, x = step.X;
        nint row = step.RowBytes, stride = step.Stride;
        for (int block = 0; block < step.Blocks; block++, w += Bytes, x += step.BlockStride)
        {
            step.Select(block);
            step.Prefetch(G.Count * Bytes);
            V factors = G.Halves(G.ShiftLeft(G.Firsts(w, row), 16));
            G.TurnTwice(w + 2, row, out V a, out V b, out V c, out V d, out V e, out V f, out V g, out V h);
            if (G.HasDots)
            {
                // Without a sign: 128 is then to be taken from each.
                V sign = G.Broadcast(unchecked((int)0x80808080));
                G.AddDots(
                    ref step, x, G.Xor(a, sign), G.Xor(b, sign), G.Xor(c, sign), G.Xor(d, sign), G.Xor(e, sign), G.Xor(f, sign), G.Xor(g, sign),
                    G.Xor(h, sign), factors);
                continue;
            }
            // Products of bytes would not fit into 16 bits, so they are multiplied as words.
            V a1 = Part<G, V>(ref a), b1 = Part<G, V>(ref b), c1 = Part<G, V>(ref c), d1 = Part<G, V>(ref d);
            V e1 = Part<G, V>(ref e), f1 = Part<G, V>(ref f), g1 = Part<G, V>(ref g), h1 = Part<G, V>(ref h);
            float* total = step.Totals;
            for (byte* v = x, end = x + (step.Count * stride); v < end; v += stride, total += G.Count)
            {
                V sum = G.Add(
                    Sum<G, V>(a, b, c, d, e, f, g, h, (int*)(v + QuantisedRows.EvenWords)),
                    Sum<G, V>(a1, b1, c1, d1, e1, f1, g1, h1, (int*)(v + QuantisedRows.OddWords)));
                BlockSweep.AddTo<G, V>(total, sum, factors, *(float*)v);
            }
        }
    }

    /// <summary>
    /// Two groups with four rows of activations at once: sixteen registers do not hold a block's words, and so each that is read from memory, be it of
    /// weights or of activations, is multiplied more than once.
    /// </summary>
    [MethodImpl(Kernels.ByItself)]
    private static void MultiplyPairs<G, V>(ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V* words = (V*)step.Memory;
        byte* w = step.Weights, x = step.X;
        nint row = step.RowBytes, stride = step.Stride, toOther = step.GroupStride;
        for (int block = 0; block < step.Blocks; block++, w += Bytes, x += step.BlockStride)
        {
            step.Select(block);
            step.Prefetch(2 * G.Count * Bytes);
            V factors = TurnWords<G, V>(w, row, words), otherFactors = TurnWords<G, V>(w + (G.Count * row), row, words + 1);
            float* total = step.Totals;
            byte* v = x, end = x + (step.Count * stride);
            for (; v + (3 * stride) < end; v += 4 * stride, total += 4 * G.Count)
            {
                byte* p = v + QuantisedRows.EvenWords, q = p + stride, r = q + stride, s = r + stride;
                V a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
                V* at = words;
                for (nint i = 0; i < WordBytes; i += sizeof(int), at += 2)
                {
                    V one = at[0], other = at[1], value = G.Broadcast(*(int*)(p + i));
                    a = G.Add(a, G.MultiplyWords(one, value));
                    b = G.Add(b, G.MultiplyWords(other, value));
                    value = G.Broadcast(*(int*)(q + i));
                    c = G.Add(c, G.MultiplyWords(one, value));
                    d = G.Add(d, G.MultiplyWords(other, value));
                    value = G.Broadcast(*(int*)(r + i));
                    e = G.Add(e, G.MultiplyWords(one, value));
                    f = G.Add(f, G.MultiplyWords(other, value));
                    value = G.Broadcast(*(int*)(s + i));
                    g = G.Add(g, G.MultiplyWords(one, value));
                    h = G.Add(h, G.MultiplyWords(other, value));
                }
                AddPair<G, V>(total, toOther, a, b, factors, otherFactors, *(float*)v);
                AddPair<G, V>(total + G.Count, toOther, c, d, factors, otherFactors, *(float*)(v + stride));
                AddPair<G, V>(total + (2 * G.Count), toOther, e, f, factors, otherFactors, *(float*)(v + (2 * stride)));
                AddPair<G, V>(total + (3 * G.Count), toOther, g, h, factors, otherFactors, *(float*)(v + (3 * stride)));
            }
            for (; v < end; v += stride, total += G.Count)
            {
                V a = default, b = default;
                V* at = words;
                byte* p = v + QuantisedRows.EvenWords;
                for (nint i = 0; i < WordBytes; i += sizeof(int), at += 2)
                {
                    V value = G.Broadcast(*(int*)(p + i));
                    a = G.Add(a, G.MultiplyWords(at[0], value));
                    b = G.Add(b, G.MultiplyWords(at[1], value));
                }
                AddPair<G, V>(total, toOther, a, b, factors, otherFactors, *(float*)v);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair<G, V>(float* total, nint toOther, V a, V b, V factors, V otherFactors, float scale)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        BlockSweep.AddTo<G, V>(total, a, factors, scale);
        BlockSweep.AddTo<G, V>(total + toOther, b, otherFactors, scale);
    }

    /// <summary>A block of each row of a group, in 16 bits, into every second vector, in the order of activations; their factors are returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V TurnWords<G, V>(byte* w, nint row, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        G.TurnTwice(w + 2, row, out V a, out V b, out V c, out V d, out V e, out V f, out V g, out V h);
        to[Words] = Part<G, V>(ref a);
        to[Words + 2] = Part<G, V>(ref b);
        to[Words + 4] = Part<G, V>(ref c);
        to[Words + 6] = Part<G, V>(ref d);
        to[Words + 8] = Part<G, V>(ref e);
        to[Words + 10] = Part<G, V>(ref f);
        to[Words + 12] = Part<G, V>(ref g);
        to[Words + 14] = Part<G, V>(ref h);
        to[0] = a;
        to[2] = b;
        to[4] = c;
        to[6] = d;
        to[8] = e;
        to[10] = f;
        to[12] = g;
        to[14] = h;
        return G.Halves(G.ShiftLeft(G.Firsts(w, row), 16));
    }

    /// <summary>Widens the first and the third byte of each four, and returns the second and the fourth, in 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Part<G, V>(ref V bytes)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V odd = G.ShiftWordsRight(bytes, 8);
        bytes = G.ShiftWordsRight(G.ShiftLeft(bytes, 8), 8);
        return odd;
    }

    /// <summary>Products of sixteen 16-bit numbers of each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Sum<G, V>(V w0, V w1, V w2, V w3, V w4, V w5, V w6, V w7, int* x)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V sum = G.Add(G.MultiplyWords(w0, G.Broadcast(x[0])), G.MultiplyWords(w1, G.Broadcast(x[1])));
        sum = G.Add(sum, G.Add(G.MultiplyWords(w2, G.Broadcast(x[2])), G.MultiplyWords(w3, G.Broadcast(x[3]))));
        V other = G.Add(G.MultiplyWords(w4, G.Broadcast(x[4])), G.MultiplyWords(w5, G.Broadcast(x[5])));
        other = G.Add(other, G.Add(G.MultiplyWords(w6, G.Broadcast(x[6])), G.MultiplyWords(w7, G.Broadcast(x[7]))));
        return G.Add(sum, other);
    }
}

/// <summary>See <see cref="WeightFormat.Q4_0"/>.</summary>
internal readonly unsafe struct Q4Blocks : IBlocks
{
    public const int Bytes = 18;

    // Where in the step's memory factors are, of four blocks; their numbers are in front.
    private const int FactorsAt = 16;

    public static WeightFormat Format => WeightFormat.Q4_0;

    [MethodImpl(Kernels.ByItself)]
    public static void Multiply<G, V>(ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V* numbers = (V*)step.Memory, factors = numbers + FactorsAt;
        byte* w = step.Weights, x = step.X;
        nint row = step.RowBytes, stride = step.Stride;
        V ones = G.Broadcast(0x00010001);
        for (int block = 0; block < step.Blocks;)
        {
            // Four blocks are turned by fewer instructions than four times one.
            int count = step.Blocks - block >= 4 ? 4 : 1;
            V first, second;
            if (count == 4)
            {
                G.TurnEighteens(w, row, numbers, out first, out second);
                factors[1] = G.Halves(first);
                factors[2] = G.Halves(G.ShiftLeft(second, 16));
                factors[3] = G.Halves(second);
            }
            else
            {
                first = G.Firsts(w, row);
                BlockRows.Turn<G, V>(w + 2, row, numbers);
            }
            factors[0] = G.Halves(G.ShiftLeft(first, 16));
            w += count * Bytes;
            for (int i = 0; i < count; i++, block++, x += step.BlockStride)
            {
                step.Select(block);
                step.Prefetch(G.Count * Bytes);
                V* four = numbers + (4 * i);
                V w0 = four[0], w1 = four[1], w2 = four[2], w3 = four[3], factor = factors[i];
                NibbleSums.Split<G, V>(ref w0, ref w1, ref w2, ref w3, out V w4, out V w5, out V w6, out V w7);
                float* total = step.Totals;
                byte* v = x, end = x + (step.Count * stride);
                for (; v < end; v += stride, total += G.Count)
                {
                    V sum = NibbleSums.Of<G, V>(w0, w1, w2, w3, w4, w5, w6, w7, (int*)(v + QuantisedRows.Values));
                    sum = G.AddWords(sum, G.Broadcast(*(int*)(v + QuantisedRows.NibbleZero)));
                    BlockSweep.AddTo<G, V>(total, G.MultiplyWords(sum, ones), factor, *(float*)v);
                }
            }
        }
    }
}

/// <summary>See <see cref="WeightFormat.Q4_K"/>.</summary>
internal readonly unsafe struct Q4KBlocks : IBlocks
{
    public const int Bytes = 144;

    // Where in the step's memory the numbers are; scales and minima are in front.
    private const int NumbersAt = 12;

    public static WeightFormat Format => WeightFormat.Q4_K;

    [MethodImpl(Kernels.ByItself)]
    public static void Multiply<G, V>(ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V* scales = (V*)step.Memory, minima = scales + 8, numbers = scales + NumbersAt;
        byte* w = step.Weights, x = step.X;
        nint row = step.RowBytes;
        V six = G.Broadcast(0x3F3F3F3F), nibble = G.Broadcast(0x0F0F0F0F), upper = G.Broadcast(0x30303030);
        for (int block = 0; block < step.Blocks; block++, w += Bytes, x += step.BlockStride)
        {
            step.Select(block);
            // A factor and one for the minima, and three times four bytes of scales and minima, of six bits each.
            G.Turn(w, row, out V factors, out V p, out V q, out V r);
            V first = G.And(p, six), last = G.Or(G.And(r, nibble), G.And(G.ShiftRight(p, 2), upper));
            scales[0] = G.Pick(first, unchecked((int)0x80008000));
            scales[1] = G.Pick(first, unchecked((int)0x80018001));
            scales[2] = G.Pick(first, unchecked((int)0x80028002));
            scales[3] = G.Pick(first, unchecked((int)0x80038003));
            scales[4] = G.Pick(last, unchecked((int)0x80008000));
            scales[5] = G.Pick(last, unchecked((int)0x80018001));
            scales[6] = G.Pick(last, unchecked((int)0x80028002));
            scales[7] = G.Pick(last, unchecked((int)0x80038003));
            first = G.And(q, six);
            last = G.Or(G.And(G.ShiftRight(r, 4), nibble), G.And(G.ShiftRight(q, 2), upper));
            minima[0] = G.Pick(first, unchecked((int)0x80018000));
            minima[1] = G.Pick(first, unchecked((int)0x80038002));
            minima[2] = G.Pick(last, unchecked((int)0x80018000));
            minima[3] = G.Pick(last, unchecked((int)0x80038002));
            // All of a superblock is turned before anything is multiplied: else products would wait for what is turned, again and again.
            G.TurnLine(w + 16, row, numbers);
            G.TurnLine(w + 80, row, numbers + 16);
            for (int pair = 0; pair < 4; pair++)
                Pair<G, V>(numbers + (8 * pair), scales + (2 * pair), x + QuantisedRows.SuperValues + (64 * pair), pair == 0, ref step);
            Close<G, V>(G.Halves(G.ShiftLeft(factors, 16)), G.Halves(factors), minima, x, ref step);
        }
    }

    /// <summary>Two runs, which share their bytes.</summary>
    [MethodImpl(Kernels.ByItself)]
    private static void Pair<G, V>(V* w, V* scales, byte* x, bool isFirst, ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        step.Prefetch(G.Count * Bytes / 4);
        nint stride = step.Stride;
        V a = w[0], b = w[1], c = w[2], d = w[3], e = w[4], f = w[5], g = w[6], h = w[7];
        NibbleSums.Split<G, V>(ref a, ref b, ref c, ref d, out V a1, out V b1, out V c1, out V d1);
        NibbleSums.Split<G, V>(ref e, ref f, ref g, ref h, out V e1, out V f1, out V g1, out V h1);
        V low = scales[0], high = scales[1];
        int* whole = step.Whole;
        byte* v = x, end = x + (step.Count * stride);
        if (G.Count < 16)
        {
            // Sixteen registers hold eight vectors of weights.
            for (; v < end; v += stride, whole += G.Count)
            {
                V sum = G.MultiplyWords(NibbleSums.Of<G, V>(a, b, c, d, e, f, g, h, (int*)v), low);
                G.Store(isFirst ? sum : G.Add(sum, G.Load(whole)), whole);
            }
            whole = step.Whole;
            for (v = x; v < end; v += stride, whole += G.Count)
                G.Store(G.Add(G.MultiplyWords(NibbleSums.Of<G, V>(a1, b1, c1, d1, e1, f1, g1, h1, (int*)v + 8), high), G.Load(whole)), whole);
            return;
        }
        for (; v < end; v += stride, whole += G.Count)
        {
            V sum = G.MultiplyWords(NibbleSums.Of<G, V>(a, b, c, d, e, f, g, h, (int*)v), low);
            sum = G.Add(sum, G.MultiplyWords(NibbleSums.Of<G, V>(a1, b1, c1, d1, e1, f1, g1, h1, (int*)v + 8), high));
            G.Store(isFirst ? sum : G.Add(sum, G.Load(whole)), whole);
        }
    }

    /// <summary>A block's sums, and what its minima take, onto the totals.</summary>
    [MethodImpl(Kernels.ByItself)]
    private static void Close<G, V>(V factors, V ofMinima, V* minima, byte* x, ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V m0 = minima[0], m1 = minima[1], m2 = minima[2], m3 = minima[3];
        ofMinima = G.Xor(ofMinima, G.Broadcast(int.MinValue));
        nint stride = step.Stride;
        float* total = step.Totals;
        int* whole = step.Whole;
        byte* end = x + (step.Count * stride);
        for (; x < end; x += stride, total += G.Count, whole += G.Count)
        {
            var sums = (int*)(x + QuantisedRows.Sums32);
            V taken = G.Add(
                G.Add(G.MultiplyWords(m0, G.Broadcast(sums[0])), G.MultiplyWords(m1, G.Broadcast(sums[1]))),
                G.Add(G.MultiplyWords(m2, G.Broadcast(sums[2])), G.MultiplyWords(m3, G.Broadcast(sums[3]))));
            V sum = G.AddProduct(G.Load(total), G.Load(whole), factors, *(float*)x);
            G.Store(G.AddProduct(sum, taken, ofMinima, *(float*)x), total);
        }
    }
}

/// <summary>See <see cref="WeightFormat.Q6_K"/>.</summary>
internal readonly unsafe struct Q6KBlocks : IBlocks
{
    public const int Bytes = 210;
    public const int HighAt = 128;
    public const int ScalesAt = 192;
    public const int FactorAt = 208;

    // Where in the step's memory what is, after the scales.
    private const int PairsAt = 16;
    private const int LowBitsAt = 24;
    private const int HighBitsAt = 56;

    public static WeightFormat Format => WeightFormat.Q6_K;

    [MethodImpl(Kernels.ByItself)]
    public static void Multiply<G, V>(ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V* scales = (V*)step.Memory, pairs = scales + PairsAt, low = scales + LowBitsAt, high = scales + HighBitsAt;
        byte* w = step.Weights, x = step.X;
        nint row = step.RowBytes;
        for (int block = 0; block < step.Blocks; block++, w += Bytes, x += step.BlockStride)
        {
            step.Select(block);
            // The last 32 bytes: what is left of the upper bits, sixteen scales, and the factor.
            G.TurnTwice(w + Bytes - 32, row, out _, out _, out _, out V a, out V b, out V c, out V d, out V e);
            Scales<G, V>(a, 2, scales, pairs);
            Scales<G, V>(b, 0, scales + 2, pairs + 1);
            Scales<G, V>(b, 2, scales + 4, pairs + 2);
            Scales<G, V>(c, 0, scales + 6, pairs + 3);
            Scales<G, V>(c, 2, scales + 8, pairs + 4);
            Scales<G, V>(d, 0, scales + 10, pairs + 5);
            Scales<G, V>(d, 2, scales + 12, pairs + 6);
            Scales<G, V>(e, 0, scales + 14, pairs + 7);
            G.TurnLine(w, row, low);
            G.TurnLine(w + 64, row, low + 16);
            G.TurnLine(w + HighAt, row, high);
            byte* values = x + QuantisedRows.SuperValues;
            Runs<G, V>(low, high, 0, scales, values, isFirst: true, ref step);
            Runs<G, V>(low + 8, high, 2, scales + 2, values + 32, isFirst: false, ref step);
            Runs<G, V>(low + 16, high + 8, 0, scales + 8, values + 128, isFirst: false, ref step);
            Runs<G, V>(low + 24, high + 8, 2, scales + 10, values + 160, isFirst: false, ref step);
            Close<G, V>(G.Halves(e), pairs, x, ref step);
        }
    }

    /// <summary>Two scales, from byte <paramref name="at"/> of each four on: each twice in 16 bits, and the pair of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scales<G, V>(V four, int at, V* scales, V* pair)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V both = G.ShiftWordsRight(G.Pick(four, 0x01800080 + (at * 0x01000100)), 8);
        scales[0] = G.Pick(both, 0x01000100);
        scales[1] = G.Pick(both, 0x03020302);
        *pair = both;
    }

    /// <summary>
    /// Two runs in the lower halves of bytes, and two in the upper. Their upper bits are <paramref name="place"/> and four more up in <paramref name="high"/>.
    /// </summary>
    [MethodImpl(Kernels.ByItself)]
    private static void Runs<G, V>(V* w, V* high, int place, V* scales, byte* x, bool isFirst, ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V a = w[0], b = w[1], c = w[2], d = w[3], e = w[4], f = w[5], g = w[6], h = w[7];
        V nibble = G.Broadcast(0x0F0F0F0F), two = G.Broadcast(0x30303030);
        Run<G, V>(
            G.Or(G.And(a, nibble), G.And(G.ShiftLeft(high[0], 4 - place), two)), G.Or(G.And(b, nibble), G.And(G.ShiftLeft(high[1], 4 - place), two)),
            G.Or(G.And(c, nibble), G.And(G.ShiftLeft(high[2], 4 - place), two)), G.Or(G.And(d, nibble), G.And(G.ShiftLeft(high[3], 4 - place), two)),
            G.Or(G.And(e, nibble), G.And(G.ShiftLeft(high[4], 4 - place), two)), G.Or(G.And(f, nibble), G.And(G.ShiftLeft(high[5], 4 - place), two)),
            G.Or(G.And(g, nibble), G.And(G.ShiftLeft(high[6], 4 - place), two)), G.Or(G.And(h, nibble), G.And(G.ShiftLeft(high[7], 4 - place), two)),
            scales, x, isFirst, ref step);
        Run<G, V>(
            G.Or(G.And(G.ShiftRight(a, 4), nibble), G.And(G.ShiftRight(high[0], place), two)),
            G.Or(G.And(G.ShiftRight(b, 4), nibble), G.And(G.ShiftRight(high[1], place), two)),
            G.Or(G.And(G.ShiftRight(c, 4), nibble), G.And(G.ShiftRight(high[2], place), two)),
            G.Or(G.And(G.ShiftRight(d, 4), nibble), G.And(G.ShiftRight(high[3], place), two)),
            G.Or(G.And(G.ShiftRight(e, 4), nibble), G.And(G.ShiftRight(high[4], place), two)),
            G.Or(G.And(G.ShiftRight(f, 4), nibble), G.And(G.ShiftRight(high[5], place), two)),
            G.Or(G.And(G.ShiftRight(g, 4), nibble), G.And(G.ShiftRight(high[6], place), two)),
            G.Or(G.And(G.ShiftRight(h, 4), nibble), G.And(G.ShiftRight(high[7], place), two)),
            scales + 4, x + 64, isFirst: false, ref step);
    }

    /// <summary>The products of two runs of 16, times their scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run<G, V>(V w0, V w1, V w2, V w3, V w4, V w5, V w6, V w7, V* scales, byte* x, bool isFirst, ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        step.Prefetch(G.Count * Bytes / 8);
        V first = scales[0], second = scales[1];
        nint stride = step.Stride;
        int* whole = step.Whole;
        byte* end = x + (step.Count * stride);
        for (; x < end; x += stride, whole += G.Count)
        {
            // 16 bits hold four products of at most 63 · 127.
            var v = (int*)x;
            V a = G.AddWords(G.MultiplyBytes(w0, G.Broadcast(v[0])), G.MultiplyBytes(w1, G.Broadcast(v[1])));
            V b = G.AddWords(G.MultiplyBytes(w2, G.Broadcast(v[2])), G.MultiplyBytes(w3, G.Broadcast(v[3])));
            V c = G.AddWords(G.MultiplyBytes(w4, G.Broadcast(v[4])), G.MultiplyBytes(w5, G.Broadcast(v[5])));
            V d = G.AddWords(G.MultiplyBytes(w6, G.Broadcast(v[6])), G.MultiplyBytes(w7, G.Broadcast(v[7])));
            V sum = G.Add(
                G.Add(G.MultiplyWords(a, first), G.MultiplyWords(b, first)), G.Add(G.MultiplyWords(c, second), G.MultiplyWords(d, second)));
            G.Store(isFirst ? sum : G.Add(sum, G.Load(whole)), whole);
        }
    }

    /// <summary>A block's sums without the zeros, 32 times the sums of activations, onto the totals.</summary>
    [MethodImpl(Kernels.ByItself)]
    private static void Close<G, V>(V factors, V* pairs, byte* x, ref BlockStep step)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V p0 = pairs[0], p1 = pairs[1], p2 = pairs[2], p3 = pairs[3], p4 = pairs[4], p5 = pairs[5], p6 = pairs[6], p7 = pairs[7];
        nint stride = step.Stride;
        float* total = step.Totals;
        int* whole = step.Whole;
        byte* end = x + (step.Count * stride);
        for (; x < end; x += stride, total += G.Count, whole += G.Count)
        {
            var sums = (int*)(x + QuantisedRows.Sums16);
            V zeros = G.Add(
                G.Add(G.MultiplyWords(p0, G.Broadcast(sums[0])), G.MultiplyWords(p1, G.Broadcast(sums[1]))),
                G.Add(G.MultiplyWords(p2, G.Broadcast(sums[2])), G.MultiplyWords(p3, G.Broadcast(sums[3]))));
            V more = G.Add(
                G.Add(G.MultiplyWords(p4, G.Broadcast(sums[4])), G.MultiplyWords(p5, G.Broadcast(sums[5]))),
                G.Add(G.MultiplyWords(p6, G.Broadcast(sums[6])), G.MultiplyWords(p7, G.Broadcast(sums[7]))));
            BlockSweep.AddTo<G, V>(total, G.Subtract(G.Load(whole), G.ShiftLeft(G.Add(zeros, more), 5)), factors, *(float*)x);
        }
    }
}

/// <summary>Products of numbers below 16 with bytes, in 16 bits.</summary>
internal static unsafe class NibbleSums
{
    /// <summary>The upper halves of bytes; the lower ones stay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Split<G, V>(ref V a, ref V b, ref V c, ref V d, out V upperA, out V upperB, out V upperC, out V upperD)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V nibble = G.Broadcast(0x0F0F0F0F);
        upperA = G.And(G.ShiftRight(a, 4), nibble);
        upperB = G.And(G.ShiftRight(b, 4), nibble);
        upperC = G.And(G.ShiftRight(c, 4), nibble);
        upperD = G.And(G.ShiftRight(d, 4), nibble);
        a = G.And(a, nibble);
        b = G.And(b, nibble);
        c = G.And(c, nibble);
        d = G.And(d, nibble);
    }

    /// <summary>
    /// Of 32 of each row, half in the lower 16 bits of a lane and half in the upper: sixteen products of at most 15 · 127. Less 8 times the sum
    /// of all activations, as Q4_0 has it, that still fits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<G, V>(V w0, V w1, V w2, V w3, V w4, V w5, V w6, V w7, int* x)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V sum = G.AddWords(G.MultiplyBytes(w0, G.Broadcast(x[0])), G.MultiplyBytes(w1, G.Broadcast(x[1])));
        sum = G.AddWords(sum, G.AddWords(G.MultiplyBytes(w2, G.Broadcast(x[2])), G.MultiplyBytes(w3, G.Broadcast(x[3]))));
        V other = G.AddWords(G.MultiplyBytes(w4, G.Broadcast(x[4])), G.MultiplyBytes(w5, G.Broadcast(x[5])));
        other = G.AddWords(other, G.AddWords(G.MultiplyBytes(w6, G.Broadcast(x[6])), G.MultiplyBytes(w7, G.Broadcast(x[7]))));
        return G.AddWords(sum, other);
    }
}
