using Einsharp.Generator.Model;
using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Plan;

/// <summary>How a model's methods run, before any backend: kernels in order, the buffers between them and where those live.</summary>
internal sealed record ModelPlan(CheckedModel Model, EquatableArray<MethodPlan> Methods)
{
    /// <summary>
    /// The last axes of a parameter that whatever reads it reads as one row, by a dot product or a look-up; none where something reads it
    /// otherwise. Such a row can be stored in blocks that share a scale.
    /// </summary>
    public EquatableArray<string> RowOf(CheckedParam param)
    {
        EquatableArray<string> row = [];
        foreach (KernelPlan kernel in Methods.SelectMany(method => method.Kernels))
        {
            int reads = kernel.Operations.SelectMany(operation => operation.Reads)
                .Count(operand => operand.Kind == OperandKind.Param && operand.Name == param.Spec.Name);
            if (reads == 0)
                continue;
            EquatableArray<string> here = kernel switch
            {
                SweepPlan sweep when sweep.Columns.SelectMany(column => column.Segments)
                    .Count(segment => segment.Param == param.Spec.Name) == reads => sweep.Contracted,
                GatherPlan gather when reads == 1 && gather.Param == param.Spec.Name && param.Axes[0] == gather.RowAxis
                    => param.Axes.Skip(1).ToEquatable(),
                _ => [],
            };
            if (here.Count == 0 || (row.Count > 0 && row != here))
                return [];
            row = here;
        }

        return row;
    }
}

/// <summary>
/// One method as a list of kernels. All leading call axes of a value are flattened into rows: <c>b s d</c> is a matrix of rows (b s) by
/// features (d).
/// </summary>
/// <param name="Sequence">
/// The batch and the position axis, where the method deals in positions: their rows are packed (every sequence has its own length, padding
/// is never computed). Null where rows are a plain product.
/// </param>
/// <param name="SplitsRows">Whether the numbers of sequences and of positions are needed by themselves, and not only their product.</param>
/// <param name="Chunked">
/// Whether many new positions may be processed a bounded chunk at a time: what was seen before is in the cache.
/// </param>
/// <param name="LastChunk">Index of the first kernel that runs once, after the last chunk.</param>
/// <param name="WorkspaceSlots">
/// Each slot of the workspace holds buffers that are never alive together; it is as large as the largest.
/// </param>
/// <param name="CallAxes">The axes whose sizes are read off a call.</param>
/// <param name="ReadsCallSizes">
/// Whether, as a layer or by its layers, it needs the sizes of single axes of the call: then a parent passes them, and the workspace is a
/// matter of these and not only of numbers of rows.
/// </param>
internal sealed record MethodPlan(
    Graph Graph, EquatableArray<string> CallAxes, EquatableArray<string>? Sequence, bool SplitsRows, bool Chunked, int LastChunk,
    EquatableArray<BufferPlan> Buffers, int WorkspaceSlots, EquatableArray<KernelPlan> Kernels, bool ReadsCallSizes)
{
    /// <summary>The leading axes of a value up to the last one of the call: what its rows are.</summary>
    public EquatableArray<string> RowsOf(EquatableArray<string> axes)
    {
        List<string> all = [.. axes.Select(Graph.NamesIn(axes))];
        return all.Take(all.FindLastIndex(CallAxes.Contains) + 1).ToEquatable();
    }

    public BufferPlan Buffer(string name) => Buffers.First(buffer => buffer.Name == name);

    public string Input => Buffers.FirstOrDefault(buffer => buffer.Role == BufferRole.Input)?.Name ?? "";

    public BufferPlan Result => Buffers.First(buffer => buffer.Role == BufferRole.Result);
}

internal enum BufferRole
{
    /// <summary>A float tensor that the caller gave, packed.</summary>
    Input,

    /// <summary>The method's result, packed.</summary>
    Result,

    /// <summary>Between kernels, in a slot of the workspace.</summary>
    Workspace,
}

/// <summary>
/// A matrix of rows (call axes) by features (model axes): the value of operation <paramref name="Operation"/> (−1 where it is none's).
/// <paramref name="Slot"/> is −1 outside the workspace. With <paramref name="Blocked"/> there are as many such matrices as that axis has
/// positions, in whole blocks as of a slot of the cache.
/// </summary>
internal sealed record BufferPlan(
    string Name, int Operation, EquatableArray<string> Rows, EquatableArray<string> Features, BufferRole Role, int Slot, string? Blocked = null)
{
    /// <summary>The name of the method's result, which has none of its own: one that no declaration can have.</summary>
    public const string ResultName = "#result";
}

/// <summary>
/// One loop nest over the rows <paramref name="Rows"/>; a barrier of all workers stands between two kernels.
/// <paramref name="Operations"/> are the operations that it computes, in order. The rows are leading axes of the value that it makes, those
/// of its buffer as a rule; fewer where something is computed along an axis of the call: then the features are all axes after them, and where
/// the buffer's rows are packed, one of the kernel's is one sequence, whatever its length.
/// </summary>
internal abstract record KernelPlan(string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations);

/// <summary>
/// Activations against the rows of one or more weights, read once: y[row, o] = Σ x[row, c] · w[o, c]. Columns are swept one after the
/// other; the segments of a column cover the same features and are computed together, because an epilogue of a later one reads an earlier
/// one.
/// </summary>
internal sealed record SweepPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, string Input, NormPrologue? Norm,
    EquatableArray<string> Contracted, EquatableArray<ColumnPlan> Columns)
    : KernelPlan(Name, Rows, Operations);

/// <summary>
/// A norm that is computed where it is read: <paramref name="Shared"/> is the buffer used when there are too many rows to repeat it.
/// </summary>
internal sealed record NormPrologue(NormOperation Norm, string Shared);

/// <summary>
/// Segments over the same output features. <paramref name="UnitAxis"/> is the innermost feature axis when an epilogue needs whole
/// runs of it (a rotation, an append); null when any block of features is as good.
/// </summary>
internal sealed record ColumnPlan(EquatableArray<string> Features, string? UnitAxis, EquatableArray<SegmentPlan> Segments);

/// <summary>
/// One weight of a column and what is done to its products before they leave. With <paramref name="Output"/> null they go to the
/// cache (<paramref name="Append"/>), or only into the next segment's epilogue.
/// </summary>
internal sealed record SegmentPlan(string Param, string Value, EquatableArray<Operation> Epilogue, string? Output, AppendOperation? Append);

/// <summary>
/// Scores, what modifies them, softmax and values in one pass over the positions of keys (online softmax; Milakov and Gimelshein 2018, arXiv
/// 1805.02867). A key's positions are read by every query that shares its <paramref name="Groups"/>.
/// </summary>
/// <param name="Queries">The buffer of the queries, whose axes are <paramref name="QueryAxes"/>, outermost first.</param>
/// <param name="Keys">The keys: in the cache, or a value of the call.</param>
/// <param name="Values">The values that are summed: in the cache, or a value of the call.</param>
/// <param name="Groups">The axes that number keys and values, in the scores' order; behind a cache without the batch, which the rows have.</param>
/// <param name="Position">
/// The axis of queries whose neighbours are taken together in a block: their positions, where some modifier compares those. Null where
/// queries of one group differ in no such axis.
/// </param>
/// <param name="PerGroup">The other axes that number queries of one group.</param>
/// <param name="Sizes">The axes that scores sum over; they lie side by side in queries and in keys.</param>
/// <param name="ValueSizes">The axes of one summed value; they lie side by side in the values and in the output.</param>
/// <param name="Seen">The axis of the keys' positions, which the softmax is over.</param>
/// <param name="Scales">Factors that can be multiplied into the queries: those before anything that is not linear.</param>
/// <param name="Modifiers">What else happens to scores, in the order written: Scale, SoftCap, Alibi, Causal, Window, Mask.</param>
/// <param name="Output">The buffer of the result, whose axes are <paramref name="OutputAxes"/>.</param>
/// <param name="IsPacked">Whether queries are packed rows, as behind a cache; else positions are plain indices.</param>
internal sealed record AttentionPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, string Queries, EquatableArray<string> QueryAxes,
    AttentionSource Keys, AttentionSource Values,
    EquatableArray<string> Groups, string? Position, EquatableArray<string> PerGroup, EquatableArray<string> Sizes,
    EquatableArray<string> ValueSizes, string Seen, EquatableArray<ScaleExpression> Scales, EquatableArray<Operation> Modifiers,
    string Output, EquatableArray<string> OutputAxes, bool IsPacked)
    : KernelPlan(Name, Rows, Operations)
{
    /// <summary>Whether no query sees a later position.</summary>
    public bool Causal => Modifiers.Any(static modifier => modifier is CausalOperation);

    /// <summary>The windows.</summary>
    public IEnumerable<WindowOperation> Windows => Modifiers.OfType<WindowOperation>();

    /// <summary>The axis that scores sum over, where it is one.</summary>
    public string Size => Sizes[0];

    /// <summary>The axis of one summed value, where it is one.</summary>
    public string ValueSize => ValueSizes[0];
}

/// <summary>Keys or values of an attention.</summary>
/// <param name="Axes">Their axes, outermost first.</param>
/// <param name="Append">What put them into the cache; null where they are a value of the call.</param>
/// <param name="Buffer">The buffer of that value.</param>
/// <param name="Packed">
/// The buffer where the kernel first lays them out as a slot of the cache does; null where they lie as it reads them, or in the cache.
/// </param>
internal sealed record AttentionSource(EquatableArray<string> Axes, AppendOperation? Append, string Buffer, string? Packed);

/// <summary>A norm whose result is kept, because more than one kernel reads it.</summary>
internal sealed record NormPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, NormOperation Norm, string Input,
    EquatableArray<Operation> Epilogue, string Output)
    : KernelPlan(Name, Rows, Operations);

/// <summary>
/// A batch norm: first a factor and a summand a feature, into the buffers <paramref name="Factor"/> and <paramref name="Summand"/>, then the rows.
/// Where it trains, these come from the statistics of the batch, which are kept in <paramref name="Mean"/> and <paramref name="Variance"/>.
/// </summary>
internal sealed record BatchNormPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, BatchNormOperation Norm, string Input,
    string Factor, string Summand, string? Mean, string? Variance, EquatableArray<Operation> Epilogue, string Output)
    : KernelPlan(Name, Rows, Operations);

/// <summary>
/// A reduction over any axes; <paramref name="Rows"/> are those of the result. In a method with a cache, where positions are packed, one over
/// positions is over those of each sequence.
/// </summary>
internal sealed record ReducePlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, ReduceOperation Reduce, string Input, string Output)
    : KernelPlan(Name, Rows, Operations);

/// <summary>A value in another order: parts of its axes, each as long as before, at other distances.</summary>
internal sealed record RearrangePlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, RearrangeOperation Rearrange, string Input, string Output)
    : KernelPlan(Name, Rows, Operations);

/// <summary>Rows of a parameter by index.</summary>
internal sealed record GatherPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, string Indices, string Param, string RowAxis,
    EquatableArray<Operation> Epilogue, string Output)
    : KernelPlan(Name, Rows, Operations);

/// <summary>Positions of each sequence by index; <paramref name="Rows"/> are the rows that come out.</summary>
internal sealed record SelectPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, string Input, string Indices,
    EquatableArray<Operation> Epilogue, string Output)
    : KernelPlan(Name, Rows, Operations);

/// <summary>Every layer in turn, from <paramref name="Input"/> to <paramref name="Output"/> by way of <paramref name="Between"/>.</summary>
internal sealed record RunPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, string Layers, string Model, string Input,
    string Between, string Output, bool TakesCache)
    : KernelPlan(Name, Rows, Operations);

/// <summary>A kept value's rows into a slot of the cache.</summary>
internal sealed record AppendPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, AppendOperation Append, string Input)
    : KernelPlan(Name, Rows, Operations);

/// <summary>Elementwise operations on a kept value, a row at a time.</summary>
internal sealed record MapPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations,
    string Input, EquatableArray<Operation> Epilogue, string Output)
    : KernelPlan(Name, Rows, Operations);

/// <summary>A value that a step of an einsum reads or makes: the buffer or the parameter <paramref name="Name"/>.</summary>
/// <param name="Axes">
/// Its axes, outermost first; <see cref="ContractPlan.RowAxis"/> where the kernel's rows are one axis, whatever they are made of.
/// </param>
internal sealed record ContractValue(string Name, bool IsParam, EquatableArray<string> Axes)
{
    public bool HasRows => Axes.Contains(ContractPlan.RowAxis);

    /// <summary>The name, for comments and for the names of what is made of it.</summary>
    public string PlainName => Name == BufferPlan.ResultName ? "result" : Name;
}

/// <summary>
/// A step of any other einsum: c = Σ a·b, or c = Σ a without a <paramref name="B"/>, by strides. Its loops are the groups of
/// <paramref name="Step"/>; <paramref name="Path"/> is the whole of the einsum's.
/// </summary>
internal sealed record ContractPlan(
    string Name, EquatableArray<string> Rows, EquatableArray<Operation> Operations, ContractionPath Path, ContractionStep Step,
    ContractValue A, ContractValue? B, ContractValue Made)
    : KernelPlan(Name, Rows, Operations)
{
    /// <summary>The axis that the rows are where every value that has one of their axes has them all.</summary>
    public const string RowAxis = "#rows";

    /// <summary>What the rows count as where orders of multiplication are compared: those of a chunk of a long prompt.</summary>
    public const int ChunkRows = 256;

    /// <summary>What a step reads, in the order of its operands.</summary>
    public IEnumerable<ContractValue> Reads => B is null ? [A] : [A, B];

    /// <summary>The buffer that the step fills.</summary>
    public string Output => Made.Name;

    /// <summary>Whether it is a product of matrices one of which, as weights are, is the same for all rows.</summary>
    public bool SharesWeights => Step.Class is ContractionClass.MatrixMatrix or ContractionClass.BatchedMatrixMatrix
        && !Step.Batch.Contains(RowAxis);
}

/// <summary>The plan, or why there is none.</summary>
internal sealed record PlanResult(ModelPlan? Plan, EquatableArray<Diagnostics.Finding> Findings);
