namespace Einsharp.Tests.Reference;

// What attention does to scores, a score at a time.
internal sealed partial class Named
{
    /// <summary>As small as makes no difference, where an index is not to be seen.</summary>
    private const double Hidden = -1e9;

    public static Named Of(string axes, Tensor<bool> mask) =>
        new(axes, mask.Shape.ToArray(), [.. mask.Span.ToArray().Select(value => value ? 1.0 : 0.0)]);

    public Named Window(string query, string key, int size) =>
        Each(at => Math.Abs(at[key] - at[query]) < size ? Values[Offset(at)] : Hidden);

    /// <summary>The mask's axes are some of this one's.</summary>
    public Named Mask(Named mask) => Each(at => mask.Values[mask.Offset(at)] > 0 ? Values[Offset(at)] : Hidden);

    public Named SoftCap(double cap) => Map(value => cap * Math.Tanh(value / cap));

    /// <summary>With the slopes of the heads in order, as the axes count them.</summary>
    public Named Alibi(string query, string key, double[] slopes, params string[] heads) => Each(at =>
    {
        int head = 0;
        foreach (string axis in heads)
            head = head * Shape[Array.IndexOf(_axes, axis)] + at[axis];
        return Values[Offset(at)] + slopes[head] * (at[key] - at[query]);
    });

    /// <summary>
    /// The first values of the last axis turned by halves: pair i by position times its frequency, and multiplied by the amplitude.
    /// </summary>
    public Named Rotate(string position, int turned, Func<int, double> frequency, double amplitude = 1)
    {
        string axis = _axes[^1];
        return Each(at =>
        {
            int i = at[axis], pair = i % (turned / 2);
            if (i >= turned)
                return Values[Offset(at)];
            (double sin, double cos) = Math.SinCos(at[position] * frequency(pair));
            double Value(int index) => Values[Offset(new Dictionary<string, int>(at, StringComparer.Ordinal) { [axis] = index })];
            return amplitude * (i < turned / 2 ? Value(i) * cos - Value(i + turned / 2) * sin : Value(i) * cos + Value(i - turned / 2) * sin);
        });
    }

    /// <summary>With a parameter, along the axes that the output has not.</summary>
    public Named Project(string output, Param param) => Einsum(output, this, Of(param));
}
