using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>
/// Attention: einsum(queries, keys) → what modifies scores → softmax → einsum(·, values), whatever the order of axes, with keys and values in
/// the cache or not.
/// </summary>
internal sealed partial class MethodPlanner
{
    /// <summary>The operations of an attention, scores first and the weighted sum last.</summary>
    private sealed record AttentionChain(
        EquatableArray<Operation> Operations, SoftmaxOperation Softmax, EinsumOperation Weighted, Operand Queries, Operand Keys, Operand Values);

    /// <summary>The axes of an attention, by what they are to it.</summary>
    private sealed record AttentionAxes(
        EquatableArray<string> Groups, string? Position, EquatableArray<string> PerGroup, EquatableArray<string> Sizes,
        EquatableArray<string> ValueSizes, bool IsPacked);

    /// <summary>
    /// The kernel that computes scores and all that leads from them to the sum of values; null where they are something else. Scores over the
    /// cache that are something else are refused, since nothing but attention reads the cache.
    /// </summary>
    private FixedDraft? AsAttention(EinsumOperation scores)
    {
        if (scores.Operands.Count != 2 || scores.Operands.Any(static operand => operand.Kind == OperandKind.Param))
            return null;
        if (FindChain(scores, out NoKernelException? why) is { } chain && AxesOf(scores, chain, out why) is { } axes)
            return Attention(scores, chain, axes);
        return scores.Operands.Any(operand => AppendBehind(operand) is not null) || why is { IsFinal: true } ? throw why! : null;
    }

    private AppendOperation? AppendBehind(Operand operand) =>
        operand.Kind == OperandKind.Value ? _graph.Operations[_graph.Source(operand.Id)] as AppendOperation : null;

    private AttentionChain? FindChain(EinsumOperation scores, out NoKernelException? why)
    {
        why = scores.Operands.All(operand => AppendBehind(operand) is not null)
            ? NoKernel(scores, "both operands are in the cache; attention reads queries of the new positions")
            : null;
        if (why is not null)
            return null;
        var operations = new List<Operation> { scores };
        Operation last = scores;
        while (last is not SoftmaxOperation)
        {
            if (_readers[last.Id].Count != 1)
                why = NoKernel(scores, "scores over the cache must go through one Softmax into one einsum with the values");
            else if (!Modifies(last = _readers[last.Id][0], scores))
                why = NoKernel(
                    last, "scores over the cache can have Scale, SoftCap, Alibi, Causal, Window, Mask and then Softmax over the cache's axis");
            if (why is not null)
                return null;
            operations.Add(last);
        }

        var softmax = (SoftmaxOperation)last;
        bool isCached = scores.Operands.Any(operand => AppendBehind(operand) is not null);
        if (_readers[last.Id].Count != 1 || _readers[last.Id][0] is not EinsumOperation { Operands.Count: 2 } weighted
            || weighted.Operands.FirstOrDefault(operand => operand.Kind != OperandKind.Value || operand.Id != softmax.Id) is not { } values
            || values.Kind == OperandKind.Param || (isCached && AppendBehind(values) is null))
        {
            why = NoKernel(last, "the softmax over the cache must be read by one einsum with the values in the cache");
            return null;
        }

        operations.Add(weighted);
        bool second = scores.Operands[1].Axes.Contains(softmax.Axis);
        return new AttentionChain(
            operations.ToEquatable(), softmax, weighted, scores.Operands[second ? 0 : 1], scores.Operands[second ? 1 : 0], values);
    }

    /// <summary>Whether scores can be modified so where they are made; a softmax is over an axis that one operand of theirs has.</summary>
    private bool Modifies(Operation operation, EinsumOperation scores) => operation switch
    {
        SoftmaxOperation { IsLog: false, Axis: var seen } =>
            scores.Operands.Count(operand => operand.Axes.Contains(seen)) == 1
            && scores.Operands.All(operand => AppendBehind(operand) is not { } append || append.To == seen || !operand.Axes.Contains(append.To)),
        ActivationOperation activation => activation.Kind == ActivationKind.SoftCap,
        ScaleOperation scale => _graph.Cache is null || !scale.Factor.Tokens.Any(IsCall),
        CausalOperation or WindowOperation or MaskOperation or AlibiOperation => true,
        _ => false,
    };

    /// <summary>What each axis is; null, and why, where the equations are not those of attention.</summary>
    private AttentionAxes? AxesOf(EinsumOperation scores, AttentionChain chain, out NoKernelException? why)
    {
        why = null;
        string seen = chain.Softmax.Axis;
        AppendOperation? keys = AppendBehind(chain.Keys), values = AppendBehind(chain.Values);
        // Behind a cache rows are packed, so the batch and the position of a query are those of its row.
        EquatableArray<string> rows = Rows(chain.Queries.Axes);
        bool isPacked = _graph.Cache is not null && _sequence is { } sequence && rows == sequence;
        EquatableArray<string> ofRow = isPacked ? chain.Queries.Axes.Take(2).ToEquatable() : [];
        List<string> heads = [.. scores.Axes.Where(axis => axis != seen)];
        bool OfKeys(string axis) => chain.Keys.Axes.Contains(axis) || chain.Values.Axes.Contains(axis);

        // The last axis that only the call knows is as a rule the longest.
        List<string> free = [.. chain.Queries.Axes.Where(axis => heads.Contains(axis) && !OfKeys(axis) && !ofRow.Contains(axis))];
        string? position = isPacked ? ofRow[1]
            : chain.Operations.Select(Compared).FirstOrDefault(static axis => axis is not null)
                ?? free.LastOrDefault(IsCall) ?? free.LastOrDefault();
        free.Remove(position ?? "");
        EquatableArray<string> groups = heads.Where(axis => OfKeys(axis) && !ofRow.Contains(axis)).Concat(free.Where(IsCall)).ToEquatable();
        EquatableArray<string> sizes = chain.Queries.Axes.Where(axis => !heads.Contains(axis)).ToEquatable();
        EquatableArray<string> valueSizes = chain.Values.Axes.Where(axis => axis != seen && !heads.Contains(axis)).ToEquatable();
        bool fits = heads.Count == scores.Axes.Count - 1 && ofRow.All(heads.Contains)
            && new HashSet<string>(heads.Concat(valueSizes)).SetEquals(chain.Weighted.Axes)
            && !chain.Weighted.Axes.Contains(seen) && chain.Values.Axes.Contains(seen)
            && sizes.All(chain.Keys.Axes.Contains)
            && chain.Keys.Axes.All(axis => axis == seen || sizes.Contains(axis) || heads.Contains(axis))
            && (position is null || !OfKeys(position))
            && chain.Operations.All(operation => Compared(operation) is not { } axis || axis == position)
            && chain.Operations.Count(static operation => operation is AlibiOperation) < 2
            && AreNeighbours(sizes, chain.Queries.Axes) && AreNeighbours(valueSizes, chain.Weighted.Axes)
            && FitsCache(keys, chain.Keys, sizes, ofRow) && FitsCache(values, chain.Values, valueSizes, ofRow)
            && (keys is null ? values is null && AreNeighbours(sizes, chain.Keys.Axes)
                : isPacked && values is not null && values.From == keys.From && values.To == keys.To);
        if (!fits)
        {
            why = NoKernel(scores, "attention over the cache reads queries, and keys and values of a slot each: heads, then one axis of "
                + "the vectors; every axis of the scores but the cache's is one of the result");
            return null;
        }

        if (isPacked && keys is null && Rows(chain.Keys.Axes).Concat(Rows(chain.Values.Axes)).Contains(ofRow[1]))
        {
            why = NoKernel(
                scores, $"Rename makes '{seen}' of the new positions alone, and in a method with a cache earlier ones are to be seen: "
                + $"write Append(\"{ofRow[1]} -> {seen}\", nameof({_graph.Cache}))");
            why.IsFinal = true;
            return null;
        }

        return new AttentionAxes(
            groups, position, free.Where(axis => !IsCall(axis)).ToEquatable(), sizes, valueSizes, isPacked);
    }

    /// <summary>The axis of queries' positions that a modifier compares.</summary>
    private static string? Compared(Operation operation) => operation switch
    {
        CausalOperation causal => causal.Query,
        WindowOperation window => window.Query,
        AlibiOperation alibi => alibi.Query,
        _ => null,
    };

    /// <summary>A slot holds heads, then vectors of one axis, of each position of the rows' own sequence.</summary>
    private static bool FitsCache(AppendOperation? append, Operand operand, EquatableArray<string> sizes, EquatableArray<string> ofRow) =>
        append is null
        || (sizes.Count == 1 && operand.Axes.Count > 2 && operand.Axes[operand.Axes.Count - 1] == sizes[0] && operand.Axes[1] == append.To
            && ofRow.Count == 2 && operand.Axes[0] == ofRow[0]);

    private static bool AreNeighbours(EquatableArray<string> part, EquatableArray<string> axes)
    {
        int first = part.Count == 0 ? -1 : axes.ToList().IndexOf(part[0]);
        return part.Count == 0 || axes.Skip(first).Take(part.Count).SequenceEqual(part);
    }

    private FixedDraft Attention(EinsumOperation scores, AttentionChain chain, AttentionAxes axes)
    {
        // What comes between the scores and their reader, the values above all, must be there before.
        foreach (Operation operation in chain.Operations)
            Take(operation);
        foreach (Operation between in _graph.Operations.Take(chain.Weighted.Id).Where(operation => !_taken[operation.Id]).ToList())
        {
            if (!_taken[between.Id])
                Place(between);
        }

        List<Operation> modifiers = [.. chain.Operations.Skip(1).Take(chain.Operations.Count - 3)];
        List<ScaleOperation> folded = [.. modifiers
            .TakeWhile(static modifier => modifier is not (ActivationOperation or AlibiOperation)).OfType<ScaleOperation>()];
        BufferPlan output = Keep(chain.Weighted);
        string queries = BufferOf(chain.Queries), seen = chain.Softmax.Axis;
        AttentionSource keys = Source(scores, chain.Keys, axes.Sizes, seen, inPlace: false);
        AttentionSource values = Source(
            chain.Weighted, chain.Values, axes.ValueSizes, seen, inPlace: IsTrailing(axes.ValueSizes.Prepend(seen).ToEquatable(), chain.Values.Axes));
        EquatableArray<string> rows = axes.IsPacked ? _sequence!.Value : output.Rows;
        var draft = new FixedDraft("Attend", output.Name, (name, self) => new AttentionPlan(
            name, rows, self.Operations.ToEquatable(), queries, chain.Queries.Axes, keys, values, axes.Groups, axes.Position, axes.PerGroup,
            axes.Sizes, axes.ValueSizes, seen, folded.Select(static scale => scale.Factor).ToEquatable(),
            modifiers.Except(folded).ToEquatable(), output.Name, chain.Weighted.Axes, axes.IsPacked))
        { Rows = rows };
        draft.Operations.AddRange(chain.Operations);
        draft.Reads.Add(queries);
        draft.Reads.AddRange(new[] { keys.Packed, values.Packed }.Where(static name => name is not null).Select(static name => name!));
        draft.Reads.AddRange(new[] { keys, values }.Where(static source => source.Append is null).Select(static source => source.Buffer));
        return draft;
    }

    /// <summary>
    /// Where keys or values are. A value of the call is laid out as the cache would have it, in a buffer that lives as long as the kernel,
    /// unless it lies so already.
    /// </summary>
    private AttentionSource Source(Operation reader, Operand operand, EquatableArray<string> sizes, string seen, bool inPlace)
    {
        if (AppendBehind(operand) is { } append)
            return new AttentionSource(operand.Axes, append, "", null);
        string buffer = BufferOf(operand);
        if (inPlace)
            return new AttentionSource(operand.Axes, null, buffer, null);
        List<string> inner = [.. operand.Axes.Where(axis => axis != seen)];
        string name = Free("packed" + Casing.Pascal(operand.Name));
        _buffers[-1 - reader.Id] = new BufferPlan(
            name, -1, inner.Where(IsCall).Select(_graph.Original).ToEquatable(), inner.Where(axis => !IsCall(axis)).ToEquatable(),
            BufferRole.Workspace, -1, _graph.Original(seen));
        return new AttentionSource(operand.Axes, null, buffer, name);
    }

    /// <summary>A name that neither a value nor a parameter of the method has.</summary>
    private string Free(string name) =>
        _graph.Operations.Any(operation => operation.Name == name) || _graph.Method.Parameters.Any(parameter => parameter.Name == name)
            || _buffers.Values.Any(buffer => buffer.Name == name)
            ? Free(name + "2")
            : name;
}
