using Einsharp.Ilgpu;
using Einsharp.Tests.Execution;

namespace Einsharp.Tests.Ilgpu;

/// <summary>Attention in its variants on each device, against the processor, which those models' tests hold to named loops.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class AttentionDeviceTests
{
    private const int D = 8;

    private static readonly Dictionary<string, Func<Device, IEnumerable<Tensor>>> s_models = new(StringComparer.Ordinal)
    {
        ["a sliding window"] = on => Cached(
            new SlidingAttention(new SlidingAttentionSizes { d = D, g = 2, r = 3, k = 4 }, new SlidingAttentionSettings { Rope = new Rope() }, on),
            m => m.Parameters, (m, x, cache) => m.Forward(x, cache), m => m.CreateCache),
        ["a window on both sides"] = on => Cached(
            new WindowAttention(new WindowAttentionSizes { d = D, h = 3, k = 4 }, new WindowAttentionSettings { Window = 5 }, on),
            m => m.Parameters, (m, x, cache) => m.Forward(x, cache), m => m.CreateCache),
        ["capped scores"] = on => Cached(
            new CappedAttention(new CappedAttentionSizes { d = D, h = 9, k = 4 }, on),
            m => m.Parameters, (m, x, cache) => m.Forward(x, cache), m => m.CreateCache),
        ["linear biases"] = on => Cached(
            new AlibiAttention(new AlibiAttentionSizes { d = D, g = 2, r = 3, k = 70 }, on),
            m => m.Parameters, (m, x, cache) => m.Forward(x, cache), m => m.CreateCache),
        ["a mask of the caller's"] = Masked,
        ["every modifier, axes in another order"] = Rich,
        ["an encoder with padding"] = Encoder,
        ["a window without a cache"] = Uncached,
        ["another input's keys"] = Cross,
        ["a cache and then another input"] = CachedCross,
        ["plain tensors"] = Plain,
        ["blocks of an encoder"] = Blocks,
        ["scores that are kept"] = Kept,
        ["layers that keep their weights"] = on =>
        {
            var model = new ScoreStack(new ScoreStackSizes { d = D, depth = 2 }, on);
            Drawn(model, model.Parameters);
            return new[] { 1, 6, 40 }.Select(length => model.Forward(Inputs.Random(length, 2, length, D)));
        },
        ["masks of other values"] = Pooled,
    };

    public static TheoryData<string, string> Cases => TestDevices.With(s_models.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_device_computes_what_the_processor_does(string device, string model)
    {
        IlgpuDevice on = TestDevices.Open(device);
        DeviceRuns.Same(on, where => s_models[model](where), DeviceRuns.Relative);
    }

    private static T Drawn<T>(T model, IReadOnlyList<Param> parameters)
    {
        foreach (Param param in parameters)
            param.Initialise(5);
        return model;
    }

    private static IEnumerable<Tensor> Cached<T>(
        T model, Func<T, IReadOnlyList<Param>> parameters, Func<T, Tensor, KvCache?, Tensor> forward, Func<T, Func<int, int, KvCache>> create)
    {
        Drawn(model, parameters(model));
        return DeviceRuns.Positions((x, cache) => forward(model, x, cache), create(model), D);
    }

    // Every query sees something: its own position, where there is one.
    private static Tensor<bool> Mask(int seed, params int[] shape)
    {
        var mask = new Tensor<bool>(shape);
        var random = new Random(seed);
        for (int i = 0; i < mask.Length; i++)
            mask.Span[i] = random.Next(3) != 0 || i % shape[^1] == 0;
        return mask;
    }

    private static IEnumerable<Tensor> Masked(Device on)
    {
        var model = new MaskedAttention(new MaskedAttentionSizes { d = D, h = 3, k = 4 }, on);
        Drawn(model, model.Parameters);
        yield return model.Forward(Inputs.Random(1, 2, 33, D), Mask(1, 2, 33, 33), null);
        using KvCache cache = model.CreateCache(2, 90);
        yield return model.Forward(Inputs.Random(2, 2, 40, D), Mask(2, 2, 40, 40), cache);
        yield return model.Forward(Inputs.Random(3, 2, 1, D), Mask(3, 2, 1, 41), cache);
        yield return model.Forward(Inputs.Random(4, 2, 2, D), Mask(4, 2, 2, 43), cache);
        cache.SetCounts([30, 2]);
        yield return model.Forward(Inputs.Random(5, 2, 30, D), Mask(5, 2, 30, 73), cache);
    }

    private static IEnumerable<Tensor> Rich(Device on)
    {
        var settings = new RichAttentionSettings { Cap = 2, Window = 20 };
        var model = new RichAttention(new RichAttentionSizes { d = D, g = 2, h = 3, r = 2, k = 4, w = 5 }, settings, on);
        Drawn(model, model.Parameters);

        // The mask does not hide a query's own position.
        Tensor<bool> Keep(int seen, int own)
        {
            Tensor<bool> keep = Mask(seen, seen, 3, 2);
            keep.Span[((seen - own) * 6)..].Fill(true);
            return keep;
        }

        yield return model.Forward(Inputs.Random(1, 2, 9, D), Keep(9, 9), null);
        using KvCache cache = model.CreateCache(2, 90);
        yield return model.Forward(Inputs.Random(2, 2, 40, D), Keep(40, 40), cache);
        yield return model.Forward(Inputs.Random(3, 2, 1, D), Keep(41, 1), cache);
    }

    private static IEnumerable<Tensor> Encoder(Device on)
    {
        var model = new EncoderAttention(
            new EncoderAttentionSizes { d = D, g = 2, r = 2, k = 4 }, new EncoderAttentionSettings { Rope = new Rope() }, on);
        Drawn(model, model.Parameters);
        foreach (int length in (int[])[1, 17, 40])
            yield return model.Forward(Inputs.Random(length, 2, length, D), Mask(length, 2, length));
    }

    private static IEnumerable<Tensor> Uncached(Device on)
    {
        var model = new UncachedAttention(
            new UncachedAttentionSizes { d = D, g = 2, r = 2, k = 4 }, new UncachedAttentionSettings { Rope = new Rope() }, on);
        Drawn(model, model.Parameters);
        foreach (int length in (int[])[1, 17, 80])
            yield return model.Forward(Inputs.Random(length, 2, length, D));
    }

    private static IEnumerable<Tensor> Cross(Device on)
    {
        var model = new CrossAttention(new CrossAttentionSizes { d = D, h = 3, k = 4, e = 5, w = 6 }, on);
        Drawn(model, model.Parameters);
        yield return model.Forward(Inputs.Random(1, 2, 5, D), Inputs.Random(2, 2, 23, 5), Mask(3, 2, 23));
        yield return model.Forward(Inputs.Random(1, 2, 5, D), new Tensor(2, 0, 5), new Tensor<bool>(2, 0));
        yield return model.Forward(Inputs.Random(1, 1, 18, D), Inputs.Random(2, 1, 1, 5), Mask(3, 1, 1));
    }

    private static IEnumerable<Tensor> CachedCross(Device on)
    {
        var model = new CachedCrossAttention(new CachedCrossAttentionSizes { d = D, k = 4, d2 = 5 }, on);
        Drawn(model, model.Parameters);
        Tensor memory = Inputs.Random(9, 2, 13, 5);
        using KvCache cache = model.CreateCache(2, 40);
        foreach (int length in (int[])[7, 1, 1])
            yield return model.Forward(Inputs.Random(length, 2, length, D), memory, Mask(length, 2, length, 13), cache);
        cache.SetCounts([3, 1]);
        yield return model.Forward(Inputs.Random(4, 2, 3, D), memory, Mask(5, 2, 3, 13), cache);
    }

    private static IEnumerable<Tensor> Plain(Device on)
    {
        var model = new PlainAttention(new PlainAttentionSizes(), on);
        yield return model.Forward(
            Inputs.Random(1, 2, 3, 7, 5), Inputs.Random(2, 2, 3, 11, 5), Inputs.Random(3, 2, 3, 11, 6), Mask(4, 7, 11));
        yield return model.Unbatched(Inputs.Random(5, 9, 4), Inputs.Random(6, 70, 4));
        yield return model.OneQuery(Inputs.Random(7, 3, 4), Inputs.Random(8, 3, 21, 4), Inputs.Random(9, 3, 21, 2));
        yield return model.AnyOrder(
            Inputs.Random(1, 3, 4, 2, 5), Inputs.Random(2, 9, 2, 4, 3), Inputs.Random(3, 2, 9, 6), Mask(4, 2, 9, 3));
        yield return model.SeveralAxes(Inputs.Random(1, 2, 5, 3, 2, 4), Inputs.Random(2, 2, 7, 2, 4), Inputs.Random(3, 7, 3, 2));
        yield return model.Scalars(Inputs.Random(1, 6), Inputs.Random(2, 8), Inputs.Random(3, 8));
    }

    // What is −∞ or NaN there is so here too, and no tolerance compares it.
    private static Tensor Finite(Tensor y) => Tensor.From([.. y.Span.ToArray().Select(value =>
        float.IsNaN(value) ? 1000 : float.IsNegativeInfinity(value) ? -1000 : value)], y.Shape.ToArray());

    private static IEnumerable<Tensor> Kept(Device on)
    {
        foreach (int d in (int[])[5, 6])
        {
            var model = new KeptScores(new KeptScoresSizes { d = d, h = 3, k = 4 }, new KeptScoresSettings { Window = 4 }, on);
            Drawn(model, model.Parameters);
            foreach (int length in (int[])[1, 7, 33, 0])
            {
                Tensor x = Inputs.Random(length, 2, length, d);
                yield return model.Forward(x);
                yield return model.Read(x, Mask(length, 2, length));
                yield return Finite(model.Read(x, new Tensor<bool>(2, length)));
                yield return Finite(model.Turned(x, Mask(length + 1, length, length)));
                yield return Finite(model.Back(x, Tensor.From([true, true, false, true, true, true], 2, 3)));
            }
        }
    }

    private static IEnumerable<Tensor> Pooled(Device on)
    {
        var model = new MaskedPooling(new MaskedPoolingSizes { d = D, e = 4 }, on);
        Drawn(model, model.Parameters);
        foreach (int length in (int[])[1, 7, 40])
            yield return model.Forward(Inputs.Random(length, 2, length, D), Mask(length, 2, length), Tensor.From([true, false, true, true], 4));
    }

    private static IEnumerable<Tensor> Blocks(Device on)
    {
        var sizes = new EncoderSizes { v = 11, d = D, h = 2, k = 4, blocks = 2, floors = 2 };
        var model = new Encoder(sizes, new EncoderSettings { Window = 9 }, on);
        Drawn(model, model.Parameters);
        foreach (int length in (int[])[1, 12, 30])
            yield return model.Forward(Tensor.From(Inputs.Ids(2 * length, 11, length), 2, length));
    }
}
