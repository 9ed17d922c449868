namespace Einsharp.Generator.Model;

/// <summary>
/// What one <c>[Model]</c> class declares, as strings and numbers: no symbol, no syntax node, no location. A place in the source is
/// named by a <see cref="Site"/>, which an edit elsewhere in the file leaves alone.
/// </summary>
/// <param name="Shadowed">Names of library types that mean something else where the model stands, and must be written in full.</param>
internal sealed record ModelSpec(
    string Namespace,
    string Name,
    string Accessibility,
    bool IsPartial,
    string? Unsupported,
    EquatableArray<ParamSpec> Params,
    EquatableArray<LayersSpec> Layers,
    EquatableArray<SettingSpec> Settings,
    EquatableArray<AxisSpec> Axes,
    EquatableArray<SizesSpec> Sizes,
    EquatableArray<MethodSpec> Methods,
    EquatableArray<string> Shadowed)
{
    /// <summary>The name by which other models refer to this one: <c>Namespace.Name</c>.</summary>
    public string FullName => Namespace.Length == 0 ? Name : Namespace + "." + Name;
}

/// <summary>
/// A place in a declaration: the <paramref name="Attribute"/>-th attribute of a member (counted over its attribute lists, in source order),
/// one of its arguments, and a range of characters of that argument's string value.
/// </summary>
/// <param name="Member">The member's name; empty for the class itself; <c>Method(parameter)</c> for a parameter.</param>
/// <param name="Attribute">−1: the member's name.</param>
/// <param name="Argument">Index in the attribute's argument list, named ones included; −1: the whole attribute.</param>
/// <param name="Start">First character of the argument's value.</param>
/// <param name="Length">−1: the whole argument.</param>
internal readonly record struct Site(string Member, int Attribute = -1, int Argument = -1, int Start = 0, int Length = -1);

internal enum InitKind { Linear, Embedding, Ones, Zeros, Normal, TruncatedNormal, Uniform }

/// <summary>One <c>[Param]</c> property. Numbers that the rule does not use are null.</summary>
internal sealed record ParamSpec(
    string Name, string Accessibility, bool IsPartial, string Type, AttributeSpec Attribute,
    string Axes, InitKind Init, string? From, string? Or, double? Mean, double? Deviation, double? Cut, double? Low, double? High);

/// <summary>
/// One <c>[Layers]</c> property: a list of <paramref name="Model"/> (full name), as many as the size <paramref name="Count"/>.
/// </summary>
internal sealed record LayersSpec(
    string Name, string Accessibility, bool IsPartial, string Type, AttributeSpec Attribute, string Model, string Count, string? From);

/// <summary>
/// One <c>[Setting]</c> property; <paramref name="Type"/> is <c>float</c> or <c>Einsharp.Rope</c> (fully qualified, without
/// <c>global::</c>).
/// </summary>
internal sealed record SettingSpec(string Name, string Accessibility, bool IsPartial, string Type, AttributeSpec Attribute, string Setting);

/// <summary>One <c>[Axis]</c>: pinned to <paramref name="Size"/>, or derived as Ratio · Of, rounded up to MultipleOf.</summary>
internal sealed record AxisSpec(AttributeSpec Attribute, string Name, int? Size, double? Ratio, string? Of, int? MultipleOf);

/// <summary>One <c>[Sizes]</c>: a named set of pinned sizes, each entry <c>axis=number</c>.</summary>
internal sealed record SizesSpec(AttributeSpec Attribute, string Name, EquatableArray<string> Entries);

/// <summary>One partial method with equations.</summary>
internal sealed record MethodSpec(
    string Name, string Accessibility, bool IsPartial, bool IsStatic, string ReturnType,
    EquatableArray<MethodParameterSpec> Parameters, EquatableArray<BracketSpec> Brackets);

/// <summary>A method's parameter; <paramref name="Type"/> is fully qualified, nullable annotation included.</summary>
internal sealed record MethodParameterSpec(string Name, string Type, string? Axes, int AxesAttribute)
{
    /// <summary>The names in <see cref="Axes"/>; none where it is null.</summary>
    public string[] AxisNames => (Axes ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>One attribute list, which is one equation: a producer, then its modifiers in order.</summary>
internal sealed record BracketSpec(EquatableArray<AttributeSpec> Attributes);

/// <summary>An attribute as written. <paramref name="Kind"/> is its class name without the suffix: <c>Einsum</c>, <c>As</c> …</summary>
internal sealed record AttributeSpec(string Member, int Index, string Kind, EquatableArray<ArgumentSpec> Arguments)
{
    /// <summary>The site of the attribute, or of an argument, or of a range within an argument's value.</summary>
    public Site At(int argument = -1, int start = 0, int length = -1) => new(Member, Index, argument, start, length);

    /// <summary>The positional arguments' values.</summary>
    public ArgumentSpec? Positional(int position)
    {
        foreach (ArgumentSpec argument in Arguments)
        {
            if (argument.Name.Length == 0 && position-- == 0)
                return argument;
        }

        return null;
    }

    /// <summary>The named argument, or null.</summary>
    public ArgumentSpec? Named(string name)
    {
        foreach (ArgumentSpec argument in Arguments)
        {
            if (argument.Name == name)
                return argument;
        }

        return null;
    }
}

/// <summary>One argument: its index in the list, its name if it is given by name, and its constant value as invariant text.</summary>
/// <param name="IsLiteral">Whether it is written as a string literal, and not as a <c>nameof</c> or a constant.</param>
internal sealed record ArgumentSpec(int Index, string Name, string Value, bool IsLiteral = false);
