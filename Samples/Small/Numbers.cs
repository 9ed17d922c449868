using System.Globalization;

namespace Einsharp.Samples.Small;

/// <summary>What the samples calculate on, and how they print it.</summary>
public static class Numbers
{
    /// <summary>Values that look arbitrary, and are the same every time: sines of whole numbers.</summary>
    /// <param name="shape">Extents, outermost first.</param>
    public static Tensor Waves(params ReadOnlySpan<int> shape)
    {
        var tensor = new Tensor(shape);
        for (int i = 0; i < tensor.Length; i++)
            tensor.Span[i] = (float)Math.Sin(i + 1);
        return tensor;
    }

    /// <summary>Prints rows, a line each.</summary>
    /// <param name="output">Where.</param>
    /// <param name="values">The rows, one after the other.</param>
    /// <param name="columns">The values of a row.</param>
    /// <param name="format">How a number is written.</param>
    public static void Print(TextWriter output, ReadOnlySpan<float> values, int columns, string format = "F4")
    {
        ArgumentNullException.ThrowIfNull(output);
        for (int row = 0; row < values.Length / columns; row++)
        {
            foreach (float value in values.Slice(row * columns, columns))
                output.Write(value.ToString(format, CultureInfo.InvariantCulture).PadLeft(9));
            output.WriteLine();
        }
    }

    /// <summary>The largest difference of two results.</summary>
    /// <param name="one">One.</param>
    /// <param name="other">The other, as long.</param>
    public static float Difference(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        float largest = 0;
        for (int i = 0; i < one.Length; i++)
            largest = Math.Max(largest, Math.Abs(one[i] - other[i]));
        return largest;
    }
}
