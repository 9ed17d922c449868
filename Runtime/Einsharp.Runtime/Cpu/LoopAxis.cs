namespace Einsharp.Cpu;

/// <summary>
/// One axis of a contraction: its extent, and the distance of neighbours along it in each operand, in elements. A diagonal has the sum of
/// two strides, an operand that lacks the axis (or repeats its values along it) has 0.
/// </summary>
/// <param name="Extent">How many indices: 0 or more.</param>
/// <param name="A">The stride in the first operand, 0 or more.</param>
/// <param name="B">The stride in the second operand, 0 or more.</param>
/// <param name="C">The stride in the result, 0 or more.</param>
public readonly record struct LoopAxis(int Extent, int A, int B, int C);
