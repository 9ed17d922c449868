using System.Globalization;
using System.Runtime.CompilerServices;

namespace Einsharp.Generation;

/// <summary>
/// How the next token is chosen. The filters are applied in Hugging Face's order: repetition penalty, temperature, top-k, top-p, min-p.
/// A value out of its range throws <see cref="ArgumentOutOfRangeException"/>, with the option, the value and the range in one line.
/// </summary>
public sealed record SamplerOptions
{
    /// <summary>Always the likeliest token.</summary>
    public static SamplerOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>What logits are divided by: 0 takes the likeliest token, 1 the model's own distribution. Finite and at least 0.</summary>
    public float Temperature { get; init => field = Check(value, float.IsFinite(value) && value >= 0, "finite and at least 0"); } = 1;

    /// <summary>Only this many likeliest tokens are kept, of equals those of the lowest ids. At least 0, which keeps all.</summary>
    public int TopK { get; init => field = Check(value, value >= 0, "at least 0"); }

    /// <summary>
    /// The fewest likeliest tokens are kept that together have at least this probability (Holtzman et al. 2020, arXiv:1904.09751).
    /// Over 0 and up to 1, which keeps all.
    /// </summary>
    public float TopP { get; init => field = Check(value, value is > 0 and <= 1, "over 0 and at most 1"); } = 1;

    /// <summary>
    /// Tokens are kept that have at least this share of the likeliest one's probability (Nguyen et al. 2024, arXiv:2407.01082).
    /// From 0, which keeps all, to 1.
    /// </summary>
    public float MinP { get; init => field = Check(value, value is >= 0 and <= 1, "from 0 to 1"); }

    /// <summary>
    /// What the logit of each token that was there before is divided by where it is positive, and multiplied by where it is negative
    /// (Keskar et al. 2019, arXiv:1909.05858). Finite and over 0; 1 does nothing.
    /// </summary>
    public float RepetitionPenalty { get; init => field = Check(value, float.IsFinite(value) && value > 0, "finite and over 0"); } = 1;

    /// <summary>The seed of the random numbers: the same seed and logits give the same tokens.</summary>
    public ulong Seed { get; init; }

    private static T Check<T>(T value, bool isAllowed, string range, [CallerMemberName] string option = "")
        where T : IFormattable
    {
        if (isAllowed)
            return value;
        string shown = value.ToString(null, CultureInfo.InvariantCulture);
        throw new ArgumentOutOfRangeException(option, $"{option} is {shown}; it must be {range}.");
    }
}
