using System.Numerics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan.Contractions;

/// <summary>The kernel that a step needs, by which groups of axes it has.</summary>
internal enum ContractionClass
{
    /// <summary>Every axis is summed or of both operands: c[batch] = Σₖ a·b.</summary>
    Dot,

    /// <summary>Nothing is summed: c[batch, m, n] = a[batch, m]·b[batch, n].</summary>
    Outer,

    /// <summary>One operand has axes of its own: c[batch, m] = Σₖ a[batch, m, k]·b[batch, k].</summary>
    MatrixVector,

    /// <summary>c[m, n] = Σₖ a[m, k]·b[k, n].</summary>
    MatrixMatrix,

    /// <summary>c[batch, m, n] = Σₖ a[batch, m, k]·b[batch, k, n].</summary>
    BatchedMatrixMatrix,

    /// <summary>A sum, a copy or a diagonal of one operand, or an elementwise product.</summary>
    LoopNest,
}

/// <summary>
/// One step: c = Σ a·b, or c = Σ a where <paramref name="B"/> is −1. Values are numbered: first the operands, then each step's result.
/// </summary>
/// <param name="A">The first value; of a matrix and a vector, the matrix.</param>
/// <param name="B">The second value, which has the innermost axis of the result if only one of the two has it.</param>
/// <param name="Result">The value that is made.</param>
/// <param name="Axes">Its axes, outermost first.</param>
/// <param name="Batch">Axes of a, b and c. Each group is in the order in which c, or for <paramref name="K"/> a, has them.</param>
/// <param name="M">Axes of a and c.</param>
/// <param name="N">Axes of b and c.</param>
/// <param name="K">Axes that are summed.</param>
internal sealed record ContractionStep(
    int A, int B, int Result, ContractionClass Class, EquatableArray<string> Axes,
    EquatableArray<string> Batch, EquatableArray<string> M, EquatableArray<string> N, EquatableArray<string> K)
{
    /// <summary>Additions and multiplications.</summary>
    public Monomial Flops => new(
        (B >= 0 ? 1 : 0) + (K.Count > 0 ? 1 : 0), Batch.Concat(M).Concat(N).Concat(K).ToEquatable());
}

/// <summary>A product of sizes with a factor: 2·b·s·d.</summary>
internal sealed record Monomial(int Factor, EquatableArray<string> Axes)
{
    public override string ToString() => Axes.Count == 0 || Factor == 0 ? FormattableString.Invariant($"{Factor}")
        : (Factor == 1 ? "" : FormattableString.Invariant($"{Factor}·")) + string.Join("·", Axes);

    /// <summary>The number for given sizes.</summary>
    public BigInteger Value(Func<string, BigInteger> size) =>
        Axes.Aggregate(new BigInteger(Factor), (product, axis) => product * size(axis));

    /// <summary>The sum of several for given sizes.</summary>
    public static double Sum(IEnumerable<Monomial> terms, Func<string, BigInteger> size) =>
        (double)terms.Aggregate(BigInteger.Zero, (sum, term) => sum + term.Value(size));
}

/// <summary>
/// The steps by which an einsum is computed, in order; the last makes the output. <paramref name="IsOptimal"/>: no other order of pairs has
/// fewer FLOPs, by the planner's count of unknown sizes.
/// </summary>
/// <param name="Naive">FLOPs of one loop nest over all axes.</param>
/// <param name="Largest">The largest intermediate's step; null where there is none.</param>
internal sealed record ContractionPath(
    EquatableArray<ContractionStep> Steps, Monomial Naive, ContractionStep? Largest, bool IsOptimal)
{
    /// <summary>FLOPs of the steps, like terms together.</summary>
    public IEnumerable<Monomial> Terms => Steps.Select(static step => step.Flops).Where(static flops => flops.Factor > 0)
        .GroupBy(static flops => string.Join(" ", flops.Axes.OrderBy(static axis => axis, StringComparer.Ordinal)))
        .Select(static like => new Monomial(like.Sum(static flops => flops.Factor), like.First().Axes));

    /// <summary>The same as text.</summary>
    public string Chosen => Terms.Any() ? string.Join(" + ", Terms) : "none";

    /// <summary>The same for given sizes.</summary>
    public double Flops(Func<string, BigInteger> size) => Monomial.Sum(Terms, size);
}
