using System.Text.Encodings.Web;
using System.Text.Json;

namespace Einsharp.Text;

/// <summary>A piece of a JSON file that knows where it stands, so that a refusal names the file, the place, and what was found.</summary>
/// <param name="element">The piece.</param>
/// <param name="name">Its name, or that of the array it is in; empty for the whole file.</param>
/// <param name="file">The file.</param>
/// <param name="index">Its index in that array, or −1. Made text only for a refusal: an array may have a million items.</param>
internal readonly struct JsonPart(JsonElement element, string name, string file, int index = -1)
{
    private const int QuotedLength = 60;

    public JsonElement Element => element;

    private string Place => index < 0 ? name : $"{name}[{index}]";

    public InvalidDataException Refuse(string what) => new($"{file}: {(Place.Length == 0 ? "" : Place + ": ")}{what}");

    /// <summary>A string of the file as a message may show it: on one line, and cut where it is long.</summary>
    public static string Quote(string text)
    {
        string shown = text.Length <= QuotedLength ? text : text[..QuotedLength] + "…";
        return $"'{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(shown)}'";
    }

    /// <summary>The member of that name, or null where it is absent or is null.</summary>
    public JsonPart? Find(string member)
    {
        Expect(JsonValueKind.Object);
        return element.TryGetProperty(member, out JsonElement found) && found.ValueKind != JsonValueKind.Null
            ? new JsonPart(found, Place.Length == 0 ? member : $"{Place}.{member}", file)
            : null;
    }

    public JsonPart Get(string member) => Find(member) ?? throw Refuse($"'{member}' is missing");

    public string Text(string member) => Get(member).Text();

    public string Text()
    {
        Expect(JsonValueKind.String);
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Refuse("the string holds half of a surrogate pair");
        }
    }

    public bool Flag(string member, bool otherwise)
    {
        if (Find(member) is not { } flag)
            return otherwise;
        return flag.Element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw flag.Refuse($"expected true or false, found {Describe(flag.Element.ValueKind)}"),
        };
    }

    public int Number(string member) => Get(member).Number();

    public int Number()
    {
        Expect(JsonValueKind.Number);
        return element.TryGetInt32(out int value)
            ? value
            : throw Refuse($"expected a whole number of 32 bits, found {Quote(element.GetRawText())}");
    }

    public IEnumerable<JsonPart> Items(string member)
    {
        JsonPart list = Get(member);
        list.Expect(JsonValueKind.Array);
        return list.Items();
    }

    public IEnumerable<JsonPart> Items()
    {
        int at = 0;
        foreach (JsonElement item in element.EnumerateArray())
            yield return new JsonPart(item, Place, file, at++);
    }

    public void Expect(JsonValueKind kind)
    {
        if (element.ValueKind != kind)
            throw Refuse($"expected {Describe(kind)}, found {Describe(element.ValueKind)}");
    }

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };
}
