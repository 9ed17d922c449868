namespace Einsharp.Samples.Small;

/// <summary>
/// A post-norm block, as the first Transformer had it: norm(x + attention(x)), then norm(x + mlp(x)), with LayerNorm and ReLU. Every position
/// sees every other that is no padding. Vaswani et al. 2017, arXiv 1706.03762.
/// </summary>
// b batch · s positions · t the same positions, as keys · d model · h heads · k head size · f hidden
[Model]
public sealed partial class PostNormBlock
{
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("h k d", Init.Linear)] public partial Param Key { get; }
    [Param("h k d", Init.Linear)] public partial Param Value { get; }
    [Param("d h k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Ones)] public partial Param AttentionGain { get; }
    [Param("d", Init.Zeros)] public partial Param AttentionBias { get; }
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f", Init.Zeros)] public partial Param UpBias { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }
    [Param("d", Init.Zeros)] public partial Param DownBias { get; }
    [Param("d", Init.Ones)] public partial Param FeedForwardGain { get; }
    [Param("d", Init.Zeros)] public partial Param FeedForwardBias { get; }
    [Setting("layer_norm_eps")] public partial float Epsilon { get; }

    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Query)), As("q")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Key)), Rename("s -> t"), As("keys")]
    [Einsum("b s d, h k d -> b s h k", nameof(x), nameof(Value)), Rename("s -> t"), As("values")]
    [Einsum("b s h k, b t h k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), Mask("b t", nameof(keep)), Softmax("t"), As("p")]
    [Einsum("b h s t, b t h k -> b s h k", "p", "values"), As("heads")]
    [Einsum("b s h k, d h k -> b s d", "heads", nameof(Output)), Add(nameof(x)), As("a")]
    [LayerNorm("b s d, d, d -> b s d", "a", nameof(AttentionGain), nameof(AttentionBias), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, f d -> b s f", "n", nameof(Up)), Add(nameof(UpBias)), Relu, As("hidden")]
    [Einsum("b s f, d f -> b s d", "hidden", nameof(Down)), Add(nameof(DownBias)), Add("n"), As("sum")]
    [LayerNorm("b s d, d, d -> b s d", "sum", nameof(FeedForwardGain), nameof(FeedForwardBias), Epsilon = nameof(Epsilon))]
    public partial Tensor Forward([Axes("b s d")] Tensor x, [Axes("b t")] Tensor<bool> keep);

    /// <summary>A block with weights of its own.</summary>
    public static PostNormBlock Example()
    {
        var model = new PostNormBlock(
            new PostNormBlockSizes { d = 6, h = 2, k = 3, f = 8 }, new PostNormBlockSettings { LayerNormEps = 1e-5f });
        model.Initialise(seed: 2);
        return model;
    }

    /// <summary>Runs four positions, of which the last is padding, and looks at what a norm leaves.</summary>
    /// <param name="output">Where it prints.</param>
    public static void Run(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        PostNormBlock model = Example();
        Tensor x = Numbers.Waves(1, 4, 6);
        var keep = new Tensor<bool>(1, 4);
        keep.Span[..3].Fill(true);
        Tensor y = model.Forward(x, keep);
        output.WriteLine("three positions of six features:");
        Numbers.Print(output, y.Span[..18], columns: 6);

        output.WriteLine("their means and variances:");
        var moments = new float[6];
        for (int row = 0; row < 3; row++)
        {
            ReadOnlySpan<float> values = y.Span.Slice(row * 6, 6);
            foreach (float value in values)
                moments[row * 2] += value / 6;
            foreach (float value in values)
                moments[row * 2 + 1] += (value - moments[row * 2]) * (value - moments[row * 2]) / 6;
        }

        Numbers.Print(output, moments, columns: 2);

        Tensor other = Tensor.From(x.Span, 1, 4, 6);
        other.Span[18..].Fill(7);
        Tensor z = model.Forward(other, keep);
        output.WriteLine($"other padding moves them by {Numbers.Difference(y.Span[..18], z.Span[..18])}");
    }
}
