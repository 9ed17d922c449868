using Einsharp.Generator.Plan.Contractions;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>A step as one call of <c>Contraction</c> or of its twin on devices: the method of its class, and the groups of loops that it takes.</summary>
/// <param name="Kernel">The step's class.</param>
/// <param name="IsUnary">Whether there is no second operand; then the loops of m are kept and those of k summed.</param>
/// <param name="Batch">Each group's loops, as expressions.</param>
internal sealed record ContractionCall(
    ContractionClass Kernel, bool IsUnary, IEnumerable<string> Batch, IEnumerable<string> M, IEnumerable<string> N, IEnumerable<string> K)
{
    /// <param name="contraction">The class that has the method.</param>
    /// <param name="element">The type argument in its brackets, or nothing.</param>
    /// <param name="operands">Who computes, and the values.</param>
    public string Statement(string contraction, string element, string operands)
    {
        (string method, (string Name, IEnumerable<string> Loops)[] groups) = Kernel switch
        {
            _ when IsUnary => ("Sum", [("kept", M), ("summed", K)]),
            ContractionClass.Dot => ("Dot", [("batch", Batch), ("k", K)]),
            ContractionClass.MatrixVector => ("MatrixVector", [("batch", Batch), ("m", M), ("k", K)]),
            ContractionClass.Outer or ContractionClass.LoopNest => ("Outer", [("batch", Batch), ("m", M), ("n", N)]),
            _ => ("MatrixMatrix", new[] { ("batch", Batch), ("m", M), ("n", N), ("k", K) }),
        };
        IEnumerable<string> arguments = groups.Select(static group => $"{group.Name}: [{string.Join(", ", group.Loops)}]").Prepend(operands);
        return $"{contraction}.{method}{element}(\n    " + string.Join(",\n    ", arguments) + ");";
    }
}
