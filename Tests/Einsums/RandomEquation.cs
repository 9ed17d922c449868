using System.Globalization;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Einsums;

/// <summary>How an equation is declared and called.</summary>
internal enum EquationForm
{
    /// <summary>A method of tensors.</summary>
    Tensors,

    /// <summary>A method of .NET's spans, with strides.</summary>
    Spans,

    /// <summary>A call of <c>Einsum.Of</c>.</summary>
    Call,
}

/// <summary>
/// An equation of up to five operands and eight axes, with sizes: repeated axes, axes of one operand, zero extents, scalars, ellipses.
/// </summary>
internal sealed record RandomEquation(string Text, int[][] Shapes, string Element, EquationForm Form)
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "f", "head", "d_in"];

    public static RandomEquation Draw(Random random)
    {
        string[] axes = [.. Names.OrderBy(_ => random.Next()).Take(random.Next(1, 9))];
        int[] sizes = new int[axes.Length];
        do
        {
            for (int i = 0; i < sizes.Length; i++)
                sizes[i] = random.Next(40) == 0 ? 0 : random.Next(1, random.Next(2, 7));
        }
        while (sizes.Aggregate(1, static (product, size) => product * Math.Max(1, size)) > 1500);

        bool hasEllipsis = random.Next(6) == 0;
        int[] rest = [.. Enumerable.Range(0, random.Next(0, 3)).Select(_ => random.Next(1, 3))];
        int count = random.Next(1, 6);
        var terms = new List<List<string>>();
        var shapes = new List<int[]>();
        int restRank = -1;
        for (int i = 0; i < count; i++)
        {
            List<string> term = [.. Enumerable.Range(0, random.Next(0, 5)).Select(_ => axes[random.Next(axes.Length)])];
            if (random.Next(4) != 0)
                term = [.. term.Distinct()];
            List<int> shape = [.. term.Select(axis => sizes[Array.IndexOf(axes, axis)])];
            if (hasEllipsis && (random.Next(2) == 0 || (i == count - 1 && restRank < 0)))
            {
                int at = random.Next(term.Count + 1), rank = random.Next(rest.Length + 1);
                term.Insert(at, "...");
                shape.InsertRange(at, rest[^rank..]);
                restRank = Math.Max(restRank, rank);
            }

            terms.Add(term);
            shapes.Add([.. shape]);
        }

        List<string> output = [.. terms.SelectMany(static term => term).Where(static axis => axis != "...").Distinct()
            .Where(_ => random.Next(2) == 0).OrderBy(_ => random.Next())];
        if (restRank >= 0)
            output.Insert(random.Next(output.Count + 1), "...");
        string text = string.Join(", ", terms.Select(static term => string.Join(" ", term))) + " -> " + string.Join(" ", output);
        EquationForm form = random.Next(10) switch { < 6 => EquationForm.Tensors, < 9 => EquationForm.Spans, _ => EquationForm.Call };

        // A span has at least one axis, which an ellipsis would take for one of its own.
        if (form == EquationForm.Spans && restRank >= 0
            && (output.Count + restRank == 1 || shapes.Exists(static shape => shape.Length == 0)))
            form = EquationForm.Tensors;
        return new RandomEquation(text, [.. shapes], random.Next(2) == 0 ? "float" : "double", form);
    }

    /// <summary>Small whole numbers, so that sums are exact in any order and every wrong element shows.</summary>
    public NaiveEinsum.Dense[] Operands(Random random) => [.. Shapes.Select(shape => new NaiveEinsum.Dense(
        shape, [.. Enumerable.Range(
            0, shape.Aggregate(1, static (product, extent) => product * extent)).Select(_ => (double)random.Next(-2, 3))]))];

    /// <summary>The declaration of a method <c>E{number}</c>.</summary>
    public string Declare(int number)
    {
        IEnumerable<string> Of(string type) =>
            Enumerable.Range(0, Shapes.Length).Select(i => string.Create(CultureInfo.InvariantCulture, $"{type} x{i}"));
        string tensor = Element == "float" ? "Tensor" : "Tensor<double>";
        return Form switch
        {
            EquationForm.Tensors => $"[Einsum(\"{Text}\")] public static partial {tensor} E{number}({string.Join(", ", Of(tensor))});",
            EquationForm.Spans => $"[Einsum(\"{Text}\")] public static partial void E{number}("
                + string.Join(", ", Of($"System.Numerics.Tensors.ReadOnlyTensorSpan<{Element}>"))
                + $", System.Numerics.Tensors.TensorSpan<{Element}> destination);",
            _ => $"public static {tensor} E{number}({string.Join(", ", Of(tensor))}) => Einsum.Of(\"{Text}\", "
                + $"{string.Join(", ", Shapes.Select(static (_, i) => $"x{i}"))});",
        };
    }

    public override string ToString() =>
        $"{Text} ({Element}, {Form}) of {string.Join(" ", Shapes.Select(static shape => $"[{string.Join(", ", shape)}]"))}";
}
