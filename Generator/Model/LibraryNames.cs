namespace Einsharp.Generator.Model;

/// <summary>The types that generated code names, and their full names for where the short one means something else.</summary>
internal static class LibraryNames
{
    public static IReadOnlyDictionary<string, string> All { get; } = Names(
            "Einsharp", "Tensor", "Param", "KvCache", "Layers", "CpuDevice", "WeightFormat", "Initializer",
            "SlotGeometry", "SlotLayout", "CacheSlot", "RopeTable")
        .Concat(Names(
            "Einsharp.Cpu", "Worker", "PackedRows", "RowBlock", "ForwardSession", "CallShape",
            "Sweep", "Norm", "Elementwise", "ParamElements", "OnlineSoftmax"))
        .Concat(Names(
            "System", "Math", "Span", "ReadOnlySpan",
            "ArgumentException", "ArgumentNullException", "NotSupportedException", "InvalidOperationException"))
        .Concat(Names("System.Collections.Generic", "List", "IReadOnlyList"))
        .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    private static IEnumerable<KeyValuePair<string, string>> Names(string space, params string[] names) =>
        names.Select(name => new KeyValuePair<string, string>(name, $"global::{space}.{name}"));
}
