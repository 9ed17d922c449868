// Times the equations of Equations.cs. compare.py starts it and asks for one row at a time, in turn with PyTorch:
//
//   list              prints the table as JSON
//   run ROW           prints the median and the least time of a call in microseconds
//   plain ROW         the median of plain loops, and the greatest difference of the results over the greatest result
//
// With a row's number as its argument it times that row alone.
using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Text.Json;
using Einsharp;
using Einsharp.Bench;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int threads = int.Parse(Environment.GetEnvironmentVariable("EINSUM_THREADS") ?? "2");
using var device = new CpuDevice(threads);
var rows = new Dictionary<int, IRow>();
IRow Row(int i) => rows.TryGetValue(i, out IRow? row) ? row
    : rows[i] = Equations.All[i].IsDouble ? new Row<double>(Equations.All[i], device) : new Row<float>(Equations.All[i], device);
if (args.Length > 0)
{
    foreach (string arg in args)
    {
        Equation equation = Equations.All[int.Parse(arg)];
        for (int i = 0; i < 3; i++)
        {
            (double median, double least) = Row(int.Parse(arg)).Time(out double processor);
            double rate = Row(int.Parse(arg)).Products * 2e-3;
            Console.WriteLine(
                $"{equation.Name}: {median:F1} us, least {least:F1}, of processors {processor:F1}, {rate / least:F1} GFLOP/s ({rate / processor:F1})");
        }
        Console.WriteLine($"  plain {Row(int.Parse(arg)).TimePlain(out double difference):F1} us, difference {difference:E1}");
    }
    return;
}
while (Console.ReadLine() is { } line)
{
    string[] words = line.Split(' ');
    switch (words[0])
    {
        case "list":
            Console.WriteLine(JsonSerializer.Serialize(
                Equations.All.Select(row => new { row.Name, row.Text, row.Sizes, row.Views, row.IsDouble })));
            break;
        case "run":
            (double median, double least) = Row(int.Parse(words[1])).Time(out _);
            Console.WriteLine($"{median:R} {least:R}");
            break;
        case "plain": Console.WriteLine($"{Row(int.Parse(words[1])).TimePlain(out double difference):R} {difference:R}"); break;
        default: return;
    }
}

/// <summary>An equation with its operands.</summary>
internal interface IRow
{
    double Products { get; }
    (double Median, double Least) Time(out double processor);
    double TimePlain(out double difference);
}

internal sealed class Row<T> : IRow
    where T : unmanaged, INumber<T>
{
    private readonly CpuDevice _device;
    private readonly List<(Step Step, int A, int B, Einsharp.Tensor<T> To)> _steps = [];
    private readonly List<Einsharp.Tensor<T>> _values;
    private readonly Delegate? _kernel;
    private readonly nint[][] _shapes;

    public Row(Equation equation, CpuDevice device)
    {
        _device = device;
        Dictionary<string, int> sizes = Numbers(equation.Sizes);
        _kernel = equation.Kernel;
        _shapes =
        [
            .. equation.Text.Replace("->", ",").Split(',')
                .Select(term => term.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(axis => (nint)sizes[axis]).ToArray()),
        ];
        string[] inputs = equation.Text.Split("->")[0].Split(',', StringSplitOptions.TrimEntries);
        var views = new Dictionary<string, int>?[inputs.Length];
        if (equation.Views is { } text) views[text[0] - '0'] = Numbers(text[2..]);
        var random = new Random(1);
        // Values go by their axes: an operand or an earlier step's result.
        List<string> names = [.. inputs];
        _values = [.. inputs.Select(_ => new Einsharp.Tensor<T>(0))];
        foreach (string part in (equation.Path ?? equation.Text).Split(';', StringSplitOptions.TrimEntries))
        {
            string[] terms = part.Split("->")[0].Split(',', StringSplitOptions.TrimEntries);
            var step = new Step(part, sizes, views);
            int a = names.IndexOf(terms[0]), b = terms.Length > 1 ? names.FindIndex(terms[0] == terms[1] ? a + 1 : 0, name => name == terms[1]) : a;
            int[] operands = [a, b];
            for (int i = 0; i < terms.Length; i++)
            {
                if (operands[i] < inputs.Length && _values[operands[i]].Length == 0)
                    _values[operands[i]] = Random(random, step.Lengths[i]);
            }
            var to = new Einsharp.Tensor<T>(step.Length);
            _steps.Add((step, a, b, to));
            names.Add(part.Split("->")[1].Trim());
            _values.Add(to);
        }
    }

    public double Products => _steps.Sum(step => step.Step.Products);

    public (double Median, double Least) Time(out double processor) => Median(Run, 0.15, out processor);

    public double TimePlain(out double difference)
    {
        Run();
        T[] result = _steps[^1].To.Span.ToArray();
        (double time, _) = Median(RunPlainly, 0.0, out _);
        double most = 0, apart = 0;
        for (int i = 0; i < result.Length; i++)
        {
            most = Math.Max(most, double.CreateChecked(T.Abs(_steps[^1].To.Span[i])));
            apart = Math.Max(apart, double.CreateChecked(T.Abs(result[i] - _steps[^1].To.Span[i])));
        }
        difference = apart / most;
        return time;
    }

    private void Run()
    {
        switch (_kernel)
        {
            case EinsumOne<T> one: one(X(0), To, _device); break;
            case EinsumTwo<T> two: two(X(0), X(1), To, _device); break;
            case EinsumThree<T> three: three(X(0), X(1), X(2), To, _device); break;
            case EinsumFour<T> four: four(X(0), X(1), X(2), X(3), To, _device); break;
            default:
                foreach ((Step step, int a, int b, Einsharp.Tensor<T> to) in _steps) step.Run<T>(_device, _values[a].Span, _values[b].Span, to.Span);
                break;
        }
    }

    private TensorSpan<T> To => new(_steps[^1].To.Span, _shapes[^1]);

    private ReadOnlyTensorSpan<T> X(int i) => new(_values[i].Span, _shapes[i]);

    // As PyTorch's, tensors begin on a cache line.
    private static Einsharp.Tensor<T> Random(Random random, int length)
    {
        var tensor = new Einsharp.Tensor<T>(length);
        foreach (ref T value in tensor.Span) value = T.CreateChecked(random.NextSingle() * 2 - 1);
        return tensor;
    }

    private void RunPlainly()
    {
        foreach ((Step step, int a, int b, Einsharp.Tensor<T> to) in _steps) step.RunPlainly<T>(_values[a].Span, _values[b].Span, to.Span);
    }

    private static (double Median, double Least) Median(Action run, double seconds, out double processor)
    {
        long start = Stopwatch.GetTimestamp();
        do run();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds / 3);
        var times = new List<double>();
        start = Stopwatch.GetTimestamp();
        TimeSpan used = Environment.CpuUsage.TotalTime;
        do
        {
            long from = Stopwatch.GetTimestamp();
            run();
            times.Add(Stopwatch.GetElapsedTime(from).TotalMicroseconds);
        }
        while (times.Count < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds);
        processor = (Environment.CpuUsage.TotalTime - used).TotalMicroseconds / times.Count;
        times.Sort();
        return (times[times.Count / 2], times[0]);
    }

    private static Dictionary<string, int> Numbers(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('='))
            .ToDictionary(pair => pair[0], pair => int.Parse(pair[1]));
}
