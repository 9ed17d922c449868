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
        "size", "sizes", "args", "lane", "lanes", "shared", "row", "features", "value", "scale", "squares", "index", "sequence", "first", "end",
        "from", "pair", "at", "i", "j", "x", "y", "turn", "cosine", "sine", "left", "right", "run", "largest", "sum", "position",
    ];
}
