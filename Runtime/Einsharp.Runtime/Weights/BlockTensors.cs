using System.Globalization;
using System.Text.Json;

namespace Einsharp.Weights;

/// <summary>
/// Tensors in blocks in a safetensors file, which has no type for them: each is U8 of shape [rows, bytes of a row], and the metadata
/// <see cref="Key"/> is JSON that says of each what it is: <c>{"name": {"format": "Q4_K", "shape": [64, 256]}}</c>, the shape in values. To
/// whoever knows nothing of the key the file is a valid one of bytes.
/// </summary>
internal static class BlockTensors
{
    /// <summary>The key in <c>__metadata__</c>.</summary>
    public const string Key = "einsharp.formats";

    /// <summary>What the metadata is to hold for tensors in blocks.</summary>
    public static string Write(IEnumerable<(string Name, WeightFormat Format, long[] Shape)> tensors)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            foreach ((string name, WeightFormat format, long[] shape) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("format", format.ToString());
                json.WriteStartArray("shape");
                foreach (long size in shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }

    /// <summary>The shape of the bytes of a tensor: its rows, and the bytes of a row.</summary>
    public static long[] ByteShape(WeightFormat format, long[] shape)
    {
        long rows = 1;
        foreach (long size in shape.AsSpan(0, shape.Length - 1)) rows = checked(rows * size);
        return [rows, format.Bytes(shape[^1])];
    }

    /// <summary>The tensors that the metadata names, as what they are; it must be right in every word.</summary>
    /// <param name="text">The value of <see cref="Key"/>.</param>
    /// <param name="tensors">The tensors of the file, by name.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="CheckpointException">It is no such JSON, names no tensor, or says what cannot be.</exception>
    public static IReadOnlyList<StoredTensor> Read(string text, Dictionary<string, StoredTensor> tensors, string file) =>
        JsonFile.Parse(System.Text.Encoding.UTF8.GetBytes(text), $"{file}: {Key}", root =>
        {
            if (root.ValueKind != JsonValueKind.Object) throw Wrong(file, $"expected a JSON object, found {root.ValueKind}");
            return root.EnumerateObject().Select(entry => ReadOne(entry, tensors, file)).ToArray();
        });

    private static StoredTensor ReadOne(JsonProperty entry, Dictionary<string, StoredTensor> tensors, string file)
    {
        string name = CheckpointException.Quote(entry.Name);
        if (!tensors.TryGetValue(entry.Name, out StoredTensor? tensor)) throw Wrong(file, $"names {name}, but there is no such tensor");
        if (entry.Value.ValueKind != JsonValueKind.Object || entry.Value.GetPropertyCount() != 2
            || !entry.Value.TryGetProperty("format", out JsonElement formatName) || formatName.ValueKind != JsonValueKind.String
            || !entry.Value.TryGetProperty("shape", out JsonElement sizes) || sizes.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(file, $"expected an object with format and shape for {name}");
        }
        if (Find(formatName.GetString()!) is not { } format)
        {
            throw Wrong(file,
                $"{name} has the unknown format {CheckpointException.Quote(formatName.GetString()!)}, known are Q8_0, Q4_0, Q4_K and Q6_K");
        }
        long[] shape = [.. sizes.EnumerateArray().Select(size =>
            size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out long value) && value >= 0
                ? value
                : throw Wrong(file, $"expected whole numbers from 0 to 2^63 in the shape of {name}"))];
        if (shape.Length == 0 || shape[^1] % format.BlockValues() != 0)
            throw Wrong(file, $"{name} is {format} {ShapeText.Of(shape)}, expected rows that are whole blocks of {format.BlockValues()}");
        try
        {
            long[] bytes = ByteShape(format, shape);
            if (tensor.Type == ElementType.U8 && tensor.Shape.SequenceEqual(bytes))
                return new StoredTensor(tensor.Name, format.ToString(), format, shape, tensor.Begin, tensor.End);
            string expected = ShapeText.Of(bytes), found = ShapeText.Of(tensor.Shape);
            throw Wrong(file, $"{name} is {format} {ShapeText.Of(shape)}, expected U8 {expected}, found {tensor.TypeName} {found}");
        }
        catch (OverflowException)
        {
            throw Wrong(file, $"{name} has the shape {ShapeText.Of(shape)}, which is more than 2^63 bytes");
        }
    }

    private static WeightFormat? Find(string name)
    {
        foreach (WeightFormat format in Enum.GetValues<WeightFormat>())
            if (format.IsQuantised() && format.ToString() == name) return format;
        return null;
    }

    private static CheckpointException Wrong(string file, FormattableString what) =>
        new($"{file}: {Key}: {what.ToString(CultureInfo.InvariantCulture)}");
}
