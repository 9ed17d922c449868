using System.Globalization;
using Einsharp.Samples.Small;
using static Einsharp.Tests.SmallSamples.Naive;
using SmallProgram = Einsharp.Samples.Small.Program;

namespace Einsharp.Tests.SmallSamples;

/// <summary>What each of the small samples prints, against plain loops in float64, numbers worked out by hand, and what must hold.</summary>
public sealed class SmallSampleTests
{
    public static TheoryData<string> Names => [.. SmallProgram.Samples.Select(static sample => sample.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_sample_prints_the_same_alone_and_with_all(string name)
    {
        string alone = Printed(name), all = Printed("all");
        Assert.True(alone.Split('\n').Length > 3, alone);
        Assert.Contains(alone, all, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_name_they_are_listed()
    {
        string list = Printed();
        Assert.All(SmallProgram.Samples, sample => Assert.Contains($"{sample.Name} ", list, StringComparison.Ordinal));
        Assert.Equal(SmallProgram.Samples.Count, list.Trim().Split('\n').Length);
    }

    [Fact]
    public void A_wrong_name_is_an_error_that_lists_the_right_ones()
    {
        using StringWriter output = new(), error = new();
        Assert.Equal(1, SmallProgram.Run(["linear", "liner"], output, error));
        Assert.Empty(output.ToString());
        Assert.Contains("'liner'", error.ToString(), StringComparison.Ordinal);
        Assert.All(SmallProgram.Samples, sample => Assert.Contains(sample.Name, error.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Linear_multiplies() => Near([[-2, -2], [6, 15]], Matrix(Printed("linear"), "(1 2 3; 4 5 6)"), 0);

    [Fact]
    public void PreNorm_is_the_block_of_the_paper()
    {
        string printed = Printed("pre-norm");
        PreNormBlock model = PreNormBlock.Example();
        double[][] x = Rows(Numbers.Waves(1, 4, 6).Span, 6);
        double[][] n = Rms(x, model.AttentionNorm, 1e-5);
        double[][] heads = Attend(
            Project(n, model.Query), Project(n, model.Key), Project(n, model.Value), heads: 2, size: 3, static (i, j) => j <= i);
        double[][] a = Add(x, Project(heads, model.Output)), m = Rms(a, model.FeedForwardNorm, 1e-5);
        double[][] h = Both(Map(Project(m, model.Gate), Silu), Project(m, model.Up), static (gate, up) => gate * up);
        Near(Add(a, Project(h, model.Down)), Matrix(printed, "four positions"));
        Assert.Equal(0, Number(printed, "another last position moves the first three by "));
        Assert.Equal(0, Number(printed, "the block moves its input by "));
    }

    [Fact]
    public void PostNorm_is_the_block_of_the_paper()
    {
        string printed = Printed("post-norm");
        PostNormBlock model = PostNormBlock.Example();
        double[][] x = Rows(Numbers.Waves(1, 4, 6).Span, 6);
        double[][] heads = Attend(
            Project(x, model.Query), Project(x, model.Key), Project(x, model.Value), heads: 2, size: 3, static (_, j) => j < 3);
        double[][] n = Layer(Add(x, Project(heads, model.Output)), model.AttentionGain, model.AttentionBias, 1e-5);
        double[][] h = Map(Project(n, model.Up, model.UpBias), static v => Math.Max(v, 0));
        double[][] y = Layer(Add(n, Project(h, model.Down, model.DownBias)), model.FeedForwardGain, model.FeedForwardBias, 1e-5);
        Near(y[..3], Matrix(printed, "three positions"));
        Near([[0, 1], [0, 1], [0, 1]], Matrix(printed, "their means"), 2e-4);
        Assert.Equal(0, Number(printed, "other padding moves them by "));
    }

    [Fact]
    public void Gpt2_is_the_model_of_the_paper()
    {
        string printed = Printed("gpt2");
        Gpt2 model = Gpt2.Example();
        double[] table = Read(model.Embedding), positions = Read(model.Positions);
        int[] ids = [3, 1, 4, 1, 5];
        double[][] x = [.. ids.Select((id, i) => Enumerable.Range(0, 8).Select(d => table[id * 8 + d] + positions[i * 8 + d]).ToArray())];
        foreach (Gpt2Block block in model.Blocks)
        {
            double[][] n = Layer(x, block.AttentionGain, block.AttentionBias, 1e-5);
            double[][] heads = Attend(
                Project(n, block.Query, block.QueryBias), Project(n, block.Key, block.KeyBias), Project(n, block.Value, block.ValueBias),
                heads: 2, size: 4, static (i, j) => j <= i);
            double[][] a = Add(x, Project(heads, block.Output, block.OutputBias));
            double[][] m = Layer(a, block.FeedForwardGain, block.FeedForwardBias, 1e-5);
            x = Add(a, Project(Map(Project(m, block.Up, block.UpBias), GeluByTanh), block.Down, block.DownBias));
        }

        double[][] logits = Project(Layer(x, model.Gain, model.Bias, 1e-5), model.Embedding);
        Near(logits, Matrix(printed, "logits"));
        Assert.True(logits[1].Zip(logits[3], static (one, other) => Math.Abs(one - other)).Max() > 0.01, "the table of positions does nothing");
        Assert.Equal(0, Number(printed, "one token at a time, they differ by "));
        Assert.EndsWith("the cache holds 5 positions", printed.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void MultiQuery_shares_keys_and_values()
    {
        string printed = Printed("multi-query");
        MultiQueryAttention model = MultiQueryAttention.Example();
        double[][] x = Rows(Numbers.Waves(1, 4, 6).Span, 6);
        double[][] heads = Attend(
            Project(x, model.Query), Project(x, model.Key), Project(x, model.Value), heads: 3, size: 4, static (i, j) => j <= i);
        Near(Project(heads, model.Output), Matrix(printed, "four positions"));
        Assert.Equal(0, Number(printed, "the same keys and values differ by "));

        // A key and a value of four floats; theirs, for each of three heads.
        Assert.Equal(2 * 4 * 4, Number(printed, "a position takes "));
        Assert.Equal(3 * 2 * 4 * 4, Number(printed, "and theirs "));
    }

    [Fact]
    public void SlidingWindow_sees_the_last_three()
    {
        string printed = Printed("sliding-window");
        double[][] expected = [.. Enumerable.Range(0, 6).Select(static i => Enumerable.Range(0, 6)
            .Select(j => j <= i && i - j < 3 ? 1.0 / Math.Min(i + 1, 3) : 0).ToArray())];
        Near(expected, Matrix(printed, "what each"));
        Assert.Equal(0, Number(printed, "in a call of their own differ by "));
    }

    [Fact]
    public void BatchNorm_trains_and_infers()
    {
        string printed = Printed("batch-norm");
        double[][] x = [[1, 0], [2, 0], [3, 4], [4, 4]];
        double[] means = [2.5, 2], biased = [1.25, 4], unbiased = [5 / 3.0, 16 / 3.0];
        double Made(double[] row, double[] mean, double[] variance) =>
            Math.Max(0, (row[0] - mean[0]) / Math.Sqrt(variance[0] + 1e-5)) + 10 * Math.Max(0, (row[1] - mean[1]) / Math.Sqrt(variance[1] + 1e-5));

        Near([[.. x.Select(row => Made(row, means, biased))]], Matrix(printed, "the first training call"), 2e-4);
        double[] mean = [0, 0], variance = [1, 1];
        var running = new List<double[]>();
        for (int call = 0; call < 3; call++)
        {
            for (int f = 0; f < 2; f++)
            {
                mean[f] += 0.5 * (means[f] - mean[f]);
                variance[f] += 0.5 * (unbiased[f] - variance[f]);
            }

            running.Add([.. mean, .. variance]);
        }

        Near([.. running], Matrix(printed, "running means"));
        Near([[.. x.Select(row => Made(row, mean, variance))]], Matrix(printed, "by those"), 2e-4);
    }

    private static string Printed(params string[] names)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new();
        Assert.True(SmallProgram.Run(names, output, error) == 0, error.ToString());
        return output.ToString();
    }

    /// <summary>The rows of numbers under the line that begins so.</summary>
    private static double[][] Matrix(string printed, string heading) =>
    [
        .. printed.Split('\n').SkipWhile(line => !line.StartsWith(heading, StringComparison.Ordinal)).Skip(1)
            .TakeWhile(static line => line.StartsWith(' '))
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(static word => double.Parse(word, CultureInfo.InvariantCulture)).ToArray()),
    ];

    /// <summary>The number that follows some words.</summary>
    private static double Number(string printed, string words)
    {
        int start = printed.IndexOf(words, StringComparison.Ordinal);
        Assert.True(start >= 0, $"'{words}' is not in:\n{printed}");
        string number = new([.. printed[(start + words.Length)..].TakeWhile(static c => char.IsAsciiDigit(c) || c is '.' or '-' or 'E' or '+')]);
        return double.Parse(number, CultureInfo.InvariantCulture);
    }

    // Four decimals are printed.
    private static void Near(double[][] expected, double[][] found, double tolerance = 1e-4)
    {
        Assert.Equal(expected.Select(static row => row.Length), found.Select(static row => row.Length));
        foreach ((double[] row, double[] other) in expected.Zip(found))
            Assert.All(row.Zip(other), pair => Assert.InRange(pair.Second, pair.First - tolerance, pair.First + tolerance));
    }
}
