using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>What is done to one number at a time, in every kernel: functions of it, and operands that lie along some of its axes.</summary>
internal abstract partial class GpuKernelEmitter
{
    /// <summary>
    /// Where the number at hand lies: expressions for its row and its feature. The locals with its index along each axis are declared when they
    /// are first asked for.
    /// </summary>
    /// <param name="Row">Its row, a local.</param>
    /// <param name="Feature">Its feature, a local.</param>
    /// <param name="Features">The axes of features.</param>
    /// <param name="Length">How many features there are, to stand in an expression.</param>
    /// <param name="Rows">The locals with its index along each axis of rows, which other numbers of the same row share.</param>
    protected sealed record Spot(
        string Row, string Feature, EquatableArray<string> Features, string Length, Dictionary<string, string> Rows)
    {
        /// <summary>The locals with its index along each axis of features.</summary>
        public Dictionary<string, string> Indices { get; } = new(StringComparer.Ordinal);
    }

    /// <summary>Whether an operation is a function of each number, or of it and what lies along its axes.</summary>
    public static bool IsElementwise(Operation operation) =>
        operation is ScaleOperation or ActivationOperation or BinaryOperation or AddPositionsOperation or RenameOperation
            or CausalOperation or WindowOperation or MaskOperation or AlibiOperation or BatchNormOperation { Momentum: null };

    /// <summary>The parameters that an operation reads.</summary>
    protected static IEnumerable<Operand> ParamsOf(Operation operation) =>
        operation.Reads.Where(static operand => operand.Kind == OperandKind.Param);

    /// <summary>Whether a parameter is kept in its storage format, a type parameter of what reads it; vectors are floats.</summary>
    protected static bool IsMatrix(Operand operand) => operand.Kind == OperandKind.Param && operand.Axes.Count != 1;

    /// <summary>The parameters of some operations whose formats are type parameters.</summary>
    protected static IEnumerable<string> MatricesOf(IEnumerable<Operation> operations) =>
        operations.SelectMany(ParamsOf).Where(IsMatrix).Select(static operand => operand.Name);

    /// <summary>Writes an operation on the number in a local.</summary>
    /// <param name="operation">An elementwise one.</param>
    /// <param name="value">The local.</param>
    /// <param name="spot">Where the number lies.</param>
    /// <param name="beside">The expression of an operand that is at hand, or null.</param>
    protected void EmitElement(Operation operation, string value, Spot spot, Func<Operand, string?>? beside = null)
    {
        switch (operation)
        {
            case ScaleOperation scale:
                Body.Write($"{value} *= {Factor(scale.Factor)};");
                break;
            case ActivationOperation activation:
                string scalar = activation.Scalar is { } number ? ", " + Scalar(number) : "";
                Body.Write($"{value} = Activation.{activation.Kind}({value}{scalar});");
                break;
            case BinaryOperation binary:
                string other = beside?.Invoke(binary.Other) ?? At(spot, binary.Other);
                Body.Write($"{value} {(binary.Kind == BinaryKind.Add ? "+" : "*")}= {other};");
                break;
            case AddPositionsOperation positions:
                Body.Write($"{value} += {ParamAt(positions.Table, PositionsAt(positions, spot))};");
                break;
            case CausalOperation causal:
                Body.Write($"if ({IndexOf(spot, causal.Key)} > {IndexOf(spot, causal.Query)})", $"{value} = float.NegativeInfinity;");
                break;
            case WindowOperation window:
                string distance = $"Math.Abs({IndexOf(spot, window.Query)} - {IndexOf(spot, window.Key)})";
                Body.Write($"if ({distance} >= {WindowSize(window)})", $"{value} = float.NegativeInfinity;");
                break;
            case MaskOperation mask:
                string place = Flatten(spot, mask.Mask.Axes);
                Body.Write($"if ({Mask(mask)}[{place}] == 0)", $"{value} = float.NegativeInfinity;");
                break;
            case AlibiOperation alibi:
                string head = Flatten(spot, alibi.Heads), steps = $"{IndexOf(spot, alibi.Key)} - {IndexOf(spot, alibi.Query)}";
                Body.Write($"{value} += {Slopes(alibi)}[{head}] * ({steps});");
                break;
            case BatchNormOperation norm:
                string At4(Operand operand) => At(spot, operand);
                Body.Write($"{value} = ({value} - {At4(norm.Mean)}) / MathF.Sqrt({At4(norm.Variance)} + {Setting(norm.Epsilon)})"
                    + $" * {At4(norm.Gain)} + {At4(norm.Bias)};");
                break;
        }
    }

    /// <summary>A window's size.</summary>
    protected string WindowSize(WindowOperation window) => window.Size.Literal is { } number
        ? Names.Literal((int)number)
        : Field("int", window.Size.Setting!.Property, "model." + window.Size.Setting.Property, $"{window.Size.Setting.Setting}.");

    /// <summary>A mask, as the caller gave it.</summary>
    protected string Mask(MaskOperation mask)
    {
        string name = Scope.Value(mask.Mask.Name);
        return Field("ArrayView<byte>", name, name, $"{Names.Join(mask.Mask.Axes)}: 0 where a query does not see a key.");
    }

    /// <summary>The slopes of heads.</summary>
    protected string Slopes(AlibiOperation alibi) => Field(
        "ArrayView<float>", "slopes", $"session.Slopes({HostExtents(alibi.Heads)})", $"The slope of each head: {Names.Join(alibi.Heads)}.");

    /// <summary>The number of an operand that lies where the number at hand does.</summary>
    protected string At(Spot spot, Operand operand)
    {
        if (operand.Kind == OperandKind.Param)
        {
            bool isTrailing = operand.Axes.Count <= spot.Features.Count
                && spot.Features.Skip(spot.Features.Count - operand.Axes.Count).SequenceEqual(operand.Axes);
            return ParamAt(
                operand, !isTrailing ? Flatten(spot, operand.Axes)
                    : operand.Axes.Count == spot.Features.Count ? spot.Feature : $"{spot.Feature} % {Product(operand.Axes)}");
        }

        // Under its own axes, which may be others than those of the value that the memory was made for.
        string name = Buffer(BufferName(operand));
        EquatableArray<string> axes = operand.Axes.Select(Name).ToEquatable();
        if (!axes.Take(Kernel.Rows.Count).SequenceEqual(Kernel.Rows))
            return $"{name}[{Flatten(spot, axes)}]";
        EquatableArray<string> inRow = axes.Skip(Kernel.Rows.Count).ToEquatable();
        if (inRow.Count == 0)
            return $"{name}[{spot.Row}]";
        return inRow == spot.Features
            ? $"{name}[{RowStart(spot)} + {spot.Feature}]"
            : $"{name}[{spot.Row} * {Product(inRow)} + {Flatten(spot, inRow)}]";
    }

    /// <summary>Where the row at hand begins in what has the kernel's rows and features.</summary>
    protected virtual string RowStart(Spot spot) => $"{spot.Row} * {spot.Length}";

    /// <summary>A number of a parameter by its index as if rows were not padded.</summary>
    protected string ParamAt(Operand operand, string index)
    {
        if (!IsMatrix(operand))
            return $"{Vector(operand.Name)}[{index}]";
        string[] last = operand.Axes.Count == 0 ? [] : [operand.Axes[operand.Axes.Count - 1]];
        string length = last.Length == 0 ? "1" : Scope.Axis(last[0]);
        return $"Stored.At<{TypeParameter(operand.Name)}>({Weight(operand.Name, last)}, {length}, {index})";
    }

    /// <summary>The index of the number at hand along some axes, in the order of memory.</summary>
    protected string Flatten(Spot spot, IEnumerable<string> axes)
    {
        string[] all = [.. axes];
        return all.Length == 0
            ? "0"
            : all.Skip(1).Aggregate(IndexOf(spot, all[0]), (sum, axis) => $"({sum}) * {Extent(axis)} + {IndexOf(spot, axis)}");
    }

    /// <summary>The local with the index of the number at hand along an axis.</summary>
    protected string IndexOf(Spot spot, string axis)
    {
        if (spot.Indices.TryGetValue(axis, out string? known))
            return known;
        int at = spot.Features.ToList().IndexOf(Name(axis));
        if (at < 0)
            return RowIndexOf(spot, axis);
        string local = $"{spot.Feature}_{axis}";
        Body.Write($"int {local} = {Part(spot.Feature, spot.Features, at)};");
        return spot.Indices[axis] = local;
    }

    // Of packed rows the sequence and the column are known; other rows are all there are, outermost first.
    private string RowIndexOf(Spot spot, string axis)
    {
        string original = Name(axis);
        if (spot.Rows.TryGetValue(original, out string? known))
            return known;
        int at = Kernel.Rows.ToList().IndexOf(original);
        if (at < 0)
            throw new InvalidOperationException($"{Kernel.Name} has no index along '{axis}'");
        string index = Kernel.Rows != Method.Sequence ? Part(spot.Row, Kernel.Rows, at)
            : at == 0 ? $"{Packed}.Sequence[{spot.Row}]" : $"{Packed}.Column[{spot.Row}]";
        string local = $"row_{original}";
        Body.Write($"int {local} = {index};");
        return spot.Rows[original] = local;
    }

    /// <summary>One axis's part of an index over several, outermost first.</summary>
    private string Part(string index, EquatableArray<string> axes, int at)
    {
        string[] inner = [.. axes.Skip(at + 1).Select(Extent)];
        string quotient = inner.Length == 0 ? index : inner.Length == 1 ? $"{index} / {inner[0]}" : $"{index} / ({string.Join(" * ", inner)})";
        return at == 0 ? quotient : $"{(inner.Length == 0 ? quotient : $"({quotient})")} % {Extent(axes[at])}";
    }

    /// <summary>The size of an axis: of the model, or of the call, and then an argument.</summary>
    protected virtual string Extent(string axis) => Scope.IsCall(axis) ? CallAxis(Method.Graph.Original(axis)) : Scope.Axis(axis);

    /// <summary>A size that the call brings, as an argument.</summary>
    protected string CallAxis(string axis) => Field("int", Scope.Local(axis), HostExtent(axis), $"Axis {axis} of the call.");

    /// <summary>An axis's size in the host's statements.</summary>
    protected string HostExtent(string axis)
    {
        string original = Method.Graph.Original(axis);
        return !Scope.IsCall(original) ? HostSize(original)
            : Steps.IsLayer(Method) && Method.Sequence is { } sequence ? $"({Steps.Extent(sequence, original)})"
            : Steps.Size(Method, original, Scope.Local, HostSize);
    }

    /// <summary>A product of sizes in the host's statements.</summary>
    protected string HostExtents(IEnumerable<string> axes)
    {
        string[] all = [.. axes.Select(HostExtent)];
        return all.Length == 0 ? "1" : string.Join(" * ", all);
    }

    // The table's row is the position; where nothing is packed, that is the index.
    private string PositionsAt(AddPositionsOperation positions, Spot spot)
    {
        string position = Kernel.Rows == Method.Sequence ? $"{Packed}.Position[{spot.Row}]" : IndexOf(spot, positions.Position);
        return positions.Table.Axes.Skip(1).Aggregate(position, (sum, axis) => $"({sum}) * {Extent(axis)} + {IndexOf(spot, axis)}");
    }
}
