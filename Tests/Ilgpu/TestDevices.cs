using System.Globalization;
using Einsharp.Ilgpu;
using ILGPU.Double;

namespace Einsharp.Tests.Ilgpu;

/// <summary>
/// The devices that the suite runs on in this project: the double of ILGPU as several devices, each with groups of another size and an
/// order of lanes of its own. As CUDA it has warps and tensor cores, so that the kernels made for those are run too.
/// </summary>
public static class TestDevices
{
    private static readonly Dictionary<string, (DoubleDevice Device, int Lanes, ulong Seed)> s_devices = new(StringComparer.Ordinal)
    {
        ["opencl, 4 lanes"] = (DoubleDevice.OpenCL with { MaxGroupSize = 4, Multiprocessors = 8 }, 4, 1),
        ["opencl, 16 lanes"] = (DoubleDevice.OpenCL with { Multiprocessors = 3 }, 16, 2),
        ["cuda, 32 lanes"] = (DoubleDevice.Cuda with { Multiprocessors = 5 }, 32, 3),
    };

    private static readonly Dictionary<string, IlgpuDevice> s_open = [];

    /// <summary>Every device.</summary>
    public static TheoryData<string> All => [.. s_devices.Keys];

    /// <summary>The devices with each of some cases.</summary>
    public static TheoryData<string, string> With(IEnumerable<string> cases)
    {
        var data = new TheoryData<string, string>();
        foreach (string device in s_devices.Keys)
        {
            foreach (string each in cases)
                data.Add(device, each);
        }

        return data;
    }

    /// <summary>A device by its name; one of a process.</summary>
    public static IlgpuDevice Open(string name)
    {
        lock (s_open)
        {
            if (!s_open.TryGetValue(name, out IlgpuDevice? device))
                s_open.Add(name, device = OpenNew(name));
            return device;
        }
    }

    /// <summary>Another device of the same kind, for the caller to dispose of.</summary>
    public static IlgpuDevice OpenNew(string name)
    {
        (DoubleDevice device, int lanes, ulong seed) = s_devices[name];
        return Open(new DoubleOptions { Seed = seed, Devices = [device] }, lanes);
    }

    /// <summary>A device of one's own.</summary>
    /// <param name="options">How the double behaves: with one device.</param>
    /// <param name="lanes">Lanes of a group.</param>
    internal static IlgpuDevice Open(DoubleOptions options, int lanes)
    {
        using IDisposable scope = DoubleOptions.Use(options);
        return Device.Gpu("0", new GpuOptions { Lanes = lanes });
    }

    /// <summary>Whether running and compiling are quick.</summary>
    public static bool IsQuick(string name) => s_devices.ContainsKey(name);

    /// <summary>How many tokens of a story a device gets told: the double checks every access, so few.</summary>
    public static int StoryTokens(IlgpuDevice device) => 6;

    /// <summary>What a decoded token may allocate: the double's own bookkeeping of launches cannot be told from ours.</summary>
    public static long BytesOfToken(IlgpuDevice device) => long.MaxValue;

    /// <summary>A line for each device.</summary>
    public static IEnumerable<string> Describe() => s_devices.Select(pair => string.Create(
        CultureInfo.InvariantCulture,
        $"the double as {pair.Key}: seed {pair.Value.Seed}, {pair.Value.Device.Multiprocessors} multiprocessors"));
}
