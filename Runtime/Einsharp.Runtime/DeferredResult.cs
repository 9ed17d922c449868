using System.ComponentModel;
using Einsharp.Generation;

namespace Einsharp;

/// <summary>The values of a result that are still on a device: read back only when somebody looks at them.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class DeferredResult
{
    /// <summary>Waits for the device and copies the values.</summary>
    /// <param name="to">Where to, as many as there are.</param>
    /// <exception cref="InvalidOperationException">The device was lost, or the result was disposed of with its cache.</exception>
    public abstract void CopyTo(Span<float> to);

    /// <summary>Chooses a token where the logits are, so that only its id crosses over.</summary>
    /// <param name="row">Which row of logits.</param>
    /// <param name="options">How to choose.</param>
    /// <param name="draw">A number drawn from [0, 1); what greedy choice does not look at.</param>
    /// <param name="token">The id.</param>
    /// <returns>False when the device cannot do it: for these options, or because the logits are not finite.</returns>
    public virtual bool TrySample(int row, SamplerOptions options, double draw, out int token)
    {
        token = -1;
        return false;
    }
}
