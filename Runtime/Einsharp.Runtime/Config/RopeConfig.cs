using System.Globalization;
using Einsharp.Weights;

namespace Einsharp;

/// <summary>
/// The rotation in a config: transformers 4 has <c>rope_theta</c> and <c>rope_scaling</c>, transformers 5 has <c>rope_parameters</c>
/// with both in it. A file that has both forms must mean the same by them.
/// </summary>
internal static class RopeConfig
{
    private const double DefaultBase = 10_000;

    /// <param name="config">The config.</param>
    /// <param name="positions">The longest context that the model is made for (<c>max_position_embeddings</c>).</param>
    public static Rope Read(ConfigReader config, int positions) => ReadHalves(config, positions) with { Layout = Layout(config) };

    private static RopeLayout Layout(ConfigReader config) => config.Text(LlamaConfigWriter.LayoutKey) switch
    {
        null or "halves" => RopeLayout.Halves,
        "neighbours" => RopeLayout.Neighbours,
        { } other => throw config.Wrong(
            $"expected \"halves\" or \"neighbours\" as {LlamaConfigWriter.LayoutKey}, found {CheckpointException.Quote(other)}"),
    };

    private static Rope ReadHalves(ConfigReader config, int positions)
    {
        double? theta = config.OptionalPositive("rope_theta"), part = Part(config);
        ConfigReader? old = config.Child("rope_scaling"), parameters = config.Child("rope_parameters");
        if (parameters is null) return new Rope(theta ?? DefaultBase, scaling: old is null ? null : Scaling(old, positions), part: part ?? 1);

        double? own = Part(parameters);
        if (own is not null && part is not null && own != part)
            throw config.Wrong(string.Create(CultureInfo.InvariantCulture, $"partial_rotary_factor is {part}, but {own} in rope_parameters"));
        double @base = parameters.OptionalPositive("rope_theta") ?? theta ?? DefaultBase;
        if (theta is not null && theta != @base)
            throw config.Wrong(string.Create(CultureInfo.InvariantCulture, $"rope_theta is {theta}, but {@base} in rope_parameters"));
        RopeScaling? scaling = Scaling(parameters, positions);
        if (old is not null && Scaling(old, positions) != scaling) throw config.Wrong("rope_scaling and rope_parameters differ");
        return new Rope(@base, scaling: scaling, part: own ?? part ?? 1);
    }

    private static RopeScaling? Scaling(ConfigReader scaling, int positions)
    {
        string? type = scaling.Text("rope_type"), oldType = scaling.Text("type");
        if (type is not null && oldType is not null && type != oldType)
            throw scaling.Wrong($"rope_type is {CheckpointException.Quote(type)}, but type is {CheckpointException.Quote(oldType)}");
        switch (type ?? oldType)
        {
            case "default":
                return null;
            case null:
                // Only a theta needs no type. A factor, or a table for each kind of layer, would be dropped without a word.
                return scaling.IsOnly("rope_theta", "partial_rotary_factor") ? null : throw scaling.Wrong("has no rope_type");
            case "linear":
                return new LinearRopeScaling(Required(scaling, "factor"));
            case "dynamic":
                double growth = Required(scaling, "factor");
                return growth >= 1
                    ? new DynamicRopeScaling(growth, positions)
                    : throw scaling.Wrong(string.Create(CultureInfo.InvariantCulture, $"expected a factor of at least 1, found {growth}"));
            case "yarn":
                return Yarn(scaling, positions);
            case "llama3":
                double low = Required(scaling, "low_freq_factor"), high = Required(scaling, "high_freq_factor");
                if (low >= high)
                    throw scaling.Wrong(string.Create(CultureInfo.InvariantCulture,
                        $"expected low_freq_factor below high_freq_factor, found {low} and {high}"));
                int original = scaling.OptionalSize("original_max_position_embeddings", 1 << 30)
                    ?? throw scaling.Wrong("has no original_max_position_embeddings");
                return new Llama3RopeScaling(Required(scaling, "factor"), low, high, original);
            case LlamaConfigWriter.FactorsType:
                return new FactorsRopeScaling(scaling.Numbers("factors", 1 << 16));
            case "longrope" or "su":
                throw scaling.Wrong("longrope has a factor for each pair and two sets of them, which is not computed here");
            case { } other:
                throw scaling.Wrong(
                    $"unknown rope type {CheckpointException.Quote(other)}, known are default, linear, dynamic, yarn, llama3 and factors");
        }
    }

    // Without a factor the context says how many times longer it is than the original one.
    private static YarnRopeScaling Yarn(ConfigReader scaling, int positions)
    {
        int? original = scaling.OptionalSize("original_max_position_embeddings", 1 << 30);
        double factor = scaling.OptionalPositive("factor")
            ?? (original is { } trained ? (double)positions / trained : throw scaling.Wrong("has no factor"));
        double strong = scaling.OptionalAtLeastZero("mscale") ?? 0, all = scaling.OptionalAtLeastZero("mscale_all_dim") ?? 0;
        double? amplitude = scaling.OptionalPositive("attention_factor");
        if (amplitude is null && strong != 0 && all != 0)
            amplitude = YarnRopeScaling.Magnitude(factor, strong) / YarnRopeScaling.Magnitude(factor, all);
        return new YarnRopeScaling(
            factor, original ?? positions, amplitude, scaling.Positive("beta_fast", 32), scaling.Positive("beta_slow", 1),
            scaling.Flag("truncate") ?? true);
    }

    private static double Required(ConfigReader scaling, string name) =>
        scaling.OptionalPositive(name) ?? throw scaling.Wrong($"has no {name}");

    private static double? Part(ConfigReader config) => config.OptionalPositive("partial_rotary_factor") switch
    {
        > 1 and { } part => throw config.Wrong(string.Create(CultureInfo.InvariantCulture,
            $"expected a partial_rotary_factor of at most 1, found {part}")),
        { } part => part,
        null => null,
    };
}
