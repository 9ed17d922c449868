using Einsharp.Generator.Syntax;

namespace Einsharp.Tests.Reference;

/// <summary>An einsum by its definition: a loop over every index of every axis, in double.</summary>
internal static class NaiveEinsum
{
    /// <param name="Shape">Extents, outermost first.</param>
    /// <param name="Values">Row-major.</param>
    internal sealed record Dense(int[] Shape, double[] Values);

    /// <summary>Evaluates an equation, ellipses included: their axes are given names from the right.</summary>
    public static Dense Of(string equation, params IReadOnlyList<Dense> operands)
    {
        EquationSyntax parsed = EinsumParser.ParseEquation(equation, takesEllipsis: true).Value!;
        int longest = 0;
        List<List<string>> terms = [];
        for (int i = 0; i < operands.Count; i++)
        {
            int rest = operands[i].Shape.Length - parsed.Inputs[i].Axes.Count + 1;
            terms.Add(Expand(parsed.Inputs[i], rest));
            if (parsed.Inputs[i].Axes.Any(static axis => axis.IsEllipsis))
                longest = Math.Max(longest, rest);
        }

        List<string> output = Expand(parsed.Output, longest);
        var sizes = new Dictionary<string, int>();
        for (int i = 0; i < operands.Count; i++)
        {
            for (int j = 0; j < terms[i].Count; j++)
                Assert.Equal(sizes.GetValueOrDefault(terms[i][j], operands[i].Shape[j]), sizes[terms[i][j]] = operands[i].Shape[j]);
        }

        List<string> axes = [.. output, .. sizes.Keys.Except(output)];
        int[] extents = [.. axes.Select(axis => sizes[axis])];
        int[][] strides = [.. terms.Select((term, i) => Strides(axes, term, operands[i].Shape))];
        int[] shape = [.. output.Select(axis => sizes[axis])];
        int[] written = Strides(axes, output, shape);
        var result = new Dense(shape, new double[shape.Aggregate(1, static (product, extent) => product * extent)]);
        if (extents.Contains(0))
            return result;
        int[] index = new int[axes.Count];
        int[] at = new int[operands.Count];
        for (int to = 0; ;)
        {
            double product = 1;
            for (int i = 0; i < at.Length; i++)
                product *= operands[i].Values[at[i]];
            result.Values[to] += product;

            int axis = axes.Count - 1;
            for (; axis >= 0; axis--)
            {
                bool wraps = ++index[axis] == extents[axis];
                int step = wraps ? 1 - extents[axis] : 1;
                for (int i = 0; i < at.Length; i++)
                    at[i] += step * strides[i][axis];
                to += step * written[axis];
                if (!wraps)
                    break;
                index[axis] = 0;
            }

            if (axis < 0)
                return result;
        }
    }

    private static List<string> Expand(TermSyntax term, int rest) => [.. term.Axes.SelectMany(axis => axis.IsEllipsis
        ? Enumerable.Range(0, rest).Select(i => $"...{rest - i}")
        : [axis.Name])];

    // The distance along each axis of the loop; a diagonal's is a sum.
    private static int[] Strides(List<string> axes, List<string> term, int[] shape)
    {
        int[] strides = new int[axes.Count];
        int stride = 1;
        for (int i = term.Count - 1; i >= 0; i--)
        {
            strides[axes.IndexOf(term[i])] += stride;
            stride *= shape[i];
        }

        return strides;
    }
}
