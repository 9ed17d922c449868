using Einsharp.Tests.Reference;
using static Einsharp.Tests.Reference.Named;

namespace Einsharp.Tests.Execution;

/// <summary>
/// Attention over a cache in every format. The reference is in float64 and knows no format; how far from it a result may be follows from how
/// far an element may be from what was appended.
/// </summary>
public sealed class CacheFormatTests
{
    private const int D = 7, G = 2, R = 3, K = 40;

    private static AlibiAttention Model(Device? device = null)
    {
        var model = new AlibiAttention(new AlibiAttentionSizes { d = D, g = G, r = R, k = K }, device);
        model.Initialise(31);
        return model;
    }

    [Theory]
    [InlineData(CacheFormat.F32)]
    [InlineData(CacheFormat.BF16)]
    [InlineData(CacheFormat.Int8)]
    public void AResultIsAsNearAsTheElementsAre(CacheFormat format)
    {
        const int batch = 2, length = 150;
        AlibiAttention model = Model();
        Tensor x = Inputs.Random(31, batch, length, D);
        Named q = Of("b s d", x).Project("b s g r k", model.Query), keys = Of("b t d", x).Project("b t g k", model.Key);
        Named values = Of("b t d", x).Project("b t g k", model.Value);
        double[] slopes = [0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125];
        Named p = Einsum("b g r s t", q, keys).Map(score => score / Math.Sqrt(K)).Alibi("s", "t", slopes, "g", "r").Causal("s", "t").Softmax("t");
        double[] expected = Einsum("b s g r k", p, values).Values;
        using KvCache cache = model.CreateCache(batch, length, format);
        float[] found = model.Forward(x, cache).Span.ToArray();

        double[] keyErrors = Errors(format, keys.Values), valueErrors = Errors(format, values.Values);
        double greatest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            (int c, int r, int g, int s, int b) = (i % K, i / K % R, i / K / R % G, i / K / R / G % length, i / K / R / G / length);
            double score = 0, value = 0, error = 0;
            for (int t = 0; t <= s; t++)
            {
                int key = ((b * length + t) * G + g) * K;
                score = Math.Max(score, Enumerable.Range(0, K).Sum(k => Math.Abs(q.Values[i / K * K + k]) * keyErrors[key + k]) / Math.Sqrt(K));
                value = Math.Max(value, Math.Abs(values.Values[key + c]));
                error = Math.Max(error, valueErrors[key + c]);
            }

            // Scores that are off by δ at most change weights by factors of e^±2δ, whose sum is 1; values are off by their own error.
            double allowed = (Math.Exp(2 * score) - 1) * value + error + 2e-6;
            double off = Math.Abs(expected[i] - found[i]);
            Assert.True(off <= allowed, FormattableString.Invariant($"element {i}: expected {expected[i]:R}, found {found[i]:R}; allowed {allowed:R}"));
            greatest = Math.Max(greatest, off);
        }

        // The bounds are no excuse: formats do differ, by as much as they should.
        (double least, double most) = format switch
        {
            CacheFormat.F32 => (0, 2e-6),
            CacheFormat.BF16 => (1e-5, 1e-2),
            _ => (1e-5, 2e-2),
        };
        Assert.InRange(greatest, least, most);
    }

    /// <summary>How far each element of vectors of <see cref="K"/> may be from what was appended.</summary>
    private static double[] Errors(CacheFormat format, double[] vectors) => [.. vectors.Select((value, i) => format switch
    {
        CacheFormat.F32 => 0,
        CacheFormat.BF16 => Math.Abs(value) / 256,
        _ => Enumerable.Range(i % K / 32 * 32, Math.Min(32, K - i % K / 32 * 32)).Max(k => Math.Abs(vectors[i / K * K + k])) / 254,
    })];

    [Theory]
    [InlineData(CacheFormat.BF16)]
    [InlineData(CacheFormat.Int8)]
    public void AnyPiecesAndAnyThreadsGiveTheSameBits(CacheFormat format)
    {
        const int length = 300;
        Tensor x = Inputs.Random(32, 1, length, D);
        float[] whole = [];
        foreach (int threads in (int[])[1, 2, 4])
        {
            using var device = new CpuDevice(threads);
            AlibiAttention model = Model(device);
            foreach (int piece in (int[])[length, 1, 67])
            {
                using KvCache cache = model.CreateCache(1, length, format);
                float[] found = Pieces.Run(x, piece, part => model.Forward(part, cache));
                whole = whole.Length == 0 ? found : whole;
                Compare.SameBits(whole, found, $"{threads} threads, pieces of {piece}");
            }
        }

        AlibiAttention exact = Model();
        Assert.NotEqual(exact.Forward(x, null).Span.ToArray(), whole);
    }

    [Theory]
    [InlineData(CacheFormat.BF16)]
    [InlineData(CacheFormat.Int8)]
    public void ARaggedBatchIsEachAloneAndTruncatingIsAsIfItHadNeverBeen(CacheFormat format)
    {
        AlibiAttention model = Model();
        int[] lengths = [70, 1, 33];
        Tensor x = Inputs.Random(33, 3, 70, D);
        using KvCache cache = model.CreateCache(3, 90, format);
        model.Forward(Inputs.Random(34, 3, 20, D), cache);
        for (int i = 0; i < 3; i++)
            cache.Truncate(i, 0);
        cache.SetCounts(lengths);
        float[] all = model.Forward(x, cache).Span.ToArray();
        for (int i = 0; i < 3; i++)
        {
            using KvCache own = model.CreateCache(1, 90, format);
            Tensor part = Tensor.From(x.Span.Slice(i * 70 * D, lengths[i] * D), 1, lengths[i], D);
            Compare.SameBits(model.Forward(part, own).Span, all.AsSpan(i * 70 * G * R * K, lengths[i] * G * R * K), $"sequence {i}");
        }
    }

    [Fact]
    public void TheFormatIsTheCallersAndF32ByDefault()
    {
        AlibiAttention model = Model();
        using KvCache plain = model.CreateCache(1, 64), half = model.CreateCache(1, 64, CacheFormat.BF16), eighth = model.CreateCache(1, 64, CacheFormat.Int8);
        Assert.Equal((CacheFormat.F32, CacheFormat.BF16, CacheFormat.Int8), (plain.Format, half.Format, eighth.Format));
        Assert.Equal(64L * 2 * G * K * 4, plain.Bytes);
        Assert.Equal(plain.Bytes / 2, half.Bytes);
        Assert.Equal(64L * 2 * G * (K + 2 * 4), eighth.Bytes);
    }
}

/// <summary>A call cut into several.</summary>
internal static class Pieces
{
    /// <summary>Runs [batch, length, d] in pieces of at most so many positions and puts the results together.</summary>
    public static float[] Run(Tensor x, int piece, Func<Tensor, Tensor> forward)
    {
        (int batch, int length, int d) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        float[] joined = [];
        for (int first = 0; first < length; first += piece)
        {
            int count = Math.Min(piece, length - first);
            var part = new Tensor(batch, count, d);
            for (int b = 0; b < batch; b++)
                x.Span.Slice((b * length + first) * d, count * d).CopyTo(part.Span[(b * count * d)..]);
            ReadOnlySpan<float> y = forward(part).Span;
            int features = y.Length / (batch * count);
            if (joined.Length == 0)
                joined = new float[batch * length * features];
            for (int b = 0; b < batch; b++)
                y.Slice(b * count * features, count * features).CopyTo(joined.AsSpan((b * length + first) * features));
        }

        return joined;
    }
}
