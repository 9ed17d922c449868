using System.Runtime.InteropServices;
using System.Text;
using Einsharp.Weights;

namespace Einsharp.Tests.Weights;

/// <summary>Each rule of the format, kept and broken.</summary>
public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Refusal(string header, int dataBytes, ulong? claimed = null)
    {
        string path = _folder.WriteRaw("model.safetensors", header, new byte[dataBytes], claimed);
        string message = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path).Dispose()).Message;
        Assert.StartsWith(path + ": ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.InRange(message.Length, path.Length + 10, path.Length + 600);
        return message[(path.Length + 2)..];
    }

    private static string Tensor(string name, string type, string shape, long begin, long end) =>
        FormattableString.Invariant($"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":{shape},\"data_offsets\":[{begin},{end}]}}");

    [Fact]
    public void What_is_written_is_read_in_place()
    {
        string path = _folder.File("model.safetensors");
        using (var writer = new SafetensorsWriter(path, new Dictionary<string, string> { ["format"] = "pt", ["a"] = "b\"c" }))
        {
            writer.Declare("w", ElementType.F32, 2, 3);
            writer.Declare("none", ElementType.F32, 0, 5);
            writer.Declare("scalar", ElementType.BF16);
            writer.Declare("bytes \u00e9", ElementType.U8, 3);
            writer.Write("w", MemoryMarshal.AsBytes<float>([1, 2, 3, 4]));
            writer.Write("w", MemoryMarshal.AsBytes<float>([5, 6]));
            writer.Write("scalar", [0x80, 0x3F]);
            writer.Write("bytes \u00e9", [7, 8, 9]);
            writer.Complete();
        }
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
        Assert.Equal(0, BitConverter.ToInt64(File.ReadAllBytes(path)) % 64 + 8 - 64);

        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(["w", "none", "scalar", "bytes \u00e9"], file.Tensors.Select(t => t.Name));
        Assert.Equal([1f, 2, 3, 4, 5, 6], MemoryMarshal.Cast<byte, float>(file.Data("w")).ToArray());
        Assert.Equal([2L, 3], file.Find("w")!.Shape.ToArray());
        Assert.Equal(0, file.Data("none").Length);
        Assert.Equal(0, file.Find("scalar")!.Shape.Length);
        Assert.Equal([0x80, 0x3F], file.Data("scalar").ToArray());
        Assert.Equal([7, 8, 9], file.Data("bytes \u00e9").ToArray());
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal("b\"c", file.Metadata["a"]);
        Assert.Null(file.Find("absent"));
        Assert.Throws<KeyNotFoundException>(() => file.Data("absent").Length);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Data("w").Length);
    }

    [Fact]
    public void The_writer_refuses_what_would_be_a_broken_file()
    {
        string path = _folder.File("model.safetensors");
        using (var writer = new SafetensorsWriter(path))
        {
            writer.Declare("a", ElementType.U8, 2);
            writer.Declare("b", ElementType.U8, 2);
            Assert.Throws<ArgumentException>(() => writer.Declare("a", ElementType.U8, 2));
            Assert.Throws<ArgumentException>(() => writer.Declare("__metadata__", ElementType.U8, 2));
            Assert.Throws<ArgumentOutOfRangeException>(() => writer.Declare("c", ElementType.U8, -2));
            Assert.Throws<ArgumentException>(() => writer.Declare("c", ElementType.F4, 3));
            Assert.Throws<OverflowException>(() => writer.Declare("c", ElementType.F32, 1L << 40, 1L << 40));
            Assert.Throws<InvalidOperationException>(() => writer.Write("b", [1]));
            writer.Write("a", [1]);
            Assert.Throws<InvalidOperationException>(() => writer.Write("a", [1, 2]));
            Assert.Throws<InvalidOperationException>(() => writer.Declare("d", ElementType.U8, 2));
            Assert.Throws<InvalidOperationException>(writer.Complete);
        }
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Allowed_are_no_tensors_empty_ones_scalars_and_trailing_spaces()
    {
        string path = _folder.WriteRaw("a.safetensors", "{}", []);
        using (SafetensorsFile none = SafetensorsFile.Open(path)) Assert.Empty(none.Tensors);

        // Out of order, an empty tensor between, a later version's field, 13 spaces behind.
        string header = "{" + Tensor("z", "F16", "[2]", 4, 8) + "," + Tensor("e", "F32", "[3,0]", 4, 4)
            + ",\"s\":{\"shape\":[],\"later\":[{}],\"data_offsets\":[0,4],\"dtype\":\"F32\"}}" + new string(' ', 13);
        path = _folder.WriteRaw("b.safetensors", header, [0, 0, 128, 63, 1, 2, 3, 4]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(["s", "e", "z"], file.Tensors.Select(t => t.Name));
        Assert.Equal([1, 2, 3, 4], file.Data("z").ToArray());
    }

    [Fact]
    public void Every_type_has_its_size()
    {
        (string Type, int Bytes)[] types =
        [
            ("BOOL", 8), ("U8", 8), ("I8", 8), ("F8_E4M3", 8), ("F8_E5M2", 8), ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8),
            ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16), ("I32", 32), ("U32", 32),
            ("F32", 32), ("C64", 64), ("I64", 64), ("U64", 64), ("F64", 64),
        ];
        foreach ((string type, int bytes) in types)
        {
            string path = _folder.WriteRaw("t.safetensors", "{" + Tensor("t", type, "[2,4]", 0, bytes) + "}", new byte[bytes]);
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.Equal(type, file.Tensors[0].Type.ToString());
        }
        Assert.Contains("has the unknown dtype 'F128', known are BOOL, U8", Refusal("{" + Tensor("t", "F128", "[1]", 0, 16) + "}", 16),
            StringComparison.Ordinal);
        Assert.Contains("does not fill whole bytes", Refusal("{" + Tensor("t", "F4", "[3]", 0, 1) + "}", 1), StringComparison.Ordinal);
    }

    [Fact]
    public void The_length_of_the_header_is_not_believed()
    {
        Assert.Equal("the header claims 9223372036854775808 bytes, at most 100000000 are allowed", Refusal("{}", 0, 1ul << 63));
        Assert.Equal("the header claims 18446744073709551615 bytes, at most 100000000 are allowed", Refusal("{}", 0, ulong.MaxValue));
        Assert.Equal("the header claims 100000001 bytes, at most 100000000 are allowed", Refusal("{}", 0, 100_000_001));
        Assert.Equal("the header claims 3 bytes, but the file has only 2 after its length", Refusal("{}", 0, 3));
        Assert.Equal("expected a header that begins with '{', found none", Refusal("", 0));

        foreach (int length in (int[])[0, 1, 7])
        {
            File.WriteAllBytes(_folder.File("short"), new byte[length]);
            string message = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_folder.File("short"))).Message;
            Assert.EndsWith($"expected at least 8 bytes, the file has {length}", message, StringComparison.Ordinal);
        }
        Assert.Contains("cannot be read", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_folder.File("absent"))).Message,
            StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_folder.Path)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" {}", "expected a header that begins with '{', found the byte 0x20")]
    [InlineData("[]", "expected a header that begins with '{', found the byte 0x5B")]
    [InlineData("{", "the header is no JSON")]
    [InlineData("{}x", "the header is no JSON")]
    [InlineData("{}{}", "the header is no JSON")]
    [InlineData("{}\0\0", "the header is no JSON")]
    [InlineData("{/*c*/}", "the header is no JSON")]
    [InlineData("{\"a\":", "the header is no JSON")]
    [InlineData("{\"\\ud800\":1}", "the header is no JSON")]
    [InlineData("{\"a\":1}", "'a': expected an object with dtype, shape and data_offsets, found Number")]
    [InlineData("{\"a\":{}}", "'a': has no dtype")]
    [InlineData("{\"a\":{\"dtype\":\"F32\"}}", "'a': has no shape")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", "'a': has no data_offsets")]
    [InlineData("{\"a\":{\"dtype\":5}}", "'a': expected a string as dtype, found Number")]
    [InlineData("{\"a\":{\"shape\":5}}", "'a': expected a list as shape, found Number")]
    [InlineData("{\"a\":{\"shape\":[-1]}}", "'a': expected whole numbers from 0 to 2^63 in shape")]
    [InlineData("{\"a\":{\"shape\":[1.5]}}", "'a': expected whole numbers from 0 to 2^63 in shape")]
    [InlineData("{\"a\":{\"shape\":[9223372036854775808]}}", "'a': expected whole numbers from 0 to 2^63 in shape")]
    [InlineData("{\"a\":{\"shape\":[[1]]}}", "'a': expected whole numbers from 0 to 2^63 in shape")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "'a': has dtype twice")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}",
        "'a': has the data_offsets [0], expected [begin, end] with begin ≤ end")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}",
        "'a': has the data_offsets [1, 0], expected [begin, end] with begin ≤ end")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}",
        "'a': has the data_offsets [0, 1, 2], expected [begin, end] with begin ≤ end")]
    [InlineData("{\"a\":{\"deep\":[[[[]]]]}}", "the header is no JSON")]
    [InlineData("{\"__metadata__\":[]}", "'__metadata__': expected an object of strings, found StartArray")]
    [InlineData("{\"__metadata__\":{\"k\":1}}", "'__metadata__': expected strings, found Number")]
    [InlineData("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", "'__metadata__': has 'k' twice")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}", "the header has '__metadata__' twice")]
    public void A_header_that_is_none_is_refused(string header, string message) =>
        Assert.StartsWith(message, Refusal(header, 1), StringComparison.Ordinal);

    [Fact]
    public void A_header_that_is_not_UTF8_is_refused()
    {
        string path = _folder.WriteRaw("m", "{\"a?\":1}", []);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[Array.IndexOf(bytes, (byte)'?')] = 0xFF;
        File.WriteAllBytes(path, bytes);
        Assert.Contains("no JSON", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Duplicates_overlaps_holes_and_lies_about_sizes_are_refused()
    {
        string a = Tensor("a", "F32", "[2]", 0, 8);
        Assert.Equal("the header has 'a' twice", Refusal("{" + a + "," + a + "}", 8));
        Assert.Equal("the header has 'a' twice", Refusal("{" + a + ",\"\\u0061\":{}}", 8));
        Assert.Equal("'b': begins at byte 4 of the data, but the tensor before it ends at 8: an overlap",
            Refusal("{" + a + "," + Tensor("b", "F32", "[2]", 4, 12) + "}", 12));
        Assert.Equal("'b': begins at byte 0 of the data, but the tensor before it ends at 8: an overlap",
            Refusal("{" + a + "," + Tensor("b", "F32", "[2]", 0, 8) + "}", 8));
        Assert.Equal("'b': begins at byte 12 of the data, but the tensor before it ends at 8: a hole",
            Refusal("{" + a + "," + Tensor("b", "F32", "[1]", 12, 16) + "}", 16));
        Assert.Equal("'a': begins at byte 1 of the data, but the tensor before it ends at 0: a hole",
            Refusal("{" + Tensor("a", "U8", "[1]", 1, 2) + "}", 2));
        Assert.Equal("'a': ends at byte 8 of the data, but the file has only 7: it is cut short", Refusal("{" + a + "}", 7));
        Assert.Equal("the tensors end at byte 8 of the data, but the file goes on to 9", Refusal("{" + a + "}", 9));
        Assert.Equal("the tensors end at byte 0 of the data, but the file goes on to 1", Refusal("{}", 1));
        Assert.Equal("'a': is F32 [3], 12 bytes, but its data_offsets hold 8", Refusal("{" + Tensor("a", "F32", "[3]", 0, 8) + "}", 8));
        Assert.Equal("'a': is F32 [0], 0 bytes, but its data_offsets hold 8", Refusal("{" + Tensor("a", "F32", "[0]", 0, 8) + "}", 8));

        // 2^64 + 8 bytes are 8 to a product that wraps round.
        Assert.Equal("'a': has the shape [2305843009213693953, 2], which is more than 2^63 bytes",
            Refusal("{" + Tensor("a", "F32", "[2305843009213693953,2]", 0, 8) + "}", 8));
        Assert.Contains("more than 2^63 bytes", Refusal("{" + Tensor("a", "F32", "[4294967296,4294967296,4294967296]", 0, 8) + "}", 8),
            StringComparison.Ordinal);
        Assert.Contains("cut short", Refusal("{" + Tensor("a", "U8", "[9223372036854775807]", 0, long.MaxValue) + "}", 8),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Names_and_shapes_out_of_a_file_do_not_break_the_line_or_flood_it()
    {
        Assert.Contains("'a\uFFFDb'", Refusal("{\"a\\nb\":1}", 0), StringComparison.Ordinal);
        Refusal("{\"" + new string('n', 100_000) + "\":1}", 0);
        Refusal("{" + Tensor("a", "F32", "[" + string.Join(',', Enumerable.Repeat(1, 100_000)) + "]", 0, 8) + "}", 8);
        Refusal("{" + Tensor("a", new string('F', 100_000), "[]", 0, 8) + "}", 8);
    }

    [Fact]
    public void A_header_of_very_many_entries_that_share_a_range_is_refused_in_bounded_time_and_memory()
    {
        var header = new StringBuilder("{");
        for (int i = 0; i < 300_000; i++)
            header.Append(i == 0 ? "\"" : ",\"").Append(i).Append("\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}");
        string text = header.Append('}').ToString();
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Contains("an overlap", Refusal(text, 1), StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 12L * text.Length);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] whole = File.ReadAllBytes(_folder.WriteFloats("whole", ("a", [3], [1, 2, 3]), ("b", [2, 2], [1, 2, 3, 4])));
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_folder.File("cut"), whole[..length]);
            Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_folder.File("cut")));
        }
    }

    /// <summary>No change of a byte of the header may end in anything but a good file or our exception.</summary>
    [Fact]
    public void A_file_with_a_flipped_byte_is_read_or_refused()
    {
        byte[] whole = File.ReadAllBytes(_folder.WriteFloats("whole", ("a", [3], [1, 2, 3]), ("b", [2, 2], [1, 2, 3, 4])));
        var random = new Random(11);
        for (int i = 0; i < 3000; i++)
        {
            byte[] flipped = [.. whole];
            for (int n = random.Next(1, 4); n > 0; n--) flipped[random.Next(136)] = (byte)random.Next(256);
            File.WriteAllBytes(_folder.File("flipped"), flipped);
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(_folder.File("flipped"));
                foreach (StoredTensor tensor in file.Tensors) Assert.Equal(tensor.Bytes, file.Data(tensor.Name).Length);
            }
            catch (CheckpointException)
            {
            }
        }
    }
}
