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

    public static Rope Read(ConfigReader config)
    {
        RefusePartial(config);
        double? theta = config.OptionalPositive("rope_theta");
        ConfigReader? old = config.Child("rope_scaling"), parameters = config.Child("rope_parameters");
        if (parameters is null) return new Rope(theta ?? DefaultBase, scaling: old is null ? null : Scaling(old));

        RefusePartial(parameters);
        double @base = parameters.OptionalPositive("rope_theta") ?? theta ?? DefaultBase;
        if (theta is not null && theta != @base)
            throw config.Wrong(string.Create(CultureInfo.InvariantCulture, $"rope_theta is {theta}, but {@base} in rope_parameters"));
        RopeScaling? scaling = Scaling(parameters);
        if (old is not null && Scaling(old) != scaling) throw config.Wrong("rope_scaling and rope_parameters differ");
        return new Rope(@base, scaling: scaling);
    }

    private static RopeScaling? Scaling(ConfigReader scaling)
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
            case "llama3":
                double low = Required(scaling, "low_freq_factor"), high = Required(scaling, "high_freq_factor");
                if (low >= high)
                    throw scaling.Wrong(string.Create(CultureInfo.InvariantCulture,
                        $"expected low_freq_factor below high_freq_factor, found {low} and {high}"));
                int original = scaling.OptionalSize("original_max_position_embeddings", 1 << 30)
                    ?? throw scaling.Wrong("has no original_max_position_embeddings");
                return new Llama3RopeScaling(Required(scaling, "factor"), low, high, original);
            case { } other:
                throw scaling.Wrong($"unknown rope type {CheckpointException.Quote(other)}, known are default, linear and llama3");
        }
    }

    private static double Required(ConfigReader scaling, string name) =>
        scaling.OptionalPositive(name) ?? throw scaling.Wrong($"has no {name}");

    private static void RefusePartial(ConfigReader config)
    {
        if (config.OptionalPositive("partial_rotary_factor") is { } part && part != 1)
            throw config.Wrong(string.Create(CultureInfo.InvariantCulture,
                $"partial_rotary_factor is {part}, but whole heads are rotated here"));
    }
}
