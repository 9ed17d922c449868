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

    /// <summary>The scale of a run.</summary>
    static abstract int Scale(byte* block, int run);

    /// <summary>The minimum of a run.</summary>
    static abstract int Minimum(byte* block, int run);

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
        Vector256<int> sums = Avx2.HorizontalAdd(Avx2.HorizontalAdd(a, b), Avx2.HorizontalAdd(c, d));
        return sums.GetLower() + sums.GetUpper();
    }

    /// <summary>The four sums of four times eight numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sums(int* dots) =>
        Sums(Vector256.Load(dots), Vector256.Load(dots + 8), Vector256.Load(dots + 16), Vector256.Load(dots + 24));

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

    public static int Scale(byte* block, int run) => 1;

    public static int Minimum(byte* block, int run) => 0;

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

    public static int Scale(byte* block, int run) => 1;

    public static int Minimum(byte* block, int run) => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, in QuantisedRows x)
    {
        sbyte* values = x.Values;
        float* scales = x.Scales, end = scales + (x.Inner / 32);
        short* sums = x.Sums32;
        Vector128<float> total = default;
        for (; scales < end; scales++, sums++, values += 32, w0 += Bytes, w1 += Bytes, w2 += Bytes, w3 += Bytes)
        {
            Vector256<sbyte> v = Vector256.Load(values);
            Vector128<int> sum = ByteDots.Sums(
                ByteDots.Dot(Unsigned(w0, 0), v), ByteDots.Dot(Unsigned(w1, 0), v),
                ByteDots.Dot(Unsigned(w2, 0), v), ByteDots.Dot(Unsigned(w3, 0), v));
            total = ByteDots.Add(sum - Vector128.Create(8 * *sums), ByteDots.Halves(w0, w1, w2, w3), *scales, total);
        }
        return total;
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

    public static int Scale(byte* block, int run) => QuantisedBlocks.ScaleOfQ4K(block + 4, run).Scale;

    public static int Minimum(byte* block, int run) => QuantisedBlocks.ScaleOfQ4K(block + 4, run).Minimum;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector128<float> Four(byte* w0, byte* w1, byte* w2, byte* w3, in QuantisedRows x)
    {
        sbyte* values = x.Values;
        float* scales = x.Scales, end = scales + (x.Inner / 256);
        short* sums = x.Sums32;
        int* dots = stackalloc int[4 * 8], minima = stackalloc int[4 * 4];
        Vector128<float> total = default;
        for (; scales < end; scales++, values += 256, sums += 8, w0 += Bytes, w1 += Bytes, w2 += Bytes, w3 += Bytes)
        {
            One(w0, values, sums, dots, minima);
            One(w1, values, sums, dots + 8, minima + 4);
            One(w2, values, sums, dots + 16, minima + 8);
            One(w3, values, sums, dots + 24, minima + 12);
            total = ByteDots.Add(ByteDots.Sums(dots), ByteDots.Halves(w0, w1, w2, w3), *scales, total);
            Vector128<int> low = Ssse3.HorizontalAdd(Vector128.Load(minima), Vector128.Load(minima + 4));
            Vector128<int> high = Ssse3.HorizontalAdd(Vector128.Load(minima + 8), Vector128.Load(minima + 12));
            total = ByteDots.Add(Ssse3.HorizontalAdd(low, high), -ByteDots.Halves(w0 + 2, w1 + 2, w2 + 2, w3 + 2), *scales, total);
        }
        return total;
    }

    /// <summary>A block's products, times the scales of their runs; and what its minima take.</summary>
    /// <remarks>Not inlined: of four at once the compiler would keep all constants alive, which no registers are left for.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void One(byte* block, sbyte* x, short* sums, int* dots, int* minima)
    {
        uint p0 = *(uint*)(block + 4), p1 = *(uint*)(block + 8), p2 = *(uint*)(block + 12);
        Vector128<byte> packed = Vector128.Create(
            p0 & 0x3F3F3F3F, (p2 & 0x0F0F0F0F) | ((p0 >> 2) & 0x30303030), p1 & 0x3F3F3F3F, ((p2 >> 4) & 0x0F0F0F0F) | ((p1 >> 2) & 0x30303030)).AsByte();
        Vector256<short> wide = Avx2.ConvertToVector256Int16(packed);
        Sse2.MultiplyAddAdjacent(wide.GetUpper(), Vector128.Load(sums)).Store(minima);
        Vector256<byte> scales = Vector256.Create(wide.GetLower(), wide.GetLower()).AsByte();
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
    private static Vector256<byte> Run(int run) => Vector256.Create((ushort)((2 * run) | (((2 * run) + 1) << 8))).AsByte();
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

    public static int Scale(byte* block, int run) => ((sbyte*)block)[192 + run];

    public static int Minimum(byte* block, int run) => 0;

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
        Vector128<sbyte> scales = Vector128.Load((sbyte*)block + 192);
        Vector256<int> zero = Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(scales), Vector256.Load(sums)) << 5;
        (OfHalf(block, x, scales, 0) - zero + OfHalf(block, x, scales, 1)).Store(dots);
    }

    /// <summary>The eight runs of half a block, which share the upper bits' bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> OfHalf(byte* block, sbyte* x, Vector128<sbyte> scales, int half)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), pair = Vector256.Create((byte)0x30);
        Vector256<byte> low0 = Vector256.Load(block + (half * 64)), low1 = Vector256.Load(block + (half * 64) + 32);
        Vector256<byte> high = Vector256.Load(block + 128 + (half * 32));
        x += half * 128;
        Vector256<int> sum = Run((low0 & nibble) | ((high.AsUInt16() << 4).AsByte() & pair), x, scales, 8 * half);
        sum += Run((low1 & nibble) | ((high.AsUInt16() << 2).AsByte() & pair), x + 32, scales, (8 * half) + 2);
        sum += Run(((low0.AsUInt16() >>> 4).AsByte() & nibble) | (high & pair), x + 64, scales, (8 * half) + 4);
        return sum + Run(
            ((low1.AsUInt16() >>> 4).AsByte() & nibble) | ((high.AsUInt16() >>> 2).AsByte() & pair), x + 96, scales, (8 * half) + 6);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Run(Vector256<byte> w, sbyte* x, Vector128<sbyte> scales, int run)
    {
        Vector128<byte> two = Vector128.Create(run * 0x0101010101010101L, (run + 1) * 0x0101010101010101L).AsByte();
        Vector256<short> scale = Avx2.ConvertToVector256Int16(Ssse3.Shuffle(scales.AsByte(), two).AsSByte());
        return Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(w, Vector256.Load(x)), scale);
    }
}
