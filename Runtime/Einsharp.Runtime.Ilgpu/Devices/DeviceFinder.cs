using System.Globalization;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.OpenCL;

namespace Einsharp.Ilgpu;

/// <summary>What was found of one kind: ILGPU's context, the devices in it, and those that cannot be used.</summary>
internal sealed class DeviceFinder : IDisposable
{
    private readonly List<string> _refused = [];

    /// <summary>Looks for the devices of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="options">Which ones are let through.</param>
    public DeviceFinder(GpuKind kind, GpuOptions options)
    {
        NativeLibraries.Map();
        Kind = kind;
        Context = Context.Create(builder => Register(builder.AddEinsharp(), options));
        foreach (ILGPU.Runtime.Device device in Context.Devices)
        {
            // A context without devices has ILGPU's CPU accelerator.
            if (device is CPUDevice && kind != GpuKind.IlgpuCpu)
                continue;
            bool isProcessor = device is CPUDevice || device is CLDevice { DeviceType: CLDeviceType.CL_DEVICE_TYPE_CPU };
            Found.Add(new GpuDescription(kind, Found.Count, device.Name.Trim(), device.MemorySize, isProcessor));
        }
    }

    /// <summary>The kind that was looked for.</summary>
    public GpuKind Kind { get; }

    /// <summary>ILGPU's context with the devices found, in their order.</summary>
    public Context Context { get; }

    /// <summary>The devices.</summary>
    public List<GpuDescription> Found { get; } = [];

    /// <summary>Why there is none, or none but the processor: for people.</summary>
    public string WhyNone()
    {
        string library = Kind == GpuKind.Cuda ? "cuda" : "OpenCL";
        if (Kind == GpuKind.IlgpuCpu)
            return "only for tests";
        if (Found.Count > 0)
            return $"only the processor ({string.Join(", ", Found.Select(d => d.Name))})";
        if (_refused.Count > 0)
            return string.Join("; ", _refused);
        return NativeLibraries.Has(library)
            ? $"the driver ({NativeLibraries.FileName(library) ?? library}) shows no device"
            : $"no driver library ({NativeLibraries.FileName(library) ?? library})";
    }

    /// <inheritdoc/>
    public void Dispose() => Context.Dispose();

    private void Register(Context.Builder builder, GpuOptions options)
    {
        if (Kind == GpuKind.Cuda)
            builder.Cuda();
        else if (Kind == GpuKind.OpenCL)
            builder.OpenCL(device => IsUsable(device, options));
        else
            builder.CPU(CPUDevice.Default);
    }

    private bool IsUsable(CLDevice device, GpuOptions options)
    {
        if (!device.Capabilities.GenericAddressSpace && options.AllowUnqualifiedOpenCL)
            typeof(CLCapabilityContext).GetProperty(nameof(CLCapabilityContext.GenericAddressSpace))!.SetValue(device.Capabilities, true);
        if (device.CLStdVersion.Major < 2)
            _refused.Add(string.Create(CultureInfo.InvariantCulture, $"{device.Name.Trim()} has OpenCL C {device.CLStdVersion}, not 2.0"));
        else if (!device.Capabilities.GenericAddressSpace)
            _refused.Add($"{device.Name.Trim()} lacks OpenCL's generic address space, which ILGPU needs");
        else
            return true;
        return false;
    }
}
