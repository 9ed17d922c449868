// Written by `python3 Tests/Reference/vectors.py --declare` from einsums.txt; a test compares the two.

namespace Einsharp.Tests.Reference;

/// <summary>The einsums of einsums.txt in float32.</summary>
internal static partial class EinsumFloats
{
    /// <summary>The einsums by name, as functions of their operands.</summary>
    public static readonly Dictionary<string, Func<Tensor[], Tensor>> ByName = new(StringComparer.Ordinal)
    {
        ["Copy"] = o => Copy(o[0]),
        ["Transpose"] = o => Transpose(o[0]),
        ["TransposeTiles"] = o => TransposeTiles(o[0]),
        ["RotateAxes"] = o => RotateAxes(o[0]),
        ["SwapFirstAndLast"] = o => SwapFirstAndLast(o[0]),
        ["SplitHeadsOrder"] = o => SplitHeadsOrder(o[0]),
        ["ChannelsFirst"] = o => ChannelsFirst(o[0]),
        ["ReverseFive"] = o => ReverseFive(o[0]),
        ["ScalarCopy"] = o => ScalarCopy(o[0]),
        ["SumAll"] = o => SumAll(o[0]),
        ["SumVector"] = o => SumVector(o[0]),
        ["SumLast"] = o => SumLast(o[0]),
        ["SumFirst"] = o => SumFirst(o[0]),
        ["SumMiddle"] = o => SumMiddle(o[0]),
        ["SumTwo"] = o => SumTwo(o[0]),
        ["SumOuterTwo"] = o => SumOuterTwo(o[0]),
        ["SumAndTranspose"] = o => SumAndTranspose(o[0]),
        ["SumManyRows"] = o => SumManyRows(o[0]),
        ["Trace"] = o => Trace(o[0]),
        ["Diagonal"] = o => Diagonal(o[0]),
        ["BatchDiagonal"] = o => BatchDiagonal(o[0]),
        ["BatchTrace"] = o => BatchTrace(o[0]),
        ["TripleDiagonal"] = o => TripleDiagonal(o[0]),
        ["TwoDiagonals"] = o => TwoDiagonals(o[0]),
        ["InnerTrace"] = o => InnerTrace(o[0]),
        ["ScatteredTrace"] = o => ScatteredTrace(o[0]),
        ["DoubleTrace"] = o => DoubleTrace(o[0]),
        ["DiagonalLast"] = o => DiagonalLast(o[0]),
        ["DiagonalAndSum"] = o => DiagonalAndSum(o[0]),
        ["Dot"] = o => Dot(o[0], o[1]),
        ["DotOfOne"] = o => DotOfOne(o[0], o[1]),
        ["Frobenius"] = o => Frobenius(o[0], o[1]),
        ["FrobeniusTransposed"] = o => FrobeniusTransposed(o[0], o[1]),
        ["BatchDot"] = o => BatchDot(o[0], o[1]),
        ["BatchDotTransposed"] = o => BatchDotTransposed(o[0], o[1]),
        ["BatchTraceOfProduct"] = o => BatchTraceOfProduct(o[0], o[1]),
        ["MatrixVector"] = o => MatrixVector(o[0], o[1]),
        ["MatrixVectorTransposed"] = o => MatrixVectorTransposed(o[0], o[1]),
        ["VectorMatrix"] = o => VectorMatrix(o[0], o[1]),
        ["BatchMatrixVector"] = o => BatchMatrixVector(o[0], o[1]),
        ["RowsTimesVector"] = o => RowsTimesVector(o[0], o[1]),
        ["Matmul"] = o => Matmul(o[0], o[1]),
        ["MatmulNt"] = o => MatmulNt(o[0], o[1]),
        ["MatmulTn"] = o => MatmulTn(o[0], o[1]),
        ["MatmulTt"] = o => MatmulTt(o[0], o[1]),
        ["MatmulTransposedOutput"] = o => MatmulTransposedOutput(o[0], o[1]),
        ["MatmulTiles"] = o => MatmulTiles(o[0], o[1]),
        ["MatmulThin"] = o => MatmulThin(o[0], o[1]),
        ["MatmulOfOnes"] = o => MatmulOfOnes(o[0], o[1]),
        ["Gram"] = o => Gram(o[0], o[1]),
        ["ProjectRows"] = o => ProjectRows(o[0], o[1]),
        ["ProjectHeads"] = o => ProjectHeads(o[0], o[1]),
        ["MergeHeadProducts"] = o => MergeHeadProducts(o[0], o[1]),
        ["TensorDot"] = o => TensorDot(o[0], o[1]),
        ["TensorDotReversed"] = o => TensorDotReversed(o[0], o[1]),
        ["TensorDotScattered"] = o => TensorDotScattered(o[0], o[1]),
        ["BatchMatmul"] = o => BatchMatmul(o[0], o[1]),
        ["BatchLast"] = o => BatchLast(o[0], o[1]),
        ["BatchMiddle"] = o => BatchMiddle(o[0], o[1]),
        ["BatchScattered"] = o => BatchScattered(o[0], o[1]),
        ["TwoBatches"] = o => TwoBatches(o[0], o[1]),
        ["MultiHeadScores"] = o => MultiHeadScores(o[0], o[1]),
        ["GroupedScores"] = o => GroupedScores(o[0], o[1]),
        ["GroupedValues"] = o => GroupedValues(o[0], o[1]),
        ["ExpertRows"] = o => ExpertRows(o[0], o[1]),
        ["Outer"] = o => Outer(o[0], o[1]),
        ["OuterTransposed"] = o => OuterTransposed(o[0], o[1]),
        ["OuterOfMatrices"] = o => OuterOfMatrices(o[0], o[1]),
        ["Kronecker"] = o => Kronecker(o[0], o[1]),
        ["BatchOuter"] = o => BatchOuter(o[0], o[1]),
        ["Hadamard"] = o => Hadamard(o[0], o[1]),
        ["HadamardTransposed"] = o => HadamardTransposed(o[0], o[1]),
        ["ScaleRows"] = o => ScaleRows(o[0], o[1]),
        ["ScaleColumns"] = o => ScaleColumns(o[0], o[1]),
        ["ScaleRowsAndColumns"] = o => ScaleRowsAndColumns(o[0], o[1], o[2]),
        ["SumLeftOnly"] = o => SumLeftOnly(o[0], o[1]),
        ["SumRightOnly"] = o => SumRightOnly(o[0], o[1]),
        ["SumBothSides"] = o => SumBothSides(o[0], o[1]),
        ["ProductOfSums"] = o => ProductOfSums(o[0], o[1]),
        ["SumBesideMatmul"] = o => SumBesideMatmul(o[0], o[1]),
        ["SumOfOtherOperand"] = o => SumOfOtherOperand(o[0], o[1]),
        ["DiagonalTimesMatrix"] = o => DiagonalTimesMatrix(o[0], o[1]),
        ["TraceTimesVector"] = o => TraceTimesVector(o[0], o[1]),
        ["TwoDiagonalsProduct"] = o => TwoDiagonalsProduct(o[0], o[1]),
        ["DiagonalContracted"] = o => DiagonalContracted(o[0], o[1]),
        ["ScaleMatrix"] = o => ScaleMatrix(o[0], o[1]),
        ["ScaleAfter"] = o => ScaleAfter(o[0], o[1]),
        ["ProductOfScalars"] = o => ProductOfScalars(o[0], o[1]),
        ["ScalarsAround"] = o => ScalarsAround(o[0], o[1], o[2]),
        ["EllipsisMatmul"] = o => EllipsisMatmul(o[0], o[1]),
        ["EllipsisOneSide"] = o => EllipsisOneSide(o[0], o[1]),
        ["EllipsisOfNothing"] = o => EllipsisOfNothing(o[0], o[1]),
        ["EllipsisTranspose"] = o => EllipsisTranspose(o[0]),
        ["EllipsisMoved"] = o => EllipsisMoved(o[0]),
        ["EllipsisTrace"] = o => EllipsisTrace(o[0]),
        ["EllipsisOfOtherRanks"] = o => EllipsisOfOtherRanks(o[0], o[1]),
        ["EllipsisSum"] = o => EllipsisSum(o[0]),
        ["EllipsisBetween"] = o => EllipsisBetween(o[0], o[1]),
        ["EllipsisHadamard"] = o => EllipsisHadamard(o[0], o[1]),
        ["EllipsisTimesScalar"] = o => EllipsisTimesScalar(o[0], o[1]),
        ["EllipsisOuter"] = o => EllipsisOuter(o[0], o[1]),
        ["Chain3"] = o => Chain3(o[0], o[1], o[2]),
        ["Chain4"] = o => Chain4(o[0], o[1], o[2], o[3]),
        ["Chain7"] = o => Chain7(o[0], o[1], o[2], o[3], o[4], o[5], o[6]),
        ["Ring"] = o => Ring(o[0], o[1], o[2]),
        ["Bilinear"] = o => Bilinear(o[0], o[1], o[2]),
        ["QuadraticForm"] = o => QuadraticForm(o[0], o[1], o[2]),
        ["Tucker"] = o => Tucker(o[0], o[1], o[2], o[3]),
        ["Canonical"] = o => Canonical(o[0], o[1], o[2]),
        ["LowRank"] = o => LowRank(o[0], o[1], o[2]),
        ["LinearAttention"] = o => LinearAttention(o[0], o[1], o[2]),
        ["FourVectors"] = o => FourVectors(o[0], o[1], o[2], o[3]),
        ["Star"] = o => Star(o[0], o[1], o[2], o[3]),
        ["ZeroContracted"] = o => ZeroContracted(o[0], o[1]),
        ["ZeroRows"] = o => ZeroRows(o[0], o[1]),
        ["ZeroBatch"] = o => ZeroBatch(o[0], o[1]),
        ["ZeroSummed"] = o => ZeroSummed(o[0]),
        ["ZeroDot"] = o => ZeroDot(o[0], o[1]),
        ["ZeroTrace"] = o => ZeroTrace(o[0]),
        ["ZeroInChain"] = o => ZeroInChain(o[0], o[1], o[2]),
        ["LongNames"] = o => LongNames(o[0], o[1]),
        ["NamesOfAllKinds"] = o => NamesOfAllKinds(o[0], o[1]),
        ["Unspaced"] = o => Unspaced(o[0], o[1]),
        ["EightAxes"] = o => EightAxes(o[0]),
        ["TwentyAxes"] = o => TwentyAxes(o[0], o[1]),
        ["FiftyFourAxes"] = o => FiftyFourAxes(o[0], o[1], o[2], o[3], o[4], o[5]),
    };

    [Einsum("i j -> i j")]
    public static partial Tensor Copy(Tensor a);

    [Einsum("i j -> j i")]
    public static partial Tensor Transpose(Tensor a);

    [Einsum("row column -> column row")]
    public static partial Tensor TransposeTiles(Tensor a);

    [Einsum("a b c -> c a b")]
    public static partial Tensor RotateAxes(Tensor a);

    [Einsum("a b c -> c b a")]
    public static partial Tensor SwapFirstAndLast(Tensor a);

    [Einsum("b s h d -> b h s d")]
    public static partial Tensor SplitHeadsOrder(Tensor a);

    [Einsum("batch height width channels -> batch channels height width")]
    public static partial Tensor ChannelsFirst(Tensor a);

    [Einsum("a b c d e -> e d c b a")]
    public static partial Tensor ReverseFive(Tensor a);

    [Einsum("->")]
    public static partial Tensor ScalarCopy(Tensor a);

    [Einsum("i j k ->")]
    public static partial Tensor SumAll(Tensor a);

    [Einsum("i ->")]
    public static partial Tensor SumVector(Tensor a);

    [Einsum("i j -> i")]
    public static partial Tensor SumLast(Tensor a);

    [Einsum("i j -> j")]
    public static partial Tensor SumFirst(Tensor a);

    [Einsum("i j k -> i k")]
    public static partial Tensor SumMiddle(Tensor a);

    [Einsum("i j k l -> i k")]
    public static partial Tensor SumTwo(Tensor a);

    [Einsum("i j k -> k")]
    public static partial Tensor SumOuterTwo(Tensor a);

    [Einsum("a b c d -> d b")]
    public static partial Tensor SumAndTranspose(Tensor a);

    [Einsum("batch features -> features")]
    public static partial Tensor SumManyRows(Tensor a);

    [Einsum("i i ->")]
    public static partial Tensor Trace(Tensor a);

    [Einsum("i i -> i")]
    public static partial Tensor Diagonal(Tensor a);

    [Einsum("b i i -> b i")]
    public static partial Tensor BatchDiagonal(Tensor a);

    [Einsum("b i i -> b")]
    public static partial Tensor BatchTrace(Tensor a);

    [Einsum("i i i -> i")]
    public static partial Tensor TripleDiagonal(Tensor a);

    [Einsum("i j i j -> i j")]
    public static partial Tensor TwoDiagonals(Tensor a);

    [Einsum("i j j k -> i k")]
    public static partial Tensor InnerTrace(Tensor a);

    [Einsum("a i b i -> a b")]
    public static partial Tensor ScatteredTrace(Tensor a);

    [Einsum("i i j j ->")]
    public static partial Tensor DoubleTrace(Tensor a);

    [Einsum("i i b -> b i")]
    public static partial Tensor DiagonalLast(Tensor a);

    [Einsum("i j i -> i")]
    public static partial Tensor DiagonalAndSum(Tensor a);

    [Einsum("i, i ->")]
    public static partial Tensor Dot(Tensor a, Tensor b);

    [Einsum("i, i ->")]
    public static partial Tensor DotOfOne(Tensor a, Tensor b);

    [Einsum("i j, i j ->")]
    public static partial Tensor Frobenius(Tensor a, Tensor b);

    [Einsum("i j, j i ->")]
    public static partial Tensor FrobeniusTransposed(Tensor a, Tensor b);

    [Einsum("b i, b i -> b")]
    public static partial Tensor BatchDot(Tensor a, Tensor b);

    [Einsum("b i, i b -> b")]
    public static partial Tensor BatchDotTransposed(Tensor a, Tensor b);

    [Einsum("b i k, b k i -> b")]
    public static partial Tensor BatchTraceOfProduct(Tensor a, Tensor b);

    [Einsum("i j, j -> i")]
    public static partial Tensor MatrixVector(Tensor a, Tensor b);

    [Einsum("j i, j -> i")]
    public static partial Tensor MatrixVectorTransposed(Tensor a, Tensor b);

    [Einsum("i, i j -> j")]
    public static partial Tensor VectorMatrix(Tensor a, Tensor b);

    [Einsum("b i j, b j -> b i")]
    public static partial Tensor BatchMatrixVector(Tensor a, Tensor b);

    [Einsum("b s d, d -> b s")]
    public static partial Tensor RowsTimesVector(Tensor a, Tensor b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor Matmul(Tensor a, Tensor b);

    [Einsum("i k, j k -> i j")]
    public static partial Tensor MatmulNt(Tensor a, Tensor b);

    [Einsum("k i, k j -> i j")]
    public static partial Tensor MatmulTn(Tensor a, Tensor b);

    [Einsum("k i, j k -> i j")]
    public static partial Tensor MatmulTt(Tensor a, Tensor b);

    [Einsum("i k, k j -> j i")]
    public static partial Tensor MatmulTransposedOutput(Tensor a, Tensor b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor MatmulTiles(Tensor a, Tensor b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor MatmulThin(Tensor a, Tensor b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor MatmulOfOnes(Tensor a, Tensor b);

    [Einsum("n i, n j -> i j")]
    public static partial Tensor Gram(Tensor a, Tensor b);

    [Einsum("batch seq d_in, d_out d_in -> batch seq d_out")]
    public static partial Tensor ProjectRows(Tensor a, Tensor b);

    [Einsum("b s d, g r k d -> b s g r k")]
    public static partial Tensor ProjectHeads(Tensor a, Tensor b);

    [Einsum("b s g r k, d g r k -> b s d")]
    public static partial Tensor MergeHeadProducts(Tensor a, Tensor b);

    [Einsum("a b c d, c d e f -> a b e f")]
    public static partial Tensor TensorDot(Tensor a, Tensor b);

    [Einsum("a b c d, d c e -> a b e")]
    public static partial Tensor TensorDotReversed(Tensor a, Tensor b);

    [Einsum("a c b d, d e c -> e a b")]
    public static partial Tensor TensorDotScattered(Tensor a, Tensor b);

    [Einsum("b i k, b k j -> b i j")]
    public static partial Tensor BatchMatmul(Tensor a, Tensor b);

    [Einsum("i k b, k j b -> i j b")]
    public static partial Tensor BatchLast(Tensor a, Tensor b);

    [Einsum("i b k, j b k -> b i j")]
    public static partial Tensor BatchMiddle(Tensor a, Tensor b);

    [Einsum("b i k, k b j -> i b j")]
    public static partial Tensor BatchScattered(Tensor a, Tensor b);

    [Einsum("a b i k, b a k j -> a b i j")]
    public static partial Tensor TwoBatches(Tensor a, Tensor b);

    [Einsum("b h q d, b h k d -> b h q k")]
    public static partial Tensor MultiHeadScores(Tensor a, Tensor b);

    [Einsum("b s g r k, b t g k -> b g r s t")]
    public static partial Tensor GroupedScores(Tensor a, Tensor b);

    [Einsum("b g r s t, b t g k -> b s g r k")]
    public static partial Tensor GroupedValues(Tensor a, Tensor b);

    [Einsum("e n d, e f d -> n e f")]
    public static partial Tensor ExpertRows(Tensor a, Tensor b);

    [Einsum("i, j -> i j")]
    public static partial Tensor Outer(Tensor a, Tensor b);

    [Einsum("i, j -> j i")]
    public static partial Tensor OuterTransposed(Tensor a, Tensor b);

    [Einsum("i j, k l -> i j k l")]
    public static partial Tensor OuterOfMatrices(Tensor a, Tensor b);

    [Einsum("i j, k l -> i k j l")]
    public static partial Tensor Kronecker(Tensor a, Tensor b);

    [Einsum("b i, b j -> b i j")]
    public static partial Tensor BatchOuter(Tensor a, Tensor b);

    [Einsum("i j, i j -> i j")]
    public static partial Tensor Hadamard(Tensor a, Tensor b);

    [Einsum("i j, j i -> i j")]
    public static partial Tensor HadamardTransposed(Tensor a, Tensor b);

    [Einsum("i j, i -> i j")]
    public static partial Tensor ScaleRows(Tensor a, Tensor b);

    [Einsum("i j, j -> i j")]
    public static partial Tensor ScaleColumns(Tensor a, Tensor b);

    [Einsum("i, i j, j -> i j")]
    public static partial Tensor ScaleRowsAndColumns(Tensor a, Tensor b, Tensor c);

    [Einsum("i j k, i -> i")]
    public static partial Tensor SumLeftOnly(Tensor a, Tensor b);

    [Einsum("i, i j -> i")]
    public static partial Tensor SumRightOnly(Tensor a, Tensor b);

    [Einsum("i j, i k -> i")]
    public static partial Tensor SumBothSides(Tensor a, Tensor b);

    [Einsum("i, j ->")]
    public static partial Tensor ProductOfSums(Tensor a, Tensor b);

    [Einsum("i k x, k j y -> i j")]
    public static partial Tensor SumBesideMatmul(Tensor a, Tensor b);

    [Einsum("i j, k -> i")]
    public static partial Tensor SumOfOtherOperand(Tensor a, Tensor b);

    [Einsum("i i, i j -> i j")]
    public static partial Tensor DiagonalTimesMatrix(Tensor a, Tensor b);

    [Einsum("i i, j -> j")]
    public static partial Tensor TraceTimesVector(Tensor a, Tensor b);

    [Einsum("i i, i i -> i")]
    public static partial Tensor TwoDiagonalsProduct(Tensor a, Tensor b);

    [Einsum("b i i, b i j -> b j")]
    public static partial Tensor DiagonalContracted(Tensor a, Tensor b);

    [Einsum(", i j -> i j")]
    public static partial Tensor ScaleMatrix(Tensor a, Tensor b);

    [Einsum("i, -> i")]
    public static partial Tensor ScaleAfter(Tensor a, Tensor b);

    [Einsum(", ->")]
    public static partial Tensor ProductOfScalars(Tensor a, Tensor b);

    [Einsum(", i, -> i")]
    public static partial Tensor ScalarsAround(Tensor a, Tensor b, Tensor c);

    [Einsum("... i k, ... k j -> ... i j")]
    public static partial Tensor EllipsisMatmul(Tensor a, Tensor b);

    [Einsum("... i k, k j -> ... i j")]
    public static partial Tensor EllipsisOneSide(Tensor a, Tensor b);

    [Einsum("... i k, k j -> ... i j")]
    public static partial Tensor EllipsisOfNothing(Tensor a, Tensor b);

    [Einsum("... i j -> ... j i")]
    public static partial Tensor EllipsisTranspose(Tensor a);

    [Einsum("i ... -> ... i")]
    public static partial Tensor EllipsisMoved(Tensor a);

    [Einsum("... i i -> ...")]
    public static partial Tensor EllipsisTrace(Tensor a);

    [Einsum("... i, ... i -> ...")]
    public static partial Tensor EllipsisOfOtherRanks(Tensor a, Tensor b);

    [Einsum("i ... j -> i ...")]
    public static partial Tensor EllipsisSum(Tensor a);

    [Einsum("a ... b, b ... -> a ...")]
    public static partial Tensor EllipsisBetween(Tensor a, Tensor b);

    [Einsum("..., ... -> ...")]
    public static partial Tensor EllipsisHadamard(Tensor a, Tensor b);

    [Einsum("..., -> ...")]
    public static partial Tensor EllipsisTimesScalar(Tensor a, Tensor b);

    [Einsum("... i, j ... -> ... j i")]
    public static partial Tensor EllipsisOuter(Tensor a, Tensor b);

    [Einsum("i j, j k, k l -> i l")]
    public static partial Tensor Chain3(Tensor a, Tensor b, Tensor c);

    [Einsum("i j, j k, k l, l m -> i m")]
    public static partial Tensor Chain4(Tensor a, Tensor b, Tensor c, Tensor d);

    [Einsum("a b, b c, c d, d e, e f, f g, g h -> a h")]
    public static partial Tensor Chain7(Tensor a, Tensor b, Tensor c, Tensor d, Tensor e, Tensor f, Tensor g);

    [Einsum("i j, j k, k i ->")]
    public static partial Tensor Ring(Tensor a, Tensor b, Tensor c);

    [Einsum("b i, o i j, b j -> b o")]
    public static partial Tensor Bilinear(Tensor a, Tensor b, Tensor c);

    [Einsum("b i, i j, b j -> b")]
    public static partial Tensor QuadraticForm(Tensor a, Tensor b, Tensor c);

    [Einsum("a b c, i a, j b, k c -> i j k")]
    public static partial Tensor Tucker(Tensor a, Tensor b, Tensor c, Tensor d);

    [Einsum("i r, j r, k r -> i j k")]
    public static partial Tensor Canonical(Tensor a, Tensor b, Tensor c);

    [Einsum("b s d, r d, o r -> b s o")]
    public static partial Tensor LowRank(Tensor a, Tensor b, Tensor c);

    [Einsum("b s h d, b t h d, b t h e -> b s h e")]
    public static partial Tensor LinearAttention(Tensor a, Tensor b, Tensor c);

    [Einsum("i, i, i, i ->")]
    public static partial Tensor FourVectors(Tensor a, Tensor b, Tensor c, Tensor d);

    [Einsum("c, c i, c j, c k -> i j k")]
    public static partial Tensor Star(Tensor a, Tensor b, Tensor c, Tensor d);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor ZeroContracted(Tensor a, Tensor b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor ZeroRows(Tensor a, Tensor b);

    [Einsum("b i k, b k j -> b i j")]
    public static partial Tensor ZeroBatch(Tensor a, Tensor b);

    [Einsum("i j -> i")]
    public static partial Tensor ZeroSummed(Tensor a);

    [Einsum("i, i ->")]
    public static partial Tensor ZeroDot(Tensor a, Tensor b);

    [Einsum("i i ->")]
    public static partial Tensor ZeroTrace(Tensor a);

    [Einsum("i j, j k, k l -> i l")]
    public static partial Tensor ZeroInChain(Tensor a, Tensor b, Tensor c);

    [Einsum(
        "batch_size sequence_length model_dimension, hidden_dimension model_dimension -> batch_size "
        + "sequence_length hidden_dimension")]
    public static partial Tensor LongNames(Tensor a, Tensor b);

    [Einsum("Batch seq2 _x, Batch _x -> seq2 Batch")]
    public static partial Tensor NamesOfAllKinds(Tensor a, Tensor b);

    [Einsum("i j,j k->i k")]
    public static partial Tensor Unspaced(Tensor a, Tensor b);

    [Einsum("a b c d e f g h -> h g f e d c b a")]
    public static partial Tensor EightAxes(Tensor a);

    [Einsum("a b c d e f g h i j k l m n o p q r s t, t s r q p o n m l k -> a j c")]
    public static partial Tensor TwentyAxes(Tensor a, Tensor b);

    [Einsum(
        "a1 a2 a3 a4 a5 a6 a7 a8 x y, b1 b2 b3 b4 b5 b6 b7 b8 y z, c1 c2 c3 c4 c5 c6 c7 c8 z w, d1 d2 d3 d4 "
        + "d5 d6 d7 d8 w v, e1 e2 e3 e4 e5 e6 e7 e8 v u, f1 f2 f3 f4 f5 f6 f7 f8 u x -> a1 f8 x")]
    public static partial Tensor FiftyFourAxes(Tensor a, Tensor b, Tensor c, Tensor d, Tensor e, Tensor f);
}

/// <summary>The einsums of einsums.txt in float64.</summary>
internal static partial class EinsumDoubles
{
    /// <summary>The einsums by name, as functions of their operands.</summary>
    public static readonly Dictionary<string, Func<Tensor<double>[], Tensor<double>>> ByName = new(StringComparer.Ordinal)
    {
        ["Copy"] = o => Copy(o[0]),
        ["Transpose"] = o => Transpose(o[0]),
        ["TransposeTiles"] = o => TransposeTiles(o[0]),
        ["RotateAxes"] = o => RotateAxes(o[0]),
        ["SwapFirstAndLast"] = o => SwapFirstAndLast(o[0]),
        ["SplitHeadsOrder"] = o => SplitHeadsOrder(o[0]),
        ["ChannelsFirst"] = o => ChannelsFirst(o[0]),
        ["ReverseFive"] = o => ReverseFive(o[0]),
        ["ScalarCopy"] = o => ScalarCopy(o[0]),
        ["SumAll"] = o => SumAll(o[0]),
        ["SumVector"] = o => SumVector(o[0]),
        ["SumLast"] = o => SumLast(o[0]),
        ["SumFirst"] = o => SumFirst(o[0]),
        ["SumMiddle"] = o => SumMiddle(o[0]),
        ["SumTwo"] = o => SumTwo(o[0]),
        ["SumOuterTwo"] = o => SumOuterTwo(o[0]),
        ["SumAndTranspose"] = o => SumAndTranspose(o[0]),
        ["SumManyRows"] = o => SumManyRows(o[0]),
        ["Trace"] = o => Trace(o[0]),
        ["Diagonal"] = o => Diagonal(o[0]),
        ["BatchDiagonal"] = o => BatchDiagonal(o[0]),
        ["BatchTrace"] = o => BatchTrace(o[0]),
        ["TripleDiagonal"] = o => TripleDiagonal(o[0]),
        ["TwoDiagonals"] = o => TwoDiagonals(o[0]),
        ["InnerTrace"] = o => InnerTrace(o[0]),
        ["ScatteredTrace"] = o => ScatteredTrace(o[0]),
        ["DoubleTrace"] = o => DoubleTrace(o[0]),
        ["DiagonalLast"] = o => DiagonalLast(o[0]),
        ["DiagonalAndSum"] = o => DiagonalAndSum(o[0]),
        ["Dot"] = o => Dot(o[0], o[1]),
        ["DotOfOne"] = o => DotOfOne(o[0], o[1]),
        ["Frobenius"] = o => Frobenius(o[0], o[1]),
        ["FrobeniusTransposed"] = o => FrobeniusTransposed(o[0], o[1]),
        ["BatchDot"] = o => BatchDot(o[0], o[1]),
        ["BatchDotTransposed"] = o => BatchDotTransposed(o[0], o[1]),
        ["BatchTraceOfProduct"] = o => BatchTraceOfProduct(o[0], o[1]),
        ["MatrixVector"] = o => MatrixVector(o[0], o[1]),
        ["MatrixVectorTransposed"] = o => MatrixVectorTransposed(o[0], o[1]),
        ["VectorMatrix"] = o => VectorMatrix(o[0], o[1]),
        ["BatchMatrixVector"] = o => BatchMatrixVector(o[0], o[1]),
        ["RowsTimesVector"] = o => RowsTimesVector(o[0], o[1]),
        ["Matmul"] = o => Matmul(o[0], o[1]),
        ["MatmulNt"] = o => MatmulNt(o[0], o[1]),
        ["MatmulTn"] = o => MatmulTn(o[0], o[1]),
        ["MatmulTt"] = o => MatmulTt(o[0], o[1]),
        ["MatmulTransposedOutput"] = o => MatmulTransposedOutput(o[0], o[1]),
        ["MatmulTiles"] = o => MatmulTiles(o[0], o[1]),
        ["MatmulThin"] = o => MatmulThin(o[0], o[1]),
        ["MatmulOfOnes"] = o => MatmulOfOnes(o[0], o[1]),
        ["Gram"] = o => Gram(o[0], o[1]),
        ["ProjectRows"] = o => ProjectRows(o[0], o[1]),
        ["ProjectHeads"] = o => ProjectHeads(o[0], o[1]),
        ["MergeHeadProducts"] = o => MergeHeadProducts(o[0], o[1]),
        ["TensorDot"] = o => TensorDot(o[0], o[1]),
        ["TensorDotReversed"] = o => TensorDotReversed(o[0], o[1]),
        ["TensorDotScattered"] = o => TensorDotScattered(o[0], o[1]),
        ["BatchMatmul"] = o => BatchMatmul(o[0], o[1]),
        ["BatchLast"] = o => BatchLast(o[0], o[1]),
        ["BatchMiddle"] = o => BatchMiddle(o[0], o[1]),
        ["BatchScattered"] = o => BatchScattered(o[0], o[1]),
        ["TwoBatches"] = o => TwoBatches(o[0], o[1]),
        ["MultiHeadScores"] = o => MultiHeadScores(o[0], o[1]),
        ["GroupedScores"] = o => GroupedScores(o[0], o[1]),
        ["GroupedValues"] = o => GroupedValues(o[0], o[1]),
        ["ExpertRows"] = o => ExpertRows(o[0], o[1]),
        ["Outer"] = o => Outer(o[0], o[1]),
        ["OuterTransposed"] = o => OuterTransposed(o[0], o[1]),
        ["OuterOfMatrices"] = o => OuterOfMatrices(o[0], o[1]),
        ["Kronecker"] = o => Kronecker(o[0], o[1]),
        ["BatchOuter"] = o => BatchOuter(o[0], o[1]),
        ["Hadamard"] = o => Hadamard(o[0], o[1]),
        ["HadamardTransposed"] = o => HadamardTransposed(o[0], o[1]),
        ["ScaleRows"] = o => ScaleRows(o[0], o[1]),
        ["ScaleColumns"] = o => ScaleColumns(o[0], o[1]),
        ["ScaleRowsAndColumns"] = o => ScaleRowsAndColumns(o[0], o[1], o[2]),
        ["SumLeftOnly"] = o => SumLeftOnly(o[0], o[1]),
        ["SumRightOnly"] = o => SumRightOnly(o[0], o[1]),
        ["SumBothSides"] = o => SumBothSides(o[0], o[1]),
        ["ProductOfSums"] = o => ProductOfSums(o[0], o[1]),
        ["SumBesideMatmul"] = o => SumBesideMatmul(o[0], o[1]),
        ["SumOfOtherOperand"] = o => SumOfOtherOperand(o[0], o[1]),
        ["DiagonalTimesMatrix"] = o => DiagonalTimesMatrix(o[0], o[1]),
        ["TraceTimesVector"] = o => TraceTimesVector(o[0], o[1]),
        ["TwoDiagonalsProduct"] = o => TwoDiagonalsProduct(o[0], o[1]),
        ["DiagonalContracted"] = o => DiagonalContracted(o[0], o[1]),
        ["ScaleMatrix"] = o => ScaleMatrix(o[0], o[1]),
        ["ScaleAfter"] = o => ScaleAfter(o[0], o[1]),
        ["ProductOfScalars"] = o => ProductOfScalars(o[0], o[1]),
        ["ScalarsAround"] = o => ScalarsAround(o[0], o[1], o[2]),
        ["EllipsisMatmul"] = o => EllipsisMatmul(o[0], o[1]),
        ["EllipsisOneSide"] = o => EllipsisOneSide(o[0], o[1]),
        ["EllipsisOfNothing"] = o => EllipsisOfNothing(o[0], o[1]),
        ["EllipsisTranspose"] = o => EllipsisTranspose(o[0]),
        ["EllipsisMoved"] = o => EllipsisMoved(o[0]),
        ["EllipsisTrace"] = o => EllipsisTrace(o[0]),
        ["EllipsisOfOtherRanks"] = o => EllipsisOfOtherRanks(o[0], o[1]),
        ["EllipsisSum"] = o => EllipsisSum(o[0]),
        ["EllipsisBetween"] = o => EllipsisBetween(o[0], o[1]),
        ["EllipsisHadamard"] = o => EllipsisHadamard(o[0], o[1]),
        ["EllipsisTimesScalar"] = o => EllipsisTimesScalar(o[0], o[1]),
        ["EllipsisOuter"] = o => EllipsisOuter(o[0], o[1]),
        ["Chain3"] = o => Chain3(o[0], o[1], o[2]),
        ["Chain4"] = o => Chain4(o[0], o[1], o[2], o[3]),
        ["Chain7"] = o => Chain7(o[0], o[1], o[2], o[3], o[4], o[5], o[6]),
        ["Ring"] = o => Ring(o[0], o[1], o[2]),
        ["Bilinear"] = o => Bilinear(o[0], o[1], o[2]),
        ["QuadraticForm"] = o => QuadraticForm(o[0], o[1], o[2]),
        ["Tucker"] = o => Tucker(o[0], o[1], o[2], o[3]),
        ["Canonical"] = o => Canonical(o[0], o[1], o[2]),
        ["LowRank"] = o => LowRank(o[0], o[1], o[2]),
        ["LinearAttention"] = o => LinearAttention(o[0], o[1], o[2]),
        ["FourVectors"] = o => FourVectors(o[0], o[1], o[2], o[3]),
        ["Star"] = o => Star(o[0], o[1], o[2], o[3]),
        ["ZeroContracted"] = o => ZeroContracted(o[0], o[1]),
        ["ZeroRows"] = o => ZeroRows(o[0], o[1]),
        ["ZeroBatch"] = o => ZeroBatch(o[0], o[1]),
        ["ZeroSummed"] = o => ZeroSummed(o[0]),
        ["ZeroDot"] = o => ZeroDot(o[0], o[1]),
        ["ZeroTrace"] = o => ZeroTrace(o[0]),
        ["ZeroInChain"] = o => ZeroInChain(o[0], o[1], o[2]),
        ["LongNames"] = o => LongNames(o[0], o[1]),
        ["NamesOfAllKinds"] = o => NamesOfAllKinds(o[0], o[1]),
        ["Unspaced"] = o => Unspaced(o[0], o[1]),
        ["EightAxes"] = o => EightAxes(o[0]),
        ["TwentyAxes"] = o => TwentyAxes(o[0], o[1]),
        ["FiftyFourAxes"] = o => FiftyFourAxes(o[0], o[1], o[2], o[3], o[4], o[5]),
    };

    [Einsum("i j -> i j")]
    public static partial Tensor<double> Copy(Tensor<double> a);

    [Einsum("i j -> j i")]
    public static partial Tensor<double> Transpose(Tensor<double> a);

    [Einsum("row column -> column row")]
    public static partial Tensor<double> TransposeTiles(Tensor<double> a);

    [Einsum("a b c -> c a b")]
    public static partial Tensor<double> RotateAxes(Tensor<double> a);

    [Einsum("a b c -> c b a")]
    public static partial Tensor<double> SwapFirstAndLast(Tensor<double> a);

    [Einsum("b s h d -> b h s d")]
    public static partial Tensor<double> SplitHeadsOrder(Tensor<double> a);

    [Einsum("batch height width channels -> batch channels height width")]
    public static partial Tensor<double> ChannelsFirst(Tensor<double> a);

    [Einsum("a b c d e -> e d c b a")]
    public static partial Tensor<double> ReverseFive(Tensor<double> a);

    [Einsum("->")]
    public static partial Tensor<double> ScalarCopy(Tensor<double> a);

    [Einsum("i j k ->")]
    public static partial Tensor<double> SumAll(Tensor<double> a);

    [Einsum("i ->")]
    public static partial Tensor<double> SumVector(Tensor<double> a);

    [Einsum("i j -> i")]
    public static partial Tensor<double> SumLast(Tensor<double> a);

    [Einsum("i j -> j")]
    public static partial Tensor<double> SumFirst(Tensor<double> a);

    [Einsum("i j k -> i k")]
    public static partial Tensor<double> SumMiddle(Tensor<double> a);

    [Einsum("i j k l -> i k")]
    public static partial Tensor<double> SumTwo(Tensor<double> a);

    [Einsum("i j k -> k")]
    public static partial Tensor<double> SumOuterTwo(Tensor<double> a);

    [Einsum("a b c d -> d b")]
    public static partial Tensor<double> SumAndTranspose(Tensor<double> a);

    [Einsum("batch features -> features")]
    public static partial Tensor<double> SumManyRows(Tensor<double> a);

    [Einsum("i i ->")]
    public static partial Tensor<double> Trace(Tensor<double> a);

    [Einsum("i i -> i")]
    public static partial Tensor<double> Diagonal(Tensor<double> a);

    [Einsum("b i i -> b i")]
    public static partial Tensor<double> BatchDiagonal(Tensor<double> a);

    [Einsum("b i i -> b")]
    public static partial Tensor<double> BatchTrace(Tensor<double> a);

    [Einsum("i i i -> i")]
    public static partial Tensor<double> TripleDiagonal(Tensor<double> a);

    [Einsum("i j i j -> i j")]
    public static partial Tensor<double> TwoDiagonals(Tensor<double> a);

    [Einsum("i j j k -> i k")]
    public static partial Tensor<double> InnerTrace(Tensor<double> a);

    [Einsum("a i b i -> a b")]
    public static partial Tensor<double> ScatteredTrace(Tensor<double> a);

    [Einsum("i i j j ->")]
    public static partial Tensor<double> DoubleTrace(Tensor<double> a);

    [Einsum("i i b -> b i")]
    public static partial Tensor<double> DiagonalLast(Tensor<double> a);

    [Einsum("i j i -> i")]
    public static partial Tensor<double> DiagonalAndSum(Tensor<double> a);

    [Einsum("i, i ->")]
    public static partial Tensor<double> Dot(Tensor<double> a, Tensor<double> b);

    [Einsum("i, i ->")]
    public static partial Tensor<double> DotOfOne(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, i j ->")]
    public static partial Tensor<double> Frobenius(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, j i ->")]
    public static partial Tensor<double> FrobeniusTransposed(Tensor<double> a, Tensor<double> b);

    [Einsum("b i, b i -> b")]
    public static partial Tensor<double> BatchDot(Tensor<double> a, Tensor<double> b);

    [Einsum("b i, i b -> b")]
    public static partial Tensor<double> BatchDotTransposed(Tensor<double> a, Tensor<double> b);

    [Einsum("b i k, b k i -> b")]
    public static partial Tensor<double> BatchTraceOfProduct(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, j -> i")]
    public static partial Tensor<double> MatrixVector(Tensor<double> a, Tensor<double> b);

    [Einsum("j i, j -> i")]
    public static partial Tensor<double> MatrixVectorTransposed(Tensor<double> a, Tensor<double> b);

    [Einsum("i, i j -> j")]
    public static partial Tensor<double> VectorMatrix(Tensor<double> a, Tensor<double> b);

    [Einsum("b i j, b j -> b i")]
    public static partial Tensor<double> BatchMatrixVector(Tensor<double> a, Tensor<double> b);

    [Einsum("b s d, d -> b s")]
    public static partial Tensor<double> RowsTimesVector(Tensor<double> a, Tensor<double> b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor<double> Matmul(Tensor<double> a, Tensor<double> b);

    [Einsum("i k, j k -> i j")]
    public static partial Tensor<double> MatmulNt(Tensor<double> a, Tensor<double> b);

    [Einsum("k i, k j -> i j")]
    public static partial Tensor<double> MatmulTn(Tensor<double> a, Tensor<double> b);

    [Einsum("k i, j k -> i j")]
    public static partial Tensor<double> MatmulTt(Tensor<double> a, Tensor<double> b);

    [Einsum("i k, k j -> j i")]
    public static partial Tensor<double> MatmulTransposedOutput(Tensor<double> a, Tensor<double> b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor<double> MatmulTiles(Tensor<double> a, Tensor<double> b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor<double> MatmulThin(Tensor<double> a, Tensor<double> b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor<double> MatmulOfOnes(Tensor<double> a, Tensor<double> b);

    [Einsum("n i, n j -> i j")]
    public static partial Tensor<double> Gram(Tensor<double> a, Tensor<double> b);

    [Einsum("batch seq d_in, d_out d_in -> batch seq d_out")]
    public static partial Tensor<double> ProjectRows(Tensor<double> a, Tensor<double> b);

    [Einsum("b s d, g r k d -> b s g r k")]
    public static partial Tensor<double> ProjectHeads(Tensor<double> a, Tensor<double> b);

    [Einsum("b s g r k, d g r k -> b s d")]
    public static partial Tensor<double> MergeHeadProducts(Tensor<double> a, Tensor<double> b);

    [Einsum("a b c d, c d e f -> a b e f")]
    public static partial Tensor<double> TensorDot(Tensor<double> a, Tensor<double> b);

    [Einsum("a b c d, d c e -> a b e")]
    public static partial Tensor<double> TensorDotReversed(Tensor<double> a, Tensor<double> b);

    [Einsum("a c b d, d e c -> e a b")]
    public static partial Tensor<double> TensorDotScattered(Tensor<double> a, Tensor<double> b);

    [Einsum("b i k, b k j -> b i j")]
    public static partial Tensor<double> BatchMatmul(Tensor<double> a, Tensor<double> b);

    [Einsum("i k b, k j b -> i j b")]
    public static partial Tensor<double> BatchLast(Tensor<double> a, Tensor<double> b);

    [Einsum("i b k, j b k -> b i j")]
    public static partial Tensor<double> BatchMiddle(Tensor<double> a, Tensor<double> b);

    [Einsum("b i k, k b j -> i b j")]
    public static partial Tensor<double> BatchScattered(Tensor<double> a, Tensor<double> b);

    [Einsum("a b i k, b a k j -> a b i j")]
    public static partial Tensor<double> TwoBatches(Tensor<double> a, Tensor<double> b);

    [Einsum("b h q d, b h k d -> b h q k")]
    public static partial Tensor<double> MultiHeadScores(Tensor<double> a, Tensor<double> b);

    [Einsum("b s g r k, b t g k -> b g r s t")]
    public static partial Tensor<double> GroupedScores(Tensor<double> a, Tensor<double> b);

    [Einsum("b g r s t, b t g k -> b s g r k")]
    public static partial Tensor<double> GroupedValues(Tensor<double> a, Tensor<double> b);

    [Einsum("e n d, e f d -> n e f")]
    public static partial Tensor<double> ExpertRows(Tensor<double> a, Tensor<double> b);

    [Einsum("i, j -> i j")]
    public static partial Tensor<double> Outer(Tensor<double> a, Tensor<double> b);

    [Einsum("i, j -> j i")]
    public static partial Tensor<double> OuterTransposed(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, k l -> i j k l")]
    public static partial Tensor<double> OuterOfMatrices(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, k l -> i k j l")]
    public static partial Tensor<double> Kronecker(Tensor<double> a, Tensor<double> b);

    [Einsum("b i, b j -> b i j")]
    public static partial Tensor<double> BatchOuter(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, i j -> i j")]
    public static partial Tensor<double> Hadamard(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, j i -> i j")]
    public static partial Tensor<double> HadamardTransposed(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, i -> i j")]
    public static partial Tensor<double> ScaleRows(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, j -> i j")]
    public static partial Tensor<double> ScaleColumns(Tensor<double> a, Tensor<double> b);

    [Einsum("i, i j, j -> i j")]
    public static partial Tensor<double> ScaleRowsAndColumns(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum("i j k, i -> i")]
    public static partial Tensor<double> SumLeftOnly(Tensor<double> a, Tensor<double> b);

    [Einsum("i, i j -> i")]
    public static partial Tensor<double> SumRightOnly(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, i k -> i")]
    public static partial Tensor<double> SumBothSides(Tensor<double> a, Tensor<double> b);

    [Einsum("i, j ->")]
    public static partial Tensor<double> ProductOfSums(Tensor<double> a, Tensor<double> b);

    [Einsum("i k x, k j y -> i j")]
    public static partial Tensor<double> SumBesideMatmul(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, k -> i")]
    public static partial Tensor<double> SumOfOtherOperand(Tensor<double> a, Tensor<double> b);

    [Einsum("i i, i j -> i j")]
    public static partial Tensor<double> DiagonalTimesMatrix(Tensor<double> a, Tensor<double> b);

    [Einsum("i i, j -> j")]
    public static partial Tensor<double> TraceTimesVector(Tensor<double> a, Tensor<double> b);

    [Einsum("i i, i i -> i")]
    public static partial Tensor<double> TwoDiagonalsProduct(Tensor<double> a, Tensor<double> b);

    [Einsum("b i i, b i j -> b j")]
    public static partial Tensor<double> DiagonalContracted(Tensor<double> a, Tensor<double> b);

    [Einsum(", i j -> i j")]
    public static partial Tensor<double> ScaleMatrix(Tensor<double> a, Tensor<double> b);

    [Einsum("i, -> i")]
    public static partial Tensor<double> ScaleAfter(Tensor<double> a, Tensor<double> b);

    [Einsum(", ->")]
    public static partial Tensor<double> ProductOfScalars(Tensor<double> a, Tensor<double> b);

    [Einsum(", i, -> i")]
    public static partial Tensor<double> ScalarsAround(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum("... i k, ... k j -> ... i j")]
    public static partial Tensor<double> EllipsisMatmul(Tensor<double> a, Tensor<double> b);

    [Einsum("... i k, k j -> ... i j")]
    public static partial Tensor<double> EllipsisOneSide(Tensor<double> a, Tensor<double> b);

    [Einsum("... i k, k j -> ... i j")]
    public static partial Tensor<double> EllipsisOfNothing(Tensor<double> a, Tensor<double> b);

    [Einsum("... i j -> ... j i")]
    public static partial Tensor<double> EllipsisTranspose(Tensor<double> a);

    [Einsum("i ... -> ... i")]
    public static partial Tensor<double> EllipsisMoved(Tensor<double> a);

    [Einsum("... i i -> ...")]
    public static partial Tensor<double> EllipsisTrace(Tensor<double> a);

    [Einsum("... i, ... i -> ...")]
    public static partial Tensor<double> EllipsisOfOtherRanks(Tensor<double> a, Tensor<double> b);

    [Einsum("i ... j -> i ...")]
    public static partial Tensor<double> EllipsisSum(Tensor<double> a);

    [Einsum("a ... b, b ... -> a ...")]
    public static partial Tensor<double> EllipsisBetween(Tensor<double> a, Tensor<double> b);

    [Einsum("..., ... -> ...")]
    public static partial Tensor<double> EllipsisHadamard(Tensor<double> a, Tensor<double> b);

    [Einsum("..., -> ...")]
    public static partial Tensor<double> EllipsisTimesScalar(Tensor<double> a, Tensor<double> b);

    [Einsum("... i, j ... -> ... j i")]
    public static partial Tensor<double> EllipsisOuter(Tensor<double> a, Tensor<double> b);

    [Einsum("i j, j k, k l -> i l")]
    public static partial Tensor<double> Chain3(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum("i j, j k, k l, l m -> i m")]
    public static partial Tensor<double> Chain4(Tensor<double> a, Tensor<double> b, Tensor<double> c, Tensor<double> d);

    [Einsum("a b, b c, c d, d e, e f, f g, g h -> a h")]
    public static partial Tensor<double> Chain7(
        Tensor<double> a, Tensor<double> b, Tensor<double> c, Tensor<double> d, Tensor<double> e, Tensor<double> f, Tensor<double> g);

    [Einsum("i j, j k, k i ->")]
    public static partial Tensor<double> Ring(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum("b i, o i j, b j -> b o")]
    public static partial Tensor<double> Bilinear(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum("b i, i j, b j -> b")]
    public static partial Tensor<double> QuadraticForm(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum("a b c, i a, j b, k c -> i j k")]
    public static partial Tensor<double> Tucker(Tensor<double> a, Tensor<double> b, Tensor<double> c, Tensor<double> d);

    [Einsum("i r, j r, k r -> i j k")]
    public static partial Tensor<double> Canonical(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum("b s d, r d, o r -> b s o")]
    public static partial Tensor<double> LowRank(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum("b s h d, b t h d, b t h e -> b s h e")]
    public static partial Tensor<double> LinearAttention(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum("i, i, i, i ->")]
    public static partial Tensor<double> FourVectors(Tensor<double> a, Tensor<double> b, Tensor<double> c, Tensor<double> d);

    [Einsum("c, c i, c j, c k -> i j k")]
    public static partial Tensor<double> Star(Tensor<double> a, Tensor<double> b, Tensor<double> c, Tensor<double> d);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor<double> ZeroContracted(Tensor<double> a, Tensor<double> b);

    [Einsum("i k, k j -> i j")]
    public static partial Tensor<double> ZeroRows(Tensor<double> a, Tensor<double> b);

    [Einsum("b i k, b k j -> b i j")]
    public static partial Tensor<double> ZeroBatch(Tensor<double> a, Tensor<double> b);

    [Einsum("i j -> i")]
    public static partial Tensor<double> ZeroSummed(Tensor<double> a);

    [Einsum("i, i ->")]
    public static partial Tensor<double> ZeroDot(Tensor<double> a, Tensor<double> b);

    [Einsum("i i ->")]
    public static partial Tensor<double> ZeroTrace(Tensor<double> a);

    [Einsum("i j, j k, k l -> i l")]
    public static partial Tensor<double> ZeroInChain(Tensor<double> a, Tensor<double> b, Tensor<double> c);

    [Einsum(
        "batch_size sequence_length model_dimension, hidden_dimension model_dimension -> batch_size "
        + "sequence_length hidden_dimension")]
    public static partial Tensor<double> LongNames(Tensor<double> a, Tensor<double> b);

    [Einsum("Batch seq2 _x, Batch _x -> seq2 Batch")]
    public static partial Tensor<double> NamesOfAllKinds(Tensor<double> a, Tensor<double> b);

    [Einsum("i j,j k->i k")]
    public static partial Tensor<double> Unspaced(Tensor<double> a, Tensor<double> b);

    [Einsum("a b c d e f g h -> h g f e d c b a")]
    public static partial Tensor<double> EightAxes(Tensor<double> a);

    [Einsum("a b c d e f g h i j k l m n o p q r s t, t s r q p o n m l k -> a j c")]
    public static partial Tensor<double> TwentyAxes(Tensor<double> a, Tensor<double> b);

    [Einsum(
        "a1 a2 a3 a4 a5 a6 a7 a8 x y, b1 b2 b3 b4 b5 b6 b7 b8 y z, c1 c2 c3 c4 c5 c6 c7 c8 z w, d1 d2 d3 d4 "
        + "d5 d6 d7 d8 w v, e1 e2 e3 e4 e5 e6 e7 e8 v u, f1 f2 f3 f4 f5 f6 f7 f8 u x -> a1 f8 x")]
    public static partial Tensor<double> FiftyFourAxes(
        Tensor<double> a, Tensor<double> b, Tensor<double> c, Tensor<double> d, Tensor<double> e, Tensor<double> f);
}
