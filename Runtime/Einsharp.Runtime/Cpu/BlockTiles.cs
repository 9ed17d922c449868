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

    /// <summary>Values of k in a panel of bytes.</summary>
    public const int ByteStretch = ValueBytes / Rows;

    /// <summary>Values of k in a panel of 16-bit words.</summary>
    public const int WordStretch = ByteStretch / 2;

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

internal readonly struct ThreeRows : IRowCount
{
    public static int Count => 3;
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
    public static int Stretch => HasWords ? BlockPanel.WordStretch : BlockPanel.ByteStretch;

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
        byte* ofRows = stackalloc byte[BlockPanel.Rows * 16];
        for (int i = 0; i < BlockPanel.Rows; i++) F.Scales(rows[i] + at).Store(ofRows + (16 * i));
        int* scales = panel.Scales + (block * runs * BlockPanel.Rows);
        for (int run = 0; run < runs; run++, scales += BlockPanel.Rows)
        {
            // Sums in 16 bits are multiplied, and added in pairs, by a scale that is there twice.
            for (int i = 0; i < BlockPanel.Rows; i++)
                scales[i] = F.IsNibbles ? ofRows[(16 * i) + run] * (AvxVnni.IsSupported ? 1 : 0x10001) : (sbyte)ofRows[(16 * i) + run];
        }
        if (!F.HasMinima) return;
        int* minima = panel.Minima + (block * runs / 2 * BlockPanel.Rows);
        for (int run = 8; run < 16; run += 2, minima += BlockPanel.Rows)
        {
            for (int i = 0; i < BlockPanel.Rows; i++) minima[i] = ofRows[(16 * i) + run] | (ofRows[(16 * i) + run + 1] << 16);
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
            Turn(
                r0.AsInt32(), r1.AsInt32(), r2.AsInt32(), r3.AsInt32(), r4.AsInt32(), r5.AsInt32(), r6.AsInt32(), r7.AsInt32(), to, to + (4 * 64));
            return;
        }
        // Unpacked inside the halves of a vector: a half is four steps of two words, and the other's come eight steps later.
        Turn(LowWords(r0), LowWords(r1), LowWords(r2), LowWords(r3), LowWords(r4), LowWords(r5), LowWords(r6), LowWords(r7), to, to + (8 * 64));
        to += 4 * 64;
        Turn(HighWords(r0), HighWords(r1), HighWords(r2), HighWords(r3), HighWords(r4), HighWords(r5), HighWords(r6), HighWords(r7), to, to + (8 * 64));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LowWords(Vector256<byte> values) =>
        (Avx2.UnpackLow(values, default).AsInt16() - Vector256.Create((short)F.Zero)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> HighWords(Vector256<byte> values) =>
        (Avx2.UnpackHigh(values, default).AsInt16() - Vector256.Create((short)F.Zero)).AsInt32();

    /// <summary>Four bytes of each row, and four: to <paramref name="low"/> those of the vectors' lower halves, to <paramref name="high"/> the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(
        Vector256<int> r0, Vector256<int> r1, Vector256<int> r2, Vector256<int> r3,
        Vector256<int> r4, Vector256<int> r5, Vector256<int> r6, Vector256<int> r7, byte* low, byte* high)
    {
        Vector256<long> a0 = Avx2.UnpackLow(r0, r1).AsInt64(), a1 = Avx2.UnpackHigh(r0, r1).AsInt64();
        Vector256<long> a2 = Avx2.UnpackLow(r2, r3).AsInt64(), a3 = Avx2.UnpackHigh(r2, r3).AsInt64();
        Vector256<long> a4 = Avx2.UnpackLow(r4, r5).AsInt64(), a5 = Avx2.UnpackHigh(r4, r5).AsInt64();
        Vector256<long> a6 = Avx2.UnpackLow(r6, r7).AsInt64(), a7 = Avx2.UnpackHigh(r6, r7).AsInt64();
        Store(Avx2.UnpackLow(a0, a2), Avx2.UnpackLow(a4, a6), low, high);
        Store(Avx2.UnpackHigh(a0, a2), Avx2.UnpackHigh(a4, a6), low + 64, high + 64);
        Store(Avx2.UnpackLow(a1, a3), Avx2.UnpackLow(a5, a7), low + 128, high + 128);
        Store(Avx2.UnpackHigh(a1, a3), Avx2.UnpackHigh(a5, a7), low + 192, high + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<long> fromFirst, Vector256<long> fromLast, byte* low, byte* high)
    {
        Avx2.Permute2x128(fromFirst, fromLast, 0x20).Store((long*)low);
        Avx2.Permute2x128(fromFirst, fromLast, 0x31).Store((long*)high);
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
        // In the tiles that the activations were laid out for.
        for (int i = 0, height; i < rows; i += height, sums += height * BlockPanel.Rows)
        {
            height = QuantisedRows.TileHeight(rows - i);
            if (height == 4) Tile<FourRows>(panel, x, first + i, from, sums);
            else if (height == 2) Tile<TwoRows>(panel, x, first + i, from, sums);
            else Tile<OneRow>(panel, x, first + i, from, sums);
        }
    }

    private static void Tile<R>(in BlockPanel panel, in QuantisedRows x, int row, int from, float* sums)
        where R : struct, IRowCount
    {
        nint at = x.TileAt(row, from, Stretch), values = ((nint)row * x.Inner) + from;
        byte* v = HasWords ? (byte*)(x.Words + at) : (byte*)(x.Values + at);
        nint perRow = x.Inner / Block;
        float* scales = x.Scales + (row * perRow) + (from / Block);
        short* corrections = F.RunValues == 16 ? x.Sums16 + (values / 16) : x.Sums32 + (values / 32);
        if (F.IsSuper) Superblocks<R>(panel, v, scales, perRow, corrections, sums);
        else Blocks<R>(panel.Values, v, panel.Factors, panel.Length / 32, scales, perRow, corrections, sums);
    }

    /// <summary>Blocks of one run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Blocks<R>(
        byte* w, byte* v, float* factors, int blocks, float* scales, nint perRow, short* corrections, float* sums)
        where R : struct, IRowCount
    {
        for (; blocks > 0; blocks--, factors += BlockPanel.Rows, scales++, corrections++)
        {
            Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
            Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
            byte* end = v + (R.Count * F.RunValues * (HasWords ? 2 : 1));
            do
            {
                Vector256<int> low = Vector256.Load((int*)w), high = Vector256.Load((int*)(w + 32));
                Vector256<int> value = Vector256.Create(*(int*)v);
                a0 = Step(a0, low, value);
                b0 = Step(b0, high, value);
                if (R.Count > 1)
                {
                    value = Vector256.Create(((int*)v)[1]);
                    a1 = Step(a1, low, value);
                    b1 = Step(b1, high, value);
                }
                if (R.Count > 2)
                {
                    value = Vector256.Create(((int*)v)[2]);
                    a2 = Step(a2, low, value);
                    b2 = Step(b2, high, value);
                    value = Vector256.Create(((int*)v)[3]);
                    a3 = Step(a3, low, value);
                    b3 = Step(b3, high, value);
                }
                v += 4 * R.Count;
                w += 64;
            }
            while (v < end);
            Vector256<float> lower = Vector256.Load(factors), upper = Vector256.Load(factors + 8);
            Add(Whole(a0, corrections), Whole(b0, corrections), lower, upper, scales[0], sums);
            if (R.Count > 1) Add(Whole(a1, corrections + perRow), Whole(b1, corrections + perRow), lower, upper, scales[perRow], sums + 16);
            if (R.Count > 2)
            {
                Add(Whole(a2, corrections + (2 * perRow)), Whole(b2, corrections + (2 * perRow)), lower, upper, scales[2 * perRow], sums + 32);
                Add(Whole(a3, corrections + (3 * perRow)), Whole(b3, corrections + (3 * perRow)), lower, upper, scales[3 * perRow], sums + 48);
            }
        }
    }

    /// <summary>Superblocks: whole sums over the runs of each, then one rounding, and another for the minima.</summary>
    private static void Superblocks<R>(
        in BlockPanel panel, byte* v, float* scales, nint perRow, short* corrections, float* sums)
        where R : struct, IRowCount
    {
        int* whole = stackalloc int[4 * BlockPanel.Rows];
        int blocks = panel.Length / 256, runs = 256 / F.RunValues;
        nint valueBytes = HasWords ? 512 : 256, runsOfRow = perRow * runs;
        for (int block = 0; block < blocks; block++)
        {
            Runs<R>(
                panel.Values + (block * valueBytes * BlockPanel.Rows), v + (block * valueBytes * R.Count),
                panel.Scales + (block * runs * BlockPanel.Rows), corrections + (block * runs), runsOfRow, whole);
            for (int i = 0; i < R.Count; i++)
                Close(panel, block, whole + (16 * i), scales[(i * perRow) + block], corrections + (i * runsOfRow) + (block * runs), sums + (16 * i));
        }
    }

    /// <summary>The runs of a block, each sum of products times its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Runs<R>(byte* w, byte* v, int* scales, short* corrections, nint runsOfRow, int* whole)
        where R : struct, IRowCount
    {
        int* last = scales + (256 / F.RunValues * BlockPanel.Rows);
        new Span<int>(whole, R.Count * BlockPanel.Rows).Clear();
        for (; scales < last; scales += BlockPanel.Rows, corrections++)
        {
            Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
            Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
            byte* end = v + (R.Count * F.RunValues * (HasWords ? 2 : 1));
            do
            {
                Vector256<int> low = Vector256.Load((int*)w), high = Vector256.Load((int*)(w + 32));
                Vector256<int> value = Vector256.Create(*(int*)v);
                a0 = Step(a0, low, value);
                b0 = Step(b0, high, value);
                if (R.Count > 1)
                {
                    value = Vector256.Create(((int*)v)[1]);
                    a1 = Step(a1, low, value);
                    b1 = Step(b1, high, value);
                }
                if (R.Count > 2)
                {
                    value = Vector256.Create(((int*)v)[2]);
                    a2 = Step(a2, low, value);
                    b2 = Step(b2, high, value);
                    value = Vector256.Create(((int*)v)[3]);
                    a3 = Step(a3, low, value);
                    b3 = Step(b3, high, value);
                }
                v += 4 * R.Count;
                w += 64;
            }
            while (v < end);
            Vector256<int> lower = Vector256.Load(scales), upper = Vector256.Load(scales + 8);
            Scale(a0, b0, lower, upper, corrections, whole);
            if (R.Count > 1) Scale(a1, b1, lower, upper, corrections + runsOfRow, whole + 16);
            if (R.Count > 2)
            {
                Scale(a2, b2, lower, upper, corrections + (2 * runsOfRow), whole + 32);
                Scale(a3, b3, lower, upper, corrections + (3 * runsOfRow), whole + 48);
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
    private static Vector256<int> Whole(Vector256<int> sum, short* correction)
    {
        if (F.IsNibbles && !AvxVnni.IsSupported) sum = Avx2.MultiplyAddAdjacent(sum.AsInt16(), Vector256<short>.One);
        return F.Zero != 0 && !HasWords ? sum - Vector256.Create(F.Zero * *correction) : sum;
    }

    /// <summary>A run's sums times its scales, onto those of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(Vector256<int> a, Vector256<int> b, Vector256<int> low, Vector256<int> high, short* correction, int* whole)
    {
        if (F.IsNibbles && !AvxVnni.IsSupported)
        {
            a = Avx2.MultiplyAddAdjacent(a.AsInt16(), low.AsInt16());
            b = Avx2.MultiplyAddAdjacent(b.AsInt16(), high.AsInt16());
        }
        else
        {
            a = Whole(a, correction) * low;
            b = Whole(b, correction) * high;
        }
        (a + Vector256.Load(whole)).Store(whole);
        (b + Vector256.Load(whole + 8)).Store(whole + 8);
    }

    /// <summary>A block's whole sums, and what its minima take, onto the sums of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Close(in BlockPanel panel, int block, int* whole, float scale, short* runSums, float* sums)
    {
        float* factors = panel.Factors + (block * BlockPanel.Rows);
        Add(Vector256.Load(whole), Vector256.Load(whole + 8), Vector256.Load(factors), Vector256.Load(factors + 8), scale, sums);
        if (!F.HasMinima) return;
        Vector256<int> a = default, b = default;
        int* minima = panel.Minima + (block * 4 * BlockPanel.Rows);
        for (int pair = 0; pair < 4; pair++, minima += BlockPanel.Rows)
        {
            Vector256<short> two = Vector256.Create(((int*)runSums)[pair]).AsInt16();
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
