namespace Einsharp.Samples.Small;

/// <summary>
/// An MLP with a batch norm between its two layers. One model, two methods: <see cref="Train"/> normalises by the batch and moves the running
/// statistics, <see cref="Forward"/> normalises by those. Ioffe and Szegedy 2015, arXiv 1502.03167.
/// </summary>
// b rows · d inputs · f hidden · c outputs
[Model]
public sealed partial class BatchNormMlp
{
    [Param("f d", Init.Linear)] public partial Param Up { get; }
    [Param("f", Init.Ones)] public partial Param Gain { get; }
    [Param("f", Init.Zeros)] public partial Param Bias { get; }
    [Param("f", Init.Zeros)] public partial Param Mean { get; }
    [Param("f", Init.Ones)] public partial Param Variance { get; }
    [Param("c f", Init.Linear)] public partial Param Down { get; }
    [Setting("eps")] public partial float Epsilon { get; }
    [Setting("momentum")] public partial float Momentum { get; }

    [Einsum("b d, f d -> b f", nameof(x), nameof(Up)), As("h")]
    [BatchNorm("b f, f, f, f, f -> b f", "h", nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance),
        Epsilon = nameof(Epsilon), Momentum = nameof(Momentum)), Relu, As("n")]
    [Einsum("b f, c f -> b c", "n", nameof(Down))]
    public partial Tensor Train([Axes("b d")] Tensor x);

    [Einsum("b d, f d -> b f", nameof(x), nameof(Up)), As("h")]
    [BatchNorm("b f, f, f, f, f -> b f", "h", nameof(Gain), nameof(Bias), nameof(Mean), nameof(Variance), Epsilon = nameof(Epsilon)),
     Relu, As("n")]
    [Einsum("b f, c f -> b c", "n", nameof(Down))]
    public partial Tensor Forward([Axes("b d")] Tensor x);

    /// <summary>Shows it the same four rows three times, then infers. The first layer passes its input on, so all can be checked by hand.</summary>
    /// <param name="output">Where it prints.</param>
    public static void Run(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var model = new BatchNormMlp(
            new BatchNormMlpSizes { d = 2, f = 2, c = 1 }, new BatchNormMlpSettings { Eps = 1e-5f, Momentum = 0.5f });
        model.Initialise(seed: 5);
        model.Up.Set([
            1, 0,
            0, 1]);
        model.Down.Set([1, 10]);
        Tensor x = Tensor.From([1f, 0, 2, 0, 3, 4, 4, 4], 4, 2);

        output.WriteLine("rows (1 0) (2 0) (3 4) (4 4): means 2.5 and 2, unbiased variances 1.6667 and 5.3333");
        for (int call = 1; call <= 3; call++)
        {
            Tensor trained = model.Train(x);
            if (call == 1)
            {
                output.WriteLine("the first training call makes:");
                Numbers.Print(output, trained.Span, columns: 4);
                output.WriteLine("running means, then variances, half of the way nearer with every call:");
            }

            Numbers.Print(output, [.. model.Mean.Floats, .. model.Variance.Floats], columns: 4);
        }

        output.WriteLine("by those, inference makes:");
        Numbers.Print(output, model.Forward(x).Span, columns: 4);
    }
}
