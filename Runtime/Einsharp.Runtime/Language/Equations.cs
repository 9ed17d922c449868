namespace Einsharp;

/// <summary>
/// An attribute of a forward method. One attribute list is one equation: a producer first, then its modifiers in the order in which they
/// are applied; <see cref="AsAttribute"/> names the value at that point. The generator reads them at compile time; at run time they do
/// nothing.
/// </summary>
[AttributeUsage(AttributeTargets.Method, Inherited = false, AllowMultiple = true)]
public abstract class EquationAttribute : Attribute;

/// <summary>
/// Producer: an einsum with named axes and an explicit output: <c>"b s d, f d -> b s f"</c>. Axes absent from the output are summed.
/// </summary>
/// <param name="equation">The equation; each term repeats its operand's axes.</param>
/// <param name="operands">The operands' names, in the order of the terms.</param>
public sealed class EinsumAttribute(string equation, params string[] operands) : EquationAttribute
{
    /// <summary>The equation.</summary>
    public string Equation { get; } = equation;

    /// <summary>The operands' names.</summary>
    public IReadOnlyList<string> Operands { get; } = operands;
}

/// <summary>
/// Producer: x / sqrt(mean(x²) + ε) · gain, the mean over the gain's axes: <c>"b s d, d -> b s d"</c>. Zhang and Sennrich 2019, arXiv
/// 1910.07467.
/// </summary>
/// <param name="equation">The equation.</param>
/// <param name="input">The value to normalise.</param>
/// <param name="gain">The gain; without one, <see cref="Over"/> names the axes.</param>
public sealed class RmsNormAttribute(string equation, string input, string? gain = null) : EquationAttribute
{
    /// <summary>The equation.</summary>
    public string Equation { get; } = equation;

    /// <summary>The value to normalise.</summary>
    public string Input { get; } = input;

    /// <summary>The gain.</summary>
    public string? Gain { get; } = gain;

    /// <summary>The setting (of type float) that is ε. Required.</summary>
    public string? Epsilon { get; set; }

    /// <summary>The axes that the mean is over, where there is no gain to say so: the last ones of the input.</summary>
    public string? Over { get; set; }
}

/// <summary>Producer: rows of a table by index: <c>"b s, v d -> b s d"</c>. An index outside the table throws.</summary>
/// <param name="equation">The equation.</param>
/// <param name="indices">A <c>Tensor&lt;int&gt;</c>.</param>
/// <param name="table">The table; its first axis is indexed.</param>
public sealed class GatherAttribute(string equation, string indices, string table) : EquationAttribute
{
    /// <summary>The equation.</summary>
    public string Equation { get; } = equation;

    /// <summary>The indices.</summary>
    public string Indices { get; } = indices;

    /// <summary>The table.</summary>
    public string Table { get; } = table;
}

/// <summary>Producer: positions of each sequence by index: <c>"b s d, b o -> b o d"</c>. An index outside [0, s) throws.</summary>
/// <param name="equation">The equation.</param>
/// <param name="input">The value.</param>
/// <param name="indices">A <c>Tensor&lt;int&gt;</c>.</param>
public sealed class SelectAttribute(string equation, string input, string indices) : EquationAttribute
{
    /// <summary>The equation.</summary>
    public string Equation { get; } = equation;

    /// <summary>The value.</summary>
    public string Input { get; } = input;

    /// <summary>The indices.</summary>
    public string Indices { get; } = indices;
}

/// <summary>Producer: every layer of a <see cref="LayersAttribute"/> property in turn, each reading the one before.</summary>
/// <param name="equation">Input and output axes: <c>"b s d -> b s d"</c>.</param>
/// <param name="layers">The property.</param>
/// <param name="input">The first layer's input.</param>
/// <param name="cache">The cache parameter, where the layers take one.</param>
public sealed class RunAttribute(string equation, string layers, string input, string? cache = null) : EquationAttribute
{
    /// <summary>Input and output axes.</summary>
    public string Equation { get; } = equation;

    /// <summary>The layers.</summary>
    public string Layers { get; } = layers;

    /// <summary>The first layer's input.</summary>
    public string Input { get; } = input;

    /// <summary>The cache.</summary>
    public string? Cache { get; } = cache;
}

/// <summary>Modifier: names the value at this point. Every name must be read, and by another equation.</summary>
/// <param name="name">The name; one flat namespace with parameters, params, settings and layers.</param>
public sealed class AsAttribute(string name) : EquationAttribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}

/// <summary>
/// Modifier: rotary position embedding of one axis by the positions of another; layout, base and scaling are the setting's. Su et al. 2021,
/// arXiv 2104.09864.
/// </summary>
/// <param name="position">The axis that carries positions.</param>
/// <param name="axis">The axis that is rotated; its size is even.</param>
/// <param name="rope">A setting of type <see cref="Rope"/>.</param>
public sealed class RotateAttribute(string position, string axis, string rope) : EquationAttribute
{
    /// <summary>The axis that carries positions.</summary>
    public string Position { get; } = position;

    /// <summary>The axis that is rotated.</summary>
    public string Axis { get; } = axis;

    /// <summary>The setting.</summary>
    public string Rope { get; } = rope;
}

/// <summary>
/// Modifier: appends the new positions to a slot of the cache; the value goes on as all positions seen, under the new axis name.
/// </summary>
/// <param name="axes">The renaming: <c>"s -> t"</c>.</param>
/// <param name="cache">The cache parameter of the method; where it is null, the positions seen are the new ones.</param>
public sealed class AppendAttribute(string axes, string cache) : EquationAttribute
{
    /// <summary>The renaming.</summary>
    public string Axes { get; } = axes;

    /// <summary>The cache parameter.</summary>
    public string Cache { get; } = cache;
}

/// <summary>Modifier: the same value with one axis under another name: <c>"s -> u"</c>.</summary>
/// <param name="axes">The renaming.</param>
public sealed class RenameAttribute(string axes) : EquationAttribute
{
    /// <summary>The renaming.</summary>
    public string Axes { get; } = axes;
}

/// <summary>Modifier: multiplies by a number made of literals and sizes: <c>"1/sqrt(k)"</c>.</summary>
/// <param name="factor">Numbers, axis names of known size, <c>+ - * /</c>, parentheses and <c>sqrt</c>.</param>
public sealed class ScaleAttribute(string factor) : EquationAttribute
{
    /// <summary>The factor.</summary>
    public string Factor { get; } = factor;
}

/// <summary>Modifier: a query sees keys at its own position and before; later ones become −∞. Compares positions, never indices.</summary>
/// <param name="query">The axis of the queries' positions.</param>
/// <param name="key">The axis of the keys' positions.</param>
public sealed class CausalAttribute(string query, string key) : EquationAttribute
{
    /// <summary>The axis of the queries' positions.</summary>
    public string Query { get; } = query;

    /// <summary>The axis of the keys' positions.</summary>
    public string Key { get; } = key;
}

/// <summary>Modifier: softmax over one axis.</summary>
/// <param name="axis">The axis.</param>
public sealed class SoftmaxAttribute(string axis) : EquationAttribute
{
    /// <summary>The axis.</summary>
    public string Axis { get; } = axis;
}

/// <summary>Modifier: x · sigmoid(x). Elfwing et al. 2017, arXiv 1702.03118.</summary>
public sealed class SiluAttribute : EquationAttribute;

/// <summary>Modifier: adds an operand whose axes are a subset of the value's, matched by name.</summary>
/// <param name="operand">The operand's name.</param>
public sealed class AddAttribute(string operand) : EquationAttribute
{
    /// <summary>The operand's name.</summary>
    public string Operand { get; } = operand;
}

/// <summary>Modifier: multiplies by an operand whose axes are a subset of the value's, matched by name.</summary>
/// <param name="operand">The operand's name.</param>
public sealed class MultiplyAttribute(string operand) : EquationAttribute
{
    /// <summary>The operand's name.</summary>
    public string Operand { get; } = operand;
}
