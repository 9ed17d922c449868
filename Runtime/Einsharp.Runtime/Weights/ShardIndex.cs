using System.Text.Json;

namespace Einsharp.Weights;

/// <summary>Reads <c>model.safetensors.index.json</c>: which file of the same folder holds which tensor.</summary>
/// <remarks>
/// Its <c>metadata.total_size</c> is not looked at: each file proves its own size, and writers disagree on what to count.
/// </remarks>
internal static class ShardIndex
{
    /// <summary>The file of each tensor, as a full path.</summary>
    /// <exception cref="CheckpointException">The index is broken, or names a file outside its folder or one that is not there.</exception>
    public static Dictionary<string, string> Read(string path) => JsonFile.Read(path, root => Files(root, path));

    private static Dictionary<string, string> Files(JsonElement root, string path)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("weight_map", out JsonElement map)
            || map.ValueKind != JsonValueKind.Object)
            throw new CheckpointException($"{path}: expected an object weight_map that names the file of each tensor, found none");

        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        var tensors = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string tensor = CheckpointException.Quote(entry.Name);
            if (entry.Value.ValueKind != JsonValueKind.String)
                throw new CheckpointException($"{path}: expected the name of a file for {tensor}, found {entry.Value.ValueKind}");
            string file = entry.Value.GetString()!;
            if (!files.TryGetValue(file, out string? full))
            {
                if (!IsInside(file))
                    throw new CheckpointException(
                        $"{path}: the file {CheckpointException.Quote(file)} of {tensor} is not inside the folder");
                files.Add(file, full = Path.Combine(folder, file));
            }
            tensors.Add(entry.Name, full);
        }
        string[] absent =
            [.. files.Where(f => !File.Exists(f.Value)).Select(f => CheckpointException.Quote(f.Key)).Order(StringComparer.Ordinal)];
        if (absent.Length > 0)
            throw new CheckpointException(
                $"{path}: {absent.Length} of {files.Count} files are not there: {string.Join(", ", absent.Take(40))}");
        return tensors;
    }

    /// <summary>Both separators are looked for on every system: an index is no safer for being read on another one.</summary>
    private static bool IsInside(string file) =>
        file.Length > 0 && file[0] is not ('/' or '\\') && !Path.IsPathRooted(file) && !file.Contains(':', StringComparison.Ordinal)
        && !file.Contains('\0', StringComparison.Ordinal) && !file.Split('/', '\\').Any(part => part is "" or "." or "..");
}
