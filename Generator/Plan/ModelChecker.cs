using Einsharp.Generator.Diagnostics;
using Einsharp.Generator.Model;

namespace Einsharp.Generator.Plan;

/// <summary>
/// Checks a model: declarations first, then every method's equations against them. What passes is a <see cref="CheckedModel"/> in which
/// nothing can fail any more; what does not is a list of findings, as many as can be told apart.
/// </summary>
internal static partial class ModelChecker
{
    /// <param name="spec">The model.</param>
    /// <param name="submodels">What <see cref="Close"/> gives for it.</param>
    public static CheckResult Check(ModelSpec spec, EquatableArray<ModelSignature> submodels)
    {
        var findings = new FindingList();
        var declarations = new DeclarationChecker(spec, submodels, findings);
        declarations.Check();
        int declared = findings.Count;
        var graphs = new List<Graph>();
        foreach (MethodSpec method in spec.Methods)
        {
            if (new MethodChecker(method, declarations, findings).Check() is { } graph)
                graphs.Add(graph);
        }

        // A wrong equation is reason enough for a parameter that nothing seems to read.
        EquatableArray<CheckedParam> parameters = findings.Count == declared ? declarations.CheckUses() : [];
        CheckedModel? model = findings.Count > 0
            ? null
            : new CheckedModel(spec, declarations.Axes.ToEquatable(), parameters, graphs.ToEquatable(), submodels);
        return new CheckResult(model, findings.ToEquatable(), findings.Notes);
    }
}
