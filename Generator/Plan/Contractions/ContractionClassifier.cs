namespace Einsharp.Generator.Plan.Contractions;

/// <summary>Which kernel a product of two operands needs: a function of which groups of axes there are.</summary>
internal static class ContractionClassifier
{
    public static ContractionClass Classify(bool batch, bool m, bool n, bool k) => (k, m, n) switch
    {
        (true, true, true) => batch ? ContractionClass.BatchedMatrixMatrix : ContractionClass.MatrixMatrix,
        (true, false, false) => ContractionClass.Dot,
        (true, _, _) => ContractionClass.MatrixVector,
        (false, true, true) => ContractionClass.Outer,
        _ => ContractionClass.LoopNest,
    };

    /// <summary>The name in comments.</summary>
    public static string NameOf(ContractionClass kernel) => kernel switch
    {
        ContractionClass.Dot => "dot",
        ContractionClass.Outer => "outer",
        ContractionClass.MatrixVector => "matrix-vector",
        ContractionClass.MatrixMatrix => "matrix-matrix",
        ContractionClass.BatchedMatrixMatrix => "batched matrix-matrix",
        _ => "loop nest",
    };
}
