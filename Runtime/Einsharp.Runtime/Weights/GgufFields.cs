using System.Globalization;

namespace Einsharp.Weights;

/// <summary>The metadata of a GGUF file, each value read as what it must be.</summary>
internal sealed class GgufFields(GgufFile file)
{
    public IEnumerable<string> Keys => file.Metadata.Keys;

    public bool Has(string key) => file.Metadata.ContainsKey(key);

    public string? Text(string key) => Find(key, static value => value.Type == GgufValueType.String, "a string")?.Strings().First();

    public bool? Flag(string key) => Find(key, static value => value.Type == GgufValueType.Bool, "a flag")?.Whole(0) switch
    {
        null => null,
        { } value => value == 1,
    };

    /// <summary>A whole number of any width, from a least to a limit beyond which it is a mistake.</summary>
    public int? Whole(string key, int least, int limit)
    {
        if (Find(key, static value => value.Type.IsWhole(), "a whole number") is not { } found) return null;
        long number = found.Whole(0);
        return number >= least && number <= limit
            ? (int)number
            : throw Wrong(key, $"expected a whole number from {least} to {limit}, found {found}");
    }

    /// <inheritdoc cref="Whole"/>
    public int Size(string key, int limit) => Whole(key, 1, limit) ?? throw Missing(key);

    /// <summary>A finite number above 0.</summary>
    public double? Positive(string key)
    {
        if (Find(key, static value => value.Type is GgufValueType.Float32 or GgufValueType.Float64, "a floating-point number") is not { } found)
            return null;
        double number = found.Number(0);
        return number > 0 && double.IsFinite(number) ? number : throw Wrong(key, $"expected a finite number above 0, found {number}");
    }

    /// <summary>A list of strings, unread.</summary>
    public GgufValue? Strings(string key) =>
        Find(key, static value => value.Type == GgufValueType.Array && value.Elements == GgufValueType.String, "a list of strings");

    /// <summary>A list of finite numbers.</summary>
    public float[]? Floats(string key, long count)
    {
        if (Find(key, static value => value is { Type: GgufValueType.Array, Elements: GgufValueType.Float32 }, "a list of Float32") is not { } list)
            return null;
        CheckCount(key, list, count);
        float[] floats = new float[list.Count];
        for (int i = 0; i < floats.Length; i++)
        {
            floats[i] = (float)list.Number(i);
            if (!float.IsFinite(floats[i])) throw Wrong(key, $"expected finite numbers, found {floats[i]} at place {i}");
        }
        return floats;
    }

    /// <summary>A list of whole numbers.</summary>
    public long[]? Wholes(string key, long count)
    {
        if (Find(key, static value => value.Type == GgufValueType.Array && value.Elements.IsWhole(), "a list of whole numbers") is not { } list)
            return null;
        CheckCount(key, list, count);
        long[] numbers = new long[list.Count];
        for (int i = 0; i < numbers.Length; i++) numbers[i] = list.Whole(i);
        return numbers;
    }

    /// <summary>A refusal that names the file and the key.</summary>
    public CheckpointException Wrong(string key, FormattableString what) =>
        new($"{file.Path}: {CheckpointException.Quote(key)}: {what.ToString(CultureInfo.InvariantCulture)}");

    public CheckpointException Missing(string key) => new($"{file.Path}: has no {CheckpointException.Quote(key)}");

    private void CheckCount(string key, GgufValue list, long count)
    {
        if (list.Count != count) throw Wrong(key, $"expected {count} values, one for each token, found {list.Count}");
    }

    private GgufValue? Find(string key, Func<GgufValue, bool> isRight, string expected)
    {
        if (file.Metadata.GetValueOrDefault(key) is not { } value) return null;
        return isRight(value) ? value
            : throw Wrong(key, $"expected {expected}, found {(value.Type == GgufValueType.Array ? $"a list of {value.Elements}" : value.Type)}");
    }
}
