using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

/// <summary>One panel and the activations that it meets.</summary>
internal unsafe struct PanelBlock
{
    /// <summary>Rows of weights in a panel.</summary>
    public const int Rows = 4;

    public float* Panel; // [vector of k][row]
    public int Length;
    public float* X;
    public nint XStride;
    public float* Sums; // [row][4] vectors: what earlier stretches of k have summed
    public bool First;
    public bool Last;
    public float* Y;
    public nint YStride;
}

/// <summary>
/// The register tiles of a panel: 6, 3 or 1 rows of activations by 4 of weights. They differ in how often a loaded vector is used, not in
/// what becomes of an element.
/// </summary>
internal static unsafe class PanelTiles<W, V>
    where W : struct, IWidth<V>
    where V : unmanaged
{
    public static void Multiply(in PanelBlock block, int rows)
    {
        int i = 0;
        if (W.Count == 16) // 24 sums, 4 weights and an activation: this needs 32 registers
        {
            for (; i + 6 <= rows; i += 6) Six(block, i);
        }
        for (; i + 3 <= rows; i += 3) Three(block, i);
        for (; i < rows; i++) One(block, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Six(in PanelBlock block, int row)
    {
        float* panel = block.Panel;
        float* x = block.X + row * block.XStride;
        float* end = x + block.Length;
        float* x1 = x + block.XStride;
        float* x2 = x1 + block.XStride;
        float* x3 = x2 + block.XStride;
        float* x4 = x3 + block.XStride;
        float* x5 = x4 + block.XStride;
        float* sums = block.Sums + row * PanelBlock.Rows * W.Count;
        V s00 = default, s01 = default, s02 = default, s03 = default;
        V s10 = default, s11 = default, s12 = default, s13 = default;
        V s20 = default, s21 = default, s22 = default, s23 = default;
        V s30 = default, s31 = default, s32 = default, s33 = default;
        V s40 = default, s41 = default, s42 = default, s43 = default;
        V s50 = default, s51 = default, s52 = default, s53 = default;
        if (!block.First)
        {
            s00 = W.Load(sums); s01 = W.Load(sums + 1 * W.Count);
            s02 = W.Load(sums + 2 * W.Count); s03 = W.Load(sums + 3 * W.Count);
            s10 = W.Load(sums + 4 * W.Count); s11 = W.Load(sums + 5 * W.Count);
            s12 = W.Load(sums + 6 * W.Count); s13 = W.Load(sums + 7 * W.Count);
            s20 = W.Load(sums + 8 * W.Count); s21 = W.Load(sums + 9 * W.Count);
            s22 = W.Load(sums + 10 * W.Count); s23 = W.Load(sums + 11 * W.Count);
            s30 = W.Load(sums + 12 * W.Count); s31 = W.Load(sums + 13 * W.Count);
            s32 = W.Load(sums + 14 * W.Count); s33 = W.Load(sums + 15 * W.Count);
            s40 = W.Load(sums + 16 * W.Count); s41 = W.Load(sums + 17 * W.Count);
            s42 = W.Load(sums + 18 * W.Count); s43 = W.Load(sums + 19 * W.Count);
            s50 = W.Load(sums + 20 * W.Count); s51 = W.Load(sums + 21 * W.Count);
            s52 = W.Load(sums + 22 * W.Count); s53 = W.Load(sums + 23 * W.Count);
        }
        for (; x < end; x += W.Count, panel += PanelBlock.Rows * W.Count)
        {
            V w0 = W.Load(panel), w1 = W.Load(panel + W.Count), w2 = W.Load(panel + 2 * W.Count), w3 = W.Load(panel + 3 * W.Count);
            V v = W.Load(x);
            s00 = W.MultiplyAdd(v, w0, s00);
            s01 = W.MultiplyAdd(v, w1, s01);
            s02 = W.MultiplyAdd(v, w2, s02);
            s03 = W.MultiplyAdd(v, w3, s03);
            v = W.Load(x1);
            s10 = W.MultiplyAdd(v, w0, s10);
            s11 = W.MultiplyAdd(v, w1, s11);
            s12 = W.MultiplyAdd(v, w2, s12);
            s13 = W.MultiplyAdd(v, w3, s13);
            v = W.Load(x2);
            s20 = W.MultiplyAdd(v, w0, s20);
            s21 = W.MultiplyAdd(v, w1, s21);
            s22 = W.MultiplyAdd(v, w2, s22);
            s23 = W.MultiplyAdd(v, w3, s23);
            v = W.Load(x3);
            s30 = W.MultiplyAdd(v, w0, s30);
            s31 = W.MultiplyAdd(v, w1, s31);
            s32 = W.MultiplyAdd(v, w2, s32);
            s33 = W.MultiplyAdd(v, w3, s33);
            v = W.Load(x4);
            s40 = W.MultiplyAdd(v, w0, s40);
            s41 = W.MultiplyAdd(v, w1, s41);
            s42 = W.MultiplyAdd(v, w2, s42);
            s43 = W.MultiplyAdd(v, w3, s43);
            v = W.Load(x5);
            s50 = W.MultiplyAdd(v, w0, s50);
            s51 = W.MultiplyAdd(v, w1, s51);
            s52 = W.MultiplyAdd(v, w2, s52);
            s53 = W.MultiplyAdd(v, w3, s53);
            x1 += W.Count;
            x2 += W.Count;
            x3 += W.Count;
            x4 += W.Count;
            x5 += W.Count;
        }
        if (block.Last)
        {
            float* y = block.Y + row * block.YStride;
            Sums(s00, s01, s02, s03).Store(y);
            Sums(s10, s11, s12, s13).Store(y + block.YStride);
            Sums(s20, s21, s22, s23).Store(y + 2 * block.YStride);
            Sums(s30, s31, s32, s33).Store(y + 3 * block.YStride);
            Sums(s40, s41, s42, s43).Store(y + 4 * block.YStride);
            Sums(s50, s51, s52, s53).Store(y + 5 * block.YStride);
            return;
        }
        Store4(s00, s01, s02, s03, sums);
        Store4(s10, s11, s12, s13, sums + 4 * W.Count);
        Store4(s20, s21, s22, s23, sums + 8 * W.Count);
        Store4(s30, s31, s32, s33, sums + 12 * W.Count);
        Store4(s40, s41, s42, s43, sums + 16 * W.Count);
        Store4(s50, s51, s52, s53, sums + 20 * W.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Three(in PanelBlock block, int row)
    {
        float* panel = block.Panel;
        float* x = block.X + row * block.XStride;
        float* end = x + block.Length;
        float* x1 = x + block.XStride;
        float* x2 = x1 + block.XStride;
        float* sums = block.Sums + row * PanelBlock.Rows * W.Count;
        V s00 = default, s01 = default, s02 = default, s03 = default;
        V s10 = default, s11 = default, s12 = default, s13 = default;
        V s20 = default, s21 = default, s22 = default, s23 = default;
        if (!block.First)
        {
            s00 = W.Load(sums); s01 = W.Load(sums + 1 * W.Count);
            s02 = W.Load(sums + 2 * W.Count); s03 = W.Load(sums + 3 * W.Count);
            s10 = W.Load(sums + 4 * W.Count); s11 = W.Load(sums + 5 * W.Count);
            s12 = W.Load(sums + 6 * W.Count); s13 = W.Load(sums + 7 * W.Count);
            s20 = W.Load(sums + 8 * W.Count); s21 = W.Load(sums + 9 * W.Count);
            s22 = W.Load(sums + 10 * W.Count); s23 = W.Load(sums + 11 * W.Count);
        }
        for (; x < end; x += W.Count, panel += PanelBlock.Rows * W.Count)
        {
            V w0 = W.Load(panel), w1 = W.Load(panel + W.Count), w2 = W.Load(panel + 2 * W.Count), w3 = W.Load(panel + 3 * W.Count);
            V v = W.Load(x);
            s00 = W.MultiplyAdd(v, w0, s00);
            s01 = W.MultiplyAdd(v, w1, s01);
            s02 = W.MultiplyAdd(v, w2, s02);
            s03 = W.MultiplyAdd(v, w3, s03);
            v = W.Load(x1);
            s10 = W.MultiplyAdd(v, w0, s10);
            s11 = W.MultiplyAdd(v, w1, s11);
            s12 = W.MultiplyAdd(v, w2, s12);
            s13 = W.MultiplyAdd(v, w3, s13);
            v = W.Load(x2);
            s20 = W.MultiplyAdd(v, w0, s20);
            s21 = W.MultiplyAdd(v, w1, s21);
            s22 = W.MultiplyAdd(v, w2, s22);
            s23 = W.MultiplyAdd(v, w3, s23);
            x1 += W.Count;
            x2 += W.Count;
        }
        if (block.Last)
        {
            float* y = block.Y + row * block.YStride;
            Sums(s00, s01, s02, s03).Store(y);
            Sums(s10, s11, s12, s13).Store(y + block.YStride);
            Sums(s20, s21, s22, s23).Store(y + 2 * block.YStride);
            return;
        }
        Store4(s00, s01, s02, s03, sums);
        Store4(s10, s11, s12, s13, sums + 4 * W.Count);
        Store4(s20, s21, s22, s23, sums + 8 * W.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(in PanelBlock block, int row)
    {
        float* panel = block.Panel;
        float* x = block.X + row * block.XStride;
        float* end = x + block.Length;
        float* sums = block.Sums + row * PanelBlock.Rows * W.Count;
        V s00 = default, s01 = default, s02 = default, s03 = default;
        if (!block.First)
        {
            s00 = W.Load(sums); s01 = W.Load(sums + 1 * W.Count);
            s02 = W.Load(sums + 2 * W.Count); s03 = W.Load(sums + 3 * W.Count);
        }
        for (; x < end; x += W.Count, panel += PanelBlock.Rows * W.Count)
        {
            V w0 = W.Load(panel), w1 = W.Load(panel + W.Count), w2 = W.Load(panel + 2 * W.Count), w3 = W.Load(panel + 3 * W.Count);
            V v = W.Load(x);
            s00 = W.MultiplyAdd(v, w0, s00);
            s01 = W.MultiplyAdd(v, w1, s01);
            s02 = W.MultiplyAdd(v, w2, s02);
            s03 = W.MultiplyAdd(v, w3, s03);
        }
        if (block.Last)
        {
            float* y = block.Y + row * block.YStride;
            Sums(s00, s01, s02, s03).Store(y);
            return;
        }
        Store4(s00, s01, s02, s03, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(V a, V b, V c, V d) => Lanes.Sums(W.Fold(a), W.Fold(b), W.Fold(c), W.Fold(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4(V a, V b, V c, V d, float* to)
    {
        W.Store(a, to);
        W.Store(b, to + W.Count);
        W.Store(c, to + 2 * W.Count);
        W.Store(d, to + 3 * W.Count);
    }
}
