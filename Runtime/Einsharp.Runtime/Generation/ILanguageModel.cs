namespace Einsharp;

/// <summary>A model that reads token ids and says which may come next. Declared models of this shape implement it.</summary>
public interface ILanguageModel
{
    /// <summary>The number of logits of a position; ids are less than it.</summary>
    int VocabularySize { get; }

    /// <summary>Runs new positions, which come after those that the cache holds, and commits them to it; a failure commits none.</summary>
    /// <param name="ids">Token ids, [b, s].</param>
    /// <param name="rows">Which of the s positions get logits, [b, o]; o may be 0, as in the chunks of a prompt before its last.</param>
    /// <param name="cache">Where the positions go, or null to run the sequence as a whole.</param>
    /// <returns>Logits, [b, o, v], valid until the next call with the same cache.</returns>
    Tensor Forward(Tensor<int> ids, Tensor<int> rows, KvCache? cache);

    /// <summary>Makes a cache of this model's geometry, in f32.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="capacity">Positions that each sequence can come to.</param>
    KvCache CreateCache(int batch, int capacity) => CreateCache(batch, capacity, CacheFormat.F32);

    /// <summary>Makes a cache of this model's geometry.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="capacity">Positions that each sequence can come to.</param>
    /// <param name="format">How the cache keeps its elements.</param>
    /// <exception cref="NotSupportedException">The model's device keeps no such cache.</exception>
    KvCache CreateCache(int batch, int capacity, CacheFormat format);
}
