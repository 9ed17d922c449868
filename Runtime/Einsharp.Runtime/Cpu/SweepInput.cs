using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>
/// The rows of activations that a sweep multiplies with weights. Where one of these is quantised, rows are too, once: to signed bytes with a
/// scale for each 32 or 256 values, whose products with weights' whole numbers are whole numbers.
/// </summary>
public readonly unsafe ref struct SweepInput
{
    internal SweepInput(
        ReadOnlySpan<float> x, int inner, int rows, QuantisedRows blocks = default, QuantisedRows superblocks = default,
        PackedInput packed = default, float* panels = null)
    {
        X = x;
        Inner = inner;
        Rows = rows;
        Blocks = blocks;
        Superblocks = superblocks;
        Packed = packed;
        Panels = panels;
    }

    /// <summary>The length of a row, and of a dot product.</summary>
    public int Inner { get; }

    /// <summary>How many rows.</summary>
    public int Rows { get; }

    internal ReadOnlySpan<float> X { get; }

    /// <summary>With a scale for each 32 values: for Q8_0 and Q4_0.</summary>
    internal QuantisedRows Blocks { get; }

    /// <summary>With a scale for each 256 values: for Q4_K and Q6_K.</summary>
    internal QuantisedRows Superblocks { get; }

    /// <summary>Many rows, for weights that are floats.</summary>
    internal PackedInput Packed { get; }

    /// <summary>The worker's own memory for weights that are turned.</summary>
    internal float* Panels { get; }
}

/// <summary>Rows of activations as signed bytes. Null pointers where nobody asks for them.</summary>
internal unsafe struct QuantisedRows
{
    private const float Top = 127;

    /// <summary>Below this the inverse of a scale would overflow: such values count as 0.</summary>
    private const float Least = 1e-36f;

    /// <summary>The most rows of a tile.</summary>
    public const int TileRows = 4;

    public int Inner;
    public int Rows;
    public int BlockValues;
    public bool IsTiled;
    public sbyte* Values; // [row][inner], or as tiles
    public short* Words; // the same numbers as tiles, where these multiply 16-bit numbers
    public float* Scales; // [row][inner / block]
    public short* Sums16; // [row][inner / 16]
    public short* Sums32; // [row][inner / 32]

    /// <summary>Floats of memory that rows take, in whole cache lines.</summary>
    public static int Floats(int inner, int rows, int block, bool hasWords)
    {
        long bytes = (long)rows * (inner + (hasWords ? 2 * inner : 0) + (4 * (inner / block)) + (2 * (inner / 16)) + (2 * (inner / 32)));
        return checked((int)((bytes + 63) / 64 * 16) + 16);
    }

    /// <summary>Rows of the tile that begins with a row, of so many from there: 4, 2 or 1.</summary>
    public static int TileHeight(int remaining) => remaining >= TileRows ? TileRows : remaining >= 2 ? 2 : 1;

    /// <summary>Cuts up memory of <see cref="Floats"/>.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="inner">The length of a row.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="block">Values of a scale.</param>
    /// <param name="hasWords">Whether tiles multiply 16-bit numbers.</param>
    /// <param name="isTiled">
    /// Whether the numbers lie as <see cref="BlockTiles{F}"/> reads them: [stretch of k][tile of rows][four bytes' worth of k][row of the tile].
    /// </param>
    public static QuantisedRows At(float* memory, int inner, int rows, int block, bool hasWords, bool isTiled)
    {
        var result = new QuantisedRows { Inner = inner, Rows = rows, BlockValues = block, IsTiled = isTiled, Scales = memory };
        result.Values = (sbyte*)(memory + ((nint)rows * (inner / block)));
        byte* next = (byte*)result.Values + ((nint)rows * inner);
        if (hasWords)
        {
            result.Words = (short*)next;
            next += (nint)rows * inner * sizeof(short);
        }
        result.Sums16 = (short*)next;
        result.Sums32 = result.Sums16 + ((nint)rows * (inner / 16));
        return result;
    }

    /// <summary>
    /// Quantises a row: q = x / scale to the nearest, ties to even, where the greatest magnitude of a block becomes 127. A NaN or an infinity
    /// makes the block's scale one, and so every sum that it is in.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Quantise(int row, float* x)
    {
        float* scales = Scales + ((nint)row * (Inner / BlockValues));
        short* sums16 = Sums16 + ((nint)row * (Inner / 16)), sums32 = Sums32 + ((nint)row * (Inner / 32));
        for (int first = 0; first < Inner; first += BlockValues)
        {
            float greatest = Greatest(x + first, BlockValues);
            *scales++ = greatest < Least ? 0 : greatest / Top;
            Vector256<float> inverse = Vector256.Create(greatest < Least ? 0 : Top / greatest);
            for (int k = first; k < first + BlockValues; k += 32)
            {
                Vector256<int> a = Nearest(x + k, inverse), b = Nearest(x + k + 8, inverse);
                Vector256<int> c = Nearest(x + k + 16, inverse), d = Nearest(x + k + 24, inverse);
                Vector256<short> low = Vector256.Narrow(a, b), high = Vector256.Narrow(c, d);
                Vector256<sbyte> values = Vector256.Narrow(low, high);
                int sumLow = Vector256.Sum(a + b), sumHigh = Vector256.Sum(c + d);
                *sums16++ = (short)sumLow;
                *sums16++ = (short)sumHigh;
                *sums32++ = (short)(sumLow + sumHigh);
                if (!IsTiled)
                {
                    values.Store(Values + ((nint)row * Inner) + k);
                    continue;
                }
                Spread(values.AsInt32(), (int*)Values, row, k, BlockPanel.ByteStretch, 4);
                if (Words == null) continue;
                Spread(low.AsInt32(), (int*)Words, row, k, BlockPanel.WordStretch, 2);
                Spread(high.AsInt32(), (int*)Words, row, k + 16, BlockPanel.WordStretch, 2);
            }
        }
    }

    /// <summary>Where a tile's stretch begins, in numbers.</summary>
    /// <param name="row">The tile's first row.</param>
    /// <param name="from">The stretch's first k.</param>
    /// <param name="stretch">The length of a stretch; the last may be shorter.</param>
    public readonly nint TileAt(int row, int from, int stretch) => ((nint)Rows * from) + ((nint)row * Math.Min(stretch, Inner - from));

    /// <summary>Eight times four bytes of a row, each beside those of the tile's other rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Spread(Vector256<int> numbers, int* to, int row, int k, int stretch, int perInt)
    {
        int inTile = row % TileRows, tile = row - inTile, height = TileHeight(Rows - tile);
        if (inTile >= height) // of the last three rows two are a tile, and one
        {
            tile += height;
            inTile -= height;
            height = TileHeight(Rows - tile);
        }
        int from = k / stretch * stretch;
        to += (TileAt(tile, from, stretch) + ((nint)(k - from) * height)) / perInt + inTile;
        for (int i = 0; i < 8; i++) to[i * height] = numbers[i];
    }

    /// <summary>The greatest magnitude. As whole numbers, bits of magnitudes are in the magnitudes' order, and NaN is above all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Greatest(float* x, int count)
    {
        Vector256<int> magnitude = Vector256.Create(0x7FFFFFFF), greatest = default;
        for (int k = 0; k < count; k += 8) greatest = Vector256.Max(greatest, Vector256.Load((int*)x + k) & magnitude);
        Vector128<int> four = Vector128.Max(greatest.GetLower(), greatest.GetUpper());
        int most = Math.Max(Math.Max(four[0], four[1]), Math.Max(four[2], four[3]));
        return BitConverter.Int32BitsToSingle(most);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Nearest(float* x, Vector256<float> inverse) =>
        Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(x) * inverse));
}
