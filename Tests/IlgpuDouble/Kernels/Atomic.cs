using System.Runtime.CompilerServices;
using ILGPU.Double;

namespace ILGPU;

/// <summary>
/// Operations on one element that no other lane can come between. They are no race, order nothing by themselves (see
/// <see cref="MemoryFence"/>) and are places where lanes change over.
/// </summary>
public static class Atomic
{
    /// <summary>Adds and returns the old value.</summary>
    [SuspensionPoint(nameof(BeginAdd), nameof(EndInt))]
    public static int Add(ref int target, int value) => throw Faults.OutsideKernel("Atomic.Add");

    /// <summary>Adds and returns the old value.</summary>
    [SuspensionPoint(nameof(BeginAdd), nameof(EndUInt))]
    public static uint Add(ref uint target, uint value) => throw Faults.OutsideKernel("Atomic.Add");

    /// <summary>Adds and returns the old value. The order of the additions, and so the rounding, is not defined.</summary>
    [SuspensionPoint(nameof(BeginAdd), nameof(EndFloat))]
    public static float Add(ref float target, float value) => throw Faults.OutsideKernel("Atomic.Add");

    /// <summary>Takes the larger and returns the old value.</summary>
    [SuspensionPoint(nameof(BeginMax), nameof(EndInt))]
    public static int Max(ref int target, int value) => throw Faults.OutsideKernel("Atomic.Max");

    /// <summary>Takes the larger and returns the old value.</summary>
    [SuspensionPoint(nameof(BeginMax), nameof(EndUInt))]
    public static uint Max(ref uint target, uint value) => throw Faults.OutsideKernel("Atomic.Max");

    /// <summary>Takes the larger and returns the old value.</summary>
    [SuspensionPoint(nameof(BeginMax), nameof(EndFloat))]
    public static float Max(ref float target, float value) => throw Faults.OutsideKernel("Atomic.Max");

    /// <summary>Writes and returns the old value.</summary>
    [SuspensionPoint(nameof(BeginExchange), nameof(EndInt))]
    public static int Exchange(ref int target, int value) => throw Faults.OutsideKernel("Atomic.Exchange");

    /// <summary>Writes and returns the old value.</summary>
    [SuspensionPoint(nameof(BeginExchange), nameof(EndUInt))]
    public static uint Exchange(ref uint target, uint value) => throw Faults.OutsideKernel("Atomic.Exchange");

    /// <summary>Writes <paramref name="value"/> where <paramref name="compare"/> stands and returns the old value.</summary>
    [SuspensionPoint(nameof(BeginCompareExchange), nameof(EndInt))]
    public static int CompareExchange(ref int target, int compare, int value) => throw Faults.OutsideKernel("Atomic.CompareExchange");

    /// <summary>Writes <paramref name="value"/> where <paramref name="compare"/> stands and returns the old value.</summary>
    [SuspensionPoint(nameof(BeginCompareExchange), nameof(EndUInt))]
    public static uint CompareExchange(ref uint target, uint compare, uint value) => throw Faults.OutsideKernel("Atomic.CompareExchange");

    internal static bool BeginAdd(ref int target, int value) => Apply(ref target, old => old + value, true);

    internal static bool BeginAdd(ref uint target, uint value) => Apply(ref target, old => old + value, true);

    internal static bool BeginAdd(ref float target, float value) => Apply(ref target, old => old + value, true);

    internal static bool BeginMax(ref int target, int value) => Apply(ref target, old => Math.Max(old, value), true);

    internal static bool BeginMax(ref uint target, uint value) => Apply(ref target, old => Math.Max(old, value), true);

    internal static bool BeginMax(ref float target, float value) => Apply(ref target, old => Math.Max(old, value), true);

    internal static bool BeginExchange(ref int target, int value) => Apply(ref target, _ => value, false);

    internal static bool BeginExchange(ref uint target, uint value) => Apply(ref target, _ => value, false);

    internal static bool BeginCompareExchange(ref int target, int compare, int value) =>
        Apply(ref target, old => old == compare ? value : old, true);

    internal static bool BeginCompareExchange(ref uint target, uint compare, uint value) =>
        Apply(ref target, old => old == compare ? value : old, true);

    internal static int EndInt() => (int)Lane.Running.Operands[0];

    internal static uint EndUInt() => Lane.Running.Operands[0];

    internal static float EndFloat() => BitConverter.UInt32BitsToSingle(Lane.Running.Operands[0]);

    /// <summary>Done at once, as no other lane runs; then the lanes may change over.</summary>
    static unsafe bool Apply<T>(ref T target, Func<T, T> change, bool reads) where T : unmanaged
    {
        Lane lane = Lane.Running;
        lane.BeginAtomic(Unsafe.AsPointer(ref target), reads);
        T old = target;
        lane.Operands[0] = Unsafe.As<T, uint>(ref old);
        target = change(old);
        return lane.Wait(WaitKind.Turn);
    }
}
