using Einsharp.Generator.Model;

namespace Einsharp.Generator.Diagnostics;

/// <summary>
/// What would mend a finding, as data: the checker knows what is right, and the code fix only writes it. It travels in the diagnostic's
/// properties.
/// </summary>
/// <param name="At">What is changed, where that is not what the finding points at. A length of 0 is an insertion.</param>
internal sealed record Fix(FixKind Kind, string Text = "", Site? At = null)
{
    /// <summary>The property that holds the kind.</summary>
    public const string KindProperty = "Fix";

    /// <summary>The property that holds the text.</summary>
    public const string TextProperty = "Text";

    /// <summary>
    /// The property that holds which of the diagnostic's other locations is to be changed; where there is none, its own is.
    /// </summary>
    public const string PlaceProperty = "Place";

    /// <summary>Other characters inside a string; null where there is nothing better.</summary>
    public static Fix? Replace(string? text, Site? at = null) => text is null ? null : new Fix(FixKind.Text, text, at);
}

internal enum FixKind
{
    /// <summary>The characters become the text; an argument that is no literal becomes a literal of it.</summary>
    Text,

    /// <summary>The argument becomes <c>nameof(text)</c>.</summary>
    Symbol,

    /// <summary>The text is added to the bracket, as its last attribute.</summary>
    Attribute,

    /// <summary>The text is added to the attribute, as its last argument.</summary>
    Argument,

    /// <summary>The argument is taken out.</summary>
    NoArgument,

    /// <summary>The bracket is joined to the one before it.</summary>
    Join,

    /// <summary>The attribute moves before the Append in front of it, and names the axis that the text is.</summary>
    Order,

    /// <summary>The declaration is made partial.</summary>
    Partial,

    /// <summary>The method returns the type that the text is.</summary>
    Return,
}
