namespace Einsharp.Tests.SmallSamples;

/// <summary>What blocks are made of, in float64 and plain loops over rows, from the papers.</summary>
internal static class Naive
{
    public static double[] Read(Param param)
    {
        float[] values = new float[param.Count];
        param.CopyTo(values);
        return Array.ConvertAll(values, static value => (double)value);
    }

    public static double[][] Rows(ReadOnlySpan<float> values, int columns)
    {
        var rows = new double[values.Length / columns][];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = Array.ConvertAll(values.Slice(i * columns, columns).ToArray(), static value => (double)value);
        return rows;
    }

    /// <summary>A weight of rows times each row of <paramref name="x"/>, and a bias where there is one.</summary>
    public static double[][] Project(double[][] x, Param weight, Param? bias = null)
    {
        double[] w = Read(weight), b = bias is null ? [] : Read(bias);
        return Each(x, row =>
        {
            double[] y = new double[w.Length / row.Length];
            for (int i = 0; i < y.Length; i++)
            {
                for (int j = 0; j < row.Length; j++)
                    y[i] += w[i * row.Length + j] * row[j];
                if (bias is not null)
                    y[i] += b[i];
            }

            return y;
        });
    }

    public static double[][] Rms(double[][] x, Param gain, double epsilon)
    {
        double[] g = Read(gain);
        return Each(x, row =>
        {
            double scale = 1 / Math.Sqrt(row.Sum(static v => v * v) / row.Length + epsilon);
            return [.. row.Select((v, i) => v * scale * g[i])];
        });
    }

    public static double[][] Layer(double[][] x, Param gain, Param bias, double epsilon)
    {
        double[] g = Read(gain), b = Read(bias);
        return Each(x, row =>
        {
            double mean = row.Average(), variance = row.Sum(v => (v - mean) * (v - mean)) / row.Length;
            return [.. row.Select((v, i) => (v - mean) / Math.Sqrt(variance + epsilon) * g[i] + b[i])];
        });
    }

    /// <summary>
    /// Softmax(q·k / √size)·v over the positions that a query sees. A row of queries has all heads; one of keys and values has all, or one that
    /// all share.
    /// </summary>
    public static double[][] Attend(
        double[][] queries, double[][] keys, double[][] values, int heads, int size, Func<int, int, bool> sees)
    {
        var result = new double[queries.Length][];
        for (int i = 0; i < queries.Length; i++)
        {
            result[i] = new double[heads * size];
            for (int head = 0; head < heads; head++)
            {
                int own = head * size, shared = keys[0].Length == size ? 0 : own;
                double[] weights = new double[keys.Length];
                for (int j = 0; j < keys.Length; j++)
                {
                    double score = 0;
                    for (int c = 0; c < size; c++)
                        score += queries[i][own + c] * keys[j][shared + c];
                    weights[j] = sees(i, j) ? Math.Exp(score / Math.Sqrt(size)) : 0;
                }

                double sum = weights.Sum();
                for (int j = 0; j < keys.Length; j++)
                    for (int c = 0; c < size; c++)
                        result[i][own + c] += weights[j] / sum * values[j][shared + c];
            }
        }

        return result;
    }

    public static double[][] Map(double[][] x, Func<double, double> function) => Each(x, row => Array.ConvertAll(row, v => function(v)));

    public static double[][] Both(double[][] x, double[][] y, Func<double, double, double> function) =>
        [.. x.Zip(y, (a, b) => a.Zip(b, function).ToArray())];

    public static double[][] Add(double[][] x, double[][] y) => Both(x, y, static (a, b) => a + b);

    public static double GeluByTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    private static double[][] Each(double[][] x, Func<double[], double[]> function) => [.. x.Select(function)];
}
