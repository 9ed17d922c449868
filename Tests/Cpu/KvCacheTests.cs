namespace Einsharp.Tests.Cpu;

public class KvCacheTests
{
    private static KvCache Cache(int batch = 2, int capacity = 37) => new(
        batch, capacity, [new SlotGeometry("keys", 3, 5, SlotLayout.Blocked), new SlotGeometry("values", 3, 7, SlotLayout.Rows)]);

    private static float[] Vector(int size, int sequence, int head, int position)
    {
        var vector = new float[size];
        for (int k = 0; k < size; k++) vector[k] = ((sequence * 10 + head) * 100 + position) * 10 + k + 1;
        return vector;
    }

    [Fact]
    public void PositionsLieAsTheLayoutSays()
    {
        using KvCache cache = Cache();
        CacheSlot keys = cache.Slot(0), values = cache.Slot(1);
        for (int b = 0; b < 2; b++)
        {
            for (int h = 0; h < 3; h++)
            {
                for (int t = 0; t < 37; t++)
                {
                    keys.Append(b, h, t, Vector(5, b, h, t));
                    values.Append(b, h, t, Vector(7, b, h, t));
                }
            }
        }
        for (int b = 0; b < 2; b++)
        {
            for (int h = 0; h < 3; h++)
            {
                ReadOnlySpan<float> blocks = keys.Block(b, h, 16, 21), rows = values.Block(b, h, 3, 34);
                Assert.Equal(32 * 5, blocks.Length);
                Assert.Equal(34 * 7, rows.Length);
                for (int t = 16; t < 37; t++)
                {
                    for (int k = 0; k < 5; k++) Assert.Equal(Vector(5, b, h, t)[k], blocks[((t - 16) / 16 * 5 + k) * 16 + t % 16]);
                }
                for (int t = 37; t < 48; t++) Assert.Equal(0f, blocks[(80 + 4 * 16) + t % 16]);
                for (int t = 3; t < 37; t++) Assert.Equal(Vector(7, b, h, t), rows.Slice((t - 3) * 7, 7).ToArray());
            }
        }
    }

    [Fact]
    public void MemoryIsAlignedAndCounted()
    {
        using KvCache cache = Cache();
        Assert.Equal(2 * 48 * 3 * (5 + 7) * 4, cache.Bytes);
        unsafe
        {
            fixed (float* p = cache.Slot(0).Block(0, 0, 0, 16)) Assert.Equal(0, (nint)p % 64);
        }
    }

    [Fact]
    public void ALineOfPositionsCommitsAndTruncates()
    {
        using KvCache cache = Cache();
        ReadOnlySpan<int> counts = cache.TakeCounts(2, 4);
        Assert.Equal([4, 4], counts.ToArray());
        cache.Reserve(counts);
        Assert.Equal([0, 0], cache.Lengths.ToArray());
        cache.Commit(counts);
        Assert.Equal([4, 4], cache.Lengths.ToArray());
        cache.SetCounts([1, 3]);
        cache.Commit(cache.TakeCounts(2, 3));
        Assert.Equal([5, 7], cache.Lengths.ToArray());
        Assert.Equal([2, 2], cache.TakeCounts(2, 2).ToArray());
        cache.Truncate(1, 2);
        Assert.Equal([5, 2], cache.Lengths.ToArray());
        cache.Clear();
        Assert.Equal([0, 0], cache.Lengths.ToArray());
    }

    [Fact]
    public void AFullCacheSaysSoAndStaysAsItWas()
    {
        using KvCache cache = Cache();
        cache.Commit([30, 37]);
        cache.Commit([7, 0]);
        var error = Assert.Throws<CacheFullException>(() => cache.Reserve([0, 1]));
        Assert.Equal("the cache holds 37 positions a sequence; sequence 1 has 37 and 1 more were given", error.Message);
        cache.Truncate(0, 20);
        error = Assert.Throws<CacheFullException>(() => cache.Commit([int.MaxValue, 0]));
        Assert.Contains("sequence 0 has 20 and 2147483647 more", error.Message, StringComparison.Ordinal);
        Assert.Equal([20, 37], cache.Lengths.ToArray());
    }

    [Fact]
    public void CountsThatDoNotFitTheCallAreRefusedAndForgotten()
    {
        using KvCache cache = Cache();
        Assert.Throws<ArgumentException>(() => cache.SetCounts([1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.SetCounts([1, -1]));
        cache.SetCounts([1, 5]);
        var error = Assert.Throws<ArgumentException>(() => cache.TakeCounts(2, 4));
        Assert.Contains("sequence 1 5 new positions, but the call has 4", error.Message, StringComparison.Ordinal);
        Assert.Equal([4, 4], cache.TakeCounts(2, 4).ToArray());
        error = Assert.Throws<ArgumentException>(() => cache.TakeCounts(3, 4));
        Assert.Contains("3 sequences, its cache 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ArgumentsAreChecked()
    {
        using KvCache cache = Cache();
        cache.Commit([3, 4]);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(-1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cache(batch: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cache(capacity: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvCache(1, 1, [new SlotGeometry("keys", 0, 1, SlotLayout.Rows)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Slot(0).Append(2, 0, 0, new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Slot(0).Append(0, 3, 0, new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Slot(0).Append(0, 0, 48, new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Slot(0).Append(0, 0, -1, new float[5]));
        Assert.Throws<ArgumentException>(() => cache.Slot(0).Append(0, 0, 0, new float[6]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Slot(0).Block(0, 0, 8, 8).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Slot(1).Block(0, 0, 40, 9).Length);
    }

    [Fact]
    public void AnAbsurdSizeIsOneClearError()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Cache(int.MaxValue, int.MaxValue - 16));
        SlotGeometry slot = new("keys", 1 << 16, 1 << 10, SlotLayout.Rows);
        var error = Assert.Throws<InsufficientMemoryException>(() => new KvCache(1 << 4, 1 << 18, [slot]));
        Assert.Equal("the key/value cache needs 1125899906842624 bytes, which the system refused", error.Message);
    }

    [Fact]
    public void AfterDisposeNothingWorks()
    {
        KvCache cache = Cache();
        cache.Dispose();
        cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cache.Slot(0));
        Assert.Throws<ObjectDisposedException>(() => cache.Reserve([1, 1]));
        Assert.Throws<ObjectDisposedException>(() => cache.Commit([1, 1]));
        Assert.Throws<ObjectDisposedException>(() => cache.TakeCounts(2, 1));
        Assert.Throws<ObjectDisposedException>(() => cache.SetCounts([1, 1]));
        Assert.Throws<ObjectDisposedException>(() => cache.Truncate(0, 0));
        Assert.Throws<ObjectDisposedException>(cache.Clear);
    }
}
