using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Einsharp.Weights;

/// <summary>Reads the header of a GGUF file from its beginning to its end: no byte is read before it is known to be there.</summary>
internal sealed unsafe class GgufCursor(MappedFile mapping, string file)
{
    /// <summary>The longest string, in bytes. A vocabulary is many short ones; the longest in use is a chat template of some kilobytes.</summary>
    private const long LongestString = 1 << 26;

    /// <summary>Arrays in arrays, at most so deep; nothing published has any.</summary>
    private const int Deepest = 4;

    private readonly byte* _data = mapping.Data;

    /// <summary>Where the next byte is, counted from the beginning of the file.</summary>
    public long Position { get; private set; }

    /// <summary>The bytes that are left.</summary>
    public long Left => mapping.Length - Position;

    /// <summary>What is being read, for messages: <c>metadata 3</c>, or a name in quotes.</summary>
    public string Place { get; set; } = "the header";

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A string of UTF-8.</summary>
    public string Text(string what, long longest = LongestString) => Encoding.UTF8.GetString(TextBytes(what, longest));

    /// <summary>A value of the metadata, checked whole.</summary>
    public GgufValue Value()
    {
        GgufValueType type = Type("type");
        if (type != GgufValueType.Array)
        {
            long position = Position;
            SkipOne(type);
            return new GgufValue(mapping, type, type, 1, position);
        }
        (GgufValueType elements, long count) = ArrayHead();
        var value = new GgufValue(mapping, type, elements, count, Position);
        SkipMany(elements, count, depth: 1);
        return value;
    }

    /// <summary>A refusal that names the file and the place.</summary>
    public CheckpointException Wrong(FormattableString what) => new($"{file}: {Place}: {what.ToString(CultureInfo.InvariantCulture)}");

    private GgufValueType Type(string what)
    {
        uint type = UInt32(what);
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw Wrong($"has the unknown {what} {type}, known are 0 to {(uint)GgufValueType.Float64}");
    }

    private (GgufValueType Elements, long Count) ArrayHead()
    {
        GgufValueType elements = Type("type of elements");
        ulong count = UInt64("count");
        long most = Left / elements.LeastBytes();
        return count <= (ulong)most
            ? (elements, (long)count)
            : throw Wrong($"claims {count} values of {elements}, but in the {Left} bytes that are left there is room for {most}");
    }

    private void SkipMany(GgufValueType type, long count, int depth)
    {
        if (type == GgufValueType.Array)
        {
            if (depth == Deepest) throw Wrong($"has arrays in arrays more than {Deepest} deep");
            for (long i = 0; i < count; i++)
            {
                (GgufValueType elements, long inner) = ArrayHead();
                SkipMany(elements, inner, depth + 1);
            }
        }
        else if (type is GgufValueType.String or GgufValueType.Bool)
        {
            for (long i = 0; i < count; i++) SkipOne(type);
        }
        else
        {
            // The product is at most what is left: the count was checked against it.
            Position += count * type.LeastBytes();
        }
    }

    private void SkipOne(GgufValueType type)
    {
        if (type == GgufValueType.String)
            TextBytes("value", LongestString);
        else if (Take(type.LeastBytes(), "value") is var bytes && type == GgufValueType.Bool && bytes[0] > 1)
            throw Wrong($"expected 0 or 1 as {nameof(GgufValueType.Bool)}, found {bytes[0]}");
    }

    private ReadOnlySpan<byte> TextBytes(string what, long longest)
    {
        ulong length = UInt64($"length of its {what}");
        if (length > (ulong)Left) throw Wrong($"its {what} claims {length} bytes, but only {Left} are left");
        if (length > (ulong)longest) throw Wrong($"its {what} has {length} bytes, at most {longest} are allowed");
        ReadOnlySpan<byte> bytes = Take((int)length, what);
        return Utf8.IsValid(bytes) ? bytes : throw Wrong($"its {what} is not UTF-8");
    }

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > Left) throw Wrong($"the file ends in its {what}: expected {count} bytes, found {Left}");
        var bytes = new ReadOnlySpan<byte>(_data + Position, count);
        Position += count;
        return bytes;
    }
}
