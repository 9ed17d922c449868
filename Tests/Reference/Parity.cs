using System.Text;

namespace Einsharp.Tests.Reference;

/// <summary>One layer that PyTorch computed too: its name, and how it is computed here.</summary>
internal sealed record ParityCase(string Name, Action<Parity> Run);

/// <summary>
/// What a case needs: its operands, as vectors.py draws them for the case of the same name, and the comparison of its results.
/// </summary>
internal sealed class Parity(string name, Device device, Vectors vectors)
{
    private readonly HashSet<string> _compared = new(StringComparer.Ordinal);

    public Device Device => device;

    /// <summary>An operand in [-1, 1).</summary>
    public Tensor Draw(string operand, params ReadOnlySpan<int> shape) => Between(operand, -1, 1, shape);

    /// <summary>An operand in [low, high).</summary>
    public Tensor Between(string operand, float low, float high, params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(shape);
        Draws.Floats($"{name}/{operand}", tensor.Length, low, high).CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>Rows of growing scale, so that an activation is seen near 0 and where it has come to its end.</summary>
    public Tensor Scaled()
    {
        Tensor x = Draw("x", 6, 37);
        float[] scales = [0.0625f, 1, 4, 16, 64, 256];
        for (int i = 0; i < x.Length; i++)
            x.Span[i] *= scales[i / 37];
        return x;
    }

    public Tensor<int> Ints(string operand, int bound, params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor<int>(shape);
        Draws.Ints($"{name}/{operand}", tensor.Length, bound).CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>A mask in which every query sees the first key at least.</summary>
    public Tensor<bool> Seen(string operand, float share, params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor<bool>(shape);
        Draws.Bools($"{name}/{operand}", tensor.Length, share).CopyTo(tensor.Span);
        for (int i = 0; i < tensor.Length; i += shape[^1])
            tensor.Span[i] = true;
        return tensor;
    }

    /// <summary>
    /// Gives parameters their values: those that scale are in [½, 1½), those that are added in [-1, 1), others in ±spread. A parameter's
    /// operand is its checkpoint name in lower case: OutputBias is output_bias.
    /// </summary>
    public void Fill(IEnumerable<Param> parameters, float spread = 1, float? query = null)
    {
        foreach (Param param in parameters)
        {
            string operand = Lower(param.CheckpointName);
            (float low, float high) = operand.Split('.', '_')[^1] switch
            {
                "gain" or "norm" or "variance" => (0.5f, 1.5f),
                "bias" or "mean" => (-1, 1),
                "query" when query is { } other => (-other, other),
                _ => (-spread, spread),
            };
            Set(param, operand, low, high);
        }
    }

    /// <summary>Gives a parameter its values in [low, high).</summary>
    public void Set(Param param, string operand, float low = -1, float high = 1) =>
        param.Set(Draws.Floats($"{name}/{operand}", (int)param.Count, low, high));

    /// <summary>Some positions of [b, s, d].</summary>
    public static Tensor Positions(Tensor x, int first, int count)
    {
        int b = x.Shape[0], s = x.Shape[1], d = x.Shape[2];
        var part = new Tensor(b, count, d);
        for (int i = 0; i < b; i++)
            x.Span.Slice((i * s + first) * d, count * d).CopyTo(part.Span[(i * count * d)..]);
        return part;
    }

    /// <summary>[b, s, …] and [b, u, …] joined along their second axis.</summary>
    public static Tensor Joined(Tensor first, Tensor second)
    {
        int b = first.Shape[0], left = first.Length / b, right = second.Length / b;
        int[] shape = first.Shape.ToArray();
        shape[1] += second.Shape[1];
        var both = new Tensor(shape);
        for (int i = 0; i < b; i++)
        {
            first.Span.Slice(i * left, left).CopyTo(both.Span[(i * (left + right))..]);
            second.Span.Slice(i * right, right).CopyTo(both.Span[(i * (left + right) + left)..]);
        }

        return both;
    }

    /// <summary>Compares a result.</summary>
    public void Same(string result, Tensor found)
    {
        _compared.Add(result);
        Vectors.Same(vectors[$"{name}/{result}"], found.Shape, [.. found.Span.ToArray().Select(value => (double)value)], Vectors.Single);
    }

    /// <summary>Compares what a call has left in a parameter.</summary>
    public void Same(string result, Param found)
    {
        _compared.Add(result);
        Vectors.Same(vectors[$"{name}/{result}"], found.Shape, NaiveLlama.Read(found), Vectors.Single);
    }

    /// <summary>Fails where a result of PyTorch's was not compared.</summary>
    public void Done() =>
        Assert.Equal(
            [], vectors.ByName.Keys.Where(key => key.StartsWith(name + "/", StringComparison.Ordinal))
                .Select(key => key[(name.Length + 1)..]).Except(_compared));

    private static string Lower(string name)
    {
        var lower = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsUpper(name[i]) && i > 0 && char.IsLetterOrDigit(name[i - 1]) && !char.IsUpper(name[i - 1]))
                lower.Append('_');
            lower.Append(char.ToLowerInvariant(name[i]));
        }

        return lower.ToString();
    }
}
