using System.Runtime.InteropServices;
using Einsharp.Tests.Reference;
using Einsharp.Weights;
using static Einsharp.Tests.Reference.Named;

namespace Einsharp.Tests.Execution;

/// <summary>Each variant of attention against named loops in float64, and cached ones at once, in pieces and token by token.</summary>
public sealed class AttentionVariantTests
{
    private const int D = 7;

    [Theory]
    [InlineData(1, 9, 1)]
    [InlineData(2, 200, 2)]
    [InlineData(1, 333, 4)]
    public void ASlidingWindow(int batch, int length, int threads)
    {
        using var device = new CpuDevice(threads);
        var settings = new SlidingAttentionSettings { Rope = new Rope() };
        var model = new SlidingAttention(new SlidingAttentionSizes { d = D, g = 2, r = 3, k = 4 }, settings, device);
        model.Initialise(1);
        Tensor x = Inputs.Random(1, batch, length, D);
        Named p = Scores(x, model.Query, model.Key, "g r", "g", rotate: true).Map(score => score / 2)
            .Causal("s", "t").Window("s", "t", 70).Softmax("t");
        float[] whole = model.Forward(x, null).Span.ToArray();
        Compare.Close(Einsum("b s g r k", p, Of("b t d", x).Project("b t g k", model.Value)).Values, whole);
        SameInPieces(x, whole, model.CreateCache, (part, cache, _) => model.Forward(part, cache));

        // The same without a cache: the same bits.
        var uncached = new UncachedAttention(
            new UncachedAttentionSizes { d = D, g = 2, r = 3, k = 4 }, new UncachedAttentionSettings { Rope = new Rope() }, device);
        uncached.Initialise(1);
        Compare.SameBits(whole, uncached.Forward(x).Span);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(90)]
    [InlineData(int.MaxValue)]
    public void AWindowOnBothSides(int window)
    {
        var model = new WindowAttention(new WindowAttentionSizes { d = D, h = 3, k = 4 }, new WindowAttentionSettings { Window = window });
        model.Initialise(2);
        Tensor x = Inputs.Random(2, 2, 250, D);
        Named scores = Scores(x, model.Query, model.Key, "h", "h").Map(score => score / 2);
        Named p = (window == int.MaxValue ? scores : scores.Window("s", "t", window)).Softmax("t");
        Compare.Close(Einsum("b s h k", p, Of("b t d", x).Project("b t h k", model.Value)).Values, model.Forward(x, null).Span);
    }

    [Fact]
    public void AWindowHasAPositionAndACapIsAboveZero()
    {
        var sizes = new WindowAttentionSizes { d = D, h = 3, k = 4 };
        ArgumentOutOfRangeException window = Assert.Throws<ArgumentOutOfRangeException>(() =>
            new WindowAttention(sizes, new WindowAttentionSettings { Window = 0 }));
        Assert.StartsWith("'Size' is a window, which has at least 1 position, the query's own; 0 was given.", window.Message, StringComparison.Ordinal);
        ArgumentOutOfRangeException cap = Assert.Throws<ArgumentOutOfRangeException>(() => new RichAttention(
            new RichAttentionSizes { d = D, g = 1, h = 1, r = 1, k = 1, w = 1 }, new RichAttentionSettings { Cap = 0, Window = 1 }));
        Assert.StartsWith("'Cap' is a cap, a finite number above 0; 0 was given.", cap.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(150)]
    public void CappedScoresOfOneGroup(int length)
    {
        var model = new CappedAttention(new CappedAttentionSizes { d = D, h = 5, k = 4 });
        model.Initialise(3);
        Tensor x = Inputs.Random(3, 2, length, D);
        Named p = Scores(x, model.Query, model.Key, "h", "").Map(score => score * 3 / 2).SoftCap(1.5).Map(score => score * 2)
            .Causal("s", "t").Softmax("t");
        float[] whole = model.Forward(x, null).Span.ToArray();
        Compare.Close(Einsum("b s h k", p, Of("b t d", x).Project("b t k", model.Value)).Values, whole);
        SameInPieces(x, whole, model.CreateCache, (part, cache, _) => model.Forward(part, cache));
    }

    // Slopes worked out by hand from the published rule: of 6 heads the first 4 are those of 4 heads, 2^-2 to 2^-8, the others 2^-1 and 2^-3.
    [Theory]
    [InlineData(2, 3, new[] { 0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125 })]
    [InlineData(4, 1, new[] { 0.25, 0.0625, 0.015625, 0.00390625 })]
    [InlineData(1, 1, new[] { 0.00390625 })]
    public void LinearBiases(int g, int r, double[] slopes)
    {
        var model = new AlibiAttention(new AlibiAttentionSizes { d = D, g = g, r = r, k = 4 });
        model.Initialise(4);
        Tensor x = Inputs.Random(4, 2, 150, D);
        Named p = Scores(x, model.Query, model.Key, "g r", "g").Map(score => score / 2).Alibi("s", "t", slopes, "g", "r")
            .Causal("s", "t").Softmax("t");
        float[] whole = model.Forward(x, null).Span.ToArray();
        Compare.Close(Einsum("b s g r k", p, Of("b t d", x).Project("b t g k", model.Value)).Values, whole);
        SameInPieces(x, whole, model.CreateCache, (part, cache, _) => model.Forward(part, cache));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(150)]
    public void AMaskOfTheCallers(int length)
    {
        var model = new MaskedAttention(new MaskedAttentionSizes { d = D, h = 3, k = 4 });
        model.Initialise(5);
        Tensor x = Inputs.Random(5, 2, length, D);

        // Some see only themselves, whole blocks are hidden from others, and nobody sees what comes later.
        Tensor<bool> mask = Mask(5, 2, length, length);
        for (int b = 0; b < 2; b++)
        {
            for (int s = 0; s < length; s++)
            {
                for (int t = 0; t < length; t++)
                    mask.Span[(b * length + s) * length + t] &= t <= s && (s % 7 != 0 || t > s - 5);
                mask.Span[(b * length + s) * length + s] = true;
            }
        }

        Named p = Scores(x, model.Query, model.Key, "h", "h").Map(score => score / 2).Mask(Of("b s t", mask)).Softmax("t");
        float[] whole = model.Forward(x, mask, null).Span.ToArray();
        Compare.Close(Einsum("b s h k", p, Of("b t d", x).Project("b t h k", model.Value)).Values, whole);
        SameInPieces(x, whole, model.CreateCache, (part, cache, first) =>
        {
            int count = part.Shape[1], seen = first + count;
            var some = new Tensor<bool>(2, count, seen);
            for (int b = 0; b < 2; b++)
            {
                for (int s = 0; s < count; s++)
                    mask.Span.Slice((b * length + first + s) * length, seen).CopyTo(some.Span[((b * count + s) * seen)..]);
            }

            return model.Forward(part, some, cache);
        });
    }

    [Fact]
    public void AQueryThatSeesNothingGivesNaN()
    {
        var model = new MaskedAttention(new MaskedAttentionSizes { d = D, h = 3, k = 4 });
        model.Initialise(6);
        Tensor x = Inputs.Random(6, 1, 100, D);
        var mask = new Tensor<bool>(1, 100, 100);
        mask.Span.Fill(true);
        mask.Span.Slice(17 * 100, 100).Clear();
        mask.Span.Slice(18 * 100, 99).Clear();
        ReadOnlySpan<float> y = model.Forward(x, mask, null).Span;
        for (int s = 0; s < 100; s++)
        {
            foreach (float value in y.Slice(s * 12, 12))
                Assert.Equal(s == 17, float.IsNaN(value));
        }
    }

    [Fact]
    public void AMaskHasTheExtentsOfTheCall()
    {
        var model = new MaskedAttention(new MaskedAttentionSizes { d = D, h = 3, k = 4 });
        model.Initialise(6);
        using KvCache cache = model.CreateCache(2, 20);
        Tensor x = Inputs.Random(6, 2, 5, D);
        model.Forward(x, Mask(1, 2, 5, 5), cache);
        ArgumentException error = Assert.Throws<ArgumentException>(() => model.Forward(x, Mask(1, 2, 5, 5), cache));
        Assert.StartsWith(
            "'mask' is declared as 'b s t' and has the shape [2, 5, 5]: axis 't' is 10 by the positions of the longest sequence after this call, "
            + "found 5.", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(() => model.Forward(x, Mask(1, 2, 4, 10), cache));
        Assert.StartsWith(
            "'mask' is declared as 'b s t' and has the shape [2, 4, 10]: axis 's' is 5 by 'x', found 4.", error.Message, StringComparison.Ordinal);
        model.Forward(x, Mask(1, 2, 5, 10), cache);
        Assert.Equal([10, 10], cache.Lengths.ToArray());

        var encoder = new EncoderAttention(
            new EncoderAttentionSizes { d = D, g = 1, r = 1, k = 2 }, new EncoderAttentionSettings { Rope = new Rope() });
        encoder.Initialise(1);
        error = Assert.Throws<ArgumentException>(() => encoder.Forward(x, Mask(1, 2, 4)));
        Assert.StartsWith(
            "'keep' is declared as 'b t' and has the shape [2, 4]: axis 't' is 5 by 'x', whose axis 's' it is, found 4.", error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 9, 1)]
    [InlineData(2, 150, 2)]
    [InlineData(2, 150, 3)]
    public void AllModifiersAtOnce(int batch, int length, int threads)
    {
        using var device = new CpuDevice(threads);
        var settings = new RichAttentionSettings { Cap = 0.8f, Window = 75 };
        var model = new RichAttention(new RichAttentionSizes { d = D, g = 2, h = 2, r = 3, k = 4, w = 5 }, settings, device);
        model.Initialise(7);
        Tensor x = Inputs.Random(7, batch, length, D);
        Tensor<bool> keep = Mask(7, length, 2, batch);
        keep.Span[..(2 * batch)].Fill(true);
        double[] slopes = [0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125];
        Named p = Einsum("b g h r s t", Of("b s d", x).Project("b s g h r k", model.Query), Of("b t d", x).Project("b t g h k", model.Key))
            .Map(score => score / 2).SoftCap(0.8f).Alibi("s", "t", slopes, "h", "r").Causal("s", "t").Window("s", "t", 75)
            .Mask(Of("t h b", keep)).Softmax("t");
        float[] whole = model.Forward(x, keep, null).Span.ToArray();
        double[] expected = Einsum("b s r g h w", p, Of("b t d", x).Project("b t g h w", model.Value)).Values;
        Compare.Close(expected, whole);
        SameInPieces(x, whole, model.CreateCache, (part, cache, first) =>
            model.Forward(part, Tensor.From(keep.Span[..((first + part.Shape[1]) * 2 * batch)], first + part.Shape[1], 2, batch), cache));
    }

    [Fact]
    public void ARaggedBatchIsEachAlone()
    {
        var model = new RichAttention(
            new RichAttentionSizes { d = D, g = 2, h = 2, r = 3, k = 4, w = 5 }, new RichAttentionSettings { Cap = 0.8f, Window = 20 });
        model.Initialise(8);
        int[][] calls = [[30, 4, 0], [1, 40, 90], [0, 2, 1]];
        Tensor x = Inputs.Random(8, 3, 120, D);
        Tensor<bool> keep = Mask(8, 120, 2, 3);
        using KvCache cache = model.CreateCache(3, 120);
        int[] done = new int[3];
        foreach (int[] counts in calls)
        {
            int columns = counts.Max(), seen = Enumerable.Range(0, 3).Max(b => done[b] + counts[b]);
            var part = new Tensor(3, columns, D);
            for (int b = 0; b < 3; b++)
                x.Span.Slice((b * 120 + done[b]) * D, counts[b] * D).CopyTo(part.Span[(b * columns * D)..]);
            cache.SetCounts(counts);
            float[] y = model.Forward(part, Tensor.From(keep.Span[..(seen * 6)], seen, 2, 3), cache).Span.ToArray();
            for (int b = 0; b < 3; b++)
            {
                int end = done[b] + counts[b];
                if (end == 0)
                    continue;
                bool[] own = [.. Enumerable.Range(0, end * 2).Select(i => keep.Span[i * 3 + b])];
                float[] alone = model.Forward(Tensor.From(x.Span.Slice(b * 120 * D, end * D), 1, end, D), Tensor.From(own, end, 2, 1), null)
                    .Span.ToArray();
                Compare.SameBits(alone.AsSpan(done[b] * 60), y.AsSpan(b * columns * 60, counts[b] * 60), $"sequence {b}");
                done[b] = end;
            }
        }
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 9, 2)]
    [InlineData(3, 130, 3)]
    public void AnEncoderWithPadding(int batch, int length, int threads)
    {
        using var device = new CpuDevice(threads);
        var model = new EncoderAttention(
            new EncoderAttentionSizes { d = D, g = 2, r = 3, k = 4 }, new EncoderAttentionSettings { Rope = new Rope() }, device);
        model.Initialise(9);
        Tensor x = Inputs.Random(9, batch, length, D);
        var keep = new Tensor<bool>(batch, length);
        for (int b = 0; b < batch; b++)
            keep.Span.Slice(b * length, Math.Max(1, length - 70 * b)).Fill(true);
        Named p = Scores(x, model.Query, model.Key, "g r", "g", rotate: true).Map(score => score / 2).Mask(Of("b t", keep)).Softmax("t");
        Compare.Close(Einsum("b s g r k", p, Of("b t d", x).Project("b t g k", model.Value)).Values, model.Forward(x, keep).Span);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 9, 20)]
    [InlineData(3, 30, 131)]
    public void AMemory(int batch, int length, int positions)
    {
        var model = new CrossAttention(new CrossAttentionSizes { d = D, e = 5, h = 3, k = 4, w = 6 });
        model.Initialise(10);
        Tensor x = Inputs.Random(10, batch, length, D), memory = Inputs.Random(11, batch, positions, 5);
        Tensor<bool> keep = Mask(3, batch, positions);
        for (int b = 0; b < batch; b++)
            keep.Span[b * positions] = true;
        Named q = Of("b s d", x).Project("b s h k", model.Query), keys = Of("b t e", memory).Project("b t h k", model.Key);
        Named p = Einsum("b h s t", q, keys).Map(score => score / 2).Mask(Of("b t", keep)).Softmax("t");
        double[] expected = Einsum("b s h w", p, Of("b t e", memory).Project("b t h w", model.Value)).Values;
        Compare.Close(expected, model.Forward(x, memory, keep).Span);
    }

    [Theory]
    [InlineData(2, 9, 20)]
    [InlineData(1, 300, 70)]
    public void AMemoryBehindACache(int batch, int length, int positions)
    {
        var model = new CachedCrossAttention(new CachedCrossAttentionSizes { d = D, d2 = 5, k = 4 });
        model.Initialise(12);
        Tensor x = Inputs.Random(12, batch, length, D), memory = Inputs.Random(13, batch, positions, 5);
        Tensor<bool> mask = Mask(4, batch, length, positions);
        for (int row = 0; row < batch * length; row++)
            mask.Span[row * positions + row % positions] = true;
        Named input = Of("b s d", x), seen = Of("b u d", x);
        Named own = Einsum("b s u", input.Project("b s k", model.Query), seen.Project("b u k", model.Key)).Causal("s", "u").Softmax("u");
        Named y = Einsum("b s d", own, seen).Add(input), other = Of("b t d2", memory);
        Named weights = Einsum("b s t", y, other.Project("b t d", model.MemoryKey)).Map(score => score / Math.Sqrt(D))
            .Mask(Of("b s t", mask)).Softmax("t");
        float[] whole = model.Forward(x, memory, mask, null).Span.ToArray();
        Compare.Close(Einsum("b s d2", weights, other).Values, whole);
        SameInPieces(x, whole, model.CreateCache, (part, cache, first) =>
        {
            int count = part.Shape[1];
            var some = new Tensor<bool>(batch, count, positions);
            for (int b = 0; b < batch; b++)
                mask.Span.Slice((b * length + first) * positions, count * positions).CopyTo(some.Span[(b * count * positions)..]);
            return model.Forward(part, memory, some, cache);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void PlainTensors(int threads)
    {
        using var device = new CpuDevice(threads);
        var model = new PlainAttention(new PlainAttentionSizes(), device);
        Tensor q = Inputs.Random(1, 2, 3, 20, 5), keys = Inputs.Random(2, 2, 3, 140, 5), values = Inputs.Random(3, 2, 3, 140, 6);
        Tensor<bool> mask = Mask(5, 20, 140);
        for (int s = 0; s < 20; s++)
            mask.Span[s * 140 + s] = true;
        Named p = Einsum("b h s t", Of("b h s k", q), Of("b h t k", keys)).Map(score => score / Math.Sqrt(5)).Mask(Of("s t", mask)).Softmax("t");
        Compare.Close(Einsum("b h s v", p, Of("b h t v", values)).Values, model.Forward(q, keys, values, mask).Span);

        q = Inputs.Random(4, 9, 5);
        keys = Inputs.Random(5, 70, 5);
        p = Einsum("q t", Of("q k", q), Of("t k", keys)).Map(score => score / Math.Sqrt(5)).Softmax("t");
        Compare.Close(Einsum("q k", p, Of("t k", keys)).Values, model.Unbatched(q, keys).Span);

        q = Inputs.Random(6, 3, 5);
        keys = Inputs.Random(7, 3, 70, 5);
        values = Inputs.Random(8, 3, 70, 2);
        p = Einsum("b t", Of("b k", q), Of("b t k", keys)).SoftCap(4).Softmax("t");
        Compare.Close(Einsum("b v", p, Of("b t v", values)).Values, model.OneQuery(q, keys, values).Span);

        q = Inputs.Random(9, 3, 5, 2, 20);
        keys = Inputs.Random(10, 70, 2, 5, 3);
        values = Inputs.Random(11, 2, 70, 4);
        mask = Mask(6, 2, 70, 3);
        mask.Span[..3].Fill(true);
        mask.Span.Slice(70 * 3, 3).Fill(true);
        p = Einsum("s h b t", Of("h k b s", q), Of("t b k h", keys)).Map(score => score / Math.Sqrt(5)).Mask(Of("b t h", mask)).Softmax("t");
        Compare.Close(Einsum("s v h b", p, Of("b t v", values)).Values, model.AnyOrder(q, keys, values, mask).Span);

        q = Inputs.Random(12, 2, 9, 3, 2, 3);
        keys = Inputs.Random(13, 2, 70, 2, 3);
        values = Inputs.Random(14, 70, 2, 4);
        p = Einsum("a t u s", Of("a s u i j", q), Of("a t i j", keys)).Map(score => score / Math.Sqrt(6)).Softmax("t");
        Compare.Close(Einsum("u s a v w", p, Of("t v w", values)).Values, model.SeveralAxes(q, keys, values).Span);

        q = Inputs.Random(15, 9);
        keys = Inputs.Random(16, 70);
        values = Inputs.Random(17, 70);
        p = Einsum("s t", Of("s", q), Of("t", keys)).Softmax("t");
        Compare.Close(Einsum("s", p, Of("t", values)).Values, model.Scalars(q, keys, values).Span);
    }

    /// <summary>Official output of Stanford's CS336 assignment 1, spring 2025, at its tolerances.</summary>
    [Fact]
    public void ThePublishedVectorsAreMet()
    {
        if (TestData.Path("cs336/spring2025_usable.safetensors") is not { } path)
            return;
        using SafetensorsFile file = SafetensorsFile.Open(path);
        float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(file.Data(name)).ToArray();
        bool[] mask = [.. file.Data("mask").ToArray().Select(value => value != 0)];
        var model = new PlainAttention(new PlainAttentionSizes());
        Tensor one = model.OneHead(
            Tensor.From(Floats("q"), 4, 12, 64), Tensor.From(Floats("k"), 4, 16, 64), Tensor.From(Floats("v"), 4, 16, 64), Tensor.From(mask, 4, 12, 16));
        Tensor two = model.Heads(
            Tensor.From(Floats("q"), 2, 2, 12, 64), Tensor.From(Floats("k"), 2, 2, 16, 64), Tensor.From(Floats("v"), 2, 2, 16, 64),
            Tensor.From(mask, 2, 2, 12, 16));
        foreach ((string name, Tensor found) in ((string, Tensor)[])[("expect.sdpa", one), ("expect.sdpa4d", two)])
        {
            float[] expected = Floats(name);
            Assert.Equal(expected.Length, found.Length);
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], found.Span[i], 1e-6 + 1e-4 * Math.Abs(expected[i]));
        }
    }

    [Theory]
    [InlineData(9)]
    [InlineData(100)]
    public void QueriesAndKeysThatAreNormalised(int length)
    {
        var model = new NormedAttention(
            new NormedAttentionSizes { d = D, g = 2, r = 3, k = 4 }, new NormedAttentionSettings { Eps = 0.1f, Rope = new Rope() });
        model.Initialise(19);
        Tensor x = Inputs.Random(19, 2, length, D);
        Named q = Of("b s d", x).Project("b s g r k", model.Query).RmsNorm(Of(model.QueryGain), 0.1f).Rotate("s");
        Named keys = Of("b s d", x).Project("b s g k", model.Key).RmsNorm(Of(model.KeyGain), 0.1f).Rotate("s").Rename("b t g k");
        Named p = Einsum("b g r s t", q, keys).Map(score => score / 2).Causal("s", "t").Softmax("t");
        float[] whole = model.Forward(x, null).Span.ToArray();
        Compare.Close(Einsum("b s g r k", p, Of("b t d", x).Project("b t g k", model.Value)).Values, whole);
        SameInPieces(x, whole, model.CreateCache, (part, cache, _) => model.Forward(part, cache));
    }

    [Fact]
    public void LayersThatAttendAlongNoAxisOfTheirRows()
    {
        var model = new LatentStack(new LatentStackSizes { d = D, n = 20, k = 4, layers = 2 });
        model.Initialise(20);
        Tensor x = Inputs.Random(20, 2, 9, D);
        Named y = Of("b s d", x);
        foreach (LatentLayer layer in model.Layers)
        {
            Named latents = y.Project("b s n k", layer.Latents);
            Named p = Einsum("b s n", y.Project("b s k", layer.Query), latents).Softmax("n");
            y = Einsum("b s k", p, latents).Project("b s d", layer.Output).Add(y);
        }

        Compare.Close(y.Values, model.Forward(x).Span);
    }

    // Rotations of whole models: half of a head, YaRN with its amplitude, and a base that grows with the capacity of the cache, or with the call
    // where there is none. Formulas as in transformers' modeling_rope_utils.py.
    [Theory]
    [InlineData("part", 0)]
    [InlineData("yarn", 0)]
    [InlineData("dynamic", 0)]
    [InlineData("dynamic", 100)]
    public void RotationsOfAModel(string kind, int capacity)
    {
        const int Length = 40, Size = 8;
        Rope rope = kind switch
        {
            "part" => new Rope(part: 0.5),
            "yarn" => new Rope(scaling: new YarnRopeScaling(4, 16, null, 2, 0.25)),
            _ => new Rope(scaling: new DynamicRopeScaling(2, 16)),
        };
        int turned = kind == "part" ? 4 : Size;
        double grown = 10_000 * Math.Pow(2.0 * (capacity == 0 ? Length : capacity) / 16 - 1, Size / (Size - 2.0));
        double low = Math.Max(Math.Floor(Size * Math.Log(16 / (2 * 2 * Math.PI)) / (2 * Math.Log(10_000))), 0);
        double high = Math.Min(Math.Ceiling(Size * Math.Log(16 / (0.25 * 2 * Math.PI)) / (2 * Math.Log(10_000))), Size - 1);
        double Frequency(int pair)
        {
            double plain = Math.Pow(kind == "dynamic" ? grown : 10_000, -2.0 * pair / turned), ramp = Math.Clamp((pair - low) / (high - low), 0, 1);
            return kind == "yarn" ? plain / 4 * ramp + plain * (1 - ramp) : plain;
        }

        double amplitude = kind == "yarn" ? 0.1 * Math.Log(4) + 1 : 1;
        var model = new SlidingAttention(new SlidingAttentionSizes { d = D, g = 2, r = 2, k = Size }, new SlidingAttentionSettings { Rope = rope });
        model.Initialise(21);
        Tensor x = Inputs.Random(21, 1, Length, D);
        Named q = Of("b s d", x).Project("b s g r k", model.Query).Rotate("s", turned, Frequency, amplitude);
        Named keys = Of("b s d", x).Project("b s g k", model.Key).Rotate("s", turned, Frequency, amplitude).Rename("b t g k");
        Named p = Einsum("b g r s t", q, keys).Map(score => score / Math.Sqrt(Size)).Causal("s", "t").Softmax("t");
        double[] expected = Einsum("b s g r k", p, Of("b t d", x).Project("b t g k", model.Value)).Values;
        if (capacity == 0)
        {
            Compare.Close(expected, model.Forward(x, null).Span);
            return;
        }

        using KvCache cache = model.CreateCache(1, capacity);
        float[] whole = model.Forward(x, cache).Span.ToArray();
        Compare.Close(expected, whole);
        SameInPieces(x, whole, (batch, _) => model.CreateCache(batch, capacity), (part, step, _) => model.Forward(part, step));
    }

    [Fact]
    public void ExtentsOfZero()
    {
        var model = new PlainAttention(new PlainAttentionSizes());

        // A sum over no positions is zero; scores of no elements are all equal; no queries or no elements give an empty result.
        Tensor none = model.Unbatched(Inputs.Random(1, 4, 5), new Tensor(0, 5));
        Assert.Equal(new float[20], none.Span.ToArray());
        Assert.Equal(0, model.Unbatched(new Tensor(0, 5), Inputs.Random(1, 4, 5)).Length);
        Tensor values = Inputs.Random(2, 2, 3, 4), mean = model.OneQuery(new Tensor(2, 0), new Tensor(2, 3, 0), values);
        for (int b = 0; b < 2; b++)
        {
            for (int v = 0; v < 4; v++)
                Assert.Equal(Enumerable.Range(0, 3).Sum(t => values.Span[(b * 3 + t) * 4 + v]) / 3, mean.Span[b * 4 + v], 1e-6f);
        }

        Assert.Equal(0, model.OneQuery(Inputs.Random(1, 2, 5), Inputs.Random(1, 2, 3, 5), new Tensor(2, 3, 0)).Length);
    }

    [Theory]
    [InlineData(1, 1, 1, 1, 1)]
    [InlineData(2, 1, 2, 20, 2)]
    [InlineData(1, 3, 3, 70, 3)]
    public void AnEncoderOfLayers(int floors, int blocks, int batch, int length, int threads)
    {
        using var device = new CpuDevice(threads);
        var sizes = new EncoderSizes { v = 11, d = D, h = 2, k = 4, floors = floors, blocks = blocks };
        var model = new Encoder(sizes, new EncoderSettings { Window = 9 }, device);
        model.Initialise(18);
        int[] ids = Inputs.Ids(batch * length, 11, 3);
        double[] embedding = NaiveLlama.Read(model.Embedding);
        Named x = new("b s d", [batch, length, D], [.. ids.SelectMany(id => embedding.AsSpan(id * D, D).ToArray())]);
        foreach (EncoderBlock block in model.Floors.SelectMany(floor => floor.Blocks))
        {
            Named seen = x.Rename("b t d");
            Named p = Einsum("b h s t", x.Project("b s h k", block.Query), seen.Project("b t h k", block.Key)).Map(score => score / 2)
                .Alibi("s", "t", [0.0625, 0.00390625], "h").Window("s", "t", 9).Softmax("t");
            x = Einsum("b s d", Einsum("b s h k", p, seen.Project("b t h k", block.Value)), Of(block.Output)).Add(x);
        }

        Compare.Close(x.Values, model.Forward(Tensor.From(ids, batch, length)).Span);
    }

    private static Named Scores(Tensor x, Param query, Param key, string heads, string groups, bool rotate = false)
    {
        Named q = Of("b s d", x).Project($"b s {heads} k", query), k = Of("b s d", x).Project($"b s {groups} k", key);
        if (rotate)
            (q, k) = (q.Rotate("s"), k.Rotate("s"));
        return Einsum($"b {heads} s t", q, k.Rename($"b t {groups} k"));
    }

    private static Tensor<bool> Mask(int seed, params ReadOnlySpan<int> shape)
    {
        var random = new Random(seed);
        var mask = new Tensor<bool>(shape);
        foreach (ref bool value in mask.Span)
            value = random.Next(3) > 0;
        return mask;
    }

    /// <summary>The bits of the whole, in pieces of several lengths and a position at a time.</summary>
    private static void SameInPieces(
        Tensor x, float[] whole, Func<int, int, KvCache> createCache, Func<Tensor, KvCache, int, Tensor> forward)
    {
        (int batch, int length, int d) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        int features = whole.Length / (batch * length);
        foreach (int piece in (int[])[1, 3, 67])
        {
            using KvCache cache = createCache(batch, length);
            float[] joined = new float[whole.Length];
            for (int first = 0; first < length; first += piece)
            {
                int count = Math.Min(piece, length - first);
                var part = new Tensor(batch, count, d);
                for (int b = 0; b < batch; b++)
                    x.Span.Slice((b * length + first) * d, count * d).CopyTo(part.Span[(b * count * d)..]);
                ReadOnlySpan<float> y = forward(part, cache, first).Span;
                for (int b = 0; b < batch; b++)
                    y.Slice(b * count * features, count * features).CopyTo(joined.AsSpan((b * length + first) * features));
            }

            Compare.SameBits(whole, joined, $"pieces of {piece}");
        }
    }
}
