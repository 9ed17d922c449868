using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace Einsharp.Ilgpu;

/// <summary>A kernel of a device, compiled for each value of the sizes that it was given.</summary>
/// <typeparam name="TSizes">The sizes that are constants in the compiled kernel.</typeparam>
/// <typeparam name="TArgs">The operands.</typeparam>
public sealed class GpuKernel<TSizes, TArgs>
    where TSizes : unmanaged, IEquatable<TSizes>
    where TArgs : struct
{
    // How the names of kernels end that are nothing but inline PTX inside.
    private const string TensorSuffix = "Tensor";

    private readonly IlgpuDevice _device;
    private readonly Action<AcceleratorStream, KernelConfig, SpecializedValue<TSizes>, TArgs>? _launch;
    private readonly Lock _compiling = new();
    private Compiled[] _compiled = [];
    private Compiled? _last;

    internal GpuKernel(IlgpuDevice device, MethodInfo method)
    {
        _device = device;
        Name = method.Name;
        bool byWarps = method.IsGenericMethod && method.GetGenericArguments()[^1] == typeof(WarpLanes);
        Teams = device.Lanes / (byWarps ? WarpLanes.Team(device.Lanes) : PortableLanes.Team(device.Lanes));
        if (Name.EndsWith(TensorSuffix, StringComparison.Ordinal) && !device.HasTensorCores)
            return;
        try
        {
            _launch = device.Accelerator
                .LoadKernel<Action<AcceleratorStream, KernelConfig, SpecializedValue<TSizes>, TArgs>>(method);
        }
        catch (Exception error) when (KernelErrors.IsOfCompiler(error))
        {
            throw KernelErrors.NotCompiled(Name, device, error);
        }
    }

    /// <summary>The method's name.</summary>
    public string Name { get; }

    /// <summary>Whether it can be launched: a kernel for tensor cores is not even compiled for a device without.</summary>
    public bool IsLoaded => _launch is not null;

    /// <summary>Lanes of a group, where a launch does not say otherwise.</summary>
    public int Lanes => _device.Lanes;

    /// <summary>Teams of a group that add up among themselves, as its <see cref="ILanes"/> has it.</summary>
    public int Teams { get; }

    /// <summary>Compiles the kernel for such sizes, if that was not done. Launching does so too, but then the first call waits.</summary>
    /// <param name="sizes">The sizes.</param>
    /// <exception cref="GpuNotSupportedException">ILGPU or the driver refuses it.</exception>
    public void Compile(TSizes sizes) => Find(sizes);

    /// <summary>Starts the kernel on a stream, in groups of the device's number of lanes.</summary>
    /// <param name="stream">The stream; kernels on it run one after another.</param>
    /// <param name="groupsX">Groups along x; nothing is started for 0.</param>
    /// <param name="groupsY">Groups along y; nothing is started for 0.</param>
    /// <param name="sizes">The sizes.</param>
    /// <param name="args">The operands.</param>
    /// <param name="lanes">Lanes of a group; 0 for the device's number.</param>
    /// <exception cref="GpuLostException">The device is gone.</exception>
    /// <exception cref="GpuNotSupportedException">It was not compiled before, and ILGPU or the driver refuses it.</exception>
    public void Launch(GpuStream stream, int groupsX, int groupsY, TSizes sizes, TArgs args, int lanes = 0)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _device.ThrowIfUnusable();
        if (groupsX == 0 || groupsY == 0)
            return;
        Compiled compiled = Find(sizes);
        _device.CountLaunch();
        var config = new KernelConfig(new Index3D(groupsX, groupsY, 1), new Index3D(lanes == 0 ? _device.Lanes : lanes, 1, 1));
        try
        {
            if (!_device.IsOrderedByLock)
            {
                compiled.Launch(stream.Stream, config, new SpecializedValue<TSizes>(sizes), args);
                return;
            }
            lock (_device.Launching)
                compiled.Launch(stream.Stream, config, new SpecializedValue<TSizes>(sizes), args);
        }
        catch (AcceleratorException error)
        {
            throw _device.Lost(error, $"kernel {Name}");
        }
    }

    /// <summary>
    /// How many groups of the kernel the whole device can hold at the same time, as CUDA's driver reports; 0 elsewhere. A kernel that waits
    /// for all of its groups must not have more.
    /// </summary>
    /// <param name="sizes">The sizes that it was compiled for.</param>
    public int MaxResidentGroups(TSizes sizes)
    {
        if (Find(sizes).Kernel is not { } kernel || !_device.HasWarps)
            return 0;
        try
        {
            Accelerator accelerator = _device.Accelerator;
            return accelerator.EstimateMaxActiveGroupsPerMultiprocessor(kernel, _device.Lanes) * accelerator.NumMultiprocessors;
        }
        catch (AcceleratorException error)
        {
            throw _device.Lost(error, $"asking for the occupancy of kernel {Name}");
        }
    }

    private Compiled Find(TSizes sizes)
    {
        Compiled? last = Volatile.Read(ref _last);
        if (last is not null && last.Sizes.Equals(sizes))
            return last;
        lock (_compiling)
        {
            foreach (Compiled known in _compiled)
            {
                if (known.Sizes.Equals(sizes))
                {
                    Volatile.Write(ref _last, known);
                    return known;
                }
            }
            Compiled made = Make(sizes);
            _compiled = [.. _compiled, made];
            Volatile.Write(ref _last, made);
            return made;
        }
    }

    // ILGPU compiles a kernel with a specialised value when it is first launched with it. Its launcher holds a cache that can be asked
    // directly, which compiles without launching, and hands out a launcher that need not look the value up again. The cache is internal: if
    // a version of ILGPU has it otherwise, the plain launcher does the same, later.
    private Compiled Make(TSizes sizes)
    {
        if (_launch is null)
            throw new GpuNotSupportedException($"kernel {Name} is for tensor cores, which {_device.Name} does not have");
        object? cache = _launch.Target;
        MethodInfo? ask = cache?.GetType().GetMethod("GetOrCreateKernel", BindingFlags.Public | BindingFlags.Instance);
        if (ask?.GetParameters() is not [{ ParameterType: { IsValueType: true } keyType }] || keyType.GetFields() is not [var field]
            || field.FieldType != typeof(TSizes))
            return new Compiled(sizes, _launch, null);
        object key = Activator.CreateInstance(keyType)!;
        field.SetValue(key, sizes);
        try
        {
            object? found = ask.Invoke(cache, BindingFlags.DoNotWrapExceptions, null, [key], null);
            return found is Action<AcceleratorStream, KernelConfig, SpecializedValue<TSizes>, TArgs> launch
                ? new Compiled(sizes, launch, launch.Target as Kernel)
                : new Compiled(sizes, _launch, null);
        }
        catch (Exception error) when (KernelErrors.IsOfCompiler(error))
        {
            throw KernelErrors.NotCompiled(Name, _device, error);
        }
    }

    private sealed record Compiled(
        TSizes Sizes, Action<AcceleratorStream, KernelConfig, SpecializedValue<TSizes>, TArgs> Launch, Kernel? Kernel);
}

/// <summary>Failures to compile a kernel.</summary>
internal static class KernelErrors
{
    public static bool IsOfCompiler(Exception error) =>
        error is AcceleratorException or InternalCompilerException or NotSupportedException
        || error is InvalidOperationException and not GpuException;

    public static GpuException NotCompiled(string name, IlgpuDevice device, Exception error)
    {
        Exception cause = error;
        while (cause.InnerException is { } inner)
            cause = inner;
        return new GpuNotSupportedException($"kernel {name} cannot be compiled for {device.Name}: {Why(cause)}", error);
    }

    /// <summary>What a driver said. ILGPU leaves OpenCL's code out of the message.</summary>
    public static string Why(Exception error) => error is CLException openCL ? openCL.Error.ToString() : error.Message;
}
