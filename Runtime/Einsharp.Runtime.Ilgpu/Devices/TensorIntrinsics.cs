using System.Reflection;
using ILGPU.Backends;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace Einsharp.Ilgpu;

/// <summary>
/// Writes the instructions of <see cref="TensorCores"/> on registers. ILGPU's inline PTX would take every operand through local memory,
/// which in an inner loop of nothing but such instructions costs more than they do.
/// </summary>
internal static partial class BarrierIntrinsic
{
    static partial void AddTensorCores(IntrinsicImplementationManager intrinsics)
    {
        void Add(string name, string writer, params Type[] parameters)
        {
            MethodInfo method = typeof(TensorCores).GetMethod(name, parameters)!;
            intrinsics.RegisterMethod(method, new PTXIntrinsic(typeof(BarrierIntrinsic), writer, IntrinsicImplementationMode.GenerateCode));
        }

        Type f = typeof(float), u = typeof(uint);
        Add(nameof(TensorCores.Copy), nameof(WriteCopy), typeof(int), typeof(long), typeof(int));
        Add(nameof(TensorCores.Load), nameof(WriteLoad), typeof(int));
        Add(nameof(TensorCores.Multiply), nameof(WriteMultiply), f, f, f, f, u, u, u, u, u, u);
    }

    private static void WriteCopy(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string to = Read(generator, value, 0), from = Read(generator, value, 1), bytes = Read(generator, value, 2);
        generator.Command($"cp.async.cg.shared.global [{to}], [{from}], 16, {bytes}");
    }

    private static void WriteLoad(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string from = Read(generator, value, 0);
        generator.Command($"ldmatrix.sync.aligned.m8n8.x4.shared.b16 {Written(generator, value)}, [{from}]");
    }

    private static void WriteMultiply(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string[] read = [.. Enumerable.Range(0, 10).Select(i => Read(generator, value, i))];
        string sums = string.Join(", ", read[..4]), rows = string.Join(", ", read[4..8]), features = string.Join(", ", read[8..]);
        generator.Command("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
            + $"{Written(generator, value)}, {{{rows}}}, {{{features}}}, {{{sums}}}");
    }

    /// <summary>The register of an argument.</summary>
    private static string Read(PTXCodeGenerator generator, Value call, int argument) =>
        "%" + PTXRegisterAllocator.GetStringRepresentation(generator.EnsureHardwareRegister(generator.LoadPrimitive(call[argument])));

    /// <summary>The registers of the four fields of the result.</summary>
    private static string Written(PTXCodeGenerator generator, Value call)
    {
        var result = (RegisterAllocator<PTXRegisterKind>.CompoundRegister)generator.Allocate(call);
        return "{" + string.Join(", ", result.Children.Select(field =>
            "%" + PTXRegisterAllocator.GetStringRepresentation((RegisterAllocator<PTXRegisterKind>.HardwareRegister)field))) + "}";
    }
}
