namespace Einsharp.Samples.Small;

/// <summary>
/// One block of a GPT-2: pre-norm, LayerNorm, GELU by tanh, a bias on everything. Radford et al. 2019. (GPT-2's files keep q, k and v in one
/// tensor, input axis first; here they are three, output axes first.)
/// </summary>
// b batch · s new positions · t seen positions · d model · h heads · k head size · f hidden
[Model]
public sealed partial class Gpt2Block
{
    [Param("d", Init.Ones)] public partial Param AttentionGain { get; }
    [Param("d", Init.Zeros)] public partial Param AttentionBias { get; }
    [Param("h k d", Init.Normal, Deviation = 0.2)] public partial Param Query { get; }
    [Param("h k", Init.Normal, Deviation = 0.2)] public partial Param QueryBias { get; }
    [Param("h k d", Init.Normal, Deviation = 0.2)] public partial Param Key { get; }
    [Param("h k", Init.Normal, Deviation = 0.2)] public partial Param KeyBias { get; }
    [Param("h k d", Init.Normal, Deviation = 0.2)] public partial Param Value { get; }
    [Param("h k", Init.Normal, Deviation = 0.2)] public partial Param ValueBias { get; }
    [Param("d h k", Init.Normal, Deviation = 0.2)] public partial Param Output { get; }
    [Param("d", Init.Normal, Deviation = 0.2)] public partial Param OutputBias { get; }
    [Param("d", Init.Ones)] public partial Param FeedForwardGain { get; }
    [Param("d", Init.Zeros)] public partial Param FeedForwardBias { get; }
    [Param("f d", Init.Normal, Deviation = 0.2)] public partial Param Up { get; }
    [Param("f", Init.Normal, Deviation = 0.2)] public partial Param UpBias { get; }
    [Param("d f", Init.Normal, Deviation = 0.2)] public partial Param Down { get; }
    [Param("d", Init.Normal, Deviation = 0.2)] public partial Param DownBias { get; }
    [Setting("layer_norm_epsilon")] public partial float Epsilon { get; }

    [LayerNorm("b s d, d, d -> b s d", nameof(x), nameof(AttentionGain), nameof(AttentionBias), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, h k d -> b s h k", "n", nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b s d, h k d -> b s h k", "n", nameof(Key)), Add(nameof(KeyBias)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, h k d -> b s h k", "n", nameof(Value)), Add(nameof(ValueBias)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s h k, b t h k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b h s t, b t h k -> b s h k", "p", "values"), As("heads")]
    [Einsum("b s h k, d h k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias)), Add(nameof(x)), As("a")]
    [LayerNorm("b s d, d, d -> b s d", "a", nameof(FeedForwardGain), nameof(FeedForwardBias), Epsilon = nameof(Epsilon)), As("m")]
    [Einsum("b s d, f d -> b s f", "m", nameof(Up)), Add(nameof(UpBias)), Gelu(GeluForm.Tanh), As("hidden")]
    [Einsum("b s f, d f -> b s d", "hidden", nameof(Down)), Add(nameof(DownBias)), Add("a")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>A GPT-2: ids in, logits out. Positions are a table; the head is the embedding.</summary>
// v vocabulary · p positions that the table has
[Model]
public sealed partial class Gpt2
{
    [Param("v d", Init.Normal, Deviation = 0.2)] public partial Param Embedding { get; }
    [Param("p d", Init.Normal, Deviation = 0.2)] public partial Param Positions { get; }
    [Layers("layers")] public partial Layers<Gpt2Block> Blocks { get; }
    [Param("d", Init.Ones)] public partial Param Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Bias { get; }
    [Setting("layer_norm_epsilon")] public partial float Epsilon { get; }

    [Gather("b s, v d -> b s d", nameof(ids), nameof(Embedding)), AddPositions("s", nameof(Positions)), As("x")]
    [Run("b s d -> b s d", nameof(Blocks), "x", nameof(cache)), As("y")]
    [LayerNorm("b s d, d, d -> b s d", "y", nameof(Gain), nameof(Bias), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, v d -> b s v", "n", nameof(Embedding))]
    public partial Tensor Forward([Axes("b s")] Tensor<int> ids, KvCache? cache);

    /// <summary>A model of two layers with weights of its own.</summary>
    public static Gpt2 Example()
    {
        var model = new Gpt2(
            new Gpt2Sizes { v = 7, p = 16, d = 8, h = 2, k = 4, f = 32, layers = 2 }, new Gpt2Settings { LayerNormEpsilon = 1e-5f });
        model.Initialise(seed: 3);
        return model;
    }

    /// <summary>Feeds a prompt at once, and token by token through a cache.</summary>
    /// <param name="output">Where it prints.</param>
    public static void Run(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Gpt2 model = Example();
        int[] prompt = [3, 1, 4, 1, 5];
        Tensor whole = model.Forward(Tensor.From(prompt, 1, 5), null);
        output.WriteLine("logits after each of the ids 3 1 4 1 5 (the two ones stand elsewhere, so they differ):");
        Numbers.Print(output, whole.Span, columns: 7);

        using KvCache cache = model.CreateCache(batch: 1, capacity: 16);
        float difference = 0;
        for (int i = 0; i < prompt.Length; i++)
        {
            Tensor step = model.Forward(Tensor.From(prompt.AsSpan(i, 1), 1, 1), cache);
            difference = Math.Max(difference, Numbers.Difference(whole.Span.Slice(i * 7, 7), step.Span));
        }

        output.WriteLine($"one token at a time, they differ by {difference}; the cache holds {cache.Lengths[0]} positions");
    }
}
