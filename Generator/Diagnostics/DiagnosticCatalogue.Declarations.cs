using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

// EIN00xx: declarations and names.
internal static partial class DiagnosticCatalogue
{
    public static readonly DiagnosticDescriptor ClassShape = new(
        "EIN0001", "A model is a plain partial class",
        "Model '{0}' is {1}; declare it 'public sealed partial class {0}', neither nested nor generic",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0001.md");

    public static readonly DiagnosticDescriptor PropertyShape = new(
        "EIN0002", "A declared property is partial and has a getter alone",
        "'{0}' cannot be completed by the generator; declare it 'public partial {1} {0} {{ get; }}'",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0002.md");

    public static readonly DiagnosticDescriptor MethodShape = new(
        "EIN0003", "A method with equations is partial",
        "'{0}' cannot be completed by the generator; declare it as a partial method without type parameters or other modifiers "
        + "than 'static': 'public partial Tensor {0}(…);'",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0003.md");

    public static readonly DiagnosticDescriptor ReturnType = new(
        "EIN0004", "A method with equations returns a Tensor",
        "'{0}' returns '{1}', and its last equation makes a tensor with axes '{2}'; declare the return type 'Tensor'",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0004.md");

    public static readonly DiagnosticDescriptor SeveralResults = new(
        "EIN0005", "Several results are not supported yet",
        "'{0}' returns the tuple '{1}', and several results are not supported yet; return one 'Tensor' a method",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0005.md");

    public static readonly DiagnosticDescriptor MethodParameter = new(
        "EIN0006", "A method's parameter is a tensor with axes, or a cache",
        "Parameter '{0}' is of type '{1}'{2}; write '[Axes(\"b s d\")] Tensor {0}', '[Axes(\"b s\")] Tensor<int> {0}' or "
        + "'KvCache? {0}'",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0006.md");

    public static readonly DiagnosticDescriptor ModifierFirst = new(
        "EIN0007", "A modifier has no value to modify",
        "'{0}' opens its bracket, and there is no value for it to {1}; begin with a producer such as Einsum, or move '{0}' "
        + "into the bracket of the value that it means",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0007.md");

    public static readonly DiagnosticDescriptor SecondProducer = new(
        "EIN0008", "One bracket is one equation",
        "'{0}' is the second producer in its bracket, and would discard the value of '{1}'; give it a bracket of its own and "
        + "name the value of '{1}' by As",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0008.md");

    public static readonly DiagnosticDescriptor Unnamed = new(
        "EIN0009", "A value is lost",
        "The value of this equation has no name, and only the last equation is the method's result; end the bracket with "
        + "As(\"{0}\") and read '{0}' in a later equation",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0009.md");

    public static readonly DiagnosticDescriptor Unread = new(
        "EIN0010", "Nobody reads a value",
        "No equation reads '{0}'; read it in a later equation, or remove {1}",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0010.md");

    public static readonly DiagnosticDescriptor NameClash = new(
        "EIN0011", "One name means two things",
        "'{0}' is already {1}; parameters, params, settings, layers and values share one namespace, so choose another name",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0011.md");

    public static readonly DiagnosticDescriptor UnknownName = new(
        "EIN0012", "An operand has an unknown name",
        "'{0}' names nothing that {1} could read{2}; known here: {3}",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0012.md");

    public static readonly DiagnosticDescriptor NotMadeYet = new(
        "EIN0013", "A value is read before it is made",
        "'{0}' is made by equation {1}, and this is equation {2}; a value is read only after it is made, so move this equation "
        + "down",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0013.md");

    public static readonly DiagnosticDescriptor WrongKind = new(
        "EIN0014", "An operand is of the wrong kind",
        "'{0}' is {1}, and {2} takes {3}{4}",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0014.md");

    public static readonly DiagnosticDescriptor LayersModel = new(
        "EIN0015", "Layers hold a model of this project",
        "'{0}' cannot hold layers: {1}; {2}",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0015.md");

    public static readonly DiagnosticDescriptor WaitsForOther = new(
        "EIN0016", "Another error comes first",
        "'{0}' cannot be checked yet: {1}",
        DeclarationCategory, DiagnosticSeverity.Hidden, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0016.md");

    public static readonly DiagnosticDescriptor NotAName = new(
        "EIN0017", "A name is an identifier",
        "'{0}' cannot name {1}; a name begins with a letter or '_', and goes on with letters, digits and '_'",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0017.md");

    public static readonly DiagnosticDescriptor SettingRule = new(
        "EIN0018", "A setting has one name and one type",
        "'{0}' {1}; {2}",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0018.md");

    public static readonly DiagnosticDescriptor CacheArgument = new(
        "EIN0019", "A cache is passed where one is taken",
        "{0}; {1}",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0019.md");

    public static readonly DiagnosticDescriptor SlotName = new(
        "EIN0020", "An Append's value needs a name",
        "The value appended along '{0}' has no name, and its slot in the cache is named after it; add As(\"{1}\") to the "
        + "bracket",
        DeclarationCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0020.md");

    public static readonly DiagnosticDescriptor MissingNameof = new(
        "EIN0050", "A symbol is named by its text",
        "\"{0}\" names {1} by its text, which a rename leaves behind; write nameof({0})",
        DeclarationCategory, DiagnosticSeverity.Info, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0050.md");
}
