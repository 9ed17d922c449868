namespace Einsharp.Weights;

/// <summary>One tensor that was written in another format.</summary>
/// <param name="From">What it was.</param>
/// <param name="Format">The format that it has now.</param>
/// <param name="Bytes">Its bytes now.</param>
public sealed record ConvertedTensor(StoredTensor From, WeightFormat Format, long Bytes);

/// <content>Writing the weights in another format.</content>
public sealed unsafe partial class Checkpoint
{
    /// <summary>The values that are converted at a time, at most: 64 MiB of floats. A multiple of every block.</summary>
    private const int Piece = 1 << 24;

    /// <summary>
    /// Writes the tensors that parameters ask for to a safetensors file, each in the format that <see cref="Param.StoredAs"/> gives it; those in
    /// blocks as bytes, with a word on them in the metadata. One piece of a tensor is in memory at a time, and the file appears when it is whole.
    /// </summary>
    /// <param name="parameters">The parameters of the model; they need no values, and get none.</param>
    /// <param name="path">The file.</param>
    /// <param name="options">The format, and what <see cref="Load"/> takes from them.</param>
    /// <param name="cancellation">Stops it between two pieces.</param>
    /// <returns>The tensors in the order of the parameters.</returns>
    /// <exception cref="CheckpointMismatchException">Tensors are missing, extra, mis-shaped or of no weight type: all are named.</exception>
    /// <exception cref="CheckpointException">A weight is not finite, or is too great for the format.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public IReadOnlyList<ConvertedTensor> Convert(
        IReadOnlyList<Param> parameters, string path, LoadOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        CheckpointDifference difference = Compare(parameters, options);
        if (!difference.IsEmpty) throw new CheckpointMismatchException(Path, difference);

        var written = new List<(Param Param, ConvertedTensor Tensor, long[] Shape)>();
        foreach (Param parameter in parameters)
        {
            if (TakesOther(parameter, options)) continue;
            StoredTensor tensor = _tensors[parameter.CheckpointName].Tensor;
            WeightFormat format = parameter.StoredAs(options.Format ?? tensor.Format!.Value);
            long[] shape = format.IsQuantised() ? [parameter.Count / parameter.RowLength, parameter.RowLength] : tensor.Shape.ToArray();
            written.Add((parameter, new ConvertedTensor(tensor, format, format.Bytes(parameter.Count)), shape));
        }

        var metadata = new Dictionary<string, string> { ["format"] = "pt" };
        var blocks = written.Where(item => item.Tensor.Format.IsQuantised()).ToArray();
        if (blocks.Length > 0)
            metadata[BlockTensors.Key] = BlockTensors.Write(blocks.Select(item => (item.Param.CheckpointName, item.Tensor.Format, item.Shape)));
        using var writer = new SafetensorsWriter(path, metadata);

        // Wider elements first: so all can be read in place.
        var ordered = written.OrderByDescending(item => item.Tensor.Format.Alignment()).ToArray();
        foreach ((Param parameter, ConvertedTensor tensor, long[] shape) in ordered)
        {
            if (tensor.Format.IsQuantised())
                writer.Declare(parameter.CheckpointName, ElementType.U8, BlockTensors.ByteShape(tensor.Format, shape));
            else
                writer.Declare(parameter.CheckpointName, tensor.Format.AsElements(), shape);
        }
        foreach ((Param parameter, ConvertedTensor tensor, _) in ordered)
            Write(writer, parameter, tensor, options.CheckFinite, cancellation);
        writer.Complete();
        return [.. written.Select(item => item.Tensor)];
    }

    private void Write(
        SafetensorsWriter writer, Param parameter, ConvertedTensor converted, bool checkFinite, CancellationToken cancellation)
    {
        (ITensorFile file, StoredTensor tensor) = _tensors[parameter.CheckpointName];
        WeightFormat stored = tensor.Format!.Value;
        byte[] buffer = new byte[converted.Format.Bytes(Math.Min(Piece, parameter.Count))];
        fixed (byte* to = buffer)
        {
            for (long first = 0; first < parameter.Count; first += Piece)
            {
                cancellation.ThrowIfCancellationRequested();
                long count = Math.Min(Piece, parameter.Count - first);
                byte* from = file.Pointer(tensor) + stored.Bytes(first);
                if (checkFinite) ThrowIfNotFinite(file, tensor, first, from, count);
                int bytes = (int)converted.Format.Bytes(count);

                // What has the format already goes over byte by byte: to round it again would not leave it as it is.
                if (stored == converted.Format)
                    new ReadOnlySpan<byte>(from, bytes).CopyTo(buffer);
                else
                    Convert(file, tensor, first, converted.Format, to, count, checkFinite);
                writer.Write(parameter.CheckpointName, buffer.AsSpan(0, bytes));
            }
        }
    }
}
