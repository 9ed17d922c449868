using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// Attention of few queries over the cache: a group of lanes takes the queries of one row that share keys and values, and a share of the
/// positions. Scores are made a lane a position; then a lane takes four columns of the values of every <c>slices</c>-th four positions,
/// with a softmax of its own (<see cref="SoftmaxPart"/>). The parts of lanes join in shared memory, those of groups in another kernel.
/// </summary>
public static class AttentionDecode
{
    /// <summary>The most queries of a group of lanes.</summary>
    public const int Queries = 8;

    /// <summary>The positions of a step.</summary>
    public const int Positions = 64;

    /// <summary>The most lanes that take values: what shared memory has room for.</summary>
    public const int MostLanes = 128;

    /// <summary>The most shares of a sequence.</summary>
    public const int MostSplits = 32;

    /// <summary>The most shares of all rows together: what scratch memory is made for.</summary>
    public const int MostShares = 512;

    /// <summary>Shared memory of a group, in fours: <see cref="QueryTile"/>, <see cref="CacheTile"/> and <see cref="ScoreTile"/>.</summary>
    public const int SharedFours = Queries * AttentionTile.Part + Positions * AttentionTile.Stride + Queries * Positions / 4;

    /// <summary>Where the queries lie in shared memory: [query][<see cref="AttentionTile.Part"/>].</summary>
    /// <param name="staged">At least <see cref="SharedFours"/>.</param>
    public static ArrayView<Float4> QueryTile(ArrayView<Float4> staged) => staged.SubView(0, Queries * AttentionTile.Part);

    /// <summary>Where the keys of a step lie, and in the end the sums of lanes: [position][<see cref="AttentionTile.Stride"/>].</summary>
    /// <param name="staged">At least <see cref="SharedFours"/>.</param>
    public static ArrayView<Float4> CacheTile(ArrayView<Float4> staged) =>
        staged.SubView(Queries * AttentionTile.Part, Positions * AttentionTile.Stride);

    /// <summary>Where the scores of a step lie: [query][<see cref="Positions"/> / 4].</summary>
    /// <param name="staged">At least <see cref="SharedFours"/>.</param>
    public static ArrayView<Float4> ScoreTile(ArrayView<Float4> staged) =>
        staged.SubView(Queries * AttentionTile.Part + Positions * AttentionTile.Stride, Queries * Positions / 4);

    /// <summary>Floats of scratch memory.</summary>
    /// <param name="heads">Queries of a row.</param>
    /// <param name="valueSize">Floats of a value.</param>
    public static int ScratchFloats(int heads, int valueSize) => checked(MostShares * heads * (valueSize + 2));

    /// <summary>Whether few rows are few enough: altogether, or of each sequence.</summary>
    /// <param name="packed">The rows.</param>
    public static bool IsFor(RowTable packed) => packed.Count <= 16 || packed.Count <= 4 * packed.BlockCount;

    /// <summary>Sets of queries that share keys and values.</summary>
    /// <param name="perGroup">How many queries do.</param>
    public static int Sets(int perGroup) => (perGroup + Queries - 1) / Queries;

    /// <summary>In how many shares to take the positions, so that a device has two groups of lanes a multiprocessor.</summary>
    /// <param name="packed">The rows.</param>
    /// <param name="units">Groups of heads times sets of queries.</param>
    /// <param name="multiprocessors">What the device has.</param>
    public static int Splits(RowTable packed, int units, int multiprocessors)
    {
        int groups = Math.Max(1, packed.Count * units), steps = (packed.Positions + Positions - 1) / Positions;
        int wanted = Math.Min((2 * multiprocessors + groups - 1) / groups, steps);
        return Math.Max(1, Math.Min(wanted, Math.Min(MostSplits, MostShares / Math.Max(1, packed.Count))));
    }

    /// <summary>Four columns of the values of four positions.</summary>
    /// <param name="values">[positions, size].</param>
    /// <param name="position">The first position; those from <paramref name="end"/> on are the last again.</param>
    /// <param name="end">One more than the last position.</param>
    /// <param name="size">Floats of a value.</param>
    /// <param name="four">Which columns.</param>
    public static Rows4 Load(ArrayView<float> values, int position, int end, int size, int four)
    {
        Rows4 result;
        result.Row0 = Fours.Load(values, Math.Min(position, end - 1), size, four);
        result.Row1 = Fours.Load(values, Math.Min(position + 1, end - 1), size, four);
        result.Row2 = Fours.Load(values, Math.Min(position + 2, end - 1), size, four);
        result.Row3 = Fours.Load(values, Math.Min(position + 3, end - 1), size, four);
        return result;
    }

    /// <summary>Writes a lane's part of a query to shared memory.</summary>
    /// <param name="sums">[slice][<see cref="Queries"/>][width].</param>
    /// <param name="scales">[slice][<see cref="Queries"/>][2].</param>
    /// <param name="slice">The lane's slice.</param>
    /// <param name="query">The query.</param>
    /// <param name="width">Lanes of a slice.</param>
    /// <param name="column">The lane in its slice.</param>
    /// <param name="part">The part.</param>
    public static void Store(
        ArrayView<Float4> sums, ArrayView<float> scales, int slice, int query, int width, int column, SoftmaxPart part)
    {
        int at = slice * Queries + query;
        sums[at * width + column] = part.Sum;
        if (column != 0)
            return;
        scales[2 * at] = part.Highest;
        scales[2 * at + 1] = part.Total;
    }

    /// <summary>What all slices saw of a query.</summary>
    /// <param name="sums">[slice][<see cref="Queries"/>][width].</param>
    /// <param name="scales">[slice][<see cref="Queries"/>][2].</param>
    /// <param name="slices">How many slices.</param>
    /// <param name="query">The query.</param>
    /// <param name="width">Lanes of a slice.</param>
    /// <param name="column">The lane in its slice.</param>
    public static SoftmaxPart Join(ArrayView<Float4> sums, ArrayView<float> scales, int slices, int query, int width, int column)
    {
        SoftmaxPart all = SoftmaxPart.Empty;
        for (int slice = 0; slice < slices; slice++)
        {
            int at = slice * Queries + query;
            SoftmaxPart part;
            part.Sum = sums[at * width + column];
            part.Highest = scales[2 * at];
            part.Total = scales[2 * at + 1];
            all = SoftmaxPart.Join(all, part);
        }

        return all;
    }

    /// <summary>Writes four columns of a share: the sums of all shares lie first, then their highest scores, then their totals.</summary>
    /// <param name="partials">[shares][size], [shares], [shares].</param>
    /// <param name="shares">All shares.</param>
    /// <param name="share">Which share.</param>
    /// <param name="size">Floats of a value.</param>
    /// <param name="four">Which columns.</param>
    /// <param name="part">The part.</param>
    public static void StoreShare(ArrayView<float> partials, int shares, int share, int size, int four, SoftmaxPart part)
    {
        Fours.Store(partials, share, size, four, part.Sum);
        if (four != 0)
            return;
        partials[shares * size + share] = part.Highest;
        partials[shares * (size + 1) + share] = part.Total;
    }

    /// <summary>Four columns of a share; see <see cref="StoreShare"/>.</summary>
    /// <param name="partials">[shares][size], [shares], [shares].</param>
    /// <param name="shares">All shares.</param>
    /// <param name="share">Which share.</param>
    /// <param name="size">Floats of a value.</param>
    /// <param name="four">Which columns.</param>
    public static SoftmaxPart LoadShare(ArrayView<float> partials, int shares, int share, int size, int four)
    {
        SoftmaxPart part;
        part.Sum = Fours.Load(partials, share, size, four);
        part.Highest = partials[shares * size + share];
        part.Total = partials[shares * (size + 1) + share];
        return part;
    }
}
