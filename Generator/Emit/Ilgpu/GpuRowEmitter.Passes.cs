using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

// Passes over a row: what is done to each number, to pairs, and to runs of an axis.
internal sealed partial class GpuRowEmitter
{
    // What a pass reads, where that is not what it writes.
    private Func<string, string>? _read;

    private string Read(string index) => _read?.Invoke(index) ?? Place(index);

    private Spot Number(string feature) =>
        new(Row, feature, Features, "features", new Dictionary<string, string>(StringComparer.Ordinal));

    private void EmitPass(List<Operation> pass, bool isFirst)
    {
        Operation? head = pass.Count == 0 ? null : pass[0];
        if (isFirst && Kernel is NormPlan start)
        {
            _read = index => $"{Buffer(start.Input)}[{Start} + {index}]";
            EmitNorm(start.Norm, pass);
            _read = null;
        }
        else if (isFirst && !IsFinish)
        {
            EmitStart();
            using (Body.Open(NextFeature))
            {
                Spot spot = Number("i");
                EmitValue(spot);
                EmitElements(pass, "value", spot);
                Body.Write($"{Place("i")} = value;");
            }
        }
        else if (head is RotateOperation rotate)
        {
            EmitRotation(rotate, pass.Skip(1));
        }
        else if (head is SoftmaxOperation softmax)
        {
            EmitSoftmax(softmax, pass.Skip(1));
        }
        else if (head is NormOperation norm)
        {
            EmitNorm(norm, pass.Skip(1));
        }
        else
        {
            using (Body.Open(NextFeature))
            {
                Body.Write($"float value = {Place("i")};");
                EmitElements(pass, "value", Number("i"));
                Body.Write($"{Place("i")} = value;");
            }
        }
    }

    private void EmitElements(IEnumerable<Operation> operations, string value, Spot spot)
    {
        foreach (Operation operation in operations)
            EmitElement(operation, value, spot);
    }

    /// <summary>A pair of features a lane: it needs both before it writes either.</summary>
    private void EmitRotation(RotateOperation rotate, IEnumerable<Operation> rest)
    {
        string size = Extent(rotate.Axis), half = $"({size} / 2)", rope = Rope(rotate);
        using (Body.Open("for (int pair = lane; pair < features / 2; pair += Group.DimX)"))
        {
            Body.Write($"int at = pair % {half}, i = pair / {half} * {size} + at * {rope}.PairStride, j = i + {rope}.PairOffset;");
            Body.Write($"int turn = {Packed}.Position[row] * {half} + at;");
            Body.Write($"float cosine = {rope}.Cosines[turn], sine = {rope}.Sines[turn];");
            Body.Write($"float x = {Place("i")}, y = {Place("j")};");
            Body.Write("float left = x * cosine - y * sine, right = y * cosine + x * sine;");
            Spot first = Number("i"), second = new("row", "j", Features, "features", first.Rows);
            foreach (Operation operation in rest)
            {
                EmitElement(operation, "left", first);
                EmitElement(operation, "right", second);
            }

            Body.Write($"{Place("i")} = left;\n{Place("j")} = right;");
        }
    }

    private void EmitSoftmax(SoftmaxOperation softmax, IEnumerable<Operation> rest) => EmitRuns([softmax.Axis], run =>
    {
        Body.Write("// From the negative of the largest float: what an empty maximum would be.");
        Body.Write("float largest = -3.4028235e38f, sum = 0;");
        Body.Write(run.Each, $"largest = MathF.Max(largest, {Place(run.At)});");
        Body.Write($"largest = {run.Reduce}.Max(largest, scratch);");
        Body.Write(run.Each, $"sum += MathF.Exp({Place(run.At)} - largest);");
        string total = $"{run.Reduce}.Sum(sum, scratch)";
        Body.Write(softmax.IsLog ? $"float log = largest + Activation.Log({total});" : $"float scale = 1 / {total};");
        EmitRun(run, rest, softmax.IsLog ? $"{Place("i")} - log" : $"MathF.Exp({Place("i")} - largest) * scale");
    });

    private void EmitNorm(NormOperation norm, IEnumerable<Operation> rest) => EmitRuns(norm.Over, run =>
    {
        EmitMoments(norm, run, Read(run.At));
        EmitRun(run, rest, Read("i"), norm);
    });

    /// <summary>The numbers of a run anew, each from its own <paramref name="value"/>, and what follows.</summary>
    private void EmitRun(Run run, IEnumerable<Operation> rest, string value, NormOperation? norm = null)
    {
        using (Body.Open(run.EachOwn))
        {
            if (run.At != "i")
                Body.Write($"int i = {run.At};");
            Spot spot = Number("i");
            Body.Write($"float value = {value};");
            if (norm is not null)
                EmitNormed(norm, spot);
            EmitElements(rest, "value", spot);
            Body.Write($"{Place("i")} = value;");
        }
    }

    /// <summary>How a run of numbers is gone over: by the whole group, or, where a row has several runs, each by a team of lanes.</summary>
    /// <param name="Each">The head of a loop over the run.</param>
    /// <param name="EachOwn">The same, for lanes whose run it is.</param>
    /// <param name="At">The index of the loop's number in the row.</param>
    /// <param name="Reduce">What adds up over the lanes of a run.</param>
    /// <param name="Length">The run's length.</param>
    private sealed record Run(string Each, string EachOwn, string At, string Reduce, string Length);

    // Whether the locals of teams are declared in the method at hand.
    private bool _hasTeams;

    private void EmitRuns(EquatableArray<string> over, Action<Run> emit)
    {
        List<string> features = [.. Features];
        int first = features.IndexOf(Name(over[0])), end = first + over.Count;
        if (over.Count == features.Count)
        {
            // Another pass over runs has locals of the same names.
            using CodeWriter.Block? block = Kernel.Operations.Count(static operation => operation is SoftmaxOperation or NormOperation) > 1
                ? Body.Open("")
                : null;
            emit(new Run(NextFeature, NextFeature, "i", "GroupReduce", "features"));
            return;
        }

        string length = Product(over), inner = Product(features.Skip(end));
        if (!_hasTeams)
            Body.Write("int team = PortableLanes.Team(Group.DimX), teams = Group.DimX / team;");
        _hasTeams = true;
        using (Body.Open($"for (int step = 0; step < features / {length}; step += teams)"))
        {
            Body.Write($"int last = features / {length} - 1;");
            Body.Write("// A team without a run of its own takes the last, and writes nothing.");
            Body.Write("bool isOwn = step + lane / team <= last;\nint run = isOwn ? step + lane / team : last;");
            Body.Write(inner == "1"
                ? $"int from = run * {length};"
                : $"int from = run / {inner} * {inner} * {length} + run % {inner};");
            string at = inner == "1" ? "from + at" : $"from + at * {inner}";
            emit(new Run(
                $"for (int at = lane % team; at < {length}; at += team)", $"for (int at = lane % team; isOwn && at < {length}; at += team)",
                at, "PortableLanes", length));
        }
    }

    /// <summary>The locals <c>scale</c> and, for a layer norm, <c>mean</c> of a run.</summary>
    private void EmitMoments(NormOperation norm, Run run, string number)
    {
        string square = number;
        if (norm.Kind == NormKind.Layer)
        {
            Body.Write("float sum = 0;");
            Body.Write(run.Each, $"sum += {number};");
            Body.Write($"float mean = {run.Reduce}.Sum(sum, scratch) / {run.Length};");
            square = $"{number} - mean";
        }

        Body.Write("float squares = 0;");
        using (Body.Open(run.Each))
            Body.Write($"float x = {square};\nsquares += x * x;");
        Body.Write($"float scale = 1 / MathF.Sqrt({run.Reduce}.Sum(squares, scratch) / {run.Length} + {Setting(norm.Epsilon)});");
    }

    /// <summary>A number of a run whose moments are known, normed.</summary>
    private void EmitNormed(NormOperation norm, Spot spot)
    {
        string value = norm.Kind == NormKind.Layer ? "(value - mean) * scale" : "value * scale";
        string gain = norm.Gain is { } by ? $" * {At(spot, by)}" : "", bias = norm.Bias is { } with ? $" + {At(spot, with)}" : "";
        Body.Write($"value = {value}{gain}{bias};");
    }
}
