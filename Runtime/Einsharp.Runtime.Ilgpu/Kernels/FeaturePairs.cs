namespace Einsharp.Ilgpu;

/// <summary>
/// The output features of a sweep, two by two: a lane that makes both of a pair can turn them. Where nothing is turned, neighbours are a
/// pair, and of an odd number of features the last is a pair with itself.
/// </summary>
public readonly struct FeaturePairs
{
    private readonly int _features;
    private readonly int _ofHead;
    private readonly int _stride;
    private readonly int _offset;

    private FeaturePairs(int features, int ofHead, int stride, int offset) =>
        (_features, _ofHead, _stride, _offset) = (features, ofHead, stride, offset);

    /// <summary>How many pairs there are.</summary>
    public int Count => (_features + 1) / 2;

    /// <summary>Features 0 and 1, 2 and 3, and so on.</summary>
    /// <param name="features">How many features there are.</param>
    public static FeaturePairs Neighbours(int features) => new(features, (features + 1) / 2, 2, 1);

    /// <summary>The pairs that a rotation turns.</summary>
    /// <param name="features">How many features there are.</param>
    /// <param name="size">The features of a head: even.</param>
    /// <param name="rope">How the pairs of a head lie.</param>
    public static FeaturePairs Turned(int features, int size, RopeView rope) => new(features, size / 2, rope.PairStride, rope.PairOffset);

    /// <summary>The first feature of a pair; of the last pair where there are fewer.</summary>
    /// <param name="pair">The pair, from 0.</param>
    public int First(int pair)
    {
        int known = pair < Count ? pair : Count - 1;
        int head = known / _ofHead;
        return 2 * head * _ofHead + (known - head * _ofHead) * _stride;
    }

    /// <summary>The second feature of a pair.</summary>
    /// <param name="pair">The pair, from 0.</param>
    public int Second(int pair)
    {
        int second = First(pair) + _offset;
        return second < _features ? second : _features - 1;
    }
}
