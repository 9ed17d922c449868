using System.ComponentModel;
using System.Globalization;
using ILGPU;
using ILGPU.Algorithms;

namespace Einsharp.Ilgpu;

/// <summary>Finds devices: <c>Device.Gpu()</c>, <c>Device.Gpu("opencl")</c>, <c>Device.Gpus</c>.</summary>
public static class GpuDevices
{
    private static readonly GpuKind[] s_order = [GpuKind.Cuda, GpuKind.OpenCL];

    extension(Device)
    {
        /// <summary>
        /// Makes a device. Each call makes one of its own, with memory of its own: keep it, and give it to all models that are to share it.
        /// </summary>
        /// <param name="name">
        /// Which: a kind (<c>cuda</c>, <c>opencl</c>, or <c>ilgpu-cpu</c> for tests), a kind and a number (<c>cuda:1</c>), a number in
        /// <see cref="List"/>, or a part of the name in any case. By default the first GPU, CUDA before OpenCL.
        /// </param>
        /// <param name="options">How it is made.</param>
        /// <exception cref="GpuNotFoundException">There is none, or no driver for it.</exception>
        /// <exception cref="GpuNotSupportedException">It lacks what kernels need.</exception>
        public static IlgpuDevice Gpu(string? name = null, GpuOptions? options = null) => Open(name, options ?? new GpuOptions());

        /// <summary>The devices that there are, in the order of preference.</summary>
        public static IReadOnlyList<GpuDescription> Gpus => List(new GpuOptions());
    }

    /// <summary>The devices that there are, in the order of preference.</summary>
    /// <param name="options">Which ones are let through.</param>
    public static IReadOnlyList<GpuDescription> List(GpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var found = new List<GpuDescription>();
        foreach (GpuKind kind in s_order)
        {
            using var finder = new DeviceFinder(kind, options);
            found.AddRange(finder.Found);
        }
        return found;
    }

    /// <summary>
    /// Sets an ILGPU context up as kernels of Einsharp need it: optimised, everything inlined, with the functions of MathF on CUDA,
    /// and with their barrier. For programs that compile
    /// such kernels by themselves.
    /// </summary>
    /// <param name="builder">The builder.</param>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public static Context.Builder AddEinsharp(this Context.Builder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.EnableAlgorithms().AddBarrier().Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);
    }

    private static IlgpuDevice Open(string? name, GpuOptions options)
    {
        (GpuKind? kind, int? index, string? part) = Read(name);
        var missing = new List<string>();
        int passed = 0;
        foreach (GpuKind candidate in kind is { } only ? [only] : s_order)
        {
            var finder = new DeviceFinder(candidate, options);
            bool isKept = false;
            try
            {
                // A number counts through all kinds if none was named.
                GpuDescription? chosen = finder.Found.Find(device =>
                    index is { } wanted ? wanted - (kind is null ? passed : 0) == device.Index
                    : part is not null ? device.Name.Contains(part, StringComparison.OrdinalIgnoreCase)
                    : kind is not null || !device.IsProcessor);
                passed += finder.Found.Count;
                if (chosen is not null)
                {
                    var made = new IlgpuDevice(finder.Context, chosen, options);
                    isKept = true;
                    return made;
                }
                missing.Add(finder.Found.Count > 0 && (index ?? (object?)part) is not null
                    ? $"{GpuDescription.NameOf(candidate)}: {string.Join(", ", finder.Found.Select(device => device.Name))}"
                    : $"{GpuDescription.NameOf(candidate)}: {finder.WhyNone()}");
            }
            finally
            {
                if (!isKept)
                    finder.Dispose();
            }
        }

        string what = name is null ? "no GPU was found" : $"no device '{name}' was found";
        throw new GpuNotFoundException($"{what} ({string.Join("; ", missing)}). Device.Cpu is always there.");
    }

    private static (GpuKind? Kind, int? Index, string? Part) Read(string? name)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Equals("gpu", StringComparison.OrdinalIgnoreCase))
            return default;
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return (null, number, null);
        foreach (GpuKind kind in Enum.GetValues<GpuKind>())
        {
            string kindName = GpuDescription.NameOf(kind);
            if (name.Equals(kindName, StringComparison.OrdinalIgnoreCase))
                return (kind, null, null);
            if (name.StartsWith(kindName + ":", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(name.AsSpan(kindName.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out number))
                return (kind, number, null);
        }
        return (null, null, name);
    }
}
