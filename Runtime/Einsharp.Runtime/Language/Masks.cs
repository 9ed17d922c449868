namespace Einsharp;

/// <summary>
/// Modifier: a query at position i sees keys at positions j with |i − j| below the window's size; others become −∞. With
/// <see cref="CausalAttribute"/> that is the sliding window of Beltagy et al. 2020, arXiv 2004.05150.
/// </summary>
public sealed class WindowAttribute : EquationAttribute
{
    /// <summary>A window of a size that is known.</summary>
    /// <param name="query">The axis of the queries' positions.</param>
    /// <param name="key">The axis of the keys' positions.</param>
    /// <param name="size">How many positions, the query's own included; at least 1.</param>
    public WindowAttribute(string query, string key, int size)
    {
        Query = query;
        Key = key;
        Size = size;
    }

    /// <summary>A window of a size that is a setting.</summary>
    /// <param name="query">The axis of the queries' positions.</param>
    /// <param name="key">The axis of the keys' positions.</param>
    /// <param name="setting">A setting of type int.</param>
    public WindowAttribute(string query, string key, string setting)
    {
        Query = query;
        Key = key;
        Setting = setting;
    }

    /// <summary>The axis of the queries' positions.</summary>
    public string Query { get; }

    /// <summary>The axis of the keys' positions.</summary>
    public string Key { get; }

    /// <summary>How many positions; 0 where <see cref="Setting"/> says.</summary>
    public int Size { get; }

    /// <summary>The setting that says how many.</summary>
    public string? Setting { get; }
}

/// <summary>
/// Modifier: where the mask is false the value becomes −∞. The mask's axes are a subset of the value's, matched by name: key padding is
/// <c>Mask("b t", nameof(keep))</c>.
/// </summary>
/// <param name="axes">The mask's axes.</param>
/// <param name="mask">A parameter of type <c>Tensor&lt;bool&gt;</c>.</param>
public sealed class MaskAttribute(string axes, string mask) : EquationAttribute
{
    /// <summary>The mask's axes.</summary>
    public string Axes { get; } = axes;

    /// <summary>The mask.</summary>
    public string Operand { get; } = mask;
}

/// <summary>Modifier: cap · tanh(x / cap), which keeps logits within ±cap. Gemma Team 2024, arXiv 2408.00118.</summary>
public sealed class SoftCapAttribute : EquationAttribute
{
    /// <summary>A cap that is known.</summary>
    /// <param name="cap">The cap, above 0.</param>
    public SoftCapAttribute(double cap) => Cap = cap;

    /// <summary>A cap that is a setting.</summary>
    /// <param name="setting">A setting of type float.</param>
    public SoftCapAttribute(string setting) => Setting = setting;

    /// <summary>The cap; 0 where <see cref="Setting"/> says.</summary>
    public double Cap { get; }

    /// <summary>The setting that says it.</summary>
    public string? Setting { get; }
}

/// <summary>
/// Modifier: adds slope · (j − i) to the score of a query at position i and a key at position j, a slope for each head: 2^(−8h/n) for heads
/// h = 1 … n. Press et al. 2021, arXiv 2108.12409; for other n than powers of two as published there.
/// </summary>
/// <param name="query">The axis of the queries' positions.</param>
/// <param name="key">The axis of the keys' positions.</param>
/// <param name="heads">The axes that count heads, outermost first: <c>"g r"</c>.</param>
public sealed class AlibiAttribute(string query, string key, string heads) : EquationAttribute
{
    /// <summary>The axis of the queries' positions.</summary>
    public string Query { get; } = query;

    /// <summary>The axis of the keys' positions.</summary>
    public string Key { get; } = key;

    /// <summary>The axes that count heads.</summary>
    public string Heads { get; } = heads;
}
