using System.Runtime.InteropServices;
using Einsharp.Weights;

namespace Einsharp.Tests.Weights;

/// <summary>Weights written in another format, and blocks in safetensors files.</summary>
public sealed unsafe class CheckpointConversionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static float[] Values(Param parameter)
    {
        var values = new float[parameter.Count];
        parameter.CopyTo(values);
        return values;
    }

    private static Param[] Parameters()
    {
        var embedding = new Param("E", "e", "v d", [4, 512], Initializer.Zeros) { RowLength = 512 };
        return
        [
            embedding, new Param("Norm", "norm", "d", [512], Initializer.Zeros),
            new Param("Q", "q", "h k d", [2, 3, 32], Initializer.Zeros) { RowLength = 32 },
            new Param("Odd", "odd", "f d", [6, 20], Initializer.Zeros) { RowLength = 20 },
            new Param("Other", "other", "f d", [2, 32], Initializer.Zeros),
            new Param("Head", "h", "v d", [4, 512], Initializer.Zeros) { Or = embedding, RowLength = 512 },
        ];
    }

    private static float[] Some(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => (float)Math.Sin((i + 1) * (seed + 1.5)))];

    private string Source() => _folder.WriteFloats("source.safetensors",
        ("e", [4, 512], Some(2048, 1)), ("norm", [512], Some(512, 2)), ("q", [6, 32], Some(192, 3)), ("odd", [6, 20], Some(120, 4)),
        ("other", [2, 32], Some(64, 5)));

    [Theory]
    [InlineData(WeightFormat.F32, "F32 F32 F32 F32 F32")]
    [InlineData(WeightFormat.BF16, "BF16 F32 BF16 BF16 BF16")]
    [InlineData(WeightFormat.F16, "F16 F32 F16 F16 F16")]
    [InlineData(WeightFormat.Q8_0, "Q8_0 F32 Q8_0 F16 F16")]
    [InlineData(WeightFormat.Q4_0, "Q4_0 F32 Q4_0 F16 F16")]
    [InlineData(WeightFormat.Q4_K, "Q4_K F32 Q8_0 F16 F16")]
    [InlineData(WeightFormat.Q6_K, "Q6_K F32 Q8_0 F16 F16")]
    public void What_is_written_is_what_loading_converts_to_and_is_used_in_place(WeightFormat format, string formats)
    {
        string path = _folder.File("out.safetensors");
        Param[] direct = Parameters(), loaded = Parameters();
        using (Checkpoint source = Checkpoint.Open(Source()))
        {
            source.Load(direct, new LoadOptions { Format = format });
            IReadOnlyList<ConvertedTensor> tensors = source.Convert(Parameters(), path, new LoadOptions { Format = format });
            Assert.Equal(["e", "norm", "q", "odd", "other"], tensors.Select(tensor => tensor.From.Name));
            Assert.Equal(formats, string.Join(' ', tensors.Select(tensor => tensor.Format)));
            Assert.Equal(direct[..5].Select(param => param.Bytes), tensors.Select(tensor => tensor.Bytes));
        }
        using (Checkpoint written = Checkpoint.Open(path)) written.Load(loaded);
        foreach ((Param one, Param other) in direct.Zip(loaded))
        {
            Assert.Equal(one.Format, other.Format);
            Assert.True(new ReadOnlySpan<byte>(one.Data, (int)one.Bytes).SequenceEqual(new ReadOnlySpan<byte>(other.Data, (int)other.Bytes)));
        }

        // To whoever reads safetensors it is a valid file, in blocks of bytes.
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(format.IsQuantised(), file.Metadata.ContainsKey("einsharp.formats"));
        Assert.Equal(direct[..5].Sum(param => param.Bytes), file.Tensors.Sum(tensor => tensor.Bytes));

        // What has the format already goes over as it is.
        using Checkpoint again = Checkpoint.Open(path);
        again.Convert(Parameters(), _folder.File("again.safetensors"), new LoadOptions { Format = format });
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(_folder.File("again.safetensors")));
    }

    [Fact]
    public void A_weight_too_great_for_a_scale_is_refused_and_nothing_is_left()
    {
        float[] values = Some(512, 1);
        (values[300], values[301]) = (-9e8f, 8e8f);
        string source = _folder.WriteFloats("great.safetensors", ("w", [2, 256], values));
        Param w = new("W", "w", "a b", [2, 256], Initializer.Zeros) { RowLength = 256 };
        using Checkpoint checkpoint = Checkpoint.Open(source);
        foreach (WeightFormat format in (WeightFormat[])[WeightFormat.Q8_0, WeightFormat.Q4_0, WeightFormat.Q4_K, WeightFormat.Q6_K])
        {
            string expected = $"{source}: w F32 [2, 256] holds -900000000 at index 300: that is too great for {format}";
            Assert.Equal(expected, Assert.Throws<CheckpointException>(() => checkpoint.Load([w], new LoadOptions { Format = format })).Message);
            Assert.Equal(expected, Assert.Throws<CheckpointException>(() =>
                checkpoint.Convert([w], _folder.File("out.safetensors"), new LoadOptions { Format = format })).Message);
        }
        Assert.False(w.IsLoaded);
        Assert.Equal([source], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_conversion_that_is_stopped_leaves_nothing()
    {
        string source = Source();
        using Checkpoint checkpoint = Checkpoint.Open(source);
        Assert.Throws<OperationCanceledException>(() => checkpoint.Convert(
            Parameters(), _folder.File("out.safetensors"), new LoadOptions { Format = WeightFormat.Q8_0 }, new CancellationToken(canceled: true)));
        Assert.Equal([source], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("""{"w": {"format": "Q8_0", "shape": [2, 32]}}""", null)]
    [InlineData("""{"w": {"shape": [1, 2, 32], "format": "Q8_0"}}""", null)]
    [InlineData("""{}""", null)]
    [InlineData("""[]""", "expected a JSON object, found Array")]
    [InlineData("""{"w": """, "no valid JSON")]
    [InlineData("""{"w": {"format": "Q8_0", "shape": [2, 32]}, "w": {"format": "Q8_0", "shape": [2, 32]}}""", "no valid JSON")]
    [InlineData("""{"v": {"format": "Q8_0", "shape": [2, 32]}}""", "names 'v', but there is no such tensor")]
    [InlineData("""{"w": 1}""", "expected an object with format and shape for 'w'")]
    [InlineData("""{"w": {"format": "Q8_0"}}""", "expected an object with format and shape for 'w'")]
    [InlineData("""{"w": {"format": 8, "shape": [2, 32]}}""", "expected an object with format and shape for 'w'")]
    [InlineData("""{"w": {"format": "Q8_0", "shape": [2, 32], "more": 1}}""", "expected an object with format and shape for 'w'")]
    [InlineData("""{"w": {"format": "Q5_0", "shape": [2, 32]}}""", "'w' has the unknown format 'Q5_0', known are Q8_0, Q4_0, Q4_K and Q6_K")]
    [InlineData("""{"w": {"format": "F32", "shape": [2, 32]}}""", "'w' has the unknown format 'F32'")]
    [InlineData("""{"w": {"format": "3", "shape": [2, 32]}}""", "'w' has the unknown format '3'")]
    [InlineData("""{"w": {"format": "Q8_0", "shape": [2, 48]}}""", "'w' is Q8_0 [2, 48], expected rows that are whole blocks of 32")]
    [InlineData("""{"w": {"format": "Q8_0", "shape": []}}""", "'w' is Q8_0 [], expected rows")]
    [InlineData("""{"w": {"format": "Q8_0", "shape": [2, -32]}}""", "expected whole numbers from 0 to 2^63 in the shape of 'w'")]
    [InlineData("""{"w": {"format": "Q8_0", "shape": [2, 32.5]}}""", "expected whole numbers")]
    [InlineData("""{"w": {"format": "Q8_0", "shape": [3, 32]}}""", "'w' is Q8_0 [3, 32], expected U8 [3, 34], found U8 [2, 34]")]
    [InlineData("""{"w": {"format": "Q4_0", "shape": [2, 32]}}""", "'w' is Q4_0 [2, 32], expected U8 [2, 18], found U8 [2, 34]")]
    [InlineData("""{"w": {"format": "Q8_0", "shape": [4294967296, 4294967296, 32]}}""", "'w' has the shape [4294967296, 4294967296, 32], which is more than 2^63")]
    [InlineData("""{"w": {"format": "Q8_0", "shape": [9223372036854775776]}}""", "'w' has the shape [9223372036854775776], which is more than 2^63")]
    [InlineData("""{"norm": {"format": "Q8_0", "shape": [1, 32]}}""", "'norm' is Q8_0 [1, 32], expected U8 [1, 34], found F32 [4]")]
    public void What_the_metadata_says_of_blocks_must_be_right(string formats, string? message)
    {
        string escaped = System.Text.Json.JsonSerializer.Serialize(formats);
        string path = _folder.WriteRaw("model.safetensors", $$$"""
            {"__metadata__":{"einsharp.formats":{{{escaped}}}},"norm":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},
            "w":{"dtype":"U8","shape":[2,34],"data_offsets":[16,84]}}
            """, new byte[84]);
        if (message is null)
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.Equal(formats == "{}" ? ElementType.U8 : null, file.Find("w")!.Type);
            return;
        }
        string found = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message;
        Assert.StartsWith($"{path}: einsharp.formats: {message}", found, StringComparison.Ordinal);
    }
}
