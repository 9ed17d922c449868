using System.Diagnostics.CodeAnalysis;

namespace Einsharp.Ilgpu;

/// <summary>
/// What one lane has of one query's attention over the positions that it saw: the highest score, the sum of the weights
/// exp(score - highest), and four columns of the values summed with those weights. Parts join in any order (Milakov and Gimelshein 2018,
/// arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135).
/// </summary>
[SuppressMessage("Design", "CA1051", Justification = "Kernels read fields; a struct of sums becomes registers.")]
public struct SoftmaxPart
{
    /// <summary>Four columns of Σ exp(score - highest) · value.</summary>
    public Float4 Sum;

    /// <summary>The highest score; before the first the lowest float, since all that comes may be hidden (−∞).</summary>
    public float Highest;

    /// <summary>Σ exp(score - highest).</summary>
    public float Total;

    /// <summary>Nothing seen.</summary>
    public static SoftmaxPart Empty
    {
        get
        {
            SoftmaxPart empty;
            empty.Sum = Fours.All(0);
            empty.Highest = -3.4028235e38f;
            empty.Total = 0;
            return empty;
        }
    }

    /// <summary>Four positions more.</summary>
    /// <param name="part">What was seen before.</param>
    /// <param name="scores">−∞ for a position that is not to be seen.</param>
    /// <param name="values">Four columns of the value of each position; finite where the score is −∞.</param>
    public static SoftmaxPart Add(SoftmaxPart part, Float4 scores, Rows4 values)
    {
        float highest = MathF.Max(part.Highest, Fours.Max(scores)), factor = MathF.Exp(part.Highest - highest);
        Float4 weights = Fours.Exp(scores, Fours.All(highest));
        part.Sum = Rows4.AddProduct(Fours.Scale(part.Sum, factor), weights, values);
        part.Total = part.Total * factor + Fours.Sum(weights);
        part.Highest = highest;
        return part;
    }

    /// <summary>What two parts saw together.</summary>
    /// <param name="left">A part.</param>
    /// <param name="right">Another, of the same query and columns; only its <see cref="Total"/> counts where that is 0.</param>
    public static SoftmaxPart Join(SoftmaxPart left, SoftmaxPart right)
    {
        if (right.Total == 0)
            return left;
        float highest = MathF.Max(left.Highest, right.Highest);
        float factor = MathF.Exp(left.Highest - highest), other = MathF.Exp(right.Highest - highest);
        left.Sum = Fours.AddScaled(Fours.Scale(left.Sum, factor), other, right.Sum);
        left.Total = left.Total * factor + right.Total * other;
        left.Highest = highest;
        return left;
    }
}
