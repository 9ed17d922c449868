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
        TurnedRow turned = default, PackedInput packed = default, float* panels = null)
    {
        X = x;
        Inner = inner;
        Rows = rows;
        Blocks = blocks;
        Superblocks = superblocks;
        Turned = turned;
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

    /// <summary>One row, as it meets weights in blocks.</summary>
    internal TurnedRow Turned { get; }

    /// <summary>Many rows, for weights that are floats.</summary>
    internal PackedInput Packed { get; }

    /// <summary>The worker's own memory for weights that are turned.</summary>
    internal float* Panels { get; }
}

/// <summary>
/// Rows of activations as signed bytes: for each block of them a record a row, so that what meets a block of weights lies together.
/// </summary>
internal unsafe struct QuantisedRows
{
    private const float Top = 127;

    /// <summary>Below this the inverse of a scale would overflow: such values count as 0.</summary>
    private const float Least = 1e-36f;

    // A record begins with the scale, a float. Of 32 values, the sum follows times −8, in 16 bits of 32, and times −128; then the values.
    public const int NibbleZero = 4;
    public const int ByteZero = 8;
    public const int Values = 16;

    // Where asked for, the same in 16 bits: of each four values the first and the third, then the others.
    public const int EvenWords = 48;
    public const int OddWords = 80;

    // Of 256 values, sums over 32 and over 16 of them, in 16 bits each.
    public const int Sums32 = 16;
    public const int Sums16 = 32;
    public const int SuperValues = 64;

    public int Inner;
    public int Rows;
    public int BlockValues;
    public int Stride;
    public byte* Records; // [block][row][stride]

    /// <summary>Whether there are values in 16 bits, too.</summary>
    public readonly bool HasWords => BlockValues == 32 && Stride > OddWords;

    /// <summary>Whether groups of rows of weights in a format meet values in 16 bits: numbers of eight bits, whose products are too large for 16.</summary>
    public static bool NeedsWords(WeightFormat format) => format == WeightFormat.Q8_0 && BlockSweep.IsSupported && !RowGroup256.HasDots;

    /// <summary>Floats of memory that rows take, in whole cache lines.</summary>
    public static int Floats(int inner, int rows, int block, bool words) =>
        checked(((rows * (inner / block) * (RecordBytes(block, words) / sizeof(float))) + 15) / 16 * 16);

    /// <summary>Rows in memory of <see cref="Floats"/>.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="inner">The length of a row.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="block">Values of a scale: 32 or 256.</param>
    /// <param name="words">Whether values are wanted in 16 bits, too: <see cref="NeedsWords"/> of a weight.</param>
    public static QuantisedRows At(float* memory, int inner, int rows, int block, bool words) =>
        new() { Inner = inner, Rows = rows, BlockValues = block, Stride = RecordBytes(block, words), Records = (byte*)memory };

    private static int RecordBytes(int block, bool words) => block == 256 ? SuperValues + 256 : words ? OddWords + 32 : Values + 32;

    /// <summary>The record of a row's block.</summary>
    public readonly byte* Record(int block, int row) => Records + ((((nint)block * Rows) + row) * Stride);

    /// <summary>
    /// Quantises a row: q = x / scale to the nearest, ties to even, where the greatest magnitude of a block becomes 127. A NaN or an infinity
    /// makes the block's scale one, and so every sum that it is in.
    /// </summary>
    [MethodImpl(Kernels.ByItself)]
    public readonly void Quantise(int row, float* x)
    {
        for (int block = 0; block < Inner / BlockValues; block++, x += BlockValues)
        {
            byte* record = Record(block, row);
            float greatest = Greatest(x, BlockValues);
            *(float*)record = greatest < Least ? 0 : greatest / Top;
            Vector256<float> inverse = Vector256.Create(greatest < Least ? 0 : Top / greatest);
            for (int run = 0; run < BlockValues / 32; run++)
            {
                float* from = x + (32 * run);
                Vector256<int> a = Nearest(from, inverse), b = Nearest(from + 8, inverse);
                Vector256<int> c = Nearest(from + 16, inverse), d = Nearest(from + 24, inverse);
                Vector256<sbyte> values = Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d));
                int low = Vector256.Sum(a + b), high = Vector256.Sum(c + d);
                if (BlockValues != 32)
                {
                    values.Store((sbyte*)record + SuperValues + (32 * run));
                    ((short*)(record + Sums16))[2 * run] = (short)low;
                    ((short*)(record + Sums16))[(2 * run) + 1] = (short)high;
                    ((short*)(record + Sums32))[run] = (short)(low + high);
                    continue;
                }
                values.Store((sbyte*)record + Values);
                *(int*)(record + NibbleZero) = (ushort)(-8 * (low + high));
                *(int*)(record + ByteZero) = -128 * (low + high);
                if (!HasWords) continue;
                ((values.AsInt16() << 8) >> 8).Store((short*)(record + EvenWords));
                (values.AsInt16() >> 8).Store((short*)(record + OddWords));
            }
        }
    }

    /// <summary>The greatest magnitude. As whole numbers, bits of magnitudes are in the magnitudes' order, and NaN is above all.</summary>
    [MethodImpl(Kernels.ByItself)]
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
