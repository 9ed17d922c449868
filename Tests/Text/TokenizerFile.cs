using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Einsharp.Text;

namespace Einsharp.Tests.Text;

/// <summary>Writes small tokenizer.json files for the tests and loads them.</summary>
internal static class TokenizerFile
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Tokenizer Load(string json) => Load(Encoding.UTF8.GetBytes(json));

    public static Tokenizer Load(byte[] json)
    {
        string path = Path.Combine(Path.GetTempPath(), $"einsharp-{Guid.NewGuid():N}.json");
        try
        {
            File.WriteAllBytes(path, json);
            return Tokenizer.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A file of the given parts, each a JSON text; tokens get their ids in order.</summary>
    public static string Json(
        IReadOnlyList<string> tokens,
        IReadOnlyList<(string Left, string Right)> merges,
        string model = "{}",
        string normalizer = "null",
        string preTokenizer = "null",
        string postProcessor = "null",
        string decoder = """{"type":"ByteFallback"}""",
        string added = "[]",
        bool mergesAsPairs = false)
    {
        var parts = (JsonObject)JsonNode.Parse(model)!;
        parts["type"] = "BPE";
        var vocab = new JsonObject();
        for (int id = 0; id < tokens.Count; id++)
            vocab[tokens[id]] = id;
        parts["vocab"] = vocab;
        parts["merges"] = new JsonArray([.. merges.Select(merge => mergesAsPairs
            ? (JsonNode)new JsonArray(merge.Left, merge.Right)
            : JsonValue.Create($"{merge.Left} {merge.Right}"))]);
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = JsonNode.Parse(added),
            ["normalizer"] = JsonNode.Parse(normalizer),
            ["pre_tokenizer"] = JsonNode.Parse(preTokenizer),
            ["post_processor"] = JsonNode.Parse(postProcessor),
            ["decoder"] = JsonNode.Parse(decoder),
            ["model"] = parts,
        };
        return file.ToJsonString(Relaxed);
    }

    /// <summary>The byte-level alphabet, worked out here from its definition alone.</summary>
    public static string[] ByteLetters()
    {
        string[] letters = new string[256];
        int beyond = 0;
        for (int b = 0; b < 256; b++)
        {
            bool visible = b is >= 33 and <= 126 or >= 161 and <= 172 or >= 174 and <= 255;
            letters[b] = ((char)(visible ? b : 256 + beyond++)).ToString();
        }
        return letters;
    }
}
