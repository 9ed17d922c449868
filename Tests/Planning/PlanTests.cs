using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Tests.Planning;

/// <summary>What the planner makes of the Llama: facts that the design promises.</summary>
public sealed class PlanTests
{
    private static readonly MethodPlan Block = Declared.Llama("LlamaBlock");
    private static readonly MethodPlan Model = Declared.Llama("Llama");

    [Fact]
    public void ABlockIsFiveKernels()
    {
        Assert.Equal(
            [typeof(SweepPlan), typeof(AttentionPlan), typeof(SweepPlan), typeof(SweepPlan), typeof(SweepPlan)],
            Block.Kernels.Select(kernel => kernel.GetType()));
        Assert.Equal(["SweepQKeysValues", "AttendHeads", "SweepA", "SweepH", "SweepResult"], Block.Kernels.Select(kernel => kernel.Name));
        Assert.All(Block.Kernels, kernel => Assert.Equal("b s", Text(kernel.Rows)));
    }

    [Theory]
    [InlineData(0, "Norm Einsum Rotate Einsum Rotate Append Einsum Append")]
    [InlineData(1, "Einsum Scale Causal Softmax Einsum")]
    [InlineData(2, "Einsum Binary")]
    [InlineData(3, "Norm Einsum Einsum Activation Binary")]
    [InlineData(4, "Einsum Binary")]
    public void EachKernelComputesItsOperationsInOrder(int kernel, string operations)
    {
        Assert.Equal(operations, string.Join(' ', Block.Kernels[kernel].Operations.Select(Kind)));
        Assert.Equal(Block.Kernels[kernel].Operations.Select(operation => operation.Id).Order(),
            Block.Kernels[kernel].Operations.Select(operation => operation.Id));
    }

    [Fact]
    public void QueriesKeysAndValuesAreThreeColumnsOfOneSweep()
    {
        var sweep = (SweepPlan)Block.Kernels[0];
        Assert.Equal(("x", "d"), (sweep.Input, Text(sweep.Contracted)));
        Assert.Equal(["g r k / k", "g k / k", "g k / k"], sweep.Columns.Select(column => Text(column.Features) + " / " + column.UnitAxis));
        SegmentPlan[] segments = [.. sweep.Columns.Select(column => Assert.Single(column.Segments))];
        Assert.Equal(["Query", "Key", "Value"], segments.Select(segment => segment.Param));
        Assert.Equal(["q", "keys", "values"], segments.Select(segment => segment.Value));
        Assert.Equal(["q", null, null], segments.Select(segment => segment.Output));
        Assert.Equal([null, "keys", "values"], segments.Select(segment => segment.Append?.Slot));
        Assert.Equal(["Rotate", "Rotate", ""], segments.Select(segment => string.Join(' ', segment.Epilogue.Select(Kind))));
    }

    [Fact]
    public void AttentionReadsTheCacheInPlace()
    {
        var attention = (AttentionPlan)Block.Kernels[1];
        Assert.Equal(("q", "keys", "values", "heads"), (attention.Queries, attention.Keys.Append?.Slot, attention.Values.Append?.Slot, attention.Output));
        Assert.Equal(("g", "r", "k", "k", "t"),
            (Text(attention.Groups), Text(attention.PerGroup), attention.Size, attention.ValueSize, attention.Seen));
        Assert.Equal("1/sqrt(k)", Assert.Single(attention.Scales).Text);
        Assert.True(attention.Causal);
    }

    [Fact]
    public void UpAndGateAreOneColumnAndUpIsNotKept()
    {
        var sweep = (SweepPlan)Block.Kernels[3];
        ColumnPlan column = Assert.Single(sweep.Columns);
        Assert.Equal(("a", "f", null), (sweep.Input, Text(column.Features), column.UnitAxis));
        Assert.Equal(["Up", "Gate"], column.Segments.Select(segment => segment.Param));
        Assert.Equal([null, "h"], column.Segments.Select(segment => segment.Output));
        Assert.Equal(["", "Activation Binary"], column.Segments.Select(segment => string.Join(' ', segment.Epilogue.Select(Kind))));
        Assert.DoesNotContain(Block.Buffers, buffer => buffer.Name == "u");
    }

    [Fact]
    public void NormsAreComputedWhereTheyAreRead()
    {
        NormPrologue?[] norms = [.. Block.Kernels.Select(kernel => (kernel as SweepPlan)?.Norm)];
        Assert.Equal(["AttentionNorm", null, null, "FeedForwardNorm", null], norms.Select(norm => norm?.Norm.GainName));
        Assert.Equal(["n", null, null, "m", null], norms.Select(norm => norm?.Shared));
        Assert.DoesNotContain(Block.Kernels, kernel => kernel is NormPlan);
    }

    [Fact]
    public void ABlockNeedsThreeSlots()
    {
        Assert.Equal(
            ["x", BufferPlan.ResultName],
            Block.Buffers.Where(buffer => buffer.Role != BufferRole.Workspace).Select(buffer => buffer.Name));
        Assert.Equal(["a", "h", "heads", "m", "n", "q"],
            Block.Buffers.Where(buffer => buffer.Role == BufferRole.Workspace).Select(buffer => buffer.Name).Order(StringComparer.Ordinal));

        // h, m and a are alive in the fourth kernel, and there are never more.
        Assert.Equal(3, Block.WorkspaceSlots);
        Assert.Distinct([Block.Buffer("a").Slot, Block.Buffer("m").Slot, Block.Buffer("h").Slot]);
    }

    [Fact]
    public void ABlockRunsInChunks()
    {
        Assert.Equal("b s", Text(Block.Sequence!.Value));
        Assert.True(Block.Chunked);
        Assert.Equal(Block.Kernels.Count, Block.LastChunk);
    }

    [Fact]
    public void TheModelSelectsAndOnlyThenSweepsTheHead()
    {
        Assert.Equal(
            [typeof(GatherPlan), typeof(RunPlan), typeof(SelectPlan), typeof(SweepPlan)],
            Model.Kernels.Select(kernel => kernel.GetType()));
        Assert.Equal(["b s", "b s", "b o", "b o"], Model.Kernels.Select(kernel => Text(kernel.Rows)));
        Assert.True(Model.Chunked);
        Assert.Equal(3, Model.LastChunk);
        Assert.Equal(0, Model.Buffer("z").Slot);
        Assert.DoesNotContain(Model.Buffers, buffer => buffer is { Name: not "z", Slot: 0 });

        var gather = (GatherPlan)Model.Kernels[0];
        Assert.Equal(("ids", "Embedding", "v", "x"), (gather.Indices, gather.Param, gather.RowAxis, gather.Output));
        var run = (RunPlan)Model.Kernels[1];
        Assert.Equal(("Blocks", "Declared.LlamaBlock", "x", "y", true), (run.Layers, run.Model, run.Input, run.Output, run.TakesCache));
        Assert.NotEqual(Model.Buffer(run.Between).Slot, Model.Buffer(run.Output).Slot);
        Assert.NotEqual(Model.Buffer(run.Between).Slot, Model.Buffer(run.Input).Slot);
        var select = (SelectPlan)Model.Kernels[2];
        Assert.Equal(("y", "rows", "z"), (select.Input, select.Indices, select.Output));
        var head = (SweepPlan)Model.Kernels[3];
        Assert.Equal(("z", "Norm", "n"), (head.Input, head.Norm?.Norm.GainName, head.Norm?.Shared));
        Assert.Equal(("Head", BufferPlan.ResultName), (head.Columns[0].Segments[0].Param, head.Columns[0].Segments[0].Output));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("Causal(\"s\", \"t\"), ", false)]
    public void WhatSeesLaterPositionsRunsInOneChunk(string causal, bool whole)
    {
        string source = Compilations.Llama.Replace("Causal(\"s\", \"t\"), ", causal, StringComparison.Ordinal);
        foreach (string model in (string[])["LlamaBlock", "Llama"])
            Assert.NotEqual(whole, Declared.Plan(Compilations.Compile(source), "Declared." + model).Methods[0].Chunked);
    }

    [Fact]
    public void ANormThatTwoKernelsReadIsKept()
    {
        MethodPlan plan = Declared.Body("""
            [Param("d", Init.Ones)] public partial Param Gain { get; }
            [Param("f d", Init.Linear)] public partial Param Wide { get; }
            [Param("d f", Init.Linear)] public partial Param Narrow { get; }
            [Setting("eps")] public partial float Epsilon { get; }

            [RmsNorm("b d, d -> b d", nameof(x), nameof(Gain), Epsilon = nameof(Epsilon)), As("n")]
            [Einsum("b d, f d -> b f", "n", nameof(Wide)), Silu, As("h")]
            [Einsum("b f, d f -> b d", "h", nameof(Narrow)), Add("n")]
            public partial Tensor Forward([Axes("b d")] Tensor x);
            """);
        Assert.Equal(["NormaliseN", "SweepH", "SweepResult"], plan.Kernels.Select(kernel => kernel.Name));
        Assert.All(plan.Kernels.OfType<SweepPlan>(), sweep => Assert.Null(sweep.Norm));
        Assert.Equal(BufferRole.Workspace, plan.Buffer("n").Role);
        Assert.False(plan.Chunked);
        Assert.Null(plan.Sequence);
    }

    private static string Text(IEnumerable<string> axes) => string.Join(' ', axes);

    private static string Kind(Operation operation) => operation.GetType().Name[..^"Operation".Length];
}
