using System.Globalization;
using System.Text.Json;
using Einsharp.Tests.Weights;

namespace Einsharp.Tests.Program;

/// <summary>The sample program with GGUF files and with weights in blocks.</summary>
public sealed class GgufProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("f32")]
    [InlineData("f16")]
    public void AFileGivesTheReferenceText(string format)
    {
        if (TestData.Path($"gguf/stories260K-{format}.gguf") is not { } file || TestData.Path("stories260K/reference") is not { } reference)
            return;
        Outcome outcome = LlamaProgram.Run(
            "generate", "--model", file, "--prompt", "Once upon a time", "--tokens", "60", "--temperature", "0", "--raw");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(reference, "once_greedy_tokens.json")));
        Assert.Equal(json.RootElement.GetProperty("text").GetString(), outcome.Quiet());
    }

    [Theory]
    [InlineData("f32", 1e-4)]
    [InlineData("f16", 0.05)]
    [InlineData("q8_0", 0.5)]
    [InlineData("q4_0", 6)]
    public void TheLogitsOfAFileAreTheReferences(string format, double distance)
    {
        if (TestData.Path($"gguf/stories260K-{format}.gguf") is { } file)
            Assert.InRange(WorstLogit("--model", file), 0, distance);
    }

    [Theory]
    [InlineData("q8_0", 0.5)]
    [InlineData("q4_0", 6)]
    [InlineData("q4_k", 0.5)]
    [InlineData("q6_k", 0.5)]
    public void TheLogitsOfBlocksAreNearTheReferences(string format, double distance)
    {
        // The rows of the small model are no whole blocks of 256: for the last two formats it has blocks of 32.
        if (TestData.Path("stories260K") is not { } model)
            return;
        double direct = WorstLogit("--model", model, "--dtype", format);
        Assert.InRange(direct, 1e-4, distance);
        LlamaProgram.Run("convert", "--model", model, "--dtype", format, "--out", _folder.File("out")).Quiet();
        Assert.Equal(direct, WorstLogit("--model", _folder.File("out")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatIsConvertedStandsAlone(bool fromGguf)
    {
        if (TestData.Path(fromGguf ? "gguf/stories260K-f32.gguf" : "stories260K") is not { } model)
            return;
        string target = _folder.File("out");
        string text = LlamaProgram.Run("convert", "--model", model, "--dtype", "f16", "--out", target).Quiet();
        Assert.Contains("F16: 36 tensors, 518,656 bytes", text, StringComparison.Ordinal);
        Assert.Contains("F32: 11 tensors, 2,816 bytes", text, StringComparison.Ordinal);
        Assert.Contains("47 tensors, 521,472 bytes, 50.1 % of 1,040,128", text, StringComparison.Ordinal);
        Assert.Equal([target], Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal(
            ["config.json", "model.safetensors", "tokenizer.json"],
            Directory.GetFiles(target).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        string[] generate = ["--prompt", "Once upon a time", "--tokens", "40", "--temperature", "0", "--raw"];
        Assert.Equal(
            LlamaProgram.Run(["generate", "--model", model, "--dtype", "f16", .. generate]).Quiet(),
            LlamaProgram.Run(["generate", "--model", target, .. generate]).Quiet());
        Assert.InRange(WorstLogit("--model", target), 1e-5, 0.05);
        LlamaProgram.Run("convert", "--model", model, "--dtype", "f16", "--out", target).Refused(target, "already");
    }

    [Fact]
    public void AConversionThatFailsLeavesNothing()
    {
        if (TestData.Path("stories260K") is not { } source)
            return;
        using var model = new HostileModel(source);
        model.Change("model.norm.weight", floats => floats[^1] = float.NaN);
        string target = _folder.File("out");
        LlamaProgram.Run("convert", "--model", model.Folder, "--dtype", "q8_0", "--out", target).Refused("model.norm.weight", "NaN");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        LlamaProgram.Run("convert", "--model", model.Folder, "--dtype", "q5_0", "--out", target).Refused("q5_0");
        LlamaProgram.Run("convert", "--model", model.Folder, "--out", target).Refused("--dtype");
        LlamaProgram.Run("convert", "--model", model.Folder, "--dtype", "f16").Refused("--out");
    }

    [Fact]
    public void InspectShowsAFilesMetadataAndTensors()
    {
        if (TestData.Path("gguf/stories260K-q4_0.gguf") is not { } file)
            return;
        string text = LlamaProgram.Run("inspect", "--model", file).Quiet();
        foreach (string part in (string[])
            [
                "general.architecture = 'llama'", "llama.attention.head_count_kv = 4", "tokenizer.ggml.tokens = 512 of String",
                "Q4_0 [64, 64] blk.4.attn_q.weight", "F16 [64, 172] blk.4.ffn_down.weight", "Q8_0 [512, 64] token_embd.weight",
                "shares model.embed_tokens.weight", "nothing is missing, nothing is extra",
            ])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ABrokenFileIsRefused()
    {
        string file = GgufBuilder.Llama().Write(_folder);
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^100]);
        LlamaProgram.Run("generate", "--model", file).Refused("model.gguf", "cut short");
        LlamaProgram.Run("inspect", "--model", file).Refused("model.gguf", "cut short");
        LlamaProgram.Run("convert", "--model", file, "--dtype", "f16", "--out", _folder.File("out")).Refused("model.gguf", "cut short");
        LlamaProgram.Run("generate", "--model", _folder.File("none.gguf")).Refused("none.gguf");
        LlamaProgram.Run("generate", "--model", GgufBuilder.Llama(name => name != "blk.0.ffn_up.weight").Write(_folder))
            .Refused("model.layers.0.mlp.up_proj.weight", "missing");
        LlamaProgram.Run("generate", "--model", new GgufBuilder().Add("general.architecture", "mamba").Write(_folder)).Refused("mamba");
    }

    /// <summary>How far the logits of the reference's prompt are from the reference's, at most.</summary>
    private static double WorstLogit(params string[] arguments)
    {
        string[] reference = File.ReadAllText(TestData.Path("stories260K/reference/once_logits_numpy_f64.txt")!)
            .Split("pos ", StringSplitOptions.RemoveEmptyEntries);
        string ids = string.Join(',', reference.Select(block => block.Split('\n')[0].Split(' ')[^1]));
        string[] lines = LlamaProgram.Run(["logits", .. arguments, "--ids", ids]).Quiet().TrimEnd('\n').Split('\n');
        Assert.Equal(reference.Length, lines.Length);
        return lines.Zip(reference, (line, block) =>
            Numbers(line).Zip(Numbers(string.Join(' ', block.Split('\n')[1..])), (left, right) => Math.Abs(left - right)).Max()).Max();
    }

    private static double[] Numbers(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
}
