using System.Numerics.Tensors;
using System.Reflection;
using Einsharp.Tests.Reference;

namespace Einsharp.Tests.Einsums;

/// <summary>Calls compiled einsums of any form with dense operands.</summary>
internal static class EinsumInvoker
{
    private delegate void Of1<T>(ReadOnlyTensorSpan<T> x0, TensorSpan<T> destination);

    private delegate void Of2<T>(ReadOnlyTensorSpan<T> x0, ReadOnlyTensorSpan<T> x1, TensorSpan<T> destination);

    private delegate void Of3<T>(ReadOnlyTensorSpan<T> x0, ReadOnlyTensorSpan<T> x1, ReadOnlyTensorSpan<T> x2, TensorSpan<T> destination);

    private delegate void Of4<T>(
        ReadOnlyTensorSpan<T> x0, ReadOnlyTensorSpan<T> x1, ReadOnlyTensorSpan<T> x2, ReadOnlyTensorSpan<T> x3, TensorSpan<T> destination);

    private delegate void Of5<T>(
        ReadOnlyTensorSpan<T> x0, ReadOnlyTensorSpan<T> x1, ReadOnlyTensorSpan<T> x2, ReadOnlyTensorSpan<T> x3, ReadOnlyTensorSpan<T> x4,
        TensorSpan<T> destination);

    /// <summary>The result of a method that takes tensors and returns one.</summary>
    public static NaiveEinsum.Dense Invoke(MethodInfo method, string element, IReadOnlyList<NaiveEinsum.Dense> operands)
    {
        object[] arguments = [.. operands.Select(operand => element == "float"
            ? Einsharp.Tensor.From([.. operand.Values.Select(static value => (float)value)], operand.Shape)
            : (object)OfDoubles(operand))];
        return method.Invoke(null, arguments) switch
        {
            Tensor<float> single =>
                new NaiveEinsum.Dense(single.Shape.ToArray(), [.. single.Span.ToArray().Select(static value => (double)value)]),
            Tensor<double> wide => new NaiveEinsum.Dense(wide.Shape.ToArray(), wide.Span.ToArray()),
            var other => throw new InvalidOperationException($"{method} returned {other}"),
        };
    }

    /// <summary>The result of a method that takes spans; each gets strides of its own, a permutation and gaps.</summary>
    public static NaiveEinsum.Dense InvokeSpans<T>(MethodInfo method, IReadOnlyList<NaiveEinsum.Dense> operands, int[] shape, Random random)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        Strided<T>[] x = [.. operands.Select(operand => Strided<T>.Of(operand, random))];
        var destination = Strided<T>.Of(new NaiveEinsum.Dense(shape, [.. Enumerable.Repeat(99.0, Count(shape))]), random);
        switch (x.Length)
        {
            case 1: method.CreateDelegate<Of1<T>>()(x[0].Span, destination.Span); break;
            case 2: method.CreateDelegate<Of2<T>>()(x[0].Span, x[1].Span, destination.Span); break;
            case 3: method.CreateDelegate<Of3<T>>()(x[0].Span, x[1].Span, x[2].Span, destination.Span); break;
            case 4: method.CreateDelegate<Of4<T>>()(x[0].Span, x[1].Span, x[2].Span, x[3].Span, destination.Span); break;
            default: method.CreateDelegate<Of5<T>>()(x[0].Span, x[1].Span, x[2].Span, x[3].Span, x[4].Span, destination.Span); break;
        }

        var flat = new T[Count(shape)];
        ((ReadOnlyTensorSpan<T>)destination.Span).FlattenTo(flat);
        return new NaiveEinsum.Dense(shape, [.. flat.Select(static value => double.CreateChecked(value))]);
    }

    private static int Count(int[] shape) => shape.Aggregate(1, static (product, extent) => product * extent);

    public static Tensor<double> OfDoubles(NaiveEinsum.Dense operand)
    {
        var tensor = new Tensor<double>(operand.Shape);
        operand.Values.CopyTo(tensor.Span);
        return tensor;
    }

    private sealed class Strided<T>(T[] memory, nint[] lengths, nint[] strides)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        public TensorSpan<T> Span => new(memory, lengths, strides);

        public static Strided<T> Of(NaiveEinsum.Dense operand, Random random)
        {
            // A span has at least one axis: a scalar is one element.
            int[] shape = operand.Shape.Length == 0 ? [1] : operand.Shape;
            bool isDense = shape.Contains(0) || random.Next(3) == 0;
            int[] order = isDense ? [.. Enumerable.Range(0, shape.Length)]
                : [.. Enumerable.Range(0, shape.Length).OrderBy(_ => random.Next())];
            nint[] strides = new nint[shape.Length];
            int stride = isDense || random.Next(2) == 0 ? 1 : 2;
            foreach (int axis in order.Reverse())
            {
                strides[axis] = shape[axis] <= 1 || shape.Contains(0) ? 0 : stride;
                stride *= shape[axis];
                if (!isDense && random.Next(3) == 0)
                    stride++;
            }

            T[] memory = new T[Math.Max(1, stride + 8)];
            Array.Fill(memory, T.CreateChecked(77));
            var strided = new Strided<T>(memory, [.. shape.Select(static extent => (nint)extent)], strides);
            if (operand.Values.Length > 0)
                new ReadOnlyTensorSpan<T>([.. operand.Values.Select(T.CreateChecked)], strided.Span.Lengths, []).CopyTo(strided.Span);
            return strided;
        }
    }
}
