using System.Runtime.CompilerServices;

namespace Einsharp.Cpu;

// Functions of scores, on whole steps: what lies past the visible ones is computed too, and left out later.
internal static unsafe partial class AttentionTiles<W, V>
{
    public static void Scale(float* score, int length, float factor)
    {
        V f = W.Broadcast(factor);
        for (int i = 0; i < length; i += W.Count) W.Store(W.Multiply(W.Load(score + i), f), score + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SoftCap(float* score, int length, float cap)
    {
        V c = W.Broadcast(cap);
        for (int i = 0; i < length; i += W.Count)
            W.Store(W.Multiply(HyperbolicTangent<W, V>.Of(W.Divide(W.Load(score + i), c)), c), score + i);
    }

    /// <summary>score[t] += slope · (distance + t).</summary>
    public static void Alibi(float* score, float slope, int distance)
    {
        float* index = stackalloc float[16];
        for (int t = 0; t < W.Count; t++) index[t] = t;
        V lanes = W.Load(index), s = W.Broadcast(slope);
        for (int t = 0; t < Step; t += W.Count)
        {
            V away = W.Add(W.Broadcast((float)(distance + t)), lanes);
            W.Store(W.MultiplyAdd(s, away, W.Load(score + t)), score + t);
        }
    }
}
