using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Einsharp.Weights;

/// <summary>One value of a GGUF file's metadata, read where it lies in the mapped file.</summary>
public sealed unsafe class GgufValue
{
    private readonly MappedFile _file;
    private readonly long _position;

    internal GgufValue(MappedFile file, GgufValueType type, GgufValueType elements, long count, long position)
    {
        _file = file;
        _position = position;
        Type = type;
        Elements = elements;
        Count = count;
    }

    /// <summary>Its type.</summary>
    public GgufValueType Type { get; }

    /// <summary>The type of an array's elements; of anything else its own.</summary>
    public GgufValueType Elements { get; }

    /// <summary>How many values: those of an array, else 1.</summary>
    public long Count { get; }

    /// <summary>As an inspection shows it: the value, or of an array what is in it.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed of.</exception>
    public override string ToString() => Type switch
    {
        GgufValueType.Array => string.Create(CultureInfo.InvariantCulture, $"{Count} of {Elements}"),
        GgufValueType.String => CheckpointException.Quote(Strings().First()),
        GgufValueType.Bool => Whole(0) == 1 ? "true" : "false",
        GgufValueType.UInt64 => ((ulong)Whole(0)).ToString(CultureInfo.InvariantCulture),
        GgufValueType.Float32 => ((float)Number(0)).ToString(CultureInfo.InvariantCulture),
        GgufValueType.Float64 => Number(0).ToString(CultureInfo.InvariantCulture),
        _ => Whole(0).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Value <paramref name="index"/> of whole numbers and flags; an unsigned one of 64 bits by its bits.</summary>
    internal long Whole(long index)
    {
        byte* at = At(index);
        return Elements switch
        {
            GgufValueType.UInt8 or GgufValueType.Bool => *at,
            GgufValueType.Int8 => *(sbyte*)at,
            GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(at, 2)),
            GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(new ReadOnlySpan<byte>(at, 2)),
            GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(at, 4)),
            GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(at, 4)),
            GgufValueType.UInt64 or GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(at, 8)),
            _ => throw new InvalidOperationException($"{Elements} is no whole number"),
        };
    }

    /// <summary>Value <paramref name="index"/> of floating-point numbers.</summary>
    internal double Number(long index) => Elements switch
    {
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(new ReadOnlySpan<byte>(At(index), 4)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(new ReadOnlySpan<byte>(At(index), 8)),
        _ => throw new InvalidOperationException($"{Elements} is no floating-point number"),
    };

    /// <summary>The strings, in order.</summary>
    internal IEnumerable<string> Strings()
    {
        long position = _position;
        for (long i = 0; i < Count; i++) yield return String(ref position);
    }

    private string String(ref long position)
    {
        byte* at = _file.Data + position;
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(at, 8));
        position += 8 + length;
        return Encoding.UTF8.GetString(at + 8, length);
    }

    private byte* At(long index) => _file.Data + _position + (index * Elements.LeastBytes());
}
