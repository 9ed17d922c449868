using System.Collections;

namespace Einsharp;

/// <summary>The layers of a model, in order: what a <see cref="LayersAttribute"/> property holds.</summary>
/// <typeparam name="T">The model that each layer is.</typeparam>
/// <param name="layers">The layers.</param>
public sealed class Layers<T>(params T[] layers) : IReadOnlyList<T>
    where T : class
{
    private readonly T[] _layers = layers;

    /// <inheritdoc/>
    public int Count => _layers.Length;

    /// <inheritdoc/>
    public T this[int index] => _layers[index];

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_layers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _layers.GetEnumerator();
}
