using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// A group of rows of weights in blocks, one in each 32-bit lane of a vector: 16 or 8. What the formats do with lanes is written once, over this.
/// </summary>
/// <typeparam name="V">The vector.</typeparam>
internal unsafe interface IRowGroup<V>
    where V : unmanaged
{
    /// <summary>Rows in a group.</summary>
    static abstract int Count { get; }

    /// <summary>Whether there is <c>AddDots</c>: bytes are multiplied and added up in 32 bits at once.</summary>
    static abstract bool HasDots { get; }

    /// <summary>Of as many rows as there are lanes 16 bytes, turned into four vectors.</summary>
    static abstract void Turn(byte* first, nint row, out V a, out V b, out V c, out V d);

    /// <summary>The same of 32 bytes: eight vectors.</summary>
    static abstract void TurnTwice(byte* first, nint row, out V a, out V b, out V c, out V d, out V e, out V f, out V g, out V h);

    /// <summary>Of as many rows as there are lanes 64 bytes, turned into sixteen vectors.</summary>
    static abstract void TurnLine(byte* first, nint row, V* to);

    /// <summary>
    /// Of as many rows as there are lanes four blocks of 18 bytes, one after the other: the last 16 bytes of each turned into four vectors of
    /// <paramref name="numbers"/>, and the first two, of two blocks in each lane.
    /// </summary>
    static abstract void TurnEighteens(byte* blocks, nint row, V* numbers, out V first, out V second);

    /// <summary>Of as many rows as there are lanes the first four bytes; of the first row sixteen are read.</summary>
    static abstract V Firsts(byte* first, nint row);

    /// <summary>
    /// Of as many blocks of 18 bytes, one after the other, as there are lanes the last 16 bytes, a quarter of the blocks in each of four, and of all the
    /// first two, in order, in the upper 16 bits of a lane.
    /// </summary>
    static abstract void Eighteens(byte* first, out V a, out V b, out V c, out V d, out V firsts);

    /// <summary>
    /// Of as many blocks as there are lanes, each so many bytes after the one before, 16 bytes of those that <see cref="Eighteens"/> has in a quarter.
    /// </summary>
    static abstract V QuarterOfBlocks(byte* first, nint stride, int quarter);

    /// <summary>What four quarters were added up to, each in its place of every four lanes, in the order of blocks.</summary>
    static abstract V BlocksInOrder(V value);

    /// <summary>Reads 16 bytes, and again <paramref name="stride"/> bytes further, for as many times as a vector holds them.</summary>
    static abstract V Sixteens(byte* first, nint stride);

    /// <summary>Reads 32 bytes, and again <paramref name="stride"/> bytes further, for as many times as a vector holds them.</summary>
    static abstract V ThirtyTwos(byte* first, nint stride);

    /// <summary>Reads 16 bytes twice, and again <paramref name="stride"/> bytes further, for as many times as a vector holds them.</summary>
    static abstract V SixteensTwice(byte* first, nint stride);

    static abstract V Load(void* from);
    static abstract void Store(V value, void* to);
    static abstract V Broadcast(int value);
    static abstract V And(V a, V b);
    static abstract V Or(V a, V b);
    static abstract V Xor(V a, V b);
    static abstract V ShiftLeft(V value, int bits);
    static abstract V ShiftRight(V value, int bits);
    static abstract V Add(V a, V b);
    static abstract V Subtract(V a, V b);

    /// <summary>16-bit lanes: shifted with the sign.</summary>
    static abstract V ShiftWordsRight(V value, int bits);

    /// <summary>16-bit lanes.</summary>
    static abstract V AddWords(V a, V b);

    /// <summary>Products of unsigned and signed bytes, neighbours added to 16 bits.</summary>
    static abstract V MultiplyBytes(V w, V x);

    /// <summary>Products of 16-bit numbers, neighbours added to 32 bits.</summary>
    static abstract V MultiplyWords(V a, V b);

    /// <summary>
    /// Adds the products of a block of 32 unsigned bytes of weights a lane with all rows of activations, whose first record is at
    /// <paramref name="x"/>, to their totals: less 128 times the activations.
    /// </summary>
    static abstract void AddDots(ref BlockStep step, byte* x, V w0, V w1, V w2, V w3, V w4, V w5, V w6, V w7, V factors);

    /// <summary>Takes bytes of each four by number; 0x80 is a zero.</summary>
    static abstract V Pick(V value, int bytes);

    /// <summary>The same four lanes again and again.</summary>
    static abstract V Fours(int a, int b, int c, int d);

    /// <summary>The same eight lanes again and again.</summary>
    static abstract V Eights(int a, int b, int c, int d, int e, int f, int g, int h);

    /// <summary>In the lower half a to d again and again, in the upper half e to h.</summary>
    static abstract V Halved(int a, int b, int c, int d, int e, int f, int g, int h);

    /// <summary>Takes bytes of each sixteen by number; 0x80 is a zero.</summary>
    static abstract V Pick(V value, V bytes);

    /// <summary>Each lane shifted by its own count.</summary>
    static abstract V ShiftLeft(V value, V bits);

    /// <summary>Each lane shifted by its own count.</summary>
    static abstract V ShiftRight(V value, V bits);

    /// <summary>The first two lanes of each four of a and b in turn.</summary>
    static abstract V UnpackLow(V a, V b);

    /// <summary>The last two lanes of each four of a and b in turn.</summary>
    static abstract V UnpackHigh(V a, V b);

    /// <summary>The first two lanes of each four of a, and those of b.</summary>
    static abstract V UnpackLow64(V a, V b);

    /// <summary>The last two lanes of each four of a, and those of b.</summary>
    static abstract V UnpackHigh64(V a, V b);

    /// <summary>The first and the third lane of each four of a, and those of b.</summary>
    static abstract V EvenLanes(V a, V b);

    /// <summary>The second and the fourth lane of each four of a, and those of b.</summary>
    static abstract V OddLanes(V a, V b);

    /// <summary>Two vectors whose sum is that of each eight lanes' halves: those of a, then those of b.</summary>
    static abstract void Meet(V a, V b, out V p, out V q);

    /// <summary>The lower halves of a and b.</summary>
    static abstract V LowerHalves(V a, V b);

    /// <summary>The upper halves of a and b.</summary>
    static abstract V UpperHalves(V a, V b);

    /// <summary>The first eight lanes.</summary>
    static abstract Vector256<int> FirstEight(V value);

    /// <summary>The last eight lanes.</summary>
    static abstract Vector256<int> LastEight(V value);

    /// <summary>Integers as floats.</summary>
    static abstract V ToFloats(V value);

    /// <summary>Of floats.</summary>
    static abstract V MultiplyFloats(V a, V b);

    /// <summary>Of floats.</summary>
    static abstract V AddFloats(V a, V b);

    /// <summary>The halves in the upper 16 bits of each lane as floats, exactly; what is below does not matter.</summary>
    static abstract V Halves(V upper);

    /// <summary>Adds the products of sums and factors, which are floats, to four: those of each four lanes, in order, each in one rounding.</summary>
    static abstract Vector128<float> AddFours(Vector128<float> four, V sums, V factors);

    /// <summary>total + sum · (factor · scale), in one rounding after that of the factors; floats, but for the sums.</summary>
    static abstract V AddProduct(V total, V sum, V factors, float scale);
}

/// <summary>512 bits: 16 rows.</summary>
internal readonly unsafe struct RowGroup512 : IRowGroup<Vector512<int>>
{
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512BW.IsSupported;

    public static int Count => 16;

    public static bool HasDots => AvxVnni.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(
        byte* first, nint row, out Vector512<int> a, out Vector512<int> b, out Vector512<int> c, out Vector512<int> d) => Unpack(
        Sixteens(first, 4 * row), Sixteens(first + row, 4 * row), Sixteens(first + (2 * row), 4 * row), Sixteens(first + (3 * row), 4 * row),
        out a, out b, out c, out d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TurnTwice(
        byte* first, nint row, out Vector512<int> a, out Vector512<int> b, out Vector512<int> c, out Vector512<int> d,
        out Vector512<int> e, out Vector512<int> f, out Vector512<int> g, out Vector512<int> h)
    {
        // Half as many reads, each of 32 bytes: rows 0 to 3 beside 4 to 7, and 8 to 11 beside 12 to 15.
        nint stride = 4 * row;
        Unpack(
            ThirtyTwos(first, stride), ThirtyTwos(first + row, stride), ThirtyTwos(first + (2 * row), stride), ThirtyTwos(first + (3 * row), stride),
            out Vector512<int> p, out Vector512<int> q, out Vector512<int> r, out Vector512<int> s);
        first += 2 * stride;
        Unpack(
            ThirtyTwos(first, stride), ThirtyTwos(first + row, stride), ThirtyTwos(first + (2 * row), stride), ThirtyTwos(first + (3 * row), stride),
            out Vector512<int> t, out Vector512<int> u, out Vector512<int> v, out Vector512<int> w);
        a = Avx512F.Shuffle4x128(p, t, 0x88);
        b = Avx512F.Shuffle4x128(q, u, 0x88);
        c = Avx512F.Shuffle4x128(r, v, 0x88);
        d = Avx512F.Shuffle4x128(s, w, 0x88);
        e = Avx512F.Shuffle4x128(p, t, 0xDD);
        f = Avx512F.Shuffle4x128(q, u, 0xDD);
        g = Avx512F.Shuffle4x128(r, v, 0xDD);
        h = Avx512F.Shuffle4x128(s, w, 0xDD);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TurnLine(byte* first, nint row, Vector512<int>* to) => TurnLine(first, row, default, isOrdered: false, to);

    // A line has the numbers of three blocks and the factors of four: fewer reads than one for each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TurnEighteens(byte* blocks, nint row, Vector512<int>* numbers, out Vector512<int> first, out Vector512<int> second)
    {
        Vector512<short> order = Vector512.Create(
            (short)1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 0, 9, 18, 27, 0, 0, 0, 0);
        TurnLine(blocks, row, order, isOrdered: true, numbers);
        first = numbers[12];
        second = numbers[13];
        BlockRows.Turn<RowGroup512, Vector512<int>>(blocks + 56, row, numbers + 12);
    }

    /// <summary>64 bytes of each row, whose 16-bit numbers are put in order before if that is asked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnLine(byte* first, nint row, Vector512<short> order, bool isOrdered, Vector512<int>* to)
    {
        FourLines(first, row, order, isOrdered, out Vector512<int> a0, out Vector512<int> b0, out Vector512<int> c0, out Vector512<int> d0);
        FourLines(first + (4 * row), row, order, isOrdered, out Vector512<int> a1, out Vector512<int> b1, out Vector512<int> c1, out Vector512<int> d1);
        FourLines(first + (8 * row), row, order, isOrdered, out Vector512<int> a2, out Vector512<int> b2, out Vector512<int> c2, out Vector512<int> d2);
        FourLines(first + (12 * row), row, order, isOrdered, out Vector512<int> a3, out Vector512<int> b3, out Vector512<int> c3, out Vector512<int> d3);
        Across(a0, a1, a2, a3, out to[0], out to[4], out to[8], out to[12]);
        Across(b0, b1, b2, b3, out to[1], out to[5], out to[9], out to[13]);
        Across(c0, c1, c2, c3, out to[2], out to[6], out to[10], out to[14]);
        Across(d0, d1, d2, d3, out to[3], out to[7], out to[11], out to[15]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourLines(
        byte* first, nint row, Vector512<short> order, bool isOrdered,
        out Vector512<int> a, out Vector512<int> b, out Vector512<int> c, out Vector512<int> d) => Unpack(
        Line(first, order, isOrdered), Line(first + row, order, isOrdered),
        Line(first + (2 * row), order, isOrdered), Line(first + (3 * row), order, isOrdered), out a, out b, out c, out d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Line(byte* from, Vector512<short> order, bool isOrdered) =>
        isOrdered ? Avx512BW.PermuteVar32x16(Vector512.Load((short*)from), order).AsInt32() : Load(from);

    /// <summary>Four vectors, transposed by 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Across(
        Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d,
        out Vector512<int> p, out Vector512<int> q, out Vector512<int> r, out Vector512<int> s)
    {
        Vector512<int> ab = Avx512F.Shuffle4x128(a, b, 0x44), cd = Avx512F.Shuffle4x128(c, d, 0x44);
        p = Avx512F.Shuffle4x128(ab, cd, 0x88);
        q = Avx512F.Shuffle4x128(ab, cd, 0xDD);
        ab = Avx512F.Shuffle4x128(a, b, 0xEE);
        cd = Avx512F.Shuffle4x128(c, d, 0xEE);
        r = Avx512F.Shuffle4x128(ab, cd, 0x88);
        s = Avx512F.Shuffle4x128(ab, cd, 0xDD);
    }

    /// <summary>Four vectors, transposed inside each 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack(
        Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d,
        out Vector512<int> p, out Vector512<int> q, out Vector512<int> r, out Vector512<int> s)
    {
        Vector512<long> ab = Avx512F.UnpackLow(a, b).AsInt64(), cd = Avx512F.UnpackLow(c, d).AsInt64();
        p = Avx512F.UnpackLow(ab, cd).AsInt32();
        q = Avx512F.UnpackHigh(ab, cd).AsInt32();
        ab = Avx512F.UnpackHigh(a, b).AsInt64();
        cd = Avx512F.UnpackHigh(c, d).AsInt64();
        r = Avx512F.UnpackLow(ab, cd).AsInt32();
        s = Avx512F.UnpackHigh(ab, cd).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Firsts(byte* first, nint row) => Avx512F.InsertVector256(
        RowGroup256.Firsts(first, row).ToVector512Unsafe(), RowGroup256.Firsts(first + (8 * row), row), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eighteens(
        byte* first, out Vector512<int> a, out Vector512<int> b, out Vector512<int> c, out Vector512<int> d, out Vector512<int> firsts)
    {
        // Four blocks fit into two lines that overlap, and all of their firsts into the first: one instruction takes what would be four reads.
        Vector512<short> p = Vector512.Load((short*)first), q = Vector512.Load((short*)(first + 72));
        Vector512<short> r = Vector512.Load((short*)(first + 144)), s = Vector512.Load((short*)(first + 216));
        Vector512<short> numbers = Vector512.Create(
            (short)1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31, 60, 61, 62, 63);
        Vector512<short> factors = Vector512.Create(
            (short)0, 0, 0, 9, 0, 18, 0, 27, 0, 32, 0, 41, 0, 50, 0, 59, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        a = Avx512BW.PermuteVar32x16x2(p, numbers, Vector512.Load((short*)(first + 8))).AsInt32();
        b = Avx512BW.PermuteVar32x16x2(q, numbers, Vector512.Load((short*)(first + 80))).AsInt32();
        c = Avx512BW.PermuteVar32x16x2(r, numbers, Vector512.Load((short*)(first + 152))).AsInt32();
        d = Avx512BW.PermuteVar32x16x2(s, numbers, Vector512.Load((short*)(first + 224))).AsInt32();
        firsts = Avx512F.InsertVector256(
            Avx512BW.PermuteVar32x16x2(p, factors, q).AsInt32(), Avx512BW.PermuteVar32x16x2(r, factors, s).AsInt32().GetLower(), 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> QuarterOfBlocks(byte* first, nint stride, int quarter) => Sixteens(first + (4 * quarter * stride), stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> BlocksInOrder(Vector512<int> value) =>
        Avx512F.PermuteVar16x32(value, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Sixteens(byte* first, nint stride)
    {
        Vector512<int> four = Vector128.Load((int*)first).ToVector256Unsafe().ToVector512Unsafe();
        four = Avx512F.InsertVector128(four, Vector128.Load((int*)(first + stride)), 1);
        four = Avx512F.InsertVector128(four, Vector128.Load((int*)(first + (2 * stride))), 2);
        return Avx512F.InsertVector128(four, Vector128.Load((int*)(first + (3 * stride))), 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ThirtyTwos(byte* first, nint stride) =>
        Avx512F.InsertVector256(Vector256.Load((int*)first).ToVector512Unsafe(), Vector256.Load((int*)(first + stride)), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> SixteensTwice(byte* first, nint stride) => Avx512F.InsertVector256(
        RowGroup256.SixteensTwice(first, stride).ToVector512Unsafe(), RowGroup256.SixteensTwice(first + stride, stride), 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(void* from) => Vector512.Load((int*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> value, void* to) => value.Store((int*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> And(Vector512<int> a, Vector512<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Or(Vector512<int> a, Vector512<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Xor(Vector512<int> a, Vector512<int> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftLeft(Vector512<int> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftRight(Vector512<int> value, int bits) => value >>> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Subtract(Vector512<int> a, Vector512<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftWordsRight(Vector512<int> value, int bits) => (value.AsInt16() >> bits).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddWords(Vector512<int> a, Vector512<int> b) => (a.AsInt16() + b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyBytes(Vector512<int> w, Vector512<int> x) =>
        Avx512BW.MultiplyAddAdjacent(w.AsByte(), x.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyWords(Vector512<int> a, Vector512<int> b) => Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    // In one expression: a sum in a variable would be copied before and after each of these instructions, which overwrite an operand.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<int> sum, Vector256<int> w, Vector256<int> x) => RowGroup256.AddDots(sum, w, x);

    // .NET 10 has AVX-VNNI of 256 bits alone: two halves, which share what is read of the activations.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddDots(
        ref BlockStep step, byte* x, Vector512<int> w0, Vector512<int> w1, Vector512<int> w2, Vector512<int> w3, Vector512<int> w4, Vector512<int> w5,
        Vector512<int> w6, Vector512<int> w7, Vector512<int> factors)
    {
        Vector256<int> a0 = w0.GetLower(), a1 = w1.GetLower(), a2 = w2.GetLower(), a3 = w3.GetLower();
        Vector256<int> a4 = w4.GetLower(), a5 = w5.GetLower(), a6 = w6.GetLower(), a7 = w7.GetLower();
        Vector256<int> b0 = w0.GetUpper(), b1 = w1.GetUpper(), b2 = w2.GetUpper(), b3 = w3.GetUpper();
        Vector256<int> b4 = w4.GetUpper(), b5 = w5.GetUpper(), b6 = w6.GetUpper(), b7 = w7.GetUpper();
        float* total = step.Totals;
        nint stride = step.Stride;
        for (byte* end = x + (step.Count * stride); x < end; x += stride, total += Count)
        {
            var v = (int*)(x + QuantisedRows.Values);
            Vector256<int> zero = Vector256.Create(*(int*)(x + QuantisedRows.ByteZero));
            Vector256<int> v0 = Vector256.Create(v[0]), v1 = Vector256.Create(v[1]), v2 = Vector256.Create(v[2]), v3 = Vector256.Create(v[3]);
            Vector256<int> v4 = Vector256.Create(v[4]), v5 = Vector256.Create(v[5]), v6 = Vector256.Create(v[6]), v7 = Vector256.Create(v[7]);
            Vector256<int> low = Dot(Dot(Dot(Dot(Dot(Dot(Dot(Dot(zero, a0, v0), a1, v1), a2, v2), a3, v3), a4, v4), a5, v5), a6, v6), a7, v7);
            Vector256<int> high = Dot(Dot(Dot(Dot(Dot(Dot(Dot(Dot(zero, b0, v0), b1, v1), b2, v2), b3, v3), b4, v4), b5, v5), b6, v6), b7, v7);
            BlockSweep.AddTo<RowGroup512, Vector512<int>>(total, Avx512F.InsertVector256(low.ToVector512Unsafe(), high, 1), factors, *(float*)x);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Pick(Vector512<int> value, int bytes) =>
        Pick(value, Fours(bytes, bytes + 0x04040404, bytes + 0x08080808, bytes + 0x0C0C0C0C));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Fours(int a, int b, int c, int d) => Vector512.Create(a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Eights(int a, int b, int c, int d, int e, int f, int g, int h) =>
        Vector512.Create(a, b, c, d, e, f, g, h, a, b, c, d, e, f, g, h);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Halved(int a, int b, int c, int d, int e, int f, int g, int h) =>
        Vector512.Create(a, b, c, d, a, b, c, d, e, f, g, h, e, f, g, h);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Pick(Vector512<int> value, Vector512<int> bytes) => Avx512BW.Shuffle(value.AsByte(), bytes.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftLeft(Vector512<int> value, Vector512<int> bits) => Avx512F.ShiftLeftLogicalVariable(value, bits.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftRight(Vector512<int> value, Vector512<int> bits) => Avx512F.ShiftRightLogicalVariable(value, bits.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackLow(Vector512<int> a, Vector512<int> b) => Avx512F.UnpackLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackHigh(Vector512<int> a, Vector512<int> b) => Avx512F.UnpackHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackLow64(Vector512<int> a, Vector512<int> b) => Avx512F.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackHigh64(Vector512<int> a, Vector512<int> b) => Avx512F.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> EvenLanes(Vector512<int> a, Vector512<int> b) => Avx512F.Shuffle(a.AsSingle(), b.AsSingle(), 0x88).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> OddLanes(Vector512<int> a, Vector512<int> b) => Avx512F.Shuffle(a.AsSingle(), b.AsSingle(), 0xDD).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Meet(Vector512<int> a, Vector512<int> b, out Vector512<int> p, out Vector512<int> q)
    {
        p = Avx512F.Shuffle4x128(a, b, 0x88);
        q = Avx512F.Shuffle4x128(a, b, 0xDD);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LowerHalves(Vector512<int> a, Vector512<int> b) => Avx512F.Shuffle4x128(a, b, 0x44);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UpperHalves(Vector512<int> a, Vector512<int> b) => Avx512F.Shuffle4x128(a, b, 0xEE);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FirstEight(Vector512<int> value) => value.GetLower();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LastEight(Vector512<int> value) => value.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ToFloats(Vector512<int> value) => Vector512.ConvertToSingle(value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyFloats(Vector512<int> a, Vector512<int> b) => (a.AsSingle() * b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddFloats(Vector512<int> a, Vector512<int> b) => (a.AsSingle() + b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Halves(Vector512<int> upper) => Lanes.WidenHalves(upper).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddProduct(Vector512<int> total, Vector512<int> sum, Vector512<int> factors, float scale) => Vector512.FusedMultiplyAdd(
        Vector512.ConvertToSingle(sum), factors.AsSingle() * Vector512.Create(scale), total.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AddFours(Vector128<float> four, Vector512<int> sums, Vector512<int> factors)
    {
        Vector512<float> products = Vector512.ConvertToSingle(sums);
        Vector256<float> low = products.GetLower(), high = products.GetUpper(), f = factors.GetLower().AsSingle(), g = factors.GetUpper().AsSingle();
        four = Fma.MultiplyAdd(low.GetLower(), f.GetLower(), four);
        four = Fma.MultiplyAdd(low.GetUpper(), f.GetUpper(), four);
        four = Fma.MultiplyAdd(high.GetLower(), g.GetLower(), four);
        return Fma.MultiplyAdd(high.GetUpper(), g.GetUpper(), four);
    }
}

/// <summary>256 bits: 8 rows.</summary>
internal readonly unsafe struct RowGroup256 : IRowGroup<Vector256<int>>
{
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static int Count => 8;

    public static bool HasDots => AvxVnni.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(
        byte* first, nint row, out Vector256<int> a, out Vector256<int> b, out Vector256<int> c, out Vector256<int> d)
    {
        nint stride = 4 * row;
        Vector256<int> p = Sixteens(first, stride), q = Sixteens(first + row, stride);
        Vector256<int> r = Sixteens(first + (2 * row), stride), s = Sixteens(first + (3 * row), stride);
        Vector256<long> pq = Avx2.UnpackLow(p, q).AsInt64(), rs = Avx2.UnpackLow(r, s).AsInt64();
        a = Avx2.UnpackLow(pq, rs).AsInt32();
        b = Avx2.UnpackHigh(pq, rs).AsInt32();
        pq = Avx2.UnpackHigh(p, q).AsInt64();
        rs = Avx2.UnpackHigh(r, s).AsInt64();
        c = Avx2.UnpackLow(pq, rs).AsInt32();
        d = Avx2.UnpackHigh(pq, rs).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TurnTwice(
        byte* first, nint row, out Vector256<int> a, out Vector256<int> b, out Vector256<int> c, out Vector256<int> d,
        out Vector256<int> e, out Vector256<int> f, out Vector256<int> g, out Vector256<int> h)
    {
        Turn(first, row, out a, out b, out c, out d);
        Turn(first + 16, row, out e, out f, out g, out h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TurnLine(byte* first, nint row, Vector256<int>* to)
    {
        for (int i = 0; i < 4; i++, first += 16, to += 4) BlockRows.Turn<RowGroup256, Vector256<int>>(first, row, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TurnEighteens(byte* blocks, nint row, Vector256<int>* numbers, out Vector256<int> first, out Vector256<int> second)
    {
        for (int i = 0; i < 4; i++) BlockRows.Turn<RowGroup256, Vector256<int>>(blocks + (18 * i) + 2, row, numbers + (4 * i));
        first = Avx2.Blend(Firsts(blocks, row).AsInt16(), Firsts(blocks + 16, row).AsInt16(), 0xAA).AsInt32();
        second = Avx2.Blend(Firsts(blocks + 36, row).AsInt16(), Firsts(blocks + 52, row).AsInt16(), 0xAA).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Firsts(byte* first, nint row) => Vector256.Create(FourFirsts(first, row), FourFirsts(first + (4 * row), row));

    /// <summary>Of four rows the first four bytes; of the first row sixteen are read.</summary>
    /// <remarks>Each is read to where its lane is: a blend runs on every port of a processor, and takes what it reads along.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> FourFirsts(byte* first, nint row) => Avx2.Blend(
        Avx2.Blend(Vector128.Load((int*)first), Vector128.Load((int*)(first + row - 4)), 2),
        Avx2.Blend(Vector128.Load((int*)(first + (2 * row) - 8)), Vector128.Load((int*)(first + (3 * row) - 12)), 8), 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eighteens(
        byte* first, out Vector256<int> a, out Vector256<int> b, out Vector256<int> c, out Vector256<int> d, out Vector256<int> firsts)
    {
        a = QuarterOfBlocks(first + 2, 18, 0);
        b = QuarterOfBlocks(first + 2, 18, 1);
        c = QuarterOfBlocks(first + 2, 18, 2);
        d = QuarterOfBlocks(first + 2, 18, 3);
        firsts = Firsts(first, 18) << 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> QuarterOfBlocks(byte* first, nint stride, int quarter) => Sixteens(first + (quarter * stride), 4 * stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> BlocksInOrder(Vector256<int> value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sixteens(byte* first, nint stride) => Vector256.Create(Vector128.Load((int*)first), Vector128.Load((int*)(first + stride)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ThirtyTwos(byte* first, nint stride) => Vector256.Load((int*)first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> SixteensTwice(byte* first, nint stride) => Avx2.BroadcastVector128ToVector256((int*)first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(void* from) => Vector256.Load((int*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> value, void* to) => value.Store((int*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> And(Vector256<int> a, Vector256<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Or(Vector256<int> a, Vector256<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Xor(Vector256<int> a, Vector256<int> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft(Vector256<int> value, int bits) => value << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRight(Vector256<int> value, int bits) => value >>> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Subtract(Vector256<int> a, Vector256<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftWordsRight(Vector256<int> value, int bits) => (value.AsInt16() >> bits).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddWords(Vector256<int> a, Vector256<int> b) => (a.AsInt16() + b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyBytes(Vector256<int> w, Vector256<int> x) => Avx2.MultiplyAddAdjacent(w.AsByte(), x.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyWords(Vector256<int> a, Vector256<int> b) => Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddDots(
        ref BlockStep step, byte* x, Vector256<int> w0, Vector256<int> w1, Vector256<int> w2, Vector256<int> w3, Vector256<int> w4, Vector256<int> w5,
        Vector256<int> w6, Vector256<int> w7, Vector256<int> factors)
    {
        float* total = step.Totals;
        nint stride = step.Stride;
        for (byte* end = x + (step.Count * stride); x < end; x += stride, total += Count)
        {
            var v = (int*)(x + QuantisedRows.Values);
            Vector256<int> sum = AddDots(Vector256.Create(*(int*)(x + QuantisedRows.ByteZero)), w0, Vector256.Create(v[0]));
            sum = AddDots(sum, w1, Vector256.Create(v[1]));
            sum = AddDots(sum, w2, Vector256.Create(v[2]));
            sum = AddDots(sum, w3, Vector256.Create(v[3]));
            sum = AddDots(sum, w4, Vector256.Create(v[4]));
            sum = AddDots(sum, w5, Vector256.Create(v[5]));
            sum = AddDots(sum, w6, Vector256.Create(v[6]));
            sum = AddDots(sum, w7, Vector256.Create(v[7]));
            BlockSweep.AddTo<RowGroup256, Vector256<int>>(total, sum, factors, *(float*)x);
        }
    }

    /// <summary>Four products of an unsigned and a signed byte added to each sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddDots(Vector256<int> sum, Vector256<int> w, Vector256<int> x) =>
        AvxVnni.MultiplyWideningAndAdd(sum, w.AsByte(), x.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Pick(Vector256<int> value, int bytes) =>
        Pick(value, Fours(bytes, bytes + 0x04040404, bytes + 0x08080808, bytes + 0x0C0C0C0C));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Fours(int a, int b, int c, int d) => Vector256.Create(a, b, c, d, a, b, c, d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Eights(int a, int b, int c, int d, int e, int f, int g, int h) => Vector256.Create(a, b, c, d, e, f, g, h);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Halved(int a, int b, int c, int d, int e, int f, int g, int h) => Eights(a, b, c, d, e, f, g, h);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Pick(Vector256<int> value, Vector256<int> bytes) => Avx2.Shuffle(value.AsByte(), bytes.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft(Vector256<int> value, Vector256<int> bits) => Avx2.ShiftLeftLogicalVariable(value, bits.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRight(Vector256<int> value, Vector256<int> bits) => Avx2.ShiftRightLogicalVariable(value, bits.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackLow(Vector256<int> a, Vector256<int> b) => Avx2.UnpackLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackHigh(Vector256<int> a, Vector256<int> b) => Avx2.UnpackHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackLow64(Vector256<int> a, Vector256<int> b) => Avx2.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackHigh64(Vector256<int> a, Vector256<int> b) => Avx2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> EvenLanes(Vector256<int> a, Vector256<int> b) => Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0x88).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OddLanes(Vector256<int> a, Vector256<int> b) => Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0xDD).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Meet(Vector256<int> a, Vector256<int> b, out Vector256<int> p, out Vector256<int> q)
    {
        // A blend runs on every port.
        p = Avx2.Blend(a, b, 0xF0);
        q = Avx2.Permute2x128(a, b, 0x21);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LowerHalves(Vector256<int> a, Vector256<int> b) => Avx2.Permute2x128(a, b, 0x20);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UpperHalves(Vector256<int> a, Vector256<int> b) => Avx2.Permute2x128(a, b, 0x31);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FirstEight(Vector256<int> value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LastEight(Vector256<int> value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToFloats(Vector256<int> value) => Vector256.ConvertToSingle(value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyFloats(Vector256<int> a, Vector256<int> b) => (a.AsSingle() * b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddFloats(Vector256<int> a, Vector256<int> b) => (a.AsSingle() + b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Halves(Vector256<int> upper) => Lanes.WidenHalves(upper).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddProduct(Vector256<int> total, Vector256<int> sum, Vector256<int> factors, float scale) => Vector256.FusedMultiplyAdd(
        Vector256.ConvertToSingle(sum), factors.AsSingle() * Vector256.Create(scale), total.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AddFours(Vector128<float> four, Vector256<int> sums, Vector256<int> factors)
    {
        Vector256<float> products = Vector256.ConvertToSingle(sums), f = factors.AsSingle();
        four = Fma.MultiplyAdd(products.GetLower(), f.GetLower(), four);
        return Fma.MultiplyAdd(products.GetUpper(), f.GetUpper(), four);
    }
}
