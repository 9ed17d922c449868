using Einsharp.Ilgpu;
using Einsharp.Samples;
using Einsharp.Tests.Execution;
using Einsharp.Tests.Reference;
using ILGPU.Double;

namespace Einsharp.Tests.Ilgpu;

/// <summary>
/// A step as a handful of launches a layer, and as one kernel whose groups stay: the double keeps them on the device at once, in turns drawn
/// from the seed, so that a barrier that is missing or miscounted shows as a race, a hang or a wrong answer.
/// </summary>
public sealed class ResidentTests
{
    [Theory]
    [InlineData(WeightFormat.F32, RopeLayout.Halves, 3, 1)]
    [InlineData(WeightFormat.BF16, RopeLayout.Neighbours, 2, 2)]
    [InlineData(WeightFormat.F16, RopeLayout.Halves, 1, 3)]
    public void One_kernel_computes_the_step(WeightFormat format, RopeLayout layout, int layers, ulong seed)
    {
        using IlgpuDevice device = Open(seed);
        var rope = new Rope(layout: layout);
        Llama expected = Inputs.Llama(layers: layers, rope: rope, format: format, tied: true);
        Llama model = Inputs.Llama(device, layers: layers, rope: rope, format: format, tied: true);
        using KvCache cache = model.CreateCache(1, 24), reference = expected.CreateCache(1, 24);
        int[] ids = Inputs.Ids(20, 11, 3);
        _ = model.Forward(Inputs.Row(ids.AsSpan(0, 12)), new Tensor<int>(1, 0), cache);
        _ = expected.Forward(Inputs.Row(ids.AsSpan(0, 12)), new Tensor<int>(1, 0), reference);
        for (int i = 12; i < 20; i++)
        {
            long before = device.Launches;
            Tensor found = model.Forward(Inputs.Row(ids.AsSpan(i, 1)), Inputs.Row([0]), cache);
            Assert.Equal(before + 1, device.Launches);
            Tensor wanted = expected.Forward(Inputs.Row(ids.AsSpan(i, 1)), Inputs.Row([0]), reference);
            Compare.RowsClose(wanted.Span, found.Span, 11, format == WeightFormat.BF16 ? 1e-2 : DeviceRuns.Relative, $"position {i}");
        }
    }

    [Fact]
    public void A_long_cache_is_shared_out_to_groups_that_then_combine()
    {
        using IlgpuDevice device = Open(4);
        Llama expected = Inputs.Llama(g: 1, layers: 1), model = Inputs.Llama(device, g: 1, layers: 1);
        int[] ids = Inputs.Ids(400, 11, 6);
        using KvCache cache = model.CreateCache(1, 410), reference = expected.CreateCache(1, 410);
        _ = model.Forward(Inputs.Row(ids), new Tensor<int>(1, 0), cache);
        _ = expected.Forward(Inputs.Row(ids), new Tensor<int>(1, 0), reference);
        Tensor found = model.Forward(Inputs.Row([3]), Inputs.Row([0]), cache);
        Compare.RowsClose(
            expected.Forward(Inputs.Row([3]), Inputs.Row([0]), reference).Span, found.Span, 11, DeviceRuns.Relative, "position 400");
    }

    [Fact]
    public void Layers_of_several_formats_are_launched_one_by_one()
    {
        using IlgpuDevice device = Open(5);
        Llama model = Inputs.Llama(device);
        model.Blocks[1].Key.Initialise(9, WeightFormat.F16);
        using KvCache cache = model.CreateCache(1, 4);
        long before = device.Launches;
        _ = model.Forward(Inputs.Row([1]), Inputs.Row([0]), cache);
        Assert.InRange(device.Launches - before, 2 * 5 + 3, 2 * 6 + 3);
    }

    [Fact]
    public void A_layer_that_shares_a_weight_is_launched_kernel_by_kernel()
    {
        using IlgpuDevice device = Open(6);
        Llama expected = Inputs.Llama(layers: 3), model = Inputs.Llama(device, layers: 3);
        foreach (Llama each in new[] { expected, model })
            each.Blocks[2].Key.ShareWith(each.Blocks[0].Key);
        float[] wanted = expected.Forward(Inputs.Row([1]), Inputs.Row([0]), null).Span.ToArray();
        long before = device.Launches;
        Tensor found = model.Forward(Inputs.Row([1]), Inputs.Row([0]), null);
        Assert.True(device.Launches - before > 3 * 4);
        Compare.RowsClose(wanted, found.Span, 11, DeviceRuns.Relative, "logits");
    }

    [Fact]
    public void Without_the_option_a_block_is_a_handful_of_launches()
    {
        using IlgpuDevice device = TestDevices.Open(new DoubleOptions { Devices = [DoubleDevice.Cuda] }, 32);
        Llama model = Inputs.Llama(device, layers: 4);
        using KvCache cache = model.CreateCache(1, 8);
        _ = model.Forward(Inputs.Row([1, 2, 3]), Inputs.Row([2]), cache);
        long before = device.Launches;
        _ = model.Forward(Inputs.Row([4]), Inputs.Row([0]), cache);
        Assert.InRange(device.Launches - before, 4 * 5 + 3, 4 * 6 + 3);
    }

    private static IlgpuDevice Open(ulong seed)
    {
        var options = new DoubleOptions { Seed = seed, Devices = [DoubleDevice.Cuda with { Multiprocessors = 3 }] };
        using IDisposable scope = DoubleOptions.Use(options);
        return Device.Gpu("0", new GpuOptions { Lanes = 32, Resident = true });
    }
}
