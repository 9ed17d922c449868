using System.Diagnostics.CodeAnalysis;
using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>Four rows of four floats, in registers: what one lane holds of a matrix.</summary>
/// <remarks>Every product is added to the running sum by itself, so that a compiler makes one fused multiply-add of it.</remarks>
[SuppressMessage("Design", "CA1051", Justification = "Kernels read fields; a struct of sums becomes registers.")]
public struct Rows4
{
    /// <summary>A row.</summary>
    public Float4 Row0, Row1, Row2, Row3;

    /// <summary>All zeros.</summary>
    public static Rows4 Zero
    {
        get
        {
            Rows4 zero;
            zero.Row0 = Fours.All(0);
            zero.Row1 = zero.Row0;
            zero.Row2 = zero.Row0;
            zero.Row3 = zero.Row0;
            return zero;
        }
    }

    /// <summary>Four rows of a tile in shared memory.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="at">The index of the first row's four.</param>
    /// <param name="step">From a row to the next.</param>
    public static Rows4 Load(ArrayView<Float4> tile, int at, int step)
    {
        Rows4 result;
        result.Row0 = tile[at];
        result.Row1 = tile[at + step];
        result.Row2 = tile[at + 2 * step];
        result.Row3 = tile[at + 3 * step];
        return result;
    }

    /// <summary>sum[i, j] + left[i] · right[j].</summary>
    /// <param name="sum">What there is already.</param>
    /// <param name="left">Four vectors.</param>
    /// <param name="right">Four vectors.</param>
    public static Rows4 AddDots(Rows4 sum, Rows4 left, Rows4 right)
    {
        sum.Row0 = AddDots(sum.Row0, left.Row0, right);
        sum.Row1 = AddDots(sum.Row1, left.Row1, right);
        sum.Row2 = AddDots(sum.Row2, left.Row2, right);
        sum.Row3 = AddDots(sum.Row3, left.Row3, right);
        return sum;
    }

    /// <summary>sum[i] + Σ weights[i, j] · rows[j].</summary>
    /// <param name="sum">What there is already.</param>
    /// <param name="weights">Of each row of the sum, four weights.</param>
    /// <param name="rows">What is weighted.</param>
    public static Rows4 AddProduct(Rows4 sum, Rows4 weights, Rows4 rows)
    {
        sum.Row0 = AddProduct(sum.Row0, weights.Row0, rows);
        sum.Row1 = AddProduct(sum.Row1, weights.Row1, rows);
        sum.Row2 = AddProduct(sum.Row2, weights.Row2, rows);
        sum.Row3 = AddProduct(sum.Row3, weights.Row3, rows);
        return sum;
    }

    /// <summary>sum + Σ weights[j] · rows[j].</summary>
    /// <param name="sum">What there is already.</param>
    /// <param name="weights">Four weights.</param>
    /// <param name="rows">What is weighted.</param>
    public static Float4 AddProduct(Float4 sum, Float4 weights, Rows4 rows)
    {
        sum = Fours.AddScaled(sum, weights.X, rows.Row0);
        sum = Fours.AddScaled(sum, weights.Y, rows.Row1);
        sum = Fours.AddScaled(sum, weights.Z, rows.Row2);
        return Fours.AddScaled(sum, weights.W, rows.Row3);
    }

    /// <summary>sum + Σ left[i] · right[i].</summary>
    /// <param name="sum">What there is already.</param>
    /// <param name="left">Four vectors, or four parts of one.</param>
    /// <param name="right">As many.</param>
    public static float AddDot(float sum, Rows4 left, Rows4 right)
    {
        sum = Fours.AddDot(sum, left.Row0, right.Row0);
        sum = Fours.AddDot(sum, left.Row1, right.Row1);
        sum = Fours.AddDot(sum, left.Row2, right.Row2);
        return Fours.AddDot(sum, left.Row3, right.Row3);
    }

    /// <summary>Each row times its factor.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="factors">A factor a row.</param>
    public static Rows4 Scale(Rows4 rows, Float4 factors)
    {
        rows.Row0 = Fours.Scale(rows.Row0, factors.X);
        rows.Row1 = Fours.Scale(rows.Row1, factors.Y);
        rows.Row2 = Fours.Scale(rows.Row2, factors.Z);
        rows.Row3 = Fours.Scale(rows.Row3, factors.W);
        return rows;
    }

    /// <summary>exp(each - what its row has in <paramref name="less"/>).</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="less">A number a row.</param>
    public static Rows4 Exp(Rows4 rows, Float4 less)
    {
        rows.Row0 = Fours.Exp(rows.Row0, Fours.All(less.X));
        rows.Row1 = Fours.Exp(rows.Row1, Fours.All(less.Y));
        rows.Row2 = Fours.Exp(rows.Row2, Fours.All(less.Z));
        rows.Row3 = Fours.Exp(rows.Row3, Fours.All(less.W));
        return rows;
    }

    /// <summary>The greatest of each row.</summary>
    /// <param name="rows">The rows.</param>
    public static Float4 Max(Rows4 rows)
    {
        Float4 result;
        result.X = Fours.Max(rows.Row0);
        result.Y = Fours.Max(rows.Row1);
        result.Z = Fours.Max(rows.Row2);
        result.W = Fours.Max(rows.Row3);
        return result;
    }

    /// <summary>The sum of each row.</summary>
    /// <param name="rows">The rows.</param>
    public static Float4 Sum(Rows4 rows)
    {
        Float4 result;
        result.X = Fours.Sum(rows.Row0);
        result.Y = Fours.Sum(rows.Row1);
        result.Z = Fours.Sum(rows.Row2);
        result.W = Fours.Sum(rows.Row3);
        return result;
    }

    private static Float4 AddDots(Float4 sum, Float4 left, Rows4 right)
    {
        sum.X = Fours.AddDot(sum.X, left, right.Row0);
        sum.Y = Fours.AddDot(sum.Y, left, right.Row1);
        sum.Z = Fours.AddDot(sum.Z, left, right.Row2);
        sum.W = Fours.AddDot(sum.W, left, right.Row3);
        return sum;
    }
}
