using ILGPU.Double;

namespace ILGPU;

/// <summary>Memory that the lanes of one group share. It holds poison until it is written.</summary>
public static class SharedMemory
{
    /// <summary>
    /// <paramref name="extent"/> elements, the same for every lane of the group. Calls are matched by their order, so every lane must make
    /// the same calls; more than 48 KB in all is an error.
    /// </summary>
    public static ArrayView<T> Allocate<T>(int extent) where T : unmanaged => Lane.Running.AllocateShared<T>(extent);
}

/// <summary>
/// Orders memory without waiting. Needed on both sides of an atomic by which groups of one launch hand data to each other.
/// </summary>
public static class MemoryFence
{
    /// <summary>What the lane did before is seen by the group before what it does after.</summary>
    [SuspensionPoint(nameof(BeginFence))]
    public static void GroupLevel() => throw Faults.OutsideKernel("MemoryFence.GroupLevel");

    /// <summary>What the lane did before is seen by the device before what it does after.</summary>
    [SuspensionPoint(nameof(BeginDeviceFence))]
    public static void DeviceLevel() => throw Faults.OutsideKernel("MemoryFence.DeviceLevel");

    internal static bool BeginFence() => Lane.Running.Wait(WaitKind.Turn);

    internal static bool BeginDeviceFence()
    {
        Lane.Running.Group.Fence();
        return Lane.Running.Wait(WaitKind.Turn);
    }
}

/// <summary>Bits read as another type.</summary>
public static class Interop
{
    /// <summary>The bytes of a value.</summary>
    public static int SizeOf<T>() where T : unmanaged => System.Runtime.CompilerServices.Unsafe.SizeOf<T>();

    /// <summary>The bits of a float.</summary>
    public static uint FloatAsInt(float value) => BitConverter.SingleToUInt32Bits(value);

    /// <summary>The float of these bits.</summary>
    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);
}
