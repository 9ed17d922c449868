using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>Products of activations with rows of a weight matrix.</summary>
public static class Sweep
{
    /// <summary>Up to so many rows, every worker makes the activations that a sweep reads for itself: cheaper than a barrier.</summary>
    public const int FewRows = 4;

    /// <summary>
    /// How many rows of weights to deal out at a time: enough pieces to balance the workers, each as long as that allows, because every
    /// piece of floats begins new streams of memory, and a stream needs a while to come to full speed. Sixteen at least, a group of rows in blocks.
    /// </summary>
    /// <param name="rows">All rows.</param>
    /// <param name="workers">The number of workers.</param>
    public static int UnitRows(int rows, int workers)
    {
        const int most = 256;
        int share = rows / (8 * workers);
        if (workers == 1)
        {
            // Nothing to balance: as few pieces as there can be.
            int pieces = Math.Max(1, (rows + most - 1) / most);
            share = (rows + pieces - 1) / pieces;
        }
        return Math.Clamp((share + 15) & ~15, 16, most);
    }

    /// <summary>
    /// Makes rows of activations ready for a sweep over weights: where one of these is quantised, the rows are, once for all of them. Every
    /// worker calls it. Few rows are quantised by each for itself, which costs less than a barrier; many are shared out.
    /// </summary>
    /// <param name="worker">Owns the memory, until the next kernel.</param>
    /// <param name="x">Activations: <paramref name="rows"/> rows of <paramref name="inner"/> floats, one after the other.</param>
    /// <param name="inner">The length of a row.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weights">The weights that they will meet.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="x"/> is too short for the sizes.</exception>
    /// <exception cref="ArgumentException">A row is no whole number of blocks of a weight's format.</exception>
    public static unsafe SweepInput Read(Worker worker, ReadOnlySpan<float> x, int inner, int rows, params ReadOnlySpan<Param> weights)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inner);
        ArgumentOutOfRangeException.ThrowIfLessThan(x.Length, (long)rows * inner, nameof(x));
        bool blocks = false, superblocks = false, floats = false, words = false;
        int turned = 0; // of which formats
        foreach (Param w in weights)
        {
            WeightFormat format = w.Format;
            floats |= !format.IsQuantised();
            if (!format.IsQuantised()) continue;
            if (inner % format.BlockValues() != 0) ThrowParts(w, inner);
            blocks |= format.BlockValues() == 32;
            superblocks |= format.BlockValues() == 256;
            if (BlockRow.Takes(rows)) turned |= TurnedRow.Bit(format);
            else words |= QuantisedRows.NeedsWords(format);
        }
        floats &= rows >= PackedInput.LeastRows && inner >= PackedInput.Lanes;
        if (rows == 0 || !(blocks | superblocks | floats)) return new SweepInput(x, inner, rows);

        int ofBlocks = blocks ? QuantisedRows.Floats(inner, rows, 32, words) : 0;
        int ofSuperblocks = superblocks ? QuantisedRows.Floats(inner, rows, 256, words: false) : 0;
        int ofTurned = TurnedRow.Floats(inner, turned);
        int all = checked(ofBlocks + ofSuperblocks + ofTurned + (floats ? PackedInput.Floats(inner, rows, PackedInput.Lanes) : 0));
        bool few = rows <= FewRows;
        Debug.Assert(!few || !floats, "panels would be written over few rows");
        float* memory = few ? worker.Tiles(all) : worker.Common(all, 0);
        QuantisedRows by32 = blocks ? QuantisedRows.At(memory, inner, rows, 32, words) : default;
        QuantisedRows by256 = superblocks ? QuantisedRows.At(memory + ofBlocks, inner, rows, 256, words: false) : default;
        var turnedRow = new TurnedRow(memory + ofBlocks + ofSuperblocks, inner, turned);
        PackedInput packed = floats ? PackedInput.At(memory + ofBlocks + ofSuperblocks + ofTurned, inner, rows, PackedInput.Lanes) : default;
        fixed (float* from = x)
        {
            for (int row = few ? 0 : worker.Index; row < rows && (blocks | superblocks); row += few ? 1 : worker.Count)
            {
                if (blocks) by32.Quantise(row, from + ((nint)row * inner));
                if (superblocks) by256.Quantise(row, from + ((nint)row * inner));
            }
            turnedRow.Turn(by32, by256);
            if (floats) packed.Pack(from, inner, worker.Index, worker.Count);
        }
        if (!few) worker.Barrier();
        return new SweepInput(
            x, inner, rows, by32, by256, turnedRow, packed, floats ? worker.Tiles(PackedInput.PanelFloats(inner, rows, PackedInput.Lanes)) : null);
    }

    /// <summary>
    /// y[i, j] = Σₖ x[i, k] · w[firstRow + j, k] for every row i of <paramref name="x"/> and j &lt; <paramref name="rowCount"/>. The weights
    /// are seen as rows as long as those of <paramref name="x"/>, whatever their axes.
    /// </summary>
    /// <param name="w">
    /// The weights, in any format. Floats of any width are widened to 32 bits; whole numbers of blocks are multiplied with those of quantised
    /// activations, so one of the weights that <see cref="Read"/> was told of.
    /// </param>
    /// <param name="firstRow">The first row of weights.</param>
    /// <param name="rowCount">How many rows of weights, and columns of <paramref name="y"/>.</param>
    /// <param name="x">Activations.</param>
    /// <param name="y">The result: rows of <paramref name="rowCount"/> floats. Must not overlap the activations.</param>
    /// <param name="yStride">From one row of the result to the next, in floats.</param>
    /// <remarks>
    /// The value of an element depends on its two vectors and the hardware's vector width alone: a dot product has one vector of partial
    /// sums, which goes along k in order, and one way to add them up at the end, in every register tile; one of quantised vectors has a sum
    /// of whole numbers a block, and one order of blocks. So one row or many, and any division among threads, agree bit for bit.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A span or the parameter is too short for the sizes.</exception>
    public static unsafe void Project(Param w, int firstRow, int rowCount, SweepInput x, Span<float> y, int yStride)
    {
        ArgumentNullException.ThrowIfNull(w);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        int rows = x.Rows, inner = x.Inner;
        if (rows == 0 || rowCount == 0) return;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(((long)firstRow + rowCount) * inner, w.Count, nameof(rowCount));
        ArgumentOutOfRangeException.ThrowIfLessThan(y.Length, (rows - 1) * (long)yStride + rowCount, nameof(y));
        if (rows > 1) ArgumentOutOfRangeException.ThrowIfLessThan(yStride, rowCount);
        fixed (float* from = x.X, to = y)
        {
            var operands = new SweepOperands(w.Data, inner, from, inner, rows, to, yStride);
            switch (w.Format)
            {
                case WeightFormat.F32: Project<Float32Weights>(operands, x, firstRow, rowCount); break;
                case WeightFormat.BF16: Project<BFloat16Weights>(operands, x, firstRow, rowCount); break;
                case WeightFormat.F16: Project<Float16Weights>(operands, x, firstRow, rowCount); break;
                case WeightFormat.Q8_0 or WeightFormat.Q4_0: BlockSweep.Project(w.Format, Blocks(w, x, x.Blocks, operands), firstRow, rowCount); break;
                case WeightFormat.Q4_K or WeightFormat.Q6_K: BlockSweep.Project(w.Format, Blocks(w, x, x.Superblocks, operands), firstRow, rowCount); break;
                default: throw new NotSupportedException($"{w.Name} is stored as {w.Format}, which the CPU kernels do not read");
            }
        }
    }

    private static unsafe BlockOperands Blocks(Param w, SweepInput x, in QuantisedRows blocks, in SweepOperands operands)
    {
        float* turned = x.Turned.Of(w.Format);
        bool isReady = BlockRow.Takes(x.Rows) ? turned != null
            : blocks.Records != null && (blocks.HasWords || !QuantisedRows.NeedsWords(w.Format));
        if (!isReady) ThrowNotRead(w);
        return new BlockOperands(operands.Weights, w.Bytes, blocks, turned, operands.Y, operands.YStride);
    }

    [DoesNotReturn]
    private static void ThrowParts(Param w, int inner) => throw new ArgumentException(
        FormattableString.Invariant($"{w} is stored as {w.Format}, whose blocks have {w.Format.BlockValues()} values; a dot product here has {inner}"));

    [DoesNotReturn]
    private static void ThrowNotRead(Param w) =>
        throw new ArgumentException($"{w} is stored as {w.Format}, for which the activations were not made ready");

    private static void Project<F>(in SweepOperands operands, SweepInput x, int firstRow, int rowCount)
        where F : struct, IWeights
    {
        if (Vector512.IsHardwareAccelerated) Project<Width512, Vector512<float>, F, Simd512<float>>(operands, x, firstRow, rowCount);
        else if (Vector256.IsHardwareAccelerated) Project<Width256, Vector256<float>, F, Simd256<float>>(operands, x, firstRow, rowCount);
        else Project<Width128, Vector128<float>, F, Simd128<float>>(operands, x, firstRow, rowCount);
    }

    private static unsafe void Project<W, V, F, S>(in SweepOperands operands, SweepInput x, int firstRow, int rowCount)
        where W : struct, IWidth<V>
        where V : unmanaged
        where F : struct, IWeights
        where S : struct, ISimd<V, float>
    {
        if (x.Panels != null) SweepGemm<W, V, F, S>.Project(operands, x.Packed, x.Panels, firstRow, rowCount);
        else SweepTiles<W, V, F>.Project(operands, firstRow, rowCount);
    }
}

/// <summary>The operands of one <see cref="Sweep.Project"/>, pinned.</summary>
internal readonly unsafe struct SweepOperands(byte* weights, int inner, float* x, nint xStride, int rows, float* y, nint yStride)
{
    public readonly byte* Weights = weights;
    public readonly int Inner = inner;
    public readonly float* X = x;
    public readonly nint XStride = xStride;
    public readonly int Rows = rows;
    public readonly float* Y = y;
    public readonly nint YStride = yStride;
}
