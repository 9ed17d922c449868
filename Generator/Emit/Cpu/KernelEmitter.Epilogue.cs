using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

// What is done to numbers while they are in cache: modifiers and norms.
internal abstract partial class KernelEmitter
{
    private readonly HashSet<string> _widened = [];

    /// <summary>
    /// Modifiers on a run of features of one row, in place: <paramref name="y"/> holds the features from <paramref name="first"/> on,
    /// <paramref name="count"/> of them.
    /// </summary>
    /// <param name="operations">The modifiers, in order.</param>
    /// <param name="y">The run.</param>
    /// <param name="first">The index of its first feature.</param>
    /// <param name="count">Its length.</param>
    /// <param name="features">All features of the value.</param>
    /// <param name="isRun">Whether it is one run of the innermost axis (else it is a whole row, or a block of one).</param>
    /// <param name="tile">The expression of a value that is beside this one in the tile, or null.</param>
    protected void EmitEpilogue(
        IEnumerable<Operation> operations, string y, string first, string count, EquatableArray<string> features, bool isRun,
        Func<Operand, string?> tile)
    {
        foreach (Operation operation in operations)
        {
            switch (operation)
            {
                case ScaleOperation scale:
                    Body.Write($"{Library("Elementwise")}.Scale({y}, {Scope.Factor(scale.Factor)});");
                    break;
                case ActivationOperation activation:
                    string argument = activation.Scalar is null ? "" : ", " + Scalar(activation.Scalar);
                    Body.Write($"{Library("Elementwise")}.{activation.Kind}({y}{argument});");
                    break;
                case SoftmaxOperation softmax:
                    EmitSoftmax(softmax, y, features, isRun);
                    break;
                case NormOperation norm:
                    EmitNorm(norm, y, y, features, isRun);
                    break;
                case RotateOperation rotate:
                    EmitRuns(y, [rotate.Axis], features, isRun, (run, _) => $"{Table(rotate)}.Apply({run}, {Packed}.Position(row));");
                    break;
                case BinaryOperation binary:
                    EmitBinary(binary, y, first, count, features, tile);
                    break;
            }
        }
    }

    /// <summary>A number of the declaration, of type float.</summary>
    protected string Scalar(ScalarRef scalar) => scalar.Setting is { } setting
        ? Member(setting.Property)
        : Names.FloatLiteral(scalar.Literal!.Value);

    private void EmitSoftmax(SoftmaxOperation softmax, string y, EquatableArray<string> features, bool isRun)
    {
        string function = Library("Elementwise") + (softmax.IsLog ? ".LogSoftmax" : ".Softmax");
        EquatableArray<string> from = features.Skip(features.IndexOf(softmax.Axis)).ToEquatable();
        EmitRuns(
            y, from, features, isRun,
            (run, _) => from.Count == 1 ? $"{function}({run});" : $"{function}Across({run}, {Scope.Axis(softmax.Axis)});");
    }

    /// <summary>A norm of each run of the axes that it is over, from one place to another or in place.</summary>
    protected void EmitNorm(NormOperation norm, string x, string y, EquatableArray<string> features, bool isRun)
    {
        string call = $"{Library("Norm")}.{norm.Kind}(";
        string rest = string.Concat(new[] { norm.Gain, norm.Bias }.Where(operand => operand is not null).Select(operand => $", {Floats(operand!)}"))
            + $", {Member(norm.Epsilon.Property)}, ";
        EmitRuns(
            y, norm.Over, features, isRun,
            (run, slice) => $"{call}{(slice.Length == 0 ? x : x == y ? run : x + slice)}{rest}{run});");
    }

    /// <summary>Applies something to each run of a value's last axes; the second argument is the run's <c>.Slice(…)</c>, or nothing.</summary>
    private void EmitRuns(
        string y, EquatableArray<string> over, EquatableArray<string> features, bool isRun, Func<string, string, string> apply)
    {
        if (isRun || features.Count == over.Count)
        {
            Body.Write(apply(y, ""));
            return;
        }

        string size = Scope.Length(over), slice = $".Slice(run, {size})";
        Body.Write($"for (int run = 0; run < {y}.Length; run += {size})", apply(y + slice, slice));
    }

    /// <summary>
    /// The parameters among the operands of norms that are no vectors: their storage format may be any, so a kernel widens them first, into
    /// its scratch.
    /// </summary>
    protected static IReadOnlyList<Operand> Widened(IEnumerable<Operation> operations) =>
        [.. operations.OfType<NormOperation>().SelectMany(norm => new[] { norm.Gain, norm.Bias })
            .Where(operand => operand is not null && operand.Axes.Count != 1).Select(operand => operand!)
            .GroupBy(operand => operand.Name).Select(group => group.First())];

    /// <summary>Widens parameters into scratch memory from <paramref name="offset"/> on.</summary>
    protected void EmitWidened(IReadOnlyList<Operand> operands, string offset)
    {
        foreach (Operand operand in operands)
        {
            string length = Scope.Length(operand.Axes), at = offset.Length == 0 ? "0" : offset;
            Body.Write($"Span<float> {FloatsLocal(operand)} = scratch.Slice({at}, {length});");
            Body.Write($"{Member(operand.Name)}.CopyTo({FloatsLocal(operand)});");
            _widened.Add(operand.Name);
            offset = (offset.Length == 0 ? "" : offset + " + ") + length;
        }
    }

    /// <summary>The floats of scratch that <see cref="EmitWidened"/> fills.</summary>
    protected string WidenedLength(IReadOnlyList<Operand> operands) =>
        string.Join(" + ", operands.Select(operand => Scope.Length(operand.Axes)));

    private string Floats(Operand operand) => _widened.Contains(operand.Name) ? FloatsLocal(operand) : Member(operand.Name) + ".Floats";

    private static string FloatsLocal(Operand operand) => Casing.Camel(operand.Name) + "Floats";

    private void EmitBinary(
        BinaryOperation binary, string y, string first, string count, EquatableArray<string> features, Func<Operand, string?> tile)
    {
        if (!binary.IsAligned)
        {
            EmitSpread(binary, y, features);
            return;
        }

        if (binary.Other.Kind == OperandKind.Param)
        {
            Body.Write($"{Library("ParamElements")}.{binary.Kind}({y}, {Member(binary.Other.Name)}, {first});");
            return;
        }

        string other = tile(binary.Other)
            ?? $"{Read(BufferName(binary.Other))}.Slice({Join("row * " + Scope.Product(features), first)}, {count})";
        Body.Write($"{Library("Elementwise")}.{binary.Kind}({y}, {other});");
    }

    /// <summary>An operand over some of the features of a whole row.</summary>
    private void EmitSpread(BinaryOperation binary, string y, EquatableArray<string> features)
    {
        List<CodeWriter.Block> loops = [.. features.Select(axis =>
            Body.Open($"for (int {Index(axis)} = 0; {Index(axis)} < {Scope.Axis(axis)}; {Index(axis)}++)"))];
        Body.Write($"{y}[{Offset(features)}] {(binary.Kind == BinaryKind.Add ? "+" : "*")}= {Element(binary.Other)};");
        for (int i = loops.Count - 1; i >= 0; i--)
            loops[i].Dispose();
    }

    private static string Join(string row, string first) => first == "0" ? row : row + " + " + first;

    protected static string Index(string axis) => "i_" + axis;

    /// <summary>The offset of the loops' indices within a row of these features.</summary>
    private string Offset(IReadOnlyList<string> features) => features.Count == 0
        ? "0"
        : features.Skip(1).Aggregate(Index(features[0]), (sum, axis) => $"({sum}) * {Scope.Axis(axis)} + {Index(axis)}");

    /// <summary>An operand's element at the loops' indices.</summary>
    protected string Element(Operand operand)
    {
        string[] features = [.. operand.Axes.Skip(operand.Kind == OperandKind.Param ? 0 : Kernel.Rows.Count)];
        string index = Offset(features);
        if (operand.Kind == OperandKind.Param)
            return $"{Library("ParamElements")}.At({Member(operand.Name)}, {index})";
        string row = features.Length == 0 ? "row" : $"row * {Scope.Product(features)} + {index}";
        return $"{Read(BufferName(operand))}[{row}]";
    }
}
