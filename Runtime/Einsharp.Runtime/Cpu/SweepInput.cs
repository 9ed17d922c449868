using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>
/// The rows of activations that a sweep multiplies with weights. Where one of these is quantised, rows are too, once: to signed bytes with a
/// scale for each 32 or 256 values, whose products with weights' whole numbers are whole numbers.
/// </summary>
public readonly unsafe ref struct SweepInput
{
    internal SweepInput(ReadOnlySpan<float> x, int inner, int rows, QuantisedRows blocks, QuantisedRows superblocks)
    {
        X = x;
        Inner = inner;
        Rows = rows;
        Blocks = blocks;
        Superblocks = superblocks;
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
}

/// <summary>Rows of activations as signed bytes. Null pointers where nobody asks for them.</summary>
internal unsafe struct QuantisedRows
{
    private const float Top = 127;

    /// <summary>Below this the inverse of a scale would overflow: such values count as 0.</summary>
    private const float Least = 1e-36f;

    public int Inner;
    public int BlockValues;
    public sbyte* Values; // [row][inner]
    public short* Words; // [row][inner], the same numbers, where the tiles multiply 16-bit numbers
    public float* Scales; // [row][inner / block]
    public short* Sums16; // [row][inner / 16]
    public short* Sums32; // [row][inner / 32]

    /// <summary>Floats of memory that rows take, in whole cache lines.</summary>
    public static int Floats(int inner, int rows, int block, bool hasWords)
    {
        long bytes = (long)rows * (inner + (hasWords ? 2 * inner : 0) + (4 * (inner / block)) + (2 * (inner / 16)) + (2 * (inner / 32)));
        return checked((int)((bytes + 63) / 64 * 16) + 16);
    }

    /// <summary>Cuts up memory of <see cref="Floats"/>.</summary>
    public static QuantisedRows At(float* memory, int inner, int rows, int block, bool hasWords)
    {
        var result = new QuantisedRows { Inner = inner, BlockValues = block, Scales = memory };
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
        sbyte* values = Values + ((nint)row * Inner);
        short* words = Words == null ? null : Words + ((nint)row * Inner);
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
                Vector256.Narrow(low, high).Store(values + k);
                int sumLow = Vector256.Sum(a + b), sumHigh = Vector256.Sum(c + d);
                *sums16++ = (short)sumLow;
                *sums16++ = (short)sumHigh;
                *sums32++ = (short)(sumLow + sumHigh);
                if (words == null) continue;
                low.Store(words + k);
                high.Store(words + k + 16);
            }
        }
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
