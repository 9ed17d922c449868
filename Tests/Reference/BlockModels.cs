namespace Einsharp.Tests.Reference;

/// <summary>torch.nn.TransformerEncoderLayer with norm_first and GELU, causal.</summary>
[Model]
public sealed partial class PreNormBlock
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f", Init.Zeros)] public partial Param UpBias { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }
    [Param("d", Init.Zeros)] public partial Param DownBias { get; }
    [Param("d", Init.Ones)] public partial Param Norm1Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Norm1Bias { get; }
    [Param("d", Init.Ones)] public partial Param Norm2Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Norm2Bias { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [LayerNorm("b s d, d, d -> b s d", nameof(x), nameof(Norm1Gain), nameof(Norm1Bias), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, g k d -> b s g k", "n", nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b s d, g k d -> b s g k", "n", nameof(Key)), Add(nameof(KeyBias)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, g k d -> b s g k", "n", nameof(Value)), Add(nameof(ValueBias)), Rename("s -> t"), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias)), Add(nameof(x)), As("a")]
    [LayerNorm("b s d, d, d -> b s d", "a", nameof(Norm2Gain), nameof(Norm2Bias), Epsilon = nameof(Epsilon)), As("m")]
    [Einsum("b s d, f d -> b s f", "m", nameof(Up)), Add(nameof(UpBias)), Gelu, As("h")]
    [Einsum("b s f, d f -> b s d", "h", nameof(Down)), Add(nameof(DownBias)), Add("a")]
    public partial Tensor Forward([Axes("b s d")] Tensor x);
}

/// <summary>torch.nn.TransformerEncoderLayer as the first transformers were: norms behind the residuals, ReLU; causal.</summary>
[Model]
public sealed partial class PostNormBlock
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f", Init.Zeros)] public partial Param UpBias { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }
    [Param("d", Init.Zeros)] public partial Param DownBias { get; }
    [Param("d", Init.Ones)] public partial Param Norm1Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Norm1Bias { get; }
    [Param("d", Init.Ones)] public partial Param Norm2Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Norm2Bias { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Add(nameof(KeyBias)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Add(nameof(ValueBias)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias)), Add(nameof(x)), As("a")]
    [LayerNorm("b s d, d, d -> b s d", "a", nameof(Norm1Gain), nameof(Norm1Bias), Epsilon = nameof(Epsilon)), As("m")]
    [Einsum("b s d, f d -> b s f", "m", nameof(Up)), Add(nameof(UpBias)), Relu, As("h")]
    [Einsum("b s f, d f -> b s d", "h", nameof(Down)), Add(nameof(DownBias)), Add("m"), As("y")]
    [LayerNorm("b s d, d, d -> b s d", "y", nameof(Norm2Gain), nameof(Norm2Bias), Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>torch.nn.TransformerDecoderLayer: causal self-attention, cross-attention to a padded memory, ReLU, norms behind.</summary>
[Model]
public sealed partial class DecoderBlock
{
    [Param("g k d", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }
    [Param("g k d", Init.Linear)] public partial Param CrossQuery { get; }
    [Param("g k", Init.Zeros)] public partial Param CrossQueryBias { get; }
    [Param("g k d", Init.Linear)] public partial Param CrossKey { get; }
    [Param("g k", Init.Zeros)] public partial Param CrossKeyBias { get; }
    [Param("g k d", Init.Linear)] public partial Param CrossValue { get; }
    [Param("g k", Init.Zeros)] public partial Param CrossValueBias { get; }
    [Param("d g k", Init.Linear)] public partial Param CrossOutput { get; }
    [Param("d", Init.Zeros)] public partial Param CrossOutputBias { get; }
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f", Init.Zeros)] public partial Param UpBias { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }
    [Param("d", Init.Zeros)] public partial Param DownBias { get; }
    [Param("d", Init.Ones)] public partial Param Norm1Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Norm1Bias { get; }
    [Param("d", Init.Ones)] public partial Param Norm2Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Norm2Bias { get; }
    [Param("d", Init.Ones)] public partial Param Norm3Gain { get; }
    [Param("d", Init.Zeros)] public partial Param Norm3Bias { get; }
    [Setting("eps")] public partial float Epsilon { get; }

    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Key)), Add(nameof(KeyBias)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, g k d -> b s g k", nameof(x), nameof(Value)), Add(nameof(ValueBias)), Rename("s -> t"), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, d g k -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias)), Add(nameof(x)), As("a")]
    [LayerNorm("b s d, d, d -> b s d", "a", nameof(Norm1Gain), nameof(Norm1Bias), Epsilon = nameof(Epsilon)), As("l")]
    [Einsum("b s d, g k d -> b s g k", "l", nameof(CrossQuery)), Add(nameof(CrossQueryBias)), As("asked")]
    [Einsum("b u d, g k d -> b u g k", nameof(memory), nameof(CrossKey)), Add(nameof(CrossKeyBias)), As("known")]
    [Einsum("b u d, g k d -> b u g k", nameof(memory), nameof(CrossValue)), Add(nameof(CrossValueBias)), As("said")]
    [Einsum("b s g k, b u g k -> b g s u", "asked", "known"), Scale("1/sqrt(k)"), Mask("b u", nameof(keep)), Softmax("u"), As("w")]
    [Einsum("b g s u, b u g k -> b s g k", "w", "said"), As("crossed")]
    [Einsum("b s g k, d g k -> b s d", "crossed", nameof(CrossOutput)), Add(nameof(CrossOutputBias)), Add("l"), As("c")]
    [LayerNorm("b s d, d, d -> b s d", "c", nameof(Norm2Gain), nameof(Norm2Bias), Epsilon = nameof(Epsilon)), As("m")]
    [Einsum("b s d, f d -> b s f", "m", nameof(Up)), Add(nameof(UpBias)), Relu, As("h")]
    [Einsum("b s f, d f -> b s d", "h", nameof(Down)), Add(nameof(DownBias)), Add("m"), As("y")]
    [LayerNorm("b s d, d, d -> b s d", "y", nameof(Norm3Gain), nameof(Norm3Bias), Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b u d")] Tensor memory, [Axes("b u")] Tensor<bool> keep);
}

/// <summary>A block of GPT-2, weights [in, out] as its checkpoints have them.</summary>
[Model]
public sealed partial class Gpt2Block
{
    [Param("d", Init.Ones, From = "ln_1.gain")] public partial Param AttentionGain { get; }
    [Param("d", Init.Zeros, From = "ln_1.bias")] public partial Param AttentionBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Query { get; }
    [Param("g k", Init.Zeros)] public partial Param QueryBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Key { get; }
    [Param("g k", Init.Zeros)] public partial Param KeyBias { get; }
    [Param("d g k", Init.Linear)] public partial Param Value { get; }
    [Param("g k", Init.Zeros)] public partial Param ValueBias { get; }
    [Param("g k d", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Zeros)] public partial Param OutputBias { get; }
    [Param("d", Init.Ones, From = "ln_2.gain")] public partial Param FeedForwardGain { get; }
    [Param("d", Init.Zeros, From = "ln_2.bias")] public partial Param FeedForwardBias { get; }
    [Param("d f", Init.Linear)] public partial Param Up { get; }
    [Param("f", Init.Zeros)] public partial Param UpBias { get; }
    [Param("f d", Init.Linear)] public partial Param Down { get; }
    [Param("d", Init.Zeros)] public partial Param DownBias { get; }
    [Setting("layer_norm_epsilon")] public partial float Epsilon { get; }

    [LayerNorm("b s d, d, d -> b s d", nameof(x), nameof(AttentionGain), nameof(AttentionBias), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, d g k -> b s g k", "n", nameof(Query)), Add(nameof(QueryBias)), As("q")]
    [Einsum("b s d, d g k -> b s g k", "n", nameof(Key)), Add(nameof(KeyBias)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, d g k -> b s g k", "n", nameof(Value)), Add(nameof(ValueBias)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s g k, b t g k -> b g s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b g s t, b t g k -> b s g k", "p", "values"), As("heads")]
    [Einsum("b s g k, g k d -> b s d", "heads", nameof(Output)), Add(nameof(OutputBias)), Add(nameof(x)), As("a")]
    [LayerNorm("b s d, d, d -> b s d", "a", nameof(FeedForwardGain), nameof(FeedForwardBias), Epsilon = nameof(Epsilon)), As("m")]
    [Einsum("b s d, d f -> b s f", "m", nameof(Up)), Add(nameof(UpBias)), Gelu(GeluForm.Tanh), As("h")]
    [Einsum("b s f, f d -> b s d", "h", nameof(Down)), Add(nameof(DownBias)), Add("a")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);
}

/// <summary>GPT-2: learned positions, a head tied to the embedding.</summary>
[Model]
public sealed partial class Gpt2
{
    [Param("v d", Init.Normal, Deviation = 0.02)] public partial Param Embedding { get; }
    [Param("p d", Init.Normal, Deviation = 0.01)] public partial Param Positions { get; }
    [Layers("layers", From = "h.{0}.")] public partial Layers<Gpt2Block> Blocks { get; }
    [Param("d", Init.Ones, From = "ln_f.gain")] public partial Param Gain { get; }
    [Param("d", Init.Zeros, From = "ln_f.bias")] public partial Param Bias { get; }
    [Setting("layer_norm_epsilon")] public partial float Epsilon { get; }

    [Gather("b s, v d -> b s d", nameof(ids), nameof(Embedding)), AddPositions("s", nameof(Positions)), As("x")]
    [Run("b s d -> b s d", nameof(Blocks), "x", nameof(cache)), As("y")]
    [LayerNorm("b s d, d, d -> b s d", "y", nameof(Gain), nameof(Bias), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, v d -> b s v", "n", nameof(Embedding))]
    public partial Tensor Forward([Axes("b s")] Tensor<int> ids, KvCache? cache);
}

/// <summary>A perceptron with a normalised hidden layer.</summary>
[Model]
public sealed partial class BatchNormPerceptron
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f", Init.Zeros)] public partial Param UpBias { get; }
    [Param("f", Init.Ones)] public partial Param Gain { get; }
    [Param("f", Init.Zeros)] public partial Param Bias { get; }
    [Param("f", Init.Zeros)] public partial Param Mean { get; }
    [Param("f", Init.Ones)] public partial Param Variance { get; }
    [Param("c f", Init.Linear)] public partial Param Down { get; }
    [Param("c", Init.Zeros)] public partial Param DownBias { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [Einsum("n d, f d -> n f", nameof(x), nameof(Up)), Add(nameof(UpBias)), As("u")]
    [BatchNorm("n f, f, f, f, f -> n f", "u", nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance), Epsilon = nameof(Epsilon),
        Momentum = nameof(Momentum)), Relu, As("h")]
    [Einsum("n f, c f -> n c", "h", nameof(Down)), Add(nameof(DownBias))]
    public partial Tensor Train([Axes("n d")] Tensor x);

    [Einsum("n d, f d -> n f", nameof(x), nameof(Up)), Add(nameof(UpBias)), As("u")]
    [BatchNorm("n f, f, f, f, f -> n f", "u", nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance), Epsilon = nameof(Epsilon)),
     Relu, As("h")]
    [Einsum("n f, c f -> n c", "h", nameof(Down)), Add(nameof(DownBias))]
    public partial Tensor Infer([Axes("n d")] Tensor x);
}
