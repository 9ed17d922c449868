using System.Globalization;
using System.Text.Json;

namespace Einsharp.Weights;

/// <summary>Reads and checks the header of a safetensors file: nothing that it says is believed before it is proved.</summary>
/// <remarks>The rules are those of the format's README and of its reference implementation, tensor.rs.</remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>The longest header, in bytes, as in the reference implementation.</summary>
    public const int Longest = 100_000_000;

    private readonly string _file;
    private readonly List<StoredTensor> _tensors = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    /// <summary>The numbers of the list that is being read.</summary>
    private readonly List<long> _numbers = [];

    /// <summary>The tensor that is being read, for messages.</summary>
    private string _name = "";

    private SafetensorsHeader(string file) => _file = file;

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<StoredTensor> Tensors => _tensors;

    /// <summary>The tensors by name.</summary>
    public Dictionary<string, StoredTensor> ByName { get; } = new(StringComparer.Ordinal);

    /// <summary>What <c>__metadata__</c> holds.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Reads a header.</summary>
    /// <param name="json">The header alone, trailing spaces included.</param>
    /// <param name="dataBytes">The bytes of the file after the header.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="CheckpointException">A rule is broken.</exception>
    public static SafetensorsHeader Read(ReadOnlySpan<byte> json, long dataBytes, string file)
    {
        if (json.Length == 0 || json[0] != (byte)'{')
        {
            string found = json.Length == 0 ? "none" : $"the byte 0x{json[0]:X2}";
            throw new CheckpointException($"{file}: expected a header that begins with '{{', found {found}");
        }
        var header = new SafetensorsHeader(file);
        try
        {
            // Header, tensor, list: three levels, and one for a field that a later version may add.
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
            header.ReadTensors(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader throws InvalidOperationException for a string that is no Unicode text.
            throw new CheckpointException($"{file}: the header is no JSON that a header may be: {CheckpointException.Quote(e.Message)}", e);
        }
        header.CheckOffsets(dataBytes);
        header.ReadBlocks();
        return header;
    }

    /// <summary>Puts what tensors of bytes are said to be in their places.</summary>
    private void ReadBlocks()
    {
        if (!_metadata.TryGetValue(BlockTensors.Key, out string? text)) return;
        foreach (StoredTensor tensor in BlockTensors.Read(text, ByName, _file)) ByName[tensor.Name] = tensor;
        for (int i = 0; i < _tensors.Count; i++) _tensors[i] = ByName[_tensors[i].Name];
    }

    private void ReadTensors(ref Utf8JsonReader reader)
    {
        bool hasMetadata = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            _name = reader.GetString()!;
            bool isMetadata = _name == "__metadata__";
            if (isMetadata ? hasMetadata : ByName.ContainsKey(_name))
                throw new CheckpointException($"{_file}: the header has {CheckpointException.Quote(_name)} twice");
            reader.Read();
            if (isMetadata)
            {
                hasMetadata = true;
                ReadMetadata(ref reader);
            }
            else
            {
                StoredTensor tensor = ReadTensor(ref reader);
                ByName.Add(_name, tensor);
                _tensors.Add(tensor);
            }
        }
        // What follows the closing brace may be white space only, else the reader throws here.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "an object of strings");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            Expect(ref reader, JsonTokenType.String, "strings");
            if (!_metadata.TryAdd(key, reader.GetString()!)) throw Wrong($"has {CheckpointException.Quote(key)} twice");
        }
    }

    private StoredTensor ReadTensor(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "an object with dtype, shape and data_offsets");
        ElementType? type = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype"u8))
            {
                if (type is not null) throw Wrong($"has dtype twice");
                type = ReadType(ref reader);
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                if (shape is not null) throw Wrong($"has shape twice");
                shape = ReadNumbers(ref reader, "shape");
            }
            else if (reader.ValueTextEquals("data_offsets"u8))
            {
                if (offsets is not null) throw Wrong($"has data_offsets twice");
                offsets = ReadNumbers(ref reader, "data_offsets");
            }
            else
            {
                reader.Skip();
            }
        }
        if (type is null || shape is null || offsets is null)
            throw Wrong($"has no {(type is null ? "dtype" : shape is null ? "shape" : "data_offsets")}");
        if (offsets.Length != 2 || offsets[0] > offsets[1])
            throw Wrong($"has the data_offsets {ShapeText.Of(offsets)}, expected [begin, end] with begin ≤ end");
        return new StoredTensor(_name, type.Value, shape, offsets[0], offsets[1]);
    }

    private ElementType ReadType(ref Utf8JsonReader reader)
    {
        reader.Read();
        Expect(ref reader, JsonTokenType.String, "a string as dtype");
        for (int i = 0; i < ElementTypes.Names.Length; i++)
            if (reader.ValueTextEquals(ElementTypes.Names[i])) return (ElementType)i;
        string name = CheckpointException.Quote(reader.GetString()!);
        throw Wrong($"has the unknown dtype {name}, known are {string.Join(", ", ElementTypes.Names)}");
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string field)
    {
        reader.Read();
        Expect(ref reader, JsonTokenType.StartArray, $"a list as {field}");
        _numbers.Clear();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw Wrong($"expected whole numbers from 0 to 2^63 in {field}, found another at place {_numbers.Count}");
            _numbers.Add(number);
        }
        return [.. _numbers];
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string expected)
    {
        if (reader.TokenType != type) throw Wrong($"expected {expected}, found {reader.TokenType}");
    }

    private CheckpointException Wrong(FormattableString what) => Wrong(_name, what);

    private CheckpointException Wrong(string tensor, FormattableString what) =>
        new($"{_file}: {CheckpointException.Quote(tensor)}: {what.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>The data is exactly the tensors: in order, each as long as its shape says, no hole, no overlap, nothing after.</summary>
    private void CheckOffsets(long dataBytes)
    {
        _tensors.Sort(static (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin)
            : a.End != b.End ? a.End.CompareTo(b.End) : string.CompareOrdinal(a.Name, b.Name));
        long end = 0;
        foreach (StoredTensor tensor in _tensors)
        {
            if (tensor.Begin != end)
            {
                string what = tensor.Begin < end ? "an overlap" : "a hole";
                throw Wrong(tensor.Name, $"begins at byte {tensor.Begin} of the data, but the tensor before it ends at {end}: {what}");
            }
            if (tensor.End > dataBytes)
                throw Wrong(tensor.Name, $"ends at byte {tensor.End} of the data, but the file has only {dataBytes}: it is cut short");
            long bytes;
            try
            {
                bytes = tensor.Type!.Value.Bytes(tensor.Shape);
            }
            catch (OverflowException)
            {
                throw Wrong(tensor.Name, $"has the shape {ShapeText.Of(tensor.Shape)}, which is more than 2^63 bytes");
            }
            catch (ArgumentException)
            {
                throw Wrong(tensor.Name, $"is {tensor.Type} {ShapeText.Of(tensor.Shape)}, which does not fill whole bytes");
            }
            if (tensor.Bytes != bytes)
                throw Wrong(tensor.Name,
                    $"is {tensor.Type} {ShapeText.Of(tensor.Shape)}, {bytes} bytes, but its data_offsets hold {tensor.Bytes}");
            end = tensor.End;
        }
        if (end != dataBytes)
            throw new CheckpointException(string.Create(CultureInfo.InvariantCulture,
                $"{_file}: the tensors end at byte {end} of the data, but the file goes on to {dataBytes}"));
    }
}
