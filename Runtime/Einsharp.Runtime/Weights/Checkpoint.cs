using System.Globalization;

namespace Einsharp.Weights;

/// <summary>
/// The weights of a model as Hugging Face stores them, <c>model.safetensors</c>, or several files and an index; or a GGUF file, whose tensors
/// are here under Hugging Face's names. The files are memory-mapped; parameters that are loaded in the stored format point into them.
/// </summary>
public sealed unsafe partial class Checkpoint : IDisposable
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private readonly IReadOnlyCollection<ITensorFile> _files;
    private readonly Dictionary<string, (ITensorFile File, StoredTensor Tensor)> _tensors;

    private Checkpoint(string path, IReadOnlyCollection<ITensorFile> files, Dictionary<string, (ITensorFile, StoredTensor)> tensors)
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
    /// A folder with model.safetensors or model.safetensors.index.json, or a .safetensors, .index.json or .gguf file itself.
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
        return file.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? OpenShards(file)
            : GgufFile.Is(file) ? OpenSingle(GgufFile.Open(file), GgufNames.Declared) : OpenSingle(SafetensorsFile.Open(file));
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
            if (tensor.Format is null) unusable.Add(tensor);
        }
        var extra = new List<string>();
        if (!options.IgnoreExtra)
        {
            // Old checkpoints carry the table of rotations' frequencies, which the config determines; a GGUF file's factors are in the config.
            extra.AddRange(_tensors.Keys.Where(name => !wanted.Contains(name)
                && name != GgufNames.RotationFactors && !name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)));
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
                (ITensorFile file, StoredTensor tensor) = _tensors[parameter.CheckpointName];
                file.Mapping.Lend();
                parameter.Bind(file.Pointer(tensor), tensor.Format!.Value, file.Mapping);
            }
        }
    }

    /// <summary>Unmaps the files that no parameter points into; the others stay as long as a parameter does. Safe to call twice.</summary>
    public void Dispose()
    {
        foreach (ITensorFile file in _files) file.Dispose();
    }

    private bool TakesOther(Param parameter, LoadOptions options) =>
        parameter.Or is not null && (options.Tied ?? !_tensors.ContainsKey(parameter.CheckpointName));

    /// <summary>Checks the values of a parameter and converts them; null when they can be used where they are.</summary>
    private NativeBlock? Prepare(Param parameter, LoadOptions options)
    {
        (ITensorFile file, StoredTensor tensor) = _tensors[parameter.CheckpointName];
        WeightFormat stored = tensor.Format!.Value, wanted = parameter.StoredAs(options.Format ?? stored);
        byte* data = file.Pointer(tensor);
        if (options.CheckFinite) ThrowIfNotFinite(file, tensor, 0, data, parameter.Count);
        if (wanted == stored && (nuint)data % (nuint)stored.Alignment() == 0) return null;

        NativeBlock block = NativeBlock.Of(parameter, wanted);
        try
        {
            Convert(file, tensor, 0, wanted, block.Data, parameter.Count, options.CheckFinite);
            return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>Stores values of a tensor, from <paramref name="first"/> on, in another format.</summary>
    private static void Convert(
        ITensorFile file, StoredTensor tensor, long first, WeightFormat wanted, byte* to, long count, bool checkFinite)
    {
        WeightFormat stored = tensor.Format!.Value;
        byte* data = file.Pointer(tensor) + stored.Bytes(first);
        WeightConversion.Convert(stored, data, wanted, to, count);
        if (!checkFinite || wanted == WeightFormat.F32 || wanted == stored
            || WeightConversion.FirstNotFinite(wanted, to, count) is not (>= 0 and long overflow))
        {
            return;
        }

        // What is too great for a block's factors is the greatest of the block.
        (float value, int place) = Values(stored, data, overflow, wanted.BlockValues()).Select((value, place) => (value, place))
            .MaxBy(item => Math.Abs(item.value));
        throw NotFinite(file, tensor, first + overflow + place, value, $"that is too great for {wanted}");
    }

    private static void ThrowIfNotFinite(ITensorFile file, StoredTensor tensor, long first, byte* data, long count)
    {
        WeightFormat stored = tensor.Format!.Value;
        if (WeightConversion.FirstNotFinite(stored, data, count) is not (>= 0 and long wrong)) return;
        float[] values = Values(stored, data, wrong, stored.BlockValues());
        int place = Math.Max(Array.FindIndex(values, value => !float.IsFinite(value)), 0);
        throw NotFinite(file, tensor, first + wrong + place, values[place], "a weight must be finite");
    }

    /// <summary>Some stored values as floats; they may begin and end inside a block.</summary>
    private static float[] Values(WeightFormat format, byte* data, long index, int count)
    {
        int block = format.BlockValues(), skipped = (int)(index % block);
        float[] values = new float[(skipped + count + block - 1) / block * block];
        WeightConversion.Widen(format, data + format.Bytes(index - skipped), values);
        return values[skipped..(skipped + count)];
    }

    private static CheckpointException NotFinite(ITensorFile file, StoredTensor tensor, long index, float value, string why) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{file.Path}: {tensor} holds {value} at index {index}: {why}"));

    private static Checkpoint OpenSingle(ITensorFile file, Func<string, string>? rename = null)
    {
        try
        {
            var tensors = new Dictionary<string, (ITensorFile, StoredTensor)>(StringComparer.Ordinal);
            foreach (StoredTensor stored in file.Tensors)
            {
                StoredTensor tensor = rename is null ? stored : stored.As(rename(stored.Name));
                if (!tensors.TryAdd(tensor.Name, (file, tensor)))
                {
                    throw new CheckpointException($"{file.Path}: {CheckpointException.Quote(stored.Name)} is "
                        + $"{CheckpointException.Quote(tensor.Name)}, which is there by another name too");
                }
            }
            return new Checkpoint(file.Path, [file], tensors);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Checkpoint OpenShards(string path)
    {
        var files = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        try
        {
            var tensors = new Dictionary<string, (ITensorFile, StoredTensor)>(StringComparer.Ordinal);
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
