namespace Einsharp.Cpu;

/// <summary>
/// Moves of parameters that a call owes: running statistics follow a batch only when all of the call has succeeded. The list keeps its memory.
/// </summary>
internal sealed class ParamMoves
{
    private readonly List<Move> _moves = [];
    private int _count;

    /// <summary>Whether nothing is noted.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Forgets what was noted.</summary>
    public void Clear() => _count = 0;

    /// <summary>Notes param += momentum · (factor · values − param).</summary>
    public void Add(Param param, float momentum, ReadOnlySpan<float> values, float factor)
    {
        if (_count == _moves.Count) _moves.Add(new Move());
        Move move = _moves[_count++];
        move.Param = param;
        move.Momentum = momentum;
        if (move.Values.Length != values.Length) move.Values = new float[values.Length];
        for (int i = 0; i < values.Length; i++) move.Values[i] = values[i] * factor;
    }

    /// <summary>Does what was noted, in order.</summary>
    public void Apply()
    {
        for (int i = 0; i < _count; i++) _moves[i].Param!.MoveTowards(_moves[i].Values, _moves[i].Momentum);
        Clear();
    }

    private sealed class Move
    {
        public Param? Param;
        public float Momentum;
        public float[] Values = [];
    }
}
