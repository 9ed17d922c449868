using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// Attention of many queries over the cache, a tile of queries and a step of positions at a time. The lanes of a group are a rectangle,
/// <see cref="Across"/> by <see cref="Down"/>. A lane has four queries, <c>line</c>, <c>line + down</c> and so on; of a step it has four
/// positions, <c>column</c>, <c>column + across</c> and so on, and then every <c>across</c>-th four columns of the values.
/// </summary>
public static class AttentionTile
{
    /// <summary>The most queries of a tile.</summary>
    public const int Queries = 64;

    /// <summary>The most positions of a step.</summary>
    public const int Positions = 32;

    /// <summary>Fours of a query and a key in shared memory at a time.</summary>
    public const int Part = 16;

    /// <summary>Fours from a row of queries or keys to the next: odd, so that lanes that read different rows use different banks.</summary>
    public const int Stride = 17;

    /// <summary>Fours from a query's weights to the next query's: lanes that write those of four queries use different banks.</summary>
    public const int WeightStride = 10;

    /// <summary>Floats from a query's numbers, one a lane across, to the next query's.</summary>
    public const int SideStride = 8;

    /// <summary>Lanes beside each other.</summary>
    /// <param name="lanes">The lanes of the group: a power of two, at least 4.</param>
    public static int Across(int lanes) => lanes < 8 ? lanes : 8;

    /// <summary>Lanes below each other. Those that a large group has beyond them only copy.</summary>
    /// <param name="lanes">The lanes of the group: a power of two, at least 4.</param>
    public static int Down(int lanes) => lanes < 2 * Queries ? lanes / Across(lanes) : Queries / 4;

    /// <summary>Tiles of a block of rows.</summary>
    /// <param name="lanes">The lanes of the group.</param>
    /// <param name="perGroup">Queries of a row that share keys and values.</param>
    public static int Tiles(int lanes, int perGroup)
    {
        int queries = 4 * Down(lanes);
        return (RowTable.BlockRows * perGroup + queries - 1) / queries;
    }

    /// <summary>Copies rows of the cache to shared memory, all lanes together. Rows of the tile past the last are the last again.</summary>
    /// <param name="cache">[positions, size]: the keys or the values of a head.</param>
    /// <param name="position">The first position that is wanted.</param>
    /// <param name="count">How many are there, at least 1.</param>
    /// <param name="size">Floats of a position.</param>
    /// <param name="four">The first four of a position that is wanted.</param>
    /// <param name="fours">How many fours; past the last of a position they are the last again.</param>
    /// <param name="tile">Shared memory.</param>
    /// <param name="rows">Rows of the tile.</param>
    /// <param name="stride">Fours from a row of the tile to the next.</param>
    public static void Load(
        ArrayView<float> cache, int position, int count, int size, int four, int fours, ArrayView<Float4> tile, int rows, int stride)
    {
        int lanes = Group.DimX, last = rows * fours - 1;
        for (int i = Group.IdxX; i <= last; i += 4 * lanes)
        {
            // Four loads are under way before the first is waited for.
            int j = Math.Min(i + lanes, last), k = Math.Min(i + 2 * lanes, last), l = Math.Min(i + 3 * lanes, last);
            Float4 first = At(cache, position, count, size, four, fours, i), second = At(cache, position, count, size, four, fours, j);
            Float4 third = At(cache, position, count, size, four, fours, k), fourth = At(cache, position, count, size, four, fours, l);
            tile[i / fours * stride + i % fours] = first;
            if (i + lanes <= last)
                tile[j / fours * stride + j % fours] = second;
            if (i + 2 * lanes <= last)
                tile[k / fours * stride + k % fours] = third;
            if (i + 3 * lanes <= last)
                tile[l / fours * stride + l % fours] = fourth;
        }
    }

    /// <summary>The scores of a lane's four queries with its four positions, −∞ where a query does not see the position.</summary>
    /// <param name="scores">A row a query.</param>
    /// <param name="position">The lane's first position.</param>
    /// <param name="across">From a position to the next.</param>
    /// <param name="seen0">How many positions the first query sees.</param>
    /// <param name="seen1">The second.</param>
    /// <param name="seen2">The third.</param>
    /// <param name="seen3">The fourth.</param>
    public static Rows4 Mask(Rows4 scores, int position, int across, int seen0, int seen1, int seen2, int seen3)
    {
        scores.Row0 = Mask(scores.Row0, position, across, seen0);
        scores.Row1 = Mask(scores.Row1, position, across, seen1);
        scores.Row2 = Mask(scores.Row2, position, across, seen2);
        scores.Row3 = Mask(scores.Row3, position, across, seen3);
        return scores;
    }

    /// <summary>Writes the weights of a lane's four queries for its four positions.</summary>
    /// <param name="weights">[query][<see cref="WeightStride"/> fours of positions].</param>
    /// <param name="line">The lane's first query.</param>
    /// <param name="down">From a query to the next.</param>
    /// <param name="column">The lane's first position in the step.</param>
    /// <param name="across">From a position to the next.</param>
    /// <param name="values">A row a query.</param>
    public static void StoreWeights(ArrayView<float> weights, int line, int down, int column, int across, Rows4 values)
    {
        int at = line * 4 * WeightStride + column, step = down * 4 * WeightStride;
        Store(weights, at, across, values.Row0);
        Store(weights, at + step, across, values.Row1);
        Store(weights, at + 2 * step, across, values.Row2);
        Store(weights, at + 3 * step, across, values.Row3);
    }

    /// <summary>Writes a number of each of a lane's four queries, for the other lanes of its line.</summary>
    /// <param name="side">[query][<see cref="SideStride"/>].</param>
    /// <param name="line">The lane's first query.</param>
    /// <param name="down">From a query to the next.</param>
    /// <param name="column">The lane in its line.</param>
    /// <param name="values">A number a query.</param>
    public static void StoreSide(ArrayView<float> side, int line, int down, int column, Float4 values) =>
        Store(side, line * SideStride + column, down * SideStride, values);

    /// <summary>The greatest of what the lanes of a line wrote by <see cref="StoreSide"/>, and of what was before.</summary>
    /// <param name="before">A number a query.</param>
    /// <param name="side">[query][<see cref="SideStride"/>].</param>
    /// <param name="line">The line's first query.</param>
    /// <param name="down">From a query to the next.</param>
    /// <param name="across">The lanes of a line.</param>
    public static Float4 MaxAcross(Float4 before, ArrayView<float> side, int line, int down, int across)
    {
        for (int i = 0; i < across; i++)
            before = Fours.Max(before, LoadSide(side, line, down, i));
        return before;
    }

    /// <summary>The sum of what the lanes of a line wrote by <see cref="StoreSide"/>.</summary>
    /// <param name="side">[query][<see cref="SideStride"/>].</param>
    /// <param name="line">The line's first query.</param>
    /// <param name="down">From a query to the next.</param>
    /// <param name="across">The lanes of a line.</param>
    public static Float4 SumAcross(ArrayView<float> side, int line, int down, int across)
    {
        Float4 sum = Fours.All(0);
        for (int i = 0; i < across; i++)
            sum = Fours.AddScaled(sum, 1, LoadSide(side, line, down, i));
        return sum;
    }

    private static Float4 At(ArrayView<float> cache, int position, int count, int size, int four, int fours, int i) =>
        Fours.Load(cache, position + Math.Min(i / fours, count - 1), size, Math.Min(four + i % fours, Fours.Count(size) - 1));

    private static Float4 Mask(Float4 scores, int position, int across, int seen)
    {
        if (position >= seen)
            scores.X = float.NegativeInfinity;
        if (position + across >= seen)
            scores.Y = float.NegativeInfinity;
        if (position + 2 * across >= seen)
            scores.Z = float.NegativeInfinity;
        if (position + 3 * across >= seen)
            scores.W = float.NegativeInfinity;
        return scores;
    }

    private static void Store(ArrayView<float> tile, int at, int step, Float4 values)
    {
        tile[at] = values.X;
        tile[at + step] = values.Y;
        tile[at + 2 * step] = values.Z;
        tile[at + 3 * step] = values.W;
    }

    private static Float4 LoadSide(ArrayView<float> side, int line, int down, int column)
    {
        int at = line * SideStride + column, step = down * SideStride;
        Float4 values;
        values.X = side[at];
        values.Y = side[at + step];
        values.Z = side[at + 2 * step];
        values.W = side[at + 3 * step];
        return values;
    }
}
