using Einsharp.Generation;
using Einsharp.Text;

namespace Einsharp.Samples.Commands;

/// <summary>A scene by the model in the program's own folder.</summary>
internal static class StoryCommand
{
    public static int Run(CancellationToken cancellation)
    {
        string directory = Path.Combine(AppContext.BaseDirectory, "model");
        LlamaConfig config = LlamaConfig.Read(directory);
        Tokenizer tokenizer = Tokenizer.Load(directory);
        Llama model = Llama.Load(directory, config);
        var sampling = new SamplerOptions { Temperature = 0.8f, TopK = 40, Seed = (ulong)Random.Shared.NextInt64() };
        GenerateCommand.Write(model, config, tokenizer, "", config.Positions, CacheFormat.F32, sampling, raw: false, cancellation);
        return 0;
    }
}
