using System.ComponentModel;

namespace Einsharp.Cpu;

/// <summary>A session on the processor: every worker of the team runs the kernels of a chunk at once.</summary>
/// <param name="device">Where it runs.</param>
/// <param name="cache">The cache that owns it, if the method takes one.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class CpuSession(CpuDevice device, KvCache? cache) : ForwardSession(cache), ITeamJob
{
    /// <summary>
    /// The most rows that are computed at a time: bounds the workspace, and is enough to be limited by arithmetic, not by memory.
    /// </summary>
    public const int ChunkRows = 256;

    private AlignedMemory? _memory;
    private int _workspace;

    /// <inheritdoc/>
    public override long WorkspaceBytes => _memory is null ? 0 : (long)_workspace * sizeof(float);

    /// <summary>The workspace, as large as <see cref="ForwardSession.WorkspaceFloats"/> said.</summary>
    protected unsafe Span<float> Workspace => _memory is null ? default : new Span<float>(_memory.Pointer, _workspace);

    /// <summary>What the call at hand does to parameters when it has succeeded.</summary>
    internal ParamMoves Moves { get; } = new();

    /// <inheritdoc/>
    public abstract void Run(Worker worker);

    /// <inheritdoc/>
    protected override void RunOnce()
    {
        int floats = WorkspaceFloats();
        if (floats > _workspace)
        {
            Release();
            _memory = new AlignedMemory(floats, "the workspace");
            _workspace = floats;
        }

        // What an earlier call noted and did not live to do is void.
        Moves.Clear();
        device.Team.Run(this);
        Moves.Apply();
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        _memory?.Dispose();
        _memory = null;
        _workspace = 0;
    }
}
