using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>The last passes: norms into sweeps, lifetimes into slots.</summary>
internal sealed partial class MethodPlanner
{
    private MethodPlan Finish()
    {
        if (!_buffers.ContainsKey(_graph.Source(_graph.Result.Id)))
            throw NoKernel(_graph.Result, "the result is not kept in memory");
        FuseNorms();

        var buffers = new List<BufferPlan>();
        foreach (MethodParameterSpec parameter in _graph.Method.Parameters)
        {
            if (parameter.Axes is not null && IsFloatTensor(parameter.Type))
            {
                EquatableArray<string> axes = parameter.AxisNames.ToEquatable();
                (EquatableArray<string> rows, EquatableArray<string> features) = Matrix(_graph.Operations[0], axes);
                buffers.Add(new BufferPlan(parameter.Name, -1, rows, features, BufferRole.Input, -1));
            }
        }

        bool chunked = _sequence is not null && _graph.Cache is not null && !_kernels.Exists(kernel => kernel.NeedsWholeCall)
            && !_model.Submodels.Any(submodel => submodel.SeesLater)
            && _kernels.All(kernel => kernel.Build("") is not AttentionPlan { Causal: false, Keys.Append: not null });
        int lastChunk = LastChunk(chunked);
        int slots = Slots(buffers);
        var kernels = new List<KernelPlan>();
        foreach (KernelDraft draft in _kernels)
        {
            KernelPlan kernel = draft.Build("");
            for (int i = 2; !_kernelNames.Add(kernel.Name); i++)
                kernel = draft.Build(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            kernels.Add(kernel);
        }

        EquatableArray<string> calls = _model.Axes.Where(axis => axis.Binding == AxisBinding.Call).Select(axis => axis.Name).ToEquatable();
        return new MethodPlan(
            _graph, calls, _sequence, SplitsRows, chunked, lastChunk, buffers.ToEquatable(), slots, kernels.ToEquatable(), _readsCallSizes);
    }

    /// <summary>Whether it is to be known how many sequences and positions the rows are.</summary>
    private bool SplitsRows => _sequence is not null && _graph.Cache is null
        && (ModelChecker.RenamesRows(_model.Spec, _graph.Method) || _graph.Operations.OfType<RunOperation>().Any(RunsSplitRows));

    private bool RunsSplitRows(RunOperation run) =>
        _model.Submodels.Any(submodel => submodel.FullName == run.Model && submodel.SplitsRows);

    internal static bool IsFloatTensor(string type) => type.TrimEnd('?') == "Einsharp.Tensor";

    /// <summary>A norm that one sweep alone reads is computed in that sweep.</summary>
    private void FuseNorms()
    {
        foreach (FixedDraft draft in _kernels.OfType<FixedDraft>().ToList())
        {
            if (draft.Operations.Count != 1 || draft.Operations[0] is not NormOperation norm
                || _kernels.Count(kernel => kernel.Reads.Contains(BufferNameOf(norm))) != 1
                || _kernels.OfType<SweepDraft>().FirstOrDefault(sweep => sweep.InputBuffer == BufferNameOf(norm)) is not { } reader
                || reader.Reads.Count(name => name == BufferNameOf(norm)) != 1 || draft.Rows != reader.Rows || norm.Id == _graph.Source(_graph.Result.Id))
            {
                continue;
            }

            reader.Norm = new NormPrologue(norm, BufferNameOf(norm));
            reader.Operations.Insert(0, norm);
            reader.InputBuffer = draft.Reads[0];
            reader.Reads.Add(draft.Reads[0]);
            _kernels.Remove(draft);
        }
    }

    private string BufferNameOf(Operation operation) => _buffers[operation.Id].Name;

    /// <summary>
    /// The first kernel none of whose rows are the packed ones, where everything from there on is so: it and the rest run once, at the end.
    /// Without a cache, and where a kernel needs all of it, a call is one chunk.
    /// </summary>
    private int LastChunk(bool chunked)
    {
        if (_sequence is not { } sequence)
            return 0;
        int first = _kernels.Count;
        if (_graph.Cache is null || !chunked)
            return first;
        while (first > 0 && _kernels[first - 1].Rows != sequence && _kernels[first - 1].Operations[0] is not SelectOperation)
            first--;
        foreach (KernelDraft draft in _kernels.Take(first))
        {
            // What has nothing of the positions, as the memory of cross-attention, is made anew for each chunk.
            bool isApart = !draft.Rows.Contains(sequence[1]) && draft.Operations[0].Reads.All(read => !read.Axes.Contains(sequence[1]));
            if (draft.Rows != sequence && draft.Operations[0] is not SelectOperation && !isApart)
                throw NoKernel(draft.Operations[0], "rows that are not positions must come after every equation over positions");
        }

        return first;
    }

    /// <summary>
    /// Interval colouring: a buffer takes a slot that no living buffer holds, one that held the same extents if there is one. What a Select
    /// gathers chunk by chunk outlives the kernels before it, and comes first, where the size of a chunk does not move it.
    /// </summary>
    private int Slots(List<BufferPlan> buffers)
    {
        var free = new List<(int Slot, EquatableArray<string> Rows, EquatableArray<string> Features)>();
        int selected = 0, slots = _buffers.Values.Count(buffer => buffer.Role == BufferRole.Workspace && IsSelected(buffer));
        var living = new List<(BufferPlan Buffer, int End)>();
        foreach (int i in Enumerable.Range(0, _kernels.Count))
        {
            foreach ((BufferPlan buffer, int end) in living.Where(item => item.End < i).ToList())
            {
                living.Remove((buffer, end));
                free.Add((buffer.Slot, buffer.Rows, buffer.Features));
            }

            IEnumerable<BufferPlan> begin = _buffers.Where(pair => Begins(pair.Value) == i)
                .OrderBy(pair => Math.Abs(pair.Key)).Select(pair => pair.Value);
            foreach (BufferPlan buffer in begin)
            {
                if (buffer.Role != BufferRole.Workspace)
                {
                    buffers.Add(buffer);
                    continue;
                }

                if (IsSelected(buffer))
                {
                    buffers.Add(buffer with { Slot = selected++ });
                    continue;
                }

                int found = free.FindIndex(slot => slot.Features == buffer.Features && slot.Rows == buffer.Rows);
                if (found < 0)
                    found = free.FindIndex(slot => slot.Rows == buffer.Rows);
                BufferPlan placed = buffer with { Slot = found < 0 ? slots++ : free[found].Slot };
                if (found >= 0)
                    free.RemoveAt(found);
                buffers.Add(placed);
                living.Add((placed, Ends(placed, i)));
            }
        }

        return slots;
    }

    private bool IsSelected(BufferPlan buffer) =>
        _kernels.Any(kernel => kernel.Operations[0] is SelectOperation && kernel.Writes.Contains(buffer.Name));

    private int Begins(BufferPlan buffer) => _kernels.FindIndex(kernel =>
        kernel.Writes.Contains(buffer.Name) || kernel.Reads.Contains(buffer.Name) || (kernel as SweepDraft)?.Norm?.Shared == buffer.Name);

    private int Ends(BufferPlan buffer, int begin) => Math.Max(begin, _kernels.FindLastIndex(kernel => kernel.Reads.Contains(buffer.Name)));
}
