using System.Runtime.InteropServices;
using Einsharp.Weights;

namespace Einsharp.Tests.Config;

public sealed class RopeTests
{
    /// <summary>The definition, in double: pair i turned by position·base^(-2i/size).</summary>
    private static double[] Turned(ReadOnlySpan<float> head, int position, double @base, RopeLayout layout)
    {
        int half = head.Length / 2;
        var turned = new double[head.Length];
        for (int i = 0; i < half; i++)
        {
            (int a, int b) = layout == RopeLayout.Halves ? (i, i + half) : (2 * i, 2 * i + 1);
            double angle = position / Math.Pow(@base, 2.0 * i / head.Length);
            turned[a] = head[a] * Math.Cos(angle) - head[b] * Math.Sin(angle);
            turned[b] = head[a] * Math.Sin(angle) + head[b] * Math.Cos(angle);
        }
        return turned;
    }

    [Theory]
    [InlineData(RopeLayout.Halves)]
    [InlineData(RopeLayout.Neighbours)]
    public void A_head_is_turned_as_the_definition_says(RopeLayout layout)
    {
        var random = new Random(5);
        var rope = new Rope(500_000, layout);
        foreach (int size in (int[])[2, 4, 6, 8, 10, 14, 16, 18, 22, 32, 46, 64, 80, 94, 128, 256])
        {
            RopeTable table = rope.Table(size, 3000);
            foreach (int position in (int[])[0, 1, 2, 17, 511, 2999])
            {
                // A guard on each side: a head is a part of a longer buffer.
                var buffer = new float[size + 2];
                for (int i = 0; i < buffer.Length; i++) buffer[i] = (float)(random.NextDouble() * 2 - 1);
                float before = buffer[0], after = buffer[^1];
                double[] expected = Turned(buffer.AsSpan(1, size), position, 500_000, layout);
                table.Apply(buffer.AsSpan(1, size), position);
                for (int i = 0; i < size; i++) Assert.Equal(expected[i], buffer[i + 1], 4e-7);
                Assert.Equal((before, after), (buffer[0], buffer[^1]));
            }
        }
    }

    /// <summary>Official output of Stanford's CS336 assignment 1, spring 2025, at its tolerances.</summary>
    [Fact]
    public void The_published_vectors_are_met()
    {
        if (TestData.Path("cs336/spring2025_usable.safetensors") is not { } path) return;
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal([4L, 12, 64], file.Find("in_embeddings")!.Shape.ToArray());
        float[] x = MemoryMarshal.Cast<byte, float>(file.Data("in_embeddings")).ToArray();
        float[] expected = MemoryMarshal.Cast<byte, float>(file.Data("expect.rope")).ToArray();
        RopeTable table = new Rope(10_000, RopeLayout.Neighbours).Table(64, 12);
        for (int b = 0; b < 4; b++)
            for (int position = 0; position < 12; position++) table.Apply(x.AsSpan((b * 12 + position) * 64, 64), position);
        for (int i = 0; i < x.Length; i++) Assert.Equal(expected[i], x[i], 1e-6 + 1e-4 * Math.Abs(expected[i]));
    }

    /// <summary>The rows of a checkpoint's q permuted from one layout to the other give the same head, permuted.</summary>
    [Fact]
    public void The_layouts_differ_by_a_permutation()
    {
        float[] neighbours = [.. Enumerable.Range(0, 22).Select(i => MathF.Sin(i))];
        float[] halves = [.. Enumerable.Range(0, 22).Select(i => neighbours[i < 11 ? 2 * i : 2 * (i - 11) + 1])];
        new Rope(layout: RopeLayout.Neighbours).Table(22, 9).Apply(neighbours, 8);
        new Rope(layout: RopeLayout.Halves).Table(22, 9).Apply(halves, 8);
        for (int i = 0; i < 22; i++) Assert.Equal(neighbours[i < 11 ? 2 * i : 2 * (i - 11) + 1], halves[i], 1e-6f);
    }

    /// <summary>
    /// Llama 3.2 1B (base 500000, head 64, factor 32, low 1, high 4, original 8192), worked out apart from the code. Pair i has the
    /// frequency f = 500000^(-i/32) and turns 8192·f/2π times in the old context: more than 4 keeps f, less than 1 divides it by 32,
    /// between, s = (turns - 1)/3 and f·((1 - s)/32 + s).
    /// </summary>
    [Theory]
    [InlineData(0, 1.0)] // 1303.8 turns, kept
    [InlineData(14, 3.21144599e-03)] // 4.18707 turns, kept
    [InlineData(15, 1.29054793e-03)] // of 2.131120e-03: 2.77855 turns, s = 0.59285
    [InlineData(16, 4.29556797e-04)] // of 1.414214e-03: 1.84385 turns, s = 0.28128
    [InlineData(17, 9.70828780e-05)] // of 9.384739e-04: 1.22358 turns, s = 0.07453
    [InlineData(18, 1.94616382e-05)] // of 6.227724e-04: 0.81197 turns, a 32nd
    [InlineData(31, 9.41830673e-08)] // of 3.013858e-06: a 32nd
    public void Llama3_scaling_keeps_short_waves_and_stretches_long_ones(int pair, double expected)
    {
        if (TestData.Path("config/llama-3.2-1b.json") is not { } path) return;
        Rope rope = LlamaConfig.Read(path).Rope;
        Assert.Equal(new Rope(500_000, RopeLayout.Halves, new Llama3RopeScaling(32, 1, 4, 8192)), rope);
        Assert.Equal(expected, rope.Frequency(pair, 64), 1e-8 * expected);
    }

    [Fact]
    public void Linear_scaling_divides_positions()
    {
        Rope plain = new(), linear = new(scaling: new LinearRopeScaling(4));
        float[] a = [1, 2, 3, 4, 5, 6], b = [1, 2, 3, 4, 5, 6];
        plain.Table(6, 3).Apply(a, 2);
        linear.Table(6, 9).Apply(b, 8);
        Assert.Equal(a, b);
    }

    [Fact]
    public void A_table_is_kept_grows_by_doubling_and_costs_nothing_when_it_is_long_enough()
    {
        var rope = new Rope();
        RopeTable table = rope.Table(8, 100), other = rope.Table(16, 1);
        Assert.Equal((8, 128), (table.Size, table.Positions));
        Assert.Same(table, rope.Table(8, 128));
        Assert.Same(other, rope.Table(16, 2));
        RopeTable longer = rope.Table(8, 129);
        Assert.Equal(256, longer.Positions);
        Assert.Same(longer, rope.Table(8, 1));
        Assert.Equal(table.Cosines.ToArray(), longer.Cosines[..table.Cosines.Length].ToArray());

        long before = GC.GetAllocatedBytesForCurrentThread();
        var head = new float[8];
        long array = GC.GetAllocatedBytesForCurrentThread() - before;
        before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) rope.Table(8, 200).Apply(head, i % 200);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.InRange(array, 1, 1000);
    }

    [Fact]
    public void Many_threads_get_right_tables()
    {
        var rope = new Rope();
        float expected = (float)Math.Cos(999);
        Parallel.For(0, 64, i =>
        {
            RopeTable table = rope.Table(2 + 2 * (i % 4), 1000 + i);
            Assert.True(table.Positions >= 1000 + i);
            Assert.Equal(expected, table.Cosines[999 * table.Size / 2]);
        });
    }

    [Fact]
    public void Settings_are_values_and_a_changed_copy_has_tables_of_its_own()
    {
        Rope rope = new(100);
        RopeTable table = rope.Table(4, 1);
        Rope changed = rope with { Base = 200, Layout = RopeLayout.Neighbours };
        Assert.NotSame(table, changed.Table(4, 1));
        Assert.Equal(RopeLayout.Neighbours, changed.Table(4, 1).Layout);
        Assert.NotEqual(rope, changed);
        Assert.Equal(rope, new Rope(100));
        Assert.Equal(rope.GetHashCode(), new Rope(100).GetHashCode());
        Assert.NotEqual(rope, rope with { Scaling = new LinearRopeScaling(2) });
        Assert.Equal("base 100, halves, linear (factor 2.5)", (rope with { Scaling = new LinearRopeScaling(2.5) }).ToString());
    }

    [Fact]
    public void What_cannot_be_turned_is_refused()
    {
        var rope = new Rope();
        Assert.Throws<ArgumentOutOfRangeException>(() => rope.Table(7, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => rope.Table(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => rope.Table(8, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => rope.Table(1 << 16, int.MaxValue));
        RopeTable table = rope.Table(8, 64);
        Assert.Throws<ArgumentException>(() => table.Apply(new float[6], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Apply(new float[8], -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Apply(new float[8], 64));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rope(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rope(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LinearRopeScaling(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Llama3RopeScaling(2, 4, 4, 8192));
    }
}
