using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>One method's launches, in order, as the host enqueues them: nothing waits for the device.</summary>
internal sealed class GpuStepEmitter(
    CodeWriter writer, ModelPlan plan, MethodPlan method, List<GpuKernelEmitter> kernels, GpuResidentEmitter? resident)
{
    private readonly string _name = method.Graph.Method.Name;
    private readonly Scope _scope = new(plan.Model, method, axis => "_sizes." + Names.Identifier(axis));

    /// <summary>The parameters of a step on a GPU: the session knows the rows and the cache.</summary>
    public static List<(StepRole Role, string Type, string Name, string Source)> Parameters(ModelPlan plan, MethodPlan method, Scope scope)
    {
        var parameters = new List<(StepRole, string, string, string)> { (StepRole.Worker, "GpuSession", "session", "") };
        foreach (StepParameter parameter in Steps.Parameters(plan.Model, method, scope))
        {
            string? type = parameter.Role switch
            {
                StepRole.Packed or StepRole.Worker or StepRole.Cache => null,
                StepRole.FloatInput or StepRole.Result or StepRole.Workspace => "ArrayView<float>",
                StepRole.IntInput => "ArrayView<int>",
                StepRole.MaskInput => "ArrayView<byte>",
                _ => parameter.Type,
            };
            if (type is not null)
                parameters.Add((parameter.Role, type, parameter.Name, parameter.Source));
        }

        return parameters;
    }

    public void Emit()
    {
        EmitScratch();
        writer.Gap();
        IEnumerable<string> parameters = Parameters(plan, method, _scope).Select(parameter => $"{parameter.Type} {parameter.Name}");
        writer.Write("/// <summary>Enqueues the kernels of one chunk.</summary>");
        using (writer.OpenMethod($"internal void {_name}Step", parameters))
        {
            foreach (string check in MethodEmitter.GroupChecks(method, Size))
                writer.Write(check);
            EmitBuffers();
            if (resident is { IsStep: true })
            {
                IEnumerable<string> arguments = Parameters(plan, method, _scope)
                    .Where(parameter => parameter.Role != StepRole.Last).Select(parameter => parameter.Name);
                writer.Write(resident.Try(arguments), "return;");
            }

            for (int i = 0; i < method.Kernels.Count; i++)
            {
                if (method.Sequence is not null && i == method.LastChunk)
                    writer.Write("if (!last)", "return;");
                if (method.Kernels[i] is RunPlan run)
                {
                    EmitLayers(run);
                    continue;
                }

                foreach (GpuKernelEmitter kernel in kernels.Where(kernel => kernel.Plans(method.Kernels[i])))
                {
                    writer.Gap();
                    writer.Write(kernel.Arguments);
                    writer.Write(kernel.Launches);
                }
            }
        }

        if (resident is not null)
        {
            writer.Gap();
            resident.EmitHost(writer, EmitBuffers);
        }
    }

    private void EmitScratch()
    {
        string counts = string.Join(", ", Steps.WorkspaceParameters(plan.Model, method).Select(count => "int " + count.Name));
        List<string> wants = [.. kernels.Select(kernel => kernel.ScratchFloats).Where(floats => floats != "0").Distinct()];
        foreach (RunPlan run in method.Kernels.OfType<RunPlan>())
        {
            string field = GpuModelEmitter.LayersField(run.Layers), rows = Steps.LayerRowCounts(run, plan.Model, CallSize);
            wants.Add($"({field}.Length == 0 ? 0 : {field}[0].ForwardScratch({rows}))");
        }

        string largest = wants.Count == 0 ? "0" : wants.Aggregate((left, right) => $"Math.Max({left}, {right})");
        writer.Write("/// <summary>Floats that kernels need beside the workspace, one after the other.</summary>");
        if (!method.ReadsCallSizes)
        {
            writer.Write($"internal int {_name}Scratch({counts}) => {largest};");
            return;
        }

        using (writer.Open($"internal int {_name}Scratch({counts})"))
        {
            foreach (EquatableArray<string> space in Steps.RowSpaces(method))
                writer.Write(Steps.RowDeclaration(method, space, Size, "packedRows"));
            writer.Write($"return {largest};");
        }
    }

    private string Size(string axis) => "_sizes." + Names.Identifier(method.Graph.Original(axis));

    private string CallSize(string axis) => Steps.Size(method, axis, Scope.Local, Size);

    private void EmitBuffers()
    {
        List<EquatableArray<string>> spaces = Steps.RowSpaces(method);
        if (method.Sequence is not null)
            writer.Write("RowTable packed = session.Rows;");
        foreach (EquatableArray<string> space in spaces)
            writer.Write(Steps.RowDeclaration(method, space, axis => "_sizes." + Names.Identifier(axis)));
        if (method.WorkspaceSlots > 0 || method.Kernels.Any(kernel => kernel is RunPlan))
        {
            writer.Write($"Span<int> at = stackalloc int[{Names.Literal(method.WorkspaceSlots + 1)}];");
            string rowCounts = string.Concat(Steps.WorkspaceParameters(plan.Model, method).Select(count => count.Argument + ", "));
            writer.Write($"model.{_name}Workspace({rowCounts}at);");
        }

        foreach (BufferPlan buffer in method.Buffers.Where(buffer => buffer is { Role: BufferRole.Workspace, Blocked: null }).OrderBy(buffer => buffer.Slot))
        {
            writer.Write($"ArrayView<float> {_scope.Value(buffer.Name)} = "
                + $"workspace.SubView(at[{Names.Literal(buffer.Slot)}], {Steps.Length(buffer, Size)});");
        }
    }

    private void EmitLayers(RunPlan run)
    {
        string input = _scope.Value(run.Input), output = _scope.Value(run.Output), between = _scope.Value(run.Between);
        string layers = GpuModelEmitter.LayersField(run.Layers);
        writer.Gap();
        writer.Write($"// {Names.OneLine(run.Operations[0].Text)}: a layer reads what the one before wrote, in one of two buffers; "
            + $"the last one writes {output}.");
        List<RunPlan> before = [.. method.Kernels.TakeWhile(kernel => kernel != run).OfType<RunPlan>()];
        writer.Write($"{(before.Count == 0 ? "ArrayView<float> " : "")}from = {input};");
        if (run.TakesCache && !before.Any(other => other.TakesCache))
        {
            int own = Slot.Of(method).Count;
            writer.Write(own == 0 ? "int layerSlot = slot;" : $"int layerSlot = slot + {Names.Literal(own)};");
        }

        using (writer.Open($"for (int layer = 0; layer < {layers}.Length; layer++)"))
        {
            string rows = string.Concat(Steps.LayerRows(plan.Model, run, CallSize).Where(argument => argument != "packed").Select(argument => argument + ", "));
            string slot = run.TakesCache ? "layerSlot, " : "";
            writer.Write($"ArrayView<float> to = ({layers}.Length - layer) % 2 == 1 ? {output} : {between};");
            string workspace = $"workspace.SubView(at[{Names.Literal(method.WorkspaceSlots)}])";
            writer.Write($"{layers}[layer].ForwardStep(session, {rows}from, to, {slot}{workspace});\nfrom = to;");
            if (run.TakesCache)
                writer.Write($"layerSlot += model.{run.Layers}[layer].CacheSlots;");
        }

        writer.Gap();
        writer.Write($"if ({layers}.Length == 0)", $"session.Copy({input}, {output});");
    }
}
