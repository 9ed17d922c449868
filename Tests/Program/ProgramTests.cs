using System.Globalization;
using System.Text.Json;

namespace Einsharp.Tests.Program;

/// <summary>What the sample program prints.</summary>
public sealed class ProgramTests
{
    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public void GenerateRawIsTheReferenceTextByteForByte(string threads)
    {
        if (TestData.Path("stories260K") is not { } model)
            return;
        Outcome outcome = LlamaProgram.Run("generate", "--model", model, "--tokens", "200",
            "--temperature", "0", "--threads", threads, "--raw");
        Assert.Equal(File.ReadAllText(Path.Combine(model, "reference/empty_text200.txt")), outcome.Quiet() + "\n");
    }

    [Fact]
    public void GenerateRawBeginsWithThePrompt()
    {
        if (TestData.Path("stories260K") is not { } model)
            return;
        Outcome outcome = LlamaProgram.Run("generate", "--model", model, "--prompt", "Once upon a time",
            "--tokens", "60", "--temperature", "0", "--raw");
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllText(Path.Combine(model, "reference/once_greedy_tokens.json")));
        Assert.Equal(reference.RootElement.GetProperty("text").GetString(), outcome.Quiet());
    }

    [Fact]
    public void WithoutRawALineOfTimingsFollowsOnStandardError()
    {
        if (TestData.Path("stories260K") is not { } model)
            return;
        Outcome outcome = LlamaProgram.Run("generate", "--model", model, "--prompt", "Once", "--tokens", "5", "--seed", "7");
        Assert.Equal(0, outcome.ExitCode);
        Assert.StartsWith("Once", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', outcome.Output);
        Assert.Matches(@"^prompt \d+ tokens, [0-9.]+ tokens/s · decode 5 tokens, [0-9.]+ tokens/s · cache [0-9,]+ bytes · seed 7\n$", outcome.Error);
    }

    [Fact]
    public void TheSameSeedGivesTheSameText()
    {
        if (TestData.Path("stories260K") is not { } model)
            return;
        string[] first = ["generate", "--model", model, "--tokens", "60", "--top-k", "50",
            "--top-p", "0.95", "--min-p", "0.01", "--raw", "--seed"];
        string text = LlamaProgram.Run([.. first, "3", "--threads", "1"]).Quiet();
        Assert.Equal(text, LlamaProgram.Run([.. first, "3", "--threads", "2"]).Quiet());
        Assert.NotEqual(text, LlamaProgram.Run([.. first, "4"]).Quiet());
    }

    [Theory]
    [InlineData("f32", 1e-4)]
    [InlineData("bf16", 0.5)]
    [InlineData("f16", 0.05)]
    public void LogitsAreTheReferences(string format, double distance)
    {
        if (TestData.Path("stories260K") is not { } model)
            return;
        string[] reference = File.ReadAllText(Path.Combine(model, "reference/once_logits_numpy_f64.txt"))
            .Split("pos ", StringSplitOptions.RemoveEmptyEntries);
        string ids = string.Join(',', reference.Select(block => block.Split('\n')[0].Split(' ')[^1]));
        string[] lines = LlamaProgram.Run("logits", "--model", model, "--ids", ids, "--dtype", format).Quiet().TrimEnd('\n').Split('\n');
        Assert.Equal(12, lines.Length);
        double worst = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            double[] found = Numbers(lines[i]), expected = Numbers(string.Join(' ', reference[i].Split('\n')[1..]));
            Assert.Equal(512, found.Length);
            worst = Math.Max(worst, found.Zip(expected, (left, right) => Math.Abs(left - right)).Max());
        }

        Assert.InRange(worst, 0, distance);

        // The option does something: rounded weights are not the exact ones.
        Assert.Equal(format == "f32", worst <= 1e-4);
    }

    [Fact]
    public void InspectListsTheTensors()
    {
        if (TestData.Path("stories260K") is not { } model)
            return;
        string text = LlamaProgram.Run("inspect", "--model", model).Quiet();
        Assert.Contains("model.layers.4.self_attn.q_proj.weight", text, StringComparison.Ordinal);
        Assert.Contains("g r k d", text, StringComparison.Ordinal);
        Assert.Contains("4·2·8·64", text, StringComparison.Ordinal);
        Assert.Contains("shares model.embed_tokens.weight", text, StringComparison.Ordinal);
        Assert.Contains("nothing is missing, nothing is extra", text, StringComparison.Ordinal);
    }

    [Fact]
    public void InspectSaysWhatIsMissingAndExtra()
    {
        if (TestData.Path("stories260K") is not { } source)
            return;
        using var model = new HostileModel(source);
        model.Weights(header => header
            .Replace("model.layers.3.mlp.up_proj.weight", "model.layers.3.mlp.oops.weight", StringComparison.Ordinal)
            .Replace("model.norm.weight", "model.morn.weight", StringComparison.Ordinal));
        Outcome outcome = LlamaProgram.Run("inspect", "--model", model.Folder);
        Assert.Equal(1, outcome.ExitCode);
        foreach (string name in (string[])["layers.3.mlp.up_proj", "layers.3.mlp.oops", "model.norm.weight", "model.morn.weight"])
            Assert.Contains(name, outcome.Output + outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void BenchPrintsJson()
    {
        if (TestData.Path("stories260K") is not { } model)
            return;
        string text = LlamaProgram.Run("bench", "--model", model, "--prompt", "64", "--tokens", "64", "--threads", "2", "--json").Quiet();
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        Assert.Single(text, character => character == '\n');
        using JsonDocument json = JsonDocument.Parse(text);
        string[] names = [.. json.RootElement.EnumerateObject().Select(member => member.Name)];
        Assert.Equal(["prefill_tps", "decode_tps", "weight_bytes", "gb_per_s", "cache_bytes", "workspace_bytes", "allocated_per_token"], names);
        double Value(string name) => json.RootElement.GetProperty(name).GetDouble();

        // What allocates at every token makes an object at least, of 24 bytes; the runtime itself may make one now and then.
        Assert.InRange(Value("allocated_per_token"), 0, 23);
        Assert.True(Value("prefill_tps") > 0 && Value("decode_tps") > 0 && Value("gb_per_s") > 0, text);

        // The file's bytes but its header; the tied embedding is read as the head.
        Assert.Equal(new FileInfo(Path.Combine(model, "model.safetensors")).Length - 8 - 4856, Value("weight_bytes"), 0.0);
    }

    [Fact]
    public void BenchRunsSeveralSequencesTogether()
    {
        string text = LlamaProgram.Run("bench", "--shape", "tiny", "--prompt", "5", "--tokens", "6", "--batch", "3", "--threads", "2", "--json").Quiet();
        using JsonDocument json = JsonDocument.Parse(text);
        double Value(string name) => json.RootElement.GetProperty(name).GetDouble();
        Assert.True(Value("prefill_tps") > 0 && Value("decode_tps") > 0, text);
        Assert.InRange(Value("allocated_per_token"), 0, 23);

        // Three sequences of 11 positions, in whole blocks of 16, keys and values of two layers and two heads of 16.
        Assert.Equal(3 * 16 * 2 * 2 * 2 * 16 * sizeof(float), Value("cache_bytes"));
    }

    [Fact]
    public void WithoutArgumentsItTellsASceneByTheModelThatComesWithIt()
    {
        if (!File.Exists(Path.Combine(LlamaProgram.Folder, "model/model.safetensors")))
        {
            Console.Error.WriteLine("skipped: the scene, for Samples/Llama/model is empty");
            return;
        }

        Outcome outcome = LlamaProgram.Run();
        Assert.Equal(0, outcome.ExitCode);
        Assert.InRange(outcome.Output.Length, 100, 10_000);
        Assert.DoesNotContain('\uFFFD', outcome.Output);
        Assert.Contains("tokens/s", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error, character => character == '\n');
        Assert.NotEqual(outcome.Output, LlamaProgram.Run().Output);
    }

    private static double[] Numbers(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
}
