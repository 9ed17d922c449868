namespace Einsharp.Samples.Small;

/// <summary>
/// A pre-norm block: x + attention(norm(x)), then x + mlp(norm(x)). What is added to goes from end to end without a norm on its way. Xiong et
/// al. 2020, arXiv 2002.04745.
/// </summary>
// b batch · s new positions · t seen positions · d model · h heads · k head size · f hidden
[Model]
public sealed partial class PreNormBlock
{
    [Param("d", Init.Ones)] public partial Param AttentionNorm { get; }
    [Param("h k d", Init.Linear)] public partial Param Query { get; }
    [Param("h k d", Init.Linear)] public partial Param Key { get; }
    [Param("h k d", Init.Linear)] public partial Param Value { get; }
    [Param("d h k", Init.Linear)] public partial Param Output { get; }
    [Param("d", Init.Ones)] public partial Param FeedForwardNorm { get; }
    [Param("f d", Init.Linear)] public partial Param Gate { get; }
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("d f", Init.Linear)] public partial Param Down { get; }
    [Setting("rms_norm_eps")] public partial float Epsilon { get; }

    [RmsNorm("b s d, d -> b s d", nameof(x), nameof(AttentionNorm), Epsilon = nameof(Epsilon)), As("n")]
    [Einsum("b s d, h k d -> b s h k", "n", nameof(Query)), As("q")]
    [Einsum("b s d, h k d -> b s h k", "n", nameof(Key)), Append("s -> t", nameof(cache)), As("keys")]
    [Einsum("b s d, h k d -> b s h k", "n", nameof(Value)), Append("s -> t", nameof(cache)), As("values")]
    [Einsum("b s h k, b t h k -> b h s t", "q", "keys"), Scale("1/sqrt(k)"), Causal("s", "t"), Softmax("t"), As("p")]
    [Einsum("b h s t, b t h k -> b s h k", "p", "values"), As("heads")]
    [Einsum("b s h k, d h k -> b s d", "heads", nameof(Output)), Add(nameof(x)), As("a")]
    [RmsNorm("b s d, d -> b s d", "a", nameof(FeedForwardNorm), Epsilon = nameof(Epsilon)), As("m")]
    [Einsum("b s d, f d -> b s f", "m", nameof(Up)), As("u")]
    [Einsum("b s d, f d -> b s f", "m", nameof(Gate)), Silu, Multiply("u"), As("hidden")]
    [Einsum("b s f, d f -> b s d", "hidden", nameof(Down)), Add("a")]
    public partial Tensor Forward([Axes("b s d")] Tensor x, KvCache? cache);

    /// <summary>A block with weights of its own.</summary>
    public static PreNormBlock Example()
    {
        var model = new PreNormBlock(
            new PreNormBlockSizes { d = 6, h = 2, k = 3, f = 8 }, new PreNormBlockSettings { RmsNormEps = 1e-5f });
        model.Initialise(seed: 1);
        return model;
    }

    /// <summary>Runs four positions; changes the last one; takes away what the block adds.</summary>
    /// <param name="output">Where it prints.</param>
    public static void Run(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        PreNormBlock model = Example();
        Tensor x = Numbers.Waves(1, 4, 6);
        Tensor y = model.Forward(x, null);
        output.WriteLine("four positions of six features:");
        Numbers.Print(output, y.Span, columns: 6);

        Tensor other = Tensor.From(x.Span, 1, 4, 6);
        other.Span[18..].Fill(7);
        Tensor z = model.Forward(other, null);
        output.WriteLine($"another last position moves the first three by {Numbers.Difference(y.Span[..18], z.Span[..18])}: nobody sees what is later");

        model.Output.Allocate(WeightFormat.F32);
        model.Down.Allocate(WeightFormat.F32);
        output.WriteLine($"without its two projections back, the block moves its input by {Numbers.Difference(x.Span, model.Forward(x, null).Span)}");
    }
}
