using System.Diagnostics;
using System.Globalization;
using Einsharp.Ilgpu;
using Einsharp.Samples;
using Einsharp.Tests.Execution;
using Einsharp.Tests.Reference;
using Xunit.Abstractions;

namespace Einsharp.Tests.Ilgpu;

/// <summary>A real Llama on each device: logits of an independent float64 forward, and the greedy text.</summary>
[Collection(nameof(DeviceCollection))]
public sealed class StoriesDeviceTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(TestDevices.All), MemberType = typeof(TestDevices))]
    public void Logits_and_greedy_text_are_the_reference(string name)
    {
        if (TestData.Path("stories260K") is not { } folder)
            return;
        IlgpuDevice device = TestDevices.Open(name);
        Llama model = Stories.Load(folder, device);
        (int[] ids, double[][] expected) = Stories.References(folder);
        using KvCache cache = model.CreateCache(1, 128);
        float[] together = Inputs.InPieces(model, cache, ids, 7, 1, 1, 3);
        for (int s = 0; s < ids.Length; s++)
            Compare.Within(expected[s], together.AsSpan(s * 512, 512), 1e-4);

        // Devices that run a lane at a time on the processor take long over a token: how many it is says TestDevices, and why.
        cache.Clear();
        (int[] prompt, int[] all) = Stories.GreedyReference(folder);
        int tokens = Math.Min(all.Length - prompt.Length, TestDevices.StoryTokens(device));
        var time = Stopwatch.StartNew();
        int[] found = Stories.Greedy(model, cache, prompt, tokens, prefillChunk: 512);
        double each = time.Elapsed.TotalMilliseconds / tokens;
        string said = string.Create(
            CultureInfo.InvariantCulture, $"{name}: {tokens} of {all.Length - prompt.Length} greedy tokens, {each:0.0} ms each");
        output.WriteLine(said);
        Console.Error.WriteLine("stories260K on " + said);
        Assert.Equal(all[..(prompt.Length + tokens)], found);
    }
}
