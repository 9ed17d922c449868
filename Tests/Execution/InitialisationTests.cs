using Einsharp.Samples;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Execution;

/// <summary>Every rule of initialisation once.</summary>
[Model]
public sealed partial class Rules
{
    [Param("i o", Init.Linear, From = "in_out.weight")] public partial Param InOut { get; }
    [Param("o g r k", Init.Linear)] public partial Param Grouped { get; }
    [Param("o", Init.Zeros)] public partial Param Zeros { get; }
    [Param("o", Init.Ones)] public partial Param Ones { get; }
    [Param("o", Init.Normal, Mean = 3, Deviation = 0.5)] public partial Param Normal { get; }
    [Param("o", Init.TruncatedNormal, Mean = -1, Deviation = 2, Cut = 1.5)] public partial Param Truncated { get; }
    [Param("o", Init.Uniform, Low = -0.25, High = 0.75)] public partial Param Uniform { get; }

    [Einsum("b i, i o -> b o", nameof(x), nameof(InOut)), Add(nameof(Zeros)), Multiply(nameof(Ones)), Add(nameof(Normal)), As("a")]
    [Einsum("b o, o g r k -> b g r k", "a", nameof(Grouped)), As("c")]
    [Einsum("b g r k, o g r k -> b o", "c", nameof(Again)), Add(nameof(Truncated)), Multiply(nameof(Uniform))]
    public partial Tensor Forward([Axes("b i")] Tensor x);

    [Param("o g r k", Init.Linear)] public partial Param Again { get; }
}

/// <summary>Initialisation through generated models: the rules of the declaration, the same bytes for the same seed.</summary>
public sealed class InitialisationTests
{
    [Fact]
    public void FansAreReadOffTheEinsumThatUsesTheParameter()
    {
        Llama model = Inputs.Llama(v: 11, d: 13, g: 2, r: 3, k: 6, f: 7);
        LlamaBlock block = model.Blocks[1];
        Assert.Equal(Initializer.Linear(fanIn: 13, fanOut: 2 * 3 * 6), block.Query.Initializer);
        Assert.Equal(Initializer.Linear(fanIn: 13, fanOut: 2 * 6), block.Key.Initializer);
        Assert.Equal(Initializer.Linear(fanIn: 13, fanOut: 2 * 6), block.Value.Initializer);
        Assert.Equal(Initializer.Linear(fanIn: 2 * 3 * 6, fanOut: 13), block.Output.Initializer);
        Assert.Equal(Initializer.Linear(fanIn: 13, fanOut: 7), block.Gate.Initializer);
        Assert.Equal(Initializer.Linear(fanIn: 7, fanOut: 13), block.Down.Initializer);
        Assert.Equal(Initializer.Linear(fanIn: 13, fanOut: 11), model.Head.Initializer);
        Assert.Equal(Initializer.Embedding(), model.Embedding.Initializer);
        Assert.Equal(Initializer.Ones, block.AttentionNorm.Initializer);

        // The sum of the fans is not enough to tell them apart; the deviation is. What is drawn has it.
        var rules = new Rules(new RulesSizes { i = 300, o = 400, g = 2, r = 5, k = 7 });
        Assert.Equal(Math.Sqrt(2.0 / 700), rules.InOut.Initializer.Deviation, 1e-7);
        Assert.Equal(Math.Sqrt(2.0 / 470), rules.Grouped.Initializer.Deviation, 1e-7);
        rules.Initialise(1);
        double[] drawn = NaiveLlama.Read(rules.InOut);
        double deviation = Math.Sqrt(2.0 / 700);

        // Cut at ±3σ: the variance of what remains is 0.97335 of the whole normal's.
        Assert.Equal(0.97335 * deviation * deviation, drawn.Sum(value => value * value) / drawn.Length, 0.02 * deviation * deviation);
        Assert.All(drawn, value => Assert.InRange(Math.Abs(value), 0, 3.0001 * deviation));
    }

    [Fact]
    public void EveryRuleIsThatOfTheDeclaration()
    {
        var model = new Rules(new RulesSizes { i = 2, o = 20_000, g = 1, r = 1, k = 1 });
        model.Initialise(2);
        Assert.All(model.Zeros.Floats.ToArray(), value => Assert.Equal(0f, value));
        Assert.All(model.Ones.Floats.ToArray(), value => Assert.Equal(1f, value));
        double[] normal = NaiveLlama.Read(model.Normal),
            truncated = NaiveLlama.Read(model.Truncated), uniform = NaiveLlama.Read(model.Uniform);
        Assert.Equal(3, normal.Average(), 0.02);
        Assert.Equal(0.25, normal.Average(value => (value - 3) * (value - 3)), 0.02);
        Assert.Contains(normal, value => Math.Abs(value - 3) > 1.5);
        Assert.Equal(-1, truncated.Average(), 0.05);
        Assert.InRange(truncated.Min(), -4.0001, -3.95);
        Assert.InRange(truncated.Max(), 1.95, 2.0001);
        Assert.Equal(0.25, uniform.Average(), 0.01);
        Assert.InRange(uniform.Min(), -0.25, -0.249);
        Assert.InRange(uniform.Max(), 0.749, 0.75);
    }

    [Theory]
    [InlineData(WeightFormat.F32)]
    [InlineData(WeightFormat.BF16)]
    [InlineData(WeightFormat.F16)]
    public void TheSameBytesForAnyNumberOfThreadsAndOthersForAnotherSeed(WeightFormat format)
    {
        using var one = new CpuDevice(1);
        using var two = new CpuDevice(2);
        Llama left = Fresh(one), right = Fresh(two), other = Fresh(two);
        left.Initialise(3, format);
        right.Initialise(3, format);
        other.Initialise(4, format);
        Assert.Equal(3 + 2 * 9, left.Parameters.Count);
        for (int i = 0; i < left.Parameters.Count; i++)
        {
            Param param = left.Parameters[i];
            Assert.Equal(param.CheckpointName, right.Parameters[i].CheckpointName);
            Assert.Equal(Bytes(param), Bytes(right.Parameters[i]));
            if (param.Initializer.Kind != InitializerKind.Constant)
                Assert.NotEqual(Bytes(param), Bytes(other.Parameters[i]));
        }

        Assert.NotEqual(Bytes(left.Blocks[0].Query), Bytes(left.Blocks[1].Query));
        Assert.NotEqual(Bytes(left.Blocks[0].Key), Bytes(left.Blocks[0].Value));
        Assert.NotEqual(Bytes(left.Embedding), Bytes(left.Head));
    }

    [Fact]
    public void ParametersHaveTheNamesAxesAndShapesOfTheCheckpoint()
    {
        Llama model = Inputs.Llama(v: 11, d: 13, g: 2, r: 3, k: 6, f: 7, layers: 12);
        Dictionary<string, Param> byName = model.Parameters.ToDictionary(param => param.CheckpointName, StringComparer.Ordinal);
        Assert.Equal(3 + 12 * 9, byName.Count);
        Param query = byName["model.layers.11.self_attn.q_proj.weight"], output = byName["model.layers.0.self_attn.o_proj.weight"];
        Assert.Same(model.Blocks[11].Query, query);
        Assert.Equal(("Query", "g r k d"), (query.Name, query.Axes));
        Assert.Equal([2, 3, 6, 13], query.Shape.ToArray());
        Assert.Equal([13, 2, 3, 6], output.Shape.ToArray());
        Assert.Same(model.Embedding, model.Head.Or);
        Assert.Equal("in_out.weight", new Rules(new RulesSizes { i = 1, o = 1, g = 1, r = 1, k = 1 }).InOut.CheckpointName);
    }

    [Fact]
    public void ASizeBelowOneIsRefusedByName()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>("g", () => new RulesSizes { i = 1, o = 1, g = 0, r = 1, k = 1 });
        Assert.Contains("Axis 'g' needs a size of at least 1; 0 was given.", error.Message, StringComparison.Ordinal);
    }

    private static Llama Fresh(CpuDevice device)
    {
        var sizes = new LlamaSizes { v = 101, d = 52, g = 2, r = 3, k = 6, f = 37, layers = 2 };
        return new Llama(sizes, new LlamaSettings { RmsNormEps = 1e-5f, Rope = new Rope() }, device);
    }

    private static unsafe byte[] Bytes(Param param) => new ReadOnlySpan<byte>(param.Data, checked((int)param.Bytes)).ToArray();
}
