namespace Einsharp.Cpu;

/// <content>Operands that are parameters of a model, in any storage format: they are widened while they are read.</content>
public static partial class Contraction
{
    /// <inheritdoc cref="MatrixMatrix{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixMatrix(
        CpuDevice device, Param a, ReadOnlySpan<float> b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(device, default, a, true, b, null, c, batch, m, n, k);

    /// <inheritdoc cref="MatrixMatrix{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixMatrix(
        Worker worker, Param a, ReadOnlySpan<float> b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(worker, default, a, true, b, null, c, batch, m, n, k);

    /// <inheritdoc cref="MatrixMatrix{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixMatrix(
        CpuDevice device, ReadOnlySpan<float> a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(device, a, null, true, default, b, c, batch, m, n, k);

    /// <inheritdoc cref="MatrixMatrix{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixMatrix(
        Worker worker, ReadOnlySpan<float> a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(worker, a, null, true, default, b, c, batch, m, n, k);

    /// <inheritdoc cref="MatrixMatrix{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixMatrix(
        CpuDevice device, Param a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(device, default, a, true, default, b, c, batch, m, n, k);

    /// <inheritdoc cref="MatrixMatrix{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixMatrix(
        Worker worker, Param a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m, ReadOnlySpan<LoopAxis> n,
        ReadOnlySpan<LoopAxis> k) =>
        Run<float>(worker, default, a, true, default, b, c, batch, m, n, k);

    /// <inheritdoc cref="MatrixVector{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixVector(
        CpuDevice device, Param a, ReadOnlySpan<float> b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> k) =>
        Run<float>(device, default, a, true, b, null, c, batch, m, [], k);

    /// <inheritdoc cref="MatrixVector{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixVector(
        Worker worker, Param a, ReadOnlySpan<float> b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> k) =>
        Run<float>(worker, default, a, true, b, null, c, batch, m, [], k);

    /// <inheritdoc cref="MatrixVector{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixVector(
        CpuDevice device, ReadOnlySpan<float> a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> k) =>
        Run<float>(device, a, null, true, default, b, c, batch, m, [], k);

    /// <inheritdoc cref="MatrixVector{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixVector(
        Worker worker, ReadOnlySpan<float> a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> k) =>
        Run<float>(worker, a, null, true, default, b, c, batch, m, [], k);

    /// <inheritdoc cref="MatrixVector{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixVector(
        CpuDevice device, Param a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> k) =>
        Run<float>(device, default, a, true, default, b, c, batch, m, [], k);

    /// <inheritdoc cref="MatrixVector{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void MatrixVector(
        Worker worker, Param a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(worker, default, a, true, default, b, c, batch, m, [], k);

    /// <inheritdoc cref="Dot{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Dot(
        CpuDevice device, Param a, ReadOnlySpan<float> b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(device, default, a, true, b, null, c, batch, [], [], k);

    /// <inheritdoc cref="Dot{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Dot(
        Worker worker, Param a, ReadOnlySpan<float> b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(worker, default, a, true, b, null, c, batch, [], [], k);

    /// <inheritdoc cref="Dot{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Dot(
        CpuDevice device, ReadOnlySpan<float> a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(device, a, null, true, default, b, c, batch, [], [], k);

    /// <inheritdoc cref="Dot{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Dot(
        Worker worker, ReadOnlySpan<float> a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(worker, a, null, true, default, b, c, batch, [], [], k);

    /// <inheritdoc cref="Dot{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Dot(
        CpuDevice device, Param a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(device, default, a, true, default, b, c, batch, [], [], k);

    /// <inheritdoc cref="Dot{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Dot(
        Worker worker, Param a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> k) =>
        Run<float>(worker, default, a, true, default, b, c, batch, [], [], k);

    /// <inheritdoc cref="Outer{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis})"/>
    public static void Outer(
        CpuDevice device, Param a, ReadOnlySpan<float> b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n) =>
        Run<float>(device, default, a, true, b, null, c, batch, m, n, []);

    /// <inheritdoc cref="Outer{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis})"/>
    public static void Outer(
        Worker worker, Param a, ReadOnlySpan<float> b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n) =>
        Run<float>(worker, default, a, true, b, null, c, batch, m, n, []);

    /// <inheritdoc cref="Outer{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis})"/>
    public static void Outer(
        CpuDevice device, ReadOnlySpan<float> a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n) =>
        Run<float>(device, a, null, true, default, b, c, batch, m, n, []);

    /// <inheritdoc cref="Outer{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis})"/>
    public static void Outer(
        Worker worker, ReadOnlySpan<float> a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n) =>
        Run<float>(worker, a, null, true, default, b, c, batch, m, n, []);

    /// <inheritdoc cref="Outer{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis})"/>
    public static void Outer(
        CpuDevice device, Param a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m,
        ReadOnlySpan<LoopAxis> n) =>
        Run<float>(device, default, a, true, default, b, c, batch, m, n, []);

    /// <inheritdoc cref="Outer{T}(CpuDevice, ReadOnlySpan{T}, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis},
    /// ReadOnlySpan{LoopAxis})"/>
    public static void Outer(
        Worker worker, Param a, Param b, Span<float> c, ReadOnlySpan<LoopAxis> batch, ReadOnlySpan<LoopAxis> m, ReadOnlySpan<LoopAxis> n) =>
        Run<float>(worker, default, a, true, default, b, c, batch, m, n, []);

    /// <inheritdoc cref="Sum{T}(CpuDevice, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Sum(CpuDevice device, Param a, Span<float> c, ReadOnlySpan<LoopAxis> kept, ReadOnlySpan<LoopAxis> summed) =>
        Run<float>(device, default, a, false, default, null, c, kept, [], [], summed);

    /// <inheritdoc cref="Sum{T}(CpuDevice, ReadOnlySpan{T}, Span{T}, ReadOnlySpan{LoopAxis}, ReadOnlySpan{LoopAxis})"/>
    public static void Sum(Worker worker, Param a, Span<float> c, ReadOnlySpan<LoopAxis> kept, ReadOnlySpan<LoopAxis> summed) =>
        Run<float>(worker, default, a, false, default, null, c, kept, [], [], summed);
}
