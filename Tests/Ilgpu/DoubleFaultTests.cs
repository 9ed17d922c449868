using Einsharp.Ilgpu;
using Einsharp.Samples;
using Einsharp.Tests.Execution;
using Einsharp.Tests.Reference;
using ILGPU.Double;

namespace Einsharp.Tests.Ilgpu;

/// <summary>What a device does to a model only when something is wrong with it: too little memory, and a device that goes away.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class DoubleFaultTests
{
    [Fact]
    public void Weights_that_do_not_fit_are_refused_and_nothing_is_kept()
    {
        using IlgpuDevice device = Open(memory: 10_000, out _);
        Llama model = Inputs.Llama(device);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            var error = Assert.Throws<InsufficientMemoryException>(() => Inputs.Alone(model, [1, 2]));
            Assert.Contains("weights", error.Message, StringComparison.Ordinal);
            Assert.Contains("Double OpenCL", error.Message, StringComparison.Ordinal);
            Assert.Equal(0, device.UsedBytes);
        }
    }

    [Fact]
    public void A_cache_that_does_not_fit_is_refused_and_the_model_goes_on()
    {
        using IlgpuDevice device = Open(memory: 2_000_000, out _);
        Llama model = Inputs.Llama(device);
        double[] expected = new NaiveLlama(model).Logits([1, 2]);
        Compare.Close(expected, Inputs.Alone(model, [1, 2]), DeviceRuns.Relative);
        long used = device.UsedBytes;
        var error = Assert.Throws<InsufficientMemoryException>(() => Use(model, 100_000));
        Assert.Contains("slot keys of the cache needs 4.6 MiB", error.Message, StringComparison.Ordinal);
        Assert.Equal(used, device.UsedBytes);
        Compare.Close(expected, Inputs.Alone(model, [1, 2]), DeviceRuns.Relative);
    }

    [Theory]
    [InlineData(12_000)]
    [InlineData(20_000)]
    [InlineData(28_000)]
    [InlineData(36_000)]
    public void Wherever_memory_ends_the_error_is_clear_and_all_of_it_comes_back(long memory)
    {
        using IlgpuDevice device = Open(memory, out _);
        Llama model = Inputs.Llama(device);
        Assert.Throws<InsufficientMemoryException>(() => Use(model, 64));
        Assert.Throws<InsufficientMemoryException>(() => Use(model, 64));

        // The weights alone may stay, if they fitted.
        Assert.InRange(device.UsedBytes, 0, Inputs.Llama().Parameters.Sum(param => 2 * param.Bytes));
    }

    [Fact]
    public void A_device_that_is_lost_says_so_from_then_on()
    {
        using IlgpuDevice device = Open(1 << 24, out DoubleOptions options);
        Llama model = Inputs.Llama(device);
        using KvCache cache = model.CreateCache(1, 8);
        Inputs.InPieces(model, cache, [1, 2], 2);
        options.LoseDevice = true;
        string message = Assert.Throws<GpuLostException>(
            () => model.Forward(Inputs.Row([3]), Inputs.Row([0]), cache).Span.ToArray()).Message;
        Assert.Contains("was lost", message, StringComparison.Ordinal);
        Assert.Contains("Make a new Device", message, StringComparison.Ordinal);
        options.LoseDevice = false;
        for (int i = 0; i < 2; i++)
            Assert.Throws<GpuLostException>(() => model.Forward(Inputs.Row([3]), Inputs.Row([0]), cache).Span.ToArray());
        Assert.Throws<GpuLostException>(() => Inputs.Alone(Inputs.Llama(device), [1]));

        // Another device on the same machine is as new.
        using IlgpuDevice other = Open(1 << 24, out _);
        Compare.Close(new NaiveLlama(model).Logits([1]), Inputs.Alone(Inputs.Llama(other), [1]), DeviceRuns.Relative);
    }

    private static void Use(Llama model, int capacity)
    {
        using KvCache cache = model.CreateCache(1, capacity);
        Inputs.InPieces(model, cache, [1, 2], 2);
    }

    private static IlgpuDevice Open(long memory, out DoubleOptions options)
    {
        options = new DoubleOptions { Seed = 7, Devices = [DoubleDevice.OpenCL with { MaxGroupSize = 4, MemoryBytes = memory }] };
        return TestDevices.Open(options, 4);
    }
}
