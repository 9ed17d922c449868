namespace Einsharp.Tests.Reference;

// Layers, as loops over every combination of indices.
internal sealed partial class Named
{
    /// <summary>x / √(mean of x² over some axes + ε), then gain and bias.</summary>
    public Named RmsNorm(string over, double epsilon, Named? gain = null)
    {
        Named mean = Reduce(Reduction.Mean, over, value => value * value);
        return Scaled(gain, null, at => Values[Offset(at)] / Math.Sqrt(mean.Values[mean.Offset(at)] + epsilon));
    }

    /// <summary>(x − mean) / √(biased variance + ε), both over some axes, then gain and bias.</summary>
    public Named LayerNorm(string over, double epsilon, Named? gain = null, Named? bias = null)
    {
        Named mean = Reduce(Reduction.Mean, over), variance = Add(mean.Map(value => -value)).Reduce(Reduction.Mean, over, value => value * value);
        return Scaled(
            gain, bias, at => (Values[Offset(at)] - mean.Values[mean.Offset(at)]) / Math.Sqrt(variance.Values[variance.Offset(at)] + epsilon));
    }

    public Named LogSoftmax(string axis) => Softmax(axis).Map(Math.Log);

    public Named Reduce(Reduction reduction, string over, Func<double, double>? first = null)
    {
        string[] dropped = over.Split(' ', StringSplitOptions.RemoveEmptyEntries), kept = [.. _axes.Except(dropped)];
        Assert.All(dropped, axis => Assert.Contains(axis, _axes));
        int[] shape = [.. kept.Select(axis => Shape[Array.IndexOf(_axes, axis)])];
        var groups = new List<double>[shape.Aggregate(1, (product, extent) => product * extent)];
        for (int i = 0; i < groups.Length; i++)
            groups[i] = [];
        var result = new Named(string.Join(' ', kept), shape, new double[groups.Length]);
        Each(at =>
        {
            groups[result.Offset(at)].Add(first is null ? Values[Offset(at)] : first(Values[Offset(at)]));
            return 0;
        });
        for (int i = 0; i < groups.Length; i++)
        {
            List<double> group = groups[i];
            double max = group.Aggregate(double.NegativeInfinity, Math.Max);
            result.Values[i] = reduction switch
            {
                Reduction.Sum => group.Sum(),
                Reduction.Mean => group.Sum() / group.Count,
                Reduction.Max => max,
                Reduction.Min => group.Aggregate(double.PositiveInfinity, Math.Min),
                _ => group.Count == 0 ? double.NegativeInfinity : max + Math.Log(group.Sum(value => Math.Exp(value - max))),
            };
        }

        return result;
    }

    /// <summary>The same values with their axes in another order.</summary>
    public Named Transpose(string axes) => Einsum(axes, this);

    /// <summary>The same values under other axes.</summary>
    public Named Reshape(string axes, params int[] shape)
    {
        Assert.Equal(Values.Length, shape.Aggregate(1, (product, extent) => product * extent));
        return new Named(axes, shape, Values);
    }

    private Named Scaled(Named? gain, Named? bias, Func<Dictionary<string, int>, double> value) => Each(at =>
        value(at) * (gain is null ? 1 : gain.Values[gain.Offset(at)]) + (bias is null ? 0 : bias.Values[bias.Offset(at)]));
}
