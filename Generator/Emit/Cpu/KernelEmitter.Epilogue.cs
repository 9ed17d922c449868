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
                case AddPositionsOperation add:
                    EmitAddPositions(add, y, first, features);
                    break;
                case BinaryOperation binary:
                    EmitBinary(binary, y, first, count, features, tile);
                    break;
                default:
                    EmitScores(operation, y, features);
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
        EquatableArray<string> from = features.Skip(features.IndexOf(Name(softmax.Axis))).ToEquatable();
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

    /// <summary>Where the row at hand begins in a buffer that has the kernel's rows.</summary>
    /// <param name="features">The floats of a row, to stand in an expression.</param>
    protected virtual string Start(string features) => $"row * {features}";

    private void EmitBinary(
        BinaryOperation binary, string y, string first, string count, EquatableArray<string> features, Func<Operand, string?> tile)
    {
        Operand other = binary.Other;
        bool isParam = other.Kind == OperandKind.Param;
        string elementwise = $"{Library("Elementwise")}.{binary.Kind}", elements = $"{Library("ParamElements")}.{binary.Kind}";
        if (binary.IsAligned && isParam)
        {
            Body.Write($"{elements}({y}, {Member(other.Name)}, {first});");
        }
        else if (binary.IsAligned)
        {
            string beside = tile(other) ?? $"{Read(BufferName(other))}.Slice({Join(Start(Scope.Product(features)), first)}, {count})";
            Body.Write($"{elementwise}({y}, {beside});");
        }
        else
        {
            string name = isParam ? Member(other.Name) : Read(BufferName(other));
            EmitSpread(y, features, other, part =>
            {
                string one = isParam ? $"{Library("ParamElements")}.At({name}, {part.Place})" : $"{name}[{part.Place}]";
                return part.Length == "1" ? $"{part.Run} {(binary.Kind == BinaryKind.Add ? "+" : "*")}= {one};"
                    : !part.IsAligned ? $"{elementwise}({part.Run}, {one});"
                    : isParam ? $"{elements}From({part.Run}, {name}, {part.Place});"
                    : $"{elementwise}({part.Run}, {name}.Slice({part.Place}, {part.Length}));";
            });
        }
    }

    private void EmitAddPositions(AddPositionsOperation add, string y, string first, EquatableArray<string> features)
    {
        string table = Member(add.Table.Name), from = $"{Library("ParamElements")}.AddFrom";
        Operand row = add.Table with { Axes = add.Table.Axes.Skip(1).ToEquatable() };
        string position = $"(long){Packed}.Position(row)";
        string At(string place) => row.Axes.Count == 0 ? position : Join($"{position} * {Scope.Product(row.Axes)}", place);
        if (row.Axes == features)
        {
            Body.Write($"{from}({y}, {table}, {At(first)});");
            return;
        }

        EmitSpread(y, features, row, part =>
        {
            string one = $"{Library("ParamElements")}.At({table}, {At(part.Place)})";
            return part.Length == "1" ? $"{part.Run} += {one};"
                : part.IsAligned ? $"{from}({part.Run}, {table}, {At(part.Place)});"
                : $"{Library("Elementwise")}.Add({part.Run}, {one});";
        });
    }

    private static string Join(string row, string first) => first == "0" ? row : row + " + " + first;

    /// <summary>
    /// A part of a row for which an operand is a run too (<paramref name="IsAligned"/>) or one number: the part, where the operand's begins,
    /// and the length. A part of length 1 is an element.
    /// </summary>
    protected sealed record Spread(string Run, string Place, string Length, bool IsAligned);

    /// <summary>
    /// A row against an operand whose axes are some of the value's, in any order: loops over what differs, and what lies alike, or what the
    /// operand lacks, at once.
    /// </summary>
    /// <param name="y">The row.</param>
    /// <param name="features">Its axes.</param>
    /// <param name="operand">The operand.</param>
    /// <param name="statement">What is done to a part.</param>
    protected void EmitSpread(string y, EquatableArray<string> features, Operand operand, Func<Spread, string> statement)
    {
        List<string> own = [.. features.Select(Name)], axes = [.. operand.Axes.Select(Name)];
        bool lacks = own.Count > 0 && !axes.Contains(own[own.Count - 1]);
        int run = 0;
        while (run < own.Count && (lacks
            ? !axes.Contains(own[own.Count - 1 - run])
            : run < axes.Count && own[own.Count - 1 - run] == axes[axes.Count - 1 - run]))
        {
            run++;
        }

        string[] outer = [.. own.Take(own.Count - run)], inner = [.. own.Skip(own.Count - run)];
        string[] looked = [.. lacks ? axes : axes.Take(axes.Count - run)];
        List<CodeWriter.Block> loops = [.. outer.Select(axis =>
            Body.Open($"for (int {Index(axis)} = 0; {Index(axis)} < {Scope.Axis(axis)}; {Index(axis)}++)"))];
        string length = Scope.Length(inner), at = Times(Offset(outer), inner), place = Place(operand, looked, outer);
        string part = run == 0 ? $"{y}[{at}]" : outer.Length == 0 ? y : $"{y}.Slice({at}, {length})";
        Body.Write(statement(new Spread(part, lacks ? place : Times(place, inner), run == 0 ? "1" : length, !lacks)));
        for (int i = loops.Count - 1; i >= 0; i--)
            loops[i].Dispose();
    }

    private string Times(string index, string[] axes) =>
        axes.Length == 0 || index == "0" ? index : $"{(index.Contains(' ') ? $"({index})" : index)} * {Scope.Product(axes)}";

    /// <summary>The row-major place of an operand's indices: those of loops, and those that the row stands for.</summary>
    private string Place(Operand operand, IReadOnlyList<string> axes, IReadOnlyCollection<string> loops)
    {
        string place = "";
        int rows = Kernel.Rows.Count;
        if (operand.Kind != OperandKind.Param && rows > 0 && axes.Take(rows).SequenceEqual(Kernel.Rows))
            place = "row";
        foreach (string axis in axes.Skip(place.Length == 0 ? 0 : rows))
        {
            string index = loops.Contains(axis) ? Index(axis) : RowIndex(axis);
            place = place.Length == 0 ? index
                : $"{(place.Contains(' ') ? $"({place})" : place)} * {Scope.Axis(axis)} + {(index.Contains(' ') ? $"({index})" : index)}";
        }

        return place.Length == 0 ? "0" : place;
    }

    /// <summary>The index along one of the axes that rows are made of.</summary>
    private string RowIndex(string axis)
    {
        if (Kernel.Rows == Method.Sequence)
            return axis == Kernel.Rows[0] ? $"{Packed}.Sequence(row)" : $"{Packed}.Column(row)";
        int at = Kernel.Rows.IndexOf(axis);
        string inner = Scope.Product(Kernel.Rows.Skip(at + 1)), index = at == Kernel.Rows.Count - 1 ? "row" : $"row / {inner}";
        return at == 0 ? index : $"{(index.Contains(' ') ? $"({index})" : index)} % {Scope.Axis(axis)}";
    }

    protected static string Index(string axis) => "i_" + axis;

    /// <summary>The offset of the loops' indices within a row of these features.</summary>
    private string Offset(string[] features) => features.Length == 0
        ? "0"
        : features.Skip(1).Aggregate(
            Index(features[0]), (sum, axis) => $"{(sum.Contains(' ') ? $"({sum})" : sum)} * {Scope.Axis(axis)} + {Index(axis)}");

    /// <summary>One axis of a loop nest of the library.</summary>
    protected static string Loop(string extent, string a, string c) => Loop(extent, a, "0", c);

    /// <summary>One axis of a loop nest of two operands.</summary>
    protected static string Loop(string extent, string a, string b, string c) => $"new({extent}, {a}, {b}, {c})";

    /// <summary>The distance of neighbours along an axis of a dense value; along one that it has twice, on its diagonal.</summary>
    protected string Stride(IReadOnlyList<string> axes, string axis)
    {
        string[] strides = [.. Enumerable.Range(0, axes.Count).Where(i => axes[i] == axis).Select(i => Scope.Length(axes.Skip(i + 1)))];
        return strides.Length == 0 ? "0" : string.Join(" + ", strides);
    }
}
