using System.Collections.Immutable;
using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Syntax;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Einsharp.CodeFixes;

/// <summary>What a fix does to the text, and what it is called in the menu.</summary>
internal sealed record SourceChange(string Title, ImmutableArray<TextChange> Changes);

/// <summary>
/// Writes fixes as changes of text, so that everything around them stays as its author laid it out. A fix that would not be safe where it
/// should go is none.
/// </summary>
internal static class FixWriter
{
    /// <param name="root">The tree that is changed.</param>
    /// <param name="span">The characters, argument, attribute or name that the fix is about.</param>
    /// <param name="fix">What is right.</param>
    /// <param name="reported">Where the diagnostic is.</param>
    public static SourceChange? Write(SyntaxNode root, TextSpan span, Fix fix, Location reported) => fix.Kind switch
    {
        FixKind.Text => Text(root, span, fix.Text),
        FixKind.Symbol => Symbol(root, span, fix.Text),
        FixKind.Attribute => Attribute(root, span, fix.Text),
        FixKind.Argument => Argument(root, span, fix.Text),
        FixKind.NoArgument => NoArgument(root, span),
        FixKind.Join => Join(root, span, reported),
        FixKind.Order => Order(root, span, fix.Text),
        FixKind.Partial => Partial(root, span),
        FixKind.Return => Return(root, span, fix.Text),
        _ => null,
    };

    // Axes, arrows and names need no escape, in no kind of literal.
    private static SourceChange? Text(SyntaxNode root, TextSpan span, string text)
    {
        string title = span.Length == 0 ? $"Add '{text.Trim()}'" : $"Write '{text}'";
        if (IsInsideText(root, span))
            return Change(title, new TextChange(span, text));
        if (ExpressionAt(root, span) is not { } expression || IsArray(expression))
            return null;
        TextSpan? inside = expression is LiteralExpressionSyntax { Token: var token } && LiteralMap.Length(token) is > 0 and { } length
            ? LiteralMap.Range(token, 0, length)
            : null;
        return Change(
            title,
            inside is { } range ? new TextChange(range, text) : new TextChange(span, SymbolDisplay.FormatLiteral(text, quote: true)));
    }

    private static SourceChange? Symbol(SyntaxNode root, TextSpan span, string name)
    {
        if (ExpressionAt(root, span) is not { } expression || IsArray(expression))
            return null;
        string escaped = SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : "@" + name;
        return Change($"Write nameof({escaped})", new TextChange(span, $"nameof({escaped})"));
    }

    private static SourceChange? Attribute(SyntaxNode root, TextSpan span, string attribute) =>
        AttributeAt(root, span)?.Parent is AttributeListSyntax list
            ? Change($"Add {attribute}", new TextChange(new TextSpan(list.Attributes.Last().Span.End, 0), ", " + attribute))
            : null;

    private static SourceChange? Argument(SyntaxNode root, TextSpan span, string argument)
    {
        if (AttributeAt(root, span) is not { } attribute)
            return null;
        string title = $"Add '{argument}'";
        if (attribute.ArgumentList is not { Arguments.Count: > 0 } list)
        {
            TextSpan end = attribute.ArgumentList?.Span ?? new TextSpan(attribute.Span.End, 0);
            return Change(title, new TextChange(end, $"({argument})"));
        }

        // What has no name stands before what has one.
        bool named = argument.Contains("=");
        AttributeArgumentSyntax? last = list.Arguments.LastOrDefault(other => named || other.NameEquals is null);
        return last is null
            ? Change(title, new TextChange(new TextSpan(list.Arguments[0].SpanStart, 0), argument + ", "))
            : Change(title, new TextChange(new TextSpan(last.Span.End, 0), ", " + argument));
    }

    private static SourceChange? NoArgument(SyntaxNode root, TextSpan span)
    {
        if (root.FindNode(span).FirstAncestorOrSelf<AttributeArgumentSyntax>() is not { Parent: AttributeArgumentListSyntax list } argument)
            return null;
        int index = list.Arguments.IndexOf(argument);
        TextSpan removed = index > 0
            ? TextSpan.FromBounds(list.Arguments[index - 1].Span.End, argument.Span.End)
            : TextSpan.FromBounds(argument.SpanStart, list.Arguments.Count > 1 ? list.Arguments[1].SpanStart : argument.Span.End);
        return Change($"Remove '{argument}'", new TextChange(removed, ""));
    }

    // The span is an attribute of the bracket before; the bracket that goes is the reported one.
    private static SourceChange? Join(SyntaxNode root, TextSpan span, Location reported)
    {
        if (reported.SourceTree != root.SyntaxTree || AttributeAt(root, span)?.Parent is not AttributeListSyntax before
            || AttributeAt(root, reported.SourceSpan)?.Parent is not AttributeListSyntax list)
        {
            return null;
        }

        string attributes = root.GetText().ToString(
            TextSpan.FromBounds(list.Attributes.First().SpanStart, list.Attributes.Last().Span.End));
        bool commented = list.GetLeadingTrivia().Concat(list.GetTrailingTrivia())
            .Any(static trivia => !trivia.IsKind(SyntaxKind.WhitespaceTrivia) && !trivia.IsKind(SyntaxKind.EndOfLineTrivia));
        return Change(
            "Join the bracket to the one before it",
            new TextChange(new TextSpan(before.Attributes.Last().Span.End, 0), ", " + attributes),
            new TextChange(commented ? list.Span : list.FullSpan, ""));
    }

    private static SourceChange? Order(SyntaxNode root, TextSpan span, string axis)
    {
        if (AttributeAt(root, span) is not { Parent: AttributeListSyntax list } attribute || ExpressionAt(root, span) is not { } argument
            || Text(root, argument.Span, axis) is not { } naming)
        {
            return null;
        }

        int to = list.Attributes.IndexOf(attribute), from = to - 1;
        while (from >= 0 && NameOf(list.Attributes[from]) != "Append")
            from--;
        if (from < 0)
            return null;

        // The attributes' texts change places; what stands between them stays.
        SourceText text = root.GetText();
        string moved = SourceText.From(text.ToString(attribute.Span)).WithChanges(naming.Changes.Select(change =>
            new TextChange(new TextSpan(change.Span.Start - attribute.SpanStart, change.Span.Length), change.NewText!))).ToString();
        var changes = new List<TextChange> { new(list.Attributes[from].Span, moved) };
        for (int i = from + 1; i <= to; i++)
            changes.Add(new TextChange(list.Attributes[i].Span, text.ToString(list.Attributes[i - 1].Span)));
        return Change($"Move {NameOf(attribute)} before Append", [.. changes]);
    }

    private static SourceChange? Partial(SyntaxNode root, TextSpan span)
    {
        MemberDeclarationSyntax? member = root.FindNode(span).FirstAncestorOrSelf<MemberDeclarationSyntax>();
        if (member is null || member.Modifiers.Any(SyntaxKind.PartialKeyword))
            return null;
        bool plain = member.Modifiers.All(static modifier => SyntaxFacts.IsAccessibilityModifier(modifier.Kind()));
        string title = $"Make '{root.GetText().ToString(span)}' partial";
        return member switch
        {
            TypeDeclarationSyntax type => Change(title, Insert(type.Keyword.SpanStart)),
            PropertyDeclarationSyntax { Initializer: null, ExpressionBody: null, AccessorList: { } accessors } property when plain
                && accessors.Accessors.All(static accessor => accessor is { Body: null, ExpressionBody: null }) =>
                accessors.Accessors.Count == 1 && accessors.Accessors[0].IsKind(SyntaxKind.GetAccessorDeclaration)
                    ? Change(title, Insert(property.Type.SpanStart))
                    : Change(title, Insert(property.Type.SpanStart), new TextChange(accessors.Span, "{ get; }")),
            MethodDeclarationSyntax { Body: null, ExpressionBody: null, TypeParameterList: null } method when plain
                || method.Modifiers.All(static modifier =>
                    modifier.IsKind(SyntaxKind.StaticKeyword) || SyntaxFacts.IsAccessibilityModifier(modifier.Kind())) =>
                Change(title, Insert(method.ReturnType.SpanStart)),
            _ => null,
        };

        static TextChange Insert(int position) => new(new TextSpan(position, 0), "partial ");
    }

    private static SourceChange? Return(SyntaxNode root, TextSpan span, string type) =>
        root.FindNode(span).FirstAncestorOrSelf<MethodDeclarationSyntax>() is { } method
            ? Change($"Return {type}", new TextChange(method.ReturnType.Span, type))
            : null;

    private static SourceChange Change(string title, params TextChange[] changes) => new(title, [.. changes]);

    private static bool IsInsideText(SyntaxNode root, TextSpan span)
    {
        SyntaxToken token = root.FindToken(span.Start);
        if (span.Length == 0 && span.Start > 0 && !IsText(token, span))
            token = root.FindToken(span.Start - 1);
        return IsText(token, span);
    }

    private static bool IsText(SyntaxToken token, TextSpan span) =>
        LiteralMap.Length(token) is { } length && LiteralMap.Range(token, 0, length) is { } inside && inside.Contains(span);

    private static ExpressionSyntax? ExpressionAt(SyntaxNode root, TextSpan span)
    {
        SyntaxNode node = root.FindNode(span, getInnermostNodeForTie: true);
        ExpressionSyntax? expression = node as ExpressionSyntax ?? (node as AttributeArgumentSyntax)?.Expression;
        return expression?.Span == span ? expression : null;
    }

    private static AttributeSyntax? AttributeAt(SyntaxNode root, TextSpan span) =>
        root.FindNode(span).FirstAncestorOrSelf<AttributeSyntax>();

    private static string NameOf(AttributeSyntax attribute)
    {
        string name = attribute.Name is QualifiedNameSyntax qualified ? qualified.Right.Identifier.ValueText : attribute.Name.ToString();
        return name.EndsWith("Attribute", StringComparison.Ordinal) ? name.Substring(0, name.Length - "Attribute".Length) : name;
    }

    private static bool IsArray(ExpressionSyntax expression) =>
        expression is ArrayCreationExpressionSyntax or ImplicitArrayCreationExpressionSyntax or CollectionExpressionSyntax;
}
