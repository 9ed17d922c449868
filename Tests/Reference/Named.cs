namespace Einsharp.Tests.Reference;

/// <summary>A float64 tensor with named axes, and the language's operations as loops over every combination of indices.</summary>
internal sealed partial class Named(string axes, int[] shape, double[] values)
{
    private readonly string[] _axes = axes.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public double[] Values { get; } = values;

    public static Named Of(string axes, Tensor tensor) =>
        new(axes, tensor.Shape.ToArray(), [.. tensor.Span.ToArray().Select(value => (double)value)]);

    public static Named Of(Param param) => new(param.Axes, param.Shape.ToArray(), NaiveLlama.Read(param));

    /// <summary>The sum over every axis that the output has not.</summary>
    public static Named Einsum(string output, params Named[] operands)
    {
        var sizes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (Named operand in operands)
        {
            for (int i = 0; i < operand._axes.Length; i++)
                sizes[operand._axes[i]] = operand.Shape[i];
        }

        string[] kept = output.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] all = [.. kept, .. sizes.Keys.Except(kept)];
        int count = kept.Aggregate(1, (product, axis) => product * sizes[axis]);
        var result = new Named(output, [.. kept.Select(axis => sizes[axis])], new double[count]);
        var at = new Dictionary<string, int>(StringComparer.Ordinal);
        void Loop(int depth)
        {
            if (depth == all.Length)
            {
                result.Values[result.Offset(at)] +=
                    operands.Aggregate(1.0, (product, operand) => product * operand.Values[operand.Offset(at)]);
                return;
            }

            for (int i = 0; i < sizes[all[depth]]; i++)
            {
                at[all[depth]] = i;
                Loop(depth + 1);
            }
        }

        Loop(0);
        return result;
    }

    private int[] Shape { get; } = shape;

    public Named Map(Func<double, double> function) => new(string.Join(' ', _axes), Shape, [.. Values.Select(function)]);

    public Named Silu() => Map(NaiveLlama.Silu);

    /// <summary>The other's axes are some of this one's.</summary>
    public Named Add(Named other) => Each(at => Values[Offset(at)] + other.Values[other.Offset(at)]);

    /// <summary>The other's axes are some of this one's.</summary>
    public Named Multiply(Named other) => Each(at => Values[Offset(at)] * other.Values[other.Offset(at)]);

    public Named Softmax(string axis)
    {
        Named exponentials = Map(Math.Exp);
        Named sums = Einsum(string.Join(' ', _axes.Where(other => other != axis)), exponentials);
        return exponentials.Each(at => exponentials.Values[Offset(at)] / sums.Values[sums.Offset(at)]);
    }

    /// <summary>Over the last axis.</summary>
    public Named RmsNorm(Named gain, double epsilon) =>
        new(string.Join(' ', _axes), Shape, NaiveLlama.RmsNorm(Values, gain.Values, epsilon));

    public Named Rename(string axes) => new(axes, Shape, Values);

    /// <summary>Pairs of halves of the last axis turned by the positions along an axis, base 10,000.</summary>
    public Named Rotate(string position)
    {
        string axis = _axes[^1];
        int size = Shape[^1];
        return Each(at =>
        {
            int i = at[axis], pair = i % (size / 2);
            (double sin, double cos) = Math.SinCos(at[position] * Math.Pow(10_000, -2.0 * pair / size));
            double Value(int index) => Values[Offset(new Dictionary<string, int>(at, StringComparer.Ordinal) { [axis] = index })];
            return i < size / 2 ? Value(i) * cos - Value(i + size / 2) * sin : Value(i) * cos + Value(i - size / 2) * sin;
        });
    }

    /// <summary>Values where the key comes after the query are as small as makes no difference.</summary>
    public Named Causal(string query, string key) => Each(at => at[key] > at[query] ? -1e9 : Values[Offset(at)]);

    private Named Each(Func<Dictionary<string, int>, double> function)
    {
        double[] values = new double[Values.Length];
        for (int element = 0; element < values.Length; element++)
        {
            var at = new Dictionary<string, int>(StringComparer.Ordinal);
            int rest = element;
            for (int i = _axes.Length - 1; i >= 0; i--)
                (rest, at[_axes[i]]) = Math.DivRem(rest, Shape[i]);
            values[element] = function(at);
        }

        return new Named(string.Join(' ', _axes), Shape, values);
    }

    private int Offset(Dictionary<string, int> at)
    {
        int offset = 0;
        for (int i = 0; i < _axes.Length; i++)
            offset = offset * Shape[i] + at[_axes[i]];
        return offset;
    }
}
