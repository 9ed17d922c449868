using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>The kernel classes: which operations make one.</summary>
internal sealed partial class MethodPlanner
{
    /// <summary>A kernel under construction.</summary>
    private abstract class KernelDraft
    {
        public List<Operation> Operations { get; } = [];

        public EquatableArray<string> Rows { get; set; }

        /// <summary>The names of the buffers that the kernel reads.</summary>
        public List<string> Reads { get; } = [];

        /// <summary>Whether it needs all positions of a call at once.</summary>
        public bool NeedsWholeCall { get; set; }

        public abstract IEnumerable<string> Writes { get; }

        public abstract KernelPlan Build(string suffix);
    }

    /// <summary>A kernel that needs no more construction than its output.</summary>
    private sealed class FixedDraft(string verb, string output, Func<string, FixedDraft, KernelPlan> build) : KernelDraft
    {
        public override IEnumerable<string> Writes => [output];

        public override KernelPlan Build(string suffix) => build(verb + Casing.Pascal(output) + suffix, this);
    }

    private sealed class SweepDraft(Operand input, EquatableArray<string> contracted) : KernelDraft
    {
        public Operand Input { get; } = input;

        public EquatableArray<string> Contracted { get; } = contracted;

        public string InputBuffer { get; set; } = "";

        public NormPrologue? Norm { get; set; }

        public List<ColumnDraft> Columns { get; } = [];

        public override IEnumerable<string> Writes =>
            Columns.SelectMany(column => column.Segments).Where(segment => segment.Output is not null).Select(segment => segment.Output!);

        public override KernelPlan Build(string suffix) => new SweepPlan(
            "Sweep" + string.Concat(Columns.Select(column => Casing.Pascal(column.Segments[column.Segments.Count - 1].Value))) + suffix,
            Rows, Operations.OrderBy(operation => operation.Id).ToEquatable(), InputBuffer, Norm, Contracted,
            Columns.Select(column => new ColumnPlan(column.Features, column.UnitAxis, column.Segments.ToEquatable())).ToEquatable());
    }

    private sealed class ColumnDraft(EquatableArray<string> features)
    {
        public EquatableArray<string> Features { get; } = features;

        public string? UnitAxis { get; set; }

        public List<SegmentPlan> Segments { get; } = [];
    }

    private sealed record SweepShape(
        Operand Input, Operand Param, EquatableArray<string> Rows, EquatableArray<string> Contracted, EquatableArray<string> Features);

    /// <summary>
    /// Activations [rows, c] against a weight [o, c]: the contracted axes are the trailing ones of both, in the same order.
    /// </summary>
    private SweepShape? AsSweep(EinsumOperation einsum)
    {
        if (einsum.Operands.Count != 2)
            return null;
        Operand? param = einsum.Operands.FirstOrDefault(operand => operand.Kind == OperandKind.Param);
        Operand? input = einsum.Operands.FirstOrDefault(operand => operand.Kind != OperandKind.Param);
        if (param is null || input is null)
            return null;
        EquatableArray<string> rows = Rows(input.Axes), contracted = Features(input.Axes);
        bool fits = rows.Count > 0 && contracted.Count > 0 && contracted.All(IsModel) && IsTrailing(contracted, param.Axes);
        EquatableArray<string> features = param.Axes.Take(Math.Max(0, param.Axes.Count - contracted.Count)).ToEquatable();
        return fits && features.Count > 0 && Rows(einsum.Axes) == rows && Features(einsum.Axes) == features
            ? new(input, param, rows, contracted, features)
            : null;
    }

    private void AddToSweep(EinsumOperation einsum, SweepShape shape)
    {
        ColumnDraft? zip = null;
        SweepDraft? group = _kernels.OfType<SweepDraft>().FirstOrDefault(draft => SameValue(draft.Input, shape.Input));
        int before = group is null ? _kernels.Count : _kernels.IndexOf(group);

        List<Operation> chain = Chain(einsum, operation => FitsTile(operation, shape, group, before, ref zip));
        Operation last = chain.Count == 0 ? einsum : chain[chain.Count - 1];
        AppendOperation? append = _readers[last.Id].Count == 1 && _readers[last.Id][0] is AppendOperation only ? only : null;
        if (append is not null)
            CheckReaders(append);

        if (group is null)
        {
            group = new SweepDraft(shape.Input, shape.Contracted) { Rows = shape.Rows, InputBuffer = BufferOf(shape.Input) };
            group.Reads.Add(group.InputBuffer);
            _kernels.Add(group);
        }

        bool wholeRuns = append is not null || chain.Any(operation => operation is RotateOperation or SoftmaxOperation or NormOperation);
        ColumnDraft column = zip ?? new ColumnDraft(shape.Features);
        if (zip is null)
            group.Columns.Add(column);
        if (wholeRuns)
            column.UnitAxis = shape.Features[shape.Features.Count - 1];

        // A value whose only reader is the epilogue of a segment beside it never leaves the tile; that is known when its reader comes.
        string? output = append is null ? Keep(last).Name : null;
        string value = (append ?? last).Name ?? output ?? BufferPlan.ResultName;
        column.Segments.Add(new SegmentPlan(shape.Param.Name, value, chain.ToEquatable(), output, append));
        if (zip is not null)
            DropUnread(column, chain);

        group.Operations.Add(einsum);
        group.Operations.AddRange(chain);
        Take(einsum);
        chain.ForEach(Take);
        foreach (BinaryOperation binary in chain.OfType<BinaryOperation>().Where(binary => binary.Other.Kind != OperandKind.Param))
        {
            if (!column.Segments.Any(segment => IsTile(segment, binary.Other)))
                group.Reads.Add(BufferOf(binary.Other));
        }

        if (append is not null)
        {
            group.Operations.Add(append);
            Take(append);
        }
    }

    private void CheckReaders(AppendOperation append)
    {
        if (_readers[append.Id].Any(reader => reader is not EinsumOperation))
            throw NoKernel(append, "a value appended to the cache can only be read by attention");
    }

    private static bool IsTile(SegmentPlan segment, Operand operand) => operand.Kind == OperandKind.Value && operand.Name == segment.Value;

    /// <summary>
    /// Values of a column that only its own epilogues read need no memory, but where a softmax or a norm needs more of them than a tile may have.
    /// </summary>
    private void DropUnread(ColumnDraft column, List<Operation> chain)
    {
        if (column.Segments.Any(segment => segment.Epilogue.Any(operation => operation is SoftmaxOperation or NormOperation)))
            return;
        for (int i = 0; i < column.Segments.Count - 1; i++)
        {
            SegmentPlan segment = column.Segments[i];
            KeyValuePair<int, BufferPlan> kept = _buffers.FirstOrDefault(pair => pair.Value.Name == segment.Output);
            if (kept.Value is { Role: BufferRole.Workspace } && _readers[kept.Key].All(chain.Contains))
            {
                column.Segments[i] = segment with { Output = null };
                _buffers.Remove(kept.Key);
            }
        }
    }

    private bool SameValue(Operand left, Operand right) =>
        (_graph.Resolve(left), _graph.Resolve(right)) is var (one, other) && one.Kind == other.Kind
        && (one.Kind == OperandKind.Value ? one.Id == other.Id : one.Name == other.Name);

    /// <summary>Whether a modifier can be applied to a tile of a sweep; finds the column that it must share.</summary>
    private bool FitsTile(Operation operation, SweepShape shape, SweepDraft? group, int before, ref ColumnDraft? zip)
    {
        string innermost = shape.Features[shape.Features.Count - 1];
        if (operation is AddPositionsOperation add)
            return FitsRow(add) && add.Table.Axes.Skip(1).SequenceEqual(shape.Features);
        if (operation is SoftmaxOperation softmax)
            return softmax.Axis == innermost;

        // A unit of the sweep is then one run. Where the run is all there is, that would leave all the work to one worker.
        if (operation is NormOperation norm)
            return norm.Over.Count == 1 && norm.Over[0] == innermost && shape.Features.Count > 1 && HasParams(norm);
        if (operation is not BinaryOperation binary)
            return FitsRow(operation);
        if (!binary.IsAligned)
            return false;
        if (binary.Other.Kind != OperandKind.Value)
            return true;
        int source = _graph.Source(binary.Other.Id);
        ColumnDraft? sibling = group?.Columns.FirstOrDefault(column => column.Segments.Any(segment => IsTile(segment, binary.Other)));
        if (sibling is not null && sibling.Features == shape.Features && (zip is null || zip == sibling))
        {
            zip = sibling;
            return true;
        }

        // What the epilogue reads must have been written by a kernel that runs earlier.
        return _buffers.TryGetValue(source, out BufferPlan? buffer)
            && _kernels.Take(before).Any(kernel => kernel.Writes.Contains(buffer.Name));
    }

    private FixedDraft Normalise(NormOperation norm)
    {
        string input = BufferOf(norm.Input);
        if (!HasParams(norm))
            throw NoKernel(norm, "a gain or a bias is a [Param]");
        int first = norm.Axes.Count - norm.Over.Count;
        return Rowwise(
            norm, "Normalise", input, (name, self, chain, output) =>
                new NormPlan(name, self.Rows, self.Operations.ToEquatable(), norm, input, chain, output),
            Math.Min(Units(norm, first), first));
    }

    private static bool HasParams(NormOperation norm) =>
        norm.Gain is null or { Kind: OperandKind.Param } && norm.Bias is null or { Kind: OperandKind.Param };

    private FixedDraft Gather(GatherOperation gather)
    {
        if (!gather.Indices.Axes.All(IsCall))
            throw NoKernel(gather, $"the indices have an axis of the model in '{string.Join(" ", gather.Indices.Axes)}'");
        return Rowwise(gather, "Gather", null, (name, self, chain, output) => new GatherPlan(
            name, self.Rows, self.Operations.ToEquatable(), gather.Indices.Name, gather.Table.Name, gather.Table.Axes[0], chain, output));
    }

    private FixedDraft Select(SelectOperation select)
    {
        string input = BufferOf(select.Input);
        if (_sequence is null || Rows(select.Input.Axes) != _sequence)
            throw NoKernel(select, "Select reads positions of a value whose axes begin with a batch axis and the position axis");
        return Rowwise(select, "Select", input, (name, self, chain, output) =>
            new SelectPlan(name, self.Rows, self.Operations.ToEquatable(), input, select.Indices.Name, chain, output));
    }

    /// <summary>The batch's statistics, or the running ones, as a factor and a summand a feature; then the rows.</summary>
    private FixedDraft BatchNormalise(BatchNormOperation norm)
    {
        string input = BufferOf(norm.Input);
        EquatableArray<string> features = norm.Gain.Axes;
        if (features.FirstOrDefault(axis => !IsModel(axis)) is { } call)
            throw NoKernel(norm, $"its features are along '{call}', which is read off the call");

        // Along the axes behind the features, all numbers have one factor.
        int last = norm.Axes.ToList().FindLastIndex(features.Contains);
        int units = last + 1 < RowAxes(norm.Axes) ? last + 1 : Units(norm, norm.Axes.Count);
        string name = norm.Name ?? NameOfBracket(norm);
        string[] roles = norm.Momentum is null ? ["Factor", "Summand"] : ["Factor", "Summand", "Mean", "Variance"];
        List<string> buffers = [.. roles.Select(role => name + role)];
        for (int i = 0; i < buffers.Count; i++)
        {
            int id = -1 - norm.Id - _graph.Operations.Count * (i + 1);
            _buffers[id] = new BufferPlan(buffers[i], -1, [], features, BufferRole.Workspace, -1);
        }

        FixedDraft draft = Rowwise(
            norm, "Normalise", input, (kernel, self, chain, output) => new BatchNormPlan(
                kernel, self.Rows, self.Operations.ToEquatable(), norm, input, buffers[0], buffers[1], buffers.ElementAtOrDefault(2),
                buffers.ElementAtOrDefault(3), chain, output),
            units);
        draft.Reads.AddRange(buffers);
        draft.NeedsWholeCall = norm.Momentum is not null;
        return draft;
    }

    private FixedDraft Reduce(ReduceOperation reduce)
    {
        string input = BufferOf(reduce.Input);
        EquatableArray<string> from = Rows(reduce.Input.Axes);
        bool overRows = reduce.Over.Select(_graph.Original).Any(from.Contains);
        if (IsPacked(reduce.Input.Axes) && reduce.Axes.Select(_graph.Original).Contains(from[1])
            && !reduce.Axes.Select(_graph.Original).Contains(from[0]))
        {
            throw NoKernel(
                reduce, $"it is over '{from[0]}' and keeps '{from[1]}', and in a method with a cache every sequence has its own number of positions");
        }

        Take(reduce);
        BufferPlan output = Keep(reduce);
        var draft = new FixedDraft("Reduce", output.Name, (name, self) => new ReducePlan(
            name, self.Rows, self.Operations.ToEquatable(), reduce, input, output.Name))
        { Rows = output.Rows, NeedsWholeCall = overRows };
        draft.Operations.Add(reduce);
        draft.Reads.Add(input);
        return draft;
    }

    /// <summary>No kernel where every number stays where it is, else a copy.</summary>
    private void Rearrange(RearrangeOperation rearrange)
    {
        if (IsPacked(rearrange.Input.Axes) && !(rearrange.From.Take(2).SequenceEqual(_sequence!) && rearrange.To.Take(2).SequenceEqual(_sequence!)
            && Rows(rearrange.Axes) == _sequence))
        {
            throw NoKernel(
                rearrange, $"it moves '{_sequence!.Value[0]}' or '{_sequence.Value[1]}', and in a method with a cache every sequence has its own "
                + "number of positions");
        }

        // The result has memory of its own, and an input's is the caller's.
        bool isResult = rearrange.Id == _graph.Result.Id && _graph.Resolve(rearrange.AsOperand()).Kind != OperandKind.Value;
        if (rearrange.IsView && !isResult)
        {
            if (rearrange.Input.Kind == OperandKind.Param)
                BufferOf(rearrange.Input);
            Take(rearrange);
            return;
        }

        string input = BufferOf(rearrange.Input);
        Take(rearrange);
        BufferPlan output = Keep(rearrange);
        var draft = new FixedDraft("Rearrange", output.Name, (name, self) => new RearrangePlan(
            name, self.Rows, self.Operations.ToEquatable(), rearrange, input, output.Name))
        { Rows = output.Rows };
        draft.Operations.Add(rearrange);
        draft.Reads.Add(input);
        _kernels.Add(draft);
    }

    private FixedDraft Map(Operation operation)
    {
        int rows = RowAxes(operation.Axes);
        int units = operation switch
        {
            SoftmaxOperation softmax => Units(softmax, softmax.Axes.IndexOf(softmax.Axis)),
            CausalOperation or WindowOperation or MaskOperation or AlibiOperation => Units(operation, FirstOfScores(operation)),
            RotateOperation or AddPositionsOperation => rows,
            _ => Units(operation, operation.Axes.Count),
        };
        if (!(units == rows ? FitsRow(operation) : FitsUnit(operation, units)))
            throw NoKernel(operation, "no kernel applies it to this layout yet");
        string input = BufferOf(operation.Reads[0]);
        return Rowwise(
            operation, "Map", input, (name, self, chain, output) =>
                new MapPlan(
                    name, self.Rows, self.Operations.ToEquatable(), input,
                    ((EquatableArray<Operation>)[operation]).Concat(chain).ToEquatable(), output),
            units);
    }

    /// <summary>A kept value into the cache: one that no sweep makes, or that others read too.</summary>
    private FixedDraft Append(AppendOperation append)
    {
        CheckReaders(append);
        string input = BufferOf(append.Input);
        Take(append);
        var draft = new FixedDraft("Append", append.Slot, (name, self) =>
            new AppendPlan(name, self.Rows, self.Operations.ToEquatable(), append, input))
        { Rows = Rows(append.Input.Axes) };
        draft.Operations.Add(append);
        draft.Reads.Add(input);
        return draft;
    }

    private FixedDraft Run(RunOperation run)
    {
        if (_graph.Cache is not null && RunsSplitRows(run))
        {
            throw NoKernel(
                run, $"'{run.Layers}' attend to the new positions alone, and in a method with a cache earlier ones are to be seen: "
                + "give the layers the cache, and Append");
        }

        string input = BufferOf(run.Input);
        Take(run);
        BufferPlan output = Keep(run);

        // Layers go back and forth between two buffers: the output and one more.
        var between = new BufferPlan((run.Name ?? "result") + "Between", -1, output.Rows, output.Features, BufferRole.Workspace, -1);
        _buffers[-1 - run.Id] = between;
        var draft = new FixedDraft("Run", output.Name, (name, self) => new RunPlan(
            name, self.Rows, self.Operations.ToEquatable(), run.Layers, run.Model, input, between.Name, output.Name, run.Cache is not null))
        { Rows = output.Rows };
        draft.Operations.Add(run);
        draft.Reads.AddRange([input, between.Name]);
        return draft;
    }

    /// <summary>
    /// A kernel that makes whole rows: the producer and the modifiers after it that keep to the row. <paramref name="units"/> is the number of
    /// leading axes that are its rows, where those are not the value's.
    /// </summary>
    private FixedDraft Rowwise(
        Operation producer, string verb, string? input, Func<string, FixedDraft, EquatableArray<Operation>, string, KernelPlan> build,
        int units = -1)
    {
        int rows = RowAxes(producer.Axes);
        bool ownRows = units < 0 || units == rows;
        List<Operation> chain = Chain(producer, operation => ownRows ? FitsRow(operation) : FitsUnit(operation, units));
        Operation last = chain.Count == 0 ? producer : chain[chain.Count - 1];
        BufferPlan output = Keep(last);
        EquatableArray<Operation> epilogue = chain.ToEquatable();
        var draft = new FixedDraft(verb, output.Name, (name, self) => build(name, self, epilogue, output.Name))
        {
            Rows = ownRows ? output.Rows : output.Rows.Concat(output.Features).Take(units).ToEquatable(),
            NeedsWholeCall = !ownRows,
        };
        draft.Operations.Add(producer);
        draft.Operations.AddRange(chain);
        if (input is not null)
            draft.Reads.Add(input);
        IEnumerable<BinaryOperation> binaries = draft.Operations.OfType<BinaryOperation>();
        foreach (BinaryOperation binary in binaries.Where(binary => binary.Other.Kind != OperandKind.Param))
            draft.Reads.Add(BufferOf(binary.Other));
        Take(producer);
        chain.ForEach(Take);
        return draft;
    }
}
