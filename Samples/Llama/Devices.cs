namespace Einsharp.Samples;

/// <summary>The devices that this program has beside the CPU: none. Samples/Llama.Gpu is the same program with a file that has them.</summary>
internal static class Devices
{
    private const string Hint = "build Samples/Llama.Gpu (Dsl.Gpu.sln), which is this program with a reference to Einsharp.Runtime.Ilgpu";

    /// <summary>Opens a device that is not the CPU.</summary>
    /// <exception cref="InvalidDataException">Always: it says where GPUs are to be had.</exception>
    public static Device Open(string name) =>
        throw new InvalidDataException($"This program has no device '{name}', only the CPU; for GPUs {Hint}.");

    /// <summary>A line for each device.</summary>
    public static IEnumerable<string> List() => [$"cpu     {Device.Cpu}", $"For GPUs {Hint}."];
}
