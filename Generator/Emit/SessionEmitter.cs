using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit;

/// <summary>
/// The class that holds what one caller has: the call's arguments, its packed rows, its workspace and its result. One for the CPU, whose
/// workers run it, and one for GPUs, where it enqueues.
/// </summary>
internal static class SessionEmitter
{
    public static void Emit(
        CodeWriter writer, ModelPlan plan, MethodPlan method, List<StepParameter> step, EquatableArray<CallAxis> callAxes, bool gpu)
    {
        MethodSpec spec = method.Graph.Method;
        string type = plan.Model.Spec.Name;
        bool cached = method.Graph.Cache is not null;
        writer.Write($"/// <summary>One caller of {spec.Name}: the arguments of the call at hand, its workspace and its result.</summary>");
        string parameters = $"{type} model" + (cached ? ", KvCache cache" : ""), cache = cached ? "cache" : "null";
        string parent = gpu ? "GpuSession((IlgpuDevice)model.Device" : "CpuSession((CpuDevice)model.Device";
        using (writer.Open($"private sealed class {TypeName(method, gpu)}({parameters}) : {parent}, {cache})"))
        {
            foreach ((MethodParameterSpec parameter, _) in CallAxis.Tensors(spec))
                writer.Write($"private {Names.Global(parameter.Type)} {Field(parameter.Name)} = null!;");
            foreach (CallAxis axis in callAxes)
                writer.Write($"private int _{axis.Name}Size;");
            writer.Gap();
            writer.Write($"internal {type} Model => model;");
            writer.Gap();
            EmitCall(writer, plan, method, new Scope(plan.Model, method, axis => axis), callAxes);
            writer.Gap();
            EmitWorkspaceFloats(writer, plan, method);
            writer.Gap();
            if (gpu)
                EmitEnqueue(writer, plan, method);
            else
                EmitRun(writer, plan, method, step);
        }
    }

    /// <summary>The session's class.</summary>
    public static string TypeName(MethodPlan method, bool gpu) => method.Graph.Method.Name + (gpu ? "GpuCall" : "Call");

    private static void EmitCall(CodeWriter writer, ModelPlan plan, MethodPlan method, Scope scope, EquatableArray<CallAxis> callAxes)
    {
        MethodSpec spec = method.Graph.Method;
        IEnumerable<string> parameters = CallAxis.Tensors(spec)
            .Select(item => $"{Names.Global(item.Parameter.Type)} {scope.Value(item.Parameter.Name)}")
            .Concat(callAxes.Select(axis => $"int {axis.Name}Size"));
        using (writer.Open($"internal Tensor Call({string.Join(", ", parameters)})"))
        {
            writer.Write("Enter();");
            using (writer.Open("try"))
            {
                if (method.Sequence is { } sequence)
                    writer.Write($"Begin({sequence[0]}Size, {sequence[1]}Size);");
                EmitIndexChecks(writer, method, scope);
                if (Steps.AddsPositions(plan.Model, method))
                    writer.Write($"model.{spec.Name}CheckPositions(Positions);");
                EmitSeenChecks(writer, plan, method, scope);
                foreach ((MethodParameterSpec parameter, _) in CallAxis.Tensors(spec))
                    writer.Write($"{Field(parameter.Name)} = {scope.Value(parameter.Name)};");
                foreach (CallAxis axis in callAxes)
                    writer.Write($"_{axis.Name}Size = {axis.Name}Size;");
                IEnumerable<string> shape = method.Graph.Result.Axes.Select(axis =>
                    Steps.Size(method, axis, call => call + "Size", size => "model.Sizes." + Names.Identifier(size)));
                writer.Write($"MakeResult({string.Join(", ", shape.Prepend($"clear: {(Unpacks(method) ? "true" : "false")}"))});");
                writer.Write(method.Sequence is null ? "RunOnce();" : $"RunChunks({(method.Chunked ? "ChunkRows" : "int.MaxValue")});");
                writer.Write("return Result;");
            }

            using (writer.Open("finally"))
                writer.Write("Exit();");
        }
    }

    // The sizes of axes have fields too: _sSize.
    private static string Field(string parameter) =>
        "_" + parameter + (parameter.EndsWith("Size", StringComparison.Ordinal) ? "Values" : "");

    private static string Size(MethodPlan method, string axis) => "model.Sizes." + Names.Identifier(method.Graph.Original(axis));

    private static void EmitIndexChecks(CodeWriter writer, MethodPlan method, Scope scope)
    {
        foreach (KernelPlan kernel in method.Kernels)
        {
            if (kernel is GatherPlan gather)
            {
                string check = gather.Rows == method.Sequence ? "CheckPackedIndices" : "CheckIndices";
                string values = $"{scope.Value(gather.Indices)}.Span", bound = Size(method, gather.RowAxis);
                writer.Write($"{check}({Names.Literal(gather.Indices)}, {values}, {bound}, {Names.Literal(gather.RowAxis)});");
            }
            else if (kernel is SelectPlan select)
            {
                string values = $"{scope.Value(select.Indices)}.Span", positions = Names.Literal(method.Sequence!.Value[1]);
                writer.Write($"CheckColumns({Names.Literal(select.Indices)}, {values}, {positions});");
            }
        }
    }

    /// <summary>A mask over all positions seen has as many as the longest sequence has after the call.</summary>
    private static void EmitSeenChecks(CodeWriter writer, ModelPlan plan, MethodPlan method, Scope scope)
    {
        foreach ((MethodParameterSpec parameter, string[] axes) in CallAxis.Tensors(method.Graph.Method))
        {
            for (int i = 0; i < axes.Length; i++)
            {
                if (!plan.Model.Axes.Any(axis => axis.Name == axes[i] && axis.Binding == AxisBinding.Seen))
                    continue;
                string declared = $"{Names.Literal(parameter.Name)}, {Names.Literal(Names.Join(axes))}";
                writer.Write($"CheckSeen({declared}, {scope.Value(parameter.Name)}.Shape, {Names.Literal(i)}, {Names.Literal(axes[i])});");
            }
        }
    }

    /// <summary>The float inputs that have padding, which the kernels must not see, and the locals that hold their packed rows.</summary>
    private static List<(BufferPlan Buffer, string Local)> Packed(MethodPlan method)
    {
        List<BufferPlan> inputs = [.. method.Buffers
            .Where(buffer => buffer.Role == BufferRole.Input && method.Sequence is not null && buffer.Rows == method.Sequence)];
        return [.. inputs.Select(buffer => (buffer, inputs.Count == 1 ? "input" : Casing.Camel(buffer.Name) + "Input"))];
    }

    /// <summary>Whether the result has padding.</summary>
    private static bool Unpacks(MethodPlan method) => method.Sequence is not null && method.Result.Rows == method.Sequence;

    private static string RowCount(MethodPlan method, EquatableArray<string> rows) =>
        rows == method.Sequence ? "Packed.Count" : rows.Count == 0 ? "1" : string.Join(" * ", rows.Select(axis => Extent(method, axis)));

    private static string Extent(MethodPlan method, string axis) =>
        Steps.Size(method, axis, call => "_" + call + "Size", size => "model.Sizes." + Names.Identifier(size));

    private static string Features(MethodPlan method, BufferPlan buffer) =>
        buffer.Features.Count == 0 ? "1" : string.Join(" * ", buffer.Features.Select(axis => Size(method, axis)));

    private static void EmitWorkspaceFloats(CodeWriter writer, ModelPlan plan, MethodPlan method)
    {
        var terms = new List<string> { Workspace(plan, method) };
        foreach ((BufferPlan buffer, _) in Packed(method))
            terms.Add($"Padded((long)Packed.Count * {Features(method, buffer)})");
        if (Unpacks(method))
            terms.Add($"Padded((long)Packed.Count * {Features(method, method.Result)})");
        writer.Write("protected override int WorkspaceFloats() =>",
            terms.Count == 1 ? terms[0] + ";" : "checked(" + string.Join(" + ", terms) + ");");
    }

    private static string Workspace(ModelPlan plan, MethodPlan method) =>
        $"model.{method.Graph.Method.Name}Workspace({WorkspaceArguments(plan, method)})";

    private static string WorkspaceArguments(ModelPlan plan, MethodPlan method)
    {
        IEnumerable<string> sizes = CallAxis.Of(plan.Model, method.Graph.Method).Select(axis => $"_{axis.Name}Size");
        IEnumerable<string> counts = method.ReadsCallSizes
            ? method.Sequence is null ? sizes : sizes.Prepend("Packed.Count")
            : Steps.RowSpaces(method).Select(space => RowCount(method, space));
        return string.Join(", ", counts);
    }

    // The packed input and result lie behind the model's own workspace, which keeps what is gathered over several chunks in one place.
    private static void EmitRun(CodeWriter writer, ModelPlan plan, MethodPlan method, List<StepParameter> step)
    {
        using (writer.Open("public override void Run(Worker worker)"))
        {
            List<(BufferPlan Buffer, string Local)> packed = Packed(method);
            if (packed.Count > 0 || Unpacks(method))
                writer.Write($"int own = {Workspace(plan, method)};");
            string behind = "own";
            foreach ((BufferPlan buffer, string local) in packed)
            {
                string features = Features(method, buffer);
                writer.Write($"Span<float> {local} = Workspace.Slice({behind}, Padded((long)Packed.Count * {features}));");
                string columns = $"_{method.Sequence!.Value[1]}Size";
                writer.Write($"Packed.Collect(worker, {Field(buffer.Name)}.Span, {columns}, {features}, {local});\nworker.Barrier();");
                behind += $" + {local}.Length";
            }

            if (Unpacks(method))
            {
                string features = Features(method, method.Result);
                writer.Write($"Span<float> result = Workspace.Slice({behind}, Padded((long)Packed.Count * {features}));");
            }

            IEnumerable<string> arguments = step.Select(parameter => parameter.Role switch
            {
                StepRole.Packed => "Packed",
                StepRole.FloatInput when packed.Exists(item => item.Buffer.Name == parameter.Source) =>
                    packed.Find(item => item.Buffer.Name == parameter.Source).Local,
                StepRole.FloatInput or StepRole.IntInput or StepRole.MaskInput => $"{Field(parameter.Source)}.Span",
                StepRole.Result => Unpacks(method) ? "result" : "Result.Span",
                StepRole.Cache => "Cache!",
                _ => Argument(method, parameter.Role, parameter.Source) ?? parameter.Name,
            });
            writer.Write($"model.{method.Graph.Method.Name}Step({string.Join(", ", arguments)});");
            if (Unpacks(method))
            {
                writer.Write("worker.Barrier();");
                string columns = $"_{method.Sequence!.Value[1]}Size", features = Features(method, method.Result);
                writer.Write($"Packed.Spread(worker, result, {columns}, {features}, Result.Span);");
            }
        }
    }

    /// <summary>What a session gives for a parameter of a step, wherever it runs.</summary>
    private static string? Argument(MethodPlan method, StepRole role, string source) => role switch
    {
        StepRole.Rows => RowCount(method, method.Buffer(method.Input).Rows),
        StepRole.CallAxis => $"_{source}Size",
        StepRole.Slot => "0",
        StepRole.Workspace => "Workspace",
        StepRole.Last => "IsLastChunk",
        _ => null,
    };

    private static void EmitEnqueue(CodeWriter writer, ModelPlan plan, MethodPlan method)
    {
        string name = method.Graph.Method.Name;
        writer.Write("protected override int ScratchFloats() =>", $"model.Gpu().{name}Scratch({WorkspaceArguments(plan, method)});");
        writer.Gap();
        using (writer.Open("protected override void Enqueue()"))
        {
            List<(BufferPlan Buffer, string Local)> packed = Packed(method);
            if (packed.Count > 0 || Unpacks(method))
                writer.Write($"int own = {Workspace(plan, method)};");
            string behind = "own", columns = method.Sequence is null ? "" : $"_{method.Sequence.Value[1]}Size";
            foreach ((BufferPlan buffer, string local) in packed)
            {
                string features = Features(method, buffer);
                writer.Write($"ArrayView<float> {local} = Workspace.SubView({behind}, Packed.Count * {features});");
                writer.Write($"Collect(Upload({Field(buffer.Name)}), {columns}, {features}, {local});");
                behind += $" + Padded((long)Packed.Count * {features})";
            }

            if (Unpacks(method))
            {
                string features = Features(method, method.Result);
                writer.Write($"ArrayView<float> result = Workspace.SubView({behind}, Packed.Count * {features});");
            }

            var scope = new Scope(plan.Model, method, axis => axis);
            IEnumerable<string> arguments = Ilgpu.GpuStepEmitter.Parameters(plan, method, scope).Select(parameter => parameter.Role switch
            {
                StepRole.Worker => "this",
                StepRole.FloatInput when packed.Exists(item => item.Buffer.Name == parameter.Source) =>
                    packed.Find(item => item.Buffer.Name == parameter.Source).Local,
                StepRole.FloatInput or StepRole.IntInput or StepRole.MaskInput => $"Upload({Field(parameter.Source)})",
                StepRole.Result => Unpacks(method) ? "result" : "ResultView",
                _ => Argument(method, parameter.Role, parameter.Source) ?? parameter.Name,
            });
            writer.Write($"model.Gpu().{name}Step({string.Join(", ", arguments)});");
            if (Unpacks(method))
                writer.Write($"Spread(result, {columns}, {Features(method, method.Result)}, ResultView);");
        }
    }
}
