namespace Einsharp.Tests.Reference;

/// <summary>Layers, activations, reductions, masks and blocks against what PyTorch makes of them.</summary>
public sealed class ParityTests
{
    internal static readonly ParityCase[] All =
    [
        .. NormCases.All, .. ActivationCases.All, .. FeedForwardCases.All, .. ReduceCases.All, .. RearrangeCases.All,
        .. RotaryCases.All,
        .. AttentionCases.All, .. MultiHeadCases.All, .. BlockCases.All,
    ];

    public static TheoryData<string> Names => [.. All.Select(layer => layer.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void LayerIsPyTorchs(string name)
    {
        foreach (int threads in (int[])[1, 3])
        {
            using var device = new CpuDevice(threads);
            Check(name, device, Vectors.Committed);
        }
    }

    /// <summary>A case on one side only would compare nothing.</summary>
    [Fact]
    public void EveryVectorHasItsCase()
    {
        string[] einsums = [.. EinsumList.Read().Select(einsum => einsum.Name)];
        Assert.Equal(
            Vectors.Committed.ByName.Keys.Select(key => key[..key.IndexOf('/', StringComparison.Ordinal)]).Distinct()
                .Order(StringComparer.Ordinal),
            All.Select(layer => layer.Name).Concat(einsums).Order(StringComparer.Ordinal));
    }

    /// <summary>Computes a case and compares every result of PyTorch's.</summary>
    internal static void Check(string name, Device device, Vectors vectors)
    {
        var parity = new Parity(name, device, vectors);
        All.Single(layer => layer.Name == name).Run(parity);
        parity.Done();
    }
}
