using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Einsharp.Weights;

namespace Einsharp.Tests.Weights;

public sealed unsafe class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Param New(string name, string axes, int[] shape, Param? or = null) =>
        new(name.ToUpperInvariant(), name, axes, shape, Initializer.Zeros) { Or = or };

    private static float[] Values(Param parameter)
    {
        var values = new float[parameter.Count];
        parameter.CopyTo(values);
        return values;
    }

    private static float[] Count(int count) => [.. Enumerable.Range(0, count).Select(i => i * 0.5f - 3)];

    private string WriteSome() => _folder.WriteFloats("model.safetensors", ("q", [24, 5], Count(120)), ("norm", [5], Count(5)));

    [Fact]
    public void Weights_in_the_stored_format_are_used_in_place_and_kept_as_long_as_a_parameter_needs_them()
    {
        Param query = New("q", "g r k d", [3, 2, 4, 5]), norm = New("norm", "d", [5]);
        WriteSome();
        WeakReference file = Load(_folder.Path, query, norm);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(file.IsAlive);
        Assert.Equal(WeightFormat.F32, query.Format);
        Assert.Equal(Count(120), Values(query));
        Assert.Equal(Count(5), norm.Floats.ToArray());
        Assert.True((float*)query.Data + 120 == (float*)norm.Data);

        query.Allocate(WeightFormat.F32);
        norm.Allocate(WeightFormat.F32);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.False(file.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Load(string path, params Param[] parameters)
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            checkpoint.Load(parameters);
            using SafetensorsFile file = SafetensorsFile.Open(checkpoint.Path);
            return new WeakReference(Owner(parameters[0]));
        }

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_owner")]
        static extern ref object? Owner(Param parameter);
    }

    [Fact]
    public void A_checkpoint_that_nothing_was_loaded_from_is_closed_by_Dispose()
    {
        WriteSome();
        Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        checkpoint.Dispose();
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => checkpoint.Load([New("q", "a b", [24, 5]), New("norm", "d", [5])]));
    }

    [Theory]
    [InlineData(WeightFormat.F32, WeightFormat.BF16)]
    [InlineData(WeightFormat.F32, WeightFormat.F16)]
    [InlineData(WeightFormat.BF16, WeightFormat.F32)]
    [InlineData(WeightFormat.F16, WeightFormat.F32)]
    [InlineData(WeightFormat.BF16, WeightFormat.F16)]
    [InlineData(WeightFormat.F16, WeightFormat.F16)]
    public void Weights_are_converted_at_load(WeightFormat stored, WeightFormat wanted)
    {
        // Long enough for several workers, and values that all formats hold exactly.
        const int Rows = 700, Columns = 1001;
        var source = new Param("W", "w", "a b", [Rows, Columns], Initializer.Zeros);
        var values = new float[Rows * Columns];
        for (int i = 0; i < values.Length; i++) values[i] = (i % 255 - 127) / 64f;
        source.Allocate(stored);
        source.Set(values);
        using (var writer = new SafetensorsWriter(_folder.File("model.safetensors")))
        {
            writer.Declare("w", stored.AsElements(), Rows, Columns);
            writer.Declare("norm", stored.AsElements(), 3);
            writer.Write("w", new ReadOnlySpan<byte>(source.Data, (int)source.Bytes));
            writer.Write("norm", stored == WeightFormat.F32 ? MemoryMarshal.AsBytes<float>([1, 2, 4]) : stored == WeightFormat.BF16
                ? [0x80, 0x3F, 0x00, 0x40, 0x80, 0x40] : MemoryMarshal.AsBytes<Half>([(Half)1, (Half)2, (Half)4]));
            writer.Complete();
        }
        Param loaded = New("w", "a b", [Rows, Columns]), norm = New("norm", "d", [3]);
        using (Checkpoint checkpoint = Checkpoint.Open(_folder.Path)) checkpoint.Load([loaded, norm], new LoadOptions { Format = wanted });
        Assert.Equal(wanted, loaded.Format);
        Assert.Equal(values, Values(loaded));
        Assert.Equal([1f, 2, 4], norm.Floats.ToArray());
    }

    [Fact]
    public void Misaligned_weights_are_copied()
    {
        using (var writer = new SafetensorsWriter(_folder.File("model.safetensors")))
        {
            writer.Declare("odd", ElementType.BF16, 1, 1);
            writer.Declare("w", ElementType.F32, 1, 2);
            writer.Write("odd", [0x80, 0x3F]);
            writer.Write("w", MemoryMarshal.AsBytes<float>([5, 6]));
            writer.Complete();
        }
        Param odd = New("odd", "a b", [1, 1]), w = New("w", "a b", [1, 2]);
        using (Checkpoint checkpoint = Checkpoint.Open(_folder.Path)) checkpoint.Load([odd, w]);
        Assert.Equal(0, (nint)w.Data % 4);
        Assert.Equal([5f, 6], Values(w));
        Assert.Equal([1f], Values(odd));
    }

    [Fact]
    public void All_that_does_not_fit_is_said_at_once_and_nothing_is_bound()
    {
        using (var writer = new SafetensorsWriter(_folder.File("model.safetensors")))
        {
            writer.Declare("layers.0.q", ElementType.F32, 3, 2);
            writer.Declare("layers.1.q", ElementType.F32, 3, 2);
            writer.Declare("fits", ElementType.F32, 2);
            writer.Declare("whole", ElementType.I32, 2);
            writer.Declare("lm_head", ElementType.F32, 1);
            writer.Declare("layers.0.rotary_emb.inv_freq", ElementType.F32, 1);
            foreach ((string name, int bytes) in ((string, int)[])
                [("layers.0.q", 24), ("layers.1.q", 24), ("fits", 8), ("whole", 8), ("lm_head", 4), ("layers.0.rotary_emb.inv_freq", 4)])
                writer.Write(name, new byte[bytes]);
            writer.Complete();
        }
        Param[] parameters =
        [
            New("fits", "d", [2]), New("layers.0.q", "h k d", [2, 2, 2]), New("layers.1.q", "h k d", [2, 2, 2]), New("whole", "d", [2]),
            New("layers.0.k", "d", [2]), New("layers.1.k", "d", [2]), New("layers.3.k", "d", [2]), New("norm", "d", [2]),
        ];
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        var e = Assert.Throws<CheckpointMismatchException>(() => checkpoint.Load(parameters));
        Assert.Equal(["layers.0.k", "layers.1.k", "layers.3.k", "norm"], e.Difference.Missing);
        Assert.Equal(["lm_head"], e.Difference.Extra);
        Assert.Equal(["layers.0.q", "layers.1.q"], e.Difference.Misshaped.Select(m => m.Tensor.Name));
        Assert.Equal(["whole"], e.Difference.Unusable.Select(t => t.Name));
        Assert.Equal($"{_folder.File("model.safetensors")} does not fit the model: 4 missing: layers.{{0-1,3}}.k, norm; "
            + "2 mis-shaped: layers.{0-1}.q: expected [2·2, 2] (h k d), found [3, 2]; "
            + "1 of a type that is no weight: whole: expected F32, BF16, F16, Q8_0, Q4_0, Q4_K or Q6_K, found I32; 1 extra: lm_head", e.Message);
        Assert.All(parameters, p => Assert.False(p.IsLoaded));
        Assert.Empty(checkpoint.Compare(parameters, new LoadOptions { IgnoreExtra = true }).Extra);
    }

    [Theory]
    [InlineData(new[] { 4, 2, 8, 64 }, new long[] { 64, 64 }, true)]
    [InlineData(new[] { 4, 2, 8, 64 }, new long[] { 4, 2, 8, 64 }, true)]
    [InlineData(new[] { 4, 2, 8, 64 }, new long[] { 4096 }, true)]
    [InlineData(new[] { 64, 4, 2, 8 }, new long[] { 64, 64 }, true)]
    [InlineData(new[] { 1, 7, 8, 5 }, new long[] { 56, 5 }, true)]
    [InlineData(new[] { 1, 8, 5 }, new long[] { 8, 5 }, true)]
    [InlineData(new[] { 8, 5, 1 }, new long[] { 8, 5 }, true)]
    [InlineData(new[] { 7 }, new long[] { 7 }, true)]
    [InlineData(new int[0], new long[0], true)]
    [InlineData(new[] { 0, 3 }, new long[] { 0, 3 }, true)]
    [InlineData(new[] { 4, 2, 8, 64 }, new long[] { 60, 64 }, false)]
    [InlineData(new[] { 4, 6 }, new long[] { 6, 4 }, false)]
    [InlineData(new[] { 4, 6 }, new long[] { 8, 3 }, false)]
    [InlineData(new[] { 4, 6 }, new long[] { 4 }, false)]
    [InlineData(new[] { 4, 6 }, new long[] { 4, 6, 1 }, false)]
    [InlineData(new[] { 7 }, new long[] { 8 }, false)]
    [InlineData(new[] { 7 }, new long[0], false)]
    [InlineData(new[] { 65536, 65536 }, new long[] { 1L << 32 }, true)]
    public void A_stored_shape_fits_when_its_sizes_are_products_of_neighbours(int[] declared, long[] stored, bool fits) =>
        Assert.Equal(fits, ShapeMatch.Fits(declared, stored));

    [Theory]
    [InlineData(new[] { 4, 2, 8, 64 }, new long[] { 60, 64 }, "[4·2·8, 64]")]
    [InlineData(new[] { 64, 4, 2, 8 }, new long[] { 64, 60 }, "[64, 4·2·8]")]
    [InlineData(new[] { 4, 2, 8, 64 }, new long[] { 60, 60 }, "[4, 2, 8, 64]")]
    [InlineData(new[] { 7 }, new long[] { 8 }, "[7]")]
    [InlineData(new[] { 4, 6 }, new long[] { 6, 4 }, "[4, 6]")]
    [InlineData(new[] { 4, 6 }, new long[0], "[4, 6]")]
    [InlineData(new[] { 4, 6 }, new long[] { 24, 1 }, "[4·6]")]
    public void A_message_groups_the_declared_shape_as_the_stored_one_is(int[] declared, long[] stored, string text) =>
        Assert.Equal(text, ShapeMatch.Expected(declared, stored));

    [Fact]
    public void A_tied_parameter_takes_the_others_values_as_the_options_say()
    {
        string without = _folder.WriteFloats("without.safetensors", ("e", [2, 3], Count(6)));
        string with = _folder.WriteFloats("with.safetensors", ("e", [2, 3], Count(6)), ("h", [2, 3], new float[6]));
        Param embedding = New("e", "v d", [2, 3]), head = New("h", "v d", [2, 3], or: embedding);

        Load(without, null);
        Assert.True(head.Data == embedding.Data);
        Load(with, null);
        Assert.Equal(new float[6], Values(head));
        Load(with, true);
        Assert.True(head.Data == embedding.Data);
        Assert.Equal(["h"], Assert.Throws<CheckpointMismatchException>(() => Load(without, false)).Difference.Missing);

        void Load(string path, bool? tied)
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            checkpoint.Load([head, embedding], new LoadOptions { Tied = tied });
        }
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void Weights_that_are_not_finite_are_an_error_that_names_the_place(float wrong, string text)
    {
        float[] values = Count(120);
        values[77] = wrong;
        string path = _folder.WriteFloats("model.safetensors", ("norm", [5], Count(5)), ("q", [24, 5], values));
        Param query = New("q", "a d", [24, 5]), norm = New("norm", "d", [5]);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        foreach (WeightFormat? format in (WeightFormat?[])[null, WeightFormat.BF16])
        {
            string message = Assert.Throws<CheckpointException>(() =>
                checkpoint.Load([norm, query], new LoadOptions { Format = format })).Message;
            Assert.Equal($"{path}: q F32 [24, 5] holds {text} at index 77: a weight must be finite", message);
            Assert.False(norm.IsLoaded);
        }
        checkpoint.Load([norm, query], new LoadOptions { CheckFinite = false });
        Assert.Equal(wrong, Values(query)[77]);
    }

    [Fact]
    public void A_weight_too_great_for_the_format_is_an_error()
    {
        string path = _folder.WriteFloats("model.safetensors", ("q", [2, 2], [1, 65504, 70000, 2]));
        Param query = New("q", "a d", [2, 2]);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        string message = Assert.Throws<CheckpointException>(() =>
            checkpoint.Load([query], new LoadOptions { Format = WeightFormat.F16 })).Message;
        Assert.Equal($"{path}: q F32 [2, 2] holds 70000 at index 2: that is too great for F16", message);
        checkpoint.Load([query], new LoadOptions { Format = WeightFormat.BF16 });
    }

    [Theory]
    [InlineData(ElementType.F64)]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.F8_E4M3)]
    [InlineData(ElementType.BOOL)]
    public void Elements_that_are_no_weights_are_refused(ElementType type)
    {
        using (var writer = new SafetensorsWriter(_folder.File("model.safetensors")))
        {
            writer.Declare("q", type, 8);
            writer.Write("q", new byte[type.Bits()]);
            writer.Complete();
        }
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        string message = Assert.Throws<CheckpointMismatchException>(() => checkpoint.Load([New("q", "d", [8])])).Message;
        Assert.EndsWith($"q: expected F32, BF16, F16, Q8_0, Q4_0, Q4_K or Q6_K, found {type}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_are_one_checkpoint()
    {
        _folder.WriteFloats("a.safetensors", ("q", [24, 5], Count(120)));
        Directory.CreateDirectory(_folder.File("sub"));
        _folder.WriteFloats("sub/b.safetensors", ("norm", [5], Count(5)), ("unlisted", [1], [1]));
        string index = _folder.WriteText("model.safetensors.index.json",
            """{"metadata": {"total_size": 500}, "weight_map": {"q": "a.safetensors", "norm": "sub/b.safetensors"}}""");
        Param query = New("q", "a d", [24, 5]), norm = New("norm", "d", [5]);
        using (Checkpoint checkpoint = Checkpoint.Open(_folder.Path))
        {
            Assert.Equal(index, checkpoint.Path);
            Assert.Equal(["norm", "q"], checkpoint.Tensors.Select(t => t.Name).Order());
            Assert.Equal(500, checkpoint.Bytes);
            checkpoint.Load([query, norm]);
        }
        Assert.Equal(Count(120), Values(query));
        Assert.Equal(Count(5), norm.Floats.ToArray());
    }

    [Theory]
    [InlineData("../out.safetensors", "is not inside the folder")]
    [InlineData("sub/../../out.safetensors", "is not inside the folder")]
    [InlineData("..\\\\out.safetensors", "is not inside the folder")]
    [InlineData("/etc/passwd", "is not inside the folder")]
    [InlineData("\\\\\\\\host\\\\share", "is not inside the folder")]
    [InlineData("C:\\\\out.safetensors", "is not inside the folder")]
    [InlineData("C:out.safetensors", "is not inside the folder")]
    [InlineData("", "is not inside the folder")]
    [InlineData(".", "is not inside the folder")]
    [InlineData("a\\u0000b", "is not inside the folder")]
    [InlineData("gone.safetensors", "1 of 1 files are not there: 'gone.safetensors'")]
    [InlineData("a.safetensors", "which has no such tensor")]
    [InlineData("\\ud800", "no valid JSON")]
    public void An_index_that_points_elsewhere_is_refused(string file, string message)
    {
        _folder.WriteFloats("a.safetensors", ("q", [1], [1]));
        string index = _folder.WriteText("model.safetensors.index.json", "{\"weight_map\": {\"norm\": \"" + file + "\"}}");
        string found = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.Path)).Message;
        Assert.StartsWith(index + ": ", found, StringComparison.Ordinal);
        Assert.Contains(message, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "expected an object weight_map")]
    [InlineData("{}", "expected an object weight_map")]
    [InlineData("{\"weight_map\":[]}", "expected an object weight_map")]
    [InlineData("{\"weight_map\":{\"a\":1}}", "expected the name of a file for 'a', found Number")]
    [InlineData("{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}", "no valid JSON")]
    [InlineData("{", "no valid JSON")]
    public void An_index_that_is_none_is_refused(string json, string message)
    {
        _folder.WriteText("model.safetensors.index.json", json);
        Assert.Contains(message, Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_weights_is_refused() =>
        Assert.Equal($"{_folder.Path}: expected model.safetensors or model.safetensors.index.json in the folder, found neither",
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.Path)).Message);

    [Fact]
    public void Messages_do_not_grow_with_the_file()
    {
        IEnumerable<(string, string)> names = Enumerable.Range(0, 100_000).Select(i => ($"x{i}", ""));
        string text = TensorNames.Collapse(names);
        Assert.EndsWith("x39 and 99960 more", text, StringComparison.Ordinal);
        Assert.Equal("a.{0-2,5}.w, b.7.w, c, d.01",
            TensorNames.Collapse([("a.0.w", ""), ("a.1.w", ""), ("b.7.w", ""), ("a.5.w", ""), ("a.2.w", ""), ("c", ""), ("d.01", "")]));
    }

    [Fact]
    public void A_real_llama_fits_its_declaration()
    {
        if (TestData.Path("stories260K") is not { } folder) return;
        var parameters = new List<Param> { New("model.embed_tokens.weight", "v d", [512, 64]), New("model.norm.weight", "d", [64]) };
        for (int layer = 0; layer < 5; layer++)
        {
            string at = $"model.layers.{layer}.";
            parameters.Add(New(at + "input_layernorm.weight", "d", [64]));
            parameters.Add(New(at + "self_attn.q_proj.weight", "g r k d", [4, 2, 8, 64]));
            parameters.Add(New(at + "self_attn.k_proj.weight", "g k d", [4, 8, 64]));
            parameters.Add(New(at + "self_attn.v_proj.weight", "g k d", [4, 8, 64]));
            parameters.Add(New(at + "self_attn.o_proj.weight", "d g r k", [64, 4, 2, 8]));
            parameters.Add(New(at + "post_attention_layernorm.weight", "d", [64]));
            parameters.Add(New(at + "mlp.gate_proj.weight", "f d", [172, 64]));
            parameters.Add(New(at + "mlp.up_proj.weight", "f d", [172, 64]));
            parameters.Add(New(at + "mlp.down_proj.weight", "d f", [64, 172]));
        }
        parameters.Add(New("lm_head.weight", "v d", [512, 64], or: parameters[0]));
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        checkpoint.Load(parameters, new LoadOptions { Tied = true });
        Assert.All(parameters, p => Assert.True(p.IsLoaded));
        Assert.Equal(Values(parameters[0]), Values(parameters[^1]));
    }
}
