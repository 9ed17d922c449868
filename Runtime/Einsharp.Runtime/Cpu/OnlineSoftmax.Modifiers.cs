using System.Runtime.Intrinsics;

namespace Einsharp.Cpu;

// What may happen to a step's scores before they are weighed, in any order.
public readonly unsafe ref partial struct OnlineSoftmax
{
    /// <summary>Multiplies the step's scores.</summary>
    /// <param name="factor">By what.</param>
    public void Scale(float factor) => Elementwise.Scale(Scored, factor);

    /// <summary>score = cap · tanh(score / cap).</summary>
    /// <param name="cap">The cap, above 0.</param>
    public void SoftCap(float cap) => Elementwise.SoftCap(Scored, cap);

    // All queries' whole steps: what lies past the visible positions is computed too, and left out later.
    private Span<float> Scored => new(_score, _queries * Step);

    /// <summary>Gives a query its slope, for <see cref="Alibi"/>.</summary>
    /// <param name="index">The query.</param>
    /// <param name="slope">The slope of its head.</param>
    public void Slope(int index, float slope)
    {
        Check(index, 0, 0);
        _slope[index] = slope;
    }

    /// <summary>
    /// The slope of a head: 2^(−8h/n) for the h-th of n, a power of two. Of another number, the greatest power of two below has the first heads,
    /// and the rest have every other slope of twice as many (Press et al. 2021, arXiv:2108.12409, and their published code).
    /// </summary>
    /// <param name="head">The head, from 0.</param>
    /// <param name="heads">How many there are.</param>
    public static float AlibiSlope(int head, int heads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(head);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(head, heads);
        int power = 1 << System.Numerics.BitOperations.Log2((uint)heads);
        return (float)(head < power ? Math.Pow(2, -8.0 * (head + 1) / power) : Math.Pow(2, -4.0 * (2 * (head - power) + 1) / power));
    }

    /// <summary>Adds slope · (position of key − position of query), with each query's <see cref="Slope"/>.</summary>
    /// <param name="firstPosition">The position of the block's first row.</param>
    /// <param name="queriesPerRow">Queries of each row.</param>
    /// <param name="step">The step's first position.</param>
    public void Alibi(int firstPosition, int queriesPerRow, int step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queriesPerRow, 1);
        for (int i = 0; i < _queries; i++)
        {
            float* score = _score + (nint)i * Step;
            int distance = step - (firstPosition + i / queriesPerRow);
            if (Vector512.IsHardwareAccelerated) AttentionTiles<Width512, Vector512<float>>.Alibi(score, _slope[i], distance);
            else if (Vector256.IsHardwareAccelerated) AttentionTiles<Width256, Vector256<float>>.Alibi(score, _slope[i], distance);
            else AttentionTiles<Width128, Vector128<float>>.Alibi(score, _slope[i], distance);
        }
    }

    /// <summary>
    /// Masks what lies in the future: query i·<paramref name="queriesPerRow"/> + j, of row i, sees positions up to firstPosition + i.
    /// </summary>
    /// <param name="firstPosition">The position of the block's first row.</param>
    /// <param name="queriesPerRow">Queries of each row.</param>
    /// <param name="step">The step's first position.</param>
    public void Causal(int firstPosition, int queriesPerRow, int step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queriesPerRow, 1);
        int seen = firstPosition - step;
        for (int i = 0; i < _queries; i += queriesPerRow)
        {
            seen++;
            int end = Math.Min(i + queriesPerRow, _queries);
            for (int j = i; j < end; j++) _visible[j] = Math.Clamp(seen, 0, _visible[j]);
        }
    }

    /// <summary>Masks what lies a window's size or more away, on either side.</summary>
    /// <param name="firstPosition">The position of the block's first row.</param>
    /// <param name="queriesPerRow">Queries of each row.</param>
    /// <param name="step">The step's first position.</param>
    /// <param name="size">How many positions a query sees on each side, its own included.</param>
    public void Window(int firstPosition, int queriesPerRow, int step, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queriesPerRow, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        for (int i = 0; i < _queries; i++)
        {
            long own = (long)firstPosition + i / queriesPerRow - step;
            int end = (int)Math.Clamp(own + size, 0, _visible[i]);
            int begin = (int)Math.Clamp(own - size + 1, 0, end);
            _visible[i] = begin == end ? 0 : end;
            new Span<float>(_score + (nint)i * Step, begin).Fill(float.NegativeInfinity);
        }
    }

    /// <summary>Where the first step begins that has a position in the window of a row: those before it need not be computed.</summary>
    /// <param name="firstPosition">The position of the block's first row.</param>
    /// <param name="size">The window's size.</param>
    public static int WindowStart(int firstPosition, int size) => Math.Max(0, firstPosition - size + 1) / Step * Step;

    /// <summary>Behind the last position in the window of a row.</summary>
    /// <param name="lastPosition">The position of the block's last row.</param>
    /// <param name="size">The window's size.</param>
    /// <param name="seen">How many positions there are.</param>
    public static int WindowEnd(int lastPosition, int size, int seen) => (int)Math.Min((long)lastPosition + size, seen);

    /// <summary>Masks what a query is not to see.</summary>
    /// <param name="index">The query.</param>
    /// <param name="mask">From the step's first position on, whether the query sees it.</param>
    /// <param name="stride">How far apart neighbouring positions are; 0 where the mask says the same of all.</param>
    public void Mask(int index, ReadOnlySpan<bool> mask, int stride)
    {
        Check(index, 0, 0);
        int visible = _visible[index];
        if (visible == 0) return;
        if (stride == 0)
        {
            if (!mask[0]) _visible[index] = 0;
            return;
        }
        float* score = _score + (nint)index * Step;
        bool any = false;
        for (int t = 0; t < visible; t++)
        {
            bool sees = mask[t * stride];
            any |= sees;
            if (!sees) score[t] = float.NegativeInfinity;
        }
        if (!any) _visible[index] = 0;
    }
}
