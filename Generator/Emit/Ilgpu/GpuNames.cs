namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>Names in the generated device code.</summary>
internal static class GpuNames
{
    /// <summary>The assembly whose reference says that kernels for ILGPU are wanted.</summary>
    public const string Assembly = "Einsharp.Runtime.Ilgpu";

    /// <summary>Its marker: what generated code may count on.</summary>
    public const string Marker = "ilgpu/1";

    /// <summary>Locals of kernels, which an axis cannot be called.</summary>
    public static readonly string[] Locals =
    [
        "size", "sizes", "args", "lane", "lanes", "shared", "row", "features", "value", "scale", "squares", "index", "sequence", "first",
        "end", "from", "pair", "at", "i", "j", "x", "y", "turn", "cosine", "sine", "left", "right", "run", "largest", "sum", "position",
        "team", "unit", "pairs", "second", "staged", "scratch", "count", "length", "stride8", "norm", "square", "feature", "head", "half",
        "across", "next", "rows", "firstRow", "firstPair", "lastRow", "laneX", "laneY", "w", "x4", "w4", "each",
        "queryTile", "cacheTile", "weightTile", "scoreTile", "sideTile", "weights", "groups", "perGroup", "line", "column", "down",
        "isActive", "tiles", "tile", "group", "block", "queries", "firstPosition", "last", "seen", "seen0", "seen1", "seen2", "seen3",
        "keys", "values", "fours", "partFours", "width", "pass", "highest", "total", "step", "scores", "part", "vector", "query",
        "queryRows", "keyRows", "before", "factors", "weightRows", "sums0", "sums1", "sums2", "sums3", "four", "sets", "split", "rest",
        "steps", "share", "shares", "to", "valueFours", "slices", "slice", "all", "now", "key", "score", "k4", "part0", "part1", "part2",
        "part3", "part4", "part5", "part6", "part7", "to4",
        "chunk", "near", "far", "copyTo", "address", "nearRow", "farRow", "nearX", "farX", "nearPair", "farPair", "nearFeature",
        "farFeature", "nearW", "farW", "warp", "warpRow", "warpFeature", "rowX", "rowW", "chunkX", "chunkW", "fromX", "fromW",
        "fromXHigh", "fromWHigh", "write", "read", "isInside", "x0", "x1", "x2", "x3", "row0", "row1", "row2", "row3", "norm0", "norm1",
        "norm2", "norm3", "teams", "isOwn", "mean", "log", "start", "columns", "positions", "keyAt", "valueAt", "slopes",
        "element", "tileRows", "tileColumns", "tilesX", "tilesY", "firstColumn", "sums",
    ];

    /// <summary>
    /// A field of a kernel's arguments where it stands alone. An @ keeps it from being taken for the type of the same name, which is written in
    /// full where a member hides it.
    /// </summary>
    public static string Field(string name) => Model.LibraryNames.All.ContainsKey(name) ? "@" + name : name;
}
