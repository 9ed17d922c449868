namespace Einsharp;

/// <summary>
/// Producer: (x − mean) / sqrt(variance + ε) · gain + bias, mean and (biased) variance over the gain's axes, one of each a sample:
/// <c>"b s d, d, d -> b s d"</c>. Ba et al. 2016, arXiv 1607.06450.
/// </summary>
/// <param name="equation">The equation.</param>
/// <param name="input">The value to normalise.</param>
/// <param name="gain">The gain; without one, <see cref="Over"/> names the axes.</param>
/// <param name="bias">The bias; without one, nothing is added.</param>
public sealed class LayerNormAttribute(string equation, string input, string? gain = null, string? bias = null) : EquationAttribute
{
    /// <summary>The equation.</summary>
    public string Equation { get; } = equation;

    /// <summary>The value to normalise.</summary>
    public string Input { get; } = input;

    /// <summary>The gain.</summary>
    public string? Gain { get; } = gain;

    /// <summary>The bias.</summary>
    public string? Bias { get; } = bias;

    /// <summary>The setting (of type float) that is ε. Required.</summary>
    public string? Epsilon { get; set; }

    /// <summary>The axes that mean and variance are over, where there is no gain to say so: the last ones of the input.</summary>
    public string? Over { get; set; }
}

/// <summary>
/// Producer: normalises each feature over all other axes: <c>"b d, d, d, d, d -> b d"</c>. With a <see cref="Momentum"/> it trains: it
/// normalises by the batch's own mean and biased variance, and moves the running ones towards the batch's mean and unbiased variance.
/// Without, it normalises by the running ones. Ioffe and Szegedy 2015, arXiv 1502.03167; numbers as PyTorch's.
/// </summary>
/// <param name="equation">The equation; the gain's axes may stand anywhere in the input.</param>
/// <param name="input">The value to normalise.</param>
/// <param name="gain">The gain, one a feature.</param>
/// <param name="bias">The bias, one a feature.</param>
/// <param name="mean">The running mean, one a feature.</param>
/// <param name="variance">The running variance, one a feature.</param>
public sealed class BatchNormAttribute(string equation, string input, string gain, string bias, string mean, string variance)
    : EquationAttribute
{
    /// <summary>The equation.</summary>
    public string Equation { get; } = equation;

    /// <summary>The value to normalise.</summary>
    public string Input { get; } = input;

    /// <summary>The gain.</summary>
    public string Gain { get; } = gain;

    /// <summary>The bias.</summary>
    public string Bias { get; } = bias;

    /// <summary>The running mean.</summary>
    public string Mean { get; } = mean;

    /// <summary>The running variance.</summary>
    public string Variance { get; } = variance;

    /// <summary>The setting (of type float) that is ε. Required.</summary>
    public string? Epsilon { get; set; }

    /// <summary>The setting (of type float) by which a batch moves the running statistics: running += momentum · (batch − running).</summary>
    public string? Momentum { get; set; }
}

/// <summary>How a reduction makes one number of many.</summary>
public enum Reduction
{
    /// <summary>The sum; 0 of nothing.</summary>
    Sum,

    /// <summary>The mean; NaN of nothing.</summary>
    Mean,

    /// <summary>The largest; −∞ of nothing.</summary>
    Max,

    /// <summary>The smallest; +∞ of nothing.</summary>
    Min,

    /// <summary>log Σ exp, without overflow; −∞ of nothing.</summary>
    LogSumExp,
}

/// <summary>
/// Reduces the axes that its pattern drops: <c>"b s d -> b d"</c>. A modifier where it has no input, a producer where it has one.
/// </summary>
public sealed class ReduceAttribute : EquationAttribute
{
    /// <summary>Modifier: reduces the value at this point.</summary>
    /// <param name="pattern">The value's axes, and those that stay.</param>
    /// <param name="reduction">How.</param>
    public ReduceAttribute(string pattern, Reduction reduction)
    {
        Pattern = pattern;
        Reduction = reduction;
    }

    /// <summary>Producer: reduces a value.</summary>
    /// <param name="pattern">The value's axes, and those that stay.</param>
    /// <param name="input">The value.</param>
    /// <param name="reduction">How.</param>
    public ReduceAttribute(string pattern, string input, Reduction reduction)
    {
        Pattern = pattern;
        Input = input;
        Reduction = reduction;
    }

    /// <summary>The pattern.</summary>
    public string Pattern { get; }

    /// <summary>The value to reduce; null for the one at this point.</summary>
    public string? Input { get; }

    /// <summary>How.</summary>
    public Reduction Reduction { get; }
}

/// <summary>
/// Permutes, splits and joins axes, as einops does: <c>"b s (g r k) -> b g r s k"</c>; a joined axis is named inside its parentheses:
/// <c>"b s g r k -> b s (d: g r k)"</c>. A modifier where it has no input, a producer where it has one. Rogozhnikov 2022.
/// </summary>
public sealed class RearrangeAttribute : EquationAttribute
{
    /// <summary>Modifier: rearranges the value at this point.</summary>
    /// <param name="pattern">The value's axes, and the result's.</param>
    public RearrangeAttribute(string pattern) => Pattern = pattern;

    /// <summary>Producer: rearranges a value.</summary>
    /// <param name="pattern">The value's axes, and the result's.</param>
    /// <param name="input">The value.</param>
    public RearrangeAttribute(string pattern, string input)
    {
        Pattern = pattern;
        Input = input;
    }

    /// <summary>The pattern.</summary>
    public string Pattern { get; }

    /// <summary>The value to rearrange; null for the one at this point.</summary>
    public string? Input { get; }
}

/// <summary>Modifier: log softmax over one axis, without overflow.</summary>
/// <param name="axis">The axis.</param>
public sealed class LogSoftmaxAttribute(string axis) : EquationAttribute
{
    /// <summary>The axis.</summary>
    public string Axis { get; } = axis;
}

/// <summary>
/// Modifier: x · sigmoid(β · x); <see cref="SiluAttribute"/> is that of β = 1. Ramachandran et al. 2017, arXiv 1710.05941.
/// </summary>
/// <param name="beta">β.</param>
public sealed class SwishAttribute(double beta) : EquationAttribute
{
    /// <summary>β.</summary>
    public double Beta { get; } = beta;
}

/// <summary>How <see cref="GeluAttribute"/> is computed.</summary>
public enum GeluForm
{
    /// <summary>x · Φ(x), by the error function.</summary>
    Erf,

    /// <summary>½x(1 + tanh(√(2/π)(x + 0.044715x³))), as GPT-2 has it.</summary>
    Tanh,
}

/// <summary>Modifier: the Gaussian error linear unit. Hendrycks and Gimpel 2016, arXiv 1606.08415.</summary>
/// <param name="form">The exact form or GPT-2's.</param>
public sealed class GeluAttribute(GeluForm form = GeluForm.Erf) : EquationAttribute
{
    /// <summary>The exact form or GPT-2's.</summary>
    public GeluForm Form { get; } = form;
}

/// <summary>Modifier: 1 / (1 + exp(−x)). A sigmoid and <see cref="MultiplyAttribute"/> are a gated linear unit.</summary>
public sealed class SigmoidAttribute : EquationAttribute;

/// <summary>Modifier: the hyperbolic tangent.</summary>
public sealed class TanhAttribute : EquationAttribute;

/// <summary>Modifier: max(x, 0).</summary>
public sealed class ReluAttribute : EquationAttribute;

/// <summary>Modifier: adds the row of a table that is each position's own: learned positions, as GPT-2 has them.</summary>
/// <param name="position">The axis that carries positions.</param>
/// <param name="table">A param whose first axis is indexed by position and whose others are among the value's.</param>
public sealed class AddPositionsAttribute(string position, string table) : EquationAttribute
{
    /// <summary>The axis that carries positions.</summary>
    public string Position { get; } = position;

    /// <summary>The table.</summary>
    public string Table { get; } = table;
}
