using System.Numerics.Tensors;

namespace Einsharp.Generation;

/// <summary>
/// Chooses a token from logits: greedy, or drawn at random after the filters of <see cref="SamplerOptions"/>. Nothing is allocated after
/// construction. Not safe for several threads at once: it holds the state of its random numbers and its buffers.
/// </summary>
public sealed class Sampler
{
    private const int Block = 256;

    private readonly SamplerOptions _options;
    private readonly int _vocabularySize;
    private readonly float[] _scores;
    private readonly float[] _weights;
    private readonly ulong[] _keys;
    private Xoshiro256 _random;

    /// <summary>Makes a sampler.</summary>
    /// <param name="vocabularySize">The number of logits.</param>
    /// <param name="options">How to choose.</param>
    public Sampler(int vocabularySize, SamplerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _vocabularySize = vocabularySize;
        _random = new Xoshiro256(options.Seed);
        _scores = options.RepetitionPenalty == 1 ? [] : new float[vocabularySize];
        _weights = IsGreedy ? [] : new float[vocabularySize];
        _keys = IsGreedy || !(KeepsTop || options.TopP < 1) ? [] : new ulong[vocabularySize];
    }

    private bool IsGreedy => _options.Temperature == 0 || _options.TopK == 1;

    private bool KeepsTop => _options.TopK > 0 && _options.TopK < _vocabularySize;

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">One a token; −∞ says never. Of equal greatest ones, greedy takes the lowest id.</param>
    /// <param name="recent">The tokens that the repetition penalty is for, in any order and any number of times.</param>
    /// <param name="position">The position that the logits are of, for the message of a failure.</param>
    /// <returns>The id.</returns>
    /// <exception cref="InvalidDataException">A logit is NaN or +∞, or all are −∞.</exception>
    /// <exception cref="ArgumentException">The number of logits is not the vocabulary's size.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A recent token has no logit.</exception>
    public int Sample(ReadOnlySpan<float> logits, ReadOnlySpan<int> recent, int? position = null)
    {
        if (logits.Length != _vocabularySize)
            throw new ArgumentException($"{logits.Length} logits were given; the sampler was made for {_vocabularySize}.", nameof(logits));
        ReadOnlySpan<float> scores = _options.RepetitionPenalty == 1 ? logits : Penalize(logits, recent);

        // Its index is that of a NaN if there is one, and otherwise of the first of the greatest.
        int best = TensorPrimitives.IndexOfMax(scores);
        if (!float.IsFinite(scores[best]))
            throw NotFinite(best, scores[best], position);
        return IsGreedy ? best : Draw(scores, scores[best]);
    }

    /// <summary>Chooses a token from logits that may still be on a device: there, if the device can, or here.</summary>
    /// <inheritdoc cref="Sample(ReadOnlySpan{float}, ReadOnlySpan{int}, int?)"/>
    public int Sample(Tensor logits, ReadOnlySpan<int> recent, int? position = null)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (logits.Length == _vocabularySize && logits.Deferred is { } deferred)
        {
            // The random numbers go on only if this one is used, so that a seed draws the same on every device.
            Xoshiro256 random = _random;
            if (deferred.TrySample(0, _options, IsGreedy ? 0 : random.NextDouble(), out int token))
            {
                _random = random;
                return token;
            }
        }
        return Sample(logits.Span, recent, position);
    }

    private Span<float> Penalize(ReadOnlySpan<float> logits, ReadOnlySpan<int> recent)
    {
        logits.CopyTo(_scores);
        foreach (int id in recent)
        {
            if ((uint)id >= (uint)logits.Length)
            {
                string message = FormattableString.Invariant($"The token {id} has no logit; there are {logits.Length}.");
                throw new ArgumentOutOfRangeException(nameof(recent), message);
            }
            // Read from the logits, so that a token that came twice is penalised once.
            float logit = logits[id];
            _scores[id] = logit < 0 ? logit * _options.RepetitionPenalty : logit / _options.RepetitionPenalty;
        }
        return _scores;
    }

    // A weight is exp((score − best) / temperature): the probability over that of the likeliest token.
    private int Draw(ReadOnlySpan<float> scores, float best)
    {
        Span<float> weights = _weights;
        bool isSorted = false;
        if (KeepsTop)
        {
            ReadOnlySpan<ulong> top = SelectTop(scores, _options.TopK);
            weights = weights[..top.Length];
            for (int i = 0; i < top.Length; i++)
                weights[i] = Score(top[i]);
            isSorted = true;
        }
        else
        {
            scores.CopyTo(weights);
        }
        TensorPrimitives.Subtract(weights, best, weights);
        TensorPrimitives.Divide(weights, _options.Temperature, weights);
        TensorPrimitives.Exp(weights, weights);

        if (_options.TopP < 1)
        {
            double total = Sum(weights);
            if (!isSorted)
                weights = SortLikeliest(weights, total);
            isSorted = true;
            weights = weights[..NucleusLength(weights, _options.TopP * total)];
        }
        if (_options.MinP > 0)
            DropUnlikely(weights, _options.MinP);

        int drawn = Pick(weights, _random.NextDouble() * Sum(weights));
        return isSorted ? Id(_keys[drawn]) : drawn;
    }

    // The k best by a heap whose root is the worst of them. Blocks with nothing better than the root, which are soon most, cost one
    // vectorised maximum each.
    private Span<ulong> SelectTop(ReadOnlySpan<float> scores, int k)
    {
        Span<ulong> heap = _keys.AsSpan(0, k);
        for (int id = 0; id < k; id++)
            heap[id] = Key(scores[id], id);
        for (int i = (k / 2) - 1; i >= 0; i--)
            SiftDown(heap, i);
        for (int start = k; start < scores.Length; start += Block)
        {
            ReadOnlySpan<float> block = scores.Slice(start, Math.Min(Block, scores.Length - start));
            if (TensorPrimitives.Max(block) <= Score(heap[0]))
                continue;
            for (int i = 0; i < block.Length; i++)
            {
                ulong key = Key(block[i], start + i);
                if (key >= heap[0])
                    continue;
                heap[0] = key;
                SiftDown(heap, 0);
            }
        }
        heap.Sort();
        return heap;
    }

    private static void SiftDown(Span<ulong> heap, int i)
    {
        while ((2 * i) + 1 < heap.Length)
        {
            int child = (2 * i) + 1;
            if (child + 1 < heap.Length && heap[child + 1] > heap[child])
                child++;
            if (heap[i] >= heap[child])
                return;
            (heap[i], heap[child]) = (heap[child], heap[i]);
            i = child;
        }
    }

    // Those with less than (1 − p)/v each have together less than 1 − p: the nucleus never reaches them, and they need not be sorted.
    private Span<float> SortLikeliest(Span<float> weights, double total)
    {
        float least = (float)((1 - _options.TopP) * total / weights.Length);
        int count = 0;
        for (int id = 0; id < weights.Length; id++)
        {
            if (weights[id] >= least)
                _keys[count++] = Key(weights[id], id);
        }
        _keys.AsSpan(0, count).Sort();
        for (int i = 0; i < count; i++)
            weights[i] = Score(_keys[i]);
        return weights[..count];
    }

    private static int NucleusLength(ReadOnlySpan<float> sorted, double wanted)
    {
        double sum = 0;
        int length = 0;
        while (length < sorted.Length && (length == 0 || sum < wanted))
            sum += sorted[length++];
        return length;
    }

    private static void DropUnlikely(Span<float> weights, float least)
    {
        for (int i = 0; i < weights.Length; i++)
            weights[i] = weights[i] < least ? 0 : weights[i];
    }

    private static double Sum(ReadOnlySpan<float> weights)
    {
        double sum = 0;
        for (int start = 0; start < weights.Length; start += Block)
            sum += TensorPrimitives.Sum(weights.Slice(start, Math.Min(Block, weights.Length - start)));
        return sum;
    }

    // Passes whole blocks by the same sums that made the total.
    private static int Pick(ReadOnlySpan<float> weights, double target)
    {
        int picked = 0;
        for (int start = 0; start < weights.Length; start += Block)
        {
            ReadOnlySpan<float> block = weights.Slice(start, Math.Min(Block, weights.Length - start));
            float sum = TensorPrimitives.Sum(block);
            if (sum == 0)
                continue;
            bool isHere = target < sum;
            target -= isHere ? 0 : sum;
            if (!isHere && start + Block < weights.Length)
                continue;
            for (int i = 0; i < block.Length; i++)
            {
                if (block[i] == 0)
                    continue;
                picked = start + i;
                target -= block[i];
                if (target < 0)
                    break;
            }
            break;
        }
        return picked;
    }

    // Ascending keys are descending scores, and ascending ids where scores are equal (−0 and 0 are).
    private static ulong Key(float score, int id)
    {
        int bits = BitConverter.SingleToInt32Bits(score + 0f);
        uint ascending = (uint)bits ^ ((uint)(bits >> 31) | 0x80000000);
        return ((ulong)~ascending << 32) | (uint)id;
    }

    private static float Score(ulong key)
    {
        uint ascending = ~(uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((ascending & 0x80000000) != 0 ? ascending ^ 0x80000000 : ~ascending);
    }

    private static int Id(ulong key) => (int)(uint)key;

    private static InvalidDataException NotFinite(int id, float score, int? position)
    {
        string of = position is null ? "" : FormattableString.Invariant($" of position {position}");
        return new InvalidDataException(FormattableString.Invariant($"the logits{of} are not finite: token {id} has {score}"));
    }
}
