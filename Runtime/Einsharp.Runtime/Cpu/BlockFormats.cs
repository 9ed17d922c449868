using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// A storage format of weights in blocks, as the tiles of <see cref="BlockTiles{F}"/> and <see cref="BlockSweep{F}"/> read it (AVX2).
/// </summary>
/// <remarks>
/// What a row of weights and a row of activations make is the same in every tile: of each block a sum of products of whole numbers, which is
/// exact in any order, times the product of the scales, added in one rounding to the sum of the blocks before.
/// </remarks>
internal unsafe interface IBlocks
{
    static abstract WeightFormat Format { get; }

    /// <summary>Values with a scale of their own inside a block, or all of a block: 32 or 16.</summary>
    static abstract int RunValues { get; }

    /// <summary>Whether runs have whole scales, and the block a factor.</summary>
    static abstract bool IsSuper { get; }

    /// <summary>What is to be taken from an unsigned stored number.</summary>
    static abstract int Zero { get; }

    /// <summary>Whether a run has a minimum.</summary>
    static abstract bool HasMinima { get; }

    /// <summary>Whether unsigned numbers are below 16: products with bytes then add up in 16 bits over a run.</summary>
    static abstract bool IsNibbles { get; }

    /// <summary>Where in a block the factor is.</summary>
    static abstract int FactorAt { get; }

    /// <summary>32 values, <paramref name="index"/> times 32 from the block's first, as unsigned numbers.</summary>
    static abstract Vector256<byte> Unsigned(byte* block, int index);

    /// <summary>The scales of a superblock's runs, a byte each, and behind eight of them the minima.</summary>
    static abstract Vector128<byte> Scales(byte* block);

    /// <summary>Four rows of weights times one of activations.</summary>
    static abstract Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, in QuantisedRows x);
}

/// <summary>What the formats share.</summary>
internal static unsafe class ByteDots
{
    /// <summary>Whether the tiles here run on this processor.</summary>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

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

    /// <summary>The four sums of four vectors' lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
    {
        Vector128<long> ab = (Sse2.UnpackLow(a, b) + Sse2.UnpackHigh(a, b)).AsInt64();
        Vector128<long> cd = (Sse2.UnpackLow(c, d) + Sse2.UnpackHigh(c, d)).AsInt64();
        return Sse2.UnpackLow(ab, cd).AsInt32() + Sse2.UnpackHigh(ab, cd).AsInt32();
    }

    /// <summary>The four sums of four times eight numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(int* dots) =>
        Sums(Vector256.Load(dots), Vector256.Load(dots + 8), Vector256.Load(dots + 16), Vector256.Load(dots + 24));

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

    /// <summary>Halves in the upper 16 bits, finite ones exactly; what is below does not matter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Halves(Vector128<int> upper) =>
        ((upper >> 3) & Vector128.Create(Lanes.HalfMask)).AsSingle() * Vector128.Create(Lanes.HalfScale);

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

/// <summary>See <see cref="WeightFormat.Q8_0"/>.</summary>
internal readonly unsafe struct Q8Blocks : IBlocks
{
    private const int Bytes = 34;

    public static WeightFormat Format => WeightFormat.Q8_0;
    public static int RunValues => 32;
    public static bool IsSuper => false;
    public static int Zero => 128;
    public static bool HasMinima => false;
    public static bool IsNibbles => false;
    public static int FactorAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unsigned(byte* block, int index) => Vector256.Load(block + 2) ^ Vector256.Create((byte)128);

    public static Vector128<byte> Scales(byte* block) => default;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, in QuantisedRows x)
    {
        sbyte* values = x.Values;
        float* scales = x.Scales, end = scales + (x.Inner / 32);
        Vector128<float> total = default;
        for (; scales < end; scales++, values += 32, w0 += Bytes, w1 += Bytes, w2 += Bytes, w3 += Bytes)
        {
            Vector256<sbyte> v = Vector256.Load(values);
            Vector128<int> sum = ByteDots.Sums(Signed(w0, v), Signed(w1, v), Signed(w2, v), Signed(w3, v));
            total = ByteDots.Add(sum, ByteDots.Halves(w0, w1, w2, w3), *scales, total);
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
internal readonly unsafe struct Q4Blocks : IBlocks
{
    private const int Bytes = 18;

    public static WeightFormat Format => WeightFormat.Q4_0;
    public static int RunValues => 32;
    public static bool IsSuper => false;
    public static int Zero => 8;
    public static bool HasMinima => false;
    public static bool IsNibbles => true;
    public static int FactorAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unsigned(byte* block, int index)
    {
        Vector256<uint> q = Avx2.BroadcastVector128ToVector256(block + 2).AsUInt32();
        return Avx2.ShiftRightLogicalVariable(q, Vector256.Create(0u, 0, 0, 0, 4, 4, 4, 4)).AsByte() & Vector256.Create((byte)15);
    }

    public static Vector128<byte> Scales(byte* block) => default;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, in QuantisedRows x)
    {
        sbyte* values = x.Values;
        float* scales = x.Scales, end = scales + (x.Inner / 32);
        short* sums = x.Sums32;
        Vector128<float> total = default;
        // Two blocks at once, a half of each vector for either.
        Vector256<short> zeros = Vector256.Create(0x0000FFF8, 0x0000FFF8, 0x0000FFF8, 0x0000FFF8, -8 << 16, -8 << 16, -8 << 16, -8 << 16).AsInt16();
        for (; scales + 1 < end; scales += 2, sums += 2, values += 64, w0 += 2 * Bytes, w1 += 2 * Bytes, w2 += 2 * Bytes, w3 += 2 * Bytes)
        {
            Vector256<sbyte> low = Vector256.Create(Vector128.Load(values), Vector128.Load(values + 32));
            Vector256<sbyte> high = Vector256.Create(Vector128.Load(values + 16), Vector128.Load(values + 48));
            // 16 bits hold the sixteen products that are in a sum until its pairs become one of 32 bits.
            Vector256<short> pairs = ByteDots.Pairs(Two(w0, low, high), Two(w1, low, high), Two(w2, low, high), Two(w3, low, high));
            Vector256<int> sum = Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One)
                + Avx2.MultiplyAddAdjacent(Vector256.Create(*(int*)sums).AsInt16(), zeros);
            Vector256<float> factors = Vector256.Create(
                ByteDots.Firsts(w0, w1, w2, w3), ByteDots.Firsts(w0 + Bytes, w1 + Bytes, w2 + Bytes, w3 + Bytes)).AsSingle();
            factors = ((factors.AsInt32() << 16 >> 3) & Vector256.Create(Lanes.HalfMask)).AsSingle() * Vector256.Create(Lanes.HalfScale);
            factors *= Vector256.Create(Vector128.Create(scales[0]), Vector128.Create(scales[1]));
            Vector256<float> products = Avx.ConvertToVector256Single(sum);
            total = Fma.MultiplyAdd(products.GetLower(), factors.GetLower(), total);
            total = Fma.MultiplyAdd(products.GetUpper(), factors.GetUpper(), total);
        }
        if (scales < end)
        {
            Vector256<sbyte> v = Vector256.Load(values);
            Vector128<int> sum = ByteDots.Sums(
                ByteDots.Dot(Unsigned(w0, 0), v), ByteDots.Dot(Unsigned(w1, 0), v),
                ByteDots.Dot(Unsigned(w2, 0), v), ByteDots.Dot(Unsigned(w3, 0), v));
            total = ByteDots.Add(sum - Vector128.Create(8 * *sums), ByteDots.Halves(w0, w1, w2, w3), *scales, total);
        }
        return total;
    }

    /// <summary>Sums of four products each, of two blocks, one in either half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Two(byte* block, Vector256<sbyte> low, Vector256<sbyte> high)
    {
        Vector256<byte> mask = Vector256.Create((byte)15), q = Vector256.Create(Vector128.Load(block + 2), Vector128.Load(block + Bytes + 2));
        return (Avx2.MultiplyAddAdjacent(q & mask, low) + Avx2.MultiplyAddAdjacent((q.AsUInt16() >>> 4).AsByte() & mask, high)).AsInt32();
    }
}

/// <summary>See <see cref="WeightFormat.Q4_K"/>.</summary>
internal readonly unsafe struct Q4KBlocks : IBlocks
{
    private const int Bytes = 144;

    public static WeightFormat Format => WeightFormat.Q4_K;
    public static int RunValues => 32;
    public static bool IsSuper => true;
    public static int Zero => 0;
    public static bool HasMinima => true;
    public static bool IsNibbles => true;
    public static int FactorAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unsigned(byte* block, int index)
    {
        Vector256<byte> q = Vector256.Load(block + 16 + (index / 2 * 32));
        return (index % 2 == 0 ? q : (q.AsUInt16() >>> 4).AsByte()) & Vector256.Create((byte)15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Scales(byte* block)
    {
        uint p0 = *(uint*)(block + 4), p1 = *(uint*)(block + 8), p2 = *(uint*)(block + 12);
        return Vector128.Create(
            p0 & 0x3F3F3F3F, (p2 & 0x0F0F0F0F) | ((p0 >> 2) & 0x30303030), p1 & 0x3F3F3F3F, ((p2 >> 4) & 0x0F0F0F0F) | ((p1 >> 2) & 0x30303030)).AsByte();
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, in QuantisedRows x)
    {
        sbyte* values = x.Values;
        float* scales = x.Scales, end = scales + (x.Inner / 256);
        short* sums = x.Sums32;
        int* dots = stackalloc int[4 * 8];
        byte* packed = stackalloc byte[4 * 16];
        Vector128<float> total = default;
        for (; scales < end; scales++, values += 256, sums += 8, w0 += Bytes, w1 += Bytes, w2 += Bytes, w3 += Bytes)
        {
            // The heads of four blocks, turned: a factor and one for the minima, and three times four bytes of scales and minima.
            Vector128<int> h0 = Vector128.Load((int*)w0), h1 = Vector128.Load((int*)w1), h2 = Vector128.Load((int*)w2), h3 = Vector128.Load((int*)w3);
            Turn(h0, h1, h2, h3, out Vector128<int> factors, out Vector128<int> p0, out Vector128<int> p1, out Vector128<int> p2);
            Vector128<int> six = Vector128.Create(0x3F3F3F3F), four = Vector128.Create(0x0F0F0F0F), upper = Vector128.Create(0x30303030);
            Vector128<int> lastScales = (p2 & four) | ((p0 >>> 2) & upper);
            Vector128<int> minima = p1 & six, lastMinima = ((p2 >>> 4) & four) | ((p1 >>> 2) & upper);
            Turn(p0 & six, lastScales, default, default, out h0, out h1, out h2, out h3);
            h0.Store((int*)packed);
            h1.Store((int*)packed + 4);
            h2.Store((int*)packed + 8);
            h3.Store((int*)packed + 12);
            One(w0, values, packed, dots);
            One(w1, values, packed + 16, dots + 8);
            One(w2, values, packed + 32, dots + 16);
            One(w3, values, packed + 48, dots + 24);
            total = ByteDots.Add(ByteDots.Sums(dots), ByteDots.Halves(factors << 16), *scales, total);
            Vector256<int> taken = Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(minima.AsByte()), Vector256.Create(*(long*)sums).AsInt16())
                + Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(lastMinima.AsByte()), Vector256.Create(*(long*)(sums + 4)).AsInt16());
            Vector128<float> evens = Sse.Shuffle(taken.GetLower().AsSingle(), taken.GetUpper().AsSingle(), 0x88);
            Vector128<float> odds = Sse.Shuffle(taken.GetLower().AsSingle(), taken.GetUpper().AsSingle(), 0xDD);
            total = ByteDots.Add(evens.AsInt32() + odds.AsInt32(), -ByteDots.Halves(factors), *scales, total);
        }
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(
        Vector128<int> r0, Vector128<int> r1, Vector128<int> r2, Vector128<int> r3,
        out Vector128<int> c0, out Vector128<int> c1, out Vector128<int> c2, out Vector128<int> c3)
    {
        Vector128<long> low01 = Sse2.UnpackLow(r0, r1).AsInt64(), high01 = Sse2.UnpackHigh(r0, r1).AsInt64();
        Vector128<long> low23 = Sse2.UnpackLow(r2, r3).AsInt64(), high23 = Sse2.UnpackHigh(r2, r3).AsInt64();
        c0 = Sse2.UnpackLow(low01, low23).AsInt32();
        c1 = Sse2.UnpackHigh(low01, low23).AsInt32();
        c2 = Sse2.UnpackLow(high01, high23).AsInt32();
        c3 = Sse2.UnpackHigh(high01, high23).AsInt32();
    }

    /// <summary>A block's products, times the scales of their runs, which are the first eight bytes.</summary>
    /// <remarks>Not inlined: of four at once the compiler would keep all constants alive, which no registers are left for.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* block, sbyte* x, byte* packed, int* dots)
    {
        Vector256<byte> scales = Avx2.BroadcastVector128ToVector256(packed);
        Vector256<int> total = Pair(block, x, scales, 0);
        total += Pair(block, x, scales, 1);
        total += Pair(block, x, scales, 2);
        total += Pair(block, x, scales, 3);
        total.Store(dots);
    }

    /// <summary>Two runs, which share their bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Pair(byte* block, sbyte* x, Vector256<byte> scales, int pair)
    {
        Vector256<byte> mask = Vector256.Create((byte)15), q = Vector256.Load(block + 16 + (pair * 32));
        Vector256<short> low = Avx2.MultiplyAddAdjacent(q & mask, Vector256.Load(x + (pair * 64)));
        Vector256<short> high = Avx2.MultiplyAddAdjacent((q.AsUInt16() >>> 4).AsByte() & mask, Vector256.Load(x + (pair * 64) + 32));
        return Avx2.MultiplyAddAdjacent(low, Avx2.Shuffle(scales, Run(2 * pair)).AsInt16())
            + Avx2.MultiplyAddAdjacent(high, Avx2.Shuffle(scales, Run((2 * pair) + 1)).AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Run(int run) => Vector256.Create((ushort)(run | 0x8000)).AsByte(); // the byte, and above it a zero
}

/// <summary>See <see cref="WeightFormat.Q6_K"/>.</summary>
internal readonly unsafe struct Q6KBlocks : IBlocks
{
    private const int Bytes = 210;

    public static WeightFormat Format => WeightFormat.Q6_K;
    public static int RunValues => 16;
    public static bool IsSuper => true;
    public static int Zero => 32;
    public static bool HasMinima => false;
    public static bool IsNibbles => false;
    public static int FactorAt => 208;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unsigned(byte* block, int index)
    {
        int half = index / 4, run = index % 4;
        Vector256<byte> low = Vector256.Load(block + (half * 64) + (run % 2 * 32)), high = Vector256.Load(block + 128 + (half * 32));
        if (run >= 2) low = (low.AsUInt16() >>> 4).AsByte();
        high = (run == 0 ? high.AsUInt16() << 4 : run == 1 ? high.AsUInt16() << 2 : run == 2 ? high.AsUInt16() : high.AsUInt16() >>> 2).AsByte();
        return (low & Vector256.Create((byte)15)) | (high & Vector256.Create((byte)0x30));
    }

    public static Vector128<byte> Scales(byte* block) => Vector128.Load(block + 192);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, in QuantisedRows x)
    {
        sbyte* values = x.Values;
        float* scales = x.Scales, end = scales + (x.Inner / 256);
        short* sums = x.Sums16;
        int* dots = stackalloc int[4 * 8];
        Vector128<float> total = default;
        for (; scales < end; scales++, values += 256, sums += 16, w0 += Bytes, w1 += Bytes, w2 += Bytes, w3 += Bytes)
        {
            One(w0, values, sums, dots);
            One(w1, values, sums, dots + 8);
            One(w2, values, sums, dots + 16);
            One(w3, values, sums, dots + 24);
            total = ByteDots.Add(ByteDots.Sums(dots), ByteDots.Halves(w0 + 208, w1 + 208, w2 + 208, w3 + 208), *scales, total);
        }
        return total;
    }

    /// <summary>A block's products, times the scales of their runs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* block, sbyte* x, short* sums, int* dots)
    {
        Vector256<short> scales = Avx2.ConvertToVector256Int16(Vector128.Load((sbyte*)block + 192));
        Vector256<int> zero = Avx2.MultiplyAddAdjacent(scales, Vector256.Load(sums)) << 5;
        Vector256<byte> first = Avx2.Permute2x128(scales, scales, 0x00).AsByte(), last = Avx2.Permute2x128(scales, scales, 0x11).AsByte();
        (OfHalf(block, x, first, 0) - zero + OfHalf(block, x, last, 1)).Store(dots);
    }

    /// <summary>The eight runs of half a block, which share the upper bits' bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> OfHalf(byte* block, sbyte* x, Vector256<byte> scales, int half)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), pair = Vector256.Create((byte)0x30);
        Vector256<byte> low0 = Vector256.Load(block + (half * 64)), low1 = Vector256.Load(block + (half * 64) + 32);
        Vector256<byte> high = Vector256.Load(block + 128 + (half * 32));
        x += half * 128;
        Vector256<int> sum = Run((low0 & nibble) | ((high.AsUInt16() << 4).AsByte() & pair), x, scales, 0);
        sum += Run((low1 & nibble) | ((high.AsUInt16() << 2).AsByte() & pair), x + 32, scales, 2);
        sum += Run(((low0.AsUInt16() >>> 4).AsByte() & nibble) | (high & pair), x + 64, scales, 4);
        return sum + Run(
            ((low1.AsUInt16() >>> 4).AsByte() & nibble) | ((high.AsUInt16() >>> 2).AsByte() & pair), x + 96, scales, 6);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Run(Vector256<byte> w, sbyte* x, Vector256<byte> scales, int run)
    {
        Vector128<byte> first = Vector128.Create((ushort)((2 * run) | (((2 * run) + 1) << 8))).AsByte();
        Vector256<short> two = Avx2.Shuffle(scales, Vector256.Create(first, first + Vector128.Create((byte)2))).AsInt16();
        return Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(w, Vector256.Load(x)), two);
    }
}
