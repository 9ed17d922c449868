using Einsharp.Tests.Reference;
using static Einsharp.Tests.Reference.NaiveLlama;

namespace Einsharp.Tests.Execution;

/// <summary>Attention as other declarations than the Llama have it, and kernels in which the sizes are literals.</summary>
public sealed class AttentionTests
{
    [Theory]
    [InlineData(16, 2, 3, 4)]
    [InlineData(13, 3, 1, 6)]
    public void LiteralSizesGiveTheBitsOfAnySizes(int d, int g, int r, int k)
    {
        var general = new GeneralBlock(
            new GeneralBlockSizes { d = d, g = g, r = r, k = k },
            new GeneralBlockSettings { Eps = 1e-5f, Rope = new Rope() });
        LiteralBlockSizes sizes = d == 16 ? LiteralBlockSizes.Tiny : LiteralBlockSizes.Odd;
        Assert.Equal(new LiteralBlockSizes { d = d, g = g, r = r, k = k }, sizes);
        var literal = new LiteralBlock(sizes, new LiteralBlockSettings { Eps = 1e-5f, Rope = new Rope() });
        general.Initialise(12);
        literal.Initialise(12);
        using KvCache left = general.CreateCache(2, 64), right = literal.CreateCache(2, 64);
        foreach (int count in (int[])[30, 1, 7])
        {
            Tensor x = Inputs.Random(count, 2, count, d);
            Compare.SameBits(general.Forward(x, left).Span, literal.Forward(x, right).Span, $"{count} positions");
        }
    }

    [Fact]
    public void OtherSizesThanTheNamedOnesRunTheGeneralKernels()
    {
        var general = new GeneralBlock(
            new GeneralBlockSizes { d = 16, g = 2, r = 3, k = 2 },
            new GeneralBlockSettings { Eps = 1e-5f, Rope = new Rope() });
        var literal = new LiteralBlock(LiteralBlockSizes.Tiny with { k = 2 }, new LiteralBlockSettings { Eps = 1e-5f, Rope = new Rope() });
        general.Initialise(13);
        literal.Initialise(13);
        Tensor x = Inputs.Random(13, 1, 9, 16);
        Compare.SameBits(general.Forward(x, null).Span, literal.Forward(x, null).Span);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(300)]
    public void AttentionThatIsNotCausalSeesAllPositions(int length)
    {
        var model = new OpenAttention(new OpenAttentionSizes { h = 3, k = 5, d = 7, w = 11 });
        model.Initialise(14);
        Tensor x = Inputs.Random(14, 2, length, 7);
        Tensor y = model.Forward(x, null);
        Assert.Equal([2, length, 3, 11], y.Shape.ToArray());
        for (int b = 0; b < 2; b++)
        {
            ReadOnlySpan<float> mine = x.Span.Slice(b * length * 7, length * 7);
            Compare.Close(Open(model, Inputs.Widen(mine)), y.Span.Slice(b * length * 33, length * 33));
        }

        // With a cache, new positions see the old ones and each other.
        using KvCache cache = model.CreateCache(1, length);
        int first = length / 2;
        float[] whole = x.Span[..(length * 7)].ToArray();
        model.Forward(Tensor.From(whole.AsSpan(0, first * 7), 1, first, 7), cache);
        Tensor rest = model.Forward(Tensor.From(whole.AsSpan(first * 7), 1, length - first, 7), cache);
        Compare.Close(Open(model, Inputs.Widen(whole)).AsSpan(first * 33), rest.Span);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(700)]
    public void SelectedPositionsOfAMethodWithAFloatInput(int length)
    {
        var model = new Classifier(new ClassifierSizes { g = 3, k = 4, d = 7, c = 5 }, new ClassifierSettings { Rope = new Rope() });
        model.Initialise(15);
        Tensor x = Inputs.Random(15, 1, length, 7);
        int[] wanted = [length - 1, 0, length / 2];
        float[] together = model.Forward(x, Inputs.Row(wanted), null).Span.ToArray();
        using KvCache cache = model.CreateCache(1, length);
        for (int s = 0; s < length; s++)
        {
            float[] one = model.Forward(Tensor.From(x.Span.Slice(s * 7, 7), 1, 1, 7), Inputs.All(1), cache).Span.ToArray();
            int at = Array.IndexOf(wanted, s);
            if (at >= 0)
                Compare.SameBits(one, together.AsSpan(at * 5, 5), $"position {s}");
        }

        Assert.Equal(3, together.Sum(), 1e-5f);
    }

    private static double[] Open(OpenAttention model, double[] x)
    {
        int positions = x.Length / 7;
        double[] query = Read(model.Query), key = Read(model.Key), value = Read(model.Value), y = new double[positions * 33];
        double Dot(int s, double[] weight, int row) => Enumerable.Range(0, 7).Sum(d => x[s * 7 + d] * weight[row * 7 + d]);
        double[][] keys = [.. Enumerable.Range(0, positions).Select(t => Enumerable.Range(0, 5).Select(k => Dot(t, key, k)).ToArray())];
        double[][] values = [
            .. Enumerable.Range(0, positions).Select(t => Enumerable.Range(0, 11).Select(w => Dot(t, value, w)).ToArray())];
        for (int s = 0; s < positions; s++)
        {
            for (int h = 0; h < 3; h++)
            {
                double[] q = [.. Enumerable.Range(0, 5).Select(k => Dot(s, query, h * 5 + k))];
                double[] p = Softmax([.. keys.Select(k => k.Select((element, i) => element * q[i]).Sum() / Math.Sqrt(5))]);
                for (int t = 0; t < positions; t++)
                {
                    for (int w = 0; w < 11; w++)
                        y[(s * 3 + h) * 11 + w] += p[t] * values[t][w];
                }
            }
        }

        return y;
    }
}
