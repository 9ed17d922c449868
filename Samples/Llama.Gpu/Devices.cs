using System.Globalization;
using Einsharp.Ilgpu;

namespace Einsharp.Samples;

/// <summary>The devices that ILGPU finds, beside the CPU.</summary>
internal static class Devices
{
    /// <summary>
    /// Opens a GPU: any, of a kind, or by a part of its name or its number. With <c>+resident</c> behind, a decode step is one kernel.
    /// </summary>
    /// <exception cref="GpuException">There is none that fits; the message lists those that there are.</exception>
    public static Device Open(string name)
    {
        const string Resident = "+resident";
        bool isResident = name.EndsWith(Resident, StringComparison.OrdinalIgnoreCase);
        string which = isResident ? name[..^Resident.Length] : name;
        IlgpuDevice device = Device.Gpu(
            which.Equals("gpu", StringComparison.OrdinalIgnoreCase) ? null : which, new GpuOptions { Resident = isResident });
        if (!Console.IsErrorRedirected)
            device.Progress = new LoadBar();
        return device;
    }

    /// <summary>A line for each device.</summary>
    public static IEnumerable<string> List()
    {
        yield return $"cpu     {Device.Cpu}";
        int index = 0;
        foreach (GpuDescription gpu in Device.Gpus)
            yield return string.Create(CultureInfo.InvariantCulture, $"{index++,-7} {gpu}");
    }

    /// <summary>One line on standard error that grows while weights are uploaded and kernels compiled, and goes when that is done.</summary>
    private sealed class LoadBar : IProgress<GpuProgress>
    {
        private const int Width = 30;

        public void Report(GpuProgress value)
        {
            int filled = value.Total == 0 ? Width : (int)((long)Width * value.Done / value.Total);
            string bar = new string('█', filled) + new string('░', Width - filled);
            Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{bar} {value.Stage} {value.Done}/{value.Total}\e[K"));
            if (value.Done == value.Total)
                Console.Error.Write("\r\e[K");
        }
    }
}
