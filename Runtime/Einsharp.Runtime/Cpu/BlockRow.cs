using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// Products of one row of quantised activations with weights in blocks, at the speed of memory: weights are read in long streams, which the
/// hardware's prefetch follows. The bits are those of <see cref="BlockSweep"/> with more rows.
/// </summary>
internal static unsafe class BlockRow
{
    /// <summary>The longest row: turned, its activations take 80 KB of the stack.</summary>
    public const int MostValues = 65536;

    /// <summary>Whether this is for so many rows.</summary>
    public static bool Takes(int rows, int inner) => rows == 1 && inner <= MostValues;

    public static void Project(WeightFormat format, in BlockOperands o, int firstRow, int rowCount)
    {
        switch (format)
        {
            case WeightFormat.Q8_0: Streams<Q8Four>(o, firstRow, rowCount, (nint)format.Bytes(o.X.Inner)); break;
            case WeightFormat.Q4_0: Streams<Q4Four>(o, firstRow, rowCount, (nint)format.Bytes(o.X.Inner)); break;
            case WeightFormat.Q4_K: Superblocks<Q4KRow>(o, firstRow, rowCount, (nint)format.Bytes(o.X.Inner)); break;
            case WeightFormat.Q6_K: Superblocks<Q6KRow>(o, firstRow, rowCount, (nint)format.Bytes(o.X.Inner)); break;
            default: throw new NotSupportedException($"no kernel multiplies {format}");
        }
    }

    /// <summary>
    /// Fetches what will be read a little later. The hardware does that too, but stops at the end of a page, every 64 lines of a stream: where
    /// there is but one, all wait.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* w, int bytes)
    {
        const int ahead = 3072;
        for (int i = 0; i < bytes; i += AlignedMemory.Alignment) Sse.Prefetch0(w + ahead + i);
    }

    /// <summary>Fetches a line of each of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* w0, byte* w1, byte* w2, byte* w3)
    {
        Sse.Prefetch0(w0);
        Sse.Prefetch0(w1);
        Sse.Prefetch0(w2);
        Sse.Prefetch0(w3);
    }

    /// <summary>Four rows of weights at a time, each from a stream of its own.</summary>
    private static void Streams<F>(in BlockOperands o, int firstRow, int rowCount, nint bytes)
        where F : struct, IFour
    {
        byte* w = o.Weights + (firstRow * bytes);
        float* y = o.Y;
        int run = rowCount / 4;
        if (run * bytes < Sweep.StreamBytes) run = 0;
        for (int j = 0; j < run; j++)
        {
            byte* w0 = w + (j * bytes);
            Vector128<float> sums = F.Four(w0, w0 + (run * bytes), w0 + (2 * run * bytes), w0 + (3 * run * bytes), 1024, o.X);
            y[j] = sums[0];
            y[j + run] = sums[1];
            y[j + (2 * run)] = sums[2];
            y[j + (3 * run)] = sums[3];
        }
        // Short streams: four neighbours, while the next four are fetched; past the last row the same one again, whose sum is not stored.
        for (int j = 4 * run; j < rowCount; j += 4)
        {
            int last = Math.Min(4, rowCount - j) - 1;
            byte* w0 = w + (j * bytes);
            Vector128<float> sums = F.Four(w0, w0 + (Math.Min(1, last) * bytes), w0 + (Math.Min(2, last) * bytes), w0 + (last * bytes), 4 * bytes, o.X);
            for (int i = 0; i <= last; i++) y[j + i] = sums[i];
        }
    }

    private static void Superblocks<F>(in BlockOperands o, int firstRow, int rowCount, nint bytes)
        where F : struct, ISuperRow
    {
        if (RowGroup512.IsSupported) Superblocks<F, RowGroup512, Vector512<int>>(o, firstRow, rowCount, bytes);
        else Superblocks<F, RowGroup256, Vector256<int>>(o, firstRow, rowCount, bytes);
    }

    /// <summary>A row of weights at a time, and as many of its superblocks as a vector has fours of lanes.</summary>
    [SkipLocalsInit]
    public static void Superblocks<F, G, V>(in BlockOperands o, int firstRow, int rowCount, nint bytes)
        where F : struct, ISuperRow
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        int together = G.Count / 4, blocks = o.X.Inner / 256;
        int steps = (blocks / together) + (blocks % together);
        byte* memory = stackalloc byte[(steps * SuperInput.Vectors * sizeof(V)) + AlignedMemory.Alignment];
        var turned = (V*)AlignedMemory.Align(memory);
        int block = 0;
        for (int step = 0; step < steps; step++, block += block + together <= blocks ? together : 1)
            F.Turn<G, V>(o.X.Record(block, 0), block + together <= blocks ? o.X.Stride : 0, turned + (step * SuperInput.Vectors));
        byte* w = o.Weights + (firstRow * bytes);
        for (int j = 0; j < rowCount; j++, w += bytes) o.Y[j] = F.Row<G, V>(w, turned, blocks);
    }
}

/// <summary>A format of blocks of 32 values.</summary>
internal unsafe interface IFour
{
    /// <summary>Four rows of weights times one of activations; what is <paramref name="ahead"/> bytes further is fetched.</summary>
    static abstract Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, nint ahead, in QuantisedRows x);
}

/// <summary>Activations as <see cref="ISuperRow.Row"/> reads them, by vector: each four lanes have what one superblock meets.</summary>
internal static unsafe class SuperInput
{
    /// <summary>Vectors for superblocks that are multiplied together.</summary>
    public const int Vectors = 19;

    /// <summary>Numbers that meet the lower four bits of weights.</summary>
    public const int Low = 0;

    /// <summary>Numbers that meet the upper four bits.</summary>
    public const int High = 8;

    /// <summary>Their sums.</summary>
    public const int Sums = 16;

    /// <summary>Scales as floats.</summary>
    public const int Scales = 18;
}

/// <summary>A format of superblocks.</summary>
internal unsafe interface ISuperRow
{
    /// <summary>Lays out the activations of superblocks that are multiplied together.</summary>
    /// <param name="record">The first one's record.</param>
    /// <param name="stride">From there to the next; 0 where there is but one, which then is in all lanes.</param>
    /// <param name="to">Where to.</param>
    static abstract void Turn<G, V>(byte* record, nint stride, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged;

    /// <summary>A row of weights times the row of activations.</summary>
    /// <param name="w">The row of weights.</param>
    /// <param name="x">What <see cref="Turn"/> laid out: <see cref="SuperInput.Vectors"/> for each superblocks that are multiplied together.</param>
    /// <param name="blocks">Superblocks of the row.</param>
    static abstract float Row<G, V>(byte* w, V* x, int blocks)
        where G : struct, IRowGroup<V>
        where V : unmanaged;
}

/// <summary>See <see cref="WeightFormat.Q8_0"/>.</summary>
internal readonly unsafe struct Q8Four : IFour
{
    private const int Bytes = Q8Blocks.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, nint ahead, in QuantisedRows x)
    {
        byte* record = x.Records, end = record + (x.Inner / 32 * (nint)x.Stride);
        Vector128<float> total = default;
        for (; record < end; record += x.Stride, w0 += Bytes, w1 += Bytes, w2 += Bytes, w3 += Bytes)
        {
            BlockRow.Prefetch(w0 + ahead, w1 + ahead, w2 + ahead, w3 + ahead);
            Vector256<sbyte> v = Vector256.Load((sbyte*)record + QuantisedRows.Values);
            Vector128<int> sum = ByteDots.Sums(Signed(w0, v), Signed(w1, v), Signed(w2, v), Signed(w3, v));
            total = ByteDots.Add(sum, ByteDots.Halves(w0, w1, w2, w3), *(float*)record, total);
        }
        return total;
    }

    /// <summary>|w| · (x with the sign of w): |w| may be 128, x never is −128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Signed(byte* block, Vector256<sbyte> x)
    {
        Vector256<sbyte> w = Vector256.Load((sbyte*)block + 2);
        return ByteDots.Dot(Avx2.Abs(w), Avx2.Sign(x, w));
    }
}

/// <summary>See <see cref="WeightFormat.Q4_0"/>.</summary>
internal readonly unsafe struct Q4Four : IFour
{
    private const int Bytes = Q4Blocks.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, nint ahead, in QuantisedRows x)
    {
        nint stride = x.Stride;
        byte* record = x.Records, end = record + (x.Inner / 32 * stride);
        Vector128<float> total = default;
        // Two blocks at once, a half of each vector for either.
        for (; record + stride < end; record += 2 * stride, w0 += 2 * Bytes, w1 += 2 * Bytes, w2 += 2 * Bytes, w3 += 2 * Bytes)
        {
            BlockRow.Prefetch(w0 + ahead, w1 + ahead, w2 + ahead, w3 + ahead);
            sbyte* values = (sbyte*)record + QuantisedRows.Values;
            Vector256<sbyte> low = Vector256.Create(Vector128.Load(values), Vector128.Load(values + stride));
            Vector256<sbyte> high = Vector256.Create(Vector128.Load(values + 16), Vector128.Load(values + stride + 16));
            // 16 bits hold the sixteen products, of at most 15 · 127, that are in a sum until its pairs become one of 32 bits.
            Vector256<short> pairs = ByteDots.Pairs(Two(w0, low, high), Two(w1, low, high), Two(w2, low, high), Two(w3, low, high));
            Vector256<int> sum = Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One) + Vector256.Create(Zero(record), Zero(record + stride));
            Vector256<float> factors = Vector256.Create(
                ByteDots.Firsts(w0, w1, w2, w3), ByteDots.Firsts(w0 + Bytes, w1 + Bytes, w2 + Bytes, w3 + Bytes)).AsSingle();
            factors = ((factors.AsInt32() << 16 >> 3) & Vector256.Create(Lanes.HalfMask)).AsSingle() * Vector256.Create(Lanes.HalfScale);
            factors *= Vector256.Create(Vector128.Create(*(float*)record), Vector128.Create(*(float*)(record + stride)));
            Vector256<float> products = Avx.ConvertToVector256Single(sum);
            total = Fma.MultiplyAdd(products.GetLower(), factors.GetLower(), total);
            total = Fma.MultiplyAdd(products.GetUpper(), factors.GetUpper(), total);
        }
        if (record < end)
        {
            Vector256<sbyte> v = Vector256.Load((sbyte*)record + QuantisedRows.Values);
            Vector128<int> sum = ByteDots.Sums(One(w0, v), One(w1, v), One(w2, v), One(w3, v)) + Zero(record);
            total = ByteDots.Add(sum, ByteDots.Halves(w0, w1, w2, w3), *(float*)record, total);
        }
        return total;
    }

    /// <summary>−8 times the sum of the block's activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Zero(byte* record) => Vector128.Create((int)*(short*)(record + QuantisedRows.NibbleZero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> One(byte* block, Vector256<sbyte> x)
    {
        Vector256<uint> q = Avx2.BroadcastVector128ToVector256(block + 2).AsUInt32();
        return ByteDots.Dot(Avx2.ShiftRightLogicalVariable(q, Vector256.Create(0u, 0, 0, 0, 4, 4, 4, 4)).AsByte() & Vector256.Create((byte)15), x);
    }

    /// <summary>Sums of four products each, of two blocks, one in either half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Two(byte* block, Vector256<sbyte> low, Vector256<sbyte> high)
    {
        Vector256<byte> mask = Vector256.Create((byte)15), q = Vector256.Create(Vector128.Load(block + 2), Vector128.Load(block + Bytes + 2));
        return (Avx2.MultiplyAddAdjacent(q & mask, low) + Avx2.MultiplyAddAdjacent((q.AsUInt16() >>> 4).AsByte() & mask, high)).AsInt32();
    }
}

/// <summary>See <see cref="WeightFormat.Q4_K"/>. A lane has two runs of 32, which share their bytes.</summary>
internal readonly unsafe struct Q4KRow : ISuperRow
{
    private const int Bytes = Q4KBlocks.Bytes;

    public static void Turn<G, V>(byte* record, nint stride, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        byte* v = record + QuantisedRows.SuperValues;
        V* low = to + SuperInput.Low, high = to + SuperInput.High;
        G.TurnTwice(
            v, v + 64, v + 128, v + 192, stride, out low[0], out low[1], out low[2], out low[3], out low[4], out low[5], out low[6], out low[7]);
        v += 32;
        G.TurnTwice(
            v, v + 64, v + 128, v + 192, stride, out high[0], out high[1], out high[2], out high[3], out high[4], out high[5], out high[6], out high[7]);
        to[SuperInput.Sums] = G.Sixteens(record + QuantisedRows.Sums32, stride);
        // For the sums, and negative for what the minima take.
        to[SuperInput.Scales] = G.Xor(G.Pick(G.Sixteens(record, stride), G.Broadcast(0x03020100)), G.Fours(0, int.MinValue, 0, 0));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Row<G, V>(byte* w, V* x, int blocks)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        float* products = stackalloc float[2 * G.Count];
        float* factors = products + G.Count;
        Vector128<float> total = default;
        V nibble = G.Broadcast(0x0F0F0F0F);
        for (int together; blocks > 0; blocks -= together, w += together * Bytes, x += SuperInput.Vectors)
        {
            together = blocks >= G.Count / 4 ? G.Count / 4 : 1;
            nint stride = together > 1 ? Bytes : 0;
            BlockRow.Prefetch(w, together * Bytes);
            // A factor and one for the minima; three times four bytes, whose six lower bits are scales, minima, and four bits of either.
            V head = G.Sixteens(w, stride);
            V first = G.And(head, G.Broadcast(0x3F3F3F3F));
            V last = G.Pick(head, G.Fours(-1, 0x0F0E0D0C, 0x0F0E0D0C, -1));
            last = G.And(G.ShiftRight(last, G.Fours(0, 0, 4, 0)), nibble);
            last = G.Or(last, G.And(G.ShiftRight(head, 2), G.Broadcast(0x30303030)));
            V scales = G.UnpackLow(first, last), minima = G.UnpackHigh(first, last);
            V lowScales = G.Pick(scales, G.Fours(unchecked((int)0x80088008), unchecked((int)0x800A800A), unchecked((int)0x800C800C), unchecked((int)0x800E800E)));
            V highScales = G.Pick(scales, G.Fours(unchecked((int)0x80098009), unchecked((int)0x800B800B), unchecked((int)0x800D800D), unchecked((int)0x800F800F)));
            minima = G.Pick(minima, G.Fours(unchecked((int)0x80018000), unchecked((int)0x80038002), unchecked((int)0x80058004), unchecked((int)0x80078006)));

            byte* q = w + 16;
            G.TurnTwice(q, q + 32, q + 64, q + 96, stride, out V a, out V b, out V c, out V d, out V e, out V f, out V g, out V h);
            V sum = G.MultiplyWords(lowScales, Sum<G, V>(
                G.And(a, nibble), G.And(b, nibble), G.And(c, nibble), G.And(d, nibble),
                G.And(e, nibble), G.And(f, nibble), G.And(g, nibble), G.And(h, nibble), x + SuperInput.Low));
            sum = G.Add(sum, G.MultiplyWords(highScales, Sum<G, V>(
                G.And(G.ShiftRight(a, 4), nibble), G.And(G.ShiftRight(b, 4), nibble), G.And(G.ShiftRight(c, 4), nibble),
                G.And(G.ShiftRight(d, 4), nibble), G.And(G.ShiftRight(e, 4), nibble), G.And(G.ShiftRight(f, 4), nibble),
                G.And(G.ShiftRight(g, 4), nibble), G.And(G.ShiftRight(h, 4), nibble), x + SuperInput.High)));
            V taken = G.MultiplyWords(minima, x[SuperInput.Sums]);

            // The sums of four lanes, in the first that of the products, in the second that of the minima.
            sum = G.Add(G.UnpackLow(sum, taken), G.UnpackHigh(sum, taken));
            sum = G.Add(sum, G.UnpackHigh64(sum));
            G.Store(G.ToFloats(sum), products);
            V halves = G.Halves(G.Pick(head, G.Fours(0x01008080, 0x03028080, -1, -1)));
            G.Store(G.MultiplyFloats(halves, x[SuperInput.Scales]), factors);
            for (int i = 0; i < 4 * together; i += 4)
            {
                total = Fma.MultiplyAddScalar(Vector128.CreateScalarUnsafe(products[i]), Vector128.CreateScalarUnsafe(factors[i]), total);
                total = Fma.MultiplyAddScalar(Vector128.CreateScalarUnsafe(products[i + 1]), Vector128.CreateScalarUnsafe(factors[i + 1]), total);
            }
        }
        return total.ToScalar();
    }

    /// <summary>16 products of at most 15 · 127 in each 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Sum<G, V>(V w0, V w1, V w2, V w3, V w4, V w5, V w6, V w7, V* x)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V sum = G.AddWords(G.MultiplyBytes(w0, x[0]), G.MultiplyBytes(w1, x[1]));
        sum = G.AddWords(sum, G.AddWords(G.MultiplyBytes(w2, x[2]), G.MultiplyBytes(w3, x[3])));
        V other = G.AddWords(G.MultiplyBytes(w4, x[4]), G.MultiplyBytes(w5, x[5]));
        other = G.AddWords(other, G.AddWords(G.MultiplyBytes(w6, x[6]), G.MultiplyBytes(w7, x[7])));
        return G.AddWords(sum, other);
    }
}

/// <summary>See <see cref="WeightFormat.Q6_K"/>. A lane has 32 bytes of lower bits: of half a superblock the first or the last.</summary>
internal readonly unsafe struct Q6KRow : ISuperRow
{
    private const int Bytes = Q6KBlocks.Bytes;

    public static void Turn<G, V>(byte* record, nint stride, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        byte* v = record + QuantisedRows.SuperValues;
        V* low = to + SuperInput.Low, high = to + SuperInput.High;
        G.TurnTwice(
            v, v + 32, v + 128, v + 160, stride, out low[0], out low[1], out low[2], out low[3], out low[4], out low[5], out low[6], out low[7]);
        v += 64;
        G.TurnTwice(
            v, v + 32, v + 128, v + 160, stride, out high[0], out high[1], out high[2], out high[3], out high[4], out high[5], out high[6], out high[7]);
        to[SuperInput.Sums] = G.Sixteens(record + QuantisedRows.Sums16, stride);
        to[SuperInput.Sums + 1] = G.Sixteens(record + QuantisedRows.Sums16 + 16, stride);
        to[SuperInput.Scales] = G.Pick(G.Sixteens(record, stride), G.Broadcast(0x03020100));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Row<G, V>(byte* w, V* x, int blocks)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        float* products = stackalloc float[2 * G.Count];
        float* factors = products + G.Count;
        Vector128<float> total = default;
        V nibble = G.Broadcast(0x0F0F0F0F), two = G.Broadcast(0x30303030);
        for (int together; blocks > 0; blocks -= together, w += together * Bytes, x += SuperInput.Vectors)
        {
            together = blocks >= G.Count / 4 ? G.Count / 4 : 1;
            nint stride = together > 1 ? Bytes : 0;
            BlockRow.Prefetch(w, together * Bytes);
            V scales = G.Sixteens(w + Q6KBlocks.ScalesAt, stride), ends = G.Sixteens(w + Q6KBlocks.FactorAt - 14, stride);
            // The scales as 16-bit numbers, beside the sums of their runs.
            V zeros = G.Add(
                G.MultiplyWords(Signed<G, V>(scales, 0x0180_0080, 0x0380_0280, 0x0580_0480, 0x0780_0680), x[SuperInput.Sums]),
                G.MultiplyWords(Signed<G, V>(scales, 0x0980_0880, 0x0B80_0A80, 0x0D80_0C80, 0x0F80_0E80), x[SuperInput.Sums + 1]));

            byte* q = w, u = w + Q6KBlocks.HighAt;
            G.TurnTwice(q, q + 32, q + 64, q + 96, stride, out V a, out V b, out V c, out V d, out V e, out V f, out V g, out V h);
            G.TurnTwice(u, u, u + 32, u + 32, stride, out V i, out V j, out V k, out V l, out V m, out V n, out V o, out V p);
            V up = G.Fours(4, 2, 4, 2), down = G.Fours(0, 2, 0, 2);
            V sum = G.Add(
                Run<G, V>(
                    Six<G, V>(a, nibble, G.ShiftLeft(i, up), two), Six<G, V>(b, nibble, G.ShiftLeft(j, up), two),
                    Six<G, V>(c, nibble, G.ShiftLeft(k, up), two), Six<G, V>(d, nibble, G.ShiftLeft(l, up), two),
                    x + SuperInput.Low, Signed<G, V>(scales, 0x0080_0080, 0x0280_0280, 0x0880_0880, 0x0A80_0A80)),
                Run<G, V>(
                    Six<G, V>(e, nibble, G.ShiftLeft(m, up), two), Six<G, V>(f, nibble, G.ShiftLeft(n, up), two),
                    Six<G, V>(g, nibble, G.ShiftLeft(o, up), two), Six<G, V>(h, nibble, G.ShiftLeft(p, up), two),
                    x + SuperInput.Low + 4, Signed<G, V>(scales, 0x0180_0180, 0x0380_0380, 0x0980_0980, 0x0B80_0B80)));
            sum = G.Add(sum, G.Add(
                Run<G, V>(
                    Six<G, V>(G.ShiftRight(a, 4), nibble, G.ShiftRight(i, down), two),
                    Six<G, V>(G.ShiftRight(b, 4), nibble, G.ShiftRight(j, down), two),
                    Six<G, V>(G.ShiftRight(c, 4), nibble, G.ShiftRight(k, down), two),
                    Six<G, V>(G.ShiftRight(d, 4), nibble, G.ShiftRight(l, down), two),
                    x + SuperInput.High, Signed<G, V>(scales, 0x0480_0480, 0x0680_0680, 0x0C80_0C80, 0x0E80_0E80)),
                Run<G, V>(
                    Six<G, V>(G.ShiftRight(e, 4), nibble, G.ShiftRight(m, down), two),
                    Six<G, V>(G.ShiftRight(f, 4), nibble, G.ShiftRight(n, down), two),
                    Six<G, V>(G.ShiftRight(g, 4), nibble, G.ShiftRight(o, down), two),
                    Six<G, V>(G.ShiftRight(h, 4), nibble, G.ShiftRight(p, down), two),
                    x + SuperInput.High + 4, Signed<G, V>(scales, 0x0580_0580, 0x0780_0780, 0x0D80_0D80, 0x0F80_0F80))));

            sum = G.Subtract(sum, G.ShiftLeft(zeros, 5));
            sum = G.Add(sum, G.UnpackHigh64(sum));
            sum = G.Add(sum, G.Pick(sum, G.Fours(0x07060504, -1, -1, -1)));
            G.Store(G.ToFloats(sum), products);
            // The factor is in the last 16 bits.
            G.Store(G.MultiplyFloats(G.Halves(G.Pick(ends, G.Fours(0x0F0E8080, -1, -1, -1))), x[SuperInput.Scales]), factors);
            for (int index = 0; index < 4 * together; index += 4)
                total = Fma.MultiplyAddScalar(Vector128.CreateScalarUnsafe(products[index]), Vector128.CreateScalarUnsafe(factors[index]), total);
        }
        return total.ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Signed<G, V>(V bytes, int first, int second, int third, int fourth)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.ShiftWordsRight(G.Pick(bytes, G.Fours(first, second, third, fourth)), 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Six<G, V>(V low, V nibble, V high, V two)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.Or(G.And(low, nibble), G.And(high, two));

    /// <summary>A run of 16, times its scale: 16 bits hold four products of at most 63 · 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Run<G, V>(V w0, V w1, V w2, V w3, V* x, V scale)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.Add(
        G.MultiplyWords(G.AddWords(G.MultiplyBytes(w0, x[0]), G.MultiplyBytes(w1, x[1])), scale),
        G.MultiplyWords(G.AddWords(G.MultiplyBytes(w2, x[2]), G.MultiplyBytes(w3, x[3])), scale));
}

/// <summary>What the formats of 32 values share.</summary>
internal static unsafe class ByteDots
{
    /// <summary>Sums of four products each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<byte> w, Vector256<sbyte> x) => AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(Vector256<int>.Zero, w, x)
        : Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(w, x), Vector256<short>.One);

    /// <summary>The four sums of four vectors' lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        // Unpacked and added: a horizontal addition is two shuffles and more.
        Vector256<long> ab = (Avx2.UnpackLow(a, b) + Avx2.UnpackHigh(a, b)).AsInt64();
        Vector256<long> cd = (Avx2.UnpackLow(c, d) + Avx2.UnpackHigh(c, d)).AsInt64();
        Vector256<int> sums = Avx2.UnpackLow(ab, cd).AsInt32() + Avx2.UnpackHigh(ab, cd).AsInt32();
        return sums.GetLower() + sums.GetUpper();
    }

    /// <summary>Of four vectors of 16-bit numbers in either half what remains of the sums: two numbers of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Pairs(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        Vector256<short> ab = Avx2.UnpackLow(a, b).AsInt16() + Avx2.UnpackHigh(a, b).AsInt16();
        Vector256<short> cd = Avx2.UnpackLow(c, d).AsInt16() + Avx2.UnpackHigh(c, d).AsInt16();
        return Avx2.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt16() + Avx2.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt16();
    }

    /// <summary>The first four bytes of four blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Firsts(byte* a, byte* b, byte* c, byte* d)
    {
        Vector128<int> ab = Sse2.UnpackLow(Vector128.CreateScalarUnsafe(*(int*)a), Vector128.CreateScalarUnsafe(*(int*)b));
        Vector128<int> cd = Sse2.UnpackLow(Vector128.CreateScalarUnsafe(*(int*)c), Vector128.CreateScalarUnsafe(*(int*)d));
        return Sse2.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32();
    }

    /// <summary>Four halves, finite ones exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Halves(byte* a, byte* b, byte* c, byte* d)
    {
        Vector128<short> four = Vector128.CreateScalarUnsafe(*(short*)a);
        four = Sse2.Insert(four, *(short*)b, 1);
        four = Sse2.Insert(four, *(short*)c, 2);
        four = Sse2.Insert(four, *(short*)d, 3);
        return ((Sse41.ConvertToVector128Int32(four) << 13) & Vector128.Create(Lanes.HalfMask)).AsSingle() * Vector128.Create(Lanes.HalfScale);
    }

    /// <summary>sum · scale · factor + total, the products of scales first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<int> sum, Vector128<float> factor, float scale, Vector128<float> total) =>
        Fma.MultiplyAdd(Sse2.ConvertToVector128Single(sum), factor * Vector128.Create(scale), total);
}
