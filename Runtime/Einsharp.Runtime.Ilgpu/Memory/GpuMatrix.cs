using ILGPU;
using ILGPU.Runtime;

namespace Einsharp.Ilgpu;

/// <summary>
/// A parameter on a device as rows of whole units: <see cref="Stored"/>. It has memory once <see cref="GpuLoader.Finish"/> was called.
/// </summary>
public sealed class GpuMatrix
{
    internal GpuMatrix(Param param, int rowLength)
    {
        Param = param;
        Format = param.Format;
        Version = param.Version;
        RowLength = rowLength;
        Rows = param.Count / rowLength;
        Stored = Format switch
        {
            WeightFormat.F32 => typeof(StoredF32),
            WeightFormat.BF16 => typeof(StoredBF16),
            WeightFormat.F16 => typeof(StoredF16),
            _ => throw new GpuNotSupportedException($"{param}: there are no kernels for weights stored as {Format}"),
        };
    }

    /// <summary>[row][Stride8(<see cref="RowLength"/>)] units, each one (16-bit formats) or two (F32) elements.</summary>
    /// <exception cref="InvalidOperationException">The loader has not finished.</exception>
    public ArrayView<UInt4> View => Tail.SubView(0, Elements);

    /// <summary>From the first element to the end of the memory, in which later layers' matrices may lie.</summary>
    /// <exception cref="InvalidOperationException">The loader has not finished.</exception>
    public ArrayView<UInt4> Tail => (Memory ?? throw new InvalidOperationException(
        $"{Param} is not on the device yet: call Finish on its loader")).View<UInt4>().SubView(Offset);

    /// <summary>Where the first element is, for instructions that take an address.</summary>
    public long Address => (long)View.LoadEffectiveAddressAsPtr();

    /// <summary>How the values are stored.</summary>
    public WeightFormat Format { get; }

    /// <summary>The type of <see cref="IStored"/> that loads them.</summary>
    public Type Stored { get; }

    /// <summary>Values of a row, the padding left out.</summary>
    public int RowLength { get; }

    /// <summary>How many rows.</summary>
    public long Rows { get; }

    internal Param Param { get; }

    internal long Version { get; set; }

    internal GpuMemory? Memory { get; set; }

    /// <summary>Elements of the memory before the first.</summary>
    internal long Offset { get; set; }

    /// <summary>Bytes of a row in the host's memory.</summary>
    internal long RowBytes => Format.Bytes(RowLength);

    /// <summary>Bytes of a row on the device.</summary>
    internal long PaddedRowBytes => Format.Bytes(Ilgpu.Stored.Stride8(RowLength) * 8L);

    /// <summary>Elements of 16 bytes on the device.</summary>
    internal long Elements => checked(Rows * PaddedRowBytes) / 16;
}

/// <summary>A parameter of rank 1 on a device. It has memory once <see cref="GpuLoader.Finish"/> was called.</summary>
public sealed class GpuVector
{
    internal GpuVector(Param param)
    {
        Param = param;
        Version = param.Version;
        if (param.Format != WeightFormat.F32)
            throw new GpuNotSupportedException($"{param}: a vector on a device is F32, found {param.Format}");
    }

    /// <summary>The values.</summary>
    /// <exception cref="InvalidOperationException">The loader has not finished.</exception>
    public ArrayView<float> View => Tail.SubView(0, Param.Count);

    /// <summary>From the first value to the end of the memory, in which later layers' vectors may lie.</summary>
    /// <exception cref="InvalidOperationException">The loader has not finished.</exception>
    public ArrayView<float> Tail => (Memory ?? throw new InvalidOperationException(
        $"{Param} is not on the device yet: call Finish on its loader")).View<float>().SubView(Offset);

    internal Param Param { get; }

    internal long Version { get; set; }

    internal GpuMemory? Memory { get; set; }

    /// <summary>Floats of the memory before the first.</summary>
    internal long Offset { get; set; }
}
