namespace Einsharp.Tests.Reference;

// Each reduction over each choice of axes: as a producer over axes that the call brings, as a modifier over axes of the model (which the
// ones make of them).

[Model]
public sealed partial class ReduceLast
{
    [Reduce("b s h d -> b s h", nameof(x), Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s h", nameof(x), Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s h", nameof(x), Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s h", nameof(x), Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s h", nameof(x), Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceLastOfModel
{
    [Param("h d", Init.Ones)] public partial Param Ones { get; }

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s h", Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s h", Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s h", Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s h", Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s h", Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceMiddle
{
    [Reduce("b s h d -> b s d", nameof(x), Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s d", nameof(x), Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s d", nameof(x), Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s d", nameof(x), Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s d", nameof(x), Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceMiddleOfModel
{
    [Param("h d", Init.Ones)] public partial Param Ones { get; }

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s d", Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s d", Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s d", Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s d", Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s d", Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceFirst
{
    [Reduce("b s h d -> s h d", nameof(x), Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> s h d", nameof(x), Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> s h d", nameof(x), Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> s h d", nameof(x), Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> s h d", nameof(x), Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceFirstOfModel
{
    [Param("h d", Init.Ones)] public partial Param Ones { get; }

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h d", Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h d", Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h d", Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h d", Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h d", Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceLastTwo
{
    [Reduce("b s h d -> b s", nameof(x), Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s", nameof(x), Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s", nameof(x), Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s", nameof(x), Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> b s", nameof(x), Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceLastTwoOfModel
{
    [Param("h d", Init.Ones)] public partial Param Ones { get; }

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s", Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s", Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s", Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s", Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> b s", Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceFirstAndLast
{
    [Reduce("b s h d -> s h", nameof(x), Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> s h", nameof(x), Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> s h", nameof(x), Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> s h", nameof(x), Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Reduce("b s h d -> s h", nameof(x), Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceFirstAndLastOfModel
{
    [Param("h d", Init.Ones)] public partial Param Ones { get; }

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h", Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h", Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h", Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h", Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d -> s h", Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceAll
{
    [Reduce("b s h d ->", nameof(x), Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Reduce("b s h d ->", nameof(x), Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Reduce("b s h d ->", nameof(x), Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Reduce("b s h d ->", nameof(x), Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Reduce("b s h d ->", nameof(x), Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceAllOfModel
{
    [Param("h d", Init.Ones)] public partial Param Ones { get; }

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d ->", Reduction.Mean)]
    public partial Tensor Mean([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d ->", Reduction.Max)]
    public partial Tensor Max([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d ->", Reduction.Min)]
    public partial Tensor Min([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d ->", Reduction.Sum)]
    public partial Tensor Sum([Axes("b s h d")] Tensor x);

    [Einsum("b s h d, h d -> b s h d", nameof(x), nameof(Ones)), Reduce("b s h d ->", Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("b s h d")] Tensor x);
}

[Model]
public sealed partial class ReduceLong
{
    [Reduce("n d -> n", nameof(x), Reduction.Mean)]
    public partial Tensor Mean([Axes("n d")] Tensor x);

    [Reduce("n d -> n", nameof(x), Reduction.Max)]
    public partial Tensor Max([Axes("n d")] Tensor x);

    [Reduce("n d -> n", nameof(x), Reduction.Min)]
    public partial Tensor Min([Axes("n d")] Tensor x);

    [Reduce("n d -> n", nameof(x), Reduction.Sum)]
    public partial Tensor Sum([Axes("n d")] Tensor x);

    [Reduce("n d -> n", nameof(x), Reduction.LogSumExp)]
    public partial Tensor LogSumExp([Axes("n d")] Tensor x);
}

internal static class ReduceCases
{
    public static readonly ParityCase[] All =
    [
        new("ReduceLast", parity =>
        {
            var call = new ReduceLast(new ReduceLastSizes(), parity.Device);
            Five(parity, call.Mean, call.Max, call.Min, call.Sum, call.LogSumExp);
            var model = new ReduceLastOfModel(new ReduceLastOfModelSizes { h = 5, d = 6 }, parity.Device);
            model.Initialise(1);
            Five(parity, model.Mean, model.Max, model.Min, model.Sum, model.LogSumExp);
        }),
        new("ReduceMiddle", parity =>
        {
            var call = new ReduceMiddle(new ReduceMiddleSizes(), parity.Device);
            Five(parity, call.Mean, call.Max, call.Min, call.Sum, call.LogSumExp);
            var model = new ReduceMiddleOfModel(new ReduceMiddleOfModelSizes { h = 5, d = 6 }, parity.Device);
            model.Initialise(1);
            Five(parity, model.Mean, model.Max, model.Min, model.Sum, model.LogSumExp);
        }),
        new("ReduceFirst", parity =>
        {
            var call = new ReduceFirst(new ReduceFirstSizes(), parity.Device);
            Five(parity, call.Mean, call.Max, call.Min, call.Sum, call.LogSumExp);
            var model = new ReduceFirstOfModel(new ReduceFirstOfModelSizes { h = 5, d = 6 }, parity.Device);
            model.Initialise(1);
            Five(parity, model.Mean, model.Max, model.Min, model.Sum, model.LogSumExp);
        }),
        new("ReduceLastTwo", parity =>
        {
            var call = new ReduceLastTwo(new ReduceLastTwoSizes(), parity.Device);
            Five(parity, call.Mean, call.Max, call.Min, call.Sum, call.LogSumExp);
            var model = new ReduceLastTwoOfModel(new ReduceLastTwoOfModelSizes { h = 5, d = 6 }, parity.Device);
            model.Initialise(1);
            Five(parity, model.Mean, model.Max, model.Min, model.Sum, model.LogSumExp);
        }),
        new("ReduceFirstAndLast", parity =>
        {
            var call = new ReduceFirstAndLast(new ReduceFirstAndLastSizes(), parity.Device);
            Five(parity, call.Mean, call.Max, call.Min, call.Sum, call.LogSumExp);
            var model = new ReduceFirstAndLastOfModel(new ReduceFirstAndLastOfModelSizes { h = 5, d = 6 }, parity.Device);
            model.Initialise(1);
            Five(parity, model.Mean, model.Max, model.Min, model.Sum, model.LogSumExp);
        }),
        new("ReduceAll", parity =>
        {
            var call = new ReduceAll(new ReduceAllSizes(), parity.Device);
            Five(parity, call.Mean, call.Max, call.Min, call.Sum, call.LogSumExp);
            var model = new ReduceAllOfModel(new ReduceAllOfModelSizes { h = 5, d = 6 }, parity.Device);
            model.Initialise(1);
            Five(parity, model.Mean, model.Max, model.Min, model.Sum, model.LogSumExp);
        }),
        new("ReduceLong", parity =>
        {
            Tensor x = parity.Between("x", -8, 8, 2, 517);
            var model = new ReduceLong(new ReduceLongSizes(), parity.Device);
            parity.Same("mean", model.Mean(x));
            parity.Same("max", model.Max(x));
            parity.Same("min", model.Min(x));
            parity.Same("sum", model.Sum(x));
            parity.Same("logsumexp", model.LogSumExp(x));
        }),
    ];

    private static void Five(
        Parity parity, Func<Tensor, Tensor> mean, Func<Tensor, Tensor> max, Func<Tensor, Tensor> min, Func<Tensor, Tensor> sum,
        Func<Tensor, Tensor> logSumExp)
    {
        Tensor x = parity.Between("x", -60, 60, 3, 4, 5, 6);
        parity.Same("mean", mean(x));
        parity.Same("max", max(x));
        parity.Same("min", min(x));
        parity.Same("sum", sum(x));
        parity.Same("logsumexp", logSumExp(x));
    }
}
