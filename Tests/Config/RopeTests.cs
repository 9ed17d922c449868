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

    /// <summary>
    /// Only the first values of a head turn, in both layouts, at the frequencies of a head that is no larger than they are.
    /// </summary>
    [Theory]
    [InlineData(RopeLayout.Halves, 16, 0.25, 4)]
    [InlineData(RopeLayout.Neighbours, 16, 0.25, 4)]
    [InlineData(RopeLayout.Halves, 80, 0.4, 32)]
    [InlineData(RopeLayout.Neighbours, 9, 0.9, 8)]
    [InlineData(RopeLayout.Halves, 128, 0.5, 64)]
    public void A_part_of_a_head_is_turned(RopeLayout layout, int size, double part, int turned)
    {
        var rope = new Rope(500_000, layout, part: part);
        Assert.Equal(turned, rope.Turned(size));
        float[] head = [.. Enumerable.Range(0, size).Select(i => MathF.Sin(i + 1))];
        double[] expected = [.. Turned(head.AsSpan(0, turned), 77, 500_000, layout), .. head[turned..].Select(value => (double)value)];
        rope.Table(size, 100).Apply(head, 77);
        for (int i = 0; i < size; i++) Assert.Equal(expected[i], head[i], i < turned ? 4e-7 : 0);
    }

    /// <summary>
    /// transformers' _compute_dynamic_ntk_parameters at the length of the whole sequence, written out: the base times
    /// (factor·n/original − (factor − 1))^(d/(d − 2)).
    /// </summary>
    [Theory]
    [InlineData(100, 1)]
    [InlineData(512, 1)]
    [InlineData(513, 1)]
    [InlineData(4096, 0.5)]
    public void Dynamic_scaling_is_of_the_length(int positions, double part)
    {
        var rope = new Rope(10_000, RopeLayout.Halves, new DynamicRopeScaling(3, 512), part);
        int d = part == 1 ? 24 : 12;
        double n = Math.Max(positions, 512), @base = 10_000 * Math.Pow(3 * n / 512 - 2, d / (d - 2.0));
        RopeTable table = rope.Table(24, positions);
        for (int pair = 0; pair < d / 2; pair++)
        {
            double frequency = 1 / Math.Pow(@base, 2.0 * pair / d);
            Assert.Equal(frequency, rope.Frequency(pair, 24, positions), 1e-12);
            foreach (int position in (int[])[0, 1, positions - 1])
            {
                Assert.Equal(Math.Cos(position * frequency), table.Cosines[position * d / 2 + pair], 1e-6);
                Assert.Equal(Math.Sin(position * frequency), table.Sines[position * d / 2 + pair], 1e-6);
            }
        }

        // The same length is the same table, another is another, and up to the trained context all are one.
        Assert.Same(table, rope.Table(24, positions));
        Assert.Equal(positions < 512, ReferenceEquals(table, rope.Table(24, positions + 1)));
        Assert.NotSame(table, rope.Table(24, positions + 1000));
        for (int other = 5000; other < 5100; other++) rope.Table(24, other);
        Assert.Equal(table.Cosines[^1], rope.Table(24, positions).Cosines[^1]);
    }

    /// <summary>transformers' _compute_yarn_parameters, written out in the paper's terms, over several heads and bases.</summary>
    [Theory]
    [InlineData(128, 1_000_000, 4, 32768, 32, 1, true)]
    [InlineData(64, 10_000, 40, 4096, 32, 1, true)]
    [InlineData(64, 150_000, 32, 4096, 32, 1, false)]
    [InlineData(16, 10_000, 2, 64, 8, 2, true)]
    [InlineData(4, 10_000, 2, 8, 32, 1, true)]
    public void Yarn_ramps_from_kept_to_interpolated(int size, double @base, double factor, int original, double fast, double slow, bool whole)
    {
        var scaling = new YarnRopeScaling(factor, original, null, fast, slow, whole);
        Rope rope = new(@base, RopeLayout.Halves, scaling), part = new(@base, RopeLayout.Halves, scaling, 0.5);
        double Dimension(double turns) => size * Math.Log(original / (turns * 2 * Math.PI)) / (2 * Math.Log(@base));
        double low = Math.Max(whole ? Math.Floor(Dimension(fast)) : Dimension(fast), 0);
        double high = Math.Min(whole ? Math.Ceiling(Dimension(slow)) : Dimension(slow), size - 1);
        if (low == high) high += 0.001;
        RopeTable table = rope.Table(size, 64);
        for (int pair = 0; pair < size / 2; pair++)
        {
            double plain = Math.Pow(@base, -2.0 * pair / size), ramp = Math.Clamp((pair - low) / (high - low), 0, 1);
            double frequency = plain / factor * ramp + plain * (1 - ramp);
            Assert.Equal(frequency, rope.Frequency(pair, size), 1e-12 * plain);
            Assert.Equal(frequency, part.Frequency(pair, 2 * size), 1e-12 * plain);
            double amplitude = 0.1 * Math.Log(factor) + 1;
            Assert.Equal(amplitude * Math.Cos(63 * frequency), table.Cosines[63 * size / 2 + pair], 1e-6);
            Assert.Equal(amplitude * Math.Sin(63 * frequency), table.Sines[63 * size / 2 + pair], 1e-6);
        }
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
        Assert.NotEqual(rope, rope with { Part = 0.5 });
        Assert.Equal("base 100, halves, linear (factor 2.5)", (rope with { Scaling = new LinearRopeScaling(2.5) }).ToString());
        Assert.Equal("base 100, halves, dynamic (factor 2, original 8), part 0.5",
            (rope with { Scaling = new DynamicRopeScaling(2, 8), Part = 0.5 }).ToString());
        Assert.Equal("base 100, halves, yarn (factor 1, original 8, amplitude 1, turns 32 to 1)",
            (rope with { Scaling = new YarnRopeScaling(1, 8) }).ToString());
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
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rope(part: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rope(part: 1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rope(part: 0.5).Table(6, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rope(part: 0.1).Table(8, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DynamicRopeScaling(0.9, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DynamicRopeScaling(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new YarnRopeScaling(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new YarnRopeScaling(2, 8, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new YarnRopeScaling(2, 8, fastTurns: 0));
    }
}
