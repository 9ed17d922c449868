namespace Einsharp.Generator.Model;

/// <summary>The types that generated code names, and their full names for where the short one means something else.</summary>
internal static class LibraryNames
{
    public static IReadOnlyDictionary<string, string> All { get; } = Names(
            "Einsharp", "Tensor", "Param", "KvCache", "Layers", "CpuDevice", "WeightFormat", "Initializer",
            "SlotGeometry", "SlotLayout", "CacheSlot", "CacheFormat", "RopeTable", "Reduction", "ForwardSession")
        .Concat(Names(
            "Einsharp.Cpu", "Worker", "PackedRows", "RowBlock", "CpuSession", "CallShape",
            "Sweep", "Norm", "Elementwise", "ParamElements", "BatchNorm", "Reductions", "Contraction", "LoopAxis", "OnlineSoftmax", "KeyValues"))
        .Concat(Names(
            "System", "Math", "MathF", "Type", "Span", "ReadOnlySpan",
            "ArgumentException", "ArgumentNullException", "NotSupportedException", "InvalidOperationException"))
        .Concat(Names(
            "Einsharp.Ilgpu", "GpuLoader", "GpuMatrix", "GpuVector", "GpuKernel", "GpuSession", "IlgpuDevice", "RowTable", "RopeView",
            "CacheView", "Stored", "IStored", "Lanes", "ILanes", "GroupReduce", "Activation", "Order", "UInt4", "Float4", "Float8", "Tiles",
            "Tile4x4", "StagedRows", "FeaturePairs", "Fours", "Rows4", "SoftmaxPart", "AttentionTile", "AttentionDecode", "TensorCores",
            "GridBarrier", "LayerPlace", "LayerPlaces", "LayerStrides"))
        .Concat(Names("ILGPU", "ArrayView", "SharedMemory", "Grid", "Group", "Interop"))
        .Concat(Names("ILGPU.Runtime", "SpecializedValue"))
        .Concat(Names("System.Collections.Generic", "List", "IReadOnlyList"))
        .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    /// <summary>Those that an einsum of its own names.</summary>
    public static IReadOnlyDictionary<string, string> OfEinsums { get; } = Names("Einsharp", "Tensor", "Device", "CpuDevice")
        .Concat(Names("Einsharp.Cpu", "Contraction", "LoopAxis"))
        .Concat(Names("Einsharp.Einsums", "EinsumShape", "Ellipsis", "Intermediate", "RowMajor"))
        .Concat(Names("System", "ReadOnlySpan", "InvalidOperationException"))
        .Concat(Names("Einsharp.Ilgpu", "IlgpuDevice", "GpuEinsum", "GpuContraction"))
        .Concat(Names("ILGPU", "ArrayView"))
        .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    private static IEnumerable<KeyValuePair<string, string>> Names(string space, params string[] names) =>
        names.Select(name => new KeyValuePair<string, string>(name, $"global::{space}.{name}"));
}
