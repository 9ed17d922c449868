using System.Runtime.CompilerServices;
using Einsharp.Generation;
using Einsharp.Samples;
using Einsharp.Text;

namespace Einsharp.Tests.Execution;

/// <summary>
/// The model that the repository ships, against a float64 forward written in numpy from the same bf16 file. At each of these steps the likeliest token
/// leads by at least 0.035, so rounding cannot choose another.
/// </summary>
public sealed class ShippedModelTests
{
    private const string Prompt = "MENENIUS:";

    private const string Expected =
        " I'll tell you, sir, I'll go to you.\n\nMENENIUS:\nI am a matter, sir, I'll be a matter.\n\nMENENIUS:\nI am a matter, sir, "
        + "I'll be a matter.\n\nMENENIUS:\nI am a matter, sir, I'll be a matter.\n\n";

    private static string Folder([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "Samples", "Llama", "model"));

    [Fact]
    public void GreedyTextIsTheReferences()
    {
        LlamaConfig config = LlamaConfig.Read(Path.Combine(Folder(), "config.json"));
        Llama model = Llama.Load(Folder(), config);
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(Folder(), "tokenizer.json"));
        Assert.Equal([1022, 828, 25], tokenizer.Encode(Prompt));
        using KvCache cache = model.CreateCache(1, 128);
        var options = new GenerationOptions { Sampling = SamplerOptions.Greedy, MaxTokens = 64, EndOfText = config.EndTokens };
        Assert.Equal(Expected, string.Concat(new TextGenerator(model, tokenizer).Generate(Prompt, cache, options)));
    }

    [Fact]
    public void ItIsSmall() => Assert.InRange(Directory.GetFiles(Folder()).Sum(file => new FileInfo(file).Length), 1 << 20, 4 << 20);
}
