using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>
/// Plans one method. The passes, in order: find the sequence axes; give every operation to a kernel (attention first, because it takes the
/// most operations; then sweeps, grouped by what they read; then the rest); put the norms that one sweep alone reads into that sweep; lay
/// out the buffers by lifetime.
/// </summary>
internal sealed partial class MethodPlanner
{
    private readonly CheckedModel _model;
    private readonly Graph _graph;

    /// <summary>The names of the kernels of every method of the model so far.</summary>
    private readonly HashSet<string> _kernelNames;
    private readonly EquatableArray<string>? _sequence;

    /// <summary>Whether the sizes of single axes of the call are there: not in a layer whose signature does not ask for them.</summary>
    private readonly bool _hasCallSizes;
    private readonly bool _readsCallSizes;
    private readonly Dictionary<string, AxisBinding> _bindings = new(StringComparer.Ordinal);
    private readonly List<Operation>[] _readers;

    /// <summary>The operations that a kernel already computes.</summary>
    private readonly bool[] _taken;

    /// <summary>Kernels under construction, in the order in which they will run.</summary>
    private readonly List<KernelDraft> _kernels = [];

    /// <summary>Buffers by the operation that fills them, renamings resolved.</summary>
    private readonly Dictionary<int, BufferPlan> _buffers = [];

    public MethodPlanner(CheckedModel model, Graph graph, HashSet<string> kernelNames)
    {
        _model = model;
        _graph = graph;
        _kernelNames = kernelNames;
        _taken = new bool[graph.Operations.Count];
        _readers = new List<Operation>[graph.Operations.Count];
        foreach (AxisInfo axis in model.Axes)
            _bindings[axis.Name] = axis.Binding;
        for (int id = 0; id < _readers.Length; id++)
            _readers[id] = [];
        foreach (Operation operation in graph.Operations)
        {
            foreach (Operand operand in operation.Reads)
            {
                if (operand.Kind == OperandKind.Value)
                    _readers[operand.Id].Add(operation);
            }
        }

        _sequence = FindSequence();
        bool isLayer = ModelChecker.IsLayerForm(graph.Method);
        _readsCallSizes = isLayer
            ? ModelChecker.Inherit(ModelChecker.Sign(model.Spec), model.Submodels).ReadsCallSizes
            : graph.Operations.OfType<RunOperation>().Any(run => model.Submodels.First(submodel => submodel.FullName == run.Model).ReadsCallSizes);
        _hasCallSizes = !isLayer || _readsCallSizes;
    }

    public MethodPlan Plan()
    {
        foreach (Operation operation in _graph.Operations)
        {
            if (!_taken[operation.Id])
                Place(operation);
        }

        return Finish();
    }

    private void Place(Operation operation)
    {
        switch (operation)
        {
            case EinsumOperation einsum when AsAttention(einsum) is { } attention:
                _kernels.Add(attention);
                break;
            case EinsumOperation einsum when AsSweep(einsum) is { } sweep:
                AddToSweep(einsum, sweep);
                break;
            case EinsumOperation einsum:
                Contract(einsum);
                break;
            case NormOperation norm:
                _kernels.Add(Normalise(norm));
                break;
            case BatchNormOperation norm:
                _kernels.Add(BatchNormalise(norm));
                break;
            case ReduceOperation reduce:
                _kernels.Add(Reduce(reduce));
                break;
            case GatherOperation gather:
                _kernels.Add(Gather(gather));
                break;
            case SelectOperation select:
                _kernels.Add(Select(select));
                break;
            case RunOperation run:
                _kernels.Add(Run(run));
                break;
            case RearrangeOperation rearrange:
                Rearrange(rearrange);
                break;
            case RenameOperation rename:
                Take(rename);
                break;
            case AppendOperation append:
                _kernels.Add(Append(append));
                break;
            default:
                _kernels.Add(Map(operation));
                break;
        }
    }

    /// <summary>The batch and position axes, by the operations that speak of positions.</summary>
    private EquatableArray<string>? FindSequence()
    {
        EquatableArray<string>? found = null;
        foreach (Operation operation in _graph.Operations)
        {
            string? position = operation switch
            {
                AppendOperation append => append.From,
                RotateOperation rotate => rotate.Position,
                AddPositionsOperation add => add.Position,
                SelectOperation select => select.Input.Axes[select.Indices.Axes.Count - 1],
                RunOperation run when run.Cache is not null
                    || _model.Submodels.Any(submodel => submodel.FullName == run.Model && submodel.IsSequence) => LastRow(run),
                _ => null,
            };
            if (position is null)
                continue;
            EquatableArray<string> rows = Rows(operation.Reads[0].Axes);
            if (rows.Count != 2 || rows[1] != _graph.Original(position))
                throw NoKernel(operation, "positions need a value whose axes begin with a batch axis and the position axis, as in 'b s d'");
            if (found is { } other && other != rows)
                throw NoKernel(operation, $"the method already counts positions along '{other[0]} {other[1]}'");
            found = rows;
        }

        // Rows of two axes whose second one is renamed or compared are positions too, which is what lets a parent pass them on.
        return found ?? ModelChecker.ComparedRows(_model.Spec, _graph.Method) switch
        {
            { } rows when rows.All(IsCall) => rows,
            _ => null,
        };
    }

    private string? LastRow(Operation operation)
    {
        EquatableArray<string> rows = Rows(operation.Axes);
        return rows.Count == 0 ? null : rows[rows.Count - 1];
    }

    /// <summary>The axes up to the last one of the call: rows are the same rows under any name.</summary>
    private EquatableArray<string> Rows(EquatableArray<string> axes) => axes.Take(RowAxes(axes)).Select(_graph.NamesIn(axes)).ToEquatable();

    private EquatableArray<string> Features(EquatableArray<string> axes) => axes.Skip(RowAxes(axes)).ToEquatable();

    private int RowAxes(EquatableArray<string> axes)
    {
        int count = axes.Count;
        while (count > 0 && !IsCall(axes[count - 1]))
            count--;
        return count;
    }

    private bool IsCall(string axis) => _bindings.TryGetValue(axis, out AxisBinding binding) && binding == AxisBinding.Call;

    private bool IsModel(string axis) =>
        !_bindings.TryGetValue(axis, out AxisBinding binding) || binding is AxisBinding.Pinned or AxisBinding.Model;

    /// <summary>The axes as rows by features, which is what kernels but attention work on.</summary>
    private (EquatableArray<string> Rows, EquatableArray<string> Features) Matrix(Operation operation, EquatableArray<string> axes)
    {
        EquatableArray<string> features = Features(axes);
        foreach (string axis in features)
        {
            if (_bindings.TryGetValue(axis, out AxisBinding binding) && binding == AxisBinding.Seen)
            {
                throw NoKernel(
                    operation, $"axis '{axis}' in '{string.Join(" ", axes)}' counts the positions seen, which only attention reads");
            }

        }

        // Behind a cache rows are packed: every sequence has its own length, so there is no plain extent to stride over.
        EquatableArray<string> rows = Rows(axes);
        if (_graph.Cache is not null && _sequence is { } sequence && rows != sequence && rows.Contains(sequence[1]))
        {
            string why = rows.Take(2).SequenceEqual(sequence) ? $"pairs positions with '{rows[2]}'" : $"does not begin with '{string.Join(" ", sequence)}'";
            throw NoKernel(
                operation, $"'{string.Join(" ", axes)}' {why}, and in a method with a cache every sequence has its own number of positions");
        }

        return (rows, features);
    }

    private NoKernelException NoKernel(Operation operation, string why) =>
        new(_graph.Method.Brackets[operation.Bracket].Attributes[0].At(), operation.Text, why);

    /// <summary>The name of the buffer that holds an operand, which an earlier kernel fills.</summary>
    private string BufferOf(Operand operand)
    {
        Operand source = _graph.Resolve(operand);
        if (source.Kind == OperandKind.Input)
            return source.Name;
        if (source.Kind == OperandKind.Param)
        {
            throw NoKernel(
                _graph.Operations.First(operation => operation.Reads.Contains(operand)),
                $"'{operand.Name}' is a param, and this reads values of the call");
        }

        int id = _graph.Source(operand.Id);
        return _buffers.TryGetValue(id, out BufferPlan? buffer)
            ? buffer.Name
            : throw NoKernel(_graph.Operations[id], $"'{operand.Name}' is read where it is not kept in memory");
    }

    private BufferPlan Keep(Operation operation)
    {
        (EquatableArray<string> rows, EquatableArray<string> features) = Matrix(operation, operation.Axes);
        bool isResult = _graph.Source(operation.Id) == _graph.Source(_graph.Result.Id);
        string id = operation.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string name = isResult ? BufferPlan.ResultName : operation.Name ?? NameOfBracket(operation) + id;
        var buffer = new BufferPlan(name, _graph.Source(operation.Id), rows, features, isResult ? BufferRole.Result : BufferRole.Workspace, -1);
        _buffers[_graph.Source(operation.Id)] = buffer;
        return buffer;
    }

    private string NameOfBracket(Operation operation) =>
        _graph.Operations.Where(other => other.Bracket == operation.Bracket && other.Name is not null)
            .Select(other => other.Name!).FirstOrDefault() ?? "result";

    private void Take(Operation operation) => _taken[operation.Id] = true;

    /// <summary>
    /// The modifiers after a producer that can be computed before its tile leaves: each reads the one before and nobody else does.
    /// Stops at a value that has another reader, for that one must be kept. A norm opens a bracket of its own, and goes on in the chain
    /// where it fits.
    /// </summary>
    private List<Operation> Chain(Operation producer, Func<Operation, bool> fits)
    {
        var chain = new List<Operation>();
        Operation last = producer;
        while (_readers[last.Id].Count == 1 && _readers[last.Id][0] is var next
            && (next.Bracket == last.Bracket || next is NormOperation)
            && next.Reads[0].Kind == OperandKind.Value && next.Reads[0].Id == last.Id
            && next is not (EinsumOperation or AppendOperation) && !(producer is EinsumOperation && IsOfScores(next)) && fits(next))
        {
            chain.Add(next);
            last = next;
        }

        return chain;
    }

    /// <summary>Whether a modifier can be applied to a whole row of features.</summary>
    private bool FitsRow(Operation operation) => operation switch
    {
        RotateOperation rotate => rotate.Axes[rotate.Axes.Count - 1] == rotate.Axis,
        SoftmaxOperation softmax => Features(softmax.Axes).Contains(softmax.Axis) && IsModel(softmax.Axis),
        BinaryOperation binary => FitsBinary(binary),
        AddPositionsOperation add => Rows(add.Axes) == _sequence && add.Table.Axes.Skip(1).All(Features(add.Axes).Contains),
        ScaleOperation scale => !scale.Factor.Tokens.Any(IsCall) || (_hasCallSizes && _graph.Cache is null),
        CausalOperation or WindowOperation or MaskOperation or AlibiOperation => _hasCallSizes && _graph.Cache is null,
        RenameOperation or ActivationOperation => true,
        _ => false,
    };

    /// <summary>
    /// Whether a modifier can be applied to what follows a value's first <paramref name="units"/> axes, where those are fewer than its rows.
    /// </summary>
    private bool FitsUnit(Operation operation, int units) => operation switch
    {
        SoftmaxOperation softmax => softmax.Axes.IndexOf(softmax.Axis) >= units,
        BinaryOperation binary => FitsBinary(binary) && (!IsPacked(binary.Axes) || binary.IsAligned),
        ScaleOperation or CausalOperation or WindowOperation or MaskOperation or AlibiOperation => FitsRow(operation),
        RenameOperation or ActivationOperation => true,
        _ => false,
    };

    /// <summary>Whether a value's rows are the real positions of a ragged batch.</summary>
    private bool IsPacked(EquatableArray<string> axes) => _graph.Cache is not null && Rows(axes) == _sequence;

    /// <summary>
    /// How many leading axes are a kernel's rows, where it computes along axes from <paramref name="first"/> on: the axes of the call if it can
    /// be, fewer if not.
    /// </summary>
    private int Units(Operation operation, int first)
    {
        int rows = RowAxes(operation.Axes);
        if (first >= rows)
        {
            // A row of one number is no unit of work.
            return rows == operation.Axes.Count && rows > 0 && _hasCallSizes && !IsPacked(operation.Axes) ? rows - 1 : rows;
        }

        string axis = operation.Axes[first];
        if (IsPacked(operation.Axes) && first == 0)
        {
            throw NoKernel(
                operation, $"it goes along '{axis}', and in a method with a cache every sequence has its own number of positions");
        }

        return first;
    }

    /// <summary>
    /// Whether the other operand is there by now. Its axes are some of the value's; where it has other rows, each row looks up its own.
    /// </summary>
    private bool FitsBinary(BinaryOperation binary)
    {
        Operand other = binary.Other;
        if (other.Kind == OperandKind.Param)
            return true;
        return (Rows(other.Axes) == Rows(binary.Axes) || _hasCallSizes)
            && _graph.Resolve(other) is var source && (source.Kind == OperandKind.Input || _buffers.ContainsKey(source.Id));
    }

    private static bool IsTrailing(EquatableArray<string> part, EquatableArray<string> whole) =>
        part.Count <= whole.Count && whole.Skip(whole.Count - part.Count).SequenceEqual(part);
}
