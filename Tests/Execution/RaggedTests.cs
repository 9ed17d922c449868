using Einsharp.Cpu;
using Einsharp.Samples;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Execution;

/// <summary>Batches whose sequences have their own lengths and starts: each gets the bits that it gets alone.</summary>
public sealed class RaggedTests
{
    private static readonly Llama Model = Inputs.Llama();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ARaggedBatchIsEachAlone(int threads)
    {
        using var device = new CpuDevice(threads);
        Llama model = Inputs.Llama(device);
        int[][] sequences = [Inputs.Ids(17, 11, 1), Inputs.Ids(9, 11, 2), Inputs.Ids(23, 11, 3), Inputs.Ids(1, 11, 4)];
        int[][] calls = [[10, 4, 1, 1], [0, 5, 19, 0], [7, 0, 3, 0]];
        using KvCache cache = model.CreateCache(4, 32);
        List<float>[] found = [[], [], [], []];
        int[] done = new int[4];
        foreach (int[] counts in calls)
        {
            // Every position's logits, a column of rows at a time, would need one call each: o is the least count, the rest comes below.
            Run(model, cache, sequences, done, counts);
            for (int b = 0; b < 4; b++)
                done[b] += counts[b];
        }

        Assert.Equal(sequences.Select(ids => ids.Length), cache.Lengths.ToArray());

        // One more position of each shows all that the cache holds.
        int[] next = [3, 1, 4, 1];
        float[] logits = model.Forward(Tensor.From(next, 4, 1), new Tensor<int>(4, 1), cache).Span.ToArray();
        for (int b = 0; b < 4; b++)
        {
            int[] whole = [.. sequences[b], next[b]];
            float[] alone = Inputs.Alone(model, whole);
            Compare.SameBits(alone.AsSpan(sequences[b].Length * 11, 11), logits.AsSpan(b * 11, 11), $"sequence {b}");
            Compare.Close(new NaiveLlama(model).Logits(whole), alone);
        }
    }

    [Fact]
    public void LogitsOfARaggedCallAreThoseOfEachAlone()
    {
        int[][] sequences = [Inputs.Ids(9, 11, 5), Inputs.Ids(4, 11, 6), Inputs.Ids(6, 11, 7)];
        using KvCache cache = Model.CreateCache(3, 9);
        cache.SetCounts([9, 4, 6]);
        int[] rows = [0, 8, 3, 2, 5, 0];
        float[] logits = Model.Forward(Padded(sequences, [0, 0, 0], [9, 4, 6], 12), Tensor.From(rows, 3, 2), cache).Span.ToArray();
        for (int b = 0; b < 3; b++)
        {
            float[] alone = Inputs.Alone(Model, sequences[b]);
            for (int o = 0; o < 2; o++)
                Compare.SameBits(alone.AsSpan(rows[b * 2 + o] * 11, 11), logits.AsSpan((b * 2 + o) * 11, 11), $"sequence {b}, row {o}");
        }
    }

    [Fact]
    public void PaddingOfABlocksResultIsZeroAndItsInputDoesNotMatter()
    {
        LlamaBlock block = Model.Blocks[0];
        Tensor x = Inputs.Random(8, 3, 5, 13);
        int[] counts = [5, 2, 0];
        for (int b = 0; b < 3; b++)
            x.Span[((b * 5 + counts[b]) * 13)..((b + 1) * 5 * 13)].Fill(float.NaN);
        using KvCache cache = block.CreateCache(3, 8);
        for (int i = 0; i < 2; i++)
        {
            // The second time the result's memory has been used.
            cache.Clear();
            cache.SetCounts(counts);
            Tensor y = block.Forward(x, cache);
            for (int b = 0; b < 3; b++)
            {
                ReadOnlySpan<float> real = x.Span.Slice(b * 5 * 13, counts[b] * 13), found = y.Span.Slice(b * 5 * 13, 5 * 13);
                if (counts[b] > 0)
                    Compare.SameBits(block.Forward(Tensor.From(real, 1, counts[b], 13), null).Span, found[..real.Length], $"sequence {b}");
                Assert.True(found[real.Length..].IndexOfAnyExcept(0f) < 0, $"padding of sequence {b} is not zero");
            }

            // A call without padding, into the same tensor.
            cache.Clear();
            block.Forward(Inputs.Random(9, 3, 5, 13), cache);
        }
    }

    [Fact]
    public void LongPromptsRunInChunksAndRowsMayLieInAny()
    {
        int length = 2 * CpuSession.ChunkRows + 77;
        int[] ids = Inputs.Ids(length, 11, 10);
        int[] wanted = [length - 1, 0, CpuSession.ChunkRows, 255, 511, 512, 100];
        using KvCache cache = Model.CreateCache(1, length);
        float[] chunked = Model.Forward(Inputs.Row(ids), Inputs.Row(wanted), cache).Span.ToArray();

        using KvCache steps = Model.CreateCache(1, length);
        float[] single = Inputs.InPieces(Model, steps, ids, [.. Enumerable.Repeat(1, length)]);
        double[] expected = new NaiveLlama(Model).Logits(ids);
        for (int i = 0; i < wanted.Length; i++)
        {
            Compare.SameBits(single.AsSpan(wanted[i] * 11, 11), chunked.AsSpan(i * 11, 11), $"row {wanted[i]}");
            Compare.Close(expected.AsSpan(wanted[i] * 11, 11), chunked.AsSpan(i * 11, 11));
        }
    }

    [Fact]
    public void ChunksOfARaggedBatchAreEachAlone()
    {
        int[] counts = [300, 5, 129];
        int[][] sequences = [Inputs.Ids(300, 11, 11), Inputs.Ids(5, 11, 12), Inputs.Ids(129, 11, 13)];
        using KvCache cache = Model.CreateCache(3, 300);
        cache.SetCounts(counts);
        int[] rows = [299, 84, 0, 4, 128, 85];
        float[] logits = Model.Forward(Padded(sequences, [0, 0, 0], counts, 310), Tensor.From(rows, 3, 2), cache).Span.ToArray();
        for (int b = 0; b < 3; b++)
        {
            float[] alone = Inputs.Alone(Model, sequences[b]);
            for (int o = 0; o < 2; o++)
                Compare.SameBits(alone.AsSpan(rows[b * 2 + o] * 11, 11), logits.AsSpan((b * 2 + o) * 11, 11), $"sequence {b}, row {o}");
        }

        // A block's own rows, padding included, over chunk borders.
        LlamaBlock block = Model.Blocks[1];
        Tensor x = Inputs.Random(14, 3, 300, 13);
        using KvCache own = block.CreateCache(3, 300);
        own.SetCounts(counts);
        Tensor y = block.Forward(x, own);
        for (int b = 0; b < 3; b++)
        {
            ReadOnlySpan<float> real = x.Span.Slice(b * 300 * 13, counts[b] * 13), found = y.Span.Slice(b * 300 * 13, 300 * 13);
            Compare.SameBits(block.Forward(Tensor.From(real, 1, counts[b], 13), null).Span, found[..real.Length], $"block, sequence {b}");
            Assert.True(found[real.Length..].IndexOfAnyExcept(0f) < 0, $"padding of sequence {b} is not zero");
        }
    }

    private static void Run(Llama model, KvCache cache, int[][] sequences, int[] done, int[] counts)
    {
        cache.SetCounts(counts);
        int columns = counts.Max() + 2;
        Tensor logits = model.Forward(Padded(sequences, done, counts, columns), new Tensor<int>(counts.Length, 0), cache);
        Assert.Equal([counts.Length, 0, 11], logits.Shape.ToArray());
    }

    // Padding holds an id that would throw if it were looked up.
    private static Tensor<int> Padded(int[][] sequences, int[] starts, int[] counts, int columns)
    {
        var ids = new Tensor<int>(sequences.Length, columns);
        ids.Span.Fill(-99);
        for (int b = 0; b < sequences.Length; b++)
            sequences[b].AsSpan(starts[b], counts[b]).CopyTo(ids.Span[(b * columns)..]);
        return ids;
    }
}
