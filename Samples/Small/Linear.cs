namespace Einsharp.Samples.Small;

/// <summary>y = W·x for every row of a batch: the smallest model there is.</summary>
// b rows · d inputs · f outputs
[Model]
public sealed partial class Linear
{
    [Param("f d", Init.Linear)] public partial Param Weight { get; }

    [Einsum("b d, f d -> b f", nameof(x), nameof(Weight))]
    public partial Tensor Forward([Axes("b d")] Tensor x);

    /// <summary>Multiplies two rows by a 2 × 3 matrix, which is easily done by hand.</summary>
    /// <param name="output">Where it prints.</param>
    public static void Run(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var model = new Linear(new LinearSizes { d = 3, f = 2 });
        model.Weight.Set([
            1, 2, 3,
            4, 5, 6]);
        Tensor y = model.Forward(Tensor.From([1f, 0, -1, 1, 1, 1], 2, 3));
        output.WriteLine("(1 2 3; 4 5 6) times (1 0 -1), and times (1 1 1):");
        Numbers.Print(output, y.Span, columns: 2, format: "F0");
    }
}
