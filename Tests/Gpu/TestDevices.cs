using Einsharp.Ilgpu;

namespace Einsharp.Tests.Ilgpu;

/// <summary>
/// The devices of this machine that the suite runs on: ILGPU's CPU accelerator, and every device that CUDA and OpenCL show, processors
/// included.
/// </summary>
public static class TestDevices
{
    // PoCL 3 lacks a capability that ILGPU asks for and that kernels here do not use.
    private static readonly GpuOptions s_options = new() { AllowUnqualifiedOpenCL = true };

    private static readonly Dictionary<string, IlgpuDevice> s_open = [];

    private static readonly string[] s_names =
        ["ilgpu-cpu", .. GpuDevices.List(s_options).Select(device => FormattableString.Invariant($"{device.KindName}:{device.Index}"))];

    /// <summary>Every device.</summary>
    public static TheoryData<string> All => [.. s_names];

    /// <summary>The devices with each of some cases.</summary>
    public static TheoryData<string, string> With(IEnumerable<string> cases)
    {
        var data = new TheoryData<string, string>();
        foreach (string device in s_names)
        {
            foreach (string each in cases)
                data.Add(device, each);
        }

        return data;
    }

    /// <summary>A device by its name; one of a process, as kernels are compiled once a device.</summary>
    public static IlgpuDevice Open(string name)
    {
        lock (s_open)
        {
            if (!s_open.TryGetValue(name, out IlgpuDevice? device))
                s_open.Add(name, device = OpenNew(name));
            return device;
        }
    }

    /// <summary>Another device on the same hardware, for the caller to dispose of.</summary>
    public static IlgpuDevice OpenNew(string name) =>
        // A barrier of 16 threads of the operating system costs ten times that of 4.
        Device.Gpu(name, name == "ilgpu-cpu" ? new GpuOptions { Lanes = 4 } : s_options);

    /// <summary>How many tokens of a story a device gets told: some 0.1 s each on ILGPU's CPU accelerator.</summary>
    public static int StoryTokens(IlgpuDevice device) => device.IsSlow ? 8 : int.MaxValue;

    /// <summary>What a decoded token may allocate: nothing of ours; ILGPU's own launchers decide.</summary>
    public static long BytesOfToken(IlgpuDevice device) => 0;

    /// <summary>A line for each kind of device: which there are, or why there is none.</summary>
    public static IEnumerable<string> Describe()
    {
        foreach (GpuKind kind in Enum.GetValues<GpuKind>())
        {
            using var finder = new DeviceFinder(kind, s_options);
            yield return finder.Found.Count == 0
                ? $"{GpuDescription.NameOf(kind)}: none, {finder.WhyNone()}"
                : $"{GpuDescription.NameOf(kind)}: {string.Join(", ", finder.Found)}";
        }
    }
}
