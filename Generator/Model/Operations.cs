namespace Einsharp.Generator.Model;

/// <summary>What an operand names.</summary>
internal enum OperandKind
{
    /// <summary>The result of an earlier operation.</summary>
    Value,

    /// <summary>A tensor parameter of the method.</summary>
    Input,

    /// <summary>A <c>[Param]</c> of the class.</summary>
    Param,
}

/// <summary>
/// A named tensor with its axes, outermost first. For values, <paramref name="Id"/> is the operation that made it (index in
/// <see cref="Graph.Operations"/>).
/// </summary>
internal sealed record Operand(OperandKind Kind, string Name, int Id, EquatableArray<string> Axes);

/// <summary>
/// One single-assignment operation: reads operands, makes one value. <paramref name="Name"/> is the name the user gave by <c>As</c> if this
/// operation ends at an <c>As</c>, else null. Modifiers are operations of their own, so that the gradient pass can name what they read.
/// </summary>
internal abstract record Operation(int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text)
{
    /// <summary>The value as an operand of a later operation.</summary>
    public Operand AsOperand() => new(
        OperandKind.Value, Name ?? "#" + Id.ToString(System.Globalization.CultureInfo.InvariantCulture), Id, Axes);

    /// <summary>What the operation reads, in order.</summary>
    public abstract EquatableArray<Operand> Reads { get; }

    /// <summary>Whether the value is what it reads, in the same memory, under other axes.</summary>
    public virtual bool IsView => false;
}

internal sealed record EinsumOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, EquatableArray<Operand> Operands)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => Operands;
}

internal enum NormKind
{
    /// <summary>x / sqrt(mean(x²) + eps). Zhang and Sennrich 2019, arXiv 1910.07467.</summary>
    Rms,

    /// <summary>(x − mean) / sqrt(variance + eps). Ba et al. 2016, arXiv 1607.06450.</summary>
    Layer,
}

/// <summary>A norm over the last axes, <paramref name="Over"/>, then gain and bias, which have these axes.</summary>
internal sealed record NormOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, NormKind Kind, Operand Input, Operand? Gain, Operand? Bias,
    EquatableArray<string> Over, SettingRef Epsilon)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads =>
        new[] { Input, Gain, Bias }.Where(static operand => operand is not null).Select(static operand => operand!).ToEquatable();

    /// <summary>The gain, where the plan has made sure that there is one.</summary>
    public string GainName => Gain?.Name ?? throw new InvalidOperationException(Text);
}

/// <summary>
/// A norm of each feature (the axes of <paramref name="Gain"/>, anywhere in the value) over all other axes. With a
/// <paramref name="Momentum"/> by the batch's own statistics, which then move the running ones. Ioffe and Szegedy 2015, arXiv 1502.03167.
/// </summary>
internal sealed record BatchNormOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, Operand Gain, Operand Bias, Operand Mean,
    Operand Variance, SettingRef Epsilon, SettingRef? Momentum)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input, Gain, Bias, Mean, Variance];
}

/// <summary>How a reduction makes one number of many; the same order as the library's.</summary>
internal enum ReductionKind { Sum, Mean, Max, Min, LogSumExp }

/// <summary>One number for all that lie along the axes <paramref name="Over"/>.</summary>
internal sealed record ReduceOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, ReductionKind Kind, Operand Input,
    EquatableArray<string> Over)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

/// <summary>
/// The same numbers in another order: the input's axes taken apart into <paramref name="From"/>, which lie as <paramref name="To"/> in the
/// result, whose axes are then joined again. An axis that is neither split nor joined is one part.
/// </summary>
internal sealed record RearrangeOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, EquatableArray<string> From,
    EquatableArray<string> To, EquatableArray<AxisGroup> Groups)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];

    /// <summary>Parts in the order that they had lie where they lay.</summary>
    public override bool IsView => From == To;
}

/// <summary>
/// An axis and the axes that it is made of: their sizes multiply to its size. <paramref name="Unknown"/> is the one whose size follows from
/// the others'; null where all are known, and must agree.
/// </summary>
internal sealed record AxisGroup(string Whole, EquatableArray<string> Parts, string? Unknown);

/// <summary>Rows of a table by index: "b s, v d -> b s d".</summary>
internal sealed record GatherOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Indices, Operand Table)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Indices, Table];
}

/// <summary>Positions of a sequence by index: "b s d, b o -> b o d".</summary>
internal sealed record SelectOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, Operand Indices)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input, Indices];
}

/// <summary>Every layer of a <c>[Layers]</c> property in turn.</summary>
internal sealed record RunOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, string Layers, string Model, Operand Input, string? Cache)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

/// <summary>
/// Rotary position embedding of axis <paramref name="Axis"/> by the positions of axis <paramref name="Position"/>. Su et al. 2021, arXiv
/// 2104.09864.
/// </summary>
internal sealed record RotateOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text,
    Operand Input, string Position, string Axis, SettingRef Rope)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

/// <summary>
/// Writes the new positions of <paramref name="From"/> into a slot of the cache and is the whole of it, along <paramref name="To"/>.
/// </summary>
internal sealed record AppendOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text,
    Operand Input, string From, string To, string Cache, string Slot)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

/// <summary>The same memory with one axis under another name.</summary>
internal sealed record RenameOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, string From, string To)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];

    public override bool IsView => true;
}

/// <summary>Multiplies by a number made of sizes and literals, such as 1/sqrt(k).</summary>
internal sealed record ScaleOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, ScaleExpression Factor)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

/// <summary>Where the position of <paramref name="Key"/> is after that of <paramref name="Query"/>, the value is −∞.</summary>
internal sealed record CausalOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, string Query, string Key)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

/// <summary>Where the positions of <paramref name="Query"/> and <paramref name="Key"/> are the window's size or more apart, the value is −∞.</summary>
internal sealed record WindowOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, string Query, string Key, ScalarRef Size)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

/// <summary>Where the mask (an input of bool, its axes among the value's) is false, the value is −∞.</summary>
internal sealed record MaskOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, Operand Mask)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input, Mask];
}

/// <summary>Adds slope(head) · (position of key − position of query). Press et al. 2021, arXiv 2108.12409.</summary>
internal sealed record AlibiOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, string Query, string Key,
    EquatableArray<string> Heads)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

/// <summary>Softmax over one axis, or its logarithm.</summary>
internal sealed record SoftmaxOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, string Axis, bool IsLog)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

internal enum ActivationKind
{
    /// <summary>x · sigmoid(x).</summary>
    Silu,

    /// <summary>x · sigmoid(β · x).</summary>
    Swish,

    /// <summary>x · Φ(x).</summary>
    Gelu,

    /// <summary>GPT-2's form of it.</summary>
    GeluTanh,

    Sigmoid,

    Tanh,

    Relu,

    /// <summary>cap · tanh(x / cap).</summary>
    SoftCap,
}

/// <summary>A function of each number alone. <paramref name="Scalar"/> is β or the cap, where the function has one.</summary>
internal sealed record ActivationOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, ActivationKind Kind, Operand Input, ScalarRef? Scalar)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input];
}

/// <summary>Adds the row of a table that is each position's own.</summary>
internal sealed record AddPositionsOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, Operand Input, string Position, Operand Table)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input, Table];
}

internal enum BinaryKind { Add, Multiply }

/// <summary>Elementwise with another operand whose axes are a subset, matched by name.</summary>
internal sealed record BinaryOperation(
    int Id, string? Name, EquatableArray<string> Axes, int Bracket, string Text, BinaryKind Kind, Operand Input, Operand Other)
    : Operation(Id, Name, Axes, Bracket, Text)
{
    public override EquatableArray<Operand> Reads => [Input, Other];

    /// <summary>Whether the other operand lies as the value does: the same axes, or for a parameter the last ones.</summary>
    public bool IsAligned => Other.Kind == OperandKind.Param
        ? Other.Axes.Count <= Axes.Count && Axes.Skip(Axes.Count - Other.Axes.Count).SequenceEqual(Other.Axes)
        : Other.Axes == Axes;
}

/// <summary>A number of the declaration: a literal or a setting.</summary>
internal sealed record ScalarRef(double? Literal, SettingRef? Setting);

/// <summary>A setting as the code names it: <paramref name="Property"/> of the class, identity <paramref name="Setting"/>.</summary>
internal sealed record SettingRef(string Property, string Setting);

/// <summary>
/// A scale factor in normalised text, ready to be C#: numbers, axis names, <c>+ - * /</c>, parentheses, <c>sqrt(…)</c>.
/// </summary>
/// <param name="Text">As the user wrote it.</param>
/// <param name="Tokens">The tokens: numbers, axis names, "sqrt", and one-character operators.</param>
internal sealed record ScaleExpression(string Text, EquatableArray<string> Tokens);
