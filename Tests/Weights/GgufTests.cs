using System.Runtime.InteropServices;
using Einsharp.Weights;

namespace Einsharp.Tests.Weights;

/// <summary>GGUF files that are as they should be.</summary>
public sealed unsafe class GgufTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Param New(string name, string axes, int[] shape, int row = 0) =>
        new(name.ToUpperInvariant(), name, axes, shape, Initializer.Zeros) { RowLength = row };

    private static float[] Values(Param parameter)
    {
        var values = new float[parameter.Count];
        parameter.CopyTo(values);
        return values;
    }

    [Fact]
    public void Metadata_of_every_type_is_read()
    {
        string path = new GgufBuilder()
            .Add("a", (byte)255).Add("b", (sbyte)-1).Add("c", (ushort)65535).Add("d", (short)-2).Add("e", uint.MaxValue).Add("f", -3)
            .Add("g", 0.5f).Add("h", true).Add("i", "text é").Add("j", ulong.MaxValue).Add("k", long.MinValue).Add("l", 0.25)
            .Add("m", new[] { "x", "", "yz" }).Add("n", new[] { 1f, 2 }).Add("o", new[] { -1, 7 })
            .Entry("p", 9, [.. GgufBuilder.Bytes(9u), .. GgufBuilder.Bytes(1UL), .. GgufBuilder.Bytes(7u), .. GgufBuilder.Bytes(2UL), 0, 1])
            .Write(_folder);
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(
            "255 -1 65535 -2 4294967295 -3 0.5 true 'text é' 18446744073709551615 -9223372036854775808 0.25 3 of String 2 of Float32 2 of Int32 1 of Array",
            string.Join(' ', file.Metadata.Values));
        Assert.Equal("abcdefghijklmnop", string.Concat(file.Metadata.Keys));
        Assert.Empty(file.Tensors);
    }

    [Fact]
    public void Tensors_have_the_innermost_size_last_and_lie_where_the_file_says()
    {
        string path = new GgufBuilder { Alignment = 64 }.Add("general.alignment", 64u)
            .Floats("w", [3, 2], [0, 1, 2, 3, 4, 5]).Tensor("q", [32, 2], 8, new byte[68]).Floats("v", [5], [9, 8, 7, 6, 5])
            .Write(_folder);
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(["w F32 [2, 3]", "q Q8_0 [2, 32]", "v F32 [5]"], file.Tensors.Select(tensor => tensor.ToString()));
        Assert.Equal([0L, 64, 192], file.Tensors.Select(tensor => tensor.Begin));
        Assert.Equal([24L, 68, 20], file.Tensors.Select(tensor => tensor.Bytes));
        Assert.Equal([9f, 8, 7, 6, 5], MemoryMarshal.Cast<byte, float>(file.Data("v")).ToArray());
        Assert.Throws<KeyNotFoundException>(() => file.Data("absent").Length);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Data("v").Length);
    }

    [Theory]
    [InlineData(0u, "F32", 1, 4)]
    [InlineData(1u, "F16", 1, 2)]
    [InlineData(2u, "Q4_0", 32, 18)]
    [InlineData(3u, "Q4_1", 32, 20)]
    [InlineData(6u, "Q5_0", 32, 22)]
    [InlineData(7u, "Q5_1", 32, 24)]
    [InlineData(8u, "Q8_0", 32, 34)]
    [InlineData(10u, "Q2_K", 256, 84)]
    [InlineData(11u, "Q3_K", 256, 110)]
    [InlineData(12u, "Q4_K", 256, 144)]
    [InlineData(13u, "Q5_K", 256, 176)]
    [InlineData(14u, "Q6_K", 256, 210)]
    [InlineData(20u, "IQ4_NL", 32, 18)]
    [InlineData(23u, "IQ4_XS", 256, 136)]
    [InlineData(28u, "F64", 1, 8)]
    [InlineData(30u, "BF16", 1, 2)]
    public void Types_are_sized_by_their_blocks_and_unusable_ones_are_refused_by_name(uint type, string name, int values, int bytes)
    {
        string path = new GgufBuilder().Tensor("w", [(ulong)values * 2, 3], type, new byte[bytes * 6]).Write(_folder);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        StoredTensor tensor = checkpoint.Find("w")!;
        Assert.Equal($"w {name} [3, {values * 2}]", tensor.ToString());
        Assert.Equal(bytes * 6, tensor.Bytes);
        Param w = New("w", "a b", [3, values * 2], row: values * 2);
        if (Enum.TryParse(name, out WeightFormat format))
        {
            checkpoint.Load([w]);
            Assert.Equal(format, w.Format);
            Assert.All(Values(w), value => Assert.Equal(0, value));
        }
        else
        {
            string message = Assert.Throws<CheckpointMismatchException>(() => checkpoint.Load([w])).Message;
            Assert.Contains(path, message, StringComparison.Ordinal);
            Assert.EndsWith($"w: expected F32, BF16, F16, Q8_0, Q4_0, Q4_K or Q6_K, found {name}", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Blocks_are_used_in_place_where_rows_are_whole_and_converted_where_they_are_not()
    {
        // One block whose scale is 1, then one whose scale is 2.
        byte[] blocks = new byte[4 * 34];
        for (int block = 0; block < 4; block++)
        {
            blocks[(block * 34) + 1] = block % 2 == 0 ? (byte)0x3C : (byte)0x40;
            for (int i = 0; i < 32; i++) blocks[(block * 34) + 2 + i] = (byte)(i - 16);
        }
        float[] expected = [.. Enumerable.Range(0, 128).Select(i => (i / 32 % 2 + 1) * (i % 32 - 16f))];
        string path = new GgufBuilder().Tensor("w", [64, 2], 8, blocks).Write(_folder);

        Param rows = Load(New("w", "a b", [2, 64], row: 64), null);
        Assert.Equal(WeightFormat.Q8_0, rows.Format);
        Assert.Equal(expected, Values(rows));
        Param others = Load(New("w", "a b", [2, 64]), null);
        Assert.Equal(WeightFormat.F16, others.Format);
        Assert.Equal(expected, Values(others));
        Assert.Equal(expected, Values(Load(New("w", "a b", [2, 64], row: 64), WeightFormat.F32)));
        Assert.Equal(WeightFormat.Q4_0, Load(New("w", "a b", [2, 64], row: 64), WeightFormat.Q4_0).Format);

        Assert.True(new ReadOnlySpan<byte>(rows.Data, (int)rows.Bytes).SequenceEqual(blocks));

        Param Load(Param param, WeightFormat? format)
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            checkpoint.Load([param], new LoadOptions { Format = format });
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return param;
        }
    }

    [Fact]
    public void Names_are_those_that_declarations_ask_for()
    {
        using Checkpoint checkpoint = Checkpoint.Open(GgufBuilder.Llama().Write(_folder));
        Assert.Equal(
            [
                "model.embed_tokens.weight", "model.layers.0.input_layernorm.weight", "model.layers.0.mlp.down_proj.weight",
                "model.layers.0.mlp.gate_proj.weight", "model.layers.0.mlp.up_proj.weight", "model.layers.0.post_attention_layernorm.weight",
                "model.layers.0.self_attn.k_proj.weight", "model.layers.0.self_attn.o_proj.weight", "model.layers.0.self_attn.q_proj.weight",
                "model.layers.0.self_attn.v_proj.weight", "model.norm.weight",
            ],
            checkpoint.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        Assert.Equal("model.norm.weight (output_norm.weight) F32 [32]", checkpoint.Find("model.norm.weight")!.ToString());
    }

    [Theory]
    [InlineData("output.weight", "lm_head.weight")]
    [InlineData("blk.10.attn_q.weight", "model.layers.10.self_attn.q_proj.weight")]
    [InlineData("blk.0.attn_q.bias", "blk.0.attn_q.bias")]
    [InlineData("blk.x.attn_q.weight", "blk.x.attn_q.weight")]
    [InlineData("blk..attn_q.weight", "blk..attn_q.weight")]
    [InlineData("blk.0", "blk.0")]
    [InlineData("blk.0.ffn_gate_exps.weight", "blk.0.ffn_gate_exps.weight")]
    public void A_name_that_the_table_has_not_stays(string stored, string declared) => Assert.Equal(declared, GgufNames.Declared(stored));

    [Fact]
    public void Two_tensors_of_one_declared_name_are_refused()
    {
        string path = new GgufBuilder().Floats("output.weight", [1], [1]).Floats("lm_head.weight", [1], [1]).Write(_folder);
        string message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message;
        Assert.Equal($"{path}: 'lm_head.weight' is 'lm_head.weight', which is there by another name too", message);
    }

    [Theory]
    [InlineData(8u, 34, 0)]
    [InlineData(2u, 18, 0)]
    [InlineData(12u, 144, 0)]
    [InlineData(12u, 144, 2)]
    [InlineData(14u, 210, 208)]
    public void A_factor_that_is_not_finite_is_refused_and_read_when_that_is_not_asked(uint type, int bytes, int factor)
    {
        int values = type is 12 or 14 ? 256 : 32;
        byte[] data = new byte[bytes * 3];
        data.AsSpan().Fill(1);
        foreach (int block in (int[])[0, 1, 2])
        {
            foreach (int at in type == 12 ? (int[])[0, 2] : [factor]) (data[(block * bytes) + at], data[(block * bytes) + at + 1]) = (0, 0x3C);
        }
        (data[bytes + factor], data[bytes + factor + 1]) = (0, 0x7E);
        string path = new GgufBuilder().Tensor("w", [(ulong)values * 3, 1], type, data).Write(_folder);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Param w = New("w", "a b", [1, values * 3], row: values * 3);
        foreach (WeightFormat? format in (WeightFormat?[])[null, WeightFormat.F32])
        {
            string message = Assert.Throws<CheckpointException>(() => checkpoint.Load([w], new LoadOptions { Format = format })).Message;
            Assert.Contains($"holds NaN at index {values}: a weight must be finite", message, StringComparison.Ordinal);
            Assert.False(w.IsLoaded);
        }
        checkpoint.Load([w], new LoadOptions { CheckFinite = false });
        Assert.True(float.IsNaN(Values(w)[values]));
        Assert.True(float.IsFinite(Values(w)[0]));
    }

    [Theory]
    [InlineData("f32", 1e-6)]
    [InlineData("f16", 1e-3)]
    [InlineData("q8_0", 0.02)]
    [InlineData("q4_0", 0.3)]
    public void The_small_model_has_the_weights_of_its_other_form(string format, double distance)
    {
        if (TestData.Path($"gguf/stories260K-{format}.gguf") is not { } path || TestData.Path("stories260K") is not { } folder)
            return;
        using Checkpoint gguf = Checkpoint.Open(path), original = Checkpoint.Open(folder);
        foreach (StoredTensor tensor in original.Tensors)
        {
            // The rows of q and k are in another order, for their rotation is of neighbours.
            if (tensor.Name.Contains("q_proj", StringComparison.Ordinal) || tensor.Name.Contains("k_proj", StringComparison.Ordinal)) continue;
            int[] shape = [.. tensor.Shape.ToArray().Select(size => (int)size)];
            float[][] values = [.. new[] { gguf, original }.Select(checkpoint =>
            {
                Param param = New(tensor.Name, shape.Length == 1 ? "a" : "a b", shape, row: shape.Length == 1 ? 0 : shape[1]);
                checkpoint.Load([param], new LoadOptions { IgnoreExtra = true, Format = WeightFormat.F32 });
                return Values(param);
            })];
            Assert.True(values[0].Zip(values[1], (a, b) => Math.Abs(a - b)).Max() <= distance, tensor.Name);
        }
    }
}
