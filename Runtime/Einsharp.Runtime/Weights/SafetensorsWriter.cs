using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Einsharp.Weights;

/// <summary>
/// Writes a safetensors file: declare every tensor, then write the data of each, in the same order and in as many parts as it
/// takes, then <see cref="Complete"/>. The file appears under its name when it is complete, and not at all otherwise.
/// </summary>
/// <remarks>
/// The data begins at a multiple of 64 bytes and has no holes, so it can be read in place when the tensors of wider elements are
/// declared first.
/// </remarks>
public sealed class SafetensorsWriter : IDisposable
{
    private const int Alignment = 64;

    private readonly string _path;
    private readonly IReadOnlyDictionary<string, string>? _metadata;
    private readonly List<StoredTensor> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private FileStream? _file;
    private int _current;
    private long _written;
    private bool _complete;

    /// <summary>Begins a file; nothing is written yet.</summary>
    /// <param name="path">Where it is to be. A file of that name is replaced at <see cref="Complete"/>.</param>
    /// <param name="metadata">What goes to <c>__metadata__</c>, or null for none.</param>
    public SafetensorsWriter(string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
        _metadata = metadata;
    }

    private string PartPath => _path + ".part";

    /// <summary>Declares the next tensor.</summary>
    /// <exception cref="ArgumentException">The name is taken, a size is negative, or the elements do not fill whole bytes.</exception>
    /// <exception cref="InvalidOperationException">Data was written already.</exception>
    /// <exception cref="OverflowException">The file would be beyond 2^63 bytes.</exception>
    public void Declare(string name, ElementType type, params ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_file is not null) throw new InvalidOperationException($"{_path}: '{name}' is declared after data was written");
        foreach (long size in shape) ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(shape));
        long begin = _tensors.Count == 0 ? 0 : _tensors[^1].End;
        long end = checked(begin + type.Bytes(shape));
        if (name == "__metadata__" || !_names.Add(name)) throw new ArgumentException($"{_path}: the name '{name}' is taken", nameof(name));
        _tensors.Add(new StoredTensor(name, type, shape.ToArray(), begin, end));
    }

    /// <summary>Writes the next bytes of a tensor.</summary>
    /// <param name="name">The tensor: the first declared that is not complete.</param>
    /// <param name="bytes">A part of its data, little-endian.</param>
    /// <exception cref="InvalidOperationException">It is another tensor's turn, or the tensor is not that long.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        SkipComplete(except: name);
        if (_current == _tensors.Count || _tensors[_current].Name != name)
        {
            string expected = _current == _tensors.Count ? "no more tensors" : $"'{_tensors[_current].Name}'";
            throw new InvalidOperationException($"{_path}: expected the data of {expected}, found that of '{name}'");
        }
        StoredTensor tensor = _tensors[_current];
        if (bytes.Length > tensor.Bytes - _written)
            throw new InvalidOperationException(
                $"{_path}: '{name}' has {tensor.Bytes} bytes, {bytes.Length} more after {_written} are too many");
        _file ??= Begin();
        _file.Write(bytes);
        _written += bytes.Length;
    }

    /// <summary>Ends the file and gives it its name.</summary>
    /// <exception cref="InvalidOperationException">Data is missing.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Complete()
    {
        SkipComplete(except: null);
        if (_current < _tensors.Count)
            throw new InvalidOperationException(
                $"{_path}: '{_tensors[_current].Name}' has {_tensors[_current].Bytes} bytes, only {_written} were written");
        _file ??= Begin();
        _file.Dispose();
        File.Move(PartPath, _path, overwrite: true);
        _complete = true;
    }

    /// <summary>Closes the file, and removes what was written of it unless it is complete.</summary>
    public void Dispose()
    {
        if (_complete || _file is null) return;
        _file.Dispose();
        File.Delete(PartPath);
        _complete = true;
    }

    private void SkipComplete(string? except)
    {
        while (_current < _tensors.Count && _written == _tensors[_current].Bytes && _tensors[_current].Name != except)
        {
            _current++;
            _written = 0;
        }
    }

    private FileStream Begin()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer)) WriteHeader(json);
        int padding = -(sizeof(ulong) + buffer.WrittenCount) & (Alignment - 1);
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        if (buffer.WrittenCount > SafetensorsHeader.Longest)
            throw new InvalidOperationException(
                $"{_path}: the header has {buffer.WrittenCount} bytes, at most {SafetensorsHeader.Longest} are allowed");

        var file = new FileStream(PartPath, FileMode.Create, FileAccess.Write);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)buffer.WrittenCount);
        file.Write(length);
        file.Write(buffer.WrittenSpan);
        return file;
    }

    private void WriteHeader(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (_metadata is not null)
        {
            json.WriteStartObject("__metadata__");
            foreach ((string key, string value) in _metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                json.WriteString(key, value);
            json.WriteEndObject();
        }
        foreach (StoredTensor tensor in _tensors)
        {
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.TypeName);
            json.WriteStartArray("shape");
            foreach (long size in tensor.Shape) json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(tensor.Begin);
            json.WriteNumberValue(tensor.End);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
