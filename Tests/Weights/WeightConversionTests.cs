namespace Einsharp.Tests.Weights;

/// <summary>
/// The conversions against scalar references: (float)Half and (Half)float of .NET, and bf16 by exact arithmetic in double.
/// </summary>
public sealed unsafe class WeightConversionTests
{
    [Theory]
    [InlineData(WeightFormat.F16)]
    [InlineData(WeightFormat.BF16)]
    public void Every_stored_value_is_widened_exactly_and_comes_back(WeightFormat format)
    {
        var stored = new ushort[65536];
        for (int i = 0; i < stored.Length; i++) stored[i] = (ushort)i;
        var wide = new float[stored.Length];
        var back = new ushort[stored.Length];
        fixed (ushort* from = stored, to = back)
        {
            WeightConversion.Widen(format, (byte*)from, wide);
            WeightConversion.Narrow(wide, format, (byte*)to);
        }
        for (int i = 0; i < stored.Length; i++)
        {
            float expected = format == WeightFormat.F16 ? (float)BitConverter.UInt16BitsToHalf((ushort)i)
                : BitConverter.Int32BitsToSingle(i << 16);
            if (float.IsNaN(expected))
            {
                Assert.True(float.IsNaN(wide[i]));
                Assert.True(IsNaN(format, back[i]));
            }
            else
            {
                Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(wide[i]));
                Assert.Equal(i, back[i]);
            }
        }
    }

    [Fact]
    public void Bf16_takes_the_nearest_and_on_a_tie_the_even()
    {
        foreach (float value in Samples())
        {
            ushort found = NarrowOne(value, WeightFormat.BF16);
            if (float.IsNaN(value))
            {
                Assert.True(IsNaN(WeightFormat.BF16, found));
                continue;
            }
            // The two neighbours of a bf16 are those with the lower half of the bits cleared, and one step further out.
            uint bits = BitConverter.SingleToUInt32Bits(value);
            ushort near = (ushort)(bits >> 16), far = (ushort)(near + 1);
            double toNear = Math.Abs((double)value - Double(near)), toFar = Math.Abs((double)value - Double(far));
            ushort expected = toNear < toFar ? near : toFar < toNear ? far : (near & 1) == 0 ? near : far;
            Assert.Equal(expected, found);
        }

        // An infinity is one step beyond the greatest finite value, as if the exponent went on.
        static double Double(ushort bf16) => (bf16 & 0x7FFF) == 0x7F80 ? ((bf16 & 0x8000) != 0 ? -1 : 1) * Math.Pow(2, 128)
            : BitConverter.Int32BitsToSingle(bf16 << 16);
    }

    [Fact]
    public void F16_takes_the_nearest_and_on_a_tie_the_even()
    {
        foreach (float value in Samples())
        {
            ushort found = NarrowOne(value, WeightFormat.F16);
            if (float.IsNaN(value))
                Assert.True(IsNaN(WeightFormat.F16, found));
            else
                Assert.Equal(BitConverter.HalfToUInt16Bits((Half)value), found);
        }
        // 2049 lies between 2048 and 2050, 2051 between 2050 and 2052; 65520 is the first to become infinite.
        Assert.Equal((Half)2048, BitConverter.UInt16BitsToHalf(NarrowOne(2049, WeightFormat.F16)));
        Assert.Equal((Half)2052, BitConverter.UInt16BitsToHalf(NarrowOne(2051, WeightFormat.F16)));
        Assert.Equal(65504, (float)BitConverter.UInt16BitsToHalf(NarrowOne(65519.996f, WeightFormat.F16)));
        Assert.Equal(float.PositiveInfinity, (float)BitConverter.UInt16BitsToHalf(NarrowOne(65520, WeightFormat.F16)));
    }

    [Theory]
    [InlineData(WeightFormat.F32)]
    [InlineData(WeightFormat.BF16)]
    [InlineData(WeightFormat.F16)]
    public void The_first_value_that_is_not_finite_is_found_wherever_it_is(WeightFormat format)
    {
        const int Count = 700_001;
        var data = new byte[format.Bytes(Count)];
        fixed (byte* at = data)
        {
            Assert.Equal(-1, WeightConversion.FirstNotFinite(format, at, Count));
            foreach (float wrong in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
            {
                foreach (int place in (int[])[0, 1, 31, 255, 256, 4097, 262_143, 262_144, 600_000, Count - 1])
                {
                    new Span<byte>(data).Clear();
                    WeightConversion.Narrow([wrong], format, at + format.Bytes(place));
                    WeightConversion.Narrow([wrong], format, at + format.Bytes(Count - 1));
                    Assert.Equal(place, WeightConversion.FirstNotFinite(format, at, Count));
                }
            }
            new Span<byte>(data).Clear();
            WeightConversion.Narrow([format == WeightFormat.F16 ? 65504 : -3e38f], format, at);
            Assert.Equal(-1, WeightConversion.FirstNotFinite(format, at, Count));
        }
    }

    private static IEnumerable<float> Samples()
    {
        // Zeros, one, the least and the greatest, infinities; NaNs with the payload low, high, full; ties and just beside one.
        uint[] special = [0, 0x80000000, 0x3F800000, 1, 0x80000001, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000,
            0x7F800001, 0xFF800001, 0x7FC00000, 0x7FFFFFFF, 0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF];
        var random = new Random(7);
        IEnumerable<float> some = Enumerable.Range(0, 100_000).Select(_ =>
            BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)));
        IEnumerable<float> halves = Enumerable.Range(0, 100_000).Select(_ =>
            (float)(random.NextDouble() * 2 - 1) * MathF.Pow(2, random.Next(-26, 17)));
        IEnumerable<float> ties = Enumerable.Range(0, 65536).Select(i => BitConverter.Int32BitsToSingle(i << 16 | 0x8000));
        return special.Select(BitConverter.UInt32BitsToSingle).Concat(some).Concat(halves).Concat(ties);
    }

    /// <summary>Through the vectorised path, and through the scalar tail: they must agree.</summary>
    private static ushort NarrowOne(float value, WeightFormat format)
    {
        Span<float> many = stackalloc float[65];
        Span<ushort> stored = stackalloc ushort[65];
        many.Fill(value);
        fixed (ushort* to = stored) WeightConversion.Narrow(many, format, (byte*)to);
        Assert.Equal(-1, stored.IndexOfAnyExcept(stored[0]));
        return stored[0];
    }

    private static bool IsNaN(WeightFormat format, ushort bits) => format == WeightFormat.F16
        ? (bits & 0x7C00) == 0x7C00 && (bits & 0x03FF) != 0
        : (bits & 0x7F80) == 0x7F80 && (bits & 0x007F) != 0;
}
