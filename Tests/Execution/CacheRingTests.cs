using Einsharp.Tests.Reference;
using static Einsharp.Tests.Reference.Named;

namespace Einsharp.Tests.Execution;

/// <summary>Two attentions over the same keys and values, in windows of their own.</summary>
[Model]
public sealed partial class TwoWindows
{
    [Param("k d", Init.Linear)] public partial Param Query { get; }
    [Param("k d", Init.Linear)] public partial Param Other { get; }
    [Param("k d", Init.Linear)] public partial Param Key { get; }
    [Param("k d", Init.Linear)] public partial Param Value { get; }
    [Setting("window")] public partial int Size { get; }

    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Other)), As("o")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s k, b t k -> b s t", "q", "keys"), Causal("s", "t"), Window("s", "t", 5), Softmax("t"), As("p")]
    [Einsum("b s t, b t k -> b s k", "p", "values"), As("near")]
    [Einsum("b s k, b t k -> b s t", "o", "keys"), Causal("s", "t"), Window("s", "t", 300), Window("s", "t", nameof(Size)), Softmax("t"), As("w")]
    [Einsum("b s t, b t k -> b s k", "w", "values"), Add("near")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>The same, but for one that sees everything.</summary>
[Model]
public sealed partial class WindowAndAll
{
    [Param("k d", Init.Linear)] public partial Param Query { get; }
    [Param("k d", Init.Linear)] public partial Param Key { get; }
    [Param("k d", Init.Linear)] public partial Param Value { get; }

    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, k d -> b s k", nameof(x), nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s k, b t k -> b s t", "q", "keys"), Causal("s", "t"), Window("s", "t", 5), Softmax("t"), As("p")]
    [Einsum("b s t, b t k -> b s k", "p", "values"), As("near")]
    [Einsum("b s k, b t k -> b s t", "q", "keys"), Causal("s", "t"), Softmax("t"), As("w")]
    [Einsum("b s t, b t k -> b s k", "w", "values"), Add("near")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>
/// Slots that are read in windows hold a window and a chunk, whatever the capacity. The references see the whole history.
/// </summary>
public sealed class CacheRingTests
{
    private const int D = 7, G = 2, R = 2, K = 6, Window = 70;

    // By hand: a window of 70 and a chunk of 256 rows reach over 69 + 256 positions, which touch 7 steps of 64 at most.
    private const int Ring = 448;

    private static SlidingAttention Model(Device? device = null)
    {
        var model = new SlidingAttention(
            new SlidingAttentionSizes { d = D, g = G, r = R, k = K }, new SlidingAttentionSettings { Rope = new Rope() }, device);
        model.Initialise(41);
        return model;
    }

    /// <summary>Attention of every position to the last <paramref name="window"/>, its own included, in float64: [b, s, g, r, k].</summary>
    private static double[] Naive(double[] q, double[] keys, double[] values, int length, int window, int g, int r, int k, double scale)
    {
        double[] result = new double[q.Length];
        for (int i = 0; i < q.Length / k; i++)
        {
            (int head, int s, int b) = (i / r % g, i / r / g % length, i / r / g / length);
            int first = Math.Max(0, s - window + 1);
            double[] weights = new double[s - first + 1];
            for (int t = first; t <= s; t++)
            {
                double score = 0;
                for (int c = 0; c < k; c++)
                    score += q[i * k + c] * keys[((b * length + t) * g + head) * k + c];
                weights[t - first] = Math.Exp(score * scale);
            }

            double total = weights.Sum();
            for (int t = first; t <= s; t++)
            {
                for (int c = 0; c < k; c++)
                    result[i * k + c] += weights[t - first] / total * values[((b * length + t) * g + head) * k + c];
            }
        }

        return result;
    }

    private static double[] Naive(SlidingAttention model, Tensor x) => Naive(
        Of("b s d", x).Project("b s g r k", model.Query).Rotate("s").Values, Of("b s d", x).Project("b s g k", model.Key).Rotate("s").Values,
        Of("b s d", x).Project("b s g k", model.Value).Values, x.Shape[1], Window, G, R, K, 1 / Math.Sqrt(K));

    [Fact]
    public void ASequenceSeveralTimesTheRingIsWhatTheWholeHistoryGives()
    {
        const int length = 1500;
        SlidingAttention model = Model();
        Tensor x = Inputs.Random(41, 1, length, D);
        using KvCache cache = model.CreateCache(1, length);
        Assert.Equal(Ring * G * 2L * K * 4, cache.Bytes);
        float[] whole = model.Forward(x, cache).Span.ToArray();
        Compare.Close(Naive(model, x), whole);

        // The same declaration on a value of the call, which has all positions in memory: the same bits.
        var uncached = new UncachedAttention(
            new UncachedAttentionSizes { d = D, g = G, r = R, k = K }, new UncachedAttentionSettings { Rope = new Rope() });
        uncached.Initialise(41);
        Compare.SameBits(uncached.Forward(x).Span, whole);
    }

    [Theory]
    [InlineData(1, CacheFormat.F32)]
    [InlineData(2, CacheFormat.F32)]
    [InlineData(4, CacheFormat.F32)]
    [InlineData(2, CacheFormat.BF16)]
    [InlineData(2, CacheFormat.Int8)]
    public void AnyPiecesGiveTheSameBits(int threads, CacheFormat format)
    {
        const int length = 1100;
        Tensor x = Inputs.Random(42, 1, length, D);
        SlidingAttention one = Model();
        using KvCache reference = one.CreateCache(1, length, format);
        float[] whole = one.Forward(x, reference).Span.ToArray();
        using var device = new CpuDevice(threads);
        SlidingAttention model = Model(device);
        foreach (int piece in (int[])[length, 1, 67, 300])
        {
            using KvCache cache = model.CreateCache(1, length, format);
            Compare.SameBits(whole, Pieces.Run(x, piece, part => model.Forward(part, cache)), $"pieces of {piece}");
        }
    }

    [Fact]
    public void ARaggedBatchIsEachAlone()
    {
        SlidingAttention model = Model();
        const int columns = 900, width = G * R * K;
        Tensor x = Inputs.Random(43, 3, columns, D);

        // Three sequences share a chunk: 69 + 85 positions touch 4 steps at most.
        using KvCache cache = model.CreateCache(3, columns);
        Assert.Equal(3 * 256 * G * 2L * K * 4, cache.Bytes);
        double[] expected = Naive(model, x);
        int[] done = new int[3];
        foreach (int[] counts in (int[][])[[400, 1, 0], [1, 40, 90], [0, 2, 1], [350, 300, 1], [1, 1, 1], [148, 200, 777]])
        {
            int longest = counts.Max();
            var part = new Tensor(3, longest, D);
            for (int b = 0; b < 3; b++)
                x.Span.Slice((b * columns + done[b]) * D, counts[b] * D).CopyTo(part.Span[(b * longest * D)..]);
            cache.SetCounts(counts);
            float[] y = model.Forward(part, cache).Span.ToArray();
            for (int b = 0; b < 3; b++)
            {
                if (counts[b] > 0)
                {
                    ReadOnlySpan<double> rows = expected.AsSpan((b * columns + done[b]) * width, counts[b] * width);
                    Compare.Within(rows, y.AsSpan(b * longest * width, counts[b] * width), 1e-5);
                }

                done[b] += counts[b];
            }
        }

        Assert.Equal(done, cache.Lengths.ToArray());
    }

    [Fact]
    public void MemoryIsBoundedByTheWindowAndNotByTheCapacity()
    {
        SlidingAttention model = Model();
        using KvCache small = model.CreateCache(1, 449), large = model.CreateCache(1, 1 << 20), none = model.CreateCache(1, 448);
        Assert.Equal(small.Bytes, large.Bytes);
        Assert.Equal(small.Bytes, none.Bytes);
        Assert.Equal(1 << 20, large.Capacity);
        model.Forward(Inputs.Random(44, 1, 448, D), none);
        Assert.Throws<CacheFullException>(() => model.Forward(Inputs.Random(44, 1, 1, D), none));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(400)]
    public void OfSeveralWindowsTheLargestCounts(int size)
    {
        var model = new TwoWindows(new TwoWindowsSizes { d = D, k = K }, new TwoWindowsSettings { Window = size });
        model.Initialise(45);
        Tensor x = Inputs.Random(45, 1, 1400, D);
        using KvCache cache = model.CreateCache(1, 1400);
        int far = Math.Min(300, size);
        Assert.Equal([far, far], cache.Geometry.ToArray().Select(slot => slot.Window));
        Named input = Of("b s d", x);
        double[] keys = input.Project("b s k", model.Key).Values, values = input.Project("b s k", model.Value).Values;
        double[] near = Naive(input.Project("b s k", model.Query).Values, keys, values, 1400, 5, 1, 1, K, 1);
        double[] wide = Naive(input.Project("b s k", model.Other).Values, keys, values, 1400, far, 1, 1, K, 1);
        Compare.Close([.. near.Zip(wide, (left, right) => left + right)], Pieces.Run(x, 333, part => model.Forward(part, cache)));
    }

    [Fact]
    public void WhatIsReadAsAWholeHasNoRing()
    {
        var model = new WindowAndAll(new WindowAndAllSizes { d = D, k = K });
        using KvCache cache = model.CreateCache(1, 1600);
        Assert.Equal([0, 0], cache.Geometry.ToArray().Select(slot => slot.Window));
        Assert.Equal(1600 * 2L * K * 4, cache.Bytes);
    }

    [Fact]
    public void AWindowWithoutAnEndHasNoRing()
    {
        var model = new WindowAttention(new WindowAttentionSizes { d = D, h = 3, k = K }, new WindowAttentionSettings { Window = int.MaxValue });
        using KvCache cache = model.CreateCache(2, 1000);
        Assert.Equal(2 * 1008 * 3 * 2L * K * 4, cache.Bytes);
    }

    [Fact]
    public void ASequenceIsCutOnlyToWhatIsStillThere()
    {
        const int length = 1500;
        SlidingAttention model = Model();
        Tensor x = Inputs.Random(46, 1, length, D);
        using KvCache cache = model.CreateCache(1, length);
        float[] whole = model.Forward(x, cache).Span.ToArray();
        Tensor From(int first, int count) => Tensor.From(x.Span.Slice(first * D, count * D), 1, count, D);

        // Of 1,500 positions the ring has those from 1,052 on. The window of position 1,121 begins there.
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => cache.Truncate(0, 1120));
        Assert.Equal(
            "sequence 0 cannot be cut to 1120 positions: a window of 70 reads those from 1051 on, and the ring of 448 has those from 1052 on; "
            + "cut it to 0 and give them again", error.Message);
        Assert.Equal([length], cache.Lengths.ToArray());
        foreach (int kept in (int[])[1400, 1244, 1121])
        {
            cache.Truncate(0, kept);
            Compare.SameBits(whole.AsSpan(kept * G * R * K, 50 * G * R * K), model.Forward(From(kept, 50), cache).Span, $"{kept} kept");

            // What was written once is gone, however short the sequence has become.
            Assert.Throws<InvalidOperationException>(() => cache.Truncate(0, 1120));
        }

        cache.Truncate(0, 0);
        Compare.SameBits(whole, Pieces.Run(x, 700, part => model.Forward(part, cache)), "from the beginning");
        cache.Clear();
        Compare.SameBits(whole.AsSpan(0, 100 * G * R * K), model.Forward(From(0, 100), cache).Span, "cleared");
        cache.Truncate(0, 1);
        Compare.SameBits(whole.AsSpan(G * R * K, 99 * G * R * K), model.Forward(From(1, 99), cache).Span, "nothing is gone yet");
    }

    [Fact]
    public void ACallThatFailedHalfWayIsNotGoneOnFrom()
    {
        SlidingAttention model = Model();
        using KvCache cache = model.CreateCache(2, 2000);
        model.Forward(Inputs.Random(47, 2, 500, D), cache);

        // As the chunks of a call do that never came to its end.
        cache.Touch(1, 900);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => model.Forward(Inputs.Random(47, 2, 1, D), cache));
        Assert.StartsWith("sequence 1 cannot go on, after a call that failed, from 500 positions: ", error.Message, StringComparison.Ordinal);
        cache.SetCounts([1, 0]);
        model.Forward(Inputs.Random(47, 2, 1, D), cache);
        cache.Truncate(1, 0);
        model.Forward(Inputs.Random(47, 2, 1, D), cache);
        Assert.Equal([502, 1], cache.Lengths.ToArray());
    }
}
