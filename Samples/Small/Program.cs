namespace Einsharp.Samples.Small;

/// <summary>Samples of a page each: <c>dotnet run --project Samples/Small</c> lists them, <c>-- linear</c> runs one, <c>-- all</c> runs all.</summary>
public static class Program
{
    /// <summary>Name, what it is, and what runs it.</summary>
    public static IReadOnlyList<(string Name, string What, Action<TextWriter> Run)> Samples { get; } =
    [
        ("linear", "the smallest model: one param, one equation", Linear.Run),
        ("pre-norm", "a block that normalises what its halves read (RMSNorm, SwiGLU)", PreNormBlock.Run),
        ("post-norm", "a block that normalises what its halves made (LayerNorm, ReLU), with key padding", PostNormBlock.Run),
        ("gpt2", "a GPT-2: LayerNorm, GELU, learned positions, biases, a tied head", Gpt2.Run),
        ("multi-query", "attention with one head of keys and values", MultiQueryAttention.Run),
        ("sliding-window", "attention that sees the last three positions", SlidingWindowAttention.Run),
        ("batch-norm", "an MLP with BatchNorm: training calls, then inference", BatchNormMlp.Run),
    ];

    /// <summary>Runs what is named.</summary>
    /// <param name="names">Names of samples; none for the list.</param>
    /// <param name="output">Where the samples print.</param>
    /// <param name="error">Where a wrong name is reported.</param>
    /// <returns>0; 1 where a name is none.</returns>
    public static int Run(IReadOnlyList<string> names, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        foreach (string name in names)
        {
            if (name == "all" || Samples.Any(sample => sample.Name == name))
                continue;
            error.WriteLine($"error: '{name}' is no sample; there are {string.Join(", ", Samples.Select(static sample => sample.Name))}, and all");
            return 1;
        }

        foreach ((string name, string what, Action<TextWriter> run) in Samples)
        {
            if (names.Count == 0 || names.Contains(name) || names.Contains("all"))
                output.WriteLine($"{name,-15} {what}");
            if (names.Contains(name) || names.Contains("all"))
            {
                run(output);
                output.WriteLine();
            }
        }

        return 0;
    }

    private static int Main(string[] args) => Run(args, Console.Out, Console.Error);
}
