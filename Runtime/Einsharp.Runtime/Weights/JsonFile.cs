using System.Text.Json;

namespace Einsharp.Weights;

/// <summary>Reads the small JSON files beside the weights.</summary>
internal static class JsonFile
{
    /// <summary>The longest file, in bytes: an index of a million tensors.</summary>
    private const int Longest = 100_000_000;

    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>Reads a file and takes from it what <paramref name="take"/> returns.</summary>
    /// <exception cref="CheckpointException">The file cannot be read or is no JSON; a key is there twice.</exception>
    public static T Read<T>(string path, Func<JsonElement, T> take)
    {
        byte[] json;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > Longest } file)
                throw new CheckpointException($"{path}: expected at most {Longest} bytes, the file has {file.Length}");
            json = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CheckpointException($"{path}: cannot be read: {CheckpointException.Quote(e.Message)}", e);
        }
        return Parse(json, path, take);
    }

    /// <summary>Reads text; <paramref name="source"/> is where it is from, for messages.</summary>
    /// <exception cref="CheckpointException">It is no JSON, or a key is there twice.</exception>
    public static T Parse<T>(ReadOnlyMemory<byte> json, string source, Func<JsonElement, T> take)
    {
        // Windows' editors put a byte order mark before UTF-8; the parser takes it for an error.
        if (json.Span.StartsWith("\uFEFF"u8)) json = json[3..];
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Options);
            return take(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Strings are decoded when they are asked for: one that is no Unicode text throws InvalidOperationException.
            throw new CheckpointException($"{source}: no valid JSON: {CheckpointException.Quote(e.Message)}", e);
        }
    }
}
