using System.Diagnostics.CodeAnalysis;
using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>A lane's piece of a matrix product: four rows of activations by four output features, in registers.</summary>
[SuppressMessage("Design", "CA1051", Justification = "Kernels read fields; a struct of sums becomes registers.")]
public struct Tile4x4
{
    /// <summary>Row 0: both features of the lane's first pair, then of its second.</summary>
    public float C00, C01, C02, C03;

    /// <summary>Row 1.</summary>
    public float C10, C11, C12, C13;

    /// <summary>Row 2.</summary>
    public float C20, C21, C22, C23;

    /// <summary>Row 3.</summary>
    public float C30, C31, C32, C33;

    /// <summary>Adds the outer product of four activations and four weights.</summary>
    /// <param name="sums">What there is already.</param>
    /// <param name="x">An activation of each row.</param>
    /// <param name="w">A weight of each feature.</param>
    public static Tile4x4 Add(Tile4x4 sums, Float4 x, Float4 w)
    {
        sums.C00 += x.X * w.X;
        sums.C01 += x.X * w.Y;
        sums.C02 += x.X * w.Z;
        sums.C03 += x.X * w.W;
        sums.C10 += x.Y * w.X;
        sums.C11 += x.Y * w.Y;
        sums.C12 += x.Y * w.Z;
        sums.C13 += x.Y * w.W;
        sums.C20 += x.Z * w.X;
        sums.C21 += x.Z * w.Y;
        sums.C22 += x.Z * w.Z;
        sums.C23 += x.Z * w.W;
        sums.C30 += x.W * w.X;
        sums.C31 += x.W * w.Y;
        sums.C32 += x.W * w.Z;
        sums.C33 += x.W * w.W;
        return sums;
    }
}

/// <summary>
/// The tiles of a matrix product in shared memory. The lanes of a group are a rectangle, <see cref="Across"/> by <see cref="Down"/>, and
/// make four by four values each. A tile of activations lies as [step][row], one of weights as [step][feature], so that a lane reads what
/// it needs of a step with one 16-byte load each.
/// </summary>
public static class Tiles
{
    /// <summary>Contracted values of a tile.</summary>
    public const int Step = 16;

    /// <summary>Floats from a step to the next: a little more than the widest tile, to spread the writes over the banks.</summary>
    public const int Stride = 68;

    /// <summary>Fours of floats from a step to the next.</summary>
    public const int Line = Stride / 4;

    /// <summary>Floats of a tile.</summary>
    public const int Floats = Step * Stride;

    /// <summary>Lanes along the features.</summary>
    /// <param name="lanes">The lanes of the group: a power of two, at least 4.</param>
    public static int Across(int lanes) => lanes <= 16 ? 4 : lanes <= 64 ? 8 : 16;

    /// <summary>Lanes along the rows.</summary>
    /// <param name="lanes">The lanes of the group: a power of two, at least 4.</param>
    public static int Down(int lanes) => lanes / Across(lanes);

    /// <summary>Output features of a tile.</summary>
    /// <param name="lanes">The lanes of the group.</param>
    public static int Features(int lanes) => 4 * Across(lanes);

    /// <summary>Rows of a tile.</summary>
    /// <param name="lanes">The lanes of the group.</param>
    public static int Rows(int lanes) => 4 * Down(lanes);

    /// <summary>How many parts of <paramref name="each"/> it takes.</summary>
    /// <param name="total">All of it.</param>
    /// <param name="each">The size of a part.</param>
    public static int Parts(int total, int each) => (total + each - 1) / each;

    /// <summary>
    /// Writes a tile of activations to shared memory, zeros past the end of a row; a row past the last is the last again. A lane reads of
    /// one row only.
    /// </summary>
    /// <param name="values">The rows.</param>
    /// <param name="firstRow">The tile's first row.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="length">Values of a row.</param>
    /// <param name="from">The tile's first value of a row.</param>
    /// <param name="tile">Shared memory.</param>
    public static void Load(ArrayView<float> values, int firstRow, int rows, int length, int from, ArrayView<float> tile)
    {
        int across = Across(Group.DimX), lanesOfRow = across / 4, count = 64 / across;
        int to = Group.IdxX / lanesOfRow, first = Group.IdxX % lanesOfRow * count;
        int start = (firstRow + to < rows ? firstRow + to : rows - 1) * length;
        for (int at = first; at < first + count; at += 4)
            Store(StagedRows.Load4(values, start, from + at, length), tile, at * Stride + to);
    }

    /// <summary>As <see cref="Load"/>, with each value multiplied by its gain.</summary>
    /// <param name="values">The rows.</param>
    /// <param name="firstRow">The tile's first row.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="length">Values of a row.</param>
    /// <param name="gain">As many factors as a row has values.</param>
    /// <param name="from">The tile's first value of a row.</param>
    /// <param name="tile">Shared memory.</param>
    /// <returns>The sum of squares of what this lane read; see <see cref="Norm"/>.</returns>
    public static float LoadScaled(
        ArrayView<float> values, int firstRow, int rows, int length, ArrayView<float> gain, int from, ArrayView<float> tile)
    {
        int across = Across(Group.DimX), lanesOfRow = across / 4, count = 64 / across;
        int to = Group.IdxX / lanesOfRow, first = Group.IdxX % lanesOfRow * count;
        int start = (firstRow + to < rows ? firstRow + to : rows - 1) * length;
        float squares = 0;
        for (int at = first; at < first + count; at += 4)
        {
            Float4 x = StagedRows.Load4(values, start, from + at, length), by = StagedRows.Load4(gain, 0, from + at, length);
            squares += StagedRows.Squares(x);
            Store(StagedRows.Multiply(x, by), tile, at * Stride + to);
        }

        return squares;
    }

    /// <summary>Writes a tile of weights, widened, to shared memory: both features of a lane's pairs beside each other.</summary>
    /// <typeparam name="TStored">How the weights are stored.</typeparam>
    /// <param name="weights">The matrix.</param>
    /// <param name="pairs">Which features are pairs.</param>
    /// <param name="firstPair">The tile's first pair.</param>
    /// <param name="length">Values of a row of weights.</param>
    /// <param name="from">The tile's first value of a row.</param>
    /// <param name="tile">Shared memory.</param>
    public static void Load<TStored>(
        ArrayView<UInt4> weights, FeaturePairs pairs, int firstPair, int length, int from, ArrayView<float> tile)
        where TStored : struct, IStored
    {
        int across = Across(Group.DimX), stride8 = Stored.Stride8(length);
        for (int i = Group.IdxX; i < 8 * across; i += Group.DimX)
        {
            // Two neighbouring lanes read the two units of a row.
            int slot = i / 2, unit = from / 8 + i % 2;
            int pair = firstPair + slot % 4 / 2 * across + slot / 4;
            int feature = slot % 2 == 0 ? pairs.First(pair) : pairs.Second(pair);
            Float8 w = default;
            if (unit < stride8)
                w = TStored.Load8(weights, feature * stride8 + unit);
            int to = i % 2 * 8 * Stride + slot;
            tile[to] = w.A;
            tile[to + Stride] = w.B;
            tile[to + 2 * Stride] = w.C;
            tile[to + 3 * Stride] = w.D;
            tile[to + 4 * Stride] = w.E;
            tile[to + 5 * Stride] = w.F;
            tile[to + 6 * Stride] = w.G;
            tile[to + 7 * Stride] = w.H;
        }
    }

    /// <summary>1 / √(mean(x²) + epsilon) of a row of the tile.</summary>
    /// <param name="squares">What <see cref="LoadScaled"/> gave each lane, all tiles together, in shared memory.</param>
    /// <param name="row">The row, from the tile's first.</param>
    /// <param name="length">Values of a row.</param>
    /// <param name="epsilon">Keeps a row of zeros from a division by zero.</param>
    public static float Norm(ArrayView<float> squares, int row, int length, float epsilon)
    {
        int lanesOfRow = Across(Group.DimX) / 4;
        float sum = 0;
        for (int i = 0; i < lanesOfRow; i++)
            sum += squares[row * lanesOfRow + i];
        return 1f / MathF.Sqrt(sum / length + epsilon);
    }

    private static void Store(Float4 four, ArrayView<float> tile, int to)
    {
        tile[to] = four.X;
        tile[to + Stride] = four.Y;
        tile[to + 2 * Stride] = four.Z;
        tile[to + 3 * Stride] = four.W;
    }
}
