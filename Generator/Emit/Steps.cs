using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit;

/// <summary>An axis that a call brings, and the first parameter that has it.</summary>
internal sealed record CallAxis(string Name, string Parameter, int Index)
{
    public static EquatableArray<CallAxis> Of(CheckedModel model, MethodSpec method)
    {
        var found = new List<CallAxis>();
        Graph graph = model.Graphs.First(graph => graph.Method == method);
        foreach ((MethodParameterSpec parameter, string[] axes) in Tensors(method))
        {
            for (int i = 0; i < axes.Length; i++)
            {
                bool isCall = graph.Original(axes[i]) == axes[i]
                    && model.Axes.Any(axis => axis.Name == axes[i] && axis.Binding == AxisBinding.Call);
                if (isCall && found.All(axis => axis.Name != axes[i]))
                    found.Add(new CallAxis(axes[i], parameter.Name, i));
            }
        }

        return found.ToEquatable();
    }

    /// <summary>The tensor parameters of a method with their axes.</summary>
    public static IEnumerable<(MethodParameterSpec Parameter, string[] Axes)> Tensors(MethodSpec method) =>
        method.Parameters.Where(parameter => parameter.Axes is not null)
            .Select(parameter => (parameter, parameter.AxisNames));
}

/// <summary>What a parameter of a step is.</summary>
internal enum StepRole { Packed, Rows, CallAxis, Worker, FloatInput, IntInput, MaskInput, Result, Cache, Slot, Workspace, Last }

/// <summary>A parameter of a step. <paramref name="Source"/> is the axis or the method's parameter that it stands for.</summary>
internal sealed record StepParameter(StepRole Role, string Type, string Name, string Source = "")
{
    public override string ToString() => Type + " " + Name;
}

/// <summary>
/// One of a model's slots in the cache: keys are laid out for scores, values for sums. What is both has a slot of each layout.
/// </summary>
internal sealed record Slot(AppendOperation Append, EquatableArray<string> Heads, string Size, string Layout)
{
    public const string Keys = "Blocked", Values = "Rows";

    public static IReadOnlyList<Slot> Of(MethodPlan method)
    {
        var slots = new List<Slot>();
        foreach (AppendOperation append in method.Graph.Operations.OfType<AppendOperation>())
        {
            bool isKeys = method.Kernels.OfType<AttentionPlan>().Any(attention => attention.Keys.Append?.Id == append.Id);
            bool isValues = method.Kernels.OfType<AttentionPlan>().Any(attention => attention.Values.Append?.Id == append.Id);
            string[] features = [.. append.Input.Axes.Skip(2)];
            EquatableArray<string> heads = features.Take(features.Length - 1).ToEquatable();
            if (isKeys)
                slots.Add(new Slot(append, heads, features[features.Length - 1], Keys));
            if (isValues || !isKeys)
                slots.Add(new Slot(append, heads, features[features.Length - 1], Values));
        }

        return slots;
    }

    /// <summary>
    /// How far back the slot is read, as an expression of the model's settings: the farthest that any attention reads it, and of that one's
    /// windows the smallest. Null where some attention reads all.
    /// </summary>
    public string? Window(MethodPlan method)
    {
        List<AttentionPlan> readers = [.. method.Kernels.OfType<AttentionPlan>()
            .Where(attention => (Layout == Keys ? attention.Keys : attention.Values).Append?.Id == Append.Id)];
        if (readers.Count == 0 || readers.Exists(attention => !attention.Windows.Any()))
            return null;
        IEnumerable<string> windows = readers.Select(attention =>
            attention.Windows.Select(window => Steps.Text(window.Size)).Distinct().Aggregate((left, right) => $"Math.Min({left}, {right})"));
        return windows.Distinct().Aggregate((left, right) => $"Math.Max({left}, {right})");
    }
}

/// <summary>How a method's kernels are entered: by its own session, or by the parent that it is a layer of.</summary>
internal static class Steps
{
    /// <summary>A whole number that a modifier takes, as the declaration has it: a literal, or the property of a setting.</summary>
    public static string Text(ScalarRef size, Func<string, string>? member = null) => size.Literal is { } number
        ? Names.Literal((int)number)
        : member is null ? size.Setting!.Property : member(size.Setting!.Property);

    /// <summary>Whether all that the kernels need of a call is its rows: then a parent can run them on its own.</summary>
    public static bool IsLayer(MethodPlan method) =>
        method.Input.Length > 0 && !method.ReadsCallSizes && CallAxis.Tensors(method.Graph.Method).Count() == 1
        && method.Kernels.All(kernel => kernel.Rows == method.Buffer(method.Input).Rows)
        && (method.Sequence is null || method.Sequence == method.Buffer(method.Input).Rows)
        && (method.Sequence is not null || method.Kernels.All(kernel => kernel is not AttentionPlan));

    /// <summary>
    /// The parameters of a step, and of the kernels' entry: what the call is, then the worker, buffers, the cache and the workspace.
    /// </summary>
    public static List<StepParameter> Parameters(CheckedModel model, MethodPlan method, Scope scope)
    {
        MethodSpec spec = method.Graph.Method;
        var parameters = new List<StepParameter>();
        if (method.Sequence is not null)
            parameters.Add(new(StepRole.Packed, "PackedRows", "packed"));
        else if (IsLayer(method))
            parameters.Add(new(StepRole.Rows, "int", "rowCount"));
        if (!IsLayer(method))
        {
            parameters.AddRange(CallAxis.Of(model, spec)
                .Select(axis => new StepParameter(StepRole.CallAxis, "int", Scope.Local(axis.Name), axis.Name)));
        }

        parameters.Add(new(StepRole.Worker, "Worker", "worker"));
        foreach ((MethodParameterSpec parameter, _) in CallAxis.Tensors(spec))
        {
            (StepRole role, string type) = parameter.Type switch
            {
                TypeNames.Mask => (StepRole.MaskInput, "ReadOnlySpan<bool>"),
                TypeNames.Indices => (StepRole.IntInput, "ReadOnlySpan<int>"),
                _ => (StepRole.FloatInput, "ReadOnlySpan<float>"),
            };
            parameters.Add(new(role, type, scope.Value(parameter.Name), parameter.Name));
        }

        parameters.Add(new(StepRole.Result, "Span<float>", "result"));
        if (method.Graph.Cache is not null)
            parameters.AddRange([new(StepRole.Cache, "KvCache", "cache"), new(StepRole.Slot, "int", "slot")]);
        parameters.Add(new(StepRole.Workspace, "Span<float>", "workspace"));
        if (method.Sequence is not null && method.LastChunk < method.Kernels.Count)
            parameters.Add(new(StepRole.Last, "bool", "last"));
        return parameters;
    }

    /// <summary>Every set of rows that kernels and buffers are over; the workspace depends on their numbers.</summary>
    public static List<EquatableArray<string>> RowSpaces(MethodPlan method)
    {
        IEnumerable<EquatableArray<string>> split = method is { SplitsRows: true, Sequence: { } sequence }
            ? [sequence, [sequence[0]], [sequence[1]]]
            : [];

        // Of what is one number there is one row: nobody asks for it but a kernel of rows.
        return [.. split.Concat(method.Kernels.Where(kernel => kernel is not (ReducePlan or ContractPlan) || kernel.Rows.Count > 0).Select(kernel => kernel.Rows))
            .Concat(method.Buffers.Select(buffer => buffer.Rows).Where(rows => rows.Count > 0))
            .Concat(method.Buffers.Where(buffer => buffer.Blocked is not null).Select(buffer => (EquatableArray<string>)[buffer.Blocked!]))
            .Distinct()];
    }

    /// <summary>
    /// What the workspace is computed from: numbers of rows, or, where single axes of the call matter, their sizes and the number of packed rows.
    /// </summary>
    public static List<(string Name, string Argument)> WorkspaceParameters(CheckedModel model, MethodPlan method)
    {
        if (!method.ReadsCallSizes)
            return [.. RowSpaces(method).Select(space => Scope.RowCount(space)).Select(name => (name, name))];
        IEnumerable<(string, string)> sizes = CallAxis.Of(model, method.Graph.Method).Select(axis => Scope.Local(axis.Name))
            .Select(name => (name, name));
        return [.. method.Sequence is null ? sizes : sizes.Prepend(("packedRows", "packed.Count"))];
    }

    /// <summary>The size of an axis out of those that it is made of.</summary>
    public static string Size(SizeRule rule, Func<string, string> size)
    {
        string over = string.Join(" * ", rule.Over.Select(size)), under = string.Join(" * ", rule.Under.Select(size));
        return under.Length == 0 ? over : $"CallShape.Quotient({over}, {under})";
    }

    /// <summary>The size of an axis, in terms of sizes that inputs have (<paramref name="call"/>) and of the model's.</summary>
    public static string Size(MethodPlan method, string axis, Func<string, string> call, Func<string, string> model)
    {
        axis = method.Graph.Original(axis);
        return method.Graph.Rules.FirstOrDefault(rule => rule.Axis == axis) is { } rule
            ? $"({Size(rule, part => Size(method, part, call, model))})"
            : method.CallAxes.Contains(axis) ? call(axis) : model(axis);
    }

    /// <summary>Whether the layers that a kernel runs need sizes of single axes of the call.</summary>
    public static bool ReadsCallSizes(CheckedModel model, RunPlan run) => Layer(model, run).ReadsCallSizes;

    /// <summary>Whether a call must be checked against tables of positions: a method's own, or its layers'.</summary>
    public static bool AddsPositions(CheckedModel model, MethodPlan method) =>
        method.Graph.Operations.Any(operation => operation is AddPositionsOperation)
        || method.Kernels.OfType<RunPlan>().Any(run => AddsPositions(model, run));

    /// <summary>Whether layers have tables of positions.</summary>
    public static bool AddsPositions(CheckedModel model, RunPlan run) => Layer(model, run).AddsPositions;

    /// <summary>What a layer's step is given of the rows: which they are, or how many, or the sizes of the call's axes.</summary>
    public static IEnumerable<string> LayerRows(CheckedModel model, RunPlan run, Func<string, string> size)
    {
        ModelSignature layer = Layer(model, run);
        if (layer.IsSequence)
            yield return "packed";
        else if (!layer.ReadsCallSizes)
            yield return Scope.RowCount(run.Rows);
        foreach (string axis in layer.ReadsCallSizes ? LayerSizes(model, run, size) : [])
            yield return axis;
    }

    /// <summary>The sizes of the axes that the call brings to a layer's input, which match by position.</summary>
    private static IEnumerable<string> LayerSizes(CheckedModel model, RunPlan run, Func<string, string> size)
    {
        ModelSignature layer = Layer(model, run);
        HashSet<string> sizes = [.. model.Submodels.Where(other => other.FullName == layer.FullName || layer.Submodels.Contains(other.FullName))
            .SelectMany(other => other.Sizes).Select(axis => axis.Axis)];
        EquatableArray<string> here = run.Operations[0].Reads[0].Axes, there = layer.Input!.Value;
        return Enumerable.Range(0, there.Count).Where(i => !sizes.Contains(there[i])).Select(i => size(here[i]));
    }

    private static ModelSignature Layer(CheckedModel model, RunPlan run) => model.Submodels.First(submodel => submodel.FullName == run.Model);

    /// <summary>The numbers that the workspace of layers depends on, in the names of the method that runs them.</summary>
    public static string LayerRowCounts(RunPlan run, CheckedModel model, Func<string, string> size)
    {
        ModelSignature layer = Layer(model, run);
        if (layer.ReadsCallSizes)
        {
            string sizes = string.Join(", ", LayerSizes(model, run, size));
            return layer.IsSequence ? "packedRows, " + sizes : sizes;
        }

        return layer.SplitsRows
            ? $"{Scope.RowCount(run.Rows)}, {Scope.RowCount([run.Rows[0]])}, {Scope.RowCount([run.Rows[1]])}"
            : Scope.RowCount(run.Rows);
    }

    /// <summary>How many floats a buffer of the workspace has, in terms of numbers of rows.</summary>
    public static string Length(BufferPlan buffer, Func<string, string> size)
    {
        IEnumerable<string> rows = buffer.Rows.Count == 0 ? [] : [Scope.RowCount(buffer.Rows)];
        IEnumerable<string> blocked = buffer.Blocked is null ? [] : [$"KeyValues.Padded({Scope.RowCount([buffer.Blocked])})"];
        string length = string.Join(" * ", rows.Concat(blocked).Concat(buffer.Features.Select(size)));
        return length.Length == 0 ? "1" : length;
    }

    /// <summary>The declaration of a number of rows, in terms of a step's parameters; <paramref name="size"/> is that of a model's axis.</summary>
    public static string RowDeclaration(
        MethodPlan method, EquatableArray<string> rows, Func<string, string> size, string packed = "packed.Count")
    {
        string count = rows == method.Sequence ? packed
            : IsLayer(method) && method.Sequence is { } sequence && rows.Count == 1 && sequence.Contains(rows[0]) ? Extent(sequence, rows[0])
            : IsLayer(method) && method.Sequence is null ? "rowCount"
            : rows.Count == 0 ? "1"
            : string.Join(" * ", rows.Select(axis => Size(method, axis, Scope.Local, size)));
        return $"int {Scope.RowCount(rows)} = {count};";
    }

    /// <summary>The extent of one of the two axes of rows where nothing but the rows is known: without a cache, all sequences are as long.</summary>
    public static string Extent(EquatableArray<string> sequence, string axis) =>
        axis == sequence[0] ? "packed.Sequences" : "packed.Count / Math.Max(1, packed.Sequences)";
}
