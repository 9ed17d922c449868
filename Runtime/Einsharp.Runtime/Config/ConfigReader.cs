using System.Globalization;
using System.Text.Json;
using Einsharp.Weights;

namespace Einsharp;

/// <summary>The fields of a JSON object in a config, each read as what it must be. An absent field and a null are the same.</summary>
internal sealed class ConfigReader
{
    private readonly string _source;
    private readonly JsonElement _object;

    public ConfigReader(string source, JsonElement value)
    {
        _source = source;
        _object = value;
        if (value.ValueKind != JsonValueKind.Object) throw Wrong($"expected a JSON object, found {value.ValueKind}");
    }

    /// <summary>The object that a field holds, or null.</summary>
    public ConfigReader? Child(string name) => Find(name) is { } value ? new ConfigReader($"{_source}: {name}", value) : null;

    /// <summary>Whether there are no other fields than these.</summary>
    public bool IsOnly(params ReadOnlySpan<string> names)
    {
        foreach (JsonProperty field in _object.EnumerateObject())
            if (!names.Contains(field.Name)) return false;
        return true;
    }

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } value => throw WrongValue(name, "a string", value),
    };

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw WrongValue(name, "true or false", value),
    };

    /// <summary>A whole number from 1 to a limit beyond which a size is a mistake.</summary>
    public int Size(string name, int otherwise, int limit) => OptionalSize(name, limit) ?? otherwise;

    /// <inheritdoc cref="Size"/>
    public int? OptionalSize(string name, int limit)
    {
        if (Find(name) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int size) && size >= 1 && size <= limit
            ? size
            : throw WrongValue(name, string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {limit}"), value);
    }

    /// <summary>A finite number above 0.</summary>
    public double Positive(string name, double otherwise) => OptionalPositive(name) ?? otherwise;

    /// <inheritdoc cref="Positive"/>
    public double? OptionalPositive(string name)
    {
        if (Find(name) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number > 0 && double.IsFinite(number)
            ? number
            : throw WrongValue(name, "a finite number above 0", value);
    }

    /// <summary>A finite number of at least 0.</summary>
    public double? OptionalAtLeastZero(string name)
    {
        if (Find(name) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= 0 && double.IsFinite(number)
            ? number
            : throw WrongValue(name, "a finite number of at least 0", value);
    }

    /// <summary>A list of finite numbers above 0, one at least.</summary>
    public float[] Numbers(string name, int limit)
    {
        if (Find(name) is not { } value) throw Wrong($"has no {name}");
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() < 1 || value.GetArrayLength() > limit)
            throw WrongValue(name, string.Create(CultureInfo.InvariantCulture, $"a list of 1 to {limit} numbers"), value);
        return [.. value.EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetSingle(out float number) && number > 0 && float.IsFinite(number)
                ? number
                : throw WrongValue(name, "finite numbers above 0", item))];
    }

    /// <summary>A token or a list of them, each below the size of the vocabulary. Absent is the default; null is none.</summary>
    public IReadOnlyList<int> Tokens(string name, int otherwise, int vocabulary)
    {
        if (!_object.TryGetProperty(name, out JsonElement value)) return [otherwise];
        return value.ValueKind switch
        {
            JsonValueKind.Null => [],
            JsonValueKind.Array => [.. value.EnumerateArray().Select(Token)],
            _ => [Token(value)],
        };

        int Token(JsonElement token) =>
            token.ValueKind == JsonValueKind.Number && token.TryGetInt32(out int id) && id >= 0 && id < vocabulary
                ? id
                : throw WrongValue(name, string.Create(CultureInfo.InvariantCulture, $"tokens from 0 to {vocabulary - 1} (vocab_size - 1)"),
                    token);
    }

    /// <summary>An error in this object.</summary>
    public CheckpointException Wrong(string what) => new($"{_source}: {what}");

    private CheckpointException WrongValue(string name, string expected, JsonElement value) =>
        new($"{_source}: expected {expected} as {name}, found {CheckpointException.Quote(value.GetRawText())}");

    private JsonElement? Find(string name) =>
        _object.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
