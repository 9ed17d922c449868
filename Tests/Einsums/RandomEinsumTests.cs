using System.Reflection;
using System.Runtime.Loader;
using Einsharp.Tests.Reference;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Emit;

namespace Einsharp.Tests.Einsums;

/// <summary>Random equations, compiled in batches by the generator and run against the definition. The seeds are fixed.</summary>
public class RandomEinsumTests
{
    private const int Batches = 20, OfBatch = 500;

    [Fact]
    public void Ten_thousand_random_equations()
    {
        var failures = new List<string>();
        Parallel.For(0, Batches, new ParallelOptions { MaxDegreeOfParallelism = 2 }, batch =>
        {
            IReadOnlyList<string> found = Run(batch);
            lock (failures)
                failures.AddRange(found);
        });
        Assert.True(failures.Count == 0, $"{failures.Count} fail:\n" + string.Join("\n", failures.Take(20)));
    }

    private static List<string> Run(int batch)
    {
        var random = new Random(batch);
        RandomEquation[] equations = [.. Enumerable.Range(0, OfBatch).Select(_ => RandomEquation.Draw(random))];
        string source = "using Einsharp;\npublic static partial class Batch\n{\n"
            + string.Concat(equations.Select(static (equation, i) => "    " + equation.Declare(i) + "\n")) + "}\n";
        using Compiled compiled = Compiled.Of(source);
        Type type = compiled.Assembly.GetType("Batch")!;
        var failures = new List<string>();
        for (int i = 0; i < equations.Length; i++)
        {
            RandomEquation equation = equations[i];
            NaiveEinsum.Dense[] operands = equation.Operands(random);
            NaiveEinsum.Dense expected = NaiveEinsum.Of(equation.Text, operands);
            MethodInfo method = type.GetMethod($"E{i}")!;
            try
            {
                NaiveEinsum.Dense found = equation.Form != EquationForm.Spans ? EinsumInvoker.Invoke(method, equation.Element, operands)
                    : equation.Element == "float" ? EinsumInvoker.InvokeSpans<float>(method, operands, expected.Shape, random)
                    : EinsumInvoker.InvokeSpans<double>(method, operands, expected.Shape, random);
                if (!found.Shape.SequenceEqual(expected.Shape) || !found.Values.SequenceEqual(expected.Values))
                    failures.Add(
                        $"{batch}/{i}: {equation}: [{string.Join(", ", found.Values)}], expected [{string.Join(", ", expected.Values)}]");
            }
            catch (Exception error) when (error is TargetInvocationException or ArgumentException or InvalidOperationException)
            {
                failures.Add($"{batch}/{i}: {equation}: {error.InnerException ?? error}");
            }
        }

        return failures;
    }
}

/// <summary>An assembly of declarations given as text.</summary>
internal sealed class Compiled(AssemblyLoadContext context, Assembly assembly) : IDisposable
{
    public Assembly Assembly { get; } = assembly;

    public static Compiled Of(string source)
    {
        Compilation compilation = Generated.Compiled(source);
        using var image = new MemoryStream();
        EmitResult result = compilation.WithOptions(compilation.Options.WithOptimizationLevel(OptimizationLevel.Release)).Emit(image);
        Assert.True(
            result.Success, string.Join("\n", result.Diagnostics.Where(static one => one.Severity == DiagnosticSeverity.Error).Take(20)));
        image.Position = 0;
        var context = new AssemblyLoadContext("Declared", isCollectible: true);
        return new Compiled(context, context.LoadFromStream(image));
    }

    public void Dispose() => context.Unload();
}
