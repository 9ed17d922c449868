using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace Einsharp.Ilgpu;

/// <summary>Operands of the kernels for einsums: c[batch, m, n] = Σₖ a[batch, m, k] · b[batch, k, n], any strides.</summary>
/// <typeparam name="T">float or double.</typeparam>
[SuppressMessage("Design", "CA1051", Justification = "Kernels read fields.")]
public struct ContractionArgs<T>
    where T : unmanaged
{
    /// <summary>The first operand.</summary>
    public ArrayView<T> A;

    /// <summary>The second operand; the first again where there is none.</summary>
    public ArrayView<T> B;

    /// <summary>The result, which is overwritten.</summary>
    public ArrayView<T> C;

    /// <summary>[axis][4]: an extent, then the strides in a, b and c. First the axes of the batch, then m, n and k, each outermost first.</summary>
    public ArrayView<int> Axes;

    /// <summary>How many axes of each kind.</summary>
    public int BatchAxes, MAxes, NAxes, KAxes;

    /// <summary>The product of each kind's extents.</summary>
    public int Batch, M, N, K;

    /// <summary>1 where there is a second operand.</summary>
    public int HasB;

    /// <summary>1 where neighbours along k are closer together than along m, in a, and than along n, in b: lanes side by side read those.</summary>
    public int AAlongK, BAlongK;
}

/// <summary>Where an index of some axes is in each operand.</summary>
[SuppressMessage("Design", "CA1051", Justification = "Kernels read fields.")]
public struct ContractionPlace
{
    /// <summary>Elements from the operand's first.</summary>
    public int A, B, C;
}

/// <summary>A lane's piece of a product: four rows by four columns, in registers.</summary>
/// <typeparam name="T">float or double.</typeparam>
[SuppressMessage("Design", "CA1051", Justification = "Kernels read fields; a struct of sums becomes registers.")]
public struct ContractionTile<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>The sum of a row and a column.</summary>
    public T C00, C01, C02, C03, C10, C11, C12, C13, C20, C21, C22, C23, C30, C31, C32, C33;
}

/// <summary>The steps of einsums of their own. What is a group of lanes to each: its summary says.</summary>
public static class ContractionKernels
{
    /// <summary>Values of k that a tile has.</summary>
    private const int Step = 16;

    /// <summary>From a value of k to the next, in shared memory: a little more than the widest tile, to spread the writes over the banks.</summary>
    private const int Stride = 68;

    /// <summary>Rows of a tile.</summary>
    /// <param name="lanes">The lanes of a group: a power of two, at least 4.</param>
    public static int Rows(int lanes) => 4 * Tiles.Down(lanes);

    /// <summary>Columns of a tile.</summary>
    /// <param name="lanes">The lanes of a group: a power of two, at least 4.</param>
    public static int Columns(int lanes) => 4 * Tiles.Across(lanes);

    /// <summary>A lane an element of the result, in steps of the whole grid: outer products, copies, short sums.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Elements<T>(SpecializedValue<NoSizes> sizes, ContractionArgs<T> args)
        where T : unmanaged, INumber<T>
    {
        int total = args.Batch * args.M * args.N, first = args.BatchAxes + args.MAxes + args.NAxes;
        int inner = args.KAxes == 0 ? 1 : args.Axes[4 * (first + args.KAxes - 1)];
        int stepA = args.KAxes == 0 ? 0 : args.Axes[4 * (first + args.KAxes - 1) + 1];
        int stepB = args.KAxes == 0 ? 0 : args.Axes[4 * (first + args.KAxes - 1) + 2];
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < total; i += Grid.DimX * Group.DimX)
        {
            ContractionPlace at = Output(args, i);
            T sum = T.Zero;
            for (int outer = 0; outer * inner < args.K; outer++)
            {
                ContractionPlace from = At(args.Axes, first, args.KAxes - 1, outer);
                for (int k = 0; k < inner; k++)
                    sum += Product(args, at.A + from.A + k * stepA, at.B + from.B + k * stepB);
            }

            args.C[at.C] = sum;
        }
    }

    /// <summary>A group an element of the result: few of them, or neighbours along k that lie beside each other.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Sums<T>(SpecializedValue<NoSizes> sizes, ContractionArgs<T> args)
        where T : unmanaged, INumber<T>
    {
        ArrayView<T> scratch = SharedMemory.Allocate<T>(Lanes.Max);
        int first = args.BatchAxes + args.MAxes + args.NAxes, lane = Group.IdxX;
        ContractionPlace at = Output(args, Grid.IdxX);
        T sum = T.Zero;
        for (int k = lane; k < args.K; k += Group.DimX)
        {
            ContractionPlace from = At(args.Axes, first, args.KAxes, k);
            sum += Product(args, at.A + from.A, at.B + from.B);
        }

        scratch[lane] = sum;
        Lanes.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (lane < half)
                scratch[lane] += scratch[lane + half];
            Lanes.Barrier();
        }

        if (lane == 0)
            args.C[at.C] = scratch[0];
    }

    /// <summary>A group a tile of rows by columns, four by four a lane; both operands go through shared memory.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Products<T>(SpecializedValue<NoSizes> sizes, ContractionArgs<T> args)
        where T : unmanaged, INumber<T>
    {
        ArrayView<T> a = SharedMemory.Allocate<T>(Step * Stride), b = SharedMemory.Allocate<T>(Step * Stride);
        int across = Tiles.Across(Group.DimX), down = Group.DimX / across, rows = 4 * down, columns = 4 * across;
        int laneX = Group.IdxX % across, laneY = Group.IdxX / across, firstN = args.BatchAxes + args.MAxes;
        int unit = Grid.IdxX, tilesN = Tiles.Parts(args.N, columns), tilesM = Tiles.Parts(args.M, rows);
        int column = unit % tilesN * columns, row = unit / tilesN % tilesM * rows;
        ContractionPlace batch = At(args.Axes, 0, args.BatchAxes, unit / tilesN / tilesM);
        ContractionTile<T> sums = default;
        for (int from = 0; from < args.K; from += Step)
        {
            Load(args.A, args.Axes, batch.A, 1, args.BatchAxes, args.MAxes, args.M, row, rows, args.AAlongK, firstN + args.NAxes, args.KAxes, args.K, from, a);
            Load(args.B, args.Axes, batch.B, 2, firstN, args.NAxes, args.N, column, columns, args.BAlongK, firstN + args.NAxes, args.KAxes, args.K, from, b);
            Lanes.Barrier();
            for (int k = 0; k < Step; k++)
                sums = Add(sums, a, k * Stride + laneY, down, b, k * Stride + laneX, across);
            Lanes.Barrier();
        }

        row += laneY;
        column += laneX;
        Store(args, batch.C, row, column, across, sums.C00, sums.C01, sums.C02, sums.C03);
        Store(args, batch.C, row + down, column, across, sums.C10, sums.C11, sums.C12, sums.C13);
        Store(args, batch.C, row + 2 * down, column, across, sums.C20, sums.C21, sums.C22, sums.C23);
        Store(args, batch.C, row + 3 * down, column, across, sums.C30, sums.C31, sums.C32, sums.C33);
    }

    /// <summary>Where an index of some axes is.</summary>
    private static ContractionPlace At(ArrayView<int> axes, int first, int count, int index)
    {
        ContractionPlace place = default;
        for (int axis = first + count - 1; axis >= first; axis--)
        {
            // The outermost needs no division.
            int rest = axis == first ? 0 : index / axes[4 * axis], i = index - rest * axes[4 * axis];
            place.A += i * axes[4 * axis + 1];
            place.B += i * axes[4 * axis + 2];
            place.C += i * axes[4 * axis + 3];
            index = rest;
        }

        return place;
    }

    private static ContractionPlace Output<T>(ContractionArgs<T> args, int index)
        where T : unmanaged
    {
        int n = index % args.N, rest = index / args.N, m = rest % args.M;
        ContractionPlace place = At(args.Axes, 0, args.BatchAxes, rest / args.M);
        ContractionPlace ofM = At(args.Axes, args.BatchAxes, args.MAxes, m);
        ContractionPlace ofN = At(args.Axes, args.BatchAxes + args.MAxes, args.NAxes, n);
        place.A += ofM.A;
        place.B += ofN.B;
        place.C += ofM.C + ofN.C;
        return place;
    }

    private static T Product<T>(ContractionArgs<T> args, int a, int b)
        where T : unmanaged, INumber<T>
    {
        T value = args.A[a];
        if (args.HasB != 0)
            value *= args.B[b];
        return value;
    }

    // Lines past the last are the last again, and are not stored; values of k past the last are zeros.
    private static void Load<T>(
        ArrayView<T> from, ArrayView<int> axes, int start, int operand, int firstLine, int lineAxes, int lines, int line, int width,
        int alongK, int firstK, int kAxes, int all, int k, ArrayView<T> tile)
        where T : unmanaged, INumber<T>
    {
        for (int i = Group.IdxX; i < Step * width; i += Group.DimX)
        {
            int step = alongK != 0 ? i % Step : i / width, at = alongK != 0 ? i / Step : i % width;
            ContractionPlace ofLine = At(axes, firstLine, lineAxes, line + at < lines ? line + at : lines - 1);
            T value = T.Zero;
            if (k + step < all)
            {
                ContractionPlace ofK = At(axes, firstK, kAxes, k + step);
                value = from[start + (operand == 1 ? ofLine.A + ofK.A : ofLine.B + ofK.B)];
            }

            tile[step * Stride + at] = value;
        }
    }

    private static ContractionTile<T> Add<T>(ContractionTile<T> sums, ArrayView<T> a, int row, int down, ArrayView<T> b, int column, int across)
        where T : unmanaged, INumber<T>
    {
        T a0 = a[row], a1 = a[row + down], a2 = a[row + 2 * down], a3 = a[row + 3 * down];
        T b0 = b[column], b1 = b[column + across], b2 = b[column + 2 * across], b3 = b[column + 3 * across];
        sums.C00 += a0 * b0;
        sums.C01 += a0 * b1;
        sums.C02 += a0 * b2;
        sums.C03 += a0 * b3;
        sums.C10 += a1 * b0;
        sums.C11 += a1 * b1;
        sums.C12 += a1 * b2;
        sums.C13 += a1 * b3;
        sums.C20 += a2 * b0;
        sums.C21 += a2 * b1;
        sums.C22 += a2 * b2;
        sums.C23 += a2 * b3;
        sums.C30 += a3 * b0;
        sums.C31 += a3 * b1;
        sums.C32 += a3 * b2;
        sums.C33 += a3 * b3;
        return sums;
    }

    private static void Store<T>(ContractionArgs<T> args, int start, int row, int column, int across, T c0, T c1, T c2, T c3)
        where T : unmanaged, INumber<T>
    {
        if (row >= args.M)
            return;
        int to = start + At(args.Axes, args.BatchAxes, args.MAxes, row).C;
        Store(args, to, column, c0);
        Store(args, to, column + across, c1);
        Store(args, to, column + 2 * across, c2);
        Store(args, to, column + 3 * across, c3);
    }

    private static void Store<T>(ContractionArgs<T> args, int start, int column, T value)
        where T : unmanaged, INumber<T>
    {
        if (column < args.N)
            args.C[start + At(args.Axes, args.BatchAxes + args.MAxes, args.NAxes, column).C] = value;
    }
}
