using System.Globalization;
using Einsharp.Ilgpu;

namespace Einsharp.Tests.Ilgpu;

/// <summary>
/// The devices of this machine that the suite runs on: ILGPU's CPU accelerator, and every device that CUDA and OpenCL show. OpenCL's
/// processors (PoCL) are among them where EINSHARP_TEST_PROCESSORS is set: they take minutes to compile a model's kernels, and compile
/// some wrongly unless told not to optimise.
/// </summary>
public static class TestDevices
{
    // PoCL 3 lacks a capability that ILGPU asks for and that kernels here do not use.
    private static readonly GpuOptions s_options = new() { AllowUnqualifiedOpenCL = true };

    private static readonly Dictionary<string, IlgpuDevice> s_open = [];

    private static readonly bool s_hasProcessors = Environment.GetEnvironmentVariable("EINSHARP_TEST_PROCESSORS") is { Length: > 0 };

    private static readonly GpuDescription[] s_found =
        [.. GpuDevices.List(s_options).Where(device => s_hasProcessors || !device.IsProcessor)];

    // The lanes of a group on processors; 0 for those that suit each.
    private static readonly int s_lanes =
        int.TryParse(Environment.GetEnvironmentVariable("EINSHARP_TEST_LANES"), CultureInfo.InvariantCulture, out int lanes) ? lanes : 0;

    private static readonly string[] s_names = ["ilgpu-cpu", .. s_found.Select(Name)];

    private static readonly string[] s_processors = ["ilgpu-cpu", .. s_found.Where(device => device.IsProcessor).Select(Name)];

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
    /// <remarks>
    /// A barrier of 16 threads of the operating system costs ten times that of 4. PoCL 3.1 ends the process in some kernels with groups of
    /// 32 lanes and more, with which the double, which looks at every access, finds nothing wrong.
    /// </remarks>
    public static IlgpuDevice OpenNew(string name) => Device.Gpu(name, s_processors.Contains(name)
        ? s_options with { Lanes = s_lanes > 0 ? s_lanes : name == "ilgpu-cpu" ? 4 : 16 }
        : s_options);

    /// <summary>Whether running and compiling are quick: PoCL takes seconds to compile a model's kernels.</summary>
    public static bool IsQuick(string name) => !s_processors.Contains(name);

    /// <summary>How many tokens of a story a device gets told: nearly a second each on ILGPU's CPU accelerator.</summary>
    public static int StoryTokens(IlgpuDevice device) => device.IsSlow ? 8 : int.MaxValue;

    /// <summary>What a decoded token may allocate: nothing; ILGPU's CPU accelerator itself some 300 bytes a launch.</summary>
    public static long BytesOfToken(IlgpuDevice device) => device.IsSlow ? 8192 : 0;

    /// <summary>A line for each kind of device: which there are, or why there is none.</summary>
    public static IEnumerable<string> Describe()
    {
        foreach (GpuKind kind in Enum.GetValues<GpuKind>())
        {
            using var finder = new DeviceFinder(kind, s_options);
            yield return finder.Found.Count == 0
                ? $"{GpuDescription.NameOf(kind)}: none, {finder.WhyNone()}"
                : $"{GpuDescription.NameOf(kind)}: {string.Join(", ", finder.Found)}"
                    + (s_hasProcessors || kind != GpuKind.OpenCL || !finder.Found.Any(device => device.IsProcessor)
                        ? "" : " (processors are left out unless EINSHARP_TEST_PROCESSORS is set)");
        }
    }

    private static string Name(GpuDescription device) => FormattableString.Invariant($"{device.KindName}:{device.Index}");
}
