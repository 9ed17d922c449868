using System.Numerics.Tensors;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Einsums;

/// <summary>Einsums of their own as a project uses them: results, and errors that only sizes can show.</summary>
public class EinsumTests
{
    private static Einsharp.Tensor Random(params int[] shape)
    {
        var random = new Random(shape.Length * 31 + shape.Sum());
        var tensor = new Einsharp.Tensor(shape);
        foreach (ref float value in tensor.Span)
            value = random.Next(-3, 4);
        return tensor;
    }

    private static NaiveEinsum.Dense Dense(Einsharp.Tensor<float> tensor) =>
        new(tensor.Shape.ToArray(), [.. tensor.Span.ToArray().Select(static value => (double)value)]);

    private static void AssertEqual(NaiveEinsum.Dense expected, Einsharp.Tensor<float> found)
    {
        Assert.Equal(expected.Shape, found.Shape.ToArray());
        Assert.Equal(expected.Values, Dense(found).Values);
    }

    [Fact]
    public void A_method()
    {
        Einsharp.Tensor x = Random(2, 3, 4), w = Random(5, 4);
        AssertEqual(NaiveEinsum.Of("b s d, h d -> b s h", Dense(x), Dense(w)), DeclaredEinsums.Project(x, w));
    }

    [Fact]
    public void A_method_on_a_device_of_ones_choice()
    {
        using var device = new CpuDevice(2);
        var x = new Tensor<double>(1, 1, 2);
        var w = new Tensor<double>(1, 2);
        x.Span.Fill(3);
        w.Span.Fill(0.5);
        Assert.Equal(3, Assert.Single(DeclaredEinsums.Project(x, w, device).Span.ToArray()));
        Assert.Equal(3, Assert.Single(DeclaredEinsums.Project(x, w).Span.ToArray()));
    }

    [Fact]
    public void Calls_are_intercepted()
    {
        Einsharp.Tensor x = Random(2, 3, 4), w = Random(5, 4);
        NaiveEinsum.Dense expected = NaiveEinsum.Of("b s d, h d -> b s h", Dense(x), Dense(w));
        AssertEqual(expected, Einsum.Of("b s d, h d -> b s h", x, w));
        AssertEqual(expected, Einsum.Of("b s d, h d -> b s h", Device.Cpu, x, w));
        Einsharp.Tensor<float>[] both = [x, w];
        AssertEqual(expected, Einsum.Of("b s d, h d -> b s h", both));
        Assert.Equal("\"b s d, h d -> b s h\" has 2 terms, and the number of operands given is 1. (Parameter 'operands')",
            Assert.Throws<ArgumentException>(
            () => Einsum.Of("b s d, h d -> b s h", both.AsSpan(0, 1))).Message);
    }

    [Fact]
    public void A_call_that_nobody_compiled_says_what_to_do()
    {
        var dynamic = typeof(Einsum).GetMethods().First(static method => method.Name == "Of" && method.GetParameters().Length == 2
            && method.ReturnType == typeof(Einsharp.Tensor)).CreateDelegate<Uncompiled>();
        Assert.Equal(
            "Einsum.Of(\"i -> i\") was not compiled: the project needs Einsharp's generator as an analyzer, and <InterceptorsNamespaces>"
            + "$(InterceptorsNamespaces);Einsharp.Generated</InterceptorsNamespaces> in a PropertyGroup; or declare a partial "
            + "method with [Einsum].",
            Assert.Throws<InvalidOperationException>(() => dynamic("i -> i", [])).Message);
    }

    private delegate Einsharp.Tensor Uncompiled(string equation, ReadOnlySpan<Einsharp.Tensor<float>> operands);

    [Fact]
    public void In_any_type()
    {
        Einsharp.Tensor x = Random(4);
        AssertEqual(NaiveEinsum.Of("i, i ->", Dense(x), Dense(x)), new Outer<string>.Inner<int>(1).Dot(x, x));
        Einsharp.Tensor y = Random(2, 3), z = Random(3, 5);
        AssertEqual(NaiveEinsum.Of("i j, j k -> i k", Dense(y), Dense(z)), DeclaredEinsums.Named(y, z));
        Einsharp.Tensor sixty = Random([.. Enumerable.Repeat(1, 58), 3, 2]);
        Assert.Equal([2, 1], DeclaredEinsums.Sixty(sixty).Shape.ToArray());
    }

    [Fact]
    public void A_destination_is_written_without_garbage()
    {
        Einsharp.Tensor x = Random(4, 5), y = Random(5, 6), z = Random(6, 3), destination = Random(4, 3);
        DeclaredEinsums.Chain(x, y, z, destination);
        AssertEqual(NaiveEinsum.Of("i j, j k, k l -> i l", Dense(x), Dense(y), Dense(z)), destination);

        float[] memory = new float[20];
        var span = new TensorSpan<float>(memory, [3, 4], [1, 5]);
        DeclaredEinsums.Chain(Of(z, 6, 3, turned: true), Of(y, 5, 6, turned: true), Of(x, 4, 5, turned: true), span);
        for (int i = 0; i < 12; i++)
            Assert.Equal(destination.Span[i / 3 * 3 + i % 3], span[i % 3, i / 3]);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            DeclaredEinsums.Chain(x, y, z, destination);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static ReadOnlyTensorSpan<float> Of(Einsharp.Tensor x, int rows, int columns, bool turned) => turned
        ? new ReadOnlyTensorSpan<float>(x.Span, [columns, rows], [1, columns])
        : new ReadOnlyTensorSpan<float>(x.Span, [rows, columns], []);

    [Fact]
    public void Extents_of_zero()
    {
        Assert.Equal([0, 3, 5], DeclaredEinsums.Project(new Einsharp.Tensor(0, 3, 4), Random(5, 4)).Shape.ToArray());
        Einsharp.Tensor empty = DeclaredEinsums.Project(new Einsharp.Tensor(2, 3, 0), new Einsharp.Tensor(5, 0));
        Assert.Equal(new float[30], empty.Span.ToArray());
        Einsharp.Tensor destination = Random(2, 3);
        DeclaredEinsums.Chain(new Einsharp.Tensor(2, 0), new Einsharp.Tensor(0, 4), Random(4, 3), destination);
        Assert.Equal(new float[6], destination.Span.ToArray());
    }

    [Fact]
    public void Null_is_named() =>
        Assert.Equal("w", Assert.Throws<ArgumentNullException>(() => DeclaredEinsums.Project(Random(1, 1, 1), null!)).ParamName);

    private static void Says(string message, string parameter, Action call)
    {
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(call);
        Assert.Equal(($"{message} (Parameter '{parameter}')", parameter), (error.Message, error.ParamName));
    }

    [Fact]
    public void Ranks_and_sizes()
    {
        Says("'x' has 2 axes, [3, 4], and its term 'b s d' has 3.", "x", () => DeclaredEinsums.Project(Random(3, 4), Random(5, 4)));
        Says("Axis 'd' is 4 in 'x', where it was first bound, and 6 in 'w'.", "w", () => DeclaredEinsums.Project(
            Random(2, 3, 4), Random(5, 6)));
        Says(
            "Axis 'd' is 4 in 'x', where it was first bound, and 1 in 'w'. An axis of size 1 is not broadcast.", "w",
            () => DeclaredEinsums.Project(Random(2, 3, 4), Random(5, 1)));
        Says(
            "Axis 'i' is 2 where 'of' first has it, and 3 where it has it again: a diagonal is of equal sizes.", "of",
            () => DeclaredEinsums.Trace(Random(2, 3)));
        Says("Axis 'k' is pinned to 3, and is 4 in 'x'.", "x", () => Pinned.Rows(Random(2, 4), Random(4)));
        AssertEqual(NaiveEinsum.Of("i k, k -> i", Dense(Random(2, 3)), Dense(Random(3))), Pinned.Rows(Random(2, 3), Random(3)));
        Says(
            "'operand1' has 2 axes, [2, 2], and its term 'ij' has 1. Axes are separated by spaces: 'i j'.", "operand1",
            () => Einsum.Of("ij -> ij", Random(2, 2)));
    }

    [Fact]
    public void Destinations()
    {
        Says(
            "Axis 'l' is 3 in 'z', where it was first bound, and 5 in 'destination'.", "destination",
            () => DeclaredEinsums.Chain(Random(2, 2), Random(2, 2), Random(2, 3), Random(2, 5)));
        Einsharp.Tensor x = Random(2, 2);
        Says(
            "The memory of 'destination' overlaps that of 'x', which is read while 'destination' is written.", "destination",
            () => DeclaredEinsums.Chain(x, Random(2, 2), Random(2, 2), x));
        Says(
            "'destination' repeats one element along axis 0 of [2, 3], and cannot be written to.", "destination",
            () => DeclaredEinsums.Turn(
                new ReadOnlyTensorSpan<double>(new double[6], [3, 2], []), new TensorSpan<double>(new double[3], [2, 3], [0, 1])));
    }

    [Fact]
    public void Ellipses()
    {
        Einsharp.Tensor x = Random(2, 3, 4), weight = Random(3), scalar = Random();
        AssertEqual(NaiveEinsum.Of("... i, ... -> ... i", Dense(x), Dense(weight)), DeclaredEinsums.Weigh(x, weight));
        AssertEqual(NaiveEinsum.Of("... i, ... -> ... i", Dense(x), Dense(scalar)), DeclaredEinsums.Weigh(x, scalar));
        Says("'x' has no axes, [], and its term '... i' has at least 1.", "x", () => DeclaredEinsums.Weigh(scalar, scalar));
        Says(
            "'...' stands for axes of [2, 3] in the operands before 'weight', and for [1] in it: from the right, each is of one size. "
            + "An axis of size 1 is not broadcast.", "weight", () => DeclaredEinsums.Weigh(x, Random(1)));
    }
}
