namespace Einsharp.Cpu;

// Of scores, a whole step at a time: what lies past the visible ones is computed too, and left out later.
internal static unsafe partial class AttentionTiles<W, V>
{
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
