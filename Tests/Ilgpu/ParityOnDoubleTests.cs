using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Ilgpu;

/// <summary>What is rearranged by the kernels for GPUs, against PyTorch.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class ParityOnDoubleTests
{
    public static TheoryData<string> Names => [.. RearrangeCases.All.Select(layer => layer.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void LayerIsPyTorchs(string name) => ParityTests.Check(name, TestDevices.Open("opencl, 16 lanes"), Vectors.Committed);
}
