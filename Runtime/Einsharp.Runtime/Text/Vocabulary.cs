using System.Text.Json;

namespace Einsharp.Text;

/// <summary>Tokens and their ids, each unique, ids from 0 to a bound and possibly with holes.</summary>
internal sealed class Vocabulary
{
    /// <summary>Some four times the largest vocabulary in use: a table by id stays small whatever a file says.</summary>
    private const int IdBound = 1 << 22;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private string?[] _tokens = [];

    public Vocabulary(int expected)
    {
        _ids = new Dictionary<string, int>(expected, StringComparer.Ordinal);
        _idsBySpan = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The highest id + 1.</summary>
    public int Size { get; private set; }

    public string? this[int id] => (uint)id < (uint)Size ? _tokens[id] : null;

    public static Vocabulary Read(JsonPart part)
    {
        part.Expect(JsonValueKind.Object);
        var vocabulary = new Vocabulary(part.Element.GetPropertyCount());
        foreach (JsonProperty entry in part.Element.EnumerateObject())
        {
            JsonElement value = entry.Value;
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out int id))
                throw part.Refuse($"the id of {JsonPart.Quote(entry.Name)} is {JsonPart.Quote(value.GetRawText())}, not a whole number");
            vocabulary.Add(entry.Name, id, part);
        }
        if (vocabulary.Size == 0)
            throw part.Refuse("the vocabulary is empty");
        return vocabulary;
    }

    public bool TryGet(ReadOnlySpan<char> token, out int id) => _idsBySpan.TryGetValue(token, out id);

    /// <summary>Adds a token; one that is there with the same id stays as it is.</summary>
    public void Add(string token, int id, JsonPart part)
    {
        if ((uint)id >= IdBound)
            throw part.Refuse(FormattableString.Invariant($"the id of {JsonPart.Quote(token)} is {id}; ids are from 0 to {IdBound - 1}"));
        if (_ids.TryGetValue(token, out int known))
        {
            if (known != id)
                throw part.Refuse(FormattableString.Invariant($"{JsonPart.Quote(token)} has the ids {known} and {id}"));
            return;
        }
        if (this[id] is { } other)
            throw part.Refuse($"{JsonPart.Quote(other)} and {JsonPart.Quote(token)} have the same id {id}");

        if (id >= _tokens.Length)
            Array.Resize(ref _tokens, Math.Max(id + 1, Math.Min(2 * _tokens.Length, IdBound)));
        _tokens[id] = token;
        _ids.Add(token, id);
        Size = Math.Max(Size, id + 1);
    }
}
