using Einsharp.Samples;

namespace Einsharp.Tests.Reference;

/// <summary>
/// A Llama of one sequence in float64: the equations as loops over named indices, whole sequences, no cache, nothing fused. It shares
/// no code with the library but the parameters' values and the numbers of the settings.
/// </summary>
internal sealed class NaiveLlama(Llama model)
{
    private readonly int _v = model.Sizes.v, _d = model.Sizes.d, _g = model.Sizes.g, _r = model.Sizes.r, _k = model.Sizes.k,
        _f = model.Sizes.f;
    private readonly Dictionary<Param, double[]> _values = [];

    /// <summary>Logits of every position, [s, v].</summary>
    public double[] Logits(ReadOnlySpan<int> ids)
    {
        double[] x = new double[ids.Length * _d];
        double[] embedding = Values(model.Embedding), head = Values(model.Head);
        for (int s = 0; s < ids.Length; s++)
            for (int d = 0; d < _d; d++)
                x[s * _d + d] = embedding[ids[s] * _d + d];
        foreach (LlamaBlock block in model.Blocks)
            x = Block(block, x);

        double[] n = RmsNorm(x, Values(model.Norm), model.Settings.RmsNormEps);
        double[] logits = new double[ids.Length * _v];
        for (int s = 0; s < ids.Length; s++)
            for (int v = 0; v < _v; v++)
                for (int d = 0; d < _d; d++)
                    logits[s * _v + v] += n[s * _d + d] * head[v * _d + d];
        return logits;
    }

    /// <summary>One block on a whole sequence, [s, d] to [s, d].</summary>
    public double[] Block(LlamaBlock block, double[] x)
    {
        int positions = x.Length / _d;
        double epsilon = model.Settings.RmsNormEps;
        double[] n = RmsNorm(x, Values(block.AttentionNorm), epsilon);
        double[] query = Values(block.Query), key = Values(block.Key), value = Values(block.Value), output = Values(block.Output);
        double[,,,] q = new double[positions, _g, _r, _k];
        double[,,] keys = new double[positions, _g, _k], values = new double[positions, _g, _k];
        for (int s = 0; s < positions; s++)
        {
            for (int g = 0; g < _g; g++)
            {
                for (int k = 0; k < _k; k++)
                {
                    for (int d = 0; d < _d; d++)
                    {
                        keys[s, g, k] += n[s * _d + d] * key[(g * _k + k) * _d + d];
                        values[s, g, k] += n[s * _d + d] * value[(g * _k + k) * _d + d];
                        for (int r = 0; r < _r; r++)
                            q[s, g, r, k] += n[s * _d + d] * query[((g * _r + r) * _k + k) * _d + d];
                    }
                }

                double[] turned = Rotate([.. Enumerable.Range(0, _k).Select(k => keys[s, g, k])], s);
                for (int k = 0; k < _k; k++)
                    keys[s, g, k] = turned[k];
                for (int r = 0; r < _r; r++)
                {
                    turned = Rotate([.. Enumerable.Range(0, _k).Select(k => q[s, g, r, k])], s);
                    for (int k = 0; k < _k; k++)
                        q[s, g, r, k] = turned[k];
                }
            }
        }

        double[] a = new double[x.Length];
        for (int s = 0; s < positions; s++)
        {
            for (int d = 0; d < _d; d++)
                a[s * _d + d] = x[s * _d + d];
            for (int g = 0; g < _g; g++)
            {
                for (int r = 0; r < _r; r++)
                {
                    double[] scores = new double[s + 1];
                    for (int t = 0; t <= s; t++)
                    {
                        for (int k = 0; k < _k; k++)
                            scores[t] += q[s, g, r, k] * keys[t, g, k];
                        scores[t] /= Math.Sqrt(_k);
                    }

                    double[] p = Softmax(scores);
                    for (int k = 0; k < _k; k++)
                    {
                        double heads = 0;
                        for (int t = 0; t <= s; t++)
                            heads += p[t] * values[t, g, k];
                        for (int d = 0; d < _d; d++)
                            a[s * _d + d] += heads * output[((d * _g + g) * _r + r) * _k + k];
                    }
                }
            }
        }

        double[] m = RmsNorm(a, Values(block.FeedForwardNorm), epsilon);
        double[] gate = Values(block.Gate), up = Values(block.Up), down = Values(block.Down);
        double[] y = [.. a];
        for (int s = 0; s < positions; s++)
        {
            for (int f = 0; f < _f; f++)
            {
                double u = 0, h = 0;
                for (int d = 0; d < _d; d++)
                {
                    u += m[s * _d + d] * up[f * _d + d];
                    h += m[s * _d + d] * gate[f * _d + d];
                }

                h = Silu(h) * u;
                for (int d = 0; d < _d; d++)
                    y[s * _d + d] += h * down[d * _f + f];
            }
        }

        return y;
    }

    /// <summary>x / √(mean(x²) + ε) · gain over the last axis.</summary>
    public static double[] RmsNorm(double[] x, double[] gain, double epsilon)
    {
        double[] y = new double[x.Length];
        for (int row = 0; row < x.Length; row += gain.Length)
        {
            double squares = 0;
            for (int d = 0; d < gain.Length; d++)
                squares += x[row + d] * x[row + d];
            double scale = 1 / Math.Sqrt(squares / gain.Length + epsilon);
            for (int d = 0; d < gain.Length; d++)
                y[row + d] = x[row + d] * scale * gain[d];
        }

        return y;
    }

    public static double[] Softmax(double[] x)
    {
        double greatest = x.Max();
        double[] y = [.. x.Select(value => Math.Exp(value - greatest))];
        double sum = y.Sum();
        return [.. y.Select(value => value / sum)];
    }

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    /// <summary>A parameter's values, row-major.</summary>
    public static double[] Read(Param param)
    {
        float[] values = new float[param.Count];
        param.CopyRow(0, values.Length, values);
        return [.. values.Select(value => (double)value)];
    }

    private double[] Values(Param param) => _values.TryGetValue(param, out double[]? values) ? values : _values[param] = Read(param);

    // Pair i turns by position·base^(-2i/k). Halves: values i and i + k/2; neighbours: 2i and 2i + 1.
    private double[] Rotate(double[] x, int position)
    {
        Rope rope = model.Settings.Rope;
        double[] y = new double[_k];
        for (int i = 0; i < _k / 2; i++)
        {
            double frequency = Scaled(Math.Pow(rope.Base, -2.0 * i / _k), rope.Scaling as Llama3RopeScaling);
            (double sin, double cos) = Math.SinCos(position * frequency);
            (int first, int second) = rope.Layout == RopeLayout.Halves ? (i, i + _k / 2) : (2 * i, 2 * i + 1);
            y[first] = x[first] * cos - x[second] * sin;
            y[second] = x[second] * cos + x[first] * sin;
        }

        return y;
    }

    // As _compute_llama3_parameters of transformers, by wavelengths.
    private static double Scaled(double frequency, Llama3RopeScaling? scaling)
    {
        if (scaling is null)
            return frequency;
        double wavelength = 2 * Math.PI / frequency, trained = scaling.OriginalPositions;
        double low = scaling.LowFrequencyFactor, high = scaling.HighFrequencyFactor;
        if (wavelength < trained / high)
            return frequency;
        if (wavelength > trained / low)
            return frequency / scaling.Factor;
        double smooth = (trained / wavelength - low) / (high - low);
        return (1 - smooth) * frequency / scaling.Factor + smooth * frequency;
    }
}
