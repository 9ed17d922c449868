using ILGPU;

namespace Einsharp.Ilgpu;

/// <summary>Operands of the kernels that choose a token from a row of logits.</summary>
public struct SamplingArgs
{
    /// <summary>[Count] one a token.</summary>
    public ArrayView<float> Logits;

    /// <summary>[Groups] the greatest key of a group's logits.</summary>
    public ArrayView<int> BestKey;

    /// <summary>[Groups] the lowest id that has it.</summary>
    public ArrayView<int> BestId;

    /// <summary>[Groups] the sum of the weights of a group's run of ids, in fixed point.</summary>
    public ArrayView<long> Sums;

    /// <summary>[Groups] how many logits of a group may be among the likeliest.</summary>
    public ArrayView<int> Found;

    /// <summary>[Groups][Slots] their keys.</summary>
    public ArrayView<int> FoundKey;

    /// <summary>[Groups][Slots] their ids.</summary>
    public ArrayView<int> FoundId;

    /// <summary>[2] the key of the greatest logit, and the id that was chosen: −1 if that could not be done here.</summary>
    public ArrayView<int> Chosen;

    /// <summary>How many logits there are.</summary>
    public int Count;

    /// <summary>How many groups share the logits: 1 to <see cref="SamplingKernels.MaxGroups"/>.</summary>
    public int Groups;

    /// <summary>How many of the likeliest are kept: 1 to <see cref="SamplingKernels.MaxTop"/>.</summary>
    public int Top;

    /// <summary>What differences of logits are divided by; over 0.</summary>
    public float Temperature;

    /// <summary>The random number from [0, 1), times 2⁵³.</summary>
    public long Draw;
}
