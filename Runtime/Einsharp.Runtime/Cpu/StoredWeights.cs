using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <summary>A storage format of weights, widened to float inside the inner loop.</summary>
internal unsafe interface IWeights
{
    /// <summary>Bytes of a row.</summary>
    static abstract nint RowBytes(int length);

    /// <summary>Elements <paramref name="k"/> … of a row as one vector.</summary>
    static abstract V Load<W, V>(byte* row, int k)
        where W : struct, IWidth<V>
        where V : unmanaged;

    /// <summary>Element <paramref name="k"/> of a row.</summary>
    static abstract float At(byte* row, int k);
}

internal readonly unsafe struct Float32Weights : IWeights
{
    public static nint RowBytes(int length) => (nint)length * sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<W, V>(byte* row, int k)
        where W : struct, IWidth<V>
        where V : unmanaged => W.Load((float*)row + k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float At(byte* row, int k) => ((float*)row)[k];
}

internal readonly unsafe struct BFloat16Weights : IWeights
{
    public static nint RowBytes(int length) => (nint)length * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<W, V>(byte* row, int k)
        where W : struct, IWidth<V>
        where V : unmanaged => W.LoadBFloat16((ushort*)row + k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float At(byte* row, int k) => BitConverter.UInt32BitsToSingle((uint)((ushort*)row)[k] << 16);
}

internal readonly unsafe struct Float16Weights : IWeights
{
    public static nint RowBytes(int length) => (nint)length * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<W, V>(byte* row, int k)
        where W : struct, IWidth<V>
        where V : unmanaged => W.LoadHalf((ushort*)row + k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float At(byte* row, int k) => (float)((Half*)row)[k];
}
