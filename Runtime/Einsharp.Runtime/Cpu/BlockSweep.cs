using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>A sweep over weights in blocks: pinned operands of one <see cref="Sweep.Project"/>.</summary>
internal readonly unsafe struct BlockOperands(byte* weights, QuantisedRows x, int rows, float* y, nint yStride)
{
    public readonly byte* Weights = weights;
    public readonly QuantisedRows X = x;
    public readonly int Rows = rows;
    public readonly float* Y = y;
    public readonly nint YStride = yStride;
}

/// <summary>
/// Products of quantised activations with weights in blocks. One row of activations reads the weights where they are, in four streams; more
/// meet panels of sixteen rows of weights, whose numbers lie as a register tile reads them.
/// </summary>
internal static unsafe class BlockSweep<F>
    where F : struct, IBlocks
{
    // The hardware's prefetch is at full speed only some way into a stream, and every jump begins a new one.
    private const int StreamBytes = 16384;

    // Activations that meet every panel, and weights that meet them: see SweepTiles.
    private const int BandRows = 96;
    private const int GroupRows = 32;

    public static void Project(in BlockOperands o, int firstRow, int rowCount)
    {
        if (!ByteDots.IsSupported)
        {
            PortableBlocks.Project(F.Format, o, firstRow, rowCount);
            return;
        }
        if (o.Rows == 1)
        {
            ProjectOne(o, firstRow, rowCount);
            return;
        }
        for (int first = 0; first < o.Rows; first += BandRows)
        {
            int rows = Math.Min(BandRows, o.Rows - first);
            for (int column = 0; column < rowCount; column += GroupRows)
                ProjectBand(o, first, rows, firstRow, column, Math.Min(GroupRows, rowCount - column));
        }
    }

    private static void ProjectOne(in BlockOperands o, int firstRow, int rowCount)
    {
        nint bytes = (nint)F.Format.Bytes(o.X.Inner);
        byte* w = o.Weights + (firstRow * bytes);
        float* y = o.Y;
        int run = rowCount / 4;
        if (run * bytes < StreamBytes) run = 0;
        for (int j = 0; j < run; j++)
        {
            byte* w0 = w + (j * bytes);
            Vector128<float> sums = F.Four(w0, w0 + (run * bytes), w0 + (2 * run * bytes), w0 + (3 * run * bytes), o.X);
            y[j] = sums[0];
            y[j + run] = sums[1];
            y[j + (2 * run)] = sums[2];
            y[j + (3 * run)] = sums[3];
        }
        // Short streams: four neighbours, and past the last row the same one again, whose sum is not stored.
        for (int j = 4 * run; j < rowCount; j += 4)
        {
            int last = Math.Min(4, rowCount - j) - 1;
            byte* w0 = w + (j * bytes);
            Vector128<float> sums = F.Four(w0, w0 + (Math.Min(1, last) * bytes), w0 + (Math.Min(2, last) * bytes), w0 + (last * bytes), o.X);
            for (int i = 0; i <= last; i++) y[j + i] = sums[i];
        }
    }

    [SkipLocalsInit]
    private static void ProjectBand(in BlockOperands o, int first, int rows, int firstRow, int column, int columns)
    {
        const int padding = AlignedMemory.Alignment;
        byte* memory = stackalloc byte[BlockPanel.Bytes + padding];
        var panel = new BlockPanel { Memory = (byte*)(((nuint)memory + padding - 1) & ~(nuint)(padding - 1)) };
        int groups = (columns + BlockPanel.Rows - 1) / BlockPanel.Rows;
        float* sums = stackalloc float[rows * groups * BlockPanel.Rows];
        new Span<float>(sums, rows * groups * BlockPanel.Rows).Clear();
        nint bytes = (nint)F.Format.Bytes(o.X.Inner);
        byte** weights = stackalloc byte*[BlockPanel.Rows];
        int stretch = BlockTiles<F>.Stretch;
        for (int k = 0; k < o.X.Inner; k += stretch)
        {
            int length = Math.Min(stretch, o.X.Inner - k);
            for (int j = 0; j < groups; j++)
            {
                for (int i = 0; i < BlockPanel.Rows; i++)
                {
                    int row = Math.Min((j * BlockPanel.Rows) + i, columns - 1);
                    weights[i] = o.Weights + ((firstRow + column + row) * bytes) + (nint)F.Format.Bytes(k);
                }
                BlockTiles<F>.Pack(weights, length, ref panel);
                BlockTiles<F>.Multiply(panel, o.X, first, rows, k, sums + ((nint)j * rows * BlockPanel.Rows));
            }
        }
        for (int j = 0; j < groups; j++)
        {
            int count = Math.Min(BlockPanel.Rows, columns - (j * BlockPanel.Rows));
            for (int i = 0; i < rows; i++)
            {
                float* from = sums + (((nint)j * rows) + i) * BlockPanel.Rows;
                float* to = o.Y + ((first + i) * o.YStride) + column + (j * BlockPanel.Rows);
                new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));
            }
        }
    }
}
