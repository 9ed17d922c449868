using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Einsharp.Weights;

namespace Einsharp.Tests.Weights;

/// <summary>A folder for the files of one test, and the ways to write them.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("einsharp-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a safetensors file as it is told, right or wrong: a header, perhaps with a lying length, and data.</summary>
    public string WriteRaw(string name, string header, byte[] data, ulong? claimed = null)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, claimed ?? (ulong)json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        System.IO.File.WriteAllBytes(File(name), bytes);
        return File(name);
    }

    /// <summary>Writes tensors of 32-bit floats.</summary>
    public string WriteFloats(string name, params (string Name, long[] Shape, float[] Values)[] tensors)
    {
        using var writer = new SafetensorsWriter(File(name));
        foreach (var tensor in tensors) writer.Declare(tensor.Name, ElementType.F32, tensor.Shape);
        foreach (var tensor in tensors) writer.Write(tensor.Name, MemoryMarshal.AsBytes<float>(tensor.Values));
        writer.Complete();
        return File(name);
    }

    public string WriteText(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
