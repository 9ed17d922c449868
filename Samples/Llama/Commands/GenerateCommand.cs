using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Einsharp.Generation;
using Einsharp.Text;
using Spectre.Console;

namespace Einsharp.Samples.Commands;

/// <summary>Continues a prompt, a token at a time.</summary>
internal sealed class GenerateCommand : Command
{
    private readonly Option<string> _model = Flags.Model(required: true);
    private readonly Option<string> _prompt = new("--prompt")
    {
        Description = "The text to go on from.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };

    private readonly Option<int> _tokens = Flags.Tokens(256);
    private readonly Option<float> _temperature = new("--temperature")
    {
        Description = "0 takes the likeliest token.",
        HelpName = "T",
        DefaultValueFactory = _ => 0.8f,
    };

    private readonly Option<int> _topK = new("--top-k") { Description = "Only the K likeliest tokens; 0 for all.", HelpName = "K" };
    private readonly Option<float> _topP = new("--top-p")
    {
        Description = "The likeliest tokens of probability P together.",
        HelpName = "P",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<float> _minP = new("--min-p")
    {
        Description = "Tokens of at least P times the likeliest one's probability.",
        HelpName = "P",
    };

    private readonly Option<float> _penalty = new("--repetition-penalty")
    {
        Description = "Over 1 discourages tokens that were there before.",
        HelpName = "R",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<ulong> _seed = new("--seed")
    {
        Description = "The same seed gives the same text; the default is another each time.",
        HelpName = "S",
    };

    private readonly Option<string> _device = Flags.Device();
    private readonly Option<int?> _threads = Flags.Threads();
    private readonly Option<string?> _format = Flags.Format();
    private readonly Option<string> _cache = Flags.Cache();
    private readonly Option<bool> _raw = new("--raw") { Description = "The text alone: no colour, no timings." };

    public GenerateCommand()
        : base("generate", "Continues a prompt.")
    {
        Option[] options =
            [_model, _prompt, _tokens, _temperature, _topK, _topP, _minP, _penalty, _seed, _device, _threads, _format, _cache, _raw];
        foreach (Option option in options)
            Add(option);
        SetAction(result => Program.Guard(cancellation => Run(result, cancellation)));
    }

    private int Run(ParseResult result, CancellationToken cancellation)
    {
        var sampling = new SamplerOptions
        {
            Temperature = result.GetValue(_temperature),
            TopK = result.GetValue(_topK),
            TopP = result.GetValue(_topP),
            MinP = result.GetValue(_minP),
            RepetitionPenalty = result.GetValue(_penalty),
            Seed = result.GetResult(_seed) is null ? (ulong)Random.Shared.NextInt64() : result.GetValue(_seed),
        };
        string directory = result.GetValue(_model)!;
        LlamaConfig config = LlamaConfig.Read(directory);
        Tokenizer tokenizer = Tokenizer.Load(directory);
        Device device = Flags.Open(result.GetValue(_device)!, result.GetValue(_threads));
        Llama model = Llama.Load(directory, config, Flags.Parse(result.GetValue(_format)), device);
        CacheFormat format = Flags.ParseCache(result.GetValue(_cache)!);
        Write(
            model, config, tokenizer, result.GetValue(_prompt)!, result.GetValue(_tokens), format, sampling, result.GetValue(_raw), cancellation);
        return 0;
    }

    /// <summary>Streams prompt and continuation to standard output, and unless raw, a line of timings to standard error.</summary>
    internal static void Write(
        Llama model, LlamaConfig config, Tokenizer tokenizer, string prompt, int tokens, CacheFormat format, SamplerOptions sampling,
        bool raw, CancellationToken cancellation)
    {
        if (tokenizer.VocabularySize > model.VocabularySize)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"The tokenizer has ids up to {tokenizer.VocabularySize - 1}, but the embedding has {model.VocabularySize} rows."));
        }

        int[] ids = tokenizer.Encode(prompt);
        if (ids.Length == 0)
        {
            ids = config.BeginToken is { } begin
                ? [begin]
                : throw new InvalidDataException(
                    "There is nothing to begin with: give a prompt, for the model has no beginning-of-text token.");
        }

        if (ids.Length > config.Positions)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"The prompt has {ids.Length} tokens; the model's context is {config.Positions}."));
        }

        using KvCache cache = model.CreateCache(1, (int)Math.Min(config.Positions, (long)ids.Length + tokens), format);
        var options = new GenerationOptions
        {
            Sampling = sampling, MaxTokens = tokens, EndOfText = config.EndTokens, PrefillChunk = model.Device.PrefillChunk,
        };
        var continuation = new Continuation(model, cache, ids, options);
        var stream = new TokenStream(tokenizer);
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        bool colour = !raw && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi;
        output.Write(colour ? "\e[2m" : "");
        foreach (int id in ids)
            output.Write(stream.Push(id));
        output.Write(colour ? "\e[0m" : "");

        long start = Stopwatch.GetTimestamp();
        continuation.Prefill(cancellation);
        model.Device.Synchronize();
        TimeSpan prefill = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        while (continuation.Next(out int token, cancellation))
            output.Write(stream.Push(token));
        output.Write(stream.Flush());
        TimeSpan decode = Stopwatch.GetElapsedTime(start);
        if (raw)
            return;
        output.WriteLine();
        int generated = continuation.Generated.Length;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"prompt {ids.Length} tokens, {ids.Length / prefill.TotalSeconds:F1} tokens/s · "
            + $"decode {generated} tokens, {generated / decode.TotalSeconds:F1} tokens/s · cache {cache.Bytes:N0} bytes · seed {sampling.Seed}"));
    }
}
