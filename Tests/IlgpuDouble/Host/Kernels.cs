using System.Reflection;
using System.Reflection.Emit;
using ILGPU.Double;

namespace ILGPU.Runtime;

/// <summary>A value that a kernel is compiled for: constant in it.</summary>
public struct SpecializedValue<T> where T : unmanaged, IEquatable<T>
{
    /// <summary>The value of a launch.</summary>
    public SpecializedValue(T value) => Value = value;

    /// <summary>The value.</summary>
    public T Value { get; set; }

    /// <summary>The value.</summary>
    public static implicit operator T(SpecializedValue<T> value) => value.Value;
}

/// <summary>A kernel on an accelerator: what a launcher's target is.</summary>
public abstract class Kernel : AcceleratorObject
{
    private protected Kernel(Accelerator accelerator) : base(accelerator) { }
}

public abstract partial class Accelerator
{
    /// <summary>
    /// Compiles a kernel: a static method whose generic arguments are given. <typeparamref name="TDelegate"/> takes a stream, a
    /// <see cref="KernelConfig"/> and the kernel's arguments.
    /// </summary>
    /// <exception cref="NotSupportedException">The kernel has something in it that ILGPU, or the double, does not take.</exception>
    public TDelegate LoadKernel<TDelegate>(MethodInfo method) where TDelegate : Delegate
    {
        ArgumentNullException.ThrowIfNull(method);
        ThrowIfUnusable();
        if (!method.IsStatic || method.ContainsGenericParameters || method.ReturnType != typeof(void))
            throw new NotSupportedException(
                $"{method.Name} is no kernel: a kernel is a static method that returns nothing, its type arguments given");
        return LaunchDelegate.Make<TDelegate>(this, KernelPrograms.Of(method));
    }
}

/// <summary>Kernels that have been compiled, once for the process.</summary>
internal static class KernelPrograms
{
    static readonly Dictionary<MethodInfo, KernelProgram> Known = [];

    public static KernelProgram Of(MethodInfo kernel)
    {
        lock (Known)
        {
            if (!Known.TryGetValue(kernel, out KernelProgram? program)) Known.Add(kernel, program = CoroutineCompiler.Compile(kernel));
            return program;
        }
    }
}

/// <summary>Makes the delegate that a program launches a kernel with: it puts the arguments into a frame and enqueues the launch.</summary>
internal static class LaunchDelegate
{
    public static TDelegate Make<TDelegate>(Accelerator accelerator, KernelProgram program) where TDelegate : Delegate
    {
        Type[] given = [.. typeof(TDelegate).GetMethod("Invoke")!.GetParameters().Select(p => p.ParameterType)];
        Type[] wanted = [typeof(AcceleratorStream), typeof(KernelConfig), .. program.Kernel.GetParameters().Select(p => p.ParameterType)];
        if (!given.SequenceEqual(wanted))
            throw new NotSupportedException($"{program.Name} is launched with ({Names(wanted)}), but the delegate takes ({Names(given)})");
        TDelegate launch = ByFrame<TDelegate>(accelerator, program, wanted);
        Type? sizes = wanted.Skip(2)
            .Where(type => type.IsConstructedGenericType && type.GetGenericTypeDefinition() == typeof(SpecializedValue<>))
            .Select(type => type.GetGenericArguments()[0]).FirstOrDefault();
        return sizes is null ? launch : ByCache(launch, typeof(SpecializationCache<,>).MakeGenericType(sizes, typeof(TDelegate)), wanted);
    }

    static TDelegate ByFrame<TDelegate>(Accelerator accelerator, KernelProgram program, Type[] parameters) where TDelegate : Delegate
    {
        Type launcher = typeof(KernelLauncher<>).MakeGenericType(program.Frame);
        var method = new DynamicMethod(
            "Launch", typeof(void), [launcher, .. parameters], typeof(LaunchDelegate).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder frame = il.DeclareLocal(program.Frame);
        for (int i = 2; i < parameters.Length; i++)
        {
            il.Emit(OpCodes.Ldloca, frame);
            il.Emit(OpCodes.Ldarg, i + 1);
            il.Emit(OpCodes.Stfld, program.Frame.GetField($"f{i - 2}")!);
        }
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldloc, frame);
        il.Emit(OpCodes.Call, launcher.GetMethod("Launch")!);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<TDelegate>(Activator.CreateInstance(launcher, accelerator, program));
    }

    static TDelegate ByCache<TDelegate>(TDelegate launch, Type cache, Type[] parameters) where TDelegate : Delegate
    {
        var method = new DynamicMethod("Launch", typeof(void), [cache, .. parameters], typeof(LaunchDelegate).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, cache.GetField("Launch")!);
        for (int i = 0; i < parameters.Length; i++) il.Emit(OpCodes.Ldarg, i + 1);
        il.Emit(OpCodes.Callvirt, typeof(TDelegate).GetMethod("Invoke")!);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<TDelegate>(Activator.CreateInstance(cache, launch));
    }

    static string Names(IEnumerable<Type> types) => string.Join(", ", types.Select(type => type.Name));
}

/// <summary>
/// The target of the launcher of a kernel with a specialised value. In ILGPU it holds a kernel for each value, and hands them out by the
/// internal method that Runtime.Ilgpu asks for by name; here one kernel serves all.
/// </summary>
internal sealed class SpecializationCache<TSizes, TDelegate>(TDelegate launch) where TDelegate : Delegate
{
    public readonly TDelegate Launch = launch;

    /// <summary>A value that kernels are compiled for.</summary>
    public struct Key(TSizes value)
    {
        public TSizes Value = value;
    }

    /// <summary>The launcher whose target is the kernel for a value.</summary>
    public TDelegate GetOrCreateKernel(Key key) => Launch;
}

/// <summary>Launches a kernel on an accelerator, and keeps its groups for the next launch.</summary>
internal sealed class KernelLauncher<TFrame>(Accelerator accelerator, KernelProgram program) : Kernel(accelerator) where TFrame : struct
{
    readonly List<(GroupRun Group, LaneFrames<TFrame> Frames)> residents = [];

    /// <summary>Enqueues a launch with the arguments of <paramref name="frame"/>.</summary>
    public void Launch(AcceleratorStream stream, KernelConfig config, TFrame frame)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Check(config);
        ulong number = Accelerator.NextLaunch();
        stream.Enqueue(() => Run(config, frame, number));
    }

    void Run(KernelConfig config, TFrame frame, ulong number)
    {
        var launch = new Launch(Accelerator, program, config, number) { ReadArguments = () => Arguments(frame) };
        if (residents.Count > 0 && residents[0].Group.Lanes != launch.Lanes) residents.Clear();
        while (residents.Count < launch.Capacity)
        {
            var frames = new LaneFrames<TFrame>(program, launch.Lanes);
            residents.Add((new(frames, launch.Lanes), frames));
        }
        var used = residents.Take(launch.Capacity).ToArray();
        foreach (var resident in used) resident.Frames.SetArguments(frame);
        try
        {
            launch.Run(used.Select(resident => resident.Group));
        }
        catch
        {
            residents.Clear();
            throw;
        }
    }

    void Check(KernelConfig config)
    {
        Index3D grid = config.GridDim, group = config.GroupDim;
        if (grid.X <= 0 || grid.Y <= 0 || grid.Z != 1 || grid.Y > 65535 || (long)grid.X * grid.Y > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(config), $"{program.Name}: a grid of {grid.X} x {grid.Y} x {grid.Z} groups");
        if (group.X <= 0 || group.Y != 1 || group.Z != 1 || group.X > Accelerator.MaxNumThreadsPerGroup)
            throw new ArgumentOutOfRangeException(
                nameof(config), $"{program.Name}: groups of {group.X} x {group.Y} x {group.Z} lanes; "
                    + $"{Accelerator.Name} has at most {Accelerator.MaxNumThreadsPerGroup}");
    }

    IEnumerable<(string Name, object? Value)> Arguments(TFrame frame)
    {
        ParameterInfo[] parameters = program.Kernel.GetParameters();
        object boxed = frame;
        return parameters.Select((p, i) => (p.Name ?? $"argument {i}", typeof(TFrame).GetField($"f{i}")!.GetValue(boxed)));
    }
}
