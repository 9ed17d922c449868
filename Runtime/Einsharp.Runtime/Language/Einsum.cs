namespace Einsharp;

/// <summary>An einsum at a call site, compiled with the program.</summary>
/// <remarks>
/// The generator takes each call by an interceptor (a C# 13 feature), in which the equation has become loops. The project allows it by
/// <c>&lt;InterceptorsNamespaces&gt;$(InterceptorsNamespaces);Einsharp.Generated&lt;/InterceptorsNamespaces&gt;</c>.
/// </remarks>
public static class Einsum
{
    /// <summary>The einsum of float operands on all cores.</summary>
    /// <param name="equation">A constant: <c>"b s d, h d -> b s h"</c>.</param>
    /// <param name="operands">One for each term.</param>
    /// <returns>A new tensor with the axes of the output.</returns>
    /// <exception cref="ArgumentException">An operand has another rank or size than the equation says.</exception>
    /// <exception cref="InvalidOperationException">The generator has not compiled this call.</exception>
    public static Tensor Of(string equation, params ReadOnlySpan<Tensor<float>> operands) => throw NotCompiled(equation);

    /// <summary>The einsum of float operands.</summary>
    /// <param name="equation">A constant: <c>"b s d, h d -> b s h"</c>.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="operands">One for each term.</param>
    /// <returns>A new tensor with the axes of the output.</returns>
    /// <exception cref="ArgumentException">An operand has another rank or size than the equation says.</exception>
    /// <exception cref="InvalidOperationException">The generator has not compiled this call.</exception>
    public static Tensor Of(string equation, Device device, params ReadOnlySpan<Tensor<float>> operands) => throw NotCompiled(equation);

    /// <summary>The einsum of double operands on all cores.</summary>
    /// <param name="equation">A constant: <c>"b s d, h d -> b s h"</c>.</param>
    /// <param name="operands">One for each term.</param>
    /// <returns>A new tensor with the axes of the output.</returns>
    /// <exception cref="ArgumentException">An operand has another rank or size than the equation says.</exception>
    /// <exception cref="InvalidOperationException">The generator has not compiled this call.</exception>
    public static Tensor<double> Of(string equation, params ReadOnlySpan<Tensor<double>> operands) => throw NotCompiled(equation);

    /// <summary>The einsum of double operands.</summary>
    /// <param name="equation">A constant: <c>"b s d, h d -> b s h"</c>.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="operands">One for each term.</param>
    /// <returns>A new tensor with the axes of the output.</returns>
    /// <exception cref="ArgumentException">An operand has another rank or size than the equation says.</exception>
    /// <exception cref="InvalidOperationException">The generator has not compiled this call.</exception>
    public static Tensor<double> Of(string equation, Device device, params ReadOnlySpan<Tensor<double>> operands) =>
        throw NotCompiled(equation);

    private static InvalidOperationException NotCompiled(string equation) => new(
        $"Einsum.Of(\"{equation}\") was not compiled: the project needs Einsharp's generator as an analyzer, and "
        + "<InterceptorsNamespaces>$(InterceptorsNamespaces);Einsharp.Generated</InterceptorsNamespaces> in a PropertyGroup; "
        + "or declare a partial method with [Einsum].");
}
