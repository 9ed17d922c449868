using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Einsharp.Weights;

namespace Einsharp.Tests.Weights;

/// <summary>Writes small GGUF files as it is told, right or wrong.</summary>
internal sealed class GgufBuilder
{
    private readonly List<(string Name, ulong[] Sizes, uint Type, ulong Offset)> _tensors = [];
    private readonly List<byte> _metadata = [];
    private readonly List<byte> _data = [];
    private ulong _metadataCount;

    public uint Magic { get; set; } = 0x46554747;

    public uint Version { get; set; } = 3;

    public int Alignment { get; set; } = 32;

    public ulong? TensorCount { get; set; }

    public ulong? MetadataCount { get; set; }

    /// <summary>A model of one block that a Llama here can be: vocabulary 8, size 32, two heads of 16 over one, feed-forward 64.</summary>
    public static GgufBuilder Llama(Func<string, bool>? keeps = null)
    {
        var builder = new GgufBuilder();
        foreach ((string key, object value) in ((string, object)[])
            [
                ("general.architecture", "llama"), ("llama.context_length", 64u), ("llama.embedding_length", 32u), ("llama.block_count", 1u),
                ("llama.feed_forward_length", 64u), ("llama.attention.head_count", 2u), ("llama.attention.head_count_kv", 1u),
                ("llama.attention.layer_norm_rms_epsilon", 1e-5f), ("llama.vocab_size", 8u),
                ("tokenizer.ggml.model", "llama"), ("tokenizer.ggml.tokens", new[] { "<unk>", "<s>", "</s>", "<0x41>", "▁", "a", "b", "ab" }),
                ("tokenizer.ggml.scores", new float[] { 0, 0, 0, 0, -2, -3, -4, -1 }),
                ("tokenizer.ggml.token_type", new[] { 2, 3, 3, 6, 1, 1, 1, 1 }),
                ("tokenizer.ggml.bos_token_id", 1u), ("tokenizer.ggml.eos_token_id", 2u), ("tokenizer.ggml.unknown_token_id", 0u),
            ])
        {
            if (keeps?.Invoke(key) != false) builder.Add(key, value);
        }
        foreach ((string name, ulong[] sizes) in ((string, ulong[])[])
            [
                ("token_embd.weight", [32, 8]), ("output_norm.weight", [32]), ("blk.0.attn_norm.weight", [32]), ("blk.0.attn_q.weight", [32, 32]),
                ("blk.0.attn_k.weight", [32, 16]), ("blk.0.attn_v.weight", [32, 16]), ("blk.0.attn_output.weight", [32, 32]),
                ("blk.0.ffn_norm.weight", [32]), ("blk.0.ffn_gate.weight", [32, 64]), ("blk.0.ffn_up.weight", [32, 64]),
                ("blk.0.ffn_down.weight", [64, 32]),
            ])
        {
            if (keeps?.Invoke(name) != false)
                builder.Floats(name, sizes, [.. Enumerable.Range(0, (int)sizes.Aggregate(1UL, (a, b) => a * b)).Select(i => (i % 17 - 8) / 16f)]);
        }
        return builder;
    }

    /// <summary>Adds a value of the type that it has in C#.</summary>
    public GgufBuilder Add(string key, object value)
    {
        Entry(key, value switch
        {
            byte => 0u, sbyte => 1u, ushort => 2u, short => 3u, uint => 4u, int => 5u, float => 6u, bool => 7u, string => 8u, Array => 9u,
            ulong => 10u, long => 11u, double => 12u, _ => throw new ArgumentException(value.GetType().Name, nameof(value)),
        });
        _metadata.AddRange(value switch
        {
            byte number => [number],
            sbyte number => [(byte)number],
            uint number => Bytes(number),
            ushort number => BitConverter.GetBytes(number),
            short number => BitConverter.GetBytes(number),
            int number => Bytes((uint)number),
            float number => BitConverter.GetBytes(number),
            double number => BitConverter.GetBytes(number),
            bool flag => [flag ? (byte)1 : (byte)0],
            string text => Text(text),
            ulong number => Bytes(number),
            long number => Bytes((ulong)number),
            string[] list => [.. Bytes(8u), .. Bytes((ulong)list.Length), .. list.SelectMany(Text)],
            float[] list => [.. Bytes(6u), .. Bytes((ulong)list.Length), .. MemoryMarshal.AsBytes<float>(list)],
            int[] list => [.. Bytes(5u), .. Bytes((ulong)list.Length), .. MemoryMarshal.AsBytes<int>(list)],
            _ => throw new ArgumentException(value.GetType().Name, nameof(value)),
        });
        return this;
    }

    /// <summary>Adds a key and its type; the value is what <paramref name="value"/> says.</summary>
    public GgufBuilder Entry(string key, uint type, params byte[] value)
    {
        _metadata.AddRange(Text(key));
        _metadata.AddRange(Bytes(type));
        _metadata.AddRange(value);
        _metadataCount++;
        return this;
    }

    /// <summary>Adds bytes to the metadata, and an entry to its count.</summary>
    public GgufBuilder Raw(params byte[] bytes)
    {
        _metadata.AddRange(bytes);
        _metadataCount++;
        return this;
    }

    public GgufBuilder Floats(string name, ulong[] sizes, float[] values) => Tensor(name, sizes, 0, MemoryMarshal.AsBytes<float>(values));

    /// <summary>Adds a tensor; its sizes are the innermost first, its offset the next aligned one unless another is given.</summary>
    public GgufBuilder Tensor(string name, ulong[] sizes, uint type, ReadOnlySpan<byte> data, ulong? offset = null)
    {
        while (_data.Count % Alignment != 0) _data.Add(0);
        _tensors.Add((name, sizes, type, offset ?? (ulong)_data.Count));
        _data.AddRange(data);
        return this;
    }

    public byte[] Build()
    {
        using var file = new MemoryStream();
        file.Write(Bytes(Magic));
        file.Write(Bytes(Version));
        file.Write(Bytes(TensorCount ?? (ulong)_tensors.Count));
        file.Write(Bytes(MetadataCount ?? _metadataCount));
        file.Write(_metadata.ToArray());
        foreach ((string name, ulong[] sizes, uint type, ulong offset) in _tensors)
        {
            file.Write(Text(name));
            file.Write(Bytes((uint)sizes.Length));
            foreach (ulong size in sizes) file.Write(Bytes(size));
            file.Write(Bytes(type));
            file.Write(Bytes(offset));
        }
        while (file.Length % Alignment != 0) file.WriteByte(0);
        file.Write(_data.ToArray());
        return file.ToArray();
    }

    public string Write(TemporaryFolder folder, string name = "model.gguf")
    {
        File.WriteAllBytes(folder.File(name), Build());
        return folder.File(name);
    }

    public static byte[] Bytes(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] Bytes(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] Text(string text) => [.. Bytes((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];
}
