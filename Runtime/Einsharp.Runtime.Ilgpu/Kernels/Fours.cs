using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>Arithmetic on four floats at a time, and rows of floats read and written by fours.</summary>
public static class Fours
{
    /// <summary>How many fours hold so many floats.</summary>
    /// <param name="floats">How many floats.</param>
    public static int Count(int floats) => (floats + 3) / 4;

    /// <summary>Four times the same.</summary>
    /// <param name="value">The value.</param>
    public static Float4 All(float value)
    {
        Float4 result;
        result.X = value;
        result.Y = value;
        result.Z = value;
        result.W = value;
        return result;
    }

    /// <summary>Four consecutive floats of a row, zeros past its end: one 16-byte load where rows are whole fours.</summary>
    /// <param name="rows">[rows, size], from a multiple of 16 bytes on.</param>
    /// <param name="row">The row.</param>
    /// <param name="size">Floats of a row.</param>
    /// <param name="four">Which four of the row.</param>
    public static Float4 Load(ArrayView<float> rows, int row, int size, int four)
    {
        if (size % 4 == 0)
            return rows.Cast<Float4>()[row * (size / 4) + four];
        int i = 4 * four, at = row * size + i;
        Float4 result = All(0);
        if (i < size)
            result.X = rows[at];
        if (i + 1 < size)
            result.Y = rows[at + 1];
        if (i + 2 < size)
            result.Z = rows[at + 2];
        if (i + 3 < size)
            result.W = rows[at + 3];
        return result;
    }

    /// <summary>Writes four consecutive floats of a row; what lies past its end is dropped.</summary>
    /// <param name="rows">[rows, size], from a multiple of 16 bytes on.</param>
    /// <param name="row">The row.</param>
    /// <param name="size">Floats of a row.</param>
    /// <param name="four">Which four of the row.</param>
    /// <param name="values">The floats.</param>
    public static void Store(ArrayView<float> rows, int row, int size, int four, Float4 values)
    {
        int i = 4 * four, at = row * size + i;
        if (size % 4 == 0)
        {
            if (i < size)
                rows.Cast<Float4>()[row * (size / 4) + four] = values;
            return;
        }

        if (i < size)
            rows[at] = values.X;
        if (i + 1 < size)
            rows[at + 1] = values.Y;
        if (i + 2 < size)
            rows[at + 2] = values.Z;
        if (i + 3 < size)
            rows[at + 3] = values.W;
    }

    /// <summary>Each times the factor.</summary>
    /// <param name="four">Four floats.</param>
    /// <param name="factor">The factor.</param>
    public static Float4 Scale(Float4 four, float factor)
    {
        four.X *= factor;
        four.Y *= factor;
        four.Z *= factor;
        four.W *= factor;
        return four;
    }

    /// <summary>sum + weight · four.</summary>
    /// <param name="sum">What there is already.</param>
    /// <param name="weight">The weight of all four.</param>
    /// <param name="four">Four floats.</param>
    public static Float4 AddScaled(Float4 sum, float weight, Float4 four)
    {
        sum.X += weight * four.X;
        sum.Y += weight * four.Y;
        sum.Z += weight * four.Z;
        sum.W += weight * four.W;
        return sum;
    }

    /// <summary>sum + left · right, as vectors.</summary>
    /// <param name="sum">What there is already.</param>
    /// <param name="left">Four floats.</param>
    /// <param name="right">Four floats.</param>
    public static float AddDot(float sum, Float4 left, Float4 right)
    {
        sum += left.X * right.X;
        sum += left.Y * right.Y;
        sum += left.Z * right.Z;
        sum += left.W * right.W;
        return sum;
    }

    /// <summary>left · right + sum, each by itself.</summary>
    /// <param name="left">Four floats.</param>
    /// <param name="right">Four floats.</param>
    /// <param name="sum">What is added.</param>
    public static Float4 MultiplyAdd(Float4 left, Float4 right, Float4 sum)
    {
        sum.X += left.X * right.X;
        sum.Y += left.Y * right.Y;
        sum.Z += left.Z * right.Z;
        sum.W += left.W * right.W;
        return sum;
    }

    /// <summary>1 / each.</summary>
    /// <param name="four">Four floats.</param>
    public static Float4 Inverse(Float4 four)
    {
        four.X = 1f / four.X;
        four.Y = 1f / four.Y;
        four.Z = 1f / four.Z;
        four.W = 1f / four.W;
        return four;
    }

    /// <summary>exp(four - less), each by itself.</summary>
    /// <param name="four">Four floats.</param>
    /// <param name="less">What is taken from them.</param>
    public static Float4 Exp(Float4 four, Float4 less)
    {
        four.X = MathF.Exp(four.X - less.X);
        four.Y = MathF.Exp(four.Y - less.Y);
        four.Z = MathF.Exp(four.Z - less.Z);
        four.W = MathF.Exp(four.W - less.W);
        return four;
    }

    /// <summary>The greater, each by itself.</summary>
    /// <param name="left">Four floats.</param>
    /// <param name="right">Four floats.</param>
    public static Float4 Max(Float4 left, Float4 right)
    {
        left.X = MathF.Max(left.X, right.X);
        left.Y = MathF.Max(left.Y, right.Y);
        left.Z = MathF.Max(left.Z, right.Z);
        left.W = MathF.Max(left.W, right.W);
        return left;
    }

    /// <summary>The greatest of four.</summary>
    /// <param name="four">Four floats.</param>
    public static float Max(Float4 four) => MathF.Max(MathF.Max(four.X, four.Y), MathF.Max(four.Z, four.W));

    /// <summary>The sum of four.</summary>
    /// <param name="four">Four floats.</param>
    public static float Sum(Float4 four) => four.X + four.Y + (four.Z + four.W);
}
