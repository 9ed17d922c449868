using Einsharp.Generation;
using Einsharp.Samples;
using Einsharp.Tests.Reference;
using Einsharp.Text;

namespace Einsharp.Tests.Execution;

/// <summary>
/// A real Llama: logits against an independent float64 forward, text against llama2.c's, and the same bits however it is run.
/// </summary>
public sealed class Stories260KTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void LogitsAreTheReferenceHoweverTheyAreComputed(int threads)
    {
        if (TestData.Path("stories260K") is not { } folder)
            return;
        using var device = new CpuDevice(threads);
        using var one = new CpuDevice(1);
        Llama model = Stories.Load(folder, device);
        (int[] ids, double[][] expected) = Stories.References(folder);
        float[] together = Inputs.Alone(model, ids);
        for (int s = 0; s < ids.Length; s++)
            Compare.Within(expected[s], together.AsSpan(s * 512, 512), 1e-4);

        Compare.SameBits(Inputs.Alone(Stories.Load(folder, one), ids), together, "one thread");
        int[][] ways = [[12], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [5, 1, 1, 1, 1, 1, 1, 1], [3, 2, 7], [7, 1, 4]];
        foreach (int[] pieces in ways)
        {
            using KvCache cache = model.CreateCache(1, 16);
            Compare.SameBits(together, Inputs.InPieces(model, cache, ids, pieces), string.Join(" + ", pieces));
        }
    }

    [Theory]
    [InlineData(1, 512)]
    [InlineData(2, 512)]
    [InlineData(3, 512)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    public void GreedyTokensAreTheReference(int threads, int prefillChunk)
    {
        if (TestData.Path("stories260K") is not { } folder)
            return;
        using var device = new CpuDevice(threads);
        Llama model = Stories.Load(folder, device);
        (int[] prompt, int[] expected) = Stories.GreedyReference(folder);
        using KvCache cache = model.CreateCache(1, 128);
        Assert.Equal(expected, Stories.Greedy(model, cache, prompt, expected.Length - prompt.Length, prefillChunk));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TheTextFromNothingIsThatOfLlama2C(int threads)
    {
        if (TestData.Path("stories260K") is not { } folder)
            return;
        using var device = new CpuDevice(threads);
        Llama model = Stories.Load(folder, device);
        Tokenizer tokenizer = Tokenizer.Load(Path.Combine(folder, "tokenizer.json"));
        using KvCache cache = model.CreateCache(1, 256);
        var options = new GenerationOptions { Sampling = SamplerOptions.Greedy, MaxTokens = 200 };
        string text = string.Concat(new TextGenerator(model, tokenizer).Generate("", cache, options));
        Assert.Equal(File.ReadAllText(Path.Combine(folder, "reference/empty_text200.txt")).TrimEnd('\n'), text.TrimEnd('\n'));
    }

    [Fact]
    public void TheInterleavedOriginalGivesTheSameNumbers()
    {
        if (TestData.Path("stories260K") is not { } folder || TestData.Path("stories260K/llama2c/stories260K.bin") is not { } original)
            return;
        LlamaConfig config = LlamaConfig.Read(folder);
        var sizes = new LlamaSizes { v = 512, d = 64, g = 4, r = 2, k = 8, f = 172, layers = 5 };
        var model = new Llama(sizes, new LlamaSettings { RmsNormEps = config.Epsilon, Rope = new Rope(layout: RopeLayout.Neighbours) });
        LoadLlama2C(model, original);
        (int[] ids, double[][] expected) = Stories.References(folder);
        float[] logits = Inputs.Alone(model, ids);
        for (int s = 0; s < ids.Length; s++)
            Compare.Within(expected[s], logits.AsSpan(s * 512, 512), 1e-4);
    }

    /// <summary>llama2.c's first format: seven ints, then each kind of weight for all layers, in the order of its run.c.</summary>
    private static void LoadLlama2C(Llama model, string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int at = 7 * sizeof(int);
        void Read(Param param)
        {
            float[] values = new float[param.Count];
            Buffer.BlockCopy(bytes, at, values, 0, values.Length * sizeof(float));
            at += values.Length * sizeof(float);
            param.Set(values);
        }

        Func<LlamaBlock, Param>[] kinds =
        [
            block => block.AttentionNorm, block => block.Query, block => block.Key, block => block.Value, block => block.Output,
            block => block.FeedForwardNorm, block => block.Gate, block => block.Down, block => block.Up,
        ];
        Read(model.Embedding);
        foreach (Func<LlamaBlock, Param> kind in kinds)
        {
            foreach (LlamaBlock block in model.Blocks)
                Read(kind(block));
        }

        Read(model.Norm);
        model.Head.ShareWith(model.Embedding);
    }
}
