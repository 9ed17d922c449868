using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// Sixteen rows of weights over a stretch of k, so that a lane of a vector is a row: numbers [step of k][16 rows][4 bytes], and beside them
/// what belongs to a run or a block of each row.
/// </summary>
internal unsafe struct BlockPanel
{
    /// <summary>Rows of weights in a panel: two vectors of eight.</summary>
    public const int Rows = 16;

    /// <summary>Half of a first-level cache.</summary>
    public const int ValueBytes = 16384;

    // Stretches of 1024 values have at most 64 runs (of 16), 32 blocks (of 32) and, in pairs, 16 minima.
    private const int Runs = 64;
    private const int Blocks = 32;
    private const int Pairs = 16;
    private const int Lane = Rows * sizeof(float);

    /// <summary>All of it.</summary>
    public const int Bytes = ValueBytes + ((Runs + Blocks + Pairs + 4) * Lane);

    public byte* Memory;
    public int Length;

    public readonly byte* Values => Memory;
    public readonly int* Scales => (int*)(Memory + ValueBytes); // [run][16]
    public readonly float* Factors => (float*)(Memory + ValueBytes + (Runs * Lane)); // [block][16]
    public readonly int* Minima => (int*)(Memory + ValueBytes + ((Runs + Blocks) * Lane)); // [pair of runs][16], two 16-bit numbers
    public readonly float* MinimumFactors => (float*)(Memory + ValueBytes + ((Runs + Blocks + Pairs) * Lane)); // [block][16], negative
}

/// <summary>How many rows of activations a tile has.</summary>
internal interface IRowCount
{
    static abstract int Count { get; }
}

internal readonly struct FourRows : IRowCount
{
    public static int Count => 4;
}

internal readonly struct TwoRows : IRowCount
{
    public static int Count => 2;
}

internal readonly struct OneRow : IRowCount
{
    public static int Count => 1;
}

/// <summary>
/// The register tiles of weights in blocks: 4, 2 or 1 rows of activations by 16 of weights. Three ways to multiply, by what the processor has:
/// bytes into 32-bit sums (AVX-VNNI); numbers below 16 with bytes into 16-bit sums, which hold a run of them; others as 16-bit numbers.
/// </summary>
internal static unsafe class BlockTiles<F>
    where F : struct, IBlocks
{
    /// <summary>Whether numbers are widened to 16 bits, and lose their zero point on the way.</summary>
    public static bool HasWords => !AvxVnni.IsSupported && !F.IsNibbles;

    /// <summary>Values of k in a panel.</summary>
    public static int Stretch => HasWords ? BlockPanel.ValueBytes / (BlockPanel.Rows * 2) : BlockPanel.ValueBytes / BlockPanel.Rows;

    private static int Block => F.IsSuper ? 256 : 32;

    /// <summary>Lays out a stretch of sixteen rows.</summary>
    /// <param name="rows">Where each begins.</param>
    /// <param name="length">Values of the stretch, in whole blocks.</param>
    /// <param name="panel">Where to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte** rows, int length, ref BlockPanel panel)
    {
        panel.Length = length;
        int blocks = length / Block, bytes = F.Format.BlockBytes();
        byte* to = panel.Values;
        for (int b = 0; b < blocks; b++)
        {
            nint at = (nint)b * bytes;
            for (int i = 0; i < BlockPanel.Rows; i += 4)
            {
                ByteDots.Halves(rows[i] + at + F.FactorAt, rows[i + 1] + at + F.FactorAt, rows[i + 2] + at + F.FactorAt, rows[i + 3] + at + F.FactorAt)
                    .Store(panel.Factors + (b * BlockPanel.Rows) + i);
                if (!F.HasMinima) continue;
                (-ByteDots.Halves(rows[i] + at + 2, rows[i + 1] + at + 2, rows[i + 2] + at + 2, rows[i + 3] + at + 2))
                    .Store(panel.MinimumFactors + (b * BlockPanel.Rows) + i);
            }
            if (F.IsSuper) PackScales(rows, at, b, panel);
            for (int index = 0; index < Block / 32; index++)
            {
                for (int half = 0; half < 2; half++) PackValues(rows + (8 * half), at, index, to + (32 * half));
                to += BlockPanel.Rows * 32 * (HasWords ? 2 : 1);
            }
        }
    }

    private static void PackScales(byte** rows, nint at, int block, in BlockPanel panel)
    {
        int runs = 256 / F.RunValues;
        for (int run = 0; run < runs; run++)
        {
            int* scales = panel.Scales + (((block * runs) + run) * BlockPanel.Rows);
            for (int i = 0; i < BlockPanel.Rows; i++)
            {
                int scale = F.Scale(rows[i] + at, run);
                // Sums in 16 bits are multiplied, and added in pairs, by a scale that is there twice.
                scales[i] = F.IsNibbles && !AvxVnni.IsSupported ? scale | (scale << 16) : scale;
            }
            if (!F.HasMinima || run % 2 == 1) continue;
            int* minima = panel.Minima + (((block * runs) + run) / 2 * BlockPanel.Rows);
            for (int i = 0; i < BlockPanel.Rows; i++)
                minima[i] = F.Minimum(rows[i] + at, run) | (F.Minimum(rows[i] + at, run + 1) << 16);
        }
    }

    /// <summary>32 values of eight rows, turned so that four bytes of each row lie side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackValues(byte** rows, nint at, int index, byte* to)
    {
        Vector256<byte> r0 = F.Unsigned(rows[0] + at, index), r1 = F.Unsigned(rows[1] + at, index);
        Vector256<byte> r2 = F.Unsigned(rows[2] + at, index), r3 = F.Unsigned(rows[3] + at, index);
        Vector256<byte> r4 = F.Unsigned(rows[4] + at, index), r5 = F.Unsigned(rows[5] + at, index);
        Vector256<byte> r6 = F.Unsigned(rows[6] + at, index), r7 = F.Unsigned(rows[7] + at, index);
        if (!HasWords)
        {
            Turn(r0.AsInt32(), r1.AsInt32(), r2.AsInt32(), r3.AsInt32(), r4.AsInt32(), r5.AsInt32(), r6.AsInt32(), r7.AsInt32(), to);
            return;
        }
        Turn(Words(r0.GetLower()), Words(r1.GetLower()), Words(r2.GetLower()), Words(r3.GetLower()),
            Words(r4.GetLower()), Words(r5.GetLower()), Words(r6.GetLower()), Words(r7.GetLower()), to);
        Turn(Words(r0.GetUpper()), Words(r1.GetUpper()), Words(r2.GetUpper()), Words(r3.GetUpper()),
            Words(r4.GetUpper()), Words(r5.GetUpper()), Words(r6.GetUpper()), Words(r7.GetUpper()), to + (8 * 64));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Words(Vector128<byte> values) =>
        (Avx2.ConvertToVector256Int16(values) - Vector256.Create((short)F.Zero)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(
        Vector256<int> r0, Vector256<int> r1, Vector256<int> r2, Vector256<int> r3,
        Vector256<int> r4, Vector256<int> r5, Vector256<int> r6, Vector256<int> r7, byte* to)
    {
        Vector256<long> a0 = Avx2.UnpackLow(r0, r1).AsInt64(), a1 = Avx2.UnpackHigh(r0, r1).AsInt64();
        Vector256<long> a2 = Avx2.UnpackLow(r2, r3).AsInt64(), a3 = Avx2.UnpackHigh(r2, r3).AsInt64();
        Vector256<long> a4 = Avx2.UnpackLow(r4, r5).AsInt64(), a5 = Avx2.UnpackHigh(r4, r5).AsInt64();
        Vector256<long> a6 = Avx2.UnpackLow(r6, r7).AsInt64(), a7 = Avx2.UnpackHigh(r6, r7).AsInt64();
        Store(Avx2.UnpackLow(a0, a2), Avx2.UnpackLow(a4, a6), to);
        Store(Avx2.UnpackHigh(a0, a2), Avx2.UnpackHigh(a4, a6), to + 64);
        Store(Avx2.UnpackLow(a1, a3), Avx2.UnpackLow(a5, a7), to + 128);
        Store(Avx2.UnpackHigh(a1, a3), Avx2.UnpackHigh(a5, a7), to + 192);
    }

    /// <summary>Step s of rows 0 to 3 and 4 to 7, and step s + 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<long> low, Vector256<long> high, byte* to)
    {
        Avx2.Permute2x128(low, high, 0x20).Store((long*)to);
        Avx2.Permute2x128(low, high, 0x31).Store((long*)(to + 256));
    }

    /// <summary>Adds the products of a panel with rows of activations to their sums.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="x">The activations.</param>
    /// <param name="first">The first row of them.</param>
    /// <param name="rows">How many.</param>
    /// <param name="from">Where in k the panel begins.</param>
    /// <param name="sums">[row][16].</param>
    public static void Multiply(in BlockPanel panel, in QuantisedRows x, int first, int rows, int from, float* sums)
    {
        int i = 0;
        for (; i + 4 <= rows; i += 4) Tile<FourRows>(panel, x, first + i, from, sums + (i * BlockPanel.Rows));
        for (; i + 2 <= rows; i += 2) Tile<TwoRows>(panel, x, first + i, from, sums + (i * BlockPanel.Rows));
        for (; i < rows; i++) Tile<OneRow>(panel, x, first + i, from, sums + (i * BlockPanel.Rows));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<R>(in BlockPanel panel, in QuantisedRows x, int row, int from, float* sums)
        where R : struct, IRowCount
    {
        nint stride = HasWords ? (nint)x.Inner * sizeof(short) : x.Inner;
        byte* v = HasWords ? (byte*)(x.Words + ((nint)row * x.Inner) + from) : (byte*)(x.Values + ((nint)row * x.Inner) + from);
        byte* w = panel.Values;
        int runs = panel.Length / F.RunValues, runsOfBlock = Block / F.RunValues;
        int* whole = stackalloc int[F.IsSuper ? 4 * BlockPanel.Rows : 1];
        short* corrections = F.RunValues == 16
            ? x.Sums16 + ((nint)row * (x.Inner / 16)) + (from / 16)
            : x.Sums32 + ((nint)row * (x.Inner / 32)) + (from / 32);
        for (int run = 0; run < runs; run++)
        {
            Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
            Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
            byte* end = v + (HasWords ? F.RunValues * 2 : F.RunValues);
            for (; v < end; v += 4, w += 64)
            {
                Vector256<int> low = Vector256.Load((int*)w), high = Vector256.Load((int*)(w + 32));
                Vector256<int> value = Vector256.Create(*(int*)v);
                a0 = Step(a0, low, value);
                b0 = Step(b0, high, value);
                if (R.Count > 1)
                {
                    value = Vector256.Create(*(int*)(v + stride));
                    a1 = Step(a1, low, value);
                    b1 = Step(b1, high, value);
                }
                if (R.Count > 2)
                {
                    value = Vector256.Create(*(int*)(v + (2 * stride)));
                    a2 = Step(a2, low, value);
                    b2 = Step(b2, high, value);
                    value = Vector256.Create(*(int*)(v + (3 * stride)));
                    a3 = Step(a3, low, value);
                    b3 = Step(b3, high, value);
                }
            }
            if (F.IsSuper)
            {
                bool isFirst = run % runsOfBlock == 0;
                int* scale = panel.Scales + (run * BlockPanel.Rows);
                Vector256<int> low = Vector256.Load(scale), high = Vector256.Load(scale + 8);
                int perRow = x.Inner / F.RunValues;
                Scale(a0, b0, low, high, corrections + run, whole, isFirst);
                if (R.Count > 1) Scale(a1, b1, low, high, corrections + perRow + run, whole + 16, isFirst);
                if (R.Count > 2)
                {
                    Scale(a2, b2, low, high, corrections + (2 * perRow) + run, whole + 32, isFirst);
                    Scale(a3, b3, low, high, corrections + (3 * perRow) + run, whole + 48, isFirst);
                }
                if ((run + 1) % runsOfBlock != 0) continue;
                int block = run / runsOfBlock;
                for (int i = 0; i < R.Count; i++) Close(panel, x, row + i, from, block, whole + (16 * i), sums + (16 * i));
            }
            else
            {
                float* factors = panel.Factors + (run * BlockPanel.Rows), scales = x.Scales + ((nint)row * (x.Inner / 32)) + (from / 32) + run;
                Vector256<float> low = Vector256.Load(factors), high = Vector256.Load(factors + 8);
                int perRow = x.Inner / 32;
                Add(Whole(a0, b0, corrections + run, out Vector256<int> upper), upper, low, high, scales[0], sums);
                if (R.Count > 1) Add(Whole(a1, b1, corrections + perRow + run, out upper), upper, low, high, scales[perRow], sums + 16);
                if (R.Count > 2)
                {
                    Add(Whole(a2, b2, corrections + (2 * perRow) + run, out upper), upper, low, high, scales[2 * perRow], sums + 32);
                    Add(Whole(a3, b3, corrections + (3 * perRow) + run, out upper), upper, low, high, scales[3 * perRow], sums + 48);
                }
            }
        }
    }

    /// <summary>Four products (two, of words) of each lane onto its sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Step(Vector256<int> sum, Vector256<int> w, Vector256<int> x)
    {
        if (AvxVnni.IsSupported) return AvxVnni.MultiplyWideningAndAdd(sum, w.AsByte(), x.AsSByte());
        if (F.IsNibbles) return (sum.AsInt16() + Avx2.MultiplyAddAdjacent(w.AsByte(), x.AsSByte())).AsInt32();
        return sum + Avx2.MultiplyAddAdjacent(w.AsInt16(), x.AsInt16());
    }

    /// <summary>A run's sums in 32 bits, without the zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Whole(Vector256<int> a, Vector256<int> b, short* correction, out Vector256<int> upper)
    {
        if (F.IsNibbles && !AvxVnni.IsSupported)
        {
            a = Avx2.MultiplyAddAdjacent(a.AsInt16(), Vector256<short>.One);
            b = Avx2.MultiplyAddAdjacent(b.AsInt16(), Vector256<short>.One);
        }
        if (F.Zero != 0 && !HasWords)
        {
            Vector256<int> zero = Vector256.Create(F.Zero * *correction);
            a -= zero;
            b -= zero;
        }
        upper = b;
        return a;
    }

    /// <summary>A run's sums times its scales, onto those of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(
        Vector256<int> a, Vector256<int> b, Vector256<int> low, Vector256<int> high, short* correction, int* whole, bool isFirst)
    {
        if (F.IsNibbles && !AvxVnni.IsSupported)
        {
            a = Avx2.MultiplyAddAdjacent(a.AsInt16(), low.AsInt16());
            b = Avx2.MultiplyAddAdjacent(b.AsInt16(), high.AsInt16());
        }
        else
        {
            a = Whole(a, b, correction, out b) * low;
            b *= high;
        }
        if (!isFirst)
        {
            a += Vector256.Load(whole);
            b += Vector256.Load(whole + 8);
        }
        a.Store(whole);
        b.Store(whole + 8);
    }

    /// <summary>A block's whole sums, and what its minima take, onto the sums of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Close(in BlockPanel panel, in QuantisedRows x, int row, int from, int block, int* whole, float* sums)
    {
        float scale = x.Scales[((nint)row * (x.Inner / 256)) + (from / 256) + block];
        float* factors = panel.Factors + (block * BlockPanel.Rows);
        Add(Vector256.Load(whole), Vector256.Load(whole + 8), Vector256.Load(factors), Vector256.Load(factors + 8), scale, sums);
        if (!F.HasMinima) return;
        Vector256<int> a = default, b = default;
        int* minima = panel.Minima + (block * 4 * BlockPanel.Rows);
        int* pairs = (int*)(x.Sums32 + ((nint)row * (x.Inner / 32)) + (from / 32) + (block * 8));
        for (int pair = 0; pair < 4; pair++, minima += BlockPanel.Rows)
        {
            Vector256<short> two = Vector256.Create(pairs[pair]).AsInt16();
            a += Avx2.MultiplyAddAdjacent(Vector256.Load(minima).AsInt16(), two);
            b += Avx2.MultiplyAddAdjacent(Vector256.Load(minima + 8).AsInt16(), two);
        }
        factors = panel.MinimumFactors + (block * BlockPanel.Rows);
        Add(a, b, Vector256.Load(factors), Vector256.Load(factors + 8), scale, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<int> a, Vector256<int> b, Vector256<float> low, Vector256<float> high, float scale, float* sums)
    {
        Vector256<float> s = Vector256.Create(scale);
        Fma.MultiplyAdd(Avx.ConvertToVector256Single(a), low * s, Vector256.Load(sums)).Store(sums);
        Fma.MultiplyAdd(Avx.ConvertToVector256Single(b), high * s, Vector256.Load(sums + 8)).Store(sums + 8);
    }
}
