using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Einsharp.Tests.Program;
using Einsharp.Weights;

namespace Einsharp.Tests.Weights;

/// <summary>
/// A random model of one block (d = 256) that llama.cpp's llama-quantize made Q4_K_M (August 2026): Q4_K, and Q6_K for the embedding, the values
/// and ffn_down. Its own dequantised weights (llama-quantize to F32) are known by their SHA-256, and NumPy computed logits from them in float64.
/// </summary>
public sealed class KQuantTests
{
    private static string File([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "../Reference/kquants.gguf");

    private static JsonElement Reference()
    {
        using JsonDocument json = JsonDocument.Parse(System.IO.File.ReadAllText(Path.ChangeExtension(File(), "json")));
        return json.RootElement.Clone();
    }

    [Fact]
    public void WeightsAreThoseOfLlamaCppBitForBit()
    {
        JsonElement hashes = Reference().GetProperty("sha256");
        using Checkpoint checkpoint = Checkpoint.Open(File());
        var formats = new List<WeightFormat>();
        foreach (StoredTensor tensor in checkpoint.Tensors)
        {
            int[] shape = [.. tensor.Shape.ToArray().Select(size => checked((int)size))];
            var w = new Param("W", tensor.Name, string.Join(' ', shape.Select((_, i) => (char)('a' + i))), shape, Initializer.Zeros) { RowLength = shape[^1] };
            checkpoint.Load([w], new LoadOptions { IgnoreExtra = true });
            var values = new float[w.Count];
            w.CopyTo(values);
            Assert.Equal(
                hashes.GetProperty(tensor.StoredName).GetString(), Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values.AsSpan()))));
            formats.Add(w.Format);
        }
        Assert.Equal(11, formats.Count);
        Assert.Equal((5, 3), (formats.Count(format => format == WeightFormat.Q4_K), formats.Count(format => format == WeightFormat.Q6_K)));
    }

    /// <summary>Activations of 8 bits, a scale for each 256, are what a sweep over superblocks is wrong by: a part in some hundreds each time.</summary>
    [Theory]
    [InlineData(null, 0.04)]
    [InlineData("f32", 1e-5)]
    public void LogitsAreThoseOfTheDequantisedWeights(string? format, double distance)
    {
        JsonElement reference = Reference();
        string ids = string.Join(',', reference.GetProperty("ids").EnumerateArray());
        string[] options = format is null ? [] : ["--dtype", format];
        string[] lines = LlamaProgram.Run(["logits", "--model", File(), .. options, "--ids", ids]).Quiet().TrimEnd('\n').Split('\n');
        int[] positions = [.. reference.GetProperty("positions").EnumerateArray().Select(position => position.GetInt32())];
        double wrong = 0, all = 0;
        for (int i = 0; i < positions.Length; i++)
        {
            double[] expected = [.. reference.GetProperty("logits")[i].EnumerateArray().Select(logit => logit.GetDouble())];
            double[] found = [.. lines[positions[i]].Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
            Assert.Equal(expected.Length, found.Length);
            wrong += expected.Zip(found, (left, right) => (left - right) * (left - right)).Sum();
            all += expected.Sum(logit => logit * logit);
        }
        Assert.InRange(Math.Sqrt(wrong / all), 0, distance);
    }
}
