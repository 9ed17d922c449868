using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>Operations to kernels. Knows nothing of a backend.</summary>
internal static class Planner
{
    /// <summary>Plans every method of a checked model.</summary>
    public static PlanResult Plan(CheckedModel model, CancellationToken cancellation)
    {
        var methods = new List<MethodPlan>();
        var findings = new List<Finding>();
        var kernelNames = new HashSet<string>(StringComparer.Ordinal);
        foreach (Graph graph in model.Graphs)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                Refuse(model, graph);
                methods.Add(new MethodPlanner(model, graph, kernelNames).Plan());
            }
            catch (NoKernelException reason)
            {
                findings.Add(new Finding("EIN0401", reason.Site, [reason.What, reason.Message]));
            }
        }

        return findings.Count == 0
            ? new PlanResult(new ModelPlan(model, methods.ToEquatable()), [])
            : new PlanResult(null, findings.ToEquatable());
    }

    private static void Refuse(CheckedModel model, Graph graph)
    {
        Site site = graph.Method.Brackets[0].Attributes[0].At();
        if (graph.Method.IsStatic)
            throw new NoKernelException(site, graph.Method.Name, "a static method has no model to take sizes from");
        if (graph.Cache is not null && model.Graphs.First(other => other.Cache is not null) is var first && first != graph)
        {
            throw new NoKernelException(
                site, graph.Method.Name, $"'{first.Method.Name}' takes the model's cache already; one method of a model can");
        }
    }
}

/// <summary>Ends the planning of a method for which there is no kernel; <see cref="Planner.Plan"/> turns it into a finding.</summary>
internal sealed class NoKernelException(Site site, string what, string why) : Exception(why)
{
    public Site Site { get; } = site;

    public string What { get; } = what;

    /// <summary>Whether no other class of kernel is to be asked.</summary>
    public bool IsFinal { get; set; }
}
