using Einsharp.Generation;
using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>Chooses tokens from logits on the device by <see cref="SamplingKernels"/>, and reads two ints back.</summary>
internal sealed class GpuSampler : IDisposable
{
    private const int LeastLogitsOfGroup = 512;

    private readonly GpuSession _session;
    private readonly GpuMemory _ints;
    private readonly GpuMemory _sums;
    private readonly int[] _chosen = new int[2];
    private readonly Dictionary<string, GpuKernel<NoSizes, SamplingArgs>> _kernels = [];

    /// <summary>Takes the memory.</summary>
    /// <param name="session">Whose stream it runs on.</param>
    /// <exception cref="InsufficientMemoryException">The device has not that much memory.</exception>
    public GpuSampler(GpuSession session)
    {
        _session = session;
        const int ints = SamplingKernels.MaxGroups * (3 + 2 * SamplingKernels.Slots) + 64;
        _ints = new GpuMemory(session.Device, ints, sizeof(int), "choosing tokens");
        try
        {
            _sums = new GpuMemory(session.Device, SamplingKernels.MaxGroups, sizeof(long), "choosing tokens");
        }
        catch
        {
            _ints.Dispose();
            throw;
        }
    }

    /// <summary>Whether tokens can be chosen so on the device: greedily, with a temperature, from the likeliest few.</summary>
    /// <param name="count">How many logits.</param>
    /// <param name="options">How.</param>
    public static bool CanSample(int count, SamplerOptions options)
    {
        if (count is < 1 or > SamplingKernels.MaxCount || options.RepetitionPenalty != 1)
            return false;
        bool keepsTop = options.TopK > 0 && options.TopK < count;
        return IsGreedy(options)
            || (options.TopP >= 1 && options.MinP <= 0 && (!keepsTop || options.TopK <= SamplingKernels.MaxTop));
    }

    /// <summary>Chooses a token; waits for the device.</summary>
    /// <param name="logits">One a token.</param>
    /// <param name="options">How.</param>
    /// <param name="draw">A number from [0, 1).</param>
    /// <returns>The id; −1 if the logits are not finite, or too many of them are alike to be ranked here.</returns>
    public int Sample(ArrayView<float> logits, SamplerOptions options, double draw)
    {
        int count = (int)logits.Length;
        bool isGreedy = IsGreedy(options), keepsTop = !isGreedy && options.TopK > 0 && options.TopK < count;
        int groups = Math.Clamp(count / LeastLogitsOfGroup, 1, SamplingKernels.MaxGroups);
        SamplingArgs args = Args(logits, keepsTop ? Math.Max(groups, options.TopK) : groups, options, draw);
        if (keepsTop && count <= SamplingKernels.MaxRanked)
        {
            Launch(nameof(SamplingKernels.DrawFew), 1, args);
        }
        else
        {
            Launch(nameof(SamplingKernels.Best), args.Groups, args);
            if (isGreedy)
            {
                Launch(nameof(SamplingKernels.Greedy), 1, args);
            }
            else
            {
                Launch(keepsTop ? nameof(SamplingKernels.Gather) : nameof(SamplingKernels.Weigh), args.Groups, args);
                Launch(keepsTop ? nameof(SamplingKernels.DrawFound) : nameof(SamplingKernels.Pick), 1, args);
            }
        }
        _session.Stream.Receive(args.Chosen, _chosen);
        bool isFinite = _chosen[0] is > SamplingKernels.NegativeInfinityKey and < SamplingKernels.InfinityKey;
        return isFinite ? _chosen[1] : -1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ints.Dispose();
        _sums.Dispose();
    }

    private static bool IsGreedy(SamplerOptions options) => options.Temperature == 0 || options.TopK == 1;

    private SamplingArgs Args(ArrayView<float> logits, int groups, SamplerOptions options, double draw)
    {
        const int most = SamplingKernels.MaxGroups, found = most * SamplingKernels.Slots;
        ArrayView<int> ints = _ints.View<int>();
        return new SamplingArgs
        {
            Logits = logits,
            BestKey = ints.SubView(0, most),
            BestId = ints.SubView(most, most),
            Found = ints.SubView(2 * most, most),
            FoundKey = ints.SubView(3 * most, found),
            FoundId = ints.SubView(3 * most + found, found),
            Chosen = ints.SubView(3 * most + 2 * found, 2),
            Sums = _sums.View<long>(),
            Count = (int)logits.Length,
            Groups = groups,
            Top = options.TopK,
            Temperature = options.Temperature,
            Draw = (long)(draw * (1L << 53)),
        };
    }

    private void Launch(string name, int groups, SamplingArgs args)
    {
        if (!_kernels.TryGetValue(name, out GpuKernel<NoSizes, SamplingArgs>? kernel))
            _kernels.Add(name, kernel = _session.LibraryKernel<SamplingArgs>(typeof(SamplingKernels), name));
        kernel.Launch(_session.Stream, groups, 1, default, args);
    }
}
