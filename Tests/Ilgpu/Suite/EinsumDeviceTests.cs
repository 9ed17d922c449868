using System.Numerics.Tensors;
using Einsharp.Ilgpu;
using Einsharp.Tests.Execution;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Ilgpu;

/// <summary>Einsums of their own, whose device is an argument.</summary>
public static partial class EinsumsOnDevices
{
    [Einsum("b s d, h d -> b s h")]
    public static partial Tensor Project(Tensor x, Tensor w, Device? device = null);

    [Einsum("a b, b c, c d, d -> a")]
    public static partial Tensor<double> Chain(Tensor<double> a, Tensor<double> b, Tensor<double> c, Tensor<double> d, Device device);

    [Einsum("... i j, ... j k -> ... k i")]
    public static partial Tensor Batched(Tensor left, Tensor right, Device device);

    [Einsum("b s d, r d, h r -> b s h")]
    public static partial Tensor LowRank(Tensor x, Tensor down, Tensor up, Device device);

    [Einsum("i i j -> j i")]
    public static partial Tensor Diagonal(Tensor cube, Device device);

    [Einsum("i j, k j -> k i")]
    public static partial void IntoSpan(
        System.Numerics.Tensors.ReadOnlyTensorSpan<float> a, System.Numerics.Tensors.ReadOnlyTensorSpan<float> b,
        System.Numerics.Tensors.TensorSpan<float> destination, Device device);

    [Einsum("i, i -> ")]
    public static partial Tensor Dot(Tensor a, Tensor b, Device device);
}

/// <summary>Einsums of their own on each device, against the same on the processor, which random tests hold to the definition.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class EinsumDeviceTests
{
    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void Floats(string device)
    {
        IlgpuDevice on = TestDevices.Open(device);
        long before = on.Launches;
        Same(on, where => EinsumsOnDevices.Project(Inputs.Random(1, 2, 19, 37), Inputs.Random(2, 23, 37), where));
        Assert.True(on.Launches > before, "The device did nothing.");
        Same(on, where => EinsumsOnDevices.Batched(Inputs.Random(3, 2, 3, 5, 4), Inputs.Random(4, 3, 4, 6), where));
        Same(on, where => EinsumsOnDevices.Batched(Inputs.Random(3, 5, 4), Inputs.Random(4, 2, 4, 6), where));
        Same(on, where => EinsumsOnDevices.Diagonal(Inputs.Random(5, 7, 7, 3), where));
        Same(on, where => EinsumsOnDevices.Dot(Inputs.Random(6, 211), Inputs.Random(7, 211), where));
        Same(on, where => Einsum.Of("b s d, h d -> b h s", where, Inputs.Random(1, 2, 5, 7), Inputs.Random(2, 3, 7)));

        // Each of its two orders: few of the inner axis, and few rows.
        Same(on, where => EinsumsOnDevices.LowRank(Inputs.Random(8, 2, 5, 17), Inputs.Random(9, 2, 17), Inputs.Random(10, 13, 2), where));
        Same(on, where => EinsumsOnDevices.LowRank(Inputs.Random(8, 2, 5, 4), Inputs.Random(9, 18, 4), Inputs.Random(10, 3, 18), where));

        // No elements: zeros, and no launch.
        Same(on, where => EinsumsOnDevices.Project(new Tensor(2, 3, 0), new Tensor(4, 0), where));
        Same(on, where => EinsumsOnDevices.Project(new Tensor(2, 0, 4), new Tensor(5, 4), where));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Doubles(string device)
    {
        IlgpuDevice on = TestDevices.Open(device);
        Tensor<double> Of(int seed, params int[] shape)
        {
            var tensor = new Tensor<double>(shape);
            for (int i = 0; i < tensor.Length; i++)
                tensor.Span[i] = Math.Sin(seed + 0.37 * i);
            return tensor;
        }

        Tensor<double> Run(Device where) => EinsumsOnDevices.Chain(Of(1, 5, 18), Of(2, 18, 20), Of(3, 20, 17), Of(4, 17), where);
        if (!on.HasDoubles)
        {
            Assert.Contains("double", Assert.Throws<GpuNotSupportedException>(() => Run(on)).Message, StringComparison.Ordinal);
            return;
        }

        Tensor<double> expected = Run(Device.Cpu), found = Run(on);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected.Span[i], found.Span[i], 1e-12 * Math.Max(1, Math.Abs(expected.Span[i])));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Spans_with_strides(string device)
    {
        IlgpuDevice on = TestDevices.Open(device);
        float[] Run(Device where)
        {
            float[] a = Inputs.Values(40, 1), b = Inputs.Values(30, 2), to = Inputs.Values(60, 3);
            EinsumsOnDevices.IntoSpan(
                new ReadOnlyTensorSpan<float>(a, [3, 4], [1, 3]), new ReadOnlyTensorSpan<float>(b, [5, 4], [5, 1]),
                new TensorSpan<float>(to, [5, 3], [8, 2]), where);
            return to;
        }

        // What lies between the destination's elements stays as it was.
        Compare.RowsClose(Run(Device.Cpu), Run(on), 60, DeviceRuns.Relative, "a destination with gaps");
    }

    private static void Same(IlgpuDevice on, Func<Device, Tensor> run)
    {
        Tensor expected = run(Device.Cpu), found = run(on);
        Assert.Equal(expected.Shape.ToArray(), found.Shape.ToArray());
        Compare.RowsClose(expected.Span, found.Span, Math.Max(1, expected.Length), DeviceRuns.Relative, expected.ToString());
    }
}
