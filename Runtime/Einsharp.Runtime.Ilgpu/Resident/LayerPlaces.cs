using System.Diagnostics.CodeAnalysis;

namespace Einsharp.Ilgpu;

/// <summary>How far the memory of a layer is from that of the one before.</summary>
[SuppressMessage("Design", "CA1051", Justification = "Kernels read fields.")]
public struct LayerStrides
{
    /// <summary>Elements of 16 bytes between matrices.</summary>
    public int Matrices;

    /// <summary>Floats between vectors.</summary>
    public int Vectors;

    /// <summary>Floats between slots of the cache.</summary>
    public long Cache;
}

/// <summary>The weights of one layer, in the order of its parameters.</summary>
/// <param name="Matrices">Those of more axes.</param>
/// <param name="Vectors">Those of one.</param>
[SuppressMessage("Performance", "CA1819", Justification = "Made by generated code, for one look.")]
public sealed record LayerPlace(GpuMatrix[] Matrices, GpuVector[] Vectors);

/// <summary>Layers that one kernel can run: all their matrices have one format, and their memory lies at equal distances.</summary>
public sealed class LayerPlaces
{
    private readonly LayerPlace[] _layers;

    private LayerPlaces(LayerPlace[] layers) => _layers = layers;

    /// <summary>The layers, or null if their formats differ.</summary>
    /// <param name="layers">Every layer's weights.</param>
    public static LayerPlaces? Of(LayerPlace[] layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        IEnumerable<Type> formats = layers.SelectMany(layer => layer.Matrices).Select(matrix => matrix.Stored).Distinct();
        return formats.Count() == 1 ? new LayerPlaces(layers) : null;
    }

    /// <summary>The distances, or null if they differ: two layers share a parameter, say. Found once the weights are uploaded.</summary>
    /// <param name="session">The session whose cache the layers write.</param>
    /// <param name="slot">The first layer's first slot.</param>
    /// <param name="slots">Slots of a layer.</param>
    public LayerStrides? Find(GpuSession session, int slot, int slots)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (_layers.Length == 1)
            return default(LayerStrides);
        long? matrices = Stride(layer => layer.Matrices.Select(matrix => matrix.Offset));
        long? vectors = _layers[0].Vectors.Length == 0 ? 0 : Stride(layer => layer.Vectors.Select(vector => vector.Offset));
        if (matrices is not { } between || vectors is not { } floats || between * (_layers.Length - 1) > int.MaxValue)
            return null;
        return new LayerStrides
        {
            Matrices = (int)between, Vectors = (int)floats, Cache = slots == 0 ? 0 : session.SlotOffset(slot + slots) - session.SlotOffset(slot),
        };
    }

    private long? Stride(Func<LayerPlace, IEnumerable<long>> offsets)
    {
        long? stride = null;
        for (int layer = 1; layer < _layers.Length; layer++)
        {
            foreach ((long before, long after) in offsets(_layers[layer - 1]).Zip(offsets(_layers[layer])))
            {
                if (after - before != (stride ??= after - before))
                    return null;
            }
        }

        return stride;
    }
}
