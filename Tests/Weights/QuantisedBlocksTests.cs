using Einsharp.Weights;

namespace Einsharp.Tests.Weights;

/// <summary>Blocks against values worked out by hand from the published layout (the structs of ggml-common.h, in words beside each).</summary>
public sealed unsafe class QuantisedBlocksTests
{
    private static float[] Widen(WeightFormat format, byte[] block)
    {
        Assert.Equal(format.BlockBytes(), block.Length);
        var values = new float[format.BlockValues()];
        fixed (byte* from = block) WeightConversion.Widen(format, from, values);
        return values;
    }

    private static byte[] Narrow(WeightFormat format, float[] values)
    {
        byte[] block = new byte[format.Bytes(values.Length)];
        block.AsSpan().Fill(0xEE);
        fixed (byte* to = block) WeightConversion.Narrow(values, format, to);
        return block;
    }

    private static (byte Low, byte High) Half(double value)
    {
        ushort bits = BitConverter.HalfToUInt16Bits((Half)value);
        return ((byte)bits, (byte)(bits >> 8));
    }

    [Fact]
    public void Q8_0_is_a_scale_and_32_signed_bytes()
    {
        byte[] block = new byte[34];
        (block[0], block[1]) = (0x00, 0xB8);
        for (int i = 0; i < 32; i++) block[2 + i] = (byte)(i * 8);
        float[] values = Widen(WeightFormat.Q8_0, block);

        // 0xB800 is -0.5; the bytes are 0, 8, … 120, -128, … -8.
        Assert.Equal([0f, -4, -8], values[..3]);
        Assert.Equal([-60f, 64, 60], values[15..18]);
        Assert.Equal(4f, values[31]);
    }

    [Fact]
    public void Q4_0_is_a_scale_and_16_bytes_whose_low_halves_come_first()
    {
        byte[] block = new byte[18];
        (block[0], block[1]) = (0x00, 0x40);
        block.AsSpan(2).Fill(0x88);
        (block[2], block[3], block[17]) = (0xF0, 0x2A, 0x1F);
        float[] expected = new float[32];

        // Scale 2, minus 8: 0 is -16, 15 is 14, 10 is 4, 2 is -12, 1 is -14.
        (expected[0], expected[16], expected[1], expected[17], expected[15], expected[31]) = (-16, 14, 4, -12, 14, -14);
        Assert.Equal(expected, Widen(WeightFormat.Q4_0, block));
    }

    [Fact]
    public void Q4_K_has_scales_and_minima_of_6_bits_for_8_runs_of_32()
    {
        int[] scales = [1, 2, 3, 63, 16, 33, 50, 63], minima = [0, 5, 62, 63, 17, 32, 48, 63];
        byte[] block = new byte[144];
        ((block[0], block[1]), (block[2], block[3])) = (Half(1), Half(0.5));

        // Runs 0 to 3: the lower 6 bits of bytes 0 to 3 and 4 to 7. Runs 4 to 7: scale and minimum have their lower 4 bits in the halves of bytes
        // 8 to 11; their upper 2 are the upper 2 of bytes 0 to 3 and 4 to 7.
        byte[] packed = [0x41, 0x82, 0xC3, 0xFF, 0x40, 0x85, 0xFE, 0xFF, 0x10, 0x01, 0x02, 0xFF];
        packed.CopyTo(block, 4);

        // Runs 2p and 2p + 1 share 32 bytes: the lower and the upper halves.
        for (int pair = 0; pair < 4; pair++)
            for (int i = 0; i < 32; i++) block[16 + (pair * 32) + i] = (byte)(((i + pair) & 15) | (((15 - i + pair) & 15) << 4));
        var expected = new float[256];
        for (int run = 0; run < 8; run++)
        {
            for (int i = 0; i < 32; i++)
            {
                int q = run % 2 == 0 ? (i + (run / 2)) & 15 : (15 - i + (run / 2)) & 15;
                expected[(run * 32) + i] = (scales[run] * q) - (0.5f * minima[run]);
            }
        }
        Assert.Equal(expected, Widen(WeightFormat.Q4_K, block));
        Assert.Equal([-8.5f + (16 * 2), -8.5f + (16 * 3)], Widen(WeightFormat.Q4_K, block)[128..130]);
    }

    [Fact]
    public void Q6_K_has_low_halves_upper_pairs_of_bits_and_a_scale_for_each_16()
    {
        sbyte[] scales = [1, -1, 2, -2, 3, 127, -128, 5, 7, -7, 11, -11, 64, -64, 13, 0];
        int[] values = [.. Enumerable.Range(0, 256).Select(i => ((i * 37) + 11) % 64)];
        byte[] block = new byte[210];

        // Each half of 128 has 64 bytes of low halves and 32 of upper bits. Quarter 0 is the lower halves of the first 32 low bytes, quarter 1 those
        // of the second 32, quarters 2 and 3 the upper halves of the same; quarter n has bits 2n and 2n + 1 of the 32 upper bytes.
        for (int half = 0; half < 2; half++)
        {
            for (int i = 0; i < 32; i++)
            {
                int at = half * 128;
                int a = values[at + i], b = values[at + 32 + i], c = values[at + 64 + i], d = values[at + 96 + i];
                block[(half * 64) + i] = (byte)((a & 15) | ((c & 15) << 4));
                block[(half * 64) + 32 + i] = (byte)((b & 15) | ((d & 15) << 4));
                block[128 + (half * 32) + i] = (byte)((a >> 4) | (b >> 4 << 2) | (c >> 4 << 4) | (d >> 4 << 6));
            }
        }
        for (int i = 0; i < 16; i++) block[192 + i] = (byte)scales[i];
        (block[208], block[209]) = Half(0.25);
        Assert.Equal(values.Select((q, i) => 0.25f * scales[i / 16] * (q - 32)), Widen(WeightFormat.Q6_K, block));

        // Every quarter has upper bits of 0 to 3.
        for (int quarter = 0; quarter < 8; quarter++)
            Assert.Equal([0, 1, 2, 3], values[(quarter * 32)..((quarter + 1) * 32)].Select(q => q >> 4).Distinct().Order());
    }

    [Theory]
    [InlineData(WeightFormat.Q8_0)]
    [InlineData(WeightFormat.Q4_0)]
    [InlineData(WeightFormat.Q4_K)]
    [InlineData(WeightFormat.Q6_K)]
    public void Zeros_are_zeros(WeightFormat format) =>
        Assert.All(Widen(format, Narrow(format, new float[format.BlockValues()])), value => Assert.Equal(0, value));

    [Fact]
    public void Q8_0_is_off_by_half_a_step_at_most()
    {
        foreach (float[] values in Samples(32))
        {
            float[] found = Widen(WeightFormat.Q8_0, Narrow(WeightFormat.Q8_0, values));

            // A step is greatest / 127; the scale itself is rounded to 11 bits, which 127 steps add up.
            double step = values.Max(Math.Abs) / 127.0, bound = step * (0.5 + (127 / 2048.0)) + 6e-8 * 127;
            Assert.All(values.Zip(found), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, bound));
        }
    }

    [Fact]
    public void Q4_0_is_off_by_half_a_step_and_by_one_where_the_range_ends()
    {
        foreach (float[] values in Samples(32))
        {
            float[] found = Widen(WeightFormat.Q4_0, Narrow(WeightFormat.Q4_0, values));
            double greatest = values.MaxBy(Math.Abs), step = Math.Abs(greatest) / 8;
            foreach ((float value, float other) in values.Zip(found))
            {
                // Greatest is -8 steps; on the other side there are 7, and what is beyond is cut.
                bool isCut = value / greatest < -7.5 / 8;
                Assert.InRange(Math.Abs(value - other), 0, (step * ((isCut ? 1 : 0.5) + (8 / 2048.0))) + 6e-8 * 8);
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.Q8_0, 0.006)]
    [InlineData(WeightFormat.Q6_K, 0.02)]
    [InlineData(WeightFormat.Q4_K, 0.08)]
    [InlineData(WeightFormat.Q4_0, 0.11)]
    public void Normal_values_come_back_about_as_well_as_the_bits_allow(WeightFormat format, double relative)
    {
        // 16 levels over the range of 32 normal values, some ±2σ, are steps of 0.27σ: errors of 0.08σ. 64 levels are a quarter of that.
        var random = new Random(3);
        float[] values = [.. Enumerable.Range(0, 256 * 64).Select(_ =>
            (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
        byte[] stored = Narrow(format, values);
        var found = new float[values.Length];
        fixed (byte* from = stored) WeightConversion.Widen(format, from, found);
        double error = Math.Sqrt(values.Zip(found, (a, b) => (double)(a - b) * (a - b)).Average());
        Assert.InRange(error, relative / 4, relative);
    }

    [Theory]
    [InlineData(WeightFormat.Q4_K)]
    [InlineData(WeightFormat.Q6_K)]
    public void Values_that_a_block_can_hold_come_back_but_for_the_rounding_of_factors(WeightFormat format)
    {
        foreach (float[] values in Samples(256))
        {
            float[] found = Widen(format, Narrow(format, values));

            // The scale of a run is rounded to 1/63 of the greatest run's (Q4_K), or 1/128 of it (Q6_K): times 15 or 32 steps. Before that a step
            // is at most a seventeenth of the run's range, whose ends may be cut by two.
            double greatest = values.Max(Math.Abs);
            double bound = format == WeightFormat.Q4_K ? greatest * ((2 * 2 / 15.0) + (15 * 2 / 15.0 / 63 / 2) + (1 / 63.0 / 2)) : greatest * (1 / 31.0 + 1 / 256.0 * 1.1);
            Assert.All(values.Zip(found), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, (bound * 1.01) + 1e-4));
        }
    }

    [Theory]
    [InlineData(WeightFormat.Q8_0)]
    [InlineData(WeightFormat.Q4_0)]
    [InlineData(WeightFormat.Q4_K)]
    [InlineData(WeightFormat.Q6_K)]
    public void The_first_block_that_is_not_finite_is_found(WeightFormat format)
    {
        int values = format.BlockValues(), bytes = format.BlockBytes();
        byte[] data = new byte[bytes * 3000];
        fixed (byte* at = data)
        {
            Assert.Equal(-1, WeightConversion.FirstNotFinite(format, at, values * 3000));
            int factor = format == WeightFormat.Q6_K ? 208 : 0;
            foreach (int block in (int[])[2999, 1025, 17, 0])
            {
                (data[(block * bytes) + factor], data[(block * bytes) + factor + 1]) = Half(double.NegativeInfinity);
                Assert.Equal((long)block * values, WeightConversion.FirstNotFinite(format, at, values * 3000));
            }
        }
    }

    private static IEnumerable<float[]> Samples(int count)
    {
        var random = new Random(11);
        yield return [.. Enumerable.Range(0, count).Select(i => i - (count / 2f))];
        yield return [.. Enumerable.Range(0, count).Select(i => i == 5 ? -3f : 0)];
        yield return [.. Enumerable.Repeat(0.75f, count)];
        yield return [.. Enumerable.Repeat(-0.75f, count)];
        for (int sample = 0; sample < 200; sample++)
        {
            double size = Math.Pow(2, random.Next(-8, 8));
            yield return [.. Enumerable.Range(0, count).Select(_ => (float)(((random.NextDouble() * 2) - 1) * size))];
        }
    }
}
