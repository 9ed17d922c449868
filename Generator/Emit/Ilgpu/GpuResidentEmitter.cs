using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>
/// A whole step for one row as one launch: groups of lanes that stay on the device run the bodies of all kernels, each its share of the
/// units, and wait for each other between two. A layer is a function, which finds its weights at a fixed distance from those of the first.
/// </summary>
internal sealed class GpuResidentEmitter(ModelPlan plan, MethodPlan method, IReadOnlyList<GpuKernelEmitter> kernels)
{
    private readonly string _name = method.Graph.Method.Name + "Resident";
    private readonly Scope _host = new(plan.Model, method, axis => axis);

    /// <summary>Whether a parent can run it as a layer: what all layers do, and have no layers of their own.</summary>
    public bool IsLayer => Steps.IsLayer(method) && !Runs.Any() && method.Sequence is not null && kernels.All(kernel => kernel.CanStay);

    /// <summary>Whether it is a step of its own: positions in, layers that can be run so, and a last row out.</summary>
    public bool IsStep => method.Sequence is not null && method.Graph.Cache is not null && method.Input.Length == 0 && Runs.Any()
        && method.LastChunk < method.Kernels.Count
        && Runs.All(run => plan.Model.Submodels.First(submodel => submodel.FullName == run.Model) is { IsSequence: true, Submodels.Count: 0 });

    /// <summary>The struct with the arguments of all its kernels.</summary>
    public string ArgumentsType => _name + "Args";

    private IEnumerable<RunPlan> Runs => method.Kernels.OfType<RunPlan>();

    private static string ModelOf(RunPlan run) => "global::" + run.Model;

    private static string Lower(RunPlan run) => Casing.Camel(run.Layers);

    public void EmitArguments(CodeWriter writer)
    {
        writer.Write($"/// <summary>The arguments of {_name}: those of every kernel, and how many units each has.</summary>");
        using (writer.Open("public struct " + ArgumentsType))
        {
            foreach (GpuKernelEmitter kernel in kernels)
            {
                writer.Write($"/// <summary>Of {kernel.ArgumentsType.Substring(0, kernel.ArgumentsType.Length - 4)}.</summary>");
                writer.Write($"public {kernel.ArgumentsType} {kernel.ArgumentsLocal};");
                foreach (GpuResidentStep step in kernel.Resident)
                    writer.Write($"/// <summary>Units of {step.Method}.</summary>\npublic int {Units(step)};");
            }

            if (IsLayer)
                writer.Write("/// <summary>From a layer's weights to the next layer's.</summary>\npublic LayerStrides strides;");
            foreach (RunPlan run in Runs)
            {
                string layers = Lower(run);
                writer.Write($"/// <summary>Of the first of {run.Layers}.</summary>");
                writer.Write($"public {ModelOf(run)}.GpuArguments.ForwardResidentArgs {layers};");
                writer.Write($"/// <summary>How many {run.Layers} there are.</summary>\npublic int {layers}Count;");
                foreach (string buffer in new[] { run.Input, run.Output, run.Between }.Distinct())
                    writer.Write($"/// <summary>What goes through {run.Layers}.</summary>\npublic ArrayView<float> {layers}{Pascal(buffer)};");
            }

            if (!IsLayer)
                writer.Write("/// <summary>Counts the groups that have come to a barrier; zero.</summary>\npublic ArrayView<int> barrier;");
        }
    }

    private string Pascal(string buffer) => Casing.Pascal(_host.Value(buffer).TrimStart('@'));

    private static string Units(GpuResidentStep step) => Casing.Camel(step.Method) + "s";

    /// <summary>The function of a layer, or the kernel of a step.</summary>
    public void EmitKernel(CodeWriter writer)
    {
        if (IsLayer)
            EmitLayer(writer);
        else
            EmitStep(writer);
    }

    private void EmitLayer(CodeWriter writer)
    {
        string input = _host.Value(method.Input);
        string[] parameters =
        [
            "GpuSizes size", $"GpuArguments.{ArgumentsType} args", "int layer", $"ArrayView<float> {input}", "ArrayView<float> result",
            "ArrayView<int> barrier", "int turn", "ArrayView<Float4> staged", "ArrayView<float> scratch",
        ];
        writer.Write($"/// <summary>{method.Graph.Method.Name} of one layer for one row, by groups that stay and wait for each other.</summary>");
        writer.Write("/// <returns>The turn of the next barrier.</returns>");
        using (writer.OpenMethod(
            $"internal static int {_name}<TStored, TLanes>", parameters, ["where TStored : struct, IStored", "where TLanes : struct, ILanes"]))
        {
            foreach (GpuKernelEmitter kernel in kernels)
            {
                string args = kernel.ArgumentsLocal;
                writer.Gap();
                writer.Write($"GpuArguments.{kernel.ArgumentsType} {args} = args.{args};");
                foreach (GpuField field in kernel.Fields)
                {
                    string value = $"{args}.{field.Name}";
                    if (field.Type == "ArrayView<UInt4>" && IsWeight(field))
                        writer.Write($"{value} = {value}.SubView(layer * args.strides.Matrices);");
                    else if (field.Type == "ArrayView<float>" && IsWeight(field))
                        writer.Write($"{value} = {value}.SubView(layer * args.strides.Vectors);");
                    else if (field.Type == "CacheView")
                        writer.Write($"{value}.Memory = {value}.Memory.SubView(layer * args.strides.Cache);");
                    else if (field.Host == input || field.Host == "result")
                        writer.Write($"{value} = {field.Host};");
                }

                EmitSteps(writer, kernel, args, "TStored", "barrier");
            }

            writer.Gap();
            writer.Write("return turn;");
        }
    }

    private static bool IsWeight(GpuField field) => field.Host[0] == '_' && field.Host.EndsWith(".View", StringComparison.Ordinal);

    private static void EmitSteps(CodeWriter writer, GpuKernelEmitter kernel, string args, string? format, string barrier, bool isLast = false)
    {
        foreach (GpuResidentStep step in kernel.Resident)
        {
            // What follows a kernel's first body may have nothing to do, and then nobody waits for it.
            bool isOptional = step != kernel.Resident[0];
            using CodeWriter.Block? optional = isOptional ? writer.Open($"if (args.{Units(step)} > 0)") : null;
            IEnumerable<string> types = step.Stored.Select(param => format ?? GpuKernelEmitter.TypeParameter(param));
            string list = string.Join(", ", types.Concat(step.Lanes ? ["TLanes"] : [])), shared = step.Shared.Length == 0 ? "" : ", " + step.Shared;
            writer.Write($"for (int unit = Grid.IdxX; unit < args.{Units(step)}; unit += Grid.DimX)",
                $"{step.Method}{(list.Length == 0 ? "" : $"<{list}>")}(unit, size, {args}{shared});");
            if (!isLast)
                writer.Write($"turn = GridBarrier.Wait({barrier}, turn);");
        }
    }

    private void EmitStep(CodeWriter writer)
    {
        List<string> types = [.. StepMatrices.Select(GpuKernelEmitter.TypeParameter), .. Runs.Select(run => "T" + run.Layers)];
        writer.Write($"/// <summary>{method.Graph.Method.Name} for one row in one launch, by groups that stay and wait for each other.</summary>");
        writer.Write("""
            /// <remarks>
            /// No more groups than the device holds at once; between two kernels a barrier of all of them, which costs less than a launch.
            /// </remarks>
            """);
        string[] constraints = [.. types.Select(type => $"where {type} : struct, IStored"), "where TLanes : struct, ILanes"];
        using (writer.OpenMethod(
            $"public static void {_name}<{string.Join(", ", types.Append("TLanes"))}>",
            ["SpecializedValue<GpuResidentSizes> sizes", $"GpuArguments.{ArgumentsType} args"], constraints))
        {
            writer.Write("""
                ArrayView<float> scratch = SharedMemory.Allocate<float>(Lanes.Max);
                ArrayView<Float4> staged = SharedMemory.Allocate<Float4>(2048);
                GpuSizes size = sizes.Value.Own;
                int turn = 0;
                """);
            bool isFirst = true;
            foreach (KernelPlan kernel in method.Kernels)
            {
                writer.Gap();
                if (kernel is RunPlan run)
                {
                    EmitRun(writer, run, isFirst);
                    isFirst = false;
                    continue;
                }

                foreach (GpuKernelEmitter emitter in kernels.Where(emitter => emitter.Plans(kernel)))
                    EmitSteps(writer, emitter, "args." + emitter.ArgumentsLocal, null, "args.barrier", emitter == kernels[kernels.Count - 1]);
            }
        }
    }

    private void EmitRun(CodeWriter writer, RunPlan run, bool isFirst)
    {
        string layers = "args." + Lower(run);
        writer.Write($"{(isFirst ? "ArrayView<float> " : "")}from = {layers}{Pascal(run.Input)};");
        using (writer.Open($"for (int layer = 0; layer < {layers}Count; layer++)"))
        {
            writer.Write($"ArrayView<float> to = ({layers}Count - layer) % 2 == 1 ? {layers}{Pascal(run.Output)} : {layers}{Pascal(run.Between)};");
            writer.Write($"turn = {ModelOf(run)}.GpuKernels.ForwardResident<T{run.Layers}, TLanes>(\n"
                + $"    sizes.Value.{run.Layers}, {layers}, layer, from, to, args.barrier, turn, staged, scratch);\nfrom = to;");
        }
    }

    /// <summary>The weights of a step's own kernels, whose formats are type parameters.</summary>
    private IEnumerable<string> StepMatrices =>
        kernels.SelectMany(kernel => kernel.Resident).SelectMany(step => step.Stored).Distinct();

    /// <summary>The record with the sizes of a step and of its layers.</summary>
    public void EmitSizes(CodeWriter writer)
    {
        string fields = string.Concat(Runs.GroupBy(run => run.Layers).Select(runs => $", {ModelOf(runs.First())}.GpuSizes {runs.Key}"));
        writer.Write("/// <summary>The sizes of a step and of its layers.</summary>");
        writer.Write("[EditorBrowsable(EditorBrowsableState.Never)]");
        writer.Write($"public readonly record struct GpuResidentSizes(GpuSizes Own{fields});");
    }

    /// <summary>The host's part: how the arguments are made, and when a step is run so.</summary>
    public void EmitHost(CodeWriter writer, Action emitBuffers)
    {
        if (IsLayer)
            EmitHostLayer(writer, emitBuffers);
        else
            EmitHostStep(writer, emitBuffers);
    }

    private void EmitHostLayer(CodeWriter writer, Action emitBuffers)
    {
        string input = _host.Value(method.Input), cache = method.Graph.Cache is null ? "" : "int slot, ";
        writer.Write("/// <summary>The arguments of the first of some layers, for one row; the others' lie at fixed distances.</summary>");
        string[] parameters =
        [
            "GpuSession session", "int part", $"ArrayView<float> {input}", "ArrayView<float> result", cache + "ArrayView<float> workspace",
            "LayerStrides strides",
        ];
        using (writer.OpenMethod($"internal GpuArguments.{ArgumentsType} {_name}", parameters))
        {
            emitBuffers();
            foreach (GpuKernelEmitter kernel in kernels)
                writer.Write(Tails(kernel.Arguments));
            writer.Write($"return new GpuArguments.{ArgumentsType}");
            EmitInitializer(writer, ["strides = strides,"]);
        }
    }

    /// <summary>Views that go on to the memory's end, so that those of later layers are parts of them.</summary>
    private static string Tails(string arguments) => System.Text.RegularExpressions.Regex.Replace(
        arguments, @"(= _\w+\.)View,", "$1Tail,").Replace("session.Slot(", "session.SlotTail(");

    private void EmitInitializer(CodeWriter writer, IEnumerable<string> more)
    {
        var text = new CodeWriter();
        using (text.Open(""))
        {
            foreach (GpuKernelEmitter kernel in kernels)
            {
                text.Write($"{kernel.ArgumentsLocal} = {kernel.ArgumentsLocal},");
                foreach (GpuResidentStep step in kernel.Resident)
                    text.Write($"{Units(step)} = {step.Units},");
            }

            foreach (string line in more)
                text.Write(line);
        }

        writer.Write(text.ToString().Trim('\n') + ";");
    }

    private void EmitHostStep(CodeWriter writer, Action emitBuffers)
    {
        writer.Write("/// <summary>Enqueues the step of one row as one kernel, if the device is to do so and the layers' weights lie alike.</summary>");
        List<(StepRole Role, string Type, string Name, string Source)> parameters =
            [.. GpuStepEmitter.Parameters(plan, method, new Scope(plan.Model, method, axis => axis)).Where(parameter => parameter.Role != StepRole.Last)];
        using (writer.OpenMethod($"private bool Try{_name}", parameters.Select(parameter => $"{parameter.Type} {parameter.Name}")))
        {
            writer.Write($"if (_{Casing.Camel(_name)} is not {{ }} resident)", "return false;");
            writer.Write("int part = 2 * resident.Teams;");
            emitBuffers();
            var more = new List<string> { "barrier = session.NewBarrier()," };
            int own = Slot.Of(method).Count;
            string slot = own == 0 ? "slot" : $"slot + {Names.Literal(own)}";
            foreach (RunPlan run in Runs)
            {
                string field = GpuModelEmitter.LayersField(run.Layers), layers = Lower(run);
                string workspace = $"workspace.SubView(at[{Names.Literal(method.WorkspaceSlots)}])", input = _host.Value(run.Input);
                writer.Write($"if ({field}Strides!.Find(session, {(run.TakesCache ? slot : "0")}, "
                    + $"{(run.TakesCache ? $"model.{run.Layers}[0].CacheSlots" : "0")}) is not {{ }} {layers}Strides)", "return false;");
                more.Add($"{layers} = {field}[0].ForwardResident(session, part, {input}, {_host.Value(run.Output)}, "
                    + $"{(run.TakesCache ? slot + ", " : "")}{workspace}, {layers}Strides),");
                more.Add($"{layers}Count = {field}.Length,");
                more.AddRange(new[] { run.Input, run.Output, run.Between }.Distinct()
                    .Select(buffer => $"{layers}{Pascal(buffer)} = {_host.Value(buffer)},"));
                slot += run.TakesCache ? $" + {field}.Length * model.{run.Layers}[0].CacheSlots" : "";
            }

            foreach (GpuKernelEmitter kernel in kernels)
                writer.Write(kernel.Arguments);
            writer.Write($"var step = new GpuArguments.{ArgumentsType}");
            EmitInitializer(writer, more);
            writer.Write($"var sizes = {SizesOf};");
            writer.Write("resident.Launch(session.Stream, resident.MaxResidentGroups(sizes), 1, sizes, step);\nreturn true;");
        }
    }

    private string SizesOf =>
        $"new GpuResidentSizes(_sizes{string.Concat(Runs.Select(run => ", " + GpuModelEmitter.LayersField(run.Layers) + "[0].Sizes").Distinct())})";

    /// <summary>The fields of a model that has such a step.</summary>
    public void EmitFields(CodeWriter writer)
    {
        writer.Write($"private readonly GpuKernel<GpuResidentSizes, GpuArguments.{ArgumentsType}>? _{Casing.Camel(_name)};");
        foreach (string layers in Runs.Select(run => run.Layers).Distinct())
            writer.Write($"private readonly LayerPlaces? {GpuModelEmitter.LayersField(layers)}Strides;");
    }

    /// <summary>Loads the kernel of a step where the device wants it and all weights of the layers are of one format.</summary>
    public void EmitLoad(CodeWriter writer)
    {
        string[] layers = [.. Runs.Select(run => GpuModelEmitter.LayersField(run.Layers)).Distinct()];
        string condition = string.Concat(layers.Select(field => $" && {field}.Length > 0"));
        using (writer.Open($"if (loader.Device.RunsResident{condition})"))
        {
            foreach (string field in layers)
                writer.Write($"{field}Strides = LayerPlaces.Of(Array.ConvertAll({field}, layer => layer.Places));");
            string stored = string.Concat(StepMatrices.Select(param => ", " + kernels.Select(kernel => kernel.FindMatrix(param)).First(name => name is not null)));
            stored += string.Concat(Runs.Select(run => $", {GpuModelEmitter.LayersField(run.Layers)}[0].Places.Matrices[0]"));
            using (writer.Open($"if ({string.Join(" && ", layers.Select(field => $"{field}Strides is not null"))})"))
            {
                writer.Write($"_{Casing.Camel(_name)} = loader.Kernel<GpuResidentSizes, GpuArguments.{ArgumentsType}>("
                    + $"{SizesOf}, kernels, {Names.Literal(_name)}{stored});");
            }
        }
    }

    /// <summary>What stands at the beginning of a step.</summary>
    public string Try(IEnumerable<string> arguments)
    {
        IEnumerable<string> counts = Steps.RowSpaces(method).Select(space => Scope.RowCount(space) + " == 1");
        return $"if (last && {string.Join(" && ", counts)} && Try{_name}({string.Join(", ", arguments)}))";
    }
}
