using Einsharp.Samples;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Execution;

/// <summary>The cache as a caller sees it: rollback, refusals that change nothing, and whose it is.</summary>
public sealed class CacheTests
{
    private static readonly Llama Model = Inputs.Llama();

    [Theory]
    [InlineData(12)]
    [InlineData(1)]
    [InlineData(5, 7)]
    [InlineData(7, 1, 1, 3)]
    [InlineData(2, 2, 2, 2, 2, 2)]
    public void AnyPiecesGiveTheBitsOfNoCache(params int[] pieces)
    {
        int[] ids = Inputs.Ids(pieces.Sum(), 11, 1);
        using KvCache cache = Model.CreateCache(1, 12);
        Compare.SameBits(Inputs.Alone(Model, ids), Inputs.InPieces(Model, cache, ids, pieces));
        Assert.Equal([ids.Length], cache.Lengths.ToArray());
    }

    [Fact]
    public void TruncatingAndGoingOnIsAsIfItHadNeverBeen()
    {
        int[] ids = Inputs.Ids(40, 11, 2), other = Inputs.Ids(40, 11, 3);
        float[] alone = Inputs.Alone(Model, ids);
        using KvCache cache = Model.CreateCache(1, 40);
        foreach (int kept in (int[])[0, 1, 15, 16, 17, 39])
        {
            cache.Clear();
            Assert.Equal([0], cache.Lengths.ToArray());
            Inputs.InPieces(Model, cache, [.. ids[..kept], .. other[kept..]], 40);
            cache.Truncate(0, kept);
            Assert.Equal([kept], cache.Lengths.ToArray());
            Compare.SameBits(alone.AsSpan(kept * 11), Inputs.InPieces(Model, cache, ids.AsSpan(kept), 40 - kept), $"{kept} kept");
        }
    }

    [Fact]
    public void OneSequenceOfABatchCanBeTruncatedAlone()
    {
        int[] ids = Inputs.Ids(16, 11, 4);
        using KvCache cache = Model.CreateCache(2, 16);
        var all = new Tensor<int>(2, 8);
        for (int i = 0; i < 16; i++)
            all.Span[i] = i % 8;
        float[] first = Model.Forward(Tensor.From(ids, 2, 8), all, cache).Span.ToArray();
        cache.Truncate(1, 3);
        Assert.Equal([8, 3], cache.Lengths.ToArray());
        cache.SetCounts([0, 5]);
        var again = new Tensor<int>(2, 5);
        ids.AsSpan(11, 5).CopyTo(again.Span[5..]);
        Model.Forward(again, new Tensor<int>(2, 0), cache);
        cache.Truncate(0, 7);
        cache.Truncate(1, 7);
        float[] last = Model.Forward(Tensor.From([ids[7], ids[15]], 2, 1), new Tensor<int>(2, 1), cache).Span.ToArray();
        Compare.SameBits(first.AsSpan(7 * 11, 11), last.AsSpan(0, 11), "the sequence left alone");
        Compare.SameBits(first.AsSpan(15 * 11, 11), last.AsSpan(11, 11), "the truncated sequence");
    }

    [Fact]
    public void AFullCacheThrowsAndNothingHappened()
    {
        int[] ids = Inputs.Ids(8, 11, 5);
        float[] alone = Inputs.Alone(Model, ids);
        using KvCache cache = Model.CreateCache(1, 8);
        Compare.SameBits(alone.AsSpan(0, 55), Inputs.InPieces(Model, cache, ids.AsSpan(0, 5), 5));
        var error = Assert.Throws<CacheFullException>(() => Model.Forward(Inputs.Row(Inputs.Ids(4, 11, 6)), Inputs.All(4), cache));
        Assert.Equal("the cache holds 8 positions a sequence; sequence 0 has 5 and 4 more were given", error.Message);
        Assert.Equal([5], cache.Lengths.ToArray());
        Compare.SameBits(alone.AsSpan(55), Inputs.InPieces(Model, cache, ids.AsSpan(5), 3), "after the refusal");
        Assert.Throws<CacheFullException>(() => Model.Forward(Inputs.Row([1]), Inputs.All(1), cache));
        Assert.Equal([8], cache.Lengths.ToArray());
    }

    [Fact]
    public void AFullSequenceStopsTheWholeBatch()
    {
        using KvCache cache = Model.CreateCache(2, 4);
        cache.SetCounts([4, 1]);
        Model.Forward(new Tensor<int>(2, 4), new Tensor<int>(2, 0), cache);
        var error = Assert.Throws<CacheFullException>(() => Model.Forward(new Tensor<int>(2, 1), new Tensor<int>(2, 0), cache));
        Assert.Contains("sequence 0 has 4 and 1 more", error.Message, StringComparison.Ordinal);
        Assert.Equal([4, 1], cache.Lengths.ToArray());
        cache.SetCounts([0, 1]);
        Model.Forward(new Tensor<int>(2, 1), new Tensor<int>(2, 0), cache);
        Assert.Equal([4, 2], cache.Lengths.ToArray());
    }

    [Theory]
    [InlineData(11)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void AWrongIdIsRefusedByNameAndNothingHappened(int id)
    {
        int[] ids = Inputs.Ids(6, 11, 7);
        float[] alone = Inputs.Alone(Model, ids);
        using KvCache cache = Model.CreateCache(1, 8);
        Inputs.InPieces(Model, cache, ids.AsSpan(0, 3), 3);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Model.Forward(Inputs.Row([ids[3], ids[4], id]), Inputs.All(3), cache));
        Assert.Equal("ids", error.ParamName);
        Assert.StartsWith($"Index {id} at element 2 of 'ids' is outside axis 'v' of size 11.", error.Message, StringComparison.Ordinal);
        Assert.Equal([3], cache.Lengths.ToArray());
        Compare.SameBits(alone.AsSpan(33), Inputs.InPieces(Model, cache, ids.AsSpan(3), 3), "after the refusal");
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void AWrongRowIsRefusedByNameAndNothingHappened(int row)
    {
        int[] ids = Inputs.Ids(6, 11, 8);
        float[] alone = Inputs.Alone(Model, ids);
        using KvCache cache = Model.CreateCache(1, 8);
        Inputs.InPieces(Model, cache, ids.AsSpan(0, 3), 3);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Model.Forward(Inputs.Row(ids.AsSpan(3)), Inputs.Row([0, row]), cache));
        Assert.Equal("rows", error.ParamName);
        Assert.StartsWith($"Index {row} at element 1 of 'rows' is outside axis 's' of size 3.", error.Message, StringComparison.Ordinal);
        Assert.Equal([3], cache.Lengths.ToArray());
        Compare.SameBits(alone.AsSpan(33), Inputs.InPieces(Model, cache, ids.AsSpan(3), 3), "after the refusal");
    }

    [Fact]
    public void TheElementOfAWrongIndexCountsTheWholeTensor()
    {
        using KvCache cache = Model.CreateCache(2, 8);
        var error = Assert.Throws<ArgumentOutOfRangeException>(
            () => Model.Forward(Tensor.From([1, 2, 3, 77], 2, 2), new Tensor<int>(2, 1), cache));
        Assert.Contains("Index 77 at element 3 of 'ids'", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentOutOfRangeException>(() => Model.Forward(new Tensor<int>(2, 2), Tensor.From([1, 2], 2, 1), cache));
        Assert.Contains("Index 2 at element 1 of 'rows'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARowOfPaddingIsRefused()
    {
        using KvCache cache = Model.CreateCache(2, 8);
        cache.SetCounts([3, 1]);
        var error = Assert.Throws<ArgumentOutOfRangeException>(
            () => Model.Forward(new Tensor<int>(2, 3), Tensor.From([2, 1], 2, 1), cache));
        Assert.Equal("rows", error.ParamName);
        Assert.Equal([0, 0], cache.Lengths.ToArray());
    }

    [Fact]
    public void WrongRanksAndShapesAreRefusedByName()
    {
        using KvCache cache = Model.CreateCache(2, 8);
        var ids = new Tensor<int>(2, 3);
        void Refused(Action call, string operand, string message)
        {
            var error = Assert.Throws<ArgumentException>(call);
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
            Assert.Contains(operand, error.Message, StringComparison.Ordinal);
            Assert.Equal([0, 0], cache.Lengths.ToArray());
        }

        Refused(() => Model.Forward(new Tensor<int>(3), new Tensor<int>(2, 1), cache), "'ids'", "expected 2 axes, found 1");
        Refused(() => Model.Forward(ids, new Tensor<int>(2, 1, 1), cache), "'rows'", "expected 2 axes, found 3");
        Refused(() => Model.Forward(ids, new Tensor<int>(3, 1), cache), "'rows'", "axis 'b' is 2 by 'ids', found 3");
        Refused(() => Model.Forward(new Tensor<int>(3, 1), new Tensor<int>(3, 1), cache), "3 sequences", "its cache 2");
        Refused(() => Model.Blocks[0].Forward(new Tensor(2, 3, 14), null), "'x'", "axis 'd' is 13 by the model's sizes, found 14");
        Assert.Throws<ArgumentNullException>("ids", () => Model.Forward(null!, new Tensor<int>(2, 1), cache));
        Assert.Throws<ArgumentNullException>("rows", () => Model.Forward(ids, null!, cache));
    }

    [Fact]
    public void CountsHoldForOneCallEvenIfItFails()
    {
        using KvCache cache = Model.CreateCache(2, 8);
        cache.SetCounts([4, 1]);
        Assert.Throws<ArgumentException>("columns", () => Model.Forward(new Tensor<int>(2, 3), new Tensor<int>(2, 0), cache));
        Model.Forward(new Tensor<int>(2, 3), new Tensor<int>(2, 0), cache);
        Assert.Equal([3, 3], cache.Lengths.ToArray());
        Assert.Throws<ArgumentException>(() => cache.SetCounts([1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.SetCounts([1, -1]));
    }

    [Fact]
    public void ACacheBelongsToItsModel()
    {
        Llama other = Inputs.Llama();
        using KvCache cache = other.CreateCache(1, 8), ofABlock = Model.Blocks[0].CreateCache(1, 8);
        foreach (KvCache foreign in (KvCache[])[cache, ofABlock])
        {
            var error = Assert.Throws<ArgumentException>(
                "cache", () => Model.Forward(new Tensor<int>(1, 1), new Tensor<int>(1, 1), foreign));
            Assert.Contains("not made by this model's CreateCache", error.Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>("cache", () => Model.Blocks[1].Forward(new Tensor(1, 1, 13), ofABlock));
        KvCache gone = Model.CreateCache(1, 8);
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Model.Forward(new Tensor<int>(1, 1), new Tensor<int>(1, 1), gone));
    }

    [Fact]
    public void AModelWithoutValuesSaysWhatToCall()
    {
        var sizes = new LlamaSizes { v = 11, d = 13, g = 1, r = 1, k = 2, f = 3, layers = 1 };
        var model = new Llama(sizes, new LlamaSettings { RmsNormEps = 1e-5f, Rope = new Rope() });
        using KvCache cache = model.CreateCache(1, 4);
        var error = Assert.ThrowsAny<InvalidOperationException>(() => model.Forward(new Tensor<int>(1, 2), new Tensor<int>(1, 1), cache));
        Assert.Contains("call Initialise or Load first", error.Message, StringComparison.Ordinal);
        Assert.Equal([0], cache.Lengths.ToArray());
        model.Initialise(1);
        model.Forward(new Tensor<int>(1, 2), new Tensor<int>(1, 1), cache);
        Assert.Equal([2], cache.Lengths.ToArray());
    }

    [Fact]
    public void EmptyCallsAreCallsOfNothing()
    {
        using KvCache cache = Model.CreateCache(1, 4);
        Assert.Equal([1, 0, 11], Model.Forward(new Tensor<int>(1, 0), new Tensor<int>(1, 0), cache).Shape.ToArray());
        Assert.Equal([0], cache.Lengths.ToArray());
        Assert.Equal([1, 0, 11], Model.Forward(new Tensor<int>(1, 0), new Tensor<int>(1, 0), null).Shape.ToArray());
    }
}
