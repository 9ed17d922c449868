using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Einsharp.Ilgpu;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Einsharp.Tests.Ilgpu;

/// <summary>
/// Every kernel of every model, closed over every format of every weight, compiled with no device: to PTX, and the portable ones to
/// OpenCL C.
/// </summary>
public sealed partial class CompilationTests
{
    private static readonly Dictionary<string, Type> s_classes = new[] { typeof(CompilationTests).Assembly, typeof(IlgpuDevice).Assembly }
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => type.IsAbstract && type.IsSealed && type.GetMethods(BindingFlags.Public | BindingFlags.Static).Any(IsEntry))
        .ToDictionary(type => type.DeclaringType is null ? type.Name : $"{type.DeclaringType.Name}.{type.Name}", StringComparer.Ordinal);

    // Kernels for tensor cores, and those whose groups wait for each other.
    private static readonly string[] s_onlyCuda = ["Tensor", "Resident"];

    // The portable kernels of a sweep.
    private static readonly string[] s_sweeps = ["Row", "Rows", "Tiles"];

    public static TheoryData<string> Classes => [.. s_classes.Keys.Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_model_has_kernels()
    {
        // A stack whose result is its layers' computes nothing of its own.
        IEnumerable<Type> models = typeof(CompilationTests).Assembly.GetTypes().Where(type =>
            type.IsDefined(typeof(ModelAttribute)) && type.GetProperties().Any(property => property.PropertyType == typeof(Param)));
        Assert.Empty(models.Select(model => model.Name + ".GpuKernels").Except(s_classes.Keys));
        Assert.Contains("LiteralBlock.GpuKernelsTiny", s_classes.Keys);
        Assert.Contains(nameof(SamplingKernels), s_classes.Keys);
        Assert.Contains(nameof(ContractionKernels), s_classes.Keys);
    }

    [Theory]
    [MemberData(nameof(Classes))]
    public void To_PTX(string kernels) => AssertNone(Instances(s_classes[kernels], isCuda: true).AsParallel().Select(kernel =>
    {
        string ptx = Compile(kernel, isCuda: true, out string? failure);
        if (failure is not null)
            return failure;
        // What ILGPU has no code for, it declares.
        if (ptx.Contains(".extern .func", StringComparison.Ordinal))
            return $"{Name(kernel)}: calls what is defined nowhere";
        // Local arrays would be memory. The address of shared memory, which kernels for tensor cores ask for once, comes through 4 bytes.
        int local = LocalMemory().Matches(ptx).Sum(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
        if (local > (kernel.Name.EndsWith("Tensor", StringComparison.Ordinal) ? 4 : 0))
            return $"{Name(kernel)}: has {local} bytes of local memory";
        return s_sweeps.Any(ending => kernel.Name.EndsWith(ending, StringComparison.Ordinal))
            && kernel.Name.StartsWith("Sweep", StringComparison.Ordinal) && !ptx.Contains("ld.global.v4", StringComparison.Ordinal)
            ? $"{Name(kernel)}: loads nothing 16 bytes at a time"
            : null;
    }).OfType<string>());

    [Theory]
    [MemberData(nameof(Classes))]
    public void To_OpenCL(string kernels) => AssertNone(Instances(s_classes[kernels], isCuda: false).AsParallel().Select(kernel =>
    {
        string source = Compile(kernel, isCuda: false, out string? failure);
        if (failure is not null)
            return failure;
        // ILGPU's own barrier does not order local memory.
        return source.Contains("work_group_barrier", StringComparison.Ordinal) ? $"{Name(kernel)}: has ILGPU's own barrier" : null;
    }).OfType<string>());

    private static void AssertNone(IEnumerable<string> failures)
    {
        string[] all = [.. failures.Order(StringComparer.Ordinal)];
        Assert.True(all.Length == 0, $"{all.Length} kernels:\n{string.Join("\n", all.Take(20))}");
    }

    private static bool IsEntry(MethodInfo method) =>
        method.GetParameters() is [{ ParameterType: { IsGenericType: true } type }, _]
        && type.GetGenericTypeDefinition() == typeof(SpecializedValue<>);

    /// <summary>A class's kernels, closed in every way that a device of a kind would close them.</summary>
    private static IEnumerable<MethodInfo> Instances(Type kernels, bool isCuda)
    {
        foreach (MethodInfo method in kernels.GetMethods(BindingFlags.Public | BindingFlags.Static).Where(IsEntry))
        {
            if (!isCuda && s_onlyCuda.Any(ending => method.Name.EndsWith(ending, StringComparison.Ordinal)))
                continue;
            if (!method.IsGenericMethod)
            {
                yield return method;
                continue;
            }

            // Formats mixed so that each parameter meets each: the parameters are independent of each other, and all combinations of a
            // block's would take many minutes.
            Type[] formats = [typeof(StoredF32), typeof(StoredBF16), typeof(StoredF16)], parameters = method.GetGenericArguments();
            if (kernels == typeof(ContractionKernels))
            {
                // Over what is summed.
                yield return method.MakeGenericMethod(typeof(float));
                yield return method.MakeGenericMethod(typeof(double));
                continue;
            }

            int stored = parameters.Count(type => type.GetGenericParameterConstraints().Contains(typeof(IStored)));
            Type[] lanes = isCuda ? [typeof(PortableLanes), typeof(WarpLanes)] : [typeof(PortableLanes)];
            for (int i = 0; i < (stored == 0 ? 1 : formats.Length); i++)
            {
                IEnumerable<Type> weights = Enumerable.Range(0, stored).Select(at => formats[(i + at) % formats.Length]);
                if (stored == parameters.Length)
                    yield return method.MakeGenericMethod([.. weights]);
                else
                    foreach (Type each in lanes)
                        yield return method.MakeGenericMethod([.. weights, each]);
            }
        }
    }

    // A failed compilation leaves its context unusable, so each has its own.
    private static string Compile(MethodInfo kernel, bool isCuda, out string? failure)
    {
        failure = null;
        try
        {
            using Context context = Context.Create(builder => builder.AddEinsharp());
            EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(kernel);
            if (isCuda)
            {
                using var ptx = new PTXBackend(
                    context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_80, null);
                return ((PTXCompiledKernel)ptx.Compile(entry, default)).PTXAssembly;
            }

            using var opencl = new CLBackend(
                context, new CLCapabilityContext(true, kernel.GetGenericArguments().Contains(typeof(double)), true, false, true),
                CLDeviceVendor.Other, CLCVersion.CL30);
            return ((CLCompiledKernel)opencl.Compile(entry, default)).Source;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            failure = $"{Name(kernel)}: {error.GetBaseException().Message}";
            return "";
        }
    }

    private static string Name(MethodInfo kernel) =>
        $"{kernel.DeclaringType}.{kernel.Name}<{string.Join(", ", kernel.GetGenericArguments().Select(type => type.Name))}>";

    [GeneratedRegex(@"\.local \.align \d+ \.b8 \w+\[(\d+)\]")]
    private static partial Regex LocalMemory();
}
