using Microsoft.CodeAnalysis;

namespace Einsharp.Generator.Diagnostics;

// EIN02xx: axes and shapes.
internal static partial class DiagnosticCatalogue
{
    public static readonly DiagnosticDescriptor OperandCount = new(
        "EIN0201", "Terms and operands differ in number",
        "{0} has {1}, and {2}; {3}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0201.md");

    public static readonly DiagnosticDescriptor OutputAxis = new(
        "EIN0202", "An output axis comes from nowhere",
        "'{0}' is in the output and in no input{1}; the inputs have {2}, and nothing is broadcast",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0202.md");

    public static readonly DiagnosticDescriptor AxisMismatch = new(
        "EIN0203", "A use repeats its operand's axes",
        "'{0}' is not axis {1} of '{2}', which has axes '{3}'; write '{4}' there{5}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0203.md");

    public static readonly DiagnosticDescriptor RankMismatch = new(
        "EIN0204", "A use has its operand's rank",
        "This term has {0}, and '{1}' has {2}; write '{3}'{4}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0204.md");

    public static readonly DiagnosticDescriptor RepeatedAxis = new(
        "EIN0205", "A declaration names an axis twice",
        "'{0}' is twice in \"{1}\"; an axis is declared once in a list, so give the second a name of its own",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0205.md");

    public static readonly DiagnosticDescriptor AxisNotOnValue = new(
        "EIN0206", "A modifier names an axis that its value lacks",
        "{0} names the axis '{1}'{4}, and the value here has axes '{2}'{3}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0206.md");

    public static readonly DiagnosticDescriptor NotASubset = new(
        "EIN0207", "An elementwise operand has an axis of its own",
        "'{0}' has the axis '{1}'{2}, and the value here has axes '{3}'; {4} takes an operand whose axes are "
        + "among the value's, by name",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0207.md");

    public static readonly DiagnosticDescriptor RenamingTarget = new(
        "EIN0208", "A renaming takes a free name",
        "{0} cannot be called '{1}': {2}; {3}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0208.md");

    public static readonly DiagnosticDescriptor EquationForm = new(
        "EIN0209", "A layer's equation has the layer's form",
        "{0} of {1} is '{2}', and here it is '{3}'; {4}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0209.md");

    public static readonly DiagnosticDescriptor NoPositions = new(
        "EIN0210", "An axis carries no positions",
        "{0} compares positions along '{1}', and {2}; {3}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0210.md");

    public static readonly DiagnosticDescriptor OddRotation = new(
        "EIN0211", "Rotation needs an even size",
        "Rotate turns pairs along '{0}', and {1} pins its size to {2}; pin it to an even size",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0211.md");

    public static readonly DiagnosticDescriptor UnknownSize = new(
        "EIN0212", "A size is not known before the call",
        "'{0}' in the factor \"{1}\" {2}; a factor takes the sizes of the class: {3}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0212.md");

    public static readonly DiagnosticDescriptor NotASizeAxis = new(
        "EIN0213", "A size is given to an axis that has none",
        "'{0}' is not a size of '{1}'{2}; sizes are the axes of its params, its layer counts and its layers' sizes: {3}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0213.md");

    public static readonly DiagnosticDescriptor SizesDisagree = new(
        "EIN0214", "Two sizes of one axis disagree",
        "'{0}' is {1} here, and {2} {3}; the same name is the same size everywhere in a class",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0214.md");

    public static readonly DiagnosticDescriptor AxisRule = new(
        "EIN0215", "An Axis attribute gives no size",
        "[Axis(\"{0}\")] {1}; pin it as [Axis(\"{0}\", 64)], or derive it as [Axis(\"{0}\", Ratio = 4, Of = \"d\")]",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0215.md");

    public static readonly DiagnosticDescriptor LayerAxes = new(
        "EIN0216", "Layers are run with their own axes",
        "'{0}' reads '{1}' and makes '{2}', and here {3} '{4}'{6}; {5}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0216.md");

    public static readonly DiagnosticDescriptor OverAxes = new(
        "EIN0230", "A norm without a gain names its axes",
        "{0} {1}, and without a gain it is over the last axes of '{2}'; add Over = \"{3}\"",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0230.md");

    public static readonly DiagnosticDescriptor NotAPattern = new(
        "EIN0232", "A pattern cannot be read",
        "In the pattern \"{0}\", {1} stands where {2} is expected; a pattern has axes, and groups of axes in parentheses, on both sides "
        + "of one '->', as in \"b s (g k) -> b g s k\"",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0232.md");

    public static readonly DiagnosticDescriptor RearrangedAxes = new(
        "EIN0233", "Rearrange keeps every axis",
        "'{0}' is {1}; Rearrange keeps every axis of its value, once on each side",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0233.md");

    public static readonly DiagnosticDescriptor GroupSize = new(
        "EIN0234", "A group is one axis",
        "The group '({0})' {1}; {2}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0234.md");

    public static readonly DiagnosticDescriptor NumberRange = new(
        "EIN0231", "A number is out of range",
        "{0} has the number {1}; {2}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0231.md");

    public static readonly DiagnosticDescriptor AfterMask = new(
        "EIN0240", "A function comes before a mask",
        "{0} comes after {1}, whose hidden values are −∞, and makes numbers of them again; write {0} before {1}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0240.md");

    public static readonly DiagnosticDescriptor AlibiHeads = new(
        "EIN0241", "Alibi counts heads",
        "'{0}' carries positions, and the slopes of Alibi are numbered by heads; name some of {1}",
        AxesCategory, DiagnosticSeverity.Error, isEnabledByDefault: true, helpLinkUri: Pages + "EIN0241.md");
}
