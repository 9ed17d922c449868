using System.Numerics;
using Einsharp.Cpu;
using Einsharp.Ilgpu;
using Einsharp.Tests.Cpu;
using ILGPU;

namespace Einsharp.Tests.Ilgpu;

/// <summary>The steps of einsums on each device, against plain loops in double precision.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class ContractionDeviceTests
{
    // Extents of batch, m, n and k: a dot, a few long sums, matrix by vector both ways, products smaller and larger than a tile, batched and
    // not, outer products, sums of one operand, copies; axes in groups of several, of extent 1 and of none.
    private static readonly (string What, int[] Batch, int[] M, int[] N, int[] K, bool HasB)[] s_shapes =
    [
        ("dot", [], [], [], [137], true),
        ("dots of several axes", [3, 2], [], [], [5, 1, 9], true),
        ("matrix by vector", [], [37], [], [41], true),
        ("batched matrices by vectors", [2], [3, 5], [], [4, 7], true),
        ("a product", [], [35], [21], [19], true),
        ("a product of several axes", [2], [4, 9], [3, 6], [2, 3, 4], true),
        ("a small product", [5], [3], [7], [2], true),
        ("an outer product", [], [6], [4, 5], [], true),
        ("numbers by numbers", [3, 11], [], [], [], true),
        ("numbers", [], [], [], [], true),
        ("a sum", [], [4, 3], [], [70, 2], false),
        ("one sum", [], [], [], [300], false),
        ("a copy", [], [5, 6, 7], [], [], false),
        ("nothing to sum", [], [5], [4], [3, 0], true),
        ("nothing to make", [0], [5], [4], [3], true),
    ];

    public static TheoryData<string> Devices => TestDevices.All;

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_device_sums_floats_as_plain_loops_do(string device) => Check<float>(TestDevices.Open(device), 2e-6);

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_device_sums_doubles_as_plain_loops_do(string device)
    {
        IlgpuDevice on = TestDevices.Open(device);
        if (on.HasDoubles)
            Check<double>(on, 1e-14);
        else
            Assert.Throws<GpuNotSupportedException>(() => GpuEinsum.On<double>(on));
    }

    private static void Check<T>(IlgpuDevice device, double relative)
        where T : unmanaged, INumber<T>
    {
        for (int seed = 0; seed < s_shapes.Length * (device.IsSlow ? 1 : 2); seed++)
        {
            (string what, int[] batch, int[] m, int[] n, int[] k, bool hasB) = s_shapes[seed % s_shapes.Length];
            ContractionCase given = ContractionCase.Draw(new Random(seed), batch, m, n, k, hasB);
            (double[] sums, double[] sizes) = given.Expected(given.A, given.B);
            double[] found = Run<T>(device, given);
            for (int i = 0; i < sums.Length; i++)
            {
                Assert.True(
                    Math.Abs(found[i] - sums[i]) <= relative * Math.Max(1e-30, sizes[i]),
                    $"{what}, seed {seed}, element {i}: expected {sums[i]}, found {found[i]}");
            }
        }
    }

    // The class of the step is the one that its groups of axes say.
    private static double[] Run<T>(IlgpuDevice device, ContractionCase given)
        where T : unmanaged, INumber<T>
    {
        using GpuEinsum on = GpuEinsum.On<T>(device);
        ArrayView<T> a = on.Upload<T>(Narrow<T>(given.A)), b = on.Upload<T>(Narrow<T>(given.B));
        T[] result = new T[given.LengthC];
        Array.Fill(result, T.CreateChecked(ContractionCase.Untouched));
        ArrayView<T> c = on.Upload<T>(result);
        if (!given.HasB)
            GpuContraction.Sum(on, a, c, given.M, given.K);
        else if (given.K.Length == 0)
            GpuContraction.Outer(on, a, b, c, given.Batch, given.M, given.N);
        else if (given.M.Length + given.N.Length == 0)
            GpuContraction.Dot(on, a, b, c, given.Batch, given.K);
        else if (given.N.Length == 0)
            GpuContraction.MatrixVector(on, a, b, c, given.Batch, given.M, given.K);
        else
            GpuContraction.MatrixMatrix(on, a, b, c, given.Batch, given.M, given.N, given.K);
        on.Download(c, result);
        return [.. result.Select(double.CreateChecked)];
    }

    private static T[] Narrow<T>(double[] values)
        where T : unmanaged, INumber<T> => [.. values.Select(T.CreateTruncating)];
}
