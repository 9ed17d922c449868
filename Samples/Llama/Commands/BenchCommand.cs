using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Einsharp.Generation;

namespace Einsharp.Samples.Commands;

/// <summary>Measures prefill and decode of a model, or of random weights of a known shape.</summary>
internal sealed class BenchCommand : Command
{
    private readonly Option<string?> _shape = new("--shape")
    {
        Description = "Random weights of this shape: 1b, 110m, 15m or tiny (for trying out).",
        HelpName = "1b|110m|15m|tiny",
    };

    private readonly Option<string> _model = Flags.Model(required: false);
    private readonly Option<int> _prompt = Flags.Count("--prompt", "Tokens of the prompt.", 512);
    private readonly Option<int> _tokens = Flags.Tokens(64);
    private readonly Option<int> _batch = Flags.Count("--batch", "Sequences that are run together.", 1);
    private readonly Option<string> _device = Flags.Device();
    private readonly Option<int?> _threads = Flags.Threads();
    private readonly Option<string?> _format = Flags.Format();
    private readonly Option<string> _cache = Flags.Cache();
    private readonly Option<bool> _json = new("--json") { Description = "One line of JSON." };

    public BenchCommand()
        : base("bench", "Measures prefill and decode.")
    {
        _shape.AcceptOnlyFromAmong("1b", "110m", "15m", "tiny");
        foreach (Option option in (Option[])[_shape, _model, _prompt, _tokens, _batch, _device, _threads, _format, _cache, _json])
            Add(option);
        Validators.Add(result =>
        {
            if (result.GetResult(_shape) is null == (result.GetResult(_model) is null))
                result.AddError("Give either --shape or --model.");
        });
        SetAction(result => Program.Guard(cancellation => Run(result, cancellation)));
    }

    private static LlamaConfig Shape(string name) => LlamaConfig.Parse(name switch
    {
        "tiny" => """{"hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2"""
            + ""","intermediate_size":128,"vocab_size":512"""
            + ""","tie_word_embeddings":true,"max_position_embeddings":131072,"model_type":"llama"}""",
        "15m" => """{"hidden_size":288,"num_hidden_layers":6,"num_attention_heads":6,"num_key_value_heads":6"""
            + ""","intermediate_size":768,"vocab_size":32000"""
            + ""","tie_word_embeddings":true,"max_position_embeddings":131072,"model_type":"llama"}""",
        "110m" => """{"hidden_size":768,"num_hidden_layers":12,"num_attention_heads":12,"num_key_value_heads":12"""
            + ""","intermediate_size":2048,"vocab_size":32000"""
            + ""","tie_word_embeddings":true,"max_position_embeddings":131072,"model_type":"llama"}""",
        _ => """{"hidden_size":2048,"num_hidden_layers":16,"num_attention_heads":32,"num_key_value_heads":8"""
            + ""","head_dim":64,"intermediate_size":8192,"vocab_size":128256"""
            + ""","tie_word_embeddings":true,"max_position_embeddings":131072,"rope_theta":500000.0,"model_type":"llama"}""",
    }, name);

    private int Run(ParseResult result, CancellationToken cancellation)
    {
        WeightFormat? format = Flags.Parse(result.GetValue(_format));
        Device device = Flags.Open(result.GetValue(_device)!, result.GetValue(_threads));
        int promptLength = result.GetValue(_prompt), tokens = result.GetValue(_tokens);
        Llama model;
        int positions = int.MaxValue;
        if (result.GetValue(_shape) is { } shape)
        {
            model = Llama.Create(Shape(shape), device);
            model.Initialise(seed: 1, format ?? WeightFormat.F32, tied: true);
        }
        else
        {
            string directory = result.GetValue(_model)!;
            LlamaConfig config = LlamaConfig.Read(directory);
            positions = config.Positions;
            model = Llama.Load(directory, config, format, device);
        }

        if ((long)promptLength + tokens > positions)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{promptLength} + {tokens} tokens were asked for; the model's context is {positions}."));
        }

        CacheFormat cache = Flags.ParseCache(result.GetValue(_cache)!);
        Report(Measure(model, promptLength, tokens, result.GetValue(_batch), cache, cancellation), result.GetValue(_json), model);
        return 0;
    }

    private sealed record Figures(
        double PrefillRate, double DecodeRate, long WeightBytes, double GigabytesPerSecond, double AllocatedPerToken, CacheFormat CacheFormat,
        long CacheBytes, long WorkspaceBytes);

    private static Figures Measure(
        Llama model, int promptLength, int tokens, int batch, CacheFormat format, CancellationToken cancellation)
    {
        int[] prompt = new int[promptLength];
        var random = new Random(1);
        for (int i = 0; i < prompt.Length; i++)
            prompt[i] = random.Next(model.VocabularySize);
        using KvCache cache = model.CreateCache(batch, promptLength + tokens, format);

        // The compiler replaces a method by its optimised form after some calls and a tenth of a second; then the same once more, measured.
        long warm = Stopwatch.GetTimestamp();
        do
        {
            Run(model, cache, prompt.AsSpan(0, Math.Min(32, promptLength)), Math.Min(tokens, 16), cancellation);
        }
        while (Stopwatch.GetElapsedTime(warm).TotalSeconds < 1.5);
        Run(model, cache, prompt, 1, cancellation);
        (TimeSpan prefill, TimeSpan decode, long allocated) = Run(model, cache, prompt, tokens, cancellation);
        double sequences = batch, rate = tokens * sequences / decode.TotalSeconds;
        long buffers = model.Device is CpuDevice cpu ? cpu.Team.Bytes : 0;
        return new Figures(
            promptLength * sequences / prefill.TotalSeconds, rate, model.WeightBytesPerToken, model.WeightBytesPerToken * rate / sequences / 1e9,
            allocated / (tokens * sequences), format, cache.Bytes, cache.Session!.WorkspaceBytes + buffers);
    }

    private static (TimeSpan Prefill, TimeSpan Decode, long Allocated) Run(
        Llama model, KvCache cache, ReadOnlySpan<int> prompt, int tokens, CancellationToken cancellation)
    {
        cache.Clear();
        if (cache.Batch > 1) return RunTogether(model, cache, prompt, tokens, cancellation);
        var options = new GenerationOptions
        {
            Sampling = SamplerOptions.Greedy, MaxTokens = tokens + 1, PrefillChunk = model.Device.PrefillChunk,
        };
        var continuation = new Continuation(model, cache, prompt, options);
        long start = Stopwatch.GetTimestamp();
        continuation.Prefill(cancellation);
        model.Device.Synchronize();
        TimeSpan prefill = Stopwatch.GetElapsedTime(start);

        // The first token is the prompt's; each one after it is a decode step.
        continuation.Next(out _, cancellation);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        start = Stopwatch.GetTimestamp();
        for (int i = 0; i < tokens; i++)
            continuation.Next(out _, cancellation);
        TimeSpan decode = Stopwatch.GetElapsedTime(start);
        return (prefill, decode, GC.GetTotalAllocatedBytes(precise: true) - before);
    }

    /// <summary>The same prompt in every sequence; each goes on with its likeliest token.</summary>
    private static (TimeSpan Prefill, TimeSpan Decode, long Allocated) RunTogether(
        Llama model, KvCache cache, ReadOnlySpan<int> prompt, int tokens, CancellationToken cancellation)
    {
        int batch = cache.Batch;
        var ids = new Tensor<int>(batch, prompt.Length);
        Tensor<int> next = new(batch, 1), rows = new(batch, 1);
        for (int i = 0; i < batch; i++)
            prompt.CopyTo(ids.Span[(i * prompt.Length)..]);
        rows.Span.Fill(prompt.Length - 1);
        cancellation.ThrowIfCancellationRequested();
        long start = Stopwatch.GetTimestamp();
        Tensor logits = model.Forward(ids, rows, cache);
        model.Device.Synchronize();
        TimeSpan prefill = Stopwatch.GetElapsedTime(start);

        rows.Span.Clear();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        start = Stopwatch.GetTimestamp();
        for (int token = 0; token < tokens; token++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < batch; i++)
                next.Span[i] = TensorPrimitives.IndexOfMax(logits.Span.Slice(i * model.VocabularySize, model.VocabularySize));
            logits = model.Forward(next, rows, cache);
        }

        model.Device.Synchronize();
        TimeSpan decode = Stopwatch.GetElapsedTime(start);
        return (prefill, decode, GC.GetTotalAllocatedBytes(precise: true) - before);
    }

    private static void Report(Figures figures, bool json, Llama model)
    {
        Console.WriteLine(json
            ? string.Create(CultureInfo.InvariantCulture,
                $$"""{"prefill_tps":{{figures.PrefillRate:F2}},"decode_tps":{{figures.DecodeRate:F2}}"""
                + $$""","weight_bytes":{{figures.WeightBytes}},"gb_per_s":{{figures.GigabytesPerSecond:F2}}"""
                + $$""","cache_bytes":{{figures.CacheBytes}},"workspace_bytes":{{figures.WorkspaceBytes}},"allocated_per_token":{{figures.AllocatedPerToken:0.###}}}""")
            : string.Create(CultureInfo.InvariantCulture, $"""
                device         {model.Device}
                prefill        {figures.PrefillRate:F1} tokens/s
                decode         {figures.DecodeRate:F1} tokens/s
                weights        {figures.WeightBytes:N0} bytes a step, {figures.GigabytesPerSecond:F1} GB/s
                cache          {figures.CacheBytes:N0} bytes, {figures.CacheFormat}
                workspace      {figures.WorkspaceBytes:N0} bytes, buffers of the threads included
                allocated      {figures.AllocatedPerToken:0.###} managed bytes a decoded token
                """));
    }
}
