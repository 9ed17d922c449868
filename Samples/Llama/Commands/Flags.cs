using System.CommandLine;
using System.Globalization;

namespace Einsharp.Samples.Commands;

/// <summary>Options that several commands have.</summary>
internal static class Flags
{
    public static Option<string> Model(bool required) => new("--model")
    {
        Description = "A Hugging Face folder (config.json, model.safetensors or shards, tokenizer.json), or a GGUF file.",
        HelpName = "DIR|FILE.gguf",
        Required = required,
    };

    public static Option<int?> Threads()
    {
        var option = new Option<int?>("--threads") { Description = "Threads of the CPU; the default is every core.", HelpName = "N" };
        option.Validators.Add(result => AtLeast(result, "--threads", 1));
        return option;
    }

    public static Option<string> Device() => new("--device")
    {
        Description = "Where the model runs: cpu, gpu, cuda, opencl, or a part of a device's name or its number, as 'devices' lists them.",
        HelpName = "cpu|gpu|cuda|opencl|NAME",
        DefaultValueFactory = _ => "cpu",
    };

    /// <summary>The formats by the names that options have for them.</summary>
    private static readonly string[] Formats =
        [.. Enum.GetValues<WeightFormat>().Select(format => format.ToString().ToLowerInvariant())];

    public static Option<string?> Format()
    {
        var option = new Option<string?>("--dtype")
        {
            Description = "How weights are kept in memory; the default is as they are stored.",
            HelpName = string.Join('|', Formats),
        };
        option.AcceptOnlyFromAmong(Formats);
        return option;
    }

    public static Option<string> Cache()
    {
        var option = new Option<string>("--cache")
        {
            Description = "How keys and values are kept in memory: f32, bf16 (half of it), or int8 (a quarter, and scales); GPUs keep f32.",
            HelpName = "f32|bf16|int8",
            DefaultValueFactory = _ => "f32",
        };
        option.AcceptOnlyFromAmong("f32", "bf16", "int8");
        return option;
    }

    public static Option<int> Tokens(int value) => Count("--tokens", "The most tokens to generate.", value);

    public static Option<int> Count(string name, string description, int value)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value };
        option.Validators.Add(result => AtLeast(result, name, 1));
        return option;
    }

    public static WeightFormat? Parse(string? format) =>
        format is null ? null : Enum.Parse<WeightFormat>(format, ignoreCase: true);

    public static CacheFormat ParseCache(string format) => format switch
    {
        "bf16" => CacheFormat.BF16,
        "int8" => CacheFormat.Int8,
        _ => CacheFormat.F32,
    };

    /// <summary>Opens the device that was asked for. The CPU with all its threads is the shared one.</summary>
    /// <exception cref="InvalidDataException">There is none, or threads were given for a GPU.</exception>
    public static Device Open(string name, int? threads)
    {
        if (name.Equals("cpu", StringComparison.OrdinalIgnoreCase))
            return threads is null || threads == Einsharp.Device.Cpu.Threads ? Einsharp.Device.Cpu : new CpuDevice(threads.Value);
        return threads is null ? Devices.Open(name) : throw new InvalidDataException("--threads is for --device cpu.");
    }

    // What is no number at all is the parser's to refuse.
    private static void AtLeast(System.CommandLine.Parsing.OptionResult result, string name, int least)
    {
        if (result.Tokens is [var token]
            && int.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value < least)
        {
            result.AddError(FormattableString.Invariant($"{name} is {value}; it must be at least {least}."));
        }
    }
}
