namespace Einsharp.Generator.Model;

/// <summary>What a type is to an einsum.</summary>
internal enum EinsumTypeKind
{
    /// <summary>A dense row-major tensor of the library.</summary>
    Tensor,

    /// <summary>.NET's read-only view with strides of its own.</summary>
    ReadOnlySpan,

    /// <summary>.NET's view with strides of its own.</summary>
    Span,

    /// <summary>Where it is computed.</summary>
    Device,

    /// <summary>No result.</summary>
    Void,

    /// <summary>A type that the compiler does not know, and says so.</summary>
    Unknown,

    /// <summary>Anything else.</summary>
    Other,
}

/// <summary>A type as generated code writes it, what it is, and for tensors the element type: <c>float</c>, <c>double</c> …</summary>
internal sealed record EinsumTypeSpec(string Text, EinsumTypeKind Kind, string Element)
{
    /// <summary>Whether it can hold an operand.</summary>
    public bool IsOperand => Kind is EinsumTypeKind.Tensor or EinsumTypeKind.ReadOnlySpan or EinsumTypeKind.Span;
}

/// <summary>A parameter with what stands before its type: <c>in</c>, <c>scoped</c> …</summary>
internal sealed record EinsumParameterSpec(string Name, string Modifiers, EinsumTypeSpec Type);

/// <summary>A type around the method, outermost first: <c>partial struct Layers&lt;T&gt;</c>.</summary>
/// <param name="Head">Its part's head, <c>partial</c> included.</param>
/// <param name="Name">Its name.</param>
/// <param name="Unsupported">Why no part can be added to it; null where one can.</param>
internal sealed record EinsumContainerSpec(string Head, string Name, string? Unsupported);

/// <summary>An axis that the class pins: <c>[Axis("k", 64)]</c>.</summary>
internal sealed record PinnedAxisSpec(AttributeSpec Attribute, string Name, int Size);

/// <summary>
/// A method with an einsum of its own, as written: the operands are its parameters. Nothing is judged here.
/// </summary>
/// <param name="HintName">The generated file's name without its ending: no two methods share one.</param>
/// <param name="Modifiers">As written, without <c>partial</c>: <c>public static</c>.</param>
/// <param name="Unsupported">Why the generator cannot complete the method; null where it can.</param>
/// <param name="Others">Our other attributes on the method.</param>
/// <param name="IsModels">Whether it is an instance method of a model, whose device it computes on.</param>
/// <param name="Shadowed">Names of library types that mean something else here, and must be written in full.</param>
internal sealed record EinsumMethodSpec(
    string Namespace, EquatableArray<EinsumContainerSpec> Containers, string HintName, string Name, string Modifiers, string? Unsupported,
    EinsumTypeSpec Result, EquatableArray<EinsumParameterSpec> Parameters, AttributeSpec Einsum, EquatableArray<AttributeSpec> Others,
    EquatableArray<PinnedAxisSpec> Pinned, bool IsModels, EquatableArray<string> Shadowed)
{
    /// <summary>The method's name with that of its type.</summary>
    public string FullName => Containers[Containers.Count - 1].Name + "." + Name;
}

/// <summary>
/// A call of <c>Einsum.Of</c>. Calls with the same equation and the same operand names share an interceptor, so places are no part of it.
/// </summary>
/// <param name="Equation">The constant; null where the text is not known at compile time.</param>
/// <param name="Operands">Names for the operands; null where one span or array holds them all.</param>
/// <param name="Element"><c>float</c> or <c>double</c>.</param>
/// <param name="HasDevice">Whether a device is given.</param>
internal sealed record EinsumCallSpec(string? Equation, EquatableArray<string>? Operands, string Element, bool HasDevice);

/// <summary>A call that an interceptor can take: the place as the compiler wants it, and as people do.</summary>
internal sealed record EinsumCallSite(EinsumCallSpec Call, int Version, string Data, string Place);
