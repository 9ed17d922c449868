using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Einsharp;

/// <summary>The draws of one parameter: value i is a function of the rule, the seed, the name and i.</summary>
/// <remarks>
/// Only additions, multiplications, divisions, square roots and bit operations are used, never a fused multiply-add or a library
/// logarithm: each is rounded exactly by IEEE 754, so that all machines draw the same bytes.
/// </remarks>
internal readonly struct InitializerDraws
{
    private readonly Initializer _rule;
    private readonly ulong _seed;
    private readonly ulong _key;

    /// <summary>The share of the uncut normal that lies beyond the cut, both tails together.</summary>
    private readonly float _tail;

    public InitializerDraws(Initializer rule, ulong seed, string checkpointName)
    {
        _rule = rule;
        _seed = seed;
        _key = Fnv1a(checkpointName);
        _tail = rule.Kind == InitializerKind.Normal ? (float)TwoSidedTail(rule.Cut) : 0;
    }

    /// <summary>Draws the values from <paramref name="start"/> on.</summary>
    public void Fill(long start, Span<float> to)
    {
        if (_rule.Kind == InitializerKind.Constant)
        {
            to.Fill(_rule.Mean);
            return;
        }
        Span<uint> bits = stackalloc uint[Philox.Group];
        Span<float> group = stackalloc float[Philox.Group];
        int done = 0;
        while (done < to.Length)
        {
            long at = start + done;
            int skip = (int)(at % Philox.Group), count = Math.Min(Philox.Group - skip, to.Length - done);
            Philox.Draw((ulong)(at / Philox.Group), _seed, _key, bits);
            for (int i = 0; i < Philox.Group; i += Vector512<uint>.Count)
                Value(Vector512.Create<uint>(bits[i..])).CopyTo(group[i..]);
            group.Slice(skip, count).CopyTo(to[done..]);
            done += count;
        }
    }

    /// <summary>FNV-1a of the UTF-8 bytes: unlike <see cref="string.GetHashCode()"/>, the same in every process.</summary>
    internal static ulong Fnv1a(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(name)) hash = (hash ^ b) * 1099511628211;
        return hash;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Value(Vector512<uint> bits)
    {
        if (_rule.Kind == InitializerKind.Uniform)
        {
            // 24 bits, the precision of a float: every multiple of 2^-24 in [0, 1) is equally likely.
            Vector512<float> unit = Vector512.ConvertToSingle((bits >>> 8).AsInt32()) * Unit;
            return Vector512.Min(Vector512.Create(_rule.Low) + unit * (_rule.High - _rule.Low), Vector512.Create(_rule.High));
        }
        // The upper bit is the sign, the others place the draw in the two tails together, (tail, 1): exact near 0, where the
        // quantile is steep.
        Vector512<uint> sign = bits & Vector512.Create(0x8000_0000u);
        Vector512<int> steps = (bits & Vector512.Create(0x7FFF_FFFFu)).AsInt32();
        Vector512<float> place = (Vector512.ConvertToSingle(steps) + Vector512.Create(0.5f)) * HalfUnit;
        Vector512<float> distance = NormalQuantile.OfTwoSidedTail(Vector512.Create(_tail) + place * (1 - _tail));
        distance = Vector512.Min(distance, Vector512.Create(_rule.Cut));
        distance = (distance.AsUInt32() | sign).AsSingle();
        return Vector512.Create(_rule.Mean) + distance * _rule.Deviation;
    }

    /// <summary>2^-24.</summary>
    private const float Unit = 1f / (1 << 24);

    /// <summary>2^-31.</summary>
    private const float HalfUnit = 1f / (1u << 31);

    /// <summary>P(|Z| > cut) of a standard normal, by the series of its distribution function about 0.</summary>
    /// <remarks>M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 26.2.11.</remarks>
    internal static double TwoSidedTail(double cut)
    {
        // Beyond 6 deviations lie 2e-9 of the draws: less than one of the 2^31 places.
        if (cut > 6) return 0;
        double term = cut, sum = cut;
        for (int n = 3; n < 200; n += 2)
        {
            term *= cut * cut / n;
            sum += term;
        }
        return Math.Max(0, 1 - 2 * Math.Exp(-cut * cut / 2) / Math.Sqrt(2 * Math.PI) * sum);
    }
}
