namespace Einsharp.Weights;

/// <summary>A memory-mapped file of tensors, whatever its format: what a <see cref="Checkpoint"/> is made of.</summary>
internal unsafe interface ITensorFile : IDisposable
{
    /// <summary>Where the file is.</summary>
    string Path { get; }

    /// <summary>The tensors, in the order of their data.</summary>
    IReadOnlyList<StoredTensor> Tensors { get; }

    /// <summary>The memory that the tensors lie in.</summary>
    MappedFile Mapping { get; }

    /// <summary>The first byte of a tensor of this file.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed of.</exception>
    byte* Pointer(StoredTensor tensor);
}
