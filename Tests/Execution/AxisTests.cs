using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Execution;

/// <summary>What goes along axes of the call, or across rows, computed by the generated code and by loops over names in float64.</summary>
public sealed class AxisTests
{
    public static readonly TheoryData<int, int, int> Shapes = new() { { 2, 7, 1 }, { 3, 1, 2 }, { 1, 40, 3 }, { 5, 300, 2 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void SoftmaxesAndNormsAlongAxesOfTheCall(int b, int s, int threads)
    {
        const float epsilon = 0.02f;
        LayerTests.OnThreads(threads, device =>
        {
            var model = new AlongCalls(new AlongCallsSizes { d = 5, e = 19 }, new AlongCallsSettings { Eps = epsilon }, device);
            model.Initialise(1);
            Tensor x = Inputs.Random(1, b, s, 5), gate = Inputs.Random(2, b, s, 19);
            Named u = Named.Einsum("b s e", Named.Of("b s d", x), Named.Of(model.Weight));
            Named a = u.Softmax("s").Map(value => value * 3).LogSoftmax("e").Add(Named.Of("b s e", gate));
            Named n = a.LayerNorm("s e", epsilon).Softmax("b");
            return (u.Multiply(n).LogSoftmax("s").Multiply(a).Add(Named.Of("b s e", gate)), model.Forward(x, gate));
        });
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ReductionsOverAnyAxes(int b, int s, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            var model = new Reductions(new ReductionsSizes { d = 40, h = 3, k = 7 }, device);
            model.Initialise(2);
            Tensor x = Inputs.Random(3, b, s, 40), turned = Inputs.Random(4, 7, s, 3), summit = Inputs.Random(5, 3, 7);
            Tensor offset = Inputs.Random(6, 40);
            Named input = Named.Of("b s d", x), heads = Named.Einsum("b s h k", input, Named.Of(model.Weight));
            Named lse = input.Reduce(Reduction.LogSumExp, "d"), mean = input.Reduce(Reduction.Mean, "b s").Silu().Add(Named.Of("d", offset));
            Named max = heads.Reduce(Reduction.Max, "s").Add(Named.Of("h k", summit)), min = heads.Reduce(Reduction.Min, "b h");
            Named head = heads.Reduce(Reduction.LogSumExp, "b s k");
            Named total = heads.Reduce(Reduction.Sum, "b s h k").Map(value => value * 0.01f);
            Named sum = heads.Multiply(heads).Add(max).Multiply(min).Add(head).Add(lse).Add(total).Multiply(Named.Of("k s h", turned))
                .Reduce(Reduction.Sum, "h").Add(min);
            Named wide = input.Multiply(mean).Reduce(Reduction.Sum, "d");
            return (sum.Multiply(wide).Map(value => value * 0.001f).Softmax("s").Reduce(Reduction.Max, "s k"), model.Forward(x, turned, summit, offset));
        }, relative: 4e-5);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ACallAlone(int b, int w, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            var model = new Pooling(new PoolingSizes(), device);
            Tensor x = Inputs.Random(7, b, 3, 5, w);
            Named input = Named.Of("b c h w", x), gate = input.Reduce(Reduction.Mean, "h w").Map(Special.Sigmoid);
            Named max = input.Reduce(Reduction.Max, "c h"), sum = input.Reduce(Reduction.Sum, "b w").Map(Math.Tanh);
            return (input.Multiply(gate).Add(max).Multiply(sum).Map(Special.Relu).Softmax("h"), model.Forward(x));
        });
    }

    [Fact]
    public void ReductionsOfNothing()
    {
        var model = new Pooling(new PoolingSizes());
        Assert.Equal([0, 3, 5, 7], model.Forward(new Tensor(0, 3, 5, 7)).Shape.ToArray());
        var reductions = new Reductions(new ReductionsSizes { d = 3, h = 2, k = 2 });
        reductions.Initialise(1);
        Tensor nothing = reductions.Forward(new Tensor(2, 0, 3), new Tensor(2, 0, 2), new Tensor(2, 2), new Tensor(3));
        Assert.Equal([float.NegativeInfinity, float.NegativeInfinity], nothing.Span.ToArray());
        Assert.Equal([0], reductions.Forward(new Tensor(0, 4, 3), new Tensor(2, 4, 2), new Tensor(2, 2), new Tensor(3)).Shape.ToArray());
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(50, 3)]
    [InlineData(1000, 2)]
    public void BatchNormInAPerceptron(int rows, int threads)
    {
        var settings = new BatchNormedSettings { Eps = 0.01f, Momentum = 0.1f };
        using var device = new CpuDevice(threads);
        using var one = new CpuDevice(1);
        var sizes = new BatchNormedSizes { d = 5, f = 37, o = 3 };
        BatchNormed model = new(sizes, settings, device), same = new(sizes, settings, one);
        foreach (BatchNormed each in (BatchNormed[])[model, same])
        {
            each.Initialise(3);
            each.Gain.Set(Inputs.Values(37, 1, 0.5f, 1.5f));
            each.Bias.Set(Inputs.Values(37, 2));
            each.Mean.Set(Inputs.Values(37, 3));
            each.Variance.Set(Inputs.Values(37, 4, 0.5f, 1.5f));
        }

        Named mean = Named.Of(model.Mean), variance = Named.Of(model.Variance);
        for (int step = 0; step < 3; step++)
        {
            Tensor x = Inputs.Random(10 + step, rows, 5);
            Named h = Named.Einsum("n f", Named.Of("n d", x), Named.Of(model.Up));
            Named batch = h.Reduce(Reduction.Mean, "n"), around = h.Add(batch.Map(value => -value)).Reduce(Reduction.Mean, "n", value => value * value);

            Compare.Close(Output(h, mean, variance).Values, model.Forward(x).Span);
            Compare.SameBits(model.Mean.Floats, same.Mean.Floats, "inference moves nothing");
            Compare.Close(Output(h, batch, around).Values, model.Train(x).Span);
            Compare.SameBits(model.Forward(x).Span, model.Forward(x).Span);
            same.Train(x);
            mean = mean.Map(value => value * (1 - 0.1f)).Add(batch.Map(value => value * 0.1f));
            variance = variance.Map(value => value * (1 - 0.1f)).Add(around.Map(value => value * 0.1f * rows / (rows - 1)));
            Compare.Close(mean.Values, model.Mean.Floats);
            Compare.Close(variance.Values, model.Variance.Floats);
            Compare.SameBits(same.Mean.Floats, model.Mean.Floats);
            Compare.SameBits(same.Variance.Floats, model.Variance.Floats);
        }

        Named Output(Named h, Named by, Named over)
        {
            Named scaled = h.Add(by.Map(value => -value)).Multiply(over.Map(value => 1 / Math.Sqrt(value + 0.01f))).Multiply(Named.Of(model.Gain));
            return Named.Einsum("n o", scaled.Add(Named.Of(model.Bias)).Map(Special.Relu), Named.Of(model.Down));
        }
    }

    [Fact]
    public void ABatchThatFailsMovesNothing()
    {
        var model = new BatchNormed(new BatchNormedSizes { d = 2, f = 3, o = 1 }, new BatchNormedSettings { Eps = 0.01f, Momentum = 0.1f });
        model.Initialise(4);
        float[] before = model.Variance.Floats.ToArray();
        long version = model.Variance.Version;
        var error = Assert.Throws<InvalidOperationException>(() => model.Train(new Tensor(1, 2)));
        Assert.Contains("there is one value of each feature of Gain", error.Message, StringComparison.Ordinal);
        Assert.Equal([0, 1], model.Train(new Tensor(0, 2)).Shape.ToArray());
        Compare.SameBits(before, model.Variance.Floats);
        Assert.Equal(version, model.Variance.Version);
        model.Train(Inputs.Random(1, 4, 2));
        Assert.NotEqual(version, model.Variance.Version);
    }

    [Theory]
    [InlineData(1, 1, 1, WeightFormat.F32)]
    [InlineData(2, 5, 2, WeightFormat.F32)]
    [InlineData(3, 300, 3, WeightFormat.BF16)]
    public void BatchNormOfFeaturesAnywhere(int b, int w, int threads, WeightFormat format)
    {
        LayerTests.OnThreads(threads, device =>
        {
            Channels model = Channels(device, format);
            Tensor x = Inputs.Random(5, b, 7, 3, w);
            Named input = Named.Of("b c h w", x);
            Named y = Normed(input, "b h w", model.Gain, model.Bias).Map(Special.Gelu);
            Named expected = b * w == 1 ? y : Normed(y, "b w", model.WideGain, model.WideBias).Add(input);
            if (b * w > 1)
                return (expected, model.First(x));
            Assert.Throws<InvalidOperationException>(() => model.First(x));
            return (input, x);
        });
        LayerTests.OnThreads(threads, device =>
        {
            Channels model = Channels(device, format);
            Tensor x = Inputs.Random(6, b, w + 1, 3, 7);
            Named y = Normed(Named.Of("b w h c", x), "b w h", model.Gain, model.Bias).Multiply(Named.Of(model.WideGain));
            return (Normed(y, "b w", model.WideGain, model.WideBias).Map(Special.Sigmoid), model.Last(x));
        });
        LayerTests.OnThreads(threads, device =>
        {
            Channels model = Channels(device, format);
            Tensor x = Inputs.Random(7, b, 7, 3, w);
            Named y = Scaled(Named.Of("b c h w", x), Named.Of(model.Mean), Named.Of(model.Variance), model.Gain, model.Bias);
            return (Scaled(y, Named.Of(model.WideMean), Named.Of(model.WideVariance), model.WideGain, model.WideBias), model.Infer(x));
        });

        static Channels Channels(CpuDevice device, WeightFormat format)
        {
            var model = new Channels(new ChannelsSizes { c = 7, h = 3 }, new ChannelsSettings { Eps = 0.03f, Momentum = 0.5f }, device);
            model.Initialise(8, format);
            foreach (Param variance in (Param[])[model.Variance, model.WideVariance])
                variance.Set(Inputs.Values(variance.Count, 9, 0.5f, 1.5f));
            foreach (Param mean in (Param[])[model.Mean, model.WideMean])
                mean.Set(Inputs.Values(mean.Count, 10));
            return model;
        }

        static Named Normed(Named x, string over, Param gain, Param bias)
        {
            Named mean = x.Reduce(Reduction.Mean, over);
            return Scaled(x, mean, x.Add(mean.Map(value => -value)).Reduce(Reduction.Mean, over, value => value * value), gain, bias);
        }

        static Named Scaled(Named x, Named mean, Named variance, Param gain, Param bias) => x.Add(mean.Map(value => -value))
            .Multiply(variance.Map(value => 1 / Math.Sqrt(value + 0.03f))).Multiply(Named.Of(gain)).Add(Named.Of(bias));
    }

    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(2, 4, 3)]
    public void LayersThatLookAtAllOfAnImage(int b, int w, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            var settings = new ExcitationStackSettings { Eps = 0.05f, Momentum = 0.25f };
            var model = new ExcitationStack(new ExcitationStackSizes { r = 2, c = 5, o = 3, depth = 3 }, settings, device);
            model.Initialise(11);
            Tensor x = Inputs.Random(12, b, 5, 3, w);
            Named y = Named.Of("b c h w", x);
            var means = new List<Named>();
            foreach (Excitation layer in model.Layers)
            {
                Named mean = y.Reduce(Reduction.Mean, "b h w"), centred = y.Add(mean.Map(value => -value));
                Named n = centred.Multiply(centred.Reduce(Reduction.Mean, "b h w", value => value * value).Map(value => 1 / Math.Sqrt(value + 0.05f)));
                Named low = Named.Einsum("b r", n.Reduce(Reduction.Mean, "h w"), Named.Of(layer.Squeeze)).Map(Special.Relu);
                y = n.Multiply(Named.Einsum("b c", low, Named.Of(layer.Excite)).Map(Special.Sigmoid)).Add(y);
                means.Add(mean.Map(value => value * 0.25f));
            }

            Tensor found = model.Forward(x);
            for (int i = 0; i < means.Count; i++)
                Compare.Within(means[i].Values, model.Layers[i].Mean.Floats, 1e-6);
            return (Named.Einsum("b o", y.Reduce(Reduction.Mean, "h w"), Named.Of(model.Head)), found);
        });
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(9, 2)]
    public void LearnedPositions(int length, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            var model = new LearnedStack(new LearnedStackSizes { v = 11, d = 10, p = 12, q = 9, g = 2, k = 5, depth = 2 }, device);
            model.Initialise(13);
            int[] ids = Inputs.Ids(2 * length, 11, 14);
            Tensor whole = model.Forward(Tensor.From(ids, 2, length), null);
            Named x = new("b s d", [2, length, 10], [.. ids.SelectMany(id => Inputs.Widen(NaiveRow(model.Embedding, id, 10)))]);
            foreach (Learned block in model.Blocks)
                x = Block(block, x, length);
            using KvCache cache = model.CreateCache(2, length);
            for (int s = 0; s < length; s++)
            {
                Tensor step = model.Forward(Tensor.From([ids[s], ids[length + s]], 2, 1), cache);
                for (int b = 0; b < 2; b++)
                    Compare.SameBits(whole.Span.Slice((b * length + s) * 10, 10), step.Span.Slice(b * 10, 10));
            }

            return (x, whole);
        });

        static float[] NaiveRow(Param table, int row, int count)
        {
            float[] values = new float[count];
            table.CopyRow(row, count, values);
            return values;
        }

        static Named Block(Learned block, Named x, int length)
        {
            Named positions = Table(block.Positions, "s d", length);
            Named h = x.Add(positions).Add(Table(block.Ones, "s", length));
            Named q = Named.Einsum("b s g k", h, Named.Of(block.Query)).Add(Table(block.Few, "s k", length));
            Named keys = Named.Einsum("b s g k", h, Named.Of(block.Key)).Rename("b t g k");
            Named p = Named.Einsum("b g s t", q, keys).Causal("s", "t").Softmax("t");
            return Named.Einsum("b s d", Named.Einsum("b s g k", p, keys), Named.Of(block.Output)).Add(positions).Add(x);
        }

        static Named Table(Param table, string axes, int rows)
        {
            int[] shape = [rows, .. table.Shape[1..]];
            return new Named(axes, shape, [.. NaiveLlama.Read(table).Take(shape.Aggregate(1, (product, extent) => product * extent))]);
        }
    }

    [Fact]
    public void APositionBeyondATableIsRefusedBeforeAnythingIsWritten()
    {
        var model = new LearnedStack(new LearnedStackSizes { v = 5, d = 4, p = 8, q = 6, g = 1, k = 4, depth = 1 });
        model.Initialise(1);
        using KvCache cache = model.CreateCache(2, 10);
        model.Forward(new Tensor<int>(2, 4), cache);
        cache.SetCounts([1, 3]);
        var error = Assert.Throws<ArgumentOutOfRangeException>("Few", () => model.Forward(new Tensor<int>(2, 3), cache));
        Assert.Contains("Position 6 is outside axis 'q' of size 6 of 'Few'.", error.Message, StringComparison.Ordinal);
        Assert.Equal([4, 4], cache.Lengths.ToArray());
        cache.SetCounts([2, 1]);
        model.Forward(new Tensor<int>(2, 3), cache);
        error = Assert.Throws<ArgumentOutOfRangeException>("Positions", () => model.Forward(new Tensor<int>(1, 9), null));
        Assert.Contains("Position 8 is outside axis 'p' of size 8 of 'Positions'.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, new[] { 4 })]
    [InlineData(2, new[] { 3, 5 })]
    [InlineData(3, new[] { 300, 1, 7 })]
    public void WhatIsComputedOverRaggedPositions(int threads, int[] lengths)
    {
        LayerTests.OnThreads(threads, device =>
        {
            int batch = lengths.Length, longest = lengths.Max();
            var settings = new RaggedPoolingSettings { Eps = 0.1f, Momentum = 0.5f, Rope = new Rope() };
            var model = new RaggedPooling(new RaggedPoolingSizes { d = 6, d2 = 4 }, settings, device);
            model.Initialise(15);
            Tensor x = Inputs.Random(16, batch, longest, 4);
            using KvCache cache = model.CreateCache(batch, longest);
            cache.SetCounts(lengths);
            Tensor found = model.Forward(x, cache);

            // Every sequence by itself, but for what is over all of them.
            Named mix = Named.Of(model.Mix);
            Named[] a = [.. lengths.Select((length, i) => Named.Einsum(
                "b s d", new Named("b s d2", [1, length, 4], [.. Inputs.Widen(x.Span.Slice(i * longest * 4, length * 4))]), mix).Softmax("s"))];
            Named[] turned = [.. a.Select(part => part.Rotate("s"))];
            Named all = new("s d", [lengths.Sum(), 6], [.. a.SelectMany(part => part.Values)]);
            Named max = new Named("s d", [lengths.Sum(), 6], [.. turned.SelectMany(part => part.Values)]).Reduce(Reduction.Max, "s");
            Named mean = all.Reduce(Reduction.Mean, "s");
            Named scale = all.Add(mean.Map(value => -value)).Reduce(Reduction.Mean, "s", value => value * value).Map(value => 1 / Math.Sqrt(value + 0.1f));
            double[] expected = [.. Enumerable.Range(0, batch).SelectMany(i =>
            {
                Named k = a[i].Add(mean.Map(value => -value)).Multiply(scale).Add(turned[i].Reduce(Reduction.Mean, "s"))
                    .Multiply(turned[i].Reduce(Reduction.Sum, "d")).Add(max).LogSoftmax("s");
                Named keys = k.Rename("b t d"), p = Named.Einsum("b s t", turned[i], keys).Causal("s", "t").Softmax("t");
                return Named.Einsum("b s d", p, keys).Reduce(Reduction.LogSumExp, "s").Values;
            })];
            Compare.Within(mean.Map(value => value * 0.5f).Values, model.Mean.Floats, 1e-6);
            return (new Named("b d", [batch, 6], expected), found);
        }, relative: 3e-5);
    }

    [Theory]
    [InlineData(1, 1, 1, 5)]
    [InlineData(2, 7, 3, 5)]
    [InlineData(2, 7, 3, 6)]
    [InlineData(0, 3, 1, 6)]
    public void AxesSplitJoinedAndPermuted(int b, int s, int threads, int e)
    {
        LayerTests.OnThreads(threads, device =>
        {
            var sizes = new RearrangedSizes { d = 24, e = e, g = 3, r = 2, f = 7, joined = 14, o = 6, half = 2 };
            Assert.Equal((4, 3), (sizes.k, sizes.o2));
            var model = new Rearranged(sizes, device);
            model.Initialise(1);
            Tensor x = Inputs.Random(2, b, s, e);
            Named heads = Named.Einsum("b s d", Named.Of("b s e", x), Named.Of(model.In)).Reshape("b s g r k", b, s, 3, 2, 4).Add(Named.Of(model.Bias));
            Named turned = heads.Transpose("b g r s k").Multiply(Named.Of(model.Size)).Softmax("s");
            Named all = Named.Einsum("r b s f", turned, Named.Of(model.Out)).Transpose("b s r f").Reshape("b s joined", b, s, 14);
            Named y = Named.Einsum("b s o", all, Named.Of(model.Joined)).Reshape("b s half o2", b, s, 2, 3);
            Named result = y.Transpose("half s o2 b").Reshape("half m b", 2, s * 3, b).Multiply(Named.Of(model.Halves));
            Tensor found = model.Forward(x);
            Assert.Equal([2, s * 3, b], found.Shape.ToArray());
            return (result, found);
        });
    }

    [Fact]
    public void SizesThatDoNotFitAreRefused()
    {
        var sizes = new RearrangedSizes { d = 25, e = 5, g = 3, r = 2, f = 7, joined = 14, o = 6, half = 2 };
        var error = Assert.Throws<ArgumentException>("d", () => new Rearranged(sizes));
        Assert.Contains("Axis 'd' of size 25 is rearranged as '(g r k)', whose sizes multiply to 24.", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>("o", () => new Rearranged(sizes with { d = 24, o = 5 }));
        Assert.Contains(
            "Axis 'o' of size 5 is split into '(half o2)', and without 'o2' their sizes multiply to 2, which does not divide it.", error.Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("joined", () => new Rearranged(sizes with { d = 24, f = 8 }));

        var views = new Views(new ViewsSizes { k = 4 });
        views.Initialise(1);
        error = Assert.Throws<ArgumentException>("w", () => views.Rows(new Tensor(2, 10)));
        Assert.Contains(
            "Axis 'w' of size 10 is split into '(s k)', and without 's' their sizes multiply to 4, which does not divide it.", error.Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("y", () => views.Patches(new Tensor(1, 5, 4, 4), new Tensor(2, 2)));
        Assert.Equal([0, 0, 0, 16], views.Patches(new Tensor(0, 0, 0, 4), new Tensor(2, 2)).Shape.ToArray());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    public void TheSameMemoryUnderOtherAxes(int b, int threads)
    {
        LayerTests.OnThreads(threads, device =>
        {
            Views model = Views(device);
            Tensor x = Inputs.Random(3, b, 20);
            Named y = Named.Of("b w", x).Reshape("b s k", b, 5, 4).Multiply(Named.Of(model.Size)).Softmax("k");
            Tensor found = model.Rows(x);
            Assert.Equal([b * 5, 4], found.Shape.ToArray());
            return (y, found);
        });
        LayerTests.OnThreads(threads, device =>
        {
            Tensor x = Inputs.Random(4, b, 2, 3, 4), found = Views(device).Flat(x);
            Assert.Equal([b, 24], found.Shape.ToArray());
            return (Named.Of("b h w k", x), found);
        });
        LayerTests.OnThreads(threads, device =>
        {
            Tensor x = Inputs.Random(5, b, 6, 4, 4), window = Inputs.Random(6, 3, 2);
            Named y = Named.Of("b y z k", x).Reshape("b h p w q k", b, 2, 3, 2, 2, 4).Transpose("b h w p q k").Add(Named.Of("p q", window));
            return (y.Map(Math.Tanh), Views(device).Patches(x, window));
        });

        static Views Views(CpuDevice device)
        {
            var model = new Views(new ViewsSizes { k = 4 }, device);
            model.Initialise(7);
            model.Size.Set(Inputs.Values(4, 8));
            return model;
        }
    }

    [Theory]
    [InlineData(1, new[] { 3 })]
    [InlineData(2, new[] { 5, 2 })]
    public void FeaturesOfRaggedRowsRearranged(int threads, int[] lengths)
    {
        LayerTests.OnThreads(threads, device =>
        {
            int batch = lengths.Length, longest = lengths.Max();
            var model = new ShuffledStack(new ShuffledStackSizes { g = 3, k = 4, d = 12, depth = 2 }, device);
            model.Initialise(9);
            foreach (Shuffled block in model.Blocks)
                block.Gain.Set(Inputs.Values(12, 10));
            Tensor x = Inputs.Random(11, batch, longest, 12);
            using KvCache cache = model.CreateCache(batch, longest);
            cache.SetCounts(lengths);
            Tensor found = model.Forward(x, cache);
            double[] expected = new double[batch * longest * 12];
            for (int i = 0; i < batch; i++)
            {
                Named y = new("b s d", [1, lengths[i], 12], [.. Inputs.Widen(x.Span.Slice(i * longest * 12, lengths[i] * 12))]);
                foreach (Shuffled block in model.Blocks)
                {
                    Named h = y.Reshape("b s g k", 1, lengths[i], 3, 4).Transpose("b s k g").Reshape("b s d", 1, lengths[i], 12)
                        .Multiply(Named.Of(block.Gain));
                    Named keys = Named.Einsum("b s g k", h, Named.Of(block.Key)).Rename("b t g k");
                    Named p = Named.Einsum("b g s t", Named.Einsum("b s g k", h, Named.Of(block.Query)), keys).Causal("s", "t").Softmax("t");
                    y = Named.Einsum("b s g k", p, keys).Reshape("b s d", 1, lengths[i], 12).Add(y);
                }

                y.Values.CopyTo(expected, i * longest * 12);
            }

            return (new Named("b s d", [batch, longest, 12], expected), found);
        });
    }

    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(2, 8, 3)]
    [InlineData(3, 40, 2)]
    public void OtherAxesReadByEveryKindOfKernel(int b, int s, int threads)
    {
        const float epsilon = 0.03f;
        LayerTests.OnThreads(threads, device =>
        {
            var settings = new ViewReadersSettings { Eps = epsilon, Momentum = 0.5f };
            var model = new ViewReaders(new ViewReadersSizes { c = 5, f = 6, p = 2, depth = 2 }, settings, device);
            model.Initialise(17);
            model.Two.Set(Inputs.Values(2, 18));
            Tensor x = Inputs.Random(19, b, s, 5);
            Named flat = Named.Of("b s c", x).Reshape("n c", b * s, 5), mean = flat.Reduce(Reduction.Mean, "n");
            Named centred = flat.Add(mean.Map(value => -value)), variance = centred.Reduce(Reduction.Mean, "n", value => value * value);
            Named normed = centred.Multiply(variance.Map(value => 1 / Math.Sqrt(value + epsilon))).Multiply(Named.Of(model.Gain)).Add(Named.Of(model.Bias));
            Named pairs = Named.Einsum("n f", normed, Named.Of(model.Up)).Map(Special.Gelu).Reshape("b m p f", b, s / 2, 2, 6);
            Named y = pairs.RmsNorm("p f", epsilon).Add(pairs.Reduce(Reduction.Max, "p")).Multiply(Named.Of(model.Two)).Softmax("m");
            foreach (ViewLayer layer in model.Layers)
                y = y.Multiply(Named.Of(layer.Gain)).Add(y.Reduce(Reduction.Mean, "p"));
            Tensor found = model.Forward(x);
            Compare.Within(mean.Map(value => value * 0.5f).Values, model.Mean.Floats, 1e-6);
            return (Named.Einsum("b p f", y, pairs).Map(value => value / Math.Sqrt(s / 2)), found);
        }, relative: 2e-5);
    }

    [Theory]
    [InlineData(1, new[] { 4 })]
    [InlineData(2, new[] { 3, 5 })]
    [InlineData(3, new[] { 70, 1, 7 })]
    public void RunsOfRaggedPositions(int threads, int[] lengths)
    {
        const float epsilon = 0.02f;
        LayerTests.OnThreads(threads, device =>
        {
            int batch = lengths.Length, longest = lengths.Max();
            var model = new RaggedRuns(new RaggedRunsSizes { d = 6, h = 3, k = 4 }, new RaggedRunsSettings { Eps = epsilon }, device);
            model.Initialise(20);
            Tensor x = Inputs.Random(21, batch, longest, 6);
            using KvCache cache = model.CreateCache(batch, longest);
            cache.SetCounts(lengths);
            Tensor found = model.Forward(x, cache);
            double[] expected = new double[batch * longest * 12];
            for (int i = 0; i < batch; i++)
            {
                Named part = new("b s d", [1, lengths[i], 6], [.. Inputs.Widen(x.Span.Slice(i * longest * 6, lengths[i] * 6))]);
                Named keys = Named.Einsum("b s k", part, Named.Of(model.Key)).Rename("b t k"), q = Named.Einsum("b s h k", part, Named.Of(model.Query));
                Named heads = Named.Einsum("b s h k", Named.Einsum("b h s t", q, keys).Causal("s", "t").Softmax("t"), keys);
                Named n = heads.LayerNorm("s h k", epsilon).Map(Special.Gelu).Add(q).Softmax("s").LogSoftmax("h");
                Named weights = Named.Einsum("b s", part, Named.Of(model.Score)).Softmax("s");
                Named.Einsum("b s h k", n, weights).Values.CopyTo(expected, i * longest * 12);
            }

            return (new Named("b s w", [batch, longest, 12], expected), found);
        }, relative: 3e-5);
    }
}
