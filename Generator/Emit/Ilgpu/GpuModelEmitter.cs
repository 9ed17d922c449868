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
        using (writer.Open($"partial class {plan.Model.Spec.Name}"))
        {
            EmitSizes(writer, plan);
            writer.Gap();
            EmitArguments(writer, kernels.Select(item => item.Kernel));
            writer.Gap();
            EmitAccess(writer, plan);
            writer.Gap();
            EmitModel(writer, plan, kernels);
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

    private static void EmitArguments(CodeWriter writer, IEnumerable<GpuKernelEmitter> kernels)
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
                        writer.Write($"/// <summary>{field.Doc}</summary>\npublic {field.Type} {field.Name};");
                    }
                }
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
                writer.Write("if (_onGpu is { } ready && !_gpuLoader!.IsStale)", "return ready;");
                writer.Write("_gpuLoader?.Dispose();\n_onGpu = null;");
                writer.Write("_gpuLoader = new GpuLoader((IlgpuDevice)Device, Parameters);");
                writer.Write("_onGpu = new OnGpu(this, _gpuLoader);\n_gpuLoader.Finish();\nreturn _onGpu;");
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
                    writer.Write($"private readonly GpuKernel<GpuSizes, GpuArguments.{kernel.ArgumentsType}> _{method.Name};");
            }

            foreach (string name in layers)
                writer.Write($"private readonly global::{ModelOf(plan, name)}.OnGpu[] {LayersField(name)};");
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
                        writer.Write($"_{method.Name} = loader.Kernel<GpuSizes, GpuArguments.{kernel.ArgumentsType}>("
                            + $"kernels, {Names.Literal(method.Name)}, _sizes{stored});");
                    }
                }

                foreach (string name in layers)
                {
                    string child = $"global::{ModelOf(plan, name)}.OnGpu";
                    writer.Write($"{LayersField(name)} = new {child}[model.{name}.Count];");
                    writer.Write($"for (int layer = 0; layer < {LayersField(name)}.Length; layer++)",
                        $"{LayersField(name)}[layer] = new {child}(model.{name}[layer], loader);");
                }
            }

            foreach (MethodPlan method in plan.Methods)
            {
                List<GpuKernelEmitter> own = [.. kernels.Where(item => item.Method == method).Select(item => item.Kernel)];
                writer.Gap();
                new GpuStepEmitter(writer, plan, method, own).Emit();
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
