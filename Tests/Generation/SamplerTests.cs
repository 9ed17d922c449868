using System.Globalization;
using Einsharp.Generation;

namespace Einsharp.Tests.Generation;

public class SamplerTests
{
    [Fact]
    public void Random_numbers_are_the_published_ones()
    {
        // SplitMix64 of 1234567 (rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64) and the test vector of the rand_xoshiro crate.
        ulong state = 1234567;
        Assert.Equal(6457827717110365317UL, Xoshiro256.SplitMix64(ref state));
        Assert.Equal(3203168211198807973UL, Xoshiro256.SplitMix64(ref state));
        Assert.Equal(9817491932198370423UL, Xoshiro256.SplitMix64(ref state));
        var random = new Xoshiro256(1, 2, 3, 4);
        ulong[] expected =
        [
            11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600, 16172922978634559625, 8476171486693032832,
            10595114339597558777, 2904607092377533576,
        ];
        foreach (ulong number in expected)
            Assert.Equal(number, random.Next());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Greedy_takes_the_greatest_and_the_lowest_id_of_equals(int size)
    {
        var random = new Random(50);
        var greedy = new Sampler(size, SamplerOptions.Greedy);
        var topOne = new Sampler(size, new SamplerOptions { TopK = 1 });
        for (int i = 0; i < 200; i++)
        {
            float[] logits = [.. Enumerable.Range(0, size).Select(_ => (float)random.Next(-5, 5))];
            int expected = Array.IndexOf(logits, logits.Max());
            Assert.Equal(expected, greedy.Sample(logits, []));
            Assert.Equal(expected, topOne.Sample(logits, []));
        }
    }

    public static TheoryData<SamplerOptions> Filters() => new(
        new SamplerOptions(),
        new SamplerOptions { Temperature = 0.5f },
        new SamplerOptions { Temperature = 3 },
        new SamplerOptions { TopK = 4 },
        new SamplerOptions { TopK = 1000 },
        new SamplerOptions { TopP = 0.6f },
        new SamplerOptions { TopP = 0.01f },
        new SamplerOptions { MinP = 0.2f },
        new SamplerOptions { MinP = 1 },
        new SamplerOptions { RepetitionPenalty = 1.7f },
        new SamplerOptions { RepetitionPenalty = 0.5f },
        new SamplerOptions { TopK = 6, TopP = 0.8f },
        new SamplerOptions { TopP = 0.9f, MinP = 0.1f },
        new SamplerOptions { TopK = 7, TopP = 0.9f, MinP = 0.05f, Temperature = 1.5f, RepetitionPenalty = 1.3f });

    [Theory]
    [MemberData(nameof(Filters))]
    public void Draws_have_the_distribution_of_the_filters_done_naively(SamplerOptions options)
    {
        const int draws = 60_000;
        var random = new Random(51);
        int[] recent = [3, 3, 0, 8, 3];
        foreach (int size in (int[])[9, 700])
        {
            float[] logits = [.. Enumerable.Range(0, size).Select(_ => (float)((random.NextDouble() * 8) - 4))];
            logits[5] = float.NegativeInfinity;
            logits[6] = logits[7];
            double[] expected = Naive(logits, recent, options);
            var sampler = new Sampler(size, options with { Seed = 7 });
            int[] counts = new int[size];
            for (int i = 0; i < draws; i++)
                counts[sampler.Sample(logits, recent)]++;

            // Chi-square with classes of fewer than 10 expected draws put together; 6 standard deviations over its mean.
            (double square, int classes, double restExpected, int restCount) = (0, 0, 0, 0);
            for (int id = 0; id < size; id++)
            {
                if (expected[id] == 0)
                    Assert.Equal(0, counts[id]);
                double mean = expected[id] * draws;
                if (mean >= 10)
                    (square, classes) = (square + ((counts[id] - mean) * (counts[id] - mean) / mean), classes + 1);
                else
                    (restExpected, restCount) = (restExpected + mean, restCount + counts[id]);
            }
            Assert.InRange(restCount, restExpected - (6 * Math.Sqrt(restExpected + 1)), restExpected + (6 * Math.Sqrt(restExpected + 1)));
            Assert.True(square <= classes + (6 * Math.Sqrt(2 * classes)), $"{options}: chi-square {square:0.0} of {classes} classes");
        }
    }

    [Fact]
    public void Filters_keep_what_they_keep_naively_on_large_vocabularies()
    {
        var random = new Random(52);
        for (int round = 0; round < 30; round++)
        {
            int size = random.Next(300, 3_000);
            // Few distinct values, so that ties are everywhere.
            float[] logits = [.. Enumerable.Range(0, size).Select(_ => (float)random.Next(-30, 30) / (round % 2 == 0 ? 3 : 30))];
            var options = new SamplerOptions
            {
                TopK = random.Next(3) == 0 ? 0 : random.Next(2, size + 10),
                TopP = random.Next(3) == 0 ? 1 : (float)(0.05 + (0.9 * random.NextDouble())),
                MinP = random.Next(3) == 0 ? (float)random.NextDouble() : 0,
                Temperature = (float)(0.2 + (2 * random.NextDouble())),
                Seed = (ulong)round,
            };
            double[] expected = Naive(logits, [], options);
            var sampler = new Sampler(size, options);
            for (int i = 0; i < 100; i++)
            {
                int drawn = sampler.Sample(logits, []);
                Assert.True(expected[drawn] > 0, $"{options} drew {drawn} of {size}");
            }
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_tokens()
    {
        float[] logits = [.. Enumerable.Range(0, 500).Select(static i => MathF.Sin(i))];
        int[] Draw(ulong seed)
        {
            var sampler = new Sampler(500, new SamplerOptions { Seed = seed, TopP = 0.9f });
            return [.. Enumerable.Range(0, 100).Select(_ => sampler.Sample(logits, []))];
        }
        Assert.Equal(Draw(1), Draw(1));
        Assert.NotEqual(Draw(1), Draw(2));
    }

    [Fact]
    public void A_temperature_near_zero_is_greedy_and_does_not_overflow()
    {
        var sampler = new Sampler(3, new SamplerOptions { Temperature = float.Epsilon });
        for (int i = 0; i < 100; i++)
            Assert.Equal(1, sampler.Sample([1e30f, 2e30f, -3e38f], []));
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void Sampling_allocates_nothing(SamplerOptions options)
    {
        float[] logits = [.. Enumerable.Range(0, 3_000).Select(static i => MathF.Sin(i))];
        int[] recent = [1, 2, 3];
        foreach (SamplerOptions each in (SamplerOptions[])[options, options with { Temperature = 0 }])
        {
            var sampler = new Sampler(logits.Length, each);
            sampler.Sample(logits, recent);

            // The runtime itself allocates now and then, when it compiles anew: what sampling allocated would be in every window.
            long least = long.MaxValue;
            for (int window = 0; window < 5; window++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 20; i++)
                    sampler.Sample(logits, recent);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            Assert.Equal(0, least);
        }
    }

    [Theory]
    [InlineData(float.NaN, "token 300 has NaN")]
    [InlineData(float.PositiveInfinity, "token 300 has Infinity")]
    public void Logits_that_are_not_finite_are_refused(float bad, string expected)
    {
        float[] logits = new float[1_000];
        logits[300] = bad;
        foreach (SamplerOptions options in (SamplerOptions[])
            [SamplerOptions.Greedy, new(), new() { TopK = 5 }, new() { TopP = 0.5f }, new() { RepetitionPenalty = 2 }])
        {
            var e = Assert.Throws<InvalidDataException>(() => new Sampler(1_000, options).Sample(logits, [300], 12));
            Assert.Equal($"the logits of position 12 are not finite: {expected}", e.Message);
        }
        Assert.Throws<InvalidDataException>(() => new Sampler(2, new()).Sample([float.NegativeInfinity, float.NegativeInfinity], []));
    }

    [Fact]
    public void Arguments_are_checked()
    {
        Assert.Throws<ArgumentException>(() => new Sampler(3, new()).Sample([1, 2], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(2, new() { RepetitionPenalty = 2 }).Sample([1, 2], [2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(0, new()));
    }

    [Fact]
    public void Options_out_of_range_are_said_with_their_range()
    {
        (string Message, Action Make)[] cases =
        [
            ("Temperature is -1; it must be finite and at least 0.", () => _ = new SamplerOptions { Temperature = -1 }),
            ("Temperature is NaN; it must be finite and at least 0.", () => _ = new SamplerOptions { Temperature = float.NaN }),
            ("TopK is -3; it must be at least 0.", () => _ = new SamplerOptions { TopK = -3 }),
            ("TopP is 0; it must be over 0 and at most 1.", () => _ = new SamplerOptions { TopP = 0 }),
            ("TopP is 1.5; it must be over 0 and at most 1.", () => _ = new SamplerOptions { TopP = 1.5f }),
            ("MinP is NaN; it must be from 0 to 1.", () => _ = new SamplerOptions { MinP = float.NaN }),
            ("RepetitionPenalty is 0; it must be finite and over 0.", () => _ = new SamplerOptions { RepetitionPenalty = 0 }),
        ];
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            other.NumberFormat.NegativeSign = "\u2212";
            other.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = other;
            foreach ((string message, Action make) in cases)
            {
                var e = Assert.Throws<ArgumentOutOfRangeException>(make);
                Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
                Assert.Equal(message.Split(' ')[0], e.ParamName);
                Assert.DoesNotContain('\n', e.Message);
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    // In double, by sorting everything at each step.
    private static double[] Naive(float[] logits, int[] recent, SamplerOptions options)
    {
        double[] scores = [.. logits.Select(static logit => (double)logit)];
        foreach (int id in recent.Distinct())
            scores[id] = scores[id] < 0 ? scores[id] * options.RepetitionPenalty : scores[id] / options.RepetitionPenalty;
        int[] order = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => (float)scores[id]).ThenBy(static id => id)];
        if (options.TopK > 0)
            order = [.. order.Take(options.TopK)];

        double[] shares = [.. order.Select(id => Math.Exp((scores[id] - scores[order[0]]) / options.Temperature))];
        double total = shares.Sum();
        double before = 0;
        double[] kept = new double[logits.Length];
        for (int i = 0; i < order.Length; i++)
        {
            // A boundary that a rounding decides is no matter of the filter: both ways are allowed within 1e-6.
            if ((i == 0 || before < (options.TopP + 1e-6) * total || options.TopP == 1) && shares[i] >= options.MinP * (1 - 1e-6))
                kept[order[i]] = shares[i];
            before += shares[i];
        }
        double keptTotal = kept.Sum();
        return [.. kept.Select(share => share / keptTotal)];
    }
}
