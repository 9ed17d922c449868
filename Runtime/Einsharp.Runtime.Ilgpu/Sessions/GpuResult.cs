using Einsharp.Generation;

namespace Einsharp.Ilgpu;

/// <summary>The result of a session's last call, on the device.</summary>
internal sealed class GpuResult(GpuSession session) : DeferredResult, IDisposable
{
    private GpuSampler? _sampler;

    /// <summary>How many values there are.</summary>
    public int Length { get; set; }

    /// <summary>The values of the last axis: the logits of a row.</summary>
    public int Columns { get; set; }

    /// <inheritdoc/>
    public override void CopyTo(Span<float> to)
    {
        session.Device.ThrowIfUnusable();
        session.Stream.Receive(session.ResultView, to[..Length]);
    }

    /// <inheritdoc/>
    public override bool TrySample(int row, SamplerOptions options, double draw, out int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Columns == 0 ? 0 : Length / Columns);
        session.Device.ThrowIfUnusable();
        token = -1;
        if (!GpuSampler.CanSample(Columns, options))
            return false;
        _sampler ??= new GpuSampler(session);
        token = _sampler.Sample(session.ResultView.SubView((long)row * Columns, Columns), options, draw);
        return token >= 0;
    }

    /// <summary>Frees what sampling needed.</summary>
    public void Dispose()
    {
        _sampler?.Dispose();
        _sampler = null;
    }
}
