using Einsharp.Generator.Model;
using Einsharp.Generator.Plan;

namespace Einsharp.Generator.Emit.Ilgpu;

/// <summary>A model on a GPU as the host sees it: sizes and arguments of its kernels, its weights there, and the order of launches.</summary>
internal static class GpuModelEmitter
{
    public static void Emit(CodeWriter writer, ModelPlan plan)
    {
        KernelSizes any = KernelSizes.Of(plan.Model).First();
        List<(MethodPlan Method, GpuKernelEmitter Kernel)> kernels = [.. plan.Methods.SelectMany(method =>
            GpuKernelsEmitter.Emitters(plan, method, any).Select(kernel => (method, kernel)))];
        List<GpuResidentEmitter> resident = [.. Residents(plan, any)];
        using (writer.Open($"partial class {plan.Model.Spec.Name}"))
        {
            EmitSizes(writer, plan);
            foreach (GpuResidentEmitter step in resident.Where(step => step.IsStep))
            {
                writer.Gap();
                step.EmitSizes(writer);
            }

            writer.Gap();
            EmitArguments(writer, kernels.Select(item => item.Kernel), resident);
            writer.Gap();
            EmitAccess(writer, plan);
            writer.Gap();
            EmitModel(writer, plan, kernels);
        }
    }

    /// <summary>The methods that can be run by groups that stay: layers, and what runs layers.</summary>
    public static IEnumerable<GpuResidentEmitter> Residents(ModelPlan plan, KernelSizes sizes) => plan.Methods
        .Select(method => Resident(plan, method, [.. GpuKernelsEmitter.Emitters(plan, method, sizes)]))
        .OfType<GpuResidentEmitter>();

    /// <summary>One such method, or null.</summary>
    private static GpuResidentEmitter? Resident(ModelPlan plan, MethodPlan method, IReadOnlyList<GpuKernelEmitter> kernels)
    {
        // A parent calls the method of this name.
        var resident = new GpuResidentEmitter(plan, method, kernels);
        return method.Graph.Method.Name == "Forward" && (resident.IsLayer || resident.IsStep) ? resident : null;
    }

    /// <summary>
    /// For a model that has no kernels for GPUs, what its parents name: members that are never reached, since no such model can be made on one.
    /// </summary>
    /// <param name="writer">Where to, inside the class.</param>
    /// <param name="signature">The model as its parents know it.</param>
    /// <param name="family">It and the models that it runs.</param>
    /// <param name="body">An arrow and a throw.</param>
    public static void EmitShell(CodeWriter writer, ModelSignature signature, IEnumerable<ModelSignature> family, string body)
    {
        string model = signature.Name;
        (bool isSequence, bool takesCache) = (signature.IsSequence, signature.TakesCache);
        string scratch = signature.SplitsRows ? "int rows, int sequences, int positions" : "int rows";
        string rows = isSequence || signature.ReadsCallSizes ? "" : "int rowCount, ", slot = takesCache ? "int slot, " : "";
        if (signature.ReadsCallSizes)
        {
            // As many sizes as the input has axes of the call: those that no size of the family is called.
            string[] sizes = [.. signature.Input!.Value.Except(family.SelectMany(member => member.Sizes).Select(size => size.Axis))
                .Select((_, i) => "int size" + Names.Literal(i))];
            scratch = string.Join(", ", isSequence ? sizes.Prepend("int rows") : sizes);
            rows = string.Concat(sizes.Select(size => size + ", "));
        }

        string step = $"GpuSession session, {rows}ArrayView<float> input, ArrayView<float> result, {slot}ArrayView<float> workspace";
        writer.Write("/// <summary>Throws: the model has no kernels for GPUs.</summary>");
        using (writer.Open("internal sealed class OnGpu"))
        {
            writer.Write($"internal OnGpu({model} model, GpuLoader loader) {body}\ninternal int ForwardScratch({scratch}) {body}\n"
                + $"internal void ForwardStep({step}) {body}");
            if (isSequence)
            {
                writer.Write($"internal LayerPlace Places {body}\ninternal GpuSizes Sizes {body}");
                writer.Write("internal GpuArguments.ForwardResidentArgs ForwardResident(\n    GpuSession session, int part, ArrayView<float> input, "
                    + $"ArrayView<float> result, {slot}ArrayView<float> workspace, LayerStrides strides) {body}");
            }
        }

        if (!isSequence)
            return;
        writer.Write("public readonly record struct GpuSizes(int none);");
        using (writer.Open("public static class GpuArguments"))
            writer.Write("public struct ForwardResidentArgs\n{\n}");
        using (writer.Open("public static class GpuKernels"))
        {
            writer.Write("internal static int ForwardResident<TStored, TLanes>(\n    GpuSizes size, GpuArguments.ForwardResidentArgs args, int layer, "
                + "ArrayView<float> input, ArrayView<float> result, ArrayView<int> barrier, int turn,\n    ArrayView<Float4> staged, "
                + $"ArrayView<float> scratch) {body}");
        }
    }

    private static IEnumerable<AxisInfo> SizeAxes(ModelPlan plan) => ParametersEmitter.SizeAxes(plan.Model);

    private static void EmitSizes(CodeWriter writer, ModelPlan plan)
    {
        string[] axes = [.. SizeAxes(plan).Select(axis => "int " + Names.Identifier(axis.Name))];
        writer.Write("/// <summary>The sizes that kernels are compiled for.</summary>");
        writer.Write("[EditorBrowsable(EditorBrowsableState.Never)]");
        writer.Write($"public readonly record struct GpuSizes({(axes.Length == 0 ? "int none" : string.Join(", ", axes))});");
    }

    private static void EmitArguments(CodeWriter writer, IEnumerable<GpuKernelEmitter> kernels, List<GpuResidentEmitter> resident)
    {
        writer.Write("/// <summary>What each kernel reads and writes.</summary>");
        writer.Write("[EditorBrowsable(EditorBrowsableState.Never)]");
        using (writer.Open("public static class GpuArguments"))
        {
            foreach (GpuKernelEmitter kernel in kernels)
            {
                writer.Gap();
                writer.Write($"/// <summary>The arguments of {kernel.ArgumentsType.Substring(0, kernel.ArgumentsType.Length - 4)}.</summary>");
                using (writer.Open("public struct " + kernel.ArgumentsType))
                {
                    foreach (GpuField field in kernel.Fields)
                    {
                        writer.Gap();
                        writer.Write($"/// <summary>{field.Doc}</summary>\npublic {field.Type} {GpuNames.Field(field.Name)};");
                    }
                }
            }

            foreach (GpuResidentEmitter step in resident)
            {
                writer.Gap();
                step.EmitArguments(writer);
            }
        }
    }

    /// <summary>The way from the model to what it has on its device, which is made when first needed and again when weights change.</summary>
    private static void EmitAccess(CodeWriter writer, ModelPlan plan)
    {
        writer.Write("private GpuLoader? _gpuLoader;\nprivate OnGpu? _onGpu;");
        writer.Gap();
        writer.Write("/// <summary>What the model has on its GPU: uploaded and compiled by the first call, uploaded anew when weights have changed.</summary>");
        using (writer.Open("private OnGpu Gpu()"))
        {
            using (writer.Open("lock (Parameters)"))
            {
                writer.Write("if (_onGpu is { } ready && _gpuLoader!.TryRefresh())", "return ready;");
                writer.Write("_gpuLoader?.Dispose();\n_onGpu = null;");
                writer.Write("_gpuLoader = new GpuLoader((IlgpuDevice)Device, Parameters);");
                writer.Write("var made = new OnGpu(this, _gpuLoader);\n_gpuLoader.Finish();\nreturn _onGpu = made;");
            }
        }
    }

    private static void EmitModel(CodeWriter writer, ModelPlan plan, List<(MethodPlan Method, GpuKernelEmitter Kernel)> kernels)
    {
        string model = plan.Model.Spec.Name;
        writer.Write("/// <summary>The model's weights and kernels on a GPU.</summary>");
        using (writer.Open("internal sealed class OnGpu"))
        {
            var matrices = new SortedDictionary<string, string>(StringComparer.Ordinal);
            var vectors = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach ((_, GpuKernelEmitter kernel) in kernels)
            {
                foreach (KeyValuePair<string, string> matrix in kernel.Matrices)
                    matrices[matrix.Key] = matrix.Value;
                foreach (KeyValuePair<string, string> vector in kernel.Vectors)
                    vectors[vector.Key] = vector.Value;
            }

            string[] layers = [.. plan.Methods.SelectMany(method => method.Kernels).OfType<RunPlan>().Select(run => run.Layers).Distinct()];
            writer.Write($"private readonly {model} model;\nprivate readonly GpuSizes _sizes;");
            foreach (string name in matrices.Keys)
                writer.Write($"private readonly GpuMatrix {name};");
            foreach (string name in vectors.Keys)
                writer.Write($"private readonly GpuVector {name};");
            foreach ((_, GpuKernelEmitter kernel) in kernels)
            {
                foreach (GpuMethod method in kernel.Methods)
                    writer.Write($"private readonly GpuKernel<GpuSizes, GpuArguments.{kernel.ArgumentsType}> {GpuKernelEmitter.Loaded(method.Name)};");
            }

            foreach (string name in layers)
                writer.Write($"private readonly global::{ModelOf(plan, name)}.OnGpu[] {LayersField(name)};");
            List<GpuResidentEmitter> residents = [.. plan.Methods
                .Select(method => Resident(plan, method, [.. kernels.Where(item => item.Method == method).Select(item => item.Kernel)]))
                .OfType<GpuResidentEmitter>()];
            foreach (GpuResidentEmitter step in residents.Where(step => step.IsStep))
                step.EmitFields(writer);
            writer.Gap();
            writer.Write("/// <summary>Uploads the weights that are not there yet, and loads the kernels for their formats.</summary>");
            using (writer.Open($"internal OnGpu({model} model, GpuLoader loader)"))
            {
                writer.Write("this.model = model;");
                string[] axes = [.. SizeAxes(plan).Select(axis => "model.Sizes." + Names.Identifier(axis.Name))];
                writer.Write($"_sizes = new GpuSizes({(axes.Length == 0 ? "0" : string.Join(", ", axes))});");
                writer.Write($"Type kernels = {KernelClass(plan)};");
                foreach (KeyValuePair<string, string> matrix in matrices)
                    writer.Write($"{matrix.Key} = {matrix.Value};");
                foreach (KeyValuePair<string, string> vector in vectors)
                    writer.Write($"{vector.Key} = {vector.Value};");
                foreach ((_, GpuKernelEmitter kernel) in kernels)
                {
                    foreach (GpuMethod method in kernel.Methods)
                    {
                        string stored = string.Concat(method.Stored.Select(param => ", " + kernel.MatrixOf(param)));
                        writer.Write($"{GpuKernelEmitter.Loaded(method.Name)} = loader.Kernel<GpuSizes, GpuArguments.{kernel.ArgumentsType}>("
                            + $"_sizes, kernels, {Names.Literal(method.Name)}{stored});");
                    }
                }

                foreach (string name in layers)
                {
                    string child = $"global::{ModelOf(plan, name)}.OnGpu";
                    writer.Write($"{LayersField(name)} = new {child}[model.{name}.Count];");
                    writer.Write($"for (int layer = 0; layer < {LayersField(name)}.Length; layer++)",
                        $"{LayersField(name)}[layer] = new {child}(model.{name}[layer], loader);");
                }

                foreach (GpuResidentEmitter step in residents.Where(step => step.IsStep))
                    step.EmitLoad(writer);
            }

            if (residents.Any(step => step.IsLayer))
            {
                writer.Gap();
                writer.Write("/// <summary>Where the weights lie.</summary>");
                writer.Write($"internal LayerPlace Places => new([{string.Join(", ", matrices.Keys)}], [{string.Join(", ", vectors.Keys)}]);");
                writer.Gap();
                writer.Write("/// <summary>The sizes that kernels are compiled for.</summary>\ninternal GpuSizes Sizes => _sizes;");
            }

            foreach (MethodPlan method in plan.Methods)
            {
                List<GpuKernelEmitter> own = [.. kernels.Where(item => item.Method == method).Select(item => item.Kernel)];
                writer.Gap();
                new GpuStepEmitter(writer, plan, method, own, Resident(plan, method, own)).Emit();
            }
        }
    }

    private static string KernelClass(ModelPlan plan) =>
        string.Concat(KernelSizes.Of(plan.Model).Where(set => set.SetName is not null)
            .Select(set => $"model.Sizes.Are{set.Property} ? typeof({GpuKernelsEmitter.ClassName(set)}) : ")) + "typeof(GpuKernels)";

    private static string ModelOf(ModelPlan plan, string layers) => plan.Model.Spec.Layers.First(other => other.Name == layers).Model;

    /// <summary>The field with the layers on the GPU.</summary>
    public static string LayersField(string layers) => "_" + layers;
}
