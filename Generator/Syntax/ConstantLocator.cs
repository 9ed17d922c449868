using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Einsharp.Generator.Syntax;

/// <summary>Where characters of a constant string stand in the source.</summary>
/// <param name="Shown">Where a message about them is shown.</param>
/// <param name="Exact">The very characters, or what stands for them as a whole; the same as <paramref name="Shown"/> but for constants of
/// another file.</param>
/// <param name="Use">The expression as a whole, where the characters are not inside it but in a constant that it names; else null.</param>
internal readonly record struct ConstantPlace(Location Shown, Location Exact, Location? Use)
{
    /// <summary>What a diagnostic shown at <see cref="Shown"/> mentions beside it.</summary>
    public ImmutableArray<Location> Others => Use is null ? [] : [Shown == Exact ? Use : Exact];
}

/// <summary>
/// Finds characters of a constant string expression in the source: inside literals of every kind, through concatenations,
/// interpolations, parentheses, casts and conditions, and through constants into their own literals.
/// </summary>
internal static class ConstantLocator
{
    // Constants that name each other in a circle are the compiler's to refuse; this only ends the walk.
    private const int MaximumDepth = 64;

    /// <summary>
    /// The place of <paramref name="length"/> characters from <paramref name="start"/> of the expression's value. A length of 0 is the place
    /// before which text would be inserted, a negative one the whole expression. Characters of a constant declared in the expression's own
    /// file are shown in the constant; those of another file at the expression, because an editor shows what is wrong with the file that is
    /// open.
    /// </summary>
    public static ConstantPlace Locate(
        Compilation compilation, ExpressionSyntax expression, int start, int length, CancellationToken cancellation)
    {
        Location whole = expression.GetLocation();
        if (length < 0)
            return new ConstantPlace(whole, whole, null);
        var pieces = new List<Piece>();
        var walk = new Walk(compilation, pieces, cancellation);
        if (!walk.Collect(expression, null, MaximumDepth) || Find(pieces, start, length) is not { } exact)
            return new ConstantPlace(whole, whole, null);
        if (exact.SourceTree == expression.SyntaxTree && expression.Span.Contains(exact.SourceSpan))
            return new ConstantPlace(exact, exact, null);
        return exact.SourceTree == expression.SyntaxTree
            ? new ConstantPlace(exact, exact, whole)
            : new ConstantPlace(whole, exact, whole);
    }

    private static Location? Find(List<Piece> pieces, int start, int length)
    {
        // An insertion belongs to the piece whose last character it follows.
        int first = length == 0 ? Math.Max(0, start - 1) : start, last = Math.Max(first, start + length - 1);
        Piece? from = pieces.Find(piece => first < piece.Start + piece.Length);
        Piece? to = pieces.Find(piece => last < piece.Start + piece.Length);
        if (from is null || to is null || first < from.Start)
            return null;
        if (from == to)
            return from.Range(start - from.Start, length);

        // From one piece to another: both in this expression, or each as what names it there.
        TextSpan begin = from.Range(start - from.Start, from.Start + from.Length - start)?.SourceSpan ?? default;
        TextSpan end = to.Range(0, last + 1 - to.Start)?.SourceSpan ?? default;
        if (from.Root != to.Root || begin.IsEmpty || end.IsEmpty)
        {
            SyntaxNode outermost = from.Outermost, other = to.Outermost;
            if (outermost == other)
                return outermost.GetLocation();
            begin = from.Reference is null ? begin : outermost.Span;
            end = to.Reference is null ? end : other.Span;
            return begin.IsEmpty || end.IsEmpty
                ? null
                : Location.Create(outermost.SyntaxTree, TextSpan.FromBounds(begin.Start, end.End));
        }

        return Location.Create(from.Token.SyntaxTree ?? from.Outermost.SyntaxTree, TextSpan.FromBounds(begin.Start, end.End));
    }

    /// <summary>A stretch of the value that one token writes, or that one expression stands for.</summary>
    /// <param name="Token">The token; default where <paramref name="Node"/> only stands for the text, as a <c>nameof</c> does.</param>
    /// <param name="Reference">The expression in the outermost one that names the constant which this piece is of; null in itself.</param>
    /// <param name="Root">The expression that is the outermost one, or the initialiser of a constant, which this piece stands in.</param>
    private sealed record Piece(
        SyntaxToken Token, ExpressionSyntax Node, int Start, int Length, ExpressionSyntax? Reference, SyntaxNode Root)
    {
        public SyntaxNode Outermost => Reference ?? Node;

        public Location? Range(int start, int length) => Token.IsKind(SyntaxKind.None)
            ? Node.GetLocation()
            : LiteralMap.Range(Token, start, length) is { } range ? Location.Create(Token.SyntaxTree!, range) : null;
    }

    private readonly struct Walk(Compilation compilation, List<Piece> pieces, CancellationToken cancellation)
    {
        /// <summary>Adds what an expression is made of; false where its value cannot be followed.</summary>
        public bool Collect(ExpressionSyntax expression, ExpressionSyntax? reference, int depth) =>
            Collect(expression, reference, expression, depth);

        private bool Collect(ExpressionSyntax expression, ExpressionSyntax? reference, SyntaxNode root, int depth)
        {
            cancellation.ThrowIfCancellationRequested();
            if (depth == 0)
                return false;
            switch (expression)
            {
                case ParenthesizedExpressionSyntax inner:
                    return Collect(inner.Expression, reference, root, depth - 1);
                case CastExpressionSyntax inner:
                    return Collect(inner.Expression, reference, root, depth - 1);
                case CheckedExpressionSyntax inner:
                    return Collect(inner.Expression, reference, root, depth - 1);
                case PostfixUnaryExpressionSyntax inner when inner.IsKind(SyntaxKind.SuppressNullableWarningExpression):
                    return Collect(inner.Operand, reference, root, depth - 1);
                case LiteralExpressionSyntax literal:
                    return literal.IsKind(SyntaxKind.NullLiteralExpression)
                        || (LiteralMap.Length(literal.Token) is { } length && Add(literal.Token, literal, length, reference, root));
                case ConditionalExpressionSyntax choice:
                    return Model(choice).GetConstantValue(choice.Condition, cancellation).Value is bool holds
                        && Collect(holds ? choice.WhenTrue : choice.WhenFalse, reference, root, depth - 1);
                case BinaryExpressionSyntax sum when sum.IsKind(SyntaxKind.AddExpression):
                    return Sum(sum, reference, root, depth);
                case InterpolatedStringExpressionSyntax text:
                    return Interpolated(text, reference, root, depth);
                case NameSyntax or MemberAccessExpressionSyntax:
                    return Named(expression, reference, root, depth);
                default:
                    return Opaque(expression, reference, root);
            }
        }

        // A chain of plus signs leans to the left and may be long, so it is no recursion.
        private bool Sum(BinaryExpressionSyntax sum, ExpressionSyntax? reference, SyntaxNode root, int depth)
        {
            var parts = new Stack<ExpressionSyntax>();
            ExpressionSyntax left = sum;
            for (; left is BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression } next; left = next.Left)
                parts.Push(next.Right);
            for (parts.Push(left); parts.Count > 0;)
            {
                if (!Collect(parts.Pop(), reference, root, depth - 1))
                    return false;
            }

            return true;
        }

        private bool Interpolated(InterpolatedStringExpressionSyntax text, ExpressionSyntax? reference, SyntaxNode root, int depth)
        {
            foreach (InterpolatedStringContentSyntax content in text.Contents)
            {
                bool followed = content switch
                {
                    InterpolatedStringTextSyntax stretch => LiteralMap.Length(stretch.TextToken) is { } length
                        && Add(stretch.TextToken, text, length, reference, root),
                    InterpolationSyntax hole => Collect(hole.Expression, reference, root, depth - 1),
                    _ => false,
                };
                if (!followed)
                    return false;
            }

            return true;
        }

        private bool Named(ExpressionSyntax name, ExpressionSyntax? reference, SyntaxNode root, int depth)
        {
            ISymbol? symbol = Model(name).GetSymbolInfo(name, cancellation).Symbol;
            bool constant = symbol is IFieldSymbol { HasConstantValue: true } or ILocalSymbol { HasConstantValue: true };
            return constant && symbol!.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation) is VariableDeclaratorSyntax
                { Initializer.Value: { } value } && compilation.ContainsSyntaxTree(value.SyntaxTree)
                ? Collect(value, reference ?? name, value, depth - 1)
                : Opaque(name, reference, root);
        }

        // What has a value but no characters of its own: a nameof, a constant of another assembly.
        private bool Opaque(ExpressionSyntax expression, ExpressionSyntax? reference, SyntaxNode root) =>
            Model(expression).GetConstantValue(expression, cancellation) is { HasValue: true, Value: var value }
            && value is null or string
            && Add(default, expression, (value as string)?.Length ?? 0, reference, root);

        private bool Add(SyntaxToken token, ExpressionSyntax node, int length, ExpressionSyntax? reference, SyntaxNode root)
        {
            int start = pieces.Count == 0 ? 0 : pieces[pieces.Count - 1].Start + pieces[pieces.Count - 1].Length;
            pieces.Add(new Piece(token, node, start, length, reference, root));
            return true;
        }

        private SemanticModel Model(SyntaxNode node) => compilation.GetSemanticModel(node.SyntaxTree);
    }
}
