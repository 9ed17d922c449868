namespace Einsharp.Weights;

/// <summary>
/// A GGUF file, version 3, memory-mapped: opening it reads and checks the header only, whatever the size of the data. It has metadata of its own
/// beside the tensors: <see cref="LlamaConfig.Read"/> and <see cref="Text.Tokenizer.Load"/> read a model's sizes and vocabulary from it.
/// </summary>
/// <remarks>The format is ggml's docs/gguf.md.</remarks>
public sealed unsafe class GgufFile : ITensorFile
{
    private readonly MappedFile _file;
    private readonly GgufHeader _header;

    private GgufFile(string path, MappedFile file, GgufHeader header)
    {
        Path = path;
        _file = file;
        _header = header;
    }

    /// <summary>Where the file is.</summary>
    public string Path { get; }

    /// <summary>The tensors, in the order of their data, by the names that the file gives them (<c>blk.0.attn_q.weight</c>).</summary>
    public IReadOnlyList<StoredTensor> Tensors => _header.Tensors;

    /// <summary>The metadata, in the order of the file.</summary>
    public IReadOnlyDictionary<string, GgufValue> Metadata => _header.Metadata;

    /// <summary>Whether a path is that of a GGUF file, by its ending.</summary>
    public static bool Is(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Opens a file and checks its whole header.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, or breaks a rule of the format.</exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        MappedFile file = MappedFile.Open(path, GgufHeader.LeastBytes);
        try
        {
            return new GgufFile(path, file, GgufHeader.Read(file, path));
        }
        catch
        {
            file.Release();
            throw;
        }
    }

    /// <summary>The bytes of a tensor of this file, in place: they are there until the file is disposed of.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    /// <exception cref="OverflowException">The tensor is longer than a span can be.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed of.</exception>
    public ReadOnlySpan<byte> Data(string name)
    {
        StoredTensor tensor = Find(name) ?? throw new KeyNotFoundException($"{Path} has no tensor {CheckpointException.Quote(name)}");
        return new ReadOnlySpan<byte>(_file.Data + _header.DataStart + tensor.Begin, checked((int)tensor.Bytes));
    }

    /// <summary>Unmaps the file, or leaves that to the parameters that point into it. Safe to call twice.</summary>
    public void Dispose() => _file.Release();

    internal StoredTensor? Find(string name) => _header.Tensors.FirstOrDefault(tensor => tensor.Name == name);

    MappedFile ITensorFile.Mapping => _file;

    byte* ITensorFile.Pointer(StoredTensor tensor) => _file.Data + _header.DataStart + tensor.Begin;
}
