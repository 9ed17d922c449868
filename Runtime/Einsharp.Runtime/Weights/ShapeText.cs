using System.Globalization;
using System.Text;

namespace Einsharp;

/// <summary>Shapes as messages show them: <c>[4, 16]</c>.</summary>
internal static class ShapeText
{
    /// <summary>A header may claim a rank of millions; a message needs not repeat it.</summary>
    private const int Shown = 16;

    public static string Of(ReadOnlySpan<int> shape)
    {
        Span<long> sizes = shape.Length <= Shown + 1 ? stackalloc long[shape.Length] : new long[shape.Length];
        for (int i = 0; i < shape.Length; i++) sizes[i] = shape[i];
        return Of(sizes);
    }

    public static string Of(ReadOnlySpan<long> shape)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < shape.Length; i++)
        {
            if (i > 0) text.Append(", ");
            if (i == Shown)
            {
                text.Append(CultureInfo.InvariantCulture, $"… {shape.Length} sizes");
                break;
            }
            text.Append(CultureInfo.InvariantCulture, $"{shape[i]}");
        }
        return text.Append(']').ToString();
    }
}
