using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <content>The loops of the activations; the functions are those of <see cref="Activations{W, V}"/>.</content>
internal static unsafe partial class ElementwiseTiles<W, V>
{
    /// <summary>y = f(y), with β or the cap where the function has one.</summary>
    public static void Apply(ActivationFunction function, float scalar, float* y, int length)
    {
        switch (function)
        {
            case ActivationFunction.Swish: Apply(new SwishFunction(scalar), y, length); break;
            case ActivationFunction.Gelu: Apply(default(GeluFunction), y, length); break;
            case ActivationFunction.GeluTanh: Apply(default(GeluTanhFunction), y, length); break;
            case ActivationFunction.Sigmoid: Apply(default(SigmoidFunction), y, length); break;
            case ActivationFunction.Tanh: Apply(default(TanhFunction), y, length); break;
            case ActivationFunction.Relu: Apply(default(ReluFunction), y, length); break;
            case ActivationFunction.SoftCap: Apply(new SoftCapFunction(scalar), y, length); break;
            default: throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    [MethodImpl(Kernels.ByItself)]
    private static void Apply<F>(F function, float* y, int length)
        where F : struct, IFunction
    {
        int i = 0;
        for (; i <= length - W.Count; i += W.Count) W.Store(function.Of(W.Load(y + i)), y + i);
        if (i < length) StorePart(function.Of(LoadPart(y + i, length - i)), y + i, length - i);
    }

    // A struct for each, which the JIT inlines into a loop of its own.
    private interface IFunction
    {
        V Of(V x);
    }

    private readonly struct SwishFunction(float beta) : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Of(V x) => W.Multiply(x, Activations<W, V>.Sigmoid(W.Multiply(x, W.Broadcast(beta))));
    }

    private readonly struct GeluFunction : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Of(V x) => Activations<W, V>.Gelu(x);
    }

    private readonly struct GeluTanhFunction : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Of(V x) => Activations<W, V>.GeluTanh(x);
    }

    private readonly struct SigmoidFunction : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Of(V x) => Activations<W, V>.Sigmoid(x);
    }

    private readonly struct TanhFunction : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Of(V x) => Activations<W, V>.Tanh(x);
    }

    private readonly struct ReluFunction : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Of(V x) => W.SelectBelow(x, default, default, x);
    }

    private readonly struct SoftCapFunction(float cap) : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Of(V x)
        {
            V bound = W.Broadcast(cap);
            return W.Multiply(bound, Activations<W, V>.Tanh(W.Divide(x, bound)));
        }
    }
}
