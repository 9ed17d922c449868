namespace Einsharp;

/// <summary>
/// Declares a model: a partial class whose parameters, settings and layers are partial properties and whose forward pass is a partial
/// method with one equation a line. The source generator writes the rest.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ModelAttribute : Attribute;

/// <summary>
/// How a parameter begins. Draws are a function of the seed, the parameter's checkpoint name and the element's index alone.
/// </summary>
public enum Init
{
    /// <summary>
    /// Truncated normal of variance 2/(fan_in + fan_out), cut at ±3σ; the fans are read off the einsum that uses the parameter (contracted
    /// axes are fan-in). Glorot and Bengio 2010.
    /// </summary>
    Linear,

    /// <summary>N(0, 1) cut at ±3. A table that is tied to the head wants <see cref="Normal"/> with a deviation of 1/√d.</summary>
    Embedding,

    /// <summary>All ones.</summary>
    Ones,

    /// <summary>All zeros.</summary>
    Zeros,

    /// <summary>Normal with <see cref="ParamAttribute.Mean"/> and <see cref="ParamAttribute.Deviation"/>.</summary>
    Normal,

    /// <summary>Normal with mean and deviation, cut at <see cref="ParamAttribute.Cut"/> deviations (default 3).</summary>
    TruncatedNormal,

    /// <summary>Uniform in [<see cref="ParamAttribute.Low"/>, <see cref="ParamAttribute.High"/>).</summary>
    Uniform,
}

/// <summary>Declares a parameter: a row-major buffer with named axes, outermost first, and how it is initialised.</summary>
/// <param name="axes">Axis names, separated by spaces: <c>"g r k d"</c>.</param>
/// <param name="init">The initialisation rule.</param>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ParamAttribute(string axes, Init init) : Attribute
{
    /// <summary>The axes, outermost first.</summary>
    public string Axes { get; } = axes;

    /// <summary>The initialisation rule.</summary>
    public Init Init { get; } = init;

    /// <summary>The tensor's name in a checkpoint, after the prefix of the layer that holds it.</summary>
    public string? From { get; set; }

    /// <summary>The parameter that stands in where the checkpoint has no such tensor (a tied head). Same axes.</summary>
    public string? Or { get; set; }

    /// <summary>Mean of a normal rule.</summary>
    public double Mean { get; set; }

    /// <summary>Standard deviation of a normal rule, before cutting.</summary>
    public double Deviation { get; set; }

    /// <summary>Where a truncated normal is cut, in deviations.</summary>
    public double Cut { get; set; }

    /// <summary>Lowest value of a uniform rule.</summary>
    public double Low { get; set; }

    /// <summary>Upper bound (excluded) of a uniform rule.</summary>
    public double High { get; set; }
}

/// <summary>Declares a list of submodels of one type, as many as the size <paramref name="count"/>.</summary>
/// <param name="count">The name of the size that is the number of layers.</param>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class LayersAttribute(string count) : Attribute
{
    /// <summary>The name of the size that is the number of layers.</summary>
    public string Count { get; } = count;

    /// <summary>Prefix of the layers' checkpoint names; <c>{0}</c> is the layer's index.</summary>
    public string? From { get; set; }
}

/// <summary>Declares a run-time scalar of the model. The same name in a submodule is the same setting.</summary>
/// <param name="name">The setting's name, such as <c>rms_norm_eps</c>.</param>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class SettingAttribute(string name) : Attribute
{
    /// <summary>The setting's name.</summary>
    public string Name { get; } = name;
}

/// <summary>Pins the size of an axis to a literal in the kernels, or gives it a default derived from another axis.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false, AllowMultiple = true)]
public sealed class AxisAttribute : Attribute
{
    /// <summary>Declares a default for the axis: <see cref="Ratio"/> · <see cref="Of"/>, rounded up to <see cref="MultipleOf"/>.</summary>
    /// <param name="name">The axis.</param>
    public AxisAttribute(string name) => Name = name;

    /// <summary>Pins the axis.</summary>
    /// <param name="name">The axis.</param>
    /// <param name="size">Its size, at least 1.</param>
    public AxisAttribute(string name, int size)
    {
        Name = name;
        Size = size;
    }

    /// <summary>The axis.</summary>
    public string Name { get; }

    /// <summary>The pinned size; 0 when derived.</summary>
    public int Size { get; }

    /// <summary>Factor of a derived size.</summary>
    public double Ratio { get; set; }

    /// <summary>The axis that a derived size is computed from.</summary>
    public string? Of { get; set; }

    /// <summary>A derived size is rounded up to a multiple of this.</summary>
    public int MultipleOf { get; set; } = 1;
}

/// <summary>
/// Names a set of pinned sizes. A model constructed with exactly these sizes runs kernels in which they are literals. Repeatable.
/// </summary>
/// <param name="name">The set's name, such as <c>1b</c>.</param>
/// <param name="entries">One <c>axis=size</c> each.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false, AllowMultiple = true)]
public sealed class SizesAttribute(string name, params string[] entries) : Attribute
{
    /// <summary>The set's name.</summary>
    public string Name { get; } = name;

    /// <summary>One <c>axis=size</c> each.</summary>
    public IReadOnlyList<string> Entries { get; } = entries;
}

/// <summary>Names the axes of a method's tensor parameter.</summary>
/// <param name="axes">Axis names, outermost first.</param>
[AttributeUsage(AttributeTargets.Parameter, Inherited = false)]
public sealed class AxesAttribute(string axes) : Attribute
{
    /// <summary>The axes, outermost first.</summary>
    public string Axes { get; } = axes;
}
