using System.Globalization;

namespace Einsharp.Weights;

/// <summary>Reads and checks the header of a GGUF file, version 3: nothing that it says is believed before it is proved.</summary>
/// <remarks>
/// The format is ggml's docs/gguf.md: magic, version, the counts of tensors and of metadata, the metadata, what there is to say of each tensor,
/// and from the next multiple of the alignment on the data. Offsets count from there.
/// </remarks>
internal sealed class GgufHeader
{
    /// <summary>The fewest bytes of a file: magic, version and two counts.</summary>
    public const int LeastBytes = 24;

    private const uint Magic = 0x46554747, Version = 3;
    private const string AlignmentKey = "general.alignment";
    private const uint DefaultAlignment = 32, LeastAlignment = 8, GreatestAlignment = 1 << 20;
    private const int LongestName = 64, LongestKey = 65_535, MostDimensions = 4;

    /// <summary>Far beyond any model; bounds the memory that a hostile file can ask for.</summary>
    private const int MostTensors = 1 << 20, MostMetadata = 1 << 16;

    /// <summary>The fewest bytes that a tensor (of one dimension) and a metadata entry (of one byte) take in the header, without a name.</summary>
    private const int TensorBytes = 8 + 4 + 8 + 4 + 8, MetadataBytes = 8 + 4 + 1;

    private readonly GgufCursor _cursor;
    private readonly string _file;
    private readonly List<StoredTensor> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, GgufValue> _metadata = new(StringComparer.Ordinal);

    private GgufHeader(MappedFile mapping, string file)
    {
        _file = file;
        _cursor = new GgufCursor(mapping, file);
    }

    /// <summary>The tensors in the order of their data, by the names that the file gives them.</summary>
    public IReadOnlyList<StoredTensor> Tensors => _tensors;

    /// <summary>The metadata in the order of the file.</summary>
    public IReadOnlyDictionary<string, GgufValue> Metadata => _metadata;

    /// <summary>Where the data begins, counted from the beginning of the file.</summary>
    public long DataStart { get; private set; }

    /// <summary>Reads a header.</summary>
    /// <param name="mapping">The whole file, of <see cref="LeastBytes"/> at least.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="CheckpointException">A rule of the format is broken.</exception>
    public static GgufHeader Read(MappedFile mapping, string file)
    {
        var header = new GgufHeader(mapping, file);
        header.Read(mapping.Length);
        return header;
    }

    private void Read(long length)
    {
        if (_cursor.UInt32("magic") is var magic && magic != Magic)
            throw _cursor.Wrong($"expected the magic number 0x{Magic:X8} (\"GGUF\"), found 0x{magic:X8}");
        uint version = _cursor.UInt32("version");
        if (version == Version << 24) throw _cursor.Wrong($"is big-endian, expected a little-endian file");
        if (version != Version) throw _cursor.Wrong($"expected version {Version}, found {version}");
        int tensors = ReadCount("tensors", TensorBytes, MostTensors), entries = ReadCount("metadata", MetadataBytes, MostMetadata);

        for (int i = 0; i < entries; i++)
        {
            _cursor.Place = string.Create(CultureInfo.InvariantCulture, $"metadata {i}");
            string key = _cursor.Text("key", LongestKey);
            _cursor.Place = CheckpointException.Quote(key);
            if (!_metadata.TryAdd(key, _cursor.Value())) throw _cursor.Wrong($"is there twice");
        }
        long alignment = ReadAlignment();
        for (int i = 0; i < tensors; i++)
        {
            _cursor.Place = string.Create(CultureInfo.InvariantCulture, $"tensor {i}");
            _tensors.Add(ReadTensor(alignment));
        }
        DataStart = (_cursor.Position + alignment - 1) / alignment * alignment;
        CheckOffsets(Math.Max(length - DataStart, 0));
    }

    private int ReadCount(string what, int leastBytes, int most)
    {
        ulong count = _cursor.UInt64($"count of {what}");
        long room = _cursor.Left / leastBytes;
        if (count > (ulong)room)
            throw _cursor.Wrong($"claims {count} {what}, but in the {_cursor.Left} bytes that are left there is room for {room}");
        return count <= (ulong)most ? (int)count : throw _cursor.Wrong($"has {count} {what}, at most {most} are allowed");
    }

    private long ReadAlignment()
    {
        if (!_metadata.TryGetValue(AlignmentKey, out GgufValue? value)) return DefaultAlignment;
        _cursor.Place = CheckpointException.Quote(AlignmentKey);
        if (value.Type != GgufValueType.UInt32) throw _cursor.Wrong($"expected {GgufValueType.UInt32}, found {value.Type}");
        long alignment = value.Whole(0);
        return alignment is >= LeastAlignment and <= GreatestAlignment && long.IsPow2(alignment)
            ? alignment
            : throw _cursor.Wrong($"expected a power of two from {LeastAlignment} to {GreatestAlignment}, found {alignment}");
    }

    private StoredTensor ReadTensor(long alignment)
    {
        string name = _cursor.Text("name", LongestName);
        _cursor.Place = CheckpointException.Quote(name);
        if (!_names.Add(name)) throw _cursor.Wrong($"is there twice");
        uint rank = _cursor.UInt32("number of dimensions");
        if (rank is 0 or > MostDimensions) throw _cursor.Wrong($"expected 1 to {MostDimensions} dimensions, found {rank}");

        // The innermost comes first; a shape here has it last.
        long[] shape = new long[rank];
        for (int i = 0; i < rank; i++)
        {
            ulong size = _cursor.UInt64("dimensions");
            if (size is 0 or > long.MaxValue) throw _cursor.Wrong($"expected dimensions from 1 to 2^63 - 1, found {size} as number {i}");
            shape[^(i + 1)] = (long)size;
        }
        uint number = _cursor.UInt32("type");
        GgufTensorType type = GgufTensorType.Find(number) ?? throw _cursor.Wrong($"has the unknown type {number}");
        ulong begin = _cursor.UInt64("offset");
        if (begin > long.MaxValue || begin % (ulong)alignment != 0)
            throw _cursor.Wrong($"expected an offset that is a multiple of {alignment}, found {begin}");
        if (shape[^1] % type.BlockValues != 0)
            throw _cursor.Wrong($"is {type.Name} with rows of {shape[^1]} values, expected a multiple of its blocks of {type.BlockValues}");
        try
        {
            long count = 1;
            foreach (long size in shape) count = checked(count * size);
            long bytes = checked(count / type.BlockValues * type.BlockBytes);
            return new StoredTensor(name, type.Name, type.Format, shape, (long)begin, checked((long)begin + bytes));
        }
        catch (OverflowException)
        {
            throw _cursor.Wrong($"is {type.Name} {ShapeText.Of(shape)} at offset {begin}, which ends beyond 2^63 bytes");
        }
    }

    /// <summary>Every tensor lies in the file, and no two share a byte. Holes are let be: alignment makes some.</summary>
    private void CheckOffsets(long dataBytes)
    {
        _tensors.Sort(static (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : string.CompareOrdinal(a.Name, b.Name));
        long end = 0;
        foreach (StoredTensor tensor in _tensors)
        {
            _cursor.Place = CheckpointException.Quote(tensor.Name);
            if (tensor.Begin < end)
                throw _cursor.Wrong($"begins at byte {tensor.Begin} of the data, but the tensor before it ends at {end}: an overlap");
            if (tensor.End > dataBytes)
                throw _cursor.Wrong($"ends at byte {tensor.End} of the data, but the file has only {dataBytes}: it is cut short");
            end = tensor.End;
        }
    }
}
