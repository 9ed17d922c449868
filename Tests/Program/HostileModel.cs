using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Einsharp.Tests.Weights;

namespace Einsharp.Tests.Program;

/// <summary>A copy of stories260K to be spoilt.</summary>
internal sealed class HostileModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public HostileModel(string source)
    {
        foreach (string name in (string[])["config.json", "tokenizer.json", "model.safetensors"])
            File.WriteAllBytes(_folder.File(name), File.ReadAllBytes(Path.Combine(source, name)));
    }

    public string Folder => _folder.Path;

    public string Of(string name) => _folder.File(name);

    public void Dispose() => _folder.Dispose();

    /// <summary>Replaces text that must be there.</summary>
    public void Replace(string name, string old, string with)
    {
        string text = File.ReadAllText(_folder.File(name));
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(_folder.File(name), text.Replace(old, with, StringComparison.Ordinal));
    }

    /// <summary>Rewrites the weights' header, or claims another length of it, and cuts or adds data.</summary>
    public void Weights(Func<string, string>? header = null, ulong? claimed = null, Func<byte[], byte[]>? data = null)
    {
        byte[] bytes = File.ReadAllBytes(_folder.File("model.safetensors"));
        int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        string before = Encoding.UTF8.GetString(bytes, 8, length), after = header?.Invoke(before) ?? before;
        Assert.True(header is null || before != after, "the header has not what was to be replaced");
        byte[] rest = data?.Invoke(bytes[(8 + length)..]) ?? bytes[(8 + length)..];
        _folder.WriteRaw("model.safetensors", after, rest, claimed);
    }

    /// <summary>Floats of a tensor, in place.</summary>
    public void Change(string tensor, Action<Span<float>> change)
    {
        byte[] bytes = File.ReadAllBytes(_folder.File("model.safetensors"));
        int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        using var header = System.Text.Json.JsonDocument.Parse(bytes.AsMemory(8, length));
        System.Text.Json.JsonElement offsets = header.RootElement.GetProperty(tensor).GetProperty("data_offsets");
        change(MemoryMarshal.Cast<byte, float>(bytes.AsSpan(8 + length)[offsets[0].GetInt32()..offsets[1].GetInt32()]));
        File.WriteAllBytes(_folder.File("model.safetensors"), bytes);
    }
}
