using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>Comparisons that are the same on every device: what a maximum makes of NaN is not.</summary>
public static class Order
{
    /// <summary>Whether a number is none.</summary>
    /// <param name="x">A number.</param>
    public static bool IsNaN(float x) => (Interop.FloatAsInt(x) & 0x7FFFFFFFu) > 0x7F800000u;

    /// <summary>The greater of two; NaN if one of them is.</summary>
    /// <param name="x">A number.</param>
    /// <param name="y">Another.</param>
    public static float Greater(float x, float y) => y > x || IsNaN(y) ? y : x;
}
