using Einsharp.Samples;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Execution;

/// <summary>The compiled Llama against the equations in float64.</summary>
public sealed class LlamaReferenceTests
{
    [Theory]
    [InlineData(2, 3, 6, 13, 7, 11, 2, 9)] // grouped-query, odd and prime
    [InlineData(3, 2, 10, 17, 19, 23, 1, 5)]
    [InlineData(5, 1, 2, 13, 7, 11, 2, 9)] // multi-head
    [InlineData(1, 7, 14, 29, 31, 37, 1, 33)] // multi-query
    [InlineData(1, 1, 2, 1, 1, 2, 1, 3)] // as small as it gets
    [InlineData(4, 2, 8, 64, 172, 32, 2, 40)]
    public void MatchesTheEquations(int g, int r, int k, int d, int f, int v, int layers, int length)
    {
        Llama model = Inputs.Llama(g: g, r: r, k: k, d: d, f: f, v: v, layers: layers);
        int[] ids = Inputs.Ids(length, v, seed: 1);
        Compare.Close(new NaiveLlama(model).Logits(ids), Inputs.Alone(model, ids));
    }

    [Theory]
    [InlineData(RopeLayout.Halves, false)]
    [InlineData(RopeLayout.Neighbours, false)]
    [InlineData(RopeLayout.Halves, true)]
    [InlineData(RopeLayout.Neighbours, true)]
    public void RotatesInBothLayoutsAndScaled(RopeLayout layout, bool scaled)
    {
        // 64 trained positions put some of the five pairs in each of the three bands of wavelengths.
        var rope = new Rope(10_000, layout, scaled ? new Llama3RopeScaling(8, 1, 4, 64) : null);
        Llama model = Inputs.Llama(k: 10, rope: rope);
        int[] ids = Inputs.Ids(50, 11, seed: 2);
        double[] expected = new NaiveLlama(model).Logits(ids);
        Compare.Close(expected, Inputs.Alone(model, ids));

        Llama other = Inputs.Llama(k: 10, rope: new Rope(10_000, layout, scaled ? null : new Llama3RopeScaling(8, 1, 4, 64)));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Compare.Close(expected, Inputs.Alone(other, ids)));
    }

    [Fact]
    public void NoLayersAtAllPassTheEmbeddingOn()
    {
        Llama model = Inputs.Llama(layers: 0);
        int[] ids = Inputs.Ids(6, 11, seed: 3);
        float[] logits = Inputs.Alone(model, ids);
        Compare.Close(new NaiveLlama(model).Logits(ids), logits);
        using KvCache cache = model.CreateCache(1, 6);
        Compare.SameBits(logits, Inputs.InPieces(model, cache, ids, 4, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>("layers", () => Inputs.Llama(layers: -1));
    }

    [Fact]
    public void TheSettingReachesEveryNorm()
    {
        // An epsilon as large as the values themselves: any norm without it is far off.
        Llama model = Inputs.Llama(epsilon: 0.5f);
        int[] ids = Inputs.Ids(6, 11, seed: 3);
        Compare.Close(new NaiveLlama(model).Logits(ids), Inputs.Alone(model, ids));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ABatchIsItsSequences(int batch)
    {
        Llama model = Inputs.Llama();
        var naive = new NaiveLlama(model);
        int[] ids = Inputs.Ids(batch * 8, 11, seed: 4);
        var rows = new Tensor<int>(batch, 8);
        for (int i = 0; i < rows.Length; i++)
            rows.Span[i] = i % 8;
        Tensor logits = model.Forward(Tensor.From(ids, batch, 8), rows, null);
        Assert.Equal([batch, 8, 11], logits.Shape.ToArray());
        for (int b = 0; b < batch; b++)
            Compare.Close(naive.Logits(ids.AsSpan(b * 8, 8)), logits.Span.Slice(b * 8 * 11, 8 * 11));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 1)]
    public void ABlockAloneMatches(int batch, int layer)
    {
        Llama model = Inputs.Llama();
        LlamaBlock block = model.Blocks[layer];
        var naive = new NaiveLlama(model);
        Tensor x = Inputs.Random(6, batch, 9, 13);
        Tensor y = block.Forward(x, null);
        Assert.Equal([batch, 9, 13], y.Shape.ToArray());
        for (int b = 0; b < batch; b++)
            Compare.Close(naive.Block(block, Inputs.Widen(x.Span.Slice(b * 9 * 13, 9 * 13))), y.Span.Slice(b * 9 * 13, 9 * 13));
    }

    [Theory]
    [InlineData(WeightFormat.BF16)]
    [InlineData(WeightFormat.F16)]
    public void RoundedWeightsAreComputedInFullPrecision(WeightFormat format)
    {
        // The reference reads the rounded values, so only the arithmetic is compared.
        Llama model = Inputs.Llama(format: format);
        Assert.Equal(format, model.Blocks[0].Query.Format);
        int[] ids = Inputs.Ids(12, 11, seed: 8);
        Compare.Close(new NaiveLlama(model).Logits(ids), Inputs.Alone(model, ids));
    }

    [Fact]
    public void ATiedHeadIsTheEmbedding()
    {
        Llama tied = Inputs.Llama(tied: true), untied = Inputs.Llama(tied: false);
        int[] ids = Inputs.Ids(7, 11, seed: 9);
        Assert.True(tied.Head.IsShared);
        Assert.Equal(NaiveLlama.Read(tied.Embedding), NaiveLlama.Read(tied.Head));
        Assert.NotEqual(NaiveLlama.Read(untied.Embedding), NaiveLlama.Read(untied.Head));
        Compare.Close(new NaiveLlama(tied).Logits(ids), Inputs.Alone(tied, ids));
        Compare.Close(new NaiveLlama(untied).Logits(ids), Inputs.Alone(untied, ids));
    }

    [Fact]
    public void RowsChooseThePositionsInAnyOrder()
    {
        Llama model = Inputs.Llama();
        int[] ids = Inputs.Ids(9, 11, seed: 10);
        float[] all = Inputs.Alone(model, ids);
        int[] wanted = [8, 0, 3, 3, 7];
        float[] some = model.Forward(Inputs.Row(ids), Inputs.Row(wanted), null).Span.ToArray();
        for (int i = 0; i < wanted.Length; i++)
            Compare.SameBits(all.AsSpan(wanted[i] * 11, 11), some.AsSpan(i * 11, 11));
        Assert.Equal([1, 0, 11], model.Forward(Inputs.Row(ids), new Tensor<int>(1, 0), null).Shape.ToArray());
    }
}
