using System.Buffers.Binary;

namespace Einsharp.Weights;

/// <summary>A safetensors file, memory-mapped: opening it reads and checks the header only, whatever the size of the data.</summary>
public sealed unsafe class SafetensorsFile : ITensorFile
{
    private const int LengthBytes = 8;

    private readonly MappedFile _file;
    private readonly long _dataStart;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(string path, MappedFile file, long dataStart, SafetensorsHeader header)
    {
        Path = path;
        _file = file;
        _dataStart = dataStart;
        _header = header;
    }

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <summary>The tensors, in the order of their data.</summary>
    public IReadOnlyList<StoredTensor> Tensors => _header.Tensors;

    /// <summary>What the header's <c>__metadata__</c> holds.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its whole header.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, or breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        MappedFile file = MappedFile.Open(path, LengthBytes);
        try
        {
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(file.Data, LengthBytes));
            if (length > SafetensorsHeader.Longest)
                throw new CheckpointException($"{path}: the header claims {length} bytes, at most {SafetensorsHeader.Longest} are allowed");
            if ((long)length > file.Length - LengthBytes)
                throw new CheckpointException(
                    $"{path}: the header claims {length} bytes, but the file has only {file.Length - LengthBytes} after its length");
            long dataStart = LengthBytes + (long)length;
            var json = new ReadOnlySpan<byte>(file.Data + LengthBytes, (int)length);
            return new SafetensorsFile(path, file, dataStart, SafetensorsHeader.Read(json, file.Length - dataStart, path));
        }
        catch
        {
            file.Release();
            throw;
        }
    }

    /// <summary>The tensor of a name, or null.</summary>
    public StoredTensor? Find(string name) => _header.ByName.GetValueOrDefault(name);

    /// <summary>The bytes of a tensor of this file, in place: they are there until the file is disposed of.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    /// <exception cref="OverflowException">The tensor is longer than a span can be.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed of.</exception>
    public ReadOnlySpan<byte> Data(string name)
    {
        StoredTensor tensor = Find(name) ?? throw new KeyNotFoundException($"{Path} has no tensor {CheckpointException.Quote(name)}");
        return new ReadOnlySpan<byte>(Pointer(tensor), checked((int)tensor.Bytes));
    }

    /// <summary>Unmaps the file, or leaves that to the parameters that point into it. Safe to call twice.</summary>
    public void Dispose() => _file.Release();

    MappedFile ITensorFile.Mapping => _file;

    byte* ITensorFile.Pointer(StoredTensor tensor) => Pointer(tensor);

    private byte* Pointer(StoredTensor tensor) => _file.Data + _dataStart + tensor.Begin;
}
