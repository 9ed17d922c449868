using Einsharp.Generation;
using Einsharp.Ilgpu;
using Einsharp.Samples;
using Einsharp.Tests.Execution;

namespace Einsharp.Tests.Ilgpu;

/// <summary>Tokens chosen where the logits are, against the same logits read back and chosen from on the host.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class SamplingDeviceTests
{
    private static readonly Dictionary<string, SamplerOptions> s_options = new(StringComparer.Ordinal)
    {
        ["greedy"] = SamplerOptions.Greedy,
        ["one of one"] = new SamplerOptions { TopK = 1, Seed = 2 },
        ["temperature 1"] = new SamplerOptions { Seed = 3 },
        ["temperature 0.3"] = new SamplerOptions { Temperature = 0.3f, Seed = 4 },
        ["temperature 4"] = new SamplerOptions { Temperature = 4, Seed = 5 },
        ["the 5 likeliest"] = new SamplerOptions { TopK = 5, Temperature = 1.5f, Seed = 6 },
        ["the 40 likeliest"] = new SamplerOptions { TopK = 40, Temperature = 0.9f, Seed = 7 },
    };

    public static TheoryData<string, string> Cases => TestDevices.With(s_options.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_device_chooses_as_the_host_does(string name, string how)
    {
        // As many logits as one group of lanes looks at, as several do, and a vocabulary smaller than what is kept.
        IlgpuDevice device = TestDevices.Open(name);
        foreach (int v in (int[])[3, 300, 2100])
        {
            Llama model = Inputs.Llama(device, v: v, d: 5, layers: 0);
            using KvCache cache = model.CreateCache(1, 64);
            Sampler there = new(v, s_options[how]), here = new(v, s_options[how]);
            foreach (int id in Inputs.Ids(device.IsSlow ? 3 : 12, v, 1))
            {
                Tensor logits = model.Forward(Inputs.Row([id]), Inputs.Row([0]), cache);
                int token = there.Sample(logits, []);
                Assert.True(logits.Deferred is not null, "The logits were read back: nothing was chosen on the device.");
                Assert.Equal(here.Sample(logits.Span, []), token);
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Of_equals_the_lowest_ids_are_taken(string name)
    {
        Llama model = Inputs.Llama(TestDevices.Open(name), v: 1100, d: 5, layers: 0);
        float[] head = new float[1100 * 5];
        model.Head.Set(head);
        using KvCache cache = model.CreateCache(1, 64);
        Tensor Logits() => model.Forward(Inputs.Row([3]), Inputs.Row([0]), cache);
        Assert.Equal(0, new Sampler(1100, SamplerOptions.Greedy).Sample(Logits(), []));
        var few = new SamplerOptions { TopK = 4 };
        Assert.Equal(new Sampler(1100, few).Sample(new float[1100], []), new Sampler(1100, few).Sample(Logits(), []));

        // Two rows alike, both the greatest: the first of them.
        float[] embedding = new float[5];
        model.Embedding.CopyRow(3, 5, embedding);
        foreach (int id in (int[])[700, 1050])
            embedding.CopyTo(head, id * 5);
        model.Head.Set(head);
        model.Norm.Set([1, 1, 1, 1, 1]);
        Assert.Equal(700, new Sampler(1100, SamplerOptions.Greedy).Sample(Logits(), []));
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Logits_that_are_not_finite_are_the_same_error(string name)
    {
        Llama model = Inputs.Llama(TestDevices.Open(name), v: 300, d: 5, layers: 0);
        using KvCache cache = model.CreateCache(1, 64);
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity])
        {
            foreach (SamplerOptions options in (SamplerOptions[])[SamplerOptions.Greedy, new() { Seed = 1 }, new() { TopK = 3 }])
            {
                float[] head = Inputs.Values(300 * 5, 3);
                head[123 * 5] = bad;
                model.Head.Set(head);
                model.Embedding.Set(Inputs.Values(300 * 5, 4, 0.5f));
                Tensor logits = model.Forward(Inputs.Row([3]), Inputs.Row([0]), cache);
                string there = Assert.Throws<InvalidDataException>(() => new Sampler(300, options).Sample(logits, [], 7)).Message;
                string here = Assert.Throws<InvalidDataException>(() => new Sampler(300, options).Sample(logits.Span, [], 7)).Message;
                Assert.StartsWith("the logits of position 7 are not finite: token 123 has ", there, StringComparison.Ordinal);
                Assert.Equal(here, there);
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Options_that_only_the_host_knows_are_answered_by_it(string name)
    {
        Llama model = Inputs.Llama(TestDevices.Open(name), v: 300, d: 5, layers: 0);
        using KvCache cache = model.CreateCache(1, 64);
        SamplerOptions[] all =
            [new() { TopP = 0.5f, Seed = 8 }, new() { MinP = 0.1f, Seed = 9 }, new() { RepetitionPenalty = 1.3f, Seed = 10 }];
        foreach (SamplerOptions options in all)
        {
            Tensor logits = model.Forward(Inputs.Row([3]), Inputs.Row([0]), cache);
            int token = new Sampler(300, options).Sample(logits, [3, 4]);
            Assert.Equal(new Sampler(300, options).Sample(logits.Span, [3, 4]), token);
        }
    }
}
