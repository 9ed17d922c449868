using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>
/// Brings a model to a device: first what it needs is said, matrices, vectors and kernels; then <see cref="Finish"/> compiles and uploads
/// all of it, or nothing. Made once a model, layers included.
/// </summary>
public sealed class GpuLoader : IDisposable
{
    private readonly IlgpuDevice _device;
    private readonly Dictionary<(Param, int), GpuMatrix> _matrices = [];
    private readonly Dictionary<Param, GpuVector> _vectors = [];
    private readonly Dictionary<object, Action> _kernels = [];

    // Whose values each parameter had when it was asked for: several may have the same, and cease to.
    private readonly Dictionary<Param, Param> _owners = [];
    private readonly Lock _refreshing = new();
    private bool _isFinished;

    /// <summary>Begins to load a model.</summary>
    /// <param name="device">Where to.</param>
    /// <param name="parameters">All of the model's parameters: all must have values.</param>
    /// <exception cref="InvalidOperationException">A parameter has no values.</exception>
    public GpuLoader(IlgpuDevice device, IEnumerable<Param> parameters)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(parameters);
        device.ThrowIfUnusable();
        _device = device;
        foreach (Param param in parameters)
        {
            if (!param.IsLoaded)
                throw new InvalidOperationException($"{param} has no values: call Initialise or Load first");
        }
    }

    /// <summary>Where the model is brought to.</summary>
    public IlgpuDevice Device => _device;

    /// <summary>
    /// Says that a parameter is needed as rows. The same memory in the same layout is uploaded once, as that of a tied head.
    /// </summary>
    /// <param name="param">The parameter.</param>
    /// <param name="rowLength">Values of a row: the axes that are contracted.</param>
    /// <exception cref="GpuNotSupportedException">There are no kernels for its format.</exception>
    public GpuMatrix Matrix(Param param, int rowLength)
    {
        ArgumentNullException.ThrowIfNull(param);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowLength, 1);
        ThrowIfFinished();
        (Param, int) key = (_owners[param] = param.Owner, rowLength);
        if (!_matrices.TryGetValue(key, out GpuMatrix? matrix))
            _matrices.Add(key, matrix = new GpuMatrix(param, rowLength));
        return matrix;
    }

    /// <summary>Says that a parameter of rank 1 is needed.</summary>
    /// <param name="param">The parameter.</param>
    public GpuVector Vector(Param param)
    {
        ArgumentNullException.ThrowIfNull(param);
        ThrowIfFinished();
        Param owner = _owners[param] = param.Owner;
        if (!_vectors.TryGetValue(owner, out GpuVector? vector))
            _vectors.Add(owner, vector = new GpuVector(param));
        return vector;
    }

    /// <summary>
    /// Says that a kernel is needed. Layers that close it over the same formats share it, and so do models on the device.
    /// </summary>
    /// <typeparam name="TSizes">Its sizes.</typeparam>
    /// <typeparam name="TArgs">Its operands.</typeparam>
    /// <param name="sizes">The sizes that <see cref="Finish"/> compiles it for.</param>
    /// <param name="kernels">The class that has the method.</param>
    /// <param name="name">The method's name. One that ends in <c>Tensor</c> is only compiled where there are tensor cores.</param>
    /// <param name="stored">
    /// The matrices whose formats its type parameters are, in order. If it has one type parameter more, that is how lanes add up: by
    /// <see cref="WarpLanes"/> if the device has warps, else by <see cref="PortableLanes"/>.
    /// </param>
    /// <exception cref="GpuNotSupportedException">ILGPU refuses it.</exception>
    public GpuKernel<TSizes, TArgs> Kernel<TSizes, TArgs>(
        TSizes sizes,
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)] Type kernels,
        string name,
        params ReadOnlySpan<GpuMatrix> stored)
        where TSizes : unmanaged, IEquatable<TSizes>
        where TArgs : struct
    {
        GpuKernel<TSizes, TArgs> kernel = Kernel<TSizes, TArgs>(kernels, name, stored);
        if (kernel.IsLoaded)
            _kernels.TryAdd((kernel, sizes), () => kernel.Compile(sizes));
        return kernel;
    }

    /// <inheritdoc cref="Kernel{TSizes, TArgs}(TSizes, Type, string, ReadOnlySpan{GpuMatrix})"/>
    /// <remarks>Without sizes it is compiled when it is first launched.</remarks>
    public GpuKernel<TSizes, TArgs> Kernel<TSizes, TArgs>(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)] Type kernels,
        string name,
        params ReadOnlySpan<GpuMatrix> stored)
        where TSizes : unmanaged, IEquatable<TSizes>
        where TArgs : struct
    {
        ArgumentNullException.ThrowIfNull(kernels);
        MethodInfo method = kernels.GetMethod(name, BindingFlags.Public | BindingFlags.Static)
            ?? throw new ArgumentException($"{kernels} has no public static method {name}", nameof(name));
        int count = method.GetGenericArguments().Length;
        if (count != stored.Length && count != stored.Length + 1)
            throw new ArgumentException($"{name} has {count} type parameters; {stored.Length} matrices were given", nameof(stored));
        var types = new Type[count];
        for (int i = 0; i < stored.Length; i++)
            types[i] = stored[i].Stored;
        if (count > stored.Length)
            types[^1] = _device.HasWarps ? typeof(WarpLanes) : typeof(PortableLanes);
        return _device.Kernel<TSizes, TArgs>(count == 0 ? method : method.MakeGenericMethod(types));
    }

    /// <summary>Compiles the kernels and uploads the weights, telling the device's <see cref="IlgpuDevice.Progress"/>.</summary>
    /// <exception cref="InsufficientMemoryException">The device has not enough memory; what was uploaded is freed again.</exception>
    /// <exception cref="GpuNotSupportedException">ILGPU or the driver refuses a kernel.</exception>
    public void Finish()
    {
        ThrowIfFinished();
        if (!_device.IsSlow)
            AddLibrary();
        int done = 0;
        foreach (Action compile in _kernels.Values)
        {
            compile();
            _device.Progress?.Report(new GpuProgress("kernels", ++done, _kernels.Count));
        }
        try
        {
            UploadAll();
        }
        catch
        {
            Free();
            throw;
        }
        _isFinished = true;
    }

    /// <summary>
    /// Whether what is on the device is what the parameters are now. Values that changed since are uploaded again; if a parameter got
    /// another format or shares other memory, kernels do not fit any more, and the model must be loaded anew.
    /// </summary>
    /// <returns>False if it must be loaded anew, or never was loaded.</returns>
    public bool TryRefresh()
    {
        if (!_isFinished)
            return false;
        if (IsCurrent())
            return true;
        lock (_refreshing)
        {
            if (HasOtherOwner())
                return false;
            using var stream = new GpuStream(_device);
            foreach (GpuMatrix matrix in _matrices.Values)
            {
                if (!matrix.Param.IsLoaded || matrix.Param.Format != matrix.Format)
                    return false;
                if (matrix.Version != matrix.Param.Version)
                    Upload(stream, matrix);
            }
            foreach (GpuVector vector in _vectors.Values)
            {
                if (!vector.Param.IsLoaded)
                    return false;
                if (vector.Version != vector.Param.Version)
                    Upload(stream, vector);
            }
            stream.Synchronize();
            return true;
        }
    }

    /// <summary>Frees the weights on the device.</summary>
    public void Dispose()
    {
        _isFinished = true;
        Free();
    }

    // What sessions and samplers will want, so that the first token does not wait for it.
    private void AddLibrary()
    {
        foreach (string name in new[] { nameof(RowKernels.Collect), nameof(RowKernels.Spread) })
            Kernel<NoSizes, RowCopyArgs>(default, typeof(RowKernels), name);
        foreach (string name in SamplingKernels.Names)
            Kernel<NoSizes, SamplingArgs>(default, typeof(SamplingKernels), name);
    }

    private bool IsCurrent()
    {
        foreach (GpuMatrix matrix in _matrices.Values)
        {
            if (matrix.Version != matrix.Param.Version)
                return false;
        }
        foreach (GpuVector vector in _vectors.Values)
        {
            if (vector.Version != vector.Param.Version)
                return false;
        }
        return !HasOtherOwner();
    }

    private bool HasOtherOwner()
    {
        foreach ((Param param, Param owner) in _owners)
        {
            if (param.Owner != owner)
                return true;
        }
        return false;
    }

    private void UploadAll()
    {
        int done = 0, total = _matrices.Count + _vectors.Count;
        long bytes = _matrices.Values.Sum(matrix => matrix.Elements * 16)
            + _vectors.Values.Sum(vector => vector.Param.Count * sizeof(float));
        if (bytes > _device.Description.MemoryBytes - _device.UsedBytes)
            throw GpuMemory.Refused(_device, bytes, "the model's weights", null);
        using var stream = new GpuStream(_device);
        if (_device.RunsResident)
            TakeTogether();
        foreach (GpuMatrix matrix in _matrices.Values)
        {
            matrix.Memory ??= new GpuMemory(_device, matrix.Elements, 16, $"{matrix.Param}, one of the model's weights,");
            Upload(stream, matrix);
            _device.Progress?.Report(new GpuProgress("weights", ++done, total));
        }
        foreach (GpuVector vector in _vectors.Values)
        {
            vector.Memory ??= new GpuMemory(_device, vector.Param.Count, sizeof(float), $"{vector.Param}, one of the model's weights,");
            Upload(stream, vector);
            _device.Progress?.Report(new GpuProgress("weights", ++done, total));
        }
        stream.Synchronize();
    }

    // One memory for all, in the order in which they were asked for: layer after layer, so that layers lie at equal distances.
    private void TakeTogether()
    {
        const long Line = 256;
        long elements = 0, floats = 0;
        foreach (GpuMatrix matrix in _matrices.Values)
        {
            matrix.Offset = elements;
            elements += (matrix.Elements + Line / 16 - 1) / (Line / 16) * (Line / 16);
        }
        foreach (GpuVector vector in _vectors.Values)
        {
            vector.Offset = floats;
            floats += (vector.Param.Count + Line / sizeof(float) - 1) / (Line / sizeof(float)) * (Line / sizeof(float));
        }
        var matrices = new GpuMemory(_device, elements, 16, "the model's weights");
        foreach (GpuMatrix matrix in _matrices.Values)
            matrix.Memory = matrices;
        if (floats == 0)
            return;
        var vectors = new GpuMemory(_device, floats, sizeof(float), "the model's gains");
        foreach (GpuVector vector in _vectors.Values)
            vector.Memory = vectors;
    }

    // Straight from the parameter's memory, a mapped file maybe. Rows that fill their units are one run; others are padded on the way.
    private static unsafe void Upload(GpuStream stream, GpuMatrix matrix)
    {
        matrix.Version = matrix.Param.Version;
        ArrayView<byte> to = matrix.View.Cast<byte>();
        byte* from = matrix.Param.Data;
        if (matrix.RowBytes == matrix.PaddedRowBytes)
            stream.Send(from, matrix.Rows * matrix.RowBytes, to);
        else
            stream.SendPadded(from, matrix.Rows, matrix.RowBytes, matrix.PaddedRowBytes, to);
        GC.KeepAlive(matrix.Param);
    }

    private static unsafe void Upload(GpuStream stream, GpuVector vector)
    {
        vector.Version = vector.Param.Version;
        stream.Send(vector.Param.Data, vector.Param.Count * sizeof(float), vector.View.Cast<byte>());
        GC.KeepAlive(vector.Param);
    }

    private void Free()
    {
        foreach (GpuMatrix matrix in _matrices.Values)
        {
            matrix.Memory?.Dispose();
            matrix.Memory = null;
        }
        foreach (GpuVector vector in _vectors.Values)
        {
            vector.Memory?.Dispose();
            vector.Memory = null;
        }
    }

    private void ThrowIfFinished()
    {
        if (_isFinished)
            throw new InvalidOperationException("The loader has finished; what a model needs is said before.");
    }
}
