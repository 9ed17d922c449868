using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// Products of one row of quantised activations with weights in blocks, at the speed of memory: rows of weights are one stream, which is multiplied
/// as it lies, a step of blocks at a time. The bits are those of <see cref="BlockSweep"/> with more rows.
/// </summary>
internal static unsafe class BlockRow
{
    /// <summary>Blocks of 32 values in a step: as many as the widest vector has lanes.</summary>
    public const int StepBlocks = 16;

    /// <summary>Superblocks in a step.</summary>
    public const int StepSuperblocks = 4;

    /// <summary>Floats at the end of a step's activations: a mask of the blocks that the row has.</summary>
    public const int MaskFloats = StepBlocks;

    // Twice what memory delivers to a core while one read waits: with a third of that, a core reads three quarters as fast.
    private const int PrefetchBytes = 10240;

    /// <summary>Whether this is for so many rows.</summary>
    public static bool Takes(int rows) => rows == 1 && BlockSweep.IsSupported;

    /// <summary>Floats of memory that <see cref="Turn"/> fills for weights of a format, in whole cache lines.</summary>
    public static int Floats(WeightFormat format, int inner) => checked(Steps(format, inner) * StepFloats(format));

    private static int StepFloats(WeightFormat format) => format switch
    {
        WeightFormat.Q8_0 => Q8Row.StepFloats,
        WeightFormat.Q4_0 => Q4Row.StepFloats,
        WeightFormat.Q4_K => Q4KRow.StepFloats,
        WeightFormat.Q6_K => Q6KRow.StepFloats,
        _ => throw new NotSupportedException($"no kernel multiplies {format}"),
    };

    private static int Blocks(WeightFormat format) => format.BlockValues() == 32 ? StepBlocks : StepSuperblocks;

    private static int Steps(WeightFormat format, int inner) => ((inner / format.BlockValues()) + Blocks(format) - 1) / Blocks(format);

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
        if (RowGroup512.IsSupported) Turn<F, RowGroup512, Vector512<int>>(format, x, to);
        else Turn<F, RowGroup256, Vector256<int>>(format, x, to);
    }

    private static void Project<F>(WeightFormat format, in BlockOperands o, int firstRow, int rowCount)
        where F : struct, IRowBlocks
    {
        if (RowGroup512.IsSupported) Project<F, RowGroup512, Vector512<int>>(format, o, firstRow, rowCount);
        else Project<F, RowGroup256, Vector256<int>>(format, o, firstRow, rowCount);
    }

    [SkipLocalsInit]
    public static void Turn<F, G, V>(WeightFormat format, in QuantisedRows x, float* to)
        where F : struct, IRowBlocks
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        int all = x.Inner / x.BlockValues, most = Blocks(format);
        byte* padded = stackalloc byte[most * x.Stride];
        for (int block = 0; block < all; block += most, to += F.StepFloats)
        {
            int count = Math.Min(all - block, most);
            byte* records = x.Record(block, 0);
            if (count < most)
            {
                // Blocks that a row does not have are zeros.
                new Span<byte>(padded, most * x.Stride).Clear();
                new ReadOnlySpan<byte>(records, count * x.Stride).CopyTo(new Span<byte>(padded, most * x.Stride));
                records = padded;
            }
            F.Turn<G, V>(records, x.Stride, to);
            var mask = (int*)(to + F.StepFloats - MaskFloats);
            for (int i = 0; i < MaskFloats; i++) mask[i] = i < count ? -1 : 0;
        }
    }

    [MethodImpl(Kernels.ByItself)]
    public static void Project<F, G, V>(WeightFormat format, in BlockOperands o, int firstRow, int rowCount)
        where F : struct, IRowBlocks
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        int steps = Steps(format, o.X.Inner);
        nint rowBytes = (nint)format.Bytes(o.X.Inner);
        for (int j = 0; j < rowCount; j++)
        {
            // A last step that is not full reads on into the next row, but not out of the weights.
            byte* w = o.Weights + ((firstRow + j) * rowBytes);
            float* x = o.Turned;
            bool isWithin = o.WeightsEnd - w >= steps * F.StepBytes;
            Vector128<float> partials = default;
            for (int step = isWithin ? 0 : 1; step < steps; step++, w += F.StepBytes, x += F.StepFloats)
            {
                Prefetch(w + PrefetchBytes, F.StepBytes);
                partials = F.Multiply<G, V>(w, x, partials);
            }
            o.Y[j] = isWithin ? Sum(partials) : Last<F, G, V>(w, o.WeightsEnd, x, partials);
        }
    }

    // By itself: in the loop, a call would have everything in registers stored before it and read again after it.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Last<F, G, V>(byte* w, byte* end, float* x, Vector128<float> partials)
        where F : struct, IRowBlocks
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        byte* padded = stackalloc byte[F.StepBytes];
        new Span<byte>(padded, F.StepBytes).Clear();
        new ReadOnlySpan<byte>(w, (int)(end - w)).CopyTo(new Span<byte>(padded, F.StepBytes));
        return Sum(F.Multiply<G, V>(padded, x, partials));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector128<float> partials) => partials[0] + partials[1] + partials[2] + partials[3];

    /// <summary>
    /// Fetches what will be read a little later. The hardware does that too, but stops at the end of a page, every 64 lines of a stream: where
    /// there is but one, all wait.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* w, int bytes)
    {
        // By hand: a loop of a constant length is not unrolled, and counting takes longer than fetching.
        Lines.Fetch(w);
        Lines.Fetch(w + 64);
        Lines.Fetch(w + 128);
        Lines.Fetch(w + 192);
        Lines.Fetch(w + 256);
        if (bytes <= 320) return;
        Lines.Fetch(w + 320);
        Lines.Fetch(w + 384);
        Lines.Fetch(w + 448);
        Lines.Fetch(w + 512);
        if (bytes <= 576) return;
        Lines.Fetch(w + 576);
        Lines.Fetch(w + 640);
        Lines.Fetch(w + 704);
        Lines.Fetch(w + 768);
        Lines.Fetch(w + 832);
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

    /// <summary>Floats of activations that a step meets, in whole cache lines. The last are a mask of the blocks that the row has.</summary>
    static abstract int StepFloats { get; }

    /// <summary>Lays out a step's blocks of activations.</summary>
    /// <param name="record">The first one's record.</param>
    /// <param name="stride">From there to the next.</param>
    /// <param name="to">Where to, all but the mask.</param>
    static abstract void Turn<G, V>(byte* record, nint stride, float* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged;

    /// <summary>Multiplies a step's blocks.</summary>
    /// <param name="w">The first block.</param>
    /// <param name="x">What <see cref="Turn"/> laid out for it.</param>
    /// <param name="partials">The sums so far, to which products are added: of every fourth block one.</param>
    static abstract Vector128<float> Multiply<G, V>(byte* w, float* x, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged;
}

/// <summary>See <see cref="WeightFormat.Q8_0"/>. Eight blocks at a time, each of which fills 256 bits as it lies in memory.</summary>
internal readonly unsafe struct Q8Row : IRowBlocks
{
    private const int Scales = 128, Mask = Scales + 16;

    private const int Bytes = Q8Blocks.Bytes;

    public static int StepBytes => BlockRow.StepBlocks * Bytes;

    public static int StepFloats => Mask + BlockRow.MaskFloats;

    public static void Turn<G, V>(byte* record, nint stride, float* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        for (int i = 0; i < BlockRow.StepBlocks; i++, record += stride)
        {
            Vector256.Load(record + QuantisedRows.Values).Store((byte*)to + (32 * i));
            to[Scales + i] = *(float*)record;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply<G, V>(byte* w, float* x, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        var values = (sbyte*)x;
        partials = Eight(w, values, x + Scales, (int*)(x + Mask), partials);
        return Eight(w + (8 * Bytes), values + (8 * 32), x + Scales + 8, (int*)(x + Mask) + 8, partials);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Eight(byte* w, sbyte* x, float* scales, int* mask, Vector128<float> partials)
    {
        // Those that are four apart meet first: in the end the blocks are in order.
        Vector256<int> sums = LaneSums.OfPairs<RowGroup256, Vector256<int>>(
            LaneSums.OfFours<RowGroup256, Vector256<int>>(
                LaneSums.OfEights<RowGroup256, Vector256<int>>(Products(w, x, 0), Products(w, x, 4)),
                LaneSums.OfEights<RowGroup256, Vector256<int>>(Products(w, x, 1), Products(w, x, 5))),
            LaneSums.OfFours<RowGroup256, Vector256<int>>(
                LaneSums.OfEights<RowGroup256, Vector256<int>>(Products(w, x, 2), Products(w, x, 6)),
                LaneSums.OfEights<RowGroup256, Vector256<int>>(Products(w, x, 3), Products(w, x, 7))));
        Vector256<int> factors = RowGroup256.Halves(RowGroup256.Firsts(w, Bytes) << 16) & Vector256.Load(mask);
        return RowGroup256.AddFours(partials, sums, RowGroup256.MultiplyFloats(factors, Vector256.Load((int*)scales)));
    }

    /// <summary>A block's products, each sign with the activation: 16 bits hold two of at most 128 · 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(byte* w, sbyte* x, int block)
    {
        Vector256<sbyte> signed = Vector256.Load((sbyte*)w + (Bytes * block) + 2);
        Vector256<int> value = Avx2.Abs(signed).AsInt32(), by = Avx2.Sign(Vector256.Load(x + (32 * block)), signed).AsInt32();
        return RowGroup256.HasDots
            ? RowGroup256.AddDots(Vector256<int>.Zero, value, by)
            : RowGroup256.MultiplyWords(RowGroup256.MultiplyBytes(value, by), Vector256.Create(0x00010001));
    }
}

/// <summary>See <see cref="WeightFormat.Q4_0"/>. A block's 16 bytes fill 128 bits: four vectors have as many blocks as a vector has lanes.</summary>
internal readonly unsafe struct Q4Row : IRowBlocks
{
    private const int Zeros = 128, Scales = Zeros + 16, Mask = Scales + 16;

    private const int Bytes = Q4Blocks.Bytes;

    public static int StepBytes => BlockRow.StepBlocks * Bytes;

    public static int StepFloats => Mask + BlockRow.MaskFloats;

    public static void Turn<G, V>(byte* record, nint stride, float* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        var values = (V*)to;
        for (int first = 0; first < BlockRow.StepBlocks; first += G.Count)
        {
            byte* r = record + (first * stride), v = r + QuantisedRows.Values;
            for (int i = 0; i < 4; i++)
            {
                *values++ = G.QuarterOfBlocks(v, stride, i);
                *values++ = G.QuarterOfBlocks(v + 16, stride, i);
            }
            G.Store(G.Firsts(r + QuantisedRows.NibbleZero, stride), to + Zeros + first);
            G.Store(G.Firsts(r, stride), to + Scales + first);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply<G, V>(byte* w, float* x, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        partials = Group<G, V>(w, (V*)x, x + Zeros, partials);
        return G.Count == BlockRow.StepBlocks ? partials : Group<G, V>(w + (G.Count * Bytes), (V*)x + 8, x + Zeros + G.Count, partials);
    }

    /// <summary>As many blocks as a vector has lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Group<G, V>(byte* w, V* x, float* zeros, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        G.Eighteens(w, out V a, out V b, out V c, out V d, out V factors);
        V sum = LaneSums.OfPairsOfWords<G, V>(
            LaneSums.OfFoursOfWords<G, V>(Products<G, V>(a, x), Products<G, V>(b, x + 2)),
            LaneSums.OfFoursOfWords<G, V>(Products<G, V>(c, x + 4), Products<G, V>(d, x + 6)));
        sum = G.MultiplyWords(G.AddWords(G.BlocksInOrder(sum), G.Load(zeros)), G.Broadcast(0x00010001));
        factors = G.And(G.Halves(factors), G.Load(zeros + Mask - Zeros));
        return G.AddFours(partials, sum, G.MultiplyFloats(factors, G.Load(zeros + Scales - Zeros)));
    }

    /// <summary>A quarter of the blocks' products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Products<G, V>(V numbers, V* x)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V nibble = G.Broadcast(0x0F0F0F0F);
        return G.AddWords(G.MultiplyBytes(G.And(numbers, nibble), x[0]), G.MultiplyBytes(G.And(G.ShiftRight(numbers, 4), nibble), x[1]));
    }
}

/// <summary>
/// See <see cref="WeightFormat.Q4_K"/>. 32 bytes, two runs, are read at once, as they lie in memory: of a superblock, or of two beside each other;
/// a vector's lanes have twice as many.
/// </summary>
internal readonly unsafe struct Q4KRow : IRowBlocks
{
    private const int Sums = SuperRows.ValueFloats, Scales = Sums + 16, Mask = Scales + 16;

    private const int Bytes = Q4KBlocks.Bytes;

    public static int StepBytes => BlockRow.StepSuperblocks * Bytes;

    public static int StepFloats => Mask + BlockRow.MaskFloats;

    public static void Turn<G, V>(byte* record, nint stride, float* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        SuperRows.Turn<G, V>(record, stride, (V*)to);
        for (int i = 0; i < BlockRow.StepSuperblocks; i++, record += stride)
        {
            Vector128.Load(record + QuantisedRows.Sums32).Store((byte*)(to + Sums) + (16 * i));
            to[Scales + i] = *(float*)record;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply<G, V>(byte* w, float* x, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V first = Group<G, V>(w, (V*)x, x + Sums, out V taken), last = first, lastTaken = taken;
        if (G.Count == 8) last = Group<G, V>(w + (2 * Bytes), (V*)x + 16, x + Sums + 8, out lastTaken);

        // In either half those of two superblocks, and behind them what their minima take.
        Vector256<int> sums = LaneSums.OfPairs<RowGroup256, Vector256<int>>(
            LaneSums.OfFours<RowGroup256, Vector256<int>>(G.FirstEight(first), G.LastEight(last)),
            LaneSums.OfFours<RowGroup256, Vector256<int>>(G.FirstEight(taken), G.LastEight(lastTaken)));
        Vector128<int> factors = RowGroup256.FourFirsts(w, Bytes);
        Vector256<float> both = Lanes.WidenHalves(Vector256.Create(factors << 16, factors));
        Vector128<float> scales = Vector128.Load(x + Scales), mask = Vector128.Load(x + Mask);
        partials = Fma.MultiplyAdd(
            Vector128.ConvertToSingle(Sse2.UnpackLow(sums.GetLower(), sums.GetUpper())), (both.GetLower() & mask) * scales, partials);
        return Fma.MultiplyAddNegated(
            Vector128.ConvertToSingle(Sse2.UnpackHigh(sums.GetLower(), sums.GetUpper())), (both.GetUpper() & mask) * scales, partials);
    }

    /// <summary>The products of a superblock in each four lanes, and in four of <paramref name="taken"/> what the minima take.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Group<G, V>(byte* w, V* x, float* sums, out V taken)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        // Three times four bytes, whose six lower bits are scales, minima, and four bits of either.
        V head = G.Sixteens(w, Bytes);
        V first = G.And(head, G.Broadcast(0x3F3F3F3F));
        V last = G.Pick(head, G.Fours(-1, 0x0F0E0D0C, 0x0F0E0D0C, -1));
        last = G.And(G.ShiftRight(last, G.Fours(0, 0, 4, 0)), G.Broadcast(0x0F0F0F0F));
        last = G.Or(last, G.And(G.ShiftRight(head, 2), G.Broadcast(0x30303030)));
        V scales = G.UnpackLow(first, last), minima = G.UnpackHigh(first, last);
        minima = G.Pick(minima, G.Fours(unchecked((int)0x80018000), unchecked((int)0x80038002), unchecked((int)0x80058004), unchecked((int)0x80078006)));
        taken = G.MultiplyWords(minima, G.Load(sums));

        V lower = Products<G, V>(w + 16, x, G.LowerHalves(scales, scales));
        V upper = Products<G, V>(w + 16 + SuperRows.Apart<G, V>(Bytes), x + 8, G.UpperHalves(scales, scales));
        return G.Add(G.LowerHalves(lower, upper), G.UpperHalves(lower, upper));
    }

    /// <summary>Half of the superblocks' products: in the lower half of the lanes those of even runs, in the upper those of odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Products<G, V>(byte* w, V* x, V scales)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V sum = LaneSums.OfPairsOfWords<G, V>(
            LaneSums.OfFoursOfWords<G, V>(Pair<G, V>(w, x), Pair<G, V>(w + 32, x + 2)),
            LaneSums.OfFoursOfWords<G, V>(Pair<G, V>(w + 64, x + 4), Pair<G, V>(w + 96, x + 6)));
        V runs = G.Halved(
            unchecked((int)0x80088008), unchecked((int)0x800A800A), unchecked((int)0x800C800C), unchecked((int)0x800E800E),
            unchecked((int)0x80098009), unchecked((int)0x800B800B), unchecked((int)0x800D800D), unchecked((int)0x800F800F));
        return G.MultiplyWords(sum, G.Pick(scales, runs));
    }

    /// <summary>Two runs, which share their bytes: 16 bits hold sixteen products of at most 15 · 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Pair<G, V>(byte* w, V* x)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V numbers = G.ThirtyTwos(w, Bytes), nibble = G.Broadcast(0x0F0F0F0F);
        return LaneSums.OfEightsOfWords<G, V>(
            G.MultiplyBytes(G.And(numbers, nibble), x[0]), G.MultiplyBytes(G.And(G.ShiftRight(numbers, 4), nibble), x[1]));
    }
}

/// <summary>See <see cref="WeightFormat.Q6_K"/>. Read as <see cref="Q4KRow"/> reads; of 32 numbers half are of an even run, half of an odd one.</summary>
internal readonly unsafe struct Q6KRow : IRowBlocks
{
    private const int Sums = SuperRows.ValueFloats, Scales = Sums + 32, Mask = Scales + 16;

    private const int Bytes = Q6KBlocks.Bytes;

    public static int StepBytes => BlockRow.StepSuperblocks * Bytes;

    public static int StepFloats => Mask + BlockRow.MaskFloats;

    public static void Turn<G, V>(byte* record, nint stride, float* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        SuperRows.Turn<G, V>(record, stride, (V*)to);
        // Of each superblock the sums of even runs, then those of odd ones.
        var sums = (short*)(to + Sums);
        for (int i = 0; i < BlockRow.StepSuperblocks; i++, record += stride)
        {
            to[Scales + i] = *(float*)record;
            for (int run = 0; run < 16; run++) *sums++ = ((short*)(record + QuantisedRows.Sums16))[(run * 2 % 16) + (run / 8)];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply<G, V>(byte* w, float* x, Vector128<float> partials)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        var sums = (V*)(x + Sums);
        V first = Group<G, V>(w, (V*)x, sums), last = first;
        if (G.Count == 8) last = Group<G, V>(w + (2 * Bytes), (V*)x + 16, sums + 2);
        Vector256<int> twos = LaneSums.OfFours<RowGroup256, Vector256<int>>(G.FirstEight(first), G.LastEight(last));
        twos = LaneSums.OfPairs<RowGroup256, Vector256<int>>(twos, twos);
        // The factor is in the last 16 bits.
        Vector128<float> factors = Lanes.WidenHalves(RowGroup256.FourFirsts(w + Bytes - 4, Bytes).ToVector256Unsafe()).GetLower();
        return Fma.MultiplyAdd(
            Vector128.ConvertToSingle(Sse2.UnpackLow(twos.GetLower(), twos.GetUpper())),
            (factors & Vector128.Load(x + Mask)) * Vector128.Load(x + Scales), partials);
    }

    /// <summary>The products of a superblock in each four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Group<G, V>(byte* w, V* x, V* sums)
        where G : struct, IRowGroup<V>
        where V : unmanaged => LaneSums.OfEights<G, V>(
        Products<G, V>(w, x, sums[0]), Products<G, V>(w + SuperRows.Apart<G, V>(Bytes), x + 8, sums[1]));

    /// <summary>Half of the superblocks' products, less 32 times the sums of activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Products<G, V>(byte* w, V* x, V sums)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        // As 16-bit numbers: in each two 128 bits those of even runs, then those of odd ones.
        V scales = G.Pick(G.SixteensTwice(w + Q6KBlocks.ScalesAt, Bytes), G.Eights(
            0x02800080, 0x06800480, 0x0A800880, 0x0E800C80, 0x03800180, 0x07800580, 0x0B800980, 0x0F800D80));
        scales = G.ShiftWordsRight(scales, 8);
        V zeros = G.ShiftLeft(G.MultiplyWords(scales, sums), 5);
        return G.Subtract(
            G.Add(
                Half<G, V>(w, w + Q6KBlocks.HighAt, x, G.UnpackLow64(scales, scales)),
                Half<G, V>(w + 64, w + Q6KBlocks.HighAt + 32, x + 4, G.UnpackHigh64(scales, scales))),
            zeros);
    }

    /// <summary>128 numbers and their four even and four odd scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Half<G, V>(byte* low, byte* high, V* x, V scales)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        V a = G.ThirtyTwos(low, Bytes), b = G.ThirtyTwos(low + 32, Bytes), c = G.ThirtyTwos(high, Bytes);
        V first = Pair<G, V>(Six<G, V>(a, G.ShiftLeft(c, 4)), Six<G, V>(b, G.ShiftLeft(c, 2)), x);
        V second = Pair<G, V>(Six<G, V>(G.ShiftRight(a, 4), c), Six<G, V>(G.ShiftRight(b, 4), G.ShiftRight(c, 2)), x + 2);
        return G.Add(
            G.MultiplyWords(first, G.Pick(scales, G.Fours(0x01000100, 0x01000100, 0x03020302, 0x03020302))),
            G.MultiplyWords(second, G.Pick(scales, G.Fours(0x05040504, 0x05040504, 0x07060706, 0x07060706))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Six<G, V>(V low, V high)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.Or(G.And(low, G.Broadcast(0x0F0F0F0F)), G.And(high, G.Broadcast(0x30303030)));

    /// <summary>16 bits hold four products of at most 63 · 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Pair<G, V>(V w0, V w1, V* x)
        where G : struct, IRowGroup<V>
        where V : unmanaged => LaneSums.OfFoursOfWords<G, V>(G.MultiplyBytes(w0, x[0]), G.MultiplyBytes(w1, x[1]));
}

/// <summary>Superblocks of a row of activations, as those of weights are read: one, or two beside each other.</summary>
internal static unsafe class SuperRows
{
    /// <summary>Floats of memory that a step's values fill.</summary>
    public const int ValueFloats = BlockRow.StepSuperblocks * 256 / sizeof(float);

    /// <summary>From what is read first to what is read next, where a superblock has so many bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Apart<G, V>(nint bytes)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.Count / 8 * bytes;

    /// <summary>Lays out a step's values: 32 of each superblock that is read at once, the next 32, and so on.</summary>
    public static void Turn<G, V>(byte* record, nint stride, V* to)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        byte* v = record + QuantisedRows.SuperValues;
        for (int first = 0; first < BlockRow.StepSuperblocks; first += G.Count / 8, v += Apart<G, V>(stride))
        {
            for (int i = 0; i < 8; i++) *to++ = G.ThirtyTwos(v + (32 * i), stride);
        }
    }
}

/// <summary>Sums of neighbouring lanes of two vectors: those of the first, then those of the second.</summary>
internal static class LaneSums
{
    /// <summary>Of each eight lanes the first four and the last four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfEights<G, V>(V a, V b)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        G.Meet(a, b, out V p, out V q);
        return G.Add(p, q);
    }

    /// <summary>Of each four lanes the first two and the last two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfFours<G, V>(V a, V b)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.Add(G.UnpackLow64(a, b), G.UnpackHigh64(a, b));

    /// <summary>Of each two lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfPairs<G, V>(V a, V b)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.Add(G.EvenLanes(a, b), G.OddLanes(a, b));

    /// <inheritdoc cref="OfEights"/>
    /// <remarks>Both 16-bit numbers of a lane by themselves.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfEightsOfWords<G, V>(V a, V b)
        where G : struct, IRowGroup<V>
        where V : unmanaged
    {
        G.Meet(a, b, out V p, out V q);
        return G.AddWords(p, q);
    }

    /// <inheritdoc cref="OfFours"/>
    /// <remarks>Both 16-bit numbers of a lane by themselves.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfFoursOfWords<G, V>(V a, V b)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.AddWords(G.UnpackLow64(a, b), G.UnpackHigh64(a, b));

    /// <inheritdoc cref="OfPairs"/>
    /// <remarks>Both 16-bit numbers of a lane by themselves.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V OfPairsOfWords<G, V>(V a, V b)
        where G : struct, IRowGroup<V>
        where V : unmanaged => G.AddWords(G.EvenLanes(a, b), G.OddLanes(a, b));
}
