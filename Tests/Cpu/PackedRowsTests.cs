using Einsharp.Cpu;

namespace Einsharp.Tests.Cpu;

public class PackedRowsTests
{
    [Fact]
    public void RowsFollowTheSequencesWithoutPadding()
    {
        var rows = new PackedRows();
        rows.Pack([5, 0, 9, 100], [0, 2, 0, 1], [3, 0, 17, 1]);
        Assert.Equal(21, rows.Count);
        Assert.Equal(4, rows.Sequences);
        Assert.Equal([0, 3, 3, 20, 21], Enumerable.Range(0, 5).Select(rows.Offset));
        Assert.Equal([0, 0, 0, .. Enumerable.Repeat(2, 17), 3], Enumerable.Range(0, 21).Select(rows.Sequence));
        Assert.Equal([5, 6, 7, .. Enumerable.Range(9, 17), 101], Enumerable.Range(0, 21).Select(rows.Position));
        Assert.Equal([0, 1, 2, .. Enumerable.Range(0, 17), 1], Enumerable.Range(0, 21).Select(rows.Column));
        Assert.Equal(
            [new RowBlock(0, 0, 3, 5), new(2, 3, 8, 9), new(2, 11, 8, 17), new(2, 19, 1, 25), new(3, 20, 1, 101)],
            Enumerable.Range(0, rows.Blocks).Select(rows.Block));
    }

    [Fact]
    public void PackingAgainForgetsWhatWasThere()
    {
        var rows = new PackedRows();
        rows.Pack([0, 0], [0, 0], [20, 20]);
        rows.Pack([7], [0], [1]);
        Assert.Equal(1, rows.Count);
        Assert.Equal(1, rows.Blocks);
        Assert.Equal(7, rows.Position(0));
        Assert.Throws<IndexOutOfRangeException>(() => rows.Position(1));
        Assert.Throws<IndexOutOfRangeException>(() => rows.Block(1));
        Assert.Throws<IndexOutOfRangeException>(() => rows.Offset(2));
    }

    [Fact]
    public void PackingAllocatesNothingOnceLargeEnough()
    {
        var rows = new PackedRows();
        int[] starts = [3, 4], firsts = [0, 1], counts = [30, 12];
        rows.Pack(starts, firsts, counts);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) rows.Pack(starts, firsts, counts);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void ArgumentsAreChecked()
    {
        var rows = new PackedRows();
        Assert.Throws<ArgumentException>(() => rows.Pack([0], [0, 0], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Pack([0], [0], [-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Pack([-1], [0], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Pack([0], [-1], [1]));
    }
}
