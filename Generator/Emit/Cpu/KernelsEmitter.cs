using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Cpu;

/// <summary>
/// The kernels for the CPU, one class for each set of sizes: an entry for each method, then a static method for each kernel.
/// </summary>
internal static class KernelsEmitter
{
    public static void Emit(CodeWriter writer, ModelPlan plan, KernelSizes sizes)
    {
        using (writer.Open($"partial class {plan.Model.Spec.Name}"))
        {
            string which = sizes.SetName is null ? "any sizes" : $"the sizes named {Names.Xml(sizes.SetName)}, which are literals here";
            writer.Write($"/// <summary>The kernels for {which}. "
                + "Every worker of the team runs a kernel at once, and takes its share of the units.</summary>");
            using (writer.Open($"private static class {sizes.ClassName}"))
            {
                foreach (MethodPlan method in plan.Methods)
                {
                    writer.Gap();
                    EmitEntry(writer, plan, method, sizes);
                    foreach (KernelPlan kernel in method.Kernels.Where(kernel => kernel is not RunPlan))
                    {
                        writer.Gap();
                        KernelEmitter.For(plan, method, sizes, kernel).Emit(writer);
                    }
                }
            }
        }
    }

    /// <summary>The order of a method's kernels, its buffers, and its layers.</summary>
    private static void EmitEntry(CodeWriter writer, ModelPlan plan, MethodPlan method, KernelSizes sizes)
    {
        var scope = new Scope(plan.Model, method, sizes.Expression);
        var body = new CodeWriter();
        EmitBuffers(body, plan, method, scope);
        for (int i = 0; i < method.Kernels.Count; i++)
        {
            if (method.Sequence is not null && i == method.LastChunk)
                body.Write("if (!last)", "return;");
            if (i > 0 && method.Kernels[i - 1] is not RunPlan)
                body.Write("worker.Barrier();");
            if (method.Kernels[i] is RunPlan run)
                EmitLayers(body, plan, method, scope, run);
            else
                body.Write(KernelEmitter.For(plan, method, sizes, method.Kernels[i]).Call);
        }

        IEnumerable<string> parameters = Steps.Parameters(plan.Model, method, scope).Select(parameter => parameter.ToString());
        writer.Write($"/// <summary>{method.Graph.Method.Name}, a kernel at a time.</summary>");
        using (writer.OpenMethod($"internal static void {method.Graph.Method.Name}", parameters.Prepend(plan.Model.Spec.Name + " model")))
        {
            foreach (string declaration in scope.Declarations())
                writer.Write(declaration);
            writer.Write(body.ToString().TrimEnd('\n'));
        }
    }

    private static void EmitBuffers(CodeWriter body, ModelPlan plan, MethodPlan method, Scope scope)
    {
        List<EquatableArray<string>> spaces = Steps.RowSpaces(method);
        foreach (EquatableArray<string> space in spaces)
            body.Write(Steps.RowDeclaration(method, space, scope.Axis));
        if (method.WorkspaceSlots > 0 || method.Kernels.Any(kernel => kernel is RunPlan))
        {
            body.Write($"Span<int> at = stackalloc int[{Names.Literal(method.WorkspaceSlots + 1)}];");
            string rowCounts = string.Concat(Steps.WorkspaceParameters(plan.Model, method).Select(count => count.Argument + ", "));
            body.Write($"model.{method.Graph.Method.Name}Workspace({rowCounts}at);");
        }

        foreach (BufferPlan buffer in method.Buffers.Where(buffer => buffer.Role == BufferRole.Workspace).OrderBy(buffer => buffer.Slot))
        {
            string length = Steps.Length(buffer, scope.Axis);
            body.Write($"Span<float> {scope.Value(buffer.Name)} = workspace.Slice(at[{Names.Literal(buffer.Slot)}], {length});");
        }

        body.Gap();
    }

    private static void EmitLayers(CodeWriter body, ModelPlan plan, MethodPlan method, Scope scope, RunPlan run)
    {
        ModelSignature child = plan.Model.Submodels.First(submodel => submodel.FullName == run.Model);
        string input = scope.Value(run.Input), output = scope.Value(run.Output), between = scope.Value(run.Between);
        body.Gap();
        body.Write($"// {Names.OneLine(run.Operations[0].Text)}: a layer reads what the one before wrote, in one of two buffers; "
            + $"the last one writes {output}.");

        // A second stack goes on with the locals of the first: its slots come after that one's.
        List<RunPlan> before = [.. method.Kernels.TakeWhile(kernel => kernel != run).OfType<RunPlan>()];
        body.Write($"{(before.Count == 0 ? "ReadOnlySpan<float> " : "")}from = {input};");
        if (run.TakesCache && !before.Any(other => other.TakesCache))
        {
            int own = Slot.Of(method).Count;
            body.Write(own == 0 ? "int layerSlot = slot;" : $"int layerSlot = slot + {Names.Literal(own)};");
        }

        using (body.Open($"for (int layer = 0; layer < model.{run.Layers}.Count; layer++)"))
        {
            string rows = string.Join(", ", Steps.LayerRows(plan.Model, run, scope.Axis));
            string cache = run.TakesCache ? "cache, layerSlot, " : "";
            body.Write($"Span<float> to = (model.{run.Layers}.Count - layer) % 2 == 1 ? {output} : {between};");
            string workspace = $"workspace[at[{Names.Literal(method.WorkspaceSlots)}]..]";
            body.Write($"model.{run.Layers}[layer].ForwardStep({rows}, worker, from, to, {cache}{workspace});");
            body.Write("worker.Barrier();\nfrom = to;");
            if (run.TakesCache)
                body.Write($"layerSlot += model.{run.Layers}[layer].CacheSlots;");
        }

        body.Gap();
        using (body.Open($"if (model.{run.Layers}.Count == 0)"))
        {
            body.Write("if (worker.Index == 0)", $"{input}.CopyTo({output});");
            body.Write("worker.Barrier();");
        }

        body.Gap();
    }
}
