using ILGPU;
using ILGPU.Runtime;

namespace Einsharp.Ilgpu;

/// <summary>
/// Library kernels that choose a token where the logits are, so that two ints are all that crosses over: the likeliest one, or one drawn
/// with weights exp((logit − greatest) / temperature) from all or from the likeliest few, in the order of ids or of likelihood that
/// <see cref="Generation.Sampler"/> draws in. Without atomics, which not every OpenCL device has.
/// </summary>
/// <remarks>
/// Weights are added up in fixed point (44 fraction bits), so that sums do not depend on their order: every device and size of group draws
/// the same token wherever it computes the same exp. The host's float sums differ from these by about 2⁻²⁵ of the total.
/// Logits are compared by integer keys: IEEE 754's total order, but any NaN is the greatest of all, so that none is missed.
/// </remarks>
public static class SamplingKernels
{
    /// <summary>The most groups that share a row of logits.</summary>
    public const int MaxGroups = 256;

    /// <summary>The most tokens that a top-k choice on the device keeps.</summary>
    public const int MaxTop = 256;

    /// <summary>The most logits that are ranked against each other.</summary>
    public const int MaxRanked = 1024;

    /// <summary>The most of them that one group may find.</summary>
    public const int Slots = 64;

    /// <summary>More logits than this could overflow a sum.</summary>
    public const int MaxCount = 1 << 19;

    /// <summary>The key of +∞: only NaN is greater.</summary>
    public const int InfinityKey = 0x7F800000;

    /// <summary>The key of −∞.</summary>
    public const int NegativeInfinityKey = unchecked((int)0xFF800000) ^ 0x7FFFFFFF;

    /// <summary>The methods that are kernels.</summary>
    internal static IReadOnlyList<string> Names =>
        [nameof(Best), nameof(Greedy), nameof(Weigh), nameof(Pick), nameof(Gather), nameof(DrawFound), nameof(DrawFew)];

    private const float One = 17592186044416f;

    /// <summary>Each group: the greatest of the logits in every Groups-th run of a width, and the lowest id that has it.</summary>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Best(SpecializedValue<NoSizes> sizes, SamplingArgs args)
    {
        ArrayView<int> keys = SharedMemory.Allocate<int>(Lanes.Max), ids = SharedMemory.Allocate<int>(Lanes.Max);
        int key = int.MinValue, id = args.Count + Grid.IdxX, width = Width(args);
        for (int i = First(width, args.Count); i < args.Count; i += args.Groups * width)
        {
            int other = Key(args.Logits[i]);
            if (other > key)
            {
                key = other;
                id = i;
            }
        }
        Reduce(ref key, ref id, keys, ids);
        if (Group.IdxX == 0)
        {
            args.BestKey[Grid.IdxX] = key;
            args.BestId[Grid.IdxX] = id;
        }
    }

    /// <summary>One group: the greatest of all.</summary>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Greedy(SpecializedValue<NoSizes> sizes, SamplingArgs args)
    {
        ArrayView<int> keys = SharedMemory.Allocate<int>(Lanes.Max), ids = SharedMemory.Allocate<int>(Lanes.Max);
        int key = int.MinValue, id = 0;
        for (int i = Group.IdxX; i < args.Groups; i += Group.DimX)
        {
            if (IsBefore(args.BestKey[i], args.BestId[i], key, id))
            {
                key = args.BestKey[i];
                id = args.BestId[i];
            }
        }
        Reduce(ref key, ref id, keys, ids);
        if (Group.IdxX == 0)
        {
            args.Chosen[0] = key;
            args.Chosen[1] = id;
        }
    }

    /// <summary>Each group: the sum of the weights of its run of ids.</summary>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Weigh(SpecializedValue<NoSizes> sizes, SamplingArgs args)
    {
        ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);
        ArrayView<long> sums = SharedMemory.Allocate<long>(Lanes.Max);
        float best = Greatest(args, scratch);
        int run = (args.Count + args.Groups - 1) / args.Groups, first = Grid.IdxX * run, end = Math.Min(first + run, args.Count);
        long sum = 0;
        for (int i = first + Group.IdxX; i < end; i += Group.DimX)
            sum += Weight(args.Logits[i], best, args.Temperature);
        sums[Group.IdxX] = sum;
        Lanes.Barrier();
        if (Group.IdxX == 0)
        {
            sum = 0;
            for (int i = 0; i < Group.DimX; i++)
                sum += sums[i];
            args.Sums[Grid.IdxX] = sum;
        }
    }

    /// <summary>One group: finds the run of ids that the draw falls into, then the lane's part of the run, then the id.</summary>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Pick(SpecializedValue<NoSizes> sizes, SamplingArgs args)
    {
        ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);
        ArrayView<long> sums = SharedMemory.Allocate<long>(MaxGroups);
        float best = Greatest(args, scratch);
        if (Group.IdxX == 0)
        {
            args.Chosen[0] = Key(best);
            args.Chosen[1] = -1;
        }
        for (int i = Group.IdxX; i < args.Groups; i += Group.DimX)
            sums[i] = args.Sums[i];
        Lanes.Barrier();

        long total = 0;
        for (int i = 0; i < args.Groups; i++)
            total += sums[i];
        long target = Target(total, args.Draw);
        int group = 0;
        while (group < args.Groups - 1 && target >= sums[group])
            target -= sums[group++];
        Lanes.Barrier();

        int run = (args.Count + args.Groups - 1) / args.Groups, end = Math.Min((group + 1) * run, args.Count);
        int part = (run + Group.DimX - 1) / Group.DimX;
        int first = Math.Min(group * run + Group.IdxX * part, end), last = Math.Min(first + part, end);
        long sum = 0;
        for (int i = first; i < last; i++)
            sum += Weight(args.Logits[i], best, args.Temperature);
        sums[Group.IdxX] = sum;
        Lanes.Barrier();

        for (int i = 0; i < Group.IdxX; i++)
            target -= sums[i];
        if (target >= 0 && target < sum)
        {
            int id = first;
            target -= Weight(args.Logits[id], best, args.Temperature);
            while (target >= 0 && id < last - 1)
                target -= Weight(args.Logits[++id], best, args.Temperature);
            args.Chosen[1] = id;
        }
    }

    /// <summary>
    /// Each group: its logits that are not less than the Top-th greatest of all groups' greatest ones; fewer than Top logits can be greater
    /// than that, so none of the Top likeliest is missed, and there are seldom many more.
    /// </summary>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void Gather(SpecializedValue<NoSizes> sizes, SamplingArgs args)
    {
        ArrayView<int> keys = SharedMemory.Allocate<int>(MaxGroups), ids = SharedMemory.Allocate<int>(MaxGroups);
        ArrayView<int> counts = SharedMemory.Allocate<int>(Lanes.Max), least = SharedMemory.Allocate<int>(1);
        for (int i = Group.IdxX; i < args.Groups; i += Group.DimX)
        {
            keys[i] = SignlessZero(args.BestKey[i]);
            ids[i] = args.BestId[i];
        }
        Lanes.Barrier();
        for (int i = Group.IdxX; i < args.Groups; i += Group.DimX)
        {
            if (Rank(keys, ids, args.Groups, i) == args.Top - 1)
                least[0] = keys[i];
        }
        Lanes.Barrier();

        int count = 0, width = Width(args), step = args.Groups * width, start = First(width, args.Count);
        for (int i = start; i < args.Count; i += step)
            count += SignlessZero(Key(args.Logits[i])) >= least[0] ? 1 : 0;
        counts[Group.IdxX] = count;
        Lanes.Barrier();

        int place = 0;
        for (int i = 0; i < Group.IdxX; i++)
            place += counts[i];
        if (Group.IdxX == Group.DimX - 1)
            args.Found[Grid.IdxX] = place + count;
        for (int i = start; i < args.Count; i += step)
        {
            int key = SignlessZero(Key(args.Logits[i]));
            if (key < least[0] || place >= Slots)
                continue;
            args.FoundKey[Grid.IdxX * Slots + place] = key;
            args.FoundId[Grid.IdxX * Slots + place] = i;
            place++;
        }
    }

    /// <summary>One group: ranks what the groups found, and draws from the likeliest Top in the order of likelihood.</summary>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void DrawFound(SpecializedValue<NoSizes> sizes, SamplingArgs args)
    {
        ArrayView<int> keys = SharedMemory.Allocate<int>(MaxRanked), ids = SharedMemory.Allocate<int>(MaxRanked);
        ArrayView<int> counts = SharedMemory.Allocate<int>(MaxGroups);
        ArrayView<int> topKeys = SharedMemory.Allocate<int>(MaxTop), topIds = SharedMemory.Allocate<int>(MaxTop);
        ArrayView<long> weights = SharedMemory.Allocate<long>(MaxTop);
        for (int i = Group.IdxX; i < args.Groups; i += Group.DimX)
            counts[i] = args.Found[i];
        Lanes.Barrier();

        int total = 0;
        bool fits = true;
        for (int i = 0; i < args.Groups; i++)
        {
            total += counts[i];
            fits = fits && counts[i] <= Slots;
        }
        int ranked = fits && total <= MaxRanked ? total : 0;
        for (int group = Group.IdxX; group < args.Groups; group += Group.DimX)
        {
            int place = 0;
            for (int i = 0; i < group; i++)
                place += counts[i];
            for (int i = 0; i < counts[group] && place + i < ranked; i++)
            {
                keys[place + i] = args.FoundKey[group * Slots + i];
                ids[place + i] = args.FoundId[group * Slots + i];
            }
        }
        Lanes.Barrier();
        DrawRanked(args, keys, ids, ranked, topKeys, topIds, weights);
    }

    /// <summary>One group: ranks all of few logits, and draws from the likeliest Top in the order of likelihood.</summary>
    /// <param name="sizes">Not used.</param>
    /// <param name="args">The operands.</param>
    public static void DrawFew(SpecializedValue<NoSizes> sizes, SamplingArgs args)
    {
        ArrayView<int> keys = SharedMemory.Allocate<int>(MaxRanked), ids = SharedMemory.Allocate<int>(MaxRanked);
        ArrayView<int> topKeys = SharedMemory.Allocate<int>(MaxTop), topIds = SharedMemory.Allocate<int>(MaxTop);
        ArrayView<long> weights = SharedMemory.Allocate<long>(MaxTop);
        for (int i = Group.IdxX; i < args.Count; i += Group.DimX)
        {
            keys[i] = SignlessZero(Key(args.Logits[i]));
            ids[i] = i;
        }
        Lanes.Barrier();
        DrawRanked(args, keys, ids, args.Count, topKeys, topIds, weights);
    }

    private static void DrawRanked(SamplingArgs args, ArrayView<int> keys, ArrayView<int> ids, int ranked, ArrayView<int> topKeys,
        ArrayView<int> topIds, ArrayView<long> weights)
    {
        for (int i = Group.IdxX; i < ranked; i += Group.DimX)
        {
            int rank = Rank(keys, ids, ranked, i);
            if (rank < args.Top)
            {
                topKeys[rank] = keys[i];
                topIds[rank] = ids[i];
            }
        }
        Lanes.Barrier();
        int top = Math.Min(args.Top, ranked);
        for (int i = Group.IdxX; i < top; i += Group.DimX)
            weights[i] = Weight(Value(topKeys[i]), Value(topKeys[0]), args.Temperature);
        Lanes.Barrier();
        if (Group.IdxX == 0)
        {
            long total = 0;
            for (int i = 0; i < top; i++)
                total += weights[i];
            long target = Target(total, args.Draw);
            int chosen = 0;
            while (chosen < top - 1 && target >= weights[chosen])
                target -= weights[chosen++];
            args.Chosen[0] = top > 0 ? topKeys[0] : 0;
            args.Chosen[1] = top > 0 ? topIds[chosen] : -1;
        }
    }

    // Runs as wide as the group is, unless some groups would go without: then each has one.
    private static int Width(SamplingArgs args) => Math.Min(Group.DimX, (args.Count + args.Groups - 1) / args.Groups);

    private static int First(int width, int count) => Group.IdxX < width ? Grid.IdxX * width + Group.IdxX : count;

    // Ends with a barrier: scratch is free again. Every lane gets the greatest logit.
    private static float Greatest(SamplingArgs args, ArrayView<float> scratch)
    {
        int key = int.MinValue;
        for (int i = Group.IdxX; i < args.Groups; i += Group.DimX)
            key = Math.Max(key, args.BestKey[i]);
        return GroupReduce.Max(Value(Math.Max(key, NegativeInfinityKey)), scratch);
    }

    // The greatest key of the group and the lowest id that has it: for lane 0.
    private static void Reduce(ref int key, ref int id, ArrayView<int> keys, ArrayView<int> ids)
    {
        int lane = Group.IdxX, team = PortableLanes.Team(Group.DimX);
        keys[lane] = key;
        ids[lane] = id;
        Lanes.Barrier();
        if (lane % team == 0)
            Scan(ref key, ref id, keys, ids, lane, 1, team);
        Lanes.Barrier();
        if (lane % team == 0)
        {
            keys[lane] = key;
            ids[lane] = id;
        }
        Lanes.Barrier();
        if (lane == 0)
            Scan(ref key, ref id, keys, ids, 0, team, Group.DimX / team);
    }

    private static void Scan(ref int key, ref int id, ArrayView<int> keys, ArrayView<int> ids, int first, int step, int count)
    {
        for (int i = 1; i < count; i++)
        {
            int at = first + i * step;
            if (!IsBefore(keys[at], ids[at], key, id))
                continue;
            key = keys[at];
            id = ids[at];
        }
    }

    private static int Rank(ArrayView<int> keys, ArrayView<int> ids, int count, int index)
    {
        int rank = 0, key = keys[index], id = ids[index];
        for (int i = 0; i < count; i++)
            rank += IsBefore(keys[i], ids[i], key, id) ? 1 : 0;
        return rank;
    }

    private static bool IsBefore(int key, int id, int otherKey, int otherId) => key > otherKey || (key == otherKey && id < otherId);

    private static int Key(float logit)
    {
        int bits = (int)Interop.FloatAsInt(logit);
        int key = bits >= 0 ? bits : bits ^ 0x7FFFFFFF;
        return (bits & 0x7FFFFFFF) > InfinityKey ? int.MaxValue : key;
    }

    // The host ranks −0 and 0 as equals.
    private static int SignlessZero(int key) => key == -1 ? 0 : key;

    private static float Value(int key) => Interop.IntAsFloat((uint)(key >= 0 ? key : key ^ 0x7FFFFFFF));

    private static long Weight(float logit, float best, float temperature) => (long)(MathF.Exp((logit - best) / temperature) * One);

    // total · draw / 2⁵³, of 63 and 53 bits, in two halves each.
    private static long Target(long total, long draw)
    {
        ulong high = (ulong)total >> 32, low = (ulong)total & 0xFFFFFFFFul;
        ulong drawHigh = (ulong)draw >> 32, drawLow = (ulong)draw & 0xFFFFFFFFul;
        ulong middle = high * drawLow + low * drawHigh + ((low * drawLow) >> 32);
        return (long)(((high * drawHigh) << 11) + (middle >> 21));
    }
}
