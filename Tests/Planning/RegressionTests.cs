using Einsharp.Cpu;
using Einsharp.Samples;
using Einsharp.Tests.Execution;
using Einsharp.Tests.Reference;
using static Einsharp.Tests.Reference.Named;

namespace Einsharp.Tests.Planning;

/// <summary>Mistakes that a review found, each run.</summary>
public sealed class RegressionTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    public void ValuesMadeAfterTheScores(int length)
    {
        var model = new LateValues(new LateValuesSizes { d = 3, e = 4, g = 1, k = 2 });
        model.Initialise(1);
        Tensor x = Inputs.Random(1, 2, length, 3);
        Named input = Of("b s d", x), q = Einsum("b s g k", input, Of(model.Query));
        Named keys = Einsum("b s g k", input, Of(model.Key)).Rename("b t g k");
        Named values = Einsum("b s g k", Einsum("b s e", input, Of(model.Inner)).Silu(), Of(model.Value)).Rename("b t g k");
        Named p = Einsum("b g s t", q, keys).Causal("s", "t").Softmax("t");
        Compare.Close(Einsum("b s g k", p, values).Values, model.Forward(x, null).Span);
    }

    [Fact]
    public void LayersThatSeeLaterPositionsSeeAllOfALongPrompt()
    {
        const int Length = 300;
        Assert.True(Length > CpuSession.ChunkRows);
        var model = new OpenStack(new OpenStackSizes { d = 3, k = 2, depth = 2 });
        model.Initialise(2);
        Tensor x = Inputs.Random(2, 1, Length, 3);
        Named y = Of("b s d", x);
        foreach (OpenLayer layer in model.Layers)
        {
            Named q = Einsum("b s k", y, Of(layer.Query)), keys = Einsum("b s k", y, Of(layer.Key)).Rename("b t k");
            Named p = Einsum("b s t", q, keys).Map(score => score / Math.Sqrt(2)).Softmax("t");
            y = Einsum("b s d", p, y.Rename("b t d")).Add(y);
        }

        float[] found = model.Forward(x, null).Span.ToArray();
        Compare.Close(y.Values, found);
        using (KvCache cache = model.CreateCache(1, Length))
            Compare.SameBits(found, model.Forward(x, cache).Span);

        // Two parents up, the same layers in the same order.
        var tower = new OpenTower(new OpenTowerSizes { d = 3, k = 2, depth = 1, floors = 2 });
        for (int i = 0; i < 2; i++)
        {
            Copy(model.Layers[i].Query, tower.Floors[i].Layers[0].Query);
            Copy(model.Layers[i].Key, tower.Floors[i].Layers[0].Key);
        }

        Compare.SameBits(found, tower.Forward(x, null).Span);

        // Row 0 sees row 299.
        x.Span[^1] += 10;
        Assert.NotEqual(found[..3], model.Forward(x, null).Span[..3].ToArray());
        Assert.NotEqual(found[..3], tower.Forward(x, null).Span[..3].ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public void TwoRotationsOfOneSetting(int length)
    {
        var model = new TwoTurns(new TwoTurnsSizes { d = 3, g = 2, h = 2, k = 4, w = 6 }, new TwoTurnsSettings { Rope = new Rope() });
        model.Initialise(3);
        Tensor x = Inputs.Random(3, 1, length, 3);
        Named input = Of("b s d", x), one = Einsum("b s g k", input, Of(model.First)).Rotate("s");
        Named two = Einsum("b s h w", input, Of(model.Second)).Rotate("s");
        Compare.Close(Einsum("b s k w", one, two).Values, model.Forward(x).Span);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public void ALayerThatTurnsAndKeepsNothing(int length)
    {
        var model = new QuotedPrefix(new QuotedPrefixSizes { k = 4, depth = 2 }, new QuotedPrefixSettings { Rope = new Rope() });
        model.Initialise(4);
        Tensor x = Inputs.Random(4, 2, length, 4);
        Named y = Of("b s k", x);
        foreach (TurningLayer layer in model.Layers)
            y = y.Multiply(Of(layer.Gain)).Rotate("s");
        Compare.Close(y.Rotate("s").Values, model.Forward(x).Span);
    }

    [Fact]
    public void CheckpointNamesMayHaveQuotesAndBackslashes()
    {
        var model = new QuotedPrefix(new QuotedPrefixSizes { k = 4, depth = 2 }, new QuotedPrefixSettings { Rope = new Rope() });
        Assert.Equal(
            ["la\"y\\er 0\\\".gain \"\\", "la\"y\\er 1\\\".gain \"\\"],
            model.Parameters.Select(param => param.CheckpointName));
    }

    [Theory]
    [InlineData(7, 0, 4)]
    [InlineData(0, 3, 0)]
    [InlineData(300, 0, 2)]
    public void ASequenceThatSitsACallOutHasLogitsOfZero(params int[] counts)
    {
        Llama model = Inputs.Llama();
        int columns = counts.Max();
        int[][] ids = [.. counts.Select((count, b) => Inputs.Ids(count, 11, 30 + b))];
        var padded = new Tensor<int>(3, columns);
        for (int b = 0; b < 3; b++)
            ids[b].CopyTo(padded.Span[(b * columns)..]);

        // Two of each: the first and the last position, where there are any.
        int[] rows = [.. counts.SelectMany(count => (int[])[0, Math.Max(0, count - 1)])];
        using KvCache cache = model.CreateCache(3, columns);
        for (int round = 0; round < 2; round++)
        {
            cache.Clear();
            cache.SetCounts(counts);
            float[] logits = model.Forward(padded, Tensor.From(rows, 3, 2), cache).Span.ToArray();
            Assert.Equal(counts, cache.Lengths.ToArray());
            for (int b = 0; b < 3; b++)
            {
                float[] alone = counts[b] == 0 ? new float[11] : Inputs.Alone(model, ids[b]);
                Compare.SameBits(alone.AsSpan(0, 11), logits.AsSpan(b * 22, 11), $"sequence {b}, first");
                Compare.SameBits(alone.AsSpan(alone.Length - 11, 11), logits.AsSpan(b * 22 + 11, 11), $"sequence {b}, last");
            }

            // A call of all three, whose results take the same memory, and then nobody's turn.
            cache.Clear();
            Assert.True(model.Forward(padded, new Tensor<int>(3, 2), cache).Span.IndexOfAnyExcept(0f) >= 0);
            int[] before = cache.Lengths.ToArray();
            cache.SetCounts([0, 0, 0]);
            Tensor none = model.Forward(padded, new Tensor<int>(3, 2), cache);
            Assert.Equal([3, 2, 11], none.Shape.ToArray());
            Assert.True(none.Span.IndexOfAnyExcept(0f) < 0);
            Assert.Equal(before, cache.Lengths.ToArray());
        }
    }

    [Fact]
    public void NoSequencesAndNoPositionsGiveEmptyResults()
    {
        Llama model = Inputs.Llama();
        Assert.Equal([0, 2, 11], model.Forward(new Tensor<int>(0, 3), new Tensor<int>(0, 2), null).Shape.ToArray());
        Assert.Equal([2, 0, 11], model.Forward(new Tensor<int>(2, 0), new Tensor<int>(2, 0), null).Shape.ToArray());
        Assert.Equal([0, 3, 13], model.Blocks[0].Forward(new Tensor(0, 3, 13), null).Shape.ToArray());
        Assert.Equal([2, 0, 13], model.Blocks[0].Forward(new Tensor(2, 0, 13), null).Shape.ToArray());

        // Logits of positions that are not there are zeros, as those of a sequence that sits a call out.
        Tensor asked = model.Forward(new Tensor<int>(2, 0), new Tensor<int>(2, 1), null);
        Assert.Equal([2, 1, 11], asked.Shape.ToArray());
        Assert.True(asked.Span.IndexOfAnyExcept(0f) < 0);
        using KvCache cache = model.CreateCache(2, 4);
        model.Forward(new Tensor<int>(2, 3), new Tensor<int>(2, 1), cache);
        Assert.Equal([2, 0, 11], model.Forward(new Tensor<int>(2, 0), new Tensor<int>(2, 0), cache).Shape.ToArray());
        Assert.Equal([3, 3], cache.Lengths.ToArray());

        // Methods without a cache, with and without positions, and with layers.
        var turns = new TwoTurns(new TwoTurnsSizes { d = 3, g = 1, h = 1, k = 4, w = 6 }, new TwoTurnsSettings { Rope = new Rope() });
        turns.Initialise(5);
        Assert.Equal([0, 5, 4, 6], turns.Forward(new Tensor(0, 5, 3)).Shape.ToArray());
        Assert.Equal([5, 0, 4, 6], turns.Forward(new Tensor(5, 0, 3)).Shape.ToArray());
        var stack = new TiedStack(new TiedStackSizes { d = 3, f = 4, depth = 2 });
        stack.Initialise(5);
        Assert.Equal([0, 3], stack.Forward(new Tensor(0, 3)).Shape.ToArray());
    }

    [Fact]
    public void ACacheInUseIsNotDisposedOf()
    {
        using var device = new CpuDevice(2);
        var cache = new KvCache(1, 4, [new SlotGeometry("keys", 1, 2, SlotLayout.Blocked)]);
        var session = new DisposesWithin(device, cache);
        cache.Session = session;
        session.Call();
        Assert.Contains("in use by a call", Assert.IsType<InvalidOperationException>(session.Error).Message, StringComparison.Ordinal);

        // Nothing of it is gone, and it goes once the call has returned.
        cache.Slot(0);
        session.Call();
        cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { cache.Slot(0); });
        Assert.Throws<ObjectDisposedException>(session.Call);
        cache.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ALayersOwnParametersCanBeTied(bool tied)
    {
        var model = new TiedStack(new TiedStackSizes { d = 3, f = 5, depth = 2 });
        model.Initialise(6, tied: tied);
        foreach (TiedLayer layer in model.Layers)
        {
            Assert.Equal(tied, NaiveLlama.Read(layer.Up).SequenceEqual(NaiveLlama.Read(layer.Gate)));
            layer.Up.Set(Inputs.Values(15, 7));
            Assert.Equal(tied, NaiveLlama.Read(layer.Up).SequenceEqual(NaiveLlama.Read(layer.Gate)));
        }

        Tensor x = Inputs.Random(6, 4, 3);
        Named y = Of("n d", x);
        foreach (TiedLayer layer in model.Layers)
        {
            Named h = Einsum("n f", y, Of(layer.Gate)).Silu().Multiply(Einsum("n f", y, Of(layer.Up)));
            y = Einsum("n d", h, Of(layer.Down));
        }

        Compare.Close(y.Values, model.Forward(x).Span);
    }

    private static void Copy(Param from, Param to)
    {
        to.Initialise(0);
        to.Set([.. NaiveLlama.Read(from).Select(value => (float)value)]);
    }

    private sealed class DisposesWithin(CpuDevice device, KvCache cache) : CpuSession(device, cache)
    {
        public Exception? Error { get; private set; }

        public void Call()
        {
            Enter();
            try
            {
                RunOnce();
            }
            finally
            {
                Exit();
            }
        }

        public override void Run(Worker worker)
        {
            if (worker.Index == 0)
                Error = Record.Exception(Cache!.Dispose);
        }

        protected override int WorkspaceFloats() => 16;
    }
}
