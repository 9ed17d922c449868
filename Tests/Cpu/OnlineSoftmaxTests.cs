using System.Runtime.Intrinsics;
using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

public class OnlineSoftmaxTests
{
    private sealed class Attention : ITeamJob
    {
        public required KvCache Cache;
        public required PackedRows Rows;
        public required int Groups;
        public required int QueriesPerRow;
        public required int Size;
        public required int ValueSize;
        public required float[] Queries; // [row][group][query][size]
        public required float[] Heads; // [row][group][query][valueSize]
        public bool Causal = true;

        public void Run(Worker worker)
        {
            CacheSlot keys = Cache.Slot(0), values = Cache.Slot(1);
            int g = Groups, r = QueriesPerRow, k = Size, v = ValueSize;
            float scale = 1f / MathF.Sqrt(k);
            while (worker.Next(Rows.Blocks * g, out int unit))
            {
                RowBlock block = Rows.Block(unit / g);
                int group = unit % g;
                var softmax = new OnlineSoftmax(worker, block.Count * r, k, v);
                for (int i = 0; i < block.Count; i++)
                {
                    for (int j = 0; j < r; j++)
                        softmax.Load(i * r + j, Queries.AsSpan((((block.FirstRow + i) * g + group) * r + j) * k, k), scale);
                }
                int last = Causal ? block.FirstPosition + block.Count : Cache.Capacity;
                for (int t = 0; t < last; t += OnlineSoftmax.Step)
                {
                    int count = Math.Min(OnlineSoftmax.Step, last - t);
                    softmax.Scores(keys.Block(block.Sequence, group, t, count), count);
                    if (Causal) softmax.Causal(block.FirstPosition, r, t);
                    softmax.Accumulate(values.Block(block.Sequence, group, t, count));
                }
                for (int i = 0; i < block.Count; i++)
                {
                    for (int j = 0; j < r; j++)
                        softmax.Store(i * r + j, Heads.AsSpan((((block.FirstRow + i) * g + group) * r + j) * v, v));
                }
            }
        }
    }

    private static float[] Numbers(Random random, int count, float scale = 1)
    {
        var numbers = new float[count];
        for (int i = 0; i < count; i++) numbers[i] = (random.NextSingle() * 2 - 1) * scale;
        return numbers;
    }

    private static KvCache Filled(Random random, int batch, int length, int g, int k, int v)
    {
        var cache = new KvCache(
            batch, length, [new SlotGeometry("keys", g, k, SlotLayout.Blocked), new SlotGeometry("values", g, v, SlotLayout.Rows)]);
        for (int b = 0; b < batch; b++)
        {
            for (int h = 0; h < g; h++)
            {
                for (int t = 0; t < length; t++)
                {
                    cache.Slot(0).Append(b, h, t, Numbers(random, k, 3));
                    cache.Slot(1).Append(b, h, t, Numbers(random, v));
                }
            }
        }
        return cache;
    }

    private static double[] Naive(CacheSlot keys, CacheSlot values, int b, int h, ReadOnlySpan<float> query, int k, int v, int seen)
    {
        var scores = new double[seen];
        for (int t = 0; t < seen; t++)
        {
            ReadOnlySpan<float> block = keys.Block(b, h, t / 16 * 16, 16);
            for (int i = 0; i < k; i++) scores[t] += query[i] * (double)block[i * 16 + t % 16];
            scores[t] /= Math.Sqrt(k);
        }
        double max = scores.Max(), total = 0;
        var result = new double[v];
        for (int t = 0; t < seen; t++)
        {
            double weight = Math.Exp(scores[t] - max);
            total += weight;
            ReadOnlySpan<float> value = values.Block(b, h, t, 1);
            for (int i = 0; i < v; i++) result[i] += weight * value[i];
        }
        for (int i = 0; i < v; i++) result[i] /= total;
        return result;
    }

    [Theory]
    [InlineData(1, 1, 8, 8)]
    [InlineData(2, 4, 64, 64)]
    [InlineData(3, 1, 13, 7)]
    [InlineData(1, 7, 5, 97)]
    [InlineData(2, 2, 128, 128)]
    [InlineData(1, 3, 1, 1)]
    [InlineData(2, 5, 48, 33)]
    public void EqualsSoftmaxInDoublePrecisionOnARaggedBatch(int g, int r, int k, int v)
    {
        var random = new Random(1);
        using KvCache cache = Filled(random, 3, 211, g, k, v);
        var rows = new PackedRows();
        rows.Pack([0, 190, 60], [0, 0, 0], [133, 1, 17]);
        foreach (bool causal in new[] { true, false })
        {
            float[] queries = Numbers(random, rows.Count * g * r * k, 2), heads = new float[rows.Count * g * r * v];
            using var team = new Team(2);
            team.Run(new Attention
            {
                Cache = cache, Rows = rows, Groups = g, QueriesPerRow = r, Size = k, ValueSize = v, Queries = queries, Heads = heads,
                Causal = causal,
            });
            for (int i = 0; i < rows.Count; i++)
            {
                for (int h = 0; h < g; h++)
                {
                    for (int j = 0; j < r; j++)
                    {
                        int seen = causal ? rows.Position(i) + 1 : cache.Capacity;
                        double[] expected = Naive(
                            cache.Slot(0), cache.Slot(1), rows.Sequence(i), h, queries.AsSpan(((i * g + h) * r + j) * k, k), k, v, seen);
                        for (int c = 0; c < v; c++) Assert.Equal(expected[c], heads[((i * g + h) * r + j) * v + c], 5e-6);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(2, 4, 64, 64)]
    [InlineData(1, 3, 13, 31)]
    [InlineData(3, 1, 48, 48)]
    public void OneRowAtATimeAndAnyThreadGiveTheSameBits(int g, int r, int k, int v)
    {
        const int length = 141;
        var random = new Random(2);
        using KvCache cache = Filled(random, 1, length, g, k, v);
        float[] queries = Numbers(random, length * g * r * k, 2), whole = new float[length * g * r * v];
        var rows = new PackedRows();
        rows.Pack([0], [0], [length]);
        using (var team = new Team(1)) team.Run(Job(rows, queries, whole));
        foreach (int threads in new[] { 1, 2, 4 })
        {
            using var team = new Team(threads);
            for (int t = 0; t < length; t++)
            {
                rows.Pack([t], [0], [1]);
                var one = new float[g * r * v];
                team.Run(Job(rows, queries.AsSpan(t * g * r * k, g * r * k).ToArray(), one));
                Assert.Equal(whole.AsSpan(t * g * r * v, g * r * v).ToArray(), one);
            }
        }

        Attention Job(PackedRows of, float[] q, float[] to) =>
            new() { Cache = cache, Rows = of, Groups = g, QueriesPerRow = r, Size = k, ValueSize = v, Queries = q, Heads = to };
    }

    [Fact]
    public void WhatIsMaskedHasNoInfluenceWhateverItHolds()
    {
        const int k = 9;
        var random = new Random(3);
        using KvCache cache = Filled(random, 1, 64, 1, k, k);
        var rows = new PackedRows();
        rows.Pack([20], [0], [1]);
        float[] queries = Numbers(random, k), clean = new float[k], dirty = new float[k];
        using var team = new Team(1);
        var job = new Attention
        {
            Cache = cache, Rows = rows, Groups = 1, QueriesPerRow = 1, Size = k, ValueSize = k, Queries = queries, Heads = clean,
        };
        team.Run(job);
        var garbage = new float[k];
        Array.Fill(garbage, float.NaN);
        for (int t = 21; t < 64; t++)
        {
            cache.Slot(0).Append(0, 0, t, garbage);
            cache.Slot(1).Append(0, 0, t, garbage);
        }
        job.Heads = dirty;
        team.Run(job);
        Assert.Equal(clean, dirty);
    }

    [Fact]
    public void ALargeRiseOfTheScoresForgetsWhatWasBefore()
    {
        const int k = 16;
        using var cache = new KvCache(
            1, 128, [new SlotGeometry("keys", 1, k, SlotLayout.Blocked), new SlotGeometry("values", 1, k, SlotLayout.Rows)]);
        var key = new float[k];
        var value = new float[k];
        for (int t = 0; t < 128; t++)
        {
            key[0] = t < 100 ? -1000 : 1000;
            value[0] = t < 100 ? -5 : 7;
            cache.Slot(0).Append(0, 0, t, key);
            cache.Slot(1).Append(0, 0, t, value);
        }
        var query = new float[k];
        query[0] = 4;
        var rows = new PackedRows();
        rows.Pack([127], [0], [1]);
        var heads = new float[k];
        using var team = new Team(1);
        team.Run(new Attention
        {
            Cache = cache, Rows = rows, Groups = 1, QueriesPerRow = 1, Size = k, ValueSize = k, Queries = query, Heads = heads,
        });
        Assert.Equal(7f, heads[0]);
        Assert.Equal(0f, heads[1]);
    }

    [Fact]
    public void EveryWidthEqualsTheSumsInDoublePrecision()
    {
        foreach ((int queries, int size, int valueSize) in new[] { (1, 8, 8), (4, 13, 37), (7, 64, 64), (9, 5, 1), (6, 3, 130) })
        {
            AssertTiles<Width512, Vector512<float>>(queries, size, valueSize);
            AssertTiles<Width256, Vector256<float>>(queries, size, valueSize);
            AssertTiles<Width128, Vector128<float>>(queries, size, valueSize);
        }
    }

    private static unsafe void AssertTiles<W, V>(int queries, int size, int valueSize)
        where W : struct, IWidth<V>
        where V : unmanaged
    {
        const int step = OnlineSoftmax.Step;
        for (int blocks = 1; blocks <= 4; blocks++)
        {
            var random = new Random(4);
            int count = blocks * 16 - 3;
            float[] query = Numbers(random, queries * size), keys = Numbers(random, blocks * 16 * size), score = new float[queries * step];
            float[] values = Numbers(random, count * valueSize), sum = Numbers(random, queries * valueSize), start = [.. sum];
            float[] max = new float[queries], total = new float[queries], factor = new float[queries + 16];
            int[] visible = new int[queries];
            for (int i = 0; i < queries; i++) visible[i] = Math.Max(0, count - i * 5);
            Array.Fill(max, 0.25f);
            Array.Fill(total, 2f);
            float[] raw;
            fixed (float* q = query, k = keys, s = score, v = values, a = sum, m = max, f = factor, n = total)
            fixed (int* seen = visible)
            {
                AttentionTiles<W, V>.Scores(q, queries, size, k, blocks, s);
                raw = [.. score];
                AttentionTiles<W, V>.Weigh(s, seen, queries, m, n, f, a, valueSize);
                AttentionTiles<W, V>.Accumulate(s, queries, count, v, valueSize, a);
            }
            for (int i = 0; i < queries; i++)
            {
                double highest = 0.25;
                for (int t = 0; t < blocks * 16; t++)
                {
                    double expected = 0;
                    for (int j = 0; j < size; j++) expected += query[i * size + j] * (double)keys[(t / 16 * size + j) * 16 + t % 16];
                    Assert.Equal(expected, raw[i * step + t], 1e-5);
                    if (t < visible[i]) highest = Math.Max(highest, expected);
                }
                Assert.Equal(highest, max[i], 1e-5);
                double weights = 2 * Math.Exp(0.25 - highest);
                for (int t = 0; t < visible[i]; t++) weights += Math.Exp(raw[i * step + t] - highest);
                Assert.Equal(weights, total[i], 1e-4);
                for (int c = 0; c < valueSize; c++)
                {
                    double expected = start[i * valueSize + c] * Math.Exp(0.25 - highest);
                    for (int t = 0; t < visible[i]; t++) expected += Math.Exp(raw[i * step + t] - highest) * values[t * valueSize + c];
                    Assert.Equal(expected, sum[i * valueSize + c], 1e-4);
                }
            }
        }
    }
}
