using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

/// <content>The loops of the softmax across a span, and the sum of the other.</content>
internal static unsafe partial class ElementwiseTiles<W, V>
{
    /// <summary>Σ exp(x - max).</summary>
    [MethodImpl(Kernels.ByItself)]
    public static float SumExp(float* x, int length, float max)
    {
        V shift = W.Broadcast(max), sum = default;
        int i = 0;
        for (; i <= length - W.Count; i += W.Count)
            sum = W.Add(sum, Exponential<W, V>.Of(W.Subtract(W.Load(x + i), shift)));
        float total = Lanes.Sum(W.Fold(sum));
        if (i == length) return total;
        float* rest = stackalloc float[16];
        W.Store(Exponential<W, V>.Of(W.Subtract(LoadPart(x + i, length - i), shift)), rest);
        for (int j = 0; j < length - i; j++) total += rest[j];
        return total;
    }

    /// <summary>Softmax, or its logarithm, of each column of [size, inner], a vector of columns at a time.</summary>
    [MethodImpl(Kernels.ByItself)]
    public static void SoftmaxAcross(float* y, int size, int inner, bool isLog)
    {
        for (int column = 0; column < inner; column += W.Count)
        {
            int count = Math.Min(W.Count, inner - column);
            if (isLog) LogSoftmaxColumns(y + column, size, inner, count);
            else SoftmaxColumns(y + column, size, inner, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SoftmaxColumns(float* y, int size, int inner, int count)
    {
        V max = MaxColumns(y, size, inner, count), sum = default;
        for (int row = 0; row < size; row++)
        {
            V e = Exponential<W, V>.Of(W.Subtract(LoadSome(y + (long)row * inner, count), max));
            StoreSome(e, y + (long)row * inner, count);
            sum = W.Add(sum, e);
        }
        for (int row = 0; row < size; row++)
            StoreSome(W.Divide(LoadSome(y + (long)row * inner, count), sum), y + (long)row * inner, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LogSoftmaxColumns(float* y, int size, int inner, int count)
    {
        V max = MaxColumns(y, size, inner, count), sum = default;
        for (int row = 0; row < size; row++)
            sum = W.Add(sum, Exponential<W, V>.Of(W.Subtract(LoadSome(y + (long)row * inner, count), max)));
        float* logs = stackalloc float[16];
        W.Store(sum, logs);
        for (int i = 0; i < W.Count; i++) logs[i] = MathF.Log(logs[i]);
        V log = W.Load(logs);
        for (int row = 0; row < size; row++)
            StoreSome(W.Subtract(W.Subtract(LoadSome(y + (long)row * inner, count), max), log), y + (long)row * inner, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V MaxColumns(float* y, int size, int inner, int count)
    {
        V max = LoadSome(y, count);
        for (int row = 1; row < size; row++) max = W.Max(max, LoadSome(y + (long)row * inner, count));
        return max;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LoadSome(float* from, int count) => count == W.Count ? W.Load(from) : LoadPart(from, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSome(V value, float* to, int count)
    {
        if (count == W.Count) W.Store(value, to);
        else StorePart(value, to, count);
    }
}
