using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Einsharp.Cpu;

/// <summary>
/// Products of many rows of activations with weights: register tiles whose vectors go along rows of weights. A dot product of <see cref="Sweep"/>
/// has a partial sum for each lane of a vector that goes along k; here each of these is a product of its own, over every 4th, 8th or 16th k, and
/// they are added in the order in which the lanes would be. So the bits are those of one row, at the speed of a packed matrix product.
/// </summary>
internal static unsafe class SweepGemm<W, V, F, S>
    where W : struct, IWidth<V>
    where V : unmanaged
    where F : struct, IWeights
    where S : struct, ISimd<V, float>
{
    private static int PanelRows => 2 * W.Count;

    /// <summary>The products of rows of weights, a panel at a time.</summary>
    /// <param name="o">The operands.</param>
    /// <param name="x">The activations, packed.</param>
    /// <param name="memory">The worker's own: <see cref="PackedInput.PanelFloats"/>.</param>
    /// <param name="firstRow">The first row of weights.</param>
    /// <param name="rowCount">How many.</param>
    public static void Project(in SweepOperands o, in PackedInput x, float* memory, int firstRow, int rowCount)
    {
        nint plane = ((nint)x.Steps * PanelRows) + PackedInput.Padding;
        byte** rows = stackalloc byte*[PanelRows];
        for (int column = 0; column < rowCount; column += PanelRows)
        {
            // One vector if that is enough. Past the last row it is repeated, and the sums are not stored.
            int columns = Math.Min(PanelRows, rowCount - column), width = columns > W.Count ? PanelRows : W.Count;
            for (int i = 0; i < width; i++) rows[i] = o.Weights + ((firstRow + column + Math.Min(i, columns - 1)) * F.RowBytes(o.Inner));
            if (Avx512F.IsSupported && W.Count == 16) TurnSixteens(rows, width, x.Steps, memory, plane);
            else if (Avx.IsSupported && W.Count == 8) TurnEights(rows, width, x.Steps, memory, plane);
            else Turn(rows, width, x.Steps, memory, plane);
            // The next panel's weights arrive while this one is multiplied.
            byte* next = rows[0] + (width * F.RowBytes(o.Inner));
            nint nextBytes = Math.Clamp(rowCount - column - width, 0, PanelRows) * F.RowBytes(o.Inner);
            for (int first = 0; first < o.Rows; first += PackedInput.MostRows)
            {
                int count = Math.Min(PackedInput.MostRows, o.Rows - first);
                float* sums = memory + (W.Count * plane);
                Multiply(x, first, count, memory, plane, sums, width, next, first == 0 ? nextBytes : 0);
                for (int i = 0; i < count; i++)
                    Finish(o, rows, columns, o.X + ((first + i) * o.XStride), sums + ((nint)i * width), o.Y + ((first + i) * o.YStride) + column);
            }
        }
    }

    /// <summary>Rows of weights as [lane][step][row].</summary>
    [SkipLocalsInit]
    [MethodImpl(Kernels.ByItself)]
    private static void Turn(byte** rows, int width, int steps, float* to, nint plane)
    {
        float* widened = stackalloc float[W.Count * W.Count];
        nint* offsets = stackalloc nint[W.Count];
        for (int i = 0; i < W.Count; i++) offsets[i] = i * W.Count;
        for (int step = 0; step < steps; step++)
        {
            for (int row = 0; row < width; row += W.Count, to += W.Count)
            {
                for (int i = 0; i < W.Count; i++) W.Store(F.Load<W, V>(rows[row + i], step * W.Count), widened + (i * W.Count));
                for (int lane = 0; lane < W.Count; lane += 4) S.Transpose(widened + lane, offsets, to + (lane * plane), plane);
            }
        }
    }

    /// <summary>The same in registers. Both vectors of a step, one after the other, fill a cache line.</summary>
    [MethodImpl(Kernels.ByItself)]
    private static void TurnEights(byte** rows, int width, int steps, float* to, nint plane)
    {
        byte** end = rows + width;
        for (int k = 0; k < steps * 8; k += 8)
        {
            for (byte** eight = rows; eight < end; eight += 8, to += 8)
            {
                LaneTranspose.Eight(
                    F.Load<Width256, Vector256<float>>(eight[0], k), F.Load<Width256, Vector256<float>>(eight[1], k),
                    F.Load<Width256, Vector256<float>>(eight[2], k), F.Load<Width256, Vector256<float>>(eight[3], k),
                    F.Load<Width256, Vector256<float>>(eight[4], k), F.Load<Width256, Vector256<float>>(eight[5], k),
                    F.Load<Width256, Vector256<float>>(eight[6], k), F.Load<Width256, Vector256<float>>(eight[7], k), to, plane);
            }
        }
    }

    /// <summary>The same with vectors twice as long.</summary>
    [MethodImpl(Kernels.ByItself)]
    private static void TurnSixteens(byte** rows, int width, int steps, float* to, nint plane)
    {
        byte** end = rows + width;
        for (int k = 0; k < steps * 16; k += 16)
        {
            for (byte** sixteen = rows; sixteen < end; sixteen += 16, to += 16)
            {
                LaneTranspose.Sixteen(
                    F.Load<Width512, Vector512<float>>(sixteen[0], k), F.Load<Width512, Vector512<float>>(sixteen[1], k),
                    F.Load<Width512, Vector512<float>>(sixteen[2], k), F.Load<Width512, Vector512<float>>(sixteen[3], k),
                    F.Load<Width512, Vector512<float>>(sixteen[4], k), F.Load<Width512, Vector512<float>>(sixteen[5], k),
                    F.Load<Width512, Vector512<float>>(sixteen[6], k), F.Load<Width512, Vector512<float>>(sixteen[7], k),
                    F.Load<Width512, Vector512<float>>(sixteen[8], k), F.Load<Width512, Vector512<float>>(sixteen[9], k),
                    F.Load<Width512, Vector512<float>>(sixteen[10], k), F.Load<Width512, Vector512<float>>(sixteen[11], k),
                    F.Load<Width512, Vector512<float>>(sixteen[12], k), F.Load<Width512, Vector512<float>>(sixteen[13], k),
                    F.Load<Width512, Vector512<float>>(sixteen[14], k), F.Load<Width512, Vector512<float>>(sixteen[15], k), to, plane);
            }
        }
    }

    /// <summary>
    /// All lanes' products, and their sum. A fold adds the upper half of a vector to the lower and so on, so lanes come in the order of their
    /// mirrored bits, on a stack of sums: what is below is older, and of more lanes.
    /// </summary>
    private static void Multiply(in PackedInput x, int first, int count, float* panel, nint plane, float* sums, int width, byte* next, nint nextBytes)
    {
        nint share = nextBytes / W.Count;
        int bits = BitOperations.Log2((uint)W.Count), depth = 0;
        nint size = (nint)count * width;
        for (int i = 0; i < W.Count; i++)
        {
            bool isSecond = i % 2 == 1;
            if (!isSecond) depth++;
            Multiply(x, first, count, Mirrored(i, bits), panel, plane, sums + ((depth - 1) * size), width, isSecond, next + (i * share), share);
            for (int pairs = (i + 1) / 2; isSecond && pairs % 2 == 0; pairs /= 2, depth--)
                Add(sums + ((depth - 2) * size), sums + ((depth - 1) * size), size);
        }
    }

    /// <summary>One lane's products, while its share of the next panel's weights is fetched.</summary>
    private static void Multiply(
        in PackedInput x, int first, int count, int lane, float* panel, nint plane, float* sums, int width, bool accumulate, byte* next, nint share)
    {
        byte* due = next;
        for (int row = first; row < first + count;)
        {
            int height = x.Height(row);
            due += share * height / count;
            for (; Sse.IsSupported && next < due; next += AlignedMemory.Alignment) Sse.Prefetch1(next);
            var tile = new GemmTile<float>
            {
                A = x.Values + (lane * x.Plane) + ((nint)row * x.Steps),
                ARow = 1,
                AK = height,
                B = panel + (lane * plane),
                BK = width,
                C = sums + ((nint)(row - first) * width),
                CRow = width,
                K = x.Steps,
                Accumulate = accumulate,
            };
            GemmTiles<S, V, float>.Multiply(tile, height, two: width > W.Count);
            row += height;
        }
    }

    /// <summary>Stores a row's sums, and adds what is past the last whole vector: one element at a time, in order.</summary>
    private static void Finish(in SweepOperands o, byte** rows, int columns, float* x, float* sums, float* y)
    {
        new ReadOnlySpan<float>(sums, columns).CopyTo(new Span<float>(y, columns));
        for (int k = o.Inner - (o.Inner % W.Count); k < o.Inner; k++)
        {
            for (int j = 0; j < columns; j++) y[j] = Scalar<float>.MultiplyAdd(x[k], F.At(rows[j], k), y[j]);
        }
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Add(float* to, float* from, nint count)
    {
        for (nint i = 0; i < count; i += W.Count) W.Store(W.Add(W.Load(to + i), W.Load(from + i)), to + i);
    }

    private static int Mirrored(int index, int bits)
    {
        int result = 0;
        for (int i = 0; i < bits; i++) result |= ((index >> i) & 1) << (bits - 1 - i);
        return result;
    }
}
