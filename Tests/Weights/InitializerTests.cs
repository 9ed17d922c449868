using System.Security.Cryptography;
using System.Runtime.InteropServices;

namespace Einsharp.Tests.Weights;

/// <summary>Mean, variance, cut and determinism of each rule on 10⁶ draws; the generator against its published vectors.</summary>
public sealed class InitializerTests
{
    private const int Draws = 1_000_000;

    private static float[] Draw(Initializer rule, ulong seed = 42, string name = "model.layers.0.mlp.up_proj.weight")
    {
        var values = new float[Draws];
        rule.Fill(seed, name, values);
        return values;
    }

    /// <summary>Mean and variance within 5 standard errors of what theory has (fourth moment from the same integrals).</summary>
    private static void CheckMoments(float[] values, double mean, double variance, double fourth)
    {
        double sum = 0, squares = 0;
        foreach (float v in values) sum += v;
        double found = sum / Draws;
        foreach (float v in values) squares += (v - mean) * (v - mean);
        Assert.InRange(found, mean - 5 * Math.Sqrt(variance / Draws), mean + 5 * Math.Sqrt(variance / Draws));
        double error = 5 * Math.Sqrt((fourth - variance * variance) / Draws);
        Assert.InRange(squares / Draws, variance - error, variance + error);
    }

    /// <summary>∫ z^n φ(z) dz over ±cut, divided by the mass there: Simpson's rule, independent of the code under test.</summary>
    private static double Moment(int n, double cut)
    {
        const int Steps = 20_000;
        double moment = 0, mass = 0;
        for (int i = 0; i <= Steps; i++)
        {
            double z = -cut + 2 * cut * i / Steps, w = (i == 0 || i == Steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-z * z / 2);
            moment += w * Math.Pow(z, n);
            mass += w;
        }
        return moment / mass;
    }

    [Fact]
    public void Linear_is_normal_with_the_fans_variance_cut_at_three_deviations()
    {
        Initializer rule = Initializer.Linear(64, 172);
        double sigma = Math.Sqrt(2.0 / (64 + 172));
        Assert.Equal(sigma, rule.Deviation, 7);
        float[] values = Draw(rule);
        CheckMoments(values, 0, sigma * sigma * Moment(2, 3), Math.Pow(sigma, 4) * Moment(4, 3));
        Assert.InRange(values.Max(), 2.9 * sigma, 3 * sigma * (1 + 1e-6));
        Assert.InRange(values.Min(), -3 * sigma * (1 + 1e-6), -2.9 * sigma);
    }

    [Fact]
    public void Embedding_is_standard_normal_cut_at_three()
    {
        float[] values = Draw(Initializer.Embedding());
        CheckMoments(values, 0, Moment(2, 3), Moment(4, 3));
        Assert.InRange(values.Max(), 2.99f, 3f);
        Assert.InRange(values.Min(), -3f, -2.99f);
    }

    [Fact]
    public void Truncated_normal_follows_its_numbers()
    {
        float[] values = Draw(Initializer.TruncatedNormal(-4, 0.5f, cut: 1.25f));
        CheckMoments(values, -4, 0.25 * Moment(2, 1.25), 0.0625 * Moment(4, 1.25));
        Assert.InRange(values.Max(), -3.376f, -3.375f);
        Assert.InRange(values.Min(), -4.625f, -4.624f);
    }

    [Fact]
    public void Normal_is_not_cut()
    {
        float[] values = Draw(Initializer.Normal(1, 2));
        CheckMoments(values, 1, 4, 3 * 16);
        Assert.InRange(values.Max(), 1 + 2 * 4.2f, 1 + 2 * 6.5f);
        Assert.InRange(values.Min(), 1 - 2 * 6.5f, 1 - 2 * 4.2f);
        // Shares beyond 1, 2 and 3 deviations, from tables of the normal distribution.
        foreach ((double z, double share) in ((double, double)[])[(1, 0.317310508), (2, 0.045500264), (3, 0.002699796)])
        {
            double found = values.Count(v => Math.Abs(v - 1) > 2 * z) / (double)Draws;
            Assert.InRange(found, share - 5 * Math.Sqrt(share / Draws), share + 5 * Math.Sqrt(share / Draws));
        }
    }

    [Fact]
    public void Uniform_fills_its_range_evenly()
    {
        float[] values = Draw(Initializer.Uniform(-1, 3));
        CheckMoments(values, 1, 16.0 / 12, 256.0 / 80);
        Assert.InRange(values.Min(), -1f, -0.999f);
        Assert.InRange(values.Max(), 2.999f, 3f);
        var counts = new int[16];
        foreach (float v in values) counts[Math.Min(15, (int)((v + 1) * 4))]++;
        Assert.All(counts, count => Assert.InRange(count, Draws / 16 - 1500, Draws / 16 + 1500));
    }

    [Fact]
    public void Constants_are_constant()
    {
        Assert.All(Draw(Initializer.Ones)[..1000], v => Assert.Equal(1, v));
        Assert.All(Draw(Initializer.Zeros)[..1000], v => Assert.Equal(0, v));
    }

    [Fact]
    public void Neighbours_and_other_parameters_are_not_correlated()
    {
        float[] a = Draw(Initializer.Embedding()), b = Draw(Initializer.Embedding(), name: "model.layers.1.mlp.up_proj.weight"),
            c = Draw(Initializer.Embedding(), seed: 43);
        foreach (int lag in (int[])[1, 2, 4, 8, 16, 32, 64])
            Assert.InRange(Correlation(a.AsSpan(lag), a.AsSpan(0, Draws - lag)), -0.006, 0.006);
        Assert.InRange(Correlation(a, b), -0.006, 0.006);
        Assert.InRange(Correlation(a, c), -0.006, 0.006);

        static double Correlation(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
        {
            double sum = 0;
            for (int i = 0; i < x.Length; i++) sum += (double)x[i] * y[i];
            return sum / x.Length;
        }
    }

    [Fact]
    public void A_value_depends_on_seed_name_and_place_only()
    {
        Initializer rule = Initializer.Embedding();
        float[] all = Draw(rule);
        Assert.Equal(all, Draw(rule));
        Assert.NotEqual(all, Draw(rule, seed: 43));
        Assert.NotEqual(all, Draw(rule, name: "other"));
        var random = new Random(3);
        for (int i = 0; i < 200; i++)
        {
            int start = random.Next(Draws), count = random.Next(1, Math.Min(300, Draws - start) + 1);
            var part = new float[count];
            rule.Fill(42, "model.layers.0.mlp.up_proj.weight", part, start);
            Assert.Equal(all[start..(start + count)], part);
        }
    }

    [Theory]
    [InlineData(WeightFormat.F32)]
    [InlineData(WeightFormat.BF16)]
    public void A_parameter_gets_the_same_bytes_from_one_thread_and_from_many(WeightFormat format)
    {
        var parameter = new Param("Up", "model.layers.0.mlp.up_proj.weight", "f d", [1000, 1000], Initializer.Linear(1000, 1000));
        parameter.Initialise(42, format);
        var many = new float[Draws];
        parameter.CopyTo(many);

        // One thread, in one piece, through the format.
        var one = new Param("Up", "x", "f d", [1000, 1000], Initializer.Zeros);
        one.Allocate(format);
        one.Set(Draw(parameter.Initializer));
        var expected = new float[Draws];
        one.CopyTo(expected);
        Assert.Equal(expected, many);
    }

    /// <summary>A seed means the same values for ever. (The hash was taken from this code once; what it means is tested above.)</summary>
    [Fact]
    public void The_draws_of_a_seed_never_change()
    {
        string hash = Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<float>(Draw(Initializer.Linear(64, 172)))));
        Assert.Equal("17CFCEB7C727D396B4C216944E12226E0423504134B81A69249A084FFC35A6A1", hash);
    }

    /// <summary>kat_vectors of Random123 1.14: philox 4x32 10 rounds.</summary>
    [Theory]
    [InlineData(0ul, 0ul, 0ul, new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(0xffffffff_fffffffful, 0xffffffff_fffffffful, 0xffffffff_fffffffful,
        new uint[] { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(0x85a308d3_243f6a88ul, 0x03707344_13198a2eul, 0x299f31d0_a4093822ul,
        new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void Philox_gives_its_published_numbers(ulong counterLow, ulong counterHigh, ulong key, uint[] expected)
    {
        Span<uint> group = stackalloc uint[Philox.Group];
        Philox.Draw(counterLow / 8, counterHigh, key, group);
        int block = (int)(counterLow % 8);
        for (int word = 0; word < 4; word++) Assert.Equal(expected[word], group[8 * word + block]);
    }

    /// <summary>Published vectors of FNV-1a, 64 bits.</summary>
    [Theory]
    [InlineData("", 0xcbf29ce484222325)]
    [InlineData("a", 0xaf63dc4c8601ec8c)]
    [InlineData("foobar", 0x85944171f73967e8)]
    public void Names_are_hashed_by_Fnv1a(string name, ulong expected) => Assert.Equal(expected, InitializerDraws.Fnv1a(name));

    [Theory]
    [InlineData(1, 0.317310507863)]
    [InlineData(3, 0.002699796063)]
    [InlineData(1.959963984540, 0.05)]
    [InlineData(5, 5.733031437e-7)]
    public void Quantiles_and_tails_are_those_of_the_tables(double z, double tail)
    {
        Assert.Equal(tail, InitializerDraws.TwoSidedTail(z), 1e-11);
        float found = NormalQuantile.OfTwoSidedTail(System.Runtime.Intrinsics.Vector512.Create((float)tail))[0];
        Assert.Equal(z, found, 2e-6 * z);
    }

    [Fact]
    public void Rules_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Initializer.Linear(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Initializer.Normal(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Initializer.Normal(float.NaN, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Initializer.TruncatedNormal(0, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Initializer.Uniform(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Initializer.Uniform(float.MinValue, float.MaxValue));
    }
}
