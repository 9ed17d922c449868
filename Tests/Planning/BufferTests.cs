using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Tests.Planning;

/// <summary>
/// What must hold of every plan, for every model that the tests run. What a kernel reads and writes is taken from its own description here,
/// not from the planner's lists.
/// </summary>
public sealed class BufferTests
{
    public static TheoryData<string, string> Methods { get; } = AllMethods();

    [Theory]
    [MemberData(nameof(Methods))]
    public void NoTwoLivingBuffersShareASlot(string model, string method)
    {
        MethodPlan plan = Of(model, method);
        List<(BufferPlan Buffer, int First, int Last)> spans =
        [
            .. plan.Buffers.Where(buffer => buffer.Role == BufferRole.Workspace).Select(buffer => Span(plan, buffer)),
        ];
        foreach ((BufferPlan Buffer, int First, int Last) one in spans)
        {
            Assert.InRange(one.Buffer.Slot, 0, plan.WorkspaceSlots - 1);
            foreach ((BufferPlan Buffer, int First, int Last) other in spans.Where(other => other.Buffer != one.Buffer))
            {
                if (one.First <= other.Last && other.First <= one.Last)
                {
                    Assert.True(
                        one.Buffer.Slot != other.Buffer.Slot,
                        $"{one.Buffer.Name} and {other.Buffer.Name} share slot {one.Buffer.Slot}");
                }
            }
        }

        Assert.Equal(Enumerable.Range(0, plan.WorkspaceSlots), spans.Select(span => span.Buffer.Slot).Distinct().Order());
        Assert.Equal(plan.Buffers.Count, plan.Buffers.Select(buffer => buffer.Name).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void WhatAKernelReadsWasWrittenBefore(string model, string method)
    {
        MethodPlan plan = Of(model, method);
        HashSet<string> written = [.. plan.Buffers.Where(buffer => buffer.Role == BufferRole.Input).Select(buffer => buffer.Name)];
        HashSet<AppendOperation> appended = [];
        foreach (KernelPlan kernel in plan.Kernels)
        {
            foreach (string name in Reads(plan, kernel))
                Assert.True(written.Contains(name), $"{kernel.Name} reads {name} too early");
            if (kernel is AttentionPlan attention)
                Assert.Superset(new[] { attention.Keys, attention.Values }.Select(source => source.Append).OfType<AppendOperation>().ToHashSet(), appended);
            appended.UnionWith(kernel.Operations.OfType<AppendOperation>());
            foreach (string name in Writes(kernel))
                Assert.True(written.Add(name), $"{kernel.Name} writes {name} again");
        }

        Assert.Contains(BufferPlan.ResultName, written);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void EveryOperationIsComputedOnce(string model, string method)
    {
        MethodPlan plan = Of(model, method);

        // An einsum of several operands is a kernel a step: all steps of its path, in order.
        foreach (IGrouping<int, ContractPlan> einsum in plan.Kernels.OfType<ContractPlan>().GroupBy(contract => contract.Operations.Single().Id))
            Assert.Equal(einsum.First().Path.Steps, einsum.Select(contract => contract.Step));
        List<int> computed =
        [
            .. plan.Kernels.Where(kernel => kernel is not ContractPlan contract || contract.Step == contract.Path.Steps[contract.Path.Steps.Count - 1])
                .SelectMany(kernel => kernel.Operations).Select(operation => operation.Id),
        ];
        Assert.Equal(computed.Count, computed.Distinct().Count());
        Assert.All(
            plan.Graph.Operations.Where(operation => !computed.Contains(operation.Id)),
            operation => Assert.True(operation.IsView, operation.Text));
        Assert.Equal(plan.Kernels.Count, plan.Kernels.Select(kernel => kernel.Name).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void OnlyTheLastKernelsHaveOtherRowsThanPositions(string model, string method)
    {
        MethodPlan plan = Of(model, method);
        for (int i = 0; plan is { Sequence: { } sequence, Chunked: true } && i < plan.Kernels.Count; i++)
        {
            // What has nothing of the positions may come before: a memory.
            EquatableArray<string> rows = plan.Kernels[i].Rows;
            bool fits = i < plan.LastChunk ? rows == sequence || !rows.Contains(sequence[1]) : rows != sequence;
            Assert.True(plan.Kernels[i] is SelectPlan || fits, plan.Kernels[i].Name);
        }
    }

    // Positions arrive a chunk at a time, so what a Select gathers lives from the first kernel on.
    private static (BufferPlan Buffer, int First, int Last) Span(MethodPlan plan, BufferPlan buffer)
    {
        List<int> uses =
        [
            .. Enumerable.Range(0, plan.Kernels.Count).Where(i =>
                Reads(plan, plan.Kernels[i]).Concat(Writes(plan.Kernels[i])).Concat(Shared(plan.Kernels[i])).Contains(buffer.Name)),
        ];
        Assert.True(uses.Count > 0, $"nobody uses {buffer.Name}");
        bool gathered = plan.Kernels.OfType<SelectPlan>().Any(select => select.Output == buffer.Name);
        return (buffer, gathered ? 0 : uses[0], uses[^1]);
    }

    private static string?[] Shared(KernelPlan kernel) => kernel switch
    {
        SweepPlan { Norm: { } norm } => [norm.Shared],
        RunPlan run => [run.Between],
        AttentionPlan attention => [attention.Keys.Packed, attention.Values.Packed],
        BatchNormPlan { Mean: { } mean, Variance: { } variance } norm => [norm.Factor, norm.Summand, mean, variance],
        BatchNormPlan norm => [norm.Factor, norm.Summand],
        _ => [],
    };

    private static IEnumerable<string> Reads(MethodPlan plan, KernelPlan kernel)
    {
        // A step of an einsum reads some of the einsum's operands, and what earlier steps made.
        if (kernel is ContractPlan contract)
            return contract.Reads.Where(value => !value.IsParam).Select(value => value.Name);
        return ReadsOfOperations(plan, kernel);
    }

    private static IEnumerable<string> ReadsOfOperations(MethodPlan plan, KernelPlan kernel)
    {
        HashSet<int> own = [.. kernel.Operations.Select(operation => operation.Id)];
        HashSet<string> beside = kernel is SweepPlan sweep ? [.. Segments(sweep).Select(segment => segment.Value)] : [];

        // What an operation reads that this kernel does not make: by way of a buffer, unless it is a parameter or in the cache.
        foreach (Operand operand in kernel.Operations.SelectMany(operation => operation.Reads))
        {
            Operand memory = plan.Graph.Resolve(operand);
            if (memory.Kind == OperandKind.Input && plan.Buffers.Any(buffer => buffer.Name == memory.Name))
                yield return memory.Name;
            if (memory.Kind != OperandKind.Value || own.Contains(operand.Id) || beside.Contains(operand.Name))
                continue;
            Operation source = plan.Graph.Operations[memory.Id];
            if (own.Contains(source.Id) || source is AppendOperation)
                continue;
            BufferPlan? buffer = plan.Buffers.FirstOrDefault(buffer => buffer.Operation == source.Id);
            Assert.True(buffer is not null, $"{kernel.Name} reads {operand.Name}, which has no buffer");
            yield return buffer.Name;
        }

        switch (kernel)
        {
            case SweepPlan { Input: var input }:
                yield return input;
                break;
            case AttentionPlan attention:
                yield return attention.Queries;
                break;
            case RunPlan run:
                yield return run.Input;
                break;
        }
    }

    private static IEnumerable<string> Writes(KernelPlan kernel) => kernel switch
    {
        SweepPlan sweep => Segments(sweep).Where(segment => segment.Output is not null).Select(segment => segment.Output!),
        AttentionPlan attention => [attention.Output],
        NormPlan norm => [norm.Output],
        BatchNormPlan norm => [norm.Output],
        ReducePlan reduce => [reduce.Output],
        RearrangePlan rearrange => [rearrange.Output],
        GatherPlan gather => [gather.Output],
        SelectPlan select => [select.Output],
        RunPlan run => [run.Output],
        MapPlan map => [map.Output],
        ContractPlan contract => [contract.Output],
        AppendPlan => [],
        _ => throw new InvalidOperationException(kernel.GetType().Name),
    };

    private static IEnumerable<SegmentPlan> Segments(SweepPlan sweep) => sweep.Columns.SelectMany(column => column.Segments);

    private static MethodPlan Of(string model, string method) =>
        Declared.Plan(Declared.TestModels, model).Methods.Single(plan => plan.Graph.Method.Name == method);

    private static TheoryData<string, string> AllMethods()
    {
        var data = new TheoryData<string, string>();
        foreach (string model in Declared.Models(Declared.TestModels).Select(type => type.ToDisplayString()).Order(StringComparer.Ordinal))
        {
            foreach (MethodPlan plan in Declared.Plan(Declared.TestModels, model).Methods)
                data.Add(model, plan.Graph.Method.Name);
        }

        return data;
    }
}
