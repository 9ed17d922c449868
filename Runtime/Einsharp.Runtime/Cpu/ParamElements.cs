using System.ComponentModel;

namespace Einsharp.Cpu;

/// <summary>Parameters as elementwise operands, whatever their format.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ParamElements
{
    private const int Run = 256;

    /// <summary>y[i] += vector[(first + i) mod length].</summary>
    /// <param name="y">A run of features.</param>
    /// <param name="vector">A parameter over the trailing features.</param>
    /// <param name="first">The index of the run's first feature.</param>
    public static void Add(Span<float> y, Param vector, int first)
    {
        Span<float> widened = stackalloc float[Run];
        while (!y.IsEmpty)
        {
            Span<float> part = Widen(vector, first, y.Length, widened);
            Elementwise.Add(y[..part.Length], part);
            y = y[part.Length..];
            first += part.Length;
        }
    }

    /// <summary>y[i] *= vector[(first + i) mod length].</summary>
    /// <param name="y">A run of features.</param>
    /// <param name="vector">A parameter over the trailing features.</param>
    /// <param name="first">The index of the run's first feature.</param>
    public static void Multiply(Span<float> y, Param vector, int first)
    {
        Span<float> widened = stackalloc float[Run];
        while (!y.IsEmpty)
        {
            Span<float> part = Widen(vector, first, y.Length, widened);
            Elementwise.Multiply(y[..part.Length], part);
            y = y[part.Length..];
            first += part.Length;
        }
    }

    /// <summary>y += the values of a parameter from <paramref name="first"/> on.</summary>
    /// <param name="y">A run of features.</param>
    /// <param name="param">The parameter.</param>
    /// <param name="first">The row-major index of the first value.</param>
    public static void AddFrom(Span<float> y, Param param, long first)
    {
        Span<float> widened = stackalloc float[Run];
        for (; !y.IsEmpty; first += Run, y = y[Math.Min(Run, y.Length)..])
        {
            Span<float> part = widened[..Math.Min(Run, y.Length)];
            param.CopyRun(first, part);
            Elementwise.Add(y[..part.Length], part);
        }
    }

    /// <summary>y *= the values of a parameter from <paramref name="first"/> on.</summary>
    /// <param name="y">A run of features.</param>
    /// <param name="param">The parameter.</param>
    /// <param name="first">The row-major index of the first value.</param>
    public static void MultiplyFrom(Span<float> y, Param param, long first)
    {
        Span<float> widened = stackalloc float[Run];
        for (; !y.IsEmpty; first += Run, y = y[Math.Min(Run, y.Length)..])
        {
            Span<float> part = widened[..Math.Min(Run, y.Length)];
            param.CopyRun(first, part);
            Elementwise.Multiply(y[..part.Length], part);
        }
    }

    /// <summary>One element.</summary>
    /// <param name="param">The parameter.</param>
    /// <param name="index">Its row-major index.</param>
    public static float At(Param param, long index)
    {
        float value = 0;
        param.CopyRow(index, 1, new Span<float>(ref value));
        return value;
    }

    private static Span<float> Widen(Param vector, int first, int count, Span<float> widened)
    {
        int length = checked((int)vector.Count), at = first % length;
        Span<float> part = widened[..Math.Min(Math.Min(count, length - at), Run)];
        vector.CopyRun(at, part);
        return part;
    }
}
