using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

// Scores that are kept in memory: what hides or moves them.
internal sealed partial class MethodPlanner
{
    /// <summary>
    /// Whether an operation looks at single numbers of a value by where they are. Scores have rows of one number where they are made; it waits for
    /// the kernel of whole rows, the softmax's.
    /// </summary>
    private static bool IsOfScores(Operation operation) => operation is CausalOperation or WindowOperation or MaskOperation or AlibiOperation;

    /// <summary>The axis that rows of scores begin with: that of the softmax to come, else that of the keys.</summary>
    private int FirstOfScores(Operation operation)
    {
        Operation last = operation;
        while (last is not SoftmaxOperation && _readers[last.Id].Count == 1 && _readers[last.Id][0] is var next && next.Bracket == last.Bracket)
            last = next;
        string? axis = last is SoftmaxOperation softmax ? softmax.Axis : operation switch
        {
            CausalOperation causal => causal.Key,
            WindowOperation window => window.Key,
            AlibiOperation alibi => alibi.Key,
            _ => null,
        };
        int first = axis is null ? -1 : operation.Axes.IndexOf(axis);
        return first < 0 ? operation.Axes.Count : first;
    }
}
