using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// Products of one row of quantised activations with weights in blocks, at the speed of memory: rows of weights are one stream, of which a step
/// of blocks lies in the lanes of vectors. The bits are those of <see cref="BlockSweep"/> with more rows.
/// </summary>
internal static unsafe class BlockRow
{
    /// <summary>32-bit lanes of a step: sixteen blocks of 32 values, or four superblocks, each in four lanes.</summary>
    public const int StepLanes = 16;

    // Twice what memory delivers to a core while one read waits: with a third of that, a core reads three quarters as fast.
    private const int PrefetchBytes = 10240;

    /// <summary>Whether this is for so many rows.</summary>
    public static bool Takes(int rows) => rows == 1 && BlockSweep.IsSupported;

    /// <summary>Floats of memory that <see cref="Turn"/> fills for weights of a format, in whole cache lines.</summary>
    public static int Floats(WeightFormat format, int inner) => checked(Steps(format, inner) * Vectors(format) * StepLanes);

    private static int Vectors(WeightFormat format) => format switch
    {
        WeightFormat.Q8_0 => Q8Row.Vectors,
        WeightFormat.Q4_0 => Q4Row.Vectors,
        WeightFormat.Q4_K => Q4KRow.Vectors,
        WeightFormat.Q6_K => Q6KRow.Vectors,
        _ => throw new NotSupportedException($"no kernel multiplies {format}"),
    };

    private static int StepBlocks(WeightFormat format) => format.BlockValues() == 32 ? StepLanes : StepLanes / 4;

    private static int Steps(WeightFormat format, int inner) => ((inner / format.BlockValues()) + StepBlocks(format) - 1) / StepBlocks(format);

    /// <summary>Lays out a row of activations as its products with weights of a format read it.</summary>
    public static void Turn(WeightFormat format, in QuantisedRows x, float* to)
    {
        switch (format)
        {
            case WeightFormat.Q8_0: Turn<Q8Row>(format, x, to); break;
            case WeightFormat.Q4_0: Turn<Q4Row>(format, x, to); break;
            case WeightFormat.Q4_K: Turn<Q4KRow>(format, x, to); break;
            case WeightFormat.Q6_K: Turn<Q6KRow>(format, x, to); break;
            default: throw new NotSupportedException($"no kernel multiplies {format}");
        }
    }

    /// <summary>Products of a row that <see cref="Turn"/> has laid out.</summary>
    public static void Project(WeightFormat format, in BlockOperands o, int firstRow, int rowCount)
    {
        switch (format)
        {
            case WeightFormat.Q8_0: Project<Q8Row>(format, o, firstRow, rowCount); break;
            case WeightFormat.Q4_0: Project<Q4Row>(format, o, firstRow, rowCount); break;
            case WeightFormat.Q4_K: Project<Q4KRow>(format, o, firstRow, rowCount); break;
            case WeightFormat.Q6_K: Project<Q6KRow>(format, o, firstRow, rowCount); break;
            default: throw new NotSupportedException($"no kernel multiplies {format}");
        }
    }

    private static void Turn<F>(WeightFormat format, in QuantisedRows x, float* to)
        where F : struct, IRowBlocks
    {
        if (RowGroup512.IsSupported) Turn<F, RowGroup512, Vector512<int>>(format, x, (Vector512<int>*)to);
        else Turn<F, RowGroup256, Vector256<int>>(format, x, (Vector256<int>*)to);
    }

    private static void Project<F>(WeightFormat format, in BlockOperands o, int firstRow, int rowCount)
        where F : struct, IRowBlocks
    {
        if (RowGroup512.IsSupported) Project<F, RowGroup512, Vector512<int>>(format, o, firstRow, rowCount);
        else Project<F, RowGroup256, Vector256<int>>(format, o, firstRow, rowCount);
    }

    [SkipLocalsInit]
    public static void Turn<F, G, V>(WeightFormat format, in QuantisedRows x, V* to)
        where F : struct, IRowBlocks
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        int all = x.Inner / x.BlockValues, most = StepBlocks(format) * G.Count / StepLanes;
        byte* padded = stackalloc byte[most * x.Stride];
        for (int block = 0, end = Steps(format, x.Inner) * StepBlocks(format); block < end; block += most, to += F.Vectors)
        {
            int count = Math.Clamp(all - block, 0, most);
            byte* records = x.Record(block, 0);
            if (count < most)
            {
                // Blocks that a row does not have are zeros.
                new Span<byte>(padded, most * x.Stride).Clear();
                new ReadOnlySpan<byte>(records, count * x.Stride).CopyTo(new Span<byte>(padded, most * x.Stride));
                records = padded;
            }
            F.Turn<G, V>(records, x.Stride, to);
            int lanes = count * G.Count / most;
            for (int i = 0; i < G.Count; i++) ((int*)(to + F.Vectors - 1))[i] = i < lanes ? -1 : 0;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Project<F, G, V>(WeightFormat format, in BlockOperands o, int firstRow, int rowCount)
        where F : struct, IRowBlocks
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        int steps = Steps(format, o.X.Inner);
        nint rowBytes = (nint)format.Bytes(o.X.Inner);
        byte* memory = stackalloc byte[F.StepBytes + (2 * StepLanes * sizeof(float)) + AlignedMemory.Alignment];
        var scratch = (float*)AlignedMemory.Align(memory);
        byte* padded = (byte*)(scratch + (2 * StepLanes));
        for (int j = 0; j < rowCount; j++)
        {
            byte* w = o.Weights + ((firstRow + j) * rowBytes);
            var x = (V*)o.Turned;
            Vector128<float> partials = default;
            for (int step = 0; step < steps; step++, w += F.StepBytes, x += StepLanes / G.Count * F.Vectors)
            {
                // A last step that is not full reads on into the next row, but not out of the weights.
                byte* from = o.WeightsEnd - w < F.StepBytes ? Padded(w, o.WeightsEnd, padded, F.StepBytes) : w;
                Prefetch(w + PrefetchBytes, F.StepBytes);
                partials = F.Multiply<G, V>(from, x, scratch, partials);
                if (G.Count < StepLanes) partials = F.Multiply<G, V>(from + (F.StepBytes / 2), x + F.Vectors, scratch + G.Count, partials);
                partials = F.Close(scratch, partials);
            }
            o.Y[j] = partials[0] + partials[1] + partials[2] + partials[3];
        }
    }

    /// <summary>The first lane of each four of a step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fourths(float* lanes) => Vector128.Create(lanes[0], lanes[4], lanes[8], lanes[12]);

    private static byte* Padded(byte* w, byte* end, byte* to, int bytes)
    {
        new Span<byte>(to, bytes).Clear();
        new ReadOnlySpan<byte>(w, (int)(end - w)).CopyTo(new Span<byte>(to, bytes));
        return to;
    }

    /// <summary>
    /// Fetches what will be read a little later. The hardware does that too, but stops at the end of a page, every 64 lines of a stream: where
    /// there is but one, all wait.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* w, int bytes)
    {
        // By hand: a loop of a constant length is not unrolled, and counting takes longer than fetching.
        Sse.Prefetch0(w);
        Sse.Prefetch0(w + 64);
        Sse.Prefetch0(w + 128);
        Sse.Prefetch0(w + 192);
        Sse.Prefetch0(w + 256);
        if (bytes <= 320) return;
        Sse.Prefetch0(w + 320);
        Sse.Prefetch0(w + 384);
        Sse.Prefetch0(w + 448);
        Sse.Prefetch0(w + 512);
        if (bytes <= 576) return;
        Sse.Prefetch0(w + 576);
        Sse.Prefetch0(w + 640);
        Sse.Prefetch0(w + 704);
        Sse.Prefetch0(w + 768);
        Sse.Prefetch0(w + 832);
    }
}

/// <summary>A row of activations, laid out for weights of one format or of several.</summary>
internal readonly unsafe struct TurnedRow(float* memory, int inner, int formats)
{
    private static readonly WeightFormat[] s_formats = [WeightFormat.Q8_0, WeightFormat.Q4_0, WeightFormat.Q4_K, WeightFormat.Q6_K];

    /// <summary>Floats of memory that it takes.</summary>
    /// <param name="inner">The length of the row.</param>
    /// <param name="formats">The formats: a bit for each.</param>
    public static int Floats(int inner, int formats)
    {
        int floats = 0;
        foreach (WeightFormat format in s_formats)
        {
            if ((formats & Bit(format)) != 0) floats = checked(floats + BlockRow.Floats(format, inner));
        }
        return floats;
    }

    /// <summary>The format's bit.</summary>
    public static int Bit(WeightFormat format) => 1 << (int)format;

    /// <summary>Lays out a row.</summary>
    public void Turn(in QuantisedRows blocks, in QuantisedRows superblocks)
    {
        foreach (WeightFormat format in s_formats)
        {
            if ((formats & Bit(format)) != 0) BlockRow.Turn(format, format.BlockValues() == 32 ? blocks : superblocks, Of(format));
        }
    }

    /// <summary>What weights of a format meet, or null if it was laid out for others.</summary>
    public float* Of(WeightFormat format) => (formats & Bit(format)) == 0 ? null : memory + Floats(inner, formats & (Bit(format) - 1));
}

/// <summary>A storage format of weights in blocks, as <see cref="BlockRow"/> multiplies it.</summary>
internal unsafe interface IRowBlocks
{
    /// <summary>Bytes of a step's blocks.</summary>
    static abstract int StepBytes { get; }

    /// <summary>Vectors of activations that one of weights meets. The last is a mask of the lanes that the row has.</summary>
    static abstract int Vectors { get; }

    /// <summary>Lays out as many blocks of activations as a vector's lanes have.</summary>
    /// <param name="record">The first one's record.</param>
    /// <param name="stride">From there to the next.</param>
    /// <param name="to">Where to, all but the mask.</param>
    static abstract void Turn<G, V>(byte* record, nint stride, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged;

    /// <summary>
    /// Multiplies as many blocks as a vector's lanes have. Products of blocks are added to the partial sums, those of superblocks stored as floats,
    /// for a step as [lane], and after them the factors.
    /// </summary>
    /// <param name="w">The first block.</param>
    /// <param name="x">What <see cref="Turn"/> laid out for it.</param>
    /// <param name="scratch">Memory for twice the step's lanes.</param>
    /// <param name="partials">The sums so far: of every fourth block one.</param>
    static abstract Vector128<float> Multiply<G, V>(byte* w, V* x, float* scratch, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged;

    /// <summary>Adds what a step has stored.</summary>
    static abstract Vector128<float> Close(float* scratch, Vector128<float> partials);
}

/// <summary>See <see cref="WeightFormat.Q8_0"/>. A lane has a block.</summary>
internal readonly unsafe struct Q8Row : IRowBlocks
{
    private const int Zeros = 8, Scales = 9, Mask = 10;

    private const int Bytes = Q8Blocks.Bytes;

    public static int StepBytes => BlockRow.StepLanes * Bytes;

    public static int Vectors => Mask + 1;

    public static void Turn<G, V>(byte* record, nint stride, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        byte* v = record + QuantisedRows.Values;
        BlockRows.TurnTwice<G, V>(v, stride, out to[0], out to[1], out to[2], out to[3], out to[4], out to[5], out to[6], out to[7]);
        to[Zeros] = G.Firsts(record + QuantisedRows.ByteZero, stride);
        to[Scales] = G.Firsts(record, stride);
    }

    public static Vector128<float> Close(float* scratch, Vector128<float> partials) => partials;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply<G, V>(byte* w, V* x, float* scratch, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V factors = G.And(G.Halves(G.ShiftLeft(G.Firsts(w, Bytes), 16)), x[Mask]);
        Q8Blocks.Turn<G, V>(w, Bytes, out V a, out V b, out V c, out V d, out V e, out V f, out V g, out V h);
        V sum;
        if (G.HasDots)
        {
            sum = G.AddDots(x[Zeros], a, b, c, d, e, f, g, h, x);
        }
        else
        {
            NibbleSums.Split<G, V>(ref a, ref b, ref c, ref d, out V a1, out V b1, out V c1, out V d1);
            NibbleSums.Split<G, V>(ref e, ref f, ref g, ref h, out V e1, out V f1, out V g1, out V h1);
            V lower = NibbleSums.Of<G, V>(a, b, c, d, e, f, g, h, x), upper = NibbleSums.Of<G, V>(a1, b1, c1, d1, e1, f1, g1, h1, x);
            sum = G.Add(G.MultiplyWords(lower, G.Broadcast(0x00010001)), G.MultiplyWords(upper, G.Broadcast(0x00100010)));
            sum = G.Add(sum, x[Zeros]);
        }
        return G.AddFours(partials, sum, G.MultiplyFloats(factors, x[Scales]));
    }
}

/// <summary>See <see cref="WeightFormat.Q4_0"/>. A lane has a block.</summary>
internal readonly unsafe struct Q4Row : IRowBlocks
{
    private const int Zeros = 8, Scales = 9, Mask = 10;

    private const int Bytes = Q4Blocks.Bytes;

    public static int StepBytes => BlockRow.StepLanes * Bytes;

    public static int Vectors => Mask + 1;

    public static void Turn<G, V>(byte* record, nint stride, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        byte* v = record + QuantisedRows.Values;
        BlockRows.TurnTwice<G, V>(v, stride, out to[0], out to[1], out to[2], out to[3], out to[4], out to[5], out to[6], out to[7]);
        to[Zeros] = G.Firsts(record + QuantisedRows.NibbleZero, stride);
        to[Scales] = G.Firsts(record, stride);
    }

    public static Vector128<float> Close(float* scratch, Vector128<float> partials) => partials;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply<G, V>(byte* w, V* x, float* scratch, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V factors = G.And(G.Halves(G.Eighteens(w)), x[Mask]);
        BlockRows.Turn<G, V>(w + 2, Bytes, out V a, out V b, out V c, out V d);
        NibbleSums.Split<G, V>(ref a, ref b, ref c, ref d, out V e, out V f, out V g, out V h);
        V sum = NibbleSums.Of<G, V>(a, b, c, d, e, f, g, h, x);
        sum = G.MultiplyWords(G.AddWords(sum, x[Zeros]), G.Broadcast(0x00010001));
        return G.AddFours(partials, sum, G.MultiplyFloats(factors, x[Scales]));
    }
}

/// <summary>See <see cref="WeightFormat.Q4_K"/>. A lane has two runs of 32, which share their bytes.</summary>
internal readonly unsafe struct Q4KRow : IRowBlocks
{
    private const int Low = 0, High = 8, Sums = 16, Scales = 17, Mask = 18;

    private const int Bytes = Q4KBlocks.Bytes;

    public static int StepBytes => BlockRow.StepLanes / 4 * Bytes;

    public static int Vectors => Mask + 1;

    public static void Turn<G, V>(byte* record, nint stride, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        byte* v = record + QuantisedRows.SuperValues;
        V* low = to + Low, high = to + High;
        G.TurnTwice(
            v, v + 64, v + 128, v + 192, stride, out low[0], out low[1], out low[2], out low[3], out low[4], out low[5], out low[6], out low[7]);
        v += 32;
        G.TurnTwice(
            v, v + 64, v + 128, v + 192, stride, out high[0], out high[1], out high[2], out high[3], out high[4], out high[5], out high[6], out high[7]);
        to[Sums] = G.Sixteens(record + QuantisedRows.Sums32, stride);
        // For the sums, and negative for what the minima take.
        to[Scales] = G.Xor(G.Pick(G.Sixteens(record, stride), G.Broadcast(0x03020100)), G.Fours(0, int.MinValue, 0, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Close(float* scratch, Vector128<float> partials)
    {
        float* factors = scratch + BlockRow.StepLanes;
        partials = Fma.MultiplyAdd(BlockRow.Fourths(scratch), BlockRow.Fourths(factors), partials);
        return Fma.MultiplyAdd(BlockRow.Fourths(scratch + 1), BlockRow.Fourths(factors + 1), partials);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply<G, V>(byte* w, V* x, float* scratch, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V nibble = G.Broadcast(0x0F0F0F0F);
        // A factor and one for the minima; three times four bytes, whose six lower bits are scales, minima, and four bits of either.
        V head = G.Sixteens(w, Bytes);
        V first = G.And(head, G.Broadcast(0x3F3F3F3F));
        V last = G.Pick(head, G.Fours(-1, 0x0F0E0D0C, 0x0F0E0D0C, -1));
        last = G.And(G.ShiftRight(last, G.Fours(0, 0, 4, 0)), nibble);
        last = G.Or(last, G.And(G.ShiftRight(head, 2), G.Broadcast(0x30303030)));
        V scales = G.UnpackLow(first, last), minima = G.UnpackHigh(first, last);
        V lowScales = G.Pick(scales, G.Fours(unchecked((int)0x80088008), unchecked((int)0x800A800A), unchecked((int)0x800C800C), unchecked((int)0x800E800E)));
        V highScales = G.Pick(scales, G.Fours(unchecked((int)0x80098009), unchecked((int)0x800B800B), unchecked((int)0x800D800D), unchecked((int)0x800F800F)));
        minima = G.Pick(minima, G.Fours(unchecked((int)0x80018000), unchecked((int)0x80038002), unchecked((int)0x80058004), unchecked((int)0x80078006)));

        byte* q = w + 16;
        G.TurnTwice(q, q + 32, q + 64, q + 96, Bytes, out V a, out V b, out V c, out V d, out V e, out V f, out V g, out V h);
        V sum = G.MultiplyWords(lowScales, NibbleSums.Of<G, V>(
            G.And(a, nibble), G.And(b, nibble), G.And(c, nibble), G.And(d, nibble),
            G.And(e, nibble), G.And(f, nibble), G.And(g, nibble), G.And(h, nibble), x + Low));
        sum = G.Add(sum, G.MultiplyWords(highScales, NibbleSums.Of<G, V>(
            G.And(G.ShiftRight(a, 4), nibble), G.And(G.ShiftRight(b, 4), nibble), G.And(G.ShiftRight(c, 4), nibble),
            G.And(G.ShiftRight(d, 4), nibble), G.And(G.ShiftRight(e, 4), nibble), G.And(G.ShiftRight(f, 4), nibble),
            G.And(G.ShiftRight(g, 4), nibble), G.And(G.ShiftRight(h, 4), nibble), x + High)));
        V taken = G.MultiplyWords(minima, x[Sums]);

        // The sums of four lanes, in the first that of the products, in the second that of the minima.
        sum = G.Add(G.UnpackLow(sum, taken), G.UnpackHigh(sum, taken));
        sum = G.Add(sum, G.UnpackHigh64(sum));
        G.Store(G.ToFloats(sum), scratch);
        V halves = G.Halves(G.Pick(head, G.Fours(0x01008080, 0x03028080, -1, -1)));
        G.Store(G.MultiplyFloats(G.And(halves, x[Mask]), x[Scales]), scratch + BlockRow.StepLanes);
        return partials;
    }
}

/// <summary>See <see cref="WeightFormat.Q6_K"/>. A lane has 32 bytes of lower bits: of half a superblock the first or the last.</summary>
internal readonly unsafe struct Q6KRow : IRowBlocks
{
    private const int Low = 0, High = 8, Sums = 16, Scales = 18, Mask = 19;

    private const int Bytes = Q6KBlocks.Bytes;

    public static int StepBytes => BlockRow.StepLanes / 4 * Bytes;

    public static int Vectors => Mask + 1;

    public static void Turn<G, V>(byte* record, nint stride, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        byte* v = record + QuantisedRows.SuperValues;
        V* low = to + Low, high = to + High;
        G.TurnTwice(
            v, v + 32, v + 128, v + 160, stride, out low[0], out low[1], out low[2], out low[3], out low[4], out low[5], out low[6], out low[7]);
        v += 64;
        G.TurnTwice(
            v, v + 32, v + 128, v + 160, stride, out high[0], out high[1], out high[2], out high[3], out high[4], out high[5], out high[6], out high[7]);
        to[Sums] = G.Sixteens(record + QuantisedRows.Sums16, stride);
        to[Sums + 1] = G.Sixteens(record + QuantisedRows.Sums16 + 16, stride);
        to[Scales] = G.Pick(G.Sixteens(record, stride), G.Broadcast(0x03020100));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Close(float* scratch, Vector128<float> partials)
    {
        float* factors = scratch + BlockRow.StepLanes;
        return Fma.MultiplyAdd(BlockRow.Fourths(scratch), BlockRow.Fourths(factors), partials);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply<G, V>(byte* w, V* x, float* scratch, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V nibble = G.Broadcast(0x0F0F0F0F), two = G.Broadcast(0x30303030);
        V scales = G.Sixteens(w + Q6KBlocks.ScalesAt, Bytes), ends = G.Sixteens(w + Q6KBlocks.FactorAt - 14, Bytes);
        // The scales as 16-bit numbers, beside the sums of their runs.
        V zeros = G.Add(
            G.MultiplyWords(Signed<G, V>(scales, 0x0180_0080, 0x0380_0280, 0x0580_0480, 0x0780_0680), x[Sums]),
            G.MultiplyWords(Signed<G, V>(scales, 0x0980_0880, 0x0B80_0A80, 0x0D80_0C80, 0x0F80_0E80), x[Sums + 1]));

        byte* q = w, u = w + Q6KBlocks.HighAt;
        G.TurnTwice(q, q + 32, q + 64, q + 96, Bytes, out V a, out V b, out V c, out V d, out V e, out V f, out V g, out V h);
        G.TurnTwice(u, u, u + 32, u + 32, Bytes, out V i, out V j, out V k, out V l, out V m, out V n, out V o, out V p);
        V up = G.Fours(4, 2, 4, 2), down = G.Fours(0, 2, 0, 2);
        V sum = G.Add(
            Run<G, V>(
                Six<G, V>(a, nibble, G.ShiftLeft(i, up), two), Six<G, V>(b, nibble, G.ShiftLeft(j, up), two),
                Six<G, V>(c, nibble, G.ShiftLeft(k, up), two), Six<G, V>(d, nibble, G.ShiftLeft(l, up), two),
                x + Low, Signed<G, V>(scales, 0x0080_0080, 0x0280_0280, 0x0880_0880, 0x0A80_0A80)),
            Run<G, V>(
                Six<G, V>(e, nibble, G.ShiftLeft(m, up), two), Six<G, V>(f, nibble, G.ShiftLeft(n, up), two),
                Six<G, V>(g, nibble, G.ShiftLeft(o, up), two), Six<G, V>(h, nibble, G.ShiftLeft(p, up), two),
                x + Low + 4, Signed<G, V>(scales, 0x0180_0180, 0x0380_0380, 0x0980_0980, 0x0B80_0B80)));
        sum = G.Add(sum, G.Add(
            Run<G, V>(
                Six<G, V>(G.ShiftRight(a, 4), nibble, G.ShiftRight(i, down), two),
                Six<G, V>(G.ShiftRight(b, 4), nibble, G.ShiftRight(j, down), two),
                Six<G, V>(G.ShiftRight(c, 4), nibble, G.ShiftRight(k, down), two),
                Six<G, V>(G.ShiftRight(d, 4), nibble, G.ShiftRight(l, down), two),
                x + High, Signed<G, V>(scales, 0x0480_0480, 0x0680_0680, 0x0C80_0C80, 0x0E80_0E80)),
            Run<G, V>(
                Six<G, V>(G.ShiftRight(e, 4), nibble, G.ShiftRight(m, down), two),
                Six<G, V>(G.ShiftRight(f, 4), nibble, G.ShiftRight(n, down), two),
                Six<G, V>(G.ShiftRight(g, 4), nibble, G.ShiftRight(o, down), two),
                Six<G, V>(G.ShiftRight(h, 4), nibble, G.ShiftRight(p, down), two),
                x + High + 4, Signed<G, V>(scales, 0x0580_0580, 0x0780_0780, 0x0D80_0D80, 0x0F80_0F80))));

        sum = G.Subtract(sum, G.ShiftLeft(zeros, 5));
        sum = G.Add(sum, G.UnpackHigh64(sum));
        sum = G.Add(sum, G.Pick(sum, G.Fours(0x07060504, -1, -1, -1)));
        G.Store(G.ToFloats(sum), scratch);
        // The factor is in the last 16 bits.
        V halves = G.Halves(G.Pick(ends, G.Fours(0x0F0E8080, -1, -1, -1)));
        G.Store(G.MultiplyFloats(G.And(halves, x[Mask]), x[Scales]), scratch + BlockRow.StepLanes);
        return partials;
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
