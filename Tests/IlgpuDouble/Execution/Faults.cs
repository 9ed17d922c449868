using System.Globalization;
using System.Reflection;
using ILGPU.Runtime;

namespace ILGPU.Double;

/// <summary>
/// A kernel did what a device would answer with a wrong result, a hang or a fault. The message names the kernel, the group and the lane.
/// </summary>
public sealed class KernelFaultException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Makes the errors of kernels and finds the names that belong in them.</summary>
internal static class Faults
{
    /// <summary>An error of the lane that runs now, if one does.</summary>
    public static KernelFaultException Fault(string what, Exception? inner = null) => Fault(Lane.Current, what, inner);

    /// <summary>An error of a lane.</summary>
    public static KernelFaultException Fault(Lane? lane, string what, Exception? inner = null) =>
        new(lane is null ? what + " (on the host, outside a kernel)" : $"{lane}: {what}", inner);

    public static InvalidOperationException OutsideKernel(string what) => new(
        $"{what} belongs in a kernel that was loaded by Accelerator.LoadKernel: it was called on the host, or reached through a call that "
        + "the double does not follow (a delegate, a virtual method, or code of the runtime library)");

    public static Exception OutOfBounds<T>(ArrayView<T> view, string what, string done) where T : unmanaged =>
        view.Buffer is null
            ? Fault($"{what} of an empty view of {typeof(T).Name} was {done}")
            : Fault($"{what} of {Describe(view)} was {done}; its length is {view.Length}");

    /// <summary>A view by the name of the kernel's argument that holds it, or by its buffer.</summary>
    public static string Describe<T>(ArrayView<T> view) where T : unmanaged =>
        view.Buffer is null ? "an empty view"
            : $"the view {Name(Lane.Current, view.Buffer.Cells, view.IndexInBytes, false)} of {typeof(T).Name}";

    /// <summary>A place in memory: <c>args.h[17]</c> where an argument holds it, else buffer and byte.</summary>
    public static string Name(Lane? lane, Cells cells, long offset, bool element = true)
    {
        if (lane is not null && !cells.IsShared)
            foreach ((string name, IContiguousArrayView view) in Views(lane.Group.Launch.Arguments))
                if (view.Buffer?.Cells == cells && offset >= view.IndexInBytes && offset < view.IndexInBytes + view.LengthInBytes)
                    return element ? $"{name}[{Element(offset - view.IndexInBytes, view.ElementSize)}]" : name;
        return element ? $"{cells.Name}[{Element(offset, cells.ElementSize)}]" : cells.Name;
    }

    static string Element(long bytes, int size) => bytes % size == 0
        ? (bytes / size).ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / size}, byte {bytes % size}");

    static IEnumerable<(string Name, IContiguousArrayView View)> Views(IEnumerable<(string Name, object? Value)> values)
    {
        foreach ((string name, object? value) in values)
        {
            if (value is null) continue;
            if (value is IContiguousArrayView view)
            {
                yield return (name, view);
                continue;
            }
            Type type = value.GetType();
            if (type.IsPrimitive || type.IsEnum || !type.IsValueType) continue;
            var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
            foreach (var inner in Views(fields.Select(field => ($"{name}.{field.Name}", field.GetValue(value))))) yield return inner;
        }
    }
}
