using System.Globalization;

namespace Einsharp.Weights;

/// <summary>
/// The weights of a model as Hugging Face stores them: <c>model.safetensors</c>, or several files and an index. The files are
/// memory-mapped; parameters that are loaded in the stored format point into them.
/// </summary>
public sealed unsafe class Checkpoint : IDisposable
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private readonly IReadOnlyCollection<SafetensorsFile> _files;
    private readonly Dictionary<string, (SafetensorsFile File, StoredTensor Tensor)> _tensors;

    private Checkpoint(string path, IReadOnlyCollection<SafetensorsFile> files, Dictionary<string, (SafetensorsFile, StoredTensor)> tensors)
    {
        Path = path;
        _files = files;
        _tensors = tensors;
    }

    /// <summary>The file or the index that was opened.</summary>
    public string Path { get; }

    /// <summary>All tensors, in no particular order.</summary>
    public IEnumerable<StoredTensor> Tensors => _tensors.Values.Select(entry => entry.Tensor);

    /// <summary>The bytes of all tensors together.</summary>
    public long Bytes => _tensors.Values.Sum(entry => entry.Tensor.Bytes);

    /// <summary>Opens a checkpoint; every header is read and checked, no weight is.</summary>
    /// <param name="path">
    /// A folder with model.safetensors or model.safetensors.index.json, or a .safetensors or .index.json file itself.
    /// </param>
    /// <exception cref="CheckpointException">
    /// There is none, a file cannot be read or is broken, or the index points outside its folder, to a file that is not there, or
    /// to one that has not the tensor.
    /// </exception>
    public static Checkpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = path;
        if (Directory.Exists(path))
        {
            file = System.IO.Path.Combine(path, SingleName);
            if (!File.Exists(file)) file = System.IO.Path.Combine(path, IndexName);
            if (!File.Exists(file)) throw new CheckpointException(
                $"{path}: expected {SingleName} or {IndexName} in the folder, found neither");
        }
        return file.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? OpenShards(file) : OpenSingle(file);
    }

    /// <summary>The tensor of a name, or null.</summary>
    public StoredTensor? Find(string name) => _tensors.TryGetValue(name, out var entry) ? entry.Tensor : null;

    /// <summary>
    /// Compares the checkpoint with a model's parameters: all that <see cref="Load"/> would refuse but values that are not finite.
    /// </summary>
    public CheckpointDifference Compare(IReadOnlyList<Param> parameters, LoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        options ??= new LoadOptions();
        var missing = new List<string>();
        var misshaped = new List<ShapeDifference>();
        var unusable = new List<StoredTensor>();
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (Param parameter in parameters)
        {
            bool isNew = wanted.Add(parameter.CheckpointName);
            if (TakesOther(parameter, options)) continue;
            if (Find(parameter.CheckpointName) is not { } tensor)
            {
                if (isNew) missing.Add(parameter.CheckpointName);
                continue;
            }
            if (!ShapeMatch.Fits(parameter.Shape, tensor.Shape)) misshaped.Add(new ShapeDifference(parameter, tensor));
            if (tensor.Type.AsWeights() is null) unusable.Add(tensor);
        }
        var extra = new List<string>();
        if (!options.IgnoreExtra)
        {
            // Old checkpoints carry the table of rotations' frequencies, which the config determines.
            extra.AddRange(_tensors.Keys.Where(name => !wanted.Contains(name)
                && !name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)));
            extra.Sort(StringComparer.Ordinal);
        }
        return new CheckpointDifference(missing, extra, misshaped, unusable);
    }

    /// <summary>
    /// Gives every parameter its values: in place in the mapped file when the format is the stored one, else converted on all
    /// cores. Either all parameters get theirs or, on an error, none is changed.
    /// </summary>
    /// <exception cref="CheckpointMismatchException">
    /// Tensors are missing, extra, mis-shaped or of no weight type: all are named.
    /// </exception>
    /// <exception cref="CheckpointException">A weight is not finite, or is too great for the format asked for.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory for converted weights.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed of.</exception>
    public void Load(IReadOnlyList<Param> parameters, LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        CheckpointDifference difference = Compare(parameters, options);
        if (!difference.IsEmpty) throw new CheckpointMismatchException(Path, difference);

        var converted = new NativeBlock?[parameters.Count];
        try
        {
            for (int i = 0; i < parameters.Count; i++)
                if (!TakesOther(parameters[i], options)) converted[i] = Prepare(parameters[i], options);
        }
        catch
        {
            foreach (NativeBlock? block in converted) block?.Dispose();
            throw;
        }

        for (int i = 0; i < parameters.Count; i++)
        {
            Param parameter = parameters[i];
            if (TakesOther(parameter, options))
            {
                parameter.ShareWith(parameter.Or!);
            }
            else if (converted[i] is { } block)
            {
                parameter.Take(block);
            }
            else
            {
                (SafetensorsFile file, StoredTensor tensor) = _tensors[parameter.CheckpointName];
                file.Mapping.Lend();
                parameter.Bind(file.Pointer(tensor), tensor.Type.AsWeights()!.Value, file.Mapping);
            }
        }
    }

    /// <summary>Unmaps the files that no parameter points into; the others stay as long as a parameter does. Safe to call twice.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files) file.Dispose();
    }

    private bool TakesOther(Param parameter, LoadOptions options) =>
        parameter.Or is not null && (options.Tied ?? !_tensors.ContainsKey(parameter.CheckpointName));

    /// <summary>Checks the values of a parameter and converts them; null when they can be used where they are.</summary>
    private NativeBlock? Prepare(Param parameter, LoadOptions options)
    {
        (SafetensorsFile file, StoredTensor tensor) = _tensors[parameter.CheckpointName];
        WeightFormat stored = tensor.Type.AsWeights()!.Value, wanted = parameter.StoredAs(options.Format ?? stored);
        byte* data = file.Pointer(tensor);
        if (options.CheckFinite && WeightConversion.FirstNotFinite(stored, data, parameter.Count) is >= 0 and long wrong)
            throw NotFinite(file, tensor, wrong, Value(stored, data, wrong), "a weight must be finite");
        if (wanted == stored && (nuint)data % (nuint)stored.Alignment() == 0) return null;

        NativeBlock block = NativeBlock.Of(parameter, wanted);
        WeightConversion.Convert(stored, data, wanted, block.Data, parameter.Count);
        if (options.CheckFinite && wanted is not WeightFormat.F32 && wanted != stored
            && WeightConversion.FirstNotFinite(wanted, block.Data, parameter.Count) is >= 0 and long overflow)
        {
            block.Dispose();
            throw NotFinite(file, tensor, overflow, Value(stored, data, overflow), $"that is too great for {wanted}");
        }
        return block;
    }

    private static float Value(WeightFormat format, byte* data, long index)
    {
        float value = 0;
        WeightConversion.Widen(format, data + format.Bytes(index), new Span<float>(ref value));
        return value;
    }

    private static CheckpointException NotFinite(SafetensorsFile file, StoredTensor tensor, long index, float value, string why) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{file.Path}: {tensor} holds {value} at index {index}: {why}"));

    private static Checkpoint OpenSingle(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        var tensors = file.Tensors.ToDictionary(tensor => tensor.Name, tensor => (file, tensor), StringComparer.Ordinal);
        return new Checkpoint(path, [file], tensors);
    }

    private static Checkpoint OpenShards(string path)
    {
        var files = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        try
        {
            var tensors = new Dictionary<string, (SafetensorsFile, StoredTensor)>(StringComparer.Ordinal);
            foreach ((string name, string shard) in ShardIndex.Read(path))
            {
                if (!files.TryGetValue(shard, out SafetensorsFile? file)) files.Add(shard, file = SafetensorsFile.Open(shard));
                StoredTensor tensor = file.Find(name)
                    ?? throw new CheckpointException(
                        $"{path}: places {CheckpointException.Quote(name)} in {shard}, which has no such tensor");
                tensors.Add(name, (file, tensor));
            }
            return new Checkpoint(path, files.Values, tensors);
        }
        catch
        {
            foreach (SafetensorsFile file in files.Values) file.Dispose();
            throw;
        }
    }
}
