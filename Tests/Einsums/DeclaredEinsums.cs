using System.Numerics.Tensors;

namespace Einsharp.Tests.Einsums;

/// <summary>Einsums that the generator compiles with the tests.</summary>
internal static partial class DeclaredEinsums
{
    [Einsum("b s d, h d -> b s h")]
    public static partial Tensor Project(Tensor x, Tensor w);

    [Einsum("b s d, h d -> b s h")]
    public static partial Tensor<double> Project(Tensor<double> x, Tensor<double> w, Device? device = null);

    [Einsum("i j, j k, k l -> i l")]
    public static partial void Chain(Tensor x, Tensor y, Tensor z, Tensor destination);

    [Einsum("i j, j k, k l -> i l")]
    public static partial void Chain(
        in ReadOnlyTensorSpan<float> x, in ReadOnlyTensorSpan<float> y, in ReadOnlyTensorSpan<float> z, in TensorSpan<float> destination);

    [Einsum("i i ->")]
    public static partial Tensor Trace(Tensor of);

    [Einsum("... i, ... -> ... i")]
    public static partial Tensor Weigh(Tensor x, Tensor weight);

    [Einsum("i j -> j i")]
    public static partial void Turn(ReadOnlyTensorSpan<double> x, TensorSpan<double> destination);

    // Axes and operands that are called like words and types of the generated code.
    [Einsum("result Tensor, Tensor x -> result x")]
    public static partial Tensor Named(Tensor result, Tensor Device);

    [Einsum(
        "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 d0 d1 d2 d3 d4 d5 d6 d7 d8 d9 e0 e1 e2 "
        + "e3 e4 e5 e6 e7 e8 e9 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 -> f9 a0")]
    public static partial Tensor Sixty(Tensor x);
}

/// <summary>In a generic struct inside a generic class, of an instance.</summary>
internal partial class Outer<T>
{
    internal partial record struct Inner<TOther>(int Number)
    {
        [Einsum("i, i ->")]
        public readonly partial Tensor Dot(Tensor x, Tensor y);
    }
}

/// <summary>A size that is pinned.</summary>
[Axis("k", 3)]
internal static partial class Pinned
{
    [Einsum("i k, k -> i")]
    public static partial Tensor Rows(Tensor x, Tensor y);
}
