using Einsharp.Samples;

namespace Einsharp.Tests.Execution;

/// <summary>Models and inputs that tests of this folder share.</summary>
internal static class Inputs
{
    /// <summary>A small Llama with random weights: odd sizes, two blocks, grouped-query attention unless said otherwise.</summary>
    public static Llama Llama(
        Device? device = null, int v = 11, int d = 13, int g = 2, int r = 3, int k = 6, int f = 7, int layers = 2,
        Rope? rope = null, float epsilon = 1e-5f, ulong seed = 5, WeightFormat format = WeightFormat.F32, bool tied = false)
    {
        var sizes = new LlamaSizes { v = v, d = d, g = g, r = r, k = k, f = f, layers = layers };
        var model = new Llama(sizes, new LlamaSettings { RmsNormEps = epsilon, Rope = rope ?? new Rope() }, device);
        model.Initialise(seed, format, tied);

        // Gains of one would hide a gain that is left out.
        foreach (Param gain in model.Parameters.Where(param => param.Shape.Length == 1))
            gain.Set(Values(gain.Count, 77, 0.5f, 1.5f));
        return model;
    }

    /// <summary>Values that look random and are the same every time.</summary>
    public static float[] Values(long count, int seed, float low = -1, float high = 1)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = low + (high - low) * random.NextSingle();
        return values;
    }

    /// <summary>A tensor of such values.</summary>
    public static Tensor Random(int seed, params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(shape);
        Values(tensor.Length, seed).CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>Ids below a vocabulary's size.</summary>
    public static int[] Ids(int count, int vocabulary, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    /// <summary>The ids of one sequence, [1, s].</summary>
    public static Tensor<int> Row(ReadOnlySpan<int> values) => Tensor.From(values, 1, values.Length);

    /// <summary>0 … count − 1, [1, count]: every position.</summary>
    public static Tensor<int> All(int count) => Row([.. Enumerable.Range(0, count)]);

    /// <summary>Runs one sequence in pieces of the given lengths and gives the logits of every position.</summary>
    public static float[] InPieces(ILanguageModel model, KvCache cache, ReadOnlySpan<int> ids, params ReadOnlySpan<int> pieces)
    {
        var logits = new List<float>();
        int at = 0;
        foreach (int length in pieces)
        {
            logits.AddRange(model.Forward(Row(ids.Slice(at, length)), All(length), cache).Span);
            at += length;
        }

        Assert.Equal(ids.Length, at);
        return [.. logits];
    }

    /// <summary>Logits of every position of one sequence, in one call without a cache.</summary>
    public static float[] Alone(ILanguageModel model, ReadOnlySpan<int> ids) =>
        model.Forward(Row(ids), All(ids.Length), null).Span.ToArray();

    public static double[] Widen(ReadOnlySpan<float> values)
    {
        double[] wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
            wide[i] = values[i];
        return wide;
    }
}
